//! A node must have room; the emptier one is better.

use std::rc::Rc;

use api::{Node, Pod, Str};

use crate::cache::{NodeInfo, Request};
use crate::framework::{Code, Cycle, Event, Happened, Normalize, Plugin, Reads, Score, Verdict, action, each};

const NAME: &str = "NodeResourcesFit";

pub(crate) const PLUGIN: Plugin = Plugin {
    name: NAME,
    reads: Reads::Node,
    filter: Some(filter),
    score: Some(Score {
        weight: 1,
        raw: |cycle, nodes| each(cycle, nodes, least_allocated),
        normalize: Normalize::No,
        skips: |_| false,
    }),
    events: action::NODE_ADD | action::UPDATE_NODE_ALLOCATABLE | action::POD_DELETE,
    hint,
};

/// A pod that went, or a node that has room for the pod, and more than before of what it asks for.
fn hint(pod: &Pod, happened: &Happened<'_>) -> bool {
    match happened.event {
        Event::Node(None, Some(new)) => fits_alone(pod, new),
        Event::Node(Some(old), Some(new)) => fits_alone(pod, new) && has_more(pod, old, new),
        _ => true,
    }
}

/// Whether a node would have room for a pod, were it empty.
pub(crate) fn fits_alone(pod: &Pod, node: &Node) -> bool {
    lacks(&Request::of(pod), &NodeInfo::new(Rc::new(node.clone()))).is_none()
}

/// Whether a node offers more than before of something that a pod asks for, or takes more pods.
pub(crate) fn has_more(pod: &Pod, old: &Node, new: &Node) -> bool {
    let (old, new) = (Request::exactly(&old.status.allocatable), Request::exactly(&new.status.allocatable));
    let request = Request::of(pod);
    let amount = |of: &Request, name: &str| of.other.get(name).copied().unwrap_or(0);
    let is_more = |name: &str| amount(&new, name) > amount(&old, name);
    is_more("pods")
        || (request.cpu_milli > 0 && new.cpu_milli > old.cpu_milli)
        || (request.memory > 0 && new.memory > old.memory)
        || request.other.keys().any(|name| is_more(name))
}

fn filter(cycle: &Cycle<'_>, info: &NodeInfo) -> Option<Verdict> {
    lacks(&cycle.request, info)
}

/// What a node lacks for a request.
fn lacks(request: &Request, info: &NodeInfo) -> Option<Verdict> {
    api::reached!("kube_scheduler::plugins::node_resources_fit::lacks");
    let (mut reasons, mut code): (Vec<Str>, _) = (Vec::new(), Code::Unschedulable);
    if info.pods.len() as i64 + 1 > info.pods_max {
        reasons.push("Too many pods".into());
    }
    let mut check = |name: &str, wanted: i64, used: i64, total: i64| {
        if wanted > 0 && wanted > total - used {
            reasons.push(thin::format_str!("Insufficient {name}"));
            if wanted > total {
                code = Code::UnschedulableAndUnresolvable;
            }
        }
    };
    check("cpu", request.cpu_milli, info.requested.cpu_milli, info.allocatable.cpu_milli);
    check("memory", request.memory, info.requested.memory, info.allocatable.memory);
    for (name, wanted) in &request.other {
        let amount = |of: &Request| of.other.get(name).copied().unwrap_or(0);
        check(name, *wanted, amount(&info.requested), amount(&info.allocatable));
    }
    (!reasons.is_empty()).then_some(Verdict { plugin: NAME, code, reasons })
}

/// The share of cpu and memory that stays free, 0 to 100, with the pod.
fn least_allocated(cycle: &Cycle<'_>, info: &NodeInfo) -> i64 {
    let request = &cycle.request;
    let shares = [
        (request.nonzero_cpu_milli + info.requested.nonzero_cpu_milli, info.allocatable.cpu_milli),
        (request.nonzero_memory + info.requested.nonzero_memory, info.allocatable.memory),
    ];
    let offered = shares.iter().filter(|(_, total)| *total > 0);
    let free = |&(used, total): &(i64, i64)| if used > total { 0 } else { (total - used) * 100 / total };
    let count = offered.clone().count() as i64;
    if count == 0 { 0 } else { offered.map(free).sum::<i64>() / count }
}
