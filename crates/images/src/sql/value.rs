//! Values, and how they compare and calculate: whole numbers and texts; a text with a point is a decimal number.
//!
//! Differences from MySQL that were chosen: numbers have at most six decimals, and there are no floats, so that every platform
//! calculates alike. Texts compare without regard to case, as MySQL's default collation does.

use std::cmp::Ordering;

use thin::Str;

/// A value.
#[derive(Clone, Debug, PartialEq, Eq, Default)]
pub(crate) enum Value {
    /// None.
    #[default]
    Null,
    /// A whole number.
    Int(i64),
    /// A text.
    Text(Str),
}

/// Decimal numbers are counted in millionths.
const SCALE: i128 = 1_000_000;
/// Quotients have so many decimals.
const QUOTIENT_DECIMALS: i128 = 10_000;

impl Value {
    pub(crate) fn text(text: impl Into<Str>) -> Value {
        Value::Text(text.into())
    }

    pub(crate) fn bool(holds: bool) -> Value {
        Value::Int(i64::from(holds))
    }

    pub(crate) fn is_null(&self) -> bool {
        *self == Value::Null
    }

    /// As text; none for NULL.
    pub(crate) fn to_text(&self) -> Option<Str> {
        match self {
            Value::Null => None,
            Value::Int(number) => Some(thin::format_str!("{number}")),
            Value::Text(text) => Some(text.clone()),
        }
    }

    /// Whether a condition with this value holds.
    pub(crate) fn is_true(&self) -> bool {
        self.number().is_some_and(|number| number != 0)
    }

    /// In millionths; a text counts as the number that it begins with.
    fn number(&self) -> Option<i128> {
        match self {
            Value::Null => None,
            Value::Int(number) => Some(i128::from(*number) * SCALE),
            Value::Text(text) => Some(leading_number(text)),
        }
    }

    /// The whole part.
    pub(crate) fn int(&self) -> Option<i64> {
        self.number().and_then(|number| i64::try_from(number / SCALE).ok())
    }

    fn of_number(number: i128) -> Value {
        if number % SCALE == 0 {
            return i64::try_from(number / SCALE).map_or(Value::Null, Value::Int);
        }
        let sign = if number < 0 { "-" } else { "" };
        let text = format!("{sign}{}.{:06}", number.abs() / SCALE, number.abs() % SCALE);
        Value::text(text.trim_end_matches('0'))
    }

    /// Compares; none if one is NULL.
    pub(crate) fn compare(&self, other: &Value) -> Option<Ordering> {
        match (self, other) {
            (Value::Null, _) | (_, Value::Null) => None,
            (Value::Text(left), Value::Text(right)) => Some(left.to_lowercase().cmp(&right.to_lowercase())),
            _ => Some(self.number()?.cmp(&other.number()?)),
        }
    }

    /// The order of rows: NULL first.
    pub(crate) fn order(&self, other: &Value) -> Ordering {
        self.compare(other).unwrap_or_else(|| (!self.is_null()).cmp(&!other.is_null()))
    }

    /// `+ - * / % DIV`; NULL if one is, or the divisor is 0.
    pub(crate) fn calculate(&self, sign: &str, other: &Value) -> Value {
        let (Some(left), Some(right)) = (self.number(), other.number()) else { return Value::Null };
        let result = match sign {
            "+" => left.checked_add(right),
            "-" => left.checked_sub(right),
            "*" => left.checked_mul(right).map(|product| product / SCALE),
            _ if right == 0 => None,
            "%" => Some(left % right),
            "DIV" => Some(left / right * SCALE),
            _ => return quotient(left, right),
        };
        result.map_or(Value::Null, Value::of_number)
    }
}

/// A quotient has four decimals, rounded.
fn quotient(left: i128, right: i128) -> Value {
    let Some(scaled) = left.checked_mul(QUOTIENT_DECIMALS * 10) else { return Value::Null };
    let digits = (scaled / right + if (left < 0) == (right < 0) { 5 } else { -5 }) / 10;
    let sign = if digits < 0 { "-" } else { "" };
    Value::text(format!("{sign}{}.{:04}", digits.abs() / QUOTIENT_DECIMALS, digits.abs() % QUOTIENT_DECIMALS))
}

fn leading_number(text: &str) -> i128 {
    let text = text.trim_start();
    let (is_negative, digits) = match text.strip_prefix('-') {
        Some(rest) => (true, rest),
        None => (false, text.strip_prefix('+').unwrap_or(text)),
    };
    let end = digits.find(|c: char| !c.is_ascii_digit()).unwrap_or(digits.len());
    let whole: i128 = digits[..end.min(25)].parse().unwrap_or(0);
    let fraction = digits[end..].strip_prefix('.').unwrap_or_default();
    let places: String = fraction.chars().take_while(char::is_ascii_digit).chain("000000".chars()).take(6).collect();
    let number = whole * SCALE + places.parse::<i128>().unwrap_or(0);
    if is_negative { -number } else { number }
}

/// Whether a text is a number and nothing else.
pub(crate) fn is_number(text: &str) -> bool {
    let text = text.trim();
    let digits = text.strip_prefix(['-', '+']).unwrap_or(text);
    let mut parts = digits.splitn(2, '.');
    let all_digits = |part: &str| part.chars().all(|c| c.is_ascii_digit());
    let whole = parts.next().unwrap_or_default();
    !whole.is_empty() && all_digits(whole) && parts.next().is_none_or(all_digits)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn numbers_are_calculated_without_floats() {
        let text = |text: &str| Value::text(text);
        for (left, sign, right, expect) in [
            (Value::Int(2), "+", Value::Int(3), Value::Int(5)),
            (text("1.5"), "+", text("0.25"), text("1.75")),
            (text("1.5"), "*", Value::Int(2), Value::Int(3)),
            (Value::Int(1), "/", Value::Int(3), text("0.3333")),
            (Value::Int(2), "/", Value::Int(3), text("0.6667")),
            (Value::Int(-1), "/", Value::Int(3), text("-0.3333")),
            (Value::Int(7), "DIV", Value::Int(2), Value::Int(3)),
            (Value::Int(7), "%", Value::Int(2), Value::Int(1)),
            (Value::Int(7), "/", Value::Int(0), Value::Null),
            (Value::Null, "+", Value::Int(1), Value::Null),
            (text("3 pigs"), "-", text("x"), Value::Int(3)),
        ] {
            assert_eq!(left.calculate(sign, &right), expect, "{left:?} {sign} {right:?}");
        }
    }

    #[test]
    fn texts_compare_without_case_and_numbers_as_numbers() {
        assert_eq!(Value::text("Ab").compare(&Value::text("aB")), Some(Ordering::Equal));
        assert_eq!(Value::text("10").compare(&Value::Int(9)), Some(Ordering::Greater));
        assert_eq!(Value::Null.compare(&Value::Int(9)), None);
        assert_eq!(Value::Null.order(&Value::Int(-9)), Ordering::Less);
    }
}
