//! Databases and their tables: in memory, and written through to files.
//!
//! A database is a directory below `/var/lib/mysql`, a table a file in it: a line for the counter, one for each column and key,
//! then one for each row. Differences from InnoDB that were chosen: a table has one file of text, a change writes it anew,
//! and there is no log; nothing is half written, since a statement is done in one step.

use std::rc::Rc;

use cri::{Caller, Fs, System};
use shell::fs::FsError;
use thin::{Str, format_str};

use super::error::SqlError;
use super::table::{Column, DefaultValue, Table};
use crate::sql::ast::KeyDefinition;
use crate::sql::value::Value;
use crate::tsv;

/// Where the data lies.
pub(crate) const DIRECTORY: &str = "/var/lib/mysql";
/// The first line of a table's file.
const MAGIC: &str = "ordinal table 1";

/// A database.
#[derive(Clone, Debug, Default)]
pub(crate) struct Database {
    /// Its name.
    pub(crate) name: Str,
    /// Its tables, by name.
    pub(crate) tables: Vec<(Str, Rc<Table>)>,
}

/// All databases, by name.
#[derive(Clone, Debug, Default)]
pub(crate) struct Storage {
    /// Sorted.
    pub(crate) databases: Vec<Database>,
}

fn caller(system: &System<'_>) -> Caller {
    Caller::root(system.now)
}

/// A name as a file's: what would lead out of the directory is replaced.
fn file_name(name: &str) -> String {
    name.chars().map(|c| if c.is_alphanumeric() || matches!(c, '_' | '$' | '-') { c } else { '@' }).collect()
}

fn path_of(database: &str, table: &str) -> String {
    format!("{DIRECTORY}/{}/{}.ibd", file_name(database), file_name(table))
}

fn write_error(error: FsError, path: &str) -> SqlError {
    match error {
        FsError::NoSpace => SqlError::new(1114, "The table is full: no space left on device"),
        error => SqlError::new(3, format_str!("Error writing file '{path}' (OS errno: {error})")),
    }
}

impl Storage {
    /// Whether the directory holds data already.
    pub(crate) fn is_initialised(system: &System<'_>) -> bool {
        system.files.exists(&format!("{DIRECTORY}/mysql"), caller(system))
    }

    /// Reads everything that there is.
    pub(crate) fn read(system: &System<'_>) -> Storage {
        let caller = caller(system);
        let mut storage = Storage::default();
        for entry in system.files.list(DIRECTORY, caller).unwrap_or_default() {
            if !entry.metadata.is_directory() || entry.name.starts_with('#') || entry.name == "lost+found" {
                continue;
            }
            let mut database = Database { name: entry.name.as_str().into(), tables: Vec::new() };
            let directory = format!("{DIRECTORY}/{}", entry.name);
            for file in system.files.list(&directory, caller).unwrap_or_default() {
                let Some(name) = file.name.strip_suffix(".ibd") else { continue };
                let bytes = system.files.read(&format!("{directory}/{}", file.name), caller).unwrap_or_default();
                if let Some(table) = decode(&String::from_utf8_lossy(&bytes)) {
                    database.tables.push((name.into(), Rc::new(table)));
                }
            }
            storage.databases.push(database);
        }
        storage
    }

    /// A database.
    pub(crate) fn database(&self, name: &str) -> Option<&Database> {
        self.databases.iter().find(|database| database.name == name)
    }

    /// A table.
    pub(crate) fn table(&self, database: &str, table: &str) -> Option<&Rc<Table>> {
        self.database(database)?.tables.iter().find(|(name, _)| name == table).map(|(_, table)| table)
    }

    /// Makes a directory for a database.
    pub(crate) fn create_database(&mut self, name: &str, system: &mut System<'_>) -> Result<(), SqlError> {
        let (path, caller) = (format!("{DIRECTORY}/{}", file_name(name)), caller(system));
        system.files.mkdir(&path, caller).map_err(|error| write_error(error, &path))?;
        let at = self.databases.partition_point(|database| database.name.as_str() < name);
        self.databases.insert(at, Database { name: name.into(), tables: Vec::new() });
        Ok(())
    }

    /// Removes a database with its tables; answers how many those were.
    pub(crate) fn drop_database(&mut self, name: &str, system: &mut System<'_>) -> usize {
        let Some(at) = self.databases.iter().position(|database| database.name == name) else { return 0 };
        let database = self.databases.remove(at);
        let caller = caller(system);
        for (table, _) in &database.tables {
            // A file that somebody else has removed is gone all the same.
            let _gone = system.files.remove(&path_of(name, table), caller);
        }
        let _gone = system.files.remove(&format!("{DIRECTORY}/{}", file_name(name)), caller);
        database.tables.len()
    }

