//! Claims and volumes against the real API server: binding, provisioning, protection, reclaiming.

mod world;

use api::{Key, Kind, PersistentVolume, PersistentVolumeClaim};
use client::Propagation;
use sim::Span;
use world::World;

fn claim(name: &str, more: &str) -> String {
    format!(
        "{{apiVersion: v1, kind: PersistentVolumeClaim, metadata: {{name: {name}}}, spec: {{accessModes: \
         [ReadWriteOnce], resources: {{requests: {{storage: 1Gi}}}}{more}}}}}"
    )
}

fn volume(name: &str, size: &str, policy: &str, path: &str) -> String {
    format!(
        "{{apiVersion: v1, kind: PersistentVolume, metadata: {{name: {name}}}, spec: {{accessModes: [ReadWriteOnce], \
         capacity: {{storage: {size}}}, persistentVolumeReclaimPolicy: {policy}, storageClassName: manual, hostPath: \
         {{path: {path}}}}}}}"
    )
}

/// What a watcher of claims (or volumes) saw: phase, volume, and whether it was going.
fn history(world: &World, kind: Kind) -> Vec<String> {
    let changes = world.server.changes(kind, 0, world.now).expect("the log reaches back");
    let row = |change: &client::Change| {
        let going = if change.object.metadata().is_terminating() { " going" } else { "" };
        if let Some(claim) = change.object.get::<PersistentVolumeClaim>() {
            let (phase, volume) = (&claim.status.phase, !claim.spec.volume_name.is_empty());
            format!("{phase}{}{going}", if volume { " with volume" } else { "" })
        } else {
            let volume = change.object.get::<PersistentVolume>().expect("a claim or a volume");
            format!("{}{going}", volume.status.phase)
        }
    };
    changes.iter().map(row).collect()
}

#[test]
fn a_claim_of_a_class_is_provisioned_and_bound_in_the_recorded_steps() {
    let mut world = World::new();
    world.create(&claim("data", ""));
    world.run_seconds(2);
    let claims = history(&world, Kind::PersistentVolumeClaim);
    assert_eq!(claims, ["Pending", "Pending", "Pending with volume", "Bound with volume"]);
    assert_eq!(history(&world, Kind::PersistentVolume), ["Pending", "Bound"]);
    let claim = world.get::<PersistentVolumeClaim>("data");
    assert_eq!(claim.spec.volume_name, format!("pvc-{}", claim.metadata.uid));
    let keys: Vec<&str> = claim.metadata.annotations.iter().map(|(key, _)| key.as_str()).collect();
    assert_eq!(
        keys,
        [
            "pv.kubernetes.io/bind-completed",
            "pv.kubernetes.io/bound-by-controller",
            "volume.beta.kubernetes.io/storage-provisioner",
            "volume.kubernetes.io/storage-provisioner",
        ]
    );
    let volume = world.get::<PersistentVolume>(&claim.spec.volume_name);
    let value = world::encoded(volume);
    assert_eq!(value.at(&["spec", "hostPath", "path"]).text(), "/tmp/hostpath-provisioner/default/data");
    assert_eq!(value.at(&["spec", "persistentVolumeReclaimPolicy"]).text(), "Delete");
    let events = world.events_about("data");
    assert_eq!(events.len(), 3, "{events:?}");
    assert!(events.iter().any(|event| event.starts_with("ExternalProvisioning Waiting for a volume")));
    assert!(
        events
            .contains(&"Provisioning External provisioner is provisioning volume for claim \"default/data\" x1".into())
    );
}

#[test]
fn a_claim_without_a_class_takes_the_smallest_volume_that_suits() {
    let mut world = World::new();
    for (name, size) in [("large", "10Gi"), ("medium", "2Gi"), ("small", "500Mi")] {
        world.create(&volume(name, size, "Retain", "/mnt/a"));
    }
    world.run_seconds(1);
    world.create(&claim("data", ", storageClassName: manual"));
    world.run_seconds(1);
    let claim = world.get::<PersistentVolumeClaim>("data");
    assert_eq!((claim.spec.volume_name.as_str(), claim.status.phase.as_str()), ("medium", "Bound"));
    assert_eq!(claim.status.capacity.get("storage"), Some("2Gi"));
    let volume = world.get::<PersistentVolume>("medium");
    assert_eq!(volume.metadata.annotations.get("pv.kubernetes.io/bound-by-controller"), Some("yes"));
    assert_eq!(world.get::<PersistentVolume>("large").status.phase, "Available");
}

