//! Ingresses, their classes, and network policies.
//!
//! Models: kubernetes v1.36 pkg/apis/networking/validation.

use api::Value;

use super::field::{Errors, Field};
use super::{addresses, checks, names};

const CLASS_ANNOTATION: &str = "kubernetes.io/ingress.class";
const BAD_SEQUENCES: [&str; 6] = ["//", "/./", "/../", "%2f", "%2F", "\0"];
const BAD_ENDS: [&str; 2] = ["/..", "/."];
const PATH_TYPES: [&str; 3] = ["Exact", "ImplementationSpecific", "Prefix"];
const CONTROLLER_MAX: usize = 250;

pub(super) fn ingress(root: &Field<'_>, errors: &mut Errors) {
    ingress_spec(&root.child("spec"), errors);
    let annotation = root.value.at(&["metadata", "annotations", CLASS_ANNOTATION]);
    let class = root.value.at(&["spec", "ingressClassName"]);
    if !annotation.is_null() && !class.is_null() && annotation != class {
        let field = Field::new(&format!("annotations.{CLASS_ANNOTATION}"), annotation);
        errors.push(field.invalid("must match `ingressClassName` when both are specified"));
    }
}

pub(super) fn ingress_spec(spec: &Field<'_>, errors: &mut Errors) {
    let (backend, rules) = (spec.child("defaultBackend"), spec.child("rules"));
    if rules.len() == 0 && !backend.is_set() {
        let field = rules.named(spec.path.as_str());
        errors.push(field.invalid_as(Value::List(Vec::new()), "either `defaultBackend` or `rules` must be specified"));
    }
    if backend.is_set() {
        ingress_backend(&backend, errors);
    }
    for rule in rules.items() {
        host(&rule.child("host"), errors);
        if rule.child("http").is_set() {
            paths(&rule.at(&["http", "paths"]), errors);
        }
    }
    for tls in spec.child("tls").items() {
        for host in tls.child("hosts").items() {
            checks::name(&host, host_rule(host.text()), errors);
        }
        checks::name_if_set(&tls.child("secretName"), names::dns_subdomain, errors);
    }
    if let Some(class) = spec.child("ingressClassName").set() {
        checks::name(&class, names::dns_subdomain, errors);
    }
}

/// The rule for names of hosts, which may begin with a star.
fn host_rule(host: &str) -> fn(&str) -> Vec<String> {
    if host.contains('*') { wildcard_subdomain } else { names::dns_subdomain }
}

fn wildcard_subdomain(text: &str) -> Vec<String> {
    let is_good = text.strip_prefix("*.").is_some_and(|rest| names::dns_subdomain(rest).is_empty());
    let problem = "a wildcard DNS-1123 subdomain must start with '*.', followed by a valid DNS subdomain, which must consist \
                   of lower case alphanumeric characters, '-' or '.' and end with an alphanumeric character (e.g. \
                   '*.example.com', regex used for validation is \
                   '\\*\\.[a-z0-9]([-a-z0-9]*[a-z0-9])?(\\.[a-z0-9]([-a-z0-9]*[a-z0-9])?)*')";
    if is_good { Vec::new() } else { vec![problem.to_owned()] }
}

fn host(host: &Field<'_>, errors: &mut Errors) {
    if host.text().parse::<std::net::IpAddr>().is_ok() {
        errors.push(host.invalid("must be a DNS name, not an IP address"));
    }
    checks::name_if_set(host, host_rule(host.text()), errors);
}

fn paths(paths: &Field<'_>, errors: &mut Errors) {
    if paths.len() == 0 {
        errors.push(paths.required(""));
    }
    for path in paths.items() {
        let kind = path.child("pathType");
        if !kind.is_set() {
            errors.push(kind.required("pathType must be specified"));
            continue;
        }
        url_path(&path.child("path"), &kind, errors);
        ingress_backend(&path.child("backend"), errors);
    }
}

fn url_path(path: &Field<'_>, kind: &Field<'_>, errors: &mut Errors) {
    let text = path.text();
    let is_absolute = text.starts_with('/');
    match kind.text() {
        "Exact" | "Prefix" => {
            if !is_absolute {
                errors.push(path.invalid_as(text, "must be an absolute path"));
            }
            let bad = BAD_SEQUENCES.iter().filter(|bad| text.contains(**bad));
            errors.extend(bad.map(|bad| path.invalid(format!("must not contain '{bad}'"))));
            let bad = BAD_ENDS.iter().filter(|bad| text.ends_with(**bad));
            errors.extend(bad.map(|bad| path.invalid(format!("cannot end with '{bad}'"))));
        }
        "ImplementationSpecific" => {
            if !text.is_empty() && !is_absolute {
                errors.push(path.invalid("must be an absolute path"));
            }
        }
        _ => errors.push(kind.not_supported(&PATH_TYPES)),
    }
}

fn ingress_backend(backend: &Field<'_>, errors: &mut Errors) {
    let (resource, service) = (backend.child("resource"), backend.child("service"));
    match (resource.is_set(), service.is_set()) {
        (true, true) => errors.push(backend.invalid_as("", "cannot set both resource and service backends")),
        (true, false) => reference(&resource, errors),
        (false, true) => service_backend(backend, &service, errors),
        (false, false) => errors.push(backend.invalid_as("", "resource or service backend is required")),
    }
}

