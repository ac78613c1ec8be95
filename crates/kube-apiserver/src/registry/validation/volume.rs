//! Persistent volumes.
//!
//! Models: kubernetes v1.36 pkg/apis/core/validation, ValidatePersistentVolume*.

use std::cmp::Ordering;

use api::Value;

use super::field::{Errors, Field};
use super::{checks, claim, diff, internal, names, pod};

const RECLAIM_POLICIES: [&str; 3] = ["Delete", "Recycle", "Retain"];
const SOURCES: [&str; 22] = [
    "hostPath",
    "gcePersistentDisk",
    "awsElasticBlockStore",
    "glusterfs",
    "flocker",
    "nfs",
    "rbd",
    "quobyte",
    "cephfs",
    "iscsi",
    "cinder",
    "fc",
    "flexVolume",
    "azureFile",
    "vsphereVolume",
    "photonPersistentDisk",
    "portworxVolume",
    "azureDisk",
    "scaleIO",
    "local",
    "storageos",
    "csi",
];

pub(super) fn spec(root: &Field<'_>, errors: &mut Errors) {
    let spec = root.child("spec");
    let modes = spec.child("accessModes");
    if modes.len() == 0 {
        errors.push(modes.required(""));
    }
    claim::access_modes(&modes, errors);
    capacity(&spec.child("capacity"), errors);
    let policy = spec.child("persistentVolumeReclaimPolicy");
    checks::one_of(&policy, &RECLAIM_POLICIES, errors);
    let required = spec.at(&["nodeAffinity", "required"]);
    if required.is_set() {
        pod::node_selector(&required, errors);
    } else if spec.child("nodeAffinity").is_set() {
        errors.push(required.required("must specify required node constraints"));
    }
    source(&spec, errors);
    if spec.at(&["hostPath", "path"]).text() == "/" && policy.text() == "Recycle" {
        errors.push(policy.forbidden("may not be 'recycle' for a hostPath mount of '/'"));
    }
    checks::name_if_set(&spec.child("storageClassName"), names::dns_subdomain, errors);
    checks::one_of(&spec.child("volumeMode"), &claim::VOLUME_MODES, errors);
    attributes_class(&spec, errors);
}

fn attributes_class(spec: &Field<'_>, errors: &mut Errors) {
    let Some(class) = spec.child("volumeAttributesClassName").set() else { return };
    if class.text().is_empty() {
        errors.push(class.required("an empty string is disallowed"));
    }
    checks::name_if_set(&class, names::dns_subdomain, errors);
    if !spec.child("csi").is_set() {
        errors.push(spec.child("csi").required("has to be specified when using volumeAttributesClassName"));
    }
}

fn capacity(capacity: &Field<'_>, errors: &mut Errors) {
    if capacity.len() == 0 {
        errors.push(capacity.required(""));
    }
    if capacity.len() != 1 || capacity.value.get("storage").is_null() {
        let shown = if capacity.is_set() { capacity.value.clone() } else { Value::Null };
        errors.push(api::FieldError::not_supported(capacity.path.as_str(), shown, &["storage"]));
    }
    for (name, value) in capacity.entries() {
        if checks::quantity(value).is_some_and(|amount| amount.sign() != Ordering::Greater) {
            errors.push(capacity.key(name).invalid("must be greater than zero"));
        }
    }
}

fn source(spec: &Field<'_>, errors: &mut Errors) {
    let sources = SOURCES.map(|name| spec.child(name));
    let mut rest = Errors::new();
    let Some(found) = checks::exactly_one(&sources, "may not specify more than 1 volume type", &mut rest) else {
        return errors.push(spec.required("must specify a volume type"));
    };
    if found.path.ends_with(".hostPath") {
        pod::host_path(found, errors);
    } else if found.path.ends_with(".nfs") {
        pod::nfs(found, errors);
    } else if found.path.ends_with(".csi") {
        checks::text_required(&found.child("driver"), errors);
        checks::text_required(&found.child("volumeHandle"), errors);
    } else if found.path.ends_with(".local") {
        local(spec, found, errors);
    }
    errors.append(&mut rest);
}

fn local(spec: &Field<'_>, source: &Field<'_>, errors: &mut Errors) {
    checks::text_required(&source.child("path"), errors);
    checks::no_backsteps(&source.child("path"), errors);
    if !spec.at(&["nodeAffinity", "required"]).is_set() {
        errors.push(spec.child("nodeAffinity").required("Local volume requires node affinity"));
    }
}

pub(super) fn update(root: &Field<'_>, old: &Value, errors: &mut Errors) {
    spec(root, errors);
    let (new, before) = (only_source(root.value), only_source(old));
    if new != before {
        let shown = |source: &Value| internal::pretty("PersistentVolumeSource", source);
        let difference = diff::unified(&shown(&before), &shown(&new));
        errors.push(
            root.at(&["spec", "persistentvolumesource"])
                .forbidden(format!("spec.persistentvolumesource is immutable after creation\n{difference}")),
        );
    }
    let mode = root.at(&["spec", "volumeMode"]);
    if mode.value != old.at(&["spec", "volumeMode"]) {
        errors.push(mode.named("volumeMode").invalid(checks::IMMUTABLE));
    }
    let affinity = root.at(&["spec", "nodeAffinity"]);
    let had = old.at(&["spec", "nodeAffinity"]);
    if !had.is_null() && affinity.value != had {
        errors.push(affinity.named("nodeAffinity").invalid(checks::IMMUTABLE));
    }
}

fn only_source(volume: &Value) -> Value {
    let mut source = Value::map();
    for name in SOURCES {
        let found = volume.at(&["spec", name]);
        if !found.is_null() {
            source.set(&[name], found.clone());
        }
    }
    source
}
