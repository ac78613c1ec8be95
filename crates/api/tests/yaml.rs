//! YAML in and out: recorded outputs come back byte for byte, and what is wrong is refused in kubectl's words.

mod reference;

use api::conform::reference_text;
use api::text::{json, yaml};
use api::{Map, Value};
use reference::Score;

/// Every YAML document that kubectl printed in the recordings, read and printed again.
#[test]
fn recorded_outputs_come_back() {
    let mut score = Score::new("recorded YAML");
    for part in ["1-statefulset-basics", "2-wordpress-mysql", "3-cassandra", "4-zookeeper", "errors"] {
        let Some(text) = reference_text(&format!("transcripts/{part}.jsonl")) else { return };
        for (number, line) in text.lines().enumerate() {
            let record = json::read(line).expect("a recording is JSON");
            let output = record.get("stdout").text();
            let label = format!("{part} line {} {}", number + 1, record.get("cmd").text());
            if output.starts_with("apiVersion: ") && record.get("rc").as_int() == Some(0) {
                let (documents, error) = yaml::documents(output);
                assert_eq!(error, None, "{label}");
                let printed: Vec<String> = documents.iter().map(|document| yaml::write(&document.value)).collect();
                score.add(printed.join("---\n") == output, || label);
            } else if output.starts_with("{\n    \"apiVersion\"") {
                let value = json::read(output).expect("kubectl prints JSON");
                score.add(json::write_indented(&value) == output, || label);
            }
        }
    }
    assert!(score.total() > 20, "the recordings hold more than twenty outputs");
    score.at_least(100);
}

/// Text is quoted only where YAML needs it, and folded after column 80.
#[test]
fn text_is_quoted_where_it_must_be() {
    let long = "0/4 nodes are available: 2 node(s) didn't match pod anti-affinity rules, 2 node(s) were unschedulable.";
    for (text, printed) in [
        ("plain", "plain"),
        ("", "\"\""),
        ("true", "\"true\""),
        ("yes", "\"yes\""),
        ("y", "\"y\""),
        ("null", "\"null\""),
        ("123", "\"123\""),
        ("1e3", "\"1e3\""),
        ("0x1f", "\"0x1f\""),
        ("1:30", "\"1:30\""),
        ("2026-01-01T00:00:00Z", "\"2026-01-01T00:00:00Z\""),
        ("2026-01-01", "\"2026-01-01\""),
        ("1Gi", "1Gi"),
        ("10.0.0.1", "10.0.0.1"),
        ("a: b", "'a: b'"),
        ("a:b", "a:b"),
        ("a:", "'a:'"),
        ("a #b", "'a #b'"),
        ("a#b", "a#b"),
        ("*", "'*'"),
        ("-", "'-'"),
        ("-a", "-a"),
        ("{a}", "'{a}'"),
        ("it's", "it's"),
        ("'it'", "'''it'''"),
        ("@home", "'@home'"),
        (" edge", "' edge'"),
        ("edge ", "'edge '"),
        ("tab\there", "\"tab\\there\""),
        ("a\nb", "|-\n  a\n  b"),
        ("a\nb\n", "|\n  a\n  b"),
        ("a\n\n", "|+\n  a\n"),
        (" a\nb\n", "|2\n   a\n  b"),
        ("a \nb", "\"a \\nb\""),
        ("snow ☃", "snow ☃"),
        ("\u{1f600}", "\"\\U0001F600\""),
        ("=", "="),
        ("<<", "\"<<\""),
        ("---", "'---'"),
        (
            long,
            "'0/4 nodes are available: 2 node(s) didn''t match pod anti-affinity rules, 2\n  node(s) were unschedulable.'",
        ),
    ] {
        let object = Value::Map(Map::from([("key".into(), text.into())]));
        assert_eq!(yaml::write(&object), format!("key: {printed}\n"), "{text:?}");
        assert_eq!(yaml::read(&yaml::write(&object)), Ok(object), "{text:?} comes back");
    }
}

