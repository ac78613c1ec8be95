//! `kubectl set image`: sets the images of containers in a pod template.
//!
//! Models: kubernetes v1.36 kubectl/pkg/cmd/set/set_image.go.

use api::{Str, Value};
use ordered::OrderedMap;

use super::super::pairs::{self, Removal};
use super::super::{Call, Flow, PLAIN, Verb, shared};
use super::{LOCAL, Words, change_pods, manner, objects};
use crate::failure::Failure;

/// The verb.
pub static SET_IMAGE: Verb = Verb {
    path: "set image",
    summary: "Set the image of containers in a pod template",
    usage: "(-f FILENAME | TYPE NAME) CONTAINER_NAME_1=CONTAINER_IMAGE_1 ... CONTAINER_NAME_N=CONTAINER_IMAGE_N [options]",
    flags: &[
        &[LOCAL],
        shared::ALL,
        shared::OUTPUT,
        shared::RECORD,
        shared::FILES,
        shared::SELECTOR,
        shared::DRY_RUN,
        shared::FIELD_MANAGER,
    ],
    run,
    ..PLAIN
};

const WORDS: Words = Words { done: "image updated", failed: "failed to patch image update to pod template:" };

fn run(call: &mut Call<'_, '_>) -> Result<Flow, Failure> {
    let dry_run = call.dry_run()?;
    let pairs = pairs::split(&call.flags.args, "image")?;
    let (images, _) = pairs::parse(&pairs.words, "image", Removal::Refused)?;
    let (_, mut output) = manner(call)?;
    let resources = pairs.resources.len();
    let infos = if resources == 0 && !call.has_files() { Vec::new() } else { objects(call, pairs.resources)? };
    check(call, resources, &images)?;
    change_pods(call, &infos, dry_run, &mut output, WORDS, &mut |_, _, spec| {
        let missing = images.iter().filter(|(name, image)| !set_image(spec, name, image));
        let complaint = |(name, _): (&Str, &Str)| {
            Failure::Plain(format!("error: unable to find container named {:?}", name.as_str()))
        };
        missing.map(complaint).collect()
    })
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

/// Sets the image of the containers with a name (`*` is all); answers whether there is one.
fn set_image(spec: &mut Value, name: &str, image: &str) -> bool {
    let mut found = false;
    for list in ["initContainers", "containers"] {
        let Some(Value::List(containers)) = spec.as_map_mut().and_then(|map| map.get_mut(list)) else { continue };
        for container in containers.iter_mut().filter(|container| name == "*" || container.get("name").text() == name) {
            container.set(&["image"], image);
            found = true;
        }
    }
    found
}
