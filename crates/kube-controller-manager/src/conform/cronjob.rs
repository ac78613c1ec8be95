//! `cronjob`: when a Job is due, and what one sync of a CronJob does.
//!
//! Models: kubernetes v1.36 pkg/controller/cronjob, its tests.

use std::rc::Rc;

use api::batch::cron_job::JobReference;
use api::batch::job::JobCondition;
use api::batch::schedule::{Schedule, zone_offset};
use api::codec::Codec;
use api::conform::{Case, Suite, object};
use api::meta::ConditionStatus;
use api::{CronJob, Event, Job, Key, Kind, Object, ObjectMeta, Reason, Resource, Status, Value};
use client::Api;
use sim::{Span, Time};
use thin::format_str;

use super::shelf::Shelf;
use super::{Rows, answer, at, wanted};
use crate::cronjob::decide::{self, Deadline, Missed};
use crate::cronjob::{self, CronJobController};

pub(super) const SUITE: Suite = Suite {
    name: "cronjob",
    run: |case| answer(ROWS, case),
    expect: |case| wanted(ROWS, case),
    functions: &[
        "kube_controller_manager::cronjob::sync",
        "kube_controller_manager::cronjob::decide::most_recent",
        "kube_controller_manager::cronjob::decide::next_look",
        "kube_controller_manager::cronjob::decide::surplus",
        "kube_controller_manager::cronjob::new_job",
    ],
};

const ROWS: Rows = &[
    ("TestControllerV2SyncCronJob", sync, |case| {
        object([
            ("created", case.flag("expectCreate").into()),
            ("deleted", case.flag("expectDelete").into()),
            ("active", case.int("expectActive").into()),
            ("warnings", case.int("expectedWarnings").into()),
        ])
    }),
    ("TestControllerV2UpdateCronJob", delay, |case| case.get("expectedDelay").clone()),
    ("TestControllerV2GetJobsToBeReconciled", jobs_of, |case| names(case.get("expected").as_list())),
    ("TestControllerV2CleanupFinishedJobs", cleanup, |case| case.get("expectedDeletedJobs").clone()),
    ("TestGetJobFromTemplate2", annotations, |case| case.get("expectedNumberOfAnnotations").clone()),
    ("TestByJobStartTime", order, |case| names(case.get("expected").as_list())),
    ("TestMostRecentScheduleTime", most_recent, |case| {
        if case.flag("wantErr") {
            return "refused".into();
        }
        let field = |name| case.get(name).clone();
        vec![field("expectedEarliestTime"), field("expectedRecentTime"), field("expectedTooManyMissed")].into()
    }),
    ("TestNextScheduleTimeDuration", next_look, |case| case.get("expectedDuration").clone()),
];

const ZONES: &str = "zones with daylight saving are not here";

fn names(jobs: &[Value]) -> Value {
    jobs.iter().map(|job| job.at(&["metadata", "name"]).clone()).collect::<Vec<_>>().into()
}

fn time(value: &Value) -> Option<Time> {
    Time::parse_rfc3339(value.text())
}

fn job_and_schedule(case: &Case<'_>) -> Result<(CronJob, Schedule), String> {
    let job = CronJob::decode(case.get("cj").clone());
    let schedule = Schedule::parse(&job.spec.schedule, None).map_err(|error| error.to_string())?;
    Ok((job, schedule))
}

fn most_recent(case: &Case<'_>) -> Result<Value, String> {
    let (job, schedule) = job_and_schedule(case)?;
    let deadline = if case.flag("includeSDS") { Deadline::Counts } else { Deadline::Ignored };
    let Ok(times) = decide::most_recent(&job, at(case.text("now")), &schedule, deadline) else {
        return Ok("refused".into());
    };
    let missed = match times.missed {
        Missed::None => 0,
        Missed::Few => 1,
        Missed::Many => 2,
    };
    let text = |time: Option<Time>| time.map_or(Value::Null, |time| time.to_rfc3339().into());
    Ok(vec![text(Some(times.earliest)), text(times.most_recent), missed.into()].into())
}

fn next_look(case: &Case<'_>) -> Result<Value, String> {
    let (job, schedule) = job_and_schedule(case)?;
    let now = at(case.text("now"));
    let wait = decide::next_look(&job, now, &schedule).map(|look| api::duration::format_go_span(look.since(now)));
    Ok(wait.map_or(Value::Null, Value::from))
}

