//! The PersistentVolume controller: claims and volumes find each other.
//!
//! Binding is four writes, each of which the next sync can finish: the volume names the claim, the volume is Bound, the
//! claim names the volume, the claim is Bound. Claims that wait are looked at again every 15 s, on a grid that starts
//! with the controller, and only while some wait.
//!
//! What is absent: making volumes. That is an external program ([`crate::HostPathProvisioner`]).
//!
//! Models: kubernetes v1.36 pkg/controller/volume/persistentvolume.

mod apply;
pub mod decide;
pub mod matching;

use ordered::OrderedSet;
use std::rc::Rc;

use api::{Key, Kind, Object, PersistentVolume, PersistentVolumeClaim, Pod, Resource, Status, StorageClass, Str};
use client::{Change, ChangeKind, Recorder, RecorderApi, WorkQueue};
use sim::{Span, Time};

use crate::context::{Context, LastWrites};
pub(crate) use apply::reference_to;
#[cfg(feature = "conform")]
pub(crate) use apply::unbind;
use decide::{ClaimInputs, VolumeDecision};

/// The controller's queues, and the claims that wait.
#[derive(Clone, Debug)]
pub(crate) struct PersistentVolumeController {
    claims: WorkQueue<Key>,
    volumes: WorkQueue<Key>,
    recorder: Recorder,
    last_writes: LastWrites,
    pending: OrderedSet<Key>,
    binding_latency: Span,
    /// The next point of the grid on which claims that wait are looked at again; none before the first wake.
    resync_at: Option<Time>,
}

/// What made a claim's sync.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Trigger {
    Change,
    Resync,
}

/// How often claims that wait are looked at again.
const RESYNC_PERIOD: Span = Span::from_seconds(15);

impl PersistentVolumeController {
    pub(crate) fn new(binding_latency: Span) -> PersistentVolumeController {
        PersistentVolumeController {
            claims: WorkQueue::new(),
            volumes: WorkQueue::new(),
            recorder: Recorder::new("persistentvolume-controller", "", RecorderApi::Core),
            last_writes: LastWrites::default(),
            pending: OrderedSet::new(),
            binding_latency,
            resync_at: None,
        }
    }

    pub(crate) fn on_change(&mut self, change: &Change) {
        let is_gone = change.kind == ChangeKind::Deleted;
        match &change.object {
            Object::PersistentVolumeClaim(claim) if is_gone => {
                self.pending.remove(&claim.key());
                self.last_writes.forget(&claim.key());
                if !claim.spec.volume_name.is_empty() {
                    self.volumes.add(Key::new("", claim.spec.volume_name.clone()), "its claim is gone");
                }
            }
            Object::PersistentVolumeClaim(claim) => self.claims.add(claim.key(), "the claim changed"),
            Object::PersistentVolume(volume) if is_gone => {
                self.last_writes.forget(&volume.key());
                if let Some(claim) = matching::claim_key(volume) {
                    self.claims.add(claim, "its volume is gone");
                }
            }
            Object::PersistentVolume(volume) => self.volumes.add(volume.key(), "the volume changed"),
            _ => {}
        }
    }

    /// Syncs all claims and volumes that are due. A claim that a volume's sync sends on is due at once.
    pub(crate) fn run(&mut self, context: &mut Context<'_>) {
        self.resync(context);
        loop {
            if let Some((key, _)) = self.volumes.pop(context.now) {
                self.run_volume(&key, context);
            } else if let Some((key, _)) = self.claims.pop(context.now) {
                self.run_claim(&key, Trigger::Change, context);
            } else {
                break;
            }
        }
    }

    pub(crate) fn next_at(&self) -> Option<Time> {
        let resync_at = self.resync_at.filter(|_| !self.pending.is_empty());
        [self.claims.next_at(), self.volumes.next_at(), resync_at].into_iter().flatten().min()
    }

    /// Looks at the claims that wait, if a point of the grid has come. Points at which none waited are passed over.
    fn resync(&mut self, context: &mut Context<'_>) {
        let at = *self.resync_at.get_or_insert(context.now + RESYNC_PERIOD);
        if context.now < at {
            return;
        }
        let periods = context.now.since(at).0 / RESYNC_PERIOD.0 + 1;
        self.resync_at = Some(at + Span(periods * RESYNC_PERIOD.0));
        if context.now != at {
            return;
        }
        for key in std::mem::take(&mut self.pending) {
            self.run_claim(&key, Trigger::Resync, context);
        }
    }

    fn run_claim(&mut self, key: &Key, trigger: Trigger, context: &mut Context<'_>) {
        if let Some(at) = self.last_writes.visible_at(key, context) {
            self.claims.add_at(key.clone(), at);
            return;
        }
        context.counters.syncs += 1;
        match self.sync_claim(key, trigger, context) {
            Ok(()) => self.claims.forget(key),
            Err(_) => self.claims.add_rate_limited(key.clone(), context.now),
        }
    }

