//! `SELECT`.

use ordered::Arrange;
use sim::Time;
use thin::Str;

use super::engine::{Answer, Engine, Session};
use super::error::SqlError;
use super::table::{Row, Table, stamp};
use crate::sql::ast::{Expr, Select};
use crate::sql::evaluate::{EvaluationError, Scope, evaluate};
use crate::sql::value::Value;

/// Nothing but values.
pub(crate) struct Plain;

impl Scope for Plain {
    fn column(&self, _name: &str) -> Option<Value> {
        None
    }
    fn call(&self, _name: &str, _arguments: &[Expr]) -> Option<Result<Value, EvaluationError>> {
        None
    }
    fn variable(&self, _name: &str) -> Option<Value> {
        None
    }
}

/// What an expression sees of a row, of its group, and of the server.
pub(crate) struct RowScope<'a> {
    engine: &'a Engine,
    session: &'a Session,
    now: Time,
    /// The table.
    table: Option<&'a Table>,
    /// Other names for the table.
    names: [&'a str; 2],
    /// The row; of a group its first.
    row: Option<&'a Row>,
    /// The rows of the group, for functions of many rows.
    group: Option<&'a [&'a Row]>,
    /// What is shown, by name: order and having see it.
    shown: &'a [(Str, Value)],
}

impl<'a> RowScope<'a> {
    /// A scope without a row.
    pub(crate) fn new(engine: &'a Engine, session: &'a Session, now: Time) -> RowScope<'a> {
        RowScope { engine, session, now, table: None, names: ["", ""], row: None, group: None, shown: &[] }
    }

    /// The same with a row of a table.
    pub(crate) fn of(self, table: &'a Table, row: &'a Row) -> RowScope<'a> {
        RowScope { table: Some(table), row: Some(row), ..self }
    }

    fn many(&self, name: &str, argument: Option<&Expr>) -> Result<Value, EvaluationError> {
        let mut values = Vec::new();
        for &row in self.group.unwrap_or_default() {
            let one = RowScope { row: Some(row), group: None, ..*self };
            values.push(argument.map_or(Ok(Value::Int(1)), |argument| evaluate(argument, &one))?);
        }
        values.retain(|value| !value.is_null());
        let count = Value::Int(values.len() as i64);
        let sum = |values: &[Value]| values.iter().fold(Value::Int(0), |sum, value| sum.calculate("+", value));
        Ok(match name {
            "COUNT" => count,
            _ if values.is_empty() => Value::Null,
            "SUM" => sum(&values),
            "AVG" => sum(&values).calculate("/", &count),
            "MIN" => values.into_iter().min_by(Value::order).unwrap_or_default(),
            _ => values.into_iter().max_by(Value::order).unwrap_or_default(),
        })
    }
}

impl Scope for RowScope<'_> {
    fn column(&self, name: &str) -> Option<Value> {
        let (qualifier, own) = name.rsplit_once('.').unwrap_or(("", name));
        let qualifier = qualifier.rsplit('.').next().unwrap_or_default();
        if qualifier.is_empty() || self.names.contains(&qualifier) {
            let place = self.table.and_then(|table| table.column(own));
            if let Some(at) = place {
                return Some(self.row.and_then(|row| row.get(at)).cloned().unwrap_or_default());
            }
        }
        self.shown.iter().find(|(shown, _)| shown.eq_ignore_ascii_case(name)).map(|(_, value)| value.clone())
    }

    fn call(&self, name: &str, arguments: &[Expr]) -> Option<Result<Value, EvaluationError>> {
        let Session { user, host, account_host, database, id, last_insert_id } = self.session;
        if matches!(name, "COUNT" | "SUM" | "AVG" | "MIN" | "MAX") {
            return Some(match self.group {
                Some(_) if arguments.len() <= 1 => self.many(name, arguments.first()),
                _ => Err(EvaluationError::Arguments(name.to_string())),
            });
        }
        Some(Ok(match name {
            "NOW" | "CURRENT_TIMESTAMP" | "SYSDATE" | "UTC_TIMESTAMP" => Value::text(stamp(self.now)),
            "CURDATE" | "CURRENT_DATE" => Value::text(&stamp(self.now)[..10]),
            "UNIX_TIMESTAMP" => Value::Int(self.now.unix_seconds()),
            "DATABASE" | "SCHEMA" if database.is_empty() => Value::Null,
            "DATABASE" | "SCHEMA" => Value::text(database.clone()),
            "USER" | "SESSION_USER" => Value::text(format!("{user}@{host}")),
            "CURRENT_USER" => Value::text(format!("{user}@{account_host}")),
            "VERSION" => Value::text(self.engine.version.clone()),
            "CONNECTION_ID" => Value::Int(i64::from(*id)),
            "LAST_INSERT_ID" => Value::Int(*last_insert_id),
            _ => return None,
        }))
    }

    fn variable(&self, name: &str) -> Option<Value> {
        self.engine.variables().into_iter().find(|(known, _)| *known == name).map(|(_, value)| Value::text(value))
    }
}

