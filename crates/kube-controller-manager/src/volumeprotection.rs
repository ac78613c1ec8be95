//! The PVC and PV protection controllers: a claim in use and a volume that is bound outlive their deletion.
//!
//! Models: kubernetes v1.36 pkg/controller/volume/pvcprotection and pkg/controller/volume/pvprotection.

use std::rc::Rc;

use api::{Key, Kind, Object, ObjectMeta, PersistentVolume, PersistentVolumeClaim, Pod, Resource, Status, Str};
use client::{Api, Change, ChangeKind, WorkQueue};
use ordered::{OrderedMap, OrderedSet};
use sim::Time;

use crate::context::{Context, LastWrites};

/// Holds a claim while a pod uses it.
pub const PVC_PROTECTION: &str = "kubernetes.io/pvc-protection";
/// Holds a volume while it is bound.
pub const PV_PROTECTION: &str = "kubernetes.io/pv-protection";

/// Both controllers: one queue each.
#[derive(Clone, Debug, Default)]
pub(crate) struct VolumeProtectionController {
    claims: WorkQueue<Key>,
    volumes: WorkQueue<Key>,
    last_writes: LastWrites,
}

impl VolumeProtectionController {
    pub(crate) fn on_change(&mut self, change: &Change) {
        let is_gone = change.kind == ChangeKind::Deleted;
        match &change.object {
            Object::PersistentVolumeClaim(claim) if !is_gone && must_look(&claim.metadata, PVC_PROTECTION) => {
                self.claims.add(claim.key(), "the claim changed");
            }
            Object::PersistentVolume(volume) if !is_gone && must_look(&volume.metadata, PV_PROTECTION) => {
                self.volumes.add(volume.key(), "the volume changed");
            }
            Object::Pod(pod) => {
                let old = change.old.as_ref().and_then(Object::get::<Pod>).map(Rc::as_ref);
                let touched = if is_gone { claims_touched(Some(pod), None) } else { claims_touched(old, Some(pod)) };
                for claim in touched {
                    self.claims.add(claim, "a pod that uses it may have ended");
                }
            }
            _ => {}
        }
    }

    pub(crate) fn run(&mut self, context: &mut Context<'_>) {
        let mut live = LiveClaims::default();
        while let Some((key, _)) = self.claims.pop(context.now) {
            if let Some(at) = self.last_writes.visible_at(&key, context) {
                self.claims.add_at(key, at);
                continue;
            }
            match self.sync_claim(&key, &mut live, context) {
                Ok(()) => self.claims.forget(&key),
                Err(_) => self.claims.add_rate_limited(key, context.now),
            }
        }
        while let Some((key, _)) = self.volumes.pop(context.now) {
            if let Some(at) = self.last_writes.visible_at(&key, context) {
                self.volumes.add_at(key, at);
                continue;
            }
            match self.sync_volume(&key, context) {
                Ok(()) => self.volumes.forget(&key),
                Err(_) => self.volumes.add_rate_limited(key, context.now),
            }
        }
    }

    pub(crate) fn next_at(&self) -> Option<Time> {
        [self.claims.next_at(), self.volumes.next_at()].into_iter().flatten().min()
    }

    fn sync_claim(&mut self, key: &Key, live: &mut LiveClaims, context: &mut Context<'_>) -> Result<(), Status> {
        let Some(claim) = context.cache.get::<PersistentVolumeClaim>(key) else { return Ok(()) };
        if !must_look(&claim.metadata, PVC_PROTECTION) {
            return Ok(());
        }
        context.counters.syncs += 1;
        let is_held = || is_used_in_cache(key, context) || live.contains(key, context.api);
        let Some(metadata) = decide(&claim.metadata, PVC_PROTECTION, is_held) else { return Ok(()) };
        self.last_writes.note(key, context.now);
        context.update(PersistentVolumeClaim { metadata, ..(**claim).clone() }).map(drop)
    }