/// How long a changed CronJob waits. Upstream's test stands a second before the hour.
fn delay(case: &Case<'_>) -> Result<Value, String> {
    let (old, new) = (CronJob::decode(case.get("oldCronJob").clone()), CronJob::decode(case.get("newCronJob").clone()));
    let now = at("2016-05-19T09:59:59Z");
    let look = cronjob::look_after_change(Some(&old), &new, now).unwrap_or(now);
    Ok(api::duration::format_go_span(look.since(now)).into())
}

fn complete(job: &mut Job) {
    let condition = JobCondition { kind: "Complete".into(), status: ConditionStatus::True, ..JobCondition::default() };
    job.status.conditions = [condition].into();
}

fn order(case: &Case<'_>) -> Result<Value, String> {
    let ended = |value: &Value| {
        let mut job = Job::decode(value.clone());
        complete(&mut job);
        Rc::new(job)
    };
    let jobs: Vec<Rc<Job>> = case.get("input").as_list().iter().map(ended).collect();
    let sorted = decide::surplus(&jobs, "Complete", Some(0));
    Ok(sorted.iter().map(|job| job.metadata.name.clone().into()).collect::<Vec<Value>>().into())
}

fn jobs_of(case: &Case<'_>) -> Result<Value, String> {
    let mut shelf = Shelf::at(Time::HEADLESS_START);
    let now = shelf.now;
    for job in case.get("jobs").as_list() {
        let mut job = Job::decode(job.clone());
        adopt(&mut job);
        shelf.put(now, job.into());
    }
    let mut owner = CronJob::decode(case.get("cronJob").clone());
    owner.metadata.uid = OWNER.into();
    let jobs = shelf.with_context(|context| cronjob::jobs_of(&owner, context));
    Ok(jobs.iter().map(|job| job.metadata.name.clone().into()).collect::<Vec<Value>>().into())
}

const OWNER: &str = "owner";

/// The tables' owners have neither kind nor UID.
fn adopt(job: &mut Job) {
    for owner in job.metadata.owner_references.make_mut() {
        let uid = if owner.name == "fooer" { OWNER } else { "another" };
        (owner.uid, owner.kind, owner.api_version) = (uid.into(), "CronJob".into(), "batch/v1".into());
    }
}

fn cleanup(case: &Case<'_>) -> Result<Value, String> {
    let now = at(case.text("now"));
    let mut shelf = Shelf::at(now);
    let mut owner = CronJob::decode(case.get("cronJob").clone());
    owner.metadata.uid = OWNER.into();
    let key = owner.key();
    shelf.put(now, owner.into());
    for job in case.get("finishedJobs").as_list() {
        let mut job = Job::decode(job.clone());
        adopt(&mut job);
        complete(&mut job);
        shelf.put(now, job.into());
    }
    refuse(case, &mut shelf);
    let before = shelf.names(Kind::Job);
    // What the creation answers is not what the table asks.
    drop(shelf.with_context(|context| CronJobController::new().sync(&key, context)));
    let after = shelf.names(Kind::Job);
    let deleted = before.into_iter().filter(|name| !after.contains(name));
    Ok(deleted.map(Value::from).collect::<Vec<_>>().into())
}

fn annotations(case: &Case<'_>) -> Result<Value, String> {
    let mut owner = CronJob { metadata: ObjectMeta::new("snazzycats", "mycronjob"), ..CronJob::default() };
    let spec = Rc::make_mut(&mut owner.spec);
    spec.time_zone = case.get("timeZone").as_str().map(Into::into);
    if spec.time_zone.as_deref().is_some_and(|zone| zone_offset(zone).is_none()) {
        return Err(ZONES.into());
    }
    spec.job_template.metadata.annotations = api::StringMap::decode(case.get("inputAnnotations").clone());
    let job = cronjob::new_job(&owner, at("2016-05-19T10:00:00Z"));
    Ok((job.metadata.annotations.iter().count() as i64).into())
}

/// The refusals that a row has its server give.
fn refuse(case: &Case<'_>, shelf: &mut Shelf) {
    let error = |field: &str| case.get(field).get("$error").as_str();
    shelf.refuses_creation = error("jobCreateError").map(|message| match message {
        text if text.contains("already exists") => Status::already_exists(Kind::Job, ""),
        "" => Status::new(Reason::Forbidden, "unable to create new content because it is being terminated"),
        text => Status::internal(text),
    });
    shelf.refuses_reading = error("jobGetErr").map(Status::internal);
}

