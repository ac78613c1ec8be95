//! Takes account of pods that have ended, so that none is counted twice or forgotten: their UIDs go into the status, then
//! their finalizers are taken off, then the UIDs become numbers. A Job that ends does so after its last pod was counted.
//!
//! Models: kubernetes v1.36 pkg/controller/job/job_controller.go (trackJobStatusAndRemoveFinalizers).

use std::rc::Rc;

use api::batch::job::{JobCondition, JobStatus};
use api::core::pod_status::PodPhase;
use api::meta::ConditionStatus;
use api::{Job, Object, Pod, Resource, Status, Str};
use client::EventKind;
use ecow::EcoVec;
use ordered::{Arrange, OrderedSet};

use super::decide::{condition, is_failed, is_within};
use super::failure_policy::{Meaning, meaning};
use super::pods::{completion_index, has_finalizer};
use super::{JobController, Sync, orphans};
use crate::context::Context;

/// More pods than this are not accounted for in one sync.
const UNCOUNTED_MAX: usize = 500;

/// Adds or changes a condition; one that does not hold is not added. Whether something changed.
pub(super) fn set_condition(conditions: &mut EcoVec<JobCondition>, new: JobCondition) -> bool {
    let Some(at) = conditions.iter().position(|known| known.kind == new.kind) else {
        let holds = new.status != ConditionStatus::False;
        if holds {
            conditions.push(new);
        }
        return holds;
    };
    let known = &conditions[at];
    let differs = (known.status, &known.reason, &known.message) != (new.status, &new.reason, &new.message);
    if differs {
        conditions.make_mut()[at] = new;
    }
    differs
}

impl JobController {
    pub(super) fn track(&mut self, sync: &mut Sync, context: &mut Context<'_>) -> Result<(), Status> {
        let mut held: OrderedSet<Str> =
            sync.count.pods.iter().filter(|pod| has_finalizer(pod)).map(|pod| pod.metadata.uid.clone()).collect();
        sync.must_write |= count_released(&mut sync.job.status, &held);
        let (released, is_all) = sync.collect();
        sync.note_interim_end(context);
        if sync.must_write {
            sync.write(context)?;
            self.back_offs.insert(sync.job.key(), sync.count.back_off);
        }
        for pod in &released {
            orphans::release(&pod.key(), context)?;
            held.remove(&pod.metadata.uid);
        }
        sync.must_write = count_released(&mut sync.job.status, &held);
        let ended = if is_all { sync.finish(context) } else { None };
        if sync.must_write || ended.is_some() {
            sync.write(context)?;
        }
        if let Some(ended) = ended {
            self.record_end(sync, &ended, context);
        }
        Ok(())
    }

    fn record_end(&mut self, sync: &Sync, ended: &JobCondition, context: &mut Context<'_>) {
        let owner = &sync.owner;
        if ended.kind != "Complete" {
            self.recorder.event(context.api, owner, EventKind::Warning, word(&ended.reason), ended.message.clone());
            return;
        }
        if sync.job.spec.completions.is_some_and(|completions| sync.job.status.succeeded > completions) {
            let message = "Too many succeeded pods running after completion count reached";
            self.recorder.event(context.api, owner, EventKind::Warning, "TooManySucceededPods", message);
        }
        self.recorder.event(context.api, owner, EventKind::Normal, "Completed", "Job completed");
    }
}

/// The reasons for which a Job fails, as events take them.
fn word(reason: &str) -> &'static str {
    ["BackoffLimitExceeded", "DeadlineExceeded", "PodFailurePolicy", "MaxFailedIndexesExceeded", "FailedIndexes"]
        .into_iter()
        .find(|known| *known == reason)
        .unwrap_or("Failed")
}

/// UIDs of pods without the finalizer become numbers. Whether there were any.
fn count_released(status: &mut JobStatus, held: &OrderedSet<Str>) -> bool {
    let uncounted = status.uncounted_terminated_pods.get_or_insert_default();
    let before = (uncounted.succeeded.len(), uncounted.failed.len());
    uncounted.succeeded.retain(|uid| held.contains(uid));
    uncounted.failed.retain(|uid| held.contains(uid));
    let (succeeded, failed) = (before.0 - uncounted.succeeded.len(), before.1 - uncounted.failed.len());
    status.succeeded += succeeded as i32;
    status.failed += failed as i32;
    succeeded + failed > 0
}

