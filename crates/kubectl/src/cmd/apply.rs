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
use client::{FieldValidation, Patch, PatchKind};
use sim::{Span, Time};

use super::applyset::ApplySet;
use super::call::{DryRun, Held};
use super::prune::Prune;
use super::{Call, Flow, PLAIN, Progress, Verb, shared};
use crate::builder::{Info, Validation, type_of};
use crate::context::Context;
use crate::failure::Failure;
use crate::flags::Flag;
use crate::output::{Formats, Output, list_of};
use crate::rest::Part;

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
            Flag::bool("all"),
            Flag::text("applyset").gated("KUBECTL_APPLYSET"),
            Flag::text("cascade").default("background").bare("background"),
            Flag::bool("force"),
            Flag::bool("force-conflicts"),
            Flag::int("grace-period", "-1"),
            Flag::bool("openapi-patch").default("true"),
            Flag::bool("overwrite").default("true"),
            Flag::bool("prune"),
            Flag::array("prune-allowlist"),
            Flag::bool("server-side"),
            Flag::text("subresource"),
            Flag::duration("timeout", "0s"),
            Flag::bool("wait"),
        ],
        shared::OUTPUT,
        shared::RECORD,
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
    let set = ApplySet::read(call)?;
    let prune = Prune::read(call)?;
    check_flags(call, &options, set.as_ref())?;
    let output = Output::read(call.ctx, call.env, &call.flags, Formats::Operation)?;
    let mut builder = call.builder();
    builder.validation =
        if options.validation == FieldValidation::Ignore { Validation::Off } else { Validation::Client };
    let (mut infos, mut failures) = builder.visit(call.ctx, call.env)?.into_infos();
    if infos.is_empty() && failures.is_empty() {
        return Err(Failure::plain("no objects passed to apply"));
    }
    let prune = match set {
        Some(mut set) => {
            if let Err(failure) = set.label(&mut infos) {
                (infos, failures) = (Vec::new(), vec![failure]);
            }
            set.begin(call, &infos, dry_run)?;
            Some(Pruner::OfSet(set))
        }
        None => prune.map(Pruner::OfLists),
    };
    let (call, rest) = (call.hold(), infos.into());
    Ok(Applying { call, options, output, rest, forced: None, prune, applied: Vec::new(), failures }.into())
}

/// Applies objects one after the other.
#[derive(Clone, Debug)]
pub struct Applying {
    call: Held,
    options: Options,
    output: Output,
    rest: VecDeque<Info>,
    /// The object that is being deleted, to be created anew.
    forced: Option<Box<Forced>>,
    prune: Option<Pruner>,
    applied: Vec<Value>,
    failures: Vec<Failure>,
}

impl Applying {
    /// Applies the objects whose time has come.
    pub fn step(&mut self, ctx: &mut Context<'_>) -> Result<Progress, Failure> {
        loop {
            if let Some(mut forced) = self.forced.take() {
                if let Some(wake) = forced.waits_until(ctx) {
                    self.forced = Some(forced);
                    return Ok(Progress::Blocked { wake: Some(wake) });
                }
                let options = self.options.clone();
                let applied = self.call.resume(ctx, |call| forced.create(call, &options));
                self.take(ctx, &forced.info, applied);
            }
            if self.rest.is_empty() {
                return self.end(ctx);
            }
            if let Some(until) = self.call.pause(ctx) {
                return Ok(Progress::Blocked { wake: Some(until) });
            }
            let Some(mut info) = self.rest.pop_front() else { continue };
            let options = self.options.clone();
            let applied = self.call.resume(ctx, |call| {
                call.warn_if_deprecated(info.mapping);
                apply_one(call, &mut info, &options)
            });
            self.take(ctx, &info, applied);
        }
    }

    fn take(&mut self, ctx: &mut Context<'_>, info: &Info, applied: Result<Applied, Failure>) {
        if let Some(prune) = &mut self.prune {
            let uid = match &applied {
                Ok(Applied::Done(object, _)) => object.at(&["metadata", "uid"]).text(),
                Ok(Applied::Forced(_)) | Err(_) => "",
            };
            match prune {
                Pruner::OfLists(prune) => prune.visit(info, uid),
                Pruner::OfSet(set) => set.visit(uid),
            }
        }
        match applied {
            Ok(Applied::Done(object, operation)) => match &self.output {
                Output::Objects(_) => self.applied.push(object),
                Output::Human | Output::Wide => {
                    let dry_run = self.options.dry_run;
                    self.call.resume(ctx, |call| call.print_operation(info, operation, dry_run));
                }
            },
            Ok(Applied::Forced(forced)) => self.forced = Some(forced),
            Err(failure) => self.failures.push(failure),
        }
    }

