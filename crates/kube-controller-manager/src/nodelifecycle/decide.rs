//! What a node's conditions and taints are to be: pure.
//!
//! Models: kubernetes v1.36 pkg/controller/nodelifecycle/node_lifecycle_controller.go (tryUpdateNodeHealth,
//! doNoScheduleTaintingPass, processTaintBaseEviction).

use std::rc::Rc;

use api::core::node::{NodeCondition, Taint};
use api::meta::ConditionStatus;
use api::{Node, Str};
use ecow::EcoVec;
use sim::Time;

/// The node is cordoned.
pub const UNSCHEDULABLE: &str = "node.kubernetes.io/unschedulable";
/// Its kubelet says that it is not ready.
pub const NOT_READY: &str = "node.kubernetes.io/not-ready";
/// Its kubelet says nothing.
pub const UNREACHABLE: &str = "node.kubernetes.io/unreachable";

/// A condition that means a taint, by type and status.
const TAINTS_OF_CONDITIONS: [(&str, ConditionStatus, &str); 6] = [
    ("Ready", ConditionStatus::False, NOT_READY),
    ("Ready", ConditionStatus::Unknown, UNREACHABLE),
    ("MemoryPressure", ConditionStatus::True, "node.kubernetes.io/memory-pressure"),
    ("DiskPressure", ConditionStatus::True, "node.kubernetes.io/disk-pressure"),
    ("NetworkUnavailable", ConditionStatus::True, "node.kubernetes.io/network-unavailable"),
    ("PIDPressure", ConditionStatus::True, "node.kubernetes.io/pid-pressure"),
];

/// The conditions that only a kubelet that lives can vouch for.
const VOUCHED_FOR: [&str; 4] = ["Ready", "MemoryPressure", "DiskPressure", "PIDPressure"];

/// Whether a node is ready, as it says itself; a node that says nothing of it is not known to be.
pub fn readiness(node: &Node) -> ConditionStatus {
    node.status.condition("Ready").map_or(ConditionStatus::Unknown, |condition| condition.status)
}

/// The conditions of a node whose kubelet has fallen silent; none if they say so already.
pub fn decide_silent_conditions(node: &Node, now: Time) -> Option<EcoVec<NodeCondition>> {
    let mut conditions = node.status.conditions.clone();
    for kind in VOUCHED_FOR {
        let now = Some(now.truncate_to_second());
        let unknown = NodeCondition {
            kind: kind.into(),
            status: ConditionStatus::Unknown,
            last_transition_time: now,
            reason: "NodeStatusUnknown".into(),
            message: "Kubelet stopped posting node status.".into(),
            ..NodeCondition::default()
        };
        match conditions.iter().position(|condition| condition.kind == kind) {
            None => conditions.push(NodeCondition {
                last_heartbeat_time: node.metadata.creation_timestamp,
                reason: "NodeStatusNeverUpdated".into(),
                message: "Kubelet never posted node status.".into(),
                ..unknown
            }),
            Some(at) if conditions[at].status != ConditionStatus::Unknown => {
                let last_heartbeat_time = conditions[at].last_heartbeat_time;
                conditions.make_mut()[at] = NodeCondition { last_heartbeat_time, ..unknown };
            }
            Some(_) => {}
        }
    }
    (conditions != node.status.conditions).then_some(conditions)
}

/// The taint that drives pods away from a node in this state.
pub fn evicting_taint(readiness: ConditionStatus) -> Option<&'static str> {
    match readiness {
        ConditionStatus::True => None,
        ConditionStatus::False => Some(NOT_READY),
        ConditionStatus::Unknown => Some(UNREACHABLE),
    }
}

/// What to do about the taints that drive pods away.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Evicting {
    /// Leave them as they are.
    AsItIs,
    /// The node has this one, and not the other.
    Taint(&'static str),
    /// The node has neither.
    NoTaint,
}

/// The taints that a node should have: its own, those that say NoSchedule for the state it is in, and those that evict.
pub fn decide_taints(node: &Rc<Node>, evicting: Evicting, now: Time) -> EcoVec<Taint> {
    let mut wanted: Vec<&str> = TAINTS_OF_CONDITIONS
        .iter()
        .filter(|(kind, status, _)| node.status.condition(kind).is_some_and(|found| found.status == *status))
        .map(|(_, _, key)| *key)
        .collect();
    if node.spec.unschedulable {
        wanted.push(UNSCHEDULABLE);
    }
    let is_managed = |taint: &Taint| match taint.effect.as_str() {
        "NoSchedule" => taint.key == UNSCHEDULABLE || TAINTS_OF_CONDITIONS.iter().any(|(_, _, key)| taint.key == *key),
        "NoExecute" => evicting != Evicting::AsItIs && (taint.key == NOT_READY || taint.key == UNREACHABLE),
        _ => false,
    };
    let stays = |taint: &&Taint| match taint.effect.as_str() {
        "NoExecute" => !is_managed(taint) || matches!(evicting, Evicting::Taint(key) if taint.key == key),
        _ => !is_managed(taint) || wanted.contains(&taint.key.as_str()),
    };
    let mut taints: EcoVec<Taint> = node.spec.taints.iter().filter(stays).cloned().collect();
    let mut add = |key: &str, effect: &'static str| {
        if taints.iter().any(|taint| taint.key == key && taint.effect == effect) {
            return;
        }
        let (key, effect): (Str, Str) = (key.into(), effect.into());
        taints.push(Taint { key, effect, time_added: Some(now.truncate_to_second()), ..Taint::default() });
    };
    wanted.iter().for_each(|key| add(key, "NoSchedule"));
    if let Evicting::Taint(key) = evicting {
        add(key, "NoExecute");
    }
    taints
}
