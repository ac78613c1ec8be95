//! Replicas spread evenly over zones and nodes.
//!
//! Models: kubernetes v1.36 pkg/scheduler/framework/plugins/podtopologyspread.

use std::rc::Rc;

use api::core::affinity::TopologySpreadConstraint;
use api::meta::{LabelSelector, LabelSelectorRequirement};
use api::{Node, Pod, Str};

use super::{labels_of_selector, node_affinity, taint_toleration};
use crate::cache::{Cache, NodeInfo};
use crate::framework::{Code, Cycle, Event, Happened, Normalize, Plugin, Reads, Score, Verdict, action};
use crate::places::Places;

const NAME: &str = "PodTopologySpread";
const HOSTNAME: &str = "kubernetes.io/hostname";
const ZONE: &str = "topology.kubernetes.io/zone";
/// What a pod without constraints of its own gets for the score: label and largest difference.
const DEFAULTS: [(&str, i32); 2] = [(HOSTNAME, 3), (ZONE, 5)];

pub(crate) const PLUGIN: Plugin = Plugin {
    name: NAME,
    reads: Reads::Others,
    filter: Some(filter),
    score: Some(Score { weight: 2, raw: scores, normalize: Normalize::Spread, skips: has_no_wish }),
    events: action::POD_ADD
        | action::POD_DELETE
        | action::UPDATE_POD_LABEL
        | action::UPDATE_POD_TOLERATION
        | action::NODE_ADD
        | action::NODE_DELETE
        | action::UPDATE_NODE_LABEL
        | action::UPDATE_NODE_TAINT,
    hint,
};

/// A constraint, ready to be counted.
#[derive(Clone, Debug, PartialEq)]
struct Constraint {
    key: Str,
    max_skew: i64,
    min_domains: usize,
    selector: LabelSelector,
    honours_affinity: bool,
    honours_taints: bool,
    /// The values of the label.
    places: Places,
    /// Matching pods by place.
    counts: Vec<i64>,
    /// The nodes whose pods count.
    is_counted: Vec<bool>,
    /// How many places have such a node.
    domains: usize,
    /// The emptiest of these places; nothing where there are fewer than wanted. Of hard constraints alone.
    minimum: i64,
}

/// What is counted once for all nodes, and kept true while pods come and go.
#[derive(Clone, Debug, Default, PartialEq)]
pub(crate) struct State {
    hard: Vec<Constraint>,
    soft: Vec<Constraint>,
    /// Whether nodes that lack a label of a soft constraint score nothing.
    needs_all_labels: bool,
}

/// A pod that counts came, went, or began or ceased to count; a node with the labels did so, or moved, or has other taints.
fn hint(pod: &Pod, happened: &Happened<'_>) -> bool {
    let own = pod.spec.topology_spread_constraints.iter().filter(|own| own.when_unsatisfiable == "DoNotSchedule");
    let hard: Vec<Constraint> = own.map(|own| constraint(own, pod)).collect();
    match happened.event {
        Event::Node(old, new) => is_other_node(&hard, old, new),
        Event::Pod(old, new) => {
            let is_near =
                |other: Option<&Pod>| other.is_none_or(|other| other.metadata.namespace == pod.metadata.namespace);
            is_near(old) && is_near(new) && is_other_count(&hard, old, new)
        }
        Event::Itself(old, new) => {
            let honours_taints = hard.iter().any(|constraint| constraint.honours_taints);
            (honours_taints && old.spec.tolerations != new.spec.tolerations)
                || is_other_count(&hard, Some(old), Some(new))
        }
        Event::Claim(..) | Event::Volume(..) | Event::Class(..) => true,
    }
}

/// Whether a pod that comes or goes is counted; of one that changes, whether that made a difference to a constraint.
fn is_other_count(hard: &[Constraint], old: Option<&Pod>, new: Option<&Pod>) -> bool {
    let counts = |constraint: &Constraint, pod: Option<&Pod>| {
        pod.is_some_and(|pod| constraint.selector.matches(&pod.metadata.labels))
    };
    match (old, new) {
        (Some(_), Some(_)) => hard.iter().any(|constraint| counts(constraint, old) != counts(constraint, new)),
        _ => hard.iter().all(|constraint| counts(constraint, old) || counts(constraint, new)),
    }
}