/// One sync: whether a Job was made, whether one was deleted, how many are listed as active, how many warnings were given.
fn sync(case: &Case<'_>) -> Result<Value, String> {
    let zone = case.text("timeZone");
    if case.text("name").contains("time zone disabled") {
        return Err("zones cannot be switched off".into());
    }
    if !zone.is_empty() && !zone.contains(' ') && zone_offset(zone).is_none() {
        return Err(ZONES.into());
    }
    // Rows whose schedule is wrong name no time.
    let now = time(case.get("now")).unwrap_or(at("2016-05-19T10:00:00Z"));
    let mut shelf = Shelf::at(now);
    let key = begin(case, &mut shelf);
    refuse(case, &mut shelf);
    let before = shelf.names(Kind::Job);
    // A refusal is the queue's to see; the table looks at what was done.
    drop(shelf.with_context(|context| CronJobController::new().sync(&key, context)));
    let after = shelf.names(Kind::Job);
    // Upstream's test of a sync leaves the history alone.
    let keeps_none = case.get("successfulJobsHistoryLimit").as_int() == Some(0);
    let stored = shelf.get(Kind::CronJob, &key).map_err(|status| status.message.to_string())?;
    let active = stored.get::<CronJob>().map_or(0, |job| job.status.active.len());
    let is_warning = |event: &Object| {
        event.get::<Event>().is_some_and(|event| event.kind == "Warning" && event.involved_object.kind == "CronJob")
    };
    let warnings = shelf.list(Kind::Event, None).iter().filter(|event| is_warning(event)).count();
    Ok(object([
        ("created", after.iter().any(|name| !before.contains(name)).into()),
        ("deleted", (!keeps_none && before.iter().any(|name| !after.contains(name))).into()),
        ("active", (active as i64).into()),
        ("warnings", (warnings as i64).into()),
    ]))
}

/// Stores the CronJob and the Job that a row begins with.
fn begin(case: &Case<'_>, shelf: &mut Shelf) -> Key {
    let now = shelf.now;
    let ran = case.flag("ranPreviously");
    let by_default = at(if ran { "2016-05-19T08:59:00Z" } else { "2016-05-19T09:59:00Z" });
    let created = time(case.get("cronjobCreationTime")).unwrap_or(by_default);
    let mut template = Value::map();
    template.set(&["metadata", "labels", "a"], "b");
    template.set(&["spec", "template", "spec", "containers"], vec![object([("image", "foo/bar".into())])]);
    let deadline = case.get("deadline");
    let fields = ["schedule", "timeZone", "concurrencyPolicy", "suspend", "successfulJobsHistoryLimit"];
    let mut spec = Value::map();
    for field in fields {
        spec.set(&[field], case.get(field).clone());
    }
    // The table's word for none.
    let is_none = deadline.as_int() == Some(-12345);
    spec.set(&["startingDeadlineSeconds"], if is_none { Value::Null } else { deadline.clone() });
    spec.set(&["jobTemplate"], template);
    let mut job = CronJob::decode(object([("spec", spec)]));
    job.metadata = ObjectMeta {
        uid: OWNER.into(),
        creation_timestamp: Some(created),
        ..ObjectMeta::new("snazzycats", "condition")
    };
    let last = time(case.get("lastScheduleTime"));
    job.status.last_schedule_time = last.or(ran.then(|| at("2016-05-19T09:01:00Z")));
    let key = job.key();
    let stands_late = ran && case.flag("stillActive") && !case.flag("jobPresentInCJActiveStatus");
    if ran {
        put_job(case, shelf, &mut job);
    }
    let mut cached = job.clone();
    if stands_late {
        cached.status.active = Default::default();
    }
    shelf.put(created.min(now), cached.into());
    if stands_late {
        // The server knows the list already, the caches do not.
        shelf.put(now + Span::from_millis(1), job.into());
    }
    key
}

/// The Job of before; one that the caches do not know yet comes after them.
fn put_job(case: &Case<'_>, shelf: &mut Shelf, cron_job: &mut CronJob) {
    let began = time(case.get("jobCreationTime")).unwrap_or(at("2016-05-19T09:01:00Z"));
    let name = format_str!("condition-{}", began.unix_seconds() / 60);
    let mut job = Job { metadata: ObjectMeta::new("snazzycats", name.clone()), ..Job::default() };
    job.metadata.owner_references = [cron_job.controller_reference()].into();
    if !case.flag("stillActive") {
        job.status.completion_time = Some(began + Span::from_seconds(10));
        complete(&mut job);
    }
    let is_late = case.flag("jobStillNotFoundInLister");
    let stored = shelf.put(if is_late { shelf.now + Span::from_millis(1) } else { began }, job.into());
    if case.flag("stillActive") {
        cron_job.status.active.push(JobReference {
            kind: "Job".into(),
            namespace: "snazzycats".into(),
            name,
            uid: stored.metadata().uid.clone(),
            ..JobReference::default()
        });
    }
}
