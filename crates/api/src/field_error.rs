//! `field.Error`: what validation finds, with the path of the field.

use std::fmt;

use crate::status::StatusCause;
use crate::{Str, Value};

/// What is wrong with a field.
#[derive(Clone, Debug, PartialEq)]
pub enum Fault {
    /// It is missing.
    Required,
    /// It stands there already.
    Duplicate(Value),
    /// It names something that does not exist.
    NotFound(Value),
    /// It is none of these.
    NotSupported {
        /// What stands there.
        value: Value,
        /// What could stand there.
        supported: Vec<Str>,
    },
    /// It is none of these; the text is the value as the server's own types print it.
    NotSupportedStruct {
        /// What stands there.
        shown: Str,
        /// What could stand there.
        supported: Vec<Str>,
    },
    /// It is wrong.
    Invalid(Value),
    /// It is wrong as a whole, and not shown.
    InvalidWhole,
    /// It is wrong; the text is the value as the server's own types print it.
    InvalidStruct(Str),
    /// It stands there already; the text is the value as the server's own types print it.
    DuplicateStruct(Str),
    /// It may not be set.
    Forbidden,
    /// It is longer than so many bytes.
    TooLong(usize),
    /// There are more than so many.
    TooMany {
        /// How many there are.
        actual: usize,
        /// How many there may be.
        max: usize,
    },
    /// It has the wrong type.
    TypeInvalid(Value),
    /// The server failed.
    Internal,
}

/// One error of validation.
#[derive(Clone, Debug, PartialEq)]
pub struct FieldError {
    /// Such as `spec.containers[0].name`.
    pub field: Str,
    /// What is wrong.
    pub fault: Fault,
    /// In a sentence; may be empty.
    pub detail: Str,
}

impl FieldError {
    /// `field: Required value: detail`
    pub fn required(field: impl Into<Str>, detail: impl Into<Str>) -> FieldError {
        FieldError { field: field.into(), fault: Fault::Required, detail: detail.into() }
    }

    /// `field: Invalid value: value: detail`
    pub fn invalid(field: impl Into<Str>, value: impl Into<Value>, detail: impl Into<Str>) -> FieldError {
        FieldError { field: field.into(), fault: Fault::Invalid(value.into()), detail: detail.into() }
    }

    /// `field: Forbidden: detail`
    pub fn forbidden(field: impl Into<Str>, detail: impl Into<Str>) -> FieldError {
        FieldError { field: field.into(), fault: Fault::Forbidden, detail: detail.into() }
    }

    /// `field: Duplicate value: value`
    pub fn duplicate(field: impl Into<Str>, value: impl Into<Value>) -> FieldError {
        FieldError { field: field.into(), fault: Fault::Duplicate(value.into()), detail: Str::new() }
    }

    /// `field: Not found: value`
    pub fn not_found(field: impl Into<Str>, value: impl Into<Value>) -> FieldError {
        FieldError { field: field.into(), fault: Fault::NotFound(value.into()), detail: Str::new() }
    }

    /// `field: Unsupported value: value: supported values: "a", "b"`
    pub fn not_supported(field: impl Into<Str>, value: impl Into<Value>, supported: &[&str]) -> FieldError {
        let supported = supported.iter().map(|text| Str::from(*text)).collect();
        let fault = Fault::NotSupported { value: value.into(), supported };
        FieldError { field: field.into(), fault, detail: Str::new() }
    }

    /// `field: Too long: may not be more than max bytes`
    pub fn too_long(field: impl Into<Str>, max: usize) -> FieldError {
        FieldError { field: field.into(), fault: Fault::TooLong(max), detail: Str::new() }
    }

    /// `field: Too many: actual: must have at most max items`
    pub fn too_many(field: impl Into<Str>, actual: usize, max: usize) -> FieldError {
        FieldError { field: field.into(), fault: Fault::TooMany { actual, max }, detail: Str::new() }
    }

    /// The error without its field, as a cause's message has it.
    pub fn body(&self) -> String {
        crate::reached!("api::field_error::FieldError::body");
        let (head, own_detail) = match &self.fault {
            Fault::Required => ("Required value".to_owned(), String::new()),
            Fault::Duplicate(value) => (format!("Duplicate value: {}", rendered(value)), String::new()),
            Fault::DuplicateStruct(text) => (format!("Duplicate value: {text}"), String::new()),
            Fault::InvalidWhole => ("Invalid value".to_owned(), String::new()),
            Fault::InvalidStruct(text) => (format!("Invalid value: {text}"), String::new()),
            Fault::NotFound(value) => (format!("Not found: {}", rendered(value)), String::new()),
            Fault::NotSupported { value, supported } => {
                (format!("Unsupported value: {}", rendered(value)), alternatives(supported))
            }
            Fault::NotSupportedStruct { shown, supported } => {
                (format!("Unsupported value: {shown}"), alternatives(supported))
            }
            Fault::Invalid(value) => (format!("Invalid value: {}", rendered(value)), String::new()),
            Fault::Forbidden => ("Forbidden".to_owned(), String::new()),
            Fault::TooLong(max) => ("Too long".to_owned(), format!("may not be more than {max} bytes")),
            Fault::TooMany { actual, max } => (format!("Too many: {actual}"), format!("must have at most {max} items")),
            Fault::TypeInvalid(value) => (format!("Invalid value: {}", rendered(value)), String::new()),
            Fault::Internal => ("Internal error".to_owned(), String::new()),
        };
        let detail = if self.detail.is_empty() { own_detail } else { self.detail.to_string() };
        if detail.is_empty() { head } else { format!("{head}: {detail}") }
    }

    /// The cause in a Status.
    pub fn to_cause(&self) -> StatusCause {
        let reason = match self.fault {
            Fault::Required => "FieldValueRequired",
            Fault::Duplicate(_) | Fault::DuplicateStruct(_) => "FieldValueDuplicate",
            Fault::NotFound(_) => "FieldValueNotFound",
            Fault::NotSupported { .. } | Fault::NotSupportedStruct { .. } => "FieldValueNotSupported",
            Fault::Invalid(_) | Fault::InvalidStruct(_) | Fault::InvalidWhole => "FieldValueInvalid",
            Fault::Forbidden => "FieldValueForbidden",
            Fault::TooLong(_) => "FieldValueTooLong",
            Fault::TooMany { .. } => "FieldValueTooMany",
            Fault::TypeInvalid(_) => "FieldValueTypeInvalid",
            Fault::Internal => "InternalError",
        };
        StatusCause { reason: reason.into(), message: self.body().into(), field: self.field.clone() }
    }
}

fn alternatives(supported: &[Str]) -> String {
    if supported.is_empty() {
        return String::new();
    }
    let list: Vec<String> = supported.iter().map(|text| format!("{text:?}")).collect();
    format!("supported values: {}", list.join(", "))
}

/// A value as an error shows it: texts quoted, the rest as JSON.
fn rendered(value: &Value) -> String {
    match value {
        Value::Str(text) => format!("{text:?}"),
        other => serde_json::to_string(other).expect("a Value is always JSON"),
    }
}

impl fmt::Display for FieldError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}: {}", self.field, self.body())
    }
}
