//! `kubectl drain` and `kubectl taint` against an API server.

use crate::world::World;
use sim::Span;

const NODE: &str = "apiVersion: v1\nkind: Node\nmetadata: {name: node-9}\n";
const ACCOUNT: &str = "apiVersion: v1\nkind: ServiceAccount\nmetadata: {name: default}\n";
const BARE: &str = "apiVersion: v1\nkind: Pod\nmetadata: {name: bare, labels: {app: bare}}\nspec:\n  nodeName: node-9\n  \
containers: [{name: c, image: nginx}]\n  volumes: [{name: v, emptyDir: {}}]\n";

fn with_node() -> World {
    let mut world = World::new();
    for manifest in [NODE, ACCOUNT, BARE] {
        let outcome = world.run_with("kubectl apply -f -", manifest);
        assert_eq!(outcome.code, Some(0), "{outcome:?}");
    }
    world
}

#[test]
fn a_pod_that_may_not_go_keeps_its_node_from_being_drained() {
    let mut world = with_node();
    let why = "cannot delete Pods with local storage (use --delete-emptydir-data to override): default/bare";
    let stderr = format!(
        "error: unable to drain node \"node-9\" due to error: {why}, continuing command...\nThere are pending nodes to be \
         drained:\n node-9\n{why}\n"
    );
    world.check("kubectl drain node-9", "", "node/node-9 cordoned\n", &stderr, 1);
    let stderr = stderr.replace(
        "Pods with local storage (use --delete-emptydir-data to override)",
        "Pods that declare no controller (use --force to override)",
    );
    let line = "kubectl drain node-9 --delete-emptydir-data";
    world.check(line, "", "node/node-9 already cordoned\n", &stderr, 1);
    let dry =
        "node/node-9 already cordoned (dry run)\nevicting pod default/bare (dry run)\nnode/node-9 drained (dry run)\n";
    let warning = "Warning: deleting Pods that declare no controller: default/bare\n";
    world.check(&format!("{line} --force --dry-run=client"), "", dry, warning, 0);
    let none = "node/node-9 already cordoned\nnode/node-9 drained\n";
    world.check("kubectl drain node-9 --pod-selector app=other", "", none, "", 0);
}

#[test]
fn an_evicted_pod_is_waited_for() {
    let mut world = with_node();
    let mut drain = world.start("kubectl drain node-9 --force --delete-emptydir-data");
    world.advance(&mut drain, "", Span::from_seconds(3));
    assert_eq!(drain.outcome.code, None);
    assert_eq!(drain.outcome.stdout, "node/node-9 cordoned\nevicting pod default/bare\n");
    world.run("kubectl delete pod bare --force --grace-period=0");
    world.advance(&mut drain, "", Span::from_seconds(3));
    assert!(drain.outcome.stdout.ends_with("pod/bare evicted\nnode/node-9 drained\n"), "{:?}", drain.outcome);
    assert_eq!(drain.outcome.code, Some(0));
}

#[test]
fn a_drain_gives_up_when_its_time_is_over() {
    let mut world = with_node();
    let outcome = world.run("kubectl drain node-9 --force --delete-emptydir-data --timeout=3s");
    let why = "error when waiting for pod \"bare\" in namespace \"default\" to terminate: global timeout reached: 3s";
    assert_eq!(outcome.code, Some(1));
    assert!(
        outcome.stderr.ends_with(&format!("There are pending nodes to be drained:\n node-9\n{why}\n")),
        "{outcome:?}"
    );
}

#[test]
fn taints_come_and_go() {
    let mut world = with_node();
    world.check("kubectl taint nodes node-9 a=b:NoSchedule", "", "node/node-9 tainted\n", "", 0);
    let refusal = "error: node node-9 already has a taint(s) with same effect(s) and --overwrite is false\n";
    world.check("kubectl taint nodes node-9 a=c:NoSchedule", "", "", refusal, 1);
    world.check("kubectl taint nodes node-9 a=c:NoSchedule --overwrite", "", "node/node-9 modified\n", "", 0);
    world.check("kubectl get node node-9 -o jsonpath={.spec.taints[0].value}", "", "c", "", 0);
    world.check("kubectl taint nodes node-9 a-", "", "node/node-9 untainted\n", "", 0);
    world.check("kubectl get node node-9 -o jsonpath={.spec.taints}", "", "", "", 0);
    world.check("kubectl taint nodes node-9 a-", "", "", "error: taint \"a\" not found\n", 1);
    let usage =
        "error: invalid taint effect: Nope, unsupported taint effect\nSee 'kubectl taint -h' for help and examples\n";
    world.check("kubectl taint nodes node-9 k=v:Nope", "", "", usage, 1);
    let refusal = "error: at least one taint update is required\n";
    world.check("kubectl taint nodes node-9 foo", "", "", refusal, 1);
}
