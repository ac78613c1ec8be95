//! The CronJob controller: a Job at every time of a schedule.
//!
//! A sync looks at the Jobs that there are, deletes the oldest that have ended, and creates one if it is time; then it asks to be
//! woken when the next one is due. Nothing is polled.
//!
//! Models: kubernetes v1.36 pkg/controller/cronjob. Different: zones with daylight saving are not here, and the server refuses
//! them.

pub mod decide;

use std::rc::Rc;

use api::batch::cron_job::JobReference;
use api::batch::schedule::Schedule;
use api::{CronJob, Job, Key, Kind, Object, ObjectMeta, Reason, Resource, Status, Str};
use client::{Change, ChangeKind, DeleteOptions, EventKind, Propagation, Recorder, RecorderApi};
use ecow::EcoVec;
use sim::{Span, Time};
use thin::format_str;

use crate::context::Context;
use crate::controller_ref::{controller_reference, controllers_of};
use crate::rounds::Rounds;
use crate::why::Why;
use decide::{Deadline, Missed};

/// Tells which time of the schedule a Job is for.
const SCHEDULED_AT: &str = "batch.kubernetes.io/cronjob-scheduled-timestamp";

/// The controller's queue.
#[derive(Clone, Debug)]
pub(crate) struct CronJobController {
    rounds: Rounds,
    recorder: Recorder,
}

impl CronJobController {
    pub(crate) fn new() -> CronJobController {
        CronJobController {
            rounds: Rounds::default(),
            recorder: Recorder::new("cronjob-controller", "", RecorderApi::Core),
        }
    }

    pub(crate) fn on_change(&mut self, change: &Change, context: &Context<'_>) {
        match &change.object {
            Object::CronJob(job) => self.on_cron_job(change, job, context),
            Object::Job(_) => {
                for key in controllers_of(change, Kind::CronJob) {
                    self.rounds.add(key, "a Job changed");
                }
            }
            _ => {}
        }
    }

    /// A new schedule is looked at when it is next due.
    fn on_cron_job(&mut self, change: &Change, job: &Rc<CronJob>, context: &Context<'_>) {
        let old = change.old.as_ref().and_then(Object::get::<CronJob>).filter(|_| change.kind == ChangeKind::Modified);
        match look_after_change(old.map(Rc::as_ref), job, context.now) {
            Some(at) => self.rounds.add_at(job.key(), at),
            None => self.rounds.add(job.key(), "the CronJob changed"),
        }
    }

    /// Syncs all CronJobs that are due.
    pub(crate) fn run(&mut self, context: &mut Context<'_>) {
        while let Some(round) = self.rounds.begin(context) {
            let outcome = self.sync(&round.key, context);
            self.rounds.end(round, outcome, context);
        }
    }

    pub(crate) fn next_at(&self) -> Option<Time> {
        self.rounds.next_at()
    }

    pub(crate) fn sync(&mut self, key: &Key, context: &mut Context<'_>) -> Result<Option<Time>, Status> {
        api::reached!("kube_controller_manager::cronjob::sync");
        let Some(cached) = context.cache.get::<CronJob>(key).cloned() else {
            self.rounds.forget(key);
            return Ok(None);
        };
        let mut job = CronJob::clone(&cached);
        let jobs = jobs_of(&cached, context);
        self.see_jobs(&mut job, &jobs, context)?;
        let outcome = if job.metadata.is_terminating() { Ok(None) } else { self.start_if_due(&mut job, context) };
        for (end, limit) in
            [("Complete", job.spec.successful_jobs_history_limit), ("Failed", job.spec.failed_jobs_history_limit)]
        {
            for old in decide::surplus(&jobs, end, limit) {
                self.delete_job(&mut job, &old.metadata, context);
            }
        }
        if job.status != cached.status {
            context.update_status(job)?;
        }
        outcome
    }

    /// Brings the list of running Jobs up to date.
    fn see_jobs(&mut self, cron_job: &mut CronJob, jobs: &[Rc<Job>], context: &mut Context<'_>) -> Result<(), Status> {
        for job in jobs {
            let (name, uid) = (&job.metadata.name, &job.metadata.uid);
            let is_active = cron_job.status.active.iter().any(|active| active.uid == *uid);
            match job.status.finished() {
                None if !is_active => {
                    let fresh = context.api.get_as::<CronJob>(&cron_job.key())?;
                    if fresh.status.active.iter().any(|active| active.uid == *uid) {
                        *cron_job = CronJob::clone(&fresh);
                        continue;
                    }
                    let message = format_str!("Saw a job that the controller did not create or forgot: {name}");
                    self.record(cron_job, EventKind::Warning, "UnexpectedJob", message, context);
                }
                None => {}
                Some(end) if is_active => {
                    cron_job.status.active.retain(|active| active.uid != *uid);
                    let message = format_str!("Saw completed job: {name}, condition: {}", end.kind);
                    self.record(cron_job, EventKind::Normal, "SawCompletedJob", message, context);
                }
                Some(_) => {}
            }
            if job.status.true_condition("Complete").is_some() && !is_active {
                let last = &mut cron_job.status.last_successful_time;
                *last = (*last).max(job.status.completion_time);
            }
        }
        let is_missing = |active: &&JobReference| {
            let is_known = jobs.iter().any(|job| job.metadata.uid == active.uid);
            let key = Key::new(active.namespace.clone(), active.name.clone());
            !is_known && context.api.get(Kind::Job, &key).is_err_and(|status| status.reason == Reason::NotFound)
        };
        let missing: Vec<JobReference> = cron_job.status.active.iter().filter(is_missing).cloned().collect();
        for job in missing {
            let message = format_str!("Active job went missing: {}", job.name);
            self.record(cron_job, EventKind::Normal, "MissingJob", message, context);
            cron_job.status.active.retain(|active| active.uid != job.uid);
        }
        Ok(())
    }

