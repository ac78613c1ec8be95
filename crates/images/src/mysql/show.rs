//! `SHOW` and `DESCRIBE`.

use ordered::Arrange;
use thin::{Str, format_str};

use super::engine::{Answer, Engine, Session, VIRTUAL};
use super::error::SqlError;
use super::table::{Column, DefaultValue, Table};
use crate::sql::ast::TableName;
use crate::sql::evaluate::is_like;
use crate::tsv::Field;

type Rows = Vec<Vec<Field>>;

fn rows(columns: &[&str], rows: Rows) -> Answer {
    Answer::Rows { columns: columns.iter().map(|name| (*name).into()).collect(), rows }
}

fn fields(values: &[&str]) -> Vec<Field> {
    values.iter().map(|value| Some((*value).into())).collect()
}

impl Engine {
    pub(crate) fn show(
        &self,
        what: &str,
        of: &TableName,
        like: Option<&str>,
        session: &Session,
    ) -> Result<Answer, SqlError> {
        let fits = |name: &str| like.is_none_or(|like| is_like(&like.to_lowercase(), &name.to_lowercase()));
        match what {
            "DATABASES" => {
                let mut names: Vec<&str> =
                    self.storage.databases.iter().map(|database| database.name.as_str()).collect();
                names.extend(VIRTUAL);
                names.arrange();
                names.retain(|name| {
                    fits(name) && (self.has(session, name) || *name == VIRTUAL[0] || *name == VIRTUAL[1])
                });
                let title = like.map_or("Database".into(), |like| format_str!("Database ({like})"));
                Ok(rows(&[&title], names.iter().map(|name| fields(&[name])).collect()))
            }
            "TABLES" => self.show_tables(&of.database, like, session),
            "COLUMNS" => {
                let (_, table) = self.table_of(of, session)?;
                let shown = table.columns.iter().filter(|column| fits(&column.name));
                Ok(rows(
                    &["Field", "Type", "Null", "Key", "Default", "Extra"],
                    shown.map(|column| described(table, column)).collect(),
                ))
            }
            "CREATE TABLE" => {
                let (name, table) = self.table_of(of, session)?;
                Ok(rows(&["Table", "Create Table"], vec![fields(&[&name, &definition(&name, table)])]))
            }
            "VARIABLES" => {
                let shown = self.variables().into_iter().filter(|(name, _)| fits(name));
                Ok(rows(&["Variable_name", "Value"], shown.map(|(name, value)| fields(&[name, &value])).collect()))
            }
            "GRANTS" => {
                let user = if of.table.is_empty() { &session.user } else { &of.table.as_str().into() };
                let title = format_str!("Grants for {user}@{}", session.account_host);
                Ok(rows(&[&title], self.grants(user).iter().map(|line| fields(&[line])).collect()))
            }
            "WARNINGS" => Ok(rows(&["Level", "Code", "Message"], Vec::new())),
            other => Err(SqlError::unsupported(&format!("SHOW {other}"))),
        }
    }

    fn show_tables(&self, database: &str, like: Option<&str>, session: &Session) -> Result<Answer, SqlError> {
        let name = if database.is_empty() { session.database.as_str() } else { database };
        if name.is_empty() {
            return Err(SqlError::no_database());
        }
        self.must_have(session, name)?;
        let Some(database) = self.storage.database(name) else { return Err(SqlError::unknown_database(name)) };
        let fits = |table: &str| like.is_none_or(|like| is_like(&like.to_lowercase(), &table.to_lowercase()));
        let shown = database.tables.iter().filter(|(table, _)| fits(table));
        let title = match like {
            Some(like) => format_str!("Tables_in_{name} ({like})"),
            None => format_str!("Tables_in_{name}"),
        };
        Ok(rows(&[&title], shown.map(|(table, _)| fields(&[table])).collect()))
    }

    fn table_of(&self, of: &TableName, session: &Session) -> Result<(Str, &Table), SqlError> {
        let (database, name) = self.resolve(of, session)?;
        let table = self.storage.table(&database, &name).ok_or_else(|| SqlError::no_table(&database, &name))?;
        Ok((name, table))
    }

    /// The variables of the server that there are here.
    pub(crate) fn variables(&self) -> Vec<(&'static str, Str)> {
        vec![
            ("character_set_server", "utf8mb4".into()),
            ("datadir", "/var/lib/mysql/".into()),
            ("hostname", "localhost".into()),
            ("port", "3306".into()),
            ("socket", "/var/run/mysqld/mysqld.sock".into()),
            ("version", self.version.clone()),
            ("version_comment", "MySQL Community Server - GPL".into()),
        ]
    }
}

fn described(table: &Table, column: &Column) -> Vec<Field> {
    let is_first = |unique: bool, primary: bool| {
        table.keys.iter().any(|key| {
            key.unique == unique
                && (key.name == "PRIMARY") == primary
                && key.columns[0].eq_ignore_ascii_case(&column.name)
        })
    };
    let primary = table.keys.iter().find(|key| key.name == "PRIMARY");
    let in_primary = primary.is_some_and(|key| key.columns.iter().any(|name| name.eq_ignore_ascii_case(&column.name)));
    let key = match (in_primary, is_first(true, false), is_first(false, false)) {
        (true, _, _) => "PRI",
        (false, true, _) => "UNI",
        (false, false, true) => "MUL",
        (false, false, false) => "",
    };
    let default = match &column.default {
        DefaultValue::None => None,
        DefaultValue::Now => Some("CURRENT_TIMESTAMP".into()),
        DefaultValue::Value(value) => value.to_text(),
    };
    let extra = match (&column.default, column.counts) {
        (_, true) => "auto_increment",
        (DefaultValue::Now, _) => "DEFAULT_GENERATED",
        _ => "",
    };
    let mut row = fields(&[&column.name, &column.kind, if column.nullable { "YES" } else { "NO" }, key]);
    row.extend([default, Some(extra.into())]);
    row
}

fn definition(name: &str, table: &Table) -> String {
    let mut lines: Vec<String> = table.columns.iter().map(column_line).collect();
    for key in &table.keys {
        let columns: Vec<String> = key.columns.iter().map(|column| format!("`{column}`")).collect();
        let columns = columns.join(",");
        lines.push(match (key.name.as_str(), key.unique) {
            ("PRIMARY", _) => format!("  PRIMARY KEY ({columns})"),
            (name, true) => format!("  UNIQUE KEY `{name}` ({columns})"),
            (name, false) => format!("  KEY `{name}` ({columns})"),
        });
    }
    let count = if table.next > 1 { format!(" AUTO_INCREMENT={}", table.next) } else { String::new() };
    format!(
        "CREATE TABLE `{name}` (\n{}\n) ENGINE=InnoDB{count} DEFAULT CHARSET=utf8mb4 COLLATE=utf8mb4_0900_ai_ci",
        lines.join(",\n")
    )
}

fn column_line(column: &Column) -> String {
    let null = if column.nullable { "" } else { " NOT NULL" };
    let default = match &column.default {
        DefaultValue::None if column.nullable => " DEFAULT NULL".to_string(),
        DefaultValue::None => String::new(),
        DefaultValue::Now => " DEFAULT CURRENT_TIMESTAMP".to_string(),
        DefaultValue::Value(value) => format!(" DEFAULT '{}'", value.to_text().unwrap_or_default()),
    };
    let counts = if column.counts { " AUTO_INCREMENT" } else { "" };
    format!("  `{}` {}{null}{default}{counts}", column.name, column.kind)
}
