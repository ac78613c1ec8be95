//! `-o`: from the flag to the printer of single objects and lists. Tables are not here; see [`crate::printers::table`].
//!
//! Models: kubernetes v1.36 cli-runtime/pkg/genericclioptions (PrintFlags), kubectl/pkg/cmd/get/get_flags.go.

use api::text::json::{self, Ordered};
use api::text::yaml;
use api::{Str, Value, schema};

use crate::context::{Context, Env};
use crate::failure::Failure;
use crate::files;
use crate::flags::Parsed;
use crate::printers::custom_columns::CustomColumns;
use crate::printers::gotemplate;
use crate::printers::jsonpath::{self, MissingKeys, Template};

/// What `-o` asks for.
#[derive(Clone, Debug)]
pub enum Output {
    /// Nothing: tables, or a line per operation.
    Human,
    /// `-o wide`
    Wide,
    /// Objects in some form.
    Objects(Box<Printer>),
}

/// Prints objects.
#[derive(Clone, Debug)]
pub struct Printer {
    format: Format,
    managed_fields: ManagedFields,
    printed: usize,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum ManagedFields {
    Kept,
    Dropped,
}

#[derive(Clone, Debug)]
enum Format {
    Json,
    Yaml,
    Kyaml,
    Name,
    JsonPath { text: String, template: Template, missing: MissingKeys },
    JsonPathAsJson { text: String, template: Template, missing: MissingKeys },
    GoTemplate { text: String, template: gotemplate::Template },
    CustomColumns(CustomColumns),
}

/// What a verb knows of `-o`.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Formats {
    /// Those of `get`.
    Get,
    /// Those of verbs that print what they did.
    Operation,
}

const ALLOWED_GET: &str = "custom-columns,custom-columns-file,go-template,go-template-file,json,jsonpath,\
jsonpath-as-json,jsonpath-file,kyaml,name,template,templatefile,wide,yaml";
const ALLOWED_OPERATION: &str =
    "go-template,go-template-file,json,jsonpath,jsonpath-as-json,jsonpath-file,kyaml,name,template,templatefile,yaml";

/// The variable that can turn `-o kyaml` off.
const KYAML: &str = "KUBECTL_KYAML";

impl Output {
    /// Reads `-o` and its companions.
    pub fn read(ctx: &mut Context<'_>, env: &Env, flags: &Parsed, formats: Formats) -> Result<Output, Failure> {
        let mut text = flags.text("output");
        let template = flags.text("template");
        if !flags.is_set("output") && !template.is_empty() {
            text = "go-template".into();
        }
        let managed_fields =
            if flags.is_on("show-managed-fields") { ManagedFields::Kept } else { ManagedFields::Dropped };
        let (name, argument) = match text.split_once('=') {
            Some((name, argument)) => (name, Str::from(argument)),
            None => (text.as_str(), template),
        };
        let missing =
            if flags.is_on("allow-missing-template-keys") { MissingKeys::Allowed } else { MissingKeys::Refused };
        let format = match name.to_lowercase().as_str() {
            "" => return Ok(Output::Human),
            "wide" if formats == Formats::Get && name == "wide" => return Ok(Output::Wide),
            "json" => Format::Json,
            "yaml" => Format::Yaml,
            "name" => Format::Name,
            "kyaml" if env.gate(KYAML) != Some(false) => Format::Kyaml,
            _ => templated(ctx, env, name, &argument, missing, flags, formats)?
                .ok_or_else(|| unknown(env, name, formats))?,
        };
        Ok(Output::Objects(Box::new(Printer { format, managed_fields, printed: 0 })))
    }
}

fn unknown(env: &Env, name: &str, formats: Formats) -> Failure {
    unmatched(env, name, if formats == Formats::Get { ALLOWED_GET } else { ALLOWED_OPERATION })
}

/// The refusal of a format that is none of those allowed.
pub(crate) fn unmatched(env: &Env, name: &str, allowed: &str) -> Failure {
    let mut allowed = allowed.to_string();
    if env.gate(KYAML) == Some(false) {
        allowed = allowed.replace("kyaml,", "");
    }
    Failure::Plain(format!(
        "unable to match a printer suitable for the output format {name:?}, allowed formats are: {allowed}"
    ))
}

