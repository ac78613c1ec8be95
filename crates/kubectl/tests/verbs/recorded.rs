//! The recorded error cases that need nothing but an API server: replayed byte for byte.

use crate::world::World;
use api::conform::reference_text;
use api::text::json;

/// Commands of the recordings that need a controller, a kubelet or a part of kubectl that is not here yet.
fn needs_more(cmd: &str) -> bool {
    let others =
        ["drain", "explain", "describe", "taint", "expose", "autoscale", "kustom", "-k ", "top ", "--raw", "sed ", "|"];
    others.iter().any(|word| cmd.contains(word))
}

#[test]
fn recorded_refusals_are_repeated_word_for_word() {
    let Some(recording) = reference_text("transcripts/errors.jsonl") else { return };
    let mut world = World::new();
    for name in ["web.yaml", "zookeeper.yaml"] {
        let Some(text) = reference_text(&format!("manifests/{name}")) else { return };
        world.files.0.insert(format!("/home/user/{name}"), text.into_bytes());
    }
    let (mut same, mut differ) = (0, Vec::new());
    for line in recording.lines() {
        let record = json::read(line).expect("a JSON line");
        let cmd = record.get("cmd").text();
        if record.get("kind").text() != "run" || needs_more(cmd) {
            continue;
        }
        let outcome = world.run_with(cmd, record.get("stdin").text());
        let expect = (record.get("stdout").text(), record.get("stderr").text(), record.get("rc").as_int());
        let is_refusal = record.get("rc").as_int() != Some(0);
        let got = (outcome.stdout.as_str(), outcome.stderr.as_str(), outcome.code.map(i64::from));
        if got == expect {
            same += 1;
        } else if is_refusal {
            differ.push(format!("$ {cmd}\n  want {expect:?}\n  got  {got:?}"));
        }
    }
    println!("{same} the same, {} differ", differ.len());
    for text in &differ {
        println!("{text}");
    }
    assert!(same >= SAME_MIN, "only {same} recorded commands are repeated");
}

/// How many were the same when this was last looked at; it may only grow.
const SAME_MIN: usize = 105;
