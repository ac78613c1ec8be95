//! `strategic_merge_patch`: made from two objects and from three, and applied.
//!
//! The schema is that of the tables' own Go structs, which stands in none of their rows. Tables that are not raw compare
//! merging lists sorted, without the directive for their order, as upstream does.

use ordered::Arrange;

use super::{Case, Suite, object};
use crate::patch::three_way::{self, Overwrite};
use crate::patch::{PatchError, SET_ORDER, diff, go_text, strategic};
use crate::schema::{Table, Type};
use crate::{Map, Value};

pub(super) const SUITE: Suite = Suite {
    name: "strategic_merge_patch",
    run,
    expect,
    functions: &["api::patch::strategic::apply", "api::patch::diff::two_way", "api::patch::three_way::create"],
};

const SCHEMA: &str = "\
MergeItem /v1/MergeItem
 name string
 value string
 other string
 mergingList []MergeItem p=merge:name
 nonMergingList []MergeItem
 mergingIntList []int64 p=merge
 nonMergingIntList []int64
 mergeItemPtr *[]MergeItem p=merge:name
 simpleMap {}string
 replacingItem any p=replace
 jsonItem any
 retainKeysMap *RetainKeysMergeItem p=retainKeys
 retainKeysMergingList []MergeItem p=merge,retainKeys:name
RetainKeysMergeItem /v1/RetainKeysMergeItem
 name string
 value string
 other string
 simpleMap {}string
 mergingIntList []int64 p=merge
 mergingList []MergeItem p=merge:name
 nonMergingList []MergeItem
PrecisionItem /v1/PrecisionItem
 name string
 int32 int64
 int64 int64
 float32 float64
 float64 float64
";

/// What a row asks: which answers it holds.
struct Asked<'a> {
    original: &'a Value,
    modified: &'a Value,
    current: &'a Value,
    two_way: &'a Value,
    three_way: &'a Value,
    is_raw: bool,
    /// Tables of patches written by hand are only applied.
    is_made: bool,
}

impl<'a> Asked<'a> {
    fn of(case: &Case<'a>) -> Asked<'a> {
        Asked {
            original: case.get("original"),
            modified: case.get("modified"),
            current: case.get("current"),
            two_way: case.get("two_way_patch"),
            three_way: case.get("three_way_patch"),
            is_raw: case.table.contains("Raw"),
            is_made: case.test != "TestCustomStrategicMergePatch",
        }
    }

    fn has_two_way(&self) -> bool {
        self.is_made && !self.modified.is_null() && !self.two_way.is_null()
    }

    fn has_three_way(&self) -> bool {
        !self.current.is_null() && !self.three_way.is_null()
    }
}

fn run(case: &Case<'_>) -> Result<Value, String> {
    let table = Table::parse(SCHEMA).map_err(|error| format!("{error:?}"))?;
    let type_named = |name| table.kind("", "v1", name).ok_or("no such type in the schema");
    match case.test {
        "TestCustomStrategicMergePatch" | "TestStrategicMergePatch" | "TestReplaceWithRawExtension" => {
            Ok(answers(&Asked::of(case), type_named("MergeItem")?))
        }
        "TestNumberConversion" => {
            let type_ = type_named("PrecisionItem")?;
            Ok(match diff::two_way(case.get("Old"), case.get("New"), type_) {
                Err(message) => super::error(message.to_string()),
                Ok(patch) => {
                    let result = super::result(strategic::apply(case.get("Old"), &patch, type_));
                    object([("patch", patch), ("result", result)])
                }
            })
        }
        "TestSortMergeLists" => Err("lists are sorted in upstream's tests alone".into()),
        _ => case.unknown(),
    }
}

fn answers(asked: &Asked<'_>, type_: Type<'_>) -> Value {
    let mut answers = Map::new();
    let mut add = |name: &str, answer: Result<Value, PatchError>| {
        answers.insert(name.into(), super::result(answer.map(|value| normal(asked, &value, type_))));
    };
    let empty = Value::map();
    let original = if asked.original.is_null() { &empty } else { asked.original };
    if !asked.two_way.is_null() {
        add("twoWayResult", strategic::apply(original, asked.two_way, type_));
    }
    if asked.has_two_way() {
        add("twoWayPatch", diff::two_way(asked.original, asked.modified, type_));
    }
    if asked.has_three_way() {
        let create = |overwrite| three_way::create(asked.original, asked.modified, asked.current, type_, overwrite);
        let patch = create(Overwrite::Yes);
        add("threeWayResult", patch.clone().and_then(|patch| strategic::apply(asked.current, &patch, type_)));
        add("threeWayPatch", patch);
        answers.insert("conflict".into(), matches!(create(Overwrite::No), Err(PatchError::Conflict { .. })).into());
    }
    Value::Map(answers)
}

fn expect(case: &Case<'_>) -> Value {
    if case.test == "TestNumberConversion" {
        return object([("patch", case.get("ExpectedPatch").clone()), ("result", case.get("ExpectedResult").clone())]);
    }
    let asked = Asked::of(case);
    let Ok(table) = Table::parse(SCHEMA) else { return Value::Null };
    let Some(type_) = table.kind("", "v1", "MergeItem") else { return Value::Null };
    let mut answers = Map::new();
    let mut add = |name: &str, value: &Value| answers.insert(name.into(), normal(&asked, value, type_));
    if !asked.two_way.is_null() {
        let result = case.get("two_way_result");
        match case.text("expected_error") {
            "" => add("twoWayResult", if result.is_null() { asked.modified } else { result }),
            error => add("twoWayResult", &object([("$error", object([("$contains", error.into())]))])),
        };
    }
    if asked.has_two_way() {
        add("twoWayPatch", asked.two_way);
    }
    if asked.has_three_way() {
        add("threeWayPatch", asked.three_way);
        add("threeWayResult", case.get("three_way_result"));
        // The tables say so in the row's name alone.
        answers.insert("conflict".into(), case.text("name").contains("conflict").into());
    }
    Value::Map(answers)
}

/// As it is compared.
fn normal(asked: &Asked<'_>, value: &Value, type_: Type<'_>) -> Value {
    if asked.is_raw { value.clone() } else { sorted(value, Some(type_)) }
}

fn sorted(value: &Value, type_: Option<Type<'_>>) -> Value {
    let Value::Map(map) = value else { return value.clone() };
    let kept = map.iter().filter(|(key, _)| !key.starts_with(SET_ORDER));
    Value::Map(kept.map(|(key, value)| (key.clone(), sorted_field(key, value, type_))).collect())
}

fn sorted_field(key: &str, value: &Value, type_: Option<Type<'_>>) -> Value {
    let child = type_.and_then(|type_| type_.child(key));
    let Value::List(list) = value else { return sorted(value, child) };
    let mut list = list.clone();
    if key.starts_with('$') {
        list.arrange_by_key(go_text);
        return Value::List(list);
    }
    let Some(field) = type_.and_then(|type_| type_.field(key)).filter(|field| field.merges()) else {
        return value.clone();
    };
    let mut list: Vec<Value> = list.iter().map(|element| sorted(element, child)).collect();
    if matches!(list.first(), Some(Value::Map(_))) {
        list.arrange_by_key(|element| go_text(element.get(field.merge_key)));
    } else {
        list.arrange_by_key(go_text);
        list.dedup();
    }
    Value::List(list)
}
