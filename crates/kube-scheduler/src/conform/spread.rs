//! `scheduler_podtopologyspread`.

use ordered::OrderedMap;

use api::conform::{Case, Suite, object};
use api::{Node, Pod, Str, Value};

use super::{Fields, Reason, World, cache, code_name, filter, list, score_row, typed, wanted_scores, with_cycle};
use crate::cache::{Cache, NodeInfo};
use crate::framework::Cycle;
use crate::plugins::pod_topology_spread::{self, Tally};

const PLUGIN: &str = "PodTopologySpread";
const HOSTNAME: &str = "kubernetes.io/hostname";

pub(super) const SUITE: Suite = Suite {
    name: "scheduler_podtopologyspread",
    run,
    expect,
    functions: &[
        "kube_scheduler::plugins::pod_topology_spread::state",
        "kube_scheduler::plugins::pod_topology_spread::refusal",
    ],
};

fn run(case: &Case<'_>) -> Result<Value, Reason> {
    if case.text("name").contains("feature gate disabled") || case.text("name").contains("feature disabled") {
        return Err("a gate that is on by default, off".to_owned());
    }
    match case.test {
        "TestSingleConstraint" | "TestMultipleConstraints" => Ok(codes(case)),
        "TestPodTopologySpreadScore" => {
            Ok(score_row(PLUGIN, case, &Fields { pod: "pod", pods: "existingPods" }, &owners(case)))
        }
        "TestPreFilterState" => before_filter(case),
        "TestPreFilterStateAddPod" | "TestPreFilterStateRemovePod" => Ok(imagined(case)),
        "TestPreScoreSkip" | "TestPreScoreStateEmptyNodes" => before_score(case),
        "TestPodTopoSignatures" => Err("signatures: pods of one shape are told by comparison".to_owned()),
        _ => case.unknown(),
    }
}

fn expect(case: &Case<'_>) -> Value {
    match case.test {
        "TestSingleConstraint" | "TestMultipleConstraints" => wanted_codes(case),
        "TestPodTopologySpreadScore" => wanted_scores(case.get("want")),
        "TestPreScoreSkip" | "TestPreScoreStateEmptyNodes" => wanted_soft(case.get("want")),
        _ => wanted_hard(case.get("want")),
    }
}

fn owners(case: &Case<'_>) -> World {
    let mut world = World::default();
    world.set_owners(case.get("objs").as_list());
    world
}

fn codes(case: &Case<'_>) -> Value {
    let nodes = list::<Node>(case, "nodes");
    let cache = cache(nodes.clone(), list(case, "existingPods"));
    let infos: Vec<&NodeInfo> = nodes.iter().filter_map(|node| cache.get(&node.metadata.name)).collect();
    let verdicts = filter(PLUGIN, &typed(case.get("pod")), &cache, &World::default(), &infos);
    let entry = |(info, verdict): (&&NodeInfo, &Option<_>)| {
        let verdict: &Option<crate::Verdict> = verdict;
        (info.name().clone(), verdict.as_ref().map_or("Success", |verdict| code_name(verdict.code)).into())
    };
    Value::Map(infos.iter().zip(&verdicts).map(entry).collect())
}

/// The table writes codes as numbers.
fn wanted_codes(case: &Case<'_>) -> Value {
    let code = |node: &Str| match case.get("wantStatusCode").get(node).as_int() {
        Some(2) => "Unschedulable",
        Some(3) => "UnschedulableAndUnresolvable",
        _ => "Success",
    };
    let nodes = list::<Node>(case, "nodes");
    Value::Map(nodes.iter().map(|node| (node.metadata.name.clone(), code(&node.metadata.name).into())).collect())
}

fn counts_of(counts: &OrderedMap<Str, i64>) -> Value {
    Value::Map(counts.iter().map(|(value, count)| (value.clone(), (*count).into())).collect())
}

/// Matching pods by place, and what the emptiest place has, for each hard constraint.
fn hard(cycle: &Cycle<'_>, cache: &Cache) -> Value {
    let tally = |tally: Tally| object([("counts", counts_of(&tally.counts)), ("minimum", tally.minimum.into())]);
    cycle.spread.hard_tallies(cache).into_iter().map(tally).collect::<Vec<_>>().into()
}

