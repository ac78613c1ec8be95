//! Replays recordings of a real cluster through `ordinal drive` and compares what both print.
//!
//! The denominator is every recorded command. What is made neutral before comparing stands in `neutral.json`, and nowhere
//! else. `floors.json` holds the share that must at least be the same: it may only rise. `differences.tsv` names each
//! difference with its reason: one that has gone must leave the file.
//!
//! `ORDINAL_PARITY_SHOW=all` (or a number) prints the differences in full. `ORDINAL_RECORDINGS=FOLDER` replays all
//! recordings of another folder, with its `manifests/`, and prints their scores.
#![cfg(not(target_arch = "wasm32"))]
#![allow(clippy::unwrap_used, reason = "a test fails by panicking")]

mod binding;
mod neutral;
mod objects;
mod program;
mod recording;
mod replay;
mod verdict;

use neutral::Neutral;
use ordered::Arrange;
use program::{Mirror, Spawned};
use recording::Recording;
use replay::Score;
use std::path::{Path, PathBuf};

fn folder() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("parity")
}

/// Replays one recording of a folder through the program.
fn score(folder: &Path, name: &str) -> Score {
    let recording = Recording::read(&folder.join("recordings").join(format!("{name}.jsonl")));
    let directory = recording.lay_out(&folder.join("recordings/manifests"), name);
    let mut program = Spawned::start(&directory);
    replay::replay(&recording, &Neutral::read(), &mut program)
}

/// Replays one of our recordings and holds it against its floor and its named differences.
fn check(name: &str) {
    let score = score(&folder(), name);
    verdict::show(name, &score);
    let complaints = verdict::complaints(name, &score);
    assert!(complaints.is_empty(), "{}", complaints.join("\n"));
}

#[test]
fn statefulset_basics() {
    check("1-statefulset-basics");
}

#[test]
fn wordpress_mysql() {
    check("2-wordpress-mysql");
}

#[test]
fn cassandra() {
    check("3-cassandra");
}

#[test]
fn zookeeper() {
    check("4-zookeeper");
}

#[test]
fn errors() {
    check("errors");
}

#[test]
fn every_recording_is_replayed_and_has_a_floor() {
    let files = std::fs::read_dir(folder().join("recordings")).unwrap().map(|entry| entry.unwrap().path());
    let mut names: Vec<String> = files
        .filter(|file| file.extension().is_some_and(|end| end == "jsonl"))
        .map(|file| file.file_stem().unwrap().to_string_lossy().into_owned())
        .collect();
    names.arrange();
    assert_eq!(names, verdict::floors().keys().cloned().collect::<Vec<_>>());
}

#[test]
fn a_recording_equals_itself() {
    for name in verdict::floors().keys() {
        let recording = Recording::read(&folder().join("recordings").join(format!("{name}.jsonl")));
        let score = replay::replay(&recording, &Neutral::read(), &mut Mirror::new(&recording));
        // The replayer's own limits are named like any other difference; beyond them everything is the same.
        let unnamed = verdict::unnamed(name, &score);
        assert!(score.commands_total > 20 && unnamed.is_empty(), "{name}: {unnamed:?}");
        assert_eq!(score.commands_same, score.commands_total, "{name}");
    }
}

#[test]
fn a_program_that_answers_otherwise_is_found_out() {
    let recording = Recording::read(&folder().join("recordings/1-statefulset-basics.jsonl"));
    let mut mirror = Mirror::new(&recording);
    mirror.distort("get statefulset web", "web ", "wap ");
    let score = replay::replay(&recording, &Neutral::read(), &mut mirror);
    assert!(score.commands_same < score.commands_total && score.commands_same > 100, "{}", score.commands_same);
}

#[test]
fn recordings_of_another_folder() {
    let Some(folder) = std::env::var_os("ORDINAL_RECORDINGS").map(PathBuf::from) else { return };
    for entry in std::fs::read_dir(folder.join("recordings")).unwrap() {
        let file = entry.unwrap().path();
        if file.extension().is_some_and(|end| end == "jsonl") {
            let name = file.file_stem().unwrap().to_string_lossy();
            verdict::show(&name, &score(&folder, &name));
        }
    }
}
