//! The Job controller: pods until so many have succeeded, or too many have failed.
//!
//! A change of a pod makes its Job due a second later, so that several are seen at once; a change of what is wanted makes it
//! due now. A sync counts the pods ([`decide::count`]), looks whether the Job ends ([`decide::decide_end`]), creates or deletes
//! pods ([`decide::decide_action`]), and then takes account of the pods that have ended ([`tracking`]).
//!
//! What is absent: metrics. Jobs that another controller looks after are left alone.
//!
//! Models: kubernetes v1.36 pkg/controller/job.

mod back_off;
pub mod decide;
mod failure_policy;
mod index_failures;
mod intervals;
mod orphans;
mod pods;
mod tracking;

use std::rc::Rc;

use api::batch::job::JobCondition;
use api::meta::ConditionStatus;
use api::{Job, Key, Kind, Object, Pod, Reason, Resource, Status, Str};
use client::{Change, ChangeKind, DeleteOptions, EventKind, Recorder, RecorderApi};
use ordered::OrderedMap;
use sim::{Span, Time};
use thin::format_str;

use crate::context::Context;
use crate::controller_ref::{Claimant, owners_touched};
use crate::pod_state;
use crate::rounds::Rounds;
use crate::why::Why;
use back_off::BackOff;
use decide::{Action, Count};
use orphans::Orphans;

/// How long a change of a pod waits for others.
const BATCH: Span = Span::from_seconds(1);
/// The only controller that is here.
const OWN_NAME: &str = "kubernetes.io/job-controller";

/// The controller's queues, and the failures of each Job.
#[derive(Clone, Debug)]
pub(crate) struct JobController {
    rounds: Rounds,
    recorder: Recorder,
    back_offs: OrderedMap<Key, BackOff>,
    orphans: Orphans,
}

/// A sync under way: the Job as it will be written, and the counts as they change.
struct Sync {
    owner: Object,
    job: Job,
    count: Count,
    active: i32,
    ready: i32,
    terminating: i32,
    end: Option<JobCondition>,
    must_write: bool,
}

impl JobController {
    pub(crate) fn new() -> JobController {
        JobController {
            rounds: Rounds::default(),
            recorder: Recorder::new("job-controller", "", RecorderApi::Core),
            back_offs: OrderedMap::new(),
            orphans: Orphans::default(),
        }
    }

    pub(crate) fn on_change(&mut self, change: &Change, context: &Context<'_>) {
        match &change.object {
            Object::Job(job) => self.on_job(change, job, context),
            Object::Pod(pod) => self.on_pod(change, pod, context),
            _ => {}
        }
    }

    fn on_job(&mut self, change: &Change, job: &Rc<Job>, context: &Context<'_>) {
        let old = change.old.as_ref().and_then(Object::get::<Job>);
        let is_status_only = old.is_some_and(|old| old.metadata.generation == job.metadata.generation);
        if change.kind == ChangeKind::Modified && is_status_only {
            return self.rounds.add_batched(job.key(), context.now + BATCH);
        }
        self.rounds.add(job.key(), "the Job changed");
        if change.kind == ChangeKind::Deleted {
            for key in context.indexes.dependents_of_kind(&job.metadata.uid, Kind::Pod) {
                self.orphans.add(key.clone());
            }
        }
    }

    fn on_pod(&mut self, change: &Change, pod: &Rc<Pod>, context: &Context<'_>) {
        let old = change.old.as_ref().and_then(Object::get::<Pod>);
        let is_as_before = |old: &Rc<Pod>| {
            !pod_state::is_relevant_change(old, pod) && old.metadata.finalizers == pod.metadata.finalizers
        };
        if change.kind == ChangeKind::Modified && old.is_some_and(is_as_before) {
            return;
        }
        if change.kind != ChangeKind::Deleted && pods::has_finalizer(pod) && orphans::is_orphan(pod, context) {
            self.orphans.add(pod.key());
        }
        for key in owners_touched(change, Kind::Job, context) {
            self.rounds.add_batched(key, context.now + BATCH);
        }
    }

    /// Syncs all Jobs that are due, and lets go of pods whose Jobs are gone.
    pub(crate) fn run(&mut self, context: &mut Context<'_>) {
        while let Some(round) = self.rounds.begin(context) {
            let outcome = self.sync(&round.key, context);
            self.rounds.end(round, outcome, context);
        }
        self.orphans.run(context);
    }

    pub(crate) fn next_at(&self) -> Option<Time> {
        [self.rounds.next_at(), self.orphans.next_at()].into_iter().flatten().min()
    }

