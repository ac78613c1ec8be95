//! `quantity`: read, printed, compared, reckoned with.

use super::{Case, Suite, object, result};
use crate::Value;
use crate::quantity::{Format, Quantity};
use crate::strict::scalar;
use crate::text::json;

pub(super) const SUITE: Suite = Suite {
    name: "quantity",
    run,
    expect,
    functions: &[
        "api::quantity::Quantity::parse",
        "api::quantity::Quantity::fmt",
        "api::quantity::Quantity::cmp",
        "api::quantity::Quantity::add",
        "api::quantity::Quantity::sub",
        "api::quantity::Quantity::multiply",
        "api::quantity::Quantity::from_scaled",
        "api::quantity::Quantity::scaled_value",
        "api::quantity::Quantity::round_up",
        "api::quantity::Quantity::approximate",
        "api::strict::scalar::quantity",
    ],
};

fn run(case: &Case<'_>) -> Result<Value, String> {
    let quantity = |field| Quantity::parse(case.text(field)).map_err(|error| error.to_string());
    let text = |quantity: Quantity| Value::from(quantity.to_string());
    let scale = |field| case.int(field) as i32;
    Ok(match case.test {
        "TestQuantityParse" => result(quantity("input").map(text)),
        "TestQuantityString" | "TestQuantityParseEmit" if case.text("alternate").is_empty() => {
            result(quantity("in").map(text))
        }
        "TestQuantityString" | "TestQuantityParseEmit" => {
            vec![result(quantity("in").map(text)), result(quantity("alternate").map(text))].into()
        }
        "TestParseQuantityString" => parts(case.text("input")),
        "TestJSONWhitespace" => result(read_json(case.text("in"))),
        "TestQuantityCmp" if case.table == "table" => Value::Int(quantity("x")?.cmp(&quantity("y")?) as i64),
        "TestQuantityCmp" => Value::Int(decimal(case.get("x"))?.cmp(&decimal(case.get("y"))?) as i64),
        "TestQuantityCmpInt64AndDec" => Value::Int(quantity("a")?.cmp(&quantity("b")?) as i64),
        "TestQuantityRoundUp" => {
            let (before, after) = (quantity("in")?, quantity("in")?.round_up(scale("scale")));
            object([("quantity", text(after)), ("ok", (after == before).into())])
        }
        "TestAdd" => text(quantity("a")? + quantity("b")?),
        "TestSub" => text(quantity("a")? - quantity("b")?),
        "TestNeg" => text(-quantity("a")?),
        "TestMul" => {
            let (product, fits) = quantity("a")?.multiply(case.int("b"));
            object([("quantity", text(product)), ("ok", fits.into())])
        }
        "TestNewSet" => text(formatted(case, 0)),
        "TestMilliNewSet" => text(formatted(case, -3)),
        "TestNewScaledSet" => text(Quantity::from_scaled(case.int("value"), scale("scale"))),
        "TestScaledValue" => Quantity::from_scaled(1, scale("fromScale")).scaled_value(scale("toScale")).into(),
        "TestQuantityAsApproximateFloat64"
        | "TestQuantityAsFloat64Slow"
        | "TestStringQuantityAsApproximateFloat64"
        | "TestStringQuantityAsFloat64Slow" => number(quantity("in")?.approximate()),
        _ => return case.unknown(),
    })
}

fn expect(case: &Case<'_>) -> Value {
    let with_flag = |field| object([("quantity", case.get(field).clone()), ("ok", case.get("ok").clone())]);
    match case.test {
        "TestQuantityString" | "TestQuantityParseEmit" if !case.text("alternate").is_empty() => {
            vec![case.get("expect").clone(), case.get("expect").clone()].into()
        }
        "TestParseQuantityString" => object([
            ("number", unsigned(case.text("value")).into()),
            ("negative", (!case.flag("positive")).into()),
            ("suffix", case.get("suffix").clone()),
        ]),
        "TestQuantityRoundUp" => with_flag("expect"),
        "TestMul" => {
            // The table compares amounts, and writes them out in full.
            let amount = Quantity::parse(case.text("expected")).unwrap_or_default();
            object([("quantity", amount.to_string().into()), ("ok", case.get("ok").clone())])
        }
        "TestQuantityCmpInt64AndDec" => case.get("cmp").clone(),
        "TestAdd" | "TestSub" | "TestNeg" | "TestScaledValue" => case.get("expected").clone(),
        _ if !case.get("out").is_null() => case.get("out").as_int().map_or(case.get("out").clone(), Value::from),
        _ => case.get("expect").clone(),
    }
}

/// The quantity as its parser takes it apart.
fn parts(text: &str) -> Value {
    match crate::quantity::split(text) {
        Err(message) => super::error(message.to_string()),
        Ok((number, suffix)) => object([
            ("number", unsigned(number).into()),
            ("negative", number.starts_with('-').into()),
            ("suffix", suffix.into()),
        ]),
    }
}

fn unsigned(number: &str) -> &str {
    number.strip_prefix(['-', '+']).unwrap_or(number)
}

/// A quantity as a field of an object that a user sends.
fn read_json(text: &str) -> Result<Value, String> {
    let value = json::read(text).map_err(|error| error.to_string())?;
    scalar::quantity(&value)
}

/// `inf.Dec`, which the table gives as the words of its number and its scale; none is zero.
fn decimal(value: &Value) -> Result<Quantity, String> {
    let words = value.at(&["unscaled", "abs"]).as_list();
    if words.len() > 1 {
        return Err("amounts of more than 64 bits are not read from words".into());
    }
    let magnitude = words.first().and_then(Value::as_int).unwrap_or(0);
    let is_negative = value.at(&["unscaled", "neg"]).as_bool() == Some(true);
    let scale = value.get("scale").as_int().unwrap_or(0) as i32;
    Ok(Quantity::from_scaled(if is_negative { -magnitude } else { magnitude }, -scale))
}

fn formatted(case: &Case<'_>, scale: i32) -> Quantity {
    let mut quantity = Quantity::from_scaled(case.int("value"), scale);
    quantity.format = match case.text("format") {
        "DecimalSI" => Format::DecimalSi,
        "BinarySI" => Format::BinarySi,
        _ => Format::DecimalExponent,
    };
    quantity
}

/// A number as JSON writes it: whole ones without a point.
fn number(number: f64) -> Value {
    let whole = number as i64;
    if whole as f64 == number && whole != i64::MAX { whole.into() } else { Value::Float(number) }
}
