//! `-o custom-columns=NAME:.metadata.name,IMAGE:.spec.containers[*].image`.
//!
//! Models: kubernetes v1.36 kubectl/pkg/cmd/get/customcolumn.go.

use api::{Str, Value};

use super::go::format_v;
use super::jsonpath::{MissingKeys, Template, relaxed};
use super::tabwriter::TabWriter;

/// Prints chosen fields in columns, with the header once.
#[derive(Clone, Debug)]
pub struct CustomColumns {
    columns: Vec<CustomColumn>,
    writer: TabWriter,
    needs_header: bool,
}

/// One column.
#[derive(Clone, Debug, PartialEq)]
pub struct CustomColumn {
    /// What stands above it.
    pub header: Str,
    /// The path in braces.
    pub field_spec: Str,
}

impl CustomColumns {
    /// Reads `HEADER:path,HEADER:path`. The error is upstream's sentence.
    pub fn from_spec(spec: &str) -> Result<CustomColumns, String> {
        api::reached!("kubectl::printers::custom_columns::CustomColumns::from_spec");
        if spec.is_empty() {
            return Err("custom-columns format specified but no custom columns given".into());
        }
        let column = |part: &str| {
            let (header, path) = part
                .split_once(':')
                .ok_or_else(|| format!("unexpected custom-columns spec: {part}, expected <header>:<json-path-expr>"))?;
            Ok(CustomColumn { header: header.into(), field_spec: relaxed(path)?.into() })
        };
        Ok(CustomColumns::new(spec.split(',').map(column).collect::<Result<_, String>>()?))
    }

    /// Reads a template of two lines: headers, and paths under them. The error is upstream's sentence.
    pub fn from_template(template: &str) -> Result<CustomColumns, String> {
        api::reached!("kubectl::printers::custom_columns::CustomColumns::from_template");
        let missing = |what: &str| {
            let form = "one line of space separated headers, one line of space separated column specs.";
            format!("invalid template, missing {what} line. Expected format is {form}")
        };
        let mut lines = template.lines();
        let headers: Vec<&str> = lines.next().ok_or_else(|| missing("header"))?.split_whitespace().collect();
        let specs: Vec<&str> = lines.next().ok_or_else(|| missing("spec"))?.split_whitespace().collect();
        if headers.len() != specs.len() {
            let (headers, specs) = (headers.len(), specs.len());
            return Err(format!("number of headers ({headers}) and field specifications ({specs}) don't match"));
        }
        let column = |(header, spec): (&&str, &&str)| {
            Ok(CustomColumn { header: (*header).into(), field_spec: relaxed(spec)?.into() })
        };
        Ok(CustomColumns::new(headers.iter().zip(&specs).map(column).collect::<Result<_, String>>()?))
    }

    fn new(columns: Vec<CustomColumn>) -> CustomColumns {
        CustomColumns { columns, writer: TabWriter::for_tables(), needs_header: true }
    }

    /// `--no-headers`.
    pub fn without_headers(mut self) -> CustomColumns {
        self.needs_header = false;
        self
    }

    /// The columns.
    pub fn columns(&self) -> &[CustomColumn] {
        &self.columns
    }

    /// The lines of these objects.
    pub fn print<'o>(&mut self, objects: impl IntoIterator<Item = &'o Value>) -> Result<String, String> {
        api::reached!("kubectl::printers::custom_columns::CustomColumns::print");
        let parsed = self.columns.iter().map(|column| Template::parse(&column.field_spec));
        let templates = parsed.collect::<Result<Vec<_>, _>>()?;
        let mut text = String::new();
        if std::mem::take(&mut self.needs_header) {
            let headers: Vec<&str> = self.columns.iter().map(|column| column.header.as_str()).collect();
            text.push_str(&headers.join("\t"));
            text.push('\n');
        }
        for object in objects {
            let cells = templates.iter().map(|template| cell(template, object)).collect::<Result<Vec<_>, _>>()?;
            text.push_str(&cells.join("\t"));
            text.push('\n');
        }
        Ok(if text.is_empty() { text } else { self.writer.format(&text) })
    }
}

fn cell(template: &Template, object: &Value) -> Result<String, String> {
    let found = template.find(object, MissingKeys::Allowed)?;
    if found.first().is_none_or(Vec::is_empty) {
        return Ok("<none>".to_string());
    }
    let escape = |value: &Value| format_v(value).replace('\u{1b}', "^[").replace('\r', "\\r");
    Ok(found.iter().flatten().map(escape).collect::<Vec<_>>().join(","))
}
