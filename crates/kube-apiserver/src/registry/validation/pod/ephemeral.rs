//! Ephemeral containers: what they may have, and that they stay as they were added.
//!
//! Models: kubernetes v1.36 pkg/apis/core/validation, validateEphemeralContainers and ValidatePodEphemeralContainersUpdate.

use ordered::OrderedSet;

use api::Value;

use super::super::field::{Errors, Field};
use super::super::{diff, internal};
use super::volume::Volumes;
use super::{container, image_is_trimmed, pod};

const NOT_FOR_EPHEMERAL: &str = "cannot be set for an Ephemeral Container";
/// What belongs to a service, in the order of Go's struct. A debug container is not relied upon.
const REFUSED: [&str; 9] = [
    "ports",
    "resources",
    "resizePolicy",
    "restartPolicy",
    "restartPolicyRules",
    "livenessProbe",
    "readinessProbe",
    "startupProbe",
    "lifecycle",
];
/// Marks the copy of a pod that a node runs from a file.
const MIRROR: &str = "kubernetes.io/config.mirror";

pub(super) fn containers(spec: &Field<'_>, volumes: &Volumes<'_>, errors: &mut Errors) {
    let others = ["containers", "initContainers"].map(|list| spec.value.get(list).as_list());
    let others: OrderedSet<&str> = others.into_iter().flatten().map(|one| one.get("name").text()).collect();
    let mut seen = others.clone();
    for own in spec.child("ephemeralContainers").items() {
        container::common(&own, spec, volumes, errors);
        image_is_trimmed(&own.child("image"), errors);
        let (name, target) = (own.child("name"), own.child("targetContainerName"));
        if !seen.insert(name.text()) {
            errors.push(name.duplicate());
        }
        if !target.text().is_empty() && !others.contains(target.text()) {
            errors.push(target.not_found());
        }
        for refused in REFUSED.map(|field| own.child(field)).iter().filter(|field| field.len() > 0) {
            errors.push(refused.forbidden(NOT_FOR_EPHEMERAL));
        }
        sub_paths(&own, errors);
    }
}

fn sub_paths(own: &Field<'_>, errors: &mut Errors) {
    for mount in own.child("volumeMounts").items() {
        for path in ["subPath", "subPathExpr"].map(|field| mount.child(field)) {
            if !path.text().is_empty() {
                errors.push(path.forbidden(NOT_FOR_EPHEMERAL));
            }
        }
    }
}

/// The faults of a pod that differs from the old one in its ephemeral containers only. A patch may have changed their order.
pub(in super::super) fn update(root: &Field<'_>, old: &Value, errors: &mut Errors) {
    if !old.at(&["metadata", "annotations", MIRROR]).is_null() {
        return errors.push(Field::root(root.value).forbidden("static pods do not support ephemeral containers"));
    }
    pod(root, errors);
    let list = root.at(&["spec", "ephemeralContainers"]);
    for before in old.at(&["spec", "ephemeralContainers"]).as_list() {
        let name = before.get("name").text();
        // Of two with one name, the last counts.
        match list.value.as_list().iter().rfind(|own| own.get("name").text() == name) {
            None => errors.push(list.forbidden(format!("existing ephemeral containers {name:?} may not be removed\n"))),
            Some(own) if own != before => {
                let shown = |container: &Value| internal::pretty("EphemeralContainer", container);
                let difference = diff::unified(&shown(before), &shown(own));
                let detail = format!("existing ephemeral containers {name:?} may not be changed\n{difference}");
                errors.push(list.forbidden(detail));
            }
            Some(_) => {}
        }
    }
}
