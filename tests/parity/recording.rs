//! A recording: one JSON object per line, in the order in which commands ended.

use ordered::Arrange;
use serde_json::Value;
use std::fs;
use std::path::{Path, PathBuf};

/// All of a recording's lines.
pub(crate) struct Recording {
    pub(crate) records: Vec<Record>,
}

/// One line.
#[derive(Clone, Debug)]
pub(crate) enum Record {
    /// A command that was waited for.
    Run(Run),
    /// A command that ran beside the others.
    Watch(Watch),
    /// A remark; one that starts with `fault ` is a command of ours.
    Note(String),
    /// A file of the working directory: name and text.
    Manifest(String, String),
}

/// A command, what it printed, and when (seconds).
#[derive(Clone, Debug)]
pub(crate) struct Run {
    pub(crate) command: String,
    pub(crate) stdin: Option<String>,
    pub(crate) answer: Answer,
    pub(crate) start: f64,
    pub(crate) end: f64,
}

/// What a command printed, and its exit code.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Answer {
    pub(crate) stdout: String,
    pub(crate) stderr: String,
    pub(crate) code: i64,
}

/// A command in the background and the lines that it printed.
#[derive(Clone, Debug)]
pub(crate) struct Watch {
    pub(crate) command: String,
    pub(crate) lines: Vec<String>,
    pub(crate) start: f64,
}

impl Recording {
    /// Reads a file; a line that is not understood is a broken recording.
    pub(crate) fn read(file: &Path) -> Recording {
        let text = fs::read_to_string(file).unwrap_or_else(|error| panic!("{}: {error}", file.display()));
        let record = |line| record(&serde_json::from_str(line).expect("a line is JSON"));
        Recording { records: text.lines().map(record).collect() }
    }

    /// Watches in the order in which they were started.
    pub(crate) fn watches_by_start(&self) -> Vec<&Watch> {
        let mut watches: Vec<&Watch> = self.records.iter().filter_map(Record::watch).collect();
        watches.arrange_by(|a, b| a.start.total_cmp(&b.start));
        watches
    }

    /// Writes the working directory that the commands expect.
    pub(crate) fn lay_out(&self, manifests: &Path, name: &str) -> PathBuf {
        let directory = lay_out(manifests, name);
        for record in &self.records {
            if let Record::Manifest(file, text) = record {
                fs::write(directory.join(file), format!("{text}\n")).unwrap();
            }
        }
        directory
    }
}

impl Record {
    fn watch(&self) -> Option<&Watch> {
        match self {
            Record::Watch(watch) => Some(watch),
            Record::Run(_) | Record::Note(_) | Record::Manifest(..) => None,
        }
    }
}

/// A new working directory with these manifests.
pub(crate) fn lay_out(manifests: &Path, name: &str) -> PathBuf {
    let directory = Path::new(env!("CARGO_TARGET_TMPDIR")).join("parity").join(name);
    let _ = fs::remove_dir_all(&directory);
    fs::create_dir_all(&directory).unwrap();
    if manifests.is_dir() {
        copy(manifests, &directory);
    }
    directory
}

/// Copies a folder's files, and those of its folders.
fn copy(from: &Path, to: &Path) {
    let mut folders = vec![PathBuf::new()];
    while let Some(below) = folders.pop() {
        fs::create_dir_all(to.join(&below)).unwrap();
        for entry in fs::read_dir(from.join(&below)).unwrap().map(Result::unwrap) {
            let path = below.join(entry.file_name());
            if entry.path().is_dir() {
                folders.push(path);
            } else {
                fs::copy(entry.path(), to.join(path)).unwrap();
            }
        }
    }
}

fn record(value: &Value) -> Record {
    let text = |key: &str| value[key].as_str().unwrap_or_default().to_owned();
    let seconds = |key: &str| value[key].as_f64().unwrap_or_default();
    match value["kind"].as_str() {
        Some("run") => Record::Run(Run {
            command: text("cmd"),
            stdin: value["stdin"].as_str().map(str::to_owned),
            answer: answer(value),
            start: seconds("t0"),
            end: seconds("t1"),
        }),
        Some("watch") => Record::Watch(Watch { command: text("cmd"), lines: lines(value), start: seconds("t0") }),
        Some("note") => Record::Note(text("text")),
        Some("manifest") => Record::Manifest(text("file"), text("text")),
        other => panic!("a recording has no records of kind {other:?}"),
    }
}

/// The answer part of a `run` record.
pub(crate) fn answer(value: &Value) -> Answer {
    let text = |key: &str| value[key].as_str().unwrap_or_default().to_owned();
    Answer { stdout: text("stdout"), stderr: text("stderr"), code: value["rc"].as_i64().unwrap_or(-1) }
}

/// The texts of a `watch` record, without their times.
pub(crate) fn lines(value: &Value) -> Vec<String> {
    let lines = value["lines"].as_array().map(Vec::as_slice).unwrap_or_default();
    lines.iter().map(|line| line[1].as_str().unwrap_or_default().to_owned()).collect()
}
