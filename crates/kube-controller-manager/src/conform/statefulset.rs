//! `statefulset_oracle`, `statefulset_oracle_maxunavailable`: transitions that the real controller made on random states;
//! `statefulset_tables`: retention of claims, revisions, `maxUnavailable`.
//!
//! Models: kubernetes v1.36 pkg/controller/statefulset, its tests.

use std::rc::Rc;

use api::apps::stateful_set::{RetentionPolicy, StatefulSetSpec, StatefulSetStatus};
use api::codec::Codec;
use api::conform::{Case, Suite, object};
use api::core::pod_status::{PodCondition, PodPhase, PodStatus};
use api::int_or_string::IntOrString;
use api::meta::{ConditionStatus, OwnerReference};
use api::{ControllerRevision, Key, ObjectMeta, PersistentVolumeClaim, Pod, Resource, StatefulSet, Str, Value};
use ecow::EcoVec;
use ordered::Arrange;
use sim::{Span, Time};

use super::{Rows, answer, wanted};
use crate::statefulset::decide::{self, Action, FeatureGate, Inputs, Plan, Revision};
use crate::statefulset::revision::{self, UpdateRevision};
use crate::statefulset::{identity, retention};

/// Whole syncs.
pub(super) const ORACLE: Suite = Suite {
    name: "statefulset_oracle",
    run: |case| transition(case, FeatureGate::Disabled),
    expect: transition_wanted,
    functions: &["kube_controller_manager::statefulset::decide::decide"],
};

/// Whole syncs of a controller that heeds `maxUnavailable`.
pub(super) const ORACLE_MAX_UNAVAILABLE: Suite = Suite {
    name: "statefulset_oracle_maxunavailable",
    run: |case| transition(case, FeatureGate::Enabled),
    expect: transition_wanted,
    functions: &["kube_controller_manager::statefulset::decide::decide"],
};

/// Owners of claims, revisions.
pub(super) const TABLES: Suite = Suite {
    name: "statefulset_tables",
    run: |case| answer(ROWS, case),
    expect: |case| wanted(ROWS, case),
    functions: &[
        "kube_controller_manager::statefulset::retention::is_up_to_date",
        "kube_controller_manager::statefulset::retention::update_owners",
        "kube_controller_manager::statefulset::retention::is_stale",
        "kube_controller_manager::statefulset::revision::decide_update_revision",
    ],
};

const ROWS: Rows = &[
    ("TestPodClaimIsStale", stale, |case| case.get("expected").clone()),
    ("TestStatefulSetControl_getSetRevisions", revisions, |case| {
        let shown = |field: &str| shown_revision(&ControllerRevision::decode(case.get(field).clone()));
        object([
            ("count", case.get("expectedCount").clone()),
            ("current", shown("expectedCurrent")),
            ("update", shown("expectedUpdate")),
        ])
    }),
    ("TestStatefulSetAvailability", availability, |case| case.get("expectedActiveReplicas").clone()),
    ("TestStatefulSetMetrics", |_| Err("controllers have no metrics".into()), |_| Value::Null),
    ("TestOwnerRefsChanged", |_| Err("owners are not compared without their order".into()), |_| Value::Null),
    ("TestMatchesRef", names_object, |case| case.get("shouldMatch").clone()),
    ("TestIsClaimOwnerUpToDate", up_to_date, |case| {
        let is_wanted = |(set, pod)| Value::from(set == case.flag("needsSetRef") && pod == case.flag("needsPodRef"));
        OWNED.map(is_wanted).to_vec().into()
    }),
    ("TestClaimOwnerUpToDateEdgeCases", up_to_date_edges, |case| case.get("shouldMatch").clone()),
    ("TestUpdateClaimOwnerRefForSetAndPod", update_owners, |case| {
        let wanted: Value = vec![case.flag("needsSetRef").into(), case.flag("needsPodRef").into()].into();
        vec![wanted; OWNED.len()].into()
    }),
    (
        "TestUpdateClaimControllerRef",
        |_| Err("references that do not control are replaced whole".into()),
        |_| Value::Null,
    ),
    ("TestHasUnexpectedController", unexpected, |case| case.get("shouldReportUnexpectedController").clone()),
    ("TestGetStatefulSetMaxUnavailable", max_unavailable, |case| case.get("expectedMaxUnavailable").clone()),
];

const NOW: Time = Time::HEADLESS_START;
/// Whether a claim is the set's, and whether it is the pod's.
const OWNED: [(bool, bool); 4] = [(false, false), (false, true), (true, false), (true, true)];

