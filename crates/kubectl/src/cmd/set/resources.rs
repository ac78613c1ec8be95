//! `kubectl set resources`: sets requests and limits of containers in a pod template.
//!
//! Models: kubernetes v1.36 kubectl/pkg/cmd/set/set_resources.go, kubectl/pkg/generate/versioned/run.go.

use api::Value;
use api::quantity::Quantity;

use super::super::call::{DryRun, refuse};
use super::super::{Call, Flow, PLAIN, Verb, shared};
use super::{CONTAINERS, Words, change_pods, each_container, manner, objects};
use crate::failure::Failure;
use crate::flags::Flag;

/// The verb.
pub static SET_RESOURCES: Verb = Verb {
    path: "set resources",
    summary: "Update resource requests/limits on objects with pod templates",
    usage: "(-f FILENAME | TYPE NAME)  ([--limits=LIMITS & --requests=REQUESTS] [options]",
    flags: &[
        &[Flag::text("limits"), Flag::text("requests")],
        CONTAINERS,
        shared::ALL,
        shared::OUTPUT,
        shared::RECORD,
        shared::FILES,
        shared::SELECTOR,
        shared::DRY_RUN,
        shared::FIELD_MANAGER,
    ],
    run,
    ..PLAIN
};

const WORDS: Words =
    Words { done: "resource requirements updated", failed: "failed to patch resources update to pod template" };

fn run(call: &mut Call<'_, '_>) -> Result<Flow, Failure> {
    let (dry_run, mut output) = manner(call)?;
    let args = call.flags.args.clone();
    let infos = objects(call, args)?;
    let (limits, requests) = (call.flags.text("limits"), call.flags.text("requests"));
    refuse(&[
        (
            call.flags.is_on("local") && dry_run == DryRun::Server,
            "cannot specify --local and --dry-run=server - did you mean --dry-run=client?",
        ),
        (
            call.flags.is_on("all") && !call.flags.text("selector").is_empty(),
            "cannot set --all and --selector at the same time",
        ),
        (
            limits.is_empty() && requests.is_empty(),
            "you must specify an update to requests or limits (in the form of --requests/--limits)",
        ),
    ])?;
    let wanted = [("limits", parse(&limits)?), ("requests", parse(&requests)?)];
    let pattern = call.flags.text("containers");
    change_pods(call, &infos, dry_run, &mut output, WORDS, &mut |_, _, spec| {
        let count = each_container(spec, &pattern, &mut |container| {
            for (field, amounts) in &wanted {
                for (resource, amount) in amounts {
                    container.set(&["resources", field, resource], amount.clone());
                }
            }
        });
        let missing = || Failure::Plain(format!("error: unable to find container named {pattern}"));
        if count == 0 { vec![missing()] } else { Vec::new() }
    })
}

/// `cpu=100m,memory=256Mi`
fn parse(text: &str) -> Result<Vec<(&str, Value)>, Failure> {
    let mut amounts = Vec::new();
    for part in text.split(',').filter(|_| !text.is_empty()) {
        let pair: Vec<&str> = part.split('=').collect();
        let [resource, amount] = pair.as_slice() else {
            return Err(Failure::Plain(format!("Invalid argument syntax {part}, expected <resource>=<value>")));
        };
        let amount = Quantity::parse(amount).map_err(|error| Failure::Plain(error.to_string()))?;
        amounts.push((*resource, Value::from(amount.to_string())));
    }
    Ok(amounts)
}
