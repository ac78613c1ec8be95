//! One sync of a claim or of a volume, as pure decisions.
//!
//! Models: kubernetes v1.36 pkg/controller/volume/persistentvolume/pv_controller.go (syncClaim, syncVolume).

use std::rc::Rc;

use api::{PersistentVolume, PersistentVolumeClaim, StorageClass, Str};
use client::EventKind;
use thin::format_str;

use super::matching::{self, BindingMode};

/// The claim has been bound, once and for all.
pub const BIND_COMPLETED: &str = "pv.kubernetes.io/bind-completed";
/// The controller chose the volume (or the claim), not the user.
pub const BOUND_BY_CONTROLLER: &str = "pv.kubernetes.io/bound-by-controller";
/// Who is to make a volume for the claim.
pub const STORAGE_PROVISIONER: &str = "volume.kubernetes.io/storage-provisioner";
/// The older name of [`STORAGE_PROVISIONER`].
pub const BETA_STORAGE_PROVISIONER: &str = "volume.beta.kubernetes.io/storage-provisioner";
/// The node that the scheduler chose for the claim's first pod.
pub const SELECTED_NODE: &str = "volume.kubernetes.io/selected-node";
/// Who made the volume.
pub const PROVISIONED_BY: &str = "pv.kubernetes.io/provisioned-by";

/// An Event to record about a claim or a volume.
#[derive(Clone, Debug, PartialEq)]
pub struct Notice {
    /// How much it matters.
    pub kind: EventKind,
    /// In a word.
    pub reason: &'static str,
    /// In a sentence.
    pub message: Str,
}

impl Notice {
    fn normal(reason: &'static str, message: impl Into<Str>) -> Notice {
        Notice { kind: EventKind::Normal, reason, message: message.into() }
    }

    fn warning(reason: &'static str, message: impl Into<Str>) -> Notice {
        Notice { kind: EventKind::Warning, reason, message: message.into() }
    }
}

/// All that the decision about a claim looks at.
#[derive(Clone, Debug)]
pub struct ClaimInputs<'a> {
    /// The claim.
    pub claim: &'a PersistentVolumeClaim,
    /// The volume that the claim names, if there is one of this name.
    pub named_volume: Option<&'a Rc<PersistentVolume>>,
    /// Volumes that are kept for the claim or for nobody.
    pub candidates: &'a [Rc<PersistentVolume>],
    /// The claim's class, if it exists.
    pub class: Option<&'a StorageClass>,
    /// The class of claims that name none.
    pub default_class: Option<&'a StorageClass>,
    /// Pods that use the claim and are bound to no node, by name.
    pub unscheduled_pods: &'a [Str],
}

/// What to do about a claim.
#[derive(Clone, Debug, PartialEq)]
pub enum ClaimDecision {
    /// Bind it to this volume, or finish binding it.
    Bind(Rc<PersistentVolume>),
    /// Give it the default class.
    AssignClass(Str),
    /// Ask an external program for a volume.
    Provision {
        /// The program.
        provisioner: Str,
        /// What to say meanwhile.
        notice: Notice,
    },
    /// It cannot be provisioned; say so.
    CannotProvision(Notice),
    /// It waits.
    Pending(Option<Notice>),
    /// It was bound, and its volume is gone.
    Lost(Notice),
    /// Its state contradicts itself; look again later.
    Contradiction,
}

/// Decides about a claim.
pub fn decide_claim(inputs: &ClaimInputs<'_>) -> ClaimDecision {
    api::reached!("kube_controller_manager::persistentvolume::decide::decide_claim");
    let claim = inputs.claim;
    if claim.metadata.annotations.contains(BIND_COMPLETED) {
        return decide_bound_claim(inputs);
    }
    if claim.spec.volume_name.is_empty() { decide_unbound_claim(inputs) } else { decide_claim_for_named_volume(inputs) }
}

