//! `kubectl apply`: makes objects look like their manifests, with a three-way patch or by the server.
//!
//! An object that is there gets a strategic patch made of the manifest applied last (an annotation), the new manifest
//! and the live object. An empty patch is not sent: `unchanged`. A kind whose manifest leaves out what the server fills
//! into a replaced list (`volumeClaimTemplates`) never has an empty patch, so it is `configured` every time.
//!
//! Models: kubernetes v1.36 kubectl/pkg/cmd/apply (apply.go, patcher.go), kubectl/pkg/util/apply.go.

use std::collections::VecDeque;

use api::patch::three_way::{self, Overwrite};
use api::text::json;
use api::{Object, Reason, Value};
use client::{FieldValidation, Patch, PatchKind, Subresource};

use super::call::{DryRun, Held, unsupported};
use super::{Call, Flow, PLAIN, Progress, Verb, shared};
use crate::builder::{Info, Validation, type_of};
use crate::context::Context;
use crate::failure::Failure;
use crate::flags::Flag;
use crate::output::{Formats, Output, list_of};

/// Where the manifest applied last is kept.
pub const LAST_APPLIED: &str = "kubectl.kubernetes.io/last-applied-configuration";
/// How often a patch that met a conflict is made anew.
const RETRIES_MAX: usize = 5;

/// The verb.
pub static APPLY: Verb = Verb {
    path: "apply",
    summary: "Make objects look like the manifests in files or standard input",
    usage: "(-f FILENAME | -k DIRECTORY) [options]",
    flags: &[
        &[
            Flag::bool("all", "With --prune: all objects."),
            Flag::text("cascade", "With --force: background, orphan or foreground.")
                .default("background")
                .bare("background"),
            Flag::bool("force", "Delete and create anew what cannot be patched."),
            Flag::bool("force-conflicts", "With --server-side: take fields from other managers."),
            Flag::int("grace-period", "-1", "With --force: seconds for the old object."),
            Flag::bool("openapi-patch", "Make the patch from the server's schema.").default("true"),
            Flag::bool("overwrite", "Overwrite what others changed.").default("true"),
            Flag::bool("prune", "Delete objects that are no longer in the files."),
            Flag::array("prune-allowlist", "Resources that may be pruned."),
            Flag::bool("server-side", "Let the server merge."),
            Flag::text("subresource", "With --server-side: the subresource."),
            Flag::duration("timeout", "0s", "With --force: how long to wait."),
            Flag::bool("wait", "Wait until deleted objects are gone."),
        ],
        shared::OUTPUT,
        shared::FILES,
        shared::SELECTOR,
        shared::DRY_RUN,
        shared::VALIDATE,
        shared::FIELD_MANAGER,
    ],
    run,
    ..PLAIN
};

/// What the flags say.
#[derive(Clone, Debug)]
struct Options {
    dry_run: DryRun,
    validation: FieldValidation,
    overwrite: Overwrite,
}

fn run(call: &mut Call<'_, '_>) -> Result<Flow, Failure> {
    if !call.flags.args.is_empty() {
        return Err(call.usage(format!("Unexpected args: [{}]", call.flags.args.join(" "))));
    }
    let dry_run = call.dry_run()?;
    call.require_files()?;
    let options = Options {
        dry_run,
        validation: call.validation()?,
        overwrite: if call.flags.is_on("overwrite") { Overwrite::Yes } else { Overwrite::No },
    };
    check_flags(call, &options)?;
    let output = Output::read(call.ctx, call.env, &call.flags, Formats::Operation)?;
    let mut builder = call.builder();
    builder.validation =
        if options.validation == FieldValidation::Ignore { Validation::Off } else { Validation::Client };
    let (infos, failures) = builder.visit(call.ctx, call.env)?.into_infos();
    if infos.is_empty() && failures.is_empty() {
        return Err(Failure::plain("no objects passed to apply"));
    }
    Ok(Applying { call: call.hold(), options, output, rest: infos.into(), applied: Vec::new(), failures }.into())
}

