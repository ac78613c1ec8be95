//! `kubectl apply view-last-applied`, `set-last-applied`: the manifests that the annotation keeps.
//!
//! Models: kubernetes v1.36 kubectl/pkg/cmd/apply/apply_view_last_applied.go, apply_set_last_applied.go.

use api::Value;
use api::text::{json, yaml};
use client::{FieldValidation, Patch, PatchKind};

use super::apply::{LAST_APPLIED, with_last_applied};
use super::call::DryRun;
use super::{Call, Flow, PLAIN, Verb, shared};
use crate::failure::Failure;
use crate::flags::Flag;
use crate::output::{Formats, Output};

/// The verb.
pub static VIEW_LAST_APPLIED: Verb = Verb {
    path: "apply view-last-applied",
    summary: "Show the manifest that was applied last",
    usage: "(TYPE [NAME | -l label] | TYPE/NAME | -f FILENAME) [options]",
    flags: &[&[Flag::text("output").short('o').default("yaml")], shared::ALL, shared::FILES, shared::SELECTOR],
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

/// `kubectl apply set-last-applied`
pub static SET_LAST_APPLIED: Verb = Verb {
    path: "apply set-last-applied",
    summary: "Note a manifest as the one that was applied last, without applying it",
    usage: "-f FILENAME [options]",
    flags: &[&[Flag::bool("create-annotation"), Flag::slice("filename").short('f')], shared::OUTPUT, shared::DRY_RUN],
    run: set,
    ..PLAIN
};

fn set(call: &mut Call<'_, '_>) -> Result<Flow, Failure> {
    let dry_run = call.dry_run()?;
    let mut output = Output::read(call.ctx, call.env, &call.flags, Formats::Operation)?;
    let (infos, failures) = call.builder().visit(call.ctx, call.env)?.into_infos();
    if let Some(failure) = Failure::of(failures) {
        return Err(failure);
    }
    // All are looked at before the first is changed.
    let mut changes = Vec::new();
    for mut info in infos {
        let live = info.get(call.ctx)?;
        let noted = with_last_applied(&info.manifest);
        let noted = noted.at(&["metadata", "annotations", LAST_APPLIED]).text();
        let before = live.metadata().annotations.get(LAST_APPLIED);
        if before.is_none() && !call.flags.is_on("create-annotation") {
            return Err(Failure::Plain(format!(
                "no last-applied-configuration annotation found on resource: {}, to create the annotation, run the command \
                 with --create-annotation",
                info.name
            )));
        }
        if before.is_some_and(|before| before.trim() == noted.trim()) {
            call.ctx.out(&format!("set-last-applied {}: no changes required.\n", info.name));
            continue;
        }
        let mut body = Value::map();
        body.set(&["metadata", "annotations", LAST_APPLIED], noted);
        changes.push((info, body));
    }
    for (info, body) in changes {
        let mut after = info.live.as_ref().map(api::Object::encode).unwrap_or_default();
        if dry_run != DryRun::Client {
            let kind = info.mapping.kind_supported()?;
            let options = call.write_options(dry_run, "kubectl-client-side-apply", FieldValidation::Ignore);
            let patch = Patch { kind: PatchKind::Merge, body };
            after = call.ctx.api.patch(kind, &info.key(), &patch, &options)?.object.encode();
        }
        match &mut output {
            Output::Objects(printer) => {
                let text = printer.print(&after)?;
                call.ctx.out(&text);
            }
            Output::Human | Output::Wide => call.print_operation(&info, "configured", dry_run),
        }
    }
    Ok(Flow::Done(0))
}
