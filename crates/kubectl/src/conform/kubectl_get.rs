//! `kubectl_get`: custom columns and sorting.

use api::conform::{Case, Suite, any_error, object, result};
use api::text::json;
use api::{Str, Value};

use super::table_printer;
use crate::printers::custom_columns::CustomColumns;
use crate::printers::jsonpath::relaxed;
use crate::printers::sort_by::order_by;
use crate::printers::table::{TableOptions, TablePrinter};

pub(super) const SUITE: Suite = Suite {
    name: "kubectl_get",
    run,
    expect,
    functions: &[
        "kubectl::printers::jsonpath::relaxed",
        "kubectl::printers::custom_columns::CustomColumns::from_spec",
        "kubectl::printers::custom_columns::CustomColumns::from_template",
        "kubectl::printers::custom_columns::CustomColumns::print",
        "kubectl::printers::sort_by::order_by",
    ],
};

/// The pod of `TestSliceColumnPrint`, which stands in none of its rows.
const POD: &str = r#"{"metadata":{"name":"fake-name","namespace":"fake-namespace"},
    "spec":{"containers":[{"name":"fake0"},{"name":"fake1"},{"name":"fake2"},{"name":"fake3"}]}}"#;

fn run(case: &Case<'_>) -> Result<Value, String> {
    Ok(match case.test {
        "TestMassageJSONPath" => result(relaxed(case.text("input"))),
        "TestNewColumnPrinterFromSpec" if case.flag("noHeaders") => {
            return Err("the row lists no columns and looks at the printed text alone".into());
        }
        "TestNewColumnPrinterFromSpec" => result(CustomColumns::from_spec(case.text("spec")).map(|read| pairs(&read))),
        "TestNewColumnPrinterFromTemplate" => {
            result(CustomColumns::from_template(case.text("spec")).map(|read| pairs(&read)))
        }
        "TestColumnPrint" => {
            let column = |column: &Value| format!("{}:{}", column.get("Header").text(), column.get("FieldSpec").text());
            let spec: Vec<String> = case.get("columns").as_list().iter().map(column).collect();
            let printed = CustomColumns::from_spec(&spec.join(","));
            result(printed.and_then(|mut columns| columns.print(items(case.get("obj")))))
        }
        "TestSliceColumnPrint" => {
            let pod = json::read(POD).map_err(|error| error.to_string())?;
            result(CustomColumns::from_spec(case.text("spec")).and_then(|mut columns| columns.print([&pod])))
        }
        "TestSortingPrinter" => {
            let objects: Vec<&Value> = items(case.get("obj")).iter().collect();
            let order = order_by(case.text("field"), &objects);
            result(order.map(|order| order.into_iter().map(|at| objects[at].clone()).collect::<Vec<_>>()))
        }
        "TestRuntimeSortLess" => {
            let sort = case.get("runtimeSort");
            let objects: Vec<&Value> =
                [case.int("i"), case.int("j")].iter().map(|at| sort.get("objs").element(*at as usize)).collect();
            result(order_by(sort.get("field").text(), &objects).map(|order| Value::Bool(order == [0, 1])))
        }
        "TestHumanReadablePrinterSupportsExpectedOptions" => {
            let object = case.get("testObject");
            if object.get("columnDefinitions").is_null() {
                return Err("the server has a table for every kind that it serves".into());
            }
            let options = TableOptions {
                no_headers: case.flag("noHeaders"),
                wide: case.text("outputFormat") == "wide",
                with_namespace: case.flag("withNamespace"),
                kind_prefix: if case.flag("showKind") { "pod".into() } else { Str::new() },
                show_labels: case.flag("showLabels"),
                label_columns: case.get("columnLabels").as_list().iter().map(|label| label.text().into()).collect(),
            };
            let table = table_printer::table_of(object.get("columnDefinitions"), object.get("rows"));
            one_space(&TablePrinter::new(options).print(&table)).into()
        }
        "TestPrinterSupportsExpectedCustomColumnFormats" => {
            return Err("how upstream chooses among printers".into());
        }
        "TestWatchResourceWatchEvents" => return Err("objects that no server has, watched".into()),
        _ => return case.unknown(),
    })
}

fn expect(case: &Case<'_>) -> Value {
    match case.test {
        _ if case.flag("expectErr") => any_error(),
        "TestNewColumnPrinterFromSpec" | "TestNewColumnPrinterFromTemplate" => {
            let pair = |column: &Value| {
                object([("header", column.get("Header").clone()), ("path", column.get("FieldSpec").clone())])
            };
            case.get("expectedColumns").as_list().iter().map(pair).collect::<Vec<_>>().into()
        }
        "TestSortingPrinter" => match case.text("expectedErr") {
            "" => case.get("sort").get("items").clone(),
            error => api::conform::error(error),
        },
        "TestRuntimeSortLess" => case.get("expectResult").clone(),
        // An expression for texts with any number of spaces.
        "TestHumanReadablePrinterSupportsExpectedOptions" => {
            one_space(&case.text("expectedOutput").replace("\\ +", " ")).into()
        }
        _ => case.get("expectedOutput").clone(),
    }
}

/// With one space wherever there are some.
fn one_space(text: &str) -> String {
    text.lines().map(|line| line.split_whitespace().collect::<Vec<_>>().join(" ") + "\n").collect()
}

/// The objects of a list, or the one object.
fn items(object: &Value) -> &[Value] {
    match object.get("items") {
        Value::List(items) => items,
        _ => std::slice::from_ref(object),
    }
}

fn pairs(columns: &CustomColumns) -> Value {
    let pairs = columns.columns().iter().map(|column| {
        object([("header", column.header.to_string().into()), ("path", column.field_spec.to_string().into())])
    });
    pairs.collect::<Vec<_>>().into()
}
