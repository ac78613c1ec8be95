//! `labels`: selectors taken apart, read, checked, printed and matched.

use super::{Case, Suite, any_error, object, result};
use crate::meta::LabelSelector;
use crate::selector::lexer::{Token, words};
use crate::selector::{Operator, Requirement, Selector};
use crate::{FieldError, StringMap, Value};

pub(super) const SUITE: Suite = Suite {
    name: "labels",
    run,
    expect,
    functions: &[
        "api::selector::lexer::words",
        "api::selector::Requirement::new",
        "api::selector::Requirement::matches",
        "api::selector::Selector::parse",
        "api::selector::Selector::fmt",
        "api::selector::Selector::from_label_selector",
    ],
};

fn run(case: &Case<'_>) -> Result<Value, String> {
    Ok(match case.test {
        "TestLabelHas" => labels(case.get("Ls")).get(case.text("Key")).is_some().into(),
        "TestSelectorParse" => match Selector::parse(case.case.text()) {
            Ok(selector) => selector.to_string().into(),
            Err(message) => super::error(message),
        },
        "TestLexer" => words(case.text("s")).first().map_or(0, |(token, _)| number(*token)).into(),
        "TestLexerSequence" => {
            let mut numbers = numbers(case.text("s"));
            numbers.pop();
            numbers.into()
        }
        "TestParserLookahead" => numbers(case.text("s")).into(),
        "TestParseOperator" => {
            let token = case.text("token");
            let values = if matches!(token, "in" | "notin") { "(1)" } else { "1" };
            match Selector::parse(&format!("x {token} {values}")) {
                Ok(_) => Value::Null,
                Err(message) => super::error(message.replacen("unable to parse requirement: ", "", 1)),
            }
        }
        "TestRequirementConstructor" => {
            let values: Vec<&str> = case.get("Vals").as_map().into_iter().flatten().map(|(key, _)| &**key).collect();
            faults(&Requirement::new(case.text("Key"), operator(case.text("Op"))?, &values))
        }
        "TestValidatedSelectorFromSet" => {
            let labels = labels(case.get("input"));
            let each = labels.iter().map(|(key, value)| Requirement::new(key, Operator::Equals, &[value]));
            match each.collect::<Result<Vec<_>, _>>() {
                Ok(requirements) => listed(&Selector { requirements }),
                Err(errors) => faults(&Err(errors)),
            }
        }
        "TestToString" => selector(case.get("In"))?.to_string().into(),
        "TestRequirementSelectorMatching" => selector(case.get("Sel"))?.matches(&labels(case.get("Set"))).into(),
        "TestSetSelectorParser" => match Selector::parse(case.text("In")) {
            Ok(selector) => listed(&selector),
            Err(message) => super::error(message),
        },
        "TestSetSelectorString" => {
            let field = LabelSelector { match_labels: labels(case.get("set")), ..LabelSelector::default() };
            result(Selector::from_label_selector(&field).map(|selector| selector.to_string()))
        }
        "TestRequiresExactMatch" => return Err("no index looks up labels".into()),
        "TestRequirementEqual" => (requirement(case.get("x"))? == requirement(case.get("y"))?).into(),
        "TestLabelSelectorParse" => return Err("no component reads a selector as a map of labels".into()),
        "TestLabelConflict" | "TestLabelMerge" => return Err("no component merges two maps of labels".into()),
        "TestAdd" => return Err("selectors are not added to".into()),
        "TestSafeSort" => return Err("a sort of upstream's own without counterpart".into()),
        _ => return case.unknown(),
    })
}

