//! A pod that names its node goes nowhere else.

use crate::cache::NodeInfo;
use crate::framework::{Code, Cycle, Plugin, Reads, Verdict, action, always};

const NAME: &str = "NodeName";

pub(crate) const PLUGIN: Plugin = Plugin {
    name: NAME,
    reads: Reads::Node,
    filter: Some(filter),
    score: None,
    events: action::NODE_ADD,
    hint: always,
};

fn filter(cycle: &Cycle<'_>, info: &NodeInfo) -> Option<Verdict> {
    let wanted = &cycle.pod.spec.node_name;
    if wanted.is_empty() || wanted == info.name() {
        return None;
    }
    Some(Verdict::one(NAME, Code::UnschedulableAndUnresolvable, "node(s) didn't match the requested node name"))
}