fn decide_unbound_claim(inputs: &ClaimInputs<'_>) -> ClaimDecision {
    let claim = inputs.claim;
    let mode = BindingMode::of(inputs.class);
    if let Some(volume) = matching::find_best_match(claim, inputs.candidates.iter(), mode) {
        return ClaimDecision::Bind(volume.clone());
    }
    let class = matching::class_of_claim(claim);
    if let (false, Some(default)) = (matching::has_class(claim), inputs.default_class) {
        return ClaimDecision::AssignClass(default.metadata.name.clone());
    }
    if mode == BindingMode::WaitForFirstConsumer && !claim.metadata.annotations.contains(SELECTED_NODE) {
        return ClaimDecision::Pending(Some(notice_of_waiting(inputs.unscheduled_pods)));
    }
    if !class.is_empty() {
        return decide_provisioning(class, inputs.class);
    }
    let message = "no persistent volumes available for this claim and no storage class is set";
    ClaimDecision::Pending(Some(Notice::normal("FailedBinding", message)))
}

fn notice_of_waiting(pods: &[Str]) -> Notice {
    let message = match pods {
        [] => {
            let message = "waiting for first consumer to be created before binding";
            return Notice::normal("WaitForFirstConsumer", message);
        }
        [pod] => format_str!("waiting for pod {pod} to be scheduled"),
        pods => format_str!("waiting for pods {} to be scheduled", pods.join(",")),
    };
    Notice::normal("WaitForPodScheduled", message)
}

/// Volumes come from programs outside this one; of upstream's own provisioners none is left but those of clouds.
fn decide_provisioning(name: &str, class: Option<&StorageClass>) -> ClaimDecision {
    let Some(class) = class else {
        let message = format_str!("storageclass.storage.k8s.io \"{name}\" not found");
        return ClaimDecision::CannotProvision(Notice::warning("ProvisioningFailed", message));
    };
    let provisioner = class.provisioner.clone();
    if provisioner.starts_with("kubernetes.io/") {
        let message = format_str!("no volume plugin matched name: {provisioner}");
        return ClaimDecision::CannotProvision(Notice::warning("ProvisioningFailed", message));
    }
    let message = format_str!(
        "Waiting for a volume to be created either by the external provisioner '{provisioner}' or manually by the system \
         administrator. If volume creation is delayed, please verify that the provisioner is running and correctly \
         registered."
    );
    ClaimDecision::Provision { provisioner, notice: Notice::normal("ExternalProvisioning", message) }
}

fn decide_claim_for_named_volume(inputs: &ClaimInputs<'_>) -> ClaimDecision {
    let claim = inputs.claim;
    let Some(volume) = inputs.named_volume else { return ClaimDecision::Pending(None) };
    if matching::is_bound_to(volume, claim) {
        return ClaimDecision::Bind(volume.clone());
    }
    let name = &volume.metadata.name;
    if volume.spec.claim_ref.is_some() {
        if claim.metadata.annotations.contains(BOUND_BY_CONTROLLER) {
            return ClaimDecision::Contradiction;
        }
        let message = format_str!("volume \"{name}\" already bound to a different claim.");
        return ClaimDecision::Pending(Some(Notice::warning("FailedBinding", message)));
    }
    match matching::obstacle(claim, volume) {
        None => ClaimDecision::Bind(volume.clone()),
        Some(obstacle) => {
            let message = format_str!("Cannot bind to requested volume \"{name}\": {obstacle}");
            ClaimDecision::Pending(Some(Notice::warning("VolumeMismatch", message)))
        }
    }
}

fn decide_bound_claim(inputs: &ClaimInputs<'_>) -> ClaimDecision {
    let lost = |reason, message: &str| ClaimDecision::Lost(Notice::warning(reason, message));
    if inputs.claim.spec.volume_name.is_empty() {
        let message = "Bound claim has lost reference to PersistentVolume. Data on the volume is lost!";
        return lost("ClaimLost", message);
    }
    let Some(volume) = inputs.named_volume else {
        return lost("ClaimLost", "Bound claim has lost its PersistentVolume. Data on the volume is lost!");
    };
    match &volume.spec.claim_ref {
        None => ClaimDecision::Bind(volume.clone()),
        Some(reference) if reference.uid == inputs.claim.metadata.uid => ClaimDecision::Bind(volume.clone()),
        Some(_) => lost("ClaimMisbound", "Two claims are bound to the same volume, this one is bound incorrectly"),
    }
}

