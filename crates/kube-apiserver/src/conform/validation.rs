//! `oracle/validation`: random requests, judged. Each goes to a server of its own, whole, with these exceptions: changes of
//! pods and of UIDs are judged by validation alone, since admission would have added to the stored pods, and another UID is a
//! conflict before it is a fault.

use api::conform::{Case, Suite, object};
use api::core::namespace::ServiceAccount;
use api::status::StatusCause;
use api::{Key, Kind, Object, ObjectMeta, Status, Value, defaults, schema, strict};
use client::{Api, WriteOptions, Written};
use sim::Time;

use crate::ApiServer;
use crate::registry::validation::validate_update;

pub(super) const SUITE: Suite = Suite {
    name: "oracle/validation",
    run,
    expect,
    functions: &[
        "api::strict::decode",
        "api::defaults::apply",
        "kube_apiserver::registry::validation::validate_create",
        "kube_apiserver::registry::validation::validate_update",
    ],
};

const NOW: Time = Time::HEADLESS_START;

fn run(case: &Case<'_>) -> Result<Value, String> {
    let name = case.text("kind");
    let Some(kind) = Kind::ALL.iter().copied().find(|kind| kind.name() == name) else {
        return Err(format!("{name} is not served"));
    };
    if no_client_can_send(case)
        && let Some(answer) = judge(kind, case.case)
    {
        return Ok(answer);
    }
    Ok(match request(kind, case.case) {
        Ok(written) => {
            let warnings: Vec<Value> = written.warnings.iter().map(|text| text.clone().into()).collect();
            object([("warnings", warnings.into()), ("result", asked_for(&written.object.encode()))])
        }
        Err(status) => object([("message", status.message.clone().into()), ("causes", causes(&status).into())]),
    })
}

fn expect(case: &Case<'_>) -> Value {
    let expect = case.get("expect");
    let any = || object([("$any", true.into())]);
    if expect.get("accepted").as_bool() == Some(true) {
        if no_client_can_send(case) {
            return object([("message", "".into()), ("causes", Vec::new().into())]);
        }
        let warnings = expect.get("warnings").as_list().to_vec();
        return object([("warnings", warnings.into()), ("result", asked_for(expect.get("result")))]);
    }
    let texts = expect.get("messageAnyOf").as_list();
    if !texts.is_empty() {
        return object([("message", object([("$anyOf", texts.to_vec().into())])), ("causes", any())]);
    }
    let causes = expect.at(&["status", "details", "causes"]).as_list().to_vec();
    object([("message", expect.get("message").clone()), ("causes", causes.into())])
}

fn no_client_can_send(case: &Case<'_>) -> bool {
    let changes_uid = case.get("edits").as_list().iter().any(|edit| edit.text() == "uid-change");
    case.text("mode") == "update" && (case.text("kind") == "Pod" || changes_uid)
}

/// Validation alone; none if the object cannot even be decoded.
fn judge(kind: Kind, case: &Value) -> Option<Value> {
    let type_ = schema::type_of(&kind.api_version(), kind.name())?;
    let normal = |value: &Value| strict::decode(type_, value, strict::Words::Json).ok()?.strict().ok();
    let (mut changed, old) = (normal(case.get("object"))?, normal(case.get("old"))?);
    defaults::apply(kind.name(), &mut changed);
    defaults::drop_disabled(kind.name(), &mut changed, Some(&old));
    if kind == Kind::Service {
        crate::registry::service::complete_update(&mut changed, &old);
    }
    let errors = validate_update(kind, &changed, &old);
    if errors.is_empty() {
        return Some(object([("message", "".into()), ("causes", Vec::new().into())]));
    }
    let status = Status::invalid(kind, old.at(&["metadata", "name"]).text(), &errors);
    Some(object([("message", status.message.clone().into()), ("causes", causes(&status).into())]))
}

/// Sends the row to a server of its own.
fn request(kind: Kind, case: &Value) -> Result<Written, Status> {
    let mut server = ApiServer::new(1, NOW);
    let account = ServiceAccount { metadata: ObjectMeta::new("default", "default"), ..ServiceAccount::default() };
    server.client("test", NOW).create(account.into())?;
    let mut api = server.client("kubectl", NOW);
    let options = WriteOptions::default();
    let namespace = if kind.is_namespaced() { "default" } else { "" };
    let mut body = case.get("object").clone();
    if case.get("mode").text() == "create" {
        return api.create_value(kind, namespace, body, &options);
    }
    let mut old = Object::decode(kind, case.get("old").clone());
    let stored = api.create(old.clone()).map_err(|error| Status::internal(format!("set-up: {error}")))?;
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
    let cause = |cause: &StatusCause| {
        object([
            ("reason", cause.reason.clone().into()),
            ("message", cause.message.clone().into()),
            ("field", cause.field.clone().into()),
        ])
    };
    status.details.iter().flat_map(|details| details.causes.iter().map(cause)).collect()
}

/// What the user asked for, defaulted: without what admission adds, what is allocated, and what others write.
fn asked_for(object: &Value) -> Value {
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
