//! `kubectl create job`: a Job from an image.
//!
//! What is absent: `--from`, since cron jobs are not served here.

use api::Value;

use super::super::call::{refuse, unsupported};
use super::super::{Call, Flow, PLAIN, Verb, shared};
use super::{CREATE_FLAGS, Framing, create_object, name_argument};
use crate::failure::Failure;
use crate::flags::Flag;

/// The verb.
pub static JOB: Verb = Verb {
    path: "create job",
    summary: "Create a job with the specified name",
    usage: "NAME --image=image [--from=cronjob/name] -- [COMMAND] [args...] [options]",
    flags: &[
        &[Flag::text("from", "The cron job to take it from."), Flag::text("image", "The container's image.")],
        CREATE_FLAGS,
        shared::OUTPUT,
        shared::DRY_RUN,
        shared::VALIDATE,
        shared::FIELD_MANAGER,
    ],
    run,
    ..PLAIN
};

fn run(call: &mut Call<'_, '_>) -> Result<Flow, Failure> {
    let name = name_argument(call)?;
    let (image, from) = (call.flags.text("image"), call.flags.text("from"));
    let command: Vec<Value> = call.flags.args.iter().skip(1).cloned().map(Value::Str).collect();
    refuse(&[
        (image.is_empty() == from.is_empty(), "either --image or --from must be specified"),
        (!command.is_empty() && !from.is_empty(), "cannot specify --from and command"),
    ])?;
    if !from.is_empty() {
        return Err(unsupported("jobs from cron jobs (--from)"));
    }
    let mut container = Value::map();
    container.set(&["name"], name.clone());
    container.set(&["image"], image);
    if !command.is_empty() {
        container.set(&["command"], command);
    }
    let mut body = Value::map();
    body.set(&["spec", "template", "spec", "containers"], vec![container]);
    body.set(&["spec", "template", "spec", "restartPolicy"], "Never");
    create_object(call, "jobs.batch", &name, body, Framing::Named("job"))
}
