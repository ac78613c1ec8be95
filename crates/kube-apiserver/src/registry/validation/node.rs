//! Nodes, namespaces and leases.
//!
//! Models: kubernetes v1.36 pkg/apis/core/validation, ValidateNode*, ValidateNamespace; pkg/apis/coordination/validation.

use ordered::OrderedSet;

use api::Value;

use super::field::{Errors, Field};
use super::{checks, names, pod};

const KEPT: [(&str, &str); 2] = [
    ("podCIDRs", "node updates may not change podCIDR except from \"\" to valid"),
    ("providerID", "node updates may not change providerID except from \"\" to valid"),
];

pub(super) fn node(root: &Field<'_>, errors: &mut Errors) {
    taints(root, errors);
    resources(root, errors);
}

pub(super) fn update(root: &Field<'_>, old: &Value, errors: &mut Errors) {
    resources(root, errors);
    for (name, problem) in KEPT {
        let (field, before) = (root.at(&["spec", name]), old.at(&["spec", name]));
        if !before.is_null() && field.value != before {
            errors.push(field.forbidden(problem));
        }
    }
    taints(root, errors);
}

/// Taints are named as if they were metadata.
fn taints(root: &Field<'_>, errors: &mut Errors) {
    let mut seen = OrderedSet::new();
    for taint in root.at(&["spec", "taints"]).named("metadata.taints").items() {
        let (key, value, effect) = (taint.child("key"), taint.child("value"), taint.child("effect"));
        checks::name(&key, names::label_key, errors);
        let problems = names::label_value(value.text());
        if !problems.is_empty() {
            errors.push(value.invalid(problems.join(";")));
        }
        pod::toleration_effect(&effect, errors);
        if !seen.insert((effect.text(), key.text())) {
            let mut error = taint.duplicate();
            error.detail = "taints must be unique by key and effect pair".into();
            errors.push(error);
        }
    }
}

fn resources(root: &Field<'_>, errors: &mut Errors) {
    for list in ["capacity", "allocatable"] {
        let list = root.at(&["status", list]);
        for (name, _) in list.entries() {
            checks::resource_amount(&list.child(name), name, errors);
        }
    }
}

pub(super) fn namespace(root: &Field<'_>, errors: &mut Errors) {
    for finalizer in root.at(&["spec", "finalizers"]).items() {
        checks::name(&finalizer.named("spec.finalizers"), names::label_key, errors);
    }
}

pub(super) fn lease(spec: &Field<'_>, errors: &mut Errors) {
    let duration = spec.child("leaseDurationSeconds");
    if duration.is_set() && duration.int() <= 0 {
        errors.push(duration.invalid("must be greater than 0"));
    }
    checks::non_negative(&spec.child("leaseTransitions"), errors);
    let holder = spec.child("preferredHolder");
    if !holder.text().is_empty() && spec.child("strategy").text().is_empty() {
        errors.push(holder.forbidden("may only be specified if `strategy` is defined"));
    }
}
