//! `--subresource=resize`: pods that are resized while they run.

use ordinal_tests::desk::{Desk, desk};

const RESIZE: &str = "kubectl patch pod a --subresource resize -p";

fn said(desk: &mut Desk, command: &str) -> String {
    let said = desk.run(command);
    format!("{}{}", said.stdout, said.stderr)
}

/// A pod `a` that runs, with these resources and this policy.
fn running(nodes: u32, resources: &str, policy: &str) -> Desk {
    let mut desk = desk(nodes, 1);
    let spec = format!(
        r#"{{"spec":{{"containers":[{{"name":"a","image":"nginx","resources":{resources},"resizePolicy":{policy}}}]}}}}"#
    );
    assert_eq!(said(&mut desk, &format!("kubectl run a --image=nginx --overrides='{spec}'")), "pod/a created\n");
    assert_eq!(said(&mut desk, "kubectl wait --for=condition=Ready pod/a"), "pod/a condition met\n");
    desk
}

fn patch(resources: &str) -> String {
    format!("{RESIZE} '{{\"spec\":{{\"containers\":[{{\"name\":\"a\",\"resources\":{resources}}}]}}}}'")
}

fn show(desk: &mut Desk, path: &str) -> String {
    said(desk, &format!("kubectl get pod a -o jsonpath='{path}'"))
}

const CONDITIONS: &str = "{.status.conditions[*].type}";
const ACTUAL: &str = "{.status.containerStatuses[0].resources.requests.cpu}";
const ALLOCATED: &str = "{.status.containerStatuses[0].allocatedResources.cpu}";
const SETTLED: &str = "PodReadyToStartContainers Initialized Ready ContainersReady PodScheduled";
const BURSTABLE: &str = r#"{"requests":{"cpu":"500m","memory":"64Mi"}}"#;

/// Messages of events of this reason, the newest last.
fn events(desk: &mut Desk, reason: &str) -> String {
    said(desk, &format!("kubectl get events --field-selector=reason={reason} -o jsonpath='{{.items[*].message}}'"))
}

