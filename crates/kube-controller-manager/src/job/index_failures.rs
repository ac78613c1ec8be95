//! Failures per index: with `backoffLimitPerIndex` every index has its own limit and its own wait. A failed pod keeps its
//! finalizer, and so its place, until its replacement carries the count on.
//!
//! Models: kubernetes v1.36 pkg/controller/job/indexed_job_utils.go and backoff_utils.go.

use std::rc::Rc;

use api::{Job, Pod};
use ordered::{Arrange, OrderedMap};
use sim::Time;
use thin::format_str;

use super::back_off::{BackOff, finished_at};
use super::decide::{is_failed, is_within};
use super::failure_policy::{Meaning, meaning};
use super::intervals::Intervals;
use super::pods::{completion_index, has_finalizer};

/// How often pods of the index had failed before this one was made.
const FAILURES: &str = "batch.kubernetes.io/job-index-failure-count";
/// The same of failures that a policy ignored.
const IGNORED: &str = "batch.kubernetes.io/job-index-ignored-failure-count";

fn annotated(pod: &Pod, name: &str) -> i32 {
    pod.metadata.annotations.get(name).and_then(|text| text.parse().ok()).filter(|count| *count >= 0).unwrap_or(0)
}

fn failures(pod: &Pod) -> i32 {
    annotated(pod, FAILURES).saturating_add(annotated(pod, IGNORED))
}

/// The indexes that have failed: those that the status names, and those of pods that have failed once too often since. None
/// without a limit per index.
pub(super) fn failed_indexes(job: &Job, pods: &[Rc<Pod>]) -> Option<Intervals> {
    let limit = job.spec.backoff_limit_per_index?;
    let known = job.status.failed_indexes.as_deref().unwrap_or_default();
    let before = Intervals::parse(known, job.spec.completions.unwrap_or(0));
    let has_failed = |pod: &Pod| match meaning(job.spec.pod_failure_policy.as_ref(), pod) {
        Meaning::FailsIndex => true,
        Meaning::Counts | Meaning::FailsJob(_) => annotated(pod, FAILURES) >= limit,
        Meaning::Ignored => false,
    };
    let new = uncounted_failures(job, pods).filter(|pod| has_failed(pod)).filter_map(|pod| completion_index(pod));
    let mut new: Vec<i32> = new.collect();
    new.arrange();
    new.dedup();
    Some(before.with(&new))
}

fn uncounted_failures<'p>(job: &'p Job, pods: &'p [Rc<Pod>]) -> impl Iterator<Item = &'p Rc<Pod>> {
    pods.iter().filter(|pod| has_finalizer(pod) && is_within(pod, &job.spec) && is_failed(pod, &job.spec))
}

/// The failed pods that are to be replaced, by index: of several the last. `settled` says of an index that it needs no pod.
pub(super) fn to_replace(job: &Job, pods: &[Rc<Pod>], settled: impl Fn(i32) -> bool) -> OrderedMap<i32, Rc<Pod>> {
    let mut last: OrderedMap<i32, Rc<Pod>> = OrderedMap::new();
    if job.spec.backoff_limit_per_index.is_none() {
        return last;
    }
    for pod in uncounted_failures(job, pods) {
        let Some(index) = completion_index(pod).filter(|index| !settled(*index)) else { continue };
        let is_later = |known: &Rc<Pod>| failures(known) <= failures(pod) && finished_at(known) <= finished_at(pod);
        if last.get(&index).is_none_or(is_later) {
            last.insert(index, pod.clone());
        }
    }
    last
}

/// When a failed pod may be replaced, if not now.
pub(super) fn wait_until(replaced: Option<&Rc<Pod>>, now: Time) -> Option<Time> {
    let pod = replaced?;
    BackOff::since(failures(pod).saturating_add(1), finished_at(pod)).until(now)
}

/// A new pod of an index begins with the count of the one that it replaces.
pub(super) fn carry_on(pod: &mut Pod, job: &Job, replaced: Option<&Pod>) {
    if job.spec.backoff_limit_per_index.is_none() {
        return;
    }
    let (mut counted, mut ignored) = (0, 0);
    if let Some(replaced) = replaced {
        (counted, ignored) = (annotated(replaced, FAILURES), annotated(replaced, IGNORED));
        match meaning(job.spec.pod_failure_policy.as_ref(), replaced) {
            Meaning::Ignored => ignored += 1,
            Meaning::Counts | Meaning::FailsIndex | Meaning::FailsJob(_) => counted += 1,
        }
    }
    pod.metadata.annotations.insert(FAILURES, format_str!("{counted}"));
    if ignored > 0 {
        pod.metadata.annotations.insert(IGNORED, format_str!("{ignored}"));
    }
}
