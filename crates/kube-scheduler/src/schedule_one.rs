//! One scheduling cycle: filter, score, choose.
//!
//! Models: kubernetes v1.36 pkg/scheduler/schedule_one.go.

use ordered::{OrderedMap, OrderedSet};
use std::rc::Rc;

use api::{Pod, Str};

use crate::cache::{Cache, NodeInfo};
use crate::diagnosis::Diagnosis;
use crate::framework::{Code, Cycle, Normalize, Reads, Score, Verdict};
use crate::lister::Lister;
use crate::memo::{Memo, Shape};
use crate::plugins::{PLUGINS, inter_pod_affinity, node_affinity, pod_topology_spread, volume_binding, volume_zone};
use crate::preemption::{self, priority};

/// Up to so many feasible nodes are always looked for.
const MIN_FEASIBLE: usize = 100;
const MIN_FEASIBLE_PERCENT: usize = 5;
const SCORE_MAX: i64 = 100;
/// At most so many plugins score.
pub(crate) const SCORERS_MAX: usize = 7;

/// What a cycle decided.
#[derive(Clone, Debug, PartialEq)]
pub(crate) enum Decision {
    /// The pod goes to this node.
    Node {
        /// The node's name.
        name: Str,
        /// The nodes it was chosen from, with their scores; empty if only one was feasible.
        scores: Scores,
        /// How many nodes were evaluated.
        evaluated: usize,
    },
    /// The pod fits nowhere.
    Nowhere(Diagnosis),
}

/// The scores of the feasible nodes.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(crate) struct Scores {
    /// The sums of what the plugins give, weighted and normalised, in the order in which the nodes were looked at. A plugin that
    /// has nothing to say of the pod gives nothing.
    pub total: Vec<i64>,
    /// The places of the nodes in the order of nodes.
    pub nodes: Vec<usize>,
}

/// Chooses a node for a pod. `start` is the place in the order of nodes where the last cycle ended; it moves on. `memo` has
/// taken in all changes of `cache`, or is empty; the decision is the same.
pub(crate) fn decide(
    pod: &Rc<Pod>,
    cache: &Cache,
    lister: &dyn Lister,
    memo: &mut Memo,
    start: &mut usize,
) -> Decision {
    api::reached!("kube_scheduler::schedule_one::decide");
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
    let shape = memo.shape(pod, cache, lister);
    let mut cycle = Cycle { volumes, ..shape.cycle(pod, cache, lister) };
    let (feasible, refused) = match promised_node(&mut cycle, cache) {
        Some(info) => (vec![info], Vec::new()),
        None => {
            let (feasible, refused) = find_feasible(&mut cycle, shape, *start);
            *start = (*start + feasible.len() + refused.len()) % cache.len();
            (feasible, refused)
        }
    };
    let evaluated = feasible.len() + refused.len();
    match feasible.as_slice() {
        [] => Decision::Nowhere(diagnose(&mut cycle, shape, &refused)),
        [only] => Decision::Node { name: only.name().clone(), scores: Scores::default(), evaluated },
        several => {
            cycle.spread_weights = pod_topology_spread::weights(&cycle.spread, several);
            let scores = score_nodes(&cycle, shape, several);
            Decision::Node { name: several[choose(&scores.total)].name().clone(), scores, evaluated }
        }
    }
}

/// The verdicts in full, now that they are wanted, and who could make room.
fn diagnose(cycle: &mut Cycle<'_>, shape: &mut Shape, refused: &[&NodeInfo]) -> Diagnosis {
    let cache = cycle.cache;
    let verdicts = refused.iter().filter_map(|info| Some((info.name().clone(), verdict(cycle, shape, info)?)));
    let by_node: OrderedMap<Str, Verdict> = verdicts.collect();
    let not_named = cache.len() - by_node.len();
    let is_cut = not_named > 0 && node_affinity::named_nodes(cycle.pod).is_some();
    let cut = is_cut.then(|| (not_named, Str::from("node(s) didn't satisfy plugin(s) [NodeAffinity]")));
    let preemption = preemption::run(cycle, cache, &by_node);
    Diagnosis { nodes_total: cache.len(), before_filter: None, by_node, cut, preemption }
}

