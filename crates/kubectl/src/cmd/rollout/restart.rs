//! `kubectl rollout restart`: changes an annotation of the template, so that all pods are replaced.
//!
//! Models: kubernetes v1.36 kubectl/pkg/cmd/rollout/rollout_restart.go, pkg/polymorphichelpers/objectrestarter.go.

use client::{FieldValidation, Patch, PatchKind};

use super::super::call::DryRun;
use super::super::{Call, Flow, PLAIN, Verb, shared};
use crate::builder::{Info, type_of};
use crate::failure::Failure;
use crate::output::{Formats, Output};

/// The verb.
pub static ROLLOUT_RESTART: Verb = Verb {
    path: "rollout restart",
    summary: "Replace all pods of an object, one after the other",
    usage: "RESOURCE [options]",
    flags: &[shared::OUTPUT, shared::FILES, shared::SELECTOR, shared::FIELD_MANAGER],
    run,
    ..PLAIN
};

fn run(call: &mut Call<'_, '_>) -> Result<Flow, Failure> {
    let (infos, mut failures) = super::visit(call)?.into_infos();
    if infos.is_empty() && failures.is_empty() {
        let line = format!("No resources found in {} namespace.\n", call.namespace);
        call.ctx.err(&line);
        return Ok(Flow::Done(0));
    }
    let mut output = Output::read(call.ctx, call.env, &call.flags, Formats::Operation)?;
    for info in &infos {
        failures.extend(restart(call, info, &mut output).err());
    }
    Failure::of(failures).map_or(Ok(Flow::Done(0)), Err)
}

fn restart(call: &mut Call<'_, '_>, info: &Info, output: &mut Output) -> Result<(), Failure> {
    let refuse = |problem: &str| {
        let resource = info.mapping.qualified_plural();
        Failure::Plain(format!("error: {resource} {:?} {problem}", info.name.as_str()))
    };
    let before = super::live(info);
    match info.mapping.qualified_plural().as_str() {
        "deployments.apps" if before.at(&["spec", "paused"]).as_bool() == Some(true) => {
            return Err(refuse("can't restart paused deployment (run rollout resume first)"));
        }
        "deployments.apps" | "daemonsets.apps" | "statefulsets.apps" => {}
        _ => return Err(refuse("restarting is not supported")),
    }
    let mut after = before.clone();
    let now = call.ctx.now().truncate_to_second().to_rfc3339();
    after.set(&["spec", "template", "metadata", "annotations", "kubectl.kubernetes.io/restartedAt"], now);
    let Some(type_) = type_of(info.mapping) else { return Err(refuse("restarting is not supported")) };
    let body = api::patch::diff::two_way(&before, &after, type_).map_err(|error| refuse(&error.to_string()))?;
    if body.as_map().is_some_and(|map| map.is_empty()) {
        return Err(Failure::Plain(format!(
            "failed to create patch for {}: if restart has already been triggered within the past second, please wait before \
             attempting to trigger another",
            info.name
        )));
    }
    let kind = info.mapping.kind_supported()?;
    let options = call.write_options(DryRun::None, "kubectl-rollout", FieldValidation::Warn);
    let patch = Patch { kind: PatchKind::Strategic, body };
    let written = call.ctx.api.patch(kind, &info.key(), &patch, &options);
    let written = written.map_err(|status| Failure::Plain(format!("failed to patch: {}", status.message)))?;
    call.print_typed_outcome(output, info, &written.object.encode(), "restarted", DryRun::None)
}
