//! Jobs and CronJobs.

use api::Value;

use super::cluster::Cluster;
use super::fields::{
    at, controlled_by, flag, has, int, list, or_none, or_unset, rfc1123, selector_text, text, time, yes,
};
use super::lines::Lines;
use super::pod_template;

/// A list of indexes is cut at the first comma from here.
const INDEXES_SHOWN: usize = 50;

/// Writes a Job.
pub(super) fn job(lines: &mut Lines, job: &Value, cluster: &Cluster<'_>) {
    lines.field(0, "Name", text(job, "metadata.name"));
    lines.field(0, "Namespace", text(job, "metadata.namespace"));
    lines.field(0, "Selector", selector_text(at(job, "spec.selector")).unwrap_or_default());
    lines.labels("Labels", at(job, "metadata.labels"));
    lines.annotations("Annotations", at(job, "metadata.annotations"));
    if let Some(controller) = controlled_by(job) {
        lines.field(0, "Controlled By", controller);
    }
    lines.field(0, "Parallelism", int(job, "spec.parallelism"));
    lines.field(0, "Completions", or_unset(at(job, "spec.completions")));
    lines.field(0, "Completion Mode", text(job, "spec.completionMode"));
    lines.field(0, "Suspend", flag(job, "spec.suspend"));
    lines.field(0, "Backoff Limit", int(job, "spec.backoffLimit"));
    if has(job, "spec.ttlSecondsAfterFinished") {
        lines.field(0, "TTL Seconds After Finished", int(job, "spec.ttlSecondsAfterFinished"));
    }
    times(lines, job);
    statuses(lines, job);
    if text(job, "spec.completionMode") == "Indexed" {
        lines.field(0, "Completed Indexes", or_none(&shown_indexes(text(job, "status.completedIndexes"))));
    }
    pod_template::pod_template(lines, at(job, "spec.template"));
    cluster.events(lines, job);
}

fn times(lines: &mut Lines, job: &Value) {
    let (start, end) = (at(job, "status.startTime"), at(job, "status.completionTime"));
    if !start.is_null() {
        lines.time(0, "Start Time", start);
    }
    if !end.is_null() {
        lines.time(0, "Completed At", end);
    }
    if let (Some(start), Some(end)) = (time(start), time(end)) {
        lines.field(0, "Duration", api::duration::human(end.since(start)));
    }
    if has(job, "spec.activeDeadlineSeconds") {
        lines.field(0, "Active Deadline Seconds", format_args!("{}s", int(job, "spec.activeDeadlineSeconds")));
    }
}

fn statuses(lines: &mut Lines, job: &Value) {
    let of = |field: &str| int(job, field);
    let ready = if has(job, "status.ready") { format!(" ({} Ready)", of("status.ready")) } else { String::new() };
    let (active, succeeded, failed) = (of("status.active"), of("status.succeeded"), of("status.failed"));
    lines.field(0, "Pods Statuses", format_args!("{active} Active{ready} / {succeeded} Succeeded / {failed} Failed"));
}

fn shown_indexes(indexes: &str) -> String {
    let cut = indexes.get(INDEXES_SHOWN..).and_then(|rest| rest.find(','));
    match cut {
        Some(at) => format!("{}...", &indexes[..=INDEXES_SHOWN + at]),
        None => indexes.to_owned(),
    }
}

/// Writes a CronJob.
pub(super) fn cron_job(lines: &mut Lines, job: &Value, cluster: &Cluster<'_>) {
    lines.field(0, "Name", text(job, "metadata.name"));
    lines.field(0, "Namespace", text(job, "metadata.namespace"));
    lines.labels("Labels", at(job, "metadata.labels"));
    lines.annotations("Annotations", at(job, "metadata.annotations"));
    lines.field(0, "Schedule", text(job, "spec.schedule"));
    lines.field(0, "Concurrency Policy", text(job, "spec.concurrencyPolicy"));
    let suspended = at(job, "spec.suspend").as_bool().map_or("<unset>", yes);
    lines.field(0, "Suspend", suspended);
    lines.field(0, "Time Zone", or_unset(at(job, "spec.timeZone")));
    lines.field(0, "Successful Job History Limit", or_unset(at(job, "spec.successfulJobsHistoryLimit")));
    lines.field(0, "Failed Job History Limit", or_unset(at(job, "spec.failedJobsHistoryLimit")));
    let deadline = at(job, "spec.startingDeadlineSeconds");
    let unit = if deadline.is_null() { "" } else { "s" };
    lines.field(0, "Starting Deadline Seconds", format_args!("{}{unit}", or_unset(deadline)));
    job_template(lines, at(job, "spec.jobTemplate.spec"));
    let last = at(job, "status.lastScheduleTime");
    lines.field(0, "Last Schedule Time", if last.is_null() { "<unset>".to_owned() } else { rfc1123(last) });
    active_jobs(lines, list(job, "status.active"));
    cluster.events(lines, job);
}

fn job_template(lines: &mut Lines, spec: &Value) {
    let selector = at(spec, "selector");
    let selector = if selector.is_null() { "<unset>".to_owned() } else { selector_text(selector).unwrap_or_default() };
    lines.field(0, "Selector", selector);
    lines.field(0, "Parallelism", or_unset(at(spec, "parallelism")));
    lines.field(0, "Completions", or_unset(at(spec, "completions")));
    if has(spec, "activeDeadlineSeconds") {
        lines.field(0, "Active Deadline Seconds", format_args!("{}s", int(spec, "activeDeadlineSeconds")));
    }
    pod_template::pod_template(lines, at(spec, "template"));
}

/// Writes the names of the Jobs that run.
fn active_jobs(lines: &mut Lines, jobs: &[Value]) {
    let names: Vec<&str> = jobs.iter().map(|job| text(job, "name")).collect();
    lines.field(0, "Active Jobs", or_none(&names.join(", ")));
}
