//! `kubectl cordon` and `uncordon`: whether new pods may go to a node.
//!
//! Models: kubernetes v1.36 kubectl/pkg/cmd/drain, kubectl/pkg/drain/cordon.go.

use api::{Kind, Value};
use client::{FieldValidation, Patch, PatchKind};
use thin::format_str;

use super::call::DryRun;
use super::{Call, Flow, PLAIN, Verb, shared};
use crate::builder::Info;
use crate::failure::Failure;
use crate::flags::Flag;

const FLAGS: &[&[Flag]] = &[shared::SELECTOR, shared::DRY_RUN];

/// The verb that keeps pods off.
pub static CORDON: Verb = Verb {
    path: "cordon",
    summary: "Keep new pods off a node",
    usage: "NODE [options]",
    flags: FLAGS,
    run: |call| run(call, Wish::Cordon),
    ..PLAIN
};

/// The verb that lets them on again.
pub static UNCORDON: Verb = Verb {
    path: "uncordon",
    summary: "Let new pods on a node again",
    usage: "NODE [options]",
    flags: FLAGS,
    run: |call| run(call, Wish::Uncordon),
    ..PLAIN
};

/// What is wished for a node.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Wish {
    /// No new pods.
    Cordon,
    /// New pods.
    Uncordon,
}

fn run(call: &mut Call<'_, '_>, wish: Wish) -> Result<Flow, Failure> {
    check_words(call)?;
    let dry_run = call.dry_run()?;
    for info in &nodes(call)? {
        set(call, info, wish, dry_run)?;
    }
    Ok(Flow::Done(0))
}

/// Refuses a call that names no node, or nodes and a selector.
pub fn check_words(call: &Call<'_, '_>) -> Result<(), Failure> {
    let selects = !call.flags.text("selector").is_empty();
    if call.flags.args.is_empty() && !call.flags.is_set("selector") {
        return Err(call.usage(format!("USAGE: {} NODE [flags]", call.verb.path)));
    }
    if !call.flags.args.is_empty() && selects {
        return Err(call.usage("cannot specify both a node name and a --selector option"));
    }
    Ok(())
}

/// The nodes that are meant: kubectl finds all of them before it touches one.
pub fn nodes(call: &mut Call<'_, '_>) -> Result<Vec<Info>, Failure> {
    let mut builder = call.builder();
    for word in builder.args.iter_mut().filter(|word| !word.contains('/')) {
        *word = format_str!("nodes/{word}");
    }
    if builder.args.is_empty() && builder.label_selector.is_some() {
        builder.args.push("nodes".into());
    }
    let (infos, failures) = builder.visit(call.ctx, call.env)?.into_infos();
    if let Some(failure) = Failure::of(failures) {
        return Err(failure);
    }
    match infos.iter().find(|info| info.mapping.kind() != Some(Kind::Node)) {
        Some(other) => {
            let resource = other.mapping.version_resource();
            Err(Failure::Plain(format!("expected resource of type node, got {resource:?}")))
        }
        None => Ok(infos),
    }
}

/// Sets `spec.unschedulable` of a node and says so.
pub fn set(call: &mut Call<'_, '_>, info: &Info, wish: Wish, dry_run: DryRun) -> Result<(), Failure> {
    api::reached!("kubectl::cmd::cordon::set");
    let done = match wish {
        Wish::Cordon => "cordoned",
        Wish::Uncordon => "uncordoned",
    };
    let body = info.live.as_ref().map(api::Object::encode_body).unwrap_or_default();
    let is_cordoned = body.at(&["spec", "unschedulable"]).as_bool() == Some(true);
    if is_cordoned == (wish == Wish::Cordon) {
        call.print_operation(info, &format!("already {done}"), dry_run);
        return Ok(());
    }
    if dry_run != DryRun::Client {
        let mut body = Value::map();
        body.set(&["spec", "unschedulable"], if wish == Wish::Cordon { Value::Bool(true) } else { Value::Null });
        let patch = Patch { kind: PatchKind::Strategic, body };
        let options = call.write_options(dry_run, "kubectl", FieldValidation::Warn);
        call.ctx.api.patch(info.mapping.kind_supported()?, &info.key(), &patch, &options)?;
    }
    call.print_operation(info, done, dry_run);
    Ok(())
}
