//! Room: `scheduler_noderesources` and `pod_resources`.

use std::rc::Rc;

use api::conform::{Case, Suite, object};
use api::pod_resources::{self, Bound};
use api::quantity::Quantity;
use api::{Node, Pod, Value};

use super::{Fields, Reason, World, filter_one, score_row, typed, wanted, wanted_scores};
use crate::cache::Request;
use crate::plugins::node_resources_fit;

const FIT: &str = "NodeResourcesFit";
const DYNAMIC: &str = "dynamic resources";
const GATE: &str = "a gate that is on by default, off";

pub(super) const NODE_RESOURCES: Suite = Suite {
    name: "scheduler_noderesources",
    run,
    expect,
    functions: &["kube_scheduler::plugins::node_resources_fit::lacks", "kube_scheduler::request::Request::of"],
};

pub(super) const POD_RESOURCES: Suite = Suite {
    name: "pod_resources",
    run: of_pod,
    expect: wanted_of_pod,
    functions: &["kube_scheduler::request::Request::of"],
};

fn run(case: &Case<'_>) -> Result<Value, Reason> {
    check_settings(case)?;
    match case.test {
        "testEnoughRequests" | "testStorageRequests" => fits(case, &["10m", "20", "32", "5", "20", "5"]),
        "testNotEnoughRequests" => fits(case, &["10m", "20", "1", "0", "0", "0"]),
        "testRestartableInitContainers" => fits(case, &["2m", "0", "1", "0", "0", "0"]),
        "TestIsFit" => Ok(is_fit(case).into()),
        "testHaveAnyRequestedResourcesIncreased" => {
            let (old, new) = (typed::<Node>(case.get("originalNode")), typed::<Node>(case.get("modifiedNode")));
            Ok(node_resources_fit::has_more(&typed::<Pod>(case.get("pod")), &old, &new).into())
        }
        "testNodeResourcesBalancedAllocation" => scored("NodeResourcesBalancedAllocation", case),
        "testFitScore" | "TestLeastAllocatedScoringStrategy" => scored(FIT, case),
        "TestResourceAllocationScorerCalculateRequests" => {
            let request = Request::of(&typed(case.get("pod")));
            Ok(object([("cpu", request.nonzero_cpu_milli.into()), ("memory", request.nonzero_memory.into())]))
        }
        "TestMostAllocatedScoringStrategy"
        | "TestRequestedToCapacityRatioScoringStrategy"
        | "TestBrokenLinearFunction"
        | "TestResourceBinPackingSingleExtended"
        | "TestResourceBinPackingMultipleExtended" => Err("a strategy that the default profile has not".to_owned()),
        "testBalancedAllocationSignPod" => Err("signatures: pods of one shape are told by comparison".to_owned()),
        "TestScorePlacement_Resources" => Err("groups of pods".to_owned()),
        "testComputePodResourceRequestWithNodeAllocatableDRA"
        | "testCalculateResourceAllocatableRequest"
        | "TestNodeMatchCaching" => Err(DYNAMIC.to_owned()),
        _ => case.unknown(),
    }
}

/// Leaves out rows of a profile, or of gates, that are not the default.
fn check_settings(case: &Case<'_>) -> Result<(), Reason> {
    let args = case.get("args");
    let is_ignoring = ["IgnoredResources", "IgnoredResourceGroups"].iter().any(|list| !args.get(list).is_null());
    if is_ignoring {
        return Err("resources that a profile ignores".to_owned());
    }
    let has_devices =
        ["draExtendedResourceEnabled", "enableDRANodeAllocatableResources"].iter().any(|flag| case.flag(flag));
    if has_devices || !case.get("draObjects").is_null() {
        return Err(DYNAMIC.to_owned());
    }
    let is_of_pod = !case.get("pod").at(&["spec", "resources"]).is_null();
    if is_of_pod && case.get("podLevelResourcesEnabled").as_bool() == Some(false) {
        return Err(GATE.to_owned());
    }
    if case.test == "testRestartableInitContainers"
        && case.get("wantPreFilterStatus").get("code").text() == "UnschedulableAndUnresolvable"
    {
        return Err(GATE.to_owned());
    }
    Ok(())
}

