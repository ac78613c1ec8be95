//! Defaults of services, volumes, secrets and the other kinds that hold no pods.

use super::pod::{round_up, volume_source};
use super::{child, default, default_pointer, each, ensure};
use crate::text::base64;
use crate::value::{Map, Str, Value};

pub(super) fn service(object: &mut Map) {
    let Some(spec) = ensure(object, "spec") else { return };
    default(spec, "sessionAffinity", "None");
    default(spec, "type", "ClusterIP");
    match spec.get("sessionAffinity").map(Value::text) {
        Some("None") => {
            spec.remove("sessionAffinityConfig");
        }
        Some("ClientIP") if !spec.contains_key("sessionAffinityConfig") => {
            let mut config = Value::map();
            config.set(&["clientIP", "timeoutSeconds"], 10800);
            spec.insert("sessionAffinityConfig".into(), config);
        }
        Some(_) | None => {}
    }
    each(spec, "ports", |port| {
        default(port, "protocol", "TCP");
        let number = port.get("port").cloned().unwrap_or_default();
        if matches!(port.get("targetPort"), None | Some(Value::Int(0) | Value::Null)) {
            port.insert("targetPort".into(), number.clone());
        }
        default(port, "targetPort", number);
    });
    let kind = Str::from(spec.get("type").map(Value::text).unwrap_or_default());
    let external = spec.get("externalIPs").is_some_and(|addresses| !addresses.as_list().is_empty());
    if kind == "NodePort" || kind == "LoadBalancer" || (kind == "ClusterIP" && external) {
        default(spec, "externalTrafficPolicy", "Cluster");
    }
    if kind == "LoadBalancer" {
        default_pointer(spec, "allocateLoadBalancerNodePorts", true);
    }
    if kind == "ClusterIP" || kind == "NodePort" || kind == "LoadBalancer" {
        default_pointer(spec, "internalTrafficPolicy", "Cluster");
    }
}

pub(super) fn endpoints(object: &mut Map) {
    each(object, "subsets", |subset| each(subset, "ports", |port| default(port, "protocol", "TCP")));
}

pub(super) fn endpoint_slice(object: &mut Map) {
    each(object, "ports", |port| {
        default_pointer(port, "name", "");
        default_pointer(port, "protocol", "TCP");
    });
}

/// `stringData` is written only: its texts go into `data`, over what is there.
pub(super) fn secret(object: &mut Map) {
    default(object, "type", "Opaque");
    if let Some(Value::Map(texts)) = object.remove("stringData")
        && let Some(data) = ensure(object, "data")
    {
        data.extend(texts.into_iter().map(|(key, text)| (key, base64::encode(text.text().as_bytes()).into())));
    }
}

pub(super) fn namespace(object: &mut Map) {
    let name = child(object, "metadata").and_then(|metadata| metadata.get("name").cloned());
    if let Some(name) = name.filter(|name| !name.text().is_empty())
        && let Some(metadata) = child(object, "metadata")
        && let Some(labels) = ensure(metadata, "labels")
    {
        labels.insert("kubernetes.io/metadata.name".into(), name);
    }
    if let Some(status) = ensure(object, "status") {
        default(status, "phase", "Active");
    }
}

pub(super) fn node(object: &mut Map) {
    let Some(status) = child(object, "status") else { return };
    round_up(status, "capacity");
    round_up(status, "allocatable");
    if let Some(capacity) = status.get("capacity").cloned() {
        default_pointer(status, "allocatable", capacity);
    }
}

pub(super) fn persistent_volume(object: &mut Map) {
    if let Some(spec) = ensure(object, "spec") {
        default(spec, "persistentVolumeReclaimPolicy", "Retain");
        default_pointer(spec, "volumeMode", "Filesystem");
        round_up(spec, "capacity");
        volume_source(spec);
    }
    if let Some(status) = ensure(object, "status") {
        default(status, "phase", "Pending");
    }
}

pub(super) fn persistent_volume_claim(object: &mut Map) {
    if let Some(spec) = ensure(object, "spec") {
        claim_spec(spec);
    }
    if let Some(status) = ensure(object, "status") {
        default(status, "phase", "Pending");
        round_up(status, "capacity");
        round_up(status, "allocatedResources");
    }
}

pub(super) fn claim_spec(spec: &mut Map) {
    default_pointer(spec, "volumeMode", "Filesystem");
    if let Some(resources) = child(spec, "resources") {
        round_up(resources, "limits");
        round_up(resources, "requests");
    }
}

pub(super) fn storage_class(object: &mut Map) {
    default_pointer(object, "reclaimPolicy", "Delete");
    default_pointer(object, "volumeBindingMode", "Immediate");
}

pub(super) fn limit_range(object: &mut Map) {
    let Some(spec) = child(object, "spec") else { return };
    each(spec, "limits", |item| {
        for list in ["max", "min", "default", "defaultRequest", "maxLimitRequestRatio"] {
            round_up(item, list);
        }
        if item.get("type").map(Value::text) != Some("Container") {
            return;
        }
        for (from, to) in [("max", "default"), ("default", "defaultRequest"), ("min", "defaultRequest")] {
            let Some(Value::Map(from)) = item.get(from).cloned() else { continue };
            let Some(to) = ensure(item, to) else { continue };
            for (name, quantity) in from {
                to.entry(name).or_insert(quantity);
            }
        }
    });
}

const RBAC: &str = "rbac.authorization.k8s.io";

pub(super) fn role_binding(object: &mut Map) {
    if let Some(role) = child(object, "roleRef") {
        default(role, "apiGroup", RBAC);
    }
    each(object, "subjects", |subject| {
        if matches!(subject.get("kind").map(Value::text), Some("User" | "Group")) {
            default(subject, "apiGroup", RBAC);
        }
    });
}

pub(super) fn network_policy(object: &mut Map) {
    let Some(spec) = ensure(object, "spec") else { return };
    let is_set = |spec: &Map, name: &str| spec.get(name).is_some_and(|list| !list.as_list().is_empty());
    if !is_set(spec, "policyTypes") {
        let types = if is_set(spec, "egress") { &["Ingress", "Egress"][..] } else { &["Ingress"] };
        spec.insert("policyTypes".into(), Value::List(types.iter().map(|name| Value::from(*name)).collect()));
    }
    for rules in ["ingress", "egress"] {
        each(spec, rules, |rule| each(rule, "ports", |port| default_pointer(port, "protocol", "TCP")));
    }
}

pub(super) fn ingress_class(object: &mut Map) {
    if let Some(parameters) = child(object, "spec").and_then(|spec| child(spec, "parameters")) {
        default_pointer(parameters, "scope", "Cluster");
    }
}

pub(super) fn resource_quota(object: &mut Map) {
    for (part, lists) in [("spec", &["hard"][..]), ("status", &["hard", "used"])] {
        let Some(part) = child(object, part) else { continue };
        lists.iter().for_each(|list| round_up(part, list));
    }
}
