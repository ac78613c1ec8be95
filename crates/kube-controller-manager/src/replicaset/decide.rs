//! One sync of a ReplicaSet, as a pure decision.
//!
//! Models: kubernetes v1.36 pkg/controller/replicaset/replica_set.go (manageReplicas) and replica_set_utils.go.

use std::rc::Rc;

use api::apps::replica_set::ReplicaSetStatus;
use api::apps::workload::WorkloadCondition;
use api::{Pod, ReplicaSet, Str};
use sim::Time;

use super::ranking::decide_victims;
use crate::pod_state;

/// More pods than this are not created or deleted in one sync.
pub const BURST_MAX: usize = 500;
/// The condition that something could not be created or deleted.
pub const FAILURE: &str = "ReplicaFailure";

/// What a ReplicaSet has to do.
#[derive(Debug, PartialEq)]
pub enum Action {
    /// Nothing.
    Nothing,
    /// Create so many pods.
    Create(usize),
    /// Delete these.
    Delete(Vec<Rc<Pod>>),
}

/// The pods of a ReplicaSet.
pub struct Pods<'a> {
    /// Those that have neither ended nor are going.
    pub active: &'a [Rc<Pod>],
    /// How many are going.
    pub terminating: usize,
}

/// Compares what is with what is wanted. `related` are the active pods of all sets with the same controller.
pub fn decide_action(set: &ReplicaSet, active: &[Rc<Pod>], related: &dyn Fn() -> Vec<Rc<Pod>>, now: Time) -> Action {
    let wanted = usize::try_from(set.spec.replicas()).unwrap_or(0);
    if set.metadata.is_terminating() || wanted == active.len() {
        return Action::Nothing;
    }
    if wanted > active.len() {
        return Action::Create((wanted - active.len()).min(BURST_MAX));
    }
    let surplus = (active.len() - wanted).min(BURST_MAX);
    Action::Delete(decide_victims(active, &related(), surplus, now))
}

/// What is to be said of a set; `failure` is what went wrong in this sync.
pub fn decide_status(set: &ReplicaSet, pods: &Pods<'_>, failure: Option<&Str>, now: Time) -> ReplicaSetStatus {
    let labels = &set.spec.template.metadata.labels;
    let count = |keep: &dyn Fn(&Pod) -> bool| pods.active.iter().filter(|pod| keep(pod)).count() as i32;
    let is_available = |pod: &Pod| pod_state::available_at(pod, set.spec.min_ready_seconds).is_some_and(|at| at <= now);
    let mut status = ReplicaSetStatus {
        replicas: pods.active.len() as i32,
        fully_labeled_replicas: count(&|pod| labels.is_subset_of(&pod.metadata.labels)),
        ready_replicas: count(&|pod| pod.status.is_true("Ready")),
        available_replicas: count(&is_available),
        terminating_replicas: Some(pods.terminating as i32),
        observed_generation: set.metadata.generation,
        ..set.status.clone()
    };
    let has_failed = status.conditions.iter().any(|condition| condition.kind == FAILURE);
    match failure {
        Some(message) if !has_failed => status.conditions.push(failure_condition(set, pods, message, now)),
        None if has_failed => status.conditions.retain(|condition| condition.kind != FAILURE),
        Some(_) | None => {}
    }
    status
}

fn failure_condition(set: &ReplicaSet, pods: &Pods<'_>, message: &Str, now: Time) -> WorkloadCondition {
    let is_short = (pods.active.len() as i64) < i64::from(set.spec.replicas());
    WorkloadCondition {
        kind: FAILURE.into(),
        status: true.into(),
        last_transition_time: Some(now.truncate_to_second()),
        reason: if is_short { "FailedCreate".into() } else { "FailedDelete".into() },
        message: message.clone(),
        ..WorkloadCondition::default()
    }
}

/// When the next Ready pod has been so for long enough.
pub fn next_available_at(set: &ReplicaSet, active: &[Rc<Pod>], now: Time) -> Option<Time> {
    let at = active.iter().filter_map(|pod| pod_state::available_at(pod, set.spec.min_ready_seconds));
    at.filter(|at| *at > now).min()
}
