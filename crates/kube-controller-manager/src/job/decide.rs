//! What a Job's pods mean, and what is to be done, as pure decisions.
//!
//! Models: kubernetes v1.36 pkg/controller/job/job_controller.go (syncJob, manageJob) and success_policy.go.

use std::rc::Rc;

use api::batch::job::{JobCondition, JobSpec};
use api::core::pod::RestartPolicy;
use api::core::pod_status::PodPhase;
use api::meta::ConditionStatus;
use api::{Job, Pod, Str};
use ordered::{Arrange, OrderedMap};
use sim::{Span, Time};
use thin::format_str;

use super::back_off::BackOff;
use super::failure_policy::{Meaning, meaning};
use super::index_failures;
use super::intervals::Intervals;
use super::pods::{completion_index, has_finalizer};
use crate::pod_state;
use crate::replicaset::ranking::decide_victims;

/// More pods than this are not created or deleted in one sync.
const BURST_MAX: usize = 500;

/// A Job and what its pods say.
#[derive(Clone, Debug)]
pub struct Count {
    /// Its pods, by key.
    pub pods: Vec<Rc<Pod>>,
    /// Those that neither have ended nor are going.
    pub active: Vec<Rc<Pod>>,
    /// Those that are going.
    pub terminating: i32,
    /// Successes: of pods, or of indexes.
    pub succeeded: i32,
    /// Failures that count.
    pub failed: i32,
    /// The indexes that had succeeded, and those that have by now.
    pub indexes: (Intervals, Intervals),
    /// The indexes that have failed; none without a limit per index.
    pub failed_indexes: Option<Intervals>,
    /// With a limit per index: the failed pods that are to be replaced, by index.
    pub to_replace: OrderedMap<i32, Rc<Pod>>,
    /// How long failures hold it up.
    pub back_off: BackOff,
}

/// What is to be done about a Job's pods.
#[derive(Clone, Debug, PartialEq)]
pub enum Action {
    /// Nothing.
    Nothing,
    /// Nothing before then.
    WaitUntil(Time),
    /// So many new ones, each without an index.
    Create(usize),
    /// One for each of these indexes.
    CreateIndexes(Vec<i32>),
    /// These go.
    Delete(Vec<Rc<Pod>>),
}

/// Whether pods that are only going are left to end before they are replaced.
fn waits_for_ends(spec: &JobSpec) -> bool {
    spec.pod_replacement_policy == "Failed" || spec.pod_failure_policy.is_some()
}

/// Whether a pod counts as failed: it is, or it is going and will never get to say so.
pub fn is_failed(pod: &Pod, spec: &JobSpec) -> bool {
    match pod.status.phase {
        Some(PodPhase::Failed) => true,
        Some(PodPhase::Succeeded) => false,
        None | Some(PodPhase::Pending | PodPhase::Running | PodPhase::Unknown) => {
            pod.metadata.is_terminating() && !waits_for_ends(spec)
        }
    }
}

/// Whether a pod's index is one of the Job's; without indexes every pod is.
pub fn is_within(pod: &Pod, spec: &JobSpec) -> bool {
    !spec.is_indexed() || completion_index(pod).is_some_and(|index| index < spec.completions.unwrap_or(0))
}

/// Counts the pods of a Job; `back_off` is what was remembered before.
pub fn count(job: &Job, pods: Vec<Rc<Pod>>, back_off: BackOff) -> Count {
    let (spec, status) = (&job.spec, &job.status);
    let uncounted = status.uncounted_terminated_pods.clone().unwrap_or_default();
    let is_new = |pod: &&Rc<Pod>, known: &[Str]| {
        has_finalizer(pod) && !known.contains(&pod.metadata.uid) && is_within(pod, spec)
    };
    let has_succeeded = |pod: &Pod| pod.status.phase == Some(PodPhase::Succeeded);
    let new_of = |known: &[Str], ended: &dyn Fn(&Pod) -> bool| -> Vec<Rc<Pod>> {
        pods.iter().filter(|pod| is_new(pod, known) && ended(pod)).cloned().collect()
    };
    let succeeded = new_of(&uncounted.succeeded, &has_succeeded);
    let failed = new_of(&uncounted.failed, &|pod| is_failed(pod, spec));
    let counting = failed.iter().filter(|pod| meaning(spec.pod_failure_policy.as_ref(), pod) != Meaning::Ignored);
    let counting = counting.count() as i32;
    let indexes = succeeded_indexes(job, &pods);
    let active: Vec<Rc<Pod>> = pods.iter().filter(|pod| pod_state::is_active(pod)).cloned().collect();
    let failed_indexes = index_failures::failed_indexes(job, &pods);
    let to_replace = index_failures::to_replace(job, &pods, |index| {
        let has_failed = failed_indexes.as_ref().is_some_and(|failed| failed.has(index));
        indexes.1.has(index) || has_failed || active.iter().any(|pod| completion_index(pod) == Some(index))
    });
    let successes = status.succeeded + (succeeded.len() + uncounted.succeeded.len()) as i32;
    Count {
        succeeded: if spec.is_indexed() { indexes.1.total() } else { successes },
        failed: status.failed + counting + uncounted.failed.len() as i32,
        active,
        terminating: pods.iter().filter(|pod| pod_state::is_terminating(pod)).count() as i32,
        indexes,
        failed_indexes,
        to_replace,
        back_off: back_off.after(&succeeded, &failed),
        pods,
    }
}

