//! Ephemeral containers in a whole cluster: they start beside what runs, once, and the pod does not depend on them.

use crate::support::{apply, cluster, events, exec_in, go, pod, pod_manifest, row};
use api::{Key, Kind, Value};
use client::{Api, DeleteOptions, LogOptions, Patch, PatchKind, Subresource, WriteOptions};
use cluster::Cluster;

fn debug(cluster: &mut Cluster, pod: &str, container: &str) {
    let body = format!("{{\"spec\":{{\"ephemeralContainers\":[{container}]}}}}");
    let body = api::text::json::read(&body).expect("a test's container is JSON");
    let patch = Patch { kind: PatchKind::Strategic, body };
    let options = WriteOptions { subresource: Subresource::EphemeralContainers, ..WriteOptions::default() };
    let key = Key::new("default", pod);
    let written = cluster.client("kubectl-debug").patch(Kind::Pod, &key, &patch, &options);
    assert!(written.is_ok(), "{written:?}");
}

fn status(cluster: &mut Cluster, name: &str) -> Value {
    let pod = pod(cluster, name).expect("the pod is there");
    pod.status.rest.get("ephemeralContainerStatuses").element(0).clone()
}

fn ended(status: &Value) -> i64 {
    status.at(&["state", "terminated", "exitCode"]).as_int().unwrap_or(-1)
}

const SHELL: &str = r#"{"name":"debugger","image":"busybox","stdin":true,"tty":true}"#;

#[test]
fn one_starts_beside_what_runs() {
    let mut cluster = cluster("recorded");
    apply(&mut cluster, &pod_manifest("web", "nginx", ""));
    go(&mut cluster, 5_000);
    let before = events(&mut cluster, "web").len();
    debug(&mut cluster, "web", SHELL);
    go(&mut cluster, 500);
    let waits = status(&mut cluster, "web");
    assert_eq!(waits.at(&["state", "waiting", "reason"]).text(), "ContainerCreating", "while its image is pulled");
    go(&mut cluster, 4_500);
    let new: Vec<String> = events(&mut cluster, "web").split_off(before);
    let reasons: Vec<&str> = new.iter().filter_map(|event| event.split(' ').next()).collect();
    assert_eq!(reasons, ["Pulling", "Pulled", "Created", "Started"]);
    let runs = status(&mut cluster, "web");
    assert!(!runs.at(&["state", "running", "startedAt"]).is_null(), "{runs:?}");
    assert_eq!(runs.get("ready"), &Value::Bool(false), "no probe says so");
    assert!(runs.get("started").is_null());
    assert_eq!(row(&mut cluster, "web"), "1/1 Running 0");
    let of = cluster.client("test").list(Kind::Event, None);
    let paths: Vec<Value> =
        of.iter().map(|event| event.encode().at(&["involvedObject", "fieldPath"]).clone()).collect();
    assert_eq!(paths.iter().filter(|path| path.text() == "spec.ephemeralContainers{debugger}").count(), 4);
}