    fn run_volume(&mut self, key: &Key, context: &mut Context<'_>) {
        if let Some(at) = self.last_writes.visible_at(key, context) {
            self.volumes.add_at(key.clone(), at);
            return;
        }
        context.counters.syncs += 1;
        match self.sync_volume(key, context) {
            Ok(()) => self.volumes.forget(key),
            Err(_) => self.volumes.add_rate_limited(key.clone(), context.now),
        }
    }

    fn sync_claim(&mut self, key: &Key, trigger: Trigger, context: &mut Context<'_>) -> Result<(), Status> {
        let cache = context.cache;
        let Some(claim) = cache.get::<PersistentVolumeClaim>(key) else { return Ok(()) };
        let volume_key = Key::new("", claim.spec.volume_name.clone());
        let candidates = match self.candidates(claim, context) {
            Ok(candidates) => candidates,
            Err(visible_at) => {
                self.claims.add_at(key.clone(), visible_at);
                return Ok(());
            }
        };
        let class_key = Key::new("", matching::class_of_claim(claim));
        let unscheduled_pods = unscheduled_pods(key, context);
        let inputs = ClaimInputs {
            claim,
            named_volume: cache.get::<PersistentVolume>(&volume_key),
            candidates: &candidates,
            class: cache.get::<StorageClass>(&class_key).map(Rc::as_ref),
            default_class: newest_default(cache.of(Kind::StorageClass).iter_as()),
            unscheduled_pods: &unscheduled_pods,
        };
        let decision = decide::decide_claim(&inputs);
        self.apply_claim(claim, &decision, trigger, context)
    }

    /// Volumes kept for the claim and, if it still looks for one, free ones; or when the caches will show what has just
    /// been written about one of them.
    fn candidates(
        &mut self,
        claim: &PersistentVolumeClaim,
        context: &mut Context<'_>,
    ) -> Result<Vec<Rc<PersistentVolume>>, Time> {
        let (cache, indexes) = (context.cache, context.indexes);
        let is_settled = claim.metadata.annotations.contains(decide::BIND_COMPLETED);
        if is_settled || !claim.spec.volume_name.is_empty() {
            return Ok(Vec::new());
        }
        let key = claim.key();
        let mut candidates = Vec::new();
        for name in indexes.volumes_of_claim(&key).chain(indexes.unclaimed_volumes()) {
            context.counters.volumes_visited += 1;
            let volume_key = Key::new("", name.clone());
            if let Some(at) = self.last_writes.visible_at(&volume_key, context) {
                return Err(at);
            }
            candidates.extend(cache.get::<PersistentVolume>(&volume_key).cloned());
        }
        Ok(candidates)
    }

    fn sync_volume(&mut self, key: &Key, context: &mut Context<'_>) -> Result<(), Status> {
        let Some(volume) = context.cache.get::<PersistentVolume>(key) else { return Ok(()) };
        context.counters.volumes_visited += 1;
        let claim = find_claim_of(volume, context);
        let decision = decide::decide_volume(volume, claim.as_deref());
        if let (VolumeDecision::SyncClaim, Some(claim)) = (&decision, &claim) {
            self.claims.add_at(claim.key(), context.now + self.binding_latency);
            return Ok(());
        }
        self.apply_volume(volume, claim.as_ref(), &decision, context)
    }
}

/// The claim that a volume's reference names, if it has the reference's UID. What the cache does not show is asked of the
/// server, lest a volume be reclaimed for a claim that is merely new.
fn find_claim_of(volume: &PersistentVolume, context: &Context<'_>) -> Option<Rc<PersistentVolumeClaim>> {
    let reference = volume.spec.claim_ref.as_ref()?;
    let key = matching::claim_key(volume)?;
    let has_uid = |claim: &Rc<PersistentVolumeClaim>| claim.metadata.uid == reference.uid;
    let cached = context.cache.get::<PersistentVolumeClaim>(&key).filter(|claim| has_uid(claim)).cloned();
    let is_given_up = volume.status.phase == "Released" || volume.status.phase == "Failed";
    if cached.is_some() || is_given_up || reference.uid.is_empty() {
        return cached;
    }
    context.api.get_as::<PersistentVolumeClaim>(&key).ok().filter(has_uid)
}

fn unscheduled_pods(claim: &Key, context: &Context<'_>) -> Vec<Str> {
    let pods = context.indexes.pods_of_claim(claim).filter(|name| {
        let pod = context.cache.get::<Pod>(&Key::new(claim.namespace.clone(), (*name).clone()));
        pod.is_some_and(|pod| pod.spec.node_name.is_empty() && !pod.status.is_terminal())
    });
    pods.cloned().collect()
}

/// The newest of the default classes; of equally old ones the first, which is that by name.
pub(crate) fn newest_default<'a>(classes: impl Iterator<Item = &'a Rc<StorageClass>>) -> Option<&'a StorageClass> {
    let age = |class: &&Rc<StorageClass>| std::cmp::Reverse(class.metadata.creation_timestamp);
    classes.filter(|class| class.is_default()).min_by_key(age).map(Rc::as_ref)
}
