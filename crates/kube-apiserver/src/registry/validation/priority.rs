//! Priority classes.
//!
//! Models: kubernetes v1.36 pkg/apis/scheduling/validation.

use api::Value;

use super::checks;
use super::field::{Errors, Field};
use crate::admission::SYSTEM_CLASSES;

const SYSTEM_PREFIX: &str = "system-";
const HIGHEST_OF_USERS: i64 = 1_000_000_000;
const POLICIES: [&str; 2] = ["Never", "PreemptLowerPriority"];

pub(super) fn class(root: &Field<'_>, errors: &mut Errors) {
    let (name, value) = (root.child("metadata").child("name"), root.child("value"));
    let amount = value.value.as_int().unwrap_or(0);
    if name.text().starts_with(SYSTEM_PREFIX) {
        if let Err(problem) = check_system(name.text(), amount, root.child("globalDefault").value) {
            errors.push(name.forbidden(format!(
                "priority class names with '{SYSTEM_PREFIX}' prefix are reserved for system use only. error: {problem}"
            )));
        }
    } else if amount > HIGHEST_OF_USERS {
        let detail = format!("maximum allowed value of a user defined priority is {HIGHEST_OF_USERS}");
        errors.push(value.forbidden(detail));
    }
    checks::one_of(&root.child("preemptionPolicy"), &POLICIES, errors);
}

fn check_system(name: &str, value: i64, global_default: &Value) -> Result<(), String> {
    let Some((_, known, _)) = SYSTEM_CLASSES.iter().find(|(known, ..)| *known == name) else {
        return Err(format!("{name} is not a known system priority class"));
    };
    if i64::from(*known) != value {
        return Err(format!("value of {name} PriorityClass must be {known}"));
    }
    if global_default.as_bool() == Some(true) {
        return Err(format!("globalDefault of {name} PriorityClass must be false"));
    }
    Ok(())
}

pub(super) fn update(root: &Field<'_>, old: &Value, errors: &mut Errors) {
    let value = root.child("value");
    if value.value != old.get("value") {
        errors.push(value.forbidden("may not be changed in an update."));
    }
    checks::unchanged(&root.child("preemptionPolicy"), old.get("preemptionPolicy"), errors);
}
