//! Faults as a reader of the page sees them: typed in a terminal, watched with kubectl.
//!
//! A case is a script: a line is a command, `sleep` included; lines after it that begin with `> ` are what it must print, where
//! `[..]` stands for any text.
#![cfg(not(target_arch = "wasm32"))]
#![allow(clippy::unwrap_used, reason = "a test fails by panicking")]

mod ensemble;

use cluster::timing;
use ordinal_tests::desk::{Desk, options};

/// Plays a script on a cluster of four nodes, on which `web.yaml` runs. `$A` is the node of web-0, `$B` that of web-1.
fn check(script: &str) {
    let mut desk = desk("recorded");
    desk.run("kubectl apply -f web.yaml; kubectl rollout status sts/web");
    desk.run("A=$(kubectl get pod web-0 -o jsonpath='{.spec.nodeName}')");
    desk.run("B=$(kubectl get pod web-1 -o jsonpath='{.spec.nodeName}')");
    play(&mut desk, script);
}

fn desk(profile: &str) -> Desk {
    let mut options = options(4, 1);
    options.cluster.timing = timing::named(profile).unwrap();
    Desk::new(&options)
}

fn play(desk: &mut Desk, script: &str) {
    let mut lines = script.lines().map(str::trim).filter(|line| !line.is_empty()).peekable();
    while let Some(command) = lines.next() {
        let mut expected = Vec::new();
        while let Some(line) = lines.next_if(|line| line.starts_with('>')) {
            expected.push(line.trim_start_matches('>').trim());
        }
        let said = desk.run(command);
        if expected.is_empty() {
            continue;
        }
        let text = format!("{}{}", said.stdout, said.stderr);
        let found: Vec<String> =
            text.lines().map(|line| line.split_whitespace().collect::<Vec<_>>().join(" ")).collect();
        let same = found.len() == expected.len()
            && found.iter().zip(&expected).all(|(found, expected)| matches(expected, found));
        assert!(same, "{command}\n--- expected\n{}\n--- found\n{}", expected.join("\n"), found.join("\n"));
    }
}

fn matches(pattern: &str, text: &str) -> bool {
    let mut parts = pattern.split("[..]");
    let first = parts.next().unwrap_or_default();
    let Some(mut rest) = text.strip_prefix(first) else { return false };
    let parts: Vec<&str> = parts.collect();
    for (at, part) in parts.iter().enumerate() {
        let is_last = at + 1 == parts.len();
        let found = if is_last && part.is_empty() { Some(rest.len()) } else { rest.find(part) };
        let Some(found) = found else { return false };
        rest = &rest[found + part.len()..];
    }
    rest.is_empty()
}

#[test]
fn a_node_that_stops_is_noticed_and_its_pods_end_only_by_force() {
    check(
        "fault node stop $A
         > node/[..] stopped
         kubectl exec web-0 -- hostname
         > Error from server: error dialing backend: dial tcp 192.168.49.[..]:10250: connect: no route to host
         sleep 40
         kubectl get node $A --no-headers
         > node-[..] Ready <none> [..]
         sleep 20
         kubectl get node $A --no-headers
         > node-[..] NotReady <none> [..]
         kubectl get node $A -o jsonpath='{.spec.taints[*].key} {.spec.taints[*].effect}'
         > node.kubernetes.io/unreachable node.kubernetes.io/unreachable NoSchedule NoExecute
         kubectl get node $A -o jsonpath='{.status.conditions[3].status} {.status.conditions[3].reason}: {.status.conditions[3].message}'
         > Unknown NodeStatusUnknown: Kubelet stopped posting node status.
         kubectl get pod web-0 -o jsonpath='{.status.conditions[?(@.type==\"Ready\")].status}'
         > False
         kubectl get endpoints nginx -o jsonpath='{.subsets[*].notReadyAddresses[*].targetRef.name}' 2>/dev/null
         > web-0
         sleep 280
         kubectl get pod web-0 --no-headers
         > web-0 1/1 Running 0 [..]
         sleep 30
         kubectl get pod web-0 --no-headers
         > web-0 1/1 Terminating 0 [..]
         kubectl get events --field-selector involvedObject.name=web-0,reason=TaintManagerEviction -o jsonpath='{.items[*].message}'
         > Marking for deletion Pod default/web-0
         kubectl get pod web-0 -o jsonpath='{.status.conditions[?(@.type==\"DisruptionTarget\")].reason}'
         > DeletionByTaintManager
         sleep 3600
         kubectl get pod web-0 --no-headers
         > web-0 1/1 Terminating 0 [..]
         kubectl delete pod web-0 --force --grace-period=0 2>/dev/null
         sleep 10
         kubectl get pod web-0 --no-headers
         > web-0 1/1 Running 0 10s",
    );
}

