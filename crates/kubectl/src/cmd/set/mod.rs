//! `kubectl set`: changes one feature of objects; a file per feature.
//!
//! All but `set selector` change pod specifications: [`change_pods`] finds the objects, lets the feature change each, and
//! sends the difference.
//!
//! Models: kubernetes v1.36 kubectl/pkg/cmd/set (helper.go).

pub mod env;
pub mod image;
pub mod resources;
pub mod selector;
pub mod service_account;
pub mod subject;

use api::{Str, Value};
use client::{FieldValidation, Patch, PatchKind};

use super::call::DryRun;
use super::rollout::parent;
use super::{Call, Flow, PLAIN, Verb};
use crate::builder::{Info, type_of};
use crate::failure::Failure;
use crate::flags::Flag;
use crate::mapping::Mapping;
use crate::output::{Formats, Output};

/// The parent of the features.
pub static SET: Verb =
    Verb { path: "set", summary: "Set one feature of objects", usage: "SUBCOMMAND [options]", run: parent, ..PLAIN };

/// `--containers`, `--local`
pub(super) static CONTAINERS: &[Flag] = &[Flag::text("containers").short('c').default("*"), LOCAL];

/// `--local`
pub(super) const LOCAL: Flag = Flag::bool("local");

const NOT_LOCAL: &str = "error: you must specify resources by --filename when --local is set.\nExample resource specifications \
include:\n   '-f rsrc.yaml'\n   '--filename=rsrc.json'";

/// The objects that resources and files name, all of them or none.
pub(super) fn objects(call: &mut Call<'_, '_>, resources: Vec<Str>) -> Result<Vec<Info>, Failure> {
    let is_local = call.flags.is_on("local");
    if is_local && !resources.is_empty() {
        return Err(Failure::plain(NOT_LOCAL));
    }
    let mut builder = call.builder();
    builder.args = resources;
    builder.empty_selector_is_all = call.flags.is_on("all");
    builder.files_are_live = !is_local;
    builder.is_local = is_local;
    let (infos, failures) = builder.visit(call.ctx, call.env)?.into_infos();
    Failure::of(failures).map_or(Ok(infos), Err)
}

/// Where the pod specification stands in objects of a resource.
pub fn pod_spec_path(mapping: Mapping) -> Option<&'static [&'static str]> {
    match mapping.qualified_plural().as_str() {
        "pods" => Some(&["spec"]),
        "cronjobs.batch" => Some(&["spec", "jobTemplate", "spec", "template", "spec"]),
        "deployments.apps"
        | "statefulsets.apps"
        | "replicasets.apps"
        | "replicationcontrollers"
        | "daemonsets.apps"
        | "jobs.batch" => Some(&["spec", "template", "spec"]),
        _ => None,
    }
}

/// What a feature is called where it succeeds and where it fails.
#[derive(Clone, Copy, Debug)]
pub(super) struct Words {
    /// `image updated`
    pub(super) done: &'static str,
    /// `failed to patch image update to pod template:`
    pub(super) failed: &'static str,
}

/// Changes a pod specification; what it cannot change goes to the failures.
pub(super) type Change<'c> = &'c mut dyn FnMut(&mut Call<'_, '_>, &Info, &mut Value) -> Vec<Failure>;

/// Changes the pod specifications of objects, and sends what differs.
pub(super) fn change_pods(
    call: &mut Call<'_, '_>,
    infos: &[Info],
    dry_run: DryRun,
    output: &mut Output,
    words: Words,
    change: Change<'_>,
) -> Result<Flow, Failure> {
    let mut failures = Vec::new();
    for info in infos {
        let before = info.object();
        let mut after = before.clone();
        let Some(path) = pod_spec_path(info.mapping) else {
            let (name, kind) = (info.object_name(), info.mapping.resource().kind);
            failures.push(Failure::Plain(format!(
                "error: {name} the object is not a pod or does not have a pod template: {kind}\n"
            )));
            continue;
        };
        let mut spec = after.at(path).clone();
        failures.extend(change(call, info, &mut spec));
        after.set(path, spec);
        call.record(&mut after);
        failures.extend(send(call, info, &before, after, dry_run, output, words).err());
    }
    Failure::of(failures).map_or(Ok(Flow::Done(0)), Err)
}

/// Sends the difference of an object, and prints the object; nothing happens where nothing differs.
pub(super) fn send(
    call: &mut Call<'_, '_>,
    info: &Info,
    before: &Value,
    mut after: Value,
    dry_run: DryRun,
    output: &mut Output,
    words: Words,
) -> Result<(), Failure> {
    let Some(type_) = type_of(info.mapping) else { return Ok(()) };
    let body = api::patch::diff::two_way(before, &after, type_)
        .map_err(|error| Failure::Plain(format!("error: {} {error}\n", info.object_name())))?;
    if body.as_map().is_some_and(|map| map.is_empty()) {
        return Ok(());
    }
    if dry_run != DryRun::Client && !call.flags.is_on("local") {
        let kind = info.mapping.kind_supported()?;
        let options = call.write_options(dry_run, "kubectl-set", FieldValidation::Warn);
        let patch = Patch { kind: PatchKind::Strategic, body };
        let written = call.ctx.api.patch(kind, &info.key(), &patch, &options).map_err(|status| {
            let failure = Failure::from(status);
            if words.failed.is_empty() {
                return failure;
            }
            Failure::Plain(format!("{} {}", words.failed, failure.message()))
        })?;
        call.warn_all(&written.warnings);
        after = written.object.encode();
    }
    call.print_typed_outcome(output, info, &after, words.done, dry_run)
}

/// Lets `change` at the containers whose names fit a pattern, those that start first last; answers how many there were.
pub(super) fn each_container(spec: &mut Value, pattern: &str, change: &mut dyn FnMut(&mut Value)) -> usize {
    let mut count = 0;
    for list in ["containers", "initContainers"] {
        let Some(Value::List(containers)) = spec.as_map_mut().and_then(|map| map.get_mut(list)) else { continue };
        for container in containers.iter_mut().filter(|container| is_selected(container.get("name").text(), pattern)) {
            change(container);
            count += 1;
        }
    }
    count
}

/// Whether a name fits a pattern with `*`.
fn is_selected(name: &str, pattern: &str) -> bool {
    let Some((start, rest)) = pattern.split_once('*') else { return name == pattern };
    let Some(mut left) = name.strip_prefix(start) else { return false };
    let mut parts: Vec<&str> = rest.split('*').collect();
    let end = parts.pop().unwrap_or_default();
    for part in parts {
        let Some(at) = left.find(part) else { return false };
        left = &left[at + part.len()..];
    }
    left.ends_with(end)
}

/// The output and the manner of a `set`.
pub(super) fn manner(call: &mut Call<'_, '_>) -> Result<(DryRun, Output), Failure> {
    let dry_run = call.dry_run()?;
    let output = Output::read(call.ctx, call.env, &call.flags, Formats::Operation)?;
    Ok((dry_run, output))
}

#[cfg(test)]
mod tests {
    use super::is_selected;

    #[test]
    fn names_of_containers_may_be_patterns() {
        for (pattern, name, expect) in [
            ("*", "a", true),
            ("a", "a", true),
            ("a", "ab", false),
            ("a*", "ab", true),
            ("*b", "ab", true),
            ("a*c*e", "abcde", true),
            ("a*c*e", "abde", false),
        ] {
            assert_eq!(is_selected(name, pattern), expect, "{pattern} {name}");
        }
    }
}
