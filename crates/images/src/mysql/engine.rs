//! What statements do: the server's mind, without its sockets.

use cri::System;
use thin::{Str, format_str};

use super::error::SqlError;
use super::storage::Storage;
use crate::sql::ast::{Lenience, Statement, TableName};
use crate::sql::parse;
use crate::tsv::Field;

/// Who asks, and for which database.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(crate) struct Session {
    /// The number of the connection.
    pub(crate) id: u32,
    /// The user's name.
    pub(crate) user: Str,
    /// Where from: `localhost`, or an address.
    pub(crate) host: Str,
    /// The host in the user's row.
    pub(crate) account_host: Str,
    /// The database in use; empty for none.
    pub(crate) database: Str,
    /// The last number that a counting column gave to this connection.
    pub(crate) last_insert_id: i64,
}

/// What a statement answers.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) enum Answer {
    /// It is done.
    Done {
        /// Rows that it has changed.
        affected: u64,
        /// The first number that a counting column gave.
        insert_id: i64,
        /// Further words, such as of an update.
        info: Str,
    },
    /// Rows.
    Rows {
        /// The columns' names.
        columns: Vec<Str>,
        /// The values as text.
        rows: Vec<Vec<Field>>,
    },
}

impl Answer {
    pub(crate) fn done(affected: u64) -> Answer {
        Answer::Done { affected, insert_id: 0, info: Str::new() }
    }
}

/// The server's databases, and what it is.
#[derive(Clone, Debug, Default)]
pub(crate) struct Engine {
    /// The data.
    pub(crate) storage: Storage,
    /// Such as `8.0.44`.
    pub(crate) version: Str,
    /// Connections so far.
    pub(crate) connections: u32,
}

/// Databases that hold no data of their own.
pub(crate) const VIRTUAL: [&str; 3] = ["information_schema", "performance_schema", "sys"];

impl Engine {
    /// Does one statement.
    pub(crate) fn run(
        &mut self,
        text: &str,
        session: &mut Session,
        system: &mut System<'_>,
    ) -> Result<Answer, SqlError> {
        if text.trim().is_empty() {
            return Err(SqlError::new(1065, "Query was empty"));
        }
        let statement = parse::statement(text).map_err(|error| SqlError::syntax(&error, text))?;
        match statement {
            Statement::Show { what, of, like } => self.show(&what, &of, like.as_deref(), session),
            Statement::Use(name) => self.use_database(&name, session),
            Statement::CreateDatabase(name, lenience) => self.create_database(&name, lenience, session, system),
            Statement::DropDatabase(name, lenience) => self.drop_database(&name, lenience, session, system),
            Statement::CreateTable { name, lenience, columns, keys } => {
                self.create_table(&name, lenience, columns, keys, session, system)
            }
            Statement::DropTables(names, lenience) => self.drop_tables(&names, lenience, session, system),
            Statement::Truncate(name) => self.truncate(&name, session, system),
            Statement::Insert { table, columns, rows, replaces } => {
                self.insert(&table, &columns, &rows, replaces, session, system)
            }
            Statement::Select(select) => self.select(&select, session, system.now),
            Statement::Update { table, changes, filter, tail } => {
                self.update(&table, &changes, filter.as_ref(), &tail, session, system)
            }
            Statement::Delete { table, filter, tail } => self.delete(&table, filter.as_ref(), &tail, session, system),
            Statement::SetUser { user, password, is_new, lenience } => {
                self.must_be_super(session, "CREATE USER")?;
                self.set_user(&user, password.as_deref(), is_new, lenience, system)
            }
            Statement::DropUser(user, lenience) => {
                self.must_be_super(session, "CREATE USER")?;
                self.drop_user(&user, lenience, system)
            }
            Statement::Grant { database, user } => {
                self.must_be_super(session, "GRANT OPTION")?;
                self.grant(&database, &user, system)
            }
            Statement::Nothing => Ok(Answer::done(0)),
        }
    }

    /// Checks that a database is there and may be used.
    pub(crate) fn use_database(&self, name: &str, session: &mut Session) -> Result<Answer, SqlError> {
        self.must_have(session, name)?;
        if self.storage.database(name).is_none() && !VIRTUAL.contains(&name) {
            return Err(SqlError::unknown_database(name));
        }
        session.database = name.into();
        Ok(Answer::done(0))
    }

    /// Database and table that a name means.
    pub(crate) fn resolve(&self, name: &TableName, session: &Session) -> Result<(Str, Str), SqlError> {
        let database = match name.database.as_str() {
            "" if session.database.is_empty() => return Err(SqlError::no_database()),
            "" => session.database.clone(),
            given => given.into(),
        };
        self.must_have(session, &database)?;
        if VIRTUAL.contains(&database.as_str()) {
            return Err(SqlError::unsupported("tables that describe the server"));
        }
        if self.storage.database(&database).is_none() {
            return Err(SqlError::unknown_database(&database));
        }
        Ok((database, name.table.as_str().into()))
    }

    fn create_database(
        &mut self,
        name: &str,
        lenience: Lenience,
        session: &Session,
        system: &mut System<'_>,
    ) -> Result<Answer, SqlError> {
        self.must_have(session, name)?;
        let is_there = self.storage.database(name).is_some() || VIRTUAL.contains(&name);
        match (is_there, lenience) {
            (true, Lenience::Lenient) => Ok(Answer::done(1)),
            (true, Lenience::Strict) => {
                Err(SqlError::new(1007, format_str!("Can't create database '{name}'; database exists")))
            }
            (false, _) => self.storage.create_database(name, system).map(|()| Answer::done(1)),
        }
    }

    fn drop_database(
        &mut self,
        name: &str,
        lenience: Lenience,
        session: &mut Session,
        system: &mut System<'_>,
    ) -> Result<Answer, SqlError> {
        self.must_have(session, name)?;
        if VIRTUAL.contains(&name) || name == "mysql" {
            let (user, host) = (&session.user, &session.account_host);
            return Err(SqlError::new(
                1044,
                format_str!("Access denied for user '{user}'@'{host}' to database '{name}'"),
            ));
        }
        if self.storage.database(name).is_none() {
            return match lenience {
                Lenience::Lenient => Ok(Answer::done(0)),
                Lenience::Strict => {
                    Err(SqlError::new(1008, format_str!("Can't drop database '{name}'; database doesn't exist")))
                }
            };
        }
        if session.database == name {
            session.database = Str::new();
        }
        Ok(Answer::done(self.storage.drop_database(name, system) as u64))
    }
}
