//! `kubectl replace`: puts manifests in the place of objects that are there.
//!
//! Models: kubernetes v1.36 kubectl/pkg/cmd/replace.

use api::Value;
use client::{FieldValidation, WriteOptions};
use sim::Span;

use super::apply::with_last_applied;
use super::call::{DryRun, refuse};
use super::create::Creating;
use super::delete::Deleting;
use super::patch::print_part;
use super::{Call, Flow, PLAIN, Progress, Verb, shared};
use crate::builder::{Info, Validation};
use crate::context::Context;
use crate::failure::Failure;
use crate::flags::Flag;
use crate::output::{Formats, Output};
use crate::rest::{Method, Part};

/// The verb.
pub static REPLACE: Verb = Verb {
    path: "replace",
    summary: "Replace objects by the manifests in files or standard input",
    usage: "-f FILENAME [options]",
    flags: &[
        &[
            Flag::text("cascade").default("background").bare("background"),
            Flag::bool("force"),
            Flag::int("grace-period", "-1"),
            Flag::text("raw"),
            Flag::bool("save-config"),
            Flag::text("subresource"),
            Flag::duration("timeout", "0s"),
            Flag::bool("wait"),
        ],
        shared::OUTPUT,
        shared::RECORD,
        shared::FILES,
        shared::DRY_RUN,
        shared::VALIDATE,
        shared::FIELD_MANAGER,
    ],
    run,
    ..PLAIN
};

fn run(call: &mut Call<'_, '_>) -> Result<Flow, Failure> {
    let validation = call.validation()?;
    let dry_run = call.dry_run()?;
    call.require_files()?;
    let force = call.flags.is_on("force");
    refuse(&[
        (call.flags.int("grace-period") >= 0 && !force, "--grace-period must have --force specified"),
        (call.flags.duration("timeout").0 != 0 && !force, "--timeout must have --force specified"),
        (force && dry_run != DryRun::None, "--dry-run can not be used when --force is set"),
    ])?;
    if !call.flags.text("raw").is_empty() {
        return super::raw::run(call, Method::Put);
    }
    let mut output = Output::read(call.ctx, call.env, &call.flags, Formats::Operation)?;
    let mut builder = call.builder();
    builder.validation = if validation == FieldValidation::Ignore { Validation::Off } else { Validation::Client };
    let (infos, mut failures) = builder.visit(call.ctx, call.env)?.into_infos();
    if infos.is_empty() && failures.is_empty() {
        return Err(Failure::plain("no objects passed to replace"));
    }
    if force {
        return match Failure::of(failures) {
            Some(failure) => Err(failure),
            None => Replacing::start(call, infos, validation, output),
        };
    }
    for info in &infos {
        let replaced = replace_one(call, info, dry_run, validation);
        match replaced.map_err(|failure| failure.with_source("replacing", &info.source)) {
            Ok((part, value)) => match &mut output {
                Output::Objects(printer) => {
                    let text = printer.print(&value)?;
                    call.ctx.out(&text);
                }
                Output::Human | Output::Wide => print_part(call, info, part, "replaced", dry_run),
            },
            Err(failure) => failures.push(failure),
        }
    }
    Failure::of(failures).map_or(Ok(Flow::Done(0)), Err)
}

/// How long the old objects of a forced replacement may take to go.
const GONE_WITHIN: Span = Span::from_seconds(300);

/// `--force`: deletes the objects, waits until they are gone, and creates them anew.
#[derive(Clone, Debug)]
pub struct Replacing {
    deleting: Option<Deleting>,
    creating: Creating,
}

impl Replacing {
    fn start(
        call: &mut Call<'_, '_>,
        infos: Vec<Info>,
        validation: FieldValidation,
        output: Output,
    ) -> Result<Flow, Failure> {
        let timeout = Some(call.flags.duration("timeout")).filter(|timeout| timeout.0 != 0).unwrap_or(GONE_WITHIN);
        let options = super::delete::options(call)?;
        let held = call.hold();
        let creating = Creating::replacing(held.clone(), validation, output, infos.clone());
        let deleting = Some(Deleting::before_replacement(held, options, infos, timeout));
        Ok(Replacing { deleting, creating }.into())
    }

    /// Deletes, waits, creates.
    pub fn step(&mut self, ctx: &mut Context<'_>) -> Result<Progress, Failure> {
        if let Some(deleting) = &mut self.deleting {
            match deleting.step(ctx)? {
                Progress::Done(0) => self.deleting = None,
                waits => return Ok(waits),
            }
        }
        self.creating.step(ctx)
    }
}

fn replace_one(
    call: &mut Call<'_, '_>,
    info: &Info,
    dry_run: DryRun,
    validation: FieldValidation,
) -> Result<(Part, Value), Failure> {
    let part = Part::read(info.mapping, &call.flags.text("subresource"))?;
    // The annotation of an earlier apply is kept up to date.
    let is_applied = info.manifest.at(&["metadata", "annotations", super::apply::LAST_APPLIED]).as_str().is_some();
    let saves = call.flags.is_on("save-config") || is_applied;
    let mut body = if saves { with_last_applied(&info.manifest) } else { info.manifest.clone() };
    call.record(&mut body);
    if dry_run == DryRun::Client {
        return Ok((Part::Whole, body));
    }
    if info.name.is_empty() {
        return Err(Failure::plain("resource name may not be empty"));
    }
    let kind = info.mapping.kind_supported()?;
    let options = call.write_options(dry_run, "kubectl-replace", validation);
    let options = WriteOptions { subresource: part.to_write(), ..options };
    let written = call.ctx.api.update_value(kind, &info.key(), body, &options)?;
    call.warn_all(&written.warnings);
    Ok((part, part.of(&written.object)))
}
