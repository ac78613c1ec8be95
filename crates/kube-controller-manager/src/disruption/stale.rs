//! Pods that were to be disrupted and were not: their condition `DisruptionTarget` is taken back after two minutes.
//!
//! Models: kubernetes v1.36 pkg/controller/disruption (syncStalePodDisruption).

use std::rc::Rc;

use api::core::pod_status::PodCondition;
use api::meta::ConditionStatus;
use api::{Key, Pod, Status};
use client::WorkQueue;
use sim::Time;

use super::decide::DELETION_TIMEOUT;
use crate::context::Context;

const DISRUPTION_TARGET: &str = "DisruptionTarget";
/// The kubelet may take as long as it likes between its condition and the pod's end.
const BY_KUBELET: &str = "TerminationByKubelet";

/// When the condition of a pod that does not go counts no more; none if it has no such condition.
pub fn stale_at(pod: &Pod) -> Option<Time> {
    api::reached!("kube_controller_manager::disruption::stale::stale_at");
    if pod.metadata.is_terminating() || pod.status.is_terminal() {
        return None;
    }
    let condition = pod.status.condition(DISRUPTION_TARGET)?;
    let is_meant = condition.status == ConditionStatus::True && condition.reason != BY_KUBELET;
    is_meant.then(|| condition.last_transition_time.unwrap_or_default() + DELETION_TIMEOUT)
}

/// The pod with the condition taken back, if that is due.
pub fn decide(pod: &Pod, now: Time) -> Option<Pod> {
    stale_at(pod).filter(|at| *at <= now)?;
    let mut condition = PodCondition::new(DISRUPTION_TARGET, false, now);
    condition.observed_generation = pod.metadata.generation;
    let mut pod = pod.clone();
    let status = Rc::make_mut(&mut pod.status);
    status.conditions = status
        .conditions
        .iter()
        .map(|old| if old.kind == DISRUPTION_TARGET { &condition } else { old })
        .cloned()
        .collect();
    Some(pod)
}

/// Notes a pod that has such a condition.
pub(super) fn on_pod(pod: &Pod, queue: &mut WorkQueue<Key>) {
    if let Some(at) = stale_at(pod) {
        queue.add_at(pod.metadata.key(), at);
    }
}

/// Takes back what is due.
pub(super) fn sync(key: &Key, context: &mut Context<'_>) -> Result<(), Status> {
    let taken_back = context.cache.get::<Pod>(key).and_then(|pod| decide(pod, context.now));
    taken_back.map_or(Ok(()), |pod| context.update_status(pod).map(drop))
}
