//! Making and removing tables.

use cri::System;
use ordered::Arrange;
use thin::format_str;

use super::engine::{Answer, Engine, Session};
use super::error::SqlError;
use super::query::Plain;
use super::table::{Column, DefaultValue, Table};
use crate::sql::ast::{ColumnDefinition, Expr, KeyDefinition, Lenience, TableName};
use crate::sql::evaluate::evaluate;

/// Types that columns may have, without length and sign.
const TYPES: [&str; 27] = [
    "int",
    "integer",
    "bigint",
    "smallint",
    "tinyint",
    "mediumint",
    "bool",
    "boolean",
    "decimal",
    "numeric",
    "float",
    "double",
    "varchar",
    "char",
    "text",
    "tinytext",
    "mediumtext",
    "longtext",
    "datetime",
    "timestamp",
    "date",
    "time",
    "year",
    "blob",
    "json",
    "enum",
    "longblob",
];

impl Engine {
    pub(crate) fn create_table(
        &mut self,
        name: &TableName,
        lenience: Lenience,
        columns: Vec<ColumnDefinition>,
        mut keys: Vec<KeyDefinition>,
        session: &Session,
        system: &mut System<'_>,
    ) -> Result<Answer, SqlError> {
        let (database, table) = self.resolve(name, session)?;
        if self.storage.table(&database, &table).is_some() {
            return match lenience {
                Lenience::Lenient => Ok(Answer::done(0)),
                Lenience::Strict => Err(SqlError::new(1050, format_str!("Table '{table}' already exists"))),
            };
        }
        let mut made = Table { next: 1, ..Table::default() };
        for definition in columns {
            let column = column_of(definition)?;
            if made.column(&column.name).is_some() {
                return Err(SqlError::new(1060, format_str!("Duplicate column name '{}'", column.name)));
            }
            made.columns.push(column);
        }
        if made.columns.is_empty() {
            return Err(SqlError::new(1113, "A table must have at least 1 column"));
        }
        keys.arrange_by_key(|key| key.name != "PRIMARY");
        for key in &keys {
            for name in &key.columns {
                let Some(at) = made.column(name) else {
                    return Err(SqlError::new(1072, format_str!("Key column '{name}' doesn't exist in table")));
                };
                made.columns[at].nullable &= key.name != "PRIMARY";
            }
        }
        let is_key = |column: &Column| keys.iter().any(|key| key.columns[0].eq_ignore_ascii_case(&column.name));
        if made.columns.iter().any(|column| column.counts && !is_key(column)) {
            let message =
                "Incorrect table definition; there can be only one auto column and it must be defined as a key";
            return Err(SqlError::new(1075, message));
        }
        made.keys = keys;
        self.storage.put(&database, &table, made, system)?;
        Ok(Answer::done(0))
    }

    pub(crate) fn drop_tables(
        &mut self,
        names: &[TableName],
        lenience: Lenience,
        session: &Session,
        system: &mut System<'_>,
    ) -> Result<Answer, SqlError> {
        let resolved = names.iter().map(|name| self.resolve(name, session)).collect::<Result<Vec<_>, _>>()?;
        let missing: Vec<String> = resolved
            .iter()
            .filter(|(database, table)| self.storage.table(database, table).is_none())
            .map(|(database, table)| format!("{database}.{table}"))
            .collect();
        if !missing.is_empty() && lenience == Lenience::Strict {
            return Err(SqlError::new(1051, format_str!("Unknown table '{}'", missing.join(","))));
        }
        for (database, table) in &resolved {
            self.storage.drop_table(database, table, system);
        }
        Ok(Answer::done(0))
    }

    pub(crate) fn truncate(
        &mut self,
        name: &TableName,
        session: &Session,
        system: &mut System<'_>,
    ) -> Result<Answer, SqlError> {
        let (database, table) = self.resolve(name, session)?;
        let Some(known) = self.storage.table(&database, &table) else {
            return Err(SqlError::no_table(&database, &table));
        };
        let empty = Table { rows: Vec::new(), next: 1, ..Table::clone(known) };
        self.storage.put(&database, &table, empty, system)?;
        Ok(Answer::done(0))
    }
}

fn column_of(definition: ColumnDefinition) -> Result<Column, SqlError> {
    let ColumnDefinition { name, kind, nullable, default, counts } = definition;
    let base = kind.split(['(', ' ']).next().unwrap_or_default();
    if !TYPES.contains(&base) {
        return Err(SqlError::unsupported(&format!("columns of type {kind}")));
    }
    let kind = match base {
        "integer" => kind.replacen("integer", "int", 1),
        "bool" | "boolean" => "tinyint(1)".into(),
        _ => kind,
    };
    let default = match default {
        None => DefaultValue::None,
        Some(Expr::Call(name, _)) if matches!(name.as_str(), "CURRENT_TIMESTAMP" | "NOW") => DefaultValue::Now,
        Some(expr) => {
            let value = evaluate(&expr, &Plain);
            let value = value.map_err(|_| SqlError::new(1067, format_str!("Invalid default value for '{name}'")))?;
            if value.is_null() { DefaultValue::None } else { DefaultValue::Value(value) }
        }
    };
    Ok(Column { name: name.into(), kind: kind.into(), nullable: nullable && !counts, default, counts })
}
