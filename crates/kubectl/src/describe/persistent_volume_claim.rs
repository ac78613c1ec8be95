//! A PersistentVolumeClaim, and the template of one in a pod's volume.

use std::rc::Rc;

use api::core::volume::Volume;
use api::{Pod, Value};

use super::cluster::Cluster;
use super::fields::{access_modes, at, go_list, has, list, quantity, rfc1123, storage_class, text};
use super::lines::Lines;

/// Writes a PersistentVolumeClaim.
pub(super) fn persistent_volume_claim(lines: &mut Lines, claim: &Value, cluster: &Cluster<'_>) {
    lines.field(0, "Name", text(claim, "metadata.name"));
    lines.field(0, "Namespace", text(claim, "metadata.namespace"));
    lines.field(0, "StorageClass", storage_class(claim));
    let phase = || text(claim, "status.phase").to_string();
    lines.field(0, "Status", cluster.terminating(claim).unwrap_or_else(phase));
    lines.field(0, "Volume", text(claim, "spec.volumeName"));
    lines.labels("Labels", at(claim, "metadata.labels"));
    lines.annotations("Annotations", at(claim, "metadata.annotations"));
    lines.field(0, "Finalizers", go_list(at(claim, "metadata.finalizers")));
    let (capacity, modes) = granted(claim);
    lines.field(0, "Capacity", capacity);
    lines.field(0, "Access Modes", modes);
    mode_and_source(lines, 0, claim);
    lines.rows("Used By", &users(claim, cluster));
    conditions(lines, list(claim, "status.conditions"));
    cluster.events(lines, claim);
}

/// Writes the template of a claim in a pod's volume.
pub(super) fn template(lines: &mut Lines, template: &Value) {
    lines.field(2, "StorageClass", storage_class(template));
    lines.field(2, "Volume", text(template, "spec.volumeName"));
    lines.labels("    Labels", at(template, "metadata.labels"));
    lines.annotations("    Annotations", at(template, "metadata.annotations"));
    let (capacity, modes) = granted(template);
    lines.field(2, "Capacity", capacity);
    lines.field(2, "Access Modes", modes);
    mode_and_source(lines, 2, template);
}

/// What a bound claim has got.
fn granted(claim: &Value) -> (String, String) {
    if text(claim, "spec.volumeName").is_empty() {
        return (String::new(), String::new());
    }
    let capacity = quantity(at(claim, "status.capacity.storage"));
    (capacity.to_string(), access_modes(at(claim, "status.accessModes")))
}

fn mode_and_source(lines: &mut Lines, level: usize, claim: &Value) {
    if has(claim, "spec.volumeMode") {
        lines.field(level, "VolumeMode", text(claim, "spec.volumeMode"));
    }
    let source = at(claim, "spec.dataSource");
    if source.is_null() {
        return;
    }
    lines.line(level, "DataSource:");
    if has(source, "apiGroup") {
        lines.field(level + 1, "APIGroup", text(source, "apiGroup"));
    }
    lines.field(level + 1, "Kind", text(source, "kind"));
    lines.field(level + 1, "Name", text(source, "name"));
}

/// The names of the pods that mount the claim, or own it.
fn users(claim: &Value, cluster: &Cluster<'_>) -> Vec<String> {
    let name = text(claim, "metadata.name");
    let owners = list(claim, "metadata.ownerReferences");
    let owns = |pod: &Pod| {
        owners.iter().any(|owner| text(owner, "kind") == "Pod" && text(owner, "uid") == pod.metadata.uid.as_str())
    };
    let is_claim =
        |volume: &&Volume| volume.persistent_volume_claim.as_ref().is_some_and(|claim| claim.claim_name == name);
    let mounts = |pod: &Pod| pod.spec.volumes.iter().filter(is_claim).count();
    let pods = cluster.list::<Pod>(Some(text(claim, "metadata.namespace")));
    // A pod with two volumes of one claim is named twice, as kubectl does.
    let times = |pod: &Rc<Pod>| mounts(pod).max(usize::from(owns(pod)));
    pods.iter().flat_map(|pod| std::iter::repeat_n(pod.metadata.name.to_string(), times(pod))).collect()
}

fn conditions(lines: &mut Lines, conditions: &[Value]) {
    if conditions.is_empty() {
        return;
    }
    lines.line(0, "Conditions:");
    lines.line(1, "Type\tStatus\tLastProbeTime\tLastTransitionTime\tReason\tMessage");
    lines.line(1, "----\t------\t-----------------\t------------------\t------\t-------");
    for condition in conditions {
        let of = |field: &str| text(condition, field);
        let (probed, changed) = (rfc1123(at(condition, "lastProbeTime")), rfc1123(at(condition, "lastTransitionTime")));
        let (kind, status, reason, message) = (of("type"), of("status"), of("reason"), of("message"));
        lines.line(1, format_args!("{kind} \t{status} \t{probed} \t{changed} \t{reason} \t{message}"));
    }
}
