//! A cordoned node takes no pods but those that tolerate its taint.

use api::Pod;
use api::core::node::Taint;

use crate::cache::NodeInfo;
use crate::framework::{ClusterEvent, Code, Cycle, Happened, Plugin, Reads, Verdict};

const NAME: &str = "NodeUnschedulable";
const TAINT: &str = "node.kubernetes.io/unschedulable";

pub(crate) const PLUGIN: Plugin = Plugin {
    name: NAME,
    reads: Reads::Node,
    filter: Some(filter),
    score: None,
    events: &[ClusterEvent::Node, ClusterEvent::Pod],
};

/// A node that came uncordoned, or was uncordoned.
pub(crate) fn hint(_pod: &Pod, happened: &Happened<'_>) -> bool {
    let (old, new) = happened.node;
    new.is_none_or(|new| !new.spec.unschedulable && old.is_none_or(|old| old.spec.unschedulable))
}

fn filter(cycle: &Cycle<'_>, info: &NodeInfo) -> Option<Verdict> {
    if !info.node.spec.unschedulable {
        return None;
    }
    let taint = Taint { key: TAINT.into(), effect: "NoSchedule".into(), ..Taint::default() };
    if cycle.pod.spec.tolerations.iter().any(|toleration| toleration.tolerates(&taint)) {
        return None;
    }
    Some(Verdict::one(NAME, Code::UnschedulableAndUnresolvable, "node(s) were unschedulable"))
}
