//! Whatever is printed is read back. Bad text is read by `tests/fuzz`.

use api::text::{json, yaml};
use api::{Map, Value};
use sim::Random;

/// A text of up to `length` pieces.
fn text(random: &mut Random, pieces: &[&str], length: u64) -> String {
    (0..random.below(length + 1)).map(|_| pieces[random.below(pieces.len() as u64) as usize]).collect()
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
