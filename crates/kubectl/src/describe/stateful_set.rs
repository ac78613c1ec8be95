//! A StatefulSet.

use api::Value;

use super::cluster::Cluster;
use super::fields::{at, go, go_list, has, int, list, quantity, selector_text, storage_class, text};
use super::lines::Lines;
use super::pod_template;

/// Writes a StatefulSet.
pub(super) fn stateful_set(lines: &mut Lines, set: &Value, cluster: &Cluster<'_>) {
    lines.field(0, "Name", text(set, "metadata.name"));
    lines.field(0, "Namespace", text(set, "metadata.namespace"));
    lines.time(0, "CreationTimestamp", at(set, "metadata.creationTimestamp"));
    lines.field(0, "Selector", selector_text(at(set, "spec.selector")).unwrap_or_default());
    lines.labels("Labels", at(set, "metadata.labels"));
    lines.annotations("Annotations", at(set, "metadata.annotations"));
    let (desired, total) = (int(set, "spec.replicas"), int(set, "status.replicas"));
    lines.field(0, "Replicas", format_args!("{desired} desired | {total} total"));
    update_strategy(lines, at(set, "spec.updateStrategy"));
    lines.field(0, "Pods Status", cluster.pod_counts(set));
    pod_template::pod_template(lines, at(set, "spec.template"));
    claims(lines, list(set, "spec.volumeClaimTemplates"));
    cluster.events(lines, set);
}

fn update_strategy(lines: &mut Lines, strategy: &Value) {
    lines.field(0, "Update Strategy", text(strategy, "type"));
    if has(strategy, "rollingUpdate.partition") {
        lines.field(1, "Partition", int(strategy, "rollingUpdate.partition"));
        if has(strategy, "rollingUpdate.maxUnavailable") {
            lines.field(1, "MaxUnavailable", go(at(strategy, "rollingUpdate.maxUnavailable")));
        }
    }
}

fn claims(lines: &mut Lines, claims: &[Value]) {
    if claims.is_empty() {
        return lines.field(0, "Volume Claims", "<none>");
    }
    lines.line(0, "Volume Claims:");
    for claim in claims {
        lines.field(1, "Name", text(claim, "metadata.name"));
        lines.field(1, "StorageClass", storage_class(claim));
        lines.labels("  Labels", at(claim, "metadata.labels"));
        lines.labels("  Annotations", at(claim, "metadata.annotations"));
        match at(claim, "spec.resources.requests.storage") {
            Value::Null => lines.field(1, "Capacity", "<default>"),
            storage => lines.field(1, "Capacity", quantity(storage)),
        }
        lines.field(1, "Access Modes", go_list(at(claim, "spec.accessModes")));
    }
}
