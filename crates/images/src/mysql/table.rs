//! A table in memory, and what it takes.
//!
//! Models: MySQL 8.0 in strict mode, as it comes.

use sim::Time;
use thin::{Str, format_str};

use super::error::SqlError;
use crate::sql::ast::KeyDefinition;
use crate::sql::value::{Value, is_number};

/// Rows that one table holds at most.
const ROWS_MAX: usize = 100_000;

/// What a column gets if nothing is given.
#[derive(Clone, Debug, PartialEq, Default)]
pub(crate) enum DefaultValue {
    /// Nothing: one must be given.
    #[default]
    None,
    /// A value.
    Value(Value),
    /// The time.
    Now,
}

/// A column.
#[derive(Clone, Debug, PartialEq, Default)]
pub(crate) struct Column {
    /// Its name.
    pub(crate) name: Str,
    /// Its type in small letters.
    pub(crate) kind: Str,
    /// Whether it may be NULL.
    pub(crate) nullable: bool,
    /// What it gets if nothing is given.
    pub(crate) default: DefaultValue,
    /// Whether it counts up by itself.
    pub(crate) counts: bool,
}

/// A row.
pub(crate) type Row = Vec<Value>;

/// A table.
#[derive(Clone, Debug, PartialEq, Default)]
pub(crate) struct Table {
    /// Its columns.
    pub(crate) columns: Vec<Column>,
    /// Its keys.
    pub(crate) keys: Vec<KeyDefinition>,
    /// Its rows: in the order of the primary key if that is a number, else in that of their insertion.
    pub(crate) rows: Vec<Row>,
    /// The next number of the column that counts.
    pub(crate) next: i64,
}

impl Column {
    fn is_int(&self) -> bool {
        let name = self.kind.split(['(', ' ']).next().unwrap_or_default();
        matches!(name, "int" | "integer" | "bigint" | "smallint" | "tinyint" | "mediumint" | "bool" | "boolean")
    }

    fn is_decimal(&self) -> bool {
        ["decimal", "numeric", "float", "double"].iter().any(|name| self.kind.starts_with(name))
    }

    /// So many characters fit.
    fn characters_max(&self) -> Option<usize> {
        let inner = self.kind.strip_prefix("varchar(").or_else(|| self.kind.strip_prefix("char("))?;
        inner.split(')').next()?.parse().ok()
    }

    /// The largest and the smallest number that fits.
    fn bounds(&self) -> (i64, i64) {
        let bits = match self.kind.split(['(', ' ']).next().unwrap_or_default() {
            "tinyint" | "bool" | "boolean" => 8,
            "smallint" => 16,
            "mediumint" => 24,
            "int" | "integer" => 32,
            _ => 64,
        };
        match (self.kind.ends_with("unsigned"), bits) {
            (true, 64) => (0, i64::MAX),
            (true, bits) => (0, (1 << bits) - 1),
            (false, 64) => (i64::MIN, i64::MAX),
            (false, bits) => (-(1 << (bits - 1)), (1 << (bits - 1)) - 1),
        }
    }

    /// A value as the column keeps it.
    pub(crate) fn fit(&self, value: Value, row: usize) -> Result<Value, SqlError> {
        let name = &self.name;
        match value {
            Value::Null if self.nullable => Ok(Value::Null),
            Value::Null => Err(SqlError::new(1048, format_str!("Column '{name}' cannot be null"))),
            value if self.is_int() => {
                let text = value.to_text().unwrap_or_default();
                if !is_number(&text) {
                    let message = format_str!("Incorrect integer value: '{text}' for column '{name}' at row {row}");
                    return Err(SqlError::new(1366, message));
                }
                let (low, high) = self.bounds();
                let number = value.int().filter(|number| (low..=high).contains(number));
                let message = format_str!("Out of range value for column '{name}' at row {row}");
                number.map(Value::Int).ok_or_else(|| SqlError::new(1264, message))
            }
            value => {
                let text = value.to_text().unwrap_or_default();
                if self.is_decimal() && !is_number(&text) {
                    let message = format_str!("Incorrect decimal value: '{text}' for column '{name}' at row {row}");
                    return Err(SqlError::new(1366, message));
                }
                if self.characters_max().is_some_and(|most| text.chars().count() > most) {
                    let message = format_str!("Data too long for column '{name}' at row {row}");
                    return Err(SqlError::new(1406, message));
                }
                Ok(Value::Text(text))
            }
        }
    }

