//! No text makes a parser panic or run away, and what is printed is read back.

use api::field_selector::FieldSelector;
use api::int_or_string::{IntOrString, Rounding};
use api::quantity::Quantity;
use api::selector::Selector;
use api::text::{base64, json, yaml};
use api::{Map, Value, duration};
use sim::Random;

/// A text of up to `length` pieces.
fn text(random: &mut Random, pieces: &[&str], length: u64) -> String {
    (0..random.below(length + 1)).map(|_| pieces[random.below(pieces.len() as u64) as usize]).collect()
}

const YAML_PIECES: [&str; 45] = [
    "a",
    "b",
    "key",
    ": ",
    ":",
    "- ",
    "-",
    "\n",
    "\n  ",
    "\n    ",
    "\n ",
    " ",
    "\t",
    "[",
    "]",
    "{",
    "}",
    ",",
    "\"",
    "'",
    "|",
    ">",
    "|-\n",
    ">+2\n",
    "&a ",
    "*a",
    "!!int ",
    "!x ",
    "<<: ",
    "? ",
    "#",
    " # c\n",
    "---\n",
    "...\n",
    "%",
    "@",
    "\\",
    "\u{e9}",
    "\u{1f600}",
    "\u{feff}",
    "\0",
    "0",
    "1.5",
    "true",
    "~",
];

#[test]
fn yaml_of_any_shape_is_read_or_refused() {
    let mut random = Random::stream(1, "yaml");
    let (mut read, mut refused) = (0, 0);
    for _ in 0..30_000 {
        let input = text(&mut random, &YAML_PIECES, 24);
        match yaml::read(&input) {
            Ok(value) => {
                read += 1;
                assert_eq!(yaml::read(&yaml::write(&value)), Ok(value), "{input:?}");
            }
            Err(error) => {
                refused += 1;
                assert!(error.line >= 1 && error.column >= 1 && !error.message.is_empty(), "{input:?}");
            }
        }
        yaml::documents(&input);
    }
    assert!(read > 1_000 && refused > 1_000, "{read} read, {refused} refused");
}

#[test]
fn json_of_any_shape_is_read_or_refused() {
    let pieces = [
        "{", "}", "[", "]", ",", ":", "\"", "\"a\"", "\"a\":", "1", "-", ".", "e", "0", "true", "nul", "null", " ",
        "\\", "\\u12", "\\ud83d", "\u{e9}", "\n", "\0",
    ];
    let mut random = Random::stream(1, "json");
    for _ in 0..30_000 {
        let input = text(&mut random, &pieces, 16);
        if let Ok(value) = json::read(&input) {
            // -1e1 is a fraction when it is read and a whole number when it is printed, so texts are compared.
            let printed = json::write_compact(&value);
            for text in [&printed, &json::write_indented(&value)] {
                let again = json::read(text).map(|value| json::write_compact(&value));
                assert_eq!(again.as_ref(), Ok(&printed), "{input:?}");
            }
        }
        assert!(
            json::read_prefix(&input).is_ok_and(|(_, length)| length <= input.len()) || json::read(&input).is_err()
        );
    }
}

fn value(random: &mut Random, depth: u64) -> Value {
    let pieces =
        ["a", "b", " ", "\n", ":", "#", "'", "\"", "-", "0", "true", "\t", "\u{e9}", "\u{1f600}", "{", "\r", "y"];
    match random.below(if depth == 0 { 5 } else { 7 }) {
        0 => Value::Null,
        1 => Value::Bool(random.below(2) == 0),
        2 => Value::Int(random.next_u64() as i64),
        3 => Value::Float(0.5 + random.below(1_000) as f64),
        4 => Value::from(text(random, &pieces, 30)),
        5 => Value::List((0..random.below(4)).map(|_| value(random, depth - 1)).collect()),
        _ => {
            let entry = |random: &mut Random| (text(random, &pieces, 8).into(), value(random, depth - 1));
            Value::Map((0..random.below(4)).map(|_| entry(random)).collect::<Map>())
        }
    }
}

#[test]
fn whatever_is_printed_is_read_back() {
    let mut random = Random::stream(1, "values");
    for _ in 0..10_000 {
        let value = value(&mut random, 4);
        assert_eq!(yaml::read(&yaml::write(&value)).as_ref(), Ok(&value), "{}", yaml::write(&value));
        assert_eq!(json::read(&json::write_compact(&value)), Ok(value));
    }
}

#[test]
fn small_languages_refuse_what_they_do_not_know() {
    let pieces = [
        "1", "9", "0", ".", "-", "+", "e", "E", "K", "i", "m", "G", "%", "a", "b/c", "=", "==", "!=", "!", " in ", "(",
        ")", ",", " notin ", ">", "<", "\\", " ", "h", "s", "µs", "\u{e9}", "\n",
    ];
    let mut random = Random::stream(1, "small");
    for _ in 0..50_000 {
        let input = text(&mut random, &pieces, 10);
        if let Ok(quantity) = Quantity::parse(&input) {
            assert_eq!(Quantity::parse(&quantity.to_string()), Ok(quantity), "{input:?}");
        }
        if let Ok(selector) = Selector::parse(&input) {
            assert_eq!(Selector::parse(&selector.to_string()), Ok(selector), "{input:?}");
        }
        if let Ok(selector) = FieldSelector::parse(&input) {
            // Terms are sorted as they are written, escapes and signs included, so their order may change once.
            let again = FieldSelector::parse(&selector.to_string()).map(|again| again.requirements.len());
            assert_eq!(again, Ok(selector.requirements.len()), "{input:?}");
        }
        if let Ok(nanos) = duration::parse_go(&input) {
            assert_eq!(duration::parse_go(&duration::format_go(nanos)), Ok(nanos), "{input:?}");
        }
        let _ = IntOrString::parse(&input).scaled(i64::MAX, Rounding::Up);
        let _ = base64::decode(&input);
    }
}
