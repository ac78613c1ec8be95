//! `disruption` and `oracle/disruption`: what a budget allows, who says how many pods there should be, and conditions that are
//! taken back.
//!
//! Models: kubernetes v1.36 pkg/controller/disruption, its tests.

use std::rc::Rc;

use api::codec::Codec;
use api::conform::{Case, Suite, object, without_nulls};
use api::meta::OwnerReference;
use api::policy::PodDisruptionBudgetStatus;
use api::{Deployment, ObjectMeta, Pod, PodDisruptionBudget, ReplicaSet, ReplicationController, StatefulSet, Value};
use sim::Time;

use super::{Rows, answer, at, wanted};
use crate::disruption::decide::{Inputs, Scale, decide, selects};
use crate::disruption::{Scales, deployment_of, scale_of, stale};

/// Whole syncs of random budgets.
pub(super) const ORACLE: Suite = Suite {
    name: "oracle/disruption",
    run: sync,
    expect: sync_wanted,
    functions: &[
        "kube_controller_manager::disruption::decide::decide",
        "kube_controller_manager::disruption::scale_of",
    ],
};

/// The parts of one.
pub(super) const TABLES: Suite = Suite {
    name: "disruption",
    run: |case| answer(ROWS, case),
    expect: |case| wanted(ROWS, case),
    functions: &[
        "kube_controller_manager::disruption::scale_of",
        "kube_controller_manager::disruption::deployment_of",
        "kube_controller_manager::disruption::stale::stale_at",
    ],
};

const ROWS: Rows = &[
    ("TestScaleFinderNoResource", |_| Err("there are no custom resources".into()), |_| Value::Null),
    ("TestBasicFinderFunctions", finder, finder_wanted),
    ("TestDeploymentFinderFunction", deployment_finder, finder_wanted),
    (
        "TestInvalidSelectors",
        |_| Err("a selector that is not valid is refused by the API server and never stored".into()),
        |_| Value::Null,
    ),
    ("TestStalePodDisruption", stale_condition, |case| conditions(case.get("wantConditions"))),
];

/// Workloads that there are.
#[derive(Default)]
struct Workloads {
    deployments: Vec<Deployment>,
    replica_sets: Vec<ReplicaSet>,
    stateful_sets: Vec<StatefulSet>,
    replication_controllers: Vec<ReplicationController>,
}

impl Scales for Workloads {
    fn deployment(&self, name: &str) -> Option<&Deployment> {
        self.deployments.iter().find(|found| found.metadata.name == name)
    }
    fn replica_set(&self, name: &str) -> Option<&ReplicaSet> {
        self.replica_sets.iter().find(|set| set.metadata.name == name)
    }
    fn stateful_set(&self, name: &str) -> Option<&StatefulSet> {
        self.stateful_sets.iter().find(|set| set.metadata.name == name)
    }
    fn replication_controller(&self, name: &str) -> Option<&ReplicationController> {
        self.replication_controllers.iter().find(|found| found.metadata.name == name)
    }
}

fn decoded<T: Codec>(list: &Value) -> Vec<T> {
    list.as_list().iter().cloned().map(T::decode).collect()
}

fn sync(case: &Case<'_>) -> Result<Value, String> {
    let budget = PodDisruptionBudget::decode(case.get("pdb").clone());
    let now = at(case.text("now"));
    let mut pods: Vec<Rc<Pod>> = decoded::<Pod>(case.get("pods")).into_iter().map(Rc::new).collect();
    pods.retain(|pod| pod.metadata.namespace == budget.metadata.namespace && selects(&budget, pod));
    let workloads = Workloads {
        deployments: decoded(case.get("deployments")),
        replica_sets: decoded(case.get("replicaSets")),
        stateful_sets: decoded(case.get("statefulSets")),
        ..Workloads::default()
    };
    let scale = |owner: &OwnerReference| scale_of(&workloads, owner);
    let plan = decide(&Inputs { budget: &budget, pods: &pods, scale: &scale }, now);
    let said = plan.announcements.iter();
    let events: Vec<Value> =
        said.map(|said| format!("{} {} {}", said.kind.as_str(), said.reason, said.message).into()).collect();
    let is_written = plan.status.is_some();
    let status = plan.status.unwrap_or_else(|| PodDisruptionBudgetStatus::clone(&budget.status));
    Ok(object([("status", without_nulls(&status.encode())), ("events", events.into()), ("written", is_written.into())]))
}

/// What the budget cannot be computed for, as the status and the Event say it: of several pods that offend, any is named.
fn offences(case: &Case<'_>, before: &str) -> Value {
    let recorded = case.case.at(&["expect", "status", "conditions"]).element(0).get("message").clone();
    let pods = case.get("pods").as_list().iter().map(|pod| pod.at(&["metadata", "name"]).text());
    let mut texts: Vec<Value> =
        pods.map(|name| format!("{before}found no controllers for pod {:?}", name).into()).collect();
    let is_of_a_pod = texts.contains(&format!("{before}{}", recorded.text()).into());
    if !is_of_a_pod {
        return format!("{before}{}", recorded.text()).into();
    }
    if case.flag("nondeterministic") {
        texts.push(object([("$contains", "does not implement the scale subresource".into())]));
    }
    object([("$anyOf", texts.into())])
}

