//! The PVC and PV protection controllers: a claim in use and a volume that is bound outlive their deletion.
//!
//! Models: kubernetes v1.36 pkg/controller/volume/pvcprotection and pkg/controller/volume/pvprotection.

use api::{Key, Kind, Object, ObjectMeta, PersistentVolume, PersistentVolumeClaim, Pod, Resource, Status};
use client::{Change, ChangeKind, WorkQueue};
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
                let old = change.old.as_ref().and_then(Object::get::<Pod>);
                let has_ended = pod.status.is_terminal() && old.is_none_or(|old| !old.status.is_terminal());
                if is_gone || has_ended {
                    self.on_pod_end(pod);
                }
            }
            _ => {}
        }
    }

    fn on_pod_end(&mut self, pod: &Pod) {
        for source in pod.spec.volumes.iter().filter_map(|volume| volume.persistent_volume_claim.as_ref()) {
            let claim = Key::new(pod.metadata.namespace.clone(), source.claim_name.clone());
            self.claims.add(claim, "a pod that uses it has ended");
        }
    }

    pub(crate) fn run(&mut self, context: &mut Context<'_>) {
        while let Some((key, _)) = self.claims.pop(context.now) {
            if let Some(at) = self.last_writes.visible_at(&key, context) {
                self.claims.add_at(key, at);
                continue;
            }
            match self.sync_claim(&key, context) {
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

    fn sync_claim(&mut self, key: &Key, context: &mut Context<'_>) -> Result<(), Status> {
        let Some(claim) = context.cache.get::<PersistentVolumeClaim>(key) else { return Ok(()) };
        if !must_look(&claim.metadata, PVC_PROTECTION) {
            return Ok(());
        }
        context.counters.syncs += 1;
        if claim.metadata.is_terminating() && is_in_use(key, context) {
            return Ok(());
        }
        let mut changed = (**claim).clone();
        toggle(&mut changed.metadata, PVC_PROTECTION);
        self.last_writes.note(key, context.now);
        context.update(changed).map(drop)
    }

    fn sync_volume(&mut self, key: &Key, context: &mut Context<'_>) -> Result<(), Status> {
        let Some(volume) = context.cache.get::<PersistentVolume>(key) else { return Ok(()) };
        if !must_look(&volume.metadata, PV_PROTECTION) {
            return Ok(());
        }
        context.counters.syncs += 1;
        if volume.metadata.is_terminating() && volume.status.phase == "Bound" {
            return Ok(());
        }
        let mut changed = (**volume).clone();
        toggle(&mut changed.metadata, PV_PROTECTION);
        self.last_writes.note(key, context.now);
        context.update(changed).map(drop)
    }
}

/// Whether the finalizer is missing from an object that stays, or there on one that goes.
fn must_look(metadata: &ObjectMeta, finalizer: &str) -> bool {
    has(metadata, finalizer) == metadata.is_terminating()
}

fn has(metadata: &ObjectMeta, finalizer: &str) -> bool {
    metadata.finalizers.iter().any(|name| name == finalizer)
}

fn toggle(metadata: &mut ObjectMeta, finalizer: &str) {
    if has(metadata, finalizer) {
        metadata.finalizers.retain(|name| name != finalizer);
    } else {
        metadata.finalizers.push(finalizer.into());
    }
}

/// Whether a pod that is placed and has not ended uses the claim. The server is asked as well: a pod that the cache does
/// not show yet must not lose its data.
fn is_in_use(claim: &Key, context: &Context<'_>) -> bool {
    let uses = |name: &api::Str| {
        let key = Key::new(claim.namespace.clone(), name.clone());
        let pod = context.api.get(Kind::Pod, &key).ok();
        pod.as_ref()
            .and_then(Object::get::<Pod>)
            .is_some_and(|pod| !pod.spec.node_name.is_empty() && !pod.status.is_terminal())
    };
    context.indexes.pods_of_claim(claim).any(uses)
}
