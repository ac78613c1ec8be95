//! Patches against upstream's test tables and against what the real functions answered (`ORDINAL_REFERENCE`).

mod reference;

use api::patch::three_way::{self, Overwrite};
use api::patch::{diff, json, merge, strategic};
use api::schema::{self, Table, Type};
use api::{Map, Value};
use ordered::Arrange;
use reference::{Score, cases, difference, read, read_text};

/// The schema of the test tables, given as data, in the table's text form.
fn schema_text(notes: &Value) -> String {
    let mut text = String::new();
    for (name, fields) in notes.get("schema").as_map().into_iter().flatten() {
        text.push_str(&format!("{name} /v1/{name}\n"));
        for (field, facts) in fields.as_map().into_iter().flatten() {
            let shape = match (facts.get("item"), facts.get("object"), facts.get("map")) {
                (Value::Str(item), ..) if item == "int" => "[]int64".to_owned(),
                (Value::Str(item), ..) => format!("[]{item}"),
                (_, Value::Str(object), _) if !facts.get("patchMergeKey").is_null() => format!("*[]{object}"),
                (_, Value::Str(object), _) => format!("*{object}"),
                (.., Value::Str(_)) => "{}string".to_owned(),
                _ if facts.as_map().is_some_and(|facts| facts.contains_key("object")) => "any".to_owned(),
                _ => "string".to_owned(),
            };
            let strategies: Vec<&str> = facts.get("patchStrategy").as_list().iter().map(Value::text).collect();
            let key = facts.get("patchMergeKey").text();
            let key = if key.is_empty() { String::new() } else { format!(":{key}") };
            let patch = if strategies.is_empty() { String::new() } else { format!(" p={}{key}", strategies.join(",")) };
            text.push_str(&format!(" {field} {shape}{patch}\n"));
        }
    }
    text
}

/// The value with all merging lists sorted by merge key, as upstream compares cooked cases.
fn sorted(value: &Value, type_: Option<Type<'_>>) -> Value {
    match value {
        Value::Map(map) => {
            Value::Map(map.iter().map(|(key, value)| (key.clone(), sorted_field(key, value, type_))).collect())
        }
        other => other.clone(),
    }
}

fn sorted_field(key: &str, value: &Value, type_: Option<Type<'_>>) -> Value {
    let text = |value: &Value| api::patch::go_text(value);
    if let Value::List(list) = value {
        let mut list = list.clone();
        if key.starts_with("$setElementOrder") {
            return value.clone();
        }
        if key.starts_with('$') {
            list.arrange_by_key(text);
            return Value::List(list);
        }
        let field = type_.and_then(|type_| type_.field(key));
        let Some(field) = field.filter(|field| field.merges()) else { return value.clone() };
        let child = type_.and_then(|type_| type_.child(key));
        let mut list: Vec<Value> = list.iter().map(|element| sorted(element, child)).collect();
        if matches!(list.first(), Some(Value::Map(_))) {
            list.arrange_by_key(|element| text(element.get(field.merge_key)));
        } else {
            list.arrange_by_key(text);
            list.dedup();
        }
        return Value::List(list);
    }
    sorted(value, type_.and_then(|type_| type_.child(key)))
}

fn without_order(value: &Value) -> Value {
    match value {
        Value::Map(map) => {
            let kept = map.iter().filter(|(key, _)| !key.starts_with("$setElementOrder"));
            Value::Map(kept.map(|(key, value)| (key.clone(), without_order(value))).collect())
        }
        Value::List(list) => Value::List(list.iter().map(without_order).collect()),
        other => other.clone(),
    }
}

#[derive(Clone, Copy, PartialEq)]
enum Compare {
    Exact,
    /// Merging lists sorted; the directive for their order does not count.
    Sorted,
}

/// Hand-written patches of some tables are only applied.
#[derive(Clone, Copy, PartialEq)]
enum Diffs {
    Compared,
    Ignored,
}

fn same(got: &Value, expect: &Value, type_: Type<'_>, compare: Compare) -> bool {
    match compare {
        Compare::Exact => got == expect,
        Compare::Sorted => without_order(&sorted(got, Some(type_))) == without_order(&sorted(expect, Some(type_))),
    }
}

#[test]
fn strategic_merge_patches_follow_the_table() {
    let Some(document) = read("cases/strategic_merge_patch.json") else { return };
    let text = schema_text(document.get("notes"));
    let table = Table::parse(&text).unwrap();
    let type_ = table.kind("", "v1", "MergeItem").unwrap();
    let mut score = Score::new("strategic merge");
    for (group, case) in cases(&document) {
        match group.get("test").text() {
            "TestCustomStrategicMergePatch" | "TestStrategicMergePatch" | "TestReplaceWithRawExtension" => {
                let raw = group.get("table").text().contains("Raw");
                let compare = if raw { Compare::Exact } else { Compare::Sorted };
                let custom = group.get("test").text() == "TestCustomStrategicMergePatch";
                let diffs = if custom { Diffs::Ignored } else { Diffs::Compared };
                check_case(&mut score, case, type_, compare, diffs);
            }
            _ => {}
        }
    }
    score.at_least(95);
}

