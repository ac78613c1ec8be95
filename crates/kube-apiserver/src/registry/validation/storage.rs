//! Storage classes.
//!
//! Models: kubernetes v1.36 pkg/apis/storage/validation.

use api::Value;

use super::field::{Errors, Field};
use super::{checks, names};

const RECLAIM_POLICIES: [&str; 2] = ["Delete", "Retain"];
const BINDING_MODES: [&str; 2] = ["Immediate", "WaitForFirstConsumer"];
const PARAMETERS_MAX: usize = 512;
const PARAMETERS_SIZE_MAX: usize = 256 * 1024;

pub(super) fn class(root: &Field<'_>, errors: &mut Errors) {
    let provisioner = root.child("provisioner");
    if provisioner.text().is_empty() {
        errors.push(provisioner.required(""));
    } else {
        let problems = names::label_key(&provisioner.text().to_lowercase());
        errors.extend(problems.into_iter().map(|problem| provisioner.invalid(problem)));
    }
    parameters(&root.child("parameters"), errors);
    checks::one_of(&root.child("reclaimPolicy"), &RECLAIM_POLICIES, errors);
    checks::one_of_required(&root.child("volumeBindingMode"), &BINDING_MODES, errors);
    for term in root.child("allowedTopologies").items() {
        for requirement in term.child("matchLabelExpressions").items() {
            if requirement.child("values").len() == 0 {
                errors.push(requirement.child("values").required(""));
            }
            checks::name(&requirement.child("key"), names::label_key, errors);
        }
    }
}

fn parameters(parameters: &Field<'_>, errors: &mut Errors) {
    if parameters.len() > PARAMETERS_MAX {
        errors.push(parameters.too_long(PARAMETERS_MAX));
        return;
    }
    let mut size = 0;
    for (key, value) in parameters.entries() {
        if key.is_empty() {
            errors.push(parameters.invalid_as("", "field can not be empty."));
        }
        size += key.len() + value.text().len();
    }
    if size > PARAMETERS_SIZE_MAX {
        errors.push(parameters.too_long(PARAMETERS_SIZE_MAX));
    }
}

pub(super) fn update(root: &Field<'_>, old: &Value, errors: &mut Errors) {
    let parameters = root.child("parameters");
    if parameters.value != old.get("parameters") {
        errors.push(parameters.forbidden("updates to parameters are forbidden."));
    }
    for name in ["provisioner", "reclaimPolicy", "volumeBindingMode"] {
        checks::unchanged(&root.child(name), old.get(name), errors);
    }
}
