//! `field_selectors`: split, read, escaped, matched.

use super::{Case, Suite, any_error, object};
use crate::Value;
use crate::field_selector::{Comparison, FieldSelector, escape, split_term, split_terms, unescape};

pub(super) const SUITE: Suite = Suite {
    name: "field_selectors",
    run,
    expect,
    functions: &[
        "api::field_selector::split_term",
        "api::field_selector::split_terms",
        "api::field_selector::unescape",
        "api::field_selector::FieldSelector::parse",
    ],
};

fn run(case: &Case<'_>) -> Result<Value, String> {
    Ok(match case.test {
        "TestFieldHas" => case.get("Ls").as_map().is_some_and(|fields| fields.contains_key(case.text("Key"))).into(),
        "TestSplitTerms" => {
            let terms: Vec<&str> = case.case.as_list().iter().map(Value::text).collect();
            split_terms(&terms.join(",")).into_iter().map(Value::from).collect::<Vec<_>>().into()
        }
        "TestSplitTerm" => match split_term(case.text("name")) {
            None => term("", "", ""),
            Some((field, comparison, value)) => {
                // The selector does not keep which of the two signs of equality stood there.
                let rest = &case.text("name")[field.len()..];
                let sign = match comparison {
                    Comparison::NotEquals => "!=",
                    Comparison::Equals if rest.starts_with("==") => "==",
                    Comparison::Equals => "=",
                };
                term(field, sign, value)
            }
        },
        "TestEscapeValue" => super::result(unescape(case.case.text()).map(|value| escape(&value))),
        "TestSelectorParse" => super::result(FieldSelector::parse(case.case.text()).map(|found| found.to_string())),
        "TestRequiresExactMatch" => return Err("no index looks up fields".into()),
        _ => return case.unknown(),
    })
}

fn expect(case: &Case<'_>) -> Value {
    match case.test {
        "TestFieldHas" => case.get("Has").clone(),
        "TestSplitTerm" => term(case.text("lhs"), case.text("op"), case.text("rhs")),
        _ if matches!(case.table, "testBadStrings" | "invalidTestcases") => any_error(),
        _ => case.case.clone(),
    }
}

fn term(field: &str, sign: &str, value: &str) -> Value {
    object([("field", field.into()), ("sign", sign.into()), ("value", value.into())])
}