    /// Writes a table, new or changed.
    pub(crate) fn put(
        &mut self,
        database: &str,
        name: &str,
        table: Table,
        system: &mut System<'_>,
    ) -> Result<(), SqlError> {
        let (path, caller) = (path_of(database, name), caller(system));
        system.files.write(&path, encode(&table).as_bytes(), caller).map_err(|error| write_error(error, &path))?;
        let Some(database) = self.databases.iter_mut().find(|known| known.name == database) else {
            return Err(SqlError::unknown_database(database));
        };
        let at = database.tables.partition_point(|(known, _)| known.as_str() < name);
        match database.tables.get_mut(at).filter(|(known, _)| known == name) {
            Some((_, known)) => *known = Rc::new(table),
            None => database.tables.insert(at, (name.into(), Rc::new(table))),
        }
        Ok(())
    }

    /// Removes a table.
    pub(crate) fn drop_table(&mut self, database: &str, name: &str, system: &mut System<'_>) {
        let caller = caller(system);
        if let Some(known) = self.databases.iter_mut().find(|known| known.name == database) {
            known.tables.retain(|(table, _)| table != name);
        }
        let _gone = system.files.remove(&path_of(database, name), caller);
    }
}

fn encode(table: &Table) -> String {
    let mut text = format!("{MAGIC}\t{}\n", table.next);
    for column in &table.columns {
        let (default, value) = match &column.default {
            DefaultValue::None => ("none", None),
            DefaultValue::Now => ("now", None),
            DefaultValue::Value(value) => ("value", value.to_text()),
        };
        let flag = |holds: bool| Some(if holds { "1" } else { "0" });
        text.push_str(&tsv::line([
            Some("column"),
            Some(&column.name),
            Some(&column.kind),
            flag(column.nullable),
            flag(column.counts),
            Some(default),
            value.as_deref(),
        ]));
        text.push('\n');
    }
    for key in &table.keys {
        let head = [Some("key"), Some(key.name.as_str()), Some(if key.unique { "1" } else { "0" })];
        text.push_str(&tsv::line(head.into_iter().chain(key.columns.iter().map(|column| Some(column.as_str())))));
        text.push('\n');
    }
    for row in &table.rows {
        let values: Vec<tsv::Field> = row.iter().map(Value::to_text).collect();
        text.push_str("row\t");
        text.push_str(&tsv::line(values.iter().map(|value| value.as_deref())));
        text.push('\n');
    }
    text
}

fn decode(text: &str) -> Option<Table> {
    let mut lines = text.lines();
    let next = lines.next()?.strip_prefix(MAGIC)?.trim().parse().ok()?;
    let mut table = Table { next, ..Table::default() };
    for line in lines {
        let mut fields = tsv::fields(line).into_iter();
        match fields.next()??.as_str() {
            "column" => table.columns.push(column_of(fields.collect())?),
            "key" => {
                let name = fields.next()??.to_string();
                let unique = fields.next()?? == "1";
                let columns = fields.flatten().map(|column| column.to_string()).collect();
                table.keys.push(KeyDefinition { name, unique, columns });
            }
            _ => {
                let row = table.columns.iter().zip(fields).map(|(column, field)| value_of(column, field));
                table.rows.push(row.collect());
            }
        }
    }
    table.rows.iter().all(|row| row.len() == table.columns.len()).then_some(table)
}

fn column_of(fields: Vec<tsv::Field>) -> Option<Column> {
    let text = |at: usize| fields.get(at).cloned().flatten();
    let mut column = Column {
        name: text(0)?,
        kind: text(1)?,
        nullable: text(2)? == "1",
        counts: text(3)? == "1",
        default: DefaultValue::None,
    };
    column.default = match text(4)?.as_str() {
        "now" => DefaultValue::Now,
        "value" => DefaultValue::Value(value_of(&column, text(5))),
        _ => DefaultValue::None,
    };
    Some(column)
}

/// What was written as text, as the column keeps it.
fn value_of(column: &Column, field: tsv::Field) -> Value {
    field.map_or(Value::Null, |text| column.fit(Value::Text(text.clone()), 0).unwrap_or(Value::Text(text)))
}
