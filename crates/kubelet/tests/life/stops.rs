//! How containers are stopped: hook, turn, signal, grace.

use crate::support::{apply, cluster, events, exec_in, go, pod, pod_manifest, row};
use api::{Key, Kind};
use client::{Api, DeleteOptions};
use cluster::Cluster;

fn delete(cluster: &mut Cluster, name: &str, grace: Option<i64>) {
    let options = DeleteOptions { grace_period_seconds: grace, ..DeleteOptions::default() };
    cluster.client("test").delete(Kind::Pod, &Key::new("default", name), &options).expect("it is there");
}

fn runs(cluster: &mut Cluster, name: &str, container: &str) -> bool {
    exec_in(cluster, name, container, &["true"], "").is_ok()
}

#[test]
fn a_hook_has_the_whole_grace_and_the_container_two_seconds_after_it() {
    let mut cluster = cluster("realistic");
    let spec = "  terminationGracePeriodSeconds: 10\n";
    let hook = "    lifecycle: {preStop: {exec: {command: [sh, -c, sleep 60]}}}\n";
    apply(&mut cluster, &(pod_manifest("heeds", "nginx", spec) + hook));
    let deaf = "    command: [sh, -c, sleep infinity]\n";
    apply(&mut cluster, &(pod_manifest("deaf", "busybox", spec) + deaf + hook));
    go(&mut cluster, 10_000);
    delete(&mut cluster, "heeds", None);
    delete(&mut cluster, "deaf", None);
    go(&mut cluster, 9_800);
    assert!(runs(&mut cluster, "heeds", "c"), "the hook is not over");
    go(&mut cluster, 1_400);
    assert!(pod(&mut cluster, "heeds").is_none());
    assert!(runs(&mut cluster, "deaf", "c"), "it has got its signal just now");
    go(&mut cluster, 1_500);
    assert!(pod(&mut cluster, "deaf").is_none());
}

#[test]
fn a_container_does_not_wait_for_the_hook_of_another() {
    let mut cluster = cluster("realistic");
    let slow = "  - name: slow\n    image: busybox\n    command: [sleep, 1d]\n";
    let hook = "    lifecycle: {preStop: {sleep: {seconds: 10}}}\n";
    apply(&mut cluster, &(pod_manifest("two", "nginx", "") + slow + hook));
    go(&mut cluster, 15_000);
    assert_eq!(row(&mut cluster, "two"), "2/2 Running 0");
    delete(&mut cluster, "two", None);
    go(&mut cluster, 3_000);
    assert!(!runs(&mut cluster, "two", "c"));
    assert!(runs(&mut cluster, "two", "slow"));
    go(&mut cluster, 30_000);
    assert!(pod(&mut cluster, "two").is_none());
}

#[test]
fn sidecars_stop_after_what_they_serve_the_last_one_first() {
    let mut cluster = cluster("realistic");
    let sidecar = |name: &str, image: &str| format!("  - {{name: {name}, image: {image}, restartPolicy: Always}}\n");
    let spec = format!("  initContainers:\n{}{}", sidecar("first", "pause"), sidecar("second", "slowstop"));
    apply(&mut cluster, &pod_manifest("served", "slowstop", &spec));
    go(&mut cluster, 20_000);
    assert_eq!(row(&mut cluster, "served"), "3/3 Running 0");
    delete(&mut cluster, "served", None);
    go(&mut cluster, 15_000);
    let revision = cluster.client("test").revision();
    go(&mut cluster, 4_000);
    assert!(pod(&mut cluster, "served").is_none());
    let changes =
        cluster.client("test").changes(Kind::Pod, revision, sim::Time(u64::MAX)).expect("it is kept").to_vec();
    let last = changes.last().expect("it was deleted").object.encode();
    let ended = |list: &str, at: usize| {
        last.at(&["status", list]).element(at).at(&["state", "terminated", "finishedAt"]).text().to_owned()
    };
    let (first, second) = (ended("initContainerStatuses", 0), ended("initContainerStatuses", 1));
    let served = ended("containerStatuses", 0);
    assert!(!served.is_empty() && served < second && second <= first, "{served} {second} {first}");
}

#[test]
fn who_asks_again_with_less_grace_waits_less() {
    let mut cluster = cluster("realistic");
    apply(&mut cluster, &(pod_manifest("deaf", "busybox", "") + "    command: [sh, -c, sleep infinity]\n"));
    go(&mut cluster, 10_000);
    delete(&mut cluster, "deaf", None);
    go(&mut cluster, 5_000);
    delete(&mut cluster, "deaf", Some(1));
    go(&mut cluster, 1_500);
    assert!(runs(&mut cluster, "deaf", "c"), "two seconds are the least");
    go(&mut cluster, 2_000);
    assert!(pod(&mut cluster, "deaf").is_none());
    let said = events(&mut cluster, "deaf").into_iter().filter(|event| event.starts_with("Killing")).count();
    assert_eq!(said, 1, "the same event counts twice");
}
