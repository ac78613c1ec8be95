//! `kubectl apply view-last-applied`: the manifests that the annotation keeps.
//!
//! Models: kubernetes v1.36 kubectl/pkg/cmd/apply/apply_view_last_applied.go.

use api::text::{json, yaml};

use super::apply::LAST_APPLIED;
use super::{Call, Flow, PLAIN, Verb, shared};
use crate::failure::Failure;
use crate::flags::Flag;

/// The verb.
pub static VIEW_LAST_APPLIED: Verb = Verb {
    path: "apply view-last-applied",
    summary: "Show the manifest that was applied last",
    usage: "(TYPE [NAME | -l label] | TYPE/NAME | -f FILENAME) [options]",
    flags: &[
        &[Flag::text("output", "yaml or json.").short('o').default("yaml")],
        shared::ALL,
        shared::FILES,
        shared::SELECTOR,
    ],
    run,
    ..PLAIN
};

fn run(call: &mut Call<'_, '_>) -> Result<Flow, Failure> {
    let format = call.flags.text("output");
    if !matches!(format.as_str(), "yaml" | "json") {
        return Err(
            call.usage(format!("Unexpected -o output mode: {format}, the flag 'output' must be one of yaml|json"))
        );
    }
    let mut builder = call.builder();
    builder.select_all = call.flags.is_on("all");
    builder.files_are_live = true;
    let (infos, failures) = builder.visit(call.ctx, call.env)?.into_infos();
    if let Some(failure) = Failure::of(failures) {
        return Err(failure);
    }
    for info in &infos {
        let annotations = info.live.as_ref().map(|live| live.metadata().annotations.clone()).unwrap_or_default();
        let Some(Ok(manifest)) = annotations.get(LAST_APPLIED).map(json::read) else { continue };
        let text = match format.as_str() {
            "yaml" => yaml::write(&manifest),
            _ => json::write_indented(&manifest).replace("    ", "  "),
        };
        call.ctx.out(&text);
    }
    Ok(Flow::Done(0))
}
