//! `kubectl create`: from manifests, or (a verb per kind) from flags.
//!
//! Models: kubernetes v1.36 kubectl/pkg/cmd/create.

pub mod data;
pub mod ingress;
pub mod job;
pub mod kinds;
pub mod quota;
pub mod rbac;
pub mod secret;
pub mod service;

use std::collections::VecDeque;

use api::strict::{self, Words};
use api::text::json;
use api::{Str, Value};
use client::FieldValidation;

use super::apply::{LAST_APPLIED, with_last_applied};
use super::call::{DryRun, Held};
use super::{Call, Flow, PLAIN, Progress, Verb, shared};
use crate::builder::{Info, Validation, type_of};
use crate::context::Context;
use crate::failure::Failure;
use crate::flags::Flag;
use crate::mapping::Mapping;
use crate::output::{Formats, Output};
use crate::rest::Method;

/// Flags of every verb that creates.
pub static CREATE_FLAGS: &[Flag] = &[Flag::bool("save-config")];

/// The verb for manifests.
pub static CREATE: Verb = Verb {
    path: "create",
    summary: "Create objects from a file, standard input or flags",
    usage: "-f FILENAME [options]",
    flags: &[
        &[Flag::bool("edit"), Flag::text("raw")],
        super::edit::EDITOR_FLAGS,
        CREATE_FLAGS,
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

fn run(call: &mut Call<'_, '_>) -> Result<Flow, Failure> {
    if !call.flags.text("raw").is_empty() {
        return super::raw::run(call, Method::Post);
    }
    if !call.flags.args.is_empty() {
        return Err(call.usage(format!("Unexpected args: [{}]", call.flags.args.join(" "))));
    }
    call.require_files()?;
    if call.flags.is_on("edit") {
        return super::edit::before_create(call);
    }
    let dry_run = call.dry_run()?;
    let validation = call.validation()?;
    let output = Output::read(call.ctx, call.env, &call.flags, Formats::Operation)?;
    let mut builder = call.builder();
    builder.validation = if validation == FieldValidation::Ignore { Validation::Off } else { Validation::Client };
    let (infos, failures) = builder.visit(call.ctx, call.env)?.into_infos();
    if infos.is_empty() && failures.is_empty() {
        return Err(Failure::plain("no objects passed to create"));
    }
    let (call, rest, task) = (call.hold(), infos.into(), Task::Create);
    Ok(Creating { call, task, dry_run, validation, output, rest, failures }.into())
}

/// What objects are created for.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Task {
    Create,
    /// In the place of objects that were deleted.
    Replace,
}

/// Creates objects one after the other.
#[derive(Clone, Debug)]
pub struct Creating {
    call: Held,
    task: Task,
    dry_run: DryRun,
    validation: FieldValidation,
    output: Output,
    rest: VecDeque<Info>,
    failures: Vec<Failure>,
}

impl Creating {
    /// Creates what takes the place of objects that `kubectl replace --force` has deleted.
    pub(super) fn replacing(call: Held, validation: FieldValidation, output: Output, infos: Vec<Info>) -> Creating {
        let (task, dry_run, rest, failures) = (Task::Replace, DryRun::None, infos.into(), Vec::new());
        Creating { call, task, dry_run, validation, output, rest, failures }
    }

    /// Creates the objects whose time has come.
    pub fn step(&mut self, ctx: &mut Context<'_>) -> Result<Progress, Failure> {
        while !self.rest.is_empty() {
            if let Some(until) = self.call.pause(ctx) {
                return Ok(Progress::Blocked { wake: Some(until) });
            }
            let Some(mut info) = self.rest.pop_front() else { break };
            let Creating { call, task, dry_run, validation, output, failures, .. } = self;
            let (manager, done) = match task {
                Task::Create => ("kubectl-create", "created"),
                Task::Replace => ("kubectl-replace", "replaced"),
            };
            call.resume(ctx, |call| {
                call.warn_if_deprecated(info.mapping);
                let created = create_one(call, &mut info, manager, *dry_run, *validation);
                let shown = created
                    .map_err(|failure| match task {
                        Task::Create => failure.with_source("creating", &info.source),
                        Task::Replace => failure,
                    })
                    .and_then(|value| print(call, &info, &value, output, done, *dry_run));
                failures.extend(shown.err());
            });
        }
        Failure::of(std::mem::take(&mut self.failures)).map_or(Ok(Progress::Done(0)), Err)
    }
}

fn create_one(
    call: &mut Call<'_, '_>,
    info: &mut Info,
    manager: &str,
    dry_run: DryRun,
    validation: FieldValidation,
) -> Result<Value, Failure> {
    // The annotation of an earlier apply is kept up to date.
    let is_applied = info.manifest.at(&["metadata", "annotations", LAST_APPLIED]).as_str().is_some();
    let saves = call.flags.is_on("save-config") || is_applied;
    let mut body = if saves { with_last_applied(&info.manifest) } else { info.manifest.clone() };
    call.record(&mut body);
    if dry_run == DryRun::Client {
        return Ok(body);
    }
    let kind = info.mapping.kind_supported()?;
    let options = call.write_options(dry_run, manager, validation);
    let written = call.ctx.api.create_value(kind, &info.namespace, body, &options)?;
    call.warn_all(&written.warnings);
    info.name = written.object.metadata().name.clone();
    Ok(written.object.encode())
}

fn print(
    call: &mut Call<'_, '_>,
    info: &Info,
    value: &Value,
    output: &mut Output,
    verb: &str,
    dry_run: DryRun,
) -> Result<(), Failure> {
    match output {
        Output::Objects(printer) => {
            let text = printer.print(value)?;
            call.ctx.out(&text);
        }
        Output::Human | Output::Wide => call.print_operation(info, verb, dry_run),
    }
    Ok(())
}

/// The one name that a verb for a kind takes.
pub fn name_argument(call: &Call<'_, '_>) -> Result<Str, Failure> {
    let count = call.flags.dash_at.unwrap_or(call.flags.args.len());
    if count != 1 {
        return Err(call.usage(format!("exactly one NAME is required, got {count}")));
    }
    Ok(call.flags.args[0].clone())
}

/// Whether what goes wrong on the server is told with what was being created.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Framing<'a> {
    /// `failed to create configmap: …`
    Named(&'a str),
    /// `failed to create secret …`, which upstream writes without a colon.
    Bare(&'a str),
    /// As the server says it.
    Plain,
    /// As the server says it; what was made was not created but exposed.
    Exposed,
    /// As the server says it; something was autoscaled.
    Autoscaled,
}

impl Framing<'_> {
    fn verb(self) -> &'static str {
        match self {
            Framing::Exposed => "exposed",
            Framing::Autoscaled => "autoscaled",
            Framing::Named(_) | Framing::Bare(_) | Framing::Plain => "created",
        }
    }
}

