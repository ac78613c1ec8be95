//! Near these pods, and not near those.
//!
//! Models: kubernetes v1.36 pkg/scheduler/framework/plugins/interpodaffinity.

use ordered::OrderedMap;
use std::rc::Rc;

use api::core::affinity::{PodAffinity, PodAffinityTerm, WeightedPodAffinityTerm};
use api::meta::LabelSelectorRequirement;
use api::{Pod, Str};

use crate::cache::{Cache, NodeInfo};
use crate::framework::{ClusterEvent, Code, Cycle, Normalize, Plugin, Score, Verdict};
use crate::lister::Lister;

const NAME: &str = "InterPodAffinity";
/// What a required affinity of an existing pod adds to the score of nodes near it.
const HARD_AFFINITY_WEIGHT: i64 = 1;

pub(crate) const PLUGIN: Plugin = Plugin {
    name: NAME,
    filter: Some(filter),
    score: Some(Score { weight: 2, raw: score, normalize: Normalize::Range, skips: has_nothing_to_say }),
    events: &[ClusterEvent::Node, ClusterEvent::AssignedPod, ClusterEvent::Pod],
};

/// A place: a label of nodes and its value.
type Place = (Str, Str);

/// What is counted once for all nodes.
#[derive(Clone, Debug, Default)]
pub(crate) struct State {
    /// Existing pods whose required anti-affinity keeps the incoming pod away, by place.
    repelling: OrderedMap<Place, i64>,
    /// Existing pods that match all required affinity terms of the incoming pod.
    attracting: OrderedMap<Place, i64>,
    /// Existing pods that match a required anti-affinity term of the incoming pod.
    avoided: OrderedMap<Place, i64>,
    /// Whether the incoming pod matches its own required affinity terms.
    matches_itself: bool,
    /// The sum of weights, by place.
    weights: OrderedMap<Place, i64>,
}

/// Whether a pod has rules about other pods.
pub(crate) fn has_rules(pod: &Pod) -> bool {
    pod.spec
        .affinity
        .as_ref()
        .is_some_and(|affinity| affinity.pod_affinity.is_some() || affinity.pod_anti_affinity.is_some())
}

fn near(pod: &Pod) -> Option<&PodAffinity> {
    pod.spec.affinity.as_ref()?.pod_affinity.as_ref()
}

fn far(pod: &Pod) -> Option<&PodAffinity> {
    pod.spec.affinity.as_ref()?.pod_anti_affinity.as_ref()
}

fn required(rules: Option<&PodAffinity>) -> &[PodAffinityTerm] {
    rules.map_or(&[], |rules| rules.required.as_slice())
}

fn preferred(rules: Option<&PodAffinity>) -> &[WeightedPodAffinityTerm] {
    rules.map_or(&[], |rules| rules.preferred.as_slice())
}

/// Counts what the pod and the pods that exist have to say of each other. Without rules on either side nothing is visited.
pub(crate) fn state(pod: &Rc<Pod>, cache: &Cache, lister: &dyn Lister) -> State {
    let mut state = State::default();
    let has_own_rules = has_rules(pod);
    if has_own_rules {
        state.matches_itself = matches_all(required(near(pod)), pod, pod, lister);
    }
    for info in cache.nodes() {
        let relevant = if has_own_rules { &info.pods } else { &info.pods_with_rules };
        for existing in relevant.values() {
            state.count_existing(pod, existing, info, lister);
            if has_own_rules {
                state.count_own(pod, existing, info, lister);
            }
        }
    }
    state
}

impl State {
    /// What an existing pod says of the incoming one.
    fn count_existing(&mut self, pod: &Pod, existing: &Pod, info: &NodeInfo, lister: &dyn Lister) {
        if !has_rules(existing) {
            return;
        }
        self.count_repelling(pod, existing, info, lister, 1);
        for term in required(near(existing)).iter().filter(|term| matches(term, existing, pod, lister)) {
            add(&mut self.weights, term, info, HARD_AFFINITY_WEIGHT);
        }
        self.weigh(existing, existing, pod, info, lister);
    }

    /// What the incoming pod says of an existing one.
    fn count_own(&mut self, pod: &Pod, existing: &Pod, info: &NodeInfo, lister: &dyn Lister) {
        self.count_required(pod, existing, info, lister, 1);
        self.weigh(pod, pod, existing, info, lister);
    }

    fn count_repelling(&mut self, pod: &Pod, existing: &Pod, info: &NodeInfo, lister: &dyn Lister, amount: i64) {
        for term in required(far(existing)).iter().filter(|term| matches(term, existing, pod, lister)) {
            add(&mut self.repelling, term, info, amount);
        }
    }

    fn count_required(&mut self, pod: &Pod, existing: &Pod, info: &NodeInfo, lister: &dyn Lister, amount: i64) {
        let wanted = required(near(pod));
        if !wanted.is_empty() && matches_all(wanted, pod, existing, lister) {
            wanted.iter().for_each(|term| add(&mut self.attracting, term, info, amount));
        }
        for term in required(far(pod)).iter().filter(|term| matches(term, pod, existing, lister)) {
            add(&mut self.avoided, term, info, amount);
        }
    }