fn wanted_hard(want: &Value) -> Value {
    let constraints = want.get("Constraints").as_list();
    let one = |(at, constraint): (usize, &Value)| {
        let counts = want.get("TpValueToMatchNum").element(at);
        let places = counts.as_map().map_or(0, |map| map.len() as i64);
        let least = want.get("CriticalPaths").element(at).element(0).get("MatchNum").as_int().unwrap_or(0);
        let is_enough = places >= constraint.get("MinDomains").as_int().unwrap_or(1);
        let counts = Value::Map(counts.as_map().cloned().unwrap_or_default());
        object([("counts", counts), ("minimum", if is_enough && places > 0 { least } else { 0 }.into())])
    };
    constraints.iter().enumerate().map(one).collect::<Vec<_>>().into()
}

fn before_filter(case: &Case<'_>) -> Result<Value, Reason> {
    if !case.get("defaultConstraints").as_list().is_empty() {
        return Err("default constraints of one's own".to_owned());
    }
    let cache = cache(list(case, "nodes"), list(case, "existingPods"));
    Ok(with_cycle(&typed(case.get("pod")), &cache, &owners(case), |cycle| hard(cycle, &cache)))
}

/// The counts after a pod is thought onto its node, or away from it.
fn imagined(case: &Case<'_>) -> Value {
    let mut pods = list::<Pod>(case, "existingPods");
    let at = case.get("deletedPodIdx").as_int();
    let given = [case.get("addedPod"), case.get("deletedPod")].into_iter().find(|pod| !pod.is_null());
    let other = match (given, at) {
        (Some(pod), _) => typed::<Pod>(pod),
        (None, at) => pods[at.unwrap_or(0) as usize].clone(),
    };
    // A pod that is not among the others is on the node that the row names.
    let nodes = list::<Node>(case, "nodes");
    let node = nodes[case.int("nodeIdx") as usize].metadata.name.clone();
    let cache = cache(nodes, std::mem::take(&mut pods));
    with_cycle(&typed(case.get("preemptor")), &cache, &World::default(), |cycle| {
        if let Some(info) = cache.get(&node) {
            let mut info = info.clone();
            if case.get("addedPod").is_null() {
                cycle.take_out(&other, &mut info);
            } else {
                cycle.put_back(&other, &mut info);
            }
        }
        hard(cycle, &cache)
    })
}

fn before_score(case: &Case<'_>) -> Result<Value, Reason> {
    if case.get("config").get("DefaultingType").text() != "System"
        && !case.get("config").get("DefaultConstraints").as_list().is_empty()
    {
        return Err("default constraints of one's own".to_owned());
    }
    let nodes = list::<Node>(case, "nodes");
    let cache = cache(nodes, Vec::new());
    let feasible: Vec<&NodeInfo> = cache.nodes().collect();
    Ok(with_cycle(&typed(case.get("pod")), &cache, &owners(case), |cycle| {
        let weights = pod_topology_spread::weights(&cycle.spread, &feasible);
        let one = |(tally, weight): (Tally, f64)| {
            let counts = if tally.key == HOSTNAME { OrderedMap::new() } else { tally.all_counts };
            object([("counts", counts_of(&counts)), ("weight", format!("{weight:.9}").into())])
        };
        cycle.spread.soft_tallies(&cache).into_iter().zip(weights).map(one).collect::<Vec<_>>().into()
    }))
}

/// Hosts are counted one by one, where the real plugin does so as well, and stand in no map.
fn wanted_soft(want: &Value) -> Value {
    let one = |(at, weight): (usize, &Value)| {
        let mut counts = want.get("TopologyValueToPodCounts").element(at).as_map().cloned().unwrap_or_default();
        // Nodes without the label are a domain to the weight; nobody asks for their count.
        counts.remove("");
        let weight = match weight {
            Value::Float(weight) => *weight,
            other => other.as_int().unwrap_or(0) as f64,
        };
        object([("counts", Value::Map(counts)), ("weight", format!("{weight:.9}").into())])
    };
    want.get("TopologyNormalizingWeight").as_list().iter().enumerate().map(one).collect::<Vec<_>>().into()
}
