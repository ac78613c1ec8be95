//! Taints keep pods away that do not tolerate them.

use api::Pod;
use api::core::node::{Node, Taint};

use crate::cache::NodeInfo;
use crate::framework::{Code, Cycle, Event, Happened, Normalize, Plugin, Reads, Score, Verdict, action, each};

const NAME: &str = "TaintToleration";

pub(crate) const PLUGIN: Plugin = Plugin {
    name: NAME,
    reads: Reads::Node,
    filter: Some(filter),
    score: Some(Score {
        weight: 3,
        raw: |cycle, nodes| each(cycle, nodes, score),
        normalize: Normalize::Reversed,
        skips: |_| false,
    }),
    events: action::NODE_ADD | action::UPDATE_NODE_TAINT | action::UPDATE_POD_TOLERATION,
    hint,
};

fn is_tolerated(pod: &Pod, taint: &Taint) -> bool {
    pod.spec.tolerations.iter().any(|toleration| toleration.tolerates(taint))
}

/// Whether a pod tolerates all taints of a node that keep pods away.
pub(crate) fn admits(pod: &Pod, info: &NodeInfo) -> bool {
    is_admitted(pod, &info.node)
}

/// A node that came with tolerable taints, or has only tolerable ones now; or the pod has other tolerations.
fn hint(pod: &Pod, happened: &Happened<'_>) -> bool {
    let Event::Node(old, Some(new)) = happened.event else { return true };
    is_admitted(pod, new) && old.is_none_or(|old| !is_admitted(pod, old))
}

fn is_admitted(pod: &Pod, node: &Node) -> bool {
    api::reached!("kube_scheduler::plugins::taint_toleration::admits");
    let mut hard = node.spec.taints.iter().filter(|taint| taint.effect == "NoSchedule" || taint.effect == "NoExecute");
    hard.all(|taint| is_tolerated(pod, taint))
}

fn filter(cycle: &Cycle<'_>, info: &NodeInfo) -> Option<Verdict> {
    if admits(cycle.pod, info) {
        return None;
    }
    Some(Verdict::one(NAME, Code::UnschedulableAndUnresolvable, "node(s) had untolerated taint(s)"))
}

/// How many soft taints the pod does not tolerate.
fn score(cycle: &Cycle<'_>, info: &NodeInfo) -> i64 {
    let soft = info.node.spec.taints.iter().filter(|taint| taint.effect == "PreferNoSchedule");
    soft.filter(|taint| !is_tolerated(cycle.pod, taint)).count() as i64
}
