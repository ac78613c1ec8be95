//! Go templates as users of kubectl write them, and the words in which wrong ones are refused.

use api::Value;
use api::conform::reference_text;
use api::text::json;
use kubectl::printers::gotemplate::Template;

const PODS: &str = r#"{"kind":"List","n":3,"f":1.5,"yes":true,"none":null,"text":"a<b>","items":[
    {"metadata":{"name":"web-0","labels":{"app":"nginx","tier":"a"}},"status":{"phase":"Running"}},
    {"metadata":{"name":"web-1"},"status":{"phase":"Pending"}}]}"#;

fn run(template: &str) -> Result<String, String> {
    let value = json::read(PODS).expect("the case is JSON");
    Template::parse(template)?.execute(&value)
}

#[track_caller]
fn check(template: &str, expect: &str) {
    assert_eq!(run(template).as_deref(), Ok(expect), "{template}");
}

#[track_caller]
fn refused(template: &str, message: &str) {
    assert_eq!(run(template), Err(format!("template: output:{message}")), "{template}");
}

#[test]
fn actions_print_values() {
    check("plain", "plain");
    check("{{.kind}}", "List");
    check("{{.n}} {{.f}} {{.yes}} {{.none}} {{.nope}} {{.nope.more}}", "3 1.5 true <no value> <no value> <no value>");
    check("{{(index .items 0).metadata.labels}}", "map[app:nginx tier:a]");
    check("{{/* nothing */}}a {{- /* b */ -}} c", "ac");
    check("a  {{- .n -}}  b", "a3b");
    check("{{\"\\u263a\\n\"}}{{`raw\\n`}}{{'a'}}", "\u{263a}\nraw\\n97");
    check("{{1}} {{0x10}} {{010}} {{1e3}} {{-1.5}} {{true}}", "1 16 8 1000 -1.5 true");
}

#[test]
fn blocks_follow_truth() {
    check("{{range .items}}{{.metadata.name}}{{\"\\n\"}}{{end}}", "web-0\nweb-1\n");
    check("{{range $i, $p := .items}}{{$i}}={{$p.metadata.name}} {{end}}", "0=web-0 1=web-1 ");
    check("{{range $k, $v := (index .items 0).metadata.labels}}{{$k}}={{$v}};{{end}}", "app=nginx;tier=a;");
    check("{{range .nope}}x{{else}}none{{end}}", "none");
    check("{{range 3}}{{.}}{{end}}", "012");
    check("{{range .items}}{{if eq .status.phase \"Pending\"}}{{break}}{{end}}{{.metadata.name}}{{end}}", "web-0");
    check("{{range .items}}{{if eq .status.phase \"Running\"}}{{continue}}{{end}}{{.metadata.name}}{{end}}", "web-1");
    check("{{if .nope}}a{{else if .yes}}b{{else}}c{{end}}", "b");
    check("{{if and .yes (not .nope)}}a{{end}}{{if or .nope .none}}b{{end}}", "a");
    check("{{with .kind}}{{.}}{{else}}no{{end}}", "List");
    check("{{with .nope}}{{.}}{{else with .n}}{{.}}{{end}}", "3");
    check("{{$x := 1}}{{if .yes}}{{$x = 2}}{{end}}{{$x}}", "2");
    check("{{range .items}}{{$.kind}}{{end}}", "ListList");
    check(
        "{{define \"row\"}}<{{.metadata.name}}>{{end}}{{range .items}}{{template \"row\" .}}{{end}}",
        "<web-0><web-1>",
    );
    check("{{block \"b\" .n}}[{{.}}]{{end}}", "[3]");
}

#[test]
fn functions_are_gos() {
    check("{{len .items}} {{len .kind}} {{.kind | len}}", "2 4 4");
    check("{{index .items 1 \"metadata\" \"name\"}}", "web-1");
    check("{{slice .kind 1 3}} {{slice .kind 2}}", "is st");
    check("{{print 1 2 \"a\" \"b\" 3}}", "1 2ab3");
    check("{{println 1 \"a\"}}", "1 a\n");
    check(
        "{{printf \"%s has %d of %5.2f%% %v %q|%-5s|%05d|%x\" .kind .n .f .yes .kind \"ab\" 42 255}}",
        "List has 3 of  1.50% true \"List\"|ab   |00042|ff",
    );
    check("{{printf \"%d %s\" .kind}}", "%!d(string=List) %!s(MISSING)");
    check("{{printf \"%s\" .nope}} {{printf \"a\" 1}}", "%!s(<nil>) a%!(EXTRA int64=1)");
    check(
        "{{printf \"%v %T\" .items .n}}",
        "[map[metadata:map[labels:map[app:nginx tier:a] name:web-0] status:map[phase:Running]] map[metadata:map[name:web-1] status:map[phase:Pending]]] int64",
    );
    check("{{html .text}} {{urlquery \"a b&c\"}} {{js \"it's\"}}", "a&lt;b&gt; a+b%26c it\\'s");
    check(
        "{{eq .n 3}} {{ne .kind \"x\"}} {{lt 1 2}} {{le 2 2}} {{gt 1 2}} {{ge \"b\" \"a\"}} {{eq .n 1 2 3}}",
        "true true true true false true true",
    );
    check("{{eq .nope \"x\"}} {{not .nope}}", "false true");
    check("{{exists .items 0 \"metadata\"}} {{exists .items 5}}", "true false");
    check("{{\"aHVudGVy\" | base64decode}}", "hunter");
    check("{{and 1 0 2}} {{or 0 \"x\"}}", "0 x");
}

