//! A PriorityClass.

use api::Value;

use super::cluster::Cluster;
use super::fields::{at, flag, format_labels, int, text};
use super::lines::Lines;

/// Writes a PriorityClass.
pub(super) fn priority_class(lines: &mut Lines, class: &Value, cluster: &Cluster<'_>) {
    lines.field(0, "Name", text(class, "metadata.name"));
    lines.field(0, "Value", int(class, "value"));
    lines.field(0, "GlobalDefault", if flag(class, "globalDefault") { "true" } else { "false" });
    lines.field(0, "PreemptionPolicy", text(class, "preemptionPolicy"));
    lines.field(0, "Description", text(class, "description"));
    lines.field(0, "Annotations", format_labels(at(class, "metadata.annotations")));
    cluster.events(lines, class);
}
