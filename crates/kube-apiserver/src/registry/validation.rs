//! What the server refuses. Works on JSON, so that errors can name any field that a user wrote.

use api::{FieldError, Kind, Value};

/// The faults of a new object, after defaulting.
pub(crate) fn validate_create(_kind: Kind, _object: &Value) -> Vec<FieldError> {
    Vec::new()
}

/// The faults of a changed object, after defaulting.
pub(crate) fn validate_update(_kind: Kind, _object: &Value, _old: &Value) -> Vec<FieldError> {
    Vec::new()
}

/// `Warning:` headers for an object that is accepted.
pub(crate) fn warnings(_kind: Kind, _object: &Value) -> Vec<api::Str> {
    Vec::new()
}