#[test]
fn two_claims_never_share_a_volume() {
    let mut world = World::new();
    for name in ["a", "b"] {
        world.create(&volume(name, "1Gi", "Retain", "/mnt/a"));
    }
    world.run_seconds(1);
    world.create(&claim("one", ", storageClassName: manual"));
    world.create(&claim("two", ", storageClassName: manual"));
    world.run_seconds(1);
    let names: Vec<_> =
        world.list::<PersistentVolumeClaim>().iter().map(|claim| claim.spec.volume_name.clone()).collect();
    assert_eq!(names, ["a", "b"]);
}

#[test]
fn a_retained_volume_stays_released() {
    let mut world = World::new();
    world.create(&volume("kept", "1Gi", "Retain", "/mnt/a"));
    world.run_seconds(1);
    world.create(&claim("data", ", storageClassName: manual"));
    world.run_seconds(1);
    world.delete(Kind::PersistentVolumeClaim, "data", Propagation::Background);
    world.run_seconds(1);
    assert_eq!(world.get::<PersistentVolume>("kept").status.phase, "Released");
    world.create(&claim("data", ", storageClassName: manual"));
    world.run_seconds(1);
    assert_eq!(
        world.get::<PersistentVolumeClaim>("data").status.phase,
        "Pending",
        "a released volume is not bound again"
    );
}

#[test]
fn a_provisioned_volume_is_released_and_deleted() {
    let mut world = World::new();
    world.create(&claim("data", ""));
    world.run_seconds(2);
    world.delete(Kind::PersistentVolumeClaim, "data", Propagation::Background);
    world.run_seconds(2);
    assert!(world.names(Kind::PersistentVolume).is_empty());
    let volumes = history(&world, Kind::PersistentVolume);
    assert_eq!(volumes, ["Pending", "Bound", "Released", "Released going", "Released going"]);
}

#[test]
fn a_volume_of_the_user_is_deleted_if_its_path_allows_and_fails_otherwise() {
    for (path, left) in [("/tmp/data", 0), ("/mnt/data", 1)] {
        let mut world = World::new();
        world.create(&volume("mine", "1Gi", "Delete", path));
        world.run_seconds(1);
        world.create(&claim("data", ", storageClassName: manual"));
        world.run_seconds(1);
        world.delete(Kind::PersistentVolumeClaim, "data", Propagation::Background);
        world.run_seconds(1);
        assert_eq!(world.names(Kind::PersistentVolume).len(), left, "{path}");
        if left == 1 {
            assert_eq!(world.get::<PersistentVolume>("mine").status.phase, "Failed");
            let message =
                "VolumeFailedDelete host_path deleter only supports /tmp/.+ but received provided /mnt/data x1";
            assert_eq!(world.events_about("mine"), [message]);
        }
    }
}

#[test]
fn a_claim_made_before_its_class_waits_for_the_next_look() {
    let mut world = World::new();
    world.create(&claim("data", ", storageClassName: fast"));
    world.run_seconds(1);
    let events = world.events_about("data");
    assert_eq!(events, ["ProvisioningFailed storageclass.storage.k8s.io \"fast\" not found x1"]);
    world.create(
        "{apiVersion: storage.k8s.io/v1, kind: StorageClass, metadata: {name: fast}, provisioner: k8s.io/minikube-hostpath}",
    );
    world.run_seconds(10);
    assert_eq!(world.get::<PersistentVolumeClaim>("data").status.phase, "Pending");
    world.run_seconds(5);
    assert_eq!(world.get::<PersistentVolumeClaim>("data").status.phase, "Bound");
}

#[test]
fn a_claim_of_a_waiting_class_waits_for_its_pod() {
    let mut world = World::new();
    world.create(
        "{apiVersion: storage.k8s.io/v1, kind: StorageClass, metadata: {name: late}, provisioner: \
         k8s.io/minikube-hostpath, volumeBindingMode: WaitForFirstConsumer}",
    );
    world.create(&claim("data", ", storageClassName: late"));
    world.run_seconds(3);
    let waits = "WaitForFirstConsumer waiting for first consumer to be created before binding x1";
    assert_eq!(world.events_about("data"), [waits]);
    let annotation = "{metadata: {annotations: {volume.kubernetes.io/selected-node: node-1}}}";
    world.patch(Kind::PersistentVolumeClaim, "data", annotation);
    world.run_seconds(2);
    assert_eq!(world.get::<PersistentVolumeClaim>("data").status.phase, "Bound");
}

