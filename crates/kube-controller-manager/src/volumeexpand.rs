//! The volume expand controller, in part: it says that a claim which asks for more waits for an external program.
//!
//! What is absent: growing itself. Of upstream's own plugins none that can is left; the hostpath provisioner cannot either.
//!
//! Models: kubernetes v1.36 pkg/controller/volume/expand.

use api::quantity::Quantity;
use api::{Key, Object, PersistentVolumeClaim, Resource};
use client::{Change, ChangeKind, EventKind, Recorder, RecorderApi, WorkQueue};

use crate::context::Context;

const WAITING: &str = "waiting for an external controller to expand this PVC";

/// The controller's queue of claims that ask for more than they have.
#[derive(Clone, Debug)]
pub(crate) struct VolumeExpandController {
    queue: WorkQueue<Key>,
    recorder: Recorder,
}

impl VolumeExpandController {
    pub(crate) fn new() -> VolumeExpandController {
        let recorder = Recorder::new("volume_expand", "", RecorderApi::Core);
        VolumeExpandController { queue: WorkQueue::new(), recorder }
    }

    pub(crate) fn on_change(&mut self, change: &Change) {
        let Object::PersistentVolumeClaim(claim) = &change.object else { return };
        let old = change.old.as_ref().and_then(Object::get::<PersistentVolumeClaim>);
        let asks_anew = old.is_some_and(|old| requested(claim) > requested(old));
        if change.kind == ChangeKind::Modified && asks_anew {
            self.queue.add(claim.key(), "the claim asks for more");
        }
    }

    pub(crate) fn run(&mut self, context: &mut Context<'_>) {
        while let Some((key, _)) = self.queue.pop(context.now) {
            let Some(claim) = context.cache.get::<PersistentVolumeClaim>(&key) else { continue };
            context.counters.syncs += 1;
            if claim.status.phase == "Bound" && requested(claim) > parsed(claim.status.capacity.get("storage")) {
                let about = Object::PersistentVolumeClaim(claim.clone());
                self.recorder.event(context.api, &about, EventKind::Normal, "ExternalExpanding", WAITING);
            }
        }
    }
}

fn requested(claim: &PersistentVolumeClaim) -> Quantity {
    parsed(claim.spec.resources.requests.get("storage"))
}

/// Validation has refused what is no quantity.
fn parsed(text: Option<&str>) -> Quantity {
    text.and_then(|text| Quantity::parse(text).ok()).unwrap_or_default()
}
