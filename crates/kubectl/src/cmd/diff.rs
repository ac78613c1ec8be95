//! `kubectl diff`: what applying manifests would change, found by dry runs on the server.
//!
//! Models: kubernetes v1.36 kubectl/pkg/cmd/diff, and `diff -u -N` of two directories.

use api::patch::three_way::{self, Overwrite};
use api::text::yaml;
use api::{Reason, Str, Value};
use client::{FieldValidation, Patch, PatchKind};
use ordered::Arrange;

use super::apply::{LAST_APPLIED, with_last_applied};
use super::call::DryRun;
use super::prune::Prune;
use super::{Call, Flow, PLAIN, Verb, shared};
use crate::builder::{Info, type_of};
use crate::failure::Failure;
use crate::flags::Flag;
use crate::unified_diff;

/// The verb.
pub static DIFF: Verb = Verb {
    path: "diff",
    summary: "Show what applying manifests would change",
    usage: "-f FILENAME [options]",
    flags: &[
        &[
            Flag::int("concurrency", "1"),
            Flag::bool("force-conflicts"),
            Flag::bool("prune"),
            Flag::array("prune-allowlist"),
            Flag::bool("server-side"),
            Flag::bool("show-managed-fields"),
            Flag::bool("show-secrets"),
        ],
        shared::FILES,
        shared::SELECTOR,
        shared::FIELD_MANAGER,
    ],
    run,
    ..PLAIN
};

/// Two versions of an object, as files.
struct Versions {
    file: String,
    live: String,
    merged: String,
}

fn run(call: &mut Call<'_, '_>) -> Result<Flow, Failure> {
    if !call.flags.args.is_empty() {
        return Err(call.usage(format!("Unexpected args: [{}]", call.flags.args.join(" "))));
    }
    call.require_files()?;
    let (infos, failures) = call.builder().visit(call.ctx, call.env)?.into_infos();
    if let Some(failure) = Failure::of(failures) {
        return Err(failure);
    }
    let mut prune = Prune::read(call)?;
    let mut versions = Vec::new();
    for mut info in infos {
        let compared = compare(call, &mut info).map_err(|failure| exit_two(call, &failure))?;
        if let Some(prune) = &mut prune {
            let uid = info.live.as_ref().map(|live| live.metadata().uid.clone()).unwrap_or_default();
            prune.visit(&info, &uid);
        }
        versions.push(compared);
    }
    for info in prune.map_or(Ok(Vec::new()), |prune| prune.found(call))? {
        versions.push(Versions { file: file_of(&info), live: yaml::write(&info.object()), merged: String::new() });
    }
    versions.arrange_by(|left, right| left.file.cmp(&right.file));
    let text = diff_text(call, &versions);
    let code = i32::from(!text.is_empty());
    call.ctx.out(&text);
    Ok(Flow::Done(code))
}

/// Errors of diff exit with more than one: one means that there are differences.
fn exit_two(call: &mut Call<'_, '_>, failure: &Failure) -> Failure {
    let (text, _) = failure.render();
    call.ctx.err(&text);
    Failure::Silent(2)
}

fn compare(call: &mut Call<'_, '_>, info: &mut Info) -> Result<Versions, Failure> {
    call.warn_if_deprecated(info.mapping);
    let live = match info.get(call.ctx) {
        Ok(object) => Some(object.encode()),
        Err(failure) if failure.is_not_found() => None,
        Err(failure) => return Err(failure),
    };
    let mut merged = merge(call, info, live.as_ref())?;
    let mut live = live.unwrap_or_default();
    if !call.flags.is_on("show-managed-fields") {
        live.remove(&["metadata", "managedFields"]);
        merged.remove(&["metadata", "managedFields"]);
    }
    let resource = info.mapping.resource();
    let is_secret = resource.kind == "Secret";
    let is_masked = is_secret && !call.flags.is_on("show-secrets");
    if is_masked {
        mask(&mut live, &mut merged);
    }
    // An absent object is an empty file; an absent Secret was masked, and is printed as null.
    let text = |value: &Value| match value {
        Value::Null if is_masked => "null\n".to_string(),
        Value::Null => String::new(),
        value => yaml::write(value),
    };
    Ok(Versions { file: file_of(info), live: text(&live), merged: text(&merged) })
}

