//! Reading CQL: statements, by the parser of [`crate::sql`].
//!
//! Models: the grammar of CQL 3.4. Absent: collections, user types, indexes, batches, light-weight transactions, timestamps; they are
//! refused.

use thin::Str;

use crate::sql::ast::{Expr, Lenience, TableName};
use crate::sql::lexer::{DoubleQuotes, Kind, tokens};
use crate::sql::parse::{Parsed, Parser, SyntaxError};
use crate::sql::value::Value;

/// A condition: column, sign, values (several for `IN`).
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Relation {
    pub(super) column: Str,
    pub(super) sign: &'static str,
    pub(super) values: Vec<Term>,
}

/// A value as it is written.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) enum Term {
    Value(Value),
    /// `true`, `false`
    Bool(bool),
    /// `uuid()`
    Uuid,
}

/// Which way rows are ordered.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Direction {
    Ascending,
    Descending,
}

#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) enum Statement {
    Use(Str),
    CreateKeyspace {
        name: Str,
        lenience: Lenience,
        options: Vec<(Str, Str)>,
    },
    DropKeyspace(Str, Lenience),
    /// Columns with their types; how many of the key's columns are the partition's.
    CreateTable {
        name: TableName,
        lenience: Lenience,
        columns: Vec<(Str, Str)>,
        key: Vec<Str>,
        partition: usize,
    },
    DropTable(TableName, Lenience),
    Truncate(TableName),
    Insert {
        table: TableName,
        columns: Vec<Str>,
        values: Vec<Term>,
        /// Seconds that it lasts; 0 for ever.
        ttl: usize,
    },
    Update {
        table: TableName,
        changes: Vec<(Str, Term)>,
        filter: Vec<Relation>,
        ttl: usize,
    },
    Delete {
        table: TableName,
        filter: Vec<Relation>,
    },
    Select(Selection),
}

/// What is to be read.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Selection {
    pub(super) table: TableName,
    /// None for `*`.
    pub(super) items: Vec<Str>,
    pub(super) counts: bool,
    pub(super) filter: Vec<Relation>,
    pub(super) order: Vec<(Str, Direction)>,
    pub(super) limit: Option<usize>,
    pub(super) filters: bool,
}

/// Reads one statement.
pub(super) fn statement(text: &str) -> Parsed<Statement> {
    let tokens = tokens(text, DoubleQuotes::Name).map_err(SyntaxError::At)?;
    let mut parser = Parser::new(&tokens, text);
    let statement = read(&mut parser)?;
    parser.end()?;
    Ok(statement)
}

fn read(parser: &mut Parser<'_>) -> Parsed<Statement> {
    let Some(Kind::Word(word)) = parser.next() else { return Err(parser.error_before()) };
    match word.to_uppercase().as_str() {
        "USE" => Ok(Statement::Use(name(parser)?)),
        "CREATE" if takes_keyspace(parser) => create_keyspace(parser),
        "CREATE" if takes_table(parser) => create_table(parser),
        "CREATE" => Err(SyntaxError::Unsupported("indexes, types, views, functions and roles")),
        "DROP" if takes_keyspace(parser) => {
            let lenience = parser.if_exists();
            Ok(Statement::DropKeyspace(name(parser)?, lenience))
        }
        "DROP" if takes_table(parser) => {
            let lenience = parser.if_exists();
            Ok(Statement::DropTable(table(parser)?, lenience))
        }
        "TRUNCATE" => {
            takes_table(parser);
            Ok(Statement::Truncate(table(parser)?))
        }
        "INSERT" => insert(parser),
        "UPDATE" => update(parser),
        "DELETE" => {
            if !parser.take_word("FROM") {
                return Err(SyntaxError::Unsupported("DELETE of single columns"));
            }
            Ok(Statement::Delete { table: table(parser)?, filter: filter(parser)? })
        }
        "SELECT" => select(parser),
        "ALTER" | "BEGIN" | "GRANT" | "REVOKE" | "LIST" => {
            Err(SyntaxError::Unsupported("ALTER, batches and permissions"))
        }
        _ => Err(parser.error_before()),
    }
}

fn takes_keyspace(parser: &mut Parser<'_>) -> bool {
    parser.take_word("KEYSPACE") || parser.take_word("SCHEMA")
}

fn takes_table(parser: &mut Parser<'_>) -> bool {
    parser.take_word("TABLE") || parser.take_word("COLUMNFAMILY")
}