/// What to do about a volume.
#[derive(Clone, Debug, PartialEq)]
pub enum VolumeDecision {
    /// It is free, or kept for a claim that is not there yet.
    Available,
    /// It is bound, and its claim says so too.
    Bound,
    /// Its claim is not bound yet: that is the claim's sync to do.
    SyncClaim,
    /// Its claim is of another mode.
    Mismatch {
        /// To say of the volume.
        of_volume: Notice,
        /// To say of the claim.
        of_claim: Notice,
    },
    /// Its claim is gone: release it, and do what its policy says.
    Release(Reclaim),
    /// Its claim is bound elsewhere: take it back.
    Unbind,
}

/// What becomes of a released volume.
#[derive(Clone, Debug, PartialEq)]
pub enum Reclaim {
    /// Nothing, here: it is retained, or an external program deletes it.
    Nothing,
    /// It is deleted.
    Delete,
    /// It cannot be reclaimed.
    Fail(Notice),
}

/// Decides about a volume, given the claim that its reference names, if that is there and has the reference's UID.
pub fn decide_volume(volume: &PersistentVolume, claim: Option<&PersistentVolumeClaim>) -> VolumeDecision {
    api::reached!("kube_controller_manager::persistentvolume::decide::decide_volume");
    let Some(reference) = &volume.spec.claim_ref else { return VolumeDecision::Available };
    if reference.uid.is_empty() {
        return VolumeDecision::Available;
    }
    let Some(claim) = claim else { return VolumeDecision::Release(decide_reclaim(volume)) };
    let (name, bound_to) = (&volume.metadata.name, &claim.spec.volume_name);
    if bound_to.is_empty() {
        return if matching::has_mode_mismatch(claim, volume) {
            mismatch(volume, claim)
        } else {
            VolumeDecision::SyncClaim
        };
    }
    if bound_to == name {
        return VolumeDecision::Bound;
    }
    let is_provisioned = volume.metadata.annotations.contains(PROVISIONED_BY);
    if is_provisioned && volume.spec.persistent_volume_reclaim_policy == "Delete" {
        return VolumeDecision::Release(decide_reclaim(volume));
    }
    VolumeDecision::Unbind
}

fn mismatch(volume: &PersistentVolume, claim: &PersistentVolumeClaim) -> VolumeDecision {
    let (volume, claim) = (&volume.metadata.name, &claim.metadata.name);
    let of_volume = format_str!(
        "Cannot bind PersistentVolume to requested PersistentVolumeClaim \"{claim}\" due to incompatible volumeMode."
    );
    let of_claim = format_str!(
        "Cannot bind PersistentVolume \"{volume}\" to requested PersistentVolumeClaim due to incompatible volumeMode."
    );
    VolumeDecision::Mismatch {
        of_volume: Notice::warning("VolumeMismatch", of_volume),
        of_claim: Notice::warning("VolumeMismatch", of_claim),
    }
}

fn decide_reclaim(volume: &PersistentVolume) -> Reclaim {
    match volume.spec.persistent_volume_reclaim_policy.as_str() {
        "Retain" => Reclaim::Nothing,
        "Delete" => decide_deletion(volume),
        "Recycle" => Reclaim::Fail(Notice::warning("VolumeFailedRecycle", "No recycler plugin found for the volume!")),
        _ => Reclaim::Fail(Notice::warning(
            "VolumeUnknownReclaimPolicy",
            "Volume has unrecognized PersistentVolumeReclaimPolicy",
        )),
    }
}

/// A volume that an external program made is that program's to delete; of others only host paths below `/tmp` can be.
fn decide_deletion(volume: &PersistentVolume) -> Reclaim {
    let provisioner = volume.metadata.annotations.get(PROVISIONED_BY);
    if provisioner.is_some_and(|name| !name.is_empty() && !name.starts_with("kubernetes.io/")) {
        return Reclaim::Nothing;
    }
    let host_path = volume.spec.rest.get("hostPath");
    let path = host_path.get("path").text();
    if host_path.is_null() {
        let name = &volume.metadata.name;
        let message =
            format_str!("error getting deleter volume plugin for volume \"{name}\": no volume plugin matched");
        return Reclaim::Fail(Notice::warning("VolumeFailedDelete", message));
    }
    if path.strip_prefix("/tmp/").is_some_and(|rest| !rest.is_empty()) {
        return Reclaim::Delete;
    }
    let message = format_str!("host_path deleter only supports /tmp/.+ but received provided {path}");
    Reclaim::Fail(Notice::warning("VolumeFailedDelete", message))
}
