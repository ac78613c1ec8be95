//! Kubernetes' own tables of pod conditions.
//!
//! Not run: the tables of pods that the kubelet terminates itself, of merged statuses and of resizes, whose rows are functions.

use api::codec::Codec;
use api::core::pod_status::PodStatus;
use api::{Pod, Value};
use ordered::OrderedMap;

use super::*;

/// The row's pod and status; the statuses of its containers stand for those of init containers in the tables of these.
fn inputs(case: &Value, are_init: bool) -> (Pod, PodStatus) {
    let mut pod = Value::map();
    pod.set(&["spec"], case.get("spec").clone());
    pod.set(&["status", "conditions"], case.get("conditions").clone());
    let pod = Pod::decode(pod);
    let mut statuses = case.get("containerStatuses").as_list().to_vec();
    let mut status = Value::map();
    status.set(&["phase"], case.get("podPhase").clone());
    let names = |list: &[Container]| -> Vec<Str> { list.iter().map(|container| container.name.clone()).collect() };
    let (init, regular) = (names(&pod.spec.init_containers), names(&pod.spec.containers));
    let is_of = |names: &[Str], value: &Value| names.iter().any(|name| *name == value.get("name").text());
    let of_init: Vec<Value> =
        statuses.extract_if(.., |value| are_init && !is_of(&regular, value) || is_of(&init, value)).collect();
    status.set(&["containerStatuses"], Value::List(statuses));
    status.set(&["initContainerStatuses"], Value::List(of_init));
    (pod, PodStatus::decode(status))
}

fn same(ours: &PodCondition, real: &Value) -> bool {
    let says_message = !real.get("message").text().is_empty();
    ours.status.to_string() == real.get("status").text()
        && ours.reason == real.get("reason").text()
        && (!says_message || ours.message == real.get("message").text())
}

#[test]
fn conditions_are_those_of_the_tables() {
    let Some(file) = api::conform::read_reference("cases/kubelet_pod_conditions.json") else { return };
    let (mut right, mut misses) = (0, Vec::new());
    for group in file.get("groups").as_list() {
        let test = group.get("test").text();
        if !test.starts_with("TestGenerate") {
            continue;
        }
        for case in group.get("cases").as_list() {
            // The kubelet always hands over statuses; a row without any tries what Go does with none.
            if case.get("containerStatuses").is_null() {
                continue;
            }
            let (pod, status) = inputs(case, test.contains("Initialized"));
            let input = StatusInput {
                pod: &pod,
                is_terminal: false,
                sandbox: SandboxState::Ready,
                ips: &[],
                containers: &[],
                start_errors: &OrderedMap::new(),
                probes: &OrderedMap::new(),
                host_ip: &Str::new(),
            };
            let (ours, real) = match test {
                "TestGeneratePodInitializedCondition" => (initialized(&input, &status), case.get("expected")),
                "TestGenerateContainersReadyCondition" => (containers_ready(&input, &status), case.get("expectReady")),
                _ => {
                    let containers = containers_ready(&input, &status);
                    (ready(&input, &pod.status.conditions, &containers), case.get("expectReady"))
                }
            };
            if same(&ours, real) { right += 1 } else { misses.push(format!("{test} {case:?}\n  ours {ours:?}")) }
        }
    }
    println!("{right} right, {} not", misses.len());
    assert!(right >= 33 && misses.is_empty(), "{right} right\n{}", misses.join("\n"));
}
