//! Printing JSON.

use std::fmt::Write as _;

use crate::Value;
use crate::text::number::format_json;

/// Go's `json.Marshal`: no white space.
pub fn write_compact(value: &Value) -> String {
    let mut out = String::new();
    write(&mut out, value, None, 0);
    out
}

/// `kubectl -o json`: four spaces a level, a line break at the end.
pub fn write_indented(value: &Value) -> String {
    let mut out = String::new();
    write(&mut out, value, Some("    "), 0);
    out.push('\n');
    out
}

/// Appends text in quotes, escaped as Go does it.
pub fn write_string(out: &mut String, text: &str) {
    out.push('"');
    for c in text.chars() {
        match c {
            '"' => out.push_str("\\\""),
            '\\' => out.push_str("\\\\"),
            '\n' => out.push_str("\\n"),
            '\r' => out.push_str("\\r"),
            '\t' => out.push_str("\\t"),
            '\u{8}' => out.push_str("\\b"),
            '\u{c}' => out.push_str("\\f"),
            '<' | '>' | '&' | '\u{2028}' | '\u{2029}' | '\0'..='\u{1f}' => {
                write!(out, "\\u{:04x}", u32::from(c)).expect("writing to a String does not fail");
            }
            _ => out.push(c),
        }
    }
    out.push('"');
}

fn write(out: &mut String, value: &Value, indent: Option<&str>, depth: usize) {
    match value {
        Value::Null => out.push_str("null"),
        Value::Bool(value) => out.push_str(if *value { "true" } else { "false" }),
        Value::Int(number) => write!(out, "{number}").expect("writing to a String does not fail"),
        // Values come from JSON and YAML, which hold no infinities; null is what JavaScript writes for one.
        Value::Float(number) => out.push_str(format_json(*number).as_deref().unwrap_or("null")),
        Value::Str(text) => write_string(out, text),
        Value::List(list) if list.is_empty() => out.push_str("[]"),
        Value::Map(map) if map.is_empty() => out.push_str("{}"),
        Value::List(list) => {
            out.push('[');
            for (index, item) in list.iter().enumerate() {
                start_item(out, index, indent, depth + 1);
                write(out, item, indent, depth + 1);
            }
            break_line(out, indent, depth);
            out.push(']');
        }
        Value::Map(map) => {
            out.push('{');
            for (index, (key, value)) in map.iter().enumerate() {
                start_item(out, index, indent, depth + 1);
                write_string(out, key);
                out.push_str(if indent.is_some() { ": " } else { ":" });
                write(out, value, indent, depth + 1);
            }
            break_line(out, indent, depth);
            out.push('}');
        }
    }
}

fn start_item(out: &mut String, index: usize, indent: Option<&str>, depth: usize) {
    if index > 0 {
        out.push(',');
    }
    break_line(out, indent, depth);
}

fn break_line(out: &mut String, indent: Option<&str>, depth: usize) {
    if let Some(indent) = indent {
        out.push('\n');
        out.extend(std::iter::repeat_n(indent, depth));
    }
}
