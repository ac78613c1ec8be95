//! Ingresses, their classes, and network policies.

use ordered::OrderedSet;

use api::{Key, Kind, Value};

use super::cluster::Cluster;
use super::fields::{at, format_selector, go, has, int, joined, list, or_none, text};
use super::lines::Lines;
use super::service;

/// Writes an Ingress.
pub(super) fn ingress(lines: &mut Lines, ingress: &Value, cluster: &Cluster<'_>) {
    lines.field(0, "Name", text(ingress, "metadata.name"));
    lines.labels("Labels", at(ingress, "metadata.labels"));
    let namespace = text(ingress, "metadata.namespace");
    lines.field(0, "Namespace", namespace);
    lines.field(0, "Address", addresses(ingress));
    lines.field(0, "Ingress Class", or_none(text(ingress, "spec.ingressClassName")));
    let default = match at(ingress, "spec.defaultBackend") {
        Value::Null => "<default>".to_owned(),
        backend => self::backend(backend, namespace, cluster),
    };
    lines.field(0, "Default backend", &default);
    tls(lines, list(ingress, "spec.tls"));
    lines.line(0, "Rules:");
    lines.heading(1, &["Host", "Path", "Backends"]);
    let rules = list(ingress, "spec.rules").iter().filter(|rule| has(rule, "http"));
    let mut count = 0;
    for rule in rules {
        count += 1;
        let host = text(rule, "host");
        lines.line(1, format_args!("{}\t", if host.is_empty() { "*" } else { host }));
        for path in list(rule, "http.paths") {
            let backend = backend(path.get("backend"), namespace, cluster);
            lines.line(2, format_args!("\t{} \t{backend}", text(path, "path")));
        }
    }
    if count == 0 {
        lines.line(1, format_args!("*\t*\t{default}"));
    }
    lines.annotations("Annotations", at(ingress, "metadata.annotations"));
    cluster.events(lines, ingress);
}

fn addresses(ingress: &Value) -> String {
    let entries = list(ingress, "status.loadBalancer.ingress").iter();
    let address = |entry: &'_ Value| match text(entry, "ip") {
        "" => text(entry, "hostname").to_owned(),
        address => address.to_owned(),
    };
    let all: OrderedSet<String> = entries.map(address).filter(|address| !address.is_empty()).collect();
    all.into_iter().collect::<Vec<String>>().join(",")
}

fn tls(lines: &mut Lines, tls: &[Value]) {
    if !tls.is_empty() {
        lines.line(0, "TLS:");
    }
    for entry in tls {
        let hosts = joined(entry.get("hosts"), ",");
        match text(entry, "secretName") {
            "" => lines.line(1, format_args!("SNI routes {hosts}")),
            secret => lines.line(1, format_args!("{secret} terminates {hosts}")),
        }
    }
}

fn backend(backend: &Value, namespace: &str, cluster: &Cluster<'_>) -> String {
    let (target, resource) = (backend.get("service"), backend.get("resource"));
    if !target.is_null() {
        return service_backend(target, namespace, cluster);
    }
    if resource.is_null() {
        return String::new();
    }
    let [group, kind, name] = ["apiGroup", "kind", "name"].map(|field| text(resource, field));
    format!("APIGroup: {}, Kind: {kind}, Name: {name}", or_none(group))
}

/// `web:80 (10.244.1.2:80)`
fn service_backend(target: &Value, namespace: &str, cluster: &Cluster<'_>) -> String {
    let (name, number, port_name) = (text(target, "name"), int(target, "port.number"), text(target, "port.name"));
    let head = if number == 0 { format!("{name}:{port_name}") } else { format!("{name}:{number}") };
    let service = match cluster.api.get(Kind::Service, &Key::new(namespace, name)) {
        Ok(service) => service.encode(),
        Err(error) => return format!("{head} (<error: {}>)", error.message),
    };
    let fits = |port: &&Value| match number {
        0 => text(port, "name") == port_name,
        number => int(port, "port") == number,
    };
    let port = list(&service, "spec.ports").iter().find(fits).map_or("", |port| text(port, "name"));
    format!("{head} ({})", service::endpoints(&service::slices_of(&service, cluster), port))
}

