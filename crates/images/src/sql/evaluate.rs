//! What expressions are worth, given a row.

use super::ast::Expr;
use super::value::Value;

/// What an expression may ask for.
pub(crate) trait Scope {
    /// A column's value; none if there is no such column.
    fn column(&self, name: &str) -> Option<Value>;

    /// A function that depends on the server or on many rows; none if it is not known.
    fn call(&self, name: &str, arguments: &[Expr]) -> Option<Result<Value, EvaluationError>>;

    /// A system variable.
    fn variable(&self, name: &str) -> Option<Value>;
}

/// Why an expression has no value.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) enum EvaluationError {
    /// There is no such column.
    Column(String),
    /// There is no such function here.
    Function(String),
    /// There is no such variable here.
    Variable(String),
    /// A function has too many or too few values.
    Arguments(String),
}

type Answer = Result<Value, EvaluationError>;

/// The value of an expression.
pub(crate) fn evaluate(expr: &Expr, scope: &dyn Scope) -> Answer {
    match expr {
        Expr::Value(value) => Ok(value.clone()),
        Expr::Column(name) => scope.column(name).ok_or_else(|| EvaluationError::Column(name.clone())),
        Expr::Variable(name) => scope.variable(name).ok_or_else(|| EvaluationError::Variable(name.clone())),
        Expr::Unary(_, inner) => {
            let value = evaluate(inner, scope)?;
            Ok(if value.is_null() { Value::Null } else { Value::bool(!value.is_true()) })
        }
        Expr::Binary(sign, left, right) => binary(sign, left, right, scope),
        Expr::IsNull(inner) => Ok(Value::bool(evaluate(inner, scope)?.is_null())),
        Expr::In(inner, list) => {
            let value = evaluate(inner, scope)?;
            let mut has_null = value.is_null();
            for candidate in list {
                let candidate = evaluate(candidate, scope)?;
                if value.compare(&candidate) == Some(std::cmp::Ordering::Equal) {
                    return Ok(Value::Int(1));
                }
                has_null |= candidate.is_null();
            }
            Ok(if has_null { Value::Null } else { Value::Int(0) })
        }
        Expr::Between(inner, low, high) => {
            let value = evaluate(inner, scope)?;
            let (low, high) = (evaluate(low, scope)?, evaluate(high, scope)?);
            let inside = value.compare(&low).zip(value.compare(&high)).map(|(low, high)| low.is_ge() && high.is_le());
            Ok(inside.map_or(Value::Null, Value::bool))
        }
        Expr::CountAll => scope.call("COUNT", &[]).unwrap_or(Err(EvaluationError::Function("COUNT".into()))),
        Expr::Call(name, arguments) => call(name, arguments, scope),
    }
}

fn binary(sign: &str, left: &Expr, right: &Expr, scope: &dyn Scope) -> Answer {
    let left = evaluate(left, scope)?;
    match sign {
        "AND" if !left.is_null() && !left.is_true() => return Ok(Value::Int(0)),
        "OR" if left.is_true() => return Ok(Value::Int(1)),
        _ => {}
    }
    let right = evaluate(right, scope)?;
    let either_null = left.is_null() || right.is_null();
    Ok(match sign {
        "AND" if !right.is_null() && !right.is_true() => Value::Int(0),
        "OR" if right.is_true() => Value::Int(1),
        "<=>" => Value::bool(if either_null { left == right } else { left.compare(&right).is_some_and(|o| o.is_eq()) }),
        _ if either_null => Value::Null,
        "AND" => Value::Int(1),
        "OR" => Value::Int(0),
        "LIKE" => Value::bool(is_like(
            &right.to_text().unwrap_or_default().to_lowercase(),
            &left.to_text().unwrap_or_default().to_lowercase(),
        )),
        "+" | "-" | "*" | "/" | "%" | "DIV" => left.calculate(sign, &right),
        _ => left.compare(&right).map_or(Value::Null, |order| {
            Value::bool(match sign {
                "=" => order.is_eq(),
                "<>" | "!=" => order.is_ne(),
                "<" => order.is_lt(),
                "<=" => order.is_le(),
                ">" => order.is_gt(),
                _ => order.is_ge(),
            })
        }),
    })
}

