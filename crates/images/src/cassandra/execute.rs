//! What a statement is to do, and what is wrong with it: from CQL to changes of the schema, rows to be written and rows to be read.
//!
//! Models: cassandra 3.11 cql3.statements. Pure but for `uuid()`.

use ordered::Arrange;
use sim::Random;
use thin::{Str, format_str};

use super::cql::{Direction, Relation, Selection, Statement, Term};
use super::murmur3;
use super::rows::{Cell, Row, fit, key_bytes, order};
use super::schema::{Column, KINDS, Schema, Table, replication};
use crate::sql::ast::{Lenience, TableName};
use crate::sql::parse::SyntaxError;
use crate::sql::value::Value;
use crate::tsv;

/// Why a statement is refused: the driver's name for it, and what it says.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Refusal {
    pub(super) class: &'static str,
    pub(super) text: Str,
}

pub(super) fn invalid(message: &str) -> Refusal {
    Refusal {
        class: "InvalidRequest",
        text: format_str!("Error from server: code=2200 [Invalid query] message=\"{message}\""),
    }
}

fn configuration(message: &str) -> Refusal {
    let text = format_str!(
        "Error from server: code=2300 [Query invalid because of configuration issue] message=\"{message}\""
    );
    Refusal { class: "ConfigurationException", text }
}

/// Where a text goes wrong.
pub(super) fn syntax(error: &SyntaxError, text: &str) -> Refusal {
    match error {
        SyntaxError::Unsupported(what) => invalid(&format!("{what}: not supported here")),
        SyntaxError::At(at) => {
            let before = &text[..(*at).min(text.len())];
            let (line, column) =
                (before.matches('\n').count() + 1, before.len() - before.rfind('\n').map_or(0, |at| at + 1));
            let word = text[before.len()..].split_whitespace().next().unwrap_or("<EOF>");
            let message = format_str!("line {line}:{column} no viable alternative at input '{word}'");
            let text = format_str!("Error from server: code=2000 [Syntax error in CQL query] message=\"{message}\"");
            Refusal { class: "SyntaxException", text }
        }
    }
}

/// What is read, and what is shown of it.
#[derive(Clone, Debug)]
pub(super) struct Query {
    pub(super) keyspace: Str,
    pub(super) table: Str,
    /// The tokens that are asked for; none for all.
    pub(super) tokens: Vec<i64>,
    columns: Vec<Column>,
    schema: Table,
    counts: bool,
    filter: Vec<(Str, &'static str, Vec<Value>)>,
    /// Whether rows come in their order turned round.
    descends: bool,
    limit: Option<usize>,
}

/// What is to be done.
#[derive(Clone, Debug)]
pub(super) enum Plan {
    /// Nothing is left to do.
    Done,
    Use(Str),
    /// The schema has been changed.
    Changed,
    /// The table's rows go.
    Truncate(Str),
    Write {
        keyspace: Str,
        table: Str,
        rows: Vec<Row>,
    },
    Read(Box<Query>),
}

/// What statements are read against.
pub(super) struct Mind<'a> {
    pub(super) schema: &'a mut Schema,
    pub(super) random: &'a mut Random,
    /// The keyspace in use; empty for none.
    pub(super) keyspace: &'a str,
    /// Now, in µs.
    pub(super) stamp: u64,
}

/// Twenty years, in seconds.
const TTL_MAX: usize = 630_720_000;

const SYSTEM: [&str; 5] = ["system", "system_schema", "system_auth", "system_distributed", "system_traces"];