    /// Creates the Job that is due, if one is; when to look again.
    fn start_if_due(&mut self, job: &mut CronJob, context: &mut Context<'_>) -> Result<Option<Time>, Status> {
        if job.spec.suspend == Some(true) {
            return Ok(None);
        }
        let schedule = match schedule_of(job) {
            Ok(schedule) => schedule,
            Err(problem) => {
                let message = format_str!("unparseable schedule: {:?} : {problem}", job.spec.schedule.as_str());
                self.record(job, EventKind::Warning, "UnparseableSchedule", message, context);
                return Ok(None);
            }
        };
        let times = match decide::most_recent(job, context.now, &schedule, Deadline::Counts) {
            Ok(times) => times,
            Err(problem) => {
                let message = format_str!("invalid schedule: {} : {problem}", job.spec.schedule);
                self.record(job, EventKind::Warning, "InvalidSchedule", message, context);
                return Ok(None);
            }
        };
        if let Some(due) = times.most_recent {
            if times.missed == Missed::Many {
                let message =
                    "too many missed start times. Set or decrease .spec.startingDeadlineSeconds or check clock skew";
                self.record(job, EventKind::Warning, "TooManyMissedTimes", message.into(), context);
            }
            if self.may_start(job, due, context) {
                self.start(job, due, context)?;
            }
        }
        Ok(decide::next_look(job, context.now, &schedule))
    }

    /// Whether it is not too late, not done already, and nothing that runs forbids it.
    fn may_start(&mut self, job: &CronJob, due: Time, context: &mut Context<'_>) -> bool {
        let deadline = job.spec.starting_deadline_seconds.map(|seconds| due + Span::from_seconds(seconds));
        if deadline.is_some_and(|deadline| deadline < context.now) {
            let message = format_str!("Missed scheduled time to start a job: {}", rfc1123(due));
            self.record(job, EventKind::Warning, "MissSchedule", message, context);
            return false;
        }
        let name = job_name(job, due);
        if job.status.active.iter().any(|active| active.name == name) || job.status.last_schedule_time == Some(due) {
            return false;
        }
        if job.spec.concurrency_policy == "Forbid" && !job.status.active.is_empty() {
            let message = "Not starting job because prior execution is running and concurrency policy is Forbid";
            self.record(job, EventKind::Normal, "JobAlreadyActive", message.into(), context);
            return false;
        }
        true
    }

    fn start(&mut self, job: &mut CronJob, due: Time, context: &mut Context<'_>) -> Result<(), Status> {
        if job.spec.concurrency_policy == "Replace" {
            for active in job.status.active.clone() {
                let old = context.api.get_as::<Job>(&Key::new(active.namespace.clone(), active.name.clone()));
                match old {
                    Ok(old) => self.delete_job(job, &old.metadata, context),
                    Err(status) => {
                        let message = format_str!("Get job: {}", status.message);
                        self.record(job, EventKind::Warning, "FailedGet", message, context);
                        return Err(status);
                    }
                }
            }
        }
        let created = match context.create(new_job(job, due)) {
            Ok(created) => created,
            Err(status) if status.reason == Reason::AlreadyExists => {
                let key = Key::new(job.metadata.namespace.clone(), job_name(job, due));
                let existing = context.api.get(Kind::Job, &key)?;
                let is_known = job.status.active.iter().any(|active| active.uid == existing.metadata().uid);
                if is_known || !existing.metadata().is_controlled_by(&job.metadata.uid) {
                    return Ok(());
                }
                existing
            }
            Err(status) => {
                if !status.message.contains("because it is being terminated") {
                    let message = format_str!("Error creating job: {}", status.message);
                    self.record(job, EventKind::Warning, "FailedCreate", message, context);
                }
                return Err(status);
            }
        };
        let message = format_str!("Created job {}", created.metadata().name);
        self.record(job, EventKind::Normal, "SuccessfulCreate", message, context);
        context.explain(Kind::CronJob, &job.key(), Why::Acted { actions: 1 });
        job.status.active.push(reference(&created));
        job.status.last_schedule_time = Some(due);
        Ok(())
    }

