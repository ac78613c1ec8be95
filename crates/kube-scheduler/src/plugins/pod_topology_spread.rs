//! Replicas spread evenly over zones and nodes.
//!
//! Models: kubernetes v1.36 pkg/scheduler/framework/plugins/podtopologyspread.

use ordered::{OrderedMap, OrderedSet};

use api::core::affinity::TopologySpreadConstraint;
use api::meta::{LabelSelector, LabelSelectorRequirement};
use api::{Pod, Str};

use super::{node_affinity, taint_toleration};
use crate::cache::{Cache, NodeInfo};
use crate::framework::{ClusterEvent, Code, Cycle, Normalize, Plugin, Score, Verdict};
use crate::lister::Lister;

const NAME: &str = "PodTopologySpread";
const HOSTNAME: &str = "kubernetes.io/hostname";
const ZONE: &str = "topology.kubernetes.io/zone";
/// What a pod without constraints of its own gets for the score: label and largest difference.
const DEFAULTS: [(&str, i32); 2] = [(HOSTNAME, 3), (ZONE, 5)];

pub(crate) const PLUGIN: Plugin = Plugin {
    name: NAME,
    filter: Some(filter),
    score: Some(Score { weight: 2, raw: score, normalize: Normalize::Spread, skips: has_no_wish }),
    events: &[ClusterEvent::Node, ClusterEvent::AssignedPod, ClusterEvent::Pod],
};

/// A constraint, ready to be counted.
#[derive(Clone, Debug)]
struct Constraint {
    key: Str,
    max_skew: i64,
    min_domains: usize,
    selector: LabelSelector,
    honours_affinity: bool,
    honours_taints: bool,
    /// Matching pods by value of the label.
    counts: OrderedMap<Str, i64>,
    /// What a matching pod counts for in the score; see [`weigh`].
    weight: f64,
}

/// What is counted once for all nodes.
#[derive(Clone, Debug, Default)]
pub(crate) struct State {
    hard: Vec<Constraint>,
    soft: Vec<Constraint>,
    /// Whether nodes that lack a label of a soft constraint score nothing.
    needs_all_labels: bool,
}

/// Counts matching pods per domain for the pod's constraints.
pub(crate) fn state(pod: &Pod, cache: &Cache, lister: &dyn Lister) -> State {
    let own = &pod.spec.topology_spread_constraints;
    let of = |policy: &str| -> Vec<Constraint> {
        own.iter().filter(|constraint| constraint.when_unsatisfiable == policy).map(|c| constraint(c, pod)).collect()
    };
    let mut state = State { hard: of("DoNotSchedule"), soft: of("ScheduleAnyway"), needs_all_labels: !own.is_empty() };
    if own.is_empty()
        && let Some(selector) = lister.default_selector(pod)
    {
        state.soft = DEFAULTS.iter().map(|(key, max_skew)| default_constraint(key, *max_skew, &selector)).collect();
    }
    count(&mut state.hard, pod, cache, Labels::All);
    let labels = if state.needs_all_labels { Labels::All } else { Labels::Any };
    count(&mut state.soft, pod, cache, labels);
    state
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
        counts: OrderedMap::new(),
        weight: 0.0,
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
        counts: OrderedMap::new(),
        weight: 0.0,
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
    if constraints.is_empty() {
        return;
    }
    let keys: OrderedSet<Str> = constraints.iter().map(|constraint| constraint.key.clone()).collect();
    for info in cache.nodes() {
        let has = |key: &Str| info.node.metadata.labels.contains(key);
        if labels == Labels::All && !keys.iter().all(has) {
            continue;
        }
        for constraint in constraints.iter_mut() {
            if labels == Labels::Any && constraint.key == HOSTNAME {
                // The score asks the node itself.
                continue;
            }
            let Some(value) = info.node.metadata.labels.get_str(&constraint.key) else { continue };
            if !constraint.counts_node(pod, info) {
                continue;
            }
            let matching = info.pods_of(&constraint.selector, &pod.metadata.namespace);
            *constraint.counts.entry(value.clone()).or_insert(0) += matching;
        }
    }
}

