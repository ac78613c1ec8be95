//! The comparisons of filters. Only values of one kind can be compared: a number is never equal to a text.

use std::cmp::Ordering;

use api::Value;

/// Compares two values of one kind. The error is Go's sentence about kinds.
fn order(left: &Value, right: &Value) -> Result<Option<Ordering>, String> {
    let incomparable = |value: &Value| matches!(value, Value::Null | Value::List(_) | Value::Map(_));
    if incomparable(left) || incomparable(right) {
        return Err("invalid type for comparison".into());
    }
    match (left, right) {
        (Value::Int(left), Value::Int(right)) => Ok(Some(left.cmp(right))),
        (Value::Float(left), Value::Float(right)) => Ok(left.partial_cmp(right)),
        (Value::Str(left), Value::Str(right)) => Ok(Some(left.cmp(right))),
        (Value::Bool(left), Value::Bool(right)) => Ok(Some(left.cmp(right))),
        _ => Err("incompatible types for comparison".into()),
    }
}

/// Whether `left operator right` holds.
pub(super) fn compare(left: &Value, operator: &str, right: &Value) -> Result<bool, String> {
    let less = |left: &Value, right: &Value| match (left, right) {
        (Value::Bool(_), Value::Bool(_)) => Err("invalid type for comparison".to_string()),
        _ => Ok(order(left, right)? == Some(Ordering::Less)),
    };
    let equal = |left: &Value, right: &Value| Ok(order(left, right)? == Some(Ordering::Equal));
    match operator {
        "==" => equal(left, right),
        "!=" => equal(left, right).map(|equal| !equal),
        "<" => less(left, right),
        ">" => less(right, left),
        "<=" => Ok(less(left, right)? || equal(left, right)?),
        ">=" => Ok(less(right, left)? || equal(left, right)?),
        _ => Err(format!("unrecognized filter operator {operator}")),
    }
}
