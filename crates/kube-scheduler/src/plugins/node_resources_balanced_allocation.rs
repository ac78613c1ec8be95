//! Cpu and memory should fill at the same pace.

use crate::cache::{NodeInfo, Request};
use crate::framework::{Cycle, Normalize, Plugin, Reads, Score, always, each};

pub(crate) const PLUGIN: Plugin = Plugin {
    name: "NodeResourcesBalancedAllocation",
    reads: Reads::Node,
    filter: None,
    score: Some(Score {
        weight: 1,
        raw: |cycle, nodes| each(cycle, nodes, score),
        normalize: Normalize::No,
        skips: is_best_effort,
    }),
    events: 0,
    hint: always,
};

fn is_best_effort(cycle: &Cycle<'_>) -> bool {
    cycle.request.cpu_milli == 0 && cycle.request.memory == 0
}

/// 50 if the pod leaves the balance as it is, more if it improves it.
fn score(cycle: &Cycle<'_>, info: &NodeInfo) -> i64 {
    let request = &cycle.request;
    let before = balance(&info.requested, 0, 0, &info.allocatable);
    let after = balance(&info.requested, request.cpu_milli, request.memory, &info.allocatable);
    50 + (50 + after - before) / 2
}

/// 100 if the same share of both is taken.
fn balance(requested: &Request, more_cpu_milli: i64, more_memory: i64, allocatable: &Request) -> i64 {
    let shares = [
        (requested.cpu_milli + more_cpu_milli, allocatable.cpu_milli),
        (requested.memory + more_memory, allocatable.memory),
    ];
    let fractions: Vec<f64> = shares
        .iter()
        .filter(|(_, total)| *total > 0)
        .map(|(used, total)| (*used as f64 / *total as f64).min(1.0))
        .collect();
    let deviation = match fractions.as_slice() {
        [cpu, memory] => (cpu - memory).abs() / 2.0,
        _ => 0.0,
    };
    ((1.0 - deviation) * 100.0) as i64
}
