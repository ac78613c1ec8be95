//! Reading statements.

use super::ast::{ColumnDefinition, Expr, KeyDefinition, Lenience, Select, Statement, TableName, Tail, UserName};
use super::lexer::{DoubleQuotes, Kind, Token, tokens};

/// Why a statement cannot be read.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) enum SyntaxError {
    /// It makes no sense from here (in bytes).
    At(usize),
    /// It may make sense, but not here.
    Unsupported(&'static str),
}

pub(crate) type Parsed<T> = Result<T, SyntaxError>;

/// Reads one statement.
pub(crate) fn statement(text: &str) -> Parsed<Statement> {
    let tokens = tokens(text, DoubleQuotes::Text).map_err(SyntaxError::At)?;
    let mut parser = Parser::new(&tokens, text);
    let statement = parser.statement()?;
    parser.end()?;
    Ok(statement)
}

/// A statement that is being read.
pub(crate) struct Parser<'a> {
    tokens: &'a [Token],
    text: &'a str,
    at: usize,
    /// Expressions within one another.
    pub(crate) depth: usize,
}

impl<'a> Parser<'a> {
    pub(crate) fn new(tokens: &'a [Token], text: &'a str) -> Parser<'a> {
        Parser { tokens, text, at: 0, depth: 0 }
    }
}

