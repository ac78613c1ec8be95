//! Who would have to go: `scheduler_defaultpreemption` and `preemption`.

use ordered::{Arrange, OrderedMap};
use std::rc::Rc;

use api::conform::{Case, Suite, object};
use api::{Node, Pod, PodDisruptionBudget, Str, Value};

use super::{Reason, World, cache, list, typed, with_cycle};
use crate::cache::Cache;
use crate::diagnosis::histogram;
use crate::framework::{Code, Verdict};
use crate::preemption::{
    Candidate, Preemption, best, candidates_wanted, check_eligibility, dry_run, importance, run as preempt, sort_out,
};

pub(super) const DEFAULT_PREEMPTION: Suite = Suite {
    name: "scheduler_defaultpreemption",
    run,
    expect,
    functions: &["kube_scheduler::preemption::run", "kube_scheduler::preemption::dry_run"],
};

pub(super) const PREEMPTION: Suite = Suite {
    name: "preemption",
    run,
    expect,
    functions: &["kube_scheduler::preemption::dry_run", "kube_scheduler::preemption::sort_out"],
};

fn run(case: &Case<'_>) -> Result<Value, Reason> {
    if !case.get("extenders").as_list().is_empty() || !case.get("extender").is_null() {
        return Err("extenders".to_owned());
    }
    let name = case.text("name");
    if name.contains("StartTime") || name.contains("start time") {
        return Err("starts that are nanoseconds apart, which the table does not write".to_owned());
    }
    match (case.test, case.table) {
        (_, "tt.testPods" | "testPods") => Err("a pod of another row's".to_owned()),
        ("TestPostFilter", _) => after_filter(case),
        ("TestDryRunPreemption", _) => tried(case),
        ("TestSelectBestCandidate", _) => Ok(chosen(case).0.into()),
        ("TestPreempt", _) => Ok(preempted(case)),
        ("TestPodEligibleToPreemptOthers", _) => Ok(is_eligible(case).into()),
        ("TestMoreImportantVictim", _) => more_important(case),
        ("TestFilterVictimsWithPDBViolation", _) => victims(case),
        ("TestCustomSelection" | "TestCustomOrdering" | "TestSelectCandidate", _) => {
            Err("a selection of the test's own".to_owned())
        }
        _ => case.unknown(),
    }
}

fn expect(case: &Case<'_>) -> Value {
    match case.test {
        "TestPostFilter" => wanted_after_filter(case),
        "TestDryRunPreemption" => wanted_candidates(case),
        "TestSelectBestCandidate" => object([("$anyOf", case.get("expected").clone())]),
        "TestPreempt" => {
            let mut names = case.get("expectedPods").as_list().to_vec();
            names.arrange_by_key(|name| Str::from(name.text()));
            names.into()
        }
        "TestMoreImportantVictim" => case.flag("want").into(),
        "TestFilterVictimsWithPDBViolation" => {
            let names = |field: &str| names(&pods_of(case, field));
            object([("kept", names("expectedViolating")), ("others", names("expectedNonViolating"))])
        }
        _ => match case.get("expected") {
            Value::Null => false.into(),
            expected => expected.clone(),
        },
    }
}

/// A node of the tests: its name may hold its labels, `hostname/zone/region`.
fn node_named(name: &str) -> Rc<Node> {
    let mut node = Node::default();
    let mut parts = name.split('/');
    node.metadata.name = parts.next().unwrap_or_default().into();
    for (key, value) in ["hostname", "zone", "region"].into_iter().zip(name.split('/')) {
        node.metadata.labels.insert(key, value);
    }
    for (resource, amount) in [("cpu", "500m"), ("memory", "500"), ("pods", "32")] {
        Rc::make_mut(&mut node.status).allocatable.insert(resource, amount);
    }
    Rc::new(node)
}

fn nodes_of(case: &Case<'_>) -> Vec<Rc<Node>> {
    let named: Vec<Rc<Node>> = case.get("nodeNames").as_list().iter().map(|name| node_named(name.text())).collect();
    if named.is_empty() { list(case, "nodes") } else { named }
}

fn world_of(case: &Case<'_>) -> World {
    World { budgets: list::<PodDisruptionBudget>(case, "pdbs"), ..World::default() }
}

