//! Jobs and cron jobs.

use api::duration::human;
use api::meta::LabelSelector;
use api::{CronJob, Job, Value, duration};
use sim::Time;

use super::{Always, Heading, Wide, age, apps};

pub(super) const JOB: &[Heading] = &[
    Heading("Name", Always),
    Heading("Status", Always),
    Heading("Completions", Always),
    Heading("Duration", Always),
    Heading("Age", Always),
    Heading("Containers", Wide),
    Heading("Images", Wide),
    Heading("Selector", Wide),
];

pub(super) const CRON_JOB: &[Heading] = &[
    Heading("Name", Always),
    Heading("Schedule", Always),
    Heading("Timezone", Always),
    Heading("Suspend", Always),
    Heading("Active", Always),
    Heading("Last Schedule", Always),
    Heading("Age", Always),
    Heading("Containers", Wide),
    Heading("Images", Wide),
    Heading("Selector", Wide),
];

pub(super) fn job(job: &Job, now: Time) -> Vec<Value> {
    let (spec, status) = (&job.spec, &job.status);
    let done = status.succeeded;
    let completions = match (spec.completions, spec.parallelism) {
        (Some(wanted), _) => format!("{done}/{wanted}"),
        (None, Some(parallelism)) if parallelism > 1 => format!("{done}/1 of {parallelism}"),
        (None, _) => format!("{done}/1"),
    };
    let lasted = status.start_time.map(|start| human(status.completion_time.unwrap_or(now).since(start)));
    let mut cells = vec![
        job.metadata.name.clone().into(),
        state(job).into(),
        completions.into(),
        lasted.unwrap_or_default().into(),
        age(&job.metadata, now),
    ];
    cells.extend(apps::made_from(&spec.template.spec, &spec.selector.clone().unwrap_or_default()));
    cells
}

fn state(job: &Job) -> &'static str {
    const STATES: [&str; 3] = ["Suspended", "FailureTarget", "SuccessCriteriaMet"];
    let has = |kind: &&&str| job.status.true_condition(kind).is_some();
    match ["Complete", "Failed"].iter().find(has) {
        Some(end) => end,
        None if job.metadata.is_terminating() => "Terminating",
        None => STATES.iter().find(has).copied().unwrap_or("Running"),
    }
}

pub(super) fn cron_job(job: &CronJob, now: Time) -> Vec<Value> {
    let (spec, status) = (&job.spec, &job.status);
    let last = status.last_schedule_time.map_or("<none>".to_owned(), |last| duration::age(now, Some(last)));
    let suspended = match spec.suspend {
        None => "<unset>",
        Some(true) => "True",
        Some(false) => "False",
    };
    let mut cells = vec![
        job.metadata.name.clone().into(),
        spec.schedule.clone().into(),
        spec.time_zone.clone().unwrap_or_else(|| "<none>".into()).into(),
        suspended.into(),
        Value::Int(status.active.len() as i64),
        last.into(),
        age(&job.metadata, now),
    ];
    let template = &spec.job_template.spec;
    let selector: LabelSelector = template.selector.clone().unwrap_or_default();
    cells.extend(apps::made_from(&template.template.spec, &selector));
    cells
}