fn expect(case: &Case<'_>) -> Value {
    match case.test {
        "TestIsFit" | "testHaveAnyRequestedResourcesIncreased" => case.flag("expected").into(),
        "testNodeResourcesBalancedAllocation" | "TestLeastAllocatedScoringStrategy" => {
            wanted_scores(case.get("expectedScores"))
        }
        "testFitScore" => wanted_scores(case.get("expectedPriorities")),
        "TestResourceAllocationScorerCalculateRequests" => case.get("expected").clone(),
        "testRestartableInitContainers" => wanted(case, "wantFilterStatus"),
        _ => wanted(case, "wantStatus"),
    }
}

/// The node that a test sets up: cpu, memory, pods, `example.com/aaa`, ephemeral storage, huge pages.
fn node_with(amounts: &[&str; 6]) -> Rc<Node> {
    let names = ["cpu", "memory", "pods", "example.com/aaa", "ephemeral-storage", "hugepages-2Mi"];
    let mut node = Node::default();
    let status = Rc::make_mut(&mut node.status);
    for (name, amount) in names.into_iter().zip(amounts) {
        status.allocatable.insert(name, *amount);
    }
    Rc::new(node)
}

fn fits(case: &Case<'_>, amounts: &[&str; 6]) -> Result<Value, Reason> {
    let pods = case.get("nodeInfo").get("pods").as_list().iter().map(typed).collect();
    filter_one(FIT, case, node_with(amounts), pods)
}

/// Whether a pod would have room on the node, were it empty.
fn is_fit(case: &Case<'_>) -> bool {
    if case.get("node").is_null() {
        return false;
    }
    node_resources_fit::fits_alone(&typed::<Pod>(case.get("pod")), &typed::<Node>(case.get("node")))
}

fn is_default_resources(resources: &Value) -> bool {
    let names: Vec<(&str, Option<i64>)> =
        resources.as_list().iter().map(|one| (one.get("Name").text(), one.get("Weight").as_int())).collect();
    names == [("cpu", Some(1)), ("memory", Some(1))]
}

fn scored(plugin: &str, case: &Case<'_>) -> Result<Value, Reason> {
    let strategy = case.get("nodeResourcesFitArgs").get("ScoringStrategy");
    let resources = [case.get("resources"), case.get("args").get("Resources"), strategy.get("Resources")];
    let kind = strategy.get("Type").text();
    let is_default = resources.into_iter().any(is_default_resources)
        && (kind.is_empty() || kind == "LeastAllocated")
        && case.get("wantErrs").is_null();
    if !is_default {
        return Err("resources, weights or a strategy that the default profile has not".to_owned());
    }
    Ok(score_row(plugin, case, &Fields { pod: "requestedPod", pods: "existingPods" }, &World::default()))
}

/// A resource list in one spelling, so that `1000m` and `1` are one; amounts of nothing are left out.
fn spelled(list: &Value) -> Value {
    let mut amounts = pod_resources::amounts(list);
    amounts.retain(|_, amount| !amount.is_zero());
    pod_resources::encode(&amounts)
}

/// The pod that a row describes in parts.
fn assembled(case: &Case<'_>) -> Value {
    if !case.get("pod").is_null() {
        return case.get("pod").clone();
    }
    let mut pod = Value::map();
    for field in ["containers", "initContainers", "overhead"] {
        if !case.get(field).is_null() {
            pod.set(&["spec", field], case.get(field).clone());
        }
    }
    if !case.get("podResources").is_null() {
        pod.set(&["spec", "resources"], case.get("podResources").clone());
    }
    pod
}

