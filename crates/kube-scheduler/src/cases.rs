//! The tables of the real plugins' own tests, through the functions that the scheduler runs.
//!
//! A row is passed, missed, or not modelled; the last two are printed with the reason, and only misses count against the
//! share.

use ordered::{OrderedMap, OrderedSet};
use std::rc::Rc;

use api::meta::LabelSelector;
use api::{
    Key, Node, Object, PersistentVolume, PersistentVolumeClaim, Pod, PodDisruptionBudget, Resource, StorageClass, Str,
    StringMap, Value,
};

use crate::cache::{Cache, NodeInfo};
use crate::framework::{Code, Cycle, Verdict};
use crate::lister::Lister;
use crate::memo::Memo;
use crate::plugins::{PLUGINS, node_affinity, pod_topology_spread, taint_toleration};
use crate::preemption::sort_out;
use crate::schedule_one::normalised;

/// Hundredths of the rows that must pass.
const PERCENT_MIN: usize = 95;

#[derive(Default)]
struct World {
    namespaces: OrderedMap<String, StringMap>,
}

impl Lister for World {
    fn claim(&self, _: &Key) -> Option<&Rc<PersistentVolumeClaim>> {
        None
    }
    fn volume(&self, _: &str) -> Option<&Rc<PersistentVolume>> {
        None
    }
    fn volumes(&self) -> Vec<&Rc<PersistentVolume>> {
        Vec::new()
    }
    fn class(&self, _: &str) -> Option<&Rc<StorageClass>> {
        None
    }
    fn namespace_labels(&self, name: &str) -> Option<&StringMap> {
        self.namespaces.get(name)
    }
    fn budgets(&self) -> Vec<&Rc<PodDisruptionBudget>> {
        Vec::new()
    }
    fn default_selector(&self, _: &Pod) -> Option<LabelSelector> {
        None
    }
}