/// The indexes that the status names, and these with those of pods that have succeeded since.
fn succeeded_indexes(job: &Job, pods: &[Rc<Pod>]) -> (Intervals, Intervals) {
    if !job.spec.is_indexed() {
        return Default::default();
    }
    let before = Intervals::parse(&job.status.completed_indexes, job.spec.completions.unwrap_or(0));
    let has_succeeded = |pod: &&Rc<Pod>| {
        pod.status.phase == Some(PodPhase::Succeeded) && has_finalizer(pod) && is_within(pod, &job.spec)
    };
    let new = indexes_of(pods.iter().filter(has_succeeded));
    let now = before.with(&new);
    (before, now)
}

fn indexes_of<'p>(pods: impl Iterator<Item = &'p Rc<Pod>>) -> Vec<i32> {
    let mut indexes: Vec<i32> = pods.filter_map(|pod| completion_index(pod)).collect();
    indexes.arrange();
    indexes.dedup();
    indexes
}

/// A condition that holds.
pub fn condition(kind: &'static str, reason: impl Into<Str>, message: impl Into<Str>, now: Time) -> JobCondition {
    let now = Some(now.truncate_to_second());
    JobCondition {
        kind: kind.into(),
        status: ConditionStatus::True,
        last_probe_time: now,
        last_transition_time: now,
        reason: reason.into(),
        message: message.into(),
        ..JobCondition::default()
    }
}

/// Why the Job ends, if it does: what was said before, a policy, too many failures, too much time, enough successes.
pub fn decide_end(job: &Job, count: &Count, now: Time) -> Option<JobCondition> {
    let (spec, status) = (&job.spec, &job.status);
    if let Some(met) = status.true_condition("SuccessCriteriaMet") {
        return Some(met.clone());
    }
    if let Some(target) = status.true_condition("FailureTarget") {
        return Some(condition("Failed", target.reason.clone(), target.message.clone(), now));
    }
    let fails = |reason: &'static str, message: &str| Some(condition("FailureTarget", reason, message, now));
    if let Some(message) = failure_by_policy(spec, &count.pods) {
        return fails("PodFailurePolicy", &message);
    }
    let limit = spec.backoff_limit.unwrap_or(6);
    if count.failed > limit || has_restarted_too_often(spec, limit, &count.pods) {
        return fails("BackoffLimitExceeded", "Job has reached the specified backoff limit");
    }
    if deadline(job).is_some_and(|deadline| deadline <= now) {
        return fails("DeadlineExceeded", "Job was active longer than specified deadline");
    }
    if let Some(failed) = count.failed_indexes.as_ref().map(Intervals::total) {
        if spec.max_failed_indexes.is_some_and(|max| failed > max) {
            let message = "Job has exceeded the specified maximal number of failed indexes";
            return fails("MaxFailedIndexesExceeded", message);
        }
        if failed > 0 && failed + count.succeeded >= spec.completions.unwrap_or(0) {
            return fails("FailedIndexes", "Job has failed indexes");
        }
    }
    let index = matched_success_rule(spec, &count.indexes.1)?;
    let message = format_str!("Matched rules at index {index}");
    Some(condition("SuccessCriteriaMet", "SuccessPolicy", message, now))
}

fn failure_by_policy(spec: &JobSpec, pods: &[Rc<Pod>]) -> Option<String> {
    let policy = spec.pod_failure_policy.as_ref()?;
    pods.iter().filter(|pod| is_failed(pod, spec)).find_map(|pod| match meaning(Some(policy), pod) {
        Meaning::FailsJob(message) => Some(message),
        Meaning::Counts | Meaning::FailsIndex | Meaning::Ignored => None,
    })
}

/// Containers that are restarted in place count like pods.
fn has_restarted_too_often(spec: &JobSpec, limit: i32, pods: &[Rc<Pod>]) -> bool {
    if spec.template.spec.restart_policy != RestartPolicy::OnFailure {
        return false;
    }
    let lives = |pod: &&Rc<Pod>| matches!(pod.status.phase, Some(PodPhase::Running | PodPhase::Pending));
    let statuses = |pod: &Rc<Pod>| {
        let all = pod.status.init_container_statuses.iter().chain(pod.status.container_statuses.iter());
        all.map(|status| status.restart_count).sum::<i32>()
    };
    let restarts: i32 = pods.iter().filter(lives).map(statuses).sum();
    if limit == 0 { restarts > 0 } else { restarts >= limit }
}

