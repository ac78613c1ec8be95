//! When a CronJob's next Job is due, and which old ones go, as pure decisions.
//!
//! Models: kubernetes v1.36 pkg/controller/cronjob/utils.go and cronjob_controllerv2.go.

use std::rc::Rc;

use api::batch::schedule::Schedule;
use api::{CronJob, Job};
use ordered::Arrange;
use sim::{Span, Time};

/// A Job is looked for a little after it is due, since clocks differ.
const PADDING: Span = Span::from_millis(100);
/// From so many missed times on, a warning is in order.
const MISSED_MAX: u64 = 100;

/// How many times have passed without a Job.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Missed {
    /// At most the present one.
    None,
    /// Some.
    Few,
    /// More than a hundred.
    Many,
}

/// The times of a schedule, seen from now.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Times {
    /// Where counting began: the creation, the last time, or what the deadline allows.
    pub earliest: Time,
    /// The last time that is due and has no Job.
    pub most_recent: Option<Time>,
    /// How many were missed.
    pub missed: Missed,
}

/// Whether what is too late to start counts as missed.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Deadline {
    /// Not looked at.
    Ignored,
    /// What is older does not count.
    Counts,
}

/// The last time that is due; an error if the schedule never comes.
pub fn most_recent(job: &CronJob, now: Time, schedule: &Schedule, deadline: Deadline) -> Result<Times, &'static str> {
    api::reached!("kube_controller_manager::cronjob::decide::most_recent");
    let created = job.metadata.creation_timestamp.unwrap_or_default();
    let mut earliest = job.status.last_schedule_time.unwrap_or(created);
    if let Some(seconds) = job.spec.starting_deadline_seconds.filter(|_| deadline == Deadline::Counts) {
        earliest = earliest.max(now - Span::from_seconds(seconds));
    }
    let none = Times { earliest, most_recent: None, missed: Missed::None };
    let never = "time difference between two schedules is less than 1 second";
    let first = schedule.next(earliest).ok_or(never)?;
    if now < first {
        return Ok(none);
    }
    let second = schedule.next(first).ok_or(never)?;
    if now < second {
        return Ok(Times { most_recent: Some(first), ..none });
    }
    let between = (second.since(first).0 + 500_000) / 1_000_000;
    if between < 1 {
        return Err(never);
    }
    // The distance of the first two is an estimate of the others: from two before the last, the schedule itself counts on.
    let missed = now.since(first).0 / 1_000_000 / between + 1;
    let back = Span((missed.saturating_sub(2)) * between * 1_000_000);
    let start = if missed >= 2 { first + back } else { first - Span(between * 1_000_000) };
    let mut most_recent = None;
    let mut next = schedule.next(start);
    while let Some(time) = next.filter(|time| *time <= now) {
        most_recent = Some(time);
        next = schedule.next(time);
    }
    Ok(Times { earliest, most_recent, missed: if missed > MISSED_MAX { Missed::Many } else { Missed::Few } })
}

/// When to look again.
pub fn next_look(job: &CronJob, now: Time, schedule: &Schedule) -> Option<Time> {
    api::reached!("kube_controller_manager::cronjob::decide::next_look");
    let from = match most_recent(job, now, schedule, Deadline::Ignored) {
        Err(_) => now,
        Ok(Times { most_recent: Some(time), .. }) => time,
        Ok(Times { most_recent: None, missed: Missed::None, earliest }) => earliest,
        Ok(Times { most_recent: None, missed: Missed::Few | Missed::Many, .. }) => now,
    };
    schedule.next(from).map(|next| next + PADDING)
}

/// The oldest Jobs that have ended so (`Complete`, `Failed`) beyond the limit.
pub fn surplus(jobs: &[Rc<Job>], end: &str, limit: Option<i32>) -> Vec<Rc<Job>> {
    api::reached!("kube_controller_manager::cronjob::decide::surplus");
    let Some(limit) = limit else { return Vec::new() };
    let has_ended_so = |job: &&Rc<Job>| job.status.finished().is_some_and(|finished| finished.kind == end);
    let mut ended: Vec<Rc<Job>> = jobs.iter().filter(has_ended_so).cloned().collect();
    ended.arrange_by(|left, right| started(left).cmp(&started(right)));
    let count = ended.len().saturating_sub(usize::try_from(limit).unwrap_or(0));
    ended.truncate(count);
    ended
}

/// Those that have not started come last; names decide.
fn started(job: &Job) -> (bool, Option<Time>, &str) {
    (job.status.start_time.is_none(), job.status.start_time, &job.metadata.name)
}
