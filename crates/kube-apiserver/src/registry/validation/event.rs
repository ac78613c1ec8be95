//! Events, as the older of the two APIs judges them.
//!
//! Models: kubernetes v1.36 pkg/apis/core/validation/events.go.

use super::field::{Errors, Field};
use super::{checks, names};

const MISMATCH: &str = "does not match event.namespace";
const INSTANCE_MAX: usize = 128;
const ACTION_MAX: usize = 128;

pub(super) fn event(root: &Field<'_>, errors: &mut Errors) {
    let own = root.at(&["metadata", "namespace"]).text();
    let involved = root.at(&["involvedObject", "namespace"]);
    if !root.child("eventTime").is_set() {
        let fits = if involved.text().is_empty() { own == "default" } else { own == involved.text() };
        if !fits {
            errors.push(involved.invalid_as(involved.text(), MISMATCH));
        }
        return;
    }
    if involved.text().is_empty() && own != "default" && own != "kube-system" {
        errors.push(involved.invalid_as("", MISMATCH));
    }
    let component = root.child("reportingComponent");
    checks::text_required(&component, errors);
    checks::name(&component, names::label_key, errors);
    limited(&root.child("reportingInstance"), INSTANCE_MAX, errors);
    limited(&root.child("action"), ACTION_MAX, errors);
    checks::text_required(&root.child("reason"), errors);
}

fn limited(field: &Field<'_>, max: usize, errors: &mut Errors) {
    checks::text_required(field, errors);
    if field.len() > max {
        errors.push(field.invalid_as("", format!("can have at most {max} characters")));
    }
}
