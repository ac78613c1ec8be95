//! Deployments, their ReplicaSets, and DaemonSets.

use api::Value;
use ordered::Arrange;

use super::cluster::Cluster;
use super::fields::{at, controlled_by, format_labels, format_selector, go, int, list, selector_text, text};
use super::lines::Lines;
use super::pod_template;

/// Writes a Deployment.
pub(super) fn deployment(lines: &mut Lines, deployment: &Value, cluster: &Cluster<'_>) {
    lines.field(0, "Name", text(deployment, "metadata.name"));
    lines.field(0, "Namespace", text(deployment, "metadata.namespace"));
    lines.time(0, "CreationTimestamp", at(deployment, "metadata.creationTimestamp"));
    lines.labels("Labels", at(deployment, "metadata.labels"));
    lines.annotations("Annotations", at(deployment, "metadata.annotations"));
    lines.field(0, "Selector", selector_text(at(deployment, "spec.selector")).unwrap_or_default());
    let of = |field: &str| int(deployment, field);
    lines.field(
        0,
        "Replicas",
        format_args!(
            "{} desired | {} updated | {} total | {} available | {} unavailable",
            of("spec.replicas"),
            of("status.updatedReplicas"),
            of("status.replicas"),
            of("status.availableReplicas"),
            of("status.unavailableReplicas"),
        ),
    );
    strategy(lines, deployment);
    pod_template::pod_template(lines, at(deployment, "spec.template"));
    conditions(lines, list(deployment, "status.conditions"));
    replica_sets(lines, deployment, cluster);
    cluster.events(lines, deployment);
}

fn strategy(lines: &mut Lines, deployment: &Value) {
    lines.field(0, "StrategyType", text(deployment, "spec.strategy.type"));
    lines.field(0, "MinReadySeconds", int(deployment, "spec.minReadySeconds"));
    let rolling = at(deployment, "spec.strategy.rollingUpdate");
    if !rolling.is_null() {
        let (unavailable, surge) = (go(rolling.get("maxUnavailable")), go(rolling.get("maxSurge")));
        lines.field(0, "RollingUpdateStrategy", format_args!("{unavailable} max unavailable, {surge} max surge"));
    }
}

fn conditions(lines: &mut Lines, conditions: &[Value]) {
    if conditions.is_empty() {
        return;
    }
    lines.line(0, "Conditions:");
    lines.heading(1, &["Type", "Status", "Reason"]);
    for condition in conditions {
        let of = |field: &str| text(condition, field);
        lines.line(1, format_args!("{} \t{}\t{}", of("type"), of("status"), of("reason")));
    }
}

/// Writes the ReplicaSet with the present template, and those with others.
fn replica_sets(lines: &mut Lines, deployment: &Value, cluster: &Cluster<'_>) {
    let uid = text(deployment, "metadata.uid");
    let sets = cluster.list_kind("apps", "ReplicaSet", text(deployment, "metadata.namespace"));
    let owned = sets.iter().filter(|set| set.metadata().is_controlled_by(uid));
    let mut owned: Vec<Value> = owned.map(api::Object::encode).collect();
    owned.arrange_by(|left, right| {
        let order =
            |set: &Value| (text(set, "metadata.creationTimestamp").to_string(), text(set, "metadata.name").to_string());
        order(left).cmp(&order(right))
    });
    let wanted = without_hash(at(deployment, "spec.template"));
    let new = owned.iter().position(|set| without_hash(at(set, "spec.template")) == wanted);
    let new = new.map(|at| owned.remove(at));
    if owned.is_empty() && new.is_none() {
        return;
    }
    lines.field(0, "OldReplicaSets", replica_set_list(&owned));
    lines.field(0, "NewReplicaSet", replica_set_list(new.as_slice()));
}

fn without_hash(template: &Value) -> Value {
    let mut template = template.clone();
    template.remove(&["metadata", "labels", "pod-template-hash"]);
    template
}

