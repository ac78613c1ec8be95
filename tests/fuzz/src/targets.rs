//! What is given bad input, and what must hold of every answer.

use api::field_selector::FieldSelector;
use api::int_or_string::{IntOrString, Rounding};
use api::patch::three_way::{self, Overwrite};
use api::patch::{diff, json, merge, strategic};
use api::quantity::Quantity;
use api::selector::Selector;
use api::text::{json as json_text, yaml};
use api::{StringMap, Value, duration, schema, strict};
use kubectl::printers::custom_columns::CustomColumns;
use kubectl::printers::gotemplate;
use kubectl::printers::jsonpath::{MissingKeys, Template, relaxed};
use kubectl::printers::sort_by::order_by;
use lesson::{Lesson, expect};
use shell::{Config, Machine, Start, Status, split_complete_commands};
use sim::Span;
use view::{Entry, letters};

use crate::Target;
use crate::shell_host::Files;

/// All of them.
pub const TARGETS: [Target; 11] = [
    Target { name: "yaml", corpus: include_str!("../corpus/yaml.txt"), read: read_yaml },
    Target { name: "json", corpus: include_str!("../corpus/json.txt"), read: read_json },
    Target { name: "json-patch", corpus: include_str!("../corpus/json-patch.txt"), read: read_json_patch },
    Target { name: "strategic-merge", corpus: include_str!("../corpus/strategic-merge.txt"), read: read_strategic },
    Target { name: "selectors", corpus: include_str!("../corpus/selectors.txt"), read: read_selectors },
    Target { name: "jsonpath", corpus: include_str!("../corpus/jsonpath.txt"), read: read_jsonpath },
    Target { name: "go-template", corpus: include_str!("../corpus/go-template.txt"), read: read_go_template },
    Target { name: "quantities", corpus: include_str!("../corpus/quantities.txt"), read: read_quantity },
    Target { name: "shell", corpus: include_str!("../corpus/shell.txt"), read: read_shell },
    Target { name: "lessons", corpus: include_str!("../corpus/lessons.txt"), read: read_lesson },
    Target { name: "share-links", corpus: include_str!("../corpus/share-links.txt"), read: read_share_link },
];

/// Small steps that a script may make.
const SHELL_STEPS_MAX: u64 = 2_000;

fn read_yaml(text: &str) -> bool {
    std::hint::black_box(yaml::documents(text));
    match yaml::read(text) {
        Ok(value) => {
            assert_eq!(yaml::read(&yaml::write(&value)), Ok(value));
            true
        }
        Err(error) => {
            assert!(error.line >= 1 && error.column >= 1 && !error.message.is_empty());
            false
        }
    }
}

fn read_json(text: &str) -> bool {
    let prefix = json_text::read_prefix(text);
    assert!(prefix.is_ok_and(|(_, length)| length <= text.len()) || json_text::read(text).is_err());
    let Ok(value) = json_text::read(text) else { return false };
    // -1e1 is a fraction when it is read and a whole number when it is printed, so texts are compared. Nothing less than
    // nothing is printed as -0 and read as 0, as by Go.
    let printed = json_text::write_compact(&value);
    for again in [&printed, &json_text::write_indented(&value)] {
        let again = json_text::read(again).map(|value| json_text::write_compact(&value));
        assert!(again.as_ref() == Ok(&printed) || printed.contains("-0"));
    }
    true
}

/// An object with lists of every kind that patches tell apart.
fn pod() -> Value {
    let text = r#"{"apiVersion":"v1","kind":"Pod","metadata":{"name":"web-0","labels":{"app":"nginx"},"finalizers":["a","b"]},
        "spec":{"containers":[{"name":"nginx","image":"nginx","ports":[{"containerPort":80,"name":"web"}],
        "env":[{"name":"A","value":"1"},{"name":"B","value":"2"}]},{"name":"side","image":"x"}],
        "tolerations":[{"key":"a"}],"volumes":[{"name":"www","emptyDir":{}}],"nodeSelector":{"disk":"ssd"}}}"#;
    json_text::read(text).expect("it is JSON")
}

fn read_json_patch(text: &str) -> bool {
    let Ok(patch) = yaml::read(text) else { return false };
    let pod = pod();
    std::hint::black_box(json::touched(&patch));
    let merged = merge::apply(&pod, &patch);
    if let Ok(merged) = &merged
        && let Ok(difference) = merge::diff(&pod, merged)
    {
        // A merge patch cannot say null, so only that it can be applied is asked.
        assert!(merge::apply(&pod, &difference).is_ok());
    }
    json::apply(&pod, &patch).is_ok() || merged.is_ok()
}

/// One document is a patch; of two the first is an object and the second what it shall become.
fn read_strategic(text: &str) -> bool {
    let (first, second) = text.split_once("\n---\n").unwrap_or((text, ""));
    let Ok(first) = yaml::read(first) else { return false };
    let type_ = schema::type_of("v1", "Pod").expect("pods are known");
    let pod = pod();
    let applied = strategic::apply(&pod, &first, type_);
    let Ok(second) = yaml::read(second) else { return applied.is_ok() };
    for overwrite in [Overwrite::Yes, Overwrite::No] {
        let _ = three_way::create(&first, &second, &pod, type_, overwrite);
    }
    let _ = three_way::create_json_merge(&first, &second, &pod);
    if let Ok(patch) = diff::two_way(&first, &second, type_) {
        let _ = strategic::apply(&first, &patch, type_);
    }
    if let Ok(object) = &applied
        && let Ok(decoded) = strict::decode(type_, object, strict::Words::Json)
        && let Ok(object) = decoded.strict()
        && let Ok(patch) = diff::two_way(&pod, &object, type_)
    {
        assert!(strategic::apply(&pod, &patch, type_).is_ok());
    }
    applied.is_ok()
}

