//! Rows as nodes keep them: every value with the instant it was written, so that copies can be made one, in any order.
//!
//! Models: cassandra 3.11 Rows.merge. Difference: one file of text a table, written anew with each change; no tombstone is
//! ever forgotten.

use std::cmp::Ordering;

use cri::{Caller, Fs, System};
use shell::fs::FsError;
use thin::{Str, format_str};

use super::disk;
use super::settings::DATA;
use crate::sql::value::Value;
use crate::tsv;

/// Rows that one table holds at most.
const ROWS_MAX: usize = 50_000;

#[derive(Clone, Debug, PartialEq, Eq, Default)]
pub(super) struct Row {
    pub(super) token: i64,
    pub(super) key: Vec<Value>,
    /// Instants of the last insertion and deletion; 0 for none.
    pub(super) born: u64,
    pub(super) deleted: u64,
    /// When what the insertion made ends; 0 for never.
    pub(super) expires: u64,
    pub(super) cells: Vec<Cell>,
}

/// A value of a column that is not of the key.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Cell {
    pub(super) column: Str,
    pub(super) value: Value,
    /// When it was written.
    pub(super) stamp: u64,
    /// When it ends; 0 for never.
    pub(super) expires: u64,
}

fn has_expired(expires: u64, now: u64) -> bool {
    expires != 0 && expires <= now
}

impl Row {
    pub(super) fn order(&self, other: &Row) -> Ordering {
        self.token.cmp(&other.token).then_with(|| {
            let pairs = self.key.iter().zip(&other.key);
            pairs.map(|(left, right)| order(left, right)).find(|order| order.is_ne()).unwrap_or(Ordering::Equal)
        })
    }

    /// Takes what was written later.
    pub(super) fn merge(&mut self, other: &Row) {
        if other.born > self.born {
            (self.born, self.expires) = (other.born, other.expires);
        }
        self.deleted = self.deleted.max(other.deleted);
        for cell in &other.cells {
            match self.cells.iter_mut().find(|its| its.column == cell.column) {
                Some(its) if its.stamp < cell.stamp => *its = cell.clone(),
                Some(_) => {}
                None => self.cells.push(cell.clone()),
            }
        }
    }

    fn shows(&self, cell: &Cell, now: u64) -> bool {
        cell.stamp > self.deleted && !has_expired(cell.expires, now)
    }

    /// Whether there is something of it at an instant.
    pub(super) fn is_live(&self, now: u64) -> bool {
        let is_there = self.born > self.deleted && !has_expired(self.expires, now);
        is_there || self.cells.iter().any(|cell| self.shows(cell, now) && !cell.value.is_null())
    }

    pub(super) fn value(&self, column: &str, now: u64) -> Value {
        let cell = self.cells.iter().find(|cell| cell.column == column && self.shows(cell, now));
        cell.map_or(Value::Null, |cell| cell.value.clone())
    }

    pub(super) fn encode(&self) -> String {
        let numbers = [self.born, self.deleted, self.expires, self.key.len() as u64];
        let mut fields: Vec<Option<String>> = vec![Some(self.token.to_string())];
        fields.extend(numbers.map(|number| Some(number.to_string())));
        fields.extend(self.key.iter().map(encode));
        for Cell { column, value, stamp, expires } in &self.cells {
            fields.extend([
                Some(column.to_string()),
                encode(value),
                Some(stamp.to_string()),
                Some(expires.to_string()),
            ]);
        }
        tsv::line(fields.iter().map(Option::as_deref))
    }

    pub(super) fn decode(line: &str) -> Option<Row> {
        let fields = tsv::fields(line);
        let number = |at: usize| fields.get(at)?.as_ref()?.parse::<u64>().ok();
        let keys = number(4)? as usize;
        let rest = fields.get(5..)?;
        let instant = |field: &tsv::Field| field.as_ref()?.parse::<u64>().ok();
        let cell = |cell: &[tsv::Field]| {
            let (stamp, expires) = (instant(&cell[2])?, instant(&cell[3])?);
            Some(Cell { column: cell[0].clone()?, value: decode(&cell[1]), stamp, expires })
        };
        Some(Row {
            token: fields.first()?.as_ref()?.parse().ok()?,
            born: number(1)?,
            deleted: number(2)?,
            expires: number(3)?,
            key: rest.get(..keys)?.iter().map(decode).collect(),
            cells: rest[keys..].chunks_exact(4).filter_map(cell).collect(),
        })
    }
}

