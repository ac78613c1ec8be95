//! A pod template, and the parts of a pod's spec that stand in both.

use api::Value;
use ordered::Arrange;

use super::containers;
use super::fields::{at, format_selector, has, int, list, text};
use super::lines::Lines;
use super::volumes;

/// Writes a template, one level in.
pub(super) fn pod_template(lines: &mut Lines, template: &Value) {
    lines.line(0, "Pod Template:");
    lines.labels("  Labels", at(template, "metadata.labels"));
    if at(template, "metadata.annotations").as_map().is_some_and(|annotations| !annotations.is_empty()) {
        lines.annotations("  Annotations", at(template, "metadata.annotations"));
    }
    lines.field_if_any(1, "Service Account", text(template, "spec.serviceAccountName"));
    let init_containers = list(template, "spec.initContainers");
    if !init_containers.is_empty() {
        containers::of_template(lines, "Init Containers", init_containers);
    }
    containers::of_template(lines, "Containers", list(template, "spec.containers"));
    volumes::volumes(lines, "  ", list(template, "spec.volumes"));
    spread_constraints(lines, "  ", list(template, "spec.topologySpreadConstraints"));
    lines.field_if_any(1, "Priority Class Name", text(template, "spec.priorityClassName"));
    lines.labels("  Node-Selectors", at(template, "spec.nodeSelector"));
    tolerations(lines, "  Tolerations", list(template, "spec.tolerations"));
}

/// Writes tolerations by key.
pub(super) fn tolerations(lines: &mut Lines, title: &str, tolerations: &[Value]) {
    let mut sorted: Vec<&Value> = tolerations.iter().collect();
    sorted.arrange_by_key(|toleration| text(toleration, "key"));
    let shown: Vec<String> = sorted.into_iter().map(toleration).collect();
    lines.rows(title, &shown);
}

/// `node.kubernetes.io/not-ready:NoExecute op=Exists for 300s`
fn toleration(toleration: &Value) -> String {
    let (value, effect) = (text(toleration, "value"), text(toleration, "effect"));
    let mut shown = text(toleration, "key").to_string();
    if !value.is_empty() {
        shown.push_str(&format!("={value}"));
    }
    if !effect.is_empty() {
        shown.push_str(&format!(":{effect}"));
    }
    if text(toleration, "operator") == "Exists" && value.is_empty() {
        shown.push_str(if shown.is_empty() { "op=Exists" } else { " op=Exists" });
    }
    if has(toleration, "tolerationSeconds") {
        shown.push_str(&format!(" for {}s", int(toleration, "tolerationSeconds")));
    }
    shown
}

/// Writes how replicas spread, if anything is said about it.
pub(super) fn spread_constraints(lines: &mut Lines, indent: &str, constraints: &[Value]) {
    if constraints.is_empty() {
        return;
    }
    let mut sorted: Vec<&Value> = constraints.iter().collect();
    sorted.arrange_by_key(|constraint| text(constraint, "topologyKey"));
    let shown: Vec<String> = sorted.into_iter().map(spread_constraint).collect();
    lines.rows(&format!("{indent}Topology Spread Constraints"), &shown);
}

fn spread_constraint(constraint: &Value) -> String {
    let (key, otherwise) = (text(constraint, "topologyKey"), text(constraint, "whenUnsatisfiable"));
    let mut shown = format!("{key}:{otherwise} when max skew {} is exceeded", int(constraint, "maxSkew"));
    if has(constraint, "labelSelector") {
        shown.push_str(&format!(" for selector {}", format_selector(at(constraint, "labelSelector"))));
    }
    shown
}
