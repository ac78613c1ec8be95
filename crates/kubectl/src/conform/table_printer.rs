//! `table_printer`: tables laid out to the byte, and templates.

use api::conform::{Case, Suite, result};
use api::meta::ObjectMeta;
use api::table::{Column, Row, Table};
use api::{Str, StringMap, Value};
use sim::Time;

use crate::output::ManagedFields;
use crate::printers::gotemplate::Template;
use crate::printers::table::{TableOptions, TablePrinter};

pub(super) const SUITE: Suite = Suite {
    name: "table_printer",
    run,
    expect,
    functions: &[
        "kubectl::printers::table::TablePrinter::print",
        "kubectl::printers::table::TablePrinter::print_event",
        "kubectl::printers::gotemplate::Template::parse",
        "kubectl::printers::gotemplate::Template::execute_partly",
    ],
};

/// The template of `TestTemplateStrings`, which stands in none of its rows.
const EXISTS: &str = r#"{{if (exists . "status" "containerStatuses")}}{{range .status.containerStatuses}}{{if (and (eq .name "foo") (exists . "state" "running"))}}true{{end}}{{end}}{{end}}"#;

fn run(case: &Case<'_>) -> Result<Value, String> {
    let template =
        |template: &str, object: &Value| result(Template::parse(template).and_then(|parsed| parsed.execute(object)));
    Ok(match case.test {
        "TestTemplate" => template(case.text("template"), case.get("obj")),
        "TestTemplateStrings" => template(EXISTS, case.get("pod")),
        "TestStringPrinting" => TablePrinter::new(TableOptions::default()).print(&table(case)).into(),
        "TestOmitManagedFieldsPrinter" => ManagedFields::Dropped.of(case.get("object")),
        "TestIllegalPackageSourceChecker" => return Err("Go packages".into()),
        "TestPrintUnstructuredObject" | "TestPrintTable_NonTable" => {
            return Err("the server has a table for every kind that it serves".into());
        }
        "TestPrintTable_WatchEvents" => {
            TablePrinter::new(options(case.get("options"))).print_event("Added", &table(case)).into()
        }
        test if test.starts_with("TestPrintTable_") => {
            TablePrinter::new(options(case.get("options"))).print(&table(case)).into()
        }
        _ => return case.unknown(),
    })
}

fn expect(case: &Case<'_>) -> Value {
    match case.test {
        "TestTemplate" => case.get("expectOut").clone(),
        "TestTemplateStrings" => {
            let statuses = case.get("pod").at(&["status", "containerStatuses"]).as_list().iter();
            let is =
                |status: &&Value| status.get("name").text() == "foo" && !status.at(&["state", "running"]).is_null();
            "true".repeat(statuses.filter(is).count()).into()
        }
        _ => case.get("expected").clone(),
    }
}

fn metadata(object: &Value) -> ObjectMeta {
    let metadata = object.get("metadata");
    let labels: StringMap =
        metadata.get("labels").as_map().into_iter().flatten().map(|(key, value)| (key.clone(), value.text())).collect();
    let creation_timestamp = Time::parse_rfc3339(metadata.get("creationTimestamp").text());
    let name = ObjectMeta::new(metadata.get("namespace").text(), metadata.get("name").text());
    ObjectMeta { labels, creation_timestamp, ..name }
}

fn table(case: &Case<'_>) -> Table {
    table_of(case.get("columns"), case.get("rows"))
}

/// A table as the server sends it.
pub(super) fn table_of(columns: &Value, rows: &Value) -> Table {
    let column = |column: &Value| Column {
        name: column.get("name").text().into(),
        kind: column.get("type").text().into(),
        format: column.get("format").text().into(),
        priority: column.get("priority").as_int().unwrap_or(0) as i32,
    };
    let row = |row: &Value| Row::new(row.get("cells").as_list().to_vec(), &metadata(row.get("object")));
    Table { columns: columns.as_list().iter().map(column).collect(), rows: rows.as_list().iter().map(row).collect() }
}

fn options(value: &Value) -> TableOptions {
    let flag = |field| value.get(field).as_bool() == Some(true);
    let kind = value.get("Kind");
    let group = kind.get("Group").text();
    let prefix = kind.get("Kind").text().to_lowercase() + if group.is_empty() { "" } else { "." } + group;
    TableOptions {
        no_headers: flag("NoHeaders"),
        wide: flag("Wide"),
        with_namespace: flag("WithNamespace"),
        kind_prefix: if flag("WithKind") { prefix.into() } else { Str::new() },
        show_labels: flag("ShowLabels"),
        label_columns: value.get("ColumnLabels").as_list().iter().map(|label| label.text().into()).collect(),
    }
}
