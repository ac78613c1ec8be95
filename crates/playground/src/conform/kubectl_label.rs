//! `kubectl_label`: labels read, set, removed and refused. The tables' pods are ConfigMaps here, which need no more than a name.

use api::conform::{Case, Suite, any_error, object};
use api::text::json;
use api::{Map, Value};

use super::{config_map, desk_with, expected_refusal, quoted, refusal};
use crate::Desk;

pub(super) const SUITE: Suite = Suite {
    name: "kubectl_label",
    run,
    expect,
    functions: &[
        "kubectl::cmd::label::parse_labels",
        "kubectl::cmd::label::refuse_overwrite",
        "kubectl::cmd::label::apply",
    ],
};

fn run(case: &Case<'_>) -> Result<Value, String> {
    match case.test {
        "TestParseLabels" => {
            let words: Vec<&str> = case.get("labels").as_list().iter().map(Value::text).collect();
            if words.is_empty() {
                return Err("a command without labels is refused before they are read".into());
            }
            let removed = words.iter().filter_map(|word| word.strip_suffix('-')).map(|key| (key.into(), "x".into()));
            let mut desk = desk_with(&config_map(&Value::Map(removed.collect::<Map>())))?;
            let said = desk.run(&format!("kubectl label cm foo {}", quoted(words.iter().copied())));
            Ok(if said.rc == 0 { labels(&mut desk) } else { refusal(&said) })
        }
        "TestValidateLabels" => {
            let mut desk = desk_with(&config_map(case.get("meta").get("labels")))?;
            Ok(refusal(&desk.run(&format!("kubectl label cm foo {}", pairs(case.get("labels"))))))
        }
        "TestLabelFunc" | "TestLabelMsg" => {
            if !case.text("version").is_empty() || !case.text("resourceVersion").is_empty() {
                return Err("the row's resource version is none that the server gave".into());
            }
            let mut desk = desk_with(&config_map(case.get("obj").at(&["metadata", "labels"])))?;
            let removed: Vec<String> =
                case.get("remove").as_list().iter().map(|key| format!("{}-", key.text())).collect();
            let removed = quoted(removed.iter().map(String::as_str));
            let overwrite = case.flag("overwrite");
            let pairs = pairs(case.get("labels"));
            let said = desk.run(&format!("kubectl label cm foo {pairs} {removed} --overwrite={overwrite}"));
            if said.rc != 0 {
                return Ok(refusal(&said));
            }
            let message = said.stdout.trim_end().replace("configmap/foo ", "");
            Ok(object([("message", message.into()), ("labels", labels(&mut desk))]))
        }
        "TestRunLabelMsg" => {
            let mut desk = desk_with(&config_map(&object([("existing", "abc".into())])))?;
            let words: Vec<String> =
                case.get("args").as_list().iter().map(|word| word.text().replace("pods/", "cm/")).collect();
            let dry_run = if case.text("dryRun").is_empty() { "none" } else { case.text("dryRun") };
            let (words, overwrite) = (quoted(words.iter().map(String::as_str)), case.flag("overwrite"));
            let said = desk.run(&format!("kubectl label {words} --overwrite={overwrite} --dry-run={dry_run}"));
            let stdout = said.stdout.replace("configmap/", "pod/");
            Ok(object([("stdout", stdout.into()), ("refusal", refusal(&said))]))
        }
        _ => case.unknown(),
    }
}

fn expect(case: &Case<'_>) -> Value {
    let of = |field| or_empty(case.get(field).at(&["metadata", "labels"]));
    match case.test {
        "TestParseLabels" if !case.flag("expectErr") => or_empty(case.get("expected")),
        "TestLabelFunc" if case.text("expectErr").is_empty() => {
            object([("message", object([("$any", true.into())])), ("labels", of("expected"))])
        }
        "TestLabelFunc" => expected_refusal(case.text("expectErr")),
        "TestLabelMsg" if !case.flag("expectErr") => {
            let after = if case.get("expectObj").is_null() { of("obj") } else { of("expectObj") };
            object([("message", case.get("expectMsg").clone()), ("labels", after)])
        }
        "TestRunLabelMsg" => {
            let refusal = expected_refusal(case.get("expectedError").get("$error").text());
            object([("stdout", case.get("expectedOut").clone()), ("refusal", refusal)])
        }
        _ if case.flag("expectErr") => any_error(),
        _ => Value::Null,
    }
}

fn pairs(labels: &Value) -> String {
    let pairs: Vec<String> =
        labels.as_map().into_iter().flatten().map(|(key, value)| format!("{key}={}", value.text())).collect();
    quoted(pairs.iter().map(String::as_str))
}

fn labels(desk: &mut Desk) -> Value {
    let shown = json::read(&desk.run("kubectl get cm foo -o json").stdout).unwrap_or_default();
    or_empty(shown.at(&["metadata", "labels"]))
}

fn or_empty(value: &Value) -> Value {
    if value.is_null() { Value::map() } else { value.clone() }
}
