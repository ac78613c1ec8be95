//! Tables, custom columns, sorting and JSONPath against upstream's own tables and the recordings.

mod common;

use api::meta::ObjectMeta;
use api::table::{Column, Row, Table};
use api::{Str, StringMap, Value};
use common::{Score, cases, reference, reference_json};
use kubectl::printers::custom_columns::CustomColumns;
use kubectl::printers::jsonpath::{MissingKeys, Template, relaxed};
use kubectl::printers::sort_by::order_by;
use kubectl::printers::table::{TableOptions, TablePrinter, table_of_objects, table_of_status};
use ordered::Arrange;
use sim::Time;

fn is_true(value: &Value) -> bool {
    value.as_bool() == Some(true)
}

fn metadata(object: &Value) -> ObjectMeta {
    let metadata = object.get("metadata");
    let labels: StringMap =
        metadata.get("labels").as_map().into_iter().flatten().map(|(key, value)| (key.clone(), value.text())).collect();
    let creation_timestamp = Time::parse_rfc3339(metadata.get("creationTimestamp").text());
    let name = ObjectMeta::new(metadata.get("namespace").text(), metadata.get("name").text());
    ObjectMeta { labels, creation_timestamp, ..name }
}

fn table(case: &Value) -> Table {
    let column = |column: &Value| Column {
        name: column.get("name").text().into(),
        kind: column.get("type").text().into(),
        format: column.get("format").text().into(),
        priority: column.get("priority").as_int().unwrap_or(0) as i32,
    };
    let row = |row: &Value| Row { cells: row.get("cells").as_list().to_vec(), metadata: metadata(row.get("object")) };
    Table {
        columns: case.get("columns").as_list().iter().map(column).collect(),
        rows: case.get("rows").as_list().iter().map(row).collect(),
    }
}

fn options(value: &Value) -> TableOptions {
    let kind = value.get("Kind");
    let group = kind.get("Group").text();
    let prefix = kind.get("Kind").text().to_lowercase() + if group.is_empty() { "" } else { "." } + group;
    TableOptions {
        no_headers: is_true(value.get("NoHeaders")),
        wide: is_true(value.get("Wide")),
        with_namespace: is_true(value.get("WithNamespace")),
        kind_prefix: if is_true(value.get("WithKind")) { prefix.into() } else { Str::new() },
        show_labels: is_true(value.get("ShowLabels")),
        label_columns: value.get("ColumnLabels").as_list().iter().map(|label| label.text().into()).collect(),
    }
}

#[test]
fn tables_are_laid_out_as_upstream_does() {
    let Some(file) = reference_json("cases/table_printer.json") else { return };
    let mut score = Score::new("tables");
    let groups = file.get("groups").as_list().iter();
    for group in groups.filter(|group| group.get("test").text().starts_with("TestPrintTable_")) {
        let test = group.get("test").text();
        for (index, case) in group.get("cases").as_list().iter().enumerate() {
            let mut printer = TablePrinter::new(options(case.get("options")));
            let object = case.get("object");
            let ours = match (test, object.get("kind").text()) {
                ("TestPrintTable_NonTable", "Status") => {
                    let field = |name| object.get(name).text();
                    printer.print(&table_of_status(field("status"), field("reason"), field("message")))
                }
                ("TestPrintTable_NonTable", _) => {
                    printer.print(&table_of_objects([&metadata(object)], Time::HEADLESS_START))
                }
                ("TestPrintTable_WatchEvents", _) => printer.print_event("Added", &table(case)),
                _ => printer.print(&table(case)),
            };
            score.case(format!("{test} {index}"), ours, case.get("expected").text().to_string());
        }
    }
    for case in cases(&file, "TestStringPrinting", "tests") {
        let ours = TablePrinter::new(TableOptions::default()).print(&table(case));
        score.case(case.get("expected").text(), ours, case.get("expected").text().to_string());
    }
    assert!(score.total() > 25);
    score.finish(&[]);
}

#[test]
fn a_watch_widens_its_columns_and_prints_one_header() {
    let column = |name: &str| Column { name: name.into(), kind: "string".into(), ..Column::default() };
    let table = |name: &str, status: &str| Table {
        columns: vec![column("Name"), column("Status"), column("Age")],
        rows: vec![Row { cells: vec![name.into(), status.into(), "1s".into()], metadata: ObjectMeta::default() }],
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
    let Some(text) = reference("transcripts/1-statefulset-basics.jsonl") else { return };
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
        let row = |cells: Vec<&str>| Row {
            cells: cells.into_iter().map(Value::from).collect(),
            metadata: ObjectMeta::default(),
        };
        let rows: Vec<Row> = lines.map(|cells| row(cells.collect())).collect();
        let table = Table { columns: header.iter().map(column).collect(), rows };
        assert_eq!(TablePrinter::new(TableOptions::default()).print(&table), output);
        seen += 1;
    }
    assert!(seen > 2, "the recording lists pods more than twice");
}

fn letters(text: String) -> Vec<char> {
    let mut letters: Vec<char> = text.chars().collect();
    letters.arrange();
    letters
}

