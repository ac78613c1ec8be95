//! Claims, volumes and classes.

use api::{PersistentVolume, PersistentVolumeClaim, StorageClass, Value};
use sim::Time;

use super::{Always, Heading, Wide, access_modes, age};

pub(super) const CLAIM: &[Heading] = &[
    Heading("Name", Always),
    Heading("Status", Always),
    Heading("Volume", Always),
    Heading("Capacity", Always),
    Heading("Access Modes", Always),
    Heading("StorageClass", Always),
    Heading("VolumeAttributesClass", Always),
    Heading("Age", Always),
    Heading("VolumeMode", Wide),
];

pub(super) const VOLUME: &[Heading] = &[
    Heading("Name", Always),
    Heading("Capacity", Always),
    Heading("Access Modes", Always),
    Heading("Reclaim Policy", Always),
    Heading("Status", Always),
    Heading("Claim", Always),
    Heading("StorageClass", Always),
    Heading("VolumeAttributesClass", Always),
    Heading("Reason", Always),
    Heading("Age", Always),
    Heading("VolumeMode", Wide),
];

pub(super) const CLASS: &[Heading] = &[
    Heading("Name", Always),
    Heading("Provisioner", Always),
    Heading("ReclaimPolicy", Always),
    Heading("VolumeBindingMode", Always),
    Heading("AllowVolumeExpansion", Always),
    Heading("Age", Always),
];

const ATTRIBUTES_CLASS: &str = "volumeAttributesClassName";
const BETA_CLASS: &str = "volume.beta.kubernetes.io/storage-class";
const UNSET: &str = "<unset>";

pub(super) fn claim(claim: &PersistentVolumeClaim, now: Time) -> Vec<Value> {
    let (spec, status) = (&claim.spec, &claim.status);
    let phase = if claim.metadata.is_terminating() { "Terminating" } else { status.phase.as_str() };
    let is_given = !spec.volume_name.is_empty();
    let capacity = if is_given { status.capacity.get("storage").unwrap_or("0") } else { "" };
    let modes = if is_given { access_modes(&status.access_modes) } else { String::new() };
    let class = claim.metadata.annotations.get(BETA_CLASS).or(spec.storage_class_name.as_deref()).unwrap_or("");
    vec![
        claim.metadata.name.clone().into(),
        phase.into(),
        spec.volume_name.clone().into(),
        capacity.into(),
        modes.into(),
        class.into(),
        spec.rest.get(ATTRIBUTES_CLASS).as_str().unwrap_or(UNSET).into(),
        age(&claim.metadata, now),
        spec.volume_mode.as_deref().unwrap_or(UNSET).into(),
    ]
}

pub(super) fn volume(volume: &PersistentVolume, now: Time) -> Vec<Value> {
    let (spec, status) = (&volume.spec, &volume.status);
    let phase = if volume.metadata.is_terminating() { "Terminating" } else { status.phase.as_str() };
    let claim = spec.claim_ref.as_ref().map_or(String::new(), |claim| format!("{}/{}", claim.namespace, claim.name));
    vec![
        volume.metadata.name.clone().into(),
        spec.capacity.get("storage").unwrap_or("").into(),
        access_modes(&spec.access_modes).into(),
        spec.persistent_volume_reclaim_policy.clone().into(),
        phase.into(),
        claim.into(),
        volume.metadata.annotations.get(BETA_CLASS).unwrap_or(&spec.storage_class_name).into(),
        spec.rest.get(ATTRIBUTES_CLASS).as_str().unwrap_or(UNSET).into(),
        status.reason.clone().into(),
        age(&volume.metadata, now),
        spec.volume_mode.as_deref().unwrap_or(UNSET).into(),
    ]
}

pub(super) fn class(class: &StorageClass, now: Time) -> Vec<Value> {
    let mut name = class.metadata.name.to_string();
    if class.is_default() {
        name.push_str(" (default)");
    }
    vec![
        name.into(),
        class.provisioner.clone().into(),
        class.reclaim_policy.as_deref().unwrap_or("Delete").into(),
        class.volume_binding_mode.as_deref().unwrap_or("Immediate").into(),
        class.allow_volume_expansion.unwrap_or(false).into(),
        age(&class.metadata, now),
    ]
}
