//! Label and field selectors against upstream's own tables.

mod common;

use api::field_selector::FieldSelector;
use api::meta::LabelSelector;
use api::selector::{Operator, Requirement, Selector};
use api::{StringMap, Value};
use common::{Score, cases, reference_json};

fn labels(value: &Value) -> StringMap {
    value.as_map().into_iter().flatten().map(|(key, value)| (key.clone(), value.text())).collect()
}

fn operator(text: &str) -> Option<Operator> {
    Some(match text {
        "in" => Operator::In,
        "notin" => Operator::NotIn,
        "=" => Operator::Equals,
        "==" => Operator::DoubleEquals,
        "!=" => Operator::NotEquals,
        "exists" => Operator::Exists,
        "!" => Operator::DoesNotExist,
        "gt" => Operator::GreaterThan,
        "lt" => Operator::LessThan,
        _ => return None,
    })
}

/// Requirements as the tables list them; `None` where one of them has no operator that exists.
fn requirements(value: &Value) -> Option<Selector> {
    let requirement = |value: &Value| {
        let values = value.get("strValues").as_list().iter().map(|value| value.text().into()).collect();
        Some(Requirement {
            key: value.get("key").text().into(),
            operator: operator(value.get("operator").text())?,
            values,
        })
    };
    value.as_list().iter().map(requirement).collect::<Option<Vec<_>>>().map(|requirements| Selector { requirements })
}

#[test]
fn selectors_are_read_as_upstream_does() {
    let Some(file) = reference_json("cases/labels.json") else { return };
    let mut score = Score::new("label selectors read");
    for case in cases(&file, "TestSetSelectorParser", "setSelectorParserTests") {
        let input = case.get("In").text();
        let ours = Selector::parse(input).ok();
        let is_valid = case.get("Valid").as_bool() == Some(true);
        // Match false: the table expects another order, or another text, than the parser's.
        if case.get("Match").as_bool() == Some(true) {
            score.case(input, ours, if is_valid { requirements(case.get("Out")) } else { None });
        } else {
            score.case(input, ours.is_some(), is_valid);
        }
    }
    for case in cases(&file, "TestSelectorParse", "testGoodStrings") {
        let ours = Selector::parse(case.text()).map(|selector| selector.to_string());
        score.case(case.text(), ours, Ok(case.text().replace(' ', "")));
    }
    for case in cases(&file, "TestSelectorParse", "testBadStrings") {
        score.case(case.text(), Selector::parse(case.text()).is_err(), true);
    }
    for case in cases(&file, "TestParseOperator", "testcases") {
        let token = case.get("token").text();
        let text = if token == "in" || token == "notin" { format!("x {token} (1)") } else { format!("x {token} 1") };
        let expected = match case.get("expectedError").get("$error").text() {
            "" => Ok(()),
            error => Err(format!("unable to parse requirement: {error}")),
        };
        score.case(token, Selector::parse(&text).map(|_| ()), expected);
    }
    score.finish(&[]);
}

#[test]
fn requirements_are_checked_printed_and_matched_as_upstream_does() {
    let Some(file) = reference_json("cases/labels.json") else { return };
    let mut score = Score::new("label requirements");
    for case in cases(&file, "TestRequirementConstructor", "requirementConstructorTests") {
        let Some(operator) = operator(case.get("Op").text()) else { continue };
        let values: Vec<&str> = case.get("Vals").as_map().into_iter().flatten().map(|(key, _)| key.as_str()).collect();
        let ours = Requirement::new(case.get("Key").text(), operator, &values);
        let ours: Vec<String> = ours.err().into_iter().flatten().map(|error| error.field.to_string()).collect();
        let expected = case.get("WantErr").as_list().iter().map(|error| error.get("Field").text().to_string());
        score.case(case.get("Key").text(), ours, expected.collect());
    }
    for case in cases(&file, "TestToString", "toStringTests") {
        let Some(selector) = requirements(case.get("In")) else { continue };
        score.case(case.get("Out").text(), selector.to_string(), case.get("Out").text().to_string());
    }
    for case in cases(&file, "TestRequirementSelectorMatching", "labelSelectorMatchingTests") {
        let Some(selector) = requirements(case.get("Sel")) else { continue };
        score.case(&selector, Some(selector.matches(&labels(case.get("Set")))), case.get("Match").as_bool());
    }
    for case in cases(&file, "TestRequiresExactMatch", "testCases") {
        let selector = requirements(case.get("sel")).expect("the operators exist");
        let expected =
            case.get("expectedFound").as_bool().filter(|found| *found).map(|_| case.get("expectedValue").text());
        score.case(&selector, selector.exact_match(case.get("label").text()), expected);
    }
    for case in cases(&file, "TestSetSelectorString", "cases") {
        let ours = Selector::from_labels(&labels(case.get("set"))).to_string();
        score.case(case.get("out").text(), ours, case.get("out").text().to_string());
    }
    score.finish(&[]);
}