/// Actions and status of one sync.
fn transition(case: &Case<'_>, gate: FeatureGate) -> Result<Value, String> {
    let set = set_of(case.case);
    let pods: Vec<Rc<Pod>> = case.get("pods").as_list().iter().map(|pod| pod_of(&set, pod)).collect();
    let claims: Vec<Str> = pods.iter().flat_map(|pod| claims_of(&set, pod)).collect();
    let lookup = |key: &Key| claims.contains(&key.name).then(|| Rc::new(PersistentVolumeClaim::default()));
    let text = |path: &[&str]| Str::from(case.case.at(path).text());
    let (current, update) = (text(&["statusBefore", "currentRevision"]), text(&["spec", "template"]));
    let inputs = Inputs {
        set: &set,
        pods: &pods,
        current_revision: &current,
        update_revision: &update,
        collision_count: 0,
        claims: &lookup,
        max_unavailable: gate,
    };
    let plan = decide::decide(&inputs, NOW);
    Ok(shown(case, actions_of(&set, &plan, &inputs), &plan.status))
}

fn transition_wanted(case: &Case<'_>) -> Value {
    shown(case, actions_wanted(case), &StatefulSetStatus::decode(case.get("status").clone()))
}

/// A parallel set acts in no order.
fn shown(case: &Case<'_>, mut actions: Vec<String>, status: &StatefulSetStatus) -> Value {
    if case.get("spec").get("podManagementPolicy").text() == "Parallel" {
        actions.arrange();
    }
    let actions: Vec<Value> = actions.into_iter().map(Value::from).collect();
    let counts = [
        status.replicas,
        status.ready_replicas,
        status.available_replicas,
        status.current_replicas,
        status.updated_replicas,
    ];
    object([
        ("actions", actions.into()),
        ("counts", counts.map(|count| Value::from(i64::from(count))).to_vec().into()),
        ("currentRevision", status.current_revision.clone().into()),
        ("updateRevision", status.update_revision.clone().into()),
    ])
}

fn set_of(case: &Value) -> StatefulSet {
    let mut value = Value::map();
    let spec = case.get("spec");
    value
        .set(&["metadata"], Value::Map([("name".into(), "foo".into()), ("namespace".into(), "default".into())].into()));
    for field in ["minReadySeconds", "podManagementPolicy", "replicas", "updateStrategy"] {
        value.set(&["spec", field], spec.get(field).clone());
    }
    value.set(&["spec", "ordinals", "start"], spec.get("start").clone());
    let mut template = Value::map();
    template.set(&["metadata", "name"], "datadir");
    value.set(&["spec", "volumeClaimTemplates"], vec![template]);
    value.set(&["status"], case.get("statusBefore").clone());
    StatefulSet::decode(value)
}

fn pod_of(set: &StatefulSet, case: &Value) -> Rc<Pod> {
    let name: Str = case.get("name").text().into();
    let (_, ordinal) = identity::parent_and_ordinal(&name).expect("the oracle names pods after their set");
    let mut pod = identity::new_pod(set, &set.spec.template, ordinal, &case.get("revision").text().into());
    let state = case.get("state").text();
    let phase = match state {
        "pending" => PodPhase::Pending,
        "failed" => PodPhase::Failed,
        "succeeded" => PodPhase::Succeeded,
        _ => PodPhase::Running,
    };
    let ready_for = match state {
        "ready" | "terminating" => Some(Span::from_seconds(3_600)),
        "ready-2s" => Some(Span::from_seconds(2)),
        _ => None,
    };
    let condition = ready_for.map(|span| PodCondition::new("Ready", ConditionStatus::True, NOW - span));
    pod.status =
        Rc::new(PodStatus { phase: Some(phase), conditions: condition.into_iter().collect(), ..PodStatus::default() });
    if state.starts_with("terminating") {
        pod.metadata.deletion_timestamp = Some(NOW);
    }
    pod.metadata = ObjectMeta { uid: name, ..pod.metadata };
    Rc::new(pod)
}

fn claims_of(set: &StatefulSet, pod: &Pod) -> Vec<Str> {
    let (_, ordinal) = identity::parent_and_ordinal(&pod.metadata.name).expect("a pod of the set");
    identity::claim_keys(set, ordinal).map(|key| key.name).collect()
}