#[test]
fn a_claim_in_use_outlives_its_deletion() {
    let mut world = World::new();
    world.create(&claim("data", ""));
    world.create(
        "{apiVersion: v1, kind: Pod, metadata: {name: p}, spec: {containers: [{name: c, image: nginx}], volumes: \
         [{name: v, persistentVolumeClaim: {claimName: data}}]}}",
    );
    world.run_seconds(4);
    world.delete(Kind::PersistentVolumeClaim, "data", Propagation::Background);
    world.run_seconds(5);
    assert!(world.get::<PersistentVolumeClaim>("data").metadata.is_terminating());
    world.delete(Kind::Pod, "p", Propagation::Background);
    world.run_seconds(2);
    assert!(world.find::<PersistentVolumeClaim>("data").is_none());
}

#[test]
fn a_bound_claim_is_lost_with_its_volume() {
    let mut world = World::new();
    world.create(&volume("kept", "1Gi", "Retain", "/mnt/a"));
    world.run_seconds(1);
    world.create(&claim("data", ", storageClassName: manual"));
    world.run_seconds(1);
    world.delete(Kind::PersistentVolume, "kept", Propagation::Background);
    world.run_seconds(1);
    assert!(world.get::<PersistentVolume>("kept").metadata.is_terminating(), "a bound volume is protected");
    world.patch(Kind::PersistentVolume, "kept", "{metadata: {finalizers: null}}");
    world.run_seconds(1);
    assert_eq!(world.get::<PersistentVolumeClaim>("data").status.phase, "Lost");
    let lost = "ClaimLost Bound claim has lost its PersistentVolume. Data on the volume is lost! x1";
    assert_eq!(world.events_about("data"), [lost]);
}

#[test]
fn nothing_is_looked_at_again_when_no_claim_waits() {
    let mut world = World::new();
    world.create(&claim("data", ""));
    world.run_seconds(20);
    let wakes = world.wakes;
    world.run_seconds(3_600);
    assert_eq!(world.wakes, wakes);
    world.create(&claim("late", ", storageClassName: nowhere"));
    world.run(Span::from_seconds(60));
    assert_eq!(world.events_about("late").len(), 1);
    let why = world.manager.why(Kind::PersistentVolumeClaim, &Key::new("default", "late"));
    let sentence = why.map(|why| why.about("late"));
    assert_eq!(sentence.as_deref(), Some("late: storageclass.storage.k8s.io \"nowhere\" not found"));
}

#[test]
fn a_claim_that_asks_for_more_waits_for_an_external_program() {
    let mut world = World::new();
    world.create(&claim("data", ""));
    world.run_seconds(2);
    world.patch(Kind::PersistentVolumeClaim, "data", "{spec: {resources: {requests: {storage: 2Gi}}}}");
    world.run_seconds(1);
    let waits = "ExternalExpanding waiting for an external controller to expand this PVC x1".to_owned();
    assert!(world.events_about("data").contains(&waits));
}

#[test]
fn a_claim_without_a_class_gets_the_default_class_that_comes_later() {
    let mut world = World::new();
    world.delete(Kind::StorageClass, "standard", Propagation::Background);
    world.create(&claim("data", ""));
    world.run_seconds(1);
    let waits = "FailedBinding no persistent volumes available for this claim and no storage class is set x1";
    assert_eq!(world.events_about("data"), [waits]);
    world.create(
        "{apiVersion: storage.k8s.io/v1, kind: StorageClass, metadata: {name: late, annotations: \
         {storageclass.kubernetes.io/is-default-class: 'true'}}, provisioner: k8s.io/minikube-hostpath}",
    );
    world.run_seconds(16);
    let claim = world.get::<PersistentVolumeClaim>("data");
    assert_eq!(claim.spec.storage_class_name.as_deref(), Some("late"));
    assert_eq!(claim.status.phase, "Bound");
}
