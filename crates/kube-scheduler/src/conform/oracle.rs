//! `oracle/scheduler`: whole decisions of the real scheduler.

use std::rc::Rc;

use api::conform::{Case, Suite, object};
use api::{Key, Map, Pod, StringMap, Value};

use super::{World, cache, code_name, list, typed, with_cycle};
use crate::cache::{Cache, NodeInfo};
use crate::diagnosis::{Diagnosis, fit_message};
use crate::framework::Verdict;
use crate::memo::Memo;
use crate::plugins::{PLUGINS, pod_topology_spread};
use crate::preemption::{Candidate, Preemption, best_of, dry_run};
use crate::schedule_one::{Decision, Scores, decide, normalised};

pub(super) const SUITE: Suite = Suite {
    name: "oracle/scheduler",
    run: |case| Ok(run(case)),
    expect,
    functions: &["kube_scheduler::schedule_one::decide", "kube_scheduler::preemption::run"],
};

/// The nodes and pods of a case, and what is there besides.
pub(super) fn world_of(case: &Case<'_>) -> (World, Cache) {
    let namespace = |name: &str| (name.into(), StringMap::from([("kubernetes.io/metadata.name", name)]));
    let mut world = World {
        namespaces: ["default", "other"].map(namespace).into(),
        services: list(case, "services"),
        budgets: list(case, "pdbs"),
        ..World::default()
    };
    for set in list::<api::StatefulSet>(case, "statefulSets") {
        world
            .sets
            .insert(Key::new(set.metadata.namespace.clone(), set.metadata.name.clone()), set.spec.selector.clone());
    }
    world.set_claims(list(case, "pvcs"));
    world.set_volumes(list(case, "pvs"));
    world.set_classes(list(case, "storageClasses"));
    (world, cache(list(case, "nodes"), list(case, "pods")))
}

fn run(case: &Case<'_>) -> Value {
    let (world, cache) = world_of(case);
    let pod = typed::<Pod>(case.get("incoming"));
    match decide(&pod, &cache, &world, &mut Memo::default(), &mut 0) {
        Decision::Node { scores, name, .. } => placed(&pod, &cache, &world, &name, &scores),
        Decision::Nowhere(diagnosis) => refused(&pod, &cache, &world, &diagnosis),
    }
}

/// The sums, all nodes with the best of them (the real choice is by chance among these), and what each plugin gave.
fn placed(pod: &Rc<Pod>, cache: &Cache, world: &World, name: &str, scores: &Scores) -> Value {
    let nodes: Vec<&NodeInfo> = scores.nodes.iter().map(|&index| cache.at(index)).collect();
    let most = scores.total.iter().max();
    let tops = nodes.iter().zip(&scores.total).filter(|(_, total)| Some(*total) == most);
    let mut best: Vec<Value> = tops.map(|(info, _)| info.name().clone().into()).collect();
    if best.is_empty() {
        best.push(name.into());
    }
    let totals = nodes.iter().zip(&scores.total).map(|(info, total)| (info.name().clone(), (*total).into())).collect();
    object([("best", best.into()), ("total", Value::Map(totals)), ("perPlugin", per_plugin(pod, cache, world, &nodes))])
}

fn per_plugin(pod: &Rc<Pod>, cache: &Cache, world: &World, nodes: &[&NodeInfo]) -> Value {
    let mut by_node = Value::map();
    with_cycle(pod, cache, world, |cycle| {
        cycle.spread_weights = pod_topology_spread::weights(&cycle.spread, nodes);
        for plugin in PLUGINS {
            let Some(score) = plugin.score.as_ref().filter(|score| !(score.skips)(cycle)) else { continue };
            for (info, value) in nodes.iter().zip(normalised(score, (score.raw)(cycle, nodes))) {
                by_node.set(&[info.name(), plugin.name], value);
            }
        }
    });
    by_node
}

fn refused(pod: &Rc<Pod>, cache: &Cache, world: &World, diagnosis: &Diagnosis) -> Value {
    let verdict = |verdict: &Verdict| {
        let reasons: Vec<Value> = verdict.reasons.iter().cloned().map(Value::from).collect();
        object([
            ("plugin", verdict.plugin.into()),
            ("code", code_name(verdict.code).into()),
            ("reasons", reasons.into()),
        ])
    };
    let nodes = diagnosis.by_node.iter().map(|(node, found)| (node.clone(), verdict(found))).collect();
    // The candidates are those of the attempt; a second look finds them, and the nodes that are equally good.
    let candidates = match &diagnosis.preemption {
        Preemption::Chosen(_) => {
            with_cycle(pod, cache, world, |cycle| dry_run(cycle, cache, &diagnosis.by_node, &|nodes| nodes).0)
        }
        Preemption::NotTried | Preemption::NotEligible(_) | Preemption::Useless(_) => Vec::new(),
    };
    let nominated: Vec<Value> = best_of(&candidates).into_iter().map(|best| best.node.clone().into()).collect();
    object([
        ("message", fit_message(diagnosis).into()),
        ("nodeStatus", Value::Map(nodes)),
        ("candidates", candidates.iter().map(candidate).collect::<Vec<_>>().into()),
        ("nominated", nominated.into()),
    ])
}

fn candidate(candidate: &Candidate) -> Value {
    let victims: Vec<Value> = candidate.victims.iter().map(|pod| pod.metadata.key().to_string().into()).collect();
    object([
        ("node", candidate.node.clone().into()),
        ("victims", victims.into()),
        ("numPDBViolations", (candidate.violations as i64).into()),
    ])
}

fn expect(case: &Case<'_>) -> Value {
    let expect = case.get("expect");
    let listed = |field: &str| Value::from(expect.get(field).as_list().to_vec());
    let mapped = |field: &str| expect.get(field).as_map().cloned().unwrap_or_default();
    if expect.get("schedulable").as_bool() != Some(true) {
        let mut nodes = mapped("nodeStatus");
        // Before filtering ends an attempt no node is asked; the real diagnosis then repeats the one reason for each.
        if expect.get("message").text().ends_with("not found") {
            nodes.clear();
        }
        return object([
            ("message", expect.get("message").clone()),
            ("nodeStatus", Value::Map(nodes)),
            ("candidates", listed("preemptionCandidates")),
            ("nominated", listed("nominatedAnyOf")),
        ]);
    }
    let mut nodes = Map::new();
    // One feasible node is taken unscored.
    for (node, plugins) in mapped("perPlugin").into_iter().filter(|_| expect.get("scored").as_bool() == Some(true)) {
        let mut plugins = plugins.as_map().cloned().unwrap_or_default();
        plugins.remove("DynamicResources");
        nodes.insert(node, Value::Map(plugins));
    }
    let is_scored = !nodes.is_empty();
    let totals = if is_scored { mapped("total") } else { Map::new() };
    object([("best", listed("best")), ("total", Value::Map(totals)), ("perPlugin", Value::Map(nodes))])
}
