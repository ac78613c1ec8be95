//! `INSERT`, `UPDATE`, `DELETE`: a statement is done whole or not at all.

use cri::System;
use ordered::Arrange;
use thin::{Str, format_str};

use super::engine::{Answer, Engine, Session};
use super::error::SqlError;
use super::query::{RowScope, order_rows};
use super::table::{Row, Table};
use crate::sql::ast::{Expr, TableName, Tail};
use crate::sql::evaluate::evaluate;
use crate::sql::value::Value;

impl Engine {
    fn table_to_change(&self, name: &TableName, session: &Session) -> Result<(Str, Str, Table), SqlError> {
        let (database, table) = self.resolve(name, session)?;
        let known = self.storage.table(&database, &table);
        let known = known.ok_or_else(|| SqlError::no_table(&database, &table))?;
        let copy = Table::clone(known);
        Ok((database, table, copy))
    }

    pub(crate) fn insert(
        &mut self,
        name: &TableName,
        columns: &[String],
        rows: &[Vec<Expr>],
        replaces: bool,
        session: &mut Session,
        system: &mut System<'_>,
    ) -> Result<Answer, SqlError> {
        let (database, name, mut table) = self.table_to_change(name, session)?;
        let places = places(&table, columns)?;
        let counter = table.columns.iter().position(|column| column.counts);
        let (mut first_id, mut affected) = (0, rows.len() as u64);
        for (number, exprs) in rows.iter().enumerate() {
            let number = number + 1;
            if exprs.len() != places.len() && !(exprs.is_empty() && columns.is_empty()) {
                let message = format_str!("Column count doesn't match value count at row {number}");
                return Err(SqlError::new(1136, message));
            }
            let mut given = vec![None; table.columns.len()];
            for (expr, &place) in exprs.iter().zip(&places) {
                given[place] = self.given(expr, session, system)?;
            }
            let is_counted = counter.is_some_and(|at| given[at].as_ref().is_none_or(Value::is_null));
            let row = table.complete(given, number, system.now)?;
            while replaces && let Some((_, at)) = table.clash(&row, None) {
                table.rows.remove(at);
                affected += 1;
            }
            table.refuse_clash(&name, &row, None)?;
            if let Some(id) = counter.filter(|_| is_counted && first_id == 0).and_then(|at| row[at].int()) {
                first_id = id;
            }
            table.add(&name, row)?;
        }
        self.storage.put(&database, &name, table, system)?;
        if first_id != 0 {
            session.last_insert_id = first_id;
        }
        let (count, again) = (rows.len(), affected - rows.len() as u64);
        let info = format_str!("Records: {count}  Duplicates: {again}  Warnings: 0");
        Ok(Answer::Done { affected, insert_id: first_id, info: if count > 1 { info } else { Str::new() } })
    }

    /// A value to insert; none for `DEFAULT`.
    fn given(&self, expr: &Expr, session: &Session, system: &System<'_>) -> Result<Option<Value>, SqlError> {
        if matches!(expr, Expr::Column(name) if name.eq_ignore_ascii_case("DEFAULT")) {
            return Ok(None);
        }
        let scope = RowScope::new(self, session, system.now);
        evaluate(expr, &scope).map(Some).map_err(|error| SqlError::evaluation(error, "field list"))
    }

    /// The places of the rows that a change is about, in its order.
    fn chosen(
        &self,
        table: &Table,
        filter: Option<&Expr>,
        tail: &Tail,
        session: &Session,
        system: &System<'_>,
    ) -> Result<Vec<usize>, SqlError> {
        let mut found = Vec::new();
        for (at, row) in table.rows.iter().enumerate() {
            let scope = RowScope::new(self, session, system.now).of(table, row);
            let holds = match filter {
                None => true,
                Some(filter) => {
                    evaluate(filter, &scope).map_err(|error| SqlError::evaluation(error, "where clause"))?.is_true()
                }
            };
            if holds {
                let keys = tail.order.iter().map(|(expr, _)| evaluate(expr, &scope)).collect::<Result<Row, _>>();
                found.push((keys.map_err(|error| SqlError::evaluation(error, "order clause"))?, at));
            }
        }
        order_rows(&mut found, &tail.order);
        Ok(found.into_iter().map(|(_, at)| at).take(tail.limit.unwrap_or(usize::MAX)).collect())
    }

    pub(crate) fn update(
        &mut self,
        name: &TableName,
        changes: &[(String, Expr)],
        filter: Option<&Expr>,
        tail: &Tail,
        session: &Session,
        system: &mut System<'_>,
    ) -> Result<Answer, SqlError> {
        let (database, name, mut table) = self.table_to_change(name, session)?;
        let names: Vec<String> = changes.iter().map(|(name, _)| name.clone()).collect();
        let places = places(&table, &names)?;
        let chosen = self.chosen(&table, filter, tail, session, system)?;
        let (matched, mut changed) = (chosen.len(), 0_u64);
        for (number, at) in chosen.into_iter().enumerate() {
            let mut row = table.rows[at].clone();
            for ((_, expr), &place) in changes.iter().zip(&places) {
                let scope = RowScope::new(self, session, system.now).of(&table, &row);
                let value = evaluate(expr, &scope).map_err(|error| SqlError::evaluation(error, "field list"))?;
                row[place] = table.columns[place].fit(value, number + 1)?;
            }
            if row != table.rows[at] {
                table.refuse_clash(&name, &row, Some(at))?;
                table.rows[at] = row;
                changed += 1;
            }
        }
        if changed > 0 {
            self.storage.put(&database, &name, table, system)?;
        }
        let info = format_str!("Rows matched: {matched}  Changed: {changed}  Warnings: 0");
        Ok(Answer::Done { affected: changed, insert_id: 0, info })
    }

    pub(crate) fn delete(
        &mut self,
        name: &TableName,
        filter: Option<&Expr>,
        tail: &Tail,
        session: &Session,
        system: &mut System<'_>,
    ) -> Result<Answer, SqlError> {
        let (database, name, mut table) = self.table_to_change(name, session)?;
        let mut chosen = self.chosen(&table, filter, tail, session, system)?;
        chosen.arrange();
        let mut at = 0;
        table.rows.retain(|_| {
            at += 1;
            chosen.binary_search(&(at - 1)).is_err()
        });
        if !chosen.is_empty() {
            self.storage.put(&database, &name, table, system)?;
        }
        Ok(Answer::done(chosen.len() as u64))
    }
}

/// The places of the columns that a statement names; all of them if it names none.
fn places(table: &Table, names: &[String]) -> Result<Vec<usize>, SqlError> {
    if names.is_empty() {
        return Ok((0..table.columns.len()).collect());
    }
    let mut found = Vec::new();
    for name in names {
        let unknown = || SqlError::new(1054, format_str!("Unknown column '{name}' in 'field list'"));
        let place = table.column(name).ok_or_else(unknown)?;
        if found.contains(&place) {
            return Err(SqlError::new(1110, format_str!("Column '{name}' specified twice")));
        }
        found.push(place);
    }
    Ok(found)
}
