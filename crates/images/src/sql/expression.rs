//! Reading expressions, by precedence.

use super::ast::Expr;
use super::lexer::Kind;
use super::parse::{Parser, SyntaxError};
use super::value::Value;

type Parsed = Result<Expr, SyntaxError>;

/// Expressions within one another.
const DEPTH_MAX: usize = 60;
const COMPARISONS: [&str; 7] = ["<=>", "<=", ">=", "<>", "!=", "=", "<"];

impl Parser<'_> {
    /// Reads an expression.
    pub(crate) fn expression(&mut self) -> Parsed {
        if self.depth >= DEPTH_MAX {
            return Err(self.error());
        }
        self.depth += 1;
        let parsed = self.disjunction();
        self.depth -= 1;
        parsed
    }

    fn disjunction(&mut self) -> Parsed {
        let mut left = self.conjunction()?;
        while self.take_word("OR") || self.take_sign("||") {
            left = binary("OR", left, self.conjunction()?);
        }
        Ok(left)
    }

    fn conjunction(&mut self) -> Parsed {
        let mut left = self.negation()?;
        while self.take_word("AND") || self.take_sign("&&") {
            left = binary("AND", left, self.negation()?);
        }
        Ok(left)
    }

    fn negation(&mut self) -> Parsed {
        if self.take_word("NOT") || self.take_sign("!") {
            self.depth += 1;
            if self.depth > DEPTH_MAX {
                return Err(self.error());
            }
            let inner = self.negation()?;
            self.depth -= 1;
            return Ok(Expr::Unary("NOT", Box::new(inner)));
        }
        self.comparison()
    }

    fn comparison(&mut self) -> Parsed {
        let mut left = self.sum()?;
        loop {
            let sign = COMPARISONS.iter().chain(&[">"]).find(|sign| self.take_sign(sign));
            left = if let Some(sign) = sign {
                binary(sign, left, self.sum()?)
            } else if self.take_word("IS") {
                let is_negated = self.take_word("NOT");
                self.expect_word("NULL")?;
                negate(is_negated, Expr::IsNull(Box::new(left)))
            } else {
                let is_negated = self.peek_word("NOT") && self.skip();
                match self.set_comparison(left)? {
                    (found, true) => negate(is_negated, found),
                    (_, false) if is_negated => return Err(self.error()),
                    (left, false) => return Ok(left),
                }
            };
        }
    }

    /// `LIKE`, `IN`, `BETWEEN`; answers whether there was one.
    fn set_comparison(&mut self, left: Expr) -> Result<(Expr, bool), SyntaxError> {
        if self.take_word("LIKE") {
            return Ok((binary("LIKE", left, self.sum()?), true));
        }
        if self.take_word("BETWEEN") {
            let low = self.sum()?;
            self.expect_word("AND")?;
            let high = self.sum()?;
            return Ok((Expr::Between(Box::new(left), Box::new(low), Box::new(high)), true));
        }
        if self.take_word("IN") {
            self.expect_sign("(")?;
            let list = self.list(Parser::expression)?;
            self.expect_sign(")")?;
            return Ok((Expr::In(Box::new(left), list), true));
        }
        Ok((left, false))
    }

    fn sum(&mut self) -> Parsed {
        let mut left = self.product()?;
        while let Some(sign) = ["+", "-"].into_iter().find(|sign| self.take_sign(sign)) {
            left = binary(sign, left, self.product()?);
        }
        Ok(left)
    }

    fn product(&mut self) -> Parsed {
        let mut left = self.factor()?;
        loop {
            let sign = ["*", "/", "%"].into_iter().find(|sign| self.take_sign(sign));
            let sign = sign.or_else(|| self.take_word("DIV").then_some("DIV"));
            let sign = sign.or_else(|| self.take_word("MOD").then_some("%"));
            let Some(sign) = sign else { return Ok(left) };
            left = binary(sign, left, self.factor()?);
        }
    }

    /// A value, a name, a call, or something in parentheses.
    pub(crate) fn factor(&mut self) -> Parsed {
        if self.take_sign("-") {
            self.depth += 1;
            if self.depth > DEPTH_MAX {
                return Err(self.error());
            }
            let inner = self.factor()?;
            self.depth -= 1;
            return Ok(binary("-", Expr::Value(Value::Int(0)), inner));
        }
        if self.take_sign("(") {
            if self.peek_word("SELECT") {
                return Err(SyntaxError::Unsupported("subqueries"));
            }
            let inner = self.expression()?;
            self.expect_sign(")")?;
            return Ok(inner);
        }
        if self.take_sign("@@") {
            let mut name = self.name()?;
            while self.take_sign(".") {
                name = self.name()?;
            }
            return Ok(Expr::Variable(name.to_lowercase()));
        }
        match self.next() {
            Some(Kind::Number(text)) => Ok(Expr::Value(number(&text))),
            Some(Kind::Text(text)) => Ok(Expr::Value(Value::text(text))),
            Some(Kind::Name(name)) => self.column(name),
            Some(Kind::Word(word)) => self.word(word),
            Some(Kind::Sign(_)) | None => Err(self.error_before()),
        }
    }

    fn word(&mut self, word: String) -> Parsed {
        let capitals = word.to_uppercase();
        match capitals.as_str() {
            "NULL" => return Ok(Expr::Value(Value::Null)),
            "TRUE" => return Ok(Expr::Value(Value::Int(1))),
            "FALSE" => return Ok(Expr::Value(Value::Int(0))),
            "CURRENT_TIMESTAMP" | "CURRENT_USER" if !self.peek_sign("(") => {
                return Ok(Expr::Call(capitals, Vec::new()));
            }
            "FROM" | "WHERE" | "SELECT" | "AND" | "OR" | "ORDER" | "GROUP" | "LIMIT" | "VALUES" | "SET" => {
                return Err(self.error_before());
            }
            "CASE" | "INTERVAL" | "EXISTS" => return Err(SyntaxError::Unsupported("CASE, INTERVAL and EXISTS")),
            _ => {}
        }
        if !self.take_sign("(") {
            return self.column(word);
        }
        if capitals == "COUNT" && self.take_sign("*") {
            self.expect_sign(")")?;
            return Ok(Expr::CountAll);
        }
        if self.peek_word("DISTINCT") {
            return Err(SyntaxError::Unsupported("DISTINCT in functions"));
        }
        let list = if self.peek_sign(")") { Vec::new() } else { self.list(Parser::expression)? };
        self.expect_sign(")")?;
        Ok(Expr::Call(capitals, list))
    }

    fn column(&mut self, first: String) -> Parsed {
        let mut whole = first;
        while self.take_sign(".") {
            let name = self.name()?;
            whole = format!("{whole}.{name}");
        }
        Ok(Expr::Column(whole))
    }
}

fn binary(sign: &'static str, left: Expr, right: Expr) -> Expr {
    Expr::Binary(sign, Box::new(left), Box::new(right))
}

fn negate(is_negated: bool, inner: Expr) -> Expr {
    if is_negated { Expr::Unary("NOT", Box::new(inner)) } else { inner }
}

fn number(text: &str) -> Value {
    text.parse().map_or_else(|_| Value::text(text), Value::Int)
}
