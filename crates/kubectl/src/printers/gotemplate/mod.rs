//! Go templates.

use api::Value;

/// A parsed template.
#[derive(Clone, Debug, PartialEq)]
pub struct Template {}

impl Template {
    /// Reads a template. The error is Go's sentence.
    pub fn parse(_text: &str) -> Result<Template, String> {
        Err("not here yet".into())
    }

    /// What the template prints of a value. The error is Go's sentence.
    pub fn execute(&self, _value: &Value) -> Result<String, String> {
        Err("not here yet".into())
    }
}

/// What kubectl says after `error: ` about a template that fails on an object.
pub fn execute_error(template: &str, error: &str, object: &Value) -> String {
    format!("{template} {error} {object:?}")
}