fn actions_of(set: &StatefulSet, plan: &Plan, inputs: &Inputs<'_>) -> Vec<String> {
    let actions = plan.actions.iter().map(|planned| match &planned.action {
        Action::CreateClaim { ordinal, template } => {
            format!("create-claim {}", identity::claim_name(set, &set.spec.volume_claim_templates[*template], *ordinal))
        }
        Action::CreatePod { ordinal, revision, .. } => {
            let revision = match revision {
                Revision::Current => inputs.current_revision,
                Revision::Update => inputs.update_revision,
            };
            format!("create {} {revision}", identity::pod_name(set, *ordinal))
        }
        Action::DeletePod { pod, .. } => format!("delete {}", pod.metadata.name),
        other => format!("{other:?}"),
    });
    actions.collect()
}

fn actions_wanted(case: &Case<'_>) -> Vec<String> {
    let actions = case.get("actions").as_list().iter().map(|action| {
        let text = |field: &str| action.get(field).text();
        match text("op") {
            "create-claim" => format!("create-claim {}", text("claim")),
            "create" => format!("create {} {}", text("pod"), text("revision")),
            op => format!("{op} {}", text("pod")),
        }
    });
    actions.collect()
}

fn set(case: &Case<'_>, uid: &str, when_deleted: &str, when_scaled: &str) -> StatefulSet {
    let policy = RetentionPolicy {
        when_deleted: when_deleted.into(),
        when_scaled: when_scaled.into(),
        ..RetentionPolicy::default()
    };
    let replicas = case.get("replicas").as_int().unwrap_or(1) as i32;
    let spec = StatefulSetSpec {
        replicas: Some(replicas),
        persistent_volume_claim_retention_policy: Some(policy),
        ..StatefulSetSpec::default()
    };
    let metadata = ObjectMeta { uid: uid.into(), ..ObjectMeta::new("default", SET) };
    StatefulSet { metadata, spec: spec.into(), ..StatefulSet::default() }
}

const SET: &str = "stateful-set";

fn pod(name: &str, uid: &str) -> Pod {
    Pod { metadata: ObjectMeta { uid: uid.into(), ..ObjectMeta::new("default", name) }, ..Pod::default() }
}

fn claim_with(owners: EcoVec<OwnerReference>) -> PersistentVolumeClaim {
    let metadata = ObjectMeta { owner_references: owners, ..ObjectMeta::new("default", "claim") };
    PersistentVolumeClaim { metadata, ..PersistentVolumeClaim::default() }
}

fn owned_by(set: &StatefulSet, pod: &Pod, (by_set, by_pod): (bool, bool)) -> EcoVec<OwnerReference> {
    let references =
        by_set.then(|| set.controller_reference()).into_iter().chain(by_pod.then(|| pod.controller_reference()));
    references.collect()
}

fn up_to_date(case: &Case<'_>) -> Result<Value, String> {
    let set = set(case, "ss-123", case.text("setDeletePolicy"), case.text("scaleDownPolicy"));
    let pod = pod(&format!("pod-{}", case.int("ordinal")), "pod-456");
    let verdict = |owned| retention::is_up_to_date(&set, &pod, &claim_with(owned_by(&set, &pod, owned))).into();
    Ok(OWNED.map(verdict).to_vec().into())
}

fn up_to_date_edges(case: &Case<'_>) -> Result<Value, String> {
    let policy = case.get("policy");
    let set = set(case, "ss-456", policy.get("whenDeleted").text(), policy.get("whenScaled").text());
    let claim = claim_with(EcoVec::decode(case.get("ownerRefs").clone()));
    Ok(retention::is_up_to_date(&set, &pod("pod-1", "pod-123"), &claim).into())
}

fn update_owners(case: &Case<'_>) -> Result<Value, String> {
    let set = set(case, "ss-123", case.text("setDeletePolicy"), case.text("scaleDownPolicy"));
    let pod = pod(if case.flag("condemned") { "pod-8" } else { "pod-0" }, "pod-456");
    let after = |owned| -> Value {
        let mut owners = owned_by(&set, &pod, owned);
        if case.flag("unexpectedController") {
            let metadata = ObjectMeta { uid: "other".into(), ..ObjectMeta::new("", "other") };
            owners.push(StatefulSet { metadata, ..StatefulSet::default() }.controller_reference());
        }
        let mut claim = claim_with(owners);
        retention::update_owners(&set, &pod, &mut claim);
        let has = |uid: &str| Value::from(claim.metadata.owner_references.iter().any(|owner| owner.uid == uid));
        vec![has("ss-123"), has("pod-456")].into()
    };
    Ok(OWNED.map(after).to_vec().into())
}

fn unexpected(case: &Case<'_>) -> Result<Value, String> {
    let mut set = set(case, "set-uid", "Delete", "Delete");
    set.metadata.name = "set".into();
    let claim = claim_with(EcoVec::decode(case.get("refs").clone()));
    Ok(retention::has_unexpected_controller(&set, &pod("pod", "pod-uid"), &claim).into())
}

