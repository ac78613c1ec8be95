//! Near these pods, and not near those.
//!
//! Models: kubernetes v1.36 pkg/scheduler/framework/plugins/interpodaffinity.

use std::rc::Rc;

use api::core::affinity::{PodAffinity, PodAffinityTerm, WeightedPodAffinityTerm};
use api::meta::LabelSelectorRequirement;
use api::{Node, Pod, Str};

use super::labels_of_selector;
use crate::cache::{Cache, NodeInfo};
use crate::framework::{Code, Cycle, Event, Happened, Normalize, Plugin, Reads, Score, Verdict, action, each};
use crate::lister::Lister;
use crate::places::Places;

const NAME: &str = "InterPodAffinity";
/// What a required affinity of an existing pod adds to the score of nodes near it.
const HARD_AFFINITY_WEIGHT: i64 = 1;

pub(crate) const PLUGIN: Plugin = Plugin {
    name: NAME,
    reads: Reads::Others,
    filter: Some(filter),
    score: Some(Score {
        weight: 2,
        raw: |cycle, nodes| each(cycle, nodes, score),
        normalize: Normalize::Range,
        skips: has_nothing_to_say,
    }),
    events: action::POD_ADD
        | action::POD_DELETE
        | action::UPDATE_POD_LABEL
        | action::NODE_ADD
        | action::UPDATE_NODE_LABEL,
    hint,
};

/// What is counted once for all nodes, and kept true while pods come and go.
#[derive(Clone, Debug, Default)]
pub(crate) struct State {
    /// One per label that a rule names.
    tallies: Vec<Tally>,
    /// Whether the incoming pod has rules: then every pod counts, else those that have some.
    has_own_rules: bool,
    /// Whether the incoming pod matches its own required affinity terms.
    matches_itself: bool,
    /// The sum of all that attracts. Without any the first pod of a group may go anywhere.
    attracted: i64,
    /// How many terms weigh something.
    weighed: i64,
}

/// What is counted in the places of one label.
#[derive(Clone, Debug)]
struct Tally {
    key: Str,
    places: Places,
    counts: [Vec<i64>; 4],
}

/// What is counted.
#[derive(Clone, Copy)]
pub(crate) enum Counted {
    /// Existing pods whose required anti-affinity keeps the incoming pod away.
    Repelling,
    /// Existing pods that match all required affinity terms of the incoming pod.
    Attracting,
    /// Existing pods that match a required anti-affinity term of the incoming pod.
    Avoided,
    /// The sum of weights.
    Weight,
}

impl Tally {
    fn at(&self, counted: Counted, info: &NodeInfo) -> i64 {
        let counts = &self.counts[counted as usize];
        if counts.is_empty() { 0 } else { self.places.of(info).map_or(0, |place| counts[place]) }
    }
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

/// The labels of pods that the rules of a pod name.
pub(crate) fn labels_of_rules<'a>(pod: &'a Pod) -> impl Iterator<Item = &'a Str> {
    let terms = |rules: Option<&'a PodAffinity>| {
        let weighted = preferred(rules).iter().map(|weighted| &weighted.pod_affinity_term);
        required(rules).iter().chain(weighted)
    };
    let terms = terms(near(pod)).chain(terms(far(pod)));
    terms.flat_map(|term| {
        let selected = term.label_selector.iter().flat_map(labels_of_selector);
        selected.chain(term.match_label_keys.iter()).chain(term.mismatch_label_keys.iter())
    })
}

/// A pod that came helps those that want to be near it, one that went those that it kept away; a node helps those whose rules
/// name its label, if that is new. Upstream asks that all terms match, and so does this.
fn hint(pod: &Pod, happened: &Happened<'_>) -> bool {
    let lister = happened.lister;
    let matches_terms =
        |terms: &[PodAffinityTerm], other: &Pod| !terms.is_empty() && matches_all(terms, pod, other, lister);
    let (wanted, avoided) = (required(near(pod)), required(far(pod)));
    match happened.event {
        Event::Pod(None, Some(new)) => matches_terms(wanted, new),
        Event::Pod(Some(old), Some(new)) => {
            (!matches_terms(wanted, old) && matches_terms(wanted, new))
                || (matches_terms(avoided, old) && !matches_terms(avoided, new))
        }
        Event::Pod(Some(gone), None) => {
            matches_terms(avoided, gone) || required(far(gone)).iter().any(|term| matches(term, gone, pod, lister))
        }
        Event::Node(old, Some(new)) => is_other_place(wanted, avoided, old, new),
        // Where it stands itself it has no say: it has no node.
        Event::Itself(..) => false,
        _ => true,
    }
}

