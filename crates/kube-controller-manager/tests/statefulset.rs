//! StatefulSets against the real API server: order, updates, adoption, claims.

mod world;

use api::core::pod_status::PodPhase;
use api::{ControllerRevision, Key, Kind, PersistentVolumeClaim, Pod, StatefulSet};
use client::Propagation;
use sim::Span;
use world::World;

const WEB: &str = include_str!("manifests/web.yaml");

fn web(world: &mut World) {
    world.create(WEB);
}

fn revision_of(pod: &Pod) -> &str {
    pod.metadata.labels.get("controller-revision-hash").unwrap_or("")
}

#[test]
fn an_ordered_set_makes_one_pod_after_the_other() {
    let mut world = World::new();
    web(&mut world);
    world.run_seconds(1);
    assert_eq!(world.names(Kind::Pod), ["web-0"]);
    world.run_seconds(1);
    assert_eq!(world.names(Kind::Pod), ["web-0", "web-1"]);
    world.run_seconds(3);
    let set = world.get::<StatefulSet>("web");
    assert_eq!((set.status.ready_replicas, set.status.replicas, set.status.observed_generation), (2, 2, 1));
    assert_eq!(set.status.current_revision, "web-847b47bbbc");
    assert_eq!(
        world.events_about("web"),
        [
            "SuccessfulCreate Create Claim www-web-0 Pod web-0 in StatefulSet web success x1",
            "SuccessfulCreate Create Pod web-0 in StatefulSet web successful x1",
            "SuccessfulCreate Create Claim www-web-1 Pod web-1 in StatefulSet web success x1",
            "SuccessfulCreate Create Pod web-1 in StatefulSet web successful x1",
        ]
    );
    let why = world.manager.why(Kind::Pod, &Key::new("default", "web-1")).map(|why| why.about("web-1"));
    assert_eq!(why.as_deref(), Some("web-1 was created because web-0 became Ready"));
}

#[test]
fn replicas_share_what_the_template_has() {
    let mut world = World::new();
    web(&mut world);
    world.run_seconds(5);
    let (first, second) = (world.get::<Pod>("web-0"), world.get::<Pod>("web-1"));
    assert!(std::ptr::eq(first.spec.containers.as_slice(), second.spec.containers.as_slice()));
}

#[test]
fn scaling_down_takes_the_highest_pods_one_by_one_and_keeps_claims() {
    let mut world = World::new();
    web(&mut world);
    world.run_seconds(5);
    world.patch(Kind::StatefulSet, "web", "{spec: {replicas: 0}}");
    world.run(Span::from_millis(500));
    let terminating: Vec<_> = world.pods().iter().filter(|pod| pod.metadata.is_terminating()).cloned().collect();
    assert_eq!(terminating.len(), 1);
    assert_eq!(terminating[0].metadata.name, "web-1");
    world.run_seconds(3);
    assert!(world.pods().is_empty());
    assert_eq!(world.names(Kind::PersistentVolumeClaim), ["www-web-0", "www-web-1"]);
}

#[test]
fn a_rolling_update_goes_from_the_top_and_a_rollback_renumbers_the_old_revision() {
    let mut world = World::new();
    web(&mut world);
    world.run_seconds(5);
    world.patch(Kind::StatefulSet, "web", IMAGE_07);
    world.run(Span::from_millis(200));
    assert!(world.get::<Pod>("web-1").metadata.is_terminating());
    assert!(!world.get::<Pod>("web-0").metadata.is_terminating());
    world.run_seconds(10);
    let set = world.get::<StatefulSet>("web");
    assert_eq!(set.status.current_revision, "web-6b4bf597b4");
    assert!(world.pods().iter().all(|pod| revision_of(pod) == "web-6b4bf597b4"));
    world.patch(Kind::StatefulSet, "web", IMAGE_08);
    world.run_seconds(10);
    assert_eq!(world.get::<StatefulSet>("web").status.current_revision, "web-847b47bbbc");
    assert_eq!(world.get::<ControllerRevision>("web-847b47bbbc").revision, 3);
    assert_eq!(world.get::<ControllerRevision>("web-6b4bf597b4").revision, 2);
}

const IMAGE_07: &str = "{spec: {template: {spec: {containers: [{name: nginx, image: 'registry.k8s.io/nginx-slim:0.7', \
    ports: [{containerPort: 80, name: web}], volumeMounts: [{name: www, mountPath: /usr/share/nginx/html}]}]}}}}";
