//! Nodes, namespaces and small kinds.

use api::core::node::Lease;
use api::meta::ConditionStatus;
use api::{ConfigMap, Namespace, Node, PriorityClass, Secret, ServiceAccount, Value};
use ordered::Arrange;
use sim::Time;

use super::{Always, Heading, Wide, age, or_none};

pub(super) const NODE: &[Heading] = &[
    Heading("Name", Always),
    Heading("Status", Always),
    Heading("Roles", Always),
    Heading("Age", Always),
    Heading("Version", Always),
    Heading("Internal-IP", Wide),
    Heading("External-IP", Wide),
    Heading("OS-Image", Wide),
    Heading("Kernel-Version", Wide),
    Heading("Container-Runtime", Wide),
];

pub(super) const NAMESPACE: &[Heading] = &[Heading("Name", Always), Heading("Status", Always), Heading("Age", Always)];
pub(super) const PRIORITY_CLASS: &[Heading] = &[
    Heading("Name", Always),
    Heading("Value", Always),
    Heading("Global-Default", Always),
    Heading("Age", Always),
    Heading("PreemptionPolicy", Always),
];
pub(super) const LEASE: &[Heading] = &[Heading("Name", Always), Heading("Holder", Always), Heading("Age", Always)];
pub(super) const CONFIG_MAP: &[Heading] = &[Heading("Name", Always), Heading("Data", Always), Heading("Age", Always)];
pub(super) const SECRET: &[Heading] =
    &[Heading("Name", Always), Heading("Type", Always), Heading("Data", Always), Heading("Age", Always)];
pub(super) const SERVICE_ACCOUNT: &[Heading] = &[Heading("Name", Always), Heading("Age", Always)];

const ROLE_PREFIX: &str = "node-role.kubernetes.io/";
const LEGACY_ROLE: &str = "kubernetes.io/role";

pub(super) fn node(node: &Node, now: Time) -> Vec<Value> {
    let info = &node.status.node_info;
    let address = |kind: &str| or_none(node.status.address(kind).map_or("", |address| address));
    let or_unknown = |text: &str| if text.is_empty() { Value::from("<unknown>") } else { text.into() };
    let kernel = or_unknown(&info.kernel_version);
    let kernel = match info.architecture.as_str() {
        "" => kernel,
        architecture => format!("{} ({architecture})", kernel.text()).into(),
    };
    vec![
        node.metadata.name.clone().into(),
        status(node).into(),
        or_none(&roles(node)),
        age(&node.metadata, now),
        info.kubelet_version.clone().into(),
        address("InternalIP"),
        address("ExternalIP"),
        or_unknown(&info.os_image),
        kernel,
        or_unknown(&info.container_runtime_version),
    ]
}

fn status(node: &Node) -> String {
    let ready = node.status.condition("Ready").map(|condition| condition.status);
    let mut text = match ready {
        Some(ConditionStatus::True) => "Ready",
        Some(ConditionStatus::False | ConditionStatus::Unknown) => "NotReady",
        None => "Unknown",
    }
    .to_owned();
    if node.spec.unschedulable {
        text.push_str(",SchedulingDisabled");
    }
    text
}

fn roles(node: &Node) -> String {
    let mut roles: Vec<&str> = Vec::new();
    for (key, value) in node.metadata.labels.iter() {
        match key.strip_prefix(ROLE_PREFIX) {
            Some(role) if !role.is_empty() => roles.push(role),
            _ if key == LEGACY_ROLE && !value.is_empty() => roles.push(value),
            _ => {}
        }
    }
    roles.arrange();
    roles.dedup();
    roles.join(",")
}

pub(super) fn namespace(namespace: &Namespace, now: Time) -> Vec<Value> {
    vec![namespace.metadata.name.clone().into(), namespace.status.phase.clone().into(), age(&namespace.metadata, now)]
}

pub(super) fn lease(lease: &Lease, now: Time) -> Vec<Value> {
    let holder = lease.spec.holder_identity.clone().unwrap_or_default();
    vec![lease.metadata.name.clone().into(), holder.into(), age(&lease.metadata, now)]
}

pub(super) fn config_map(config: &ConfigMap, now: Time) -> Vec<Value> {
    let count = (config.data.len() + config.binary_data.len()) as i64;
    vec![config.metadata.name.clone().into(), Value::Int(count), age(&config.metadata, now)]
}

pub(super) fn secret(secret: &Secret, now: Time) -> Vec<Value> {
    let count = Value::Int(secret.data.len() as i64);
    vec![secret.metadata.name.clone().into(), secret.kind.clone().into(), count, age(&secret.metadata, now)]
}

pub(super) fn service_account(account: &ServiceAccount, now: Time) -> Vec<Value> {
    vec![account.metadata.name.clone().into(), age(&account.metadata, now)]
}

pub(super) fn priority_class(class: &PriorityClass, now: Time) -> Vec<Value> {
    let policy = class.preemption_policy.clone().unwrap_or_default();
    vec![
        class.metadata.name.clone().into(),
        Value::Int(i64::from(class.value)),
        Value::Bool(class.global_default),
        age(&class.metadata, now),
        policy.into(),
    ]
}