/// Whether a node that came, or changed, could be a better place for one who wants, or avoids.
fn is_other_place(wanted: &[PodAffinityTerm], avoided: &[PodAffinityTerm], old: Option<&Node>, new: &Node) -> bool {
    let value = |node: &Node, term: &PodAffinityTerm| node.metadata.labels.get_str(&term.topology_key).cloned();
    let Some(old) = old else {
        return !avoided.is_empty() || wanted.iter().any(|term| value(new, term).is_some());
    };
    let has_moved = |term: &PodAffinityTerm| value(old, term) != value(new, term);
    wanted.iter().any(|term| value(new, term).is_some() && has_moved(term))
        || avoided.iter().any(|term| value(old, term).is_some() && has_moved(term))
}

/// Counts what the pod and the pods that exist have to say of each other. Without rules on either side nothing is visited.
pub(crate) fn state(pod: &Rc<Pod>, cache: &Cache, lister: &dyn Lister) -> State {
    api::reached!("kube_scheduler::plugins::inter_pod_affinity::state");
    let has_own_rules = has_rules(pod);
    let matches_itself = has_own_rules && matches_all(required(near(pod)), pod, pod, lister);
    let mut state = State { has_own_rules, matches_itself, ..State::default() };
    let views = Views { pod, cache, lister };
    for info in cache.nodes() {
        let relevant = if has_own_rules { &info.pods } else { &info.pods_with_rules };
        relevant.values().for_each(|existing| state.count(&views, existing, info, 1));
    }
    state
}

/// The incoming pod, and what is looked at beside it.
pub(crate) struct Views<'a> {
    pub(crate) pod: &'a Pod,
    pub(crate) cache: &'a Cache,
    pub(crate) lister: &'a dyn Lister,
}

impl State {
    /// A pod has come to a node (`amount` 1), or has gone (-1).
    pub(crate) fn count(&mut self, views: &Views<'_>, existing: &Pod, info: &NodeInfo, amount: i64) {
        let (pod, lister) = (views.pod, views.lister);
        if has_rules(existing) {
            self.count_repelling(views, existing, info, amount);
            for term in required(near(existing)).iter().filter(|term| matches(term, existing, pod, lister)) {
                self.weigh(views, term, info, HARD_AFFINITY_WEIGHT, amount);
            }
            self.weigh_preferred(views, existing, (existing, pod), info, amount);
        }
        if self.has_own_rules {
            self.count_required(views, existing, info, amount);
            self.weigh_preferred(views, pod, (pod, existing), info, amount);
        }
    }

    fn count_repelling(&mut self, views: &Views<'_>, existing: &Pod, info: &NodeInfo, amount: i64) {
        let matching = required(far(existing)).iter().filter(|term| matches(term, existing, views.pod, views.lister));
        for term in matching {
            self.add(views.cache, Counted::Repelling, term, info, amount);
        }
    }

    fn count_required(&mut self, views: &Views<'_>, existing: &Pod, info: &NodeInfo, amount: i64) {
        let (pod, lister) = (views.pod, views.lister);
        let wanted = required(near(pod));
        if !wanted.is_empty() && matches_all(wanted, pod, existing, lister) {
            for term in wanted {
                let is_somewhere = self.add(views.cache, Counted::Attracting, term, info, amount);
                self.attracted += if is_somewhere { amount } else { 0 };
            }
        }
        for term in required(far(pod)).iter().filter(|term| matches(term, pod, existing, lister)) {
            self.add(views.cache, Counted::Avoided, term, info, amount);
        }
    }

    /// A pod is thought away from a node (`amount` -1), or thought there (1): only what filtering looks at changes.
    pub(crate) fn imagine(&mut self, views: &Views<'_>, other: &Pod, info: &NodeInfo, amount: i64) {
        self.count_repelling(views, other, info, amount);
        self.count_required(views, other, info, amount);
    }

    /// Whether a pod that comes or goes changes nothing here.
    pub(crate) fn ignores(&self, other: &Pod) -> bool {
        !self.has_own_rules && !has_rules(other)
    }

    /// The preferences of one pod; they are about the second of the pair, in the eyes of the first.
    fn weigh_preferred(
        &mut self,
        views: &Views<'_>,
        ruler: &Pod,
        (owner, other): (&Pod, &Pod),
        info: &NodeInfo,
        amount: i64,
    ) {
        for (rules, sign) in [(near(ruler), 1), (far(ruler), -1)] {
            for weighted in preferred(rules) {
                let term = &weighted.pod_affinity_term;
                if weighted.weight != 0 && matches(term, owner, other, views.lister) {
                    self.weigh(views, term, info, sign * i64::from(weighted.weight), amount);
                }
            }
        }
    }

