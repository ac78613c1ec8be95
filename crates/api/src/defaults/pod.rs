//! Defaults of pods and pod templates.

use super::{child, default, default_number, default_pointer, each, ensure};
use crate::quantity::Quantity;
use crate::value::{Map, Str, Value};

/// The list fields that hold containers.
const CONTAINERS: [&str; 3] = ["containers", "initContainers", "ephemeralContainers"];

pub(super) fn pod(object: &mut Map) {
    if let Some(spec) = ensure(object, "spec") {
        pod_spec(spec);
        own(spec);
    }
}

/// What pods get and templates do not: service links, requests from limits, host ports of the host's network. For pods
/// that controllers make from a template, which [`super::apply`] has already defaulted.
pub fn pod_only(pod: &mut Value) {
    if let Some(spec) = pod.as_map_mut().and_then(|pod| child(pod, "spec")) {
        own(spec);
    }
}

/// Fills in a pod template (`{metadata, spec}`).
pub fn pod_template(template: &mut Value) {
    if let Some(template) = template.as_map_mut() {
        template_of(template);
    }
}

fn template_of(template: &mut Map) {
    if let Some(spec) = ensure(template, "spec") {
        pod_spec(spec);
    }
}

/// Fills in the template at `template` of a controller's spec.
pub(super) fn template(spec: &mut Map) {
    if let Some(template) = ensure(spec, "template") {
        template_of(template);
    }
}

fn own(spec: &mut Map) {
    default_pointer(spec, "enableServiceLinks", true);
    let host_network = spec.get("hostNetwork") == Some(&Value::Bool(true));
    for list in ["containers", "initContainers"] {
        each(spec, list, |container| {
            requests_from_limits(container);
            if host_network {
                each(container, "ports", host_port);
            }
        });
    }
}

fn host_port(port: &mut Map) {
    if let Some(number) = port.get("containerPort").and_then(Value::as_int) {
        default_number(port, "hostPort", number);
    }
}

fn requests_from_limits(container: &mut Map) {
    let Some(resources) = child(container, "resources") else { return };
    let Some(Value::Map(limits)) = resources.get("limits").cloned() else { return };
    let Some(requests) = ensure(resources, "requests") else { return };
    for (name, limit) in limits {
        requests.entry(name).or_insert(limit);
    }
}

fn pod_spec(spec: &mut Map) {
    default(spec, "dnsPolicy", "ClusterFirst");
    default(spec, "restartPolicy", "Always");
    default(spec, "schedulerName", "default-scheduler");
    default_pointer(spec, "terminationGracePeriodSeconds", 30);
    ensure(spec, "securityContext");
    round_up(spec, "overhead");
    each(spec, "volumes", volume);
    for list in CONTAINERS {
        each(spec, list, container);
    }
}

fn container(container: &mut Map) {
    let image = container.get("image").map(Value::text).unwrap_or_default();
    let policy = pull_policy(image);
    default(container, "imagePullPolicy", policy);
    default(container, "terminationMessagePath", "/dev/termination-log");
    default(container, "terminationMessagePolicy", "File");
    each(container, "ports", |port| default(port, "protocol", "TCP"));
    each(container, "env", |variable| {
        if let Some(source) = child(variable, "valueFrom") {
            field_reference(source);
        }
    });
    if let Some(resources) = child(container, "resources") {
        round_up(resources, "limits");
        round_up(resources, "requests");
    }
    for name in ["livenessProbe", "readinessProbe", "startupProbe"] {
        child(container, name).map(probe).unwrap_or_default();
    }
    if let Some(lifecycle) = child(container, "lifecycle") {
        for name in ["postStart", "preStop"] {
            child(lifecycle, name).map(http_get).unwrap_or_default();
        }
    }
}

fn field_reference(source: &mut Map) {
    if let Some(field) = child(source, "fieldRef") {
        default(field, "apiVersion", "v1");
    }
    if let Some(file) = child(source, "fileKeyRef") {
        default_pointer(file, "optional", false);
    }
}

fn probe(probe: &mut Map) {
    default_number(probe, "timeoutSeconds", 1);
    default_number(probe, "periodSeconds", 10);
    default_number(probe, "successThreshold", 1);
    default_number(probe, "failureThreshold", 3);
    http_get(probe);
    if let Some(grpc) = child(probe, "grpc") {
        default_pointer(grpc, "service", "");
    }
}

fn http_get(handler: &mut Map) {
    if let Some(action) = child(handler, "httpGet") {
        default(action, "path", "/");
        default(action, "scheme", "HTTP");
    }
}