#[test]
fn a_node_that_returns_ends_what_was_deleted_and_is_let_in_again() {
    check(
        "fault node stop $A
         sleep 400
         kubectl get pod web-0 --no-headers
         > web-0 1/1 Terminating 0 [..]
         fault node start $A
         sleep 15
         kubectl get node $A --no-headers
         > node-[..] Ready <none> [..]
         kubectl get node $A -o jsonpath='{.spec.taints}'
         kubectl get pods --no-headers
         > web-0 1/1 Running 0 [..]
         > web-1 1/1 Running 0 [..]
         kubectl get events --field-selector involvedObject.name=$A,reason=Rebooted -o jsonpath='{.items[*].message}'
         > Node node-[..] has been rebooted, boot id: [..]",
    );
}

#[test]
fn a_short_outage_restarts_the_containers_where_they_are() {
    check(
        "fault node stop $A
         sleep 20
         fault node start $A
         sleep 5
         kubectl get pod web-0 --no-headers
         > web-0 1/1 Running 1 ([..] ago) [..]
         kubectl get pod web-0 -o jsonpath='{.status.containerStatuses[0].lastState.terminated.exitCode} {.status.containerStatuses[0].lastState.terminated.reason}'
         > 255 Unknown
         kubectl get events --field-selector reason=SandboxChanged -o jsonpath='{.items[*].message}'
         > Pod sandbox changed, it will be killed and re-created.
         kubectl get events --field-selector reason=NodeNotReady
         > No resources found in default namespace.",
    );
}

#[test]
fn a_taint_frees_the_pods_of_a_node_that_will_not_come_back() {
    check(
        "fault node stop $A
         sleep 70
         kubectl taint node $A node.kubernetes.io/out-of-service=nodeshutdown:NoExecute
         > node/[..] tainted
         sleep 25
         kubectl get pod web-0 --no-headers
         > web-0 1/1 Running 0 [..]
         kubectl get pod web-0 -o jsonpath='{.spec.nodeName}' | grep -c -v -x $A
         > 1",
    );
}

#[test]
fn behind_a_cut_a_pod_runs_on_beside_its_successor() {
    check(
        "fault network cut $A
         sleep 60
         kubectl get node $A --no-headers
         > node-[..] NotReady <none> [..]
         kubectl exec web-1 -- curl -sS -m 2 http://$(kubectl get pod web-0 -o jsonpath='{.status.podIP}')/
         > curl: (7) Failed to connect to 10.244.[..]
         > command terminated with exit code 7
         kubectl delete pod web-0 --force --grace-period=0 2>/dev/null
         sleep 10
         kubectl get pods --no-headers
         > web-0 1/1 Running 0 [..]
         > web-1 1/1 Running 0 [..]
         fault list
         > THING FAULT
         > node/node-[..] network cut
         fault network heal $A
         sleep 15
         kubectl get pods --no-headers
         > web-0 1/1 Running 0 [..]
         > web-1 1/1 Running 0 [..]
         kubectl get node $A -o jsonpath='{.spec.taints}'
         fault list
         > Nothing is broken.",
    );
}

