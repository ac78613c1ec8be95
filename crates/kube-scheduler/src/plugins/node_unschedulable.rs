//! A cordoned node takes no pods but those that tolerate its taint.

use api::Pod;
use api::core::node::Taint;

use crate::cache::NodeInfo;
use crate::framework::{Code, Cycle, Event, Happened, Plugin, Reads, Verdict, action};

const NAME: &str = "NodeUnschedulable";
const TAINT: &str = "node.kubernetes.io/unschedulable";

pub(crate) const PLUGIN: Plugin = Plugin {
    name: NAME,
    reads: Reads::Node,
    filter: Some(filter),
    score: None,
    events: action::NODE_ADD | action::UPDATE_NODE_TAINT | action::UPDATE_POD_TOLERATION,
    hint,
};

/// A node that came uncordoned, or was uncordoned; or the pod tolerates a cordon now.
fn hint(_pod: &Pod, happened: &Happened<'_>) -> bool {
    match happened.event {
        Event::Node(old, Some(new)) => !new.spec.unschedulable && old.is_none_or(|old| old.spec.unschedulable),
        Event::Itself(_, new) => tolerates_cordon(new),
        _ => true,
    }
}

fn tolerates_cordon(pod: &Pod) -> bool {
    let taint = Taint { key: TAINT.into(), effect: "NoSchedule".into(), ..Taint::default() };
    pod.spec.tolerations.iter().any(|toleration| toleration.tolerates(&taint))
}

fn filter(cycle: &Cycle<'_>, info: &NodeInfo) -> Option<Verdict> {
    api::reached!("kube_scheduler::plugins::node_unschedulable::filter");
    if !info.node.spec.unschedulable {
        return None;
    }
    if tolerates_cordon(cycle.pod) {
        return None;
    }
    Some(Verdict::one(NAME, Code::UnschedulableAndUnresolvable, "node(s) were unschedulable"))
}
