//! Which volume suits a claim.
//!
//! Models: kubernetes v1.36 component-helpers/storage/volume/pv_helpers.go and pkg/controller/volume/persistentvolume/index.go.

use ordered::Arrange;
use std::cmp::Reverse;
use std::rc::Rc;

use api::quantity::Quantity;
use api::{Key, PersistentVolume, PersistentVolumeClaim, StorageClass, Str};
use thin::format_str;

/// Where claims and volumes named their class before there was a field.
const BETA_CLASS: &str = "volume.beta.kubernetes.io/storage-class";

/// When a claim is bound.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum BindingMode {
    /// As soon as there is a volume.
    Immediate,
    /// When a pod that uses it is placed; the scheduler chooses.
    WaitForFirstConsumer,
}

impl BindingMode {
    /// The mode of a claim's class; a class that is missing does not delay anything.
    pub fn of(class: Option<&StorageClass>) -> BindingMode {
        api::reached!("kube_controller_manager::persistentvolume::matching::BindingMode::of");
        match class {
            Some(class) if class.waits_for_first_consumer() => BindingMode::WaitForFirstConsumer,
            Some(_) | None => BindingMode::Immediate,
        }
    }
}

/// The volume to bind a claim to: one that is kept for it, or else the smallest that suits, those with the fewest access
/// modes first. `volumes` are those kept for the claim and those kept for nobody; any others are passed over.
pub fn find_best_match<'a>(
    claim: &PersistentVolumeClaim,
    volumes: impl Iterator<Item = &'a Rc<PersistentVolume>>,
    mode: BindingMode,
) -> Option<&'a Rc<PersistentVolume>> {
    api::reached!("kube_controller_manager::persistentvolume::matching::find_best_match");
    let mut candidates: Vec<&Rc<PersistentVolume>> = volumes.filter(|volume| is_possible(claim, volume)).collect();
    candidates.arrange_by_key(|volume| {
        let modes = sorted_modes(volume);
        let is_kept = is_bound_to(volume, claim);
        (modes.len(), modes, Reverse(is_kept), capacity(volume), volume.metadata.name.clone())
    });
    let suits = |volume: &&Rc<PersistentVolume>| {
        is_bound_to(volume, claim) || (mode == BindingMode::Immediate && is_free_and_wanted(claim, volume))
    };
    candidates.into_iter().find(suits)
}

/// Whether a volume's reference names this claim: by UID, or by name alone if the user reserved it.
pub fn is_bound_to(volume: &PersistentVolume, claim: &PersistentVolumeClaim) -> bool {
    volume.spec.claim_ref.as_ref().is_some_and(|reference| {
        reference.name == claim.metadata.name
            && reference.namespace == claim.metadata.namespace
            && (reference.uid.is_empty() || reference.uid == claim.metadata.uid)
    })
}

/// Why a volume that a claim asks for by name cannot be bound to it, if so.
pub fn obstacle(claim: &PersistentVolumeClaim, volume: &PersistentVolume) -> Option<Str> {
    api::reached!("kube_controller_manager::persistentvolume::matching::obstacle");
    if requested(claim) > capacity(volume) {
        return Some("requested PV is too small".into());
    }
    if volume.metadata.is_terminating() {
        return Some(format_str!("the volume is marked for deletion \"{}\"", volume.metadata.name));
    }
    if class_of_claim(claim) != volume_class(volume) {
        return Some("storageClassName does not match".into());
    }
    if volume_mode(claim.spec.volume_mode.as_ref()) != volume_mode(volume.spec.volume_mode.as_ref()) {
        return Some("incompatible volumeMode".into());
    }
    if attributes_class(&claim.spec.rest) != attributes_class(&volume.spec.rest) {
        return Some("volumeAttributesClassName does not match".into());
    }
    (!has_modes(claim, volume)).then(|| "incompatible accessMode".into())
}

/// The class that a claim asks for; empty for none.
pub fn class_of_claim(claim: &PersistentVolumeClaim) -> &str {
    let annotated = claim.metadata.annotations.get(BETA_CLASS);
    annotated.or(claim.spec.storage_class_name.as_deref()).unwrap_or("")
}

/// Whether a claim says anything of a class, if only that it wants none.
pub fn has_class(claim: &PersistentVolumeClaim) -> bool {
    api::reached!("kube_controller_manager::persistentvolume::matching::has_class");
    claim.metadata.annotations.contains(BETA_CLASS) || claim.spec.storage_class_name.is_some()
}

/// Whether a claim and a volume are of different modes (`Filesystem` or `Block`).
pub fn has_mode_mismatch(claim: &PersistentVolumeClaim, volume: &PersistentVolume) -> bool {
    volume_mode(claim.spec.volume_mode.as_ref()) != volume_mode(volume.spec.volume_mode.as_ref())
}

/// The claim that a volume is bound to or kept for.
pub fn claim_key(volume: &PersistentVolume) -> Option<Key> {
    let reference = volume.spec.claim_ref.as_ref()?;
    Some(Key::new(reference.namespace.clone(), reference.name.clone()))
}

/// What holds for kept and free volumes alike.
fn is_possible(claim: &PersistentVolumeClaim, volume: &PersistentVolume) -> bool {
    (volume.spec.claim_ref.is_none() || is_bound_to(volume, claim))
        && capacity(volume) >= requested(claim)
        && !has_mode_mismatch(claim, volume)
        && attributes_class(&claim.spec.rest) == attributes_class(&volume.spec.rest)
        && !volume.metadata.is_terminating()
        && has_modes(claim, volume)
}

/// What holds for free volumes only.
fn is_free_and_wanted(claim: &PersistentVolumeClaim, volume: &PersistentVolume) -> bool {
    volume.status.phase == "Available"
        && claim.spec.selector.as_ref().is_none_or(|selector| selector.matches(&volume.metadata.labels))
        && volume_class(volume) == class_of_claim(claim)
}

fn has_modes(claim: &PersistentVolumeClaim, volume: &PersistentVolume) -> bool {
    claim.spec.access_modes.iter().all(|mode| volume.spec.access_modes.contains(mode))
}

fn sorted_modes(volume: &PersistentVolume) -> Vec<Str> {
    let mut modes: Vec<Str> = volume.spec.access_modes.iter().cloned().collect();
    modes.arrange();
    modes
}

fn volume_class(volume: &PersistentVolume) -> &str {
    volume.metadata.annotations.get(BETA_CLASS).unwrap_or(&volume.spec.storage_class_name)
}

fn attributes_class(rest: &api::codec::Rest) -> &str {
    rest.get("volumeAttributesClassName").text()
}

fn volume_mode(mode: Option<&Str>) -> &str {
    mode.map_or("Filesystem", Str::as_str)
}

fn capacity(volume: &PersistentVolume) -> Quantity {
    parsed(volume.spec.capacity.get("storage"))
}

fn requested(claim: &PersistentVolumeClaim) -> Quantity {
    parsed(claim.spec.resources.requests.get("storage"))
}

/// Validation has refused what is no quantity.
fn parsed(text: Option<&str>) -> Quantity {
    text.and_then(|text| Quantity::parse(text).ok()).unwrap_or_else(|| Quantity::from_scaled(0, 0))
}