    fn delete_job(&mut self, cron_job: &mut CronJob, old: &ObjectMeta, context: &mut Context<'_>) {
        let options = DeleteOptions { propagation: Some(Propagation::Background), ..DeleteOptions::default() };
        match context.delete(Kind::Job, &old.key(), &options) {
            Ok(_) => {
                cron_job.status.active.retain(|active| active.uid != old.uid);
                let message = format_str!("Deleted job {}", old.name);
                self.record(cron_job, EventKind::Normal, "SuccessfulDelete", message, context);
            }
            Err(status) => {
                let message = format_str!("Deleted job: {}", status.message);
                self.record(cron_job, EventKind::Warning, "FailedDelete", message, context);
            }
        }
    }

    fn record(
        &mut self,
        about: &CronJob,
        kind: EventKind,
        reason: &'static str,
        message: Str,
        context: &mut Context<'_>,
    ) {
        let about = Object::from(about.clone());
        self.recorder.event(context.api, &about, kind, reason, message);
    }
}

/// When a CronJob with a new schedule is due; none for any other change, which is looked at now.
pub(crate) fn look_after_change(old: Option<&CronJob>, new: &CronJob, now: Time) -> Option<Time> {
    let is_same = |old: &CronJob| old.spec.schedule == new.spec.schedule && old.spec.time_zone == new.spec.time_zone;
    let schedule = schedule_of(new).ok().filter(|_| old.is_some_and(|old| !is_same(old)))?;
    decide::next_look(new, now, &schedule)
}

/// The Jobs that a CronJob controls.
pub(crate) fn jobs_of(job: &CronJob, context: &Context<'_>) -> Vec<Rc<Job>> {
    let keys = context.indexes.dependents_of_kind(&job.metadata.uid, Kind::Job);
    keys.filter_map(|key| context.cache.get::<Job>(key)).cloned().collect()
}

fn schedule_of(job: &CronJob) -> Result<Schedule, String> {
    Schedule::parse(&job.spec.schedule, job.spec.time_zone.as_deref())
}

/// The same for the same time, so that no Job is made twice.
fn job_name(job: &CronJob, due: Time) -> Str {
    format_str!("{}-{}", job.metadata.name, due.unix_seconds() / 60)
}

pub(crate) fn new_job(job: &CronJob, due: Time) -> Job {
    api::reached!("kube_controller_manager::cronjob::new_job");
    let template = &job.spec.job_template;
    let owner = Object::from(job.clone());
    let mut metadata = ObjectMeta {
        labels: template.metadata.labels.clone(),
        annotations: template.metadata.annotations.clone(),
        owner_references: EcoVec::from([controller_reference(&owner)]),
        ..ObjectMeta::new(job.metadata.namespace.clone(), job_name(job, due))
    };
    metadata.annotations.insert(SCHEDULED_AT, in_zone(due, job.spec.time_zone.as_deref()));
    Job { metadata, spec: template.spec.clone(), ..Job::default() }
}

/// RFC 3339 in the CronJob's zone.
fn in_zone(time: Time, zone: Option<&str>) -> Str {
    let offset = zone.and_then(api::batch::schedule::zone_offset).unwrap_or(0);
    if offset == 0 {
        return time.to_rfc3339().into();
    }
    let local = (time + Span::from_seconds(offset)).to_rfc3339();
    let (hours, minutes) = (offset / 3_600, offset % 3_600 / 60);
    format_str!("{}+{hours:02}:{minutes:02}", local.trim_end_matches('Z'))
}

fn reference(job: &Object) -> JobReference {
    let metadata = job.metadata();
    JobReference {
        kind: job.kind().name().into(),
        namespace: metadata.namespace.clone(),
        name: metadata.name.clone(),
        uid: metadata.uid.clone(),
        api_version: job.kind().api_version(),
        resource_version: format_str!("{}", metadata.resource_version.0),
        ..JobReference::default()
    }
}

/// `Mon, 23 Nov 2026 05:32:56 +0000`
fn rfc1123(time: Time) -> String {
    const DAYS: [&str; 7] = ["Sun", "Mon", "Tue", "Wed", "Thu", "Fri", "Sat"];
    const MONTHS: [&str; 12] = ["Jan", "Feb", "Mar", "Apr", "May", "Jun", "Jul", "Aug", "Sep", "Oct", "Nov", "Dec"];
    let c = time.calendar();
    let (weekday, month) = (DAYS[usize::from(c.weekday) % 7], MONTHS[(usize::from(c.month) + 11) % 12]);
    format!("{weekday}, {:02} {month} {:04} {:02}:{:02}:{:02} +0000", c.day, c.year, c.hour, c.minute, c.second)
}