impl Mind<'_> {
    pub(super) fn plan(&mut self, statement: Statement) -> Result<Plan, Refusal> {
        match statement {
            Statement::Use(name) if self.schema.keyspace(&name).is_none() && !SYSTEM.contains(&name.as_str()) => {
                Err(invalid(&format!("Keyspace '{name}' does not exist")))
            }
            Statement::Use(name) => Ok(Plan::Use(name)),
            Statement::CreateKeyspace { name, lenience, options } => self.create_keyspace(&name, lenience, options),
            Statement::DropKeyspace(name, lenience) => match (self.schema.keyspace(&name), lenience) {
                (Some(_), _) => {
                    self.schema.drop(&name, self.stamp);
                    Ok(Plan::Changed)
                }
                (None, Lenience::Lenient) => Ok(Plan::Done),
                (None, Lenience::Strict) => Err(configuration(&format!("Cannot drop non existing keyspace '{name}'."))),
            },
            Statement::CreateTable { name, lenience, columns, key, partition } => {
                self.create_table(&name, lenience, columns, &key, partition)
            }
            Statement::DropTable(name, lenience) => match self.table(&name) {
                Ok((keyspace, table)) => {
                    self.schema.drop(&format!("{keyspace}.{}", table.name), self.stamp);
                    Ok(Plan::Changed)
                }
                Err(_) if lenience == Lenience::Lenient => Ok(Plan::Done),
                Err(refusal) => Err(refusal),
            },
            Statement::Truncate(name) => {
                let (keyspace, table) = self.table(&name)?;
                Ok(Plan::Truncate(format_str!("{keyspace}.{}", table.name)))
            }
            Statement::Insert { table, columns, values, ttl } => self.insert(&table, &columns, &values, ttl),
            Statement::Update { table, changes, filter, ttl } => self.update(&table, &changes, &filter, ttl),
            Statement::Delete { table, filter } => self.delete(&table, &filter),
            Statement::Select(selection) => self.select(&selection),
        }
    }

    fn create_keyspace(&mut self, name: &str, lenience: Lenience, options: Vec<(Str, Str)>) -> Result<Plan, Refusal> {
        if self.schema.keyspace(name).is_some() || SYSTEM.contains(&name) {
            return match lenience {
                Lenience::Lenient => Ok(Plan::Done),
                Lenience::Strict => {
                    Err(Refusal { class: "AlreadyExists", text: format_str!("Keyspace '{name}' already exists") })
                }
            };
        }
        replication(&options).map_err(|reason| configuration(&reason))?;
        self.schema.put_keyspace(name, options, self.stamp);
        Ok(Plan::Changed)
    }

    fn create_table(
        &mut self,
        name: &TableName,
        lenience: Lenience,
        columns: Vec<(Str, Str)>,
        key: &[Str],
        partition: usize,
    ) -> Result<Plan, Refusal> {
        let keyspace = self.keyspace_of(name)?;
        if self.schema.keyspace(&keyspace).is_none() {
            return Err(configuration(&format!("Keyspace {keyspace} doesn't exist")));
        }
        let full = format_str!("{keyspace}.{}", name.table);
        if self.schema.table(&full).is_some() {
            return match lenience {
                Lenience::Lenient => Ok(Plan::Done),
                Lenience::Strict => {
                    Err(Refusal { class: "AlreadyExists", text: format_str!("Table '{full}' already exists") })
                }
            };
        }
        if let Some((_, kind)) = columns.iter().find(|(_, kind)| !KINDS.contains(&kind.as_str())) {
            return Err(invalid(&format!("Unknown type {keyspace}.{kind}")));
        }
        let find = |name: &Str| columns.iter().position(|(its, _)| its == name);
        let mut order: Vec<usize> = Vec::new();
        for part in key {
            match find(part) {
                Some(at) => order.push(at),
                None => return Err(invalid(&format!("Unknown definition {part} referenced in PRIMARY KEY"))),
            }
        }
        if order.is_empty() {
            return Err(invalid("No PRIMARY KEY specifed (exactly one required)"));
        }
        let mut rest: Vec<(Str, usize)> = columns
            .iter()
            .enumerate()
            .filter(|(at, _)| !order.contains(at))
            .map(|(at, (name, _))| (name.clone(), at))
            .collect();
        rest.arrange();
        order.extend(rest.into_iter().map(|(_, at)| at));
        let column = |at: usize| Column { name: columns[at].0.clone(), kind: columns[at].1.clone() };
        let columns: Vec<Column> = order.into_iter().map(column).collect();
        let table = Table { name: name.table.as_str().into(), columns, partition, key: key.len() };
        self.schema.put_table(&keyspace, table, self.stamp);
        Ok(Plan::Changed)
    }

    fn keyspace_of(&self, name: &TableName) -> Result<Str, Refusal> {
        let missing = "No keyspace has been specified. USE a keyspace, or explicitly specify keyspace.tablename";
        match name.database.as_str() {
            "" if self.keyspace.is_empty() => Err(invalid(missing)),
            "" => Ok(self.keyspace.into()),
            given => Ok(given.into()),
        }
    }

    fn table(&self, name: &TableName) -> Result<(Str, Table), Refusal> {
        let keyspace = self.keyspace_of(name)?;
        if SYSTEM.contains(&keyspace.as_str()) {
            return Err(invalid(&format!("tables of {keyspace} are not supported here")));
        }
        if self.schema.keyspace(&keyspace).is_none() {
            return Err(invalid(&format!("Keyspace {keyspace} does not exist")));
        }
        let found = self.schema.table(&format!("{keyspace}.{}", name.table)).cloned();
        found.map(|table| (keyspace, table)).ok_or_else(|| invalid(&format!("unconfigured table {}", name.table)))
    }

    fn value(&mut self, column: &Column, term: &Term) -> Result<Value, Refusal> {
        fit(term, &column.name, &column.kind, || self.random.uuid()).map_err(|reason| invalid(&reason))
    }

    fn given(&mut self, table: &Table, given: &[(Str, Term)]) -> Result<Vec<(usize, Value)>, Refusal> {
        let mut found = Vec::new();
        for (name, term) in given {
            let Some(at) = table.columns.iter().position(|column| column.name == *name) else {
                return Err(invalid(&format!("Undefined column name {name}")));
            };
            found.push((at, self.value(&table.columns[at], term)?));
        }
        Ok(found)
    }

    /// The row that these values of its key mean.
    fn row_of(&self, table: &Table, given: &[(usize, Value)]) -> Result<Row, Refusal> {
        let value = |at: usize| given.iter().find(|(its, _)| *its == at).map(|(_, value)| value.clone());
        let name = |at: usize| table.columns[at].name.as_str();
        let missing =
            |from: usize, to: usize| -> Vec<&str> { (from..to).filter(|at| value(*at).is_none()).map(name).collect() };
        let (partition, clustering) = (missing(0, table.partition), missing(table.partition, table.key));
        if !partition.is_empty() {
            return Err(invalid(&format!("Some partition key parts are missing: {}", partition.join(", "))));
        }
        if !clustering.is_empty() {
            return Err(invalid(&format!("Some clustering keys are missing: {}", clustering.join(", "))));
        }
        let key: Vec<Value> = (0..table.key).filter_map(value).collect();
        if let Some(at) = key.iter().position(Value::is_null) {
            return Err(invalid(&format!("Invalid null value in condition for column {}", name(at))));
        }
        Ok(Row { token: token_of(table, &key), key, ..Row::default() })
    }

    fn insert(&mut self, name: &TableName, columns: &[Str], values: &[Term], ttl: usize) -> Result<Plan, Refusal> {
        let (keyspace, table) = self.table(name)?;
        if columns.len() != values.len() {
            return Err(invalid("Unmatched column names/values"));
        }
        let pairs: Vec<(Str, Term)> = columns.iter().cloned().zip(values.iter().cloned()).collect();
        let given = self.given(&table, &pairs)?;
        let mut row = self.row_of(&table, &given)?;
        row.born = self.stamp;
        row.expires = self.expiry(ttl)?;
        self.fill(&table, &mut row, given, ttl)?;
        Ok(Plan::Write { table: format_str!("{keyspace}.{}", table.name), keyspace, rows: vec![row] })
    }

    /// When what is written now for so many seconds ends.
    fn expiry(&self, ttl: usize) -> Result<u64, Refusal> {
        if ttl > TTL_MAX {
            return Err(invalid(&format!("ttl is too large. requested ({ttl}) maximum ({TTL_MAX})")));
        }
        Ok(if ttl == 0 { 0 } else { self.stamp + ttl as u64 * 1_000_000 })
    }

    fn fill(&self, table: &Table, row: &mut Row, given: Vec<(usize, Value)>, ttl: usize) -> Result<(), Refusal> {
        let (stamp, expires) = (self.stamp, self.expiry(ttl)?);
        let cells = given.into_iter().filter(|(at, _)| *at >= table.key);
        let cell = |(at, value): (usize, Value)| Cell { column: table.columns[at].name.clone(), value, stamp, expires };
        row.cells = cells.map(cell).collect();
        Ok(())
    }

    fn update(
        &mut self,
        name: &TableName,
        changes: &[(Str, Term)],
        filter: &[Relation],
        ttl: usize,
    ) -> Result<Plan, Refusal> {
        let (keyspace, table) = self.table(name)?;
        let changed = self.given(&table, changes)?;
        if let Some((at, _)) = changed.iter().find(|(at, _)| *at < table.key) {
            return Err(invalid(&format!("PRIMARY KEY part {} found in SET part", table.columns[*at].name)));
        }
        let mut row = self.meant(&table, filter)?;
        self.fill(&table, &mut row, changed, ttl)?;
        Ok(Plan::Write { table: format_str!("{keyspace}.{}", table.name), keyspace, rows: vec![row] })
    }

    fn meant(&mut self, table: &Table, filter: &[Relation]) -> Result<Row, Refusal> {
        if filter.iter().any(|relation| relation.sign != "=") {
            return Err(invalid("UPDATE and DELETE of several rows are not supported here"));
        }
        let pairs: Vec<(Str, Term)> = filter
            .iter()
            .filter_map(|relation| Some((relation.column.clone(), relation.values.first()?.clone())))
            .collect();
        let given = self.given(table, &pairs)?;
        if let Some((at, _)) = given.iter().find(|(at, _)| *at >= table.key) {
            return Err(invalid(&format!(
                "Non PRIMARY KEY columns found in where clause: {} ",
                table.columns[*at].name
            )));
        }
        self.row_of(table, &given)
    }

    fn delete(&mut self, name: &TableName, filter: &[Relation]) -> Result<Plan, Refusal> {
        let (keyspace, table) = self.table(name)?;
        let mut row = self.meant(&table, filter)?;
        row.deleted = self.stamp;
        Ok(Plan::Write { table: format_str!("{keyspace}.{}", table.name), keyspace, rows: vec![row] })
    }

    fn select(&mut self, selection: &Selection) -> Result<Plan, Refusal> {
        let Selection { table: name, items, counts, filter, order, limit, filters } = selection;
        let (keyspace, schema) = self.table(name)?;
        let find = |name: &Str| {
            let column = schema.columns.iter().find(|column| column.name == *name).cloned();
            column.ok_or_else(|| invalid(&format!("Undefined column name {name}")))
        };
        let columns = match items.as_slice() {
            [] => schema.columns.clone(),
            items => items.iter().map(find).collect::<Result<Vec<_>, _>>()?,
        };
        let mut conditions = Vec::new();
        for relation in filter {
            let column = find(&relation.column)?;
            let values = relation.values.iter().map(|term| self.value(&column, term)).collect::<Result<Vec<_>, _>>()?;
            conditions.push((column.name, relation.sign, values));
        }
        let tokens = tokens_of(&schema, &conditions);
        let needs_filter = conditions.iter().any(|(name, ..)| {
            let at = schema.columns.iter().position(|column| column.name == *name).unwrap_or(0);
            at >= schema.key || tokens.is_empty()
        });
        if needs_filter && !*filters {
            return Err(invalid(
                "Cannot execute this query as it might involve data filtering and thus may have unpredictable performance. If you want to execute this query despite the performance unpredictability, use ALLOW FILTERING",
            ));
        }
        let descends = descends(&schema, order, &tokens)?;
        let table = format_str!("{keyspace}.{}", schema.name);
        let (counts, limit, filter) = (*counts, *limit, conditions);
        Ok(Plan::Read(Box::new(Query { keyspace, table, tokens, columns, schema, counts, filter, descends, limit })))
    }
}