#[test]
fn cpu_is_given_without_a_restart() {
    let mut desk = running(1, BURSTABLE, "null");
    assert_eq!(said(&mut desk, &patch(r#"{"requests":{"cpu":"800m"}}"#)), "pod/a patched\n");
    assert_eq!(show(&mut desk, CONDITIONS), format!("PodResizeInProgress {SETTLED}"));
    assert_eq!((show(&mut desk, ACTUAL), show(&mut desk, ALLOCATED)), ("500m".into(), "800m".into()));
    desk.wait(2);
    assert_eq!(show(&mut desk, CONDITIONS), SETTLED);
    assert_eq!((show(&mut desk, ACTUAL), show(&mut desk, ALLOCATED)), ("800m".into(), "800m".into()));
    assert_eq!(show(&mut desk, "{.metadata.generation}{.status.observedGeneration}"), "22");
    assert_eq!(show(&mut desk, "{.status.containerStatuses[0].restartCount}"), "0");
    let what =
        r#"{"containers":[{"name":"a","resources":{"requests":{"cpu":"800m","memory":"64Mi"}}}],"generation":2}"#;
    assert_eq!(events(&mut desk, "ResizeStarted"), format!("Pod resize started: {what}"));
    assert_eq!(events(&mut desk, "ResizeCompleted"), format!("Pod resize completed: {what}"));
    assert_eq!(said(&mut desk, &patch(r#"{"requests":{"cpu":"800m"}}"#)), "pod/a patched (no change)\n");
}

#[test]
fn a_container_that_wants_it_is_started_again() {
    let policy = r#"[{"resourceName":"cpu","restartPolicy":"RestartContainer"}]"#;
    let mut desk = running(1, BURSTABLE, policy);
    assert_eq!(said(&mut desk, &patch(r#"{"requests":{"cpu":"800m"}}"#)), "pod/a patched\n");
    desk.wait(8);
    assert_eq!(show(&mut desk, "{.status.containerStatuses[0].restartCount}"), "1");
    assert_eq!((show(&mut desk, ACTUAL), show(&mut desk, CONDITIONS)), ("800m".into(), SETTLED.into()));
    assert_eq!(events(&mut desk, "Killing"), "Container a resize requires restart");
    assert!(events(&mut desk, "ResizeCompleted").starts_with("Pod resize completed: "));
}

#[test]
fn what_the_node_does_not_have_waits_until_it_has() {
    let mut desk = running(1, BURSTABLE, "null");
    let other = r#"{"spec":{"containers":[{"name":"b","image":"nginx","resources":{"requests":{"cpu":"1"}}}]}}"#;
    said(&mut desk, &format!("kubectl run b --image=nginx --overrides='{other}'"));
    said(&mut desk, "kubectl wait --for=condition=Ready pod/b");
    assert_eq!(said(&mut desk, &patch(r#"{"requests":{"cpu":"1500m"}}"#)), "pod/a patched\n");
    desk.wait(2);
    let shortage = "Node didn't have enough resource: cpu, requested: 1500, used: 1000, capacity: 2000";
    assert_eq!(show(&mut desk, CONDITIONS), format!("PodResizePending {SETTLED}"));
    let pending = "{.status.conditions[0].reason} {.status.conditions[0].message}";
    assert_eq!(show(&mut desk, pending), format!("Deferred {shortage}"));
    assert_eq!((show(&mut desk, ACTUAL), show(&mut desk, ALLOCATED)), ("500m".into(), "500m".into()));
    let event = events(&mut desk, "ResizeDeferred");
    assert!(event.starts_with("Pod resize OutOfcpu: {\"containers\":"), "{event}");
    assert!(event.ends_with(&format!(",\"generation\":2,\"error\":\"{shortage}\"}}")), "{event}");
    // Until then the scheduler sets aside what is wanted.
    let third = r#"{"spec":{"containers":[{"name":"c","image":"nginx","resources":{"requests":{"cpu":"200m"}}}]}}"#;
    said(&mut desk, &format!("kubectl run c --image=nginx --overrides='{third}'"));
    desk.wait(3);
    assert_eq!(said(&mut desk, "kubectl get pod c -o jsonpath='{.status.phase}'"), "Pending");
    said(&mut desk, "kubectl delete pod c --now");
    said(&mut desk, "kubectl delete pod b --now");
    desk.wait(3);
    assert_eq!((show(&mut desk, ACTUAL), show(&mut desk, CONDITIONS)), ("1500m".into(), SETTLED.into()));
}

#[test]
fn a_resize_that_is_taken_back_leaves_nothing() {
    let mut desk = running(1, BURSTABLE, "null");
    said(&mut desk, &patch(r#"{"requests":{"cpu":"9"}}"#));
    desk.wait(1);
    assert_eq!(show(&mut desk, CONDITIONS), format!("PodResizePending {SETTLED}"));
    said(&mut desk, &patch(r#"{"requests":{"cpu":"500m"}}"#));
    desk.wait(1);
    assert_eq!((show(&mut desk, ACTUAL), show(&mut desk, CONDITIONS)), ("500m".into(), SETTLED.into()));
}

#[test]
fn what_may_not_change_is_refused() {
    let limited = r#"{"requests":{"cpu":"500m","memory":"64Mi"},"limits":{"cpu":"1"}}"#;
    let mut desk = running(1, limited, "null");
    let cases = [
        (
            r#"{"limits":{"cpu":null}}"#,
            "spec.containers[0].resources.limits: Forbidden: resource limits cannot be removed",
        ),
        (
            r#"{"requests":{"cpu":"2"}}"#,
            "spec.containers[0].resources.requests: Invalid value: \"2\": must be less than or equal to cpu limit of 1",
        ),
        (
            r#"{"limits":{"memory":"64Mi"},"requests":{"cpu":"1"}}"#,
            "spec: Invalid value: \"Burstable\": Pod QOS Class may not change as a result of resizing",
        ),
        (r#"{"requests":{"ephemeral-storage":"1Gi"}}"#, "spec: Forbidden: only cpu and memory resources are mutable"),
    ];
    for (resources, expect) in cases {
        assert_eq!(said(&mut desk, &patch(resources)), format!("The Pod \"a\" is invalid: {expect}\n"), "{resources}");
    }
    let image = format!("{RESIZE} '{{\"spec\":{{\"containers\":[{{\"name\":\"a\",\"image\":\"busybox\"}}]}}}}'");
    assert_eq!(said(&mut desk, &image), "pod/a patched (no change)\n");
    let missing = "Error from server (NotFound): the server could not find the requested resource\n";
    assert_eq!(said(&mut desk, "kubectl get cm kube-root-ca.crt --subresource=resize"), missing);
}

#[test]
fn a_quota_counts_a_resize() {
    let mut desk = running(1, BURSTABLE, "null");
    said(&mut desk, "kubectl create quota q --hard=requests.cpu=1");
    desk.wait(2);
    let exceeded = "Error from server (Forbidden): pods \"a\" is forbidden: exceeded quota: q, requested: requests.cpu=1, used: \
                    requests.cpu=500m, limited: requests.cpu=1\n";
    assert_eq!(said(&mut desk, &patch(r#"{"requests":{"cpu":"1500m"}}"#)), exceeded);
    assert_eq!(said(&mut desk, &patch(r#"{"requests":{"cpu":"900m"}}"#)), "pod/a patched\n");
    desk.wait(3);
    assert_eq!(said(&mut desk, "kubectl get quota q -o jsonpath='{.status.used}'"), r#"{"requests.cpu":"900m"}"#);
}
