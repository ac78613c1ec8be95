//! Kubernetes' own tables of evictions, against the eviction subresource.

use api::core::namespace::ServiceAccount;
use api::core::pod_status::{PodCondition, PodPhase};
use api::{Key, Kind, Object, ObjectMeta, Pod, PodDisruptionBudget, Status, Value};
use client::{Api, DeleteOptions};
use kube_apiserver::ApiServer;
use sim::Time;

const NOW: Time = Time::HEADLESS_START;

/// Rows whose store is told to refuse writes of the server itself, which nothing here can do, and one with an option that no
/// caller here can set.
const NOT_RUN: &[&str] = &[
    "first delete conflict",
    "always conflict on delete",
    "resource version conflict",
    "other error on delete",
    "bad name in Url",
    "ignoreStoreReadErrorWithClusterBreakingPotential",
];

fn object(kind: Kind, body: &Value) -> Object {
    Object::decode(kind, body.clone())
}

/// A server with a pod of labels `a: true`, bound and in this phase, and with these budgets.
fn server(name: &str, case: &Value, policy: &str) -> ApiServer {
    let mut server = ApiServer::new(1, NOW);
    let mut api = server.client("test", NOW);
    let account = ServiceAccount { metadata: ObjectMeta::new("default", "default"), ..ServiceAccount::default() };
    api.create(account.into()).expect("accepted");
    let text = "{\"spec\": {\"containers\": [{\"name\": \"c\", \"image\": \"i\"}], \"nodeName\": \"node-1\"}}";
    let mut body = api::text::json::read(text).expect("JSON");
    body.set(&["metadata", "name"], name);
    body.set(&["metadata", "namespace"], "default");
    body.set(&["metadata", "labels", "a"], "true");
    let created = api.create(object(Kind::Pod, &body)).expect("accepted");
    let mut pod = Pod::clone(created.get::<Pod>().expect("a pod"));
    let status = std::rc::Rc::make_mut(&mut pod.status);
    status.phase = PodPhase::parse(case.get("podPhase").text());
    if case.get("prc").get("Status").text() == "True" {
        status.conditions.push(PodCondition::new("Ready", true, NOW));
    }
    api.update_status(pod.into()).expect("accepted");
    if case.get("podTerminating").as_bool() == Some(true) {
        api.delete(Kind::Pod, &Key::new("default", name), &DeleteOptions::default()).expect("accepted");
    }
    let budgets = case.get("pdbs").as_list().iter().chain(Some(case.get("pdb")).filter(|pdb| !pdb.is_null()));
    for budget in budgets {
        add_budget(&mut api, budget.clone(), policy);
    }
    server
}

fn add_budget(api: &mut impl Api, mut body: Value, policy: &str) {
    body.set(&["spec", "minAvailable"], 0);
    if !policy.is_empty() {
        body.set(&["spec", "unhealthyPodEvictionPolicy"], policy);
    }
    let created = api.create(object(Kind::PodDisruptionBudget, &body)).expect("accepted");
    let mut budget = PodDisruptionBudget::clone(created.get().expect("a budget"));
    budget.status =
        object(Kind::PodDisruptionBudget, &body).get::<PodDisruptionBudget>().expect("a budget").status.clone();
    budget.status.observed_generation = budget.metadata.generation;
    api.update_status(budget.into()).expect("accepted");
}

/// An error as the tables write it: its message, its reason, and its first cause.
fn text(answer: &Result<(), Status>) -> String {
    let Err(status) = answer else { return String::new() };
    let cause = status.details.iter().flat_map(|details| &details.causes).next();
    let cause = cause.map_or(String::new(), |cause| format!(": {}", cause.message));
    format!("{}: {}{cause}", status.message, status.reason.as_str())
}

fn evict(server: &mut ApiServer, name: &str, options: &DeleteOptions) -> Result<(), Status> {
    server.client("test", NOW).evict(&Key::new("default", name), options)
}

/// The policies that a row holds for; all of them where it names none.
fn policies(case: &Value) -> Vec<String> {
    let named: Vec<String> = case.get("policies").as_list().iter().map(|policy| policy.text().to_string()).collect();
    if named.is_empty() { ["", "IfHealthyBudget", "AlwaysAllow"].map(String::from).into() } else { named }
}

fn check_row(case: &Value, misses: &mut Vec<String>) {
    let name = case.get("podName").text();
    let options = DeleteOptions {
        grace_period_seconds: case.at(&["eviction", "deleteOptions", "gracePeriodSeconds"]).as_int(),
        ..DeleteOptions::default()
    };
    for policy in policies(case) {
        let mut server = server(name, case, &policy);
        let answer = text(&evict(&mut server, name, &options));
        let expect = case.get("expectError").text();
        let is_gone = server.client("test", NOW).get(Kind::Pod, &Key::new("default", name)).is_err();
        let goes = case.get("expectDeleted").as_bool().unwrap_or(is_gone);
        if answer != expect || is_gone != goes {
            misses.push(format!("{} ({policy}): {answer:?}, gone {is_gone}; real {expect:?}", case.get("name").text()));
        }
    }
}

fn check_dry_run(case: &Value, misses: &mut Vec<String>) {
    let mut server = server("t", case, "");
    let options = DeleteOptions { dry_run: true, ..DeleteOptions::default() };
    let answer = evict(&mut server, "t", &options);
    if answer.is_err() || server.client("test", NOW).get(Kind::Pod, &Key::new("default", "t")).is_err() {
        misses.push(format!("{}: {answer:?}", case.get("name").text()));
    }
}

fn check_status(case: &Value, misses: &mut Vec<String>) {
    let mut server = server("t", case, "");
    evict(&mut server, "t", &DeleteOptions::default()).expect("the budget allows it");
    let budget = server.client("test", NOW).get(Kind::PodDisruptionBudget, &Key::new("default", "foo")).expect("there");
    let body = budget.encode_body();
    let (left, condition) =
        (body.at(&["status", "disruptionsAllowed"]), &body.at(&["status", "conditions"]).as_list()[0]);
    let expect = (case.get("expectedDisruptionsAllowed").as_int(), case.get("expectedReason").text());
    if (left.as_int(), condition.get("reason").text()) != expect {
        misses.push(format!("{}: {body:?}", case.get("name").text()));
    }
}

#[test]
fn evictions_are_answered_as_in_the_tables() {
    let Some(file) = api::conform::read_reference("cases/eviction.json") else { return };
    let (mut run, mut left_out, mut misses) = (0, 0, Vec::new());
    for group in file.get("groups").as_list() {
        let check = match group.get("test").text() {
            "TestEvictionWithDeleteOptions" => check_dry_run,
            "TestEvictionPDBStatus" => check_status,
            _ => check_row,
        };
        for case in group.get("cases").as_list() {
            if NOT_RUN.iter().any(|part| case.get("name").text().contains(part)) {
                left_out += 1;
                continue;
            }
            run += 1;
            check(case, &mut misses);
        }
    }
    println!("{run} rows run, {left_out} left out");
    assert!(run >= 20 && misses.is_empty(), "{run} rows:\n{}", misses.join("\n"));
}
