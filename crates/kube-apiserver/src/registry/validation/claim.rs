//! Persistent volume claims.
//!
//! Models: kubernetes v1.36 pkg/apis/core/validation, ValidatePersistentVolumeClaim*.

use std::cmp::Ordering;

use api::Value;

use super::field::{Errors, Field};
use super::{checks, diff, internal, names};

pub(super) const ACCESS_MODES: [&str; 4] = ["ReadOnlyMany", "ReadWriteMany", "ReadWriteOnce", "ReadWriteOncePod"];
pub(super) const VOLUME_MODES: [&str; 2] = ["Block", "Filesystem"];
const BETA_CLASS: &str = "volume.beta.kubernetes.io/storage-class";

/// The spec of a claim, or of a claim template.
pub(super) fn spec(spec: &Field<'_>, errors: &mut Errors) {
    let modes = spec.child("accessModes");
    if modes.len() == 0 {
        errors.push(modes.required("at least 1 access mode is required"));
    }
    checks::label_selector(&spec.child("selector"), errors);
    access_modes(&modes, errors);
    size(spec, errors);
    checks::name_if_set(&spec.child("storageClassName"), names::dns_subdomain, errors);
    checks::one_of(&spec.child("volumeMode"), &VOLUME_MODES, errors);
    for source in ["dataSource", "dataSourceRef"] {
        if let Some(source) = spec.child(source).set() {
            data_source(&source, errors);
        }
    }
    checks::name_if_set(&spec.child("volumeAttributesClassName"), names::dns_subdomain, errors);
}

pub(super) fn access_modes(modes: &Field<'_>, errors: &mut Errors) {
    let (mut is_single, mut is_shared) = (false, false);
    for mode in modes.items() {
        match mode.text() {
            "ReadWriteOncePod" => is_single = true,
            known if ACCESS_MODES.contains(&known) => is_shared = true,
            _ => errors.push(mode.named(modes.path.as_str()).not_supported(&ACCESS_MODES)),
        }
    }
    if is_single && is_shared {
        errors.push(modes.forbidden("may not use ReadWriteOncePod with other access modes"));
    }
}

fn size(spec: &Field<'_>, errors: &mut Errors) {
    let asked = spec.at(&["resources", "requests", "storage"]);
    let field = asked.named(format!("{}.resources[storage]", spec.path));
    match checks::quantity(asked.value) {
        None => errors.push(field.required("")),
        Some(amount) if amount.sign() != Ordering::Greater => errors.push(field.invalid("must be greater than zero")),
        Some(_) => {}
    }
}

fn data_source(source: &Field<'_>, errors: &mut Errors) {
    checks::text_required(&source.child("name"), errors);
    checks::text_required(&source.child("kind"), errors);
    let (group, kind) = (source.child("apiGroup"), source.child("kind"));
    if group.text().is_empty() && !kind.text().is_empty() && kind.text() != "PersistentVolumeClaim" {
        errors.push(source.invalid("must be 'PersistentVolumeClaim' when referencing the default apiGroup"));
    }
    checks::name_if_set(&group, names::dns_subdomain, errors);
}

pub(super) fn update(root: &Field<'_>, old: &Value, errors: &mut Errors) {
    spec(&root.child("spec"), errors);
    let annotation = ["metadata", "annotations", BETA_CLASS];
    if root.value.at(&annotation) != old.at(&annotation) {
        let field = root.at(&annotation).named(format!("metadata.annotations[{BETA_CLASS}]"));
        errors.push(field.invalid(checks::IMMUTABLE));
    }
    fixed_part(root, old, errors);
    shrinking(root, old, errors);
    let mode = root.at(&["spec", "volumeMode"]);
    if mode.value != old.at(&["spec", "volumeMode"]) {
        errors.push(mode.named("volumeMode").invalid(checks::IMMUTABLE));
    }
}

/// A bound claim may ask for more room or another class of attributes; an unbound one gets its volume and its class.
fn fixed_part(root: &Field<'_>, old: &Value, errors: &mut Errors) {
    let (mut new_spec, mut old_spec) = (root.value.get("spec").clone(), old.get("spec").clone());
    if old_spec.get("volumeName").text().is_empty() {
        put(&mut old_spec, &["volumeName"], new_spec.get("volumeName"));
    }
    if old_spec.get("storageClassName").is_null() {
        new_spec.remove(&["storageClassName"]);
    }
    if old.at(&["status", "phase"]).text() == "Bound" {
        put(&mut new_spec, &["resources", "requests", "storage"], old_spec.at(&["resources", "requests", "storage"]));
        put(&mut new_spec, &["volumeAttributesClassName"], old_spec.get("volumeAttributesClassName"));
    }
    if new_spec == old_spec {
        return;
    }
    let shown = |spec: &Value| internal::pretty("PersistentVolumeClaimSpec", spec);
    let difference = diff::unified(&shown(&old_spec), &shown(&new_spec));
    errors.push(root.child("spec").forbidden(format!(
        "spec is immutable after creation except resources.requests and volumeAttributesClassName for bound claims\n\
         {difference}"
    )));
}

fn put(spec: &mut Value, path: &[&str], value: &Value) {
    if value.is_null() {
        spec.remove(path);
    } else {
        spec.set(path, value.clone());
    }
}

fn shrinking(root: &Field<'_>, old: &Value, errors: &mut Errors) {
    let amount = |value: &Value| checks::quantity(value).unwrap_or_default();
    let asked = root.at(&["spec", "resources", "requests", "storage"]);
    let new = amount(asked.value);
    let capacity = amount(old.at(&["status", "capacity", "storage"]));
    if new < amount(old.at(&["spec", "resources", "requests", "storage"])) && new <= capacity {
        errors.push(asked.forbidden("field can not be less than status.capacity"));
    }
}