impl Parser<'_> {
    /// Nothing but a semicolon may come now.
    pub(crate) fn end(&mut self) -> Parsed<()> {
        self.take_sign(";");
        if self.at < self.tokens.len() { Err(self.error()) } else { Ok(()) }
    }

    /// Something else was expected here.
    pub(crate) fn error(&self) -> SyntaxError {
        SyntaxError::At(self.tokens.get(self.at).map_or(self.text.len(), |token| token.at))
    }

    /// The piece that was just taken was not expected.
    pub(crate) fn error_before(&self) -> SyntaxError {
        SyntaxError::At(self.tokens.get(self.at.saturating_sub(1)).map_or(self.text.len(), |token| token.at))
    }

    pub(crate) fn peek(&self) -> Option<&Kind> {
        self.tokens.get(self.at).map(|token| &token.kind)
    }

    pub(crate) fn next(&mut self) -> Option<Kind> {
        let kind = self.peek().cloned();
        // Past the end there is nothing to point at but the end.
        self.at += 1;
        kind
    }

    pub(crate) fn skip(&mut self) -> bool {
        self.at += 1;
        true
    }

    pub(crate) fn peek_word(&self, word: &str) -> bool {
        matches!(self.peek(), Some(Kind::Word(found)) if found.eq_ignore_ascii_case(word))
    }

    pub(crate) fn take_word(&mut self, word: &str) -> bool {
        self.peek_word(word) && self.skip()
    }

    pub(crate) fn take_words(&mut self, words: &[&str]) -> bool {
        let begin = self.at;
        let all = words.iter().all(|word| self.take_word(word));
        if !all {
            self.at = begin;
        }
        all
    }

    pub(crate) fn expect_word(&mut self, word: &str) -> Parsed<()> {
        if self.take_word(word) { Ok(()) } else { Err(self.error()) }
    }

    pub(crate) fn peek_sign(&self, sign: &str) -> bool {
        matches!(self.peek(), Some(Kind::Sign(found)) if *found == sign)
    }

    pub(crate) fn take_sign(&mut self, sign: &str) -> bool {
        self.peek_sign(sign) && self.skip()
    }

    pub(crate) fn expect_sign(&mut self, sign: &str) -> Parsed<()> {
        if self.take_sign(sign) { Ok(()) } else { Err(self.error()) }
    }

    /// One or more, with commas between.
    pub(crate) fn list<T>(&mut self, read: fn(&mut Self) -> Parsed<T>) -> Parsed<Vec<T>> {
        let mut found = vec![read(self)?];
        while self.take_sign(",") {
            found.push(read(self)?);
        }
        Ok(found)
    }

    pub(crate) fn name(&mut self) -> Parsed<String> {
        match self.peek() {
            Some(Kind::Word(name) | Kind::Name(name)) => {
                let name = name.clone();
                self.at += 1;
                Ok(name)
            }
            _ => Err(self.error()),
        }
    }

    pub(crate) fn text_value(&mut self) -> Parsed<String> {
        match self.peek() {
            Some(Kind::Text(text)) => {
                let text = text.clone();
                self.at += 1;
                Ok(text)
            }
            _ => Err(self.error()),
        }
    }

    pub(crate) fn table_name(&mut self) -> Parsed<TableName> {
        let first = self.name()?;
        if self.take_sign(".") {
            return Ok(TableName { database: first, table: self.name()? });
        }
        Ok(TableName { database: String::new(), table: first })
    }

    pub(crate) fn if_not_exists(&mut self) -> Lenience {
        if self.take_words(&["IF", "NOT", "EXISTS"]) { Lenience::Lenient } else { Lenience::Strict }
    }

    pub(crate) fn if_exists(&mut self) -> Lenience {
        if self.take_words(&["IF", "EXISTS"]) { Lenience::Lenient } else { Lenience::Strict }
    }

    fn statement(&mut self) -> Parsed<Statement> {
        let Some(Kind::Word(word)) = self.next() else { return Err(self.error_before()) };
        match word.to_uppercase().as_str() {
            "SHOW" => self.show(),
            "USE" => Ok(Statement::Use(self.name()?)),
            "DESCRIBE" | "DESC" | "EXPLAIN" if !self.peek_word("SELECT") => {
                Ok(Statement::Show { what: "COLUMNS".into(), of: self.table_name()?, like: None })
            }
            "CREATE" => self.create(),
            "DROP" => self.drop(),
            "TRUNCATE" => {
                self.take_word("TABLE");
                Ok(Statement::Truncate(self.table_name()?))
            }
            "INSERT" => self.insert(false),
            "REPLACE" => self.insert(true),
            "SELECT" => self.select(),
            "UPDATE" => self.update(),
            "DELETE" => self.delete(),
            "ALTER" if self.take_word("USER") => self.user(false),
            "GRANT" => self.grant(),
            "FLUSH" | "SET" => {
                self.at = self.tokens.len();
                Ok(Statement::Nothing)
            }
            "ALTER" | "RENAME" => Err(SyntaxError::Unsupported("changes of tables")),
            "BEGIN" | "START" | "COMMIT" | "ROLLBACK" | "SAVEPOINT" => Err(SyntaxError::Unsupported("transactions")),
            "LOCK" | "UNLOCK" => Err(SyntaxError::Unsupported("locks")),
            "REVOKE" => Err(SyntaxError::Unsupported("REVOKE")),
            "EXPLAIN" | "DESC" | "DESCRIBE" => Err(SyntaxError::Unsupported("plans of queries")),
            _ => Err(self.error_before()),
        }
    }

    fn show(&mut self) -> Parsed<Statement> {
        self.take_word("FULL");
        self.take_word("GLOBAL");
        self.take_word("SESSION");
        let mut what = self.name()?.to_uppercase();
        let mut of = TableName::default();
        match what.as_str() {
            "DATABASES" | "SCHEMAS" => what = "DATABASES".into(),
            "TABLES" if self.take_word("FROM") || self.take_word("IN") => of.database = self.name()?,
            "COLUMNS" | "FIELDS" | "INDEX" | "INDEXES" | "KEYS" => {
                what = if matches!(what.as_str(), "COLUMNS" | "FIELDS") { "COLUMNS".into() } else { "INDEX".into() };
                if !self.take_word("FROM") {
                    self.expect_word("IN")?;
                }
                of = self.table_name()?;
            }
            "CREATE" => {
                self.expect_word("TABLE")?;
                what = "CREATE TABLE".into();
                of = self.table_name()?;
            }
            "GRANTS" if self.take_word("FOR") => of.table = self.user_name()?.user,
            "TABLES" | "PROCESSLIST" | "STATUS" | "VARIABLES" | "WARNINGS" | "GRANTS" | "ENGINES" => {}
            _ => return Err(self.error_before()),
        }
        let like = if self.take_word("LIKE") { Some(self.text_value()?) } else { None };
        Ok(Statement::Show { what, of, like })
    }

    fn create(&mut self) -> Parsed<Statement> {
        if self.take_word("DATABASE") || self.take_word("SCHEMA") {
            let lenience = self.if_not_exists();
            let name = self.name()?;
            self.skip_options();
            return Ok(Statement::CreateDatabase(name, lenience));
        }
        if self.take_word("USER") {
            return self.user(true);
        }
        if self.take_word("TABLE") {
            return self.create_table();
        }
        if ["INDEX", "UNIQUE", "VIEW", "TRIGGER", "PROCEDURE", "FUNCTION", "EVENT", "TEMPORARY"]
            .iter()
            .any(|w| self.peek_word(w))
        {
            return Err(SyntaxError::Unsupported("indexes, views, triggers and procedures"));
        }
        Err(self.error())
    }

    /// Engine, character set, collation: everything here has the same.
    pub(crate) fn skip_options(&mut self) {
        while self.peek().is_some() && !self.peek_sign(";") {
            self.at += 1;
        }
    }

    fn create_table(&mut self) -> Parsed<Statement> {
        let lenience = self.if_not_exists();
        let name = self.table_name()?;
        self.expect_sign("(")?;
        let (mut columns, mut keys) = (Vec::new(), Vec::new());
        loop {
            self.definition(&mut columns, &mut keys)?;
            if !self.take_sign(",") {
                break;
            }
        }
        self.expect_sign(")")?;
        self.skip_options();
        Ok(Statement::CreateTable { name, lenience, columns, keys })
    }

    fn definition(&mut self, columns: &mut Vec<ColumnDefinition>, keys: &mut Vec<KeyDefinition>) -> Parsed<()> {
        if self.take_words(&["PRIMARY", "KEY"]) {
            keys.push(self.key("PRIMARY".into(), true)?);
        } else if self.take_word("UNIQUE") {
            let _optional = self.take_word("KEY") || self.take_word("INDEX");
            let name = if self.peek_sign("(") { String::new() } else { self.name()? };
            keys.push(self.key(name, true)?);
        } else if self.take_word("KEY") || self.take_word("INDEX") {
            let name = if self.peek_sign("(") { String::new() } else { self.name()? };
            keys.push(self.key(name, false)?);
        } else if self.peek_word("CONSTRAINT") || self.peek_word("FOREIGN") || self.peek_word("CHECK") {
            return Err(SyntaxError::Unsupported("constraints"));
        } else {
            let column = self.column_definition(keys)?;
            columns.push(column);
        }
        Ok(())
    }

    fn key(&mut self, name: String, unique: bool) -> Parsed<KeyDefinition> {
        self.expect_sign("(")?;
        let columns = self.list(|parser| {
            let name = parser.name()?;
            if parser.take_sign("(") {
                // The length of a prefix.
                parser.next();
                parser.expect_sign(")")?;
            }
            Ok(name)
        })?;
        self.expect_sign(")")?;
        let name = if name.is_empty() { columns[0].clone() } else { name };
        Ok(KeyDefinition { name, unique, columns })
    }

    fn column_definition(&mut self, keys: &mut Vec<KeyDefinition>) -> Parsed<ColumnDefinition> {
        let (name, mut kind) = (self.name()?, self.name()?.to_lowercase());
        if self.take_sign("(") {
            let begin = self.tokens.get(self.at).map_or(self.text.len(), |token| token.at);
            while self.peek().is_some() && !self.peek_sign(")") {
                self.at += 1;
            }
            let end = self.tokens.get(self.at).map_or(self.text.len(), |token| token.at);
            self.expect_sign(")")?;
            kind = format!("{kind}({})", self.text[begin..end].trim());
        }
        let mut column = ColumnDefinition { name, kind, nullable: true, ..ColumnDefinition::default() };
        while let Some(Kind::Word(word)) = self.peek().cloned() {
            self.at += 1;
            match word.to_uppercase().as_str() {
                "UNSIGNED" => column.kind.push_str(" unsigned"),
                "NOT" => {
                    self.expect_word("NULL")?;
                    column.nullable = false;
                }
                "NULL" => {}
                "DEFAULT" => column.default = Some(self.factor()?),
                "AUTO_INCREMENT" => column.counts = true,
                "PRIMARY" => {
                    self.expect_word("KEY")?;
                    keys.push(KeyDefinition {
                        name: "PRIMARY".into(),
                        unique: true,
                        columns: vec![column.name.clone()],
                    });
                }
                "UNIQUE" => {
                    self.take_word("KEY");
                    keys.push(KeyDefinition {
                        name: column.name.clone(),
                        unique: true,
                        columns: vec![column.name.clone()],
                    });
                }
                "KEY" => keys.push(KeyDefinition {
                    name: "PRIMARY".into(),
                    unique: true,
                    columns: vec![column.name.clone()],
                }),
                "COLLATE" | "COMMENT" => drop(self.next()),
                "CHARACTER" => {
                    self.expect_word("SET")?;
                    self.name()?;
                }
                "REFERENCES" | "CHECK" | "GENERATED" | "ON" => return Err(SyntaxError::Unsupported("constraints")),
                _ => return Err(self.error_before()),
            }
        }
        Ok(column)
    }

    fn drop(&mut self) -> Parsed<Statement> {
        if self.take_word("DATABASE") || self.take_word("SCHEMA") {
            let lenience = self.if_exists();
            return Ok(Statement::DropDatabase(self.name()?, lenience));
        }
        if self.take_word("TABLE") {
            let lenience = self.if_exists();
            return Ok(Statement::DropTables(self.list(Parser::table_name)?, lenience));
        }
        if self.take_word("USER") {
            let lenience = self.if_exists();
            return Ok(Statement::DropUser(self.user_name()?, lenience));
        }
        Err(self.error())
    }

    fn insert(&mut self, replaces: bool) -> Parsed<Statement> {
        if self.take_word("IGNORE") {
            return Err(SyntaxError::Unsupported("INSERT IGNORE"));
        }
        self.take_word("INTO");
        let table = self.table_name()?;
        if self.take_word("SET") {
            let changes = self.list(Parser::assignment)?;
            let (columns, row) = changes.into_iter().unzip();
            return Ok(Statement::Insert { table, columns, rows: vec![row], replaces });
        }
        let mut columns = Vec::new();
        if self.take_sign("(") {
            columns = self.list(Parser::name)?;
            self.expect_sign(")")?;
        }
        if self.peek_word("SELECT") {
            return Err(SyntaxError::Unsupported("INSERT … SELECT"));
        }
        if !self.take_word("VALUES") {
            self.expect_word("VALUE")?;
        }
        let rows = self.list(|parser| {
            parser.expect_sign("(")?;
            let row = if parser.peek_sign(")") { Vec::new() } else { parser.list(Parser::expression)? };
            parser.expect_sign(")")?;
            Ok(row)
        })?;
        if self.peek_word("ON") {
            return Err(SyntaxError::Unsupported("ON DUPLICATE KEY UPDATE"));
        }
        Ok(Statement::Insert { table, columns, rows, replaces })
    }

    fn assignment(&mut self) -> Parsed<(String, Expr)> {
        let name = self.name()?;
        self.expect_sign("=")?;
        Ok((name, self.expression()?))
    }

    fn select(&mut self) -> Parsed<Statement> {
        let mut select = Select { distinct: self.take_word("DISTINCT"), ..Select::default() };
        select.items = self.list(Parser::item)?;
        if self.take_word("FROM") {
            let from = self.table_name()?;
            let is_alias = matches!(self.peek(), Some(Kind::Name(_)))
                || matches!(self.peek(), Some(Kind::Word(word)) if !CLAUSES.contains(&word.to_uppercase().as_str()));
            if self.take_word("AS") || is_alias {
                select.alias = self.name()?;
            }
            if self.peek_sign(",") || JOINS.iter().any(|word| self.peek_word(word)) {
                return Err(SyntaxError::Unsupported("joins"));
            }
            select.from = Some(from);
        }
        if self.take_word("WHERE") {
            select.filter = Some(self.expression()?);
        }
        if self.take_words(&["GROUP", "BY"]) {
            select.group = self.list(Parser::expression)?;
        }
        if self.take_word("HAVING") {
            select.having = Some(self.expression()?);
        }
        select.tail = self.tail()?;
        if self.peek_word("UNION") || self.peek_word("INTO") {
            return Err(SyntaxError::Unsupported("UNION and INTO"));
        }
        Ok(Statement::Select(Box::new(select)))
    }

    fn item(&mut self) -> Parsed<(Option<Expr>, String)> {
        if self.take_sign("*") {
            return Ok((None, String::new()));
        }
        let begin = self.tokens.get(self.at).map_or(self.text.len(), |token| token.at);
        let expr = self.expression()?;
        let end = self.tokens.get(self.at).map_or(self.text.len(), |token| token.at);
        let is_alias = matches!(self.peek(), Some(Kind::Name(_) | Kind::Text(_)))
            || matches!(self.peek(), Some(Kind::Word(word)) if !CLAUSES.contains(&word.to_uppercase().as_str()));
        if self.take_word("AS") || is_alias {
            return Ok((Some(expr), self.name().or_else(|_| self.text_value())?));
        }
        let own = match &expr {
            Expr::Column(name) => name.rsplit('.').next().unwrap_or(name).to_string(),
            Expr::Value(value) => value.to_text().map_or("NULL".into(), |text| text.to_string()),
            _ => self.text[begin..end].trim().trim_end_matches(';').to_string(),
        };
        Ok((Some(expr), own))
    }

    fn tail(&mut self) -> Parsed<Tail> {
        let mut tail = Tail::default();
        if self.take_words(&["ORDER", "BY"]) {
            tail.order = self.list(|parser| {
                let expr = parser.expression()?;
                let goes_down = parser.take_word("DESC");
                parser.take_word("ASC");
                Ok((expr, goes_down))
            })?;
        }
        if self.take_word("LIMIT") {
            let first = self.count()?;
            tail.limit = Some(first);
            if self.take_sign(",") {
                (tail.offset, tail.limit) = (first, Some(self.count()?));
            } else if self.take_word("OFFSET") {
                tail.offset = self.count()?;
            }
        }
        Ok(tail)
    }

    pub(crate) fn count(&mut self) -> Parsed<usize> {
        match self.next() {
            Some(Kind::Number(text)) => text.parse().map_err(|_| self.error_before()),
            _ => Err(self.error_before()),
        }
    }

    fn update(&mut self) -> Parsed<Statement> {
        let table = self.table_name()?;
        self.expect_word("SET")?;
        let changes = self.list(Parser::assignment)?;
        let filter = if self.take_word("WHERE") { Some(self.expression()?) } else { None };
        Ok(Statement::Update { table, changes, filter, tail: self.tail()? })
    }

    fn delete(&mut self) -> Parsed<Statement> {
        self.expect_word("FROM")?;
        let table = self.table_name()?;
        let filter = if self.take_word("WHERE") { Some(self.expression()?) } else { None };
        Ok(Statement::Delete { table, filter, tail: self.tail()? })
    }

    fn user(&mut self, is_new: bool) -> Parsed<Statement> {
        let lenience = if is_new { self.if_not_exists() } else { self.if_exists() };
        let user = self.user_name()?;
        let mut password = None;
        if self.take_word("IDENTIFIED") {
            if self.take_word("WITH") {
                self.name().or_else(|_| self.text_value())?;
            }
            self.expect_word("BY")?;
            password = Some(self.text_value()?);
        }
        Ok(Statement::SetUser { user, password, is_new, lenience })
    }

    fn user_name(&mut self) -> Parsed<UserName> {
        let user = self.text_value().or_else(|_| self.name())?;
        let host = if self.take_sign("@") { self.text_value().or_else(|_| self.name())? } else { "%".into() };
        Ok(UserName { user, host })
    }

    /// All privileges of a database, or of all; single ones are not told apart here.
    fn grant(&mut self) -> Parsed<Statement> {
        if !self.take_words(&["ALL", "PRIVILEGES", "ON"]) && !self.take_words(&["ALL", "ON"]) {
            return Err(SyntaxError::Unsupported("single privileges: GRANT ALL"));
        }
        let database = if self.take_sign("*") { "%".into() } else { self.name()? };
        self.expect_sign(".")?;
        self.expect_sign("*")?;
        self.expect_word("TO")?;
        let user = self.user_name()?;
        self.take_words(&["WITH", "GRANT", "OPTION"]);
        Ok(Statement::Grant { database, user })
    }
}

