//! What users are told about requests that cannot be, and what becomes of those that can.

use api::core::namespace::ServiceAccount;
use api::{Key, Kind, Object, ObjectMeta, Reason, Value};
use client::{Api, FieldValidation, Patch, PatchKind, Subresource, WriteOptions};
use kube_apiserver::ApiServer;
use sim::{Span, Time};

const NOW: Time = Time::HEADLESS_START;
const SET: &str = r#"{"apiVersion":"apps/v1","kind":"StatefulSet","metadata":{"name":"web"},
    "spec":{"replicas":2,"serviceName":"nginx","selector":{"matchLabels":{"app":"nginx"}},
    "template":{"metadata":{"labels":{"app":"nginx"}},"spec":{"containers":[{"name":"nginx","image":"nginx"}]}}}}"#;

fn value(text: &str) -> Value {
    serde_json::from_str(text).expect("a test case is JSON")
}

fn server() -> ApiServer {
    let mut server = ApiServer::new(1, NOW);
    let account = ServiceAccount { metadata: ObjectMeta::new("default", "default"), ..ServiceAccount::default() };
    let mut api = server.client("test", NOW);
    api.create(account.into()).expect("accepted");
    api.create_value(Kind::StatefulSet, "default", value(SET), &WriteOptions::default()).expect("accepted");
    server
}

fn web() -> Key {
    Key::new("default", "web")
}

fn patch(kind: PatchKind, body: &str) -> Patch {
    Patch { kind, body: value(body) }
}

fn refused(kind: PatchKind, body: &str) -> (Reason, String) {
    let mut server = server();
    let mut api = server.client("kubectl", NOW);
    let status =
        api.patch(Kind::StatefulSet, &web(), &patch(kind, body), &WriteOptions::default()).expect_err("refused");
    (status.reason, status.message.to_string())
}

