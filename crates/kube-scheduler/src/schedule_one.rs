//! One scheduling cycle: filter, score, choose.
//!
//! Models: kubernetes v1.36 pkg/scheduler/schedule_one.go.

use ordered::{OrderedMap, OrderedSet};
use std::rc::Rc;

use api::{Pod, Str};
use sim::Random;

use crate::cache::{Cache, NodeInfo, Request};
use crate::diagnosis::Diagnosis;
use crate::framework::{Code, Cycle, Normalize, Plugin, Score, Verdict};
use crate::lister::Lister;
use crate::plugins::{PLUGINS, inter_pod_affinity, node_affinity, pod_topology_spread, volume_binding};
use crate::preemption::{self, priority};

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
    let nodes_total = cache.len();
    if cache.is_empty() {
        return Decision::Nowhere(Diagnosis { nodes_total, ..Diagnosis::default() });
    }
    let volumes = match pre_filter(pod, lister) {
        Ok(volumes) => volumes,
        Err(verdict) => {
            return Decision::Nowhere(Diagnosis { nodes_total, before_filter: Some(verdict), ..Diagnosis::default() });
        }
    };
    let named = node_affinity::named_nodes(pod);
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
    let found = promised_node(&mut cycle, cache);
    let (feasible, by_node, evaluated) = match found {
        Some(info) => (vec![info], OrderedMap::new(), 1),
        None => find_feasible(&mut cycle, cache, *start, named.as_ref()),
    };
    *start = (*start + evaluated) % cache.len();
    match feasible.as_slice() {
        [] => {
            let cut = named.map(|_| {
                let reason = Str::from("node(s) didn't satisfy plugin(s) [NodeAffinity]");
                (nodes_total - by_node.len(), reason)
            });
            let preemption = preemption::run(&mut cycle, cache, &by_node);
            let cut = cut.filter(|(count, _)| *count > 0);
            Decision::Nowhere(Diagnosis { nodes_total, before_filter: None, by_node, cut, preemption })
        }
        [only] => Decision::Node { name: only.name().clone(), scores: Vec::new(), evaluated },
        several => {
            cycle.feasible = several.to_vec();
            pod_topology_spread::weigh(&mut cycle);
            let scores = score_nodes(&cycle, several);
            Decision::Node { name: choose(&scores, random), scores, evaluated }
        }
    }
}

/// Looks at the pod's claims and names before any node is looked at.
fn pre_filter(pod: &Pod, lister: &dyn Lister) -> Result<volume_binding::PodVolumes, Verdict> {
    if node_affinity::named_nodes(pod).is_some_and(|named| named.is_empty()) {
        let code = Code::UnschedulableAndUnresolvable;
        return Err(Verdict::one("NodeAffinity", code, "pod affinity terms conflict"));
    }
    volume_binding::pre_filter(pod, lister)
}

/// The node that the pod has been promised, if it fits there now.
fn promised_node<'a>(cycle: &mut Cycle<'_>, cache: &'a Cache) -> Option<&'a NodeInfo> {
    let info = cache.get(&cycle.pod.status.nominated_node_name)?;
    filter_with_nominated(cycle, info).is_none().then_some(info)
}

/// Filters nodes from `start` on until enough are feasible. Answers with them, the verdicts, and how many were looked at.
fn find_feasible<'a>(
    cycle: &mut Cycle<'_>,
    cache: &'a Cache,
    start: usize,
    named: Option<&OrderedSet<Str>>,
) -> (Vec<&'a NodeInfo>, OrderedMap<Str, Verdict>, usize) {
    let wanted = feasible_wanted(cache.len());
    let (mut feasible, mut by_node, mut evaluated) = (Vec::new(), OrderedMap::new(), 0);
    for offset in 0..cache.len() {
        if feasible.len() >= wanted {
            break;
        }
        let info = cache.at(start + offset);
        if named.is_some_and(|named| !named.contains(info.name())) {
            continue;
        }
        evaluated += 1;
        match filter_with_nominated(cycle, info) {
            None => feasible.push(info),
            Some(verdict) => {
                by_node.insert(info.name().clone(), verdict);
            }
        }
    }
    (feasible, by_node, evaluated)
}

/// A node must do with those pods that have been promised it, if they are as important, and without them.
pub(crate) fn filter_with_nominated(cycle: &mut Cycle<'_>, info: &NodeInfo) -> Option<Verdict> {
    let (key, own) = (cycle.pod.metadata.key(), priority(cycle.pod));
    let promised = cycle.cache.promised(info.name());
    let others: Vec<Rc<Pod>> =
        promised.filter(|pod| priority(pod) >= own && pod.metadata.key() != key).cloned().collect();
    if !others.is_empty() {
        let mut with = info.clone();
        others.iter().for_each(|pod| cycle.put_back(pod, &mut with));
        let verdict = filter_node(cycle, &with);
        others.iter().for_each(|pod| cycle.take_out(pod, &mut with));
        if verdict.is_some() {
            return verdict;
        }
    }
    filter_node(cycle, info)
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
