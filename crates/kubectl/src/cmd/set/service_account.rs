//! `kubectl set serviceaccount`: sets the service account of pods in a pod template.
//!
//! Models: kubernetes v1.36 kubectl/pkg/cmd/set/set_serviceaccount.go.

use super::super::call::{DryRun, refuse};
use super::super::{Call, Flow, PLAIN, Verb, shared};
use super::{LOCAL, Words, change_pods, manner, objects};
use crate::failure::Failure;

/// The verb.
pub static SET_SERVICE_ACCOUNT: Verb = Verb {
    path: "set serviceaccount",
    aliases: &["sa"],
    summary: "Update the service account of a resource",
    usage: "(-f FILENAME | TYPE NAME) SERVICE_ACCOUNT [options]",
    flags: &[
        &[LOCAL],
        shared::ALL,
        shared::OUTPUT,
        shared::RECORD,
        shared::FILES,
        shared::DRY_RUN,
        shared::FIELD_MANAGER,
    ],
    run,
    ..PLAIN
};

const WORDS: Words = Words { done: "serviceaccount updated", failed: "failed to patch ServiceAccountName" };

fn run(call: &mut Call<'_, '_>) -> Result<Flow, Failure> {
    let dry_run = call.dry_run()?;
    refuse(&[(
        call.flags.is_on("local") && dry_run == DryRun::Server,
        "cannot specify --local and --dry-run=server - did you mean --dry-run=client?",
    )])?;
    let (_, mut output) = manner(call)?;
    let Some((account, resources)) = call.flags.args.split_last() else {
        return Err(Failure::plain("serviceaccount is required"));
    };
    let (account, resources) = (account.clone(), resources.to_vec());
    let infos = objects(call, resources)?;
    change_pods(call, &infos, dry_run, &mut output, WORDS, &mut |_, _, spec| {
        spec.set(&["serviceAccountName"], account.clone());
        Vec::new()
    })
}
