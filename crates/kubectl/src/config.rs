//! The kubeconfig file: which cluster, as whom, in which namespace.
//!
//! It is a file like any other; while there is none, the cluster's own context `minikube` stands in for it.
//!
//! Models: kubernetes v1.36 client-go/tools/clientcmd.

use api::text::yaml;
use api::{Str, Value};

use crate::context::{Context, Env};
use crate::failure::Failure;

/// A kubeconfig.
#[derive(Clone, Debug, PartialEq)]
pub struct Config {
    /// The whole file.
    pub value: Value,
    path: Str,
}

impl Config {
    /// Reads the file that `--kubeconfig`, `$KUBECONFIG` or the home directory names.
    pub fn read(ctx: &mut Context<'_>, env: &Env, flag: &str) -> Result<Config, Failure> {
        let path = match (flag, env.kubeconfig.as_str()) {
            ("", "") => thin::format_str!("{}/.kube/config", env.home),
            ("", path) | (path, _) => env.absolute(path).into(),
        };
        if !ctx.fs.exists(&path) {
            if !flag.is_empty() {
                return Err(Failure::Plain(format!("stat {flag}: no such file or directory")));
            }
            return Ok(Config { path, ..Config::built_in(&env.home) });
        }
        let bytes = ctx.fs.read(&path).map_err(|error| Failure::Plain(format!("open {path}: {error}")))?;
        let text = String::from_utf8_lossy(&bytes);
        let refusal = |problem: String| Failure::Plain(format!("error loading config file {path:?}: {problem}"));
        let value = yaml::read(&text).map_err(|error| refusal(error.to_string()))?;
        let value = if value.is_null() { Value::map() } else { value };
        check_type(&value).map_err(refusal)?;
        Ok(Config { value, path })
    }

    /// The cluster's own context, for a home directory.
    pub fn built_in(home: &str) -> Config {
        Config { value: built_in(home), path: thin::format_str!("{home}/.kube/config") }
    }

    /// Writes the file.
    pub fn write(&self, ctx: &mut Context<'_>) -> Result<(), Failure> {
        let text = yaml::write(&self.value);
        let refusal = |error| Failure::Plain(format!("open {}: {error}", self.path));
        ctx.fs.make_directories(shell::fs::parent(&self.path)).map_err(refusal)?;
        ctx.fs.write(&self.path, text.as_bytes()).map_err(refusal)
    }

    /// Where the file is, or would be.
    pub fn path(&self) -> &Str {
        &self.path
    }

    /// The entries of a list: `clusters`, `users`, `contexts`.
    pub fn entries(&self, list: &str) -> &[Value] {
        self.value.get(list).as_list()
    }

    /// The entries of a list, to change.
    pub fn entries_mut(&mut self, list: &str) -> &mut Vec<Value> {
        if !matches!(self.value.get(list), Value::List(_)) {
            self.value.set(&[list], Vec::new());
        }
        match self.value.as_map_mut().and_then(|map| map.get_mut(list)) {
            Some(Value::List(entries)) => entries,
            Some(_) | None => unreachable!("the list has just been made"),
        }
    }

    /// What an entry of a list holds, the entry being made if there is none.
    pub fn entry(&mut self, list: &str, name: &str, holds: &str) -> &mut Value {
        let entries = self.entries_mut(list);
        let at = entries.iter().position(|entry| entry.get("name").text() == name).unwrap_or_else(|| {
            let mut entry = Value::map();
            entry.set(&["name"], name);
            entry.set(&[holds], Value::map());
            entries.push(entry);
            entries.len() - 1
        });
        if entries[at].get(holds).as_map().is_none() {
            entries[at].set(&[holds], Value::map());
        }
        let held = entries[at].as_map_mut().and_then(|map| map.get_mut(holds));
        held.expect("what the entry holds has just been made")
    }

    /// The name of the context in force; empty if there is none.
    pub fn current_context(&self) -> Str {
        self.value.get("current-context").text().into()
    }

    /// The names of all contexts.
    pub fn context_names(&self) -> Vec<Str> {
        self.value.get("contexts").as_list().iter().map(|entry| entry.get("name").text().into()).collect()
    }

    /// The context of this name, or null.
    pub fn context(&self, name: &str) -> &Value {
        let entries = self.value.get("contexts").as_list();
        entries
            .iter()
            .find(|entry| entry.get("name").text() == name)
            .map_or(&api::value::NULL, |entry| entry.get("context"))
    }

    /// Sets one field of a context, making the context if there is none. Answers whether it is new.
    pub fn set_context(&mut self, name: &str, fields: &[(&str, Str)]) -> bool {
        let is_new = self.context(name).is_null();
        let context = self.entry("contexts", name, "context");
        for (field, value) in fields {
            context.set(&[field], value.clone());
        }
        is_new
    }

    /// The server's address in a context.
    pub fn server(&self, context: &str) -> Str {
        self.server_of(self.context(context).get("cluster").text())
    }

    /// The address of a cluster's server.
    pub fn server_of(&self, cluster: &str) -> Str {
        let clusters = self.value.get("clusters").as_list();
        let found = clusters.iter().find(|entry| entry.get("name").text() == cluster);
        found.map_or("", |entry| entry.at(&["cluster", "server"]).text()).into()
    }
}

/// Whether a file says that it is a kubeconfig; one that says nothing is taken for one.
fn check_type(value: &Value) -> Result<(), String> {
    if value.as_map().is_none() {
        let found = value.json_type();
        return Err(format!(
            "couldn't get version/kind; json parse error: json: cannot unmarshal {found} into Go value of type struct {{ \
             APIVersion string \"json:\\\"apiVersion,omitempty\\\"\"; Kind string \"json:\\\"kind,omitempty\\\"\" }}"
        ));
    }
    let or = |text: &str, default: &str| if text.is_empty() { default.to_string() } else { text.to_string() };
    let (version, kind) = (or(value.get("apiVersion").text(), "v1"), or(value.get("kind").text(), "Config"));
    if (version.as_str(), kind.as_str()) == ("v1", "Config") {
        return Ok(());
    }
    let scheme = "k8s.io/client-go/tools/clientcmd/api/latest/latest.go:50";
    Err(format!("no kind {kind:?} is registered for version {version:?} in scheme {scheme:?}"))
}

/// The address of the one server.
pub const SERVER: &str = "https://192.168.49.2:6443";

fn built_in(home: &str) -> Value {
    let minikube = format!("{home}/.minikube");
    let text = format!(
        "apiVersion: v1\nclusters:\n- cluster:\n    certificate-authority: {minikube}/ca.crt\n    server: \
         {SERVER}\n  name: minikube\ncontexts:\n- context:\n    cluster: minikube\n    namespace: \
         default\n    user: minikube\n  name: minikube\ncurrent-context: minikube\nkind: Config\nusers:\n- name: \
         minikube\n  user:\n    client-certificate: {minikube}/profiles/minikube/client.crt\n    client-key: \
         {minikube}/profiles/minikube/client.key\n"
    );
    yaml::read(&text).unwrap_or_default()
}
