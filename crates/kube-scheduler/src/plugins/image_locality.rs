//! A node that has the images already is better.

use crate::cache::NodeInfo;
use crate::framework::{Cycle, Normalize, Plugin, Score};

const MIB: i64 = 1 << 20;
const MIN_THRESHOLD: i64 = 23 * MIB;
const MAX_CONTAINER_THRESHOLD: i64 = 1_000 * MIB;

pub(crate) const PLUGIN: Plugin = Plugin {
    name: "ImageLocality",
    filter: None,
    score: Some(Score { weight: 1, raw: score, normalize: Normalize::No, skips: |_| false }),
    events: &[],
};

/// The bytes that need not be pulled, between the thresholds, on a scale from 0 to 100.
///
/// Upstream weighs an image by the share of nodes that have it; here each node that has it counts for itself.
fn score(cycle: &Cycle<'_>, info: &NodeInfo) -> i64 {
    if info.node.status.images.is_empty() || cycle.nodes_total == 0 {
        return 0;
    }
    let containers = &cycle.pod.spec.containers;
    let present = containers.iter().filter_map(|container| {
        let image = info.node.status.images.iter().find(|image| image.names.contains(&container.image))?;
        Some(image.size_bytes)
    });
    let sum: i64 = present.sum();
    let max_threshold = MAX_CONTAINER_THRESHOLD * containers.len() as i64;
    100 * (sum.clamp(MIN_THRESHOLD, max_threshold) - MIN_THRESHOLD) / (max_threshold - MIN_THRESHOLD).max(1)
}