#[test]
fn when_no_node_is_left_nobody_is_evicted() {
    check(
        "for i in 1 2 3 4; do fault node stop node-$i; done
         sleep 700
         kubectl get pods --no-headers
         > web-0 1/1 Running 0 [..]
         > web-1 1/1 Running 0 [..]
         kubectl get nodes -o jsonpath='{.items[*].spec.taints[*].effect}'
         > NoSchedule NoSchedule NoSchedule NoSchedule
         fault clear
         > 4 faults cleared
         sleep 10
         kubectl get nodes --no-headers
         > node-1 Ready <none> [..]
         > node-2 Ready <none> [..]
         > node-3 Ready <none> [..]
         > node-4 Ready <none> [..]
         kubectl get pods --no-headers
         > web-0 1/1 Running 1 ([..]) [..]
         > web-1 1/1 Running 1 ([..]) [..]",
    );
}

#[test]
fn most_of_a_small_cluster_lost_stops_evictions_too() {
    check(
        "for i in 1 2 3; do fault node stop node-$i; done
         sleep 700
         kubectl get nodes -o jsonpath='{.items[*].spec.taints[*].effect}'
         > NoSchedule NoSchedule NoSchedule",
    );
}

#[test]
fn pods_of_a_deleted_node_are_collected() {
    check(
        "kubectl delete node $A
         > node \"node-[..]\" deleted
         sleep 70
         kubectl get pod web-0 --no-headers
         > web-0 1/1 Running 0 [..]
         kubectl get pod web-0 -o jsonpath='{.spec.nodeName}' | grep -c -v -x $A
         > 1
         fault node stop $A
         fault node start $A
         sleep 1
         kubectl get node $A --no-headers
         > node-[..] Ready <none> 1s v1.36.2",
    );
}

#[test]
fn a_deleted_lease_is_made_anew() {
    check(
        "kubectl delete lease $A -n kube-node-lease
         > lease.coordination.k8s.io \"node-[..]\" deleted from kube-node-lease namespace
         sleep 100
         kubectl get node $A --no-headers
         > node-[..] Ready <none> [..]",
    );
}

#[test]
fn a_node_that_nobody_runs_is_never_ready() {
    check(
        "printf 'apiVersion: v1\\nkind: Node\\nmetadata: {name: ghost}\\n' | kubectl create -f -
         > node/ghost created
         sleep 70
         kubectl get node ghost --no-headers
         > ghost NotReady <none> [..]
         kubectl get node ghost -o jsonpath='{.status.conditions[0].reason}: {.status.conditions[0].message}'
         > NodeStatusNeverUpdated: Kubelet never posted node status.",
    );
}

#[test]
fn a_killed_container_is_started_again() {
    check(
        "fault pod kill web-1 --exit 3
         > pod/web-1 killed
         sleep 4
         kubectl get pod web-1 --no-headers
         > web-1 1/1 Running 1 ([..] ago) [..]
         kubectl get pod web-1 -o jsonpath='{.status.containerStatuses[0].lastState.terminated.exitCode}'
         > 3",
    );
}

#[test]
fn a_full_volume_refuses_and_a_lost_one_forgets() {
    let page = "/usr/share/nginx/html/index.html";
    check(&format!(
        "kubectl exec web-1 -- sh -c 'echo one > {page}'
         fault volume fill www-web-1
         > persistentvolumeclaim/www-web-1 full
         fault list
         > THING FAULT
         > persistentvolumeclaim/default/www-web-1 full
         kubectl exec web-1 -- sh -c 'echo one and more > {page}'
         > sh: 1: echo: write error: No space left on device
         > command terminated with exit code 1
         fault clear
         > 1 fault cleared
         kubectl exec web-1 -- sh -c 'echo two and more > {page}; cat {page}'
         > two and more
         fault volume lose www-web-1
         > persistentvolumeclaim/www-web-1 lost
         kubectl exec web-1 -- cat {page}
         > cat: {page}: No such file or directory
         > command terminated with exit code 1"
    ));
}

