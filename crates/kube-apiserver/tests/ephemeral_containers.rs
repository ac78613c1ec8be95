//! The subresource `ephemeralcontainers` of pods: what it adds, what it leaves alone, and what it refuses.

use api::core::namespace::ServiceAccount;
use api::{Key, Kind, Object, ObjectMeta, Status, Value};
use client::{Api, Patch, PatchKind, Subresource, WriteOptions};
use kube_apiserver::ApiServer;
use sim::{Span, Time};

const NOW: Time = Time::HEADLESS_START;
const POD: &str = r#"{"apiVersion":"v1","kind":"Pod","metadata":{"name":"web"},"spec":{
    "containers":[{"name":"app","image":"nginx"}],"initContainers":[{"name":"setup","image":"busybox"}]}}"#;
const HEAD: &str = "Pod \"web\" is invalid: spec.ephemeralContainers";

fn value(text: &str) -> Value {
    serde_json::from_str(text).expect("a test case is JSON")
}

fn server() -> ApiServer {
    let mut server = ApiServer::new(1, NOW);
    let account = ServiceAccount { metadata: ObjectMeta::new("default", "default"), ..ServiceAccount::default() };
    let mut api = server.client("test", NOW);
    api.create(account.into()).expect("accepted");
    api.create_value(Kind::Pod, "default", value(POD), &WriteOptions::default()).expect("accepted");
    server
}

fn web() -> Key {
    Key::new("default", "web")
}

