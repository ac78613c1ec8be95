//! `kubectl patch`: sends a patch as it was written.
//!
//! Models: kubernetes v1.36 kubectl/pkg/cmd/patch.

use api::text::{json, yaml};
use api::{Status, Value};
use client::{FieldValidation, Patch, PatchKind, WriteOptions};

use super::call::{DryRun, refuse};
use super::{Call, Flow, PLAIN, Verb, shared};
use crate::builder::{Builder, Info, type_of};
use crate::failure::Failure;
use crate::files;
use crate::flags::Flag;
use crate::output::{Formats, Output};
use crate::rest::Part;

/// The verb.
pub static PATCH: Verb = Verb {
    path: "patch",
    summary: "Change fields of an object",
    usage: "(-f FILENAME | TYPE NAME) [-p PATCH|--patch-file FILE] [options]",
    flags: &[
        &[
            Flag::bool("local"),
            Flag::text("patch").short('p'),
            Flag::text("patch-file"),
            Flag::text("subresource"),
            Flag::text("type").default("strategic"),
        ],
        shared::OUTPUT,
        shared::RECORD,
        shared::FILES,
        shared::DRY_RUN,
        shared::FIELD_MANAGER,
    ],
    run,
    ..PLAIN
};

fn run(call: &mut Call<'_, '_>) -> Result<Flow, Failure> {
    let (text, file) = (call.flags.text("patch"), call.flags.text("patch-file"));
    match (text.is_empty(), file.is_empty()) {
        (true, true) => {
            let refusal = "must specify --patch or --patch-file containing the contents of the patch";
            return Err(Failure::plain(refusal));
        }
        (false, false) => return Err(Failure::plain("cannot specify --patch and --patch-file together")),
        (true, false) | (false, true) => {}
    }
    let kind = patch_kind(&call.flags.text("type"))?;
    let dry_run = call.dry_run()?;
    let is_local = call.flags.is_on("local");
    refuse(&[
        (is_local && !call.flags.args.is_empty(), "cannot specify --local and server resources"),
        (
            is_local && dry_run == DryRun::Server,
            "cannot specify --local and --dry-run=server - did you mean --dry-run=client?",
        ),
    ])?;
    let text = if text.is_empty() { read_file(call, &file)? } else { text.to_string() };
    let output = Output::read(call.ctx, call.env, &call.flags, Formats::Operation)?;
    let body = parse(&text)?;
    let builder = Builder { subresource: call.flags.text("subresource"), is_local, ..call.builder() };
    let (infos, mut failures) = builder.visit(call.ctx, call.env)?.into_infos();
    if infos.is_empty() && failures.is_empty() {
        return Err(Failure::plain("no objects passed to patch"));
    }
    for info in &infos {
        let request = body.clone().map(|body| Patch { kind, body });
        if let Err(failure) = patch_one(call, info, request, dry_run, output.clone()) {
            failures.push(failure);
        }
    }
    Failure::of(failures).map_or(Ok(Flow::Done(0)), Err)
}

fn read_file(call: &mut Call<'_, '_>, file: &str) -> Result<String, Failure> {
    if file == "-" || file == "/dev/stdin" {
        return Ok(call.stdin.clone());
    }
    let read = files::read_text(call.ctx, call.env, file);
    read.map_err(|failure| Failure::Plain(format!("unable to read patch file: {}", failure.message())))
}

fn patch_kind(name: &str) -> Result<PatchKind, Failure> {
    match name.to_lowercase().as_str() {
        "json" => Ok(PatchKind::Json),
        "merge" => Ok(PatchKind::Merge),
        "strategic" | "" => Ok(PatchKind::Strategic),
        _ => Err(Failure::Plain(format!("--type must be one of [json merge strategic], not {name:?}"))),
    }
}

/// The patch as a value. What looks like JSON goes to the server unread: that it is none is the server's complaint.
fn parse(text: &str) -> Result<Result<Value, Failure>, Failure> {
    if text.trim_start().starts_with('{') {
        let refuse = |error: json::JsonError| Failure::from(Status::bad_request(error.to_string()));
        return Ok(json::read(text).map_err(refuse));
    }
    yaml::read(text).map(Ok).map_err(|error| Failure::Plain(format!("unable to parse {text:?}: {error}")))
}

fn patch_one(
    call: &mut Call<'_, '_>,
    info: &Info,
    request: Result<Patch, Failure>,
    dry_run: DryRun,
    output: Output,
) -> Result<(), Failure> {
    let kind = info.mapping.kind_supported()?;
    call.warn_if_deprecated(info.mapping);
    let request = request?;
    let part = Part::read(info.mapping, &call.flags.text("subresource"))?;
    let before = info.live.as_ref().map_or_else(|| info.manifest.clone(), |live| part.of(live));
    let mut after = if dry_run == DryRun::Client || call.flags.is_on("local") {
        patch_locally(info, part, &before, &request)?
    } else {
        let options = call.write_options(dry_run, "kubectl-patch", FieldValidation::Warn);
        let options = WriteOptions { subresource: part.to_write(), ..options };
        let written = call.ctx.api.patch(kind, &info.key(), &request, &options)?;
        call.warn_all(&written.warnings);
        part.of(&written.object)
    };
    let operation = if before == after { "patched (no change)" } else { "patched" };
    if dry_run != DryRun::Client && !call.flags.is_on("local") {
        let recorded = call.record_afterwards(info, part, dry_run, "kubectl-patch");
        after = recorded.map_or(after, |object| part.of(&object));
    }
    match output {
        Output::Objects(mut printer) => {
            let text = printer.print(&after)?;
            call.ctx.out(&text);
        }
        Output::Human | Output::Wide => {
            print_part(call, info, part, operation, dry_run);
        }
    }
    Ok(())
}

/// An operation of a JSON patch.
pub fn replace(path: &str, value: Value) -> Value {
    let mut operation = Value::map();
    operation.set(&["op"], "replace");
    operation.set(&["path"], path);
    operation.set(&["value"], value);
    operation
}

/// `deployment.apps/web patched`; a Scale goes by its own name.
pub fn print_part(call: &mut Call<'_, '_>, info: &Info, part: Part, operation: &str, dry_run: DryRun) {
    if part != Part::Scale {
        return call.print_operation(info, operation, dry_run);
    }
    let line = format!("scale.autoscaling/{} {operation}{}\n", info.name, dry_run.suffix());
    call.ctx.out(&line);
}

fn patch_locally(info: &Info, part: Part, before: &Value, request: &Patch) -> Result<Value, Failure> {
    let patched = match (request.kind, type_of(info.mapping).filter(|_| part != Part::Scale)) {
        (PatchKind::Json, _) => api::patch::json::apply(before, &request.body),
        (PatchKind::Strategic, Some(type_)) => api::patch::strategic::apply(before, &request.body, type_),
        (PatchKind::Strategic | PatchKind::Merge | PatchKind::Apply, _) => {
            api::patch::merge::apply(before, &request.body)
        }
    };
    patched.map_err(|error| Failure::Plain(error.to_string()))
}