fn token_of(table: &Table, key: &[Value]) -> i64 {
    let kinds: Vec<Str> = table.columns.iter().map(|column| column.kind.clone()).collect();
    murmur3::token(&key_bytes(&key[..table.partition.min(key.len())], &kinds))
}

/// The tokens that conditions on the whole partition key leave; none if it is not whole.
fn tokens_of(table: &Table, conditions: &[(Str, &'static str, Vec<Value>)]) -> Vec<i64> {
    let mut keys: Vec<Vec<Value>> = vec![Vec::new()];
    for column in &table.columns[..table.partition] {
        let found = conditions.iter().find(|(name, sign, _)| *name == column.name && matches!(*sign, "=" | "IN"));
        let Some((_, _, values)) = found else { return Vec::new() };
        keys = keys
            .iter()
            .flat_map(|key| values.iter().map(|value| [key.as_slice(), std::slice::from_ref(value)].concat()))
            .collect();
    }
    keys.iter().map(|key| token_of(table, key)).collect()
}

/// Whether an order is that of the clustering columns turned round. Rows are kept in that order, so there is no other.
fn descends(table: &Table, order: &[(Str, Direction)], tokens: &[i64]) -> Result<bool, Refusal> {
    let Some((_, first)) = order.first() else { return Ok(false) };
    if tokens.is_empty() {
        return Err(invalid("ORDER BY is only supported when the partition key is restricted by an EQ or an IN."));
    }
    if tokens.len() > 1 {
        return Err(invalid(
            "Cannot page queries with both ORDER BY and a IN restriction on the partition key; you must either remove the ORDER BY or the IN and sort client side, or disable paging for this query",
        ));
    }
    for (at, (name, _)) in order.iter().enumerate() {
        let found = table.columns.iter().position(|column| column.name == *name);
        let found = found.ok_or_else(|| invalid(&format!("Undefined column name {name}")))?;
        if !(table.partition..table.key).contains(&found) {
            let rule = "Order by is currently only supported on the clustered columns of the PRIMARY KEY";
            return Err(invalid(&format!("{rule}, got {name}")));
        }
        if found != table.partition + at {
            return Err(invalid(
                "Order by currently only support the ordering of columns following their declared order in the PRIMARY KEY",
            ));
        }
    }
    if order.iter().any(|(_, direction)| direction != first) {
        return Err(invalid("Unsupported order by relation"));
    }
    Ok(*first == Direction::Descending)
}

impl Query {
    fn value(&self, row: &Row, column: &str, now: u64) -> Value {
        match self.schema.columns[..self.schema.key].iter().position(|its| its.name == column) {
            Some(at) => row.key.get(at).cloned().unwrap_or_default(),
            None => row.value(column, now),
        }
    }

    fn holds(&self, row: &Row, now: u64) -> bool {
        self.filter.iter().all(|(column, sign, values)| {
            let own = self.value(row, column, now);
            !own.is_null()
                && values.iter().any(|value| {
                    let order = order(&own, value);
                    match *sign {
                        "<" => order.is_lt(),
                        ">" => order.is_gt(),
                        "<=" => order.is_le(),
                        ">=" => order.is_ge(),
                        _ => order.is_eq(),
                    }
                })
        })
    }

    /// The answer at an instant, as lines: the columns, then the rows.
    pub(super) fn answer(&self, rows: &[Row], now: u64) -> Vec<String> {
        let mut found: Vec<&Row> = rows.iter().filter(|row| row.is_live(now) && self.holds(row, now)).collect();
        if self.descends {
            found.reverse();
        }
        found.truncate(self.limit.unwrap_or(usize::MAX));
        if self.counts {
            return vec!["count".into(), found.len().to_string()];
        }
        let mut lines = vec![tsv::line(self.columns.iter().map(|column| Some(column.name.as_str())))];
        for row in found {
            let shown: Vec<Option<Str>> =
                self.columns.iter().map(|column| shown(&self.value(row, &column.name, now), column)).collect();
            lines.push(tsv::line(shown.iter().map(Option::as_deref)));
        }
        lines
    }
}

fn shown(value: &Value, column: &Column) -> Option<Str> {
    match value {
        Value::Int(number) if column.kind == "boolean" => {
            Some(if *number == 0 { "False".into() } else { "True".into() })
        }
        value => value.to_text(),
    }
}
