//! `kubectl rollout pause` and `resume`: stops and continues the rollouts of a Deployment.
//!
//! Models: kubernetes v1.36 kubectl/pkg/cmd/rollout/rollout_pause.go, rollout_resume.go.

use api::Value;
use client::{FieldValidation, Patch, PatchKind};

use super::super::call::DryRun;
use super::super::{Call, PLAIN, Verb, shared};
use crate::builder::Info;
use crate::failure::Failure;
use crate::output::Output;

/// The verb that stops.
pub static ROLLOUT_PAUSE: Verb = Verb {
    path: "rollout pause",
    summary: "Stop the rollouts of a Deployment",
    usage: "RESOURCE [options]",
    flags: &[shared::OUTPUT, shared::FILES, shared::SELECTOR, shared::FIELD_MANAGER],
    run: |call| super::for_each_printed(call, &mut |call, info, output| set(call, info, Wish::Pause, output)),
    ..PLAIN
};

/// The verb that continues.
pub static ROLLOUT_RESUME: Verb = Verb {
    path: "rollout resume",
    summary: "Continue the rollouts of a Deployment",
    usage: "RESOURCE [options]",
    flags: &[shared::OUTPUT, shared::FILES, shared::SELECTOR, shared::FIELD_MANAGER],
    run: |call| super::for_each_printed(call, &mut |call, info, output| set(call, info, Wish::Resume, output)),
    ..PLAIN
};

/// What is asked for.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Wish {
    /// No more rollouts.
    Pause,
    /// Rollouts again.
    Resume,
}

/// The patch that does it; none if it is so already.
pub fn decide(resource: &str, name: &str, live: &Value, wish: Wish) -> Result<Option<Value>, Failure> {
    api::reached!("kubectl::cmd::rollout::pause::decide");
    if resource != "deployments.apps" {
        let doing = if wish == Wish::Pause { "pausing" } else { "resuming" };
        return Err(Failure::Plain(format!("error: {resource} {name:?} {doing} is not supported")));
    }
    let is_paused = live.at(&["spec", "paused"]).as_bool() == Some(true);
    if is_paused == (wish == Wish::Pause) {
        return Ok(None);
    }
    let mut body = Value::map();
    body.set(&["spec", "paused"], if wish == Wish::Pause { Value::Bool(true) } else { Value::Null });
    Ok(Some(body))
}

fn set(call: &mut Call<'_, '_>, info: &Info, wish: Wish, output: &mut Output) -> Result<(), Failure> {
    let done = match wish {
        Wish::Pause => "paused",
        Wish::Resume => "resumed",
    };
    let Some(body) = decide(&info.mapping.qualified_plural(), &info.name, &super::live(info), wish)? else {
        let operation = format!("already {done}");
        return call.print_typed_outcome(output, info, &super::live(info), &operation, DryRun::None);
    };
    let kind = info.mapping.kind_supported()?;
    let options = call.write_options(DryRun::None, "kubectl-rollout", FieldValidation::Warn);
    let patch = Patch { kind: PatchKind::Strategic, body };
    let written = call.ctx.api.patch(kind, &info.key(), &patch, &options);
    let written = written.map_err(|status| Failure::Plain(format!("failed to patch: {}", status.message)))?;
    call.print_typed_outcome(output, info, &written.object.encode(), done, DryRun::None)
}