#[test]
fn wrong_selectors_are_refused_in_upstreams_words() {
    let name = "must consist of alphanumeric characters, '-', '_' or '.', and must start and end with an alphanumeric \
                character (e.g. 'MyName',  or 'my.name',  or '123-abc', regex used for validation is \
                '([A-Za-z0-9][-A-Za-z0-9_.]*)?[A-Za-z0-9]')";
    for (text, message) in [
        ("app in", "unable to parse requirement: found '' expected: '('".to_string()),
        ("a b", "unable to parse requirement: found 'b', expected: in, notin, =, ==, !=, gt, lt".to_string()),
        ("=", "found '=', expected: !, identifier, or 'end of string'".to_string()),
        ("a,", "found '', expected: identifier after ','".to_string()),
        ("!x=a", "found '=', expected: ',' or 'end of string'".to_string()),
        ("a in (b", "unable to parse requirement: found '', expected: ',' or ')'".to_string()),
        ("a$=b", format!("unable to parse requirement: <nil>: Invalid value: \"a$\": name part {name}")),
    ] {
        assert_eq!(Selector::parse(text), Err(message), "{text}");
    }
}

#[test]
fn selector_fields_and_selector_texts_mean_the_same() {
    let field = LabelSelector { match_labels: [("app", "web")].into(), ..LabelSelector::default() };
    let selector = Selector::from_label_selector(&field).expect("it is valid");
    assert_eq!(selector.to_string(), "app=web");
    assert!(selector.matches(&[("app", "web"), ("tier", "a")].into()));
    assert!(!selector.matches(&[("tier", "a")].into()));
}

#[test]
fn field_selectors_are_read_as_upstream_does() {
    let Some(file) = reference_json("cases/field_selectors.json") else { return };
    let mut score = Score::new("field selectors");
    for case in cases(&file, "TestSelectorParse", "testGoodStrings") {
        let ours = FieldSelector::parse(case.text()).map(|selector| selector.to_string());
        score.case(case.text(), ours, Ok(case.text().to_string()));
    }
    for case in cases(&file, "TestSelectorParse", "testBadStrings") {
        score.case(case.text(), FieldSelector::parse(case.text()).is_err(), true);
    }
    for case in cases(&file, "TestSplitTerm", "testcases") {
        // Only whole selectors can be read here, so a term must be one.
        if case.get("name").text().is_empty() {
            continue;
        }
        let ours = FieldSelector::parse(case.get("name").text());
        let has_bad_escape = case.get("rhs").text().contains(r"\a");
        let expected =
            if case.get("ok").as_bool() == Some(true) && !has_bad_escape { Some(case.get("lhs").text()) } else { None };
        let field = ours.ok().and_then(|selector| selector.requirements.first().map(|found| found.field.to_string()));
        score.case(case.get("name").text(), field.as_deref(), expected);
    }
    for case in cases(&file, "TestEscapeValue", "testcases") {
        let text = format!("k={}", case.text());
        score.case(&text, FieldSelector::parse(&text).map(|selector| selector.to_string()), Ok(text.clone()));
    }
    for case in cases(&file, "TestEscapeValue", "invalidTestcases") {
        score.case(case.text(), FieldSelector::parse(&format!("k={}", case.text())).is_err(), true);
    }
    score.finish(&[]);
}

#[test]
fn fields_are_compared() {
    let field = |name: &str| if name == "metadata.name" { "web-0" } else { "" };
    for (text, is) in
        [("", true), ("metadata.name=web-0", true), ("metadata.name!=web-0", false), ("status.phase=", true)]
    {
        assert_eq!(FieldSelector::parse(text).map(|selector| selector.matches_by(field)), Ok(is), "{text}");
    }
    let unknown = "invalid selector: 'a=b,x'; can't understand 'x'";
    assert_eq!(FieldSelector::parse("a=b,x").map(|_| ()), Err(unknown.to_string()));
}
