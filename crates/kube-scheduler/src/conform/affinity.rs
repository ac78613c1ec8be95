//! `scheduler_interpodaffinity`.

use api::conform::{Case, Suite, object};
use api::{Map, Node, Pod, Value};

use super::{
    Fields, REFUSED_BY_API, Reason, cache, check_selectors, filter, filter_one, list, score_row, status, teams, typed,
    wanted, wanted_scores, wanted_status, with_cycle,
};
use crate::cache::{Cache, NodeInfo};
use crate::framework::Cycle;
use crate::plugins::inter_pod_affinity::Counted;

const PLUGIN: &str = "InterPodAffinity";

pub(super) const SUITE: Suite = Suite {
    name: "scheduler_interpodaffinity",
    run,
    expect,
    functions: &[
        "kube_scheduler::plugins::inter_pod_affinity::state",
        "kube_scheduler::plugins::inter_pod_affinity::refusal",
    ],
};

fn run(case: &Case<'_>) -> Result<Value, Reason> {
    match case.test {
        "TestRequiredAffinitySingleNode" => filter_one(PLUGIN, case, typed(case.get("node")), list(case, "pods")),
        "TestRequiredAffinityMultipleNodes" => multiple(case),
        "TestPreferredAffinity" | "TestPreferredAffinityWithHardPodAffinitySymmetricWeight" => preferred(case),
        "TestGetTPMapMatchingIncomingAffinityAntiAffinity" => Ok(counted(case)),
        "TestPreFilterStateAddRemovePod" => Ok(added(case)),
        "TestPodAffinitySignature" => Err("signatures: pods of one shape are told by comparison".to_owned()),
        _ => case.unknown(),
    }
}

fn expect(case: &Case<'_>) -> Value {
    let counts = |near: &str, far: &str| object([("near", case.get(near).clone()), ("far", case.get(far).clone())]);
    match case.test {
        "TestRequiredAffinitySingleNode" => wanted(case, "wantFilterStatus"),
        "TestRequiredAffinityMultipleNodes" => {
            case.get("wantFilterStatuses").as_list().iter().map(wanted_status).collect::<Vec<_>>().into()
        }
        "TestGetTPMapMatchingIncomingAffinityAntiAffinity" => {
            places(&counts("wantAffinityPodsMap", "wantAntiAffinityPodsMap"))
        }
        "TestPreFilterStateAddRemovePod" => places(&counts("expectedAffinity", "expectedAntiAffinity")),
        _ => wanted_scores(case.get("expectedList")),
    }
}

/// Counts by place, in the shape of [`counts`]: `null` and empty are one.
fn places(counts: &Value) -> Value {
    let map = |side: &str| Value::Map(counts.get(side).as_map().cloned().unwrap_or_default());
    object([("near", map("near")), ("far", map("far"))])
}

fn multiple(case: &Case<'_>) -> Result<Value, Reason> {
    check_selectors(case)?;
    let nodes = list::<Node>(case, "nodes");
    let cache = cache(nodes.clone(), list(case, "pods"));
    let infos: Vec<&NodeInfo> = nodes.iter().filter_map(|node| cache.get(&node.metadata.name)).collect();
    let verdicts = filter(PLUGIN, &typed(case.get("pod")), &cache, &teams(), &infos);
    Ok(verdicts.iter().map(|verdict| status(verdict.as_ref())).collect::<Vec<_>>().into())
}

fn preferred(case: &Case<'_>) -> Result<Value, Reason> {
    let weight = case.get("hardPodAffinityWeight").as_int();
    if case.flag("ignorePreferredTermsOfExistingPods") || weight.is_some_and(|weight| weight != 1) {
        return Err("a setting that the default profile has not".to_owned());
    }
    if case.get("wantStatus").get("code").text() == "Error" {
        return Err(REFUSED_BY_API.to_owned());
    }
    Ok(score_row(PLUGIN, case, &Fields { pod: "pod", pods: "pods" }, &teams()))
}

/// Pods that attract the incoming one, and pods that it avoids, by place: `{label value}`.
fn counts(cycle: &Cycle<'_>, cache: &Cache) -> Value {
    let of = |counted: Counted| {
        let mut map = Map::new();
        for info in cache.nodes() {
            for (key, count) in cycle.affinity.counts_at(counted, info) {
                let value = info.node.metadata.labels.get(&key).unwrap_or_default().to_owned();
                map.insert(thin::format_str!("{{{key} {value}}}"), count.into());
            }
        }
        Value::Map(map)
    };
    object([("near", of(Counted::Attracting)), ("far", of(Counted::Avoided))])
}

fn counted(case: &Case<'_>) -> Value {
    let cache = cache(list(case, "nodes"), list(case, "existingPods"));
    with_cycle(&typed(case.get("pod")), &cache, &teams(), |cycle| counts(cycle, &cache))
}

/// The counts after one pod more is thought onto its node.
fn added(case: &Case<'_>) -> Value {
    let cache = cache(list(case, "nodes"), list(case, "existingPods"));
    let more = typed::<Pod>(case.get("addedPod"));
    with_cycle(&typed(case.get("pendingPod")), &cache, &teams(), |cycle| {
        if let Some(info) = cache.get(&more.spec.node_name) {
            let mut info = info.clone();
            cycle.put_back(&more, &mut info);
            cycle.take_out(&more, &mut info);
            cycle.put_back(&more, &mut info);
        }
        counts(cycle, &cache)
    })
}
