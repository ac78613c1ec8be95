//! JSONPath in kubectl's dialect: `{.items[*].metadata.name}`, `{range …}{end}`, `[?(@.type=="Ready")]`.
//!
//! A [`Template`] is parsed once and executed on any value. Text outside of braces stands for itself; the results of one
//! pair of braces are joined by spaces.
//!
//! Models: kubernetes v1.36 client-go/util/jsonpath. Different: keys are visited in order, not at random.

mod compare;
mod execute;
mod parse;

use api::{Str, Value};

use super::go::{format_sharp_v, quote};
pub use execute::{MissingKeys, RESULTS_MAX};

/// One step of a template.
#[derive(Clone, Debug, PartialEq)]
enum Node {
    /// What stands in one pair of braces, or a part of it.
    List(Vec<Node>),
    Text(Str),
    Field(Str),
    /// `[start:end:step]`
    Array([Parameter; 3]),
    Filter {
        left: Vec<Node>,
        operator: Str,
        right: Vec<Node>,
    },
    Int(i64),
    Float(f64),
    Bool(bool),
    Wildcard,
    Recursive,
    Union(Vec<Vec<Node>>),
    /// `range`, `end`, or a word that nobody knows.
    Identifier(Str),
}

/// A number of a slice.
#[derive(Clone, Copy, Debug, PartialEq, Default)]
struct Parameter {
    value: i64,
    is_known: bool,
    /// It was not written, but follows from the number before it.
    is_derived: bool,
}

/// A parsed template.
#[derive(Clone, Debug, PartialEq)]
pub struct Template {
    nodes: Vec<Node>,
}

impl Template {
    /// Reads a template. The error is upstream's sentence: `unterminated array`.
    pub fn parse(text: &str) -> Result<Template, String> {
        api::reached!("kubectl::printers::jsonpath::Template::parse");
        parse::parse(text, 0).map(|nodes| Template { nodes })
    }

    /// What the template prints of a value. The error is upstream's sentence.
    pub fn execute(&self, value: &Value, missing: MissingKeys) -> Result<String, String> {
        api::reached!("kubectl::printers::jsonpath::Template::execute");
        let mut out = String::new();
        for results in self.find(value, missing)? {
            let texts: Vec<String> = results.iter().map(execute::text).collect();
            out.push_str(&texts.join(" "));
        }
        Ok(out)
    }

    /// What the template finds in a value: a list for each pair of braces and each text between them.
    pub fn find(&self, value: &Value, missing: MissingKeys) -> Result<Vec<Vec<Value>>, String> {
        execute::find(&self.nodes, value, missing)
    }

    /// `-o jsonpath-as-json`: each list of results in JSON.
    pub fn execute_as_json(&self, value: &Value, missing: MissingKeys) -> Result<String, String> {
        let lists = self.find(value, missing)?.into_iter();
        Ok(lists.map(|results| api::text::json::write_indented(&Value::List(results))).collect())
    }
}

/// What kubectl says after `error: ` about a template that cannot be parsed.
pub fn parse_error(template: &str, error: &str) -> String {
    format!("error parsing jsonpath {template}, {error}")
}

/// What kubectl says after `error: ` about a template that fails on an object.
pub fn execute_error(template: &str, error: &str, object: &Value) -> String {
    let head = format!("error executing jsonpath {}: Error executing template: {error}", quote(template));
    let given = format_sharp_v(object);
    format!(
        "{head}. Printing more information for debugging the template:\n\ttemplate was:\n\t\t{template}\n\tobject given \
         to jsonpath engine was:\n\t\t{given}\n\n\n"
    )
}

/// A path as `--sort-by` and custom columns take it (`metadata.name`, `.metadata.name`, `{.metadata.name}`), in braces.
/// The error is upstream's sentence.
pub fn relaxed(path: &str) -> Result<String, String> {
    api::reached!("kubectl::printers::jsonpath::relaxed");
    if path.is_empty() {
        return Ok(String::new());
    }
    let inner = path.strip_prefix('{').and_then(|rest| rest.strip_suffix('}')).unwrap_or(path);
    if inner.is_empty() || inner.contains(['{', '}']) {
        let forms = "'name1.name2' or '.name1.name2' or '{name1.name2}' or '{.name1.name2}'";
        return Err(format!("unexpected path string, expected a {forms}"));
    }
    let field = inner.strip_prefix('.').filter(|rest| !rest.is_empty()).unwrap_or(inner);
    Ok(format!("{{.{field}}}"))
}
