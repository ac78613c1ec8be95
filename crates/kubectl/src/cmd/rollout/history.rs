//! `kubectl rollout history`: the templates that an object has had.
//!
//! Models: kubernetes v1.36 kubectl/pkg/polymorphichelpers/historyviewer.go.

use api::{ControllerRevision, Object, Value};
use ordered::Arrange;

use super::super::call::{CHANGE_CAUSE, DryRun};
use super::super::{Call, Flow, PLAIN, Verb, shared};
use crate::builder::{Info, type_of};
use crate::context::Context;
use crate::describe;
use crate::failure::Failure;
use crate::flags::Flag;
use crate::mapping::Mapping;
use crate::output::{Formats, Output, Printer};
use crate::printers::tabwriter::TabWriter;

/// The verb.
pub static ROLLOUT_HISTORY: Verb = Verb {
    path: "rollout history",
    summary: "List the revisions of an object's template, or show one",
    usage: "(TYPE NAME | TYPE/NAME) [flags] [options]",
    flags: &[&[Flag::int("revision", "0")], shared::OUTPUT, shared::FILES, shared::SELECTOR],
    run,
    ..PLAIN
};

fn run(call: &mut Call<'_, '_>) -> Result<Flow, Failure> {
    let revision = call.flags.int("revision");
    if revision < 0 {
        return Err(Failure::Plain(format!("revision must be a positive integer: {revision}")));
    }
    let mut output = Output::read(call.ctx, call.env, &call.flags, Formats::Operation)?;
    // A template without `-o` is about the object, not about its revisions.
    let shows_revisions = !call.flags.text("output").is_empty();
    match &mut output {
        Output::Objects(printer) if shows_revisions => {
            super::for_each(call, &mut |call, info| print(call, info, printer))
        }
        output => super::for_each(call, &mut |call, info| show(call, info, output)),
    }
}

/// `-o`: the objects as they were in each revision.
fn print(call: &mut Call<'_, '_>, info: &Info, printer: &mut Printer) -> Result<(), Failure> {
    let history = revisions(call.ctx, info)?;
    let wanted = call.flags.int("revision");
    if wanted > 0 && history.iter().all(|revision| revision.number != wanted) {
        return Err(Failure::plain("unable to find the specified revision"));
    }
    for revision in history.iter().filter(|revision| wanted == 0 || revision.number == wanted) {
        let object = match revision.object.get::<ControllerRevision>() {
            Some(stored) => restored(info, &stored.data)?,
            None => revision.object.encode(),
        };
        let text = printer.print_typed(&object)?;
        call.ctx.out(&text);
    }
    Ok(())
}

/// The object as it is now, with the template of a revision.
fn restored(info: &Info, revision: &Value) -> Result<Value, Failure> {
    let Some(type_) = type_of(info.mapping) else { return Ok(super::live(info)) };
    api::patch::strategic::apply(&super::live(info), revision, type_).map_err(|error| Failure::Plain(error.to_string()))
}

fn show(call: &mut Call<'_, '_>, info: &Info, output: &mut Output) -> Result<(), Failure> {
    let history = revisions(call.ctx, info)?;
    let wanted = call.flags.int("revision");
    let (head, text) = if wanted > 0 {
        let found = history.iter().find(|revision| revision.number == wanted);
        let found = found.ok_or_else(|| Failure::plain("unable to find the specified revision"))?;
        (format!("with revision #{wanted}"), describe::pod_template(&found.template))
    } else if history.is_empty() {
        (String::new(), "No rollout history found.".to_string())
    } else {
        (String::new(), table(&history))
    };
    call.print_typed_outcome(output, info, &super::live(info), &format!("{head}\n{text}"), DryRun::None)
}

fn table(history: &[Revision]) -> String {
    let mut text = String::from("REVISION\tCHANGE-CAUSE\n");
    for revision in history {
        text.push_str(&format!("{}\t{}\n", revision.number, revision.change_cause));
    }
    TabWriter::for_descriptions().format(&text)
}

/// One entry of a history.
#[derive(Clone, Debug, PartialEq)]
pub struct Revision {
    /// Its number, from 1.
    pub number: i64,
    /// Why it was made, or `<none>`.
    pub change_cause: String,
    /// The pod template.
    pub template: Value,
    /// The object that keeps it.
    pub object: Object,
}

/// The history of an object, oldest first.
pub fn revisions(ctx: &Context<'_>, info: &Info) -> Result<Vec<Revision>, Failure> {
    let mut found = match info.mapping.qualified_plural().as_str() {
        "statefulsets.apps" | "daemonsets.apps" => controller_revisions(ctx, info)?,
        "deployments.apps" => replica_sets(ctx, info)?,
        _ => {
            let kind = super::status::group_kind(info);
            return Err(Failure::Plain(format!("no history viewer has been implemented for {kind:?}")));
        }
    };
    found.arrange_by_key(|revision| revision.number);
    Ok(found)
}

fn owned(ctx: &Context<'_>, info: &Info, kind: api::Kind) -> Result<Vec<Object>, Failure> {
    let uid = info.live.as_ref().map(|live| live.metadata().uid.clone()).unwrap_or_default();
    let objects = ctx.list(kind, Some(&info.namespace))?;
    Ok(objects.into_iter().filter(|object| object.metadata().is_controlled_by(&uid)).collect())
}

fn change_cause(object: &Object) -> String {
    object.metadata().annotations.get(CHANGE_CAUSE).unwrap_or("<none>").to_string()
}

fn controller_revisions(ctx: &Context<'_>, info: &Info) -> Result<Vec<Revision>, Failure> {
    let revision = |object: Object| {
        let stored = object.get::<ControllerRevision>()?.clone();
        let mut template = stored.data.at(&["spec", "template"]).clone();
        template.remove(&["$patch"]);
        Some(Revision { number: stored.revision, change_cause: change_cause(&object), template, object })
    };
    Ok(owned(ctx, info, api::Kind::ControllerRevision)?.into_iter().filter_map(revision).collect())
}

fn replica_sets(ctx: &Context<'_>, info: &Info) -> Result<Vec<Revision>, Failure> {
    let Some(kind) = Mapping::find("replicasets").ok().and_then(Mapping::kind) else { return Ok(Vec::new()) };
    let revision = |object: Object| {
        let number = object.metadata().annotations.get("deployment.kubernetes.io/revision")?.parse().ok()?;
        let template = object.encode_body().at(&["spec", "template"]).clone();
        Some(Revision { number, change_cause: change_cause(&object), template, object })
    };
    Ok(owned(ctx, info, kind)?.into_iter().filter_map(revision).collect())
}