const IMAGE_08: &str = "{spec: {template: {spec: {containers: [{name: nginx, image: 'registry.k8s.io/nginx-slim:0.8', \
    ports: [{containerPort: 80, name: web}], volumeMounts: [{name: www, mountPath: /usr/share/nginx/html}]}]}}}}";

#[test]
fn a_partition_keeps_the_pods_below_it() {
    let mut world = World::new();
    web(&mut world);
    world.patch(Kind::StatefulSet, "web", "{spec: {replicas: 3, updateStrategy: {rollingUpdate: {partition: 2}}}}");
    world.run_seconds(8);
    world.patch(Kind::StatefulSet, "web", IMAGE_07);
    world.run_seconds(8);
    let revisions: Vec<String> = world.pods().iter().map(|pod| revision_of(pod).to_owned()).collect();
    assert_eq!(revisions, ["web-847b47bbbc", "web-847b47bbbc", "web-6b4bf597b4"]);
    world.delete(Kind::Pod, "web-1", Propagation::Background);
    world.run_seconds(4);
    assert_eq!(revision_of(&world.get::<Pod>("web-1")), "web-847b47bbbc", "below the partition the old template rules");
}

#[test]
fn a_broken_rollout_stays_broken_until_the_pod_is_deleted() {
    let mut world = World::new();
    web(&mut world);
    world.run_seconds(5);
    world.broken.push("web-1");
    world.patch(Kind::StatefulSet, "web", IMAGE_07);
    world.run_seconds(8);
    world.broken.clear();
    world.patch(Kind::StatefulSet, "web", IMAGE_08);
    world.run_seconds(20);
    assert_eq!(revision_of(&world.get::<Pod>("web-1")), "web-6b4bf597b4");
    let why = world.manager.why(Kind::StatefulSet, &Key::new("default", "web")).map(|why| why.about("web"));
    assert_eq!(why.as_deref(), Some("web waits until web-1 is Running and Ready"));
    world.delete(Kind::Pod, "web-1", Propagation::Background);
    world.run_seconds(5);
    assert_eq!(revision_of(&world.get::<Pod>("web-1")), "web-847b47bbbc");
}

#[test]
fn a_cascading_delete_ends_all_pods_at_once() {
    let mut world = World::new();
    web(&mut world);
    world.run_seconds(5);
    world.delete(Kind::StatefulSet, "web", Propagation::Background);
    world.run(Span::from_millis(100));
    assert!(world.pods().iter().all(|pod| pod.metadata.is_terminating()));
    world.run_seconds(2);
    assert!(world.pods().is_empty());
    assert!(world.names(Kind::ControllerRevision).is_empty());
    assert_eq!(world.names(Kind::PersistentVolumeClaim).len(), 2);
}

#[test]
fn a_foreground_delete_lets_the_set_go_last() {
    let mut world = World::new();
    web(&mut world);
    world.run_seconds(5);
    world.delete(Kind::StatefulSet, "web", Propagation::Foreground);
    world.run(Span::from_millis(500));
    assert!(world.find::<StatefulSet>("web").is_some());
    assert!(world.pods().iter().all(|pod| pod.metadata.is_terminating()));
    world.run_seconds(2);
    assert!(world.find::<StatefulSet>("web").is_none());
    assert!(world.pods().is_empty());
}

#[test]
fn orphans_are_adopted_by_a_set_of_the_same_selector() {
    let mut world = World::new();
    web(&mut world);
    world.run_seconds(5);
    let uid = world.get::<Pod>("web-0").metadata.uid.clone();
    world.delete(Kind::StatefulSet, "web", Propagation::Orphan);
    world.run_seconds(1);
    assert!(world.find::<StatefulSet>("web").is_none());
    assert!(world.pods().iter().all(|pod| pod.metadata.owner_references.is_empty()));
    let set = WEB.split("\n---\n").nth(1).expect("the set is the second document");
    world.create(set);
    world.run_seconds(2);
    let set = world.get::<StatefulSet>("web");
    let pod = world.get::<Pod>("web-0");
    assert_eq!(pod.metadata.uid, uid);
    assert!(pod.metadata.is_controlled_by(&set.metadata.uid));
    assert_eq!(set.status.ready_replicas, 2);
    assert!(world.get::<ControllerRevision>("web-847b47bbbc").metadata.is_controlled_by(&set.metadata.uid));
}

#[test]
fn a_failed_pod_is_deleted_and_made_again() {
    let mut world = World::new();
    web(&mut world);
    world.run_seconds(5);
    let before = world.get::<Pod>("web-0").metadata.uid.clone();
    world.set_pod(&Key::new("default", "web-0"), PodPhase::Failed, false);
    world.run_seconds(5);
    assert_ne!(world.get::<Pod>("web-0").metadata.uid, before);
    assert_eq!(world.get::<StatefulSet>("web").status.ready_replicas, 2);
}