/// Writes an IngressClass.
pub(super) fn class(lines: &mut Lines, class: &Value, cluster: &Cluster<'_>) {
    lines.field(0, "Name", text(class, "metadata.name"));
    lines.labels("Labels", at(class, "metadata.labels"));
    lines.annotations("Annotations", at(class, "metadata.annotations"));
    lines.field(0, "Controller", text(class, "spec.controller"));
    let parameters = at(class, "spec.parameters");
    if !parameters.is_null() {
        lines.line(0, "Parameters:");
        if has(parameters, "apiGroup") {
            lines.field(1, "APIGroup", text(parameters, "apiGroup"));
        }
        lines.field(1, "Kind", text(parameters, "kind"));
        lines.field(1, "Name", text(parameters, "name"));
    }
    cluster.events(lines, class);
}

/// Writes a NetworkPolicy.
pub(super) fn network_policy(lines: &mut Lines, policy: &Value, _cluster: &Cluster<'_>) {
    lines.field(0, "Name", text(policy, "metadata.name"));
    lines.field(0, "Namespace", text(policy, "metadata.namespace"));
    let created = text(policy, "metadata.creationTimestamp").replace('T', " ").replace('Z', " +0000 UTC");
    lines.field(0, "Created on", created);
    lines.labels("Labels", at(policy, "metadata.labels"));
    lines.annotations("Annotations", at(policy, "metadata.annotations"));
    lines.line(0, "Spec:");
    let selector = match format_selector(at(policy, "spec.podSelector")) {
        none if none == "<none>" => format!("{none} (Allowing the specific traffic to all pods in this namespace)"),
        selector => selector,
    };
    // kubectl indents the selector as a line of its own, though it stands on the same one.
    lines.line(1, format_args!("PodSelector:     {selector}"));
    let types = at(policy, "spec.policyTypes");
    for (kind, word, peers) in [("Ingress", "ingress", "from"), ("Egress", "egress", "to")] {
        if !types.as_list().iter().any(|listed| listed.text() == kind) {
            lines.line(1, format_args!("Not affecting {word} traffic"));
            continue;
        }
        lines.line(1, format_args!("Allowing {word} traffic:"));
        policy_rules(lines, policy.at(&["spec", word]).as_list(), word, peers);
    }
    lines.line(1, format_args!("Policy Types: {}", or_none(&joined(types, ", "))));
}

fn policy_rules(lines: &mut Lines, rules: &[Value], word: &str, peers: &str) {
    let (title, end) = if peers == "from" { ("From", "source") } else { ("To", "destination") };
    if rules.is_empty() {
        lines.line(2, format_args!("<none> (Selected pods are isolated for {word} connectivity)"));
    }
    for (index, rule) in rules.iter().enumerate() {
        policy_ports(lines, list(rule, "ports"));
        if list(rule, peers).is_empty() {
            lines.line(2, format_args!("{title}: <any> (traffic not restricted by {end})"));
        }
        for peer in list(rule, peers) {
            lines.line(2, format_args!("{title}:"));
            policy_peer(lines, peer);
        }
        if index + 1 < rules.len() {
            lines.line(2, "----------");
        }
    }
}

fn policy_ports(lines: &mut Lines, ports: &[Value]) {
    if ports.is_empty() {
        lines.line(2, "To Port: <any> (traffic allowed to all ports)");
    }
    for port in ports {
        let (number, protocol) = (go(port.get("port")), text(port, "protocol"));
        match port.get("endPort").as_int() {
            None => lines.line(2, format_args!("To Port: {number}/{protocol}")),
            Some(end) => lines.line(2, format_args!("To Port Range: {number}-{end}/{protocol}")),
        }
    }
}

fn policy_peer(lines: &mut Lines, peer: &Value) {
    for (field, title) in [("namespaceSelector", "NamespaceSelector"), ("podSelector", "PodSelector")] {
        if has(peer, field) {
            lines.line(3, format_args!("{title}: {}", format_selector(peer.get(field))));
        }
    }
    let block = peer.get("ipBlock");
    if !block.is_null() {
        lines.line(3, "IPBlock:");
        lines.line(4, format_args!("CIDR: {}", text(block, "cidr")));
        lines.line(4, format_args!("Except: {}", joined(block.get("except"), ", ")));
    }
}