    /// What it gets if nothing is given.
    fn without(&self, now: Time) -> Result<Value, SqlError> {
        match &self.default {
            DefaultValue::Value(value) => Ok(value.clone()),
            DefaultValue::Now => Ok(Value::text(stamp(now))),
            DefaultValue::None if self.nullable => Ok(Value::Null),
            DefaultValue::None => {
                Err(SqlError::new(1364, format_str!("Field '{}' doesn't have a default value", self.name)))
            }
        }
    }
}

/// A date and time as MySQL writes it.
pub(crate) fn stamp(now: Time) -> String {
    let c = now.calendar();
    format!("{:04}-{:02}-{:02} {:02}:{:02}:{:02}", c.year, c.month, c.day, c.hour, c.minute, c.second)
}

impl Table {
    /// The place of a column.
    pub(crate) fn column(&self, name: &str) -> Option<usize> {
        self.columns.iter().position(|column| column.name.eq_ignore_ascii_case(name))
    }

    /// A value of a row, by the column's name.
    pub(crate) fn value<'a>(&self, row: &'a Row, name: &str) -> Option<&'a Value> {
        row.get(self.column(name)?)
    }

    /// Makes a row of what was given (none where nothing was), in the table's order; number `row` of its statement.
    pub(crate) fn complete(&mut self, given: Vec<Option<Value>>, row: usize, now: Time) -> Result<Row, SqlError> {
        let mut made = Row::new();
        for (column, value) in self.columns.iter().zip(given) {
            let counted = column.counts && value.as_ref().is_none_or(|v| v.is_null() || *v == Value::Int(0));
            let value = match value {
                _ if counted => Value::Int(self.next),
                Some(value) => column.fit(value, row)?,
                None => column.without(now)?,
            };
            if column.counts {
                self.next = self.next.max(value.int().unwrap_or(0).saturating_add(1));
            }
            made.push(value);
        }
        Ok(made)
    }

    /// The first unique key that a row shares with another, and that one's place. The row at `except` does not count.
    pub(crate) fn clash(&self, row: &Row, except: Option<usize>) -> Option<(&KeyDefinition, usize)> {
        self.keys.iter().filter(|key| key.unique).find_map(|key| {
            let places: Vec<usize> = key.columns.iter().filter_map(|name| self.column(name)).collect();
            let is_same =
                |other: &Row| places.iter().all(|&at| other[at].compare(&row[at]) == Some(std::cmp::Ordering::Equal));
            let found = self.rows.iter().enumerate().find(|(at, other)| Some(*at) != except && is_same(other));
            found.map(|(at, _)| (key, at))
        })
    }

    /// Refuses a row that shares a key with another.
    pub(crate) fn refuse_clash(&self, name: &str, row: &Row, except: Option<usize>) -> Result<(), SqlError> {
        let Some((key, _)) = self.clash(row, except) else { return Ok(()) };
        let values: Vec<Str> = key.columns.iter().filter_map(|column| self.value(row, column)?.to_text()).collect();
        let (entry, key) = (values.join("-"), &key.name);
        Err(SqlError::new(1062, format_str!("Duplicate entry '{entry}' for key '{name}.{key}'")))
    }

    /// Adds a row in its place. The server holds rows by their primary key.
    pub(crate) fn add(&mut self, name: &str, row: Row) -> Result<(), SqlError> {
        if self.rows.len() >= ROWS_MAX {
            return Err(SqlError::new(1114, format_str!("The table '{name}' is full")));
        }
        let primary = self.keys.iter().find(|key| key.name == "PRIMARY" && key.columns.len() == 1);
        let place = primary.and_then(|key| self.column(&key.columns[0]));
        let at = place.map_or(self.rows.len(), |place| {
            self.rows.partition_point(|other| other[place].order(&row[place]).is_le())
        });
        self.rows.insert(at, row);
        Ok(())
    }
}