/// Whether an expression speaks of many rows at once.
fn is_many(expr: &Expr) -> bool {
    match expr {
        Expr::CountAll => true,
        Expr::Call(name, arguments) => {
            matches!(name.as_str(), "COUNT" | "SUM" | "AVG" | "MIN" | "MAX") || arguments.iter().any(is_many)
        }
        Expr::Unary(_, inner) | Expr::IsNull(inner) => is_many(inner),
        Expr::Binary(_, left, right) => is_many(left) || is_many(right),
        Expr::In(inner, list) => is_many(inner) || list.iter().any(is_many),
        Expr::Between(a, b, c) => is_many(a) || is_many(b) || is_many(c),
        Expr::Value(_) | Expr::Column(_) | Expr::Variable(_) => false,
    }
}

/// Sorts by keys, as `ORDER BY` says; equals stay in their order.
pub(crate) fn order_rows<T>(rows: &mut [(Row, T)], order: &[(Expr, bool)]) {
    rows.arrange_by(|(left, _), (right, _)| {
        let mut each = left.iter().zip(right).zip(order).map(|((left, right), (_, goes_down))| {
            let order = left.order(right);
            if *goes_down { order.reverse() } else { order }
        });
        each.find(|order| order.is_ne()).unwrap_or(std::cmp::Ordering::Equal)
    });
}

type Named = Vec<(Str, Value)>;

impl Engine {
    pub(crate) fn select(&self, select: &Select, session: &Session, now: Time) -> Result<Answer, SqlError> {
        let Some(from) = &select.from else { return self.select_values(select, session, now) };
        let (database, name) = self.resolve(from, session)?;
        let table = self.storage.table(&database, &name).ok_or_else(|| SqlError::no_table(&database, &name))?;
        let base = RowScope { table: Some(table), names: [&name, &select.alias], ..RowScope::new(self, session, now) };
        let mut rows: Vec<&Row> = Vec::new();
        for row in &table.rows {
            let scope = RowScope { row: Some(row), ..base };
            if holds(select.filter.as_ref(), &scope, "where clause")? {
                rows.push(row);
            }
        }
        let groups = groups(select, &rows, &base)?;
        let mut shown: Vec<(Row, Named)> = Vec::new();
        for group in &groups {
            let grouped = is_grouped(select).then_some(group.as_slice());
            let scope = RowScope { row: group.first().copied(), group: grouped, ..base };
            let named = show(select, table, &scope)?;
            let scope = RowScope { shown: &named, ..scope };
            if !holds(select.having.as_ref(), &scope, "having clause")? {
                continue;
            }
            let keys =
                select.tail.order.iter().map(|(expr, _)| sort_key(expr, &named, &scope)).collect::<Result<Row, _>>()?;
            shown.push((keys, named));
        }
        order_rows(&mut shown, &select.tail.order);
        let columns = column_names(select, Some(table));
        Ok(finish(select, columns, shown.into_iter().map(|(_, named)| named).collect()))
    }