fn is_other_node(hard: &[Constraint], old: Option<&Node>, new: Option<&Node>) -> bool {
    let value = |node: &Node, constraint: &Constraint| node.metadata.labels.get_str(&constraint.key).cloned();
    let has_labels =
        |node: Option<&Node>| node.is_some_and(|node| hard.iter().all(|constraint| value(node, constraint).is_some()));
    let (Some(before), Some(after)) = (old, new) else { return has_labels(old) || has_labels(new) };
    if has_labels(old) != has_labels(new) {
        return true;
    }
    let has_moved = hard.iter().any(|constraint| value(before, constraint) != value(after, constraint));
    has_labels(new) && (has_moved || before.spec.taints != after.spec.taints)
}

/// Counts matching pods per domain for the pod's constraints. Without any, its services and owner select its like
/// (`default_selector`).
pub(crate) fn state(pod: &Pod, cache: &Cache, default_selector: Option<&LabelSelector>) -> State {
    api::reached!("kube_scheduler::plugins::pod_topology_spread::state");
    let own = &pod.spec.topology_spread_constraints;
    let of = |policy: &str| -> Vec<Constraint> {
        own.iter().filter(|constraint| constraint.when_unsatisfiable == policy).map(|c| constraint(c, pod)).collect()
    };
    let mut state = State { hard: of("DoNotSchedule"), soft: of("ScheduleAnyway"), needs_all_labels: !own.is_empty() };
    if let Some(selector) = default_selector.filter(|_| own.is_empty()) {
        state.soft = DEFAULTS.iter().map(|(key, max_skew)| default_constraint(key, *max_skew, selector)).collect();
    }
    state.hard.iter_mut().for_each(|constraint| constraint.places = Places::by_label(cache, &constraint.key));
    for constraint in &mut state.soft {
        // The score asks a host itself, whatever others call themselves.
        let is_host = constraint.key == HOSTNAME;
        let places = if is_host { Places::by_node } else { Places::by_label };
        constraint.places = places(cache, &constraint.key);
    }
    count(&mut state.hard, pod, cache, Labels::All);
    state.hard.iter_mut().for_each(|constraint| constraint.settle(cache));
    let labels = if state.needs_all_labels { Labels::All } else { Labels::Any };
    count(&mut state.soft, pod, cache, labels);
    state
}

/// The labels of pods that the constraints of a pod name.
pub(crate) fn labels_of_constraints(pod: &Pod) -> impl Iterator<Item = &Str> {
    pod.spec.topology_spread_constraints.iter().flat_map(|constraint| {
        let selected = constraint.label_selector.iter().flat_map(labels_of_selector);
        selected.chain(constraint.match_label_keys.iter())
    })
}

fn constraint(given: &TopologySpreadConstraint, pod: &Pod) -> Constraint {
    let mut selector = given.label_selector.clone().unwrap_or_else(nothing);
    for key in &given.match_label_keys {
        if let Some(value) = pod.metadata.labels.get_str(key) {
            selector.match_expressions.push(LabelSelectorRequirement {
                key: key.clone(),
                operator: "In".into(),
                values: [value.clone()].into(),
                ..LabelSelectorRequirement::default()
            });
        }
    }
    Constraint {
        key: given.topology_key.clone(),
        max_skew: i64::from(given.max_skew),
        min_domains: given.min_domains.map_or(1, |domains| usize::try_from(domains).unwrap_or(1)),
        selector,
        honours_affinity: given.node_affinity_policy.as_deref() != Some("Ignore"),
        honours_taints: given.node_taints_policy.as_deref() == Some("Honor"),
        places: Places::default(),
        counts: Vec::new(),
        is_counted: Vec::new(),
        domains: 0,
        minimum: 0,
    }
}

/// A selector that is absent matches no pod.
fn nothing() -> LabelSelector {
    let never = LabelSelectorRequirement {
        key: "\u{0}".into(),
        operator: "Exists".into(),
        ..LabelSelectorRequirement::default()
    };
    LabelSelector { match_expressions: [never].into(), ..LabelSelector::default() }
}

fn default_constraint(key: &str, max_skew: i32, selector: &LabelSelector) -> Constraint {
    Constraint {
        key: key.into(),
        max_skew: i64::from(max_skew),
        min_domains: 1,
        selector: selector.clone(),
        honours_affinity: true,
        honours_taints: false,
        places: Places::default(),
        counts: Vec::new(),
        is_counted: Vec::new(),
        domains: 0,
        minimum: 0,
    }
}

/// Which labels a node must have to count.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Labels {
    /// Those of all constraints.
    All,
    /// That of the constraint itself.
    Any,
}

