//! What is said of a Deployment: counts, and how its rollout goes.
//!
//! Models: kubernetes v1.36 pkg/controller/deployment/{progress,sync}.go and util/deployment_util.go.

use std::rc::Rc;

use api::apps::deployment::DeploymentStatus;
use api::apps::workload::WorkloadCondition;
use api::meta::ConditionStatus;
use api::{Deployment, ReplicaSet, Str};
use sim::{Span, Time};
use thin::format_str;

use super::math::max_unavailable;
use super::revision::total;
use crate::replicaset::decide::FAILURE;

/// The condition that so many pods serve as must.
pub const AVAILABLE: &str = "Available";
/// The condition that tells how the rollout goes.
pub const PROGRESSING: &str = "Progressing";
const DONE: &str = "NewReplicaSetAvailable";
const TIMED_OUT: &str = "ProgressDeadlineExceeded";
const PAUSED: &str = "DeploymentPaused";

/// A condition as of now.
pub fn condition(kind: &str, status: ConditionStatus, reason: &str, message: Str, now: Time) -> WorkloadCondition {
    let now = Some(now.truncate_to_second());
    WorkloadCondition {
        kind: kind.into(),
        status,
        last_update_time: now,
        last_transition_time: now,
        reason: reason.into(),
        message,
        ..WorkloadCondition::default()
    }
}

/// The condition of a kind.
pub fn find_condition<'s>(status: &'s DeploymentStatus, kind: &str) -> Option<&'s WorkloadCondition> {
    status.conditions.iter().find(|condition| condition.kind == kind)
}

/// Takes a condition out.
pub fn remove_condition(status: &mut DeploymentStatus, kind: &str) {
    if find_condition(status, kind).is_some() {
        status.conditions.retain(|condition| condition.kind != kind);
    }
}

/// Puts a condition at the end, unless one with this status and reason is there.
pub fn set_condition(status: &mut DeploymentStatus, mut condition: WorkloadCondition) {
    api::reached!("kube_controller_manager::deployment::status::set_condition");
    if let Some(present) = find_condition(status, &condition.kind) {
        if present.status == condition.status && present.reason == condition.reason {
            return;
        }
        if present.status == condition.status {
            condition.last_transition_time = present.last_transition_time;
        }
    }
    remove_condition(status, &condition.kind);
    status.conditions.push(condition);
}

/// Whether lack of progress is looked for.
pub fn has_deadline(deployment: &Deployment) -> bool {
    deployment.spec.progress_deadline_seconds.is_some_and(|seconds| seconds != i32::MAX)
}

/// The sum of pods on their way out; none as long as one set does not know. A set that was not looked at yet has none.
pub fn terminating(sets: &[Rc<ReplicaSet>]) -> Option<i32> {
    let is_new = |set: &ReplicaSet| set.status.observed_generation == 0;
    sets.iter().map(|set| set.status.terminating_replicas.or(is_new(set).then_some(0))).sum()
}

/// The counts, and whether enough pods serve.
pub fn decide_counts(
    deployment: &Deployment,
    all: &[Rc<ReplicaSet>],
    new: Option<&Rc<ReplicaSet>>,
    now: Time,
) -> DeploymentStatus {
    let available = total(all, |set| set.status.available_replicas);
    let mut status = DeploymentStatus {
        observed_generation: deployment.metadata.generation,
        replicas: total(all, |set| set.status.replicas),
        updated_replicas: new.map_or(0, |set| set.status.replicas),
        ready_replicas: total(all, |set| set.status.ready_replicas),
        available_replicas: available,
        unavailable_replicas: (total(all, |set| set.spec.replicas()) - available).max(0),
        terminating_replicas: terminating(all),
        ..deployment.status.clone()
    };
    let has_enough = available >= deployment.spec.replicas() - max_unavailable(deployment);
    let (reason, message) = match has_enough {
        true => ("MinimumReplicasAvailable", "Deployment has minimum availability."),
        false => ("MinimumReplicasUnavailable", "Deployment does not have minimum availability."),
    };
    set_condition(&mut status, condition(AVAILABLE, has_enough.into(), reason, message.into(), now));
    status
}

/// Counts and conditions after a step of a rollout.
pub fn decide_rollout_status(
    deployment: &Deployment,
    all: &[Rc<ReplicaSet>],
    new: Option<&Rc<ReplicaSet>>,
    now: Time,
) -> DeploymentStatus {
    api::reached!("kube_controller_manager::deployment::status::decide_rollout_status");
    let mut status = decide_counts(deployment, all, new, now);
    if has_deadline(deployment) {
        set_progress(deployment, new, &mut status, now);
    } else {
        remove_condition(&mut status, PROGRESSING);
    }
    match find_failure(all, new) {
        Some(failure) => set_condition(&mut status, failure),
        None => remove_condition(&mut status, FAILURE),
    }
    status
}