/// Verdicts as a test gives them: nothing but how firm they are.
fn given_verdicts(statuses: &Value) -> OrderedMap<Str, Verdict> {
    let entry = |(node, status): (&Str, &Value)| {
        let code = match status.get("code").text() {
            "Unschedulable" => Code::Unschedulable,
            _ => Code::UnschedulableAndUnresolvable,
        };
        (node.clone(), Verdict { plugin: "NodeResourcesFit", code, reasons: Vec::new() })
    };
    statuses.as_map().into_iter().flatten().map(entry).collect()
}

fn after_filter(case: &Case<'_>) -> Result<Value, Reason> {
    if case.text("name").contains("TestPlugin") {
        return Err("a plugin of the test's own".to_owned());
    }
    if !case.get("podGroups").as_list().is_empty() || case.text("name").contains("SchedulingGroup") {
        return Err("groups of pods".to_owned());
    }
    let (cache, world) = (cache(list(case, "nodes"), list(case, "pods")), world_of(case));
    let verdicts = given_verdicts(case.get("filteredNodesStatuses").get("nodeToStatus"));
    let preemption = with_cycle(&typed(case.get("pod")), &cache, &world, |cycle| preempt(cycle, &cache, &verdicts));
    Ok(match preemption {
        Preemption::Chosen(candidate) => object([("node", candidate.node.into()), ("message", "".into())]),
        Preemption::Useless(outcomes) => {
            let text = format!("preemption: 0/{} nodes are available: {}.", cache.len(), histogram(&outcomes));
            object([("node", "".into()), ("message", text.into())])
        }
        Preemption::NotEligible(why) => object([("node", "".into()), ("message", format!("preemption: {why}").into())]),
        Preemption::NotTried => Value::Null,
    })
}

fn wanted_after_filter(case: &Case<'_>) -> Value {
    let node = case.get("wantResult").at(&["NominatingInfo", "NominatedNodeName"]).text();
    let message = case.get("wantStatus").get("reasons").element(0).text();
    object([("node", node.into()), ("message", message.into())])
}

fn candidate(candidate: &Candidate) -> Value {
    let mut victims: Vec<Str> = candidate.victims.iter().map(|pod| pod.metadata.name.clone()).collect();
    victims.arrange();
    candidate_of(candidate.node.clone(), victims, candidate.violations as i64)
}

fn candidate_of(node: Str, victims: Vec<Str>, violations: i64) -> Value {
    let victims: Vec<Value> = victims.into_iter().map(Value::from).collect();
    object([("name", node.into()), ("victims", victims.into()), ("violations", violations.into())])
}

/// Every pod of a row is tried in turn; what a filter of the test's own refuses is not ours to say.
fn tried(case: &Case<'_>) -> Result<Value, Reason> {
    check_filter(case)?;
    let pods = list::<Pod>(case, "testPods");
    if !case.get("args").is_null() {
        return Err("a start among the nodes that is drawn by chance".to_owned());
    }
    let (cache, world) = (cache(nodes_of(case), list(case, "initPods")), world_of(case));
    let one = |pod: &Rc<Pod>| -> Value {
        let verdicts = all_refused(&cache);
        let mut found =
            with_cycle(pod, &cache, &world, |cycle| dry_run(cycle, &cache, &verdicts, &candidates_wanted).0);
        found.arrange_by_key(|candidate| candidate.node.clone());
        found.iter().map(candidate).collect::<Vec<_>>().into()
    };
    Ok(pods.iter().map(one).collect::<Vec<_>>().into())
}

/// Rows whose nodes are refused by a plugin that is no real one.
fn check_filter(case: &Case<'_>) -> Result<(), Reason> {
    let names = [
        "a pod that does not fit on any node",
        "a pod that fits with no preemption",
        "a pod that fits on one node with no preemption",
        "get Unschedulable in the preemption phase when the filter plugins filtering the nodes",
    ];
    let is_own = case.get("fakeFilterRC").as_int().is_some_and(|code| code != 0)
        || names.contains(&case.text("name"))
        || !case.get("numViolatingVictim").is_null();
    if is_own { Err("a filter of the test's own".to_owned()) } else { Ok(()) }
}

fn all_refused(cache: &Cache) -> OrderedMap<Str, Verdict> {
    let verdict = || Verdict { plugin: "NodeResourcesFit", code: Code::Unschedulable, reasons: Vec::new() };
    cache.nodes().map(|info| (info.name().clone(), verdict())).collect()
}

