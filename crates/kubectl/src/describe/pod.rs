//! A pod.

use api::Value;

use super::cluster::Cluster;
use super::containers;
use super::fields::{at, controlled_by, go, has, int, list, or_none, text};
use super::lines::Lines;
use super::{pod_template, volumes};

/// Writes a pod.
pub(super) fn pod(lines: &mut Lines, pod: &Value, cluster: &Cluster<'_>) {
    identity(lines, pod);
    status(lines, pod, cluster);
    if has(pod, "spec.resources") {
        lines.line(0, "Resources:");
        containers::resources(lines, 1, at(pod, "spec.resources"));
    }
    let lists = [
        ("Init Containers", "spec.initContainers", "status.initContainerStatuses"),
        ("Containers", "spec.containers", "status.containerStatuses"),
        ("Ephemeral Containers", "spec.ephemeralContainers", "status.ephemeralContainerStatuses"),
    ];
    for (label, specs, statuses) in lists {
        if label == "Containers" || !list(pod, specs).is_empty() {
            containers::of_pod(lines, label, list(pod, specs), list(pod, statuses), pod);
        }
    }
    conditions(lines, pod);
    volumes::volumes(lines, "", list(pod, "spec.volumes"));
    lines.field(0, "QoS Class", text(pod, "status.qosClass"));
    lines.labels("Node-Selectors", at(pod, "spec.nodeSelector"));
    pod_template::tolerations(lines, "Tolerations", list(pod, "spec.tolerations"));
    pod_template::spread_constraints(lines, "", list(pod, "spec.topologySpreadConstraints"));
    cluster.events_of_pod(lines, pod);
}

fn identity(lines: &mut Lines, pod: &Value) {
    lines.field(0, "Name", text(pod, "metadata.name"));
    lines.field(0, "Namespace", text(pod, "metadata.namespace"));
    if has(pod, "spec.priority") {
        lines.field(0, "Priority", int(pod, "spec.priority"));
    }
    lines.field_if_any(0, "Priority Class Name", text(pod, "spec.priorityClassName"));
    lines.field_if_any(0, "Runtime Class Name", text(pod, "spec.runtimeClassName"));
    lines.field_if_any(0, "Service Account", text(pod, "spec.serviceAccountName"));
    match text(pod, "spec.nodeName") {
        "" => lines.field(0, "Node", "<none>"),
        node => lines.field(0, "Node", format_args!("{node}/{}", text(pod, "status.hostIP"))),
    }
    if has(pod, "status.startTime") {
        lines.time(0, "Start Time", at(pod, "status.startTime"));
    }
    lines.labels("Labels", at(pod, "metadata.labels"));
    lines.annotations("Annotations", at(pod, "metadata.annotations"));
}

fn status(lines: &mut Lines, pod: &Value, cluster: &Cluster<'_>) {
    let phase = text(pod, "status.phase");
    match cluster.terminating(pod).filter(|_| !matches!(phase, "Failed" | "Succeeded")) {
        Some(terminating) => {
            lines.field(0, "Status", terminating);
            let grace_seconds = int(pod, "metadata.deletionGracePeriodSeconds");
            lines.field(0, "Termination Grace Period", format_args!("{grace_seconds}s"));
        }
        None => lines.field(0, "Status", phase),
    }
    lines.field_if_any(0, "Reason", text(pod, "status.reason"));
    lines.field_if_any(0, "Message", text(pod, "status.message"));
    containers::seccomp_profile(lines, at(pod, "spec.securityContext"), 0, 0);
    lines.field(0, "IP", text(pod, "status.podIP"));
    match list(pod, "status.podIPs") {
        [] => lines.field(0, "IPs", "<none>"),
        addresses => {
            lines.line(0, "IPs:");
            addresses.iter().for_each(|address| lines.field(1, "IP", text(address, "ip")));
        }
    }
    if let Some(controller) = controlled_by(pod) {
        lines.field(0, "Controlled By", controller);
    }
    lines.field_if_any(0, "NominatedNodeName", text(pod, "status.nominatedNodeName"));
}

fn conditions(lines: &mut Lines, pod: &Value) {
    let conditions = list(pod, "status.conditions");
    let gates = list(pod, "spec.readinessGates");
    if !gates.is_empty() {
        lines.line(0, "Readiness Gates:\n  Type\tStatus");
        for gate in gates {
            let kind = text(gate, "conditionType");
            let found = conditions.iter().find(|condition| text(condition, "type") == kind);
            let status = found.map_or("", |condition| text(condition, "status"));
            lines.line(1, format_args!("{kind} \t{} ", or_none(status)));
        }
    }
    if !conditions.is_empty() {
        lines.line(0, "Conditions:\n  Type\tStatus");
        for condition in conditions {
            lines.line(1, format_args!("{} \t{} ", text(condition, "type"), go(condition.get("status"))));
        }
    }
}
