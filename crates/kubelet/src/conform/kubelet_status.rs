//! `oracle/kubelet_status`: the status of random pods, of what the runtime knows of their containers.

use api::codec::Codec;
use api::conform::{Case, Suite, without_nulls};
use api::{Pod, Str, Value};
use ordered::OrderedMap;
use sim::Time;

use crate::status::{
    ProbeResult, ProbeResults, RuntimeContainer, RuntimeState, SandboxState, StartError, StatusInput,
    generate_pod_status,
};

pub(super) const SUITE: Suite = Suite {
    name: "oracle/kubelet_status",
    run,
    expect: |case| {
        let mut expect = case.get("expect").clone();
        neutral(&mut expect);
        expect
    },
    functions: &["kubelet::status::generate_pod_status"],
};

fn texts(value: &Value) -> Vec<Str> {
    value.as_list().iter().map(|element| element.text().into()).collect()
}

fn container(value: &Value) -> RuntimeContainer {
    let state = match value.get("state").text() {
        "created" => RuntimeState::Created,
        "running" => RuntimeState::Running,
        "exited" => RuntimeState::Exited,
        _ => RuntimeState::Unknown,
    };
    let int = |key: &str| value.get(key).as_int().unwrap_or(0) as i32;
    RuntimeContainer {
        name: value.get("name").text().into(),
        id: value.get("id").text().into(),
        image: "img".into(),
        image_id: Str::new(),
        state,
        started_at: Time::parse_rfc3339(value.get("startedAt").text()),
        finished_at: Time::parse_rfc3339(value.get("finishedAt").text()),
        exit_code: int("exitCode"),
        reason: value.get("reason").text().into(),
        message: value.get("message").text().into(),
        restart_count: int("restartCount"),
    }
}

fn probe(value: &Value) -> Option<ProbeResult> {
    match value.text() {
        "" => None,
        "Success" => Some(ProbeResult::Success),
        "Failure" => Some(ProbeResult::Failure),
        _ => Some(ProbeResult::None),
    }
}

/// What is not compared: times of conditions (set later), the node's address (the recorder's own), and nulls.
fn neutral(value: &mut Value) {
    for key in ["hostIP", "hostIPs"] {
        value.remove(&[key]);
    }
    if let Some(Value::List(conditions)) = value.as_map_mut().and_then(|map| map.get_mut("conditions")) {
        for condition in conditions {
            condition.remove(&["lastTransitionTime"]);
            condition.remove(&["lastProbeTime"]);
        }
    }
    *value = without_nulls(value);
}

fn run(case: &Case<'_>) -> Result<Value, String> {
    let pod = Pod::decode(case.get("pod").clone());
    let sandbox = match case.get("sandbox").text() {
        "ready" => SandboxState::Ready,
        "notready" => SandboxState::NotReady,
        _ => SandboxState::None,
    };
    let containers: Vec<RuntimeContainer> = case.get("runtime").as_list().iter().map(container).collect();
    let start_errors: OrderedMap<Str, StartError> = case
        .get("startErrors")
        .as_map()
        .into_iter()
        .flatten()
        .map(|(name, error)| {
            let error =
                StartError { reason: error.get("reason").text().into(), message: error.get("message").text().into() };
            (name.clone(), error)
        })
        .collect();
    let probes: OrderedMap<Str, ProbeResults> = case
        .get("probeResults")
        .as_map()
        .into_iter()
        .flatten()
        .map(|(name, results)| {
            let results =
                ProbeResults { startup: probe(results.get("startup")), readiness: probe(results.get("readiness")) };
            (name.clone(), results)
        })
        .collect();
    let status = generate_pod_status(&StatusInput {
        pod: &pod,
        is_terminal: case.get("podIsTerminal").as_bool().unwrap_or(false),
        sandbox,
        ips: &texts(case.get("ips")),
        containers: &containers,
        start_errors: &start_errors,
        probes: &probes,
        host_ip: &"127.0.0.1".into(),
    });
    let mut value = status.encode();
    neutral(&mut value);
    Ok(value)
}
