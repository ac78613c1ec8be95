//! A volume with labels of a zone or region is reached from there only.
//!
//! Models: kubernetes v1.36 pkg/scheduler/framework/plugins/volumezone.

use crate::cache::NodeInfo;
use crate::framework::{ClusterEvent, Code, Cycle, Plugin, Reads, Verdict};

const NAME: &str = "VolumeZone";
/// Labels of places; of each pair either name counts.
const PLACES: [(&str, &str); 2] = [
    ("topology.kubernetes.io/zone", "failure-domain.beta.kubernetes.io/zone"),
    ("topology.kubernetes.io/region", "failure-domain.beta.kubernetes.io/region"),
];
/// Between the zones of a volume that is in several.
const SEPARATOR: &str = "__";

pub(crate) const PLUGIN: Plugin = Plugin {
    name: NAME,
    reads: Reads::Claims,
    filter: Some(filter),
    score: None,
    events: &[ClusterEvent::Node, ClusterEvent::Claim, ClusterEvent::Volume, ClusterEvent::Class],
};

fn filter(cycle: &Cycle<'_>, info: &NodeInfo) -> Option<Verdict> {
    let labels = &info.node.metadata.labels;
    let has_place = PLACES.iter().any(|(new, old)| labels.contains(new) || labels.contains(old));
    // A cluster without zones has no opinion.
    if !has_place {
        return None;
    }
    for volume in cycle.volumes.bound() {
        for (new, old) in PLACES {
            for key in [new, old] {
                let Some(wanted) = volume.metadata.labels.get(key) else { continue };
                let here = labels.get(key).or_else(|| labels.get(if key == new { old } else { new }));
                if !here.is_some_and(|here| wanted.split(SEPARATOR).any(|zone| zone == here)) {
                    let reason = "node(s) had no available volume zone";
                    return Some(Verdict::one(NAME, Code::UnschedulableAndUnresolvable, reason));
                }
            }
        }
    }
    None
}