/// The formats that take a template, in the flag or in a file.
fn templated(
    ctx: &mut Context<'_>,
    env: &Env,
    name: &str,
    argument: &str,
    missing: MissingKeys,
    flags: &Parsed,
    formats: Formats,
) -> Result<Option<Format>, Failure> {
    let (plain, is_file) = match name {
        "template" => ("go-template", false),
        "templatefile" | "go-template-file" => ("go-template", true),
        "jsonpath-file" => ("jsonpath", true),
        "custom-columns-file" => ("custom-columns", true),
        name => (name, false),
    };
    let is_known = match plain {
        "jsonpath" | "jsonpath-as-json" | "go-template" => true,
        "custom-columns" => formats == Formats::Get,
        _ => false,
    };
    if !is_known {
        return Ok(None);
    }
    if argument.is_empty() {
        return Err(Failure::plain(match plain {
            "custom-columns" => "custom-columns format specified but no custom columns given",
            _ => "template format specified but no template given",
        }));
    }
    let text = if is_file { read_template(ctx, env, name, argument)? } else { argument.to_string() };
    let parse_path =
        |text: &str| Template::parse(text).map_err(|error| Failure::Plain(jsonpath::parse_error(text, &error)));
    Ok(Some(match plain {
        "jsonpath" => Format::JsonPath { template: parse_path(&text)?, text, missing },
        "jsonpath-as-json" => Format::JsonPathAsJson { template: parse_path(&text)?, text, missing },
        "go-template" => {
            let template = gotemplate::Template::parse(&text)
                .map_err(|error| Failure::Plain(format!("error parsing template {text}, {error}")))?;
            Format::GoTemplate { text, template: template.with_missing(missing) }
        }
        _ => {
            let columns = if is_file { CustomColumns::from_template(&text) } else { CustomColumns::from_spec(&text) };
            let columns = columns.map_err(Failure::Plain)?;
            Format::CustomColumns(if flags.is_on("no-headers") { columns.without_headers() } else { columns })
        }
    }))
}

fn read_template(ctx: &mut Context<'_>, env: &Env, name: &str, path: &str) -> Result<String, Failure> {
    let what = if name == "custom-columns-file" { "template" } else { "--template" };
    files::read_text(ctx, env, path)
        .map_err(|error| Failure::Plain(format!("error reading {what} {path}, {}", error.message())))
        .map(|text| if name == "jsonpath-file" { text.trim_end_matches('\n').to_string() } else { text })
}

impl Printer {
    /// A printer of what goes into an editor.
    pub fn for_editor(env: &Env, name: &str) -> Result<Printer, Failure> {
        let format = match name {
            "" | "yaml" => Format::Yaml,
            "json" => Format::Json,
            "kyaml" if env.gate(KYAML) != Some(false) => Format::Kyaml,
            _ => return Err(unmatched(env, name, "json,kyaml,yaml")),
        };
        Ok(Printer { format, managed_fields: ManagedFields::Dropped, printed: 0 })
    }

    /// The text of an object or a list.
    pub fn print(&mut self, value: &Value) -> Result<String, Failure> {
        self.printed += 1;
        match &mut self.format {
            Format::Json => Ok(ended(json::write_indented(&self.managed_fields.of(value)))),
            Format::Yaml => {
                let text = ended(yaml::write(&self.managed_fields.of(value)));
                Ok(if self.printed > 1 { format!("---\n{text}") } else { text })
            }
            Format::Kyaml => Ok(yaml::write_kyaml(&ordered(&json::write_compact(&self.managed_fields.of(value)))?)),
            Format::Name => Ok(names(value)),
            Format::JsonPath { text, template, missing } => template
                .execute(value, *missing)
                .map_err(|error| Failure::Plain(jsonpath::execute_error(text, &error, value))),
            Format::JsonPathAsJson { text, template, missing } => template
                .execute_as_json(value, *missing)
                .map(ended)
                .map_err(|error| Failure::Plain(jsonpath::execute_error(text, &error, value))),
            Format::GoTemplate { text, template } => match template.execute_partly(value) {
                (printed, None) => Ok(printed),
                (printed, Some(error)) => Err(Failure::AfterOutput(
                    printed + &gotemplate::execute_details(text, &error, value),
                    gotemplate::execute_error(text, &error),
                )),
            },
            Format::CustomColumns(columns) => {
                let objects = match value.get("items") {
                    Value::List(items) => items.iter().collect(),
                    _ => vec![value],
                };
                columns.print(objects).map_err(Failure::Plain)
            }
        }
    }

