//! `rollout_status_and_helpers`: how far a rollout is, what pauses it, and what of an object can be exposed.
//!
//! Models: kubernetes v1.36 kubectl/pkg/polymorphichelpers, its tests. Their rows say no kinds: an object's is read off its
//! fields where those tell it, and a row whose answer depends on more is not run.

use api::conform::{Case, Suite, object};
use api::{Map, Value};

use crate::cmd::expose;
use crate::cmd::rollout::pause::{self, Wish};
use crate::cmd::rollout::status::{self, Complete, Viewer};

pub(super) const SUITE: Suite = Suite {
    name: "rollout_status_and_helpers",
    run,
    expect,
    functions: &[
        "kubectl::cmd::rollout::status::deployment",
        "kubectl::cmd::rollout::status::stateful_set",
        "kubectl::cmd::rollout::status::daemon_set",
        "kubectl::cmd::rollout::pause::decide",
        "kubectl::cmd::expose::own_ports",
    ],
};

const NO_KIND: &str = "the row does not say what kind its object is, and the answer depends on it";

fn run(case: &Case<'_>) -> Result<Value, String> {
    match case.test {
        "TestDeploymentStatusViewerStatus" => Ok(view(case, status::deployment)),
        "TestDaemonSetStatusViewerStatus" => Ok(view(case, status::daemon_set)),
        "TestStatefulSetStatusViewerStatus" => Ok(view(case, status::stateful_set)),
        "TestDefaultObjectPauser" => Ok(paused(case, Wish::Pause)),
        "TestDefaultObjectResumer" => Ok(paused(case, Wish::Resume)),
        "TestCanBeExposed" => Ok((!expose::can_be_exposed(case.get("kind").get("Kind").text())).into()),
        "TestPortsForObject" | "TestMultiProtocolsForObject" | "TestProtocolsForObject" => Ok(ports(case)),
        "TestMapBasedSelectorForObject" | "TestUpdatePodSpecForObject" => Err(NO_KIND.into()),
        "TestGetPodList" | "TestGetFirstPod" => Err("the row's order is a function".into()),
        "TestLogsForObject" | "TestLogsForObjectWithClient" => {
            Err("kubectl logs begins with a command line, which the row has not".into())
        }
        "TestApplyDaemonSetHistory" | "TestStatefulSetApplyRevision" => {
            Err("what the row's revision holds is a function's to say".into())
        }
        _ => case.unknown(),
    }
}

fn expect(case: &Case<'_>) -> Value {
    match case.test {
        "TestDefaultObjectPauser" | "TestDefaultObjectResumer" if case.flag("expectErr") => "refused".into(),
        "TestDefaultObjectPauser" => true.into(),
        "TestDefaultObjectResumer" => Value::Null,
        "TestPortsForObject" | "TestMultiProtocolsForObject" if !case.flag("expectErr") => case.get("expected").clone(),
        "TestCanBeExposed" | "TestPortsForObject" | "TestMultiProtocolsForObject" | "TestProtocolsForObject" => {
            case.flag("expectErr").into()
        }
        _ if case.flag("err") => "refused".into(),
        _ => object([("text", case.get("msg").clone()), ("done", case.flag("done").into())]),
    }
}

fn view(case: &Case<'_>, viewer: Viewer) -> Value {
    let mut seen = Value::map();
    // The table of Deployments calls its object foo, that of DaemonSets as well.
    seen.set(&["metadata", "name"], "foo");
    seen.set(&["metadata", "generation"], case.get("generation").clone());
    seen.set(&["status"], case.get("status").clone());
    seen.set(&["spec", "replicas"], case.get("specReplicas").as_int().unwrap_or(3));
    match case.get("strategy").clone() {
        Value::Null => seen.set(&["spec", "updateStrategy", "type"], "RollingUpdate"),
        strategy => seen.set(&["spec", "updateStrategy"], strategy),
    }
    match viewer(&seen, 0) {
        Ok((text, complete)) => object([("text", text.into()), ("done", (complete == Complete::Yes).into())]),
        Err(_) => "refused".into(),
    }
}

/// What `spec.paused` is set to.
fn paused(case: &Case<'_>, wish: Wish) -> Value {
    let live = case.get("object");
    let resource = if live.at(&["spec", "strategy"]).is_null() { "replicasets.apps" } else { "deployments.apps" };
    match pause::decide(resource, "foo", live, wish) {
        Ok(Some(patch)) => patch.at(&["spec", "paused"]).clone(),
        Ok(None) | Err(_) => "refused".into(),
    }
}

fn ports(case: &Case<'_>) -> Value {
    let seen = case.get("object");
    let has = |field: &str| !seen.at(&["spec", field]).is_null();
    let kind = if has("containers") {
        "Pod"
    } else if has("ports") {
        "Service"
    } else {
        "Deployment"
    };
    let own = expose::own_ports(kind, seen);
    if own.is_empty() || case.test == "TestProtocolsForObject" {
        return own.is_empty().into();
    }
    let mut by_port = Map::new();
    for (port, protocol) in own {
        let protocol = Value::from(if protocol.is_empty() { "TCP".into() } else { protocol });
        let port = port.to_string().into();
        match by_port.get_mut(&port) {
            Some(Value::List(protocols)) if !protocols.contains(&protocol) => protocols.push(protocol),
            Some(_) => {}
            None => drop(by_port.insert(port, vec![protocol].into())),
        }
    }
    if case.test == "TestMultiProtocolsForObject" {
        return Value::Map(by_port);
    }
    by_port.keys().map(|port| Value::from(port.clone())).collect::<Vec<_>>().into()
}
