//! Every check fails when what it looks for is planted: by a write that no component would do, or in what it is shown.

use std::rc::Rc;

use api::core::pod_status::PodCondition;
use api::text::yaml;
use api::{Event, Key, Kind, Object, PersistentVolume, Pod, PodDisruptionBudget, ReplicaSet, Resource, StatefulSet};
use client::{Api, Change, ChangeKind, WriteOptions};
use cluster::Cluster;
use sim::{Fault, ObjectTarget, Span};

use crate::checks::{Checks, check_places, typed};
use crate::ensemble::{CLAIMS, Clients, read_all};
use crate::trouble::change;
use crate::{laid_out, pass};

/// A cluster at rest, with everything ready.
fn at_rest() -> (Cluster, Checks) {
    let (mut cluster, mut checks) = laid_out(3, "recorded");
    wait(&mut cluster, &mut checks, 120).unwrap();
    checks.all_is_well(&cluster).unwrap();
    (cluster, checks)
}

fn wait(cluster: &mut Cluster, checks: &mut Checks, seconds: i64) -> Result<(), String> {
    let until = cluster.now() + Span::from_seconds(seconds);
    pass(cluster, until, checks)
}

/// What is found when this was planted, a moment later, contains `expect`.
fn check(expect: &str, plant: impl FnOnce(&mut Cluster)) {
    let (mut cluster, mut checks) = at_rest();
    plant(&mut cluster);
    let found = wait(&mut cluster, &mut checks, 1);
    assert!(found.as_ref().is_err_and(|why| why.contains(expect)), "{found:?}, not {expect}");
}

/// What is found when the checks are shown a pod that was changed so, contains `expect`.
fn check_shown(expect: &str, name: &str, age: Span, edit: impl FnOnce(&mut Pod)) {
    let (cluster, mut checks) = at_rest();
    let found = show(&cluster, &mut checks, name, age, edit).and_then(|()| checks.look_closely(&cluster));
    assert!(found.as_ref().is_err_and(|why| why.contains(expect)), "{found:?}, not {expect}");
}

fn show(
    cluster: &Cluster,
    checks: &mut Checks,
    name: &str,
    age: Span,
    edit: impl FnOnce(&mut Pod),
) -> Result<(), String> {
    let old = pod(cluster, name);
    let mut new = Pod::clone(&old);
    edit(&mut new);
    let at = cluster.now() - age;
    let (kind, revision) = (ChangeKind::Modified, u64::MAX);
    checks.look_at(&Change { kind, object: new.into(), old: Some(Object::Pod(old)), revision, at }, cluster)
}

fn pod(cluster: &Cluster, name: &str) -> Rc<Pod> {
    typed::<Pod>(cluster).into_iter().find(|pod| pod.metadata.name.starts_with(name)).unwrap()
}

/// Creates a pod like that one, under another name.
fn copy(cluster: &mut Cluster, name: &str, other: &str, edit: impl FnOnce(&mut Pod)) {
    let mut copy = Pod::clone(&pod(cluster, name));
    copy.metadata.name = other.into();
    copy.metadata.resource_version = Default::default();
    edit(&mut copy);
    cluster.client("swarm").create(copy.into()).unwrap();
}

fn spend(cluster: &mut Cluster, edit: impl FnOnce(&mut PodDisruptionBudget)) {
    let mut budget = PodDisruptionBudget::clone(
        typed::<PodDisruptionBudget>(cluster).iter().find(|budget| budget.metadata.name == "web").unwrap(),
    );
    edit(&mut budget);
    cluster.client("swarm").update_status(budget.into()).unwrap();
}

#[test]
fn a_pod_that_is_not_of_its_set() {
    check("web-x is not a pod of web", |cluster| copy(cluster, "web-1", "web-x", |_| ()));
}

#[test]
fn a_pod_with_the_claim_of_another() {
    check("web-3 has the claims", |cluster| {
        copy(cluster, "web-1", "web-3", |pod| {
            pod.metadata.labels.insert("statefulset.kubernetes.io/pod-name", "web-3".to_owned());
            Rc::make_mut(&mut pod.spec).hostname = "web-3".into();
        });
    });
}

