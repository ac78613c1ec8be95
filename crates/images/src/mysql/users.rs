//! Users, passwords and what they may do: rows of `mysql.user` and `mysql.db`.
//!
//! Differences from MySQL that were chosen: passwords are kept for `mysql_native_password` in every version, so that old clients
//! log in; a user may do everything with a database or nothing.

use cri::System;
use ordered::Arrange;
use thin::{Str, format_str};

use super::engine::{Answer, Engine, Session, VIRTUAL};
use super::error::SqlError;
use super::sha1;
use super::table::{Column, DefaultValue, Row, Table};
use crate::sql::ast::{KeyDefinition, Lenience, UserName};
use crate::sql::evaluate::is_like;
use crate::sql::value::Value;

const SYSTEM: &str = "mysql";
const PLUGIN: &str = "mysql_native_password";
const USER_COLUMNS: [&str; 5] = ["Host", "User", "Super_priv", "plugin", "authentication_string"];
const GRANT_COLUMNS: [&str; 3] = ["Host", "Db", "User"];

fn system_table(columns: &[&str], keys: usize) -> Table {
    let column = |name: &&str| Column {
        name: (*name).into(),
        kind: "varchar(255)".into(),
        nullable: false,
        default: DefaultValue::Value(Value::text("")),
        counts: false,
    };
    let key = [2, 1, 0].into_iter().filter(|at| *at < keys).rev().map(|at| columns[at].to_string()).collect();
    let keys = vec![KeyDefinition { name: "PRIMARY".into(), unique: true, columns: key }];
    Table { columns: columns.iter().map(column).collect(), keys, rows: Vec::new(), next: 1 }
}

fn row(values: &[&str]) -> Row {
    values.iter().map(|value| Value::text(*value)).collect()
}

impl Engine {
    /// Makes the system's tables, with root without a password.
    pub(crate) fn initialise(&mut self, system: &mut System<'_>) -> Result<(), SqlError> {
        self.storage.create_database(SYSTEM, system)?;
        self.storage.put(SYSTEM, "user", system_table(&USER_COLUMNS, 2), system)?;
        self.storage.put(SYSTEM, "db", system_table(&GRANT_COLUMNS, 3), system)?;
        self.put_user("root", "localhost", "", Super::Yes, system)
    }

    fn system_rows(&self, table: &str) -> &[Row] {
        self.storage.table(SYSTEM, table).map_or(&[], |table| &table.rows)
    }

    fn text(row: &Row, at: usize) -> Str {
        row.get(at).and_then(Value::to_text).unwrap_or_default()
    }

    /// Makes a user, or sets the password of one.
    pub(crate) fn put_user(
        &mut self,
        user: &str,
        host: &str,
        password: &str,
        power: Super,
        system: &mut System<'_>,
    ) -> Result<(), SqlError> {
        let Some(known) = self.storage.table(SYSTEM, "user") else { return Err(SqlError::no_table(SYSTEM, "user")) };
        let mut table = Table::clone(known);
        let power = if power == Super::Yes { "Y" } else { "N" };
        let made = row(&[host, user, power, PLUGIN, &sha1::kept(password)]);
        match table.clash(&made, None) {
            Some((_, at)) => {
                let power = table.rows[at][2].clone();
                table.rows[at] = made;
                table.rows[at][2] = power;
            }
            None => table.add("user", made)?,
        }
        self.storage.put(SYSTEM, "user", table, system)
    }

    /// Checks a client's answer to the salt. The row of a host comes before that of any host.
    pub(crate) fn log_in(&self, user: &str, host: &str, answer: &str, salt: &str) -> Result<Session, SqlError> {
        let mut rows: Vec<&Row> = self.system_rows("user").iter().filter(|row| Self::text(row, 1) == user).collect();
        rows.retain(|row| is_like(&Self::text(row, 0), host));
        rows.arrange_by_key(|row| Self::text(row, 0) == "%");
        let found = rows.first().filter(|row| sha1::fits(answer, &Self::text(row, 4), salt));
        let Some(row) = found else {
            let uses = if answer.is_empty() { "NO" } else { "YES" };
            let message = format_str!("Access denied for user '{user}'@'{host}' (using password: {uses})");
            return Err(SqlError::new(1045, message));
        };
        let account_host = Self::text(row, 0);
        Ok(Session { user: user.into(), host: host.into(), account_host, ..Session::default() })
    }

    /// Whether the user may do everything.
    pub(crate) fn is_super(&self, session: &Session) -> bool {
        self.system_rows("user").iter().any(|row| {
            Self::text(row, 1) == session.user
                && Self::text(row, 0) == session.account_host
                && Self::text(row, 2) == "Y"
        })
    }

