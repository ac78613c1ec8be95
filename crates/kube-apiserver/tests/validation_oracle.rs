//! What users write, judged by this server and by the real one.

use api::core::namespace::ServiceAccount;
use api::{Key, Kind, Object, ObjectMeta, Status, Value};
use client::{Api, WriteOptions, Written};
use kube_apiserver::ApiServer;
use sim::Time;

const NOW: Time = Time::HEADLESS_START;
const SHARE_MIN: f64 = 0.95;

fn kind_named(name: &str) -> Option<Kind> {
    Kind::ALL.iter().copied().find(|kind| kind.name() == name)
}

fn server() -> ApiServer {
    let mut server = ApiServer::new(1, NOW);
    let account = ServiceAccount { metadata: ObjectMeta::new("default", "default"), ..ServiceAccount::default() };
    server.client("test", NOW).create(account.into()).expect("accepted");
    server
}

/// Sends the case to a server of its own.
fn answer(kind: Kind, case: &Value) -> Result<Written, Status> {
    let mut server = server();
    let mut api = server.client("kubectl", NOW);
    let options = WriteOptions::default();
    let namespace = if kind.is_namespaced() { "default" } else { "" };
    let mut body = case.get("object").clone();
    if case.get("mode").text() == "create" {
        return api.create_value(kind, namespace, body, &options);
    }
    let old = Object::decode(kind, case.get("old").clone());
    let stored = api.create(old.clone()).map_err(|error| Status::internal(format!("set-up: {error}")))?;
    let mut old = old;
    old.metadata_mut().uid = stored.metadata().uid.clone();
    old.metadata_mut().resource_version = stored.metadata().resource_version;
    let stored = api.update_status(old)?;
    // The server gave another UID and version than the recorded object has.
    for field in ["uid", "resourceVersion", "creationTimestamp"] {
        let path = ["metadata", field];
        if body.at(&path) == case.get("old").at(&path) || field == "resourceVersion" {
            body.remove(&path);
        }
    }
    let key = Key::new(namespace, stored.metadata().name.clone());
    api.update_value(kind, &key, body, &options)
}

fn causes(status: &Status) -> Vec<Value> {
    let cause = |cause: &api::status::StatusCause| {
        let mut value = Value::map();
        value.set(&["reason"], cause.reason.clone());
        value.set(&["message"], cause.message.clone());
        value.set(&["field"], cause.field.clone());
        value
    };
    status.details.iter().flat_map(|details| details.causes.iter().map(cause)).collect()
}

fn text(value: &Value) -> String {
    serde_json::to_string(value).expect("a Value is always JSON")
}

/// What the user asked for, defaulted: without what admission adds, what is allocated, and what others write.
fn body(object: &Value) -> Value {
    let mut body = object.clone();
    body.remove(&["metadata"]);
    body.remove(&["status"]);
    if object.get("kind").text() == "Pod" {
        body.remove(&["spec"]);
    }
    for field in ["clusterIP", "clusterIPs", "storageClassName", "ipFamilies", "ipFamilyPolicy"] {
        body.remove(&["spec", field]);
    }
    let mut ports = object.at(&["spec", "ports"]).as_list().to_vec();
    for port in &mut ports {
        port.remove(&["nodePort"]);
    }
    if !ports.is_empty() {
        body.set(&["spec", "ports"], ports);
    }
    body
}

fn difference(case: &Value, answer: &Result<Written, Status>) -> Option<String> {
    let expect = case.get("expect");
    match (answer, expect.get("accepted").as_bool() == Some(true)) {
        (Ok(written), true) => {
            let warnings: Vec<Value> = written.warnings.iter().map(|text| text.clone().into()).collect();
            if warnings != expect.get("warnings").as_list() {
                return Some(format!("warnings {warnings:?}"));
            }
            let (got, want) = (body(&written.object.encode()), body(expect.get("result")));
            (got != want).then(|| format!("result {}\n    want {}", text(&got), text(&want)))
        }
        (Ok(_), false) => Some("accepted".to_owned()),
        (Err(status), true) => Some(format!("refused: {}", status.message)),
        (Err(status), false) => {
            let texts = expect.get("messageAnyOf").as_list();
            let fits = status.message == expect.get("message").text()
                || texts.iter().any(|text| text.text() == status.message);
            if !fits {
                return Some(format!("says {}", status.message));
            }
            let wanted = expect.at(&["status", "details", "causes"]).as_list();
            let same_order = causes(status) == wanted || !texts.is_empty();
            (!same_order).then(|| format!("causes {:?}", causes(status)))
        }
    }
}

/// Stored pods have what admission added, and another UID is a conflict before it is a fault.
fn no_client_can_send(kind: Kind, case: &Value) -> bool {
    let changes_uid = case.get("edits").as_list().iter().any(|edit| edit.text() == "uid-change");
    case.get("mode").text() == "update" && (kind == Kind::Pod || changes_uid)
}

#[test]
fn requests_are_judged_as_by_the_real_server() {
    let Ok(folder) = std::env::var("ORDINAL_REFERENCE") else {
        println!("skipped: ORDINAL_REFERENCE does not name the folder of reference data");
        return;
    };
    let text = std::fs::read_to_string(format!("{folder}/oracle/validation.json")).expect("the oracle is there");
    let cases: Vec<Value> = serde_json::from_str(&text).expect("the oracle is JSON");
    let (mut judged, mut not_served, mut elsewhere, mut wrong) = (0, 0, 0, Vec::new());
    for case in &cases {
        let Some(kind) = kind_named(case.get("kind").text()) else {
            not_served += 1;
            continue;
        };
        if no_client_can_send(kind, case) {
            elsewhere += 1;
            continue;
        }
        judged += 1;
        if let Some(difference) = difference(case, &answer(kind, case)) {
            wrong.push(format!(
                "{:?} {} {} {:?}: {difference}\n    want {}",
                case.get("id"),
                kind.name(),
                case.get("mode").text(),
                case.get("edits"),
                case.at(&["expect", "message"]).text()
            ));
        }
    }
    println!(
        "validation: {} of {judged} as recorded; {not_served} of kinds not served, {elsewhere} in the unit tests",
        judged - wrong.len()
    );
    for text in &wrong {
        println!("{text}");
    }
    let share = 1.0 - wrong.len() as f64 / judged as f64;
    assert!(share >= SHARE_MIN, "{} of {judged} differ", wrong.len());
}