    fn weigh(&mut self, views: &Views<'_>, term: &PodAffinityTerm, info: &NodeInfo, weight: i64, amount: i64) {
        let is_somewhere = self.add(views.cache, Counted::Weight, term, info, weight * amount);
        self.weighed += if is_somewhere { amount } else { 0 };
    }

    /// Adds to what is counted in a node's place; whether it stands in one.
    fn add(&mut self, cache: &Cache, counted: Counted, term: &PodAffinityTerm, info: &NodeInfo, amount: i64) -> bool {
        let key = &term.topology_key;
        let at = self.tallies.iter().position(|tally| tally.key == *key).unwrap_or_else(|| {
            let counts = [const { Vec::new() }; 4];
            self.tallies.push(Tally { key: key.clone(), places: Places::by_label(cache, key), counts });
            self.tallies.len() - 1
        });
        let Tally { places, counts, .. } = &mut self.tallies[at];
        let Some(place) = places.of(info) else { return false };
        let counts = &mut counts[counted as usize];
        counts.resize(places.len, 0);
        counts[place] += amount;
        true
    }

    /// What is counted in the places of a node, by their labels; zeros left out.
    #[cfg(feature = "conform")]
    pub(crate) fn counts_at(&self, counted: Counted, info: &NodeInfo) -> Vec<(Str, i64)> {
        let counts = self.tallies.iter().map(|tally| (tally.key.clone(), tally.at(counted, info)));
        counts.filter(|(_, count)| *count != 0).collect()
    }

    fn any(&self, counted: Counted, info: &NodeInfo) -> bool {
        self.tallies.iter().any(|tally| tally.at(counted, info) > 0)
    }

    /// Whether two states say the same of every node.
    pub(crate) fn says_the_same(&self, other: &State, cache: &Cache) -> bool {
        let own = [self.attracted, self.weighed, i64::from(self.matches_itself)];
        let theirs = [other.attracted, other.weighed, i64::from(other.matches_itself)];
        let all = [Counted::Repelling, Counted::Attracting, Counted::Avoided, Counted::Weight];
        let of = |state: &State, key: &Str, counted, info: &NodeInfo| {
            state.tallies.iter().find(|tally| tally.key == *key).map_or(0, |tally| tally.at(counted, info))
        };
        let keys = || self.tallies.iter().chain(&other.tallies).map(|tally| &tally.key);
        let is_same = |info: &NodeInfo| {
            keys().all(|key| all.iter().all(|&counted| of(self, key, counted, info) == of(other, key, counted, info)))
        };
        own == theirs && cache.nodes().all(is_same)
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
    refusal(cycle, info).map(|(code, reason)| Verdict::one(NAME, code, reason))
}

/// Whether any node could be refused: where nothing is counted and nothing is wanted none is.
pub(crate) fn could_refuse(cycle: &Cycle<'_>) -> bool {
    !cycle.affinity.tallies.is_empty() || !required(near(cycle.pod)).is_empty()
}

/// Why a node is refused, if it is.
pub(crate) fn refusal(cycle: &Cycle<'_>, info: &NodeInfo) -> Option<(Code, &'static str)> {
    api::reached!("kube_scheduler::plugins::inter_pod_affinity::refusal");
    let state = &cycle.affinity;
    if !is_near_enough(cycle, info) {
        return Some((Code::UnschedulableAndUnresolvable, "node(s) didn't match pod affinity rules"));
    }
    if state.any(Counted::Avoided, info) {
        return Some((Code::Unschedulable, "node(s) didn't match pod anti-affinity rules"));
    }
    if state.any(Counted::Repelling, info) {
        return Some((Code::Unschedulable, "node(s) didn't satisfy existing pods anti-affinity rules"));
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
    let state = &cycle.affinity;
    let has_match = |term: &PodAffinityTerm| {
        let tally = state.tallies.iter().find(|tally| tally.key == term.topology_key);
        tally.is_some_and(|tally| tally.at(Counted::Attracting, info) > 0)
    };
    terms.iter().all(has_match) || (state.attracted == 0 && state.matches_itself)
}

fn has_nothing_to_say(cycle: &Cycle<'_>) -> bool {
    cycle.affinity.weighed == 0
}

fn score(cycle: &Cycle<'_>, info: &NodeInfo) -> i64 {
    cycle.affinity.tallies.iter().map(|tally| tally.at(Counted::Weight, info)).sum()
}
