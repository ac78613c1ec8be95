//! `kubectl_drain` and `drain`: nodes cordoned and drained. The nodes of the rows have no kubelet.

use api::codec::Codec;
use api::conform::{Case, Suite, any_error, object, typed};
use api::{Key, Kind, Object, Pod, Status, Value};
use client::Api;
use kubectl::cmd::drain::filters::is_overdue;
use sim::{Span, Time};

use super::desk;
use crate::Desk;

pub(super) const SUITE: Suite = Suite {
    name: "kubectl_drain",
    run,
    expect,
    functions: &["kubectl::cmd::cordon::set", "kubectl::cmd::drain::filters::decide"],
};

pub(super) const PACKAGE_SUITE: Suite = Suite {
    name: "drain",
    run: run_package,
    expect: expect_package,
    functions: &["kubectl::cmd::cordon::set", "kubectl::cmd::drain::filters::is_overdue"],
};

const OF_GO: &str = "what the row looks at is a function, or an object of a Go program, that no command has";

fn run(case: &Case<'_>) -> Result<Value, String> {
    match case.test {
        "TestCordon" => {
            let words = case.text("arg");
            // The row's node, once for every name that its argument gives.
            let mut names: Vec<&str> = words.split(' ').filter(|name| !name.contains('/')).collect();
            names.retain(|name| name.starts_with("node"));
            names.extend(names.is_empty().then_some("node"));
            let mut desk = filled(case, &names)?;
            let verb = if case.text("cmd").contains("NewCmdUncordon") { "uncordon" } else { "cordon" };
            let said = desk.run(&format!("kubectl {verb} {words}"));
            let cordoned = names.iter().map(|name| Value::from(is_cordoned(&desk, name)));
            Ok(object([("fails", (said.rc != 0).into()), ("cordoned", cordoned.collect::<Vec<_>>().into())]))
        }
        "TestDrain" if case.flag("failUponEvictionOrDeletion") => {
            Err("the row has the server fail in the middle, which it does only by faults".into())
        }
        "TestDrain" => {
            let mut desk = filled(case, &["node"])?;
            let own = pods(&desk);
            let words: Vec<&str> = case.get("args").as_list().iter().map(Value::text).collect();
            let said = desk.run_with(&format!("kubectl drain {}", words.join(" ")), "", Span::from_seconds(60));
            let left = pods(&desk);
            let went = !own.is_empty() && !own.iter().any(|uid| left.contains(uid));
            Ok(object([
                ("fails", (said.rc != 0).into()),
                ("deletes", went.into()),
                ("cordoned", is_cordoned(&desk, "node").into()),
                ("stdout", said.stdout.into()),
                ("stderr", said.stderr.into()),
            ]))
        }
        _ => case.unknown(),
    }
}

fn expect(case: &Case<'_>) -> Value {
    let fails = case.get("expectFatal").clone();
    let cordoned = case.get("expected").at(&["spec", "unschedulable"]).as_bool() == Some(true);
    if case.test == "TestCordon" {
        let nodes = case.text("arg").split(' ').count();
        return object([("fails", fails), ("cordoned", vec![cordoned.into(); nodes].into())]);
    }
    let contains = |field: &str| object([("$contains", case.get(field).clone())]);
    object([
        ("fails", fails),
        ("deletes", case.get("expectDelete").clone()),
        ("cordoned", cordoned.into()),
        ("stdout", contains("expectOutputToContain")),
        ("stderr", contains("expectWarning")),
    ])
}