/// Looks at the pod's claims and names before any node is looked at.
pub(crate) fn pre_filter(pod: &Pod, lister: &dyn Lister) -> Result<volume_binding::PodVolumes, Verdict> {
    if node_affinity::named_nodes(pod).is_some_and(|named| named.is_empty()) {
        let code = Code::UnschedulableAndUnresolvable;
        return Err(Verdict::one("NodeAffinity", code, "pod affinity terms conflict"));
    }
    let volumes = volume_binding::pre_filter(pod, lister)?;
    volume_zone::pre_filter(pod, lister)?;
    Ok(volumes)
}

/// The node that the pod has been promised, if it fits there now.
fn promised_node<'a>(cycle: &mut Cycle<'_>, cache: &'a Cache) -> Option<&'a NodeInfo> {
    let info = cache.get(&cycle.pod.status.nominated_node_name)?;
    filter_with_nominated(cycle, info).is_none().then_some(info)
}

/// Filters nodes from `start` on until enough are feasible. Answers with them and with the others that were looked at.
fn find_feasible<'a>(cycle: &mut Cycle<'a>, shape: &mut Shape, start: usize) -> (Vec<&'a NodeInfo>, Vec<&'a NodeInfo>) {
    let cache = cycle.cache;
    let named = node_affinity::named_nodes(cycle.pod);
    let asked = Asked::of(cycle);
    let wanted = feasible_wanted(cache.len());
    let (mut feasible, mut refused) = (Vec::with_capacity(wanted), Vec::new());
    for info in cache.nodes_from(start) {
        if feasible.len() >= wanted {
            break;
        }
        if named.as_ref().is_some_and(|named| !named.contains(info.name())) {
            continue;
        }
        let group = if passes(cycle, shape, info, &asked) { &mut feasible } else { &mut refused };
        group.push(info);
    }
    (feasible, refused)
}

/// Which questions are worth asking of each node: the same for all nodes of a cycle.
struct Asked {
    promises: bool,
    claims: bool,
    spread: bool,
    affinity: bool,
}

impl Asked {
    fn of(cycle: &Cycle<'_>) -> Asked {
        Asked {
            promises: cycle.cache.has_promises(),
            claims: volume_binding::claim_keys(cycle.pod).next().is_some(),
            spread: cycle.spread.has_hard(),
            affinity: inter_pod_affinity::could_refuse(cycle),
        }
    }
}

/// Whether a pod may go to a node: [`verdict`] without its words, which are wanted only if no node is left.
fn passes(cycle: &mut Cycle<'_>, shape: &mut Shape, info: &NodeInfo, asked: &Asked) -> bool {
    if asked.promises && cycle.cache.is_promised(info.name()) {
        return filter_with_nominated(cycle, info).is_none();
    }
    shape.answer(cycle, info).verdict.is_none()
        && !(asked.claims && filter_by(cycle, info, Reads::Claims).is_some())
        && !(asked.spread && pod_topology_spread::refusal(cycle, info).is_some())
        && !(asked.affinity && inter_pod_affinity::refusal(cycle, info).is_some())
}

fn verdict(cycle: &mut Cycle<'_>, shape: &mut Shape, info: &NodeInfo) -> Option<Verdict> {
    if cycle.cache.is_promised(info.name()) {
        return filter_with_nominated(cycle, info);
    }
    let known = shape.answer(cycle, info).verdict.as_deref().cloned();
    known.or_else(|| filter_by(cycle, info, Reads::Claims)).or_else(|| filter_by(cycle, info, Reads::Others))
}

