//! What a pod that fits nowhere is told.
//!
//! Models: kubernetes v1.36 framework.FitError and the messages of the DynamicResources and DefaultPreemption plugins.

use ordered::{Arrange, OrderedMap};

use api::Str;

use crate::framework::Verdict;
use crate::preemption::Preemption;

/// Why a pod fits nowhere.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Diagnosis {
    /// How many nodes there are.
    pub nodes_total: usize,
    /// Why the pod was refused before any node was looked at.
    pub before_filter: Option<Verdict>,
    /// Why each node was refused.
    pub by_node: OrderedMap<Str, Verdict>,
    /// Nodes that were not looked at because the pod names others, and in whose words.
    pub cut: Option<(usize, Str)>,
    /// What came of preemption.
    pub preemption: Preemption,
}

/// The message of the FailedScheduling event and of the condition PodScheduled.
pub(crate) fn fit_message(diagnosis: &Diagnosis) -> String {
    let total = diagnosis.nodes_total;
    if total == 0 {
        return "no nodes available to schedule pods".to_owned();
    }
    if let Some(verdict) = &diagnosis.before_filter {
        // The plugins that run after filtering find no state of the cycle that was cut short, and say just that.
        return format!("0/{total} nodes are available: {}. not found", verdict.reasons.join(", "));
    }
    let mut counts = counted(diagnosis.by_node.values().flat_map(|verdict| verdict.reasons.iter()));
    if let Some((count, reason)) = &diagnosis.cut {
        *counts.entry(reason.clone()).or_insert(0) += count;
    }
    let mut text = format!("0/{total} nodes are available: {}.", histogram(&counts));
    match &diagnosis.preemption {
        // The one who has been promised a node hears of nothing else.
        Preemption::Chosen(_) => {}
        Preemption::NotTried => text.push_str(" no new claims to deallocate"),
        Preemption::NotEligible(why) => text.push_str(&format!(" {NO_CLAIMS}, preemption: {why}")),
        Preemption::Useless(outcomes) => {
            let outcomes = histogram(outcomes);
            text.push_str(&format!(" {NO_CLAIMS}, preemption: 0/{total} nodes are available: {outcomes}."));
        }
    }
    text
}

/// What the plugin for dynamic resources adds to every refusal.
const NO_CLAIMS: &str = "no new claims to deallocate";

fn counted<'a>(reasons: impl Iterator<Item = &'a Str>) -> OrderedMap<Str, usize> {
    let mut counts: OrderedMap<Str, usize> = OrderedMap::new();
    for reason in reasons {
        *counts.entry(reason.clone()).or_insert(0) += 1;
    }
    counts
}

/// `2 reason, 1 other`: counted, then sorted as text, count included.
pub(crate) fn histogram(counts: &OrderedMap<Str, usize>) -> String {
    let mut texts: Vec<String> = counts.iter().map(|(reason, count)| format!("{count} {reason}")).collect();
    texts.arrange();
    texts.join(", ")
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::framework::Code;

    #[test]
    fn reasons_are_counted_and_sorted_as_text() {
        let verdict = |code, reason: &str| Verdict::one("x", code, reason);
        let by_node = OrderedMap::from([
            ("a".into(), verdict(Code::Unschedulable, "Insufficient cpu")),
            ("b".into(), verdict(Code::UnschedulableAndUnresolvable, "node(s) were unschedulable")),
            ("c".into(), verdict(Code::Unschedulable, "Insufficient cpu")),
        ]);
        let outcomes = [
            ("Preemption is not helpful for scheduling".into(), 1),
            ("No preemption victims found for incoming pod".into(), 2),
        ];
        let preemption = Preemption::Useless(outcomes.into());
        let diagnosis = Diagnosis { nodes_total: 3, by_node, preemption, ..Diagnosis::default() };
        assert_eq!(
            fit_message(&diagnosis),
            "0/3 nodes are available: 1 node(s) were unschedulable, 2 Insufficient cpu. no new claims to deallocate, \
             preemption: 0/3 nodes are available: 1 Preemption is not helpful for scheduling, 2 No preemption victims \
             found for incoming pod."
        );
    }
}