/// What a kubelet says of a pod whose spec it has not seen yet.
fn resized(case: &Case<'_>, pod: &mut Value) {
    pod.set(&["metadata", "generation"], 2);
    pod.set(&["status", "observedGeneration"], 1);
    for (given, field) in [
        ("containerStatus", "containerStatuses"),
        ("containerStatuses", "containerStatuses"),
        ("initContainerStatuses", "initContainerStatuses"),
        ("podResizeStatus", "conditions"),
    ] {
        if !case.get(given).is_null() {
            pod.set(&["status", field], case.get(given).clone());
        }
    }
}

fn of_pod(case: &Case<'_>) -> Result<Value, Reason> {
    let options = if case.get("options").is_null() { case.get("opts") } else { case.get("options") };
    let is_set = |option: &str| options.get(option).as_bool() == Some(true);
    if is_set("UseDRANodeAllocatableResourceClaimStatus") {
        return Err(DYNAMIC.to_owned());
    }
    if is_set("SkipPodLevelResources") && !case.get("podResources").is_null() {
        return Err(GATE.to_owned());
    }
    let mut pod = assembled(case);
    if is_set("UseStatusResources") {
        resized(case, &mut pod);
    }
    if is_set("ExcludeOverhead") || case.test == "TestPodRequestsAndLimitsWithoutOverhead" {
        pod.remove(&["spec", "overhead"]);
    }
    match case.test {
        "TestIsPodLevelResourcesSet" => {
            let of_pod = |bound| pod_resources::for_pods(pod.at(&["spec", "resources"]), bound);
            Ok((!of_pod(Bound::Requests).is_empty() || !of_pod(Bound::Limits).is_empty()).into())
        }
        "TestIsPodLevelLimitsSet" => {
            Ok((!pod_resources::for_pods(pod.at(&["spec", "resources"]), Bound::Limits).is_empty()).into())
        }
        "TestIsSupportedPodLevelResource" => Ok(pod_resources::is_for_pods(case.text("resource")).into()),
        _ => Ok(requested(case, &pod)),
    }
}

/// What quotas count and what the scheduler sets aside, for requests; for limits the former alone.
fn requested(case: &Case<'_>, pod: &Value) -> Value {
    let of = |bound| spelled(&pod_resources::encode(&pod_resources::of_pod(pod, bound)));
    let mut answer = Value::map();
    if !case.get("expectedRequests").is_null() {
        answer.set(&["requests"], of(Bound::Requests));
        answer.set(&["setAside"], set_aside(&Request::of(&typed(pod))));
    }
    if !case.get("expectedLimits").is_null() {
        answer.set(&["limits"], of(Bound::Limits));
    }
    answer
}

fn set_aside(request: &Request) -> Value {
    let mut list = Value::map();
    list.set(&["cpu"], Quantity::from_scaled(request.cpu_milli, -3).to_string());
    list.set(&["memory"], request.memory);
    for (name, amount) in &request.other {
        list.set(&[name], *amount);
    }
    whole(&list)
}

/// As [`spelled`], in whole numbers and thousandths of a core: the scheduler keeps no others.
fn whole(list: &Value) -> Value {
    let mut whole = Value::map();
    for (name, amount) in pod_resources::amounts(list) {
        let number = if name == "cpu" { amount.milli_value() } else { amount.value() };
        if number != 0 {
            whole.set(&[&name], number);
        }
    }
    whole
}

fn wanted_of_pod(case: &Case<'_>) -> Value {
    if ["TestIsPodLevelResourcesSet", "TestIsPodLevelLimitsSet", "TestIsSupportedPodLevelResource"].contains(&case.test)
    {
        return case.flag("expected").into();
    }
    let mut answer = Value::map();
    if !case.get("expectedRequests").is_null() {
        answer.set(&["requests"], spelled(case.get("expectedRequests")));
        answer.set(&["setAside"], whole(case.get("expectedRequests")));
    }
    if !case.get("expectedLimits").is_null() {
        answer.set(&["limits"], spelled(case.get("expectedLimits")));
    }
    answer
}