    /// Prints what is printed of all objects at once, and prunes; neither if an object failed.
    fn end(&mut self, ctx: &mut Context<'_>) -> Result<Progress, Failure> {
        if let Some(failure) = Failure::of(std::mem::take(&mut self.failures)) {
            return Err(failure);
        }
        print_objects(ctx, &mut self.output, std::mem::take(&mut self.applied))?;
        if let Some(prune) = self.prune.take() {
            let (dry_run, output) = (self.options.dry_run, &mut self.output);
            self.call.resume(ctx, |call| match prune {
                Pruner::OfLists(prune) => prune.run(call, dry_run, output),
                Pruner::OfSet(set) => set.prune(call, dry_run, output),
            })?;
        }
        Ok(Progress::Done(0))
    }
}

/// What goes because it is applied no longer.
#[derive(Clone, Debug)]
enum Pruner {
    /// Of some kinds, whatever an earlier apply has made.
    OfLists(Prune),
    /// The members of a set.
    OfSet(ApplySet),
}

/// What applying a manifest led to.
enum Applied {
    /// The object as it is then, and what was done.
    Done(Value, &'static str),
    /// The object is being deleted.
    Forced(Box<Forced>),
}

/// An object that could not be patched (`--force`): it goes, and is created anew.
#[derive(Clone, Debug)]
struct Forced {
    info: Info,
    original: Value,
    modified: Value,
    /// When it is looked at again.
    look_at: Time,
    until: Time,
}

impl Forced {
    fn delete(call: &mut Call<'_, '_>, info: &Info, modified: Value) -> Result<Forced, Failure> {
        let options = super::delete::options(call)?;
        let kind = info.mapping.kind_supported()?;
        let original = call.ctx.api.get(kind, &info.key())?.encode();
        call.ctx.api.delete(kind, &info.key(), &options)?;
        let now = call.ctx.now();
        let until = now + call.flags.duration("timeout");
        Ok(Forced { info: info.clone(), original, modified, look_at: now, until })
    }

    /// When to look again, if it is still there: every second.
    fn waits_until(&mut self, ctx: &Context<'_>) -> Option<Time> {
        let now = ctx.now();
        if self.look_at <= now {
            if !self.is_there(ctx) || self.until <= now {
                return None;
            }
            self.look_at = now + Span::from_seconds(1);
        }
        Some(self.look_at.min(self.until))
    }

    fn is_there(&self, ctx: &Context<'_>) -> bool {
        self.info.mapping.kind().is_some_and(|kind| ctx.api.get(kind, &self.info.key()).is_ok())
    }

