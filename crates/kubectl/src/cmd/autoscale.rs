//! `kubectl autoscale`: refused once its flags have been looked at, since nothing here measures load.
//!
//! Models: kubernetes v1.36 kubectl/pkg/cmd/autoscale (its checks).

use super::call::{refuse, unsupported};
use super::{Call, Flow, PLAIN, Verb, shared};
use crate::failure::Failure;
use crate::flags::Flag;

/// The verb.
pub static AUTOSCALE: Verb = Verb {
    path: "autoscale",
    summary: "Let the number of replicas follow the load; not supported in this version of the playground",
    usage: "(-f FILENAME | TYPE NAME | TYPE/NAME) [--min=MINPODS] --max=MAXPODS [--cpu=CPU] [--memory=MEMORY] [options]",
    flags: &[
        &[
            Flag::text("cpu", "Wanted use of CPU."),
            Flag::int("cpu-percent", "-1", "Wanted use of CPU, in percent of the requests.").hidden(),
            Flag::int("max", "-1", "Most pods."),
            Flag::text("memory", "Wanted use of memory."),
            Flag::int("min", "-1", "Least pods."),
            Flag::text("name", "The autoscaler's name."),
            Flag::bool("save-config", "Keep the manifest in the object, for kubectl apply."),
        ],
        shared::OUTPUT,
        shared::FILES,
        shared::DRY_RUN,
        shared::FIELD_MANAGER,
    ],
    required: &["max"],
    run,
    ..PLAIN
};

fn run(call: &mut Call<'_, '_>) -> Result<Flow, Failure> {
    let (max, min) = (call.flags.int("max"), call.flags.int("min"));
    let required = format!("--max=MAXPODS is required and must be at least 1, max: {max}");
    let order = format!("--max=MAXPODS must be larger or equal to --min=MINPODS, max: {max}, min: {min}");
    refuse(&[
        (max < 1, &required),
        (max < min, &order),
        (
            call.flags.is_set("cpu-percent") && call.flags.is_set("cpu"),
            "--cpu-percent and --cpu are mutually exclusive",
        ),
    ])?;
    let (_, failures) = call.builder().visit(call.ctx, call.env)?.into_infos();
    Failure::of(failures).map_or_else(|| Err(unsupported("autoscalers")), Err)
}