fn volume(volume: &mut Map) {
    const MODE: i64 = 0o644;
    if volume.iter().all(|(key, value)| key == "name" || value.is_null()) {
        volume.insert("emptyDir".into(), Value::map());
    }
    for source in ["secret", "configMap", "downwardAPI", "projected"] {
        if let Some(source) = child(volume, source) {
            default_pointer(source, "defaultMode", MODE);
        }
    }
    if let Some(downward) = child(volume, "downwardAPI") {
        each(downward, "items", field_reference);
    }
    if let Some(projected) = child(volume, "projected") {
        each(projected, "sources", projection);
    }
    if let Some(claim) = child(volume, "ephemeral").and_then(|source| child(source, "volumeClaimTemplate"))
        && let Some(spec) = child(claim, "spec")
    {
        super::core::claim_spec(spec);
    }
    if let Some(image) = child(volume, "image") {
        let policy = pull_policy(image.get("reference").map(Value::text).unwrap_or_default());
        default(image, "pullPolicy", policy);
    }
    volume_source(volume);
}

/// What volumes of pods and persistent volumes share.
pub(super) fn volume_source(source: &mut Map) {
    if let Some(host_path) = child(source, "hostPath") {
        default_pointer(host_path, "type", "");
    }
    if let Some(iscsi) = child(source, "iscsi") {
        default(iscsi, "iscsiInterface", "default");
    }
    if let Some(rbd) = child(source, "rbd") {
        default(rbd, "pool", "rbd");
        default(rbd, "user", "admin");
        default(rbd, "keyring", "/etc/ceph/keyring");
    }
    if let Some(disk) = child(source, "azureDisk") {
        default_pointer(disk, "cachingMode", "ReadWrite");
        default_pointer(disk, "kind", "Shared");
        default_pointer(disk, "fsType", "ext4");
        default_pointer(disk, "readOnly", false);
    }
    if let Some(scale_io) = child(source, "scaleIO") {
        default(scale_io, "storageMode", "ThinProvisioned");
        default(scale_io, "fsType", "xfs");
    }
}

fn projection(source: &mut Map) {
    if let Some(token) = child(source, "serviceAccountToken") {
        default_pointer(token, "expirationSeconds", 3600);
    }
    if let Some(downward) = child(source, "downwardAPI") {
        each(downward, "items", field_reference);
    }
}

/// Rounds a resource list up to thousandths, the finest that is stored.
pub(super) fn round_up(map: &mut Map, key: &str) {
    for quantity in child(map, key).into_iter().flat_map(Map::values_mut) {
        if let Ok(parsed) = Quantity::parse(quantity.text()) {
            *quantity = Value::Str(Str::from(parsed.round_up(-3).to_string()));
        }
    }
}

/// `Always` for the tag `latest`, given or implied; a digest implies none.
fn pull_policy(image: &str) -> &'static str {
    let (name, digest) = image.split_once('@').map_or((image, None), |(name, digest)| (name, Some(digest)));
    let last = name.rsplit('/').next().unwrap_or_default();
    let (path, tag) = match last.split_once(':') {
        Some((_, tag)) => (&name[..name.len() - tag.len() - 1], Some(tag)),
        None => (name, None),
    };
    let implied = tag.is_none() && digest.is_none() && is_repository(path);
    if tag == Some("latest") || implied { "Always" } else { "IfNotPresent" }
}

/// Whether a name can be that of a repository; one that cannot has no tag at all.
fn is_repository(name: &str) -> bool {
    let path = match name.split_once('/') {
        Some((host, path)) if host.contains(['.', ':']) || host == "localhost" || host.to_lowercase() != host => path,
        _ => name,
    };
    let is_letter = |letter: char| letter.is_ascii_lowercase() || letter.is_ascii_digit() || "._-/".contains(letter);
    !path.is_empty() && path.chars().all(is_letter)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_tag_decides_the_pull_policy() {
        let cases = [
            ("nginx", "Always"),
            ("nginx:latest", "Always"),
            ("nginx:1.25", "IfNotPresent"),
            ("registry.k8s.io/nginx-slim:0.8", "IfNotPresent"),
            ("localhost:5000/nginx", "Always"),
            ("localhost:5000/nginx:2", "IfNotPresent"),
            ("nginx@sha256:abc", "IfNotPresent"),
            ("nginx:latest@sha256:abc", "Always"),
            ("Nginx", "IfNotPresent"),
            ("", "IfNotPresent"),
        ];
        for (image, expect) in cases {
            assert_eq!(pull_policy(image), expect, "{image}");
        }
    }

    #[test]
    fn requests_follow_limits_in_pods_alone() {
        let text = r#"{"spec":{"containers":[{"resources":{"limits":{"cpu":"0.0001"}}}]}}"#;
        let mut template: Value = serde_json::from_str(text).unwrap();
        pod_template(&mut template);
        let resources = |value: &Value| value.at(&["spec", "containers"]).as_list()[0].get("resources").clone();
        assert_eq!(resources(&template).at(&["limits", "cpu"]).text(), "1m");
        assert!(resources(&template).get("requests").is_null());
        pod_only(&mut template);
        assert_eq!(resources(&template).at(&["requests", "cpu"]).text(), "1m");
    }
}
