//! Quantities, numbers-or-texts and durations against upstream's own tables.

mod common;

use api::Value;
use api::duration::{human_seconds, parse_go, short_human_seconds};
use api::int_or_string::{IntOrString, Rounding};
use api::quantity::{Format, Quantity};
use common::{Score, cases, reference_json};

fn text(value: &Value) -> Result<String, String> {
    Quantity::parse(value.text()).map(|quantity| quantity.to_string()).map_err(|error| error.to_string())
}

fn quantity(value: &Value) -> Quantity {
    Quantity::parse(value.text()).expect("the case is a quantity")
}

#[test]
fn quantities_are_read_and_printed_as_upstream_does() {
    let Some(file) = reference_json("cases/quantity.json") else { return };
    let mut score = Score::new("quantity text");
    for case in cases(&file, "TestQuantityParse", "table") {
        score.case(case.get("input").text(), text(case.get("input")), Ok(case.get("expect").text().into()));
    }
    for (test, table) in [("TestQuantityString", "table"), ("TestQuantityParseEmit", "table")] {
        for case in cases(&file, test, table) {
            score.case(case.get("in").text(), text(case.get("in")), Ok(case.get("expect").text().into()));
            if !case.get("alternate").text().is_empty() {
                score.case(case.get("in").text(), text(case.get("alternate")), Ok(case.get("expect").text().into()));
            }
        }
    }
    for case in cases(&file, "TestParseQuantityString", "table") {
        // The table takes quantities apart; we can only read them whole.
        score.case(case.get("input").text(), text(case.get("input")).is_ok(), true);
    }
    for case in cases(&file, "TestJSONWhitespace", "testCases") {
        let input = Value::from(case.get("in").text().trim_matches('"').trim());
        score.case(case.get("in").text(), text(&input), Ok(case.get("expect").text().into()));
    }
    score.finish(&[]);
}

#[test]
fn quantities_are_compared_and_reckoned_with() {
    let Some(file) = reference_json("cases/quantity.json") else { return };
    let mut score = Score::new("quantity arithmetic");
    for case in cases(&file, "TestQuantityCmp", "table") {
        let ours = quantity(case.get("x")).cmp(&quantity(case.get("y")));
        score.case(case.get("x").text(), Some(ours as i64), case.get("expect").as_int());
    }
    for case in cases(&file, "TestQuantityRoundUp", "table") {
        let scale = case.get("scale").as_int().unwrap_or(0) as i32;
        let before = quantity(case.get("in"));
        let after = before.round_up(scale);
        let label = format!("round up {} to {scale}", case.get("in").text());
        let ours = (after.to_string(), Some(after == before));
        score.case(label, ours, (case.get("expect").text().into(), case.get("ok").as_bool()));
    }
    type Operation = fn(Quantity, Quantity) -> Quantity;
    let operations: [(&str, Operation); 3] =
        [("TestAdd", |a, b| a + b), ("TestSub", |a, b| a - b), ("TestNeg", |a, _| -a)];
    for (test, operation) in operations {
        for case in cases(&file, test, "tests") {
            let ours = operation(quantity(case.get("a")), quantity(case.get("b"))).to_string();
            score.case(test, ours, case.get("expected").text().to_string());
        }
    }
    for case in cases(&file, "TestMul", "tests") {
        let (product, fits) = quantity(case.get("a")).multiply(case.get("b").as_int().unwrap_or(0));
        let label = format!("{} times {:?}", case.get("a").text(), case.get("b").as_int());
        score.case(label, (product, Some(fits)), (quantity(case.get("expected")), case.get("ok").as_bool()));
    }
    for case in cases(&file, "TestNewScaledSet", "table") {
        let ours = Quantity::from_scaled(case.get("value").as_int().unwrap_or(0), int(case, "scale"));
        score.case("scaled", ours.to_string(), case.get("expect").text().to_string());
    }
    for case in cases(&file, "TestScaledValue", "table") {
        let one = Quantity::from_scaled(1, int(case, "fromScale"));
        score.case("scaled value", Some(one.scaled_value(int(case, "toScale"))), case.get("expected").as_int());
    }
    for case in cases(&file, "TestNewSet", "table") {
        let ours = Quantity::new(case.get("value").as_int().unwrap_or(0), format(case));
        score.case("new", ours.to_string(), case.get("expect").text().to_string());
    }
    for case in cases(&file, "TestMilliNewSet", "table") {
        let ours = Quantity::from_milli(case.get("value").as_int().unwrap_or(0), format(case));
        score.case("milli", ours.to_string(), case.get("expect").text().to_string());
    }
    for case in cases(&file, "TestQuantityCmpInt64AndDec", "table") {
        let ours = quantity(case.get("a")).cmp(&quantity(case.get("b")));
        let label = format!("compare {} with {}", case.get("a").text(), case.get("b").text());
        score.case(label, Some(ours as i64), case.get("cmp").as_int());
    }
    let exported = "the table's quantities have a scale that the exported text lost";
    score.finish(&[
        ("compare 922337203685477580700 with 1k", exported),
        ("compare -922337203685477580800 with -1", exported),
        ("compare 9999999999999999990 with 10", exported),
    ]);
}

