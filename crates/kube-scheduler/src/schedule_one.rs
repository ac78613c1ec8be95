//! One scheduling cycle: filter, score, choose.
//!
//! Models: kubernetes v1.36 pkg/scheduler/schedule_one.go.

use ordered::{OrderedMap, OrderedSet};
use std::rc::Rc;

use api::{Pod, Str};
use sim::Random;

use crate::cache::{Cache, NodeInfo, Request};
use crate::diagnosis::Diagnosis;
use crate::framework::{Cycle, Normalize, Plugin, Score, Verdict};
use crate::lister::Lister;
use crate::plugins::{PLUGINS, inter_pod_affinity, pod_topology_spread, volume_binding};

/// Up to so many feasible nodes are always looked for.
const MIN_FEASIBLE: usize = 100;
const MIN_FEASIBLE_PERCENT: usize = 5;
const SCORE_MAX: i64 = 100;

/// What a cycle decided.
#[derive(Clone, Debug)]
pub enum Decision {
    /// The pod goes to this node.
    Node {
        /// The node's name.
        name: Str,
        /// The nodes it was chosen from, with their scores; empty if only one was feasible.
        scores: Vec<NodeScore>,
        /// How many nodes were evaluated.
        evaluated: usize,
    },
    /// The pod fits nowhere.
    Nowhere(Diagnosis),
}

/// The score of a feasible node.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct NodeScore {
    /// The node.
    pub node: Str,
    /// Weighted, normalised scores by plugin.
    pub by_plugin: OrderedMap<&'static str, i64>,
    /// Their sum.
    pub total: i64,
}

/// Chooses a node for a pod. `start` is the place in the order of nodes where the last cycle ended; it moves on.
pub fn decide(pod: &Rc<Pod>, cache: &Cache, lister: &dyn Lister, start: &mut usize, random: &mut Random) -> Decision {
    let refused = |before_filter, by_node| {
        let may_preempt = pod.spec.preemption_policy.as_deref() != Some("Never");
        Decision::Nowhere(Diagnosis { nodes_total: cache.len(), before_filter, by_node, may_preempt })
    };
    if cache.is_empty() {
        return refused(None, OrderedMap::new());
    }
    let volumes = match volume_binding::pre_filter(pod, lister) {
        Ok(volumes) => volumes,
        Err(verdict) => return refused(Some(verdict), OrderedMap::new()),
    };
    let mut cycle = Cycle {
        pod,
        request: Request::of(pod),
        volumes,
        affinity: inter_pod_affinity::state(pod, cache, lister),
        spread: pod_topology_spread::state(pod, cache, lister),
        lister,
        cache,
        feasible: Vec::new(),
    };
    let (feasible, by_node, evaluated) = find_feasible(&cycle, cache, *start);
    *start = (*start + evaluated) % cache.len();
    match feasible.as_slice() {
        [] => refused(None, by_node),
        [only] => Decision::Node { name: only.name().clone(), scores: Vec::new(), evaluated },
        several => {
            cycle.feasible = several.to_vec();
            pod_topology_spread::weigh(&mut cycle);
            let scores = score_nodes(&cycle, several);
            Decision::Node { name: choose(&scores, random), scores, evaluated }
        }
    }
}

/// Filters nodes from `start` on until enough are feasible. Answers with them, the verdicts, and how many were looked at.
fn find_feasible<'a>(
    cycle: &Cycle<'_>,
    cache: &'a Cache,
    start: usize,
) -> (Vec<&'a NodeInfo>, OrderedMap<Str, Verdict>, usize) {
    let wanted = feasible_wanted(cache.len());
    let (mut feasible, mut by_node, mut evaluated) = (Vec::new(), OrderedMap::new(), 0);
    for offset in 0..cache.len() {
        if feasible.len() >= wanted {
            break;
        }
        evaluated += 1;
        let info = cache.at(start + offset);
        match filter_node(cycle, info) {
            None => feasible.push(info),
            Some(verdict) => {
                by_node.insert(info.name().clone(), verdict);
            }
        }
    }
    (feasible, by_node, evaluated)
}

fn filter_node(cycle: &Cycle<'_>, info: &NodeInfo) -> Option<Verdict> {
    PLUGINS.iter().filter_map(|plugin| plugin.filter).find_map(|filter| filter(cycle, info))
}

/// In a large cluster not every node is looked at.
fn feasible_wanted(nodes: usize) -> usize {
    if nodes < MIN_FEASIBLE {
        return nodes;
    }
    let percent = 50_usize.saturating_sub(nodes / 125).max(MIN_FEASIBLE_PERCENT);
    (nodes * percent / 100).max(MIN_FEASIBLE)
}

fn score_nodes(cycle: &Cycle<'_>, nodes: &[&NodeInfo]) -> Vec<NodeScore> {
    let mut scores: Vec<NodeScore> = nodes
        .iter()
        .map(|info| NodeScore { node: info.name().clone(), by_plugin: OrderedMap::new(), total: 0 })
        .collect();
    for Plugin { name, score, .. } in PLUGINS {
        let Some(score) = score.as_ref().filter(|score| !(score.skips)(cycle)) else { continue };
        for (node, value) in scores.iter_mut().zip(normalised(cycle, score, nodes)) {
            node.by_plugin.insert(name, value * score.weight);
            node.total += value * score.weight;
        }
    }
    scores
}

fn normalised(cycle: &Cycle<'_>, score: &Score, nodes: &[&NodeInfo]) -> Vec<i64> {
    let values: Vec<i64> = nodes.iter().map(|info| (score.raw)(cycle, info)).collect();
    let max = values.iter().copied().max().unwrap_or(0);
    let min =
        values.iter().copied().filter(|value| score.normalize != Normalize::Spread || *value >= 0).min().unwrap_or(0);
    let share = |value: i64| if max == 0 { 0 } else { value * SCORE_MAX / max };
    let normal = |value: i64| match score.normalize {
        Normalize::No => value,
        Normalize::ToMax => share(value),
        Normalize::Reversed => SCORE_MAX - share(value),
        Normalize::Range if max == min => 0,
        Normalize::Range => (SCORE_MAX as f64 * ((value - min) as f64 / (max - min) as f64)) as i64,
        Normalize::Spread if value < 0 => 0,
        Normalize::Spread if max == 0 => SCORE_MAX,
        Normalize::Spread => SCORE_MAX * (max + min - value) / max,
    };
    values.into_iter().map(normal).collect()
}

/// The highest score wins; chance decides between equals.
fn choose(scores: &[NodeScore], random: &mut Random) -> Str {
    let best = scores.iter().map(|score| score.total).max().unwrap_or(0);
    let winners: Vec<&NodeScore> = scores.iter().filter(|score| score.total == best).collect();
    winners[random.below(winners.len() as u64) as usize].node.clone()
}

/// The plugins that refused a pod somewhere.
pub(crate) fn refusing_plugins(diagnosis: &Diagnosis) -> OrderedSet<&'static str> {
    diagnosis.before_filter.iter().chain(diagnosis.by_node.values()).map(|verdict| verdict.plugin).collect()
}
