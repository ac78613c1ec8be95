//! Another timing profile changes the times and nothing else.

use cluster::timing::{DEFAULT, named, parse};
use ordinal_tests::desk::desk_with_timing;
use sim::Timing;

/// A profile of its own, as a reader of the project would write it.
const SLOW: &str = r#"{
  "watch_latency_us": 10000, "binding_latency_us": 10000, "scheduling_us": 0, "kubelet_sync_us": 1000000,
  "image_pull_us": 20000000, "image_pull_per_mib_us": 0, "pulls_reuse_images": true, "image_pull_failure_us": 500000,
  "container_start_us": 0, "restart_back_off_us": 10000000, "restarts_ask_registry": true, "exit_notice_us": 0,
  "probes_are_run": true, "ready_after_probe_us": 0, "health_notice_us": 0,
  "container_stop_us": 3000000, "stops_are_heeded": false, "pod_stop_before_running_us": 0, "pod_cleanup_us": 1000000,
  "provisioning_us": 0, "volume_binding_us": 0, "kubectl_us": 0, "kubectl_object_us": 0, "cluster_age_us": 0, "network_latency_us": 1000
}"#;

/// Virtual seconds from the command until two replicas, one after the other, are ready; and until both are deleted.
fn seconds(timing: Timing) -> (f64, f64, String) {
    let mut desk = desk_with_timing(4, 1, timing);
    let begun = desk.world.now();
    assert_eq!(desk.run("kubectl apply -f web.yaml && kubectl rollout status sts/web").rc, 0);
    let ready = desk.world.now();
    let names = desk.run("kubectl get pods -o name").stdout;
    assert_eq!(desk.run("kubectl delete sts web && kubectl wait --for=delete pod -l app=nginx").rc, 0);
    (ready.since(begun).as_seconds(), desk.world.now().since(ready).as_seconds(), names)
}

#[test]
fn times_follow_the_profile() {
    let slow = parse(SLOW).unwrap();
    let (up, down, names) = seconds(slow.clone());
    // Two nodes pull the image; each pod takes its sync and its pull.
    assert!((42.0..44.0).contains(&up), "{up} s until ready");
    assert!((4.0..7.0).contains(&down), "{down} s until gone");
    let quick = Timing { image_pull_us: 1_000_000, ..slow.clone() };
    let (sooner, _, same) = seconds(quick);
    assert!((up - sooner - 38.0).abs() < 1.0, "{up} s and {sooner} s");
    assert_eq!(names, same);
    // A start that takes longer than the pull is waited for; the pull runs beside it.
    let (late, ..) = seconds(Timing { container_start_us: 30_000_000, ..slow });
    assert!((late - up - 20.0).abs() < 1.0, "{late} s with a slow start, {up} s without");
    let (default, ..) = seconds(named(DEFAULT).unwrap());
    assert!(default < up / 2.0, "{default} s by default");
}