    /// Creates the new object; if that fails the old one.
    fn create(&self, call: &mut Call<'_, '_>, options: &Options) -> Result<Applied, Failure> {
        let info = &self.info;
        let framed = |failure: Failure| applying_failure(failure, info, &json::write_compact(&self.modified));
        if self.is_there(call.ctx) {
            return Err(framed(Failure::plain("context deadline exceeded")));
        }
        let kind = info.mapping.kind_supported()?;
        let write = call.write_options(options.dry_run, "kubectl-client-side-apply", options.validation);
        let status = match call.ctx.api.create_value(kind, &info.namespace, self.modified.clone(), &write) {
            Ok(written) => {
                call.warn_all(&written.warnings);
                return Ok(Applied::Done(written.object.encode(), "configured"));
            }
            Err(status) => status,
        };
        let mut original = self.original.clone();
        original.remove(&["metadata", "resourceVersion"]);
        match call.ctx.api.create_value(kind, &info.namespace, original, &write) {
            Ok(_) => Err(framed(status.into())),
            Err(again) => Err(framed(Failure::Plain(format!(
                "An error occurred force-replacing the existing object with the newly provided one:\n\n{}.\n\nAdditionally, \
                 an error occurred attempting to restore the original object:\n\n{}",
                status.message, again.message
            )))),
        }
    }
}

fn check_flags(call: &Call<'_, '_>, options: &Options, set: Option<&ApplySet>) -> Result<(), Failure> {
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
    } else if set.is_some() && !is_on("prune") {
        "--applyset requires --prune"
    } else if let Some(Err(failure)) = set.map(ApplySet::check) {
        return Err(failure);
    } else if is_on("prune") && is_on("force") {
        "--force cannot be used with --prune"
    } else if set.is_some() && is_on("all") {
        "--all is incompatible with --applyset"
    } else if set.is_some() && !call.flags.text("selector").is_empty() {
        "--selector is incompatible with --applyset"
    } else if set.is_some() && !call.flags.texts("prune-allowlist").is_empty() {
        "--prune-allowlist is incompatible with --applyset"
    } else if set.is_none() && is_on("prune") && !is_on("all") && call.flags.text("selector").is_empty() {
        "all resources selected for prune without explicitly passing --all. To prune all resources, pass the --all flag. If \
         you did not mean to prune all resources, specify a label selector"
    } else if set.is_none() && is_on("prune") && server_side {
        "--prune is in alpha and doesn't currently work on objects created by server-side apply"
    } else if !call.flags.text("subresource").is_empty() && !server_side {
        "--subresource can only be specified for --server-side"
    } else {
        ""
    };
    if refusal.is_empty() { Ok(()) } else { Err(Failure::plain(refusal)) }
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

/// Applies one manifest.
fn apply_one(call: &mut Call<'_, '_>, info: &mut Info, options: &Options) -> Result<Applied, Failure> {
    call.record(&mut info.manifest);
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

fn create(call: &mut Call<'_, '_>, info: &Info, options: &Options) -> Result<Applied, Failure> {
    let mut body = with_last_applied(&info.manifest);
    prune_nulls(&mut body, 0);
    if options.dry_run == DryRun::Client {
        return Ok(Applied::Done(body, "created"));
    }
    let kind = info.mapping.kind_supported()?;
    let write = call.write_options(options.dry_run, "kubectl-client-side-apply", options.validation);
    let written = call.ctx.api.create_value(kind, &info.namespace, body, &write);
    let written = written.map_err(|status| Failure::from(status).with_source("creating", &info.source))?;
    call.warn_all(&written.warnings);
    Ok(Applied::Done(written.object.encode(), "created"))
}

fn update(call: &mut Call<'_, '_>, info: &Info, live: &Object, options: &Options) -> Result<Applied, Failure> {
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
            Err(failure) if call.flags.is_on("force") && is_forcible(&failure) => {
                let forced = Forced::delete(call, info, modified.clone());
                let framed = |failure| applying_failure(failure, info, &json::write_compact(&modified));
                return Ok(Applied::Forced(Box::new(forced.map_err(framed)?)));
            }
            Err(failure) => return Err(patch_failure(failure, info, &json::write_compact(&patch))),
        }
    };
    if object.at(&["metadata", "deletionTimestamp"]).as_str().is_some() {
        call.warn(&format!("Detected changes to resource {} which is currently being deleted.", info.name));
    }
    let operation = if is_empty(&patch) { "unchanged" } else { "configured" };
    Ok(Applied::Done(object, operation))
}

/// Whether what the server refused to patch may be replaced instead.
fn is_forcible(failure: &Failure) -> bool {
    matches!(failure.reason(), Some(Reason::Conflict | Reason::Invalid))
}

fn is_empty(patch: &Value) -> bool {
    patch.as_map().is_some_and(|map| map.is_empty())
}

fn patch_failure(failure: Failure, info: &Info, patch: &str) -> Failure {
    applying_failure(failure.with_source("patching", &info.source), info, patch)
}

fn applying_failure(failure: Failure, info: &Info, patch: &str) -> Failure {
    let doing = format!("applying patch:\n{patch}\nto:\n{}\nfor:", describe(info));
    failure.with_source(&doing, &info.source)
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
    let request = Patch { kind: PatchKind::Strategic, body: patch.clone() };
    let written = call.ctx.api.patch(kind, &info.key(), &request, &write)?;
    call.warn_all(&written.warnings);
    Ok(written.object.encode())
}

fn apply_on_server(call: &mut Call<'_, '_>, info: &Info, options: &Options) -> Result<Applied, Failure> {
    let kind = info.mapping.kind_supported()?;
    let part = Part::read(info.mapping, &call.flags.text("subresource"))?;
    if part == Part::Scale {
        return Err(super::call::unsupported("server-side applies of a Scale (--subresource=scale)"));
    }
    let mut write = call.write_options(options.dry_run, "kubectl", options.validation);
    write.force = call.flags.is_on("force-conflicts");
    write.subresource = part.to_write();
    let request = Patch { kind: PatchKind::Apply, body: info.manifest.clone() };
    match call.ctx.api.patch(kind, &info.key(), &request, &write) {
        Ok(written) => {
            call.warn_all(&written.warnings);
            let object = super::migration::migrate(call, info, written.object.encode(), &request, &write);
            Ok(Applied::Done(object, "serverside-applied"))
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
