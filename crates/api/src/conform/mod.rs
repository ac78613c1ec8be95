//! Kubernetes' own tables of tests, answered by the very functions that the simulator uses.
//!
//! A [`Suite`] answers one table's rows. Its code stands beside the functions that it calls, in the module `conform` of
//! their crate, and is compiled only with the feature `conform`; the page never has it. `ordinal conform SUITE` reads rows
//! as lines of JSON ([`answer`]); the workspace's test runs whole tables and keeps their floors ([`Score`]).
//!
//! - A suite named `quantity` belongs to `cases/quantity.json` of the reference folder, `oracle/apply` to `oracle/apply.json`.
//! - [`Suite::run`] computes from the row alone. What the row expects is [`Suite::expect`]'s to say, and nobody else reads it.
//! - [`reached`] marks a function: a test runs a script through `ordinal run` and asks that each suite's functions were called.
//!
//! What is absent: the tables themselves, which stay outside of the project; exceptions for single rows.

mod field_errors;
mod field_selectors;
mod human_duration;
mod intstr;
mod json_merge_three_way;
mod labels;
mod quantity;
mod reach;
mod reference;
mod score;
mod strategic_merge_patch;

use crate::text::json;
use crate::{FieldError, Kind, Map, Object, Status, Str, Value};

pub use reach::{reached, reached_by};
pub use reference::{read_reference, reference_text};
pub use score::{Miss, Score, rows};

/// The suites of this crate.
pub const SUITES: &[Suite] = &[
    quantity::SUITE,
    labels::SUITE,
    human_duration::SUITE,
    intstr::SUITE,
    field_selectors::SUITE,
    field_errors::SUITE,
    strategic_merge_patch::SUITE,
    json_merge_three_way::SUITE,
];

/// A row of a table.
#[derive(Clone, Copy, Debug)]
pub struct Case<'a> {
    /// The function that the row stands in: `TestQuantityParse`. Empty in the tables of `oracle`.
    pub test: &'a str,
    /// The table's name in that function.
    pub table: &'a str,
    /// The row, with the table's own field names; a bare value in few tables.
    pub case: &'a Value,
}

impl<'a> Case<'a> {
    /// A field of the row, or `null`.
    pub fn get(&self, field: &str) -> &'a Value {
        self.case.get(field)
    }

    /// A field's text, or none.
    pub fn text(&self, field: &str) -> &'a str {
        self.case.get(field).text()
    }

    /// A field's number; an absent one is zero, as in Go.
    pub fn int(&self, field: &str) -> i64 {
        self.case.get(field).as_int().unwrap_or(0)
    }

    /// Whether a field is true.
    pub fn flag(&self, field: &str) -> bool {
        self.case.get(field).as_bool() == Some(true)
    }

    /// For a table that the suite does not know.
    pub fn unknown<T>(&self) -> Result<T, String> {
        Err(format!("the suite has no table {:?} {:?}", self.test, self.table))
    }
}

/// A table of tests, and how its rows are answered.
#[derive(Clone, Copy, Debug)]
pub struct Suite {
    /// The file's name without its ending; with the folder `oracle/` where it stands there.
    pub name: &'static str,
    /// What our functions make of a row; the error says why the row concerns what is not modelled.
    pub run: fn(&Case<'_>) -> Result<Value, String>,
    /// What the table says, in the same shape. Where it says less, a pattern stands ([`Suite::agrees`]).
    pub expect: fn(&Case<'_>) -> Value,
    /// The functions that `run` calls, as they are marked with `api::reached!`.
    pub functions: &'static [&'static str],
}

impl Suite {
    /// Whether `answer` is what the table says. A pattern may stand anywhere: `{"$anyOf": […]}` where several answers are
    /// right, `{"$not": …}`, `{"$contains": text}`, and `{"$any": true}` for anything but nothing.
    pub fn agrees(answer: &Value, expect: &Value) -> bool {
        match (answer, expect) {
            (_, Value::Map(map)) if map.contains_key("$anyOf") => {
                expect.get("$anyOf").as_list().iter().any(|expect| Suite::agrees(answer, expect))
            }
            (_, Value::Map(map)) if map.contains_key("$not") => !Suite::agrees(answer, expect.get("$not")),
            (_, Value::Map(map)) if map.contains_key("$contains") => {
                answer.text().contains(expect.get("$contains").text())
            }
            (_, Value::Map(map)) if map.contains_key("$any") => !answer.is_null(),
            (Value::Map(left), Value::Map(right)) => {
                let are_same = |(key, value)| left.get(key).is_some_and(|answer| Suite::agrees(answer, value));
                left.len() == right.len() && right.iter().all(are_same)
            }
            (Value::List(left), Value::List(right)) => {
                left.len() == right.len() && left.iter().zip(right).all(|(left, right)| Suite::agrees(left, right))
            }
            _ => answer == expect,
        }
    }
}

/// Answers one line, `{"test": …, "table": …, "case": {…}}`, with one: `{"result": …}`, `{"notModelled": reason}`, or
/// `{"error": …}` for a line that is no row.
pub fn answer(suite: &Suite, line: &str) -> String {
    let (key, value) = match json::read(line) {
        Err(error) => ("error", Value::from(format!("the line is not JSON: {error}"))),
        Ok(row) if row.get("case").is_null() => ("error", "the line is not an object with a `case`".into()),
        Ok(row) => {
            let case = Case { test: row.get("test").text(), table: row.get("table").text(), case: row.get("case") };
            match (suite.run)(&case) {
                Ok(result) => ("result", result),
                Err(reason) => ("notModelled", reason.into()),
            }
        }
    };
    json::write_compact(&object([(key, value)]))
}

/// An object of these fields.
pub fn object<const N: usize>(fields: [(&str, Value); N]) -> Value {
    let mut map = Map::new();
    for (key, value) in fields {
        map.insert(key.into(), value);
    }
    Value::Map(map)
}

/// An error as the tables write it.
pub fn error(message: impl Into<Str>) -> Value {
    object([("$error", Value::Str(message.into()))])
}

/// An error of which the table does not say the words.
pub fn any_error() -> Value {
    object([("$error", object([("$any", true.into())]))])
}

/// A result or an error, as the tables write them.
pub fn result<T: Into<Value>, E: ToString>(result: Result<T, E>) -> Value {
    match result {
        Ok(value) => value.into(),
        Err(message) => error(message.to_string()),
    }
}

/// A row's object, typed. A kind that the row names is not looked at.
pub fn typed(kind: Kind, value: &Value) -> Object {
    Object::decode(kind, value.clone())
}

/// Errors of validation, each as it is rendered.
pub fn field_errors(errors: &[FieldError]) -> Value {
    errors.iter().map(|error| Value::from(error.to_string())).collect::<Vec<_>>().into()
}

/// A refusal as the API server sends it.
pub fn status(status: &Status) -> Value {
    object([
        ("code", i64::from(status.reason.code()).into()),
        ("reason", status.reason.as_str().into()),
        ("message", status.message.clone().into()),
    ])
}

/// Without the fields that are `null`, however deep: what Go leaves out and what a table writes as `null` are one.
pub fn without_nulls(value: &Value) -> Value {
    match value {
        Value::Map(map) => {
            let mut kept = Map::new();
            for (key, value) in map.iter().filter(|(_, value)| !value.is_null()) {
                kept.insert(key.clone(), without_nulls(value));
            }
            Value::Map(kept)
        }
        Value::List(list) => Value::List(list.iter().map(without_nulls).collect()),
        Value::Null | Value::Bool(_) | Value::Int(_) | Value::Float(_) | Value::Str(_) => value.clone(),
    }
}
