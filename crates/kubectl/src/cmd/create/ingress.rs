//! `kubectl create ingress`.

use api::{Str, Value};

use super::super::call::refuse;
use super::super::{Call, Flow, PLAIN, Verb, shared};
use super::{CREATE_FLAGS, Framing, create_object, name_argument};
use crate::failure::Failure;
use crate::flags::Flag;

/// The verb.
pub static INGRESS: Verb = Verb {
    path: "create ingress",
    aliases: &["ing"],
    summary: "Create an ingress",
    usage: "NAME --rule=host/path=service:port[,tls[=secret]]  [options]",
    flags: &[
        &[Flag::array("annotation"), Flag::text("class"), Flag::text("default-backend"), Flag::array("rule")],
        CREATE_FLAGS,
        shared::OUTPUT,
        shared::DRY_RUN,
        shared::VALIDATE,
        shared::FIELD_MANAGER,
    ],
    run,
    ..PLAIN
};

fn run(call: &mut Call<'_, '_>) -> Result<Flow, Failure> {
    let name = name_argument(call)?;
    let backend = call.flags.text("default-backend");
    let texts = call.flags.texts("rule");
    refuse(&[(
        backend.is_empty() && texts.is_empty(),
        "not enough information provided: every ingress has to either specify a default-backend (which catches all \
         traffic) or a list of rules (which catch specific paths)",
    )])?;
    let mut rules = Vec::new();
    for text in &texts {
        let message =
            || format!("rule {text} is invalid and should be in format host/path=svcname:svcport[,tls[=secret]]");
        rules.push(Rule::read(text).ok_or_else(|| Failure::Plain(message()))?);
    }
    let mut body = Value::map();
    for annotation in call.flags.texts("annotation") {
        let message = || format!("annotation {annotation} is invalid and should be in format key=[value]");
        let (key, value) = annotation.split_once('=').ok_or_else(|| Failure::Plain(message()))?;
        body.set(&["metadata", "annotations", key], value);
    }
    let class = call.flags.text("class");
    if !class.is_empty() {
        body.set(&["spec", "ingressClassName"], class);
    }
    if !backend.is_empty() {
        let parts: Vec<&str> = backend.split(':').collect();
        let [service, port] = parts[..] else {
            return Err(Failure::plain("default-backend should be in format servicename:serviceport"));
        };
        body.set(&["spec", "defaultBackend"], service_backend(service, port));
    }
    set_rules(&mut body, &rules);
    create_object(call, "ingresses", &name, body, Framing::Named("ingress"))
}

/// One `--rule`.
struct Rule {
    host: Str,
    path: Str,
    service: Str,
    port: Str,
    /// The secret of `tls=secret`, empty for `tls` alone.
    tls: Option<Str>,
}

impl Rule {
    /// Reads `host/path=service:port[,tls[=secret]]`; what follows that is not looked at, as in kubectl.
    fn read(text: &str) -> Option<Rule> {
        let (host, rest) = text.split_once('/')?;
        let is_host = |c: char| c.is_ascii_alphanumeric() || matches!(c, '_' | '*' | '-' | '.');
        let is_word =
            |text: &str| !text.is_empty() && text.chars().all(|c| c.is_ascii_alphanumeric() || c == '_' || c == '-');
        let (target, tls) = rest.split_once(',').map_or((rest, None), |(target, tls)| (target, Some(tls)));
        let (path, service) = target.split_once('=')?;
        let (service, port) = service.split_once(':')?;
        if !host.chars().all(is_host) || !is_word(service) || !is_word(port) {
            return None;
        }
        let tls = tls.and_then(|tls| tls.strip_prefix("tls")).map(|tls| tls.trim_start_matches('=').into());
        Some(Rule { host: host.into(), path: path.into(), service: service.into(), port: port.into(), tls })
    }

