//! The kubeconfig file: which cluster, as whom, in which namespace.
//!
//! It is a file like any other; while there is none, the cluster's own context `minikube` stands in for it.
//!
//! Models: kubernetes v1.36 client-go/tools/clientcmd.

use api::text::yaml;
use api::{Map, Str, Value};

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
        Ok(Config { value: if value.is_null() { Value::map() } else { value }, path })
    }

    /// The cluster's own context, for a home directory.
    pub fn built_in(home: &str) -> Config {
        Config { value: built_in(home), path: thin::format_str!("{home}/.kube/config") }
    }

    /// Writes the file.
    pub fn write(&self, ctx: &mut Context<'_>) -> Result<(), Failure> {
        let text = yaml::write(&self.value);
        ctx.fs
            .write(&self.path, text.as_bytes())
            .map_err(|error| Failure::Plain(format!("open {}: {error}", self.path)))
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
        let Value::Map(map) = &mut self.value else { return false };
        let contexts = map.entry("contexts".into()).or_insert_with(|| Value::List(Vec::new()));
        let Value::List(list) = contexts else { return false };
        let at = list.iter().position(|entry| entry.get("name").text() == name);
        let is_new = at.is_none();
        let at = at.unwrap_or_else(|| {
            let mut entry = Map::new();
            entry.insert("name".into(), name.into());
            entry.insert("context".into(), Value::map());
            list.push(Value::Map(entry));
            list.len() - 1
        });
        for (field, value) in fields {
            list[at].set(&["context", field], value.clone());
        }
        is_new
    }

    /// The server's address in the context in force.
    pub fn server(&self) -> Str {
        let current = self.current_context();
        let cluster = self.context(&current).get("cluster").text();
        let clusters = self.value.get("clusters").as_list();
        let found = clusters.iter().find(|entry| entry.get("name").text() == cluster);
        found.map_or("", |entry| entry.at(&["cluster", "server"]).text()).into()
    }
}

fn built_in(home: &str) -> Value {
    let minikube = format!("{home}/.minikube");
    let text = format!(
        "apiVersion: v1\nclusters:\n- cluster:\n    certificate-authority: {minikube}/ca.crt\n    server: \
         https://192.168.49.2:6443\n  name: minikube\ncontexts:\n- context:\n    cluster: minikube\n    namespace: \
         default\n    user: minikube\n  name: minikube\ncurrent-context: minikube\nkind: Config\nusers:\n- name: \
         minikube\n  user:\n    client-certificate: {minikube}/profiles/minikube/client.crt\n    client-key: \
         {minikube}/profiles/minikube/client.key\n"
    );
    yaml::read(&text).unwrap_or_default()
}
