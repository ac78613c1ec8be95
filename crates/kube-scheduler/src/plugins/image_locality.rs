//! A node that has the images already is better.

use api::{Pod, Str};

use crate::cache::{Cache, NodeInfo};
use crate::framework::{Cycle, Normalize, Plugin, Reads, Score, always, each};

const MIB: i64 = 1 << 20;
const MIN_THRESHOLD: i64 = 23 * MIB;
const MAX_CONTAINER_THRESHOLD: i64 = 1_000 * MIB;

pub(crate) const PLUGIN: Plugin = Plugin {
    name: "ImageLocality",
    reads: Reads::Node,
    filter: None,
    score: Some(Score {
        weight: 1,
        raw: |cycle, nodes| each(cycle, nodes, score),
        normalize: Normalize::No,
        skips: |_| false,
    }),
    events: 0,
    hint: always,
};

/// The bytes that need not be pulled, each image weighed by the share of nodes that have it, between the thresholds, on a
/// scale from 0 to 100.
fn score(cycle: &Cycle<'_>, info: &NodeInfo) -> i64 {
    let total = cycle.cache.len();
    if info.node.status.images.is_empty() || total == 0 {
        return 0;
    }
    let spec = &cycle.pod.spec;
    let weighed = spec.init_containers.iter().chain(spec.containers.iter()).map(|container| {
        let name = normal_name(&container.image);
        let image = info.node.status.images.iter().find(|image| image.names.contains(&name));
        let share = cycle.cache.nodes_with_image(&name) as f64 / total as f64;
        image.map_or(0, |image| (image.size_bytes as f64 * share) as i64)
    });
    let sum: i64 = weighed.sum();
    let containers = (spec.containers.len() + spec.init_containers.len()) as i64;
    let max_threshold = MAX_CONTAINER_THRESHOLD * containers;
    100 * (sum.clamp(MIN_THRESHOLD, max_threshold) - MIN_THRESHOLD) / (max_threshold - MIN_THRESHOLD).max(1)
}

/// How many nodes have the image of each container: all that the score of one node reads of the others.
pub(crate) fn nodes_with_images(pod: &Pod, cache: &Cache) -> Vec<usize> {
    let containers = pod.spec.init_containers.iter().chain(pod.spec.containers.iter());
    containers.map(|container| cache.nodes_with_image(&normal_name(&container.image))).collect()
}

/// A name without a tag means `latest`.
fn normal_name(name: &Str) -> Str {
    let has_tag = name.rsplit('/').next().is_some_and(|last| last.contains(':'));
    if has_tag { name.clone() } else { thin::format_str!("{name}:latest") }
}
