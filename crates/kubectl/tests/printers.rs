//! Tables in watches, tables as recorded, and paths as learners write them. Upstream's tables are suites of `kubectl::conform`.

use api::Value;
use api::conform::reference_text;
use api::table::{Column, Row, Table};
use kubectl::printers::jsonpath::{MissingKeys, Template};
use kubectl::printers::table::{TableOptions, TablePrinter};

#[test]
fn a_watch_widens_its_columns_and_prints_one_header() {
    let column = |name: &str| Column { name: name.into(), kind: "string".into(), ..Column::default() };
    let table = |name: &str, status: &str| Table {
        columns: vec![column("Name"), column("Status"), column("Age")],
        rows: vec![Row { cells: vec![name.into(), status.into(), "1s".into()], ..Row::default() }],
    };
    let mut printer = TablePrinter::new(TableOptions::default());
    assert_eq!(printer.print(&table("web-0", "Pending")), "NAME    STATUS    AGE\nweb-0   Pending   1s\n");
    assert_eq!(printer.print(&table("web-0", "ContainerCreating")), "web-0   ContainerCreating   1s\n");
    assert_eq!(printer.print(&table("web-0", "Running")), "web-0   Running             1s\n");
    assert_eq!(printer.print(&Table::default()), "");
}

/// Every table of the recorded server, laid out as `kubectl get` printed the lists beside them.
#[test]
fn recorded_tables_have_as_many_columns_as_their_headers() {
    let Some(text) = reference_text("transcripts/1-statefulset-basics.jsonl") else { return };
    let mut seen = 0;
    for line in text.lines() {
        let record = api::text::json::read(line).expect("a recording is JSON");
        let output = record.get("stdout").text();
        if record.get("cmd").text() != "kubectl get pods -l app=nginx" || output.is_empty() {
            continue;
        }
        let mut lines = output.lines().map(|line| line.split("   ").map(str::trim).filter(|cell| !cell.is_empty()));
        let header: Vec<&str> = lines.next().into_iter().flatten().collect();
        let column = |name: &&str| Column { name: (*name).into(), kind: "string".into(), ..Column::default() };
        let row = |cells: Vec<&str>| Row { cells: cells.into_iter().map(Value::from).collect(), ..Row::default() };
        let rows: Vec<Row> = lines.map(|cells| row(cells.collect())).collect();
        let table = Table { columns: header.iter().map(column).collect(), rows };
        assert_eq!(TablePrinter::new(TableOptions::default()).print(&table), output);
        seen += 1;
    }
    assert!(seen > 2, "the recording lists pods more than twice");
}

fn check_path(json: &str, template: &str, expect: Result<&str, &str>) {
    let value = api::text::json::read(json).expect("the case is JSON");
    let ours = Template::parse(template).and_then(|parsed| parsed.execute(&value, MissingKeys::Allowed));
    assert_eq!(ours.as_deref().map_err(String::as_str), expect, "{template}");
}

#[test]
fn paths_behave_as_learners_see_them() {
    let pods = r#"{"items":[{"metadata":{"name":"web-0"},"status":{"conditions":[{"type":"Ready","status":"True"},
        {"type":"PodScheduled","message":"ok"}],"n":1}},{"metadata":{"name":"web-1"},"status":{}}]}"#;
    check_path(pods, "{.items[*].metadata.name}", Ok("web-0 web-1"));
    check_path(pods, r#"{range .items[*]}{.metadata.name}{"\n"}{end}"#, Ok("web-0\nweb-1\n"));
    check_path(pods, r#"{.items[0].status.conditions[?(@.type=="PodScheduled")].message}"#, Ok("ok"));
    check_path(pods, r#"{.items[*].status.conditions[?(@.type=='Ready')].status}"#, Ok("True"));
    check_path(pods, ".metadata.name", Ok(".metadata.name"));
    check_path(pods, "{.items[1].status}", Ok("{}"));
    check_path(pods, "{.items[?(@.status.n>0)].metadata.name}", Ok("web-0"));
    check_path(pods, r#"{.items[?(@.status.n=="1")].metadata.name}"#, Err("incompatible types for comparison"));
    check_path(pods, "{.items[5].metadata.name}", Err("array index out of bounds: index 5, length 2"));
    check_path(pods, "{.items.name}", Ok(""));
    check_path(pods, "{.items[", Err("unterminated array"));
    check_path(pods, "{.kind[0]}", Ok(""));
    check_path(r#"{"a":"x"}"#, "{.a[0]}", Err("string is not array or slice"));
    check_path(r#"{"a":1.5,"b":true,"c":null}"#, "{.a} {.b} {.c}", Ok("1.5 true null"));
}

/// Ranges over ranges over everything cannot fill the memory.
#[test]
fn templates_that_multiply_are_stopped() {
    assert!(Template::parse(&"{[?(".repeat(1000)).is_err());
    let union = "{['a','b','a','b','a','b','a','b']}".replace('}', &format!("{}}}", "['a','b','a','b']".repeat(20)));
    let nested = api::text::json::read(&("{\"a\":".repeat(30) + "1" + &"}".repeat(30))).expect("the case is JSON");
    let error = Template::parse(&union).expect("it can be parsed").execute(&nested, MissingKeys::Allowed);
    assert!(error.is_err_and(|error| error.contains("results")));
}