fn count(constraints: &mut [Constraint], pod: &Pod, cache: &Cache, labels: Labels) {
    let has_all: Vec<bool> =
        cache.nodes().map(|info| constraints.iter().all(|c| c.places.of(info).is_some())).collect();
    for constraint in constraints {
        constraint.counts = vec![0; constraint.places.len];
        constraint.is_counted = cache.nodes().map(|info| constraint.counts_node(pod, info)).collect();
        if labels == Labels::All {
            constraint.is_counted.iter_mut().zip(&has_all).for_each(|(is_counted, has_all)| *is_counted &= has_all);
        }
        for info in cache.nodes() {
            constraint.add(info, info.pods_of(&constraint.selector, &pod.metadata.namespace));
        }
        constraint.domains = constraint.counted_places(cache).into_iter().filter(|is_there| *is_there).count();
    }
}

impl State {
    /// Whether it could refuse a node.
    pub(crate) fn has_hard(&self) -> bool {
        !self.hard.is_empty()
    }

    /// Whether pods that come and go change nothing here.
    pub(crate) fn ignores(&self) -> bool {
        self.hard.is_empty() && self.soft.is_empty()
    }

    /// A pod has come to a node (`amount` 1), or has gone (-1).
    pub(crate) fn count(&mut self, pod: &Pod, cache: &Cache, other: &Pod, info: &NodeInfo, amount: i64) {
        if other.metadata.is_terminating() || other.metadata.namespace != pod.metadata.namespace {
            return;
        }
        for constraint in &mut self.soft {
            if constraint.selector.matches(&other.metadata.labels) {
                constraint.add(info, amount);
            }
        }
        self.imagine(pod, cache, other, info, amount);
    }

    /// A pod is thought away from a node (`amount` -1), or thought there (1): only what filtering looks at changes.
    pub(crate) fn imagine(&mut self, pod: &Pod, cache: &Cache, other: &Pod, info: &NodeInfo, amount: i64) {
        if other.metadata.namespace != pod.metadata.namespace {
            return;
        }
        for constraint in &mut self.hard {
            if constraint.selector.matches(&other.metadata.labels) {
                constraint.add(info, amount);
                constraint.settle(cache);
            }
        }
    }
}

impl Constraint {
    fn counts_node(&self, pod: &Pod, info: &NodeInfo) -> bool {
        self.places.of(info).is_some()
            && (!self.honours_affinity || node_affinity::admits(pod, info))
            && (!self.honours_taints || taint_toleration::admits(pod, info))
    }

    fn add(&mut self, info: &NodeInfo, amount: i64) {
        if let Some(place) = self.places.of(info).filter(|_| self.is_counted[info.index]) {
            self.counts[place] += amount;
        }
    }

    /// Which places have a node whose pods count.
    fn counted_places(&self, cache: &Cache) -> Vec<bool> {
        let mut are_there = vec![false; self.places.len];
        for info in cache.nodes().filter(|info| self.is_counted[info.index]) {
            if let Some(place) = self.places.of(info) {
                are_there[place] = true;
            }
        }
        are_there
    }

    fn settle(&mut self, cache: &Cache) {
        self.minimum = 0;
        if self.domains >= self.min_domains {
            let counted = self.counts.iter().zip(self.counted_places(cache)).filter(|(_, is_there)| *is_there);
            self.minimum = counted.map(|(count, _)| *count).min().unwrap_or(0);
        }
    }
}

fn filter(cycle: &Cycle<'_>, info: &NodeInfo) -> Option<Verdict> {
    refusal(cycle, info).map(|(code, reason)| Verdict::one(NAME, code, reason))
}

/// Why a node is refused, if it is.
pub(crate) fn refusal(cycle: &Cycle<'_>, info: &NodeInfo) -> Option<(Code, &'static str)> {
    api::reached!("kube_scheduler::plugins::pod_topology_spread::refusal");
    for constraint in &cycle.spread.hard {
        let Some(place) = constraint.places.of(info) else {
            let reason = "node(s) didn't match pod topology spread constraints (missing required label)";
            return Some((Code::UnschedulableAndUnresolvable, reason));
        };
        let itself = i64::from(constraint.selector.matches(&cycle.pod.metadata.labels));
        if constraint.counts[place] + itself - constraint.minimum > constraint.max_skew {
            return Some((Code::Unschedulable, "node(s) didn't match pod topology spread constraints"));
        }
    }
    None
}

