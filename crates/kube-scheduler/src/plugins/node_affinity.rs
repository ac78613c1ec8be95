//! Node selectors and node affinity.

use ordered::OrderedSet;

use api::core::affinity::{NodeAffinity, NodeSelector};
use api::{Node, Pod, Str};

use crate::cache::NodeInfo;
use crate::framework::{Code, Cycle, Event, Happened, Normalize, Plugin, Reads, Score, Verdict, action, each};

const NAME: &str = "NodeAffinity";

pub(crate) const PLUGIN: Plugin = Plugin {
    name: NAME,
    reads: Reads::Node,
    filter: Some(filter),
    score: Some(Score {
        weight: 2,
        raw: |cycle, nodes| each(cycle, nodes, score),
        normalize: Normalize::ToMax,
        skips: has_no_preference,
    }),
    events: action::NODE_ADD | action::UPDATE_NODE_LABEL,
    hint,
};

fn affinity<'a>(cycle: &Cycle<'a>) -> Option<&'a NodeAffinity> {
    cycle.pod.spec.affinity.as_ref()?.node_affinity.as_ref()
}

fn has_no_preference(cycle: &Cycle<'_>) -> bool {
    affinity(cycle).is_none_or(|affinity| affinity.preferred.is_empty())
}

/// A node that came and is let in, or is let in now.
fn hint(pod: &Pod, happened: &Happened<'_>) -> bool {
    let Event::Node(old, Some(new)) = happened.event else { return true };
    is_admitted(pod, new) && old.is_none_or(|old| !is_admitted(pod, old))
}

/// Whether a pod's node selector and required node affinity let it onto a node.
pub(crate) fn admits(pod: &Pod, info: &NodeInfo) -> bool {
    is_admitted(pod, &info.node)
}

fn is_admitted(pod: &Pod, node: &Node) -> bool {
    api::reached!("kube_scheduler::plugins::node_affinity::admits");
    let node_affinity = pod.spec.affinity.as_ref().and_then(|affinity| affinity.node_affinity.as_ref());
    let required = node_affinity.and_then(|affinity| affinity.required.as_ref());
    pod.spec.node_selector.is_subset_of(&node.metadata.labels)
        && required.is_none_or(|selector| selector.matches(&node.metadata.name, &node.metadata.labels))
}

/// The nodes that a pod names in all of its required terms, if it does: no others need be looked at.
pub(crate) fn named_nodes(pod: &Pod) -> Option<OrderedSet<Str>> {
    let required = pod.spec.affinity.as_ref()?.node_affinity.as_ref()?.required.as_ref()?;
    if required.node_selector_terms.is_empty() {
        return None;
    }
    let mut all = OrderedSet::new();
    for term in &required.node_selector_terms {
        let mut of_term: Option<OrderedSet<Str>> = None;
        for field in term.match_fields.iter().filter(|field| field.key == "metadata.name" && field.operator == "In") {
            let named: OrderedSet<Str> = field.values.iter().cloned().collect();
            of_term = Some(match of_term {
                None => named,
                Some(known) => known.intersection(&named).cloned().collect(),
            });
        }
        // One term without names lets all nodes in.
        all.append(&mut of_term?);
    }
    Some(all)
}

fn filter(cycle: &Cycle<'_>, info: &NodeInfo) -> Option<Verdict> {
    if admits(cycle.pod, info) {
        return None;
    }
    Some(Verdict::one(NAME, Code::UnschedulableAndUnresolvable, "node(s) didn't match Pod's node affinity/selector"))
}

/// The weights of the preferred terms that match.
pub(crate) fn score(cycle: &Cycle<'_>, info: &NodeInfo) -> i64 {
    let terms = affinity(cycle).into_iter().flat_map(|affinity| affinity.preferred.iter());
    let matching =
        terms.filter(|term| term.weight != 0 && term.preference.matches(info.name(), &info.node.metadata.labels));
    matching.map(|term| i64::from(term.weight)).sum()
}

/// Whether a node satisfies one of the terms.
pub(crate) fn matches(selector: &NodeSelector, info: &NodeInfo) -> bool {
    selector.matches(info.name(), &info.node.metadata.labels)
}