fn set_progress(deployment: &Deployment, new: Option<&Rc<ReplicaSet>>, status: &mut DeploymentStatus, now: Time) {
    let present = find_condition(&deployment.status, PROGRESSING);
    if status.replicas == status.updated_replicas && present.is_some_and(|present| present.reason == DONE) {
        return;
    }
    let who = match new {
        Some(set) => format_str!("ReplicaSet {:?}", set.metadata.name.as_str()),
        None => format_str!("Deployment {:?}", deployment.metadata.name.as_str()),
    };
    if is_complete(deployment, status) {
        let message = format_str!("{who} has successfully progressed.");
        set_condition(status, condition(PROGRESSING, ConditionStatus::True, DONE, message, now));
    } else if is_progressing(deployment, status) {
        let message = format_str!("{who} is progressing.");
        let mut progress = condition(PROGRESSING, ConditionStatus::True, "ReplicaSetUpdated", message, now);
        if let Some(present) = present {
            if present.status == ConditionStatus::True {
                progress.last_transition_time = present.last_transition_time;
            }
            // Taken out first: with the same reason it would stay as it was, and the deadline counts from its update.
            remove_condition(status, PROGRESSING);
        }
        set_condition(status, progress);
    } else if is_timed_out(deployment, status, now) {
        let message = format_str!("{who} has timed out progressing.");
        set_condition(status, condition(PROGRESSING, ConditionStatus::False, TIMED_OUT, message, now));
    }
}

/// Whether all pods are of the present template and serve, and no others are left.
pub fn is_complete(deployment: &Deployment, status: &DeploymentStatus) -> bool {
    api::reached!("kube_controller_manager::deployment::status::is_complete");
    let wanted = deployment.spec.replicas();
    [status.updated_replicas, status.replicas, status.available_replicas] == [wanted; 3]
        && status.observed_generation >= deployment.metadata.generation
}

/// Whether a status is nearer to the end than the stored one.
pub fn is_progressing(deployment: &Deployment, status: &DeploymentStatus) -> bool {
    api::reached!("kube_controller_manager::deployment::status::is_progressing");
    let before = &deployment.status;
    let old_replicas = |status: &DeploymentStatus| status.replicas - status.updated_replicas;
    status.updated_replicas > before.updated_replicas
        || old_replicas(status) < old_replicas(before)
        || status.ready_replicas > before.ready_replicas
        || status.available_replicas > before.available_replicas
}

/// Whether the last progress is too long ago.
pub fn is_timed_out(deployment: &Deployment, status: &DeploymentStatus, now: Time) -> bool {
    api::reached!("kube_controller_manager::deployment::status::is_timed_out");
    let Some(present) = find_condition(status, PROGRESSING).filter(|_| has_deadline(deployment)) else { return false };
    match present.reason.as_str() {
        DONE => false,
        TIMED_OUT => true,
        _ => deadline_at(deployment, present) < now,
    }
}

fn deadline_at(deployment: &Deployment, present: &WorkloadCondition) -> Time {
    let seconds = deployment.spec.progress_deadline_seconds.unwrap_or(0);
    present.last_update_time.unwrap_or_default() + Span::from_seconds(i64::from(seconds))
}

/// When to look again whether the deadline has passed.
pub fn decide_recheck(deployment: &Deployment, status: &DeploymentStatus, now: Time) -> Option<Time> {
    api::reached!("kube_controller_manager::deployment::status::decide_recheck");
    let present = find_condition(&deployment.status, PROGRESSING).filter(|_| has_deadline(deployment))?;
    if is_complete(deployment, status) || present.reason == TIMED_OUT {
        return None;
    }
    Some(deadline_at(deployment, present).max(now) + Span::from_seconds(1))
}

/// What a set could not do; the new set's word first.
fn find_failure(all: &[Rc<ReplicaSet>], new: Option<&Rc<ReplicaSet>>) -> Option<WorkloadCondition> {
    let sets = new.into_iter().chain(all);
    let failure = sets.flat_map(|set| set.status.conditions.iter()).find(|condition| condition.kind == FAILURE)?;
    Some(WorkloadCondition { last_update_time: failure.last_transition_time, ..failure.clone() })
}

/// The condition that a Deployment gets when it is paused or goes on: time that it was paused does not count as lack of
/// progress.
pub fn decide_pause_condition(deployment: &Deployment, now: Time) -> Option<WorkloadCondition> {
    let present = find_condition(&deployment.status, PROGRESSING).map(|present| present.reason.as_str());
    if !has_deadline(deployment) || present == Some(TIMED_OUT) {
        return None;
    }
    let (reason, message) = match (deployment.spec.paused, present == Some(PAUSED)) {
        (true, false) => (PAUSED, "Deployment is paused"),
        (false, true) => ("DeploymentResumed", "Deployment is resumed"),
        (true, true) | (false, false) => return None,
    };
    Some(condition(PROGRESSING, ConditionStatus::Unknown, reason, message.into(), now))
}