#[test]
fn a_pod_that_comes_too_early() {
    check("zk-2 was created while zk-1 was not ready", |cluster| {
        let mut early = Pod::clone(&pod(cluster, "zk-2"));
        early.metadata.resource_version = Default::default();
        for name in ["zk-2", "zk-1"] {
            let options = client::DeleteOptions { grace_period_seconds: Some(0), ..Default::default() };
            cluster.client("swarm").delete(Kind::Pod, &Key::new("default", name), &options).unwrap();
        }
        // The set's controller makes zk-1 and waits for it.
        let until = cluster.now() + Span::from_millis(700);
        let _ = cluster.advance_to(until, usize::MAX);
        cluster.client("swarm").create(early.into()).unwrap();
    });
}

#[test]
fn a_pod_that_goes_before_those_after_it() {
    let (cluster, mut checks) = at_rest();
    show(&cluster, &mut checks, "web-2", Span::from_seconds(60), |pod| {
        Rc::make_mut(&mut pod.status).conditions = Default::default();
    })
    .unwrap();
    let mut event = Event { reason: "SuccessfulDelete".into(), ..Event::default() };
    event.message = "delete Pod web-1 in StatefulSet web successful".into();
    let involved = Rc::make_mut(&mut event.involved_object);
    (involved.kind, involved.namespace) = ("StatefulSet".into(), "default".into());
    let (kind, at, object) = (ChangeKind::Added, cluster.now(), Object::from(event));
    let found = checks.look_at(&Change { kind, object, old: None, revision: u64::MAX, at }, &cluster);
    assert_eq!(found.unwrap_err(), "web-1 was taken away while web-2 was there and not ready");
}

#[test]
fn a_pod_that_moves() {
    check_shown("has moved to another node", "web-0", Span::ZERO, |pod| {
        Rc::make_mut(&mut pod.spec).node_name = "elsewhere".into();
    });
}

#[test]
fn a_debug_container_that_goes_or_comes_back() {
    let with = |spec: &str, status: &str| {
        let (spec, status) = (yaml::read(spec).unwrap(), yaml::read(status).unwrap());
        move |pod: &mut Pod| {
            Rc::make_mut(&mut pod.spec).rest.set("ephemeralContainers", spec);
            Rc::make_mut(&mut pod.status).rest.set("ephemeralContainerStatuses", status);
        }
    };
    let ended = "[{name: d, restartCount: 0, state: {terminated: {exitCode: 0}}}]";
    for (spec, status, expect) in [
        ("[]", "[]", "web-0 has lost the debug container d"),
        (
            "[{name: d}]",
            "[{name: d, restartCount: 0, state: {running: {}}}]",
            "the debug container d of web-0 has not stayed ended",
        ),
        (
            "[{name: d}, {name: e}]",
            "[{name: d, restartCount: 0, state: {terminated: {exitCode: 0}}}, {name: e, restartCount: 1}]",
            "the debug container e of web-0 was restarted",
        ),
    ] {
        let (cluster, mut checks) = at_rest();
        let mut old = Pod::clone(&pod(&cluster, "web-0"));
        with("[{name: d}]", ended)(&mut old);
        let mut new = old.clone();
        with(spec, status)(&mut new);
        let (kind, revision, at) = (ChangeKind::Modified, u64::MAX, cluster.now());
        let change = Change { kind, object: new.into(), old: Some(Object::from(old)), revision, at };
        assert_eq!(checks.look_at(&change, &cluster).unwrap_err(), expect);
    }
}

#[test]
fn a_pod_in_two_places() {
    let key = Key::new("default", "web-0");
    let running = ["node-1", "node-2"].map(|node| (key.clone(), node.into()));
    assert!(
        check_places(running.iter().map(|(key, node)| (key.clone(), node)))
            .unwrap_err()
            .contains("runs on node-2 and on node-1")
    );
}

#[test]
fn a_node_that_is_asked_for_too_much() {
    check("pods on node-1 ask for", |cluster| {
        let body = yaml::read(
            "{apiVersion: v1, kind: Pod, metadata: {name: big}, spec: {schedulerName: nobody, containers: \
             [{name: c, image: nginx, resources: {requests: {cpu: 1990m}}}]}}",
        );
        let written =
            cluster.client("swarm").create_value(Kind::Pod, "default", body.unwrap(), &WriteOptions::default());
        let uid = written.unwrap().object.metadata().uid.clone();
        cluster.client("swarm").bind(&Key::new("default", "big"), &uid, &"node-1".into()).unwrap();
    });
}

