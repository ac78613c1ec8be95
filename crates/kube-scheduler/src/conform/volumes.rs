//! `scheduler_volumezone` and `scheduler_volumebinding`.

use std::rc::Rc;

use api::conform::{Case, Suite, object};
use api::{Node, PersistentVolume, PersistentVolumeClaim, Pod, StorageClass, Value};

use super::{Reason, World, cache, list, plugin, status, typed, wanted_status, with_cycle};
use crate::cache::NodeInfo;
use crate::plugins::{volume_binding, volume_zone};

pub(super) const VOLUME_ZONE: Suite = Suite {
    name: "scheduler_volumezone",
    run: zones,
    expect: |case| {
        let before = case.get("wantPreFilterStatus");
        match before.get("code").text() {
            "" | "Skip" => wanted_status(case.get("wantFilterStatus")),
            _ => wanted_status(before),
        }
    },
    functions: &["kube_scheduler::plugins::volume_zone::filter"],
};

pub(super) const VOLUME_BINDING: Suite = Suite {
    name: "scheduler_volumebinding",
    run: bindings,
    expect: wanted_bindings,
    functions: &[
        "kube_scheduler::plugins::volume_binding::pre_filter",
        "kube_scheduler::plugins::volume_binding::filter",
    ],
};

const BETA_ZONE: &str = "failure-domain.beta.kubernetes.io/zone";
const BETA_REGION: &str = "failure-domain.beta.kubernetes.io/region";
const ZONE: &str = "topology.kubernetes.io/zone";
const REGION: &str = "topology.kubernetes.io/region";

