//! A node must have room; the emptier one is better.

use api::Str;

use crate::cache::NodeInfo;
use crate::framework::{ClusterEvent, Code, Cycle, Normalize, Plugin, Reads, Score, Verdict};

const NAME: &str = "NodeResourcesFit";

pub(crate) const PLUGIN: Plugin = Plugin {
    name: NAME,
    reads: Reads::Node,
    filter: Some(filter),
    score: Some(Score { weight: 1, raw: least_allocated, normalize: Normalize::No, skips: |_| false }),
    events: &[ClusterEvent::Node, ClusterEvent::AssignedPod, ClusterEvent::Pod],
};

fn filter(cycle: &Cycle<'_>, info: &NodeInfo) -> Option<Verdict> {
    let (mut reasons, mut code): (Vec<Str>, _) = (Vec::new(), Code::Unschedulable);
    if info.pods.len() as i64 + 1 > info.pods_max {
        reasons.push("Too many pods".into());
    }
    let request = &cycle.request;
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
        let amount = |of: &crate::cache::Request| of.other.get(name).copied().unwrap_or(0);
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