/// Applies objects one after the other.
#[derive(Clone, Debug)]
pub struct Applying {
    call: Held,
    options: Options,
    output: Output,
    rest: VecDeque<Info>,
    applied: Vec<Value>,
    failures: Vec<Failure>,
}

impl Applying {
    /// Applies the objects whose time has come.
    pub fn step(&mut self, ctx: &mut Context<'_>) -> Result<Progress, Failure> {
        while !self.rest.is_empty() {
            if let Some(until) = self.call.pause(ctx) {
                return Ok(Progress::Blocked { wake: Some(until) });
            }
            let Some(mut info) = self.rest.pop_front() else { break };
            let Applying { call, options, output, applied, failures, .. } = self;
            call.resume(ctx, |call| {
                call.warn_if_deprecated(info.mapping);
                match apply_one(call, &mut info, options) {
                    Ok((object, operation)) => match output {
                        Output::Objects(_) => applied.push(object),
                        Output::Human | Output::Wide => call.print_operation(&info, operation, options.dry_run),
                    },
                    Err(failure) => failures.push(failure),
                }
            });
        }
        print_objects(ctx, &mut self.output, std::mem::take(&mut self.applied))?;
        Failure::of(std::mem::take(&mut self.failures)).map_or(Ok(Progress::Done(0)), Err)
    }
}

fn check_flags(call: &Call<'_, '_>, options: &Options) -> Result<(), Failure> {
    let is_on = |name: &str| call.flags.is_on(name);
    let server_side = is_on("server-side");
    let refusal = if is_on("force-conflicts") && !server_side {
        "--force-conflicts only works with --server-side"
    } else if options.dry_run == DryRun::Client && server_side {
        "--dry-run=client doesn't work with --server-side (did you mean --dry-run=server instead?)"
    } else if server_side && is_on("force") {
        "--force cannot be used with --server-side"
    } else if options.dry_run == DryRun::Server && is_on("force") {
        "--dry-run=server cannot be used with --force"
    } else if is_on("all") && !call.flags.text("selector").is_empty() {
        "cannot set --all and --selector at the same time"
    } else if !call.flags.text("subresource").is_empty() && !server_side {
        "--subresource can only be specified for --server-side"
    } else {
        ""
    };
    if !refusal.is_empty() {
        return Err(Failure::plain(refusal));
    }
    for (flag, what) in [("prune", "pruned objects (--prune)"), ("force", "forced replacements (--force)")] {
        if is_on(flag) {
            return Err(unsupported(what));
        }
    }
    Ok(())
}

fn print_objects(ctx: &mut Context<'_>, output: &mut Output, mut applied: Vec<Value>) -> Result<(), Failure> {
    let Output::Objects(printer) = output else { return Ok(()) };
    let value = match applied.len() {
        0 => return Ok(()),
        1 => applied.remove(0),
        _ => list_of(applied),
    };
    let text = printer.print(&value)?;
    ctx.out(&text);
    Ok(())
}

/// Applies one manifest. Answers with the object as it is then, and what was done.
fn apply_one(call: &mut Call<'_, '_>, info: &mut Info, options: &Options) -> Result<(Value, &'static str), Failure> {
    if info.name.is_empty() {
        let prefix = info.manifest.at(&["metadata", "generateName"]).text();
        if !prefix.is_empty() {
            return Err(Failure::Plain(format!("from {prefix}: cannot use generate name with apply")));
        }
    }
    if call.flags.is_on("server-side") {
        return apply_on_server(call, info, options);
    }
    match info.get(call.ctx) {
        Ok(live) => update(call, info, &live, options),
        Err(failure) if failure.is_not_found() => create(call, info, options),
        Err(failure) => {
            let doing = format!("retrieving current configuration of:\n{}\nfrom server for:", describe(info));
            Err(failure.with_source(&doing, &info.source))
        }
    }
}

fn describe(info: &Info) -> String {
    let (resource, kind) = (info.mapping.version_resource(), info.mapping.version_kind());
    format!(
        "Resource: {resource:?}, GroupVersionKind: {kind:?}\nName: {:?}, Namespace: {:?}",
        info.name.as_str(),
        info.namespace.as_str()
    )
}

