//! `kubelet_pod_conditions`: the conditions that the kubelet owns.
//!
//! Models: kubernetes v1.36 pkg/kubelet/status/generate.go, its tests.

use api::codec::Codec;
use api::conform::{Case, Suite, object};
use api::core::container::Container;
use api::core::pod_status::{PodCondition, PodStatus};
use api::{Pod, Str, Value};
use ordered::OrderedMap;

use crate::conditions::{containers_ready, initialized, ready};
use crate::status::{SandboxState, StatusInput};

pub(super) const SUITE: Suite = Suite {
    name: "kubelet_pod_conditions",
    run,
    expect,
    functions: &[
        "kubelet::conditions::initialized",
        "kubelet::conditions::containers_ready",
        "kubelet::conditions::ready",
    ],
};

fn run(case: &Case<'_>) -> Result<Value, String> {
    let of_init = match case.test {
        "TestGeneratePodInitializedCondition" => true,
        "TestGenerateContainersReadyCondition" | "TestGeneratePodReadyCondition" => false,
        "TestTerminatePod_DefaultUnknownStatus" => return Err("the row's expectation is a function".into()),
        "TestTerminatePod_EnsurePodPhaseIsTerminal" => {
            return Err("the pods of a kubelet that starts again are still those that it ran".into());
        }
        "TestMergePodStatus" => return Err("the row's statuses are functions".into()),
        "TestPodResizeConditions" | "TestClearPodResizeInProgressCondition" => {
            return Err("a status manager keeps no conditions of a resize; the resize itself does".into());
        }
        _ => return case.unknown(),
    };
    if case.get("containerStatuses").is_null() {
        return Err("there is always a list of statuses, be it empty".into());
    }
    let (pod, status) = inputs(case, of_init);
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
    let condition = match case.test {
        "TestGeneratePodInitializedCondition" => initialized(&input, &status),
        "TestGenerateContainersReadyCondition" => containers_ready(&input, &status),
        _ => ready(&input, &pod.status.conditions, &containers_ready(&input, &status)),
    };
    Ok(written(&condition))
}

/// The row's pod and status; the statuses of its containers stand for those of init containers in the tables of these.
fn inputs(case: &Case<'_>, of_init: bool) -> (Pod, PodStatus) {
    let mut pod = Value::map();
    pod.set(&["spec"], case.get("spec").clone());
    pod.set(&["status", "conditions"], case.get("conditions").clone());
    let pod = Pod::decode(pod);
    let names = |list: &[Container]| -> Vec<Str> { list.iter().map(|container| container.name.clone()).collect() };
    let (init, regular) = (names(&pod.spec.init_containers), names(&pod.spec.containers));
    let is_of = |names: &[Str], value: &Value| names.iter().any(|name| *name == value.get("name").text());
    let mut statuses = case.get("containerStatuses").as_list().to_vec();
    let is_init = |value: &Value| of_init && !is_of(&regular, value) || is_of(&init, value);
    let init_statuses: Vec<Value> = statuses.extract_if(.., |value| is_init(value)).collect();
    let mut status = Value::map();
    status.set(&["phase"], case.get("podPhase").clone());
    status.set(&["containerStatuses"], Value::List(statuses));
    status.set(&["initContainerStatuses"], Value::List(init_statuses));
    (pod, PodStatus::decode(status))
}

fn written(condition: &PodCondition) -> Value {
    object([
        ("status", condition.status.as_str().into()),
        ("reason", condition.reason.clone().into()),
        ("message", condition.message.clone().into()),
    ])
}

/// The tables do not always say the message.
fn expect(case: &Case<'_>) -> Value {
    let says = if case.test.contains("Initialized") { case.get("expected") } else { case.get("expectReady") };
    let message = match says.get("message").text() {
        "" => object([("$any", true.into())]),
        message => message.into(),
    };
    object([("status", says.get("status").clone()), ("reason", says.get("reason").text().into()), ("message", message)])
}