    fn sync(&mut self, key: &Key, context: &mut Context<'_>) -> Result<Option<Time>, Status> {
        let Some(cached) = context.cache.get::<Job>(key).cloned() else {
            self.rounds.forget(key);
            self.back_offs.remove(key);
            return Ok(None);
        };
        let managed_by = cached.spec.managed_by.as_str();
        if cached.status.finished().is_some() || !matches!(managed_by, "" | OWN_NAME) {
            self.back_offs.remove(key);
            return Ok(None);
        }
        let mut sync = self.begin(&cached, context)?;
        let mut due = decide::deadline(&sync.job).filter(|at| *at > context.now && sync.end.is_none());
        let outcome = if sync.end.is_some() {
            self.end_active_pods(&mut sync, context)
        } else {
            let outcome = self.manage(&mut sync, &mut due, context);
            self.judge(&mut sync, context);
            outcome
        };
        sync.settle_counts();
        self.track(&mut sync, context)?;
        outcome.map(|()| due)
    }

    /// Claims and counts the pods.
    fn begin(&mut self, cached: &Rc<Job>, context: &mut Context<'_>) -> Result<Sync, Status> {
        let owner = Object::Job(cached.clone());
        let claimant = Claimant { finalizer: Some(pods::FINALIZER), ..Claimant::new(&owner) };
        let claimed = claimant.claim(Kind::Pod, &|_| true, context)?;
        let pods: Vec<Rc<Pod>> = claimed.iter().filter_map(Object::get::<Pod>).cloned().collect();
        context.counters.pods_visited += pods.len() as u64;
        self.rounds.note(&cached.key(), pods.len(), context.now);
        let mut job = Job::clone(cached);
        job.status.uncounted_terminated_pods.get_or_insert_default();
        if !job.spec.is_suspended() {
            job.status.start_time.get_or_insert(context.now.truncate_to_second());
        }
        let count = decide::count(&job, pods, self.back_offs.get(&cached.key()).copied().unwrap_or_default());
        let is_ready = |pod: &&Rc<Pod>| pod.status.is_true("Ready");
        Ok(Sync {
            owner,
            active: count.active.len() as i32,
            ready: count.active.iter().filter(is_ready).count() as i32,
            terminating: count.terminating,
            end: decide::decide_end(&job, &count, context.now),
            must_write: false,
            count,
            job,
        })
    }

    /// A Job that ends takes its active pods along.
    fn end_active_pods(&mut self, sync: &mut Sync, context: &mut Context<'_>) -> Result<(), Status> {
        let pods = sync.count.active.clone();
        let outcome = self.delete_pods(sync, &pods, context);
        if outcome.is_err() {
            // It has not ended while pods are left.
            sync.end = None;
        }
        outcome
    }

    /// Creates or deletes pods.
    fn manage(&mut self, sync: &mut Sync, due: &mut Option<Time>, context: &mut Context<'_>) -> Result<(), Status> {
        if sync.job.metadata.is_terminating() {
            return Ok(());
        }
        let action = decide::decide_action(&sync.job, &sync.count, context.now);
        let acts = match &action {
            Action::Nothing | Action::WaitUntil(_) => 0,
            Action::Create(count) => *count,
            Action::CreateIndexes(indexes) => indexes.len(),
            Action::Delete(pods) => pods.len(),
        };
        let why = if acts == 0 { Why::AsWanted } else { Why::Acted { actions: acts } };
        context.explain(Kind::Job, &sync.job.key(), why);
        match action {
            Action::Nothing => Ok(()),
            Action::WaitUntil(at) => {
                *due = due.map_or(Some(at), |due| Some(due.min(at)));
                sync.active = 0;
                Ok(())
            }
            Action::Create(count) => self.create_pods(sync, &vec![None; count], context),
            Action::CreateIndexes(indexes) => {
                let indexes: Vec<Option<i32>> = indexes.into_iter().map(Some).collect();
                self.create_pods(sync, &indexes, context)
            }
            Action::Delete(pods) => {
                pods.iter().try_for_each(|pod| orphans::release(&pod.key(), context))?;
                self.delete_pods(sync, &pods, context)
            }
        }
    }