/// Texts compare letter by letter, numbers as numbers.
pub(super) fn order(left: &Value, right: &Value) -> Ordering {
    match (left, right) {
        (Value::Text(left), Value::Text(right)) => left.cmp(right),
        (Value::Int(left), Value::Int(right)) => left.cmp(right),
        _ => left.order(right),
    }
}

fn encode(value: &Value) -> Option<String> {
    match value {
        Value::Null => None,
        Value::Int(number) => Some(format!("i{number}")),
        Value::Text(text) => Some(format!("t{text}")),
    }
}

fn decode(field: &tsv::Field) -> Value {
    let Some(field) = field else { return Value::Null };
    match (field.get(..1), field.get(1..)) {
        (Some("i"), Some(number)) => number.parse().map_or(Value::Null, Value::Int),
        (Some("t"), Some(text)) => Value::text(text),
        _ => Value::Null,
    }
}

/// The rows of all tables, by the tables' full names.
#[derive(Clone, Debug, Default)]
pub(super) struct Rows {
    tables: Vec<(Str, Vec<Row>)>,
}

fn directory_of(table: &str) -> String {
    format!("{DATA}/data/{}", table.replace('.', "/"))
}

impl Rows {
    pub(super) fn of(&self, table: &str) -> &[Row] {
        self.tables.iter().find(|(name, _)| name == table).map_or(&[], |(_, rows)| rows)
    }

    /// Reads a table's file.
    pub(super) fn load(&mut self, table: &str, system: &System<'_>) {
        let text = disk::read_text(&format!("{}/mc-1-big-Data.db", directory_of(table)), system).unwrap_or_default();
        let rows = text.lines().filter_map(Row::decode).collect();
        self.tables.push((table.into(), rows));
    }

    /// Takes rows in, and writes the table.
    pub(super) fn put(&mut self, table: &str, rows: &[Row], system: &mut System<'_>) -> Result<(), FsError> {
        let at = match self.tables.iter().position(|(name, _)| name == table) {
            Some(at) => at,
            None => {
                self.tables.push((table.into(), Vec::new()));
                self.tables.len() - 1
            }
        };
        let kept = &mut self.tables[at].1;
        for row in rows {
            match kept.binary_search_by(|its| its.order(row)) {
                Ok(at) => kept[at].merge(row),
                Err(_) if kept.len() >= ROWS_MAX => return Err(FsError::NoSpace),
                Err(at) => kept.insert(at, row.clone()),
            }
        }
        self.write(at, system)
    }

    fn write(&self, at: usize, system: &mut System<'_>) -> Result<(), FsError> {
        let (table, rows) = &self.tables[at];
        let text: String = rows.iter().map(|row| row.encode() + "\n").collect();
        let caller: Caller = system.caller;
        let directory = directory_of(table);
        for path in [shell::fs::parent(&directory), directory.as_str()] {
            if !system.files.exists(path, caller) {
                system.files.mkdir(path, caller)?;
            }
        }
        disk::write_text(&format!("{directory}/mc-1-big-Data.db"), &text, system)
    }

    /// Forgets a table and its file.
    pub(super) fn drop(&mut self, table: &str, system: &mut System<'_>) {
        self.tables.retain(|(name, _)| name != table);
        let (directory, caller) = (directory_of(table), system.caller);
        // What somebody else has removed is gone all the same.
        let _gone = system.files.remove(&format!("{directory}/mc-1-big-Data.db"), caller);
        let _gone = system.files.remove(&directory, caller);
    }

    pub(super) fn names(&self) -> Vec<Str> {
        self.tables.iter().map(|(name, _)| name.clone()).collect()
    }
}

