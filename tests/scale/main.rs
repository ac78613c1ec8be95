//! How counts grow with the cluster. Counts only: they are the same on every machine, busy or not.
#![cfg(not(target_arch = "wasm32"))]
#![allow(clippy::unwrap_used, reason = "a test fails by panicking")]

use ordinal_tests::fleet::{Company, Fleet, FleetWorld};
use ordinal_tests::rollout::Rollout;

/// How far from linear a count may grow when the fleet grows tenfold.
const FACTOR: f64 = 1.3;

/// What one fleet's way to readiness cost.
#[derive(Clone, Copy, Debug)]
struct Costs {
    writes: u64,
    kubelet_syncs: u64,
    engine_events: u64,
}

fn ready(fleet: Fleet) -> (FleetWorld, Costs) {
    let mut world = fleet.world();
    world.run_until_ready().unwrap();
    assert_eq!(world.running_in_table(), fleet.pods);
    let cluster = world.desk.world.cluster();
    let costs = Costs {
        writes: cluster.server().writes(),
        kubelet_syncs: cluster.kubelets().syncs(),
        engine_events: cluster.events(),
    };
    (world, costs)
}

#[test]
fn tenfold_pods_on_tenfold_nodes_cost_tenfold() {
    let (_, one) = ready(Fleet::decade(1));
    let (_, ten) = ready(Fleet::decade(10));
    let pairs = [
        ("writes", one.writes, ten.writes),
        ("pods visited by kubelets", one.kubelet_syncs, ten.kubelet_syncs),
        ("engine events", one.engine_events, ten.engine_events),
    ];
    for (what, one, ten) in pairs {
        let growth = ten as f64 / one as f64;
        assert!(growth <= 10.0 * FACTOR, "{what}: {one}, then {ten}");
    }
    // A pod is created, bound, said to be creating and running, each once, and told of in a handful of Events.
    assert!(ten.writes <= 12 * 1_000, "{ten:?}");
    assert!(ten.kubelet_syncs <= 10 * 1_000, "{ten:?}");
}

#[test]
fn one_pod_more_costs_the_same_in_a_large_fleet() {
    let cost = |n| {
        let (mut world, before) = ready(Fleet::decade(n));
        let replicas = 100 * n - 1;
        assert_eq!(world.desk.run(&format!("kubectl scale sts web --replicas={replicas}")).rc, 0);
        world.desk.wait(60);
        world.desk.world.cluster().server().writes() - before.writes
    };
    let (small, large) = (cost(1), cost(10));
    assert!(large <= small + 10, "{small} writes in a fleet of 100, {large} in one of 1,000");
}

/// Writes, and pods that controllers looked at, for a Deployment's start and one rollout.
fn rolled(n: u32) -> (u64, u64) {
    let mut world = Rollout { nodes: n + n.div_ceil(4), pods: 100 * n }.world();
    world.run_until_available().unwrap();
    world.roll().unwrap();
    let cluster = world.desk.world.cluster();
    (cluster.server().writes(), cluster.controllers().counters().pods_visited)
}

#[test]
fn a_rollout_of_tenfold_pods_costs_tenfold() {
    let (one, ten) = (rolled(1), rolled(10));
    for (what, one, ten) in [("writes", one.0, ten.0), ("pods visited by controllers", one.1, ten.1)] {
        let growth = ten as f64 / one as f64;
        assert!(growth <= 10.0 * FACTOR, "{what}: {one}, then {ten}");
    }
    // Each pod comes, is told of, and goes again; the ReplicaSets are sized in a handful of steps.
    assert!(ten.0 <= 30 * 1_000, "{ten:?}");
}

/// What placing a fleet costs per pod: nodes that were looked at, and nodes whose plugins were run.
fn placed(cluster: &cluster::Cluster, pods: u32) -> (f64, f64) {
    let counters = cluster.scheduler().counters();
    assert_eq!(counters.cycles, u64::from(pods), "each pod is placed at the first attempt");
    (counters.nodes_evaluated as f64 / f64::from(pods), counters.answers_computed as f64 / f64::from(pods))
}

#[test]
fn a_pod_of_a_large_deployment_has_two_nodes_answer() {
    let rollout = Rollout { nodes: 1_000, pods: 5_000 };
    let mut world = rollout.world();
    world.run_until_bound().unwrap();
    let (looked_at, answered) = placed(world.desk.world.cluster(), rollout.pods);
    // Upstream's share of 1,000 nodes.
    assert!(looked_at <= 420.0, "{looked_at}");
    // The node where the last pod went, and each node once.
    assert!(answered <= 2.0, "{answered}");
}

#[test]
fn a_pod_that_wants_a_host_of_its_own_has_two_nodes_answer() {
    let fleet = Fleet { nodes: 1_000, pods: 1_000, company: Company::Alone };
    let mut world = fleet.world();
    world.settle();
    world.run_until_bound().unwrap();
    let (looked_at, answered) = placed(world.desk.world.cluster(), fleet.pods);
    // Hosts that are taken are passed over on the way to 420 free ones, and in the end all are looked at.
    assert!(looked_at <= 800.0, "{looked_at}");
    assert!(answered <= 2.0, "{answered}");
}

#[test]
fn an_idle_hour_of_a_thousand_nodes_costs_nothing() {
    let mut world = Fleet { nodes: 1_000, pods: 0, company: Company::Any }.world();
    // The nodes' own Events have expired by then.
    world.desk.wait(2 * 3_600);
    let counts = |world: &FleetWorld| {
        let cluster = world.desk.world.cluster();
        (cluster.events(), cluster.server().writes())
    };
    let before = counts(&world);
    world.desk.wait(3_600);
    assert_eq!(counts(&world), before);
    let lease = "kubectl get lease node-7 -n kube-node-lease -o jsonpath='{.spec.renewTime}'";
    let (one, two) = (world.desk.run(lease).stdout, {
        world.desk.wait(60);
        world.desk.run(lease).stdout
    });
    assert!(one < two, "the leases are renewed all the same, as of when they are read: {one}, {two}");
}
