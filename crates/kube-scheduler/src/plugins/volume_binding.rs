//! The pod's claims must be bound, or be bindable on the node.
//!
//! Models: kubernetes v1.36 pkg/scheduler/framework/plugins/volumebinding.

use std::rc::Rc;

use api::quantity::Quantity;
use api::{Key, PersistentVolume, PersistentVolumeClaim, Pod, StorageClass, Str};

use super::node_affinity;
use crate::cache::NodeInfo;
use crate::framework::{Code, Cycle, Event, Happened, Plugin, Reads, Verdict, action};
use crate::lister::Lister;

const NAME: &str = "VolumeBinding";
/// On a claim: binding has been completed.
const BIND_COMPLETED: &str = "pv.kubernetes.io/bind-completed";
/// On a claim: the node chosen for its first consumer.
pub(crate) const SELECTED_NODE: &str = "volume.kubernetes.io/selected-node";
const NO_PROVISIONER: &str = "kubernetes.io/no-provisioner";

pub(crate) const PLUGIN: Plugin = Plugin {
    name: NAME,
    reads: Reads::Claims,
    filter: Some(filter),
    score: None,
    events: action::NODE_ADD
        | action::UPDATE_NODE_LABEL
        | action::CLAIM_ADD
        | action::CLAIM_UPDATE
        | action::VOLUME_ADD
        | action::VOLUME_UPDATE
        | action::CLASS_ADD
        | action::CLASS_UPDATE,
    hint,
};

/// A pod's claims, sorted out once for all nodes.
#[derive(Clone, Debug, Default)]
pub(crate) struct PodVolumes {
    bound: Vec<Rc<PersistentVolume>>,
    /// Whether a claim is bound to a volume that is gone.
    is_one_missing: bool,
    /// Claims that wait for this pod, with their classes.
    pub(crate) delayed: Vec<(Rc<PersistentVolumeClaim>, Rc<StorageClass>)>,
}

impl PodVolumes {
    /// The volumes that the pod's claims are bound to.
    pub(crate) fn bound(&self) -> &[Rc<PersistentVolume>] {
        &self.bound
    }
}

/// Whether binding of a claim is complete.
pub(crate) fn is_bound(claim: &PersistentVolumeClaim) -> bool {
    !claim.spec.volume_name.is_empty() && claim.metadata.annotations.contains(BIND_COMPLETED)
}

/// The claims that a pod mounts.
pub(crate) fn claim_keys(pod: &Pod) -> impl Iterator<Item = Key> {
    let sources = pod.spec.volumes.iter().filter_map(|volume| volume.persistent_volume_claim.as_ref());
    sources.map(|source| Key::new(pod.metadata.namespace.clone(), source.claim_name.clone()))
}

/// Whether a pod mounts a claim.
pub(crate) fn uses_claim(pod: &Pod, claim: &PersistentVolumeClaim) -> bool {
    claim_keys(pod).any(|key| key == claim.metadata.key())
}

/// One of the claims; any volume or node; a class that came, or allows other places now.
fn hint(pod: &Pod, happened: &Happened<'_>) -> bool {
    match happened.event {
        Event::Claim(_, claim) => uses_claim(pod, claim),
        Event::Class(Some(old), new) => old.allowed_topologies != new.allowed_topologies,
        _ => true,
    }
}

