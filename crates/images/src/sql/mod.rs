//! A small part of SQL: words, statements, expressions and their values. What a statement does to data is the database's affair.
//!
//! Absent: joins, subqueries, transactions, views, triggers. They are refused by name, not passed over.

pub(crate) mod ast;
pub(crate) mod evaluate;
pub(crate) mod expression;
pub(crate) mod lexer;
pub(crate) mod parse;
pub(crate) mod value;
