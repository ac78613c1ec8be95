//! What no table of selectors holds. The tables are the suites `labels` and `field_selectors`.

use api::field_selector::FieldSelector;
use api::meta::LabelSelector;
use api::selector::Selector;

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
