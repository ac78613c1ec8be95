//! No template makes a printer panic or run away.

use api::text::json;
use api::{Map, Value};
use kubectl::printers::custom_columns::CustomColumns;
use kubectl::printers::gotemplate::Template as GoTemplate;
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
fn paths_of_any_shape_are_parsed_or_refused() {
    let pieces = [
        "{",
        "}",
        "[",
        "]",
        ".",
        "..",
        "a",
        "b",
        "*",
        "[*]",
        "[?(",
        ")]",
        "@",
        "$",
        "==",
        "<",
        "\"",
        "'",
        "1",
        "-",
        ":",
        ",",
        "range ",
        "{range .a[*]}",
        "{end}",
        "end",
        " ",
        "\\",
        "\n",
        "\u{e9}",
        "[0]",
        "['a']",
        "true",
    ];
    let (mut random, object) = (Random::stream(1, "jsonpath"), object());
    let mut executed = 0;
    for _ in 0..40_000 {
        let body = text(&mut random, &pieces, 12);
        let input = if random.below(2) == 0 { body } else { format!("{{{body}}}") };
        if let Ok(template) = Template::parse(&input) {
            executed += 1;
            let _ = template.execute(&object, MissingKeys::Allowed);
            let _ = template.execute_as_json(&object, MissingKeys::Refused);
        }
        let _ = CustomColumns::from_spec(&input).and_then(|mut columns| columns.print([&object]));
        let _ = order_by(&input, &[&object, &object]);
    }
    assert!(executed > 1_000, "{executed} of them could be executed");
}

#[test]
fn go_templates_of_any_shape_are_parsed_or_refused() {
    let pieces = [
        "{{",
        "}}",
        "{{- ",
        " -}}",
        "{{end}}",
        "{{else}}",
        "{{range .a}}",
        "{{if .b}}",
        "{{with .c}}",
        "{{range $i, $x := .}}",
        "{{define \"d\"}}",
        "{{template \"d\" .}}",
        "{{.a}}",
        ".a",
        ".b.c",
        " ",
        "$",
        "$x",
        ":=",
        "=",
        "|",
        "(",
        ")",
        ",",
        "\"q\"",
        "`r`",
        "'c'",
        "1",
        "0x",
        "-",
        "len ",
        "index ",
        "printf ",
        "\"%5.2f%d%s%q%v%\"",
        "eq ",
        "and ",
        "nil",
        "true",
        "/*",
        "*/",
        "\n",
        "\\",
        "\u{e9}",
        "break",
        "slice ",
        "print ",
    ];
    let (mut random, object) = (Random::stream(1, "gotemplate"), object());
    let mut executed = 0;
    for _ in 0..40_000 {
        let body = text(&mut random, &pieces, 10);
        let input = if random.below(2) == 0 { body } else { format!("{{{{{body}}}}}") };
        if let Ok(template) = GoTemplate::parse(&input) {
            executed += 1;
            let _ = template.execute(&object);
        }
    }
    assert!(executed > 1_000, "{executed} of them could be executed");
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
