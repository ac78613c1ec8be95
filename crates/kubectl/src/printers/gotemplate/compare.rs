//! Equality and order of values in templates.

use std::cmp::Ordering;

use api::Value;

/// The kinds within which values can be compared.
#[derive(PartialEq)]
enum Kind {
    Bool,
    Int,
    Float,
    Text,
    /// Lists, maps and nothing.
    Other,
}

fn kind(value: Option<&Value>) -> Kind {
    match value {
        Some(Value::Bool(_)) => Kind::Bool,
        Some(Value::Int(_)) => Kind::Int,
        Some(Value::Float(_)) => Kind::Float,
        Some(Value::Str(_)) => Kind::Text,
        Some(Value::List(_) | Value::Map(_) | Value::Null) | None => Kind::Other,
    }
}

/// Whether two values are equal; `None` is no value. The error is Go's sentence.
pub(super) fn equal(left: Option<&Value>, right: Option<&Value>) -> Result<bool, String> {
    match (left, right) {
        (None, None) => Ok(true),
        (None, Some(_)) | (Some(_), None) => Ok(false),
        (Some(left), Some(right)) => {
            if kind(Some(left)) != kind(Some(right)) {
                return Err("incompatible types for comparison".into());
            }
            if kind(Some(left)) == Kind::Other {
                let name = crate::printers::go::type_name(left);
                return Err(format!("non-comparable type {name}"));
            }
            Ok(left == right)
        }
    }
}

/// Whether one value is less than the other. The error is Go's sentence.
pub(super) fn less(left: Option<&Value>, right: Option<&Value>) -> Result<bool, String> {
    if kind(left) == Kind::Other || kind(right) == Kind::Other {
        return Err("invalid type for comparison".into());
    }
    let ordering = match (left, right) {
        (Some(Value::Int(left)), Some(Value::Int(right))) => Some(left.cmp(right)),
        (Some(Value::Float(left)), Some(Value::Float(right))) => left.partial_cmp(right),
        (Some(Value::Str(left)), Some(Value::Str(right))) => Some(left.cmp(right)),
        (Some(Value::Bool(_)), Some(Value::Bool(_))) => return Err("invalid type for comparison".into()),
        _ => return Err("incompatible types for comparison".into()),
    };
    Ok(ordering == Some(Ordering::Less))
}