    fn select_values(&self, select: &Select, session: &Session, now: Time) -> Result<Answer, SqlError> {
        let scope = RowScope::new(self, session, now);
        let mut named = Named::new();
        for (expr, name) in &select.items {
            let Some(expr) = expr else { return Err(SqlError::new(1096, "No tables used")) };
            let value = evaluate(expr, &scope).map_err(|error| SqlError::evaluation(error, "field list"))?;
            named.push((name.as_str().into(), value));
        }
        Ok(finish(select, column_names(select, None), vec![named]))
    }
}

fn is_grouped(select: &Select) -> bool {
    !select.group.is_empty() || select.items.iter().any(|(expr, _)| expr.as_ref().is_some_and(is_many))
}

/// Rows as groups: each alone, all as one, or those that agree.
fn groups<'a>(select: &Select, rows: &[&'a Row], base: &RowScope<'_>) -> Result<Vec<Vec<&'a Row>>, SqlError> {
    if !is_grouped(select) {
        return Ok(rows.iter().map(|row| vec![*row]).collect());
    }
    if select.group.is_empty() {
        return Ok(vec![rows.to_vec()]);
    }
    let mut found: Vec<(Row, Vec<&Row>)> = Vec::new();
    for &row in rows {
        let scope = RowScope { row: Some(row), ..*base };
        let keys = select.group.iter().map(|expr| evaluate(expr, &scope)).collect::<Result<Row, _>>();
        let keys = keys.map_err(|error| SqlError::evaluation(error, "group statement"))?;
        match found.iter_mut().find(|(known, _)| known.iter().zip(&keys).all(|(a, b)| a.order(b).is_eq())) {
            Some((_, group)) => group.push(row),
            None => found.push((keys, vec![row])),
        }
    }
    Ok(found.into_iter().map(|(_, group)| group).collect())
}

fn holds(filter: Option<&Expr>, scope: &RowScope<'_>, place: &str) -> Result<bool, SqlError> {
    let Some(filter) = filter else { return Ok(true) };
    Ok(evaluate(filter, scope).map_err(|error| SqlError::evaluation(error, place))?.is_true())
}

fn show(select: &Select, table: &Table, scope: &RowScope<'_>) -> Result<Named, SqlError> {
    let mut named = Named::new();
    for (expr, name) in &select.items {
        match expr {
            Some(expr) => {
                let value = evaluate(expr, scope).map_err(|error| SqlError::evaluation(error, "field list"))?;
                named.push((name.as_str().into(), value));
            }
            None => named.extend(table.columns.iter().enumerate().map(|(at, column)| {
                (column.name.clone(), scope.row.and_then(|row| row.get(at)).cloned().unwrap_or_default())
            })),
        }
    }
    Ok(named)
}

/// A number as key means the column at that place.
fn sort_key(expr: &Expr, named: &Named, scope: &RowScope<'_>) -> Result<Value, SqlError> {
    if let Expr::Value(Value::Int(place)) = expr {
        let value = usize::try_from(place - 1).ok().and_then(|at| named.get(at));
        let unknown = || SqlError::new(1054, thin::format_str!("Unknown column '{place}' in 'order clause'"));
        return value.map(|(_, value)| value.clone()).ok_or_else(unknown);
    }
    evaluate(expr, scope).map_err(|error| SqlError::evaluation(error, "order clause"))
}

fn column_names(select: &Select, table: Option<&Table>) -> Vec<Str> {
    let all = || table.iter().flat_map(|table| &table.columns).map(|column| column.name.clone()).collect();
    let names = |(expr, name): &(Option<Expr>, String)| -> Vec<Str> {
        if expr.is_some() { vec![name.as_str().into()] } else { all() }
    };
    select.items.iter().flat_map(names).collect()
}

fn finish(select: &Select, columns: Vec<Str>, shown: Vec<Named>) -> Answer {
    let mut rows: Vec<Vec<_>> = Vec::new();
    for named in shown {
        let row: Vec<_> = named.iter().map(|(_, value)| value.to_text()).collect();
        if !select.distinct || !rows.contains(&row) {
            rows.push(row);
        }
    }
    let limit = select.tail.limit.unwrap_or(usize::MAX);
    let rows = rows.into_iter().skip(select.tail.offset).take(limit).collect();
    Answer::Rows { columns, rows }
}