fn add(server: &mut ApiServer, container: &str) -> Result<Object, Status> {
    let body = value(&format!(r#"{{"spec":{{"ephemeralContainers":[{container}]}}}}"#));
    send(server, Patch { kind: PatchKind::Strategic, body })
}

fn send(server: &mut ApiServer, patch: Patch) -> Result<Object, Status> {
    let options = WriteOptions { subresource: Subresource::EphemeralContainers, ..WriteOptions::default() };
    let mut api = server.client("kubectl-debug", NOW + Span::from_seconds(1));
    api.patch(Kind::Pod, &web(), &patch, &options).map(|written| written.object)
}

#[test]
fn a_patch_adds_a_container_and_counts_as_a_change_of_the_spec() {
    let mut server = server();
    let pod =
        add(&mut server, r#"{"name":"debugger","image":"busybox","targetContainerName":"app"}"#).unwrap().encode();
    let expect = r#"[{"image":"busybox","imagePullPolicy":"Always","name":"debugger","resources":{},
        "targetContainerName":"app","terminationMessagePath":"/dev/termination-log","terminationMessagePolicy":"File"}]"#;
    assert_eq!(pod.at(&["spec", "ephemeralContainers"]), &value(expect), "it gets defaults, and no account's token");
    assert_eq!(pod.at(&["metadata", "generation"]), &Value::Int(2));
    let entries = pod.at(&["metadata", "managedFields"]).as_list();
    let own = entries.iter().find(|entry| entry.get("manager").text() == "kubectl-debug").expect("it owns its field");
    assert_eq!(own.get("subresource").text(), "ephemeralcontainers");
    add(&mut server, r#"{"name":"second","image":"busybox"}"#).unwrap();
    let pod = server.client("test", NOW).get(Kind::Pod, &web()).unwrap().encode();
    assert_eq!(pod.at(&["spec", "ephemeralContainers"]).as_list().len(), 2, "the first one stays");
}

#[test]
fn nothing_else_is_changed_through_it() {
    let mut server = server();
    let before = server.client("test", NOW).get(Kind::Pod, &web()).unwrap();
    let body = value(r#"{"metadata":{"labels":{"a":"b"}},"spec":{"containers":[{"name":"app","image":"other"}]}}"#);
    let after = send(&mut server, Patch { kind: PatchKind::Strategic, body }).unwrap();
    assert_eq!(before, after);
}

#[test]
fn what_a_debug_container_may_not_have_is_refused() {
    let cases = [
        (r#"{"name":"app","image":"i"}"#, r#"[0].name: Duplicate value: "app""#),
        (r#"{"name":"setup","image":"i"}"#, r#"[0].name: Duplicate value: "setup""#),
        (r#"{"name":"d"}"#, "[0].image: Required value"),
        (r#"{"name":"d","image":"i","targetContainerName":"x"}"#, r#"[0].targetContainerName: Not found: "x""#),
        (
            r#"{"name":"d","image":"i","ports":[{"containerPort":80}]}"#,
            "[0].ports: Forbidden: cannot be set for an Ephemeral Container",
        ),
        (
            r#"{"name":"d","image":"i","resources":{"limits":{"cpu":"1"}}}"#,
            "[0].resources: Forbidden: cannot be set for an Ephemeral Container",
        ),
        (
            r#"{"name":"d","image":"i","livenessProbe":{"exec":{"command":["true"]}}}"#,
            "[0].livenessProbe: Forbidden: cannot be set for an Ephemeral Container",
        ),
        (
            r#"{"name":"d","image":"i","lifecycle":{"preStop":{"exec":{"command":["true"]}}}}"#,
            "[0].lifecycle: Forbidden: cannot be set for an Ephemeral Container",
        ),
        (
            r#"{"name":"d","image":"i","volumeMounts":[{"name":"none","mountPath":"/m"}]}"#,
            r#"[0].volumeMounts[0].name: Not found: "none""#,
        ),
    ];
    for (container, expect) in cases {
        let status = add(&mut server(), container).expect_err(container);
        assert_eq!(status.message, format!("{HEAD}{expect}"), "{container}");
    }
}

#[test]
fn one_that_is_there_stays_as_it_is() {
    let mut server = server();
    add(&mut server, r#"{"name":"debugger","image":"busybox"}"#).unwrap();
    let status = add(&mut server, r#"{"name":"debugger","image":"alpine"}"#).unwrap_err();
    let head =
        format!("{HEAD}: Forbidden: existing ephemeral containers \"debugger\" may not be changed\n@@ -1,6 +1,6 @@\n");
    assert!(status.message.starts_with(&head), "{}", status.message);
    let change = "\n- \"Image\": \"busybox\",\n+ \"Image\": \"alpine\",\n";
    assert!(status.message.contains(change), "{}", status.message);
    let body = value(r#"{"spec":{"ephemeralContainers":null}}"#);
    let status = send(&mut server, Patch { kind: PatchKind::Merge, body }).unwrap_err();
    let expect = format!("{HEAD}: Forbidden: existing ephemeral containers \"debugger\" may not be removed\n");
    assert_eq!(status.message, expect);
}

#[test]
fn neither_a_new_pod_nor_a_plain_update_has_any() {
    let mut server = server();
    let with = r#"{"spec":{"ephemeralContainers":[{"name":"debugger","image":"busybox"}]}}"#;
    let patch = Patch { kind: PatchKind::Strategic, body: value(with) };
    let mut api = server.client("kubectl", NOW);
    let status = api.patch(Kind::Pod, &web(), &patch, &WriteOptions::default()).unwrap_err();
    let head = "Pod \"web\" is invalid: spec: Forbidden: pod updates may not change fields other than";
    assert!(status.message.starts_with(head), "{}", status.message);
    assert!(
        status.message.contains("\n- \"EphemeralContainers\": null,\n+ \"EphemeralContainers\": ["),
        "{}",
        status.message
    );
    let mut new = value(POD);
    new.set(&["metadata", "name"], "other");
    new.set(&["spec", "ephemeralContainers"], value(with).at(&["spec", "ephemeralContainers"]).clone());
    let status = api.create_value(Kind::Pod, "default", new, &WriteOptions::default()).unwrap_err();
    let expect = "Pod \"other\" is invalid: spec.ephemeralContainers: Forbidden: cannot be set on create";
    assert_eq!(status.message, expect);
}

#[test]
fn an_apply_owns_only_what_the_subresource_has() {
    let mut server = server();
    let body = value(
        r#"{"apiVersion":"v1","kind":"Pod","metadata":{"name":"web","labels":{"a":"b"}},
            "spec":{"ephemeralContainers":[{"name":"debugger","image":"busybox"}]}}"#,
    );
    let pod = send(&mut server, Patch { kind: PatchKind::Apply, body }).unwrap().encode();
    assert_eq!(pod.at(&["spec", "ephemeralContainers"]).as_list().len(), 1);
    assert!(pod.at(&["metadata", "labels"]).is_null());
}

#[test]
fn other_kinds_have_no_such_part() {
    let mut server = server();
    let options = WriteOptions { subresource: Subresource::EphemeralContainers, ..WriteOptions::default() };
    let patch = Patch { kind: PatchKind::Merge, body: value("{}") };
    let mut api = server.client("test", NOW);
    let status = api.patch(Kind::ServiceAccount, &Key::new("default", "default"), &patch, &options).unwrap_err();
    assert_eq!(status.message, "the server could not find the requested resource");
}