fn create(call: &mut Call<'_, '_>, info: &Info, options: &Options) -> Result<(Value, &'static str), Failure> {
    let mut body = with_last_applied(&info.manifest);
    prune_nulls(&mut body, 0);
    if options.dry_run == DryRun::Client {
        return Ok((body, "created"));
    }
    let kind = info.mapping.kind_supported()?;
    let write = call.write_options(options.dry_run, "kubectl-client-side-apply", options.validation);
    let written = call.ctx.api.create_value(kind, &info.namespace, body, &write);
    let written = written.map_err(|status| Failure::from(status).with_source("creating", &info.source))?;
    call.warn_all(&written.warnings);
    Ok((written.object.encode(), "created"))
}

fn update(
    call: &mut Call<'_, '_>,
    info: &Info,
    live: &Object,
    options: &Options,
) -> Result<(Value, &'static str), Failure> {
    if live.metadata().annotations.get(LAST_APPLIED).is_none() {
        call.warn(&format!(
            "resource {} is missing the {LAST_APPLIED} annotation which is required by kubectl apply. kubectl apply should \
             only be used on resources created declaratively by either kubectl create --save-config or kubectl apply. The \
             missing annotation will be patched automatically.",
            info.object_name()
        ));
    }
    let modified = with_last_applied(&info.manifest);
    let mut current = live.clone();
    let mut attempt = 0;
    let (patch, object) = loop {
        let patch = make_patch(call, info, &modified, &current, options)?;
        match send(call, info, &current, &patch, options) {
            Ok(object) => break (patch, object),
            Err(failure) if failure.reason() == Some(Reason::Conflict) && attempt < RETRIES_MAX => {
                attempt += 1;
                current = info.clone().get(call.ctx)?;
            }
            Err(failure) => return Err(patch_failure(failure, info, &json::write_compact(&patch))),
        }
    };
    if object.at(&["metadata", "deletionTimestamp"]).as_str().is_some() {
        call.warn(&format!("Detected changes to resource {} which is currently being deleted.", info.name));
    }
    let operation = if is_empty(&patch) { "unchanged" } else { "configured" };
    Ok((object, operation))
}

fn is_empty(patch: &Value) -> bool {
    patch.as_map().is_some_and(|map| map.is_empty())
}

fn patch_failure(failure: Failure, info: &Info, patch: &str) -> Failure {
    let doing = format!("applying patch:\n{patch}\nto:\n{}\nfor:", describe(info));
    failure.with_source("patching", &info.source).with_source(&doing, &info.source)
}

fn make_patch(
    call: &mut Call<'_, '_>,
    info: &Info,
    modified: &Value,
    live: &Object,
    options: &Options,
) -> Result<Value, Failure> {
    let current = live.encode();
    let original_text = live.metadata().annotations.get(LAST_APPLIED).unwrap_or_default().to_string();
    let original = json::read(&original_text).unwrap_or_default();
    let made = match type_of(info.mapping) {
        Some(type_) => three_way::create(&original, modified, &current, type_, options.overwrite),
        None => three_way::create_json_merge(&original, modified, &current),
    };
    made.map_err(|error| {
        // kubectl tries three descriptions of the same schema one after the other.
        for source in ["openapi v3 spec", "openapi spec"] {
            call.ctx.err(&format!("warning: error calculating patch from {source}: {error}\n"));
        }
        let text = |value: &Value| json::write_compact(value) + "\n";
        let message = format!(
            "creating patch with:\noriginal:\n{original_text}\nmodified:\n{}\ncurrent:\n{}\nfor: {error}",
            text(modified),
            text(&current)
        );
        patch_failure(Failure::Plain(message), info, "")
    })
}

