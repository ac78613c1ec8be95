//! `field_errors`: what validation found, as it is rendered.

use super::{Case, Suite};
use crate::field_error::Fault;
use crate::{FieldError, Value};

pub(super) const SUITE: Suite = Suite {
    name: "field_errors",
    run,
    expect: |case| case.get("expect").clone(),
    functions: &["api::field_error::FieldError::body"],
};

fn run(case: &Case<'_>) -> Result<Value, String> {
    let input = case.get("input");
    let value = input.get("BadValue").clone();
    if case.text("name").contains("struct") {
        return Err("the fields of a Go struct have an order that JSON does not tell".into());
    }
    let is_marker = value.as_map().is_some_and(|map| map.is_empty());
    let fault = match input.get("Type").text() {
        "FieldValueRequired" => Fault::Required,
        "FieldValueForbidden" => Fault::Forbidden,
        "FieldValueTooLong" => Fault::TooLong(0),
        "InternalError" => Fault::Internal,
        "FieldValueInvalid" if is_marker => Fault::InvalidWhole,
        "FieldValueInvalid" => Fault::Invalid(value),
        "FieldValueNotFound" => Fault::NotFound(value),
        "FieldValueNotSupported" => Fault::NotSupported { value, supported: Vec::new() },
        "FieldValueDuplicate" => Fault::Duplicate(value),
        "FieldValueTypeInvalid" if value.as_map().is_some() => {
            return Err("Go values that refuse to be written as JSON".into());
        }
        "FieldValueTypeInvalid" => Fault::TypeInvalid(value),
        "FieldValueTooMany" => {
            let Some(actual) = value.as_int().and_then(|actual| usize::try_from(actual).ok()) else {
                return Err("too many of something that is not counted".into());
            };
            Fault::TooMany { actual, max: 0 }
        }
        _ => return Err("a kind of error that does not exist".into()),
    };
    let error =
        FieldError { field: input.get("Field").text().into(), fault, detail: input.get("Detail").text().into() };
    Ok(error.to_string().into())
}