/// A volume that a test sets up: test, the claim's and the volume's number, the labels of its places.
type Fixture = (&'static str, &'static str, &'static [(&'static str, &'static str)]);

/// What stands in the tests' bodies. Claim `PVC_N` is bound to volume `Vol_N`.
const VOLUMES: &[Fixture] = &[
    ("TestSingleZone", "1", &[(BETA_ZONE, "us-west1-a")]),
    ("TestSingleZone", "2", &[(BETA_REGION, "us-west1"), ("uselessLabel", "none")]),
    ("TestSingleZone", "3", &[(BETA_REGION, "us-west1")]),
    ("TestSingleZone", "Stable_1", &[(ZONE, "us-west1-a")]),
    ("TestSingleZone", "Stable_2", &[(REGION, "us-west1"), ("uselessLabel", "none")]),
    ("TestSingleZone", "Stable_3", &[(ZONE, "us-west1-a"), (REGION, "us-west1-a")]),
    ("TestMultiZone", "1", &[(BETA_ZONE, "us-west1-a")]),
    ("TestMultiZone", "2", &[(BETA_ZONE, "us-west1-b"), ("uselessLabel", "none")]),
    ("TestMultiZone", "3", &[(BETA_ZONE, "us-west1-c__us-west1-a")]),
    ("TestMultiZone", "Stable_1", &[(ZONE, "us-west1-a")]),
    ("TestMultiZone", "Stable_2", &[(ZONE, "us-west1-c__us-west1-a")]),
    ("TestWithBinding", "1", &[(BETA_ZONE, "us-west1-a")]),
];

/// Claims of `TestWithBinding` that are not bound, and their classes.
const UNBOUND: &[(&str, Option<&str>)] = &[
    ("PVC_NoSC", Some("Class_0")),
    ("PVC_EmptySC", None),
    ("PVC_WaitSC", Some("Class_Wait")),
    ("PVC_ImmediateSC", Some("Class_Immediate")),
];

/// A class without a mode of binding, where none is given.
fn class(name: &str, mode: Option<&str>, provisioner: &str) -> Rc<StorageClass> {
    let mut class = StorageClass::default();
    class.metadata.name = name.into();
    class.volume_binding_mode = mode.map(Into::into);
    class.provisioner = provisioner.into();
    Rc::new(class)
}

fn claim(name: &str) -> PersistentVolumeClaim {
    let mut claim = PersistentVolumeClaim::default();
    claim.metadata.name = name.into();
    claim.metadata.namespace = "default".into();
    claim
}

fn world_of_zones(test: &str) -> World {
    let (mut claims, mut volumes, mut world) = (Vec::new(), Vec::new(), World::default());
    for (_, number, labels) in VOLUMES.iter().filter(|(of, ..)| *of == test) {
        let mut volume = PersistentVolume::default();
        volume.metadata.name = format!("Vol_{number}").into();
        labels.iter().for_each(|(key, value)| volume.metadata.labels.insert(*key, *value));
        let mut claim = claim(&format!("PVC_{number}"));
        claim.spec.volume_name = volume.metadata.name.clone();
        claim.metadata.annotations.insert("pv.kubernetes.io/bind-completed", "yes");
        claims.push(Rc::new(claim));
        volumes.push(Rc::new(volume));
    }
    for (name, class) in UNBOUND.iter().filter(|_| test == "TestWithBinding") {
        let mut claim = claim(name);
        claim.spec.storage_class_name = class.map(Into::into);
        claims.push(Rc::new(claim));
    }
    world.set_claims(claims);
    world.set_volumes(volumes);
    world.set_classes(vec![
        class("Class_Immediate", None, "csi"),
        class("Class_Wait", Some("WaitForFirstConsumer"), "csi"),
    ]);
    world
}

/// What VolumeBinding says before VolumeZone is asked ends the attempt.
fn zones(case: &Case<'_>) -> Result<Value, Reason> {
    let (world, pod) = (world_of_zones(case.test), typed::<Pod>(case.get("Pod")));
    let Ok(volumes) = volume_binding::pre_filter(&pod, &world) else {
        return Err("a claim that VolumeBinding has refused before".to_owned());
    };
    if let Err(verdict) = volume_zone::pre_filter(&pod, &world) {
        return Ok(status(Some(&verdict)));
    }
    let cache = cache(vec![typed(case.get("Node"))], Vec::new());
    let Some(filter) = plugin("VolumeZone").filter else { return case.unknown() };
    let verdict = with_cycle(&pod, &cache, &world, |cycle| {
        cycle.volumes = volumes;
        filter(cycle, cache.at(0))
    });
    Ok(status(verdict.as_ref()))
}

fn bindings(case: &Case<'_>) -> Result<Value, Reason> {
    match case.test {
        "TestVolumeBinding" if !case.get("capacities").as_list().is_empty() => Err("capacities of storage".to_owned()),
        "TestVolumeBinding" => Ok(binding(case)),
        "TestScore" => Err("scores by capacity are behind a gate that is off".to_owned()),
        "Test_PreBindPreFlight" => {
            Err("a state of the framework: what is to be bound is asked of the claims".to_owned())
        }
        _ => case.unknown(),
    }
}

fn binding(case: &Case<'_>) -> Value {
    let mut world = World::default();
    world.set_claims(list(case, "pvcs"));
    world.set_volumes(list(case, "pvs"));
    world.set_classes(vec![
        class("immediate-sc", Some("Immediate"), ""),
        class("wait-sc", Some("WaitForFirstConsumer"), ""),
        class("wait-hdd-sc", Some("WaitForFirstConsumer"), ""),
        class("wait-sc-with-storage-capacity", Some("WaitForFirstConsumer"), "driver-with-storage-capacity"),
    ]);
    let pod = typed::<Pod>(case.get("pod"));
    let volumes = match volume_binding::pre_filter(&pod, &world) {
        Ok(volumes) => volumes,
        Err(verdict) => return object([("before", status(Some(&verdict)))]),
    };
    let nodes = list::<Node>(case, "nodes");
    let cache = cache(nodes.clone(), Vec::new());
    let infos: Vec<&NodeInfo> = nodes.iter().filter_map(|node| cache.get(&node.metadata.name)).collect();
    let Some(filter) = plugin("VolumeBinding").filter else { return Value::Null };
    let verdicts: Vec<Value> = with_cycle(&pod, &cache, &world, |cycle| {
        cycle.volumes = volumes;
        infos.iter().map(|info| status(filter(cycle, info).as_ref())).collect()
    });
    object([("nodes", verdicts.into())])
}

fn wanted_bindings(case: &Case<'_>) -> Value {
    let before = case.get("wantPreFilterStatus");
    if !["", "Skip"].contains(&before.get("code").text()) {
        return object([("before", wanted_status(before))]);
    }
    let nodes: Vec<Value> = case.get("wantFilterStatus").as_list().iter().map(wanted_status).collect();
    object([("nodes", nodes.into())])
}