fn file_of(info: &Info) -> String {
    let resource = info.mapping.resource();
    let group = if resource.group.is_empty() { String::new() } else { format!("{}.", resource.group) };
    format!("{group}{}.{}.{}.{}", resource.version, resource.kind, info.namespace, info.name)
}

/// The object as it would be after an apply.
fn merge(call: &mut Call<'_, '_>, info: &Info, live: Option<&Value>) -> Result<Value, Failure> {
    let kind = info.mapping.kind_supported()?;
    if call.flags.is_on("server-side") {
        return apply_on_server(call, info);
    }
    let options = call.write_options(DryRun::Server, "kubectl-client-side-apply", FieldValidation::Warn);
    let Some(current) = live else {
        return Ok(call.ctx.api.create_value(kind, &info.namespace, info.manifest.clone(), &options)?.object.encode());
    };
    // The annotation is not part of the comparison: it is carried over as it is.
    let mut modified = with_last_applied(&info.manifest);
    modified.remove(&["metadata", "annotations", LAST_APPLIED]);
    let applied = current.at(&["metadata", "annotations", LAST_APPLIED]).text();
    let original = api::text::json::read(applied).unwrap_or_default();
    let patch = match type_of(info.mapping) {
        Some(type_) => three_way::create(&original, &modified, current, type_, Overwrite::Yes),
        None => three_way::create_json_merge(&original, &modified, current),
    };
    let mut body = patch.map_err(|error| Failure::Plain(error.to_string()))?;
    if body.as_map().is_some_and(|map| map.is_empty()) {
        return Ok(current.clone());
    }
    body.set(&["metadata", "resourceVersion"], current.at(&["metadata", "resourceVersion"]).clone());
    let patch = Patch { kind: PatchKind::Strategic, body };
    Ok(call.ctx.api.patch(kind, &info.key(), &patch, &options)?.object.encode())
}

fn apply_on_server(call: &mut Call<'_, '_>, info: &Info) -> Result<Value, Failure> {
    let mut options = call.write_options(DryRun::Server, "kubectl", FieldValidation::Warn);
    options.force = call.flags.is_on("force-conflicts");
    let patch = Patch { kind: PatchKind::Apply, body: info.manifest.clone() };
    match call.ctx.api.patch(info.mapping.kind_supported()?, &info.key(), &patch, &options) {
        Ok(written) => Ok(written.object.encode()),
        Err(status) => {
            if status.reason == Reason::Conflict {
                // kubectl takes it for a change in between, and tries a few times more.
                let (kind, name) = (info.mapping.version_kind(), &info.name);
                let text = format!("Object ({kind}: {name}) keeps changing, diffing without lock");
                call.log_warning("diff.go:723", &text);
            }
            Err(status.into())
        }
    }
}

/// Replaces the values of Secrets, telling equal ones from different ones.
fn mask(live: &mut Value, merged: &mut Value) {
    let keys = |value: &Value| -> Vec<Str> {
        value.get("data").as_map().map(|map| map.keys().cloned().collect()).unwrap_or_default()
    };
    let (before, after) = (keys(live), keys(merged));
    for key in &before {
        let differs = after.contains(key) && live.at(&["data", key]) != merged.at(&["data", key]);
        live.set(&["data", key], if differs { "*** (before)" } else { "***" });
        if after.contains(key) {
            merged.set(&["data", key], if differs { "*** (after)" } else { "***" });
        }
    }
    for key in after.iter().filter(|key| !before.contains(key)) {
        merged.set(&["data", key.as_str()], "***");
    }
}

fn diff_text(call: &Call<'_, '_>, versions: &[Versions]) -> String {
    let now = call.ctx.now();
    let number = now.0 / 1_000 % 1_000_000_000 + u64::from(call.env.pid);
    let (live, merged) = (format!("/tmp/LIVE-{number}"), format!("/tmp/MERGED-{}", number + 7));
    let stamp = now.to_rfc3339_micros();
    let stamp = format!("{} {}000 +0000", &stamp[..10], &stamp[11..26]);
    let mut text = String::new();
    for version in versions {
        let hunks = unified_diff::hunks(&version.live, &version.merged);
        if hunks.is_empty() {
            continue;
        }
        let (left, right) = (format!("{live}/{}", version.file), format!("{merged}/{}", version.file));
        text.push_str(&format!("diff -u -N {left} {right}\n--- {left}\t{stamp}\n+++ {right}\t{stamp}\n{hunks}"));
    }
    text
}
