//! Statements and expressions.

use super::value::Value;

/// A table's name, perhaps with its database's.
#[derive(Clone, Debug, PartialEq, Eq, Default)]
pub(crate) struct TableName {
    /// Empty for the database in use.
    pub(crate) database: String,
    /// The table.
    pub(crate) table: String,
}

/// A user's name and host.
#[derive(Clone, Debug, PartialEq, Eq, Default)]
pub(crate) struct UserName {
    /// The name.
    pub(crate) user: String,
    /// `%` for any.
    pub(crate) host: String,
}

/// What to do if the thing is there, or is not.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Lenience {
    /// It is an error.
    Strict,
    /// `IF EXISTS`, `IF NOT EXISTS`.
    Lenient,
}

/// A column as `CREATE TABLE` describes it.
#[derive(Clone, Debug, PartialEq, Default)]
pub(crate) struct ColumnDefinition {
    /// Its name.
    pub(crate) name: String,
    /// Its type in small letters, such as `varchar(20)`.
    pub(crate) kind: String,
    /// Whether it may be NULL.
    pub(crate) nullable: bool,
    /// Its default, if it has one.
    pub(crate) default: Option<Expr>,
    /// Whether it counts up by itself.
    pub(crate) counts: bool,
}

/// A key as `CREATE TABLE` describes it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct KeyDefinition {
    /// `PRIMARY`, or its name.
    pub(crate) name: String,
    /// Whether values must differ.
    pub(crate) unique: bool,
    /// Its columns.
    pub(crate) columns: Vec<String>,
}

/// A query.
#[derive(Clone, Debug, PartialEq, Default)]
pub(crate) struct Select {
    /// Whether equal rows are shown once.
    pub(crate) distinct: bool,
    /// What is shown: expression and name; no expression for `*`.
    pub(crate) items: Vec<(Option<Expr>, String)>,
    /// Where from.
    pub(crate) from: Option<TableName>,
    /// Another name for the table; empty if none.
    pub(crate) alias: String,
    /// Which rows.
    pub(crate) filter: Option<Expr>,
    /// Rows that agree in these are one.
    pub(crate) group: Vec<Expr>,
    /// Which groups.
    pub(crate) having: Option<Expr>,
    /// Order and limits.
    pub(crate) tail: Tail,
}

/// How rows are ordered and how many count.
#[derive(Clone, Debug, PartialEq, Default)]
pub(crate) struct Tail {
    /// Expressions, each with whether it goes down.
    pub(crate) order: Vec<(Expr, bool)>,
    /// So many at most.
    pub(crate) limit: Option<usize>,
    /// After so many.
    pub(crate) offset: usize,
}

/// A statement.
#[derive(Clone, Debug, PartialEq)]
pub(crate) enum Statement {
    /// `SHOW what [FROM of] [LIKE pattern]`
    Show { what: String, of: TableName, like: Option<String> },
    /// `USE database`
    Use(String),
    /// `CREATE DATABASE`
    CreateDatabase(String, Lenience),
    /// `DROP DATABASE`
    DropDatabase(String, Lenience),
    /// `CREATE TABLE`
    CreateTable { name: TableName, lenience: Lenience, columns: Vec<ColumnDefinition>, keys: Vec<KeyDefinition> },
    /// `DROP TABLE`
    DropTables(Vec<TableName>, Lenience),
    /// `TRUNCATE TABLE`
    Truncate(TableName),
    /// `INSERT`, or with `replaces` `REPLACE`
    Insert { table: TableName, columns: Vec<String>, rows: Vec<Vec<Expr>>, replaces: bool },
    /// `SELECT`
    Select(Box<Select>),
    /// `UPDATE`
    Update { table: TableName, changes: Vec<(String, Expr)>, filter: Option<Expr>, tail: Tail },
    /// `DELETE`
    Delete { table: TableName, filter: Option<Expr>, tail: Tail },
    /// `CREATE USER … IDENTIFIED BY`, `ALTER USER`
    SetUser { user: UserName, password: Option<String>, is_new: bool, lenience: Lenience },
    /// `DROP USER`
    DropUser(UserName, Lenience),
    /// `GRANT ALL ON database.* TO user`
    Grant { database: String, user: UserName },
    /// `FLUSH PRIVILEGES`, `SET NAMES …`: what needs nothing done here
    Nothing,
}

/// An expression.
#[derive(Clone, Debug, PartialEq)]
pub(crate) enum Expr {
    /// A value.
    Value(Value),
    /// A column, perhaps with its table's name.
    Column(String),
    /// `@@name`
    Variable(String),
    /// `NOT`, `-`
    Unary(&'static str, Box<Expr>),
    /// A sign between two.
    Binary(&'static str, Box<Expr>, Box<Expr>),
    /// `IS NULL`
    IsNull(Box<Expr>),
    /// `IN (…)`
    In(Box<Expr>, Vec<Expr>),
    /// `BETWEEN`
    Between(Box<Expr>, Box<Expr>, Box<Expr>),
    /// A function of some values; its name in capitals.
    Call(String, Vec<Expr>),
    /// `COUNT(*)`
    CountAll,
}
