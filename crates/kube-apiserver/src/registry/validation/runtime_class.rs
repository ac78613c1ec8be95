//! Runtime classes.
//!
//! Models: kubernetes v1.36 pkg/apis/node/validation.

use api::Value;

use super::field::{Errors, Field};
use super::{checks, names, pod};

pub(super) fn class(root: &Field<'_>, errors: &mut Errors) {
    checks::name_required(&root.child("handler"), names::dns_label, errors);
    let overhead = root.child("overhead");
    let fixed = overhead.child("podFixed");
    for (name, _) in fixed.entries() {
        let limit = fixed.key(name);
        checks::resource_amount(&limit.named(format!("overhead.limits[{name}]")), name, errors);
    }
    let scheduling = root.child("scheduling");
    checks::labels(&scheduling.child("nodeSelector"), errors);
    let tolerations = scheduling.child("tolerations");
    pod::tolerations(&tolerations, errors);
    let mut seen: Vec<Value> = Vec::new();
    for toleration in tolerations.items() {
        let mut key = toleration.value.clone();
        key.remove(&["tolerationSeconds"]);
        if seen.contains(&key) {
            errors.push(toleration.duplicate());
        }
        seen.push(key);
    }
}

pub(super) fn update(root: &Field<'_>, old: &Value, errors: &mut Errors) {
    checks::unchanged(&root.child("handler"), old.get("handler"), errors);
}