/// Creates an object made of flags, and prints it.
pub fn create_object(
    call: &mut Call<'_, '_>,
    resource: &str,
    name: &Str,
    body: Value,
    framing: Framing<'_>,
) -> Result<Flow, Failure> {
    let dry_run = call.dry_run()?;
    let validation = call.validation()?;
    let mapping = Mapping::find(resource)?;
    let mut output = Output::read(call.ctx, call.env, &call.flags, Formats::Operation)?;
    let namespace = if mapping.is_namespaced() { call.namespace.clone() } else { Str::new() };
    let mut manifest = mapping.type_meta();
    if let (Value::Map(all), Value::Map(body)) = (&mut manifest, body) {
        all.extend(body);
    }
    manifest.set(&["metadata", "name"], name.clone());
    if call.namespace_is_explicit && mapping.is_namespaced() {
        manifest.set(&["metadata", "namespace"], namespace.clone());
    }
    call.record(&mut manifest);
    let manifest = in_go_form(mapping, manifest);
    let manager = super::help::manager_of(call.verb);
    let (source, live) = (Str::new(), None);
    let mut info = Info { mapping, namespace, name: name.clone(), source, manifest, live };
    let value =
        create_one(call, &mut info, manager, dry_run, validation).map_err(|failure| match (framing, &failure) {
            (Framing::Named(what), Failure::Server(_)) => {
                Failure::Plain(format!("failed to create {what}: {}", failure.message()))
            }
            (Framing::Bare(what), Failure::Server(_)) => {
                Failure::Plain(format!("failed to create {what} {}", failure.message()))
            }
            (Framing::Named(_) | Framing::Bare(_) | Framing::Plain | Framing::Exposed | Framing::Autoscaled, _) => {
                failure
            }
        })?;
    match &mut output {
        Output::Objects(printer) => {
            let text = printer.print_typed(&value)?;
            call.ctx.out(&text);
        }
        Output::Human | Output::Wide => call.print_operation(&info, framing.verb(), dry_run),
    }
    Ok(Flow::Done(0))
}

/// The object with what `--overrides` puts over it.
pub fn overridden(call: &Call<'_, '_>, mapping: Mapping, body: Value) -> Result<Value, Failure> {
    let overrides = call.flags.text("overrides");
    if overrides.is_empty() {
        return Ok(body);
    }
    let patch = json::read(&overrides).map_err(|error| Failure::Plain(format!("Invalid override: {error}")))?;
    let made = match (call.flags.text("override-type").as_str(), type_of(mapping)) {
        ("json", _) => api::patch::json::apply(&body, &patch),
        ("strategic", Some(type_)) => api::patch::strategic::apply(&body, &patch, type_),
        ("merge" | "strategic", _) => api::patch::merge::apply(&body, &patch),
        (other, _) => return Err(Failure::Plain(format!("invalid override type: {other:?}"))),
    };
    made.map_err(|error| Failure::Plain(error.to_string()))
}

/// The object as Go's typed client prints and sends it: with the empty fields that Go does not leave out.
fn in_go_form(mapping: Mapping, manifest: Value) -> Value {
    let Some(type_) = type_of(mapping) else { return manifest };
    strict::decode(type_, &manifest, Words::Json).map_or(manifest.clone(), |decoded| decoded.value)
}