fn stale(case: &Case<'_>) -> Result<Value, String> {
    let set = set(case, "set-uid", "Retain", "Delete");
    let pod = pod("set-3", if case.flag("skipPodUID") { "" } else { "pod-uid" });
    let is_stale = |state: &Value| {
        let uid: Str = match state.text() {
            "stale" => "stale".into(),
            "with-ref" => "pod-uid".into(),
            _ => return false,
        };
        let earlier = Pod { metadata: ObjectMeta { uid, ..pod.metadata.clone() }, ..Pod::default() };
        retention::is_stale(&set, &pod, &claim_with(EcoVec::from([earlier.controller_reference()])))
    };
    Ok(case.get("claimStates").as_list().iter().any(is_stale).into())
}

fn max_unavailable(case: &Case<'_>) -> Result<Value, String> {
    let max = case.get("maxUnavailable");
    let max = if max.is_null() { IntOrString::Int(1) } else { IntOrString::decode(max.clone()) };
    Ok((decide::max_unavailable(&max, case.int("replicaCount") as i32) as i64).into())
}

fn names_object(case: &Case<'_>) -> Result<Value, String> {
    let reference = OwnerReference::decode(case.get("ref").clone());
    let schema = case.get("schema");
    let (group, version) = (schema.get("Group").text(), schema.get("Version").text());
    if !group.is_empty() || schema.get("Kind").text() != "Pod" || version != "v1" {
        return Err("the row's kind is not one that owns claims".into());
    }
    let object = case.get("obj");
    Ok(retention::names(&reference, &pod(object.get("name").text(), object.get("uid").text())).into())
}

/// The number and what it sets. Templates here have their defaults, as the server gives them, and the table's have none: with
/// them hashes, and so names, would be others.
fn shown_revision(revision: &ControllerRevision) -> Value {
    vec![revision.revision.into(), with_defaults(&revision.data)].into()
}

fn with_defaults(patch: &Value) -> Value {
    revision::patch_of(&revision::template_of(patch))
}

fn revisions(case: &Case<'_>) -> Result<Value, String> {
    let set = StatefulSet::decode(case.get("set").clone());
    let patch = Rc::new(revision::patch_of(&set.spec.template));
    let existing = |value: &Value| {
        let revision = ControllerRevision::decode(value.clone());
        Rc::new(ControllerRevision { data: Rc::new(with_defaults(&revision.data)), ..revision })
    };
    let mut all: Vec<Rc<ControllerRevision>> = case.get("existing").as_list().iter().map(existing).collect();
    revision::sort(&mut all);
    let collisions = set.status.collision_count.unwrap_or(0);
    let (update, is_new) = match revision::decide_update_revision(&set, &patch, &all, collisions) {
        UpdateRevision::Newest(newest) => (newest, false),
        UpdateRevision::Renumber(older, number) => {
            (Rc::new(ControllerRevision { revision: number, ..(*older).clone() }), false)
        }
        UpdateRevision::Create(new) => (new, true),
    };
    let current = all.iter().find(|revision| revision.metadata.name == set.status.current_revision).unwrap_or(&update);
    Ok(object([
        ("count", ((all.len() + usize::from(is_new)) as i64).into()),
        ("current", shown_revision(current)),
        ("update", shown_revision(&update)),
    ]))
}

/// How many pods are available, all of which have been Ready for the row's time.
fn availability(case: &Case<'_>) -> Result<Value, String> {
    let set = StatefulSet::decode(case.get("inputSTS").clone());
    let text = case.text("readyDuration");
    let span = api::duration::parse_go_span(text.trim_start_matches('-')).map_err(|_| "no duration")?;
    let pods: Vec<Rc<Pod>> = (0..set.spec.replicas())
        .map(|ordinal| {
            let mut pod = identity::new_pod(&set, &set.spec.template, ordinal, &"A".into());
            let ready = PodCondition::new("Ready", ConditionStatus::True, NOW - span);
            let (phase, conditions) = (Some(PodPhase::Running), [ready].into());
            pod.status = Rc::new(PodStatus { phase, conditions, ..PodStatus::default() });
            Rc::new(pod)
        })
        .collect();
    let inputs = Inputs {
        set: &set,
        pods: &pods,
        current_revision: &"A".into(),
        update_revision: &"A".into(),
        collision_count: 0,
        claims: &|_| Some(Rc::new(PersistentVolumeClaim::default())),
        max_unavailable: FeatureGate::Disabled,
    };
    Ok(i64::from(decide::decide(&inputs, NOW).status.available_replicas).into())
}
