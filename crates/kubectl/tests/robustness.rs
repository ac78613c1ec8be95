//! No cell, key or nesting makes a printer panic or run away. Bad templates are read by `tests/fuzz`.

use api::text::json;
use api::{Map, Value};
use kubectl::printers::jsonpath::{MissingKeys, Template};
use kubectl::printers::sort_by::order_by;
use kubectl::printers::tabwriter::TabWriter;
use ordered::Arrange;
use sim::Random;

fn text(random: &mut Random, pieces: &[&str], length: u64) -> String {
    (0..random.below(length + 1)).map(|_| pieces[random.below(pieces.len() as u64) as usize]).collect()
}

fn object() -> Value {
    json::read(r#"{"a":[1,"x",{"b":null,"c":1.5}],"b":{"a":"y","c":[true]},"c":"é"}"#).expect("it is JSON")
}

#[test]
fn cells_of_any_shape_are_aligned() {
    let pieces = ["a", "long cell", "\t", "\n", "\t\t", "", "\u{e9}", " "];
    let mut random = Random::stream(1, "cells");
    let mut tables = TabWriter::for_tables();
    for _ in 0..5_000 {
        let input = text(&mut random, &pieces, 30);
        for out in [tables.format(&input), TabWriter::for_descriptions().format(&input)] {
            assert_eq!(out.matches('\n').count(), input.matches('\n').count());
            assert!(!out.contains('\t'));
        }
    }
}

/// Keys of all types in any order: sorted, or refused, never a panic.
#[test]
fn objects_with_keys_of_any_type_are_sorted_or_refused() {
    let mut random = Random::stream(1, "sort");
    for _ in 0..2_000 {
        let texts = ["1", "10m", "web-2", "web-10", "2Ki", "x"];
        let mut key = || match random.below(8) {
            0 => Value::Null,
            1 => Value::Int(random.below(3) as i64),
            2 => Value::List(vec![Value::Int(1); random.below(3) as usize]),
            _ => Value::from(texts[random.below(6) as usize]),
        };
        let objects: Vec<Value> = (0..40).map(|_| Value::Map(Map::from([("k".into(), key())]))).collect();
        let references: Vec<&Value> = objects.iter().collect();
        if let Ok(mut order) = order_by(".k", &references) {
            order.arrange();
            assert_eq!(order, (0..objects.len()).collect::<Vec<_>>());
        }
    }
}

#[test]
fn ranges_within_ranges_have_a_limit() {
    let deep = |count: usize| "{range .a[*]}".repeat(count);
    let find =
        |text: &str| Template::parse(text).and_then(|template| template.execute(&object(), MissingKeys::Allowed));
    assert!(find(&deep(20_000)).is_err_and(|error| error.contains("ranges are nested more than 64 deep")));
}