impl State {
    /// A pod is thought away from a node (`amount` -1), or thought there (1): only what filtering looks at changes.
    pub(crate) fn imagine(&mut self, pod: &Pod, other: &Pod, info: &NodeInfo, amount: i64) {
        let labels = &info.node.metadata.labels;
        let has_all = self.hard.iter().all(|constraint| labels.contains(&constraint.key));
        if !has_all || other.metadata.namespace != pod.metadata.namespace {
            return;
        }
        for constraint in &mut self.hard {
            if constraint.selector.matches(&other.metadata.labels)
                && constraint.counts_node(pod, info)
                && let Some(value) = labels.get_str(&constraint.key)
            {
                *constraint.counts.entry(value.clone()).or_insert(0) += amount;
            }
        }
    }
}

impl Constraint {
    fn counts_node(&self, pod: &Pod, info: &NodeInfo) -> bool {
        (!self.honours_affinity || node_affinity::admits(pod, info))
            && (!self.honours_taints || taint_toleration::admits(pod, info))
    }

    /// The emptiest domain; nothing where there are fewer domains than wanted.
    fn minimum(&self) -> i64 {
        if self.counts.len() < self.min_domains {
            return 0;
        }
        self.counts.values().copied().min().unwrap_or(0)
    }
}

fn filter(cycle: &Cycle<'_>, info: &NodeInfo) -> Option<Verdict> {
    for constraint in &cycle.spread.hard {
        let Some(value) = info.node.metadata.labels.get_str(&constraint.key) else {
            let reason = "node(s) didn't match pod topology spread constraints (missing required label)";
            return Some(Verdict::one(NAME, Code::UnschedulableAndUnresolvable, reason));
        };
        let itself = i64::from(constraint.selector.matches(&cycle.pod.metadata.labels));
        let here = constraint.counts.get(value).copied().unwrap_or(0);
        if here + itself - constraint.minimum() > constraint.max_skew {
            let reason = "node(s) didn't match pod topology spread constraints";
            return Some(Verdict::one(NAME, Code::Unschedulable, reason));
        }
    }
    None
}

fn has_no_wish(cycle: &Cycle<'_>) -> bool {
    cycle.spread.soft.is_empty()
}

/// The number of matching pods near, weighed by how many domains there are; less is better. Negative: the node has no say.
fn score(cycle: &Cycle<'_>, info: &NodeInfo) -> i64 {
    let labels = &info.node.metadata.labels;
    let soft = &cycle.spread.soft;
    if cycle.spread.needs_all_labels && !soft.iter().all(|constraint| labels.contains(&constraint.key)) {
        return -1;
    }
    let mut sum = 0.0;
    for constraint in soft {
        let Some(value) = labels.get_str(&constraint.key) else { continue };
        let here = if constraint.key == HOSTNAME {
            info.pods_of(&constraint.selector, &cycle.pod.metadata.namespace)
        } else {
            constraint.counts.get(value).copied().unwrap_or(0)
        };
        sum += here as f64 * constraint.weight + (constraint.max_skew - 1) as f64;
    }
    libm::round(sum) as i64
}

/// Settles the weights of the soft constraints, once the feasible nodes are known.
pub(crate) fn weigh(cycle: &mut Cycle<'_>) {
    let weights: Vec<f64> = cycle.spread.soft.iter().map(|constraint| weight(constraint, cycle)).collect();
    for (constraint, weight) in cycle.spread.soft.iter_mut().zip(weights) {
        constraint.weight = weight;
    }
}

/// Has the pods counted that the defaults will ask for, for each pod without constraints of its own.
pub(crate) fn prepare(pod: &Pod, cache: &mut Cache, lister: &dyn Lister) {
    if pod.spec.topology_spread_constraints.is_empty()
        && let Some(selector) = lister.default_selector(pod)
    {
        cache.count_pods_of(&selector, &pod.metadata.namespace);
    }
}

/// ln(domains + 2), counting the domains of the nodes that the pod fits on.
fn weight(constraint: &Constraint, cycle: &Cycle<'_>) -> f64 {
    let has_all = |info: &&NodeInfo| {
        let labels = &info.node.metadata.labels;
        !cycle.spread.needs_all_labels || cycle.spread.soft.iter().all(|constraint| labels.contains(&constraint.key))
    };
    let counted = cycle.feasible.iter().copied().filter(has_all);
    let domains = if constraint.key == HOSTNAME {
        counted.count()
    } else {
        counted.filter_map(|info| info.node.metadata.labels.get_str(&constraint.key)).collect::<OrderedSet<_>>().len()
    };
    libm::log((domains + 2) as f64)
}