fn has_no_wish(cycle: &Cycle<'_>) -> bool {
    cycle.spread.soft.is_empty()
}

/// The number of matching pods near, weighed by how many domains there are; less is better. Negative: the node has no say.
/// A loop per constraint: this is done for every pod and node.
fn scores(cycle: &Cycle<'_>, nodes: &[&NodeInfo]) -> Vec<i64> {
    let soft = &cycle.spread.soft;
    let mut sums = vec![0.0; nodes.len()];
    for (constraint, weight) in
        soft.iter().zip(&cycle.spread_weights).filter(|(constraint, _)| constraint.places.len > 0)
    {
        let least = (constraint.max_skew - 1) as f64;
        for (sum, info) in sums.iter_mut().zip(nodes) {
            if let Some(place) = constraint.places.of(info) {
                *sum += constraint.counts[place] as f64 * weight + least;
            }
        }
    }
    let mut scores: Vec<i64> = sums.into_iter().map(rounded).collect();
    if cycle.spread.needs_all_labels {
        for (score, info) in scores.iter_mut().zip(nodes) {
            if !has_all_labels(soft, info) {
                *score = -1;
            }
        }
    }
    scores
}

/// The nearest whole number, halves up. The sum is not negative and small enough for its fraction to be exact.
fn rounded(sum: f64) -> i64 {
    let whole = sum as i64;
    whole + i64::from(sum - whole as f64 >= 0.5)
}

fn has_all_labels(constraints: &[Constraint], info: &NodeInfo) -> bool {
    constraints.iter().all(|constraint| constraint.places.of(info).is_some())
}

/// What a matching pod counts for in the score of each soft constraint, once the feasible nodes are known.
pub(crate) fn weights(state: &Rc<State>, feasible: &[&NodeInfo]) -> Vec<f64> {
    state.soft.iter().map(|constraint| weight(constraint, state, feasible)).collect()
}

/// ln(domains + 2), counting the domains of the nodes that the pod fits on.
fn weight(constraint: &Constraint, state: &State, feasible: &[&NodeInfo]) -> f64 {
    let counted = feasible.iter().filter(|info| !state.needs_all_labels || has_all_labels(&state.soft, info));
    let domains = if constraint.key == HOSTNAME && !state.needs_all_labels {
        feasible.len()
    } else if constraint.key == HOSTNAME {
        counted.count()
    } else if constraint.places.len == 0 {
        usize::from(!state.needs_all_labels && !feasible.is_empty())
    } else {
        // Nodes without the label are one domain more, as upstream counts them.
        let nowhere = constraint.places.len;
        let mut are_there = vec![false; nowhere + 1];
        counted.for_each(|info| are_there[constraint.places.of(info).unwrap_or(nowhere)] = true);
        are_there.into_iter().filter(|is_there| *is_there).count()
    };
    libm::log((domains + 2) as f64)
}

/// What is counted for a constraint.
#[cfg(feature = "conform")]
pub(crate) struct Tally {
    pub(crate) key: Str,
    /// Matching pods by value of the label, for values that a node has whose pods count.
    pub(crate) counts: ordered::OrderedMap<Str, i64>,
    /// The same for the values of all nodes.
    pub(crate) all_counts: ordered::OrderedMap<Str, i64>,
    pub(crate) minimum: i64,
}

#[cfg(feature = "conform")]
impl State {
    /// The hard constraints, as they are counted.
    pub(crate) fn hard_tallies(&self, cache: &Cache) -> Vec<Tally> {
        self.hard.iter().map(|constraint| constraint.tally(cache)).collect()
    }

    /// The soft constraints, as they are counted.
    pub(crate) fn soft_tallies(&self, cache: &Cache) -> Vec<Tally> {
        self.soft.iter().map(|constraint| constraint.tally(cache)).collect()
    }
}

#[cfg(feature = "conform")]
impl Constraint {
    fn tally(&self, cache: &Cache) -> Tally {
        let count = |info: &NodeInfo| {
            let value = info.node.metadata.labels.get_str(&self.key)?;
            Some((value.clone(), self.counts[self.places.of(info)?]))
        };
        let of = |counted: bool| cache.nodes().filter(move |info| !counted || self.is_counted[info.index]);
        Tally {
            key: self.key.clone(),
            counts: of(true).filter_map(count).collect(),
            all_counts: of(false).filter_map(count).collect(),
            minimum: self.minimum,
        }
    }
}
