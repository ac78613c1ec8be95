//! `pv_controller_sync`, `pvc_protection`, `pv_helpers`: what becomes of a claim and of a volume.
//!
//! Models: kubernetes v1.36 pkg/controller/volume/{persistentvolume,pvcprotection} and component-helpers/storage/volume, their
//! tests.

use std::rc::Rc;

use api::codec::Codec;
use api::conform::{Case, Suite, object};
use api::{Key, PersistentVolume, PersistentVolumeClaim, Pod, Resource, StorageClass, Value};
use ordered::OrderedMap;
use sim::Time;

use super::shelf::shared;
use super::{Rows, answer, wanted};
use crate::persistentvolume::decide::{
    ClaimDecision, ClaimInputs, Notice, Reclaim, VolumeDecision, decide_claim, decide_volume,
};
use crate::persistentvolume::matching::{self, BindingMode};
use crate::persistentvolume::newest_default;
use crate::volumeprotection::{self, PVC_PROTECTION};

/// Decisions about claims and volumes.
pub(super) const SYNC: Suite = Suite {
    name: "pv_controller_sync",
    run: |case| answer(SYNC_ROWS, case),
    expect: |case| wanted(SYNC_ROWS, case),
    functions: &[
        "kube_controller_manager::persistentvolume::decide::decide_claim",
        "kube_controller_manager::persistentvolume::decide::decide_volume",
        "kube_controller_manager::persistentvolume::matching::find_best_match",
        "kube_controller_manager::persistentvolume::matching::obstacle",
    ],
};

/// Which claims may go.
pub(super) const PROTECTION: Suite = Suite {
    name: "pvc_protection",
    run: |case| answer(PROTECTION_ROWS, case),
    expect: |case| wanted(PROTECTION_ROWS, case),
    functions: &[
        "kube_controller_manager::volumeprotection::claims_touched",
        "kube_controller_manager::volumeprotection::decide",
    ],
};

/// What a claim says of its class.
pub(super) const HELPERS: Suite = Suite {
    name: "pv_helpers",
    run: |case| answer(HELPERS_ROWS, case),
    expect: |case| wanted(HELPERS_ROWS, case),
    functions: &[
        "kube_controller_manager::persistentvolume::matching::has_class",
        "kube_controller_manager::persistentvolume::matching::BindingMode::of",
    ],
};

const SYNC_ROWS: Rows = &[
    ("TestSync", sync, sync_wanted),
    ("TestStorageObjectInUseProtectionFiltering", filtering, |case| case.get("isExpectedMatch").clone()),
    ("TestControllerSync", |_| Err("the row's steps are functions".into()), |_| Value::Null),
    (
        "TestAnnealMigrationAnnotations",
        |_| Err("volumes of clouds do not migrate to CSI drivers".into()),
        |_| Value::Null,
    ),
    (
        "TestModifyDeletionFinalizers",
        |_| Err("there are no plugins of clouds, whose volumes get finalizers".into()),
        |_| Value::Null,
    ),
    ("TestRetroactiveStorageClassAssignment", retroactive, |case| {
        let claim = case.get("tests").element(0).get("expectedClaims").element(0);
        object([
            ("class", claim.at(&["spec", "storageClassName"]).clone()),
            ("phase", claim.at(&["status", "phase"]).clone()),
        ])
    }),
];

const PROTECTION_ROWS: Rows = &[("TestPVCProtectionController", protection, |case| {
    let updates = case
        .get("expectedActions")
        .as_list()
        .iter()
        .filter(|action| action.get("ActionImpl").get("Verb").text() == "update");
    let mut wanted = Value::map();
    for update in updates {
        let claim = PersistentVolumeClaim::decode(update.get("Object").clone());
        wanted.set(&[&claim.key().to_string()], claim.metadata.finalizers.encode());
    }
    wanted
})];

const HELPERS_ROWS: Rows = &[
    ("TestCheckVolumeNodeAffinity", |_| Err("a volume's nodes are the scheduler's to look at".into()), |_| Value::Null),
    (
        "TestPersistentVolumeClaimHasClass",
        |case| Ok(matching::has_class(&PersistentVolumeClaim::decode(case.get("pvc").clone())).into()),
        |case| case.get("want").clone(),
    ),
    ("TestDelayBindingMode", delay, |case| match case.flag("shouldFail") {
        true => "refused".into(),
        false => case.get("shouldDelay").clone(),
    }),
];

fn typed<T: Codec>(case: &Value, field: &str) -> Vec<Rc<T>> {
    case.get(field).as_list().iter().map(shared).collect()
}

fn sync(case: &Case<'_>) -> Result<Value, String> {
    if case.text("name").starts_with("2-13 ") {
        return Err("volume attributes classes cannot be switched off".into());
    }
    if case.text("test").contains("testSyncVolume") { Ok(volume_after(case)) } else { claim_after(case) }
}

