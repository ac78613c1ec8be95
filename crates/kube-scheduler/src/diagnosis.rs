//! What a pod that fits nowhere is told.
//!
//! Models: kubernetes v1.36 framework.FitError and the messages of the DynamicResources and DefaultPreemption plugins.

use ordered::{Arrange, OrderedMap};

use api::Str;

use crate::framework::{Code, Verdict};

/// Why a pod fits nowhere.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Diagnosis {
    /// How many nodes there are.
    pub nodes_total: usize,
    /// Why the pod was refused before any node was looked at.
    pub before_filter: Option<Verdict>,
    /// Why each node was refused.
    pub by_node: OrderedMap<Str, Verdict>,
    /// Whether the pod's policy allows preemption.
    pub may_preempt: bool,
}

/// The message of the FailedScheduling event and of the condition PodScheduled.
pub fn fit_message(diagnosis: &Diagnosis) -> String {
    let total = diagnosis.nodes_total;
    if total == 0 {
        return "no nodes available to schedule pods".to_owned();
    }
    if let Some(verdict) = &diagnosis.before_filter {
        // The plugins that run after filtering find no state of the cycle that was cut short, and say just that.
        return format!("0/{total} nodes are available: {}. not found", verdict.reasons.join(", "));
    }
    let reasons = diagnosis.by_node.values().flat_map(|verdict| verdict.reasons.iter().map(Str::as_str));
    format!("0/{total} nodes are available: {}. {}", histogram(reasons), preemption_message(diagnosis))
}

fn preemption_message(diagnosis: &Diagnosis) -> String {
    let total = diagnosis.nodes_total;
    if !diagnosis.may_preempt {
        return "no new claims to deallocate, preemption: not eligible due to preemptionPolicy=Never.".to_owned();
    }
    let outcomes = diagnosis.by_node.values().map(|verdict| match verdict.code {
        Code::Unschedulable => "No preemption victims found for incoming pod",
        Code::UnschedulableAndUnresolvable => "Preemption is not helpful for scheduling",
    });
    format!("no new claims to deallocate, preemption: 0/{total} nodes are available: {}.", histogram(outcomes))
}

/// `2 reason, 1 other`: counted, then sorted as text, count included.
fn histogram<'a>(reasons: impl Iterator<Item = &'a str>) -> String {
    let mut counts: OrderedMap<&str, usize> = OrderedMap::new();
    for reason in reasons {
        *counts.entry(reason).or_insert(0) += 1;
    }
    let mut texts: Vec<String> = counts.iter().map(|(reason, count)| format!("{count} {reason}")).collect();
    texts.arrange();
    texts.join(", ")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn reasons_are_counted_and_sorted_as_text() {
        let verdict = |code, reason: &str| Verdict::one("x", code, reason);
        let by_node = OrderedMap::from([
            ("a".into(), verdict(Code::Unschedulable, "Insufficient cpu")),
            ("b".into(), verdict(Code::UnschedulableAndUnresolvable, "node(s) were unschedulable")),
            ("c".into(), verdict(Code::Unschedulable, "Insufficient cpu")),
        ]);
        let diagnosis = Diagnosis { nodes_total: 3, by_node, may_preempt: true, ..Diagnosis::default() };
        assert_eq!(
            fit_message(&diagnosis),
            "0/3 nodes are available: 1 node(s) were unschedulable, 2 Insufficient cpu. no new claims to deallocate, \
             preemption: 0/3 nodes are available: 1 Preemption is not helpful for scheduling, 2 No preemption victims \
             found for incoming pod."
        );
    }
}