    /// A pod is thought away from a node (`amount` -1), or thought there (1): only what filtering looks at changes.
    pub(crate) fn imagine(&mut self, pod: &Pod, other: &Pod, info: &NodeInfo, lister: &dyn Lister, amount: i64) {
        self.count_repelling(pod, other, info, lister, amount);
        self.count_required(pod, other, info, lister, amount);
        if amount < 0 {
            // That nothing attracts the pod means something.
            self.attracting.retain(|_, count| *count != 0);
        }
    }

    fn weigh(&mut self, ruler: &Pod, owner: &Pod, other: &Pod, info: &NodeInfo, lister: &dyn Lister) {
        for (rules, sign) in [(near(ruler), 1), (far(ruler), -1)] {
            for weighted in preferred(rules) {
                let term = &weighted.pod_affinity_term;
                if weighted.weight != 0 && matches(term, owner, other, lister) {
                    add(&mut self.weights, term, info, sign * i64::from(weighted.weight));
                }
            }
        }
    }
}

fn add(counts: &mut OrderedMap<Place, i64>, term: &PodAffinityTerm, info: &NodeInfo, amount: i64) {
    if let Some(value) = info.node.metadata.labels.get_str(&term.topology_key) {
        *counts.entry((term.topology_key.clone(), value.clone())).or_insert(0) += amount;
    }
}

fn matches_all(terms: &[PodAffinityTerm], owner: &Pod, other: &Pod, lister: &dyn Lister) -> bool {
    terms.iter().all(|term| matches(term, owner, other, lister))
}

/// Whether a term of `owner` matches `other`: its namespace, then its labels.
fn matches(term: &PodAffinityTerm, owner: &Pod, other: &Pod, lister: &dyn Lister) -> bool {
    let namespace = &other.metadata.namespace;
    let is_listed = term.namespaces.contains(namespace);
    let is_selected = term.namespace_selector.as_ref().is_some_and(|selector| {
        selector.is_empty() || lister.namespace_labels(namespace).is_some_and(|labels| selector.matches(labels))
    });
    let is_own =
        term.namespaces.is_empty() && term.namespace_selector.is_none() && owner.metadata.namespace == *namespace;
    if !is_listed && !is_selected && !is_own {
        return false;
    }
    let Some(selector) = &term.label_selector else { return false };
    selector.matches(&other.metadata.labels) && keys_agree(term, owner, other)
}

/// `matchLabelKeys` and `mismatchLabelKeys`, which admission adds to the selector.
fn keys_agree(term: &PodAffinityTerm, owner: &Pod, other: &Pod) -> bool {
    let agrees = |key: &Str, operator: &str| {
        let Some(value) = owner.metadata.labels.get_str(key) else { return true };
        let requirement = LabelSelectorRequirement {
            key: key.clone(),
            operator: operator.into(),
            values: [value.clone()].into(),
            ..LabelSelectorRequirement::default()
        };
        requirement.matches(&other.metadata.labels)
    };
    term.match_label_keys.iter().all(|key| agrees(key, "In"))
        && term.mismatch_label_keys.iter().all(|key| agrees(key, "NotIn"))
}

fn filter(cycle: &Cycle<'_>, info: &NodeInfo) -> Option<Verdict> {
    let state = &cycle.affinity;
    let refuse = |code, reason: &str| Some(Verdict::one(NAME, code, reason));
    if !is_near_enough(cycle, info) {
        return refuse(Code::UnschedulableAndUnresolvable, "node(s) didn't match pod affinity rules");
    }
    if counts_at(&state.avoided, info).any(|count| count > 0) {
        return refuse(Code::Unschedulable, "node(s) didn't match pod anti-affinity rules");
    }
    if counts_at(&state.repelling, info).any(|count| count > 0) {
        return refuse(Code::Unschedulable, "node(s) didn't satisfy existing pods anti-affinity rules");
    }
    None
}

/// Every term needs its label and a matching pod there; the first pod of a group that wants itself may go anywhere.
fn is_near_enough(cycle: &Cycle<'_>, info: &NodeInfo) -> bool {
    let labels = &info.node.metadata.labels;
    let terms = required(near(cycle.pod));
    if !terms.iter().all(|term| labels.contains(&term.topology_key)) {
        return false;
    }
    let has_match = |term: &PodAffinityTerm| {
        let value = labels.get_str(&term.topology_key).cloned().unwrap_or_default();
        cycle.affinity.attracting.get(&(term.topology_key.clone(), value)).is_some_and(|count| *count > 0)
    };
    terms.iter().all(has_match) || (cycle.affinity.attracting.is_empty() && cycle.affinity.matches_itself)
}

fn has_nothing_to_say(cycle: &Cycle<'_>) -> bool {
    cycle.affinity.weights.is_empty()
}

fn score(cycle: &Cycle<'_>, info: &NodeInfo) -> i64 {
    counts_at(&cycle.affinity.weights, info).sum()
}

/// What is counted for the places in which a node stands. A node has few labels, and there may be as many places as nodes.
fn counts_at<'a>(counts: &'a OrderedMap<Place, i64>, info: &'a NodeInfo) -> impl Iterator<Item = i64> + 'a {
    let labels = info.node.metadata.labels.iter().filter(|_| !counts.is_empty());
    labels.filter_map(|(key, value)| counts.get(&(key.clone(), value.clone())).copied())
}