fn sync_wanted(case: &Case<'_>) -> Value {
    let expect = case.get("expect");
    let mut status = expect.get("status").clone();
    let mut events = expect.get("events").as_list().to_vec();
    let mut condition = status.get("conditions").element(0).clone();
    if condition.get("lastTransitionTime").text() == "NOW" {
        condition.set(&["lastTransitionTime"], case.get("now").clone());
    }
    if condition.get("reason").text() == "SyncFailed" {
        condition.set(&["message"], offences(case, ""));
        let before = "Warning CalculateExpectedPodCountFailed Failed to calculate the number of expected pods: ";
        for event in events.iter_mut().filter(|event| event.text().starts_with(before)) {
            *event = offences(case, before);
        }
    }
    if !condition.is_null() {
        status.set(&["conditions"], Value::from(vec![condition]));
    }
    object([("status", without_nulls(&status)), ("events", events.into()), ("written", expect.get("written").clone())])
}

/// The name of the table's objects.
const NAME: &str = "foobar";

/// The object that the row's finder finds if the owner is right. Each has the replicas that its finder's table has.
fn finder(case: &Case<'_>) -> Result<Value, String> {
    let metadata = ObjectMeta { uid: case.text("uid").into(), ..ObjectMeta::new("default", NAME) };
    let mut workloads = Workloads::default();
    let function = case.text("finderFunc");
    if function.contains("getPodReplicationController") {
        let set = replica_set(metadata, 12);
        workloads.replication_controllers.push(ReplicationController::of_set(set));
    } else if function.contains("getPodReplicaSet") {
        workloads.replica_sets.push(replica_set(metadata, 10));
    } else {
        let mut set = StatefulSet { metadata, ..StatefulSet::default() };
        Rc::make_mut(&mut set.spec).replicas = Some(14);
        workloads.stateful_sets.push(set);
    }
    let owner = owner(case.text("apiVersion"), case.text("kind"), case.text("name"), case.text("uid"));
    // An owner of a kind that nobody knows is an error to the controller, and nothing to the finder.
    Ok(found(scale_of(&workloads, &owner).ok().flatten()))
}

fn deployment_finder(case: &Case<'_>) -> Result<Value, String> {
    let named = |name: &str| ObjectMeta { uid: format!("uid-of-{name}").into(), ..ObjectMeta::new("default", name) };
    let mut deployment = Deployment { metadata: named("above"), ..Deployment::default() };
    Rc::make_mut(&mut deployment.spec).replicas = Some(10);
    let mut metadata = named(NAME);
    metadata.owner_references =
        [owner(case.text("depApiVersion"), case.text("depKind"), "above", "uid-of-above")].into();
    let workloads = Workloads {
        deployments: vec![deployment],
        replica_sets: vec![replica_set(metadata, 7)],
        ..Workloads::default()
    };
    let owner = owner(case.text("rsApiVersion"), case.text("rsKind"), NAME, &format!("uid-of-{NAME}"));
    Ok(found(deployment_of(&workloads, &owner)))
}

fn replica_set(metadata: ObjectMeta, replicas: i32) -> ReplicaSet {
    let mut set = ReplicaSet { metadata, ..ReplicaSet::default() };
    Rc::make_mut(&mut set.spec).replicas = Some(replicas);
    set
}

fn owner(api_version: &str, kind: &str, name: &str, uid: &str) -> OwnerReference {
    OwnerReference {
        api_version: api_version.into(),
        kind: kind.into(),
        name: name.into(),
        uid: uid.into(),
        controller: Some(true),
        ..OwnerReference::default()
    }
}

fn found(scale: Option<Scale>) -> Value {
    scale.map_or(Value::Null, |scale| i64::from(scale.replicas).into())
}

fn finder_wanted(case: &Case<'_>) -> Value {
    if case.flag("findsScale") { case.get("expectedScale").clone() } else { Value::Null }
}

/// The row's conditions were set at the table's own time.
fn stale_condition(case: &Case<'_>) -> Result<Value, String> {
    let pod = Pod::decode(case.get("pod").clone());
    let passed = api::duration::parse_go_span(case.text("timePassed")).map_err(|error| error.to_string())?;
    let since = pod.status.condition("DisruptionTarget").and_then(|condition| condition.last_transition_time);
    let since = since.or(pod.metadata.deletion_timestamp).unwrap_or(Time::HEADLESS_START);
    let pod = stale::decide(&pod, since + passed).unwrap_or(pod);
    let written: Vec<Value> = pod.status.conditions.iter().map(Codec::encode).collect();
    Ok(conditions(&written.into()))
}

/// Without their times, as the table compares them.
fn conditions(list: &Value) -> Value {
    let bare = |condition: &Value| {
        let mut condition = without_nulls(condition);
        condition.remove(&["lastTransitionTime"]);
        condition
    };
    list.as_list().iter().map(bare).collect::<Vec<_>>().into()
}