fn read_selectors(text: &str) -> bool {
    let labels = StringMap::from([("app", "nginx"), ("tier", "a"), ("n", "3")]);
    let selector = Selector::parse(text);
    if let Ok(selector) = &selector {
        std::hint::black_box(selector.matches(&labels));
        assert_eq!(Selector::parse(&selector.to_string()).as_ref(), Ok(selector));
    }
    let fields = FieldSelector::parse(text);
    if let Ok(fields) = &fields {
        std::hint::black_box(fields.matches_by(|_| "Running"));
        // Terms are sorted as they are written, escapes and signs included, so their order may change once.
        let again = FieldSelector::parse(&fields.to_string()).map(|again| again.requirements.len());
        assert_eq!(again, Ok(fields.requirements.len()));
    }
    selector.is_ok() || fields.is_ok()
}

fn list() -> Value {
    let text = r#"{"kind":"List","n":3,"f":1.5,"yes":true,"none":null,"text":"a<b>é","items":[
        {"metadata":{"name":"web-0","labels":{"app":"nginx","a.b/c":"x"}},"status":{"phase":"Running","n":1}},
        {"metadata":{"name":"web-1"},"status":{"phase":"Pending","conditions":[{"type":"Ready","status":"True"}]}}]}"#;
    json_text::read(text).expect("it is JSON")
}

fn read_jsonpath(text: &str) -> bool {
    let list = list();
    let template = Template::parse(text);
    if let Ok(template) = &template {
        let _ = template.execute(&list, MissingKeys::Allowed);
        let _ = template.execute_as_json(&list, MissingKeys::Refused);
    }
    let _ = relaxed(text);
    let columns = CustomColumns::from_spec(text).and_then(|mut columns| columns.print([&list]));
    let _ = CustomColumns::from_template(text).and_then(|mut columns| columns.print([&list]));
    let items: Vec<&Value> = list.get("items").as_list().iter().collect();
    if let Ok(mut order) = order_by(text, &items) {
        use ordered::Arrange;
        order.arrange();
        assert_eq!(order, [0, 1]);
    }
    template.is_ok() || columns.is_ok()
}

fn read_go_template(text: &str) -> bool {
    let Ok(template) = gotemplate::Template::parse(text) else { return false };
    let _ = template.execute(&list());
    true
}

fn read_quantity(text: &str) -> bool {
    if let Ok(nanos) = duration::parse_go(text) {
        assert_eq!(duration::parse_go(&duration::format_go(nanos)), Ok(nanos));
        std::hint::black_box(duration::human_seconds(nanos / 1_000_000_000));
    }
    let _ = IntOrString::parse(text).scaled(i64::MAX, Rounding::Up);
    let Ok(quantity) = Quantity::parse(text) else { return false };
    assert_eq!(Quantity::parse(&quantity.to_string()), Ok(quantity));
    assert_eq!(quantity + -quantity, Quantity::ZERO);
    let rounded = quantity.round_up(0);
    assert!(rounded.to_string() == rounded.round_up(0).to_string());
    std::hint::black_box((quantity + rounded, quantity.multiply(i64::MIN), quantity.milli_value()));
    true
}

fn read_shell(text: &str) -> bool {
    let is_script = split_complete_commands(text).is_ok();
    let mut host = Files::new();
    let start = Start::Script { text: text.to_owned(), arg0: None, args: Vec::new() };
    let mut machine = Machine::new(Config { stdin_is_terminal: false, ..Config::terminal() }, start);
    machine.eof();
    let end = host.now + Span::from_seconds(86_400);
    for _ in 0..SHELL_STEPS_MAX / 100 {
        match machine.step(&mut host, 100) {
            Status::Exited(_) | Status::Idle { .. } | Status::Blocked { wake: None } => break,
            Status::Blocked { wake: Some(at) } if at > end => break,
            Status::Blocked { wake: Some(at) } => host.now = host.now.max(at),
            Status::OutOfBudget => {}
        }
        std::hint::black_box(machine.take_output());
    }
    is_script
}

fn read_lesson(text: &str) -> bool {
    let (expected, said) = text.split_once("\n---\n").unwrap_or((text, text));
    let lines = |text: &str| text.lines().map(str::to_owned).collect::<Vec<_>>();
    let mut bindings = expect::Bindings::new();
    if expect::matches(&lines(expected), &lines(said), &mut bindings) {
        std::hint::black_box(expect::difference(&lines(expected), &lines(said), &bindings));
    }
    std::hint::black_box(expect::updated(&lines(expected), &lines(said), &mut bindings));
    Lesson::parse(text).is_ok_and(|lesson| !lesson.steps().is_empty())
}

fn read_share_link(text: &str) -> bool {
    // As a link carries it, and as it is unpacked.
    if let Some(bytes) = letters::to_bytes(text) {
        assert_eq!(letters::to_bytes(&letters::from_bytes(&bytes)), Some(bytes));
    }
    let Ok((start, entries)) = Entry::read_all(text.lines()) else { return false };
    let mut again = vec![view::Header::of(&start).to_line()];
    again.extend(entries.iter().map(Entry::to_line));
    assert_eq!(Entry::read_all(again.iter().map(String::as_str)), Ok((start, entries)));
    true
}