#[test]
fn a_volume_of_two_claims() {
    let (mut cluster, mut checks) = at_rest();
    let volume = typed::<PersistentVolume>(&cluster)[0].key();
    change::<PersistentVolume>(&mut cluster, &volume, |volume| {
        Rc::make_mut(volume.spec.claim_ref.as_mut().unwrap()).uid = "another".into();
    });
    assert!(checks.look_closely(&cluster).unwrap_err().contains("are not each other's alone"));
}

#[test]
fn a_budget_that_is_overdrawn() {
    check("budget web was overdrawn for web-1", |cluster| {
        let now = cluster.now();
        spend(cluster, |budget| {
            budget.status.disrupted_pods.insert("web-1".into(), now);
        });
    });
}

#[test]
fn a_budget_that_counts_wrong() {
    check("budget web counts wrong", |cluster| spend(cluster, |budget| budget.status.disruptions_allowed = 3));
}

#[test]
fn a_budget_that_is_not_asked() {
    check("web-1 was evicted and budget web not asked", |cluster| {
        let mut evicted = Pod::clone(&pod(cluster, "web-1"));
        let mut condition = PodCondition::new("DisruptionTarget", true, cluster.now());
        condition.reason = "EvictionByEvictionAPI".into();
        Rc::make_mut(&mut evicted.status).conditions.push(condition);
        cluster.client("swarm").update_status(evicted.into()).unwrap();
    });
}

#[test]
fn a_budget_that_does_not_look() {
    check_shown("budget web has not looked", "web-0", Span::from_seconds(1), |pod| {
        Rc::make_mut(&mut pod.status).conditions = Default::default();
    });
}

#[test]
fn a_replica_set_that_surpasses_what_it_may() {
    check("which makes 9, not", |cluster| {
        let set = typed::<ReplicaSet>(cluster)[0].key();
        change::<ReplicaSet>(cluster, &set, |set| Rc::make_mut(&mut set.spec).replicas = Some(9));
    });
}

#[test]
fn a_replica_set_with_too_many_pods() {
    check("has 5 pods and wants 4", |cluster| copy(cluster, "app-", "app-more", |_| ()));
}

#[test]
fn two_pods_of_a_daemon_set_on_a_node() {
    check("of one DaemonSet are both on", |cluster| copy(cluster, "agent-", "agent-more", |_| ()));
}

#[test]
fn a_znode_that_is_lost() {
    let (mut cluster, mut checks) = at_rest();
    let mut clients = Clients::default();
    clients.write(0, &mut cluster);
    wait(&mut cluster, &mut checks, 5).unwrap();
    clients.hear(&mut cluster, &mut checks.znodes);
    assert!(checks.znodes.acknowledged.contains(&0) && checks.znodes.are_everywhere(&cluster));
    for claim in &CLAIMS[..2] {
        wait(&mut cluster, &mut checks, 1).unwrap();
        let claim = ObjectTarget { namespace: "default".to_owned(), name: (*claim).to_owned() };
        cluster.inject(&Fault::LoseVolume(claim)).unwrap();
    }
    let found = wait(&mut cluster, &mut checks, 1);
    assert_eq!(found.unwrap_err(), "/swarm-0 was acknowledged and is on 1 disks");
}

#[test]
fn a_znode_that_a_member_does_not_have() {
    let (mut cluster, mut checks) = at_rest();
    checks.znodes.acknowledged.insert(7);
    let until = cluster.now() + Span::from_seconds(10);
    let found = read_all(&mut cluster, &checks.znodes, until);
    assert_eq!(found.unwrap_err(), "/swarm-7 was acknowledged, and zk-0 does not have it");
}

#[test]
fn a_set_that_is_not_as_wanted() {
    let (mut cluster, checks) = at_rest();
    change::<StatefulSet>(&mut cluster, &Key::new("default", "web"), |set| {
        Rc::make_mut(&mut set.spec).replicas = Some(2);
    });
    assert!(checks.all_is_well(&cluster).unwrap_err().starts_with("web wants 2"));
}
