//! From words to requirements, with upstream's complaints.

use super::lexer::{Token, words};
use super::{Operator, Requirement, validation};
use crate::FieldError;

pub(super) fn parse(text: &str) -> Result<Vec<Requirement>, String> {
    let mut parser = Parser { words: words(text), at: 0 };
    let mut requirements = Vec::new();
    loop {
        match parser.peek() {
            (Token::End, _) => return Ok(requirements),
            (Token::Identifier | Token::Not, _) => {}
            (_, word) => return Err(format!("found '{word}', expected: !, identifier, or 'end of string'")),
        }
        let requirement = parser.requirement();
        requirements.push(requirement.map_err(|error| format!("unable to parse requirement: {error}"))?);
        match parser.next() {
            (Token::End, _) => return Ok(requirements),
            (Token::Comma, _) => {}
            (_, word) => return Err(format!("found '{word}', expected: ',' or 'end of string'")),
        }
        let (token, word) = parser.peek();
        if !matches!(token, Token::Identifier | Token::Not) {
            return Err(format!("found '{word}', expected: identifier after ','"));
        }
    }
}

struct Parser<'t> {
    words: Vec<(Token, &'t str)>,
    at: usize,
}

impl<'t> Parser<'t> {
    fn word(&self) -> (Token, &'t str) {
        self.words.get(self.at).copied().unwrap_or((Token::End, ""))
    }

    /// The next word, where `in` and `notin` can only be names.
    fn peek(&self) -> (Token, &'t str) {
        match self.word() {
            (Token::In | Token::NotIn, word) => (Token::Identifier, word),
            other => other,
        }
    }

    fn next(&mut self) -> (Token, &'t str) {
        let word = self.peek();
        self.at += 1;
        word
    }

    fn requirement(&mut self) -> Result<Requirement, String> {
        let is_negated = self.peek().0 == Token::Not;
        if is_negated {
            self.at += 1;
        }
        let (token, key) = self.next();
        if token != Token::Identifier {
            return Err(format!("found '{key}', expected: identifier"));
        }
        validation::check_key(key, "<nil>").map_err(|error| error.to_string())?;
        if is_negated {
            return make(key, Operator::DoesNotExist, &[]);
        }
        if matches!(self.peek().0, Token::End | Token::Comma) {
            return make(key, Operator::Exists, &[]);
        }
        let operator = self.operator()?;
        let values = match operator {
            Operator::In | Operator::NotIn => self.values()?,
            _ => vec![self.exact_value()?],
        };
        make(key, operator, &values)
    }

    fn operator(&mut self) -> Result<Operator, String> {
        let (token, word) = self.word();
        self.at += 1;
        Ok(match token {
            Token::In => Operator::In,
            Token::NotIn => Operator::NotIn,
            Token::Equals => Operator::Equals,
            Token::DoubleEquals => Operator::DoubleEquals,
            Token::NotEquals => Operator::NotEquals,
            Token::Greater => Operator::GreaterThan,
            Token::Less => Operator::LessThan,
            Token::End | Token::Identifier | Token::Comma | Token::Open | Token::Close | Token::Not => {
                return Err(format!("found '{word}', expected: in, notin, =, ==, !=, gt, lt"));
            }
        })
    }

    fn exact_value(&mut self) -> Result<&'t str, String> {
        if matches!(self.peek().0, Token::End | Token::Comma) {
            return Ok("");
        }
        match self.next() {
            (Token::Identifier, value) => Ok(value),
            (_, word) => Err(format!("found '{word}', expected: identifier")),
        }
    }

    /// `(a,b)`; an empty place is the empty text.
    fn values(&mut self) -> Result<Vec<&'t str>, String> {
        let (token, word) = self.next();
        if token != Token::Open {
            return Err(format!("found '{word}' expected: '('"));
        }
        match self.peek() {
            (Token::Close, _) => {
                self.at += 1;
                Ok(vec![""])
            }
            (Token::Identifier | Token::Comma, _) => {
                let values = self.identifiers()?;
                self.at += 1;
                Ok(values)
            }
            (_, word) => Err(format!("found '{word}', expected: ',', ')' or identifier")),
        }
    }

    /// Identifiers and commas up to, not including, the closing parenthesis.
    fn identifiers(&mut self) -> Result<Vec<&'t str>, String> {
        let mut values = Vec::new();
        loop {
            match self.next() {
                (Token::Identifier, value) => {
                    values.push(value);
                    match self.peek() {
                        (Token::Comma, _) => {}
                        (Token::Close, _) => return Ok(values),
                        (_, word) => return Err(format!("found '{word}', expected: ',' or ')'")),
                    }
                }
                (Token::Comma, _) => {
                    if values.is_empty() {
                        values.push("");
                    }
                    match self.peek().0 {
                        Token::Close => {
                            values.push("");
                            return Ok(values);
                        }
                        Token::Comma => {
                            self.at += 1;
                            values.push("");
                            // `,,)` ends here too; the closing parenthesis is what comes next.
                            if self.peek().0 == Token::Close {
                                return Ok(values);
                            }
                        }
                        _ => {}
                    }
                }
                (_, word) => return Err(format!("found '{word}', expected: ',', or identifier")),
            }
        }
    }
}

fn make(key: &str, operator: Operator, values: &[&str]) -> Result<Requirement, String> {
    Requirement::new(key, operator, values).map_err(|errors| {
        let mut texts: Vec<String> = errors.iter().map(FieldError::to_string).collect();
        texts.dedup();
        if texts.len() == 1 { texts.remove(0) } else { format!("[{}]", texts.join(", ")) }
    })
}
