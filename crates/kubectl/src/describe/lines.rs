//! The text of a description while it is written: lines with a level, cells that end in tabs.

use std::fmt::Display;

use api::Value;

use super::fields::{pairs, rfc1123};
use crate::printers::tabwriter::TabWriter;

/// Lines of cells. One level is two blanks.
#[derive(Clone, Debug, Default)]
pub(super) struct Lines {
    text: String,
}

/// Annotations longer than this many bytes (with key and punctuation) are shown on lines of their own, cut.
const ANNOTATION_MAX: usize = 140;
/// Not shown: `kubectl apply`'s own notes.
const LAST_APPLIED: &str = "kubectl.kubernetes.io/last-applied-configuration";

impl Lines {
    /// Writes a line.
    pub(super) fn line(&mut self, level: usize, text: impl Display) {
        let line = format!("{}{text}\n", "  ".repeat(level));
        // A terminal must not obey what stands in an object.
        self.text.push_str(&line.replace('\x1b', "^[").replace('\r', "\\r"));
    }

    /// Writes `Name:`, a tab and the value.
    pub(super) fn field(&mut self, level: usize, name: impl Display, value: impl Display) {
        self.line(level, format_args!("{name}:\t{value}"));
    }

    /// Writes a field unless its value is empty.
    pub(super) fn field_if_any(&mut self, level: usize, name: &str, value: &str) {
        if !value.is_empty() {
            self.field(level, name, value);
        }
    }

    /// Writes a field that holds an instant.
    pub(super) fn time(&mut self, level: usize, name: &str, value: &Value) {
        self.field(level, name, rfc1123(value));
    }

    /// Writes a field with a value on each line, or `<none>`.
    pub(super) fn rows(&mut self, title: &str, values: &[String]) {
        let Some((first, rest)) = values.split_first() else { return self.field(0, title, "<none>") };
        self.field(0, title, first);
        for value in rest {
            self.line(0, format_args!("\t{value}"));
        }
    }

    /// Writes labels (or any map from text to text), a pair on each line.
    pub(super) fn labels(&mut self, title: &str, map: &Value) {
        let values: Vec<String> = pairs(map).map(|(key, value)| format!("{key}={value}")).collect();
        self.rows(title, &values);
    }

    /// Writes annotations; long ones and those of several lines stand below their key.
    pub(super) fn annotations(&mut self, title: &str, map: &Value) {
        let mut values = Vec::new();
        for (key, value) in pairs(map).filter(|(key, _)| *key != LAST_APPLIED) {
            let value = value.strip_suffix('\n').unwrap_or(value);
            if value.len() + key.len() + 2 <= ANNOTATION_MAX && !value.contains('\n') {
                values.push(format!("{key}: {value}"));
                continue;
            }
            values.push(format!("{key}:"));
            values.extend(value.split('\n').map(|line| format!("  {}", shorten(line, ANNOTATION_MAX - 2))));
        }
        self.rows(title, &values);
    }

    /// Writes the heading of a table, dashes below every word.
    pub(super) fn heading(&mut self, level: usize, names: &[&str]) {
        self.line(level, names.join("\t"));
        let dashes: Vec<String> = names.iter().map(|name| "-".repeat(name.len())).collect();
        self.line(level, dashes.join("\t"));
    }

    /// The text with its tabs.
    pub(super) fn into_text(self) -> String {
        self.text
    }

    /// The text in columns.
    pub(super) fn align(self) -> String {
        TabWriter::for_descriptions().format(&self.text)
    }
}

/// The text, or its first `max` bytes and dots.
pub(super) fn shorten(text: &str, max: usize) -> String {
    if text.len() <= max {
        return text.to_string();
    }
    let end = (0..=max).rev().find(|end| text.is_char_boundary(*end)).unwrap_or(0);
    format!("{}...", &text[..end])
}
