//! What is replayed against: the program itself, or a recording that answers for itself.

use crate::recording::{Answer, Record, Recording, answer, lines};
use ordered::OrderedMap;
use serde_json::{Value, json};
use std::collections::VecDeque;
use std::io::{BufRead, BufReader, Write};
use std::path::{Path, PathBuf};
use std::process::{Child, ChildStdin, Command, Stdio};
use std::sync::mpsc::{Receiver, channel};
use std::time::Duration;

/// Host time without a word after which a command counts as unanswered.
const SILENCE_MAX: Duration = Duration::from_secs(60);
/// Virtual seconds after which a command is interrupted.
const LIMIT_SECONDS: u32 = 900;

/// Runs commands as `ordinal drive` does.
pub(crate) trait Program {
    /// Runs a command at a virtual second and waits for it; nothing where no answer came.
    fn run(&mut self, command: &str, stdin: Option<&str>, at: f64) -> Option<Answer>;
    /// Starts a command beside the others and answers its number.
    fn start(&mut self, command: &str, at: f64) -> Option<u64>;
    /// Ends a command and answers the lines that it printed.
    fn stop(&mut self, number: u64) -> Option<Vec<String>>;
}

/// `ordinal drive` as a child process.
pub(crate) struct Spawned {
    child: Child,
    requests: Option<ChildStdin>,
    answers: Receiver<Value>,
}

impl Spawned {
    /// Starts the program, built before: `ORDINAL_PROGRAM`, or the one beside the tests.
    pub(crate) fn start(directory: &Path) -> Spawned {
        let program = std::env::var_os("ORDINAL_PROGRAM").map_or_else(beside_the_tests, PathBuf::from);
        let mut command = Command::new(&program);
        command.args(["drive", "--nodes", "4", "--timing", "recorded", "--dir"]).arg(directory);
        command.stdin(Stdio::piped()).stdout(Stdio::piped()).stderr(Stdio::null());
        let mut child = command.spawn().unwrap_or_else(|error| {
            panic!("cannot start {}: {error}; `cargo build --package ordinal` builds it", program.display())
        });
        let (sender, answers) = channel();
        let output = BufReader::new(child.stdout.take().expect("the output is piped"));
        std::thread::spawn(move || {
            let values = output.lines().map_while(Result::ok).filter_map(|line| serde_json::from_str(&line).ok());
            values.into_iter().try_for_each(|value| sender.send(value))
        });
        let requests = child.stdin.take();
        Spawned { child, requests, answers }
    }

    /// Sends a request and waits for the answer of that kind; others that come first are passed over.
    fn ask(&mut self, request: &Value, kind: &str) -> Option<Value> {
        writeln!(self.requests.as_mut()?, "{request}").ok()?;
        loop {
            let answer = self.answers.recv_timeout(SILENCE_MAX).ok()?;
            if answer["kind"] == kind {
                return Some(answer);
            }
        }
    }
}

/// `ordinal` in the folder of the profile that this test was built with.
fn beside_the_tests() -> PathBuf {
    let test = std::env::current_exe().expect("a running program has a path");
    let profile = test.ancestors().nth(2).expect("cargo builds tests into <profile>/deps");
    profile.join(format!("ordinal{}", std::env::consts::EXE_SUFFIX))
}

impl Program for Spawned {
    fn run(&mut self, command: &str, stdin: Option<&str>, at: f64) -> Option<Answer> {
        let request = json!({ "run": command, "stdin": stdin, "at": at, "limit": LIMIT_SECONDS });
        self.ask(&request, "run").as_ref().map(answer)
    }

    fn start(&mut self, command: &str, at: f64) -> Option<u64> {
        self.ask(&json!({ "run": command, "at": at, "background": true }), "started")?["n"].as_u64()
    }

    fn stop(&mut self, number: u64) -> Option<Vec<String>> {
        self.ask(&json!({ "stop": number }), "watch").as_ref().map(lines)
    }
}

impl Drop for Spawned {
    fn drop(&mut self) {
        // The end of its input ends the program; the kill is for one that hangs.
        drop(self.requests.take());
        while self.answers.recv_timeout(Duration::from_secs(2)).is_ok() {}
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}

/// A recording that answers its own commands: a check of the replayer.
pub(crate) struct Mirror {
    answers: VecDeque<(String, Answer)>,
    watches: VecDeque<Vec<String>>,
    running: OrderedMap<u64, Vec<String>>,
}

impl Mirror {
    /// Answers all that the recording holds, in its order.
    pub(crate) fn new(recording: &Recording) -> Mirror {
        let answers = recording.records.iter().filter_map(|record| match record {
            Record::Run(run) => Some((run.command.clone(), run.answer.clone())),
            Record::Watch(_) | Record::Note(_) | Record::Manifest(..) => None,
        });
        let watches = recording.watches_by_start().into_iter().map(|watch| watch.lines.clone());
        Mirror { answers: answers.collect(), watches: watches.collect(), running: OrderedMap::new() }
    }

    /// Answers a command's output with another word in it.
    pub(crate) fn distort(&mut self, command: &str, word: &str, other: &str) {
        for (_, answer) in self.answers.iter_mut().filter(|(known, _)| known.contains(command)) {
            answer.stdout = answer.stdout.replace(word, other);
        }
    }
}

impl Program for Mirror {
    fn run(&mut self, command: &str, _stdin: Option<&str>, _at: f64) -> Option<Answer> {
        if command.starts_with("fault ") {
            return Some(Answer { stdout: String::new(), stderr: String::new(), code: 0 });
        }
        self.answers.pop_front().map(|(_, answer)| answer)
    }

    fn start(&mut self, _command: &str, _at: f64) -> Option<u64> {
        let number = self.watches.len() as u64;
        self.running.insert(number, self.watches.pop_front()?);
        Some(number)
    }

    fn stop(&mut self, number: u64) -> Option<Vec<String>> {
        self.running.remove(&number)
    }
}
