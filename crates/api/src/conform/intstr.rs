//! `intstr`: numbers or texts, read, written, and percentages scaled.

use super::{Case, Suite, any_error, object};
use crate::Value;
use crate::codec::Codec;
use crate::int_or_string::{IntOrString, Rounding};
use crate::text::{json, yaml};

pub(super) const SUITE: Suite = Suite {
    name: "intstr",
    run,
    expect,
    functions: &[
        "api::int_or_string::IntOrString::decode",
        "api::int_or_string::IntOrString::encode",
        "api::int_or_string::IntOrString::parse",
        "api::int_or_string::IntOrString::scaled",
    ],
};

fn run(case: &Case<'_>) -> Result<Value, String> {
    let input = || IntOrString::decode(case.get("input").clone());
    let written = |value: &IntOrString| object([("val", value.encode())]);
    Ok(match case.test {
        "TestIntOrStringUnmarshalJSON" => {
            let read = json::read(case.text("input")).map_err(|error| error.to_string())?;
            IntOrString::decode(read.get("val").clone()).encode()
        }
        "TestIntOrStringMarshalJSON" => json::write_compact(&written(&input())).into(),
        "TestIntOrStringMarshalJSONUnmarshalYAML" => {
            let read = yaml::read(&json::write_compact(&written(&input()))).map_err(|error| error.to_string())?;
            IntOrString::decode(read.get("val").clone()).encode()
        }
        "TestGetIntFromIntOrString" => match input() {
            IntOrString::Int(number) => value_and_percent(i64::from(number), false),
            // A percentage of a hundred is itself.
            text => match text.scaled(100, Rounding::Down) {
                Ok(percent) => value_and_percent(percent, true),
                Err(message) => super::error(message),
            },
        },
        "TestGetIntFromIntOrPercent" => {
            let rounding = if case.flag("roundUp") { Rounding::Up } else { Rounding::Down };
            super::result(input().scaled(case.int("total"), rounding))
        }
        "TestParse" => IntOrString::parse(case.text("input")).encode(),
        _ => return case.unknown(),
    })
}

fn value_and_percent(value: i64, is_percent: bool) -> Value {
    object([("value", value.into()), ("percent", is_percent.into())])
}

fn expect(case: &Case<'_>) -> Value {
    match case.test {
        _ if case.flag("expectErr") => any_error(),
        "TestIntOrStringUnmarshalJSON" | "TestIntOrStringMarshalJSON" => case.get("result").clone(),
        "TestIntOrStringMarshalJSONUnmarshalYAML" => case.get("input").clone(),
        "TestGetIntFromIntOrString" => value_and_percent(case.int("expectVal"), case.flag("expectPerc")),
        "TestGetIntFromIntOrPercent" => case.int("expectVal").into(),
        _ => case.get("output").clone(),
    }
}