/// A name without quotes means the same in small letters.
fn name(parser: &mut Parser<'_>) -> Parsed<Str> {
    let is_quoted = matches!(parser.peek(), Some(Kind::Name(_)));
    let name = parser.name()?;
    Ok(if is_quoted { name.into() } else { name.to_lowercase().into() })
}

fn table(parser: &mut Parser<'_>) -> Parsed<TableName> {
    let first = name(parser)?.to_string();
    if parser.take_sign(".") {
        return Ok(TableName { database: first, table: name(parser)?.to_string() });
    }
    Ok(TableName { database: String::new(), table: first })
}

fn create_keyspace(parser: &mut Parser<'_>) -> Parsed<Statement> {
    let lenience = parser.if_not_exists();
    let keyspace = name(parser)?;
    parser.expect_word("WITH")?;
    parser.expect_word("REPLICATION")?;
    parser.expect_sign("=")?;
    parser.expect_sign("{")?;
    let options = parser.list(|parser| {
        let key = parser.text_value()?;
        parser.expect_sign(":")?;
        let value = match parser.next() {
            Some(Kind::Text(text) | Kind::Number(text)) => text,
            _ => return Err(parser.error_before()),
        };
        Ok((key.as_str().into(), value.as_str().into()))
    })?;
    parser.expect_sign("}")?;
    if parser.take_word("AND") {
        parser.skip_options();
    }
    Ok(Statement::CreateKeyspace { name: keyspace, lenience, options })
}

fn create_table(parser: &mut Parser<'_>) -> Parsed<Statement> {
    let lenience = parser.if_not_exists();
    let table_name = table(parser)?;
    let (mut columns, mut key, mut partition): (Vec<(Str, Str)>, Vec<Str>, usize) = (Vec::new(), Vec::new(), 0);
    parser.expect_sign("(")?;
    loop {
        if parser.take_words(&["PRIMARY", "KEY"]) {
            parser.expect_sign("(")?;
            if parser.take_sign("(") {
                key = parser.list(name)?;
                partition = key.len();
                parser.expect_sign(")")?;
            } else {
                key = vec![name(parser)?];
                partition = 1;
            }
            while parser.take_sign(",") {
                key.push(name(parser)?);
            }
            parser.expect_sign(")")?;
        } else {
            let column = name(parser)?;
            let kind = name(parser)?;
            if parser.peek_sign("<") || parser.take_word("STATIC") {
                return Err(SyntaxError::Unsupported("collections and static columns"));
            }
            if parser.take_words(&["PRIMARY", "KEY"]) {
                (key, partition) = (vec![column.clone()], 1);
            }
            columns.push((column, kind));
        }
        if !parser.take_sign(",") {
            break;
        }
    }
    parser.expect_sign(")")?;
    if parser.peek_word("WITH") {
        return Err(SyntaxError::Unsupported("options of tables"));
    }
    Ok(Statement::CreateTable { name: table_name, lenience, columns, key, partition })
}

fn term(parser: &mut Parser<'_>) -> Parsed<Term> {
    if parser.take_word("TRUE") {
        return Ok(Term::Bool(true));
    }
    if parser.take_word("FALSE") {
        return Ok(Term::Bool(false));
    }
    match parser.factor()? {
        Expr::Value(value) => Ok(Term::Value(value)),
        Expr::Call(name, arguments) if name == "UUID" && arguments.is_empty() => Ok(Term::Uuid),
        // A minus sign is read as a difference to nothing.
        Expr::Binary("-", zero, number) => match (*zero, *number) {
            (Expr::Value(zero), Expr::Value(number)) => Ok(Term::Value(zero.calculate("-", &number))),
            _ => Err(parser.error_before()),
        },
        Expr::Call(..) => Err(SyntaxError::Unsupported("functions but uuid()")),
        _ => Err(parser.error_before()),
    }
}

fn insert(parser: &mut Parser<'_>) -> Parsed<Statement> {
    parser.expect_word("INTO")?;
    let table = table(parser)?;
    parser.expect_sign("(")?;
    let columns = parser.list(name)?;
    parser.expect_sign(")")?;
    parser.expect_word("VALUES")?;
    parser.expect_sign("(")?;
    let values = parser.list(term)?;
    parser.expect_sign(")")?;
    refuse_conditions(parser)?;
    let ttl = ttl(parser)?;
    Ok(Statement::Insert { table, columns, values, ttl })
}

