//! `ordinal test --with kubectl`: the same blocks once more, typed into the machine's own shell with the real kubectl, on whatever
//! cluster it is set up for; and where that cluster says something else than ours.
//!
//! What a document shows decides where it fits (its wildcards stand for ages and names); where the real output does not fit, it
//! is held against what was said here. One shell runs all blocks, in a directory of its own with the document's files. What a
//! real cluster cannot be asked for is left out, and said: faults, watches, what is typed into a program.

use std::io::{BufRead, BufReader, Write};
use std::path::{Path, PathBuf};
use std::process::{Child, ChildStdin, Command, Stdio};
use std::sync::mpsc::{Receiver, channel};
use std::time::Duration;

use lesson::expect::{self, Bindings};
use lesson::{Kind, Piece, Typed, Way};

use super::runner::{Complaint, Look};

/// A block that says nothing for so long is given up, and the document with it.
const SILENCE_MAX: Duration = Duration::from_secs(900);
/// Ends what a block has said; the block's status follows it.
const MARK: &str = "-- ordinal: the block has ended:";

/// A document on a real cluster.
pub(super) struct Real {
    shell: Child,
    input: ChildStdin,
    lines: Receiver<String>,
    folder: PathBuf,
    beside: Vec<(String, String)>,
    bindings: Bindings,
    complaints: Vec<Complaint>,
    /// What the last block has said.
    said: Vec<String>,
    /// Whether what the last block would have said is unknown.
    is_left_out: bool,
}

impl Real {
    /// A shell that finds this `kubectl` first, in an empty directory with the files of a document.
    pub(super) fn start(kubectl: &Path, beside: Vec<(String, String)>) -> std::io::Result<Real> {
        let folder = std::env::temp_dir().join(format!("ordinal-test-{}", std::process::id()));
        std::fs::create_dir_all(&folder)?;
        for (name, text) in &beside {
            std::fs::write(folder.join(name), text)?;
        }
        let own = kubectl.parent().map(Path::to_path_buf).into_iter();
        let present = std::env::var_os("PATH").unwrap_or_default();
        let path = std::env::join_paths(own.chain(std::env::split_paths(&present))).unwrap_or(present);
        let mut command = Command::new("sh");
        // Both streams in one, in the order of a terminal.
        command.args(["-c", "exec sh 2>&1"]).current_dir(&folder).env("PATH", path);
        let mut shell = command.stdin(Stdio::piped()).stdout(Stdio::piped()).spawn()?;
        let input = shell.stdin.take().expect("it was asked for");
        let output = shell.stdout.take().expect("it was asked for");
        let (sender, lines) = channel();
        std::thread::spawn(move || {
            for line in BufReader::new(output).lines().map_while(Result::ok) {
                if sender.send(line).is_err() {
                    return;
                }
            }
        });
        Ok(Real {
            shell,
            input,
            lines,
            folder,
            beside,
            bindings: Bindings::new(),
            complaints: Vec::new(),
            said: Vec::new(),
            is_left_out: false,
        })
    }

    /// Does all steps; `looks` is what was said here where the document shows something.
    pub(super) fn run(mut self, steps: &[&Piece], looks: &[Look]) -> Vec<Complaint> {
        for (index, step) in steps.iter().enumerate() {
            let is_shown =
                steps.get(index + 1).is_some_and(|next| matches!(next.kind, Kind::Console { terminal: None, .. }));
            if let Err(text) = self.step(step, is_shown, looks) {
                self.complain(step.line, &text);
                break;
            }
        }
        // A shell that has ended already needs no end.
        let _ = self.shell.kill();
        let _ = self.shell.wait();
        let _ = std::fs::remove_dir_all(&self.folder);
        self.complaints
    }

    fn complain(&mut self, line: u32, text: &str) {
        self.complaints.push(Complaint { line, text: format!("kubectl: {text}"), is_drift: false });
    }

