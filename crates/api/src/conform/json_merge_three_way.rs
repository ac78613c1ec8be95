//! `json_merge_three_way`: what `kubectl apply` sends for kinds without a schema. Every kind
//! served has one: of the functions here `ordinal run` reaches the patch's application alone.

use super::{Case, Suite, object};
use crate::Value;
use crate::patch::{merge, three_way};

pub(super) const SUITE: Suite =
    Suite { name: "json_merge_three_way", run, expect, functions: &["api::patch::merge::apply"] };

fn run(case: &Case<'_>) -> Result<Value, String> {
    Ok(match case.test {
        "TestKeepOrDeleteNullInObj" => {
            let input = case.get("OriginalObj");
            object([("nulls", three_way::keep_nulls(input)), ("values", three_way::keep_values(input))])
        }
        "TestCreateThreeWayJSONMergePatch" => {
            let current = if case.get("Current").is_null() { Value::map() } else { case.get("Current").clone() };
            match three_way::create_json_merge(case.get("Original"), case.get("Modified"), case.get("Current")) {
                Err(message) => super::error(message.to_string()),
                Ok(patch) => {
                    let result = super::result(merge::apply(&current, &patch));
                    object([("patch", patch), ("result", result)])
                }
            }
        }
        _ => return case.unknown(),
    })
}

fn expect(case: &Case<'_>) -> Value {
    match case.test {
        "TestKeepOrDeleteNullInObj" => object([
            ("nulls", case.get("ExpectedWithNull").clone()),
            ("values", case.get("ExpectedWithoutNull").clone()),
        ]),
        _ => object([("patch", case.get("ThreeWay").clone()), ("result", case.get("Result").clone())]),
    }
}