/// `USING TTL n`: n; 0 without it.
fn ttl(parser: &mut Parser<'_>) -> Parsed<usize> {
    if !parser.take_word("USING") {
        return Ok(0);
    }
    if !parser.take_word("TTL") {
        return Err(SyntaxError::Unsupported("USING TIMESTAMP"));
    }
    let seconds = parser.count()?;
    if parser.peek_word("AND") { Err(SyntaxError::Unsupported("USING TIMESTAMP")) } else { Ok(seconds) }
}

fn refuse_conditions(parser: &Parser<'_>) -> Parsed<()> {
    if parser.peek_word("IF") { Err(SyntaxError::Unsupported("light-weight transactions")) } else { Ok(()) }
}

fn update(parser: &mut Parser<'_>) -> Parsed<Statement> {
    let table = table(parser)?;
    let ttl = ttl(parser)?;
    parser.expect_word("SET")?;
    let changes = parser.list(|parser| {
        let column = name(parser)?;
        parser.expect_sign("=")?;
        Ok((column, term(parser)?))
    })?;
    Ok(Statement::Update { table, changes, filter: filter(parser)?, ttl })
}

fn filter(parser: &mut Parser<'_>) -> Parsed<Vec<Relation>> {
    parser.expect_word("WHERE")?;
    let mut found = vec![relation(parser)?];
    while parser.take_word("AND") {
        found.push(relation(parser)?);
    }
    refuse_conditions(parser)?;
    Ok(found)
}

fn relation(parser: &mut Parser<'_>) -> Parsed<Relation> {
    let column = name(parser)?;
    if parser.take_word("IN") {
        parser.expect_sign("(")?;
        let values = parser.list(term)?;
        parser.expect_sign(")")?;
        return Ok(Relation { column, sign: "IN", values });
    }
    let Some(sign) = ["<=", ">=", "=", "<", ">"].into_iter().find(|sign| parser.take_sign(sign)) else {
        return Err(parser.error());
    };
    Ok(Relation { column, sign, values: vec![term(parser)?] })
}

fn select(parser: &mut Parser<'_>) -> Parsed<Statement> {
    let (mut items, mut counts) = (Vec::new(), false);
    if parser.take_word("COUNT") {
        parser.expect_sign("(")?;
        parser.expect_sign("*")?;
        parser.expect_sign(")")?;
        counts = true;
    } else if !parser.take_sign("*") {
        items = parser.list(name)?;
    }
    if parser.peek_sign("(") {
        return Err(SyntaxError::Unsupported("functions but COUNT(*)"));
    }
    parser.expect_word("FROM")?;
    let table = table(parser)?;
    let filter = if parser.peek_word("WHERE") { filter(parser)? } else { Vec::new() };
    if parser.peek_word("GROUP") {
        return Err(SyntaxError::Unsupported("GROUP BY"));
    }
    let order = if parser.take_words(&["ORDER", "BY"]) { parser.list(ordering)? } else { Vec::new() };
    let limit = if parser.take_word("LIMIT") { Some(parser.count()?) } else { None };
    let filters = parser.take_words(&["ALLOW", "FILTERING"]);
    Ok(Statement::Select(Selection { table, items, counts, filter, order, limit, filters }))
}

fn ordering(parser: &mut Parser<'_>) -> Parsed<(Str, Direction)> {
    let column = name(parser)?;
    let descends = parser.take_word("DESC");
    if !descends {
        parser.take_word("ASC");
    }
    Ok((column, if descends { Direction::Descending } else { Direction::Ascending }))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn statements_are_read() {
        for text in [
            "CREATE KEYSPACE demo WITH replication = {'class': 'SimpleStrategy', 'replication_factor': 2};",
            "create table if not exists demo.t (id int primary key, \"Name\" text)",
            "create table t (a int, b int, c text, primary key ((a, b), c))",
            "insert into t (id, name) values (-1, 'it''s')",
            "update t set name = 'x', ok = true where id = uuid()",
            "delete from t where a = 1 and b in (1, 2)",
            "select count(*) from t where a > 1 limit 3 allow filtering",
            "select * from t where a = 1 order by b desc, c asc limit 2",
            "insert into t (a) values (1) using ttl 5",
            "update t using ttl 5 set b = 1 where a = 1",
        ] {
            assert!(statement(text).is_ok(), "{text}: {:?}", statement(text));
        }
        assert_eq!(statement("selec 1"), Err(SyntaxError::At(0)));
        assert_eq!(statement("select * form t"), Err(SyntaxError::At(9)));
        assert!(matches!(
            statement("insert into t (a) values (1) using timestamp 5"),
            Err(SyntaxError::Unsupported(_))
        ));
    }
}
