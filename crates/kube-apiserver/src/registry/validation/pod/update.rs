//! What may change about a pod that exists.

use api::Value;

use super::super::field::{Errors, Field};
use super::super::{checks, diff, internal};
use super::{affinity, image_is_trimmed, pod};

const CHANGEABLE: &str = "pod updates may not change fields other than `spec.containers[*].image`,\
     `spec.initContainers[*].image`,`spec.activeDeadlineSeconds`,`spec.tolerations` (only additions to existing \
     tolerations),`spec.terminationGracePeriodSeconds` (allow it to be set to 1 if it was previously negative)";

pub(in super::super) fn update(root: &Field<'_>, old: &Value, errors: &mut Errors) {
    pod(root, errors);
    let (spec, old_spec) = (root.child("spec"), old.get("spec"));
    for list in ["containers", "initContainers"] {
        let (new, before) = (spec.child(list), old_spec.get(list));
        if new.len() != before.as_list().len() {
            return errors.push(new.forbidden("pod updates may not add or remove containers"));
        }
        for container in new.items() {
            checks::text_required(&container.child("image"), errors);
            image_is_trimmed(&container.child("image"), errors);
        }
    }
    if deadline(&spec.child("activeDeadlineSeconds"), old_spec.get("activeDeadlineSeconds"), errors) {
        return;
    }
    tolerations_only_grow(&spec.child("tolerations"), old_spec.get("tolerations"), errors);
    gates_only_go(&spec.child("schedulingGates"), old_spec.get("schedulingGates"), errors);
    rest(&spec, old_spec, errors);
}

/// Whether this is so wrong that nothing else is looked at.
fn deadline(new: &Field<'_>, old: &Value, errors: &mut Errors) -> bool {
    match (new.value.as_int(), old.as_int()) {
        (Some(seconds), _) if !(0..=i64::from(i32::MAX)).contains(&seconds) => {
            errors.push(new.invalid(format!("must be between 0 and {}, inclusive", i32::MAX)));
            true
        }
        (Some(seconds), Some(before)) if before < seconds => {
            errors.push(new.invalid("must be less than or equal to previous value"));
            true
        }
        (None, Some(_)) => {
            errors.push(new.invalid("must not update from a positive integer to nil value"));
            false
        }
        _ => false,
    }
}

fn tolerations_only_grow(new: &Field<'_>, old: &Value, errors: &mut Errors) {
    let without_seconds = |toleration: &Value| {
        let mut toleration = toleration.clone();
        toleration.remove(&["tolerationSeconds"]);
        toleration
    };
    let kept: Vec<Value> = new.value.as_list().iter().map(without_seconds).collect();
    if !old.as_list().iter().all(|toleration| kept.contains(&without_seconds(toleration))) {
        return errors.push(new.forbidden("existing toleration can not be modified except its tolerationSeconds"));
    }
    affinity::tolerations(new, errors);
}

fn gates_only_go(new: &Field<'_>, old: &Value, errors: &mut Errors) {
    for gate in new.items() {
        if !old.as_list().contains(gate.value) {
            let name = gate.child("name");
            let problem = format!("only deletion is allowed, but found new scheduling gate '{}'", name.text());
            errors.push(name.forbidden(problem));
        }
    }
}

/// All that is left must be as it was.
fn rest(spec: &Field<'_>, old: &Value, errors: &mut Errors) {
    if spec.value == old {
        return;
    }
    let mut munged = spec.value.clone();
    for list in ["containers", "initContainers"] {
        keep_images(&mut munged, old, list);
    }
    for field in ["activeDeadlineSeconds", "schedulingGates", "tolerations"] {
        keep(&mut munged, old, field);
    }
    let was_negative = old.get("terminationGracePeriodSeconds").as_int().is_some_and(|seconds| seconds < 0);
    if was_negative && munged.get("terminationGracePeriodSeconds").as_int() == Some(1) {
        keep(&mut munged, old, "terminationGracePeriodSeconds");
    }
    if !old.get("schedulingGates").as_list().is_empty() {
        keep(&mut munged, old, "nodeSelector");
        keep(&mut munged, old, "affinity");
    }
    if munged == *old {
        return;
    }
    let shown = |spec: &Value| internal::pretty("PodSpec", &internal::pod_spec(spec));
    let difference = diff::unified(&shown(old), &shown(&munged));
    if !difference.is_empty() {
        errors.push(spec.forbidden(format!("{CHANGEABLE}\n{difference}")));
    }
}

fn keep(spec: &mut Value, old: &Value, field: &str) {
    match old.get(field) {
        Value::Null => {
            spec.remove(&[field]);
        }
        value => spec.set(&[field], value.clone()),
    }
}

fn keep_images(spec: &mut Value, old: &Value, list: &str) {
    let Some(Value::List(containers)) = spec.as_map_mut().and_then(|map| map.get_mut(list)) else { return };
    for (container, before) in containers.iter_mut().zip(old.get(list).as_list()) {
        keep(container, before, "image");
    }
}