/// The bytes of a partition's key, as they are hashed.
pub(super) fn key_bytes(values: &[Value], kinds: &[Str]) -> Vec<u8> {
    let one = |value: &Value, kind: &Str| match (value, kind.as_str()) {
        (Value::Int(number), "bigint") => number.to_be_bytes().to_vec(),
        (Value::Int(number), "smallint") => (*number as i16).to_be_bytes().to_vec(),
        (Value::Int(number), "tinyint" | "boolean") => vec![*number as u8],
        (Value::Int(number), _) => (*number as i32).to_be_bytes().to_vec(),
        (Value::Text(text), "uuid") => {
            let digits: String = text.chars().filter(char::is_ascii_hexdigit).collect();
            let pair = |at: usize| digits.get(at..at + 2).and_then(|pair| u8::from_str_radix(pair, 16).ok());
            (0..digits.len() / 2).filter_map(|at| pair(at * 2)).collect()
        }
        (Value::Text(text), _) => text.as_bytes().to_vec(),
        (Value::Null, _) => Vec::new(),
    };
    if let ([value], [kind, ..]) = (values, kinds) {
        return one(value, kind);
    }
    let mut bytes = Vec::new();
    for (value, kind) in values.iter().zip(kinds) {
        let part = one(value, kind);
        bytes.extend_from_slice(&(part.len() as u16).to_be_bytes());
        bytes.extend_from_slice(&part);
        bytes.push(0);
    }
    bytes
}

/// A value as a column of this type keeps it.
pub(super) fn fit(
    value: &super::cql::Term,
    column: &str,
    kind: &str,
    uuid: impl FnOnce() -> String,
) -> Result<Value, Str> {
    use super::cql::Term;
    let constant =
        |sort: &str, text: &str| Err(format_str!("Invalid {sort} constant ({text}) for \"{column}\" of type {kind}"));
    let bits = match kind {
        "tinyint" => 8,
        "smallint" => 16,
        "int" => 32,
        "bigint" => 64,
        _ => 0,
    };
    match value {
        Term::Value(Value::Null) => Ok(Value::Null),
        Term::Bool(holds) if kind == "boolean" => Ok(Value::bool(*holds)),
        Term::Bool(holds) => constant("BOOLEAN", if *holds { "true" } else { "false" }),
        Term::Uuid if kind == "uuid" => Ok(Value::text(uuid())),
        Term::Uuid => Err(format_str!(
            "Type error: cannot assign result of function system.uuid (type uuid) to {column} (type {kind})"
        )),
        Term::Value(Value::Int(number)) if bits > 0 => {
            let bound = 1_i128 << (bits - 1);
            if (-bound..bound).contains(&i128::from(*number)) {
                return Ok(Value::Int(*number));
            }
            Err(format_str!("Unable to make {kind} from '{number}'"))
        }
        Term::Value(Value::Int(number)) => constant("INTEGER", &number.to_string()),
        Term::Value(Value::Text(text)) if matches!(kind, "ascii" | "text" | "varchar") => Ok(Value::Text(text.clone())),
        Term::Value(Value::Text(text)) => constant("STRING", text),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn row(value: &str, born: u64, deleted: u64) -> Row {
        let cells = vec![Cell { column: "name".into(), value: Value::text(value), stamp: born, expires: 0 }];
        Row { token: 1, key: vec![Value::Int(1), Value::text("a\tb")], born, deleted, expires: 0, cells }
    }

    #[test]
    fn copies_become_one_in_any_order() {
        for (left, right, expect) in [
            (row("a", 1, 0), row("b", 2, 0), Some("b")),
            (row("b", 2, 0), row("a", 1, 0), Some("b")),
            (row("a", 1, 0), Row { deleted: 3, born: 0, cells: Vec::new(), ..row("", 0, 0) }, None),
        ] {
            let mut one = left;
            one.merge(&right);
            assert_eq!(one.is_live(9).then(|| one.value("name", 9)), expect.map(Value::text));
        }
    }

    #[test]
    fn what_has_a_time_ends_unless_it_is_written_again() {
        let mut brief = row("a", 1, 0);
        (brief.expires, brief.cells[0].expires) = (5, 5);
        assert_eq!((brief.is_live(4), brief.value("name", 4)), (true, Value::text("a")));
        assert_eq!((brief.is_live(5), brief.value("name", 5)), (false, Value::Null));
        assert_eq!(Row::decode(&brief.encode()), Some(brief.clone()));
        brief.merge(&Row { born: 0, ..row("b", 2, 0) });
        assert_eq!((brief.is_live(9), brief.value("name", 9)), (true, Value::text("b")));
    }

    #[test]
    fn rows_are_read_as_they_are_written() {
        assert_eq!(Row::decode(&row("x\n", 4, 2).encode()), Some(row("x\n", 4, 2)));
        assert_eq!(Row::decode("1\t2"), None);
    }
}