fn run_package(case: &Case<'_>) -> Result<Value, String> {
    match case.test {
        "TestUpdateIfRequired" => {
            let node = object([("spec", object([("unschedulable", case.get("currentState").clone())]))]);
            let row = object([("node", node)]);
            let mut desk = filled(&Case { case: &row, ..*case }, &["node"])?;
            let verb = if case.flag("desiredState") { "cordon" } else { "uncordon" };
            let said = desk.run(&format!("kubectl {verb} node"));
            let is_there = is_cordoned(&desk, "node") == case.flag("desiredState");
            let is_written = said.stdout == format!("node/node {verb}ed\n");
            Ok(object([("done", is_there.into()), ("updated", is_written.into())]))
        }
        "TestDeleteOrEvict" if !case.flag("evictionSupported") => Err("the server always knows evictions".into()),
        "TestDeleteOrEvict" => {
            let pod =
                "[{\"metadata\": {\"name\": \"pod\", \"namespace\": \"default\"}, \"spec\": {\"nodeName\": \"node\"}}]";
            let pods = api::text::json::read(pod).map_err(|error| error.to_string())?;
            let row = object([("pods", pods)]);
            let mut desk = filled(&Case { case: &row, ..*case }, &["node"])?;
            let flag = if case.flag("disableEviction") { "--disable-eviction" } else { "" };
            let said = desk.run(&format!("kubectl drain node --force {flag}"));
            let line = said.stdout.lines().find(|line| line.starts_with("pod/pod ")).unwrap_or_default();
            Ok(line.into())
        }
        "TestSkipDeletedFilter" => {
            let seconds = |field: &str| Span::from_seconds(case.int(field));
            let now = Time::HEADLESS_START + Span::from_seconds(3_600);
            let mut pod = Pod::decode(Value::map());
            let age = seconds("timeStampAgeSeconds");
            // No age is no deletion, as in the table's function.
            pod.metadata.deletion_timestamp = (age > Span::ZERO).then(|| now - age);
            Ok((!is_overdue(&pod, case.int("skipWaitForDeleteTimeoutSeconds"), now)).into())
        }
        "TestNewCordonHelperFromRuntimeObject"
        | "TestRunCordonOrUncordon"
        | "TestDeletePods"
        | "TestFilterPods"
        | "TestEvictDuringNamespaceTerminating" => Err(OF_GO.into()),
        _ => case.unknown(),
    }
}

fn expect_package(case: &Case<'_>) -> Value {
    match case.test {
        "TestUpdateIfRequired" => object([("done", true.into()), ("updated", case.get("expectUpdated").clone())]),
        "TestDeleteOrEvict" => {
            format!("pod/pod {}", if case.flag("disableEviction") { "deleted" } else { "evicted" }).into()
        }
        "TestSkipDeletedFilter" => case.get("expectedDelete").clone(),
        _ => any_error(),
    }
}

/// A cluster with the row's node under these names, with its pods, and with what owns them. What the rows leave out and a server
/// asks for is filled in.
fn filled(case: &Case<'_>, nodes: &[&str]) -> Result<Desk, String> {
    let mut desk = desk(&[])?;
    desk.wait(1);
    fill(&mut desk.world.cluster_mut().client("test"), case, nodes).map_err(|status| status.message.to_string())?;
    Ok(desk)
}

fn fill(api: &mut impl Api, case: &Case<'_>, nodes: &[&str]) -> Result<(), Status> {
    for name in nodes {
        let mut node = if case.get("node").is_null() { Value::map() } else { case.get("node").clone() };
        node.set(&["metadata", "name"], *name);
        api.create(typed(Kind::Node, &node))?;
    }
    // The set that the tables' server has whatever the row says.
    let mut set = object([("spec", object([("selector", Value::map())]))]);
    set.set(&["metadata", "name"], "ds");
    set.set(&["metadata", "namespace"], "default");
    let uid = api.create(typed(Kind::DaemonSet, &set))?.metadata().uid.clone();
    case.get("pods").as_list().iter().try_for_each(|pod| add_pod(api, pod.clone(), &uid))
}

/// What is told to end ends at once, as with the tables' server.
fn add_pod(api: &mut impl Api, mut pod: Value, set: &str) -> Result<(), Status> {
    pod.set(&["spec", "containers"], vec![object([("name", "c".into()), ("image", "i".into())])]);
    pod.set(&["spec", "terminationGracePeriodSeconds"], 0);
    let mut owners = pod.at(&["metadata", "ownerReferences"]).as_list().to_vec();
    for owner in owners.iter_mut().filter(|owner| owner.get("uid").text().is_empty()) {
        let uid = if owner.get("name").text() == "ds" { set } else { "1" };
        owner.set(&["uid"], uid);
    }
    pod.set(&["metadata", "ownerReferences"], Value::List(owners));
    let created = api.create(typed(Kind::Pod, &pod))?;
    if !pod.get("status").is_null() {
        let mut body = created.encode_body();
        body.set(&["status"], pod.get("status").clone());
        api.update_status(Object::decode(Kind::Pod, body))?;
    }
    Ok(())
}

fn pods(desk: &Desk) -> Vec<String> {
    let pods = desk.world.cluster().objects(Kind::Pod, None);
    pods.iter().map(|pod| pod.metadata().uid.to_string()).collect()
}

fn is_cordoned(desk: &Desk, name: &str) -> bool {
    let node = desk.world.cluster().object(Kind::Node, &Key::new("", name));
    node.is_ok_and(|node| node.encode_body().at(&["spec", "unschedulable"]).as_bool() == Some(true))
}
