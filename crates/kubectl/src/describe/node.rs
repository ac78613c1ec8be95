//! A Node, with its lease and the pods on it.

use ordered::{Arrange, OrderedSet};

use api::core::pod_status::PodPhase;
use api::pod_resources::{self, Amounts, Bound};
use api::quantity::Quantity;
use api::{Key, Kind, Object, Pod, Value};

use super::cluster::Cluster;
use super::fields::{at, flag, has, joined, list, or_none, pairs, quantity, rfc1123, text};
use super::lines::Lines;

/// Writes a Node.
pub(super) fn node(lines: &mut Lines, node: &Value, cluster: &Cluster<'_>) {
    lines.field(0, "Name", text(node, "metadata.name"));
    lines.field(0, "Roles", or_none(&roles(node)));
    lines.labels("Labels", at(node, "metadata.labels"));
    lines.annotations("Annotations", at(node, "metadata.annotations"));
    lines.time(0, "CreationTimestamp", at(node, "metadata.creationTimestamp"));
    lines.rows("Taints", &taints(node));
    lines.field(0, "Unschedulable", flag(node, "spec.unschedulable"));
    lease(lines, node, cluster);
    conditions(lines, list(node, "status.conditions"));
    lines.line(0, "Addresses:");
    for address in list(node, "status.addresses") {
        lines.field(1, text(address, "type"), text(address, "address"));
    }
    amounts(lines, "Capacity", at(node, "status.capacity"));
    amounts(lines, "Allocatable", at(node, "status.allocatable"));
    system_info(lines, at(node, "status.nodeInfo"));
    lines.field_if_any(0, "PodCIDR", text(node, "spec.podCIDR"));
    lines.field_if_any(0, "PodCIDRs", &joined(at(node, "spec.podCIDRs"), ","));
    lines.field_if_any(0, "ProviderID", text(node, "spec.providerID"));
    resources(lines, node, cluster);
    cluster.events_of_node(lines, node);
}

fn roles(node: &Value) -> String {
    let role = |(key, value)| match key {
        "kubernetes.io/role" => Some(value),
        key => str::strip_prefix(key, "node-role.kubernetes.io/"),
    };
    let roles = pairs(at(node, "metadata.labels")).filter_map(role).filter(|role| !role.is_empty());
    roles.collect::<OrderedSet<&str>>().into_iter().collect::<Vec<_>>().join(",")
}

/// `dedicated=db:NoSchedule`, by effect and key.
fn taints(node: &Value) -> Vec<String> {
    let mut taints: Vec<&Value> = list(node, "spec.taints").iter().collect();
    taints.arrange_by_key(|taint| format!("{},{}", text(taint, "effect"), text(taint, "key")));
    let shown = |taint: &Value| match (text(taint, "key"), text(taint, "value"), text(taint, "effect")) {
        (key, "", "") => key.to_string(),
        (key, value, "") => format!("{key}={value}:"),
        (key, "", effect) => format!("{key}:{effect}"),
        (key, value, effect) => format!("{key}={value}:{effect}"),
    };
    taints.into_iter().map(shown).collect()
}

fn lease(lines: &mut Lines, node: &Value, cluster: &Cluster<'_>) {
    let key = Key::new("kube-node-lease", text(node, "metadata.name"));
    let lease = match cluster.api.get(Kind::Lease, &key) {
        Ok(lease) => lease.encode(),
        Err(status) => {
            return lines.field(0, "Lease", format_args!("Failed to get lease: {}", status.message));
        }
    };
    let instant = |field: &str| match at(&lease, field) {
        Value::Null => "<unset>".to_string(),
        time => rfc1123(time),
    };
    lines.line(0, "Lease:");
    let holder = if has(&lease, "spec.holderIdentity") { text(&lease, "spec.holderIdentity") } else { "<unset>" };
    lines.field(1, "HolderIdentity", holder);
    lines.field(1, "AcquireTime", instant("spec.acquireTime"));
    lines.field(1, "RenewTime", instant("spec.renewTime"));
}

fn conditions(lines: &mut Lines, conditions: &[Value]) {
    if conditions.is_empty() {
        return;
    }
    lines.line(0, "Conditions:");
    lines.heading(1, &["Type", "Status", "LastHeartbeatTime", "LastTransitionTime", "Reason", "Message"]);
    for condition in conditions {
        let of = |field: &str| text(condition, field);
        let (beat, changed) =
            (rfc1123(at(condition, "lastHeartbeatTime")), rfc1123(at(condition, "lastTransitionTime")));
        let (kind, status, reason, message) = (of("type"), of("status"), of("reason"), of("message"));
        lines.line(1, format_args!("{kind} \t{status} \t{beat} \t{changed} \t{reason} \t{message}"));
    }
}

