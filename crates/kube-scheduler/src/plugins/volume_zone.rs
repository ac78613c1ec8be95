//! A volume with labels of a zone or region is reached from there only.
//!
//! Models: kubernetes v1.36 pkg/scheduler/framework/plugins/volumezone.

use api::{PersistentVolume, Pod};

use super::volume_binding::{claim_keys, uses_claim};
use crate::cache::NodeInfo;
use crate::framework::{Code, Cycle, Event, Happened, Plugin, Reads, Verdict, action};
use crate::lister::Lister;

const NAME: &str = "VolumeZone";
/// Labels of places.
const PLACES: [&str; 4] = [
    "failure-domain.beta.kubernetes.io/zone",
    "failure-domain.beta.kubernetes.io/region",
    "topology.kubernetes.io/zone",
    "topology.kubernetes.io/region",
];
/// Between the zones of a volume that is in several.
const SEPARATOR: &str = "__";

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
        | action::CLASS_ADD,
    hint,
};

/// One of the claims; a volume that came, or stands elsewhere now; a class that waits for pods.
fn hint(pod: &Pod, happened: &Happened<'_>) -> bool {
    match happened.event {
        Event::Claim(_, claim) => uses_claim(pod, claim),
        Event::Volume(Some(old), new) => !places(old).eq(places(new)),
        Event::Class(_, class) => class.waits_for_first_consumer(),
        _ => true,
    }
}

/// The labels of places that a volume has.
fn places(volume: &PersistentVolume) -> impl Iterator<Item = (&'static str, &str)> {
    PLACES.iter().filter_map(|key| Some((*key, volume.metadata.labels.get(key)?)))
}

/// Looks for the volumes before any node is looked at: a claim may be bound to one that is gone.
pub(crate) fn pre_filter(pod: &Pod, lister: &dyn Lister) -> Result<(), Verdict> {
    for claim in claim_keys(pod).filter_map(|key| lister.claim(&key)) {
        let name = &claim.spec.volume_name;
        if !name.is_empty() && lister.volume(name).is_none() {
            let reason = thin::format_str!("persistentvolume {:?} not found", name.as_str());
            return Err(Verdict::one(NAME, Code::UnschedulableAndUnresolvable, reason));
        }
    }
    Ok(())
}

fn filter(cycle: &Cycle<'_>, info: &NodeInfo) -> Option<Verdict> {
    api::reached!("kube_scheduler::plugins::volume_zone::filter");
    let labels = &info.node.metadata.labels;
    // A cluster without zones has no opinion.
    if !PLACES.iter().any(|key| labels.contains(key)) {
        return None;
    }
    let is_there = |(key, zones): (&'static str, &str)| {
        let here = labels.get(key).or_else(|| labels.get(today(key)));
        here.is_some_and(|here| zones.split(SEPARATOR).any(|zone| zone == here))
    };
    if cycle.volumes.bound().iter().all(|volume| places(volume).all(is_there)) {
        return None;
    }
    Some(Verdict::one(NAME, Code::UnschedulableAndUnresolvable, "node(s) had no available volume zone"))
}

/// What a label of an old volume is called on nodes today. A node's old label stands for no new one.
fn today(key: &'static str) -> &'static str {
    match key {
        "failure-domain.beta.kubernetes.io/zone" => "topology.kubernetes.io/zone",
        "failure-domain.beta.kubernetes.io/region" => "topology.kubernetes.io/region",
        key => key,
    }
}