    fn sync_volume(&mut self, key: &Key, context: &mut Context<'_>) -> Result<(), Status> {
        let Some(volume) = context.cache.get::<PersistentVolume>(key) else { return Ok(()) };
        if !must_look(&volume.metadata, PV_PROTECTION) {
            return Ok(());
        }
        context.counters.syncs += 1;
        let is_bound = || volume.status.phase == "Bound";
        let Some(metadata) = decide(&volume.metadata, PV_PROTECTION, is_bound) else { return Ok(()) };
        self.last_writes.note(key, context.now);
        context.update(PersistentVolume { metadata, ..(**volume).clone() }).map(drop)
    }
}

/// An object's metadata with the finalizer that it lacks, or without the one that nothing holds any more; none if it is as it
/// should be.
pub fn decide(metadata: &ObjectMeta, finalizer: &str, is_held: impl FnOnce() -> bool) -> Option<ObjectMeta> {
    api::reached!("kube_controller_manager::volumeprotection::decide");
    if !must_look(metadata, finalizer) || (metadata.is_terminating() && is_held()) {
        return None;
    }
    let mut after = metadata.clone();
    if has(metadata, finalizer) {
        after.finalizers.retain(|name| name != finalizer);
    } else {
        after.finalizers.push(finalizer.into());
    }
    Some(after)
}

/// The claims that a change of a pod may free: those of a pod that is gone (`new` is none), that has ended or has no node, and
/// those of another pod of that name whose end the change hides.
pub fn claims_touched(old: Option<&Pod>, new: Option<&Pod>) -> Vec<Key> {
    api::reached!("kube_controller_manager::volumeprotection::claims_touched");
    let is_gone = |old: &&Pod| new.is_none_or(|new| new.metadata.uid != old.metadata.uid);
    let may_free = |new: &&Pod| new.status.is_terminal() || new.spec.node_name.is_empty();
    let pods = old.filter(is_gone).into_iter().chain(new.filter(may_free));
    pods.flat_map(claims_of).collect()
}

fn claims_of(pod: &Pod) -> impl Iterator<Item = Key> {
    let sources = pod.spec.volumes.iter().filter_map(|volume| volume.persistent_volume_claim.as_ref());
    sources.map(|source| Key::new(pod.metadata.namespace.clone(), source.claim_name.clone()))
}

/// Whether a pod holds a claim: it names it and has a node. One that has ended holds it until it is deleted; one without a
/// node would not be started with a claim that goes.
pub fn uses(pod: &Pod, claim: &Key) -> bool {
    !pod.spec.node_name.is_empty() && claims_of(pod).any(|used| used == *claim)
}

fn is_used_in_cache(claim: &Key, context: &Context<'_>) -> bool {
    context.indexes.pods_of_claim(claim).any(|name| {
        let pod = context.cache.get::<Pod>(&Key::new(claim.namespace.clone(), name.clone()));
        pod.is_some_and(|pod| uses(pod, claim))
    })
}

/// The claims that pods use in the store, by namespace, read once a round: a pod that the cache does not show yet must not
/// lose its data.
#[derive(Default)]
struct LiveClaims(OrderedMap<Str, OrderedSet<Key>>);

impl LiveClaims {
    fn contains(&mut self, claim: &Key, api: &dyn Api) -> bool {
        let read = || {
            let pods = api.list(Kind::Pod, Some(&claim.namespace));
            let placed = pods.iter().filter_map(Object::get::<Pod>).filter(|pod| !pod.spec.node_name.is_empty());
            placed.flat_map(|pod| claims_of(pod)).collect()
        };
        self.0.entry(claim.namespace.clone()).or_insert_with(read).contains(claim)
    }
}

/// Whether the finalizer is missing from an object that stays, or there on one that goes.
fn must_look(metadata: &ObjectMeta, finalizer: &str) -> bool {
    has(metadata, finalizer) == metadata.is_terminating()
}

fn has(metadata: &ObjectMeta, finalizer: &str) -> bool {
    metadata.finalizers.iter().any(|name| name == finalizer)
}