    /// Whether the user may do things with a database.
    pub(crate) fn has(&self, session: &Session, database: &str) -> bool {
        let is_granted = |row: &Row| {
            Self::text(row, 0) == session.account_host
                && Self::text(row, 2) == session.user
                && is_like(&Self::text(row, 1), database)
        };
        self.is_super(session) || self.system_rows("db").iter().any(is_granted)
    }

    /// Refuses a user who may do nothing with a database.
    pub(crate) fn must_have(&self, session: &Session, database: &str) -> Result<(), SqlError> {
        if self.has(session, database) || database == VIRTUAL[0] {
            return Ok(());
        }
        let Session { user, account_host, .. } = session;
        let message = format_str!("Access denied for user '{user}'@'{account_host}' to database '{database}'");
        Err(SqlError::new(1044, message))
    }

    pub(crate) fn must_be_super(&self, session: &Session, privilege: &str) -> Result<(), SqlError> {
        if self.is_super(session) {
            return Ok(());
        }
        let message =
            format_str!("Access denied; you need (at least one of) the {privilege} privilege(s) for this operation");
        Err(SqlError::new(1227, message))
    }

    fn has_user(&self, user: &UserName) -> bool {
        self.system_rows("user").iter().any(|row| Self::text(row, 1) == user.user && Self::text(row, 0) == user.host)
    }

    pub(crate) fn set_user(
        &mut self,
        user: &UserName,
        password: Option<&str>,
        is_new: bool,
        lenience: Lenience,
        system: &mut System<'_>,
    ) -> Result<Answer, SqlError> {
        let verb = if is_new { "CREATE" } else { "ALTER" };
        if self.has_user(user) == is_new {
            return match lenience {
                Lenience::Lenient => Ok(Answer::done(0)),
                Lenience::Strict => Err(failed(verb, user)),
            };
        }
        self.put_user(&user.user, &user.host, password.unwrap_or_default(), Super::No, system)?;
        Ok(Answer::done(0))
    }

    pub(crate) fn drop_user(
        &mut self,
        user: &UserName,
        lenience: Lenience,
        system: &mut System<'_>,
    ) -> Result<Answer, SqlError> {
        if !self.has_user(user) {
            return match lenience {
                Lenience::Lenient => Ok(Answer::done(0)),
                Lenience::Strict => Err(failed("DROP", user)),
            };
        }
        for (name, at) in [("user", 1), ("db", 2)] {
            let Some(known) = self.storage.table(SYSTEM, name) else { continue };
            let mut table = Table::clone(known);
            table.rows.retain(|row| Self::text(row, at) != user.user || Self::text(row, 0) != user.host);
            self.storage.put(SYSTEM, name, table, system)?;
        }
        Ok(Answer::done(0))
    }

    pub(crate) fn grant(
        &mut self,
        database: &str,
        user: &UserName,
        system: &mut System<'_>,
    ) -> Result<Answer, SqlError> {
        if !self.has_user(user) {
            return Err(SqlError::new(1410, "You are not allowed to create a user with GRANT"));
        }
        let Some(known) = self.storage.table(SYSTEM, "db") else { return Err(SqlError::no_table(SYSTEM, "db")) };
        let mut table = Table::clone(known);
        let made = row(&[&user.host, database, &user.user]);
        if table.clash(&made, None).is_none() {
            table.add("db", made)?;
            self.storage.put(SYSTEM, "db", table, system)?;
        }
        Ok(Answer::done(0))
    }

    /// What a user was granted, as statements.
    pub(crate) fn grants(&self, user: &str) -> Vec<Str> {
        let mut found = Vec::new();
        for row in self.system_rows("user").iter().filter(|row| Self::text(row, 1) == user) {
            let (host, power) = (Self::text(row, 0), Self::text(row, 2) == "Y");
            let what = if power { "ALL PRIVILEGES" } else { "USAGE" };
            found.push(format_str!("GRANT {what} ON *.* TO `{user}`@`{host}`"));
        }
        for row in self.system_rows("db").iter().filter(|row| Self::text(row, 2) == user) {
            let (host, database) = (Self::text(row, 0), Self::text(row, 1));
            found.push(format_str!("GRANT ALL PRIVILEGES ON `{database}`.* TO `{user}`@`{host}`"));
        }
        found
    }
}

/// Whether a user may do everything.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Super {
    /// As root.
    Yes,
    /// What is granted.
    No,
}

fn failed(verb: &str, user: &UserName) -> SqlError {
    SqlError::new(1396, format_str!("Operation {verb} USER failed for '{}'@'{}'", user.user, user.host))
}