/// Collections: lists stand under their key, empty ones are written out, lists in lists share a line.
#[test]
fn collections_are_laid_out_as_kubectl_does() {
    for (compact, printed) in [
        ("{}", "{}\n"),
        ("[]", "[]\n"),
        ("null", "null\n"),
        (r#"{"a":{},"b":[],"c":null}"#, "a: {}\nb: []\nc: null\n"),
        (r#"{"a":[1,"b",{"c":1,"d":[2]}]}"#, "a:\n- 1\n- b\n- c: 1\n  d:\n  - 2\n"),
        (r#"[[1,2],[{"a":1,"b":2}]]"#, "- - 1\n  - 2\n- - a: 1\n    b: 2\n"),
        (r#"{"a":{"b":{"c":0.5}}}"#, "a:\n  b:\n    c: 0.5\n"),
        (r#"{"a10":1,"a2":2,"b":3,"B":4}"#, "B: 4\na2: 2\na10: 1\nb: 3\n"),
        (r#"{"1":true,"yes":1}"#, "\"1\": true\n\"yes\": 1\n"),
        (r#"[{"a":"x\ny\n"}]"#, "- a: |\n    x\n    y\n"),
        (r#"["x\ny"]"#, "- |-\n  x\n  y\n"),
    ] {
        let value = json::read(compact).expect("the case is JSON");
        assert_eq!(yaml::write(&value), printed, "{compact}");
        assert_eq!(yaml::read(printed).map(|value| json::write_compact(&value)), Ok(json::write_compact(&value)));
    }
}

#[track_caller]
fn check_read(text: &str, compact: &str) {
    assert_eq!(yaml::read(text).map(|value| json::write_compact(&value)), Ok(compact.to_string()), "{text}");
}

#[test]
fn documents_are_read_as_yaml_1_1() {
    check_read(
        "a: yes\nb: 0755\nc: 0o755\nd: ~\ne:\nf: 1.0\ng: 'yes'\n",
        r#"{"a":true,"b":493,"c":493,"d":null,"e":null,"f":1,"g":"yes"}"#,
    );
    check_read("yes: 1\n2: b\nnull_: c\n", r#"{"2":"b","null_":"c","true":1}"#);
    check_read("a: 2026-01-01T00:00:00Z\n", r#"{"a":"2026-01-01T00:00:00Z"}"#);
    check_read("a: 1\na: 2\n", r#"{"a":2}"#);
    check_read("a: &x {b: 1, c: 2}\nd:\n  <<: *x\n  c: 3\n", r#"{"a":{"b":1,"c":2},"d":{"b":1,"c":3}}"#);
    check_read("d:\n  <<: [{a: 1}, {a: 2, b: 3}]\n", r#"{"d":{"a":1,"b":3}}"#);
    check_read("a: |\n  x\n  y\nb: >-\n  x\n  y\n", r#"{"a":"x\ny\n","b":"x y"}"#);
    check_read("a: \"x\\ty\\u263a\" # comment\n", "{\"a\":\"x\\ty\u{263a}\"}");
    check_read("a: !!str 1\nb: !!int \"2\"\nc: !!binary aGk=\nd: !mine 3\n", r#"{"a":"1","b":2,"c":"hi","d":"3"}"#);
    check_read("a:\tb\nc:\t\td\n", r#"{"a":"b","c":"d"}"#);
    check_read("a: 'x\ny'\nb: 1\n", r#"{"a":"x y","b":1}"#);
    check_read("{\"a\": [1, {\"b\": null}]}", r#"{"a":[1,{"b":null}]}"#);
    check_read("# nothing\n", "null");
    check_read("- a\n-\n- - b\n", r#"["a",null,["b"]]"#);
}

#[track_caller]
fn check_refused(text: &str, message: &str, line: usize) {
    let error = yaml::read(text).expect_err(text);
    assert_eq!((error.to_string().as_str(), error.line), (message, line), "{text}");
}

/// The texts of the recordings and of go-yaml, with its way of counting lines.
#[test]
fn what_is_wrong_is_named_as_go_yaml_names_it() {
    let head = "apiVersion: v1\nkind: Service\nmetadata:\n";
    let cannot_start = "found character that cannot start any token";
    check_refused(&format!("{head}\tname: x\n"), &format!("yaml: line 4: {cannot_start}"), 4);
    check_refused(&format!("{head}  name: x\n name: y\n"), "yaml: line 4: did not find expected key", 5);
    check_refused("a: @x\n", &format!("yaml: {cannot_start}"), 1);
    check_refused("x: y\na: `x`\n", &format!("yaml: line 2: {cannot_start}"), 2);
    check_refused("a: b: c\n", "yaml: mapping values are not allowed in this context", 1);
    check_refused("a: b\n  c: d\n", "yaml: line 2: mapping values are not allowed in this context", 2);
    check_refused("a: b\nfoo\nbar: c\n", "yaml: line 3: could not find expected ':'", 3);
    check_refused("a:\n- b\nc\n", "yaml: line 4: could not find expected ':'", 4);
    check_refused("a: [1, 2\nb: 3\n", "yaml: line 1: did not find expected ',' or ']'", 2);
    check_refused("x: 1\na: {b: c\nd: e\n", "yaml: line 2: did not find expected ',' or '}'", 3);
    check_refused("a: \"x\nb: 3\n", "yaml: line 3: found unexpected end of stream", 1);
    check_refused("a: \"x\nb: \"c\"\n", "yaml: line 1: did not find expected key", 2);
    check_refused("x: 1\na: \"\\q\"\n", "yaml: line 2: found unknown escape character", 2);
    check_refused("- a\nb: c\n", "yaml: line 1: did not find expected '-' indicator", 2);
    check_refused("a: b\n\tc: d\n", "yaml: line 2: found a tab character that violates indentation", 2);
    check_refused("a: *x\n", "yaml: unknown anchor 'x' referenced", 1);
    check_refused("x: &a [*a]\n", "yaml: anchor 'a' value contains itself", 1);
    check_refused("a: ]\n", "yaml: did not find expected node content", 1);
    check_refused("a: - b\n", "yaml: block sequence entries are not allowed in this context", 1);
    check_refused("<<: 1\n", "yaml: map merge requires map or sequence of maps as the value", 1);
    check_refused("a: !!int x\n", "yaml: cannot decode !!str `x` as a !!int", 1);
    let template = r#"yaml: invalid map key: map[interface {}]interface {}{".Values.x":interface {}(nil)}"#;
    check_refused("image: {{ .Values.x }}\n", template, 1);
}

/// A kilobyte that names a billion nodes, and brackets without end.
#[test]
fn small_texts_cannot_fill_the_memory() {
    let mut bomb = "a: &a [x, x, x, x, x, x, x, x, x, x]\n".to_string();
    for (from, to) in "abcdefghi".chars().zip("bcdefghij".chars()) {
        bomb.push_str(&format!("{to}: &{to} [{}]\n", vec![format!("*{from}"); 10].join(", ")));
    }
    let error = yaml::read(&bomb).expect_err("a bomb");
    assert_eq!(error.message, "document contains excessive aliasing");
    assert!(yaml::read(&"[".repeat(100_000)).is_err());
    assert!(yaml::read(&"- ".repeat(100_000)).is_err());
    assert!(yaml::read(&"{a: ".repeat(100_000)).is_err());
    assert!(json::read(&"[".repeat(100_000)).is_err());
    assert!(yaml::read(&"a".repeat(5 << 20)).is_err());
}

#[track_caller]
fn check_documents(text: &str, expected: &[(&str, usize)], error: Option<(&str, usize)>) {
    let (documents, problem) = yaml::documents(text);
    let found: Vec<_> = documents.iter().map(|d| (json::write_compact(&d.value), d.line)).collect();
    let found: Vec<_> = found.iter().map(|(value, line)| (value.as_str(), *line)).collect();
    assert_eq!(found, expected, "{text}");
    assert_eq!(problem.as_ref().map(|problem| (problem.message.as_str(), problem.line)), error, "{text}");
}

#[test]
fn files_hold_several_documents() {
    check_documents("a: 1\n---\nb: 2\n", &[(r#"{"a":1}"#, 1), (r#"{"b":2}"#, 3)], None);
    check_documents("---\na: 1\n--- # next\n\n---\n# none\n", &[(r#"{"a":1}"#, 1)], None);
    check_documents("{\"a\":1}\n{\"b\":2}", &[(r#"{"a":1}"#, 1), (r#"{"b":2}"#, 2)], None);
    check_documents("{\"a\":1}\n---\nb: 2\n", &[(r#"{"a":1}"#, 1), (r#"{"b":2}"#, 3)], None);
    check_documents("", &[], None);
    let tab = "error converting YAML to JSON: yaml: line 2: found character that cannot start any token";
    check_documents("a: 1\n---\nb:\n\tc: 2\n", &[(r#"{"a":1}"#, 1)], Some((tab, 4)));
    check_documents("a: 1\n---b\n", &[], Some(("invalid Yaml document separator: b", 2)));
    check_documents("{\"a\": 1,}", &[(r#"{"a":1}"#, 1)], None);
    let offset = "json: offset 9: invalid character '}' looking for beginning of object key string";
    check_documents("{\"a\": 1,}}", &[], Some((offset, 1)));
}
