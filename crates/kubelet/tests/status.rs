//! The status that real functions generated on random inputs, against ours.

use ordered::OrderedMap;

use api::codec::Codec;
use api::{Pod, Str, Value};
use kubelet::status::{
    ProbeResult, ProbeResults, RuntimeContainer, RuntimeState, SandboxState, StartError, StatusInput,
    generate_pod_status,
};
use sim::Time;

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
    for list in ["conditions"] {
        if let Some(Value::List(conditions)) = value.as_map_mut().and_then(|map| map.get_mut(list)) {
            for condition in conditions {
                condition.remove(&["lastTransitionTime"]);
                condition.remove(&["lastProbeTime"]);
            }
        }
    }
    prune(value, 0);
}

fn prune(value: &mut Value, depth: usize) {
    assert!(depth < 50);
    match value {
        Value::Map(map) => {
            map.retain(|_, value| !value.is_null());
            map.values_mut().for_each(|value| prune(value, depth + 1));
        }
        Value::List(list) => list.iter_mut().for_each(|value| prune(value, depth + 1)),
        _ => {}
    }
}

fn answer(case: &Value) -> Value {
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
    value
}

#[test]
fn statuses_are_those_of_the_real_kubelet() {
    let Ok(folder) = std::env::var("ORDINAL_REFERENCE") else {
        eprintln!("skipped: ORDINAL_REFERENCE is not set");
        return;
    };
    let text = std::fs::read_to_string(format!("{folder}/oracle/kubelet_status.json")).expect("the oracle is there");
    let cases = api::text::json::read(&text).expect("the oracle is JSON");
    let (mut right, mut misses) = (0, Vec::new());
    for case in cases.as_list() {
        let mut expect = case.get("expect").clone();
        neutral(&mut expect);
        let ours = answer(case);
        if ours == expect {
            right += 1;
        } else {
            misses.push((case.get("seed").as_int(), expect, ours));
        }
    }
    for (seed, expect, ours) in misses.iter().take(8) {
        eprintln!(
            "seed {seed:?}\n  real {}\n  ours {}",
            api::text::json::write_compact(expect),
            api::text::json::write_compact(ours)
        );
    }
    let total = cases.as_list().len();
    eprintln!("{right} of {total}");
    assert!(right * 100 >= total * 99, "{right} of {total}");
}
