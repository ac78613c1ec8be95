//! A port of a node is taken once.

use crate::cache::{NodeInfo, host_ports};
use crate::framework::{ClusterEvent, Code, Cycle, Plugin, Reads, Verdict};

const NAME: &str = "NodePorts";
const ANY_ADDRESS: &str = "0.0.0.0";

pub(crate) const PLUGIN: Plugin = Plugin {
    name: NAME,
    reads: Reads::Node,
    filter: Some(filter),
    score: None,
    events: &[ClusterEvent::Node, ClusterEvent::AssignedPod],
};

fn filter(cycle: &Cycle<'_>, info: &NodeInfo) -> Option<Verdict> {
    if info.used_ports.is_empty() {
        return None;
    }
    let is_taken = |(address, protocol, port): (api::Str, api::Str, i32)| {
        info.used_ports.iter().any(|(used_address, used_protocol, used_port)| {
            let overlaps = address == ANY_ADDRESS || used_address == ANY_ADDRESS || address == *used_address;
            overlaps && protocol == *used_protocol && port == *used_port
        })
    };
    if !host_ports(cycle.pod).any(is_taken) {
        return None;
    }
    Some(Verdict::one(NAME, Code::Unschedulable, "node(s) didn't have free ports for the requested pod ports"))
}