#[test]
fn mistakes_are_named() {
    check(
        "fault
         > fault: what is to break?
         > Try 'fault --help' for the list of faults.
         fault node stop node-9
         > fault: nodes \"node-9\" not found
         fault node start node-1
         > fault: node/node-1 runs already
         fault network heal node-1
         > fault: the network of node/node-1 is not cut
         fault pod kill nope
         > fault: pods \"nope\" not found
         fault pod kill web-0 -c nope
         > fault: container nope is not valid for pod web-0
         fault pod unready web-0
         > fault: container nginx has no readiness probe: nothing asks whether it is ready
         fault pod kill web-0 --exit 300
         > fault: --exit takes a number from 0 to 255, not \"300\"
         > Try 'fault --help' for the list of faults.
         fault volume fill nope
         > fault: persistentvolumeclaims \"nope\" not found
         fault node fly
         > fault: node: unknown command \"fly\": one of stop, start
         > Try 'fault --help' for the list of faults.
         fault node stop node-1 --exit 3
         > fault: node stop takes no --exit
         > Try 'fault --help' for the list of faults.
         fault clear now
         > fault: clear takes no arguments
         > Try 'fault --help' for the list of faults.
         fault clear
         > 0 faults cleared",
    );
}

#[test]
fn tab_completes_a_fault() {
    let mut desk = Desk::new(&options(2, 1));
    desk.run("kubectl apply -f web.yaml; kubectl rollout status sts/web");
    let mut offers = |line: &str| -> Vec<String> {
        let found = desk.world.complete(Desk::TERMINAL, line, line.len()).unwrap();
        found.candidates.into_iter().map(|candidate| candidate.text).collect()
    };
    assert_eq!(offers("fault n"), ["network", "node"]);
    assert_eq!(offers("fault pod "), ["hang", "kill", "ready", "unready"]);
    assert_eq!(offers("fault node stop "), ["node-1", "node-2"]);
    assert_eq!(offers("fault pod kill web-"), ["web-0", "web-1"]);
    assert_eq!(offers("fault pod kill web-0 -c "), ["nginx"]);
    assert_eq!(offers("fault volume fill "), ["www-web-0", "www-web-1"]);
}

const PREEMPTION: &str = r#"
kubectl create priorityclass high --value=1000
kubectl create priorityclass polite --value=500 --preemption-policy=Never
for i in 1 2 3 4; do printf 'apiVersion: v1\nkind: Pod\nmetadata: {name: low-%s}\nspec: {containers: [{name: c, image: nginx, resources: {requests: {cpu: 1500m}}}]}\n' $i | kubectl apply -f -; done
sleep 5
printf 'apiVersion: v1\nkind: Pod\nmetadata: {name: polite}\nspec: {priorityClassName: polite, containers: [{name: c, image: nginx, resources: {requests: {cpu: 1}}}]}\n' | kubectl apply -f -
sleep 1
kubectl get pod polite -o jsonpath='{.status.conditions[0].message}'
> 0/4 nodes are available: 4 Insufficient cpu. no new claims to deallocate, preemption: not eligible due to preemptionPolicy=Never.
printf 'apiVersion: v1\nkind: Pod\nmetadata: {name: top}\nspec: {priorityClassName: high, containers: [{name: c, image: nginx, resources: {requests: {cpu: 1}}}]}\n' | kubectl apply -f -
kubectl get pod top -o jsonpath='{.status.nominatedNodeName}' | grep -c node
> 1
kubectl get events --field-selector reason=Preempted -o jsonpath='{.items[*].message}'
> Preempted by pod [..] on node node-[..]
kubectl get pods -o jsonpath='{.items[*].status.conditions[?(@.type=="DisruptionTarget")].message}'
> default-scheduler: preempting to accommodate a higher priority pod
sleep 10
kubectl get pod top --no-headers
> top 1/1 Running 0 [..]
kubectl get pods --no-headers | grep -c low
> 3
kubectl get pod top -o jsonpath='{.spec.priority}{.status.nominatedNodeName}'
> 1000
kubectl create priorityclass system-mine --value=1
> error: failed to create priorityclass: PriorityClass.scheduling.k8s.io "system-mine" is invalid: metadata.name: Forbidden: priority class names with 'system-' prefix are reserved for system use only. error: system-mine is not a known system priority class
"#;

