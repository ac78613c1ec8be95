//! `eviction`: the eviction subresource, pods and budgets being stored in a server.
//!
//! Models: kubernetes v1.36 pkg/registry/core/pod/storage/eviction.go, its tests.

use std::rc::Rc;

use api::conform::{Case, Suite, object};
use api::core::namespace::ServiceAccount;
use api::core::pod_status::{PodCondition, PodPhase};
use api::{Key, Kind, Object, ObjectMeta, PodDisruptionBudget, Status, Value};
use client::{Api, DeleteOptions};
use sim::Time;

use crate::ApiServer;

pub(super) const SUITE: Suite =
    Suite { name: "eviction", run, expect, functions: &["kube_apiserver::subresources::eviction::evict"] };

const NOW: Time = Time::HEADLESS_START;

/// Parts of the names of rows that are not run, and why.
const NOT_RUN: [(&str, &str); 6] = [
    ("first delete conflict", FAILING_STORE),
    ("always conflict on delete", FAILING_STORE),
    ("resource version conflict", FAILING_STORE),
    ("other error on delete", FAILING_STORE),
    ("bad name in Url", "an eviction carries one name, so that there are no two that could differ"),
    ("ignoreStoreReadErrorWithClusterBreakingPotential", "nobody here can set this option of a deletion"),
];
const FAILING_STORE: &str = "the row's store refuses writes of the server itself, which here are one write";

fn run(case: &Case<'_>) -> Result<Value, String> {
    if let Some((_, why)) = NOT_RUN.iter().find(|(part, _)| case.text("name").contains(part)) {
        return Err((*why).into());
    }
    match case.test {
        "TestEvictionWithETCD" | "TestEviction" => with_each_policy(case),
        "TestEvictionWithDeleteOptions" => dry_run(case),
        "TestEvictionPDBStatus" => status(case),
        _ => case.unknown(),
    }
}

fn expect(case: &Case<'_>) -> Value {
    match case.test {
        "TestEvictionWithDeleteOptions" => outcome(case.get("err").get("$error").text(), false),
        "TestEvictionPDBStatus" => object([
            ("allowed", case.get("expectedDisruptionsAllowed").clone()),
            ("reason", case.get("expectedReason").clone()),
        ]),
        _ => {
            let mut expect = outcome(case.text("expectError"), case.flag("expectDeleted"));
            // The second table does not look whether the pod is gone.
            if case.get("expectDeleted").is_null() {
                expect.set(&["isGone"], object([("$any", true.into())]));
            }
            policies(case).map(|_| expect.clone()).collect::<Vec<_>>().into()
        }
    }
}

fn outcome(error: &str, is_gone: bool) -> Value {
    object([("error", error.into()), ("isGone", is_gone.into())])
}

/// The policies that a row holds for; all of them where it names none.
fn policies<'a>(case: &Case<'a>) -> impl Iterator<Item = &'a str> {
    let named = case.get("policies").as_list();
    let all = if named.is_empty() { &["", "IfHealthyBudget", "AlwaysAllow"][..] } else { &[] };
    named.iter().map(Value::text).chain(all.iter().copied())
}

fn with_each_policy(case: &Case<'_>) -> Result<Value, String> {
    let options = DeleteOptions {
        grace_period_seconds: case.case.at(&["eviction", "deleteOptions", "gracePeriodSeconds"]).as_int(),
        ..DeleteOptions::default()
    };
    let answer = |policy| server(case, policy).and_then(|mut server| evicted(&mut server, case, &options));
    let answers: Result<Vec<Value>, Status> = policies(case).map(answer).collect();
    answers.map(Value::from).map_err(|status| status.message.to_string())
}

fn dry_run(case: &Case<'_>) -> Result<Value, String> {
    let options = DeleteOptions { dry_run: true, ..DeleteOptions::default() };
    let answer = server(case, "").and_then(|mut server| evicted(&mut server, case, &options));
    answer.map_err(|status| status.message.to_string())
}

