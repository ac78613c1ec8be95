//! CronJobs against Kubernetes' own tables: when a Job is due, and what a sync does.

mod reference;
mod world;

use std::rc::Rc;

use api::batch::cron_job::JobReference;
use api::batch::schedule::Schedule;
use api::codec::Codec;
use api::meta::ConditionStatus;
use api::text::json;
use api::{CronJob, Event, Job, Kind, Object, ObjectMeta, Resource, Value};
use client::{Api, Component};
use kube_apiserver::ApiServer;
use kube_controller_manager::ControllerManager;
use kube_controller_manager::cronjob::decide::{Deadline, Missed, most_recent, next_look, surplus};
use sim::{Span, Time};

const PATH: &str = "cases/cronjob.json";

fn time(value: &Value) -> Option<Time> {
    Time::parse_rfc3339(value.text())
}

#[test]
fn the_time_that_is_due_is_upstreams() {
    for case in reference::read_cases(PATH, "TestMostRecentScheduleTime") {
        let job = CronJob::decode(case.get("cj").clone());
        let schedule = Schedule::parse(&job.spec.schedule, None).expect("upstream takes it");
        let deadline =
            if case.get("includeSDS").as_bool() == Some(true) { Deadline::Counts } else { Deadline::Ignored };
        let times = most_recent(&job, time(case.get("now")).expect("an instant"), &schedule, deadline);
        let name = case.get("name").text();
        if case.get("wantErr").as_bool() == Some(true) {
            assert!(times.is_err(), "{name}");
            continue;
        }
        let times = times.expect(name);
        let missed = match times.missed {
            Missed::None => 0,
            Missed::Few => 1,
            Missed::Many => 2,
        };
        let got = (Some(times.earliest), times.most_recent, Some(missed));
        let (earliest, recent) = (case.get("expectedEarliestTime"), case.get("expectedRecentTime"));
        assert_eq!(got, (time(earliest), time(recent), case.get("expectedTooManyMissed").as_int()), "{name}");
    }
}

#[test]
fn it_is_looked_at_again_when_upstream_looks() {
    for case in reference::read_cases(PATH, "TestNextScheduleTimeDuration") {
        let job = CronJob::decode(case.get("cj").clone());
        let schedule = Schedule::parse(&job.spec.schedule, None).expect("upstream takes it");
        let now = time(case.get("now")).expect("an instant");
        let wait = next_look(&job, now, &schedule).map(|at| api::duration::format_go_span(at.since(now)));
        assert_eq!(wait.as_deref(), Some(case.get("expectedDuration").text()), "{}", case.get("name").text());
    }
}

#[test]
fn the_oldest_jobs_go_first() {
    for case in reference::read_cases(PATH, "TestByJobStartTime") {
        let ended = |value: &Value| {
            let mut job = Job::decode(value.clone());
            job.status.conditions = [api::batch::job::JobCondition {
                kind: "Complete".into(),
                status: ConditionStatus::True,
                ..Default::default()
            }]
            .into();
            Rc::new(job)
        };
        let jobs: Vec<Rc<Job>> = case.get("input").as_list().iter().map(ended).collect();
        let order = surplus(&jobs, "Complete", Some(0));
        let names = |jobs: &[Rc<Job>]| jobs.iter().map(|job| job.metadata.name.to_string()).collect::<Vec<_>>();
        let expect: Vec<Rc<Job>> = case.get("expected").as_list().iter().map(ended).collect();
        assert_eq!(names(&order), names(&expect), "{}", case.get("name").text());
    }
}

/// The state in which a row begins: the server, and when its Job began.
struct Row<'c> {
    case: &'c Value,
    server: ApiServer,
    now: Time,
}

fn at(text: &str) -> Time {
    Time::parse_rfc3339(text).expect("an instant")
}

impl<'c> Row<'c> {
    fn is(&self, field: &str) -> bool {
        self.case.get(field).as_bool() == Some(true)
    }