impl Sync {
    /// Puts the UIDs of pods that have ended into the status; those pods, and whether all were looked at.
    fn collect(&mut self) -> (Vec<Rc<Pod>>, bool) {
        let mut pods = self.count.pods.clone();
        if self.job.spec.is_indexed() {
            pods.arrange_by(|left, right| completion_index(left).cmp(&completion_index(right)));
        }
        let (mut released, mut indexes, mut is_all) = (Vec::new(), Vec::new(), true);
        for pod in pods.into_iter().filter(|pod| has_finalizer(pod)) {
            let has_succeeded = pod.status.phase == Some(PodPhase::Succeeded);
            let may_go = self.job.metadata.is_terminating() || self.end.is_some() || has_succeeded;
            let is_awaited = || self.count.to_replace.values().any(|awaited| Rc::ptr_eq(awaited, &pod));
            if !may_go && (!is_failed(&pod, &self.job.spec) || is_awaited()) {
                continue;
            }
            self.account_for(&pod, has_succeeded, &mut indexes);
            released.push(pod);
            let uncounted = self.job.status.uncounted_terminated_pods.get_or_insert_default();
            if indexes.len() + uncounted.succeeded.len() + uncounted.failed.len() >= UNCOUNTED_MAX {
                is_all = false;
                break;
            }
        }
        if self.job.spec.is_indexed() {
            self.settle_indexes(&indexes);
        }
        (released, is_all)
    }

    fn account_for(&mut self, pod: &Pod, has_succeeded: bool, indexes: &mut Vec<i32>) {
        let uid = &pod.metadata.uid;
        let spec = self.job.spec.clone();
        let fails_all = self.end.as_ref().is_some_and(|end| end.kind != "SuccessCriteriaMet");
        let uncounted = self.job.status.uncounted_terminated_pods.get_or_insert_default();
        if has_succeeded && !uncounted.failed.contains(uid) {
            let index = completion_index(pod).filter(|index| !self.count.indexes.0.has(*index));
            match index.filter(|_| spec.is_indexed() && is_within(pod, &spec)) {
                Some(index) => indexes.push(index),
                None if spec.is_indexed() || uncounted.succeeded.contains(uid) => return,
                None => uncounted.succeeded.push(uid.clone()),
            }
        } else if is_failed(pod, &spec) || fails_all {
            let is_ignored = meaning(spec.pod_failure_policy.as_ref(), pod) == Meaning::Ignored;
            if is_ignored || uncounted.failed.contains(uid) || !is_within(pod, &spec) {
                return;
            }
            uncounted.failed.push(uid.clone());
        } else {
            return;
        }
        self.must_write = true;
    }

    fn settle_indexes(&mut self, new: &[i32]) {
        let indexes = self.count.indexes.1.with(new);
        let text: Str = indexes.to_string().into();
        let status = &mut self.job.status;
        self.must_write |= text != status.completed_indexes;
        status.succeeded = indexes.total();
        status.completed_indexes = text;
        let failed = self.count.failed_indexes.as_ref().map(|failed| Str::from(failed.to_string()));
        self.must_write |= failed != status.failed_indexes;
        status.failed_indexes = failed;
    }

    /// Before the finalizers go, the status says how the Job is going to end.
    fn note_interim_end(&mut self, context: &Context<'_>) {
        let Some(end) = self.end.clone() else { return };
        let last = match end.kind.as_str() {
            "FailureTarget" => "Failed",
            "SuccessCriteriaMet" => "Complete",
            _ => return,
        };
        if self.job.status.true_condition(&end.kind).is_none() {
            self.job.status.conditions.push(end.clone());
            self.must_write = true;
        }
        self.end = Some(condition(last, end.reason, end.message, context.now));
    }

    /// Ends the Job, if all its pods are counted and gone; how.
    fn finish(&mut self, context: &Context<'_>) -> Option<JobCondition> {
        let end = self.end.clone()?;
        let status = &mut self.job.status;
        let uncounted = status.uncounted_terminated_pods.clone().unwrap_or_default();
        if !uncounted.succeeded.is_empty() || !uncounted.failed.is_empty() || self.terminating > 0 {
            return None;
        }
        set_condition(&mut status.conditions, end.clone());
        if end.kind == "Complete" {
            status.completion_time = Some(context.now.truncate_to_second());
        }
        Some(end)
    }

    /// Stores the status, and goes on with what was stored.
    fn write(&mut self, context: &mut Context<'_>) -> Result<(), Status> {
        let stored = context.update_status(self.job.clone())?;
        if let Some(job) = stored.get::<Job>() {
            self.job = Job::clone(job);
            self.job.status.uncounted_terminated_pods.get_or_insert_default();
            self.owner = Object::Job(job.clone());
        }
        Ok(())
    }
}