fn status(case: &Case<'_>) -> Result<Value, String> {
    let answer = || -> Result<Value, Status> {
        let mut server = server(case, "")?;
        evicted(&mut server, case, &DeleteOptions::default())?;
        let budget = server.client("test", NOW).get(Kind::PodDisruptionBudget, &Key::new("default", "foo"))?;
        let body = budget.encode_body();
        let reason = body.at(&["status", "conditions"]).element(0).get("reason").clone();
        Ok(object([("allowed", body.at(&["status", "disruptionsAllowed"]).clone()), ("reason", reason)]))
    };
    answer().map_err(|status| status.message.to_string())
}

/// The pod of a row; two of the tables do not name it.
fn pod_key(case: &Case<'_>) -> Key {
    let name = case.text("podName");
    Key::new("default", if name.is_empty() { "t" } else { name })
}

/// A server with a pod of labels `a: true`, bound and in the row's phase, and with its budgets.
fn server(case: &Case<'_>, policy: &str) -> Result<ApiServer, Status> {
    let mut server = ApiServer::new(1, NOW);
    let mut api = server.client("test", NOW);
    let account = ServiceAccount { metadata: ObjectMeta::new("default", "default"), ..ServiceAccount::default() };
    api.create(account.into())?;
    let key = pod_key(case);
    let mut body = Value::map();
    body.set(&["metadata", "name"], key.name.clone());
    body.set(&["metadata", "namespace"], key.namespace.clone());
    body.set(&["metadata", "labels", "a"], "true");
    body.set(&["spec", "nodeName"], "node-1");
    body.set(&["spec", "containers"], Value::from(vec![object([("name", "c".into()), ("image", "i".into())])]));
    let mut created = api.create(Object::decode(Kind::Pod, body))?;
    if let Object::Pod(pod) = &mut created {
        let status = Rc::make_mut(&mut Rc::make_mut(pod).status);
        status.phase = PodPhase::parse(case.text("podPhase"));
        if case.get("prc").get("Status").text() == "True" {
            status.conditions.push(PodCondition::new("Ready", true, NOW));
        }
    }
    api.update_status(created)?;
    if case.flag("podTerminating") {
        api.delete(Kind::Pod, &key, &DeleteOptions::default())?;
    }
    let budgets = case.get("pdbs").as_list().iter().chain(Some(case.get("pdb")).filter(|pdb| !pdb.is_null()));
    for budget in budgets {
        add_budget(&mut api, budget.clone(), policy)?;
    }
    Ok(server)
}

fn add_budget(api: &mut impl Api, mut body: Value, policy: &str) -> Result<(), Status> {
    body.set(&["spec", "minAvailable"], 0);
    if !policy.is_empty() {
        body.set(&["spec", "unhealthyPodEvictionPolicy"], policy);
    }
    let mut created = api.create(Object::decode(Kind::PodDisruptionBudget, body.clone()))?;
    let wanted = Object::decode(Kind::PodDisruptionBudget, body);
    if let (Object::PodDisruptionBudget(budget), Some(wanted)) = (&mut created, wanted.get::<PodDisruptionBudget>()) {
        let budget = Rc::make_mut(budget);
        budget.status = wanted.status.clone();
        budget.status.observed_generation = budget.metadata.generation;
    }
    api.update_status(created).map(drop)
}

/// Evicts the pod. An error is its message, its reason and its first cause, as the tables write it.
fn evicted(server: &mut ApiServer, case: &Case<'_>, options: &DeleteOptions) -> Result<Value, Status> {
    let key = pod_key(case);
    let mut api = server.client("test", NOW);
    let error = api.evict(&key, options).err().map_or_else(String::new, |status| {
        let cause = status.details.iter().flat_map(|details| &details.causes).next();
        let cause = cause.map_or_else(String::new, |cause| format!(": {}", cause.message));
        format!("{}: {}{cause}", status.message, status.reason.as_str())
    });
    Ok(outcome(&error, api.get(Kind::Pod, &key).is_err()))
}