#[test]
fn paths_find_what_upstream_finds() {
    let Some(file) = reference_json("cases/jsonpath.json") else { return };
    let mut score = Score::new("jsonpath");
    for (test, table) in [("testJSONPath", "tests"), ("testJSONPathSortOutput", "tests")] {
        for (index, case) in cases(&file, test, table).iter().enumerate() {
            let missing =
                if is_true(case.get("allow_missing_keys")) { MissingKeys::Allowed } else { MissingKeys::Refused };
            let template = case.get("template").text();
            let ours = Template::parse(template).and_then(|parsed| parsed.execute(case.get("input"), missing));
            let label = format!("{index} {} {template}", case.get("name").text());
            let expected =
                if is_true(case.get("expectError")) { None } else { Some(case.get("expect").text().to_string()) };
            // Upstream's tables hold Go structs, whose fields have an order of their own; ours are sorted.
            if is_true(case.get("struct_input")) || case.get("name").text().starts_with("struct") {
                score.case(label, ours.ok().map(letters), expected.map(letters));
            } else {
                score.case(label, ours.ok(), expected);
            }
        }
    }
    for case in cases(&file, "testFailJSONPath", "tests") {
        let template = case.get("template").text();
        let ours = Template::parse(template).and_then(|parsed| parsed.execute(case.get("input"), MissingKeys::Refused));
        score.case(template, ours, Err(case.get("expect").text().to_string()));
    }
    for case in cases(&file, "TestFailParser", "failParserTests") {
        let ours = Template::parse(case.get("text").text()).map(|_| ());
        score.case(case.get("text").text(), ours, Err(case.get("err").text().to_string()));
    }
    for case in cases(&file, "TestParser", "parserTests") {
        let ours = Template::parse(case.get("text").text());
        score.case(case.get("text").text(), ours.is_err(), is_true(case.get("shouldError")));
    }
    score.finish(&[("{.Labels[0]}", "the table's labels are a Go map of numbers, which JSON does not tell")]);
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

#[test]
fn custom_columns_follow_upstreams_tables() {
    let Some(file) = reference_json("cases/kubectl_get.json") else { return };
    let mut score = Score::new("custom columns");
    for case in cases(&file, "TestMassageJSONPath", "tests") {
        let expected =
            if is_true(case.get("expectErr")) { None } else { Some(case.get("expectedOutput").text().into()) };
        score.case(case.get("input").text(), relaxed(case.get("input").text()).ok(), expected);
    }
    type Read = fn(&str) -> Result<CustomColumns, String>;
    let readers: [(&str, Read); 2] = [
        ("TestNewColumnPrinterFromSpec", CustomColumns::from_spec),
        ("TestNewColumnPrinterFromTemplate", CustomColumns::from_template),
    ];
    for (test, read) in readers {
        for case in cases(&file, test, "tests") {
            let pairs = |columns: &CustomColumns| -> Vec<(String, String)> {
                columns.columns().iter().map(|c| (c.header.to_string(), c.field_spec.to_string())).collect()
            };
            let expected = case.get("expectedColumns").as_list().iter();
            let expected =
                expected.map(|c| (c.get("Header").text().into(), c.get("FieldSpec").text().into())).collect();
            let expected = if is_true(case.get("expectErr")) { None } else { Some(expected) };
            let ours = read(case.get("spec").text()).ok();
            score.case(format!("{test} {}", case.get("name").text()), ours.as_ref().map(pairs), expected);
        }
    }
    for case in cases(&file, "TestColumnPrint", "tests") {
        let columns = case.get("columns").as_list().iter();
        let spec: Vec<String> =
            columns.map(|c| format!("{}:{}", c.get("Header").text(), c.get("FieldSpec").text())).collect();
        let object = case.get("obj");
        let items = object.get("items").as_list();
        let objects = if object.as_map().is_some_and(|map| map.contains_key("items")) {
            items
        } else {
            std::slice::from_ref(object)
        };
        let ours = CustomColumns::from_spec(&spec.join(",")).and_then(|mut columns| columns.print(objects));
        score.case(spec.join(","), ours, Ok(case.get("expectedOutput").text().to_string()));
    }
    let containers: Vec<String> = (0..4).map(|n| format!(r#"{{"name":"fake{n}"}}"#)).collect();
    let pod = format!(r#"{{"spec":{{"containers":[{}]}}}}"#, containers.join(","));
    let pod = api::text::json::read(&pod).expect("the pod is JSON");
    for case in cases(&file, "TestSliceColumnPrint", "tests") {
        let ours = CustomColumns::from_spec(case.get("spec").text()).and_then(|mut columns| columns.print([&pod]));
        let expected =
            if is_true(case.get("expectErr")) { None } else { Some(case.get("expectedOutput").text().into()) };
        score.case(case.get("spec").text(), ours.ok(), expected);
    }
    let reason = "the table lists no columns and looks at the printed text alone";
    score.finish(&[("TestNewColumnPrinterFromSpec no-headers", reason)]);
}

#[test]
fn objects_are_sorted_as_upstream_does() {
    let Some(file) = reference_json("cases/kubectl_get.json") else { return };
    let mut score = Score::new("sorting");
    for case in cases(&file, "TestSortingPrinter", "tests") {
        let objects: Vec<&Value> = case.get("obj").get("items").as_list().iter().collect();
        let ours = order_by(case.get("field").text(), &objects);
        let ours = ours.map(|order| order.into_iter().map(|at| objects[at].clone()).collect::<Vec<_>>());
        let expected = match case.get("expectedErr").text() {
            "" => Ok(case.get("sort").get("items").as_list().to_vec()),
            error => Err(error.to_string()),
        };
        score.case(case.get("name").text(), ours, expected);
    }
    score.finish(&[]);
}
