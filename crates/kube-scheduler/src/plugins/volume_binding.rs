//! The pod's claims must be bound, or be bindable on the node.
//!
//! Models: kubernetes v1.36 pkg/scheduler/framework/plugins/volumebinding.

use std::rc::Rc;

use api::quantity::Quantity;
use api::{Key, PersistentVolume, PersistentVolumeClaim, Pod, StorageClass, Str};

use super::node_affinity;
use crate::cache::NodeInfo;
use crate::framework::{ClusterEvent, Code, Cycle, Plugin, Reads, Verdict};
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
    events: &[ClusterEvent::Node, ClusterEvent::Pod, ClusterEvent::Claim, ClusterEvent::Volume, ClusterEvent::Class],
};

/// A pod's claims, sorted out once for all nodes.
#[derive(Clone, Debug, Default)]
pub(crate) struct PodVolumes {
    bound: Vec<Rc<PersistentVolume>>,
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

/// Looks at the claims before any node is looked at.
pub(crate) fn pre_filter(pod: &Pod, lister: &dyn Lister) -> Result<PodVolumes, Verdict> {
    let refuse = |reason: Str| Err(Verdict::one(NAME, Code::UnschedulableAndUnresolvable, reason));
    let mut volumes = PodVolumes::default();
    let mut has_unbound_immediate = false;
    for key in claim_keys(pod) {
        let Some(claim) = lister.claim(&key) else {
            return refuse(thin::format_str!("persistentvolumeclaim {:?} not found", key.name.as_str()));
        };
        if claim.metadata.is_terminating() {
            return refuse(thin::format_str!("persistentvolumeclaim {:?} is being deleted", key.name.as_str()));
        }
        if is_bound(claim) {
            let name = &claim.spec.volume_name;
            let Some(volume) = lister.volume(name) else {
                let (claim, volume) = (key.name.as_str(), name.as_str());
                return refuse(thin::format_str!(
                    "persistentvolumeclaim {claim:?} bound to non-existent persistentvolume {volume:?}"
                ));
            };
            volumes.bound.push(volume.clone());
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
    let mut reasons: Vec<Str> = Vec::new();
    if !cycle.volumes.bound.iter().all(|volume| reaches(volume, info)) {
        reasons.push("node(s) didn't match PersistentVolume's node affinity".into());
    }
    let can_have = |(claim, class): &(Rc<PersistentVolumeClaim>, Rc<StorageClass>)| {
        class.provisioner != NO_PROVISIONER || matching_volume(claim, class, cycle.lister, info).is_some()
    };
    if !cycle.volumes.delayed.iter().all(can_have) {
        reasons.push("node(s) didn't find available persistent volumes to bind".into());
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
