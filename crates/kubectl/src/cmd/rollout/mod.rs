//! `kubectl rollout`: what becomes of a changed pod template.

pub mod history;
pub mod pause;
pub mod restart;
pub mod status;
pub mod undo;

use api::{Object, Value};

use super::{Call, Flow, PLAIN, Verb, help};
use crate::builder::{Info, Visit};
use crate::failure::Failure;
use crate::flags::Flag;
use crate::output::{Formats, Output};

use super::shared;

/// The parent of the verbs here.
pub static ROLLOUT: Verb = Verb {
    path: "rollout",
    summary: "Follow and steer the rollout of a Deployment, DaemonSet or StatefulSet",
    usage: "SUBCOMMAND [options]",
    run: parent,
    ..PLAIN
};

/// Flags of all verbs here.
pub static FLAGS: &[&[Flag]] = &[shared::FILES, shared::SELECTOR];

/// A command that only has subcommands.
pub fn parent(call: &mut Call<'_, '_>) -> Result<Flow, Failure> {
    if call.flags.args.is_empty() {
        let text = help::verb(call.verb, call.env);
        call.ctx.err(&text);
        return Ok(Flow::Done(1));
    }
    Err(call.usage(format!("unknown command {:?}", call.flags.args.join(" "))))
}

/// The objects that a rollout verb is about.
fn visit(call: &mut Call<'_, '_>) -> Result<Visit, Failure> {
    if call.flags.args.is_empty() && !call.has_files() {
        return Err(Failure::plain("required resource not specified"));
    }
    let mut builder = call.builder();
    builder.empty_selector_is_all = true;
    builder.files_are_live = true;
    builder.visit(call.ctx, call.env)
}

/// Runs something for each object and collects what goes wrong.
fn for_each(
    call: &mut Call<'_, '_>,
    one: &mut dyn FnMut(&mut Call<'_, '_>, &Info) -> Result<(), Failure>,
) -> Result<Flow, Failure> {
    let (infos, mut failures) = visit(call)?.into_infos();
    for info in &infos {
        failures.extend(one(call, info).err());
    }
    Failure::of(failures).map_or(Ok(Flow::Done(0)), Err)
}

/// The same with what `-o` asks for.
fn for_each_printed(
    call: &mut Call<'_, '_>,
    one: &mut dyn FnMut(&mut Call<'_, '_>, &Info, &mut Output) -> Result<(), Failure>,
) -> Result<Flow, Failure> {
    let mut output = Output::read(call.ctx, call.env, &call.flags, Formats::Operation)?;
    for_each(call, &mut |call, info| one(call, info, &mut output))
}

/// The live object as JSON.
fn live(info: &Info) -> Value {
    info.live.as_ref().map(Object::encode).unwrap_or_default()
}