fn sync_wanted(case: &Case<'_>) -> Value {
    if case.text("test").contains("testSyncVolume") {
        return volume_shown(&typed(case.case, "expectedVolumes")[0]);
    }
    let claim: &PersistentVolumeClaim = &typed(case.case, "expectedClaims")[0];
    let volumes: Vec<Rc<PersistentVolume>> = typed(case.case, "expectedVolumes");
    let is_its = |volume: &&Rc<PersistentVolume>| {
        let reference = volume.spec.claim_ref.as_ref();
        volume.metadata.name == claim.spec.volume_name
            && reference.is_some_and(|reference| reference.uid == claim.metadata.uid)
    };
    let volume = volumes.iter().find(is_its).filter(|_| claim.status.phase == "Bound");
    // Upstream reads as many events as a row lists, and looks at no others.
    let listed = case.get("expectedEvents");
    let is_open = listed.as_list().is_empty();
    let own = || claim_after(case).map(|own| own.get("events").clone()).unwrap_or_default();
    let events = if is_open { own() } else { listed.clone() };
    let volume_phase = volume.map(|volume| volume.status.phase.as_str());
    claim_shown(&claim.status.phase, &claim.spec.volume_name, volume_phase, events)
}

/// Phase and volume of a claim, the phase of its volume if that is bound to it, and the events.
fn claim_shown(phase: &str, volume: &str, volume_phase: Option<&str>, events: Value) -> Value {
    object([
        ("phase", phase.into()),
        ("volume", volume.into()),
        ("volumePhase", volume_phase.map_or(Value::Null, Value::from)),
        ("events", events),
    ])
}

fn claim_after(case: &Case<'_>) -> Result<Value, String> {
    let claim: &PersistentVolumeClaim = &typed(case.case, "initialClaims")[0];
    let volumes: Vec<Rc<PersistentVolume>> = typed(case.case, "initialVolumes");
    let waiting = StorageClass { volume_binding_mode: Some("WaitForFirstConsumer".into()), ..StorageClass::default() };
    let inputs = ClaimInputs {
        claim,
        named_volume: volumes.iter().find(|volume| volume.metadata.name == claim.spec.volume_name),
        candidates: &volumes,
        class: (claim.spec.storage_class_name.as_deref() == Some("wait")).then_some(&waiting),
        default_class: None,
        unscheduled_pods: &[],
    };
    let (own_phase, own_volume) = (claim.status.phase.as_str(), claim.spec.volume_name.as_str());
    let events = |notice: Option<&Notice>| -> Value {
        let line = |notice: &Notice| Value::from(format!("{} {}", notice.kind.as_str(), notice.reason));
        notice.into_iter().map(line).collect::<Vec<_>>().into()
    };
    Ok(match decide_claim(&inputs) {
        ClaimDecision::Bind(volume) => claim_shown("Bound", &volume.metadata.name, Some("Bound"), events(None)),
        ClaimDecision::Pending(notice) => claim_shown("Pending", own_volume, None, events(notice.as_ref())),
        ClaimDecision::Lost(notice) => claim_shown("Lost", own_volume, None, events(Some(&notice))),
        ClaimDecision::CannotProvision(notice) => claim_shown(own_phase, own_volume, None, events(Some(&notice))),
        ClaimDecision::Contradiction => claim_shown(own_phase, own_volume, None, events(None)),
        other @ (ClaimDecision::AssignClass(_) | ClaimDecision::Provision { .. }) => return Err(format!("{other:?}")),
    })
}

/// The phase of a volume, and the UID of the claim that it is kept for.
fn volume_shown(volume: &PersistentVolume) -> Value {
    let uid = volume.spec.claim_ref.as_ref().map(|reference| Value::from(reference.uid.clone()));
    vec![volume.status.phase.clone().into(), uid.unwrap_or_default()].into()
}

fn volume_after(case: &Case<'_>) -> Value {
    let volume: Rc<PersistentVolume> = typed(case.case, "initialVolumes").remove(0);
    let claims: Vec<Rc<PersistentVolumeClaim>> = typed(case.case, "initialClaims");
    let uid = volume.spec.claim_ref.as_ref().map(|reference| reference.uid.clone());
    let claim = claims.iter().find(|claim| Some(&claim.metadata.uid) == uid.as_ref());
    let mut after = (*volume).clone();
    match decide_volume(&volume, claim.map(Rc::as_ref)) {
        VolumeDecision::Available => after.status.phase = "Available".into(),
        VolumeDecision::Bound => after.status.phase = "Bound".into(),
        VolumeDecision::SyncClaim | VolumeDecision::Mismatch { .. } => {}
        VolumeDecision::Release(Reclaim::Fail(_)) => after.status.phase = "Failed".into(),
        VolumeDecision::Release(Reclaim::Nothing | Reclaim::Delete) => after.status.phase = "Released".into(),
        VolumeDecision::Unbind => {
            crate::persistentvolume::unbind(&mut after);
            after.status.phase = "Available".into();
        }
    }
    volume_shown(&after)
}