fn expect(case: &Case<'_>) -> Value {
    match case.test {
        "TestLabelHas" => case.get("Has").clone(),
        "TestSelectorParse" if case.table == "testBadStrings" => any_error(),
        "TestSelectorParse" => case.case.text().replace(' ', "").into(),
        "TestLexer" | "TestLexerSequence" | "TestParserLookahead" => case.get("t").clone(),
        "TestParseOperator" => case.get("expectedError").clone(),
        "TestRequirementConstructor" => fields(case.get("WantErr")),
        "TestValidatedSelectorFromSet" if case.get("expectedError").is_null() => case.get("expectedSelector").clone(),
        "TestValidatedSelectorFromSet" => fields(case.get("expectedError")),
        "TestToString" => case.get("Out").clone(),
        "TestRequirementSelectorMatching" => case.get("Match").clone(),
        "TestSetSelectorParser" if !case.flag("Valid") => any_error(),
        "TestSetSelectorParser" => {
            let out = if case.get("Out").is_null() { Vec::new().into() } else { case.get("Out").clone() };
            if case.flag("Match") { out } else { object([("$not", out)]) }
        }
        "TestSetSelectorString" => case.get("out").clone(),
        "TestRequirementEqual" => case.get("want").clone(),
        _ => Value::Null,
    }
}

fn labels(value: &Value) -> StringMap {
    value.as_map().into_iter().flatten().map(|(key, value)| (key.clone(), value.text())).collect()
}

const OPERATORS: [(&str, Operator); 9] = [
    ("in", Operator::In),
    ("notin", Operator::NotIn),
    ("=", Operator::Equals),
    ("==", Operator::DoubleEquals),
    ("!=", Operator::NotEquals),
    ("exists", Operator::Exists),
    ("!", Operator::DoesNotExist),
    ("gt", Operator::GreaterThan),
    ("lt", Operator::LessThan),
];

fn operator(text: &str) -> Result<Operator, String> {
    let found = OPERATORS.iter().find(|(name, _)| *name == text).map(|(_, operator)| *operator);
    found.ok_or_else(|| "an operator that does not exist cannot be held".to_string())
}

fn requirement(value: &Value) -> Result<Requirement, String> {
    let operator = operator(value.get("operator").text())?;
    let values = value.get("strValues").as_list().iter().map(|value| value.text().into()).collect();
    Ok(Requirement { key: value.get("key").text().into(), operator, values })
}

/// Requirements as the tables list them.
fn selector(value: &Value) -> Result<Selector, String> {
    Ok(Selector { requirements: value.as_list().iter().map(requirement).collect::<Result<_, _>>()? })
}

fn listed(selector: &Selector) -> Value {
    let one = |requirement: &Requirement| {
        let name =
            OPERATORS.iter().find(|(_, operator)| *operator == requirement.operator).map_or("", |(name, _)| name);
        let values: Vec<Value> = requirement.values.iter().cloned().map(Value::from).collect();
        object([("key", requirement.key.clone().into()), ("operator", name.into()), ("strValues", values.into())])
    };
    selector.requirements.iter().map(one).collect::<Vec<_>>().into()
}

/// The fields that are complained about, or null; all that the table compares.
fn faults(answer: &Result<Requirement, Vec<FieldError>>) -> Value {
    match answer {
        Ok(_) => Value::Null,
        Err(errors) => errors.iter().map(|error| error.field.clone().into()).collect::<Vec<Value>>().into(),
    }
}

fn fields(errors: &Value) -> Value {
    match errors {
        Value::List(list) => list.iter().map(|error| error.get("Field").clone()).collect::<Vec<_>>().into(),
        _ => Value::Null,
    }
}

/// Upstream's numbers of tokens.
fn number(token: Token) -> i64 {
    match token {
        Token::End => 1,
        Token::Close => 2,
        Token::Comma => 3,
        Token::Not => 4,
        Token::DoubleEquals => 5,
        Token::Equals => 6,
        Token::Greater => 7,
        Token::Identifier => 8,
        Token::In => 9,
        Token::Less => 10,
        Token::NotEquals => 11,
        Token::NotIn => 12,
        Token::Open => 13,
    }
}

fn numbers(text: &str) -> Vec<Value> {
    words(text).into_iter().map(|(token, _)| number(token).into()).collect()
}
