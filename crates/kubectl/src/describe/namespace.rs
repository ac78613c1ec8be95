//! A Namespace.

use api::Value;

use super::cluster::Cluster;
use super::fields::{at, list, rfc1123, text};
use super::lines::Lines;
use super::quota;

/// Writes a Namespace. kubectl shows no events of it.
pub(super) fn namespace(lines: &mut Lines, namespace: &Value, cluster: &Cluster<'_>) {
    lines.field(0, "Name", text(namespace, "metadata.name"));
    lines.labels("Labels", at(namespace, "metadata.labels"));
    lines.annotations("Annotations", at(namespace, "metadata.annotations"));
    lines.field(0, "Status", text(namespace, "status.phase"));
    let conditions = list(namespace, "status.conditions");
    if !conditions.is_empty() {
        lines.line(0, "Conditions:");
        lines.heading(1, &["Type", "Status", "LastTransitionTime", "Reason", "Message"]);
    }
    for condition in conditions {
        let of = |field: &str| text(condition, field);
        let (kind, status, reason, message) = (of("type"), of("status"), of("reason"), of("message"));
        let changed = rfc1123(at(condition, "lastTransitionTime"));
        lines.line(1, format_args!("{kind}\t{status}\t{changed}\t{reason}\t{message}"));
    }
    quota::of_namespace(lines, text(namespace, "metadata.name"), cluster);
}