#[test]
fn a_patch_that_cannot_be_is_refused_in_the_servers_words() {
    let rejected = "the server rejected our request due to an error in our request";
    let cases = [
        (
            PatchKind::Strategic,
            r#"{"spec":{"replicas":"x"}}"#,
            Reason::Invalid,
            r#" "" is invalid: patch: Invalid value: "map[spec:map[replicas:x]]": unrecognized type: int32"#,
        ),
        (
            PatchKind::Strategic,
            r#"{"spec":{"nope":1}}"#,
            Reason::Invalid,
            r#" "" is invalid: patch: Invalid value: "map[spec:map[nope:1]]": strict decoding error: unknown field "spec.nope""#,
        ),
        (
            PatchKind::Strategic,
            "[]",
            Reason::BadRequest,
            "json: cannot unmarshal array into Go value of type map[string]interface {}",
        ),
        (
            PatchKind::Strategic,
            r#"{"metadata":{"name":"other"}}"#,
            Reason::BadRequest,
            "the name of the object (other) does not match the name on the URL (web)",
        ),
        (
            PatchKind::Merge,
            r#"{"metadata":{"namespace":"other"}}"#,
            Reason::BadRequest,
            "the namespace of the object (other) does not match the namespace on the URL (default)",
        ),
        (
            PatchKind::Merge,
            r#"{"metadata":{"resourceVersion":"1"}}"#,
            Reason::Conflict,
            "Operation cannot be fulfilled on statefulsets.apps \"web\": the object has been modified; please apply your \
             changes to the latest version and try again",
        ),
        (PatchKind::Json, r#"[{"op":"remove","path":"/spec/nope"}]"#, Reason::Invalid, rejected),
        (PatchKind::Json, r#"[{"op":"bogus","path":"/spec/replicas"}]"#, Reason::Invalid, rejected),
        (PatchKind::Json, r#"[{"op":"test","path":"/spec/replicas","value":9}]"#, Reason::Invalid, rejected),
        (
            PatchKind::Json,
            r#"{"spec":{}}"#,
            Reason::BadRequest,
            "error decoding patch: json: cannot unmarshal object into Go value of type []handlers.jsonPatchOp",
        ),
        (
            PatchKind::Merge,
            r#"{"spec":{"replicas":-2}}"#,
            Reason::Invalid,
            "StatefulSet.apps \"web\" is invalid: spec.replicas: Invalid value: -2: must be greater than or equal to 0",
        ),
    ];
    for (kind, body, reason, message) in cases {
        assert_eq!(refused(kind, body), (reason, message.to_owned()), "{body}");
    }
}

#[test]
fn a_patched_document_that_cannot_be_read_is_shown() {
    let (reason, message) = refused(PatchKind::Json, r#"[{"op":"replace","path":"/spec/replicas","value":"x"}]"#);
    assert_eq!(reason, Reason::Invalid);
    assert!(message.starts_with(r#" "" is invalid: patch: Invalid value: "{\"apiVersion\":\"apps/v1\","#), "{message}");
    let end = "json: cannot unmarshal string into Go struct field StatefulSetSpec.spec.replicas of type int32";
    assert!(message.ends_with(end), "{message}");
}

#[test]
fn unknown_fields_can_be_a_warning() {
    let mut server = server();
    let options = WriteOptions { field_validation: FieldValidation::Warn, ..WriteOptions::default() };
    let body = patch(PatchKind::Strategic, r#"{"spec":{"nope":1}}"#);
    let written = server.client("kubectl", NOW).patch(Kind::StatefulSet, &web(), &body, &options).unwrap();
    assert_eq!(written.warnings, [r#"unknown field "spec.nope""#]);
}

#[test]
fn a_put_names_its_object_twice_alike() {
    let mut server = server();
    let other = value(&SET.replace(r#""name":"web""#, r#""name":"other""#));
    let status = server
        .client("kubectl", NOW)
        .update_value(Kind::StatefulSet, &web(), other, &WriteOptions::default())
        .unwrap_err();
    assert_eq!(status.message, "the name of the object (other) does not match the name on the URL (web)");
}

#[test]
fn a_dry_run_leaves_no_trace() {
    let mut server = server();
    let before = server.digest();
    let dry = WriteOptions { dry_run: true, ..WriteOptions::default() };
    let mut api = server.client("kubectl", NOW);
    let three = patch(PatchKind::Merge, r#"{"spec":{"replicas":3}}"#);
    let written = api.patch(Kind::StatefulSet, &web(), &three, &dry).unwrap();
    assert_eq!(written.object.encode().at(&["spec", "replicas"]), &Value::Int(3));
    let applied = patch(PatchKind::Apply, r#"{"apiVersion":"v1","kind":"ConfigMap","metadata":{"name":"a"}}"#);
    api.patch(Kind::ConfigMap, &Key::new("default", "a"), &applied, &dry).unwrap();
    assert_eq!(server.digest(), before);
}

fn managers(object: &Object) -> Vec<(String, String)> {
    let entries = object.encode().at(&["metadata", "managedFields"]).as_list().to_vec();
    let of = |entry: &Value, key: &str| entry.get(key).text().to_owned();
    entries.iter().map(|entry| (of(entry, "manager"), of(entry, "operation") + &of(entry, "subresource"))).collect()
}

fn of_scale() -> WriteOptions {
    WriteOptions { subresource: Subresource::Scale, ..WriteOptions::default() }
}

#[test]
fn scaling_owns_the_replicas_through_its_subresource() {
    let mut server = server();
    let scale = Patch { kind: PatchKind::Merge, body: value(r#"{"spec":{"replicas":5}}"#) };
    let later = NOW + Span::from_seconds(1);
    let written = server.client("kubectl", later).patch(Kind::StatefulSet, &web(), &scale, &of_scale()).unwrap();
    let encoded = written.object.encode();
    let scaler = &encoded.at(&["metadata", "managedFields"]).as_list()[0];
    assert!(scaler.get("time").is_null(), "an entry of scale has no time, and so comes first");
    assert_eq!(managers(&written.object), [("kubectl".into(), "Updatescale".into()), ("test".into(), "Update".into())]);
}

fn apply(
    server: &mut ApiServer,
    manager: &str,
    config: &str,
    force: bool,
    seconds: i64,
) -> Result<Object, (Reason, String)> {
    let options = WriteOptions { field_manager: manager.into(), force, ..WriteOptions::default() };
    let mut api = server.client("kubectl", NOW + Span::from_seconds(seconds));
    let written = api.patch(Kind::StatefulSet, &web(), &patch(PatchKind::Apply, config), &options);
    written.map(|written| written.object).map_err(|status| (status.reason, status.message.to_string()))
}

#[test]
fn an_apply_creates_and_owns_what_it_names() {
    let mut server = ApiServer::new(1, NOW);
    let created = apply(&mut server, "a", SET, false, 0).unwrap();
    assert_eq!(managers(&created), [("a".into(), "Apply".into())]);
    assert_eq!(created.encode().at(&["spec", "podManagementPolicy"]).text(), "OrderedReady", "it is defaulted");
    let revision = server.revision();
    apply(&mut server, "a", SET, false, 5).unwrap();
    assert_eq!(server.revision(), revision, "the same again changes nothing");
}

#[test]
fn an_apply_takes_nothing_from_others_but_by_force() {
    let mut server = server();
    let five = SET.replace(r#""replicas":2"#, r#""replicas":5"#);
    let (reason, message) = apply(&mut server, "b", &five, false, 1).unwrap_err();
    let expect = "Apply failed with 1 conflict: conflict with \"test\" using apps/v1: .spec.replicas";
    assert_eq!((reason, message.as_str()), (Reason::Conflict, expect));
    let forced = apply(&mut server, "b", &five, true, 1).unwrap();
    assert_eq!(forced.encode().at(&["spec", "replicas"]), &Value::Int(5));
    assert_eq!(forced.metadata().generation, 2);
}

#[test]
fn an_apply_is_judged() {
    let mut server = server();
    let unknown = SET.replace("serviceName", "servicename");
    let (_, message) = apply(&mut server, "b", &unknown, false, 1).unwrap_err();
    let expect = "failed to create typed patch object (web; apps/v1, Kind=StatefulSet): .spec.servicename: field not \
                  declared in schema";
    assert_eq!(message.replace("default/web", "web"), expect);
    let negative = SET.replace(r#""replicas":2"#, r#""replicas":-1"#);
    let (reason, _) = apply(&mut server, "b", &negative, true, 1).unwrap_err();
    assert_eq!(reason, Reason::Invalid);
}

#[test]
fn the_namespaces_of_the_cluster_may_not_be_deleted() {
    let mut server = server();
    let mut api = server.client("kubectl", NOW);
    for name in ["default", "kube-public", "kube-system"] {
        let status = api.delete(Kind::Namespace, &Key::new("", name), &client::DeleteOptions::default());
        let message = status.expect_err("refused").message;
        assert_eq!(message, format!("namespaces \"{name}\" is forbidden: this namespace may not be deleted"));
    }
}

#[test]
fn a_scale_beyond_all_numbers_is_refused() {
    let mut server = server();
    let mut api = server.client("kubectl", NOW);
    let body = value(r#"{"spec":{"replicas":99999999999}}"#);
    let patch = Patch { kind: PatchKind::Merge, body };
    let status = api.patch(Kind::StatefulSet, &web(), &patch, &of_scale()).expect_err("refused");
    assert!(status.message.contains("cannot unmarshal number 99999999999"), "{}", status.message);
}