#[test]
fn a_foreign_pod_of_the_same_name_leaves_the_set_without_an_event() {
    let mut world = World::new();
    world.create("{apiVersion: v1, kind: Pod, metadata: {name: web-0}, spec: {containers: [{name: c, image: nginx}]}}");
    web(&mut world);
    world.run_seconds(20);
    assert_eq!(world.names(Kind::Pod), ["web-0"]);
    assert_eq!(world.get::<StatefulSet>("web").status.replicas, 0);
    let events = world.events_about("web");
    assert_eq!(events, ["SuccessfulCreate Create Claim www-web-0 Pod web-0 in StatefulSet web success x1"]);
}

#[test]
fn claims_go_with_the_set_or_with_the_pod_if_the_policy_says_so() {
    let mut world = World::new();
    web(&mut world);
    let policy = "{spec: {persistentVolumeClaimRetentionPolicy: {whenDeleted: Delete, whenScaled: Delete}}}";
    world.patch(Kind::StatefulSet, "web", policy);
    world.run_seconds(5);
    let set = world.get::<StatefulSet>("web");
    assert!(world.get::<PersistentVolumeClaim>("www-web-1").metadata.is_controlled_by(&set.metadata.uid));
    world.patch(Kind::StatefulSet, "web", "{spec: {replicas: 1}}");
    world.run_seconds(5);
    assert_eq!(world.names(Kind::PersistentVolumeClaim), ["www-web-0"]);
    world.delete(Kind::StatefulSet, "web", Propagation::Background);
    world.run_seconds(5);
    assert!(world.names(Kind::PersistentVolumeClaim).is_empty());
    assert!(world.names(Kind::PersistentVolume).is_empty());
}

#[test]
fn history_beyond_the_limit_is_forgotten() {
    let mut world = World::new();
    web(&mut world);
    world.patch(Kind::StatefulSet, "web", "{spec: {replicas: 1, revisionHistoryLimit: 1}}");
    world.run_seconds(4);
    for version in 1..=4 {
        let patch = IMAGE_07.replace("0.7", &format!("1.{version}"));
        world.patch(Kind::StatefulSet, "web", &patch);
        world.run_seconds(5);
    }
    assert_eq!(world.names(Kind::ControllerRevision).len(), 2);
}

#[test]
fn a_pod_must_stay_ready_for_min_ready_seconds() {
    let mut world = World::new();
    web(&mut world);
    world.patch(Kind::StatefulSet, "web", "{spec: {minReadySeconds: 10}}");
    world.run_seconds(8);
    assert_eq!(world.names(Kind::Pod), ["web-0"]);
    world.run_seconds(6);
    assert_eq!(world.names(Kind::Pod), ["web-0", "web-1"]);
    world.run_seconds(14);
    assert_eq!(world.get::<StatefulSet>("web").status.available_replicas, 2);
}

#[test]
fn a_parallel_set_of_a_thousand_costs_a_few_visits_per_pod() {
    let mut world = World::new();
    let text = WEB.split("\n---\n").nth(1).expect("the set is the second document");
    let text = text
        .replace("replicas: 2", "replicas: 1000")
        .replace("serviceName", "podManagementPolicy: Parallel\n  serviceName");
    world.create(&text);
    world.run_seconds(10);
    let set = world.get::<StatefulSet>("web");
    assert_eq!(set.status.ready_replicas, 1_000);
    let counters = world.manager.counters();
    assert!(counters.pods_visited <= 20_000, "{counters:?}");
}

#[test]
fn an_idle_hour_costs_nothing() {
    let mut world = World::new();
    web(&mut world);
    world.run_seconds(20);
    let (wakes, revision) = (world.wakes, world.server.revision());
    world.run_seconds(3_600);
    assert_eq!((world.wakes, world.server.revision()), (wakes, revision));
}

#[test]
fn a_number_of_replicas_beyond_all_clusters_ends_somewhere() {
    let mut world = World::new();
    let text = WEB.split("\n---\n").nth(1).expect("the set is the second document");
    let text = text
        .replace("replicas: 2", "replicas: 2000000000")
        .replace("serviceName", "podManagementPolicy: Parallel\n  serviceName");
    world.create(&text);
    world.run_seconds(1);
    assert!(world.names(Kind::Pod).len() <= 20_000, "{}", world.names(Kind::Pod).len());
}