    /// In batches of 1, 2, 4, …: what refuses one pod would refuse a thousand. After a batch with an error none follows.
    fn create_pods(
        &mut self,
        sync: &mut Sync,
        indexes: &[Option<i32>],
        context: &mut Context<'_>,
    ) -> Result<(), Status> {
        let pod = pods::new_pod(&sync.owner, &sync.job);
        let (mut left, mut batch) = (indexes, 1);
        while !left.is_empty() {
            let (now, later) = left.split_at(batch.min(left.len()));
            let mut refused = None;
            for index in now {
                let mut pod = pod.clone();
                if let Some(index) = index {
                    pods::set_index(&mut pod, &sync.job, *index);
                    let replaced = sync.count.to_replace.get(index).map(Rc::as_ref);
                    index_failures::carry_on(&mut pod, &sync.job, replaced);
                }
                match self.create_pod(sync, pod, context) {
                    Ok(()) => sync.active += 1,
                    Err(status) => drop(refused.get_or_insert(status)),
                }
            }
            if let Some(status) = refused {
                return Err(status);
            }
            (left, batch) = (later, batch * 2);
        }
        Ok(())
    }

    fn create_pod(&mut self, sync: &Sync, pod: Pod, context: &mut Context<'_>) -> Result<(), Status> {
        match context.create(pod) {
            Ok(created) => {
                let key = created.key();
                let message = format_str!("Created pod: {}", key.name);
                self.record(&sync.owner, EventKind::Normal, "SuccessfulCreate", message, context);
                let replicas = sync.job.spec.parallelism();
                context.explain(Kind::Pod, &key, Why::CreatedAsWanted { replicas, owner: Kind::Job });
                Ok(())
            }
            // Nothing can be created in a namespace that goes, and that is no failure.
            Err(status) if status.message.contains("because it is being terminated") => Ok(()),
            Err(status) => {
                let message = format_str!("Error creating: {}", status.message);
                self.record(&sync.owner, EventKind::Warning, "FailedCreate", message, context);
                Err(status)
            }
        }
    }

    fn delete_pods(&mut self, sync: &mut Sync, pods: &[Rc<Pod>], context: &mut Context<'_>) -> Result<(), Status> {
        let mut refused = None;
        for pod in pods {
            let key = pod.metadata.key();
            match context.delete(Kind::Pod, &key, &DeleteOptions::default()) {
                Ok(_) => {
                    let message = format_str!("Deleted pod: {}", key.name);
                    self.record(&sync.owner, EventKind::Normal, "SuccessfulDelete", message, context);
                }
                Err(status) if status.reason == Reason::NotFound => {}
                Err(status) => {
                    let message = format_str!("Error deleting: {}", status.message);
                    self.record(&sync.owner, EventKind::Warning, "FailedDelete", message, context);
                    refused.get_or_insert(status);
                    continue;
                }
            }
            sync.active -= 1;
            sync.terminating += 1;
            sync.ready -= i32::from(pod.status.is_true("Ready"));
        }
        refused.map_or(Ok(()), Err)
    }

    /// Whether the Job is complete, rests or goes on.
    fn judge(&mut self, sync: &mut Sync, context: &mut Context<'_>) {
        if decide::is_complete(&sync.job.spec, sync.count.succeeded, sync.active) {
            sync.end =
                Some(decide::condition("SuccessCriteriaMet", "CompletionsReached", COMPLETIONS_REACHED, context.now));
            return;
        }
        if sync.job.metadata.is_terminating() {
            return;
        }
        let (status, reason, message) = match sync.job.spec.is_suspended() {
            true => (ConditionStatus::True, "JobSuspended", "Job suspended"),
            false => (ConditionStatus::False, "JobResumed", "Job resumed"),
        };
        let condition = JobCondition { status, ..decide::condition("Suspended", reason, message, context.now) };
        if !tracking::set_condition(&mut sync.job.status.conditions, condition) {
            return;
        }
        sync.must_write = true;
        let event = if status == ConditionStatus::True { "Suspended" } else { "Resumed" };
        self.record(&sync.owner, EventKind::Normal, event, message.into(), context);
        // While it rests there is no start; when it goes on, time begins anew.
        let is_active = status == ConditionStatus::False;
        sync.job.status.start_time = is_active.then(|| context.now.truncate_to_second());
    }

    fn record(
        &mut self,
        owner: &Object,
        kind: EventKind,
        reason: &'static str,
        message: Str,
        context: &mut Context<'_>,
    ) {
        self.recorder.event(context.api, owner, kind, reason, message);
    }
}

const COMPLETIONS_REACHED: &str = "Reached expected number of succeeded pods";

impl Sync {
    /// Puts the counts into the status.
    fn settle_counts(&mut self) {
        let status = &mut self.job.status;
        let after = (self.active, Some(self.ready), Some(self.terminating));
        self.must_write |= (status.active, status.ready, status.terminating) != after;
        (status.active, status.ready, status.terminating) = after;
    }
}