fn send(
    call: &mut Call<'_, '_>,
    info: &Info,
    live: &Object,
    patch: &Value,
    options: &Options,
) -> Result<Value, Failure> {
    if is_empty(patch) {
        return Ok(live.encode());
    }
    if options.dry_run == DryRun::Client {
        let applied = match type_of(info.mapping) {
            Some(type_) => api::patch::strategic::apply(&live.encode(), patch, type_),
            None => api::patch::merge::apply(&live.encode(), patch),
        };
        return applied.map_err(|error| Failure::Plain(format!("applying patch locally: {error}")));
    }
    let kind = info.mapping.kind_supported()?;
    let write = call.write_options(options.dry_run, "kubectl-client-side-apply", options.validation);
    let request = Patch { kind: PatchKind::Strategic, body: patch.clone(), subresource: Subresource::None };
    let written = call.ctx.api.patch(kind, &info.key(), &request, &write)?;
    call.warn_all(&written.warnings);
    Ok(written.object.encode())
}

fn apply_on_server(call: &mut Call<'_, '_>, info: &Info, options: &Options) -> Result<(Value, &'static str), Failure> {
    let kind = info.mapping.kind_supported()?;
    let mut write = call.write_options(options.dry_run, "kubectl", options.validation);
    write.force = call.flags.is_on("force-conflicts");
    let request = Patch { kind: PatchKind::Apply, body: info.manifest.clone(), subresource: Subresource::None };
    match call.ctx.api.patch(kind, &info.key(), &request, &write) {
        Ok(written) => {
            call.warn_all(&written.warnings);
            Ok((written.object.encode(), "serverside-applied"))
        }
        Err(status) if status.reason == Reason::Conflict => Err(Failure::Plain(format!(
            "{}\nPlease review the fields above--they currently have other managers. Here\nare the ways you can resolve \
             this warning:\n* If you intend to manage all of these fields, please re-run the apply\n  command with the \
             `--force-conflicts` flag.\n* If you do not intend to manage all of the fields, please edit your\n  manifest to \
             remove references to the fields that should keep their\n  current managers.\n* You may co-own fields by \
             updating your manifest to match the existing\n  value; in this case, you'll become the manager if the other \
             manager(s)\n  stop managing the field (remove it from their configuration).\nSee \
             https://kubernetes.io/docs/reference/using-api/server-side-apply/#conflicts",
            status.message
        ))),
        Err(status) => Err(status.into()),
    }
}

/// The manifest with itself in the annotation, `annotations` being there in any case.
pub fn with_last_applied(manifest: &Value) -> Value {
    let mut plain = manifest.clone();
    if plain.at(&["metadata", "annotations"]).as_map().is_none() {
        plain.set(&["metadata", "annotations"], Value::map());
    }
    plain.remove(&["metadata", "annotations", LAST_APPLIED]);
    let text = json::write_compact(&plain) + "\n";
    plain.set(&["metadata", "annotations", LAST_APPLIED], text);
    plain
}

/// Drops fields that are null: a create makes of them what an update would.
fn prune_nulls(value: &mut Value, depth: u16) {
    if depth > api::patch::DEPTH_MAX {
        return;
    }
    match value {
        Value::Map(map) => {
            map.retain(|_, value| !value.is_null());
            map.values_mut().for_each(|value| prune_nulls(value, depth + 1));
        }
        Value::List(list) => list.iter_mut().for_each(|value| prune_nulls(value, depth + 1)),
        Value::Null | Value::Bool(_) | Value::Int(_) | Value::Float(_) | Value::Str(_) => {}
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_annotation_holds_the_manifest_and_nothing_of_itself() {
        let manifest =
            api::text::yaml::read("kind: A\nmetadata: {name: x, namespace: default}\nspec: {b: null}").unwrap();
        let applied = with_last_applied(&manifest);
        let expect = "{\"kind\":\"A\",\"metadata\":{\"annotations\":{},\"name\":\"x\",\"namespace\":\"default\"},\
                      \"spec\":{\"b\":null}}\n";
        assert_eq!(applied.at(&["metadata", "annotations", LAST_APPLIED]).text(), expect);
        assert_eq!(with_last_applied(&applied), applied);
    }
}