#[test]
fn what_cannot_be_parsed_is_refused_in_gos_words() {
    refused("{{.nope", "1: unclosed action");
    refused("{{if .a}}", "1: unexpected EOF");
    refused("\n{{end}}", "2: unexpected {{end}}");
    refused("{{else}}", "1: unexpected {{else}}");
    refused("{{foo}}", "1: function \"foo\" not defined");
    refused("{{$x}}", "1: undefined variable \"$x\"");
    refused("{{}}", "1: missing value for command");
    refused("{{range}}{{end}}", "1: missing value for range");
    refused("{{\"abc}}", "1: unterminated quoted string");
    refused("{{.a@b}}", "1: bad character U+0040 '@'");
    refused("{{.a}", "1: bad character U+007D '}'");
    refused("{{(.a}}", "1: unclosed left paren");
    refused("{{.a)}}", "1: unexpected right paren");
    refused("{{/* x}}", "1: unclosed comment");
    refused("{{1 | 2}}", "1: non executable command in pipeline stage 2");
    refused("{{break}}", "1: {{break}} outside {{range}}");
    refused("{{1x}}", "1: bad number syntax: \"1x\"");
    refused("{{\n.a", "2: unclosed action started at output:1");
    refused("{{template x}}", "1: unexpected \"x\" in template clause");
    refused("{{nil.a}}", "1: unexpected . after term \"nil\"");
    refused("{{if .a}}{{else}}{{else}}{{end}}", "1: expected end; found {{else}}");
}

#[test]
fn what_fails_on_an_object_is_refused_in_gos_words() {
    refused(
        "{{.kind.more}}",
        "1:7: executing \"output\" at <.kind.more>: can't evaluate field more in type interface {}",
    );
    refused("{{.none.more}}", "1:7: executing \"output\" at <.none.more>: nil pointer evaluating interface {}.more");
    refused("{{len .n}}", "1:2: executing \"output\" at <len .n>: error calling len: len of type int64");
    refused(
        "{{index .items 5}}",
        "1:2: executing \"output\" at <index .items 5>: error calling index: index out of range: 5",
    );
    refused(
        "{{index .nope 5}}",
        "1:2: executing \"output\" at <index .nope 5>: error calling index: index of untyped nil",
    );
    refused(
        "{{eq .kind 1}}",
        "1:2: executing \"output\" at <eq .kind 1>: error calling eq: incompatible types for comparison",
    );
    refused(
        "{{lt .nope 1}}",
        "1:2: executing \"output\" at <lt .nope 1>: error calling lt: invalid type for comparison",
    );
    refused("a\n{{range .kind}}{{end}}", "2:8: executing \"output\" at <.kind>: range can't iterate over List");
    refused("{{template \"x\"}}", "1:11: executing \"output\" at <{{template \"x\"}}>: template \"x\" not defined");
    refused("{{len}}", "1:2: executing \"output\" at <len>: wrong number of args for len: want 1 got 0");
    refused(
        "{{\"?\" | base64decode}}",
        "1:8: executing \"output\" at <base64decode>: error calling base64decode: base64 decode failed: illegal base64 data at input byte 0",
    );
    refused("{{.kind 1}}", "1:2: executing \"output\" at <.kind>: kind is not a method but has arguments");
    refused("{{nil}}", "1:2: executing \"output\" at <nil>: nil is not a command");
}

#[test]
fn templates_cannot_run_away() {
    let turns = "{{range 1000}}".repeat(4) + "x" + &"{{end}}".repeat(4);
    assert!(run(&turns).is_err_and(|error| error.contains("stopped after")));
    let calls = "{{define \"a\"}}{{template \"a\"}}{{end}}{{template \"a\"}}";
    assert!(run(calls).is_err_and(|error| error.contains("maximum template depth")));
    assert!(run(&"{{if 1}}".repeat(5000)).is_err());
    assert!(run(&format!("{{{{{}", "(".repeat(5000))).is_err());
    assert!(run("{{printf \"%999999999d\" 1}}").is_ok_and(|text| text.len() <= 10_000));
}

/// The recorded commands with a template.
#[test]
fn the_recorded_template_prints_what_was_recorded() {
    let Some(text) = reference_text("transcripts/2-wordpress-mysql.jsonl") else { return };
    let records: Vec<Value> = text.lines().map(|line| json::read(line).expect("a recording is JSON")).collect();
    let with =
        |start: &str| records.iter().find(|record| record.get("cmd").text().starts_with(start)).expect("recorded");
    let secrets = api::text::yaml::read(with("kubectl get secret -o yaml").get("stdout").text()).expect("YAML");
    let template = r#"{{range .items}}{{.metadata.name}} {{len .data}}{{"\n"}}{{end}}"#;
    let ours = Template::parse(template).and_then(|parsed| parsed.execute(&secrets));
    // Between the two commands a second secret came.
    let recorded = with("kubectl get secret -o go-template").get("stdout").text();
    assert_eq!(ours.as_deref(), Ok(recorded.split_inclusive('\n').next().unwrap_or("")));
}
