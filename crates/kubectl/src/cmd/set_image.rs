//! `kubectl set image`: sets the images of containers in a pod template.
//!
//! Models: kubernetes v1.36 kubectl/pkg/cmd/set/set_image.go.

use ordered::OrderedMap;

use api::{Str, Value};
use client::{FieldValidation, Patch, PatchKind, Subresource};

use super::call::{DryRun, unsupported};
use super::pairs::{self, Removal};
use super::{Call, Flow, PLAIN, Verb, help, shared};
use crate::builder::{Info, type_of};
use crate::failure::Failure;
use crate::flags::Flag;
use crate::mapping::Mapping;
use crate::output::{Formats, Output};

/// The parent of `set image`.
pub static SET: Verb = Verb {
    path: "set",
    summary: "Set one feature of objects",
    usage: "SUBCOMMAND [options]",
    run: |call| {
        let text = help::verb(call.verb);
        match call.flags.args.first() {
            None => {
                call.ctx.out(&text);
                Ok(Flow::Done(0))
            }
            Some(_) => Err(call.usage(format!("unknown command {:?}", call.flags.args.join(" ")))),
        }
    },
    ..PLAIN
};

/// The verb.
pub static SET_IMAGE: Verb = Verb {
    path: "set image",
    summary: "Set the image of containers in a pod template",
    usage: "(-f FILENAME | TYPE NAME) CONTAINER_NAME_1=CONTAINER_IMAGE_1 ... [options]",
    flags: &[
        &[Flag::bool("local", "Do not ask the server.")],
        shared::ALL,
        shared::OUTPUT,
        shared::FILES,
        shared::SELECTOR,
        shared::DRY_RUN,
        shared::FIELD_MANAGER,
    ],
    run,
    ..PLAIN
};

fn run(call: &mut Call<'_, '_>) -> Result<Flow, Failure> {
    let dry_run = call.dry_run()?;
    let pairs = pairs::split(&call.flags.args, "image")?;
    let (images, _) = pairs::parse(&pairs.words, "image", Removal::Refused)?;
    let output = Output::read(call.ctx, call.env, &call.flags, Formats::Operation)?;
    if call.flags.is_on("local") {
        return Err(unsupported("local changes (--local)"));
    }
    let resources = pairs.resources.len();
    let mut builder = call.builder();
    builder.args = pairs.resources;
    builder.select_all = call.flags.is_on("all");
    builder.files_are_live = true;
    let is_bare = resources == 0 && !call.has_files();
    let (infos, failures) =
        if is_bare { (Vec::new(), Vec::new()) } else { builder.visit(call.ctx, call.env)?.into_infos() };
    if let Some(failure) = Failure::of(failures) {
        return Err(failure);
    }
    check(call, resources, &images)?;
    let mut failures = Vec::new();
    for info in &infos {
        set_images(call, info, &images, dry_run, &output, &mut failures);
    }
    Failure::of(failures).map_or(Ok(Flow::Done(0)), Err)
}

fn check(call: &Call<'_, '_>, resources: usize, images: &OrderedMap<Str, Str>) -> Result<(), Failure> {
    let mut faults = Vec::new();
    if resources == 0 && !call.has_files() {
        faults.push("one or more resources must be specified as <resource> <name> or <resource>/<name>");
    }
    if images.is_empty() {
        faults.push("at least one image update is required");
    } else if images.len() > 1 && images.contains_key("*") {
        faults.push(
            "all containers are already specified by *, but saw more than one container_name=container_image pairs",
        );
    }
    Failure::of(faults.into_iter().map(Failure::plain).collect()).map_or(Ok(()), Err)
}

/// Where the pod specification stands in objects of a resource.
pub fn pod_spec_path(mapping: Mapping) -> Option<&'static [&'static str]> {
    match mapping.qualified_plural().as_str() {
        "pods" => Some(&["spec"]),
        "cronjobs.batch" => Some(&["spec", "jobTemplate", "spec", "template", "spec"]),
        "deployments.apps" | "statefulsets.apps" | "replicasets.apps" | "daemonsets.apps" | "jobs.batch" => {
            Some(&["spec", "template", "spec"])
        }
        _ => None,
    }
}

fn set_images(
    call: &mut Call<'_, '_>,
    info: &Info,
    images: &OrderedMap<Str, Str>,
    dry_run: DryRun,
    output: &Output,
    failures: &mut Vec<Failure>,
) {
    let before = info.live.as_ref().map(api::Object::encode).unwrap_or_default();
    let mut after = before.clone();
    let Some(path) = pod_spec_path(info.mapping) else {
        let name = info.object_name();
        failures.push(Failure::Plain(format!(
            "error: {name} the object is not a pod or does not have a pod template: {}\n",
            info.mapping.resource().kind
        )));
        return;
    };
    for (name, image) in images {
        if !set_image(&mut after, path, name, image) {
            failures.push(Failure::Plain(format!("error: unable to find container named {:?}", name.as_str())));
        }
    }
    let Some(type_) = type_of(info.mapping) else { return };
    let patch = match api::patch::diff::two_way(&before, &after, type_) {
        Ok(patch) => patch,
        Err(error) => return failures.push(Failure::Plain(format!("error: {} {error}\n", info.object_name()))),
    };
    if patch.as_map().is_some_and(|map| map.is_empty()) {
        return;
    }
    if dry_run != DryRun::Client {
        match send(call, info, patch, dry_run) {
            Ok(written) => after = written,
            Err(failure) => {
                let message = format!("failed to patch image update to pod template: {}", failure.message());
                return failures.push(Failure::Plain(message));
            }
        }
    }
    match output.clone() {
        Output::Objects(mut printer) => match printer.print(&after) {
            Ok(text) => call.ctx.out(&text),
            Err(failure) => failures.push(failure),
        },
        Output::Human | Output::Wide => call.print_operation(info, "image updated", dry_run),
    }
}

fn send(call: &mut Call<'_, '_>, info: &Info, body: Value, dry_run: DryRun) -> Result<Value, Failure> {
    let kind = info.mapping.kind_supported()?;
    let options = call.write_options(dry_run, "kubectl-set", FieldValidation::Warn);
    let patch = Patch { kind: PatchKind::Strategic, body, subresource: Subresource::None };
    let written = call.ctx.api.patch(kind, &info.key(), &patch, &options)?;
    call.warn_all(&written.warnings);
    Ok(written.object.encode())
}

/// Sets the image of the containers with a name (`*` is all); answers whether there is one.
fn set_image(object: &mut Value, path: &[&str], name: &str, image: &str) -> bool {
    let mut found = false;
    for list in ["initContainers", "containers"] {
        let mut path = path.to_vec();
        path.push(list);
        let mut containers = object.at(&path).clone();
        let Value::List(elements) = &mut containers else { continue };
        for container in elements.iter_mut().filter(|container| name == "*" || container.get("name").text() == name) {
            container.set(&["image"], image);
            found = true;
        }
        object.set(&path, containers);
    }
    found
}
