//! A claim that one pod alone may use is used by no second one.
//!
//! What is absent: the disks of clouds, which no cluster here has.
//!
//! Models: kubernetes v1.36 pkg/scheduler/framework/plugins/volumerestrictions.

use api::Pod;

use super::volume_binding::{claim_keys, uses_claim};
use crate::cache::NodeInfo;
use crate::framework::{Code, Cycle, Event, Happened, Plugin, Reads, Verdict, action};

const NAME: &str = "VolumeRestrictions";
const REASON: &str = "node(s) unavailable due to PersistentVolumeClaim with ReadWriteOncePod access mode already in-use by \
                      another pod";

pub(crate) const PLUGIN: Plugin = Plugin {
    name: NAME,
    reads: Reads::Claims,
    filter: Some(filter),
    score: None,
    events: action::POD_DELETE | action::CLAIM_ADD | action::NODE_ADD,
    hint,
};

/// A pod that used one of the claims; or one of the claims came.
fn hint(pod: &Pod, happened: &Happened<'_>) -> bool {
    match happened.event {
        Event::Pod(Some(gone), None) => claim_keys(pod).any(|claim| claim_keys(gone).any(|freed| freed == claim)),
        Event::Claim(_, claim) => uses_claim(pod, claim),
        _ => true,
    }
}

fn filter(cycle: &Cycle<'_>, info: &NodeInfo) -> Option<Verdict> {
    let mut exclusive = claim_keys(cycle.pod).filter(|key| {
        let claim = cycle.lister.claim(key);
        claim.is_some_and(|claim| claim.spec.access_modes.iter().any(|mode| mode == "ReadWriteOncePod"))
    });
    let is_used = exclusive.any(|key| cycle.cache.nodes().any(|node| uses(node, info, &key)));
    is_used.then(|| Verdict::one(NAME, Code::Unschedulable, REASON))
}

/// Whether a pod of a node uses a claim; `here` is the node in question as it would be.
fn uses(node: &NodeInfo, here: &NodeInfo, claim: &api::Key) -> bool {
    let node = if node.name() == here.name() { here } else { node };
    node.pods.values().any(|pod| claim_keys(pod).any(|key| key == *claim))
}