fn service_backend(backend: &Field<'_>, service: &Field<'_>, errors: &mut Errors) {
    checks::name_required(&service.child("name"), names::dns_label, errors);
    let (name, number) = (service.at(&["port", "name"]), service.at(&["port", "number"]));
    match (name.text().is_empty(), number.int() == 0) {
        (false, false) => errors.push(backend.invalid_as("", "cannot set both port name & port number")),
        (false, true) => checks::name(&name, names::port_name, errors),
        (true, false) => checks::port_number(&number, errors),
        (true, true) => errors.push(backend.required("port name or number is required")),
    }
}

/// A reference to an object by group, kind and name.
fn reference(reference: &Field<'_>, errors: &mut Errors) {
    if let Some(group) = reference.child("apiGroup").set() {
        checks::name(&group, names::dns_subdomain, errors);
    }
    for name in ["kind", "name"] {
        checks::name_required(&reference.child(name), names::path_segment, errors);
    }
}

pub(super) fn class(spec: &Field<'_>, errors: &mut Errors) {
    let controller = spec.child("controller");
    if controller.len() > CONTROLLER_MAX {
        errors.push(controller.too_long(CONTROLLER_MAX));
    }
    domain_prefixed_path(&controller, errors);
    let parameters = spec.child("parameters");
    if parameters.is_set() {
        reference(&parameters, errors);
        class_scope(&parameters, errors);
    }
}

fn domain_prefixed_path(field: &Field<'_>, errors: &mut Errors) {
    let text = field.text();
    if text.is_empty() {
        return errors.push(field.required(""));
    }
    match text.split_once('/') {
        Some((host, path)) if !host.is_empty() && !path.is_empty() => {
            checks::name(&Field::new(&field.path, &host.into()), names::dns_subdomain, errors);
        }
        _ => errors.push(field.invalid("must be a domain-prefixed path (such as \"acme.io/foo\")")),
    }
}

fn class_scope(parameters: &Field<'_>, errors: &mut Errors) {
    let (scope, namespace) = (parameters.child("scope"), parameters.child("namespace"));
    match scope.text() {
        "" => errors.push(scope.required("")),
        "Namespace" if !namespace.is_set() => {
            errors.push(namespace.required("`parameters.scope` is set to 'Namespace'"));
        }
        "Namespace" => checks::name(&namespace, names::dns_label, errors),
        "Cluster" if namespace.is_set() => {
            errors.push(namespace.forbidden("`parameters.scope` is set to 'Cluster'"));
        }
        "Cluster" => {}
        _ => errors.push(scope.not_supported(&["Cluster", "Namespace"])),
    }
}

pub(super) fn update_class(spec: &Field<'_>, old: &Value, errors: &mut Errors) {
    checks::unchanged(&spec.child("controller"), old.at(&["spec", "controller"]), errors);
    class(spec, errors);
}

pub(super) fn policy(spec: &Field<'_>, errors: &mut Errors) {
    checks::label_selector(&spec.child("podSelector"), errors);
    for (rules, peers) in [("ingress", "from"), ("egress", "to")] {
        for rule in spec.child(rules).items() {
            rule.child("ports").items().for_each(|port| policy_port(&port, errors));
            rule.child(peers).items().for_each(|peer| policy_peer(&peer, errors));
        }
    }
    let types = spec.child("policyTypes");
    if types.len() > 2 {
        return errors.push(types.invalid("may not specify more than two policyTypes"));
    }
    for kind in types.items().filter(|kind| !matches!(kind.text(), "Ingress" | "Egress")) {
        errors.push(kind.not_supported(&["Ingress", "Egress"]));
    }
}

fn policy_port(port: &Field<'_>, errors: &mut Errors) {
    let (number, end) = (port.child("port"), port.child("endPort"));
    if let Some(protocol) = port.child("protocol").set() {
        checks::one_of(&protocol, &["TCP", "UDP", "SCTP"], errors);
    }
    match number.value {
        Value::Null if end.is_set() => {
            errors.push(end.invalid("may not be specified when `port` is not specified"));
        }
        Value::Null => {}
        Value::Str(_) => {
            if end.is_set() {
                errors.push(end.invalid("may not be specified when `port` is non-numeric"));
            }
            checks::port_number_or_name(&number, errors);
        }
        _ => {
            checks::port_number(&number, errors);
            if end.is_set() && end.int() < number.int() {
                errors.push(end.invalid_as(number.int(), "must be greater than or equal to `port`"));
            }
            if end.is_set() {
                checks::port_number(&end, errors);
            }
        }
    }
}

/// Ranges of addresses, without smaller ones inside of them.
fn policy_block(block: &Field<'_>, errors: &mut Errors) {
    let cidr = block.child("cidr");
    if cidr.text().is_empty() {
        return errors.push(cidr.required(""));
    }
    addresses::range(&cidr, errors);
    let Some(whole) = addresses::read_range(cidr.text()) else { return };
    for except in block.child("except").items() {
        addresses::range(&except, errors);
        if addresses::read_range(except.text()).is_some_and(|part| !whole.has_inside(part)) {
            errors.push(except.invalid("must be a strict subset of `cidr`"));
        }
    }
}

fn policy_peer(peer: &Field<'_>, errors: &mut Errors) {
    let [pods, namespaces, block] = ["podSelector", "namespaceSelector", "ipBlock"].map(|name| peer.child(name));
    checks::label_selector(&pods, errors);
    checks::label_selector(&namespaces, errors);
    if block.is_set() {
        policy_block(&block, errors);
    }
    match [&pods, &namespaces, &block].into_iter().filter(|field| field.is_set()).count() {
        0 => errors.push(peer.required("must specify a peer")),
        1 => {}
        _ if block.is_set() => errors.push(peer.forbidden("may not specify both ipBlock and another peer")),
        _ => {}
    }
}
