//! A PodDisruptionBudget.

use api::Value;

use super::cluster::Cluster;
use super::fields::{at, format_selector, go, has, int, text};
use super::lines::Lines;

/// Writes a PodDisruptionBudget.
pub(super) fn pod_disruption_budget(lines: &mut Lines, budget: &Value, cluster: &Cluster<'_>) {
    lines.field(0, "Name", text(budget, "metadata.name"));
    lines.field(0, "Namespace", text(budget, "metadata.namespace"));
    if has(budget, "spec.minAvailable") {
        lines.field(0, "Min available", go(at(budget, "spec.minAvailable")));
    } else if has(budget, "spec.maxUnavailable") {
        lines.field(0, "Max unavailable", go(at(budget, "spec.maxUnavailable")));
    }
    match at(budget, "spec.selector") {
        Value::Null => lines.field(0, "Selector", "<unset>"),
        selector => lines.field(0, "Selector", format_selector(selector)),
    }
    lines.line(0, "Status:");
    lines.field(2, "Allowed disruptions", int(budget, "status.disruptionsAllowed"));
    lines.field(2, "Current", int(budget, "status.currentHealthy"));
    lines.field(2, "Desired", int(budget, "status.desiredHealthy"));
    lines.field(2, "Total", int(budget, "status.expectedPods"));
    cluster.events(lines, budget);
}