fn wanted_candidates(case: &Case<'_>) -> Value {
    let one = |candidate: &Value| {
        let victims = candidate.get("victims");
        let mut names: Vec<Str> =
            victims.get("Pods").as_list().iter().map(|pod| pod.at(&["metadata", "name"]).text().into()).collect();
        names.arrange();
        candidate_of(candidate.get("name").text().into(), names, victims.get("NumPDBViolations").as_int().unwrap_or(0))
    };
    let of_pod = |found: &Value| Value::from(found.as_list().iter().map(one).collect::<Vec<_>>());
    case.get("expected").as_list().iter().map(of_pod).collect::<Vec<_>>().into()
}

/// The node that is freed, and who has to go, were all nodes refused before.
fn chosen(case: &Case<'_>) -> (Str, Vec<Str>) {
    let (cache, world) = (cache(nodes_of(case), list(case, "pods")), world_of(case));
    with_cycle(&typed(case.get("pod")), &cache, &world, |cycle| {
        let verdicts = all_refused(&cache);
        let (candidates, _) = dry_run(cycle, &cache, &verdicts, &candidates_wanted);
        let Some(best) = best(&candidates) else { return (Str::new(), Vec::new()) };
        (best.node.clone(), best.victims.iter().map(|pod| pod.metadata.name.clone()).collect())
    })
}

/// The pods that are told to go; the row names them, as the test's fake client deletes them.
fn preempted(case: &Case<'_>) -> Value {
    let pod = typed::<Pod>(case.get("pod"));
    let cache_of = cache(nodes_of(case), list(case, "pods"));
    if check_eligibility(&pod, &cache_of, &OrderedMap::new()).is_err() {
        return Vec::<Value>::new().into();
    }
    let mut victims = chosen(case).1;
    victims.arrange();
    victims.into_iter().map(Value::from).collect::<Vec<_>>().into()
}

fn is_eligible(case: &Case<'_>) -> bool {
    let pod = typed::<Pod>(case.get("pod"));
    let nodes = case.get("nodes").as_list().iter().map(|name| node_named(name.text())).collect();
    let cache = cache(nodes, list(case, "pods"));
    let status = case.get("nominatedNodeStatus");
    let mut verdicts = OrderedMap::new();
    if !status.is_null() {
        let mut statuses = Value::map();
        statuses.set(&[&pod.status.nominated_node_name], status.clone());
        verdicts = given_verdicts(&statuses);
    }
    check_eligibility(&pod, &cache, &verdicts).is_ok()
}

fn more_important(case: &Case<'_>) -> Result<Value, Reason> {
    let victim = |field: &str| -> Option<Pod> {
        let victim = case.get(field);
        let is_group =
            victim.get("pods").as_list().iter().any(|pod| !pod.at(&["Pod", "spec", "schedulingGroup"]).is_null());
        if is_group {
            return None;
        }
        let mut object = Value::map();
        object.set(&["spec", "priority"], victim.get("priority").clone());
        if !victim.get("earliestStartTime").is_null() {
            object.set(&["status", "startTime"], victim.get("earliestStartTime").clone());
        }
        Some((*typed::<Pod>(&object)).clone())
    };
    match (victim("vi1"), victim("vi2")) {
        (Some(left), Some(right)) => Ok((importance(&left) < importance(&right)).into()),
        _ => Err("groups of pods".to_owned()),
    }
}

fn pods_of(case: &Case<'_>, field: &str) -> Vec<Rc<Pod>> {
    let victims = case.get(field).as_list().iter();
    victims.flat_map(|victim| victim.get("pods").as_list()).map(|pod| typed(pod.get("Pod"))).collect()
}

fn names(pods: &[Rc<Pod>]) -> Value {
    pods.iter().map(|pod| Value::from(pod.metadata.name.clone())).collect::<Vec<_>>().into()
}

fn victims(case: &Case<'_>) -> Result<Value, Reason> {
    if case.get("victims").as_list().iter().any(|victim| victim.get("pods").as_list().len() > 1) {
        return Err("groups of pods".to_owned());
    }
    let budgets = list::<PodDisruptionBudget>(case, "pdbs");
    let (kept, others) = sort_out(&pods_of(case, "victims"), &budgets.iter().collect::<Vec<_>>());
    Ok(object([("kept", names(&kept)), ("others", names(&others))]))
}
