//! Go templates: `{{range .items}}{{.metadata.name}}{{"\n"}}{{end}}`.
//!
//! A [`Template`] is parsed once and executed on any value. It knows the actions of Go's text/template, its functions and
//! kubectl's `exists` and `base64decode`; methods and `call` have no meaning on JSON and are absent. A missing key prints
//! `<no value>`, or is an error (`--allow-missing-template-keys=false`).
//!
//! Models: Go 1.24 text/template, kubernetes v1.36 cli-runtime/pkg/printers/template.go. Different: depth, steps and
//! length of the output have limits.

mod builtin;
mod compare;
mod execute;
mod lex;
mod node;
mod parse;
mod printf;

use ordered::OrderedMap;

use api::Value;
use api::text::json;

use super::go::{format_v, quote};
use super::jsonpath::MissingKeys;
use node::List;

/// The name under which kubectl parses its template; it stands in every error.
const NAME: &str = "output";

/// A parsed template.
#[derive(Clone, Debug, PartialEq)]
pub struct Template {
    text: String,
    root: List,
    /// What `define` and `block` have defined.
    defined: OrderedMap<String, List>,
    missing: MissingKeys,
}

impl Template {
    /// Reads a template. The error is Go's sentence: `template: output:1: unclosed action`.
    pub fn parse(text: &str) -> Result<Template, String> {
        api::reached!("kubectl::printers::gotemplate::Template::parse");
        let (root, defined) = parse::parse(text)?;
        Ok(Template { text: text.to_string(), root, defined, missing: MissingKeys::Allowed })
    }

    /// The same, with another mind about keys that a map does not have.
    pub fn with_missing(self, missing: MissingKeys) -> Template {
        Template { missing, ..self }
    }

    /// What the template prints of a value. The error is Go's sentence.
    pub fn execute(&self, value: &Value) -> Result<String, String> {
        match self.execute_partly(value) {
            (out, None) => Ok(out),
            (_, Some(error)) => Err(error),
        }
    }

    /// As [`Template::execute`], with what had been printed before the error.
    pub fn execute_partly(&self, value: &Value) -> (String, Option<String>) {
        api::reached!("kubectl::printers::gotemplate::Template::execute_partly");
        execute::execute(self, value)
    }
}

/// What kubectl says after `error: ` about a template that fails on an object.
pub fn execute_error(template: &str, error: &str) -> String {
    format!("error executing template {}: {error}", quote(template))
}

/// What kubectl prints to its standard output about a template that fails, after what the template had printed.
pub fn execute_details(template: &str, error: &str, object: &Value) -> String {
    let (data, given) = (json::write_compact(object), format_v(object));
    format!(
        "Error executing template: {error}. Printing more information for debugging the template:\n\ttemplate was:\n\t\t\
         {template}\n\traw data was:\n\t\t{data}\n\tobject given to template engine was:\n\t\t{given}\n\n"
    )
}