    fn step(&mut self, piece: &Piece, is_shown: bool, looks: &[Look]) -> Result<(), String> {
        match &piece.kind {
            Kind::File { name, text } => self.put_file(name, text),
            Kind::Type(typed) => self.typed(piece.line, typed, is_shown),
            Kind::Console { terminal, lines, first_line, .. } => {
                self.look(*terminal, lines, *first_line, looks);
                Ok(())
            }
            Kind::Wait(waits) => waits.iter().try_for_each(|wait| {
                let command = format!("kubectl wait {} --timeout={}s", wait.arguments, wait.timeout_seconds);
                match self.block(&command)? {
                    0 => Ok(()),
                    _ => Err(format!("this has not come within {} s: {}", wait.timeout_seconds, wait.arguments)),
                }
            }),
            Kind::Check(checks) => checks.iter().try_for_each(|check| {
                self.block(&check.command)?;
                let said = self.said.join("\n");
                if said.trim() != check.expected {
                    let text =
                        format!("{}\n  is       {:?}\n  expected {:?}", check.command, said.trim(), check.expected);
                    self.complain(check.line, &text);
                }
                Ok(())
            }),
            Kind::Prose(_) | Kind::Hint(_) | Kind::Solution(_) => Ok(()),
        }
    }

    fn put_file(&mut self, name: &str, text: &str) -> Result<(), String> {
        let beside = self.beside.iter().find(|(known, _)| known == name).map(|(_, text)| text.as_str());
        let text = if text.is_empty() { beside.unwrap_or_default() } else { text };
        std::fs::write(self.folder.join(name), text).map_err(|error| format!("{name}: {error}"))
    }

    fn typed(&mut self, line: u32, typed: &Typed, is_shown: bool) -> Result<(), String> {
        let needs = |text: &String| text.trim().starts_with('^') || text.starts_with("fault ");
        self.is_left_out = typed.way != Way::Command || typed.terminal != 1 || typed.lines.iter().any(needs);
        if self.is_left_out {
            return Ok(());
        }
        let status = self.block(&typed.lines.join("\n"))?;
        if status != 0 && !is_shown {
            let said: String = self.said.iter().map(|line| format!("\n  {line}")).collect();
            self.complain(line, &format!("status {status}, and nothing is shown for it{said}"));
        }
        Ok(())
    }

    /// Runs lines in the shell: what they say is kept, and their status answered.
    fn block(&mut self, text: &str) -> Result<i32, String> {
        let gone = |error: std::io::Error| format!("the shell is gone: {error}");
        std::fs::write(self.folder.join(".block"), format!("{text}\n")).map_err(gone)?;
        let order = format!(". ./.block </dev/null; printf '\\n%s %s\\n' '{MARK}' \"$?\"\n");
        self.input.write_all(order.as_bytes()).and_then(|()| self.input.flush()).map_err(gone)?;
        self.said.clear();
        loop {
            let line = self.lines.recv_timeout(SILENCE_MAX);
            let line = line.map_err(|_| "the shell has ended, or says nothing any more".to_owned())?;
            if let Some(status) = line.strip_prefix(MARK) {
                // The mark begins a line of its own: an empty one before it is not the block's.
                if self.said.last().is_some_and(String::is_empty) {
                    self.said.pop();
                }
                return Ok(status.trim().parse().unwrap_or(1));
            }
            self.said.push(line);
        }
    }

    /// Does the cluster say what is shown, or else what was said here?
    fn look(&mut self, terminal: Option<u32>, expected: &[String], first_line: u32, looks: &[Look]) {
        if self.is_left_out || terminal.is_some_and(|number| number != 1) {
            return;
        }
        if expect::matches(expected, &self.said, &mut self.bindings) {
            return;
        }
        let ours = looks.iter().find(|look| look.line == first_line).map_or(&[][..], |look| &look.said);
        if ours != self.said.as_slice() {
            let difference = expect::difference(ours, &self.said, &Bindings::new());
            self.complain(first_line, &format!("the cluster says otherwise (- here, + there)\n{difference}"));
        }
    }
}
