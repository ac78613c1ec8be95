//! `kubectl rollout pause` and `resume`: stops and continues the rollouts of a Deployment.
//!
//! Models: kubernetes v1.36 kubectl/pkg/cmd/rollout/rollout_pause.go, rollout_resume.go.

use api::Value;
use client::{FieldValidation, Patch, PatchKind};

use super::super::call::DryRun;
use super::super::{Call, PLAIN, Verb, shared};
use crate::builder::Info;
use crate::failure::Failure;

/// The verb that stops.
pub static ROLLOUT_PAUSE: Verb = Verb {
    path: "rollout pause",
    summary: "Stop the rollouts of a Deployment",
    usage: "RESOURCE [options]",
    flags: &[shared::FILES, shared::SELECTOR, shared::FIELD_MANAGER],
    run: |call| super::for_each(call, |call, info| set(call, info, Wish::Pause)),
    ..PLAIN
};

/// The verb that continues.
pub static ROLLOUT_RESUME: Verb = Verb {
    path: "rollout resume",
    summary: "Continue the rollouts of a Deployment",
    usage: "RESOURCE [options]",
    flags: &[shared::FILES, shared::SELECTOR, shared::FIELD_MANAGER],
    run: |call| super::for_each(call, |call, info| set(call, info, Wish::Resume)),
    ..PLAIN
};

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Wish {
    Pause,
    Resume,
}

fn set(call: &mut Call<'_, '_>, info: &Info, wish: Wish) -> Result<(), Failure> {
    let (doing, done) = match wish {
        Wish::Pause => ("pausing", "paused"),
        Wish::Resume => ("resuming", "resumed"),
    };
    let resource = info.mapping.qualified_plural();
    if resource != "deployments.apps" {
        return Err(Failure::Plain(format!("error: {resource} {:?} {doing} is not supported", info.name.as_str())));
    }
    let is_paused = super::live(info).at(&["spec", "paused"]).as_bool() == Some(true);
    if is_paused == (wish == Wish::Pause) {
        let operation = format!("already {done}");
        call.print_operation(info, &operation, DryRun::None);
        return Ok(());
    }
    let mut body = Value::map();
    body.set(&["spec", "paused"], if wish == Wish::Pause { Value::Bool(true) } else { Value::Null });
    let kind = info.mapping.kind_supported()?;
    let options = call.write_options(DryRun::None, "kubectl-rollout", FieldValidation::Warn);
    let patch = Patch { kind: PatchKind::Strategic, body };
    let written = call.ctx.api.patch(kind, &info.key(), &patch, &options);
    written.map_err(|status| Failure::Plain(format!("failed to patch: {}", status.message)))?;
    call.print_operation(info, done, DryRun::None);
    Ok(())
}