enum Outcome {
    Same,
    Differs(String),
    NotModelled(&'static str),
}

use Outcome::{Differs, NotModelled, Same};

fn same(found: String, real: String) -> Outcome {
    if found == real { Same } else { Differs(format!("{found}, real {real}")) }
}

fn typed<T: Resource>(value: &Value) -> Rc<T> {
    let value = if *value == Value::Null { Value::Map(Default::default()) } else { value.clone() };
    T::from_object(&Object::decode(T::KIND, value)).unwrap().clone()
}

fn list<T: Resource>(row: &Value, field: &str) -> Vec<Rc<T>> {
    row.get(field).as_list().iter().map(typed).collect()
}

/// Nodes, with pods that the table leaves without a name; a node without one takes those that name none.
fn cache(nodes: Vec<Rc<Node>>, pods: Vec<Rc<Pod>>) -> Cache {
    let mut cache = Cache::default();
    nodes.into_iter().for_each(|node| cache.set_node(node));
    for (at, pod) in pods.into_iter().enumerate() {
        let mut pod = (*pod).clone();
        if pod.metadata.name.is_empty() {
            pod.metadata.name = thin::format_str!("existing-{at}");
        }
        let node = pod.spec.node_name.clone();
        let node = if cache.get(&node).is_some() { node } else { cache.at(0).name().clone() };
        cache.place(Rc::new(pod), &node);
    }
    cache
}

fn team(name: &str) -> (String, StringMap) {
    (name.to_owned(), StringMap::from([("team", name.rsplit('.').next().unwrap())]))
}

fn with_cycle<T>(pod: &Rc<Pod>, cache: &Cache, run: impl FnOnce(&mut Cycle<'_>) -> T) -> T {
    let world =
        World { namespaces: ["subteam1.team1", "subteam2.team1", "subteam1.team2", "subteam2.team2"].map(team).into() };
    let mut memo = Memo::default();
    let mut cycle = memo.shape(pod, cache, &world).cycle(pod, cache, &world);
    run(&mut cycle)
}

fn filter(plugin: &str, pod: &Rc<Pod>, cache: &Cache, node: &str) -> Option<Verdict> {
    let plugin = PLUGINS.iter().find(|known| known.name == plugin).unwrap();
    with_cycle(pod, cache, |cycle| (plugin.filter.unwrap())(cycle, cache.get(node).unwrap()))
}

fn text(verdict: Option<Verdict>) -> String {
    let Some(verdict) = verdict else { return "Success".to_owned() };
    let code = match verdict.code {
        Code::Unschedulable => "Unschedulable",
        Code::UnschedulableAndUnresolvable => "UnschedulableAndUnresolvable",
    };
    format!("{code} {}", verdict.reasons.iter().map(Str::as_str).collect::<Vec<_>>().join(", "))
}

fn status(value: &Value) -> String {
    if *value == Value::Null {
        return "Success".to_owned();
    }
    let reasons: Vec<&str> = value.get("reasons").as_list().iter().map(Value::text).collect();
    format!("{} {}", value.get("code").text(), reasons.join(", "))
}

/// What filtering is to say, as far as it is reached.
fn wanted(row: &Value, field: &str) -> Result<String, Outcome> {
    let before = row.get("wantPreFilterStatus");
    match before.get("code").text() {
        "" => Ok(status(row.get(field))),
        "Skip" => Ok("Success".to_owned()),
        "Error" => Err(NotModelled("a selector that the API server refuses")),
        _ => Err(NotModelled("refused before filtering, in other words")),
    }
}

fn filter_one(plugin: &str, row: &Value, node: Rc<Node>, pods: Vec<Rc<Pod>>, field: &str) -> Outcome {
    let real = match wanted(row, field) {
        Ok(real) => real,
        Err(outcome) => return outcome,
    };
    let name = node.metadata.name.clone();
    same(text(filter(plugin, &typed(row.get("pod")), &cache(vec![node], pods), &name)), real)
}

fn affinity_single(row: &Value) -> Outcome {
    filter_one("InterPodAffinity", row, typed(row.get("node")), list(row, "pods"), "wantFilterStatus")
}

fn affinity_multiple(row: &Value) -> Outcome {
    if let Err(outcome) = wanted(row, "") {
        return outcome;
    }
    let (nodes, pod) = (list::<Node>(row, "nodes"), typed(row.get("pod")));
    let cache = cache(nodes.clone(), list(row, "pods"));
    let found = nodes.iter().map(|node| text(filter("InterPodAffinity", &pod, &cache, &node.metadata.name)));
    let real = row.get("wantFilterStatuses").as_list().iter().map(status);
    same(format!("{:?}", found.collect::<Vec<_>>()), format!("{:?}", real.collect::<Vec<_>>()))
}

/// The normalised scores of the nodes, as `name=score`.
fn scores(plugin: &str, pod: &Rc<Pod>, cache: &Cache, feasible: &[&NodeInfo]) -> Option<String> {
    let plugin = PLUGINS.iter().find(|known| known.name == plugin).unwrap();
    let score = plugin.score.as_ref().unwrap();
    let values = with_cycle(pod, cache, |cycle| {
        cycle.spread_weights = pod_topology_spread::weights(&cycle.spread, feasible);
        let raw = |info: &&NodeInfo| (score.raw)(cycle, info);
        (!(score.skips)(cycle)).then(|| normalised(score, feasible.iter().map(raw).collect()))
    })?;
    let texts = feasible.iter().zip(values).map(|(info, value)| format!("{}={}", info.name(), value / score.weight));
    Some(texts.collect::<Vec<_>>().join(" "))
}

fn score_row(plugin: &str, row: &Value, pod: &str, pods: &str, list_field: &str) -> Outcome {
    let nodes = list::<Node>(row, "nodes");
    let failed = list::<Node>(row, "failedNodes");
    let cache = cache(nodes.iter().chain(&failed).cloned().collect(), list(row, pods));
    let feasible: Vec<&NodeInfo> = nodes.iter().filter_map(|node| cache.get(&node.metadata.name)).collect();
    let real = row.get(list_field).as_list().iter();
    let real: Vec<String> = real
        .map(|score| format!("{}={}", score.get("Name").text(), score.get("Score").as_int().unwrap_or(0)))
        .collect();
    let found = scores(plugin, &typed(row.get(pod)), &cache, &feasible);
    match (found, real.is_empty()) {
        (None, true) => Same,
        // A plugin that is skipped and one that finds all nodes equal decide the same.
        (None, false) if real.iter().all(|text| text.rsplit('=').next() == real[0].rsplit('=').next()) => Same,
        (Some(found), _) => same(found, real.join(" ")),
        (None, false) => Differs(format!("skipped, real {real:?}")),
    }
}

fn affinity_scores(row: &Value) -> Outcome {
    let ignores = row.get("ignorePreferredTermsOfExistingPods").as_bool() == Some(true);
    let is_default = row.get("hardPodAffinityWeight").as_int().is_none_or(|weight| weight == 1);
    if ignores || !is_default {
        return NotModelled("a setting that the default profile has not");
    }
    if row.get("wantStatus").get("code").text() == "Error" {
        return NotModelled("a selector that the API server refuses");
    }
    score_row("InterPodAffinity", row, "pod", "pods", "expectedList")
}

fn spread_filter(row: &Value) -> Outcome {
    let (nodes, pod) = (list::<Node>(row, "nodes"), typed(row.get("pod")));
    let cache = cache(nodes.clone(), list(row, "existingPods"));
    let code = |node: &Rc<Node>| match filter("PodTopologySpread", &pod, &cache, &node.metadata.name) {
        None => 0,
        Some(Verdict { code: Code::Unschedulable, .. }) => 2,
        Some(Verdict { code: Code::UnschedulableAndUnresolvable, .. }) => 3,
    };
    let real = |node: &Rc<Node>| row.get("wantStatusCode").get(&node.metadata.name).as_int().unwrap_or(0);
    same(
        format!("{:?}", nodes.iter().map(code).collect::<Vec<_>>()),
        format!("{:?}", nodes.iter().map(real).collect::<Vec<_>>()),
    )
}

fn spread_scores(row: &Value) -> Outcome {
    if !row.get("objs").as_list().is_empty() {
        return NotModelled("constraints that come from services: the whole decisions of the oracle have them");
    }
    if row.get("name").text().contains("feature gate disabled") {
        return NotModelled("a gate that is on by default, off");
    }
    score_row("PodTopologySpread", row, "pod", "existingPods", "want")
}

fn taint_scores(row: &Value) -> Outcome {
    if compares(row) {
        return NotModelled("Gt and Lt of tolerations are behind a gate that is off");
    }
    score_row("TaintToleration", row, "pod", "", "expectedList")
}

fn compares(row: &Value) -> bool {
    format!("{row:?}").contains("\"Gt\"") || format!("{row:?}").contains("\"Lt\"")
}

fn taint_filter(row: &Value) -> Outcome {
    if compares(row) {
        return NotModelled("Gt and Lt of tolerations are behind a gate that is off");
    }
    // The real plugin names the taint in its log alone.
    filter_one("TaintToleration", row, typed(row.get("node")), Vec::new(), "wantStatus")
}

fn unschedulable_filter(row: &Value) -> Outcome {
    filter_one("NodeUnschedulable", row, typed(row.get("node")), Vec::new(), "wantStatus")
}

fn ports_filter(row: &Value) -> Outcome {
    let mut pod = (*typed::<Pod>(row.get("pod"))).clone();
    Rc::make_mut(&mut pod.spec).node_name = Str::new();
    let pods = list(row.get("nodeInfo"), "pods");
    filter_one("NodePorts", row, Rc::new(Node::default()), pods, "wantFilterStatus")
}

fn labelled(row: &Value) -> Rc<Node> {
    let mut node = Node::default();
    node.metadata.name = row.get("nodeName").text().into();
    for (key, value) in row.get("labels").as_map().into_iter().flatten() {
        node.metadata.labels.insert(key.clone(), value.text());
    }
    Rc::new(node)
}

fn has_added_affinity(row: &Value) -> bool {
    *row.at(&["args", "AddedAffinity"]) != Value::Null
}

fn node_affinity_filter(row: &Value) -> Outcome {
    if has_added_affinity(row) {
        return NotModelled("an affinity that the profile adds");
    }
    filter_one("NodeAffinity", row, labelled(row), Vec::new(), "wantStatus")
}

fn node_affinity_scores(row: &Value) -> Outcome {
    if has_added_affinity(row) {
        return NotModelled("an affinity that the profile adds");
    }
    if row.at(&["wantPreScoreStatus", "code"]).text() == "Error" {
        return NotModelled("a selector that the API server refuses");
    }
    score_row("NodeAffinity", row, "pod", "", "expectedList")
}

fn is_default_resources(resources: &Value) -> bool {
    let names: Vec<(&str, Option<i64>)> =
        resources.as_list().iter().map(|one| (one.get("Name").text(), one.get("Weight").as_int())).collect();
    names == [("cpu", Some(1)), ("memory", Some(1))]
}

fn least_allocated(row: &Value) -> Outcome {
    if !is_default_resources(row.get("resources")) || *row.get("wantErrs") != Value::Null {
        return NotModelled("resources and weights that the default profile has not");
    }
    score_row("NodeResourcesFit", row, "requestedPod", "existingPods", "expectedScores")
}

fn balanced(row: &Value) -> Outcome {
    if !is_default_resources(row.at(&["args", "Resources"])) || *row.get("draObjects") != Value::Null {
        return NotModelled("resources that the default profile has not");
    }
    score_row("NodeResourcesBalancedAllocation", row, "requestedPod", "existingPods", "expectedScores")
}

fn victims(row: &Value) -> Outcome {
    let pods_of = |field: &str| -> Vec<Rc<Pod>> {
        let of_victim = |victim: &Value| victim.get("pods").as_list().iter().map(|pod| typed(pod.get("Pod"))).collect();
        row.get(field).as_list().iter().flat_map(|victim| -> Vec<Rc<Pod>> { of_victim(victim) }).collect()
    };
    if row.get("victims").as_list().iter().any(|victim| victim.get("pods").as_list().len() > 1) {
        return NotModelled("groups of pods");
    }
    let budgets = list::<PodDisruptionBudget>(row, "pdbs");
    let (kept, others) = sort_out(&pods_of("victims"), &budgets.iter().collect::<Vec<_>>());
    let names = |pods: &[Rc<Pod>]| pods.iter().map(|pod| pod.metadata.name.to_string()).collect::<Vec<_>>();
    let real = [pods_of("expectedViolating"), pods_of("expectedNonViolating")];
    same(format!("{:?}", [names(&kept), names(&others)]), format!("{:?}", real.map(|pods| names(&pods))))
}

fn admitted(row: &Value) -> Outcome {
    let cache = cache(vec![labelled(row)], Vec::new());
    let found = node_affinity::admits(&typed::<Pod>(row.get("pod")), cache.at(0));
    same(found.to_string(), (row.get("want").as_bool() == Some(true)).to_string())
}

fn tolerated(row: &Value) -> Outcome {
    if compares(row) {
        return NotModelled("Gt and Lt of tolerations are behind a gate that is off");
    }
    let wrap = |field: &str| {
        let list = row.get(field).clone();
        Value::Map([("spec".into(), Value::Map([(field.into(), list)].into_iter().collect()))].into_iter().collect())
    };
    let node: Rc<Node> = typed(&wrap("taints"));
    let has_own_filter = row.get("description").text().contains("filter");
    if has_own_filter || node.spec.taints.iter().any(|taint| taint.effect != "NoSchedule") {
        return NotModelled("a filter of the test's own");
    }
    let cache = cache(vec![node], Vec::new());
    let found = taint_toleration::admits(&typed::<Pod>(&wrap("tolerations")), cache.at(0));
    same(found.to_string(), (row.get("expectTolerated").as_bool() == Some(true)).to_string())
}

/// Runs the rows of one table of a file; nothing without the reference data.
fn check(file: &str, test: &str, run: fn(&Value) -> Outcome) {
    let Ok(folder) = std::env::var("ORDINAL_REFERENCE") else {
        println!("skipped: ORDINAL_REFERENCE does not name the folder of reference data");
        return;
    };
    let text = std::fs::read_to_string(format!("{folder}/cases/{file}.json")).unwrap();
    let value: Value = serde_json::from_str(&text).unwrap();
    let groups = value.get("groups").as_list().iter();
    let rows: Vec<&Value> = groups
        .filter(|group| group.get("test").text() == test)
        .flat_map(|group| group.get("cases").as_list())
        .collect();
    assert!(!rows.is_empty(), "{file} has no {test}");
    let (mut passed, mut missed) = (0, 0);
    let mut reasons = OrderedSet::new();
    for row in &rows {
        match run(row) {
            Same => passed += 1,
            Differs(how) => {
                missed += 1;
                println!("{test}: {}{}: {how}", row.get("name").text(), row.get("description").text());
            }
            NotModelled(why) => {
                reasons.insert(why);
            }
        }
    }
    println!("{test}: {passed} of {}, {missed} missed, the rest not modelled: {reasons:?}", rows.len());
    assert!(passed > 0 && passed * 100 >= (passed + missed) * PERCENT_MIN, "{test}: {missed} missed");
}

#[test]
fn pods_near_and_far() {
    check("scheduler_interpodaffinity", "TestRequiredAffinitySingleNode", affinity_single);
    check("scheduler_interpodaffinity", "TestRequiredAffinityMultipleNodes", affinity_multiple);
    check("scheduler_interpodaffinity", "TestPreferredAffinity", affinity_scores);
    check("scheduler_interpodaffinity", "TestPreferredAffinityWithHardPodAffinitySymmetricWeight", affinity_scores);
}

#[test]
fn replicas_spread() {
    check("scheduler_podtopologyspread", "TestSingleConstraint", spread_filter);
    check("scheduler_podtopologyspread", "TestMultipleConstraints", spread_filter);
    check("scheduler_podtopologyspread", "TestPodTopologySpreadScore", spread_scores);
}

#[test]
fn nodes_are_filtered_by_what_they_are() {
    check("scheduler_tainttoleration", "TestTaintTolerationScore", taint_scores);
    check("scheduler_tainttoleration", "TestTaintTolerationFilter", taint_filter);
    check("scheduler_nodeunschedulable", "TestNodeUnschedulable", unschedulable_filter);
    check("scheduler_nodeports", "TestNodePorts", ports_filter);
    check("scheduler_nodeaffinity", "TestNodeAffinity", node_affinity_filter);
    check("scheduler_nodeaffinity", "TestNodeAffinityPriority", node_affinity_scores);
    check("node_affinity_helpers", "TestPodMatchesNodeSelectorAndAffinityTerms", admitted);
    check("scheduling_helpers", "TestFindMatchingUntoleratedTaint", tolerated);
}

#[test]
fn room_is_weighed() {
    check("scheduler_noderesources", "TestLeastAllocatedScoringStrategy", least_allocated);
    check("scheduler_noderesources", "testNodeResourcesBalancedAllocation", balanced);
}

#[test]
fn budgets_keep_victims() {
    check("preemption", "TestFilterVictimsWithPDBViolation", victims);
}
