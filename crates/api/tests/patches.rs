//! Patched objects as the recorded server quotes them (`ORDINAL_REFERENCE`). The tables of patches are suites of `api::conform`.

mod reference;

use api::conform::reference_text;
use api::patch::{json, merge};
use api::{Value, schema};
use reference::Score;

#[test]
fn a_patched_object_is_quoted_in_the_order_of_the_server() {
    let Some(text) = reference_text("transcripts/errors.jsonl") else { return };
    let mut score = Score::new("patched objects in messages");
    for line in text.lines() {
        let record: Value = serde_json::from_str(line).expect("a recorded line is JSON");
        let stderr = record.get("stderr").text();
        let quoted = stderr.split_once("patch: Invalid value: ").and_then(|(_, rest)| rest.rsplit_once(": json: "));
        let Some((quoted, _)) = quoted else { continue };
        let object_text: String = serde_json::from_str(quoted).expect("a quoted text");
        let object: Value = serde_json::from_str(&object_text).expect("the patched object");
        let command = record.get("cmd").text();
        let patch =
            command.split('\'').nth(1).and_then(|patch| serde_json::from_str(patch).ok()).unwrap_or(Value::Null);
        let touched = if command.contains("--type=json") { json::touched(&patch) } else { merge::touched(&patch) };
        let type_ = schema::type_of(object.get("apiVersion").text(), object.get("kind").text());
        let got = schema::go_json(type_.expect("the kind is served"), &object, &touched);
        score.add(got == object_text, || format!("{command}:\n  got {got}\n  not {object_text}"));
    }
    score.at_least(100);
}