/// Looks at the claims before any node is looked at.
pub(crate) fn pre_filter(pod: &Pod, lister: &dyn Lister) -> Result<PodVolumes, Verdict> {
    api::reached!("kube_scheduler::plugins::volume_binding::pre_filter");
    let refuse = |reason: Str| Err(Verdict::one(NAME, Code::UnschedulableAndUnresolvable, reason));
    let mut volumes = PodVolumes::default();
    let mut has_unbound_immediate = false;
    for key in claim_keys(pod) {
        let Some(claim) = lister.claim(&key) else {
            return refuse(thin::format_str!("persistentvolumeclaim {:?} not found", key.name.as_str()));
        };
        if claim.status.phase == "Lost" {
            let (claim, volume) = (key.name.as_str(), claim.spec.volume_name.as_str());
            return refuse(thin::format_str!(
                "persistentvolumeclaim {claim:?} bound to non-existent persistentvolume {volume:?}"
            ));
        }
        if claim.metadata.is_terminating() {
            return refuse(thin::format_str!("persistentvolumeclaim {:?} is being deleted", key.name.as_str()));
        }
        if is_bound(claim) {
            match lister.volume(&claim.spec.volume_name) {
                Some(volume) => volumes.bound.push(volume.clone()),
                None => volumes.is_one_missing = true,
            }
            continue;
        }
        let class = claim.spec.storage_class_name.as_ref().and_then(|name| lister.class(name));
        match class {
            Some(class) if class.waits_for_first_consumer() && claim.spec.volume_name.is_empty() => {
                volumes.delayed.push((claim.clone(), class.clone()));
            }
            _ => has_unbound_immediate = true,
        }
    }
    if has_unbound_immediate {
        return refuse("pod has unbound immediate PersistentVolumeClaims".into());
    }
    Ok(volumes)
}

fn filter(cycle: &Cycle<'_>, info: &NodeInfo) -> Option<Verdict> {
    api::reached!("kube_scheduler::plugins::volume_binding::filter");
    let mut reasons: Vec<Str> = Vec::new();
    if !cycle.volumes.bound.iter().all(|volume| reaches(volume, info)) {
        reasons.push("node(s) didn't match PersistentVolume's node affinity".into());
    }
    let can_have = |(claim, class): &(Rc<PersistentVolumeClaim>, Rc<StorageClass>)| {
        let can_provision = !class.provisioner.is_empty() && class.provisioner != NO_PROVISIONER;
        can_provision || matching_volume(claim, class, cycle.lister, info).is_some()
    };
    if !cycle.volumes.delayed.iter().all(can_have) {
        reasons.push("node(s) didn't find available persistent volumes to bind".into());
    }
    if cycle.volumes.is_one_missing {
        reasons.push("node(s) unavailable due to one or more pvc(s) bound to non-existent pv(s)".into());
    }
    (!reasons.is_empty()).then_some(Verdict { plugin: NAME, code: Code::UnschedulableAndUnresolvable, reasons })
}

fn reaches(volume: &PersistentVolume, info: &NodeInfo) -> bool {
    let required = volume.spec.node_affinity.as_ref().and_then(|affinity| affinity.required.as_ref());
    required.is_none_or(|selector| node_affinity::matches(selector, info))
}

/// The smallest free volume that a claim can have on a node.
pub(crate) fn matching_volume(
    claim: &PersistentVolumeClaim,
    class: &StorageClass,
    lister: &dyn Lister,
    info: &NodeInfo,
) -> Option<Rc<PersistentVolume>> {
    let size = |text: Option<&str>| text.and_then(|text| Quantity::parse(text).ok()).unwrap_or_default();
    let wanted = size(claim.spec.resources.requests.get("storage"));
    let fits = |volume: &&Rc<PersistentVolume>| {
        let spec = &volume.spec;
        spec.claim_ref.is_none()
            && volume.status.phase == "Available"
            && spec.storage_class_name == class.metadata.name
            && spec.volume_mode == claim.spec.volume_mode
            && claim.spec.access_modes.iter().all(|mode| spec.access_modes.contains(mode))
            && claim.spec.selector.as_ref().is_none_or(|selector| selector.matches(&volume.metadata.labels))
            && size(spec.capacity.get("storage")) >= wanted
            && reaches(volume, info)
    };
    let volumes = lister.volumes();
    let free = volumes.iter().filter(|volume| fits(volume));
    free.min_by(|left, right| {
        let capacity = |volume: &PersistentVolume| size(volume.spec.capacity.get("storage"));
        capacity(left).cmp(&capacity(right))
    })
    .map(|volume| (*volume).clone())
}