fn filter_by(cycle: &Cycle<'_>, info: &NodeInfo, reads: Reads) -> Option<Verdict> {
    if reads == Reads::Claims && volume_binding::claim_keys(cycle.pod).next().is_none() {
        return None;
    }
    let plugins = PLUGINS.iter().filter(|plugin| plugin.reads == reads);
    plugins.filter_map(|plugin| plugin.filter).find_map(|filter| filter(cycle, info))
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

fn score_nodes(cycle: &Cycle<'_>, shape: &mut Shape, nodes: &[&NodeInfo]) -> Scores {
    let mut total: Vec<i64> = nodes.iter().map(|info| shape.answer(cycle, info).fixed).collect();
    for (at, plugin) in PLUGINS.iter().filter(|plugin| plugin.score.is_some()).enumerate() {
        let Some(score) = plugin.score.as_ref().filter(|score| !score.is_fixed() && !(score.skips)(cycle)) else {
            continue;
        };
        let raw = match plugin.reads {
            Reads::Node => nodes.iter().map(|info| shape.answer(cycle, info).raw[at]).collect(),
            Reads::Claims | Reads::Others => (score.raw)(cycle, nodes),
        };
        let values = normalised(score, raw);
        total.iter_mut().zip(&values).for_each(|(total, value)| *total += value);
    }
    Scores { total, nodes: nodes.iter().map(|info| info.index).collect() }
}

/// Raw scores, normalised and weighted. Plain loops: this is done for every pod and node.
pub(crate) fn normalised(score: &Score, mut values: Vec<i64>) -> Vec<i64> {
    let max = values.iter().copied().max().unwrap_or(0);
    match score.normalize {
        Normalize::No => {}
        Normalize::ToMax if max == 0 => {}
        Normalize::ToMax => values.iter_mut().for_each(|value| *value = *value * SCORE_MAX / max),
        Normalize::Reversed if max == 0 => values.fill(SCORE_MAX),
        Normalize::Reversed => values.iter_mut().for_each(|value| *value = SCORE_MAX - *value * SCORE_MAX / max),
        Normalize::Range => stretch(&mut values, max),
        Normalize::Spread => turn(&mut values, max),
    }
    if score.weight != 1 {
        values.iter_mut().for_each(|value| *value *= score.weight);
    }
    values
}

fn stretch(values: &mut [i64], max: i64) {
    let min = values.iter().copied().min().unwrap_or(0);
    if max == min {
        return values.fill(0);
    }
    let share = |value: i64| (value - min) as f64 / (max - min) as f64;
    values.iter_mut().for_each(|value| *value = (SCORE_MAX as f64 * share(*value)) as i64);
}

fn turn(values: &mut [i64], max: i64) {
    let min = values.iter().copied().filter(|value| *value >= 0).min().unwrap_or(0);
    for value in values {
        *value = match *value {
            nothing if nothing < 0 => 0,
            _ if max == 0 => SCORE_MAX,
            raw => SCORE_MAX * (max + min - raw) / max,
        };
    }
}

/// The node on top of a heap by score. Between equals there is no chance: since 1.35 the number that was drawn for them is left
/// out where nothing outside scores nodes too, and the shape of the heap decides. A node stays above its children if it is as
/// good, and the left child goes before the right: of the best that is the first one that is met by going down to the left.
fn choose(total: &[i64]) -> usize {
    let Some(max) = total.iter().max() else { return 0 };
    let best = total.iter().enumerate().filter(|(_, value)| *value == max).map(|(at, _)| at);
    best.min_by_key(|at| way_down(*at)).unwrap_or(0)
}

/// The turns from the top of a heap to a place, as a number that sorts as one goes: what is above first, then what is left.
fn way_down(at: usize) -> (u64, u32) {
    let place = at as u64 + 1;
    (place << place.leading_zeros(), u64::BITS - place.leading_zeros())
}

/// The plugins that refused a pod somewhere.
pub(crate) fn refusing_plugins(diagnosis: &Diagnosis) -> OrderedSet<&'static str> {
    diagnosis.before_filter.iter().chain(diagnosis.by_node.values()).map(|verdict| verdict.plugin).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    /// The place on top after each place, from the last that has children, has been moved below better ones.
    fn top_of_heap(total: &[i64]) -> usize {
        let mut heap: Vec<usize> = (0..total.len()).collect();
        for root in (0..heap.len() / 2).rev() {
            let mut at = root;
            loop {
                let is_better = |a: usize, b: usize| total[heap[a]] > total[heap[b]];
                let mut child = 2 * at + 1;
                if child + 1 < heap.len() && is_better(child + 1, child) {
                    child += 1;
                }
                if child >= heap.len() || !is_better(child, at) {
                    break;
                }
                heap.swap(at, child);
                at = child;
            }
        }
        heap[0]
    }

    #[test]
    fn the_chosen_node_is_the_one_on_top_of_the_heap() {
        let mut random = sim::Random::stream(1, "scores");
        for round in 0..2_000 {
            let nodes = 1 + random.below(40);
            let kinds = 1 + random.below(4);
            let total: Vec<i64> = (0..nodes).map(|_| random.below(kinds) as i64).collect();
            assert_eq!(choose(&total), top_of_heap(&total), "round {round}: {total:?}");
        }
    }
}