/// `%` stands for any text, `_` for any character.
pub(crate) fn is_like(pattern: &str, text: &str) -> bool {
    let (pattern, text): (Vec<char>, Vec<char>) = (pattern.chars().collect(), text.chars().collect());
    let (mut p, mut t, mut retry) = (0, 0, None);
    while t < text.len() {
        match pattern.get(p) {
            Some('%') => {
                retry = Some((p, t));
                p += 1;
            }
            Some('\\') if pattern.get(p + 1) == Some(&text[t]) => (p, t) = (p + 2, t + 1),
            Some(c) if *c == '_' || *c == text[t] => (p, t) = (p + 1, t + 1),
            _ => match retry {
                Some((star, from)) => {
                    retry = Some((star, from + 1));
                    (p, t) = (star + 1, from + 1);
                }
                None => return false,
            },
        }
    }
    pattern[p..].iter().all(|c| *c == '%')
}

fn call(name: &str, arguments: &[Expr], scope: &dyn Scope) -> Answer {
    if let Some(answer) = scope.call(name, arguments) {
        return answer;
    }
    let values = arguments.iter().map(|argument| evaluate(argument, scope)).collect::<Result<Vec<_>, _>>()?;
    let text = |at: usize| values.get(at).and_then(Value::to_text);
    let one = |value: Option<Value>| if values.len() == 1 { Ok(value.unwrap_or_default()) } else { Err(wrong(name)) };
    match name {
        "CONCAT" => {
            let texts: Option<String> = values.iter().map(|value| value.to_text().map(|t| t.to_string())).collect();
            Ok(texts.map_or(Value::Null, Value::text))
        }
        "UPPER" | "UCASE" => one(text(0).map(|text| Value::text(text.to_uppercase()))),
        "LOWER" | "LCASE" => one(text(0).map(|text| Value::text(text.to_lowercase()))),
        "LENGTH" => one(text(0).map(|text| Value::Int(text.len() as i64))),
        "CHAR_LENGTH" => one(text(0).map(|text| Value::Int(text.chars().count() as i64))),
        "TRIM" => one(text(0).map(|text| Value::text(text.trim()))),
        "ABS" => one(values.first().map(|value| match value.compare(&Value::Int(0)) {
            Some(std::cmp::Ordering::Less) => Value::Int(0).calculate("-", value),
            _ => value.clone(),
        })),
        "COALESCE" | "IFNULL" => Ok(values.into_iter().find(|value| !value.is_null()).unwrap_or_default()),
        "IF" if values.len() == 3 => Ok(if values[0].is_true() { values[1].clone() } else { values[2].clone() }),
        "LEFT" if values.len() == 2 => {
            let count = values[1].int().and_then(|count| usize::try_from(count).ok()).unwrap_or(0);
            Ok(text(0).map_or(Value::Null, |text| Value::text(text.chars().take(count).collect::<String>())))
        }
        "IF" | "LEFT" => Err(wrong(name)),
        _ => Err(EvaluationError::Function(name.to_lowercase())),
    }
}

fn wrong(name: &str) -> EvaluationError {
    EvaluationError::Arguments(name.to_string())
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::sql::ast::Statement;
    use crate::sql::parse::statement;

    struct Empty;

    impl Scope for Empty {
        fn column(&self, name: &str) -> Option<Value> {
            (name == "five").then_some(Value::Int(5))
        }
        fn call(&self, _name: &str, _arguments: &[Expr]) -> Option<Answer> {
            None
        }
        fn variable(&self, _name: &str) -> Option<Value> {
            None
        }
    }

    #[test]
    fn expressions_have_the_values_that_mysql_gives_them() {
        for (text, expect) in [
            ("1 + 2 * 3", "7"),
            ("(1 + 2) * 3", "9"),
            ("-2 + 3", "1"),
            ("1 = 1 and 2 > 3", "0"),
            ("not 1 = 2", "1"),
            ("null and 0", "0"),
            ("null or 1", "1"),
            ("null = null", "NULL"),
            ("null <=> null", "1"),
            ("'abc' like 'A%c'", "1"),
            ("'abc' like '_b'", "0"),
            ("five in (1, 5)", "1"),
            ("five not in (1, null)", "NULL"),
            ("five between 1 and 5", "1"),
            ("five is not null", "1"),
            ("concat('a', 1, null)", "NULL"),
            ("ifnull(null, 'x')", "x"),
            ("upper('ä')", "Ä"),
            ("7 div 2", "3"),
        ] {
            let Ok(Statement::Select(select)) = statement(&format!("select {text}")) else { panic!("{text}") };
            let expr = select.items[0].0.as_ref().expect("an expression");
            let value = evaluate(expr, &Empty).map(|value| value.to_text().map_or("NULL".into(), |t| t.to_string()));
            assert_eq!(value, Ok(expect.to_string()), "{text}");
        }
    }
}
