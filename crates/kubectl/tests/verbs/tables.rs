//! kubectl's own tables, run as whole commands. The rows lie outside of the project.
//!
//! Not run, and why: TestCachingVerifier, TestDifferenceFunc (parts of upstream's code without a counterpart); TestMerge,
//! TestStrategicMerge, TestJSONPatch (`--overrides` of `run`, held in the patches' own tables); testCheckError (Go values
//! of errors; the words are held by the recordings); TestValidateFlags, TestDeleteTaint*, TestCheckIfTaintsAlreadyExists,
//! TestReorganizeTaints (steps within upstream's taint, seen as a whole in TestTaint); TestWatchResourceWatchEvents,
//! TestHumanReadablePrinterSupportsExpectedOptions, TestSortingPrinter, TestRuntimeSortLess (objects that no server
//! accepts, or Go structs).

#[path = "../common/mod.rs"]
pub(crate) mod common;

use api::text::{json, yaml};
use api::{Map, Value};
use common::{Score, cases, reference_json};
use kubectl::printers::custom_columns::CustomColumns;
use ordered::Arrange;

use crate::world::World;

/// A ConfigMap with these labels.
fn world_with(labels: &Value) -> World {
    let mut world = World::new();
    let mut object = json::read(r#"{"apiVersion":"v1","kind":"ConfigMap","metadata":{"name":"foo"}}"#).expect("JSON");
    if !labels.is_null() {
        object.set(&["metadata", "labels"], labels.clone());
    }
    assert_eq!(world.run_with("kubectl create -f -", &json::write_compact(&object)).code, Some(0));
    world
}

fn labels_of(world: &mut World) -> Value {
    let shown = world.run("kubectl get cm foo -o json").stdout;
    json::read(&shown).expect("kubectl prints JSON").at(&["metadata", "labels"]).clone()
}

fn words(list: &Value) -> String {
    let quote = |word: &Value| format!("'{}'", word.text());
    list.as_list().iter().map(quote).collect::<Vec<_>>().join(" ")
}

fn or_empty(value: &Value) -> Value {
    match value {
        Value::Map(map) if !map.is_empty() => value.clone(),
        _ => Value::Map(Map::new()),
    }
}

#[test]
fn labels_are_read_and_set_as_upstream_does() {
    let Some(file) = reference_json("cases/kubectl_label.json") else { return };
    let mut score = Score::new("kubectl label");
    for case in cases(&file, "TestParseLabels", "tests").iter().filter(|case| !case.get("labels").as_list().is_empty())
    {
        let mut world = world_with(&Value::Null);
        let line = format!("kubectl label cm foo {}", words(case.get("labels")));
        let outcome = world.run(&line);
        let is_refused = case.get("expectErr").as_bool() == Some(true);
        score.case(&line, outcome.code != Some(0), is_refused);
        if !is_refused {
            score.case(&line, or_empty(&labels_of(&mut world)), or_empty(case.get("expected")));
        }
    }
    for case in cases(&file, "TestLabelFunc", "tests").iter().filter(|case| case.get("version").text().is_empty()) {
        let mut world = world_with(case.at(&["obj", "metadata", "labels"]));
        let set = case.get("labels").as_map().into_iter().flatten();
        let mut line: Vec<String> = set.map(|(key, value)| format!("{key}={}", value.text())).collect();
        line.extend(case.get("remove").as_list().iter().map(|key| format!("{}-", key.text())));
        line.push(format!("--overwrite={}", case.get("overwrite").as_bool() == Some(true)));
        let line = format!("kubectl label cm foo {}", line.join(" "));
        let outcome = world.run(&line);
        let refusal = case.get("expectErr").text();
        score.case(&line, outcome.stderr.contains(refusal) && outcome.stderr.is_empty() == refusal.is_empty(), true);
        if refusal.is_empty() {
            let expected = or_empty(case.at(&["expected", "metadata", "labels"]));
            score.case(&line, or_empty(&labels_of(&mut world)), expected);
        }
    }
    score.finish(&[]);
}

#[test]
fn messages_of_label_are_upstreams() {
    let Some(file) = reference_json("cases/kubectl_label.json") else { return };
    let mut score = Score::new("kubectl label, messages");
    for case in cases(&file, "TestRunLabelMsg", "testCases") {
        let mut world = world_with(&json::read(r#"{"existing":"abc"}"#).unwrap());
        let dry_run = match case.get("dryRun").text() {
            "" => String::new(),
            manner => format!(" --dry-run={manner}"),
        };
        let overwrite = if case.get("overwrite").as_bool() == Some(true) { " --overwrite" } else { "" };
        let line = format!("kubectl label {}{overwrite}{dry_run}", words(case.get("args")).replace("pods/", "cm/"));
        let outcome = world.run(&line);
        let expected = case.get("expectedOut").text().replace("pod/foo", "configmap/foo");
        score.case(case.get("name").text(), outcome.stdout, expected);
        let refusal = case.at(&["expectedError", "$error"]).text();
        score.case(case.get("name").text(), outcome.stderr.contains(refusal), true);
    }
    score.finish(&[]);
}

#[test]
fn taints_are_read_and_set_as_upstream_does() {
    let Some(file) = reference_json("cases/kubectl_taint.json") else { return };
    let mut score = Score::new("kubectl taint");
    let node = |taints: &Value| {
        let mut world = World::new();
        let mut node = json::read(r#"{"apiVersion":"v1","kind":"Node","metadata":{"name":"node-name"}}"#).unwrap();
        node.set(&["spec", "taints"], taints.clone());
        assert_eq!(world.run_with("kubectl create -f -", &json::write_compact(&node)).code, Some(0));
        world
    };
    let taints = |world: &mut World| {
        let shown = json::read(&world.run("kubectl get node node-name -o json").stdout).unwrap();
        let mut texts: Vec<String> = shown.at(&["spec", "taints"]).as_list().iter().map(json::write_compact).collect();
        texts.arrange();
        texts
    };
    for case in cases(&file, "TestTaint", "tests") {
        let mut world = node(case.get("oldTaints"));
        let outcome = world.run(&format!("kubectl taint {}", words(case.get("args"))));
        let label = case.get("description").text();
        score.case(label, outcome.code != Some(0), case.get("expectFatal").as_bool() == Some(true));
        if outcome.code == Some(0) {
            let mut expected: Vec<String> = case.get("newTaints").as_list().iter().map(json::write_compact).collect();
            expected.arrange();
            score.case(label, taints(&mut world), expected);
        }
    }
    for case in
        cases(&file, "TestParseTaints", "cases").iter().filter(|case| case.get("expectedErr").as_bool() == Some(true))
    {
        let mut world = node(&Value::Null);
        let line = format!("kubectl taint node node-name {}", words(case.get("spec")));
        score.case(&line, world.run(&line).code != Some(0), true);
    }
    score.finish(&[]);
}

#[test]
fn forms_of_wait_are_upstreams() {
    let Some(file) = reference_json("cases/kubectl_wait.json") else { return };
    let mut score = Score::new("kubectl wait --for");
    for case in cases(&file, "TestConditionFuncFor", "tests") {
        let mut world = world_with(&Value::Null);
        let conditions = case.get("condition").as_list().iter();
        let flags: Vec<String> =
            conditions.map(|condition| format!("--for='{}'", condition.text().replace('\'', "\"'\""))).collect();
        let line = format!("kubectl wait cm/foo --timeout=1s {}", flags.join(" "));
        let outcome = world.run(&line);
        let refusal = case.get("expectedErr").text();
        let is_refused_at_once = !outcome.stderr.is_empty() && !outcome.stderr.contains("timed out");
        score.case(case.get("name").text(), is_refused_at_once, !refusal.is_empty());
        score.case(case.get("name").text(), outcome.stderr.contains(refusal), true);
    }
    score.finish(&[]);
}

#[test]
fn env_files_and_validation_are_read_as_upstream_does() {
    let Some(file) = reference_json("cases/kubectl_cmdutil.json") else { return };
    let mut score = Score::new("kubectl, values of flags");
    for case in cases(&file, "Test_processEnvFileLine", "testCases") {
        let mut world = World::new();
        let before = "\n".repeat(usize::try_from(case.get("currentLine").as_int().unwrap_or(0)).unwrap_or(0));
        let text = format!("{before}{}", case.get("line").text());
        world.files.0.insert("/home/user/env".into(), text.into_bytes());
        let outcome = world.run("kubectl create cm foo --from-env-file=env --dry-run=client -o json");
        let refusal = case.get("expectedErr").text();
        score.case(
            case.get("name").text(),
            outcome.stderr.contains(refusal) && outcome.stderr.is_empty() == refusal.is_empty(),
            true,
        );
        if refusal.is_empty() {
            let data = json::read(&outcome.stdout).unwrap().get("data").clone();
            let (key, value) = (case.get("expectedKey").text(), case.get("expectedValue"));
            let is_right = if key.is_empty() { data.is_null() } else { data.get(key) == value };
            score.case(case.get("name").text(), is_right, true);
        }
    }
    for case in cases(&file, "TestGetValidationDirective", "tests") {
        let mut world = World::new();
        let manifest = "{apiVersion: v1, kind: ConfigMap, metadata: {name: foo}, nope: 1}";
        let flag = match case.get("validateFlag").text() {
            "" => String::new(),
            flag => format!("--validate={flag}"),
        };
        let outcome = world.run_with(&format!("kubectl create -f - {flag}"), manifest);
        let refusal = case.at(&["expectedErr", "$error"]).text();
        let got = match (outcome.code, outcome.stderr.contains("unknown field")) {
            (Some(0), true) => "Warn",
            (Some(0), false) => "Ignore",
            _ => "Strict",
        };
        score.case(&flag, got, case.get("expectedDirective").text());
        score.case(&flag, outcome.stderr.contains(refusal), true);
    }
    score.finish(&[]);
}

#[test]
fn custom_columns_are_upstreams() {
    let Some(file) = reference_json("cases/kubectl_get.json") else { return };
    let mut score = Score::new("custom columns");
    for case in cases(&file, "TestNewColumnPrinterFromSpec", "tests") {
        let read = CustomColumns::from_spec(case.get("spec").text());
        score.case(case.get("name").text(), read.is_err(), case.get("expectErr").as_bool() == Some(true));
    }
    for case in cases(&file, "TestColumnPrint", "tests") {
        let columns = case.get("columns").as_list().iter();
        let spec: Vec<String> = columns
            .map(|column| format!("{}:{}", column.get("Header").text(), column.get("FieldSpec").text()))
            .collect();
        let object = case.get("obj");
        let objects = match object.get("items") {
            Value::List(items) => items.iter().collect(),
            _ => vec![object],
        };
        let printed = CustomColumns::from_spec(&spec.join(",")).and_then(|mut columns| columns.print(objects));
        score.case(yaml::write(object), printed, Ok(case.get("expectedOutput").text().to_string()));
    }
    let pod = "metadata: {name: fake-name, namespace: fake-namespace}\nspec: {containers: [{name: fake0}, {name: fake1}, \
               {name: fake2}, {name: fake3}]}";
    let pod = yaml::read(pod).unwrap();
    for case in cases(&file, "TestSliceColumnPrint", "tests") {
        let printed =
            CustomColumns::from_spec(case.get("spec").text()).and_then(|mut columns| columns.print(vec![&pod]));
        let is_refused = case.get("expectErr").as_bool() == Some(true);
        score.case(case.get("name").text(), printed.is_err(), is_refused);
        if !is_refused {
            score.case(case.get("name").text(), printed, Ok(case.get("expectedOutput").text().to_string()));
        }
    }
    score.finish(&[]);
}