fn amounts(lines: &mut Lines, label: &str, amounts: &Value) {
    if amounts.as_map().is_none_or(|amounts| amounts.is_empty()) {
        return;
    }
    lines.line(0, format_args!("{label}:"));
    for (name, _) in pairs(amounts) {
        lines.field(1, name, quantity(amounts.get(name)));
    }
}

fn system_info(lines: &mut Lines, info: &Value) {
    lines.line(0, "System Info:");
    for (label, field) in [
        ("Machine ID", "machineID"),
        ("System UUID", "systemUUID"),
        ("Boot ID", "bootID"),
        ("Kernel Version", "kernelVersion"),
        ("OS Image", "osImage"),
        ("Operating System", "operatingSystem"),
        ("Architecture", "architecture"),
        ("Container Runtime Version", "containerRuntimeVersion"),
        ("Kubelet Version", "kubeletVersion"),
    ] {
        lines.field(1, label, text(info, field));
    }
}

/// Writes the pods that have not ended, and what they take together.
fn resources(lines: &mut Lines, node: &Value, cluster: &Cluster<'_>) {
    let pods = pods_on(text(node, "metadata.name"), cluster);
    lines.field(0, "Non-terminated Pods", format_args!("({} in total)", pods.len()));
    let columns = ["Namespace", "Name", "", "CPU Requests", "CPU Limits", "Memory Requests", "Memory Limits", "Age"];
    lines.heading(1, &columns);
    let allocatable = allocatable(node);
    let (mut requests, mut limits) = (Amounts::new(), Amounts::new());
    for pod in &pods {
        let of_pod = [Bound::Requests, Bound::Limits].map(|bound| pod_resources::of_pod(pod, bound));
        let cells = ["cpu", "memory"].map(|name| {
            let [request, limit] = of_pod.each_ref().map(|amounts| share(amounts, &allocatable, name));
            format!("{request}\t{limit}")
        });
        let (namespace, name) = (text(pod, "metadata.namespace"), text(pod, "metadata.name"));
        let age = cluster.age(at(pod, "metadata.creationTimestamp"));
        lines.line(1, format_args!("{namespace}\t{name}\t\t{}\t{age}", cells.join("\t")));
        let [of_requests, of_limits] = &of_pod;
        pod_resources::add(&mut requests, of_requests);
        pod_resources::add(&mut limits, of_limits);
    }
    allocated(lines, &allocatable, &requests, &limits);
}

fn pods_on(node: &str, cluster: &Cluster<'_>) -> Vec<Value> {
    let has_ended = |pod: &Pod| matches!(pod.status.phase, Some(PodPhase::Succeeded | PodPhase::Failed));
    let pods = cluster.list::<Pod>(None).into_iter();
    let there = pods.filter(|pod| pod.spec.node_name == node && !has_ended(pod));
    there.map(|pod| Object::from(pod).encode()).collect()
}

fn allocatable(node: &Value) -> Amounts {
    let is_there = at(node, "status.allocatable").as_map().is_some_and(|amounts| !amounts.is_empty());
    let amounts = at(node, if is_there { "status.allocatable" } else { "status.capacity" });
    pairs(amounts).map(|(name, _)| (name.to_string(), quantity(amounts.get(name)))).collect()
}

/// `500m (25%)`
fn share(amounts: &Amounts, allocatable: &Amounts, name: &str) -> String {
    let (amount, of) = (get(amounts, name), get(allocatable, name));
    let units = |quantity: Quantity| if name == "cpu" { quantity.milli_value() } else { quantity.value() };
    let percent = match units(of) {
        0 => 0,
        // Go computes in floating point and cuts the fraction off.
        of => (units(amount) as f64 / of as f64 * 100.0) as i64,
    };
    format!("{amount} ({percent}%)")
}

fn get(amounts: &Amounts, name: &str) -> Quantity {
    amounts.get(name).copied().unwrap_or_default()
}

fn allocated(lines: &mut Lines, allocatable: &Amounts, requests: &Amounts, limits: &Amounts) {
    lines.line(0, "Allocated resources:\n  (Total limits may be over 100 percent, i.e., overcommitted.)");
    lines.heading(1, &["Resource", "Requests", "Limits"]);
    let is_standard = |name: &str| matches!(name, "cpu" | "memory" | "ephemeral-storage" | "pods");
    let is_huge_page = |name: &&str| name.starts_with("hugepages-");
    let names = || allocatable.keys().map(String::as_str).filter(|name| !is_standard(name));
    for name in ["cpu", "memory", "ephemeral-storage"].into_iter().chain(names().filter(is_huge_page)) {
        let (requested, limited) = (share(requests, allocatable, name), share(limits, allocatable, name));
        lines.line(1, format_args!("{name}\t{requested}\t{limited}"));
    }
    for name in names().filter(|name| !is_huge_page(name)) {
        lines.line(1, format_args!("{name}\t{}\t{}", get(requests, name), get(limits, name)));
    }
}
