//! `kubectl scale`: sets the wanted number of replicas.
//!
//! Models: kubernetes v1.36 kubectl/pkg/cmd/scale, kubectl/pkg/scale.

use api::{Kind, Reason, Status, Value};
use client::{FieldValidation, Patch, PatchKind, Subresource, WriteOptions};
use sim::Time;

use super::call::{DryRun, refuse};
use super::{Call, Flow, PLAIN, Progress, Verb, shared};
use crate::builder::Info;
use crate::context::Context;
use crate::failure::Failure;
use crate::flags::Flag;
use crate::output::{Formats, Output};
use crate::rest::Part;

/// The verb.
pub static SCALE: Verb = Verb {
    path: "scale",
    suggest_for: &["resize"],
    summary: "Set the number of replicas of a Deployment, ReplicaSet, ReplicationController or StatefulSet",
    usage: "[--resource-version=version] [--current-replicas=count] --replicas=COUNT (-f FILENAME | TYPE NAME) [options]",
    flags: &[
        &[
            Flag::int("current-replicas", "-1"),
            Flag::int("replicas", "0"),
            Flag::text("resource-version"),
            Flag::duration("timeout", "0s"),
        ],
        shared::ALL,
        shared::OUTPUT,
        shared::RECORD,
        shared::FILES,
        shared::SELECTOR,
        shared::DRY_RUN,
    ],
    required: &["replicas"],
    run,
    ..PLAIN
};

fn run(call: &mut Call<'_, '_>) -> Result<Flow, Failure> {
    let dry_run = call.dry_run()?;
    let mut output = Output::read(call.ctx, call.env, &call.flags, Formats::Operation)?;
    let replicas = call.flags.int("replicas");
    refuse(&[
        (replicas < 0, "The --replicas=COUNT flag is required, and COUNT must be greater than or equal to 0"),
        (call.flags.int("current-replicas") < -1, "The --current-replicas must specify an integer of -1 or greater"),
    ])?;
    let mut builder = call.builder();
    builder.empty_selector_is_all = call.flags.is_on("all");
    let (infos, failures) = builder.visit(call.ctx, call.env)?.into_infos();
    if infos.is_empty() && failures.is_empty() {
        return Err(Failure::plain("no objects passed to scale"));
    }
    if infos.len() > 1 && !call.flags.text("resource-version").is_empty() {
        return Err(Failure::plain("cannot use --resource-version with multiple resources"));
    }
    let mut waiting = Vec::new();
    for info in infos {
        // The first that cannot be scaled ends it.
        if dry_run != DryRun::Client {
            scale_one(call, &info, replicas, dry_run)?;
        }
        call.print_outcome(&mut output, &info, &scaled(&info, replicas), "scaled", dry_run)?;
        waiting.push(info);
    }
    if let Some(failure) = Failure::of(failures) {
        return Err(failure);
    }
    let timeout = call.flags.duration("timeout");
    if timeout.0 == 0 || dry_run != DryRun::None || waiting.is_empty() {
        return Ok(Flow::Done(0));
    }
    let until = call.ctx.now() + timeout;
    Ok(Scaling { waiting, until, seen: None }.into())
}

/// The object as it was found, with the replicas that are wanted now where it is known to have them.
fn scaled(info: &Info, replicas: i64) -> Value {
    let mut value = info.object();
    if matches!(info.mapping.resource().group, "apps" | "") {
        value.set(&["spec", "replicas"], replicas);
    }
    value
}

fn scale_one(call: &mut Call<'_, '_>, info: &Info, replicas: i64, dry_run: DryRun) -> Result<(), Failure> {
    let kind = info.mapping.kind().filter(|_| info.mapping.has("scale"));
    let Some(kind) = kind else {
        return Err(Status::new(Reason::NotFound, "the server could not find the requested resource").into());
    };
    let wanted_version = call.flags.text("resource-version");
    let current = call.flags.int("current-replicas");
    let live = call.ctx.api.get(kind, &info.key())?;
    let now = live.encode_body().at(&["spec", "replicas"]).as_int().unwrap_or(0);
    if current != -1 && current != now {
        return Err(Failure::Plain(format!("Expected replicas to be {current}, was {now}")));
    }
    let version = live.metadata().resource_version.0.to_string();
    if !wanted_version.is_empty() && version != wanted_version {
        return Err(Failure::Plain(format!("Expected resource version to be {wanted_version}, was {version}")));
    }
    patch_scale(call, kind, info, replicas, dry_run)?;
    call.record_afterwards(info, Part::Whole, dry_run, "kubectl");
    Ok(())
}

fn patch_scale(
    call: &mut Call<'_, '_>,
    kind: Kind,
    info: &Info,
    replicas: i64,
    dry_run: DryRun,
) -> Result<(), Failure> {
    let mut body = Value::map();
    body.set(&["spec", "replicas"], replicas);
    let patch = Patch { kind: PatchKind::Merge, body };
    let options = WriteOptions {
        subresource: Subresource::Scale,
        ..call.write_options(dry_run, "kubectl", FieldValidation::Warn)
    };
    call.ctx.api.patch(kind, &info.key(), &patch, &options)?;
    Ok(())
}

/// Waits until the wanted replicas are there (`--timeout`).
#[derive(Clone, Debug)]
pub struct Scaling {
    waiting: Vec<Info>,
    until: Time,
    seen: Option<u64>,
}

impl Scaling {
    /// Looks at the objects' status.
    pub fn step(&mut self, ctx: &mut Context<'_>) -> Result<Progress, Failure> {
        let revision = ctx.api.revision();
        if self.seen != Some(revision) {
            self.seen = Some(revision);
            self.waiting.retain(|info| !has_settled(ctx, info));
        }
        if self.waiting.is_empty() {
            return Ok(Progress::Done(0));
        }
        if self.until <= ctx.now() {
            return Err(Failure::plain("timed out waiting for the condition"));
        }
        Ok(Progress::Blocked { wake: Some(self.until) })
    }
}

fn has_settled(ctx: &Context<'_>, info: &Info) -> bool {
    let Some(Ok(object)) = info.mapping.kind().map(|kind| ctx.api.get(kind, &info.key())) else { return true };
    let body = object.encode_body();
    let observed = body.at(&["status", "observedGeneration"]).as_int().unwrap_or(0);
    let replicas = |path: &[&str]| body.at(path).as_int().unwrap_or(0);
    observed >= object.metadata().generation && replicas(&["spec", "replicas"]) == replicas(&["status", "replicas"])
}
