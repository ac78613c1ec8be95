//! Who owns a claim: the set, a pod that was scaled away, or nobody. The garbage collector does the rest.
//!
//! Models: kubernetes v1.36 pkg/controller/statefulset/stateful_set_utils.go (PVC retention policy).

use api::meta::OwnerReference;
use api::{ObjectMeta, PersistentVolumeClaim, Pod, Resource, StatefulSet};

use super::identity;

/// Which of its possible owners a claim should have.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum WantedOwner {
    Nobody,
    Set,
    Pod,
}

/// Whether a claim's owners are those that the set's retention policy asks for, or the claim is none of the set's business.
pub fn is_up_to_date(set: &StatefulSet, pod: &Pod, claim: &PersistentVolumeClaim) -> bool {
    api::reached!("kube_controller_manager::statefulset::retention::is_up_to_date");
    if has_stale_owner(claim, set) || has_stale_owner(claim, pod) {
        return true;
    }
    let (owned_by_set, owned_by_pod) = (is_owned_by(claim, &set.metadata), is_owned_by(claim, &pod.metadata));
    if has_unexpected_controller(set, pod, claim) {
        return !owned_by_set && !owned_by_pod;
    }
    if has_owner_that_does_not_control(set, pod, claim) {
        return false;
    }
    match wanted_owner(set, pod) {
        WantedOwner::Nobody => !owned_by_set && !owned_by_pod,
        WantedOwner::Set => owned_by_set && !owned_by_pod,
        WantedOwner::Pod => !owned_by_set && owned_by_pod,
    }
}

/// Sets the owners that the retention policy asks for.
pub fn update_owners(set: &StatefulSet, pod: &Pod, claim: &mut PersistentVolumeClaim) {
    api::reached!("kube_controller_manager::statefulset::retention::update_owners");
    let is_unexpected = has_unexpected_controller(set, pod, claim);
    let owners = &mut claim.metadata.owner_references;
    owners.retain(|owner| !names(owner, set) && !names(owner, pod));
    if is_unexpected {
        return;
    }
    match wanted_owner(set, pod) {
        WantedOwner::Nobody => {}
        WantedOwner::Set => owners.push(unblocking_reference(set)),
        WantedOwner::Pod => owners.push(unblocking_reference(pod)),
    }
}

/// A controller reference that does not make foreground deletion wait, as upstream puts it on claims.
fn unblocking_reference<T: Resource>(owner: &T) -> OwnerReference {
    OwnerReference { block_owner_deletion: None, ..owner.controller_reference() }
}

/// Whether someone else controls the claim although the set has a policy for it.
pub fn has_unexpected_controller(set: &StatefulSet, pod: &Pod, claim: &PersistentVolumeClaim) -> bool {
    if when_scaled(set) == When::Retain && when_deleted(set) == When::Retain {
        return false;
    }
    claim.metadata.owner_references.iter().any(|owner| {
        if names(owner, set) {
            owner.uid != set.metadata.uid
        } else if names(owner, pod) {
            owner.uid != pod.metadata.uid
        } else {
            owner.controller == Some(true)
        }
    })
}

/// Whether a claim still belongs to an earlier pod of this name, and must be gone before a new pod is made.
pub fn is_stale(set: &StatefulSet, pod: &Pod, claim: &PersistentVolumeClaim) -> bool {
    api::reached!("kube_controller_manager::statefulset::retention::is_stale");
    when_scaled(set) == When::Delete && has_stale_owner(claim, pod)
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum When {
    Retain,
    Delete,
}

fn when_scaled(set: &StatefulSet) -> When {
    let policy = set.spec.persistent_volume_claim_retention_policy.as_ref();
    if policy.is_some_and(|policy| policy.when_scaled == "Delete") { When::Delete } else { When::Retain }
}

fn when_deleted(set: &StatefulSet) -> When {
    let policy = set.spec.persistent_volume_claim_retention_policy.as_ref();
    if policy.is_some_and(|policy| policy.when_deleted == "Delete") { When::Delete } else { When::Retain }
}

fn wanted_owner(set: &StatefulSet, pod: &Pod) -> WantedOwner {
    let ordinal = identity::parent_and_ordinal(&pod.metadata.name).map(|(_, ordinal)| ordinal);
    let first = set.spec.first_ordinal();
    let is_in_range = ordinal.is_some_and(|ordinal| ordinal >= first && ordinal - first < set.spec.replicas());
    match (when_scaled(set), when_deleted(set)) {
        (When::Delete, _) if !is_in_range => WantedOwner::Pod,
        (_, When::Delete) => WantedOwner::Set,
        (_, When::Retain) => WantedOwner::Nobody,
    }
}

fn is_owned_by(claim: &PersistentVolumeClaim, owner: &ObjectMeta) -> bool {
    claim.metadata.owner_references.iter().any(|reference| reference.uid == owner.uid)
}

/// Whether the claim names an earlier object of the same kind and name.
fn has_stale_owner<T: Resource>(claim: &PersistentVolumeClaim, owner: &T) -> bool {
    let named = claim.metadata.owner_references.iter().find(|reference| names(reference, owner));
    named.is_some_and(|reference| reference.uid != owner.metadata().uid)
}

fn has_owner_that_does_not_control(set: &StatefulSet, pod: &Pod, claim: &PersistentVolumeClaim) -> bool {
    claim
        .metadata
        .owner_references
        .iter()
        .any(|owner| (owner.uid == set.metadata.uid || owner.uid == pod.metadata.uid) && owner.controller != Some(true))
}

/// Whether a reference is to an object of this kind and name, whatever its UID.
pub(crate) fn names<T: Resource>(reference: &OwnerReference, object: &T) -> bool {
    reference.kind == T::KIND.name()
        && reference.api_version == T::KIND.api_version()
        && reference.name == object.metadata().name
}
