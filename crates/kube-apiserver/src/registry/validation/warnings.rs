//! What is accepted with a word of warning.
//!
//! Models: kubernetes v1.36 pkg/api/pod/warnings.go, pkg/api/service/warnings.go, pkg/registry/apps/statefulset.

use ordered::OrderedMap;

use api::{Kind, Str, Value};

use super::field::Field;
use super::{checks, names};

/// `Warning:` headers for an object that is accepted.
pub(crate) fn warnings(kind: Kind, object: &Value) -> Vec<Str> {
    let mut warnings = Vec::new();
    let root = Field::root(object);
    match kind {
        Kind::Pod => {
            pod_name(&root, &mut warnings);
            pod(&root, &mut warnings);
        }
        Kind::StatefulSet => {
            pod(&root.at(&["spec", "template"]), &mut warnings);
            for template in root.at(&["spec", "volumeClaimTemplates"]).items() {
                claim(&template.child("spec"), &mut warnings);
            }
            let limit = root.at(&["spec", "revisionHistoryLimit"]);
            if limit.int() < 0 {
                warnings.push(format!(
                    "{}: a negative value retains all historical revisions; a value >= 0 is recommended",
                    limit.path
                ));
            }
        }
        Kind::Deployment | Kind::ReplicaSet => {
            pod_names(&root, &mut warnings);
            pod(&root.at(&["spec", "template"]), &mut warnings);
        }
        Kind::Job | Kind::CronJob => job(&root, &mut warnings),
        Kind::DaemonSet => pod(&root.at(&["spec", "template"]), &mut warnings),
        Kind::Service => service(&root, &mut warnings),
        Kind::PersistentVolumeClaim => claim(&root.child("spec"), &mut warnings),
        _ => {}
    }
    warnings.into_iter().map(Str::from).collect()
}

fn job(root: &Field<'_>, warnings: &mut Vec<String>) {
    pod_names(root, warnings);
    let spec = root.child("spec");
    let template = spec.child("jobTemplate").set().map_or(spec.clone(), |template| template.child("spec"));
    pod(&template.child("template"), warnings);
}

fn pod_name(root: &Field<'_>, warnings: &mut Vec<String>) {
    not_a_label(root, "the Pod's hostname", warnings);
}

fn pod_names(root: &Field<'_>, warnings: &mut Vec<String>) {
    not_a_label(root, "Pod names and hostnames", warnings);
}

fn not_a_label(root: &Field<'_>, used_in: &str, warnings: &mut Vec<String>) {
    let problems = names::dns_label(root.at(&["metadata", "name"]).text());
    if !problems.is_empty() {
        warnings.push(format!(
            "metadata.name: this is used in {used_in}, which can result in surprising behavior; a DNS label is \
             recommended: [{}]",
            problems.join(" ")
        ));
    }
}

fn containers<'v>(spec: &Field<'v>) -> impl Iterator<Item = Field<'v>> + use<'v> {
    let (init, regular) = (spec.child("initContainers"), spec.child("containers"));
    init.items().chain(regular.items())
}

fn pod(pod: &Field<'_>, warnings: &mut Vec<String>) {
    let spec = pod.child("spec");
    for constraint in spec.child("topologySpreadConstraints").items() {
        null_selector(&constraint, warnings);
    }
    repeated(&spec.child("hostAliases"), "ip", warnings);
    repeated(&spec.child("imagePullSecrets"), "name", warnings);
    for container in containers(&spec) {
        fractions(&container.child("resources"), warnings);
        hidden_variables(&container.child("env"), warnings);
    }
    repeated_ports(&spec, warnings);
    let grace = spec.child("terminationGracePeriodSeconds");
    if grace.int() < 0 {
        warnings.push(format!("{}: must be >= 0; negative values are invalid and will be treated as 1", grace.path));
    }
    for kind in ["podAffinity", "podAntiAffinity"] {
        let affinity = spec.at(&["affinity", kind]);
        for term in affinity.child("requiredDuringSchedulingIgnoredDuringExecution").items() {
            null_selector(&term, warnings);
        }
        for term in affinity.child("preferredDuringSchedulingIgnoredDuringExecution").items() {
            null_selector(&term.child("podAffinityTerm"), warnings);
        }
    }
}

fn null_selector(term: &Field<'_>, warnings: &mut Vec<String>) {
    let selector = term.child("labelSelector");
    if !selector.is_set() {
        warnings.push(format!("{}: a null labelSelector results in matching no pod", selector.path));
    }
}

fn repeated(list: &Field<'_>, key: &str, warnings: &mut Vec<String>) {
    let mut seen = Vec::new();
    for item in list.items() {
        let field = item.child(key);
        if seen.contains(&field.text()) {
            warnings.push(format!("{}: duplicate {key} {:?}", field.path, field.text()));
        }
        seen.push(field.text());
    }
}