    /// The text of an object or a list that kubectl holds as one of Go's structs: the fields keep their order.
    pub fn print_typed(&mut self, value: &Value) -> Result<String, Failure> {
        self.print_written(&go_text(&self.managed_fields.of(value)), value)
    }

    /// The text of a value whose JSON has its keys in an order of its own.
    pub fn print_written(&mut self, written: &str, value: &Value) -> Result<String, Failure> {
        match self.format {
            Format::Json => Ok(ordered(written)?.write_indented()),
            Format::Kyaml => Ok(yaml::write_kyaml(&ordered(written)?)),
            Format::Name if value.get("kind").text().ends_with("List") => Err(Failure::Plain(format!(
                "list types are not supported by name printing: *v1.{}",
                value.get("kind").text()
            ))),
            Format::Yaml
            | Format::Name
            | Format::JsonPath { .. }
            | Format::JsonPathAsJson { .. }
            | Format::GoTemplate { .. }
            | Format::CustomColumns(_) => self.print(value),
        }
    }

    /// The text of one event of a watch. JSON is one line; nothing is left out of the object.
    pub fn print_event(&mut self, event: &str, object: Value) -> Result<String, Failure> {
        match &self.format {
            Format::Json => Ok(event_text(event, &object) + "\n"),
            Format::Kyaml => Ok(yaml::write_kyaml(&ordered(&event_text(event, &object))?)),
            Format::Name => self.print(&object),
            _ => {
                let mut wrapped = Value::map();
                wrapped.set(&["type"], event);
                wrapped.set(&["object"], object);
                self.print(&wrapped)
            }
        }
    }
}

impl ManagedFields {
    pub(crate) fn of(self, value: &Value) -> Value {
        let mut value = value.clone();
        if self == ManagedFields::Dropped {
            value.remove(&["metadata", "managedFields"]);
            if let Some(Value::List(items)) = value.as_map_mut().and_then(|map| map.get_mut("items")) {
                for item in items {
                    item.remove(&["metadata", "managedFields"]);
                }
            }
        }
        value
    }
}

fn event_text(event: &str, object: &Value) -> String {
    format!("{{\"type\":{event:?},\"object\":{}}}", json::write_compact(object))
}

fn ordered(text: &str) -> Result<Ordered, Failure> {
    Ordered::read(text).map_err(|error| Failure::Plain(error.to_string()))
}

/// JSON with the fields of an object, or of a list's items, in the order of Go's structs.
fn go_text(value: &Value) -> String {
    let (version, kind) = (value.get("apiVersion").text(), value.get("kind").text());
    if let Some(type_) = schema::type_of(version, kind) {
        return schema::go_json(type_, value, &[]);
    }
    let Some(type_) = kind.strip_suffix("List").and_then(|kind| schema::type_of(version, kind)) else {
        return json::write_compact(value);
    };
    let items: Vec<String> =
        value.get("items").as_list().iter().map(|item| schema::go_json(type_, item, &[])).collect();
    let metadata = json::write_compact(value.get("metadata"));
    let head = format!("{{\"kind\":{kind:?},\"apiVersion\":{version:?},\"metadata\":{metadata},\"items\":[");
    head + &items.join(",") + "]}"
}

fn ended(mut text: String) -> String {
    if !text.ends_with('\n') {
        text.push('\n');
    }
    text
}

/// `pod/web-0`, a line per object.
fn names(value: &Value) -> String {
    if let Value::List(items) = value.get("items") {
        return items.iter().map(names).collect();
    }
    let (api_version, kind) = (value.get("apiVersion").text(), value.get("kind").text().to_lowercase());
    let name = value.at(&["metadata", "name"]).text();
    match api_version.split_once('/') {
        Some((group, _)) => format!("{kind}.{group}/{name}\n"),
        None => format!("{kind}/{name}\n"),
    }
}

/// Objects as the list that kubectl makes of them.
pub fn list_of(items: Vec<Value>) -> Value {
    let mut list = Value::map();
    list.set(&["apiVersion"], "v1");
    list.set(&["kind"], "List");
    list.set(&["metadata", "resourceVersion"], "");
    list.set(&["items"], items);
    list
}