/// When a Job that does not rest has been active for too long.
pub fn deadline(job: &Job) -> Option<Time> {
    let seconds = job.spec.active_deadline_seconds.filter(|_| !job.spec.is_suspended())?;
    job.status.start_time.map(|start| start + Span::from_seconds(seconds))
}

fn matched_success_rule(spec: &JobSpec, succeeded: &Intervals) -> Option<usize> {
    let policy = spec.success_policy.as_ref().filter(|_| succeeded.total() > 0)?;
    let completions = spec.completions.unwrap_or(0);
    policy.rules.iter().position(|rule| match &rule.succeeded_indexes {
        Some(text) => {
            let wanted = Intervals::parse(text, completions);
            let have = wanted.common(succeeded);
            wanted.total() > 0 && (have == wanted.total() || rule.succeeded_count.is_some_and(|count| have >= count))
        }
        None => rule.succeeded_count.is_some_and(|count| succeeded.total() >= count),
    })
}

/// What is to be done while the Job goes on.
pub fn decide_action(job: &Job, count: &Count, now: Time) -> Action {
    let spec = &job.spec;
    let active = count.active.len() as i32;
    if spec.is_suspended() {
        return if active == 0 { Action::Nothing } else { Action::Delete(count.active.clone()) };
    }
    let wanted = match spec.completions {
        None if count.succeeded > 0 => active,
        None => spec.parallelism(),
        Some(completions) => (completions - count.succeeded).min(spec.parallelism()).max(0),
    };
    let mut surplus = surplus_pods(spec, &count.active, (active - wanted).max(0) as usize, now);
    if !surplus.is_empty() {
        surplus.truncate(BURST_MAX);
        return Action::Delete(surplus);
    }
    let terminating = if waits_for_ends(spec) { count.terminating } else { 0 };
    let missing = wanted - terminating - active;
    if missing <= 0 {
        return Action::Nothing;
    }
    let of_all = count.back_off.until(now).filter(|_| spec.backoff_limit_per_index.is_none());
    if let Some(at) = of_all {
        return Action::WaitUntil(at);
    }
    let missing = (missing as usize).min(BURST_MAX);
    if !spec.is_indexed() {
        return Action::Create(missing);
    }
    let occupies = |pod: &&Rc<Pod>| pod_state::is_active(pod) || waits_for_ends(spec) && pod_state::is_terminating(pod);
    let taken = count.indexes.1.with(&indexes_of(count.pods.iter().filter(occupies)));
    let taken = count.failed_indexes.as_ref().map_or(taken.clone(), |failed| taken.merged(failed));
    let wanted = taken.missing(spec.completions.unwrap_or(0), missing);
    let wait = |index: &i32| index_failures::wait_until(count.to_replace.get(index), now);
    let first_end = wanted.iter().filter_map(wait).min();
    let now: Vec<i32> = wanted.into_iter().filter(|index| wait(index).is_none()).collect();
    match first_end.filter(|_| now.is_empty()) {
        Some(at) => Action::WaitUntil(at),
        None => Action::CreateIndexes(now),
    }
}

/// The pods that are too many: of an index those but one and those without a place; then those in the earliest stages.
fn surplus_pods(spec: &JobSpec, active: &[Rc<Pod>], at_least: usize, now: Time) -> Vec<Rc<Pod>> {
    let (mut surplus, mut left) = (Vec::new(), active.to_vec());
    if spec.is_indexed() {
        left.clear();
        let mut by_index: OrderedMap<i32, Vec<Rc<Pod>>> = OrderedMap::new();
        for pod in active {
            match completion_index(pod).filter(|_| is_within(pod, spec)) {
                Some(index) => by_index.entry(index).or_default().push(pod.clone()),
                None => surplus.push(pod.clone()),
            }
        }
        for pods in by_index.values() {
            let twins = decide_victims(pods, &[], pods.len() - 1, now);
            left.extend(pods.iter().filter(|pod| !twins.iter().any(|twin| Rc::ptr_eq(twin, pod))).cloned());
            surplus.extend(twins);
        }
    }
    let more = at_least.saturating_sub(surplus.len());
    surplus.extend(decide_victims(&left, &[], more, now));
    surplus
}

/// Whether the Job has all the successes it needs and no pod is left.
pub fn is_complete(spec: &JobSpec, succeeded: i32, active: i32) -> bool {
    let enough = spec.completions.map_or(succeeded > 0, |completions| succeeded >= completions);
    enough && active == 0
}
