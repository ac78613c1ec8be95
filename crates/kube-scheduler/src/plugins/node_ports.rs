//! A port of a node is taken once.

use api::{Pod, Str};

use crate::cache::{NodeInfo, host_ports};
use crate::framework::{Code, Cycle, Event, Happened, Plugin, Reads, Verdict, action};

const NAME: &str = "NodePorts";
const ANY_ADDRESS: &str = "0.0.0.0";

pub(crate) const PLUGIN: Plugin = Plugin {
    name: NAME,
    reads: Reads::Node,
    filter: Some(filter),
    score: None,
    events: action::NODE_ADD | action::POD_DELETE,
    hint,
};

/// A pod that had a port of the node that this one wants.
fn hint(pod: &Pod, happened: &Happened<'_>) -> bool {
    let Event::Pod(Some(gone), None) = happened.event else { return true };
    let freed: Vec<(Str, Str, i32)> = host_ports(gone).collect();
    host_ports(pod).any(|wanted| freed.iter().any(|freed| is_one(&wanted, freed)))
}

/// Whether two ports of a node are the same one: (address, protocol, port).
fn is_one(wanted: &(Str, Str, i32), used: &(Str, Str, i32)) -> bool {
    let overlaps = wanted.0 == ANY_ADDRESS || used.0 == ANY_ADDRESS || wanted.0 == used.0;
    overlaps && wanted.1 == used.1 && wanted.2 == used.2
}

fn filter(cycle: &Cycle<'_>, info: &NodeInfo) -> Option<Verdict> {
    api::reached!("kube_scheduler::plugins::node_ports::filter");
    if info.used_ports.is_empty() {
        return None;
    }
    if !host_ports(cycle.pod).any(|wanted| info.used_ports.iter().any(|used| is_one(&wanted, used))) {
        return None;
    }
    Some(Verdict::one(NAME, Code::Unschedulable, "node(s) didn't have free ports for the requested pod ports"))
}
