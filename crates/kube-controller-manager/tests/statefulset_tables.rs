//! Retention of claims and `maxUnavailable` against Kubernetes' own tables.

mod reference;

use api::apps::stateful_set::{RetentionPolicy, StatefulSetSpec};
use api::codec::Codec;
use api::int_or_string::IntOrString;
use api::meta::OwnerReference;
use api::{ObjectMeta, PersistentVolumeClaim, Pod, Resource, StatefulSet, Str, Value};
use ecow::EcoVec;
use kube_controller_manager::statefulset::{decide, retention};

const PATH: &str = "cases/statefulset_tables.json";

fn set(name: &str, uid: &str, replicas: i32, when_deleted: &str, when_scaled: &str) -> StatefulSet {
    let policy = RetentionPolicy {
        when_deleted: when_deleted.into(),
        when_scaled: when_scaled.into(),
        ..RetentionPolicy::default()
    };
    let spec = StatefulSetSpec {
        replicas: Some(replicas),
        persistent_volume_claim_retention_policy: Some(policy),
        ..StatefulSetSpec::default()
    };
    let metadata = ObjectMeta { uid: uid.into(), ..ObjectMeta::new("default", name) };
    StatefulSet { metadata, spec: spec.into(), ..StatefulSet::default() }
}

fn pod(name: &str, uid: &str) -> Pod {
    Pod { metadata: ObjectMeta { uid: uid.into(), ..ObjectMeta::new("default", name) }, ..Pod::default() }
}

fn claim_with(owners: EcoVec<OwnerReference>) -> PersistentVolumeClaim {
    let metadata = ObjectMeta { owner_references: owners, ..ObjectMeta::new("default", "claim") };
    PersistentVolumeClaim { metadata, ..PersistentVolumeClaim::default() }
}

fn owners(value: &Value) -> EcoVec<OwnerReference> {
    EcoVec::decode(value.clone())
}

fn check_all(test: &str, check: impl Fn(&Value) -> (String, String)) {
    let mut wrong = Vec::new();
    for case in reference::read_cases(PATH, test) {
        let (got, want) = check(&case);
        if got != want {
            wrong.push(format!("{}: {got}, want {want}", case.get("name").text()));
        }
    }
    assert!(wrong.is_empty(), "{test}\n{}", wrong.join("\n"));
}

fn flag(case: &Value, name: &str) -> bool {
    case.get(name).as_bool().unwrap_or(false)
}

fn number(case: &Value, name: &str) -> i32 {
    case.get(name).as_int().and_then(|number| i32::try_from(number).ok()).unwrap_or(0)
}

#[test]
fn a_claim_is_up_to_date_with_exactly_the_owners_of_the_policy() {
    check_all("TestIsClaimOwnerUpToDate", |case| {
        let text = |field: &str| case.get(field).text();
        let set =
            set("stateful-set", "ss-123", number(case, "replicas"), text("setDeletePolicy"), text("scaleDownPolicy"));
        let pod = pod(&format!("pod-{}", number(case, "ordinal")), "pod-456");
        let mut verdicts = Vec::new();
        for (has_set, has_pod) in [(false, false), (false, true), (true, false), (true, true)] {
            let mut owners = EcoVec::new();
            owners.extend(has_set.then(|| set.controller_reference()));
            owners.extend(has_pod.then(|| pod.controller_reference()));
            let is_wanted = has_set == flag(case, "needsSetRef") && has_pod == flag(case, "needsPodRef");
            verdicts.push((retention::is_up_to_date(&set, &pod, &claim_with(owners)), is_wanted));
        }
        let (got, want): (Vec<bool>, Vec<bool>) = verdicts.into_iter().unzip();
        (format!("{got:?}"), format!("{want:?}"))
    });
}

#[test]
fn stale_and_foreign_owners_are_told_apart() {
    check_all("TestClaimOwnerUpToDateEdgeCases", |case| {
        let policy = case.get("policy");
        let set = set("stateful-set", "ss-456", 1, policy.get("whenDeleted").text(), policy.get("whenScaled").text());
        let pod = pod("pod-1", "pod-123");
        let claim = claim_with(owners(case.get("ownerRefs")));
        let got = retention::is_up_to_date(&set, &pod, &claim);
        (got.to_string(), flag(case, "shouldMatch").to_string())
    });
}

#[test]
fn updating_owners_gives_exactly_those_of_the_policy() {
    check_all("TestUpdateClaimOwnerRefForSetAndPod", |case| {
        let text = |field: &str| case.get(field).text();
        let set = set("ss", "ss-123", 1, text("setDeletePolicy"), text("scaleDownPolicy"));
        let pod = pod(if flag(case, "condemned") { "pod-8" } else { "pod-0" }, "pod-456");
        let has = |claim: &PersistentVolumeClaim, uid: &str| {
            claim.metadata.owner_references.iter().any(|owner| owner.uid == uid)
        };
        let mut got = Vec::new();
        for (has_set, has_pod) in [(false, false), (false, true), (true, false), (true, true)] {
            let mut owners = EcoVec::new();
            owners.extend(has_set.then(|| set.controller_reference()));
            owners.extend(has_pod.then(|| pod.controller_reference()));
            if flag(case, "unexpectedController") {
                let other = StatefulSet {
                    metadata: ObjectMeta { uid: "other".into(), ..ObjectMeta::new("", "other") },
                    ..StatefulSet::default()
                };
                owners.push(other.controller_reference());
            }
            let mut claim = claim_with(owners);
            retention::update_owners(&set, &pod, &mut claim);
            got.push((has(&claim, "ss-123"), has(&claim, "pod-456")));
        }
        let want = vec![(flag(case, "needsSetRef"), flag(case, "needsPodRef")); 4];
        (format!("{got:?}"), format!("{want:?}"))
    });
}

#[test]
fn another_controller_of_a_claim_is_unexpected() {
    check_all("TestHasUnexpectedController", |case| {
        let set = set("set", "set-uid", 1, "Delete", "Delete");
        let pod = pod("pod", "pod-uid");
        let claim = claim_with(owners(case.get("refs")));
        let got = retention::has_unexpected_controller(&set, &pod, &claim);
        (got.to_string(), flag(case, "shouldReportUnexpectedController").to_string())
    });
}

#[test]
fn a_claim_of_an_earlier_pod_is_stale() {
    check_all("TestPodClaimIsStale", |case| {
        let set = set("set", "set-uid", 1, "Retain", "Delete");
        let pod = pod("set-3", if flag(case, "skipPodUID") { "" } else { "pod-uid" });
        let is_stale = |state: &Value| {
            let uid: Str = match state.text() {
                "stale" => "stale".into(),
                "with-ref" => "pod-uid".into(),
                _ => return false,
            };
            let earlier = Pod { metadata: ObjectMeta { uid, ..pod.metadata.clone() }, ..Pod::default() };
            retention::is_stale(&set, &pod, &claim_with(EcoVec::from([earlier.controller_reference()])))
        };
        let got = case.get("claimStates").as_list().iter().any(is_stale);
        (got.to_string(), flag(case, "expected").to_string())
    });
}

#[test]
fn max_unavailable_rounds_down_and_is_at_least_one() {
    check_all("TestGetStatefulSetMaxUnavailable", |case| {
        let max = case.get("maxUnavailable");
        let max = if max.is_null() { IntOrString::Int(1) } else { IntOrString::decode(max.clone()) };
        let got = decide::max_unavailable(&max, number(case, "replicaCount"));
        (got.to_string(), number(case, "expectedMaxUnavailable").to_string())
    });
}