/// Words that are no other name for what stands before them.
const CLAUSES: [&str; 21] = [
    "FROM",
    "WHERE",
    "GROUP",
    "HAVING",
    "ORDER",
    "LIMIT",
    "AS",
    "JOIN",
    "INNER",
    "LEFT",
    "RIGHT",
    "CROSS",
    "NATURAL",
    "UNION",
    "INTO",
    "ON",
    "AND",
    "OR",
    "SET",
    "FOR",
    "STRAIGHT_JOIN",
];
const JOINS: [&str; 7] = ["JOIN", "INNER", "LEFT", "RIGHT", "CROSS", "NATURAL", "STRAIGHT_JOIN"];

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_cannot_be_read_is_pointed_at() {
        for (text, expect) in [
            ("selec 1", SyntaxError::At(0)),
            ("select", SyntaxError::At(6)),
            ("select * form t", SyntaxError::At(9)),
            ("insert into t values (1", SyntaxError::At(23)),
            ("select a from t where", SyntaxError::At(21)),
            ("create table t (id int primary)", SyntaxError::At(30)),
            ("select 'a", SyntaxError::At(7)),
            ("select * from a join b", SyntaxError::Unsupported("joins")),
            ("start transaction", SyntaxError::Unsupported("transactions")),
        ] {
            assert_eq!(statement(text), Err(expect), "{text}");
        }
        assert!(statement(&format!("select {}1", "(".repeat(1_000))).is_err());
        assert!(statement(&format!("select {} 1", "not ".repeat(10_000))).is_err());
        assert!(statement(&format!("select {}1", "- ".repeat(10_000))).is_err());
    }

    #[test]
    fn statements_are_read() {
        for text in [
            "show databases",
            "SHOW TABLES FROM wordpress LIKE 'wp%';",
            "create table if not exists `t` (id bigint(20) unsigned not null auto_increment, name varchar(20) default 'x' not null, primary key (id), key n (name(10))) engine=InnoDB default charset=utf8",
            "insert into t (id, name) values (1, 'a'), (2, concat('b', 'c'))",
            "insert into t set id = 1",
            "select count(*) as n, max(id) m from t x where name like 'a%' and not id in (1, 2) group by name having n > 1 order by 1 desc, name limit 2, 3",
            "update db.t set a = a + 1, b = null where id between 1 and 3 limit 1",
            "delete from t where a is not null",
            "create user 'w'@'%' identified with mysql_native_password by 'p'",
            "grant all privileges on wordpress.* to w with grant option",
            "select now(), @@version, database(), -1",
        ] {
            assert!(statement(text).is_ok(), "{text}: {:?}", statement(text));
        }
    }
}