fn filtering(case: &Case<'_>) -> Result<Value, String> {
    let claim = PersistentVolumeClaim::decode(case.get("pvc").clone());
    if case.table == "satisfyingTestCases" {
        let volume = PersistentVolume::decode(case.get("vol").clone());
        return Ok(matching::obstacle(&claim, &volume).is_none().into());
    }
    let stored = case.get("vol").at(&["store", "cacheStorage", "items", "pv1"]);
    let volumes = [shared::<PersistentVolume>(stored)];
    Ok(matching::find_best_match(&claim, volumes.iter(), BindingMode::Immediate).is_some().into())
}

fn retroactive(case: &Case<'_>) -> Result<Value, String> {
    let classes: Vec<Rc<StorageClass>> = typed(case.case, "storageClasses");
    let row = case.get("tests").element(0);
    let claim: &PersistentVolumeClaim = &typed(row, "initialClaims")[0];
    let name = matching::class_of_claim(claim);
    let inputs = ClaimInputs {
        claim,
        named_volume: None,
        candidates: &[],
        class: classes.iter().find(|class| class.metadata.name == name).map(Rc::as_ref),
        default_class: newest_default(classes.iter()),
        unscheduled_pods: &[],
    };
    let own = claim.spec.storage_class_name.clone();
    let (class, phase) = match decide_claim(&inputs) {
        ClaimDecision::AssignClass(class) => (Some(class), claim.status.phase.clone()),
        ClaimDecision::Lost(_) => (own, "Lost".into()),
        ClaimDecision::Pending(_) | ClaimDecision::CannotProvision(_) => (own, "Pending".into()),
        other => return Err(format!("{other:?}")),
    };
    Ok(object([("class", class.map_or(Value::Null, Value::from)), ("phase", phase.into())]))
}

/// An object of the table: one that is being deleted has an empty time.
fn with_deletion<T: Resource>(value: &Value) -> T {
    let mut object = T::decode(value.clone());
    if value.get("metadata").as_map().is_some_and(|metadata| metadata.contains_key("deletionTimestamp")) {
        object.metadata_mut().deletion_timestamp = Some(Time::HEADLESS_START);
    }
    object
}

/// The finalizers of the claims that are written.
fn protection(case: &Case<'_>) -> Result<Value, String> {
    if case.flag("enablePVCUnusedSinceTime") {
        return Err("the condition Unused is off by default".into());
    }
    if !case.get("reactors").as_list().is_empty() {
        return Err("the row's server is a function".into());
    }
    let pod_of = |field: &str| (!case.get(field).is_null()).then(|| with_deletion::<Pod>(case.get(field)));
    let (deleted, updated) = (pod_of("deletedPod"), pod_of("updatedPod"));
    let mut claims: OrderedMap<Key, PersistentVolumeClaim> = OrderedMap::new();
    let mut pods: Vec<Pod> = updated.iter().cloned().collect();
    for value in case.get("initialObjects").as_list() {
        if value.get("spec").get("volumes").is_null() && value.get("spec").get("containers").is_null() {
            let claim: PersistentVolumeClaim = with_deletion(value);
            claims.insert(claim.key(), claim);
        } else {
            pods.push(with_deletion(value));
        }
    }
    let mut queue: Vec<Key> = Vec::new();
    for value in case.get("updatedPVCs").as_list() {
        let claim: PersistentVolumeClaim = with_deletion(value);
        queue.push(claim.key());
        claims.insert(claim.key(), claim);
    }
    queue.extend(volumeprotection::claims_touched(deleted.as_ref(), updated.as_ref()));
    let mut written = Value::map();
    for key in queue {
        let Some(claim) = claims.get(&key) else { continue };
        let is_held = || pods.iter().any(|pod| volumeprotection::uses(pod, &key));
        if let Some(after) = volumeprotection::decide(&claim.metadata, PVC_PROTECTION, is_held) {
            written.set(&[&key.to_string()], after.finalizers.encode());
        }
    }
    Ok(written)
}

/// Whether a claim waits for its first consumer. The table's classes are its test's.
fn delay(case: &Case<'_>) -> Result<Value, String> {
    let claim = PersistentVolumeClaim::decode(case.get("pvc").clone());
    let mode = match matching::class_of_claim(&claim) {
        "no-mode" => None,
        "immediate-mode" => Some("Immediate".into()),
        "wait-mode" => Some("WaitForFirstConsumer".into()),
        _ => return Ok((BindingMode::of(None) == BindingMode::WaitForFirstConsumer).into()),
    };
    if mode.is_none() {
        return Err("the server gives every class a mode".into());
    }
    let class = StorageClass { volume_binding_mode: mode, ..StorageClass::default() };
    Ok((BindingMode::of(Some(&class)) == BindingMode::WaitForFirstConsumer).into())
}
