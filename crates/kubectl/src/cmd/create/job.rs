//! `kubectl create job`: a Job from an image, or one that a CronJob would make. `kubectl create cronjob`.

use api::{CronJob, Object, Resource, Str, Value};

use super::super::call::refuse;
use super::super::{Call, Flow, PLAIN, Verb, shared};
use super::{CREATE_FLAGS, Framing, create_object, name_argument};
use crate::builder::Builder;
use crate::failure::Failure;
use crate::flags::Flag;

/// The verb.
pub static JOB: Verb = Verb {
    path: "create job",
    summary: "Create a job with the specified name",
    usage: "NAME --image=image [--from=cronjob/name] -- [COMMAND] [args...] [options]",
    flags: &[
        &[Flag::text("from"), Flag::text("image")],
        CREATE_FLAGS,
        shared::OUTPUT,
        shared::DRY_RUN,
        shared::VALIDATE,
        shared::FIELD_MANAGER,
    ],
    run,
    ..PLAIN
};

/// `create cronjob`
pub static CRON_JOB: Verb = Verb {
    path: "create cronjob",
    aliases: &["cj"],
    summary: "Create a cron job with the specified name",
    usage: "NAME --image=image --schedule='0/5 * * * ?' -- [COMMAND] [args...] [options]",
    flags: &[
        &[Flag::text("image"), Flag::text("restart"), Flag::text("schedule")],
        CREATE_FLAGS,
        shared::OUTPUT,
        shared::DRY_RUN,
        shared::VALIDATE,
        shared::FIELD_MANAGER,
    ],
    required: &["image", "schedule"],
    run: run_cron_job,
    ..PLAIN
};

fn run(call: &mut Call<'_, '_>) -> Result<Flow, Failure> {
    let name = name_argument(call)?;
    let (image, from) = (call.flags.text("image"), call.flags.text("from"));
    refuse(&[
        (image.is_empty() == from.is_empty(), "either --image or --from must be specified"),
        (!command(call).is_empty() && !from.is_empty(), "cannot specify --from and command"),
    ])?;
    let body = if from.is_empty() {
        let mut body = Value::map();
        body.set(&["spec"], job_spec(call, &name, "Never"));
        body
    } else {
        manual_job(call, from)?
    };
    create_object(call, "jobs.batch", &name, body, Framing::Named("job"))
}

fn command(call: &Call<'_, '_>) -> Vec<Value> {
    call.flags.args.iter().skip(1).cloned().map(Value::Str).collect()
}

fn job_spec(call: &Call<'_, '_>, name: &Str, restart: &str) -> Value {
    let mut container = Value::map();
    container.set(&["name"], name.clone());
    container.set(&["image"], call.flags.text("image"));
    let command = command(call);
    if !command.is_empty() {
        container.set(&["command"], command);
    }
    let mut spec = Value::map();
    spec.set(&["template", "spec", "containers"], vec![container]);
    spec.set(&["template", "spec", "restartPolicy"], restart);
    spec
}

/// The Job that a CronJob would make now.
fn manual_job(call: &mut Call<'_, '_>, from: Str) -> Result<Value, Failure> {
    let builder = Builder { args: vec![from], filenames: Vec::new(), label_selector: None, ..call.builder() };
    let (infos, failures) = builder.visit(call.ctx, call.env)?.into_infos();
    if let Some(failure) = Failure::of(failures) {
        return Err(failure);
    }
    let [info] = infos.as_slice() else { return Err(Failure::plain("from must be an existing cronjob")) };
    let Some(cron_job) = info.live.as_ref().and_then(Object::get::<CronJob>) else {
        return Err(Failure::Plain(format!("unknown object type *v1.{}", info.mapping.resource().kind)));
    };
    let template = Object::CronJob(cron_job.clone()).encode_body();
    let template = template.at(&["spec", "jobTemplate"]);
    let mut body = Value::map();
    let mut annotations = template.at(&["metadata", "annotations"]).clone();
    annotations.set(&["cronjob.kubernetes.io/instantiate"], "manual");
    body.set(&["metadata", "annotations"], annotations);
    let labels = template.at(&["metadata", "labels"]);
    if !labels.is_null() {
        body.set(&["metadata", "labels"], labels.clone());
    }
    let mut owner = Value::map();
    owner.set(&["apiVersion"], CronJob::KIND.api_version());
    owner.set(&["kind"], CronJob::KIND.name());
    owner.set(&["name"], cron_job.metadata.name.clone());
    owner.set(&["uid"], cron_job.metadata.uid.clone());
    owner.set(&["controller"], true);
    body.set(&["metadata", "ownerReferences"], vec![owner]);
    body.set(&["spec"], template.get("spec").clone());
    Ok(body)
}

fn run_cron_job(call: &mut Call<'_, '_>) -> Result<Flow, Failure> {
    let name = name_argument(call)?;
    let restart = call.flags.text("restart");
    let spec = job_spec(call, &name, if restart.is_empty() { "OnFailure" } else { &restart });
    let mut body = Value::map();
    body.set(&["spec", "schedule"], call.flags.text("schedule"));
    body.set(&["spec", "jobTemplate", "metadata", "name"], name.clone());
    body.set(&["spec", "jobTemplate", "spec"], spec);
    create_object(call, "cronjobs.batch", &name, body, Framing::Named("cronjob"))
}