    fn path(&self) -> Value {
        let whole = format!("/{}", self.path);
        let (path, kind) = whole.strip_suffix('*').map_or((whole.as_str(), "Exact"), |path| (path, "Prefix"));
        let mut value = Value::map();
        value.set(&["path"], path);
        value.set(&["pathType"], kind);
        value.set(&["backend"], service_backend(&self.service, &self.port));
        value
    }
}

fn service_backend(service: &str, port: &str) -> Value {
    let mut backend = Value::map();
    backend.set(&["service", "name"], service);
    match port.parse::<i64>() {
        Ok(number) => backend.set(&["service", "port", "number"], number),
        Err(_) => backend.set(&["service", "port", "name"], port),
    }
    backend
}

/// Rules of one host together, and the hosts of one secret.
fn set_rules(body: &mut Value, rules: &[Rule]) {
    let mut hosts: Vec<(&str, Vec<Value>)> = Vec::new();
    let mut secrets: Vec<(&str, Vec<&str>)> = Vec::new();
    let mut secured: Vec<&str> = Vec::new();
    for rule in rules {
        match hosts.iter_mut().find(|(host, _)| *host == rule.host) {
            Some((_, paths)) => paths.push(rule.path()),
            None => hosts.push((&rule.host, vec![rule.path()])),
        }
        let Some(secret) = rule.tls.as_deref().filter(|_| !secured.contains(&rule.host.as_str())) else { continue };
        secured.push(&rule.host);
        match secrets.iter_mut().find(|(known, _)| *known == secret) {
            Some((_, hosts)) => hosts.push(&rule.host),
            None if secret.is_empty() && rule.host.is_empty() => {}
            None => secrets.push((secret, vec![&rule.host])),
        }
    }
    let rule = |(host, paths): (&str, Vec<Value>)| {
        let mut value = Value::map();
        if !host.is_empty() {
            value.set(&["host"], host);
        }
        value.set(&["http", "paths"], paths);
        value
    };
    let tls = |(secret, hosts): (&str, Vec<&str>)| {
        let mut value = Value::map();
        let hosts: Vec<Value> = hosts.into_iter().filter(|host| !host.is_empty()).map(Value::from).collect();
        if !hosts.is_empty() {
            value.set(&["hosts"], hosts);
        }
        if !secret.is_empty() {
            value.set(&["secretName"], secret);
        }
        value
    };
    let rules: Vec<Value> = hosts.into_iter().map(rule).collect();
    let secrets: Vec<Value> = secrets.into_iter().map(tls).collect();
    for (name, list) in [("rules", rules), ("tls", secrets)] {
        if !list.is_empty() {
            body.set(&["spec", name], list);
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn rules_become_hosts_paths_and_secrets() {
        let texts = ["foo.com/=svc:port", "foo.com/admin*=svc2:80,tls=mine", "/=svc3:1,tls", "bar.com/=s:1,tls=mine"];
        let rules: Vec<Rule> = texts.iter().map(|text| Rule::read(text).unwrap()).collect();
        let mut body = Value::map();
        set_rules(&mut body, &rules);
        let expect = r#"{"spec":{"rules":[{"host":"foo.com","http":{"paths":[
            {"path":"/","pathType":"Exact","backend":{"service":{"name":"svc","port":{"name":"port"}}}},
            {"path":"/admin","pathType":"Prefix","backend":{"service":{"name":"svc2","port":{"number":80}}}}]}},
            {"http":{"paths":[{"path":"/","pathType":"Exact","backend":{"service":{"name":"svc3","port":{"number":1}}}}]}},
            {"host":"bar.com","http":{"paths":[{"path":"/","pathType":"Exact","backend":{"service":{"name":"s","port":{"number":1}}}}]}}],
            "tls":[{"hosts":["foo.com","bar.com"],"secretName":"mine"}]}}"#;
        assert_eq!(body, api::text::yaml::read(expect).unwrap());
        for bad in ["foo", "foo/bar", "foo/=svc", "fo o/=svc:80", "/=svc:"] {
            assert!(Rule::read(bad).is_none(), "{bad}");
        }
    }
}
