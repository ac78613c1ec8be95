//! kubectl's own tables of `drain`, `cordon` and `uncordon`, against an API server.

use api::{Key, Kind, Object, ObjectMeta, Value};
use client::{Api, DeleteOptions};
use sim::Span;

use api::conform::read_reference;

use crate::common::{Score, cases};
use crate::world::{Outcome, World};

/// A world with the row's objects. What the rows leave out and a server asks for is filled in.
fn world(case: &Value) -> World {
    let mut world = World::new();
    let mut api = world.server.client("test", world.now);
    let account =
        api::core::namespace::ServiceAccount { metadata: ObjectMeta::new("default", "default"), ..Default::default() };
    api.create(account.into()).expect("accepted");
    let nodes: Vec<Value> = nodes_of(case);
    for node in nodes {
        api.create(Object::decode(Kind::Node, node)).expect("accepted");
    }
    api.create(Object::decode(Kind::DaemonSet, daemon_set())).expect("accepted");
    for pod in case.get("pods").as_list() {
        add_pod(&mut api, pod.clone());
    }
    world
}

/// The set that the tables' server has whatever the row says.
fn daemon_set() -> Value {
    let text = "{\"metadata\": {\"name\": \"ds\", \"namespace\": \"default\"}, \"spec\": {\"selector\": {}}}";
    api::text::json::read(text).expect("JSON")
}

/// The node of the row, once for every name that its argument gives.
fn nodes_of(case: &Value) -> Vec<Value> {
    let mut names: Vec<&str> = case.get("arg").text().split(' ').filter(|name| name.starts_with("node")).collect();
    names.retain(|name| !name.contains('/'));
    if names.is_empty() {
        names.push("node");
    }
    let named = |name: &str| {
        let mut node = case.get("node").clone();
        node.set(&["metadata", "name"], name);
        node
    };
    names.into_iter().map(named).collect()
}

fn add_pod(api: &mut impl Api, mut pod: Value) {
    let container = api::text::json::read("[{\"name\": \"c\", \"image\": \"i\"}]").expect("JSON");
    pod.set(&["spec", "containers"], container);
    let mut owners = pod.at(&["metadata", "ownerReferences"]).as_list().to_vec();
    owners.iter_mut().filter(|owner| owner.get("uid").text().is_empty()).for_each(|owner| owner.set(&["uid"], "1"));
    pod.set(&["metadata", "ownerReferences"], Value::List(owners));
    let created = api.create(Object::decode(Kind::Pod, pod.clone())).expect("accepted");
    if !pod.get("status").is_null() {
        let mut body = created.encode_body();
        body.set(&["status"], pod.get("status").clone());
        api.update_status(Object::decode(Kind::Pod, body)).expect("accepted");
    }
}

/// Runs a command while what is told to end ends at once, as with the tables' server.
fn run(world: &mut World, line: &str) -> Outcome {
    let mut running = world.start(line);
    for _ in 0..60 {
        world.advance(&mut running, "", Span::from_seconds(1));
        if running.outcome.code.is_some() {
            break;
        }
        let mut api = world.server.client("kubelet", world.now);
        let ended = api.list(Kind::Pod, None).into_iter().filter(|pod| pod.metadata().is_terminating());
        for pod in ended.collect::<Vec<_>>() {
            let at_once = DeleteOptions { grace_period_seconds: Some(0), ..DeleteOptions::default() };
            api.delete(Kind::Pod, &pod.key(), &at_once).expect("it is there");
        }
    }
    running.outcome
}

fn is_cordoned(world: &mut World, name: &str) -> bool {
    let node = world.server.client("test", world.now).get(Kind::Node, &Key::new("", name)).expect("the row's node");
    node.encode_body().at(&["spec", "unschedulable"]).as_bool() == Some(true)
}

#[test]
fn nodes_are_cordoned_as_in_the_tables() {
    let Some(file) = read_reference("cases/kubectl_drain.json") else { return };
    let mut score = Score::new("kubectl_drain.json, TestCordon");
    for case in cases(&file, "TestCordon", "tests") {
        let mut world = world(case);
        let verb = if case.get("cmd").text().ends_with("NewCmdUncordon>") { "uncordon" } else { "cordon" };
        let outcome = run(&mut world, &format!("kubectl {verb} {}", case.get("arg").text()));
        let name = if case.get("arg").text().contains("node1") { "node1" } else { "node" };
        let ours = (outcome.code == Some(1), is_cordoned(&mut world, name));
        let is_fatal = case.get("expectFatal").as_bool() == Some(true);
        let expect = case.at(&["expected", "spec", "unschedulable"]).as_bool() == Some(true);
        score.case(case.get("description").text(), ours, (is_fatal, expect));
    }
    score.finish(&[]);
}

#[test]
fn nodes_are_drained_as_in_the_tables() {
    let Some(file) = read_reference("cases/kubectl_drain.json") else { return };
    let mut score = Score::new("kubectl_drain.json, TestDrain");
    for case in cases(&file, "TestDrain", "tests") {
        if case.get("failUponEvictionOrDeletion").as_bool() == Some(true) {
            println!("not run: {} (its server fails)", case.get("description").text());
            continue;
        }
        let mut world = world(case);
        let words: Vec<&str> = case.get("args").as_list().iter().map(Value::text).collect();
        let outcome = run(&mut world, &format!("kubectl drain {}", words.join(" ")));
        let had_pods = !case.get("pods").as_list().is_empty();
        let went = had_pods && world.server.client("test", world.now).list(Kind::Pod, None).is_empty();
        let says = |text: &str, out: &str| if out.contains(text) { text.to_string() } else { out.to_string() };
        let (warning, output) = (case.get("expectWarning").text(), case.get("expectOutputToContain").text());
        let flag = |name: &str| case.get(name).as_bool() == Some(true);
        let ours = (
            outcome.code == Some(1),
            went,
            says(warning, &outcome.stderr),
            says(output, &outcome.stdout),
            is_cordoned(&mut world, "node"),
        );
        let expect = (flag("expectFatal"), flag("expectDelete"), warning.to_string(), output.to_string(), true);
        score.case(case.get("description").text(), ours, expect);
    }
    score.finish(&[]);
}