/// Bytes come whole.
fn fractions(resources: &Field<'_>, warnings: &mut Vec<String>) {
    for resource in ["memory", "ephemeral-storage"] {
        for list in ["limits", "requests"] {
            let field = resources.child(list).key(resource);
            if checks::quantity(field.value).is_some_and(|amount| amount.milli_value() % 1_000 != 0) {
                warnings.push(format!(
                    "{}: fractional byte value {:?} is invalid, must be an integer",
                    field.path,
                    field.text()
                ));
            }
        }
    }
}

fn hidden_variables(list: &Field<'_>, warnings: &mut Vec<String>) {
    let mut seen = Vec::new();
    for variable in list.items() {
        let (name, value) = (variable.child("name"), variable.child("value"));
        let reference = format!("$({})", name.text());
        let extends = value.text() != reference && value.text().contains(&reference);
        if seen.contains(&name.text()) && (variable.child("valueFrom").is_set() || !extends) {
            warnings.push(format!(
                "{}: hides previous definition of {:?}, which may be dropped when using apply",
                variable.path,
                name.text()
            ));
        }
        seen.push(name.text());
    }
}

fn repeated_ports(spec: &Field<'_>, warnings: &mut Vec<String>) {
    let mut by_number: OrderedMap<(i64, &str), Vec<Field<'_>>> = OrderedMap::new();
    for port in containers(spec).flat_map(|container| container.child("ports").items()) {
        let others =
            by_number.entry((port.child("containerPort").int(), port.child("protocol").value.text())).or_default();
        for other in others.iter() {
            if let Some(how) = clash(&port, other) {
                warnings.push(format!("{}: {how} port definition with {}", port.path, other.path));
            }
        }
        others.push(port);
    }
    let mut by_name: OrderedMap<&str, String> = OrderedMap::new();
    for port in containers(spec).flat_map(|container| container.child("ports").items()) {
        let name = port.value.get("name").text();
        match by_name.get(name) {
            _ if name.is_empty() => {}
            Some(first) => warnings.push(format!(
                "{}: duplicate port name {name:?} with {first}, services and probes that select ports by name will use \
                 {first}",
                port.path
            )),
            None => {
                by_name.insert(name, port.path);
            }
        }
    }
}

fn clash(port: &Field<'_>, other: &Field<'_>) -> Option<&'static str> {
    let (ip, other_ip) = (port.child("hostIP").text(), other.child("hostIP").text());
    let (number, other_number) = (port.child("hostPort").int(), other.child("hostPort").int());
    if ip == other_ip && number == other_number {
        Some("duplicate")
    } else if number == 0 || other_number == 0 {
        Some("overlapping")
    } else if number == other_number && ip.is_empty() != other_ip.is_empty() {
        Some("dangerously ambiguous")
    } else {
        None
    }
}

fn claim(spec: &Field<'_>, warnings: &mut Vec<String>) {
    let size = spec.at(&["resources", "requests"]).key("storage");
    if checks::quantity(size.value).is_some_and(|amount| amount.milli_value() % 1_000 != 0) {
        warnings.push(format!("{}: fractional byte value {:?} is invalid, must be an integer", size.path, size.text()));
    }
}

fn service(root: &Field<'_>, warnings: &mut Vec<String>) {
    let spec = root.child("spec");
    let type_ = spec.child("type").text();
    let has_external = spec.child("externalIPs").len() > 0;
    let is_headless = type_ == "ClusterIP" && spec.child("clusterIP").text() == "None";
    let mut warn = |condition: bool, text: &str| {
        if condition {
            warnings.push(text.to_owned());
        }
    };
    if is_headless {
        let balancer = !spec.child("loadBalancerIP").text().is_empty();
        warn(balancer, "spec.loadBalancerIP is ignored for headless services");
        warn(has_external, "spec.externalIPs is ignored for headless services");
        let affinity = spec.child("sessionAffinity").text() != "None";
        warn(affinity, "spec.SessionAffinity is ignored for headless services");
    }
    let is_named = type_ == "ExternalName";
    let is_deprecated = has_external && !is_headless && !is_named;
    warn(is_deprecated, "spec.externalIPs is deprecated and may no longer be implemented in some clusters");
    warn(has_external && is_named, "spec.externalIPs is ignored when spec.type is \"ExternalName\"");
    let is_pointless = !is_named && !spec.child("externalName").text().is_empty();
    warn(is_pointless, "spec.externalName is ignored when spec.type is not \"ExternalName\"");
    let is_close = spec.child("trafficDistribution").text() == "PreferClose";
    warn(is_close, "spec.trafficDistribution: \"PreferClose\" is deprecated; use \"PreferSameZone\"");
}
