//! `decide` against transitions that the real controller made on random states.

mod reference;

use ordered::Arrange;
use std::rc::Rc;

use api::apps::stateful_set::StatefulSetStatus;
use api::codec::Codec;
use api::core::pod_status::{PodCondition, PodPhase, PodStatus};
use api::meta::ConditionStatus;
use api::{Key, ObjectMeta, PersistentVolumeClaim, Pod, StatefulSet, Str, Value};
use kube_controller_manager::statefulset::decide::{Action, FeatureGate, Inputs, Plan, Revision, decide};
use kube_controller_manager::statefulset::identity;
use sim::{Span, Time};

const NOW: Time = Time::HEADLESS_START;

#[test]
fn every_transition_of_the_real_controller_is_reproduced() {
    check_file("cases/statefulset_oracle.json", FeatureGate::Disabled, 600);
}

#[test]
fn every_transition_with_max_unavailable_is_reproduced() {
    check_file("cases/statefulset_oracle_maxunavailable.json", FeatureGate::Enabled, 269);
}

fn check_file(path: &str, gate: FeatureGate, count: usize) {
    let Some(file) = reference::read_json(path) else { return };
    let cases = file.get("cases").as_list();
    assert_eq!(cases.len(), count, "{path}");
    let wrong: Vec<String> = cases.iter().filter_map(|case| check(case, gate).err()).collect();
    assert!(wrong.is_empty(), "{} of {count} differ:\n{}", wrong.len(), wrong.join("\n"));
}

fn check(case: &Value, gate: FeatureGate) -> Result<(), String> {
    let set = set_of(case);
    let pods: Vec<Rc<Pod>> = case.get("pods").as_list().iter().map(|pod| pod_of(&set, pod)).collect();
    let claims: Vec<Str> = pods.iter().flat_map(|pod| claims_of(&set, pod)).collect();
    let lookup = |key: &Key| claims.contains(&key.name).then(|| Rc::new(PersistentVolumeClaim::default()));
    let text = |path: &[&str]| Str::from(case.at(path).text());
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
    let plan = decide(&inputs, NOW);
    let is_parallel = set.spec.pod_management_policy == "Parallel";
    let (mut got, mut want) = (actions_of(&set, &plan, &inputs), expected_actions(case));
    if is_parallel {
        got.arrange();
        want.arrange();
    }
    let (status, wanted) = (status_of(&plan.status), status_of(&StatefulSetStatus::decode(case.get("status").clone())));
    if got == want && status == wanted {
        return Ok(());
    }
    let seed = case.get("seed").as_int().unwrap_or(-1);
    Err(format!("seed {seed}: actions {got:?}, want {want:?}; status {status:?}, want {wanted:?}"))
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

fn expected_actions(case: &Value) -> Vec<String> {
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

fn status_of(status: &StatefulSetStatus) -> (Vec<i32>, Str, Str) {
    let counts = vec![
        status.replicas,
        status.ready_replicas,
        status.available_replicas,
        status.current_replicas,
        status.updated_replicas,
    ];
    (counts, status.current_revision.clone(), status.update_revision.clone())
}