#[test]
fn one_that_has_ended_is_not_started_again_and_changes_nothing() {
    let mut cluster = cluster("recorded");
    apply(&mut cluster, &pod_manifest("web", "nginx", ""));
    go(&mut cluster, 5_000);
    debug(&mut cluster, "web", r#"{"name":"debugger","image":"busybox","command":["sh","-c","echo looked; exit 3"]}"#);
    go(&mut cluster, 60_000);
    let over = status(&mut cluster, "web");
    assert_eq!(ended(&over), 3, "{over:?}");
    assert_eq!(over.get("restartCount"), &Value::Int(0));
    assert_eq!(row(&mut cluster, "web"), "1/1 Running 0");
    let options = LogOptions { container: "debugger".into(), ..LogOptions::default() };
    assert_eq!(crate::support::logs(&mut cluster, "web", &options).as_deref(), Ok("looked\n"));
}

#[test]
fn a_pod_whose_init_container_does_not_end_can_be_looked_at() {
    let mut cluster = cluster("recorded");
    let init = "  initContainers:\n  - name: wait\n    image: busybox\n    command: [sleep, infinity]\n";
    apply(&mut cluster, &pod_manifest("web", "nginx", init));
    go(&mut cluster, 5_000);
    debug(&mut cluster, "web", SHELL);
    go(&mut cluster, 5_000);
    let runs = status(&mut cluster, "web");
    assert!(!runs.at(&["state", "running"]).is_null(), "{runs:?}");
    assert_eq!(row(&mut cluster, "web"), "0/1 Init:0/1 0");
}

#[test]
fn one_ends_with_a_pod_that_has_done_its_work_or_is_deleted() {
    let mut cluster = cluster("realistic");
    let spec = "  restartPolicy: Never\n";
    let manifest = pod_manifest("work", "busybox", spec) + "    command: [sh, -c, sleep 20; exit 0]\n";
    apply(&mut cluster, &manifest);
    apply(&mut cluster, &pod_manifest("web", "nginx", "  terminationGracePeriodSeconds: 5\n"));
    go(&mut cluster, 10_000);
    for name in ["work", "web"] {
        debug(&mut cluster, name, r#"{"name":"debugger","image":"busybox","command":["sleep","infinity"]}"#);
    }
    go(&mut cluster, 5_000);
    assert_eq!(row(&mut cluster, "work"), "1/1 Running 0");
    go(&mut cluster, 45_000);
    assert_eq!(row(&mut cluster, "work"), "0/1 Completed 0", "nobody waits for the debug container");
    assert_eq!(ended(&status(&mut cluster, "work")), 137);
    assert!(events(&mut cluster, "work").contains(&"Killing Stopping container debugger".into()));
    let key = Key::new("default", "web");
    cluster.client("test").delete(Kind::Pod, &key, &DeleteOptions::default()).expect("it is there");
    go(&mut cluster, 3_000);
    assert!(pod(&mut cluster, "web").is_some(), "a first process without handlers is left alone by SIGTERM");
    go(&mut cluster, 10_000);
    assert!(pod(&mut cluster, "web").is_none());
}

#[test]
fn one_sees_the_processes_of_its_target_and_ends_with_it() {
    let mut cluster = cluster("recorded");
    apply(&mut cluster, &pod_manifest("web", "nginx", ""));
    go(&mut cluster, 5_000);
    let plain = r#"{"name":"plain","image":"busybox","command":["sleep","infinity"]}"#;
    let aimed = r#"{"name":"aimed","image":"busybox","command":["sleep","infinity"],"targetContainerName":"c"}"#;
    debug(&mut cluster, "web", plain);
    debug(&mut cluster, "web", aimed);
    go(&mut cluster, 10_000);
    let (rows, _) = exec_in(&mut cluster, "web", "plain", &["ps"], "").expect("it runs");
    assert!(!rows.contains("nginx") && rows.contains("    1 root      0:00 sleep infinity"), "{rows}");
    let (rows, _) = exec_in(&mut cluster, "web", "aimed", &["ps"], "").expect("it runs");
    assert!(rows.contains("nginx -g daemon off;") && rows.contains("sleep infinity"), "{rows}");
    assert!(!rows.contains("    1 root      0:00 sleep"), "the first process is the target's: {rows}");
    let (page, code) = exec_in(&mut cluster, "web", "plain", &["wget", "-qO-", "localhost"], "").expect("it runs");
    assert_eq!((page.contains("Welcome to nginx!"), code), (true, 0), "the network is the pod's");
    // The target ends: with the first process of a namespace all others end.
    exec_in(&mut cluster, "web", "aimed", &["sh", "-c", "kill -QUIT 1"], "").expect("it runs");
    go(&mut cluster, 5_000);
    let statuses = pod(&mut cluster, "web").expect("there").status.rest.get("ephemeralContainerStatuses").clone();
    let codes: Vec<(&str, i64)> =
        statuses.as_list().iter().map(|status| (status.get("name").text(), ended(status))).collect();
    assert_eq!(codes, [("aimed", 137), ("plain", -1)]);
    assert_eq!(row(&mut cluster, "web"), "1/1 Running 1 (5s ago)");
}

#[test]
fn a_target_that_does_not_run_is_an_error_of_the_runtime() {
    let mut cluster = cluster("recorded");
    let init = "  initContainers:\n  - name: wait\n    image: busybox\n    command: [sleep, infinity]\n";
    apply(&mut cluster, &pod_manifest("web", "nginx", init));
    go(&mut cluster, 5_000);
    debug(&mut cluster, "web", r#"{"name":"debugger","image":"busybox","targetContainerName":"c"}"#);
    go(&mut cluster, 5_000);
    let waits = status(&mut cluster, "web");
    assert_eq!(waits.at(&["state", "waiting", "reason"]).text(), "CreateContainerConfigError");
    assert_eq!(waits.at(&["state", "waiting", "message"]).text(), "unable to find target container c");
}

#[test]
fn containers_that_share_processes_see_each_other_and_the_pause_process() {
    let mut cluster = cluster("recorded");
    let manifest = pod_manifest("web", "nginx", "  shareProcessNamespace: true\n")
        + "  - name: beside\n    image: busybox\n    command: [sleep, infinity]\n";
    apply(&mut cluster, &manifest);
    go(&mut cluster, 10_000);
    let (rows, _) = exec_in(&mut cluster, "web", "beside", &["ps"], "").expect("it runs");
    let has = |text: &str| rows.lines().any(|line| line.contains(text));
    assert!(has("    1 65535     0:00 /pause") && has("nginx -g daemon off;") && has("sleep infinity"), "{rows}");
    let (_, code) = exec_in(&mut cluster, "web", "beside", &["pkill", "-QUIT", "-f", "nginx -g"], "").expect("it runs");
    go(&mut cluster, 5_000);
    assert_eq!((code, row(&mut cluster, "web").as_str()), (0, "2/2 Running 1 (5s ago)"));
}