fn int(case: &Value, field: &str) -> i32 {
    case.get(field).as_int().unwrap_or(0) as i32
}

fn format(case: &Value) -> Format {
    match case.get("format").text() {
        "DecimalSI" => Format::DecimalSi,
        "BinarySI" => Format::BinarySi,
        _ => Format::DecimalExponent,
    }
}

#[test]
fn what_is_not_a_quantity_is_refused() {
    let shape = "quantities must match the regular expression '^([+-]?[0-9.]+)([eEinumkKMGTP]*[-+]?[0-9]*)$'";
    for (input, message) in [
        ("", shape),
        ("aoeu", shape),
        ("1.1.M", shape),
        ("1+1.0M", shape),
        ("1 ", shape),
        ("0.1mi", "unable to parse quantity's suffix"),
        ("1i", "unable to parse quantity's suffix"),
        ("-3.01e-", "unable to parse quantity's suffix"),
        ("1GG", "unable to parse quantity's suffix"),
    ] {
        assert_eq!(Quantity::parse(input).map_err(|error| error.to_string()), Err(message.to_string()), "{input}");
    }
}

#[test]
fn extreme_quantities_stay_in_bounds() {
    for input in
        ["1e1000", "-1e1000", "9999999999999999999999999999999999999999999Ei", "1e-1000", "0.00000000000000001Ki"]
    {
        let amount = Quantity::parse(input).expect("it has the shape of a quantity");
        let sum = amount + amount - (-amount);
        assert!(!sum.is_zero() && !sum.multiply(i64::MAX).0.is_zero(), "{input}");
        assert!(amount.value() != 0 && !amount.to_string().is_empty());
    }
}

#[test]
fn numbers_or_texts_scale_as_upstream_does() {
    let Some(file) = reference_json("cases/intstr.json") else { return };
    let mut score = Score::new("int or string");
    let input = |case: &Value| match case.get("input") {
        Value::Int(number) => IntOrString::Int(*number as i32),
        other => IntOrString::Str(other.text().into()),
    };
    for case in cases(&file, "TestGetIntFromIntOrPercent", "tests") {
        let rounding = if case.get("roundUp").as_bool() == Some(true) { Rounding::Up } else { Rounding::Down };
        let ours = input(case).scaled(case.get("total").as_int().unwrap_or(0), rounding).ok();
        let is_error = case.get("expectErr").as_bool() == Some(true);
        score.case(input(case), ours, if is_error { None } else { case.get("expectVal").as_int() });
    }
    for case in cases(&file, "TestGetIntFromIntOrString", "tests") {
        let ours = match input(case) {
            IntOrString::Int(number) => Some((i64::from(number), false)),
            text @ IntOrString::Str(_) => text.percent().map(|percent| (percent, true)),
        };
        let is_error = case.get("expectErr").as_bool() == Some(true);
        let expected = case.get("expectVal").as_int().zip(case.get("expectPerc").as_bool());
        score.case(input(case), ours, if is_error { None } else { expected });
    }
    for case in cases(&file, "TestParse", "tests") {
        let expected = match case.get("output") {
            Value::Int(number) => IntOrString::Int(*number as i32),
            other => IntOrString::Str(other.text().into()),
        };
        score.case(case.get("input").text(), IntOrString::parse(case.get("input").text()), expected);
    }
    score.finish(&[]);
}

#[test]
fn ages_are_printed_as_upstream_does() {
    let Some(file) = reference_json("cases/human_duration.json") else { return };
    let mut score = Score::new("human duration");
    let seconds = |case: &Value| parse_go(case.get("d").text()).expect("a Go duration") / 1_000_000_000;
    for test in ["TestHumanDuration", "TestHumanDurationBoundaries"] {
        for case in cases(&file, test, "tests") {
            score.case(case.get("d").text(), human_seconds(seconds(case)), case.get("want").text().to_string());
        }
    }
    for case in cases(&file, "TestShortHumanDurationBoundaries", "tests") {
        score.case(case.get("d").text(), short_human_seconds(seconds(case)), case.get("want").text().to_string());
    }
    score.finish(&[]);
}
