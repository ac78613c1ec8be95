//! `decide` against what the real disruption controller made of random budgets and pods.

mod reference;

use std::rc::Rc;

use api::codec::Codec;
use api::meta::OwnerReference;
use api::policy::PodDisruptionBudgetStatus;
use api::{Pod, PodDisruptionBudget, StatefulSet, Value};
use kube_controller_manager::disruption::decide::{Inputs, Plan, decide, selects};
use kube_controller_manager::disruption::foreign_scale;
use sim::Time;

/// Rows whose pods belong to kinds that are not served yet.
const NOT_SERVED: usize = 97;

#[test]
fn every_budget_is_computed_as_by_the_real_controller() {
    let Some(rows) = reference::read_json("oracle/disruption.json") else { return };
    let rows = rows.as_list();
    let served: Vec<&Value> = rows.iter().filter(|row| !has_other_owner(row)).collect();
    assert_eq!((rows.len(), rows.len() - served.len()), (200, NOT_SERVED));
    let wrong: Vec<String> = served.iter().filter_map(|row| check(row).err()).collect();
    assert!(wrong.is_empty(), "{} of {} differ:\n{}", wrong.len(), served.len(), wrong.join("\n"));
}

fn has_other_owner(row: &Value) -> bool {
    let owners = |pod: &Value| pod.at(&["metadata", "ownerReferences"]).as_list().to_vec();
    let mut owners = row.get("pods").as_list().iter().flat_map(owners);
    owners.any(|owner| matches!(owner.get("kind").text(), "ReplicaSet" | "Deployment"))
}

fn check(row: &Value) -> Result<(), String> {
    let budget = PodDisruptionBudget::decode(row.get("pdb").clone());
    let now = Option::<Time>::decode(row.get("now").clone()).expect("an instant");
    let pods = row.get("pods").as_list().iter().map(|pod| Rc::new(Pod::decode(pod.clone())));
    let is_near = |pod: &Rc<Pod>| pod.metadata.namespace == budget.metadata.namespace;
    let pods: Vec<Rc<Pod>> = pods.filter(|pod| is_near(pod) && selects(&budget, pod)).collect();
    let sets: Vec<StatefulSet> = row.get("statefulSets").as_list().iter().cloned().map(StatefulSet::decode).collect();
    let scale = |owner: &OwnerReference| {
        let set = sets.iter().find(|set| set.metadata.name == owner.name && set.metadata.uid == owner.uid);
        match owner.kind.as_str() {
            "StatefulSet" => Ok(set.map(|set| set.spec.replicas.unwrap_or(1))),
            kind => foreign_scale(owner.api_version.split_once('/').map_or("", |(group, _)| group), kind),
        }
    };
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

/// Where several pods offend, the real one names any of them.
fn is_same(row: &Value, got: &Value, want: &Value) -> bool {
    if row.get("nondeterministic").as_bool() != Some(true) {
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
    let is_determined = row.get("nondeterministic").as_bool() != Some(true);
    got.len() == want.len()
        && got.iter().zip(want).all(|(got, want)| if is_determined { got == want } else { reason(got) == reason(want) })
}
