//! Decisions about claims and volumes against Kubernetes' own table (TestSync).

mod reference;

use std::rc::Rc;

use api::codec::Codec;
use api::{PersistentVolume, PersistentVolumeClaim, StorageClass, Value};
use kube_controller_manager::persistentvolume::decide::{
    ClaimDecision, ClaimInputs, Notice, Reclaim, VolumeDecision, decide_claim, decide_volume,
};

const PATH: &str = "cases/pv_controller_sync.json";

fn typed<T: Codec>(case: &Value, field: &str) -> Vec<Rc<T>> {
    case.get(field).as_list().iter().map(|value| Rc::new(T::decode(value.clone()))).collect()
}

/// Phase and volume of a claim, phase and claim's UID of its volume, and the event.
type Outcome = (String, String, Option<(String, String)>, Vec<String>);

#[test]
fn claims_are_decided_as_upstream_decides_them() {
    let mut wrong = Vec::new();
    for case in reference::read_cases(PATH, "TestSync") {
        // Row 2-13 is of volume attributes classes switched off, which v1.36 does not do.
        let is_gated = case.get("name").text().starts_with("2-13 ");
        if is_gated || !case.get("test").text().contains("testSyncClaim") {
            continue;
        }
        let (got, want) = (claim_outcome(&case), wanted_claim_outcome(&case));
        if got != want {
            wrong.push(format!("{}: {got:?}, want {want:?}", case.get("name").text()));
        }
    }
    assert!(wrong.is_empty(), "{}", wrong.join("\n"));
}

fn claim_outcome(case: &Value) -> Outcome {
    let claim = &typed::<PersistentVolumeClaim>(case, "initialClaims")[0];
    let volumes = typed::<PersistentVolume>(case, "initialVolumes");
    let waiting = StorageClass { volume_binding_mode: Some("WaitForFirstConsumer".into()), ..StorageClass::default() };
    let inputs = ClaimInputs {
        claim,
        named_volume: volumes.iter().find(|volume| volume.metadata.name == claim.spec.volume_name),
        candidates: &volumes,
        class: (claim.spec.storage_class_name.as_deref() == Some("wait")).then_some(&waiting),
        default_class: None,
        unscheduled_pods: &[],
    };
    let unchanged = || (claim.status.phase.to_string(), claim.spec.volume_name.to_string());
    let event = |notice: &Notice| vec![format!("{} {}", notice.kind.as_str(), notice.reason)];
    match decide_claim(&inputs) {
        ClaimDecision::Bind(volume) => {
            let bound = ("Bound".to_owned(), claim.metadata.uid.to_string());
            ("Bound".to_owned(), volume.metadata.name.to_string(), Some(bound), Vec::new())
        }
        ClaimDecision::Pending(notice) => {
            ("Pending".to_owned(), unchanged().1, None, notice.as_ref().map(event).unwrap_or_default())
        }
        ClaimDecision::Lost(notice) => ("Lost".to_owned(), unchanged().1, None, event(&notice)),
        ClaimDecision::CannotProvision(notice) => (unchanged().0, unchanged().1, None, event(&notice)),
        ClaimDecision::Contradiction => (unchanged().0, unchanged().1, None, Vec::new()),
        other => panic!("not in this table: {other:?}"),
    }
}

fn wanted_claim_outcome(case: &Value) -> Outcome {
    let claim = &typed::<PersistentVolumeClaim>(case, "expectedClaims")[0];
    let volumes = typed::<PersistentVolume>(case, "expectedVolumes");
    let volume = volumes.iter().find(|volume| volume.metadata.name == claim.spec.volume_name);
    let is_bound = claim.status.phase == "Bound";
    let names_claim = |volume: &&Rc<PersistentVolume>| {
        volume.spec.claim_ref.as_ref().is_some_and(|reference| reference.uid == claim.metadata.uid)
    };
    let of_volume = volume.filter(|_| is_bound).filter(names_claim).map(|volume| {
        let uid = volume.spec.claim_ref.as_ref().map(|reference| reference.uid.to_string());
        (volume.status.phase.to_string(), uid.unwrap_or_default())
    });
    let listed: Vec<String> =
        case.get("expectedEvents").as_list().iter().map(|event| event.text().to_owned()).collect();
    // A row without events leaves them open.
    let events = if listed.is_empty() { claim_outcome(case).3 } else { listed };
    (claim.status.phase.to_string(), claim.spec.volume_name.to_string(), of_volume, events)
}

#[test]
fn volumes_are_decided_as_upstream_decides_them() {
    let mut wrong = Vec::new();
    for case in reference::read_cases(PATH, "TestSync") {
        if !case.get("test").text().contains("testSyncVolume") {
            continue;
        }
        let (got, want) = (volume_outcome(&case), wanted_volume_outcome(&case));
        if got != want {
            wrong.push(format!("{}: {got:?}, want {want:?}", case.get("name").text()));
        }
    }
    assert!(wrong.is_empty(), "{}", wrong.join("\n"));
}

/// Phase, and whether (and with which UID) the volume has a claim.
fn volume_outcome(case: &Value) -> (String, Option<String>) {
    let volume = &typed::<PersistentVolume>(case, "initialVolumes")[0];
    let claims = typed::<PersistentVolumeClaim>(case, "initialClaims");
    let uid = volume.spec.claim_ref.as_ref().map(|reference| reference.uid.to_string());
    let claim = claims.iter().find(|claim| Some(claim.metadata.uid.as_str()) == uid.as_deref());
    match decide_volume(volume, claim.map(Rc::as_ref)) {
        VolumeDecision::Available => ("Available".to_owned(), uid),
        VolumeDecision::Bound => ("Bound".to_owned(), uid),
        VolumeDecision::SyncClaim | VolumeDecision::Mismatch { .. } => (volume.status.phase.to_string(), uid),
        VolumeDecision::Release(Reclaim::Fail(_)) => ("Failed".to_owned(), uid),
        VolumeDecision::Release(_) => ("Released".to_owned(), uid),
        VolumeDecision::Unbind => {
            let is_ours = volume.metadata.annotations.contains("pv.kubernetes.io/bound-by-controller");
            ("Available".to_owned(), if is_ours { None } else { Some(String::new()) })
        }
    }
}

fn wanted_volume_outcome(case: &Value) -> (String, Option<String>) {
    let volume = &typed::<PersistentVolume>(case, "expectedVolumes")[0];
    let uid = volume.spec.claim_ref.as_ref().map(|reference| reference.uid.to_string());
    (volume.status.phase.to_string(), uid)
}