fn replica_set_list(sets: &[Value]) -> String {
    let shown = sets.iter().map(|set| {
        let (there, wanted) = (int(set, "status.replicas"), int(set, "spec.replicas"));
        format!("{} ({there}/{wanted} replicas created)", text(set, "metadata.name"))
    });
    let shown: Vec<String> = shown.collect();
    if shown.is_empty() { "<none>".to_string() } else { shown.join(", ") }
}

/// Writes a ReplicaSet.
pub(super) fn replica_set(lines: &mut Lines, set: &Value, cluster: &Cluster<'_>) {
    lines.field(0, "Name", text(set, "metadata.name"));
    lines.field(0, "Namespace", text(set, "metadata.namespace"));
    lines.field(0, "Selector", format_selector(at(set, "spec.selector")));
    lines.labels("Labels", at(set, "metadata.labels"));
    lines.annotations("Annotations", at(set, "metadata.annotations"));
    if let Some(controller) = controlled_by(set) {
        lines.field(0, "Controlled By", controller);
    }
    let (current, desired) = (int(set, "status.replicas"), int(set, "spec.replicas"));
    lines.field(0, "Replicas", format_args!("{current} current / {desired} desired"));
    lines.field(0, "Pods Status", cluster.pod_counts(set));
    pod_template::pod_template(lines, at(set, "spec.template"));
    conditions(lines, list(set, "status.conditions"));
    cluster.events(lines, set);
}

/// Writes a ReplicationController.
pub(super) fn replication_controller(lines: &mut Lines, controller: &Value, cluster: &Cluster<'_>) {
    lines.field(0, "Name", text(controller, "metadata.name"));
    lines.field(0, "Namespace", text(controller, "metadata.namespace"));
    lines.field(0, "Selector", format_labels(at(controller, "spec.selector")));
    lines.labels("Labels", at(controller, "metadata.labels"));
    lines.annotations("Annotations", at(controller, "metadata.annotations"));
    let (current, desired) = (int(controller, "status.replicas"), int(controller, "spec.replicas"));
    lines.field(0, "Replicas", format_args!("{current} current / {desired} desired"));
    let mut selector = Value::map();
    selector.set(&["matchLabels"], at(controller, "spec.selector").clone());
    lines.field(0, "Pods Status", cluster.pod_counts_by(controller, &selector));
    pod_template::pod_template(lines, at(controller, "spec.template"));
    conditions(lines, list(controller, "status.conditions"));
    cluster.events(lines, controller);
}

/// Writes a DaemonSet.
pub(super) fn daemon_set(lines: &mut Lines, set: &Value, cluster: &Cluster<'_>) {
    lines.field(0, "Name", text(set, "metadata.name"));
    lines.field(0, "Namespace", text(set, "metadata.namespace"));
    lines.field(0, "Selector", selector_text(at(set, "spec.selector")).unwrap_or_default());
    lines.field(0, "Node-Selector", format_labels(at(set, "spec.template.spec.nodeSelector")));
    lines.labels("Labels", at(set, "metadata.labels"));
    lines.annotations("Annotations", at(set, "metadata.annotations"));
    for (name, field) in [
        ("Desired Number of Nodes Scheduled", "status.desiredNumberScheduled"),
        ("Current Number of Nodes Scheduled", "status.currentNumberScheduled"),
        ("Number of Nodes Scheduled with Up-to-date Pods", "status.updatedNumberScheduled"),
        ("Number of Nodes Scheduled with Available Pods", "status.numberAvailable"),
        ("Number of Nodes Misscheduled", "status.numberMisscheduled"),
    ] {
        lines.line(0, format_args!("{name}: {}", int(set, field)));
    }
    lines.field(0, "Pods Status", cluster.pod_counts(set));
    pod_template::pod_template(lines, at(set, "spec.template"));
    cluster.events(lines, set);
}