#[test]
fn a_pod_of_higher_priority_takes_the_place_of_another() {
    check(PREEMPTION);
}

#[test]
fn a_pod_of_the_same_name_that_was_bound_while_its_node_was_off_starts_when_it_is_back() {
    let pod = "printf 'apiVersion: v1\\nkind: Pod\\nmetadata: {name: one}\\nspec: {nodeName: %s, containers: [{name: c, image: nginx}]}\\n' $A | kubectl apply -f -";
    check(&format!(
        "{pod}
         sleep 10
         fault node stop $A
         kubectl delete pod one --force --grace-period=0 2>/dev/null
         {pod}
         > pod/one created
         fault node start $A
         sleep 20
         kubectl get pod one --no-headers
         > one 1/1 Running 0 [..]"
    ));
}

#[test]
fn a_drain_that_is_interrupted_leaves_the_node_cordoned_and_goes_on_later() {
    check(
        "kubectl create pdb web --selector=app=nginx --min-available=2
         > poddisruptionbudget.policy/web created
         sleep 2
         kubectl drain $A --ignore-daemonsets --timeout=7s 2>&1 | tail -n 1
         > error when evicting pods/\"web-0\" -n \"default\": global timeout reached: 7s
         kubectl get node $A --no-headers
         > node-[..] Ready,SchedulingDisabled <none> [..]
         kubectl get pod web-0 --no-headers
         > web-0 1/1 Running 0 [..]
         kubectl delete pdb web
         kubectl drain $A --ignore-daemonsets
         > node/node-[..] already cordoned
         > evicting pod default/web-0
         > pod/web-0 evicted
         > node/node-[..] drained",
    );
}

#[test]
fn a_pod_with_two_budgets_cannot_be_evicted_and_an_event_says_so() {
    check(
        "kubectl create pdb one --selector=app=nginx --max-unavailable=1
         kubectl create pdb two --selector=app=nginx --max-unavailable=1
         sleep 2
         kubectl drain $A --ignore-daemonsets 2>&1 | grep -c 'This pod has more than one PodDisruptionBudget, which the eviction subresource does not support.'
         > 3
         kubectl label pod web-0 note=seen
         sleep 2
         kubectl get events --field-selector involvedObject.name=web-0,reason=MultiplePodDisruptionBudgets -o jsonpath='{.items[*].message}'
         > Pod \"default\"/\"web-0\" matches multiple PodDisruptionBudgets. Chose \"one\" arbitrarily.",
    );
}

#[test]
fn with_all_nodes_cordoned_a_pod_waits_and_says_why() {
    check(
        "kubectl cordon node-1 node-2 node-3 node-4
         kubectl delete pod web-0
         sleep 5
         kubectl get pod web-0 --no-headers
         > web-0 0/1 Pending 0 [..]
         kubectl get pod web-0 -o jsonpath='{.status.conditions[?(@.type==\"PodScheduled\")].message}'
         > 0/4 nodes are available: 4 node(s) were unschedulable. no new claims to deallocate, preemption: 0/4 nodes are available: 4 Preemption is not helpful for scheduling.
         kubectl uncordon node-1 node-2 node-3 node-4
         sleep 10
         kubectl get pod web-0 --no-headers
         > web-0 1/1 Running 0 [..]",
    );
}

#[test]
fn a_process_that_is_killed_in_a_loop_is_started_again_each_time() {
    check(
        "for i in 1 2 3 4 5; do fault pod kill web-1 > /dev/null; sleep 6; done
         sleep 10
         kubectl get pod web-1 --no-headers
         > web-1 1/1 Running 5 ([..] ago) [..]",
    );
}

#[test]
fn a_name_that_is_not_there_is_not_found() {
    check(
        "kubectl exec web-0 -- curl -sS http://web-9.nginx/
         > curl: (6) Could not resolve host: web-9.nginx
         > command terminated with exit code 6",
    );
}