    fn begin(case: &'c Value) -> Row<'c> {
        // Rows whose schedule is wrong name no time.
        let now = time(case.get("now")).unwrap_or(at("2016-05-19T10:00:00Z"));
        let mut row = Row { case, server: ApiServer::new(1, at("2016-05-01T00:00:00Z")), now };
        let ran = row.is("ranPreviously");
        let by_default = at(if ran { "2016-05-19T08:59:00Z" } else { "2016-05-19T09:59:00Z" });
        let created = time(case.get("cronjobCreationTime")).unwrap_or(by_default);
        // What is written at this very instant is not in the caches yet.
        let created = created.min(now - Span::from_seconds(1));
        let manifest = format!(
            r#"{{"metadata":{{"name":"condition","namespace":"snazzycats"}},"spec":{{"schedule":{},"timeZone":{},
               "startingDeadlineSeconds":{},"concurrencyPolicy":{},"suspend":{},"successfulJobsHistoryLimit":{},
               "jobTemplate":{{"metadata":{{"labels":{{"a":"b"}}}},"spec":{{"parallelism":1,"completions":1,
               "template":{{"metadata":{{"labels":{{"foo":"bar"}}}},"spec":{{"containers":[{{"image":"foo/bar"}}]}}}}}}}}}}}}"#,
            json::write_compact(case.get("schedule")),
            json::write_compact(case.get("timeZone")),
            if case.get("deadline").as_int() == Some(-12345) {
                "null".to_owned()
            } else {
                json::write_compact(case.get("deadline"))
            },
            json::write_compact(case.get("concurrencyPolicy")),
            json::write_compact(case.get("suspend")),
            json::write_compact(case.get("successfulJobsHistoryLimit")),
        );
        let mut namespace = api::Namespace { metadata: ObjectMeta::new("", "snazzycats"), ..Default::default() };
        namespace.status.phase = "Active".into();
        row.put(at("2016-05-01T00:00:00Z"), namespace.into());
        let job = CronJob::decode(json::read(&manifest).expect("JSON"));
        let stored = row.put(created, job.into());
        let mut job = stored.get::<CronJob>().expect("one").as_ref().clone();
        if ran {
            job.status.last_schedule_time = Some(at("2016-05-19T09:01:00Z"));
        }
        job.status.last_schedule_time = time(case.get("lastScheduleTime")).or(job.status.last_schedule_time);
        if ran {
            row.put_job(&mut job);
        }
        // The list that the server knows already, and the caches do not.
        let late = if row.is("stillActive") && !row.is("jobPresentInCJActiveStatus") {
            std::mem::take(&mut job.status.active)
        } else {
            Default::default()
        };
        let stored = row.server.client("test", created).update_status(job.into()).expect("accepted");
        if !late.is_empty() {
            let mut job = stored.get::<CronJob>().expect("one").as_ref().clone();
            job.status.active = late;
            row.server.client("test", now).update_status(job.into()).expect("accepted");
        }
        row
    }

    fn put(&mut self, when: Time, object: Object) -> Object {
        self.server.client("test", when).create(object).expect("accepted")
    }

    /// The Job of before; one that the caches do not know yet comes at the last moment.
    fn put_job(&mut self, cron_job: &mut CronJob) {
        let began = time(self.case.get("jobCreationTime")).unwrap_or(at("2016-05-19T09:01:00Z"));
        let name = format!("condition-{}", began.unix_seconds() / 60);
        let mut job = Job { metadata: ObjectMeta::new("snazzycats", name.as_str()), ..Job::default() };
        job.metadata.owner_references = [cron_job.controller_reference()].into();
        let uid = {
            let when = if self.is("jobStillNotFoundInLister") { self.now } else { began };
            let stored = self.put(when, job.clone().into());
            if !self.is("stillActive") {
                let mut ended = stored.get::<Job>().expect("one").as_ref().clone();
                ended.status.completion_time = Some(began + Span::from_seconds(10));
                ended.status.conditions = [api::batch::job::JobCondition {
                    kind: "Complete".into(),
                    status: ConditionStatus::True,
                    ..Default::default()
                }]
                .into();
                self.server.client("test", when).update_status(ended.into()).expect("accepted");
            }
            stored.metadata().uid.clone()
        };
        if self.is("stillActive") {
            cron_job.status.active.push(JobReference {
                kind: "Job".into(),
                namespace: "snazzycats".into(),
                name: name.into(),
                uid,
                ..JobReference::default()
            });
        }
    }

    /// Wakes the controllers once; what is not as upstream does it.
    fn judge(mut self) -> Option<String> {
        let jobs = |server: &ApiServer| -> Vec<String> {
            server.iter(Kind::Job).map(|job| job.metadata().name.to_string()).collect()
        };
        let before = jobs(&self.server);
        let mut manager = ControllerManager::new(Rc::new(world::timing()));
        let mut api = self.server.client("kube-controller-manager", self.now);
        manager.wake(&mut api);
        let after = jobs(&self.server);
        let created = after.iter().any(|name| !before.contains(name));
        // Upstream's test of a sync leaves the history alone.
        let keeps_none = self.case.get("successfulJobsHistoryLimit").as_int() == Some(0);
        let deleted = !keeps_none && before.iter().any(|name| !after.contains(name));
        let key = api::Key::new("snazzycats", "condition");
        let job = self.server.client("test", self.now).get(Kind::CronJob, &key).expect("there");
        let job = job.get::<CronJob>().expect("one");
        let is_warning = |event: &&Rc<Event>| event.kind == "Warning" && event.involved_object.kind == "CronJob";
        let warnings = self.server.iter(Kind::Event).filter_map(Object::get::<Event>).filter(is_warning).count() as i64;
        let got = (created, deleted, job.status.active.len() as i64, warnings);
        let expect = (
            self.is("expectCreate"),
            self.is("expectDelete"),
            self.case.get("expectActive").as_int().unwrap_or(0),
            self.case.get("expectedWarnings").as_int().unwrap_or(0),
        );
        (got != expect).then(|| format!("{:?}: {got:?} instead of {expect:?}", self.case.get("name").text()))
    }
}

#[test]
fn a_sync_does_what_upstreams_does() {
    let cases = reference::read_cases(PATH, "TestControllerV2SyncCronJob");
    let (mut judged, mut elsewhere, mut wrong) = (0, 0, Vec::new());
    for case in &cases {
        let zone = case.get("timeZone").text();
        let has_zone = !zone.is_empty() || case.get("schedule").text().contains("TZ");
        if has_zone || !case.get("jobCreateError").is_null() || !case.get("jobGetErr").is_null() {
            elsewhere += 1;
            continue;
        }
        judged += 1;
        wrong.extend(Row::begin(case).judge());
    }
    println!("{} of {judged} as upstream; {elsewhere} with zones or a server that fails", judged - wrong.len());
    // The one that is left expects a Job that it does not expect to be created.
    assert!(wrong.len() <= 1, "{}", wrong.join("\n"));
}