fn check_case(score: &mut Score, case: &Value, type_: Type<'_>, compare: Compare, diffs: Diffs) {
    let name = case.get("name").text();
    let field = |key: &str| case.get(key);
    let empty = Value::Map(Map::new());
    let or_empty = |value: &Value| if value.is_null() { empty.clone() } else { value.clone() };
    let (original, modified, current) = (field("original"), field("modified"), field("current"));
    if let patch @ Value::Map(_) = field("two_way_patch") {
        if !field("two_way_result").is_null() || !modified.is_null() {
            let expect = if field("two_way_result").is_null() { modified } else { field("two_way_result") };
            let got = strategic::apply(&or_empty(original), patch, type_);
            let fine = got.as_ref().is_ok_and(|got| same(got, expect, type_, compare));
            score.add(fine, || format!("{name}: two-way result\n  got {got:?}\n  not {expect:?}"));
        }
        if !modified.is_null() && diffs == Diffs::Compared {
            let got = diff::two_way(original, modified, type_);
            let fine = got.as_ref().is_ok_and(|got| same(got, patch, type_, compare));
            score.add(fine, || format!("{name}: two-way patch\n  got {got:?}\n  not {patch:?}"));
        }
    }
    if current.is_null() {
        return;
    }
    if let patch @ Value::Map(_) = field("three_way_patch") {
        let got = three_way::create(original, modified, current, type_, Overwrite::Yes);
        let fine = got.as_ref().is_ok_and(|got| same(got, patch, type_, compare));
        score.add(fine, || format!("{name}: three-way patch\n  got {got:?}\n  not {patch:?}"));
        let result = field("three_way_result");
        let got = strategic::apply(current, patch, type_);
        let fine = got.as_ref().is_ok_and(|got| same(got, result, type_, compare));
        score.add(fine, || format!("{name}: three-way result\n  got {got:?}\n  not {result:?}"));
        let refused = three_way::create(original, modified, current, type_, Overwrite::No).is_err();
        score.add(refused == name.contains("conflict"), || format!("{name}: conflict is {refused}"));
    }
}

#[test]
fn json_merge_patches_follow_the_table() {
    let Some(document) = read("cases/json_merge_three_way.json") else { return };
    let mut score = Score::new("JSON merge, three-way");
    for (group, case) in cases(&document) {
        if group.get("test").text() != "TestCreateThreeWayJSONMergePatch" {
            continue;
        }
        let name = case.get("Description").text();
        let (expect, result) = (case.get("ThreeWay"), case.get("Result"));
        let got = three_way::create_json_merge(case.get("Original"), case.get("Modified"), case.get("Current"));
        score.add(got.as_ref() == Ok(expect), || format!("{name}: got {got:?}\n  not {expect:?}"));
        let current = if case.get("Current").is_null() { Value::map() } else { case.get("Current").clone() };
        let got = merge::apply(&current, expect);
        score.add(got.as_ref() == Ok(result), || format!("{name}: result {got:?}\n  not {result:?}"));
    }
    score.at_least(95);
}

#[test]
fn apply_computes_what_kubectl_computes() {
    let Some(document) = read("oracle/apply.json") else { return };
    let (mut patches, mut results) = (Score::new("apply: patches"), Score::new("apply: results"));
    for row in document.as_list() {
        let live = row.get("live");
        let type_ = schema::type_of(live.get("apiVersion").text(), row.get("kind").text()).unwrap();
        let expect = row.get("expect");
        let id = row.get("id");
        let got = three_way::create(row.get("lastApplied"), row.get("modified"), live, type_, Overwrite::Yes);
        let fine = got.as_ref() == Ok(expect.get("patch"));
        patches.add(fine, || format!("{id:?}: {}", difference(&got.unwrap_or_default(), expect.get("patch"))));
        let got = strategic::apply(live, expect.get("patch"), type_);
        let fine = got.as_ref() == Ok(expect.get("result"));
        results.add(fine, || format!("{id:?}: {}", difference(&got.unwrap_or_default(), expect.get("result"))));
    }
    patches.at_least(95);
    results.at_least(95);
}

#[test]
fn a_patched_object_is_quoted_in_the_order_of_the_server() {
    let Some(text) = read_text("transcripts/errors.jsonl") else { return };
    let mut score = Score::new("patched objects in messages");
    for line in text.lines() {
        let record: Value = serde_json::from_str(line).expect("a recorded line is JSON");
        let stderr = record.get("stderr").text();
        let quoted = stderr.split_once("patch: Invalid value: ").and_then(|(_, rest)| rest.rsplit_once(": json: "));
        let Some((quoted, _)) = quoted else { continue };
        let object_text: String = serde_json::from_str(quoted).expect("a quoted text");
        let object: Value = serde_json::from_str(&object_text).expect("the patched object");
        let command = record.get("cmd").text();
        let patch =
            command.split('\'').nth(1).and_then(|patch| serde_json::from_str(patch).ok()).unwrap_or(Value::Null);
        let touched = if command.contains("--type=json") { json::touched(&patch) } else { merge::touched(&patch) };
        let type_ = schema::type_of(object.get("apiVersion").text(), object.get("kind").text());
        let got = schema::go_json(type_.expect("the kind is served"), &object, &touched);
        score.add(got == object_text, || format!("{command}:\n  got {got}\n  not {object_text}"));
    }
    score.at_least(100);
}
