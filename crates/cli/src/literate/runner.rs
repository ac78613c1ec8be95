//! One document in one cluster: types, waits, looks.

use ordered::OrderedMap;

use lesson::expect::{self, Bindings};
use lesson::{Check, Front, Kind, Piece, Typed, Wait, Way};
use playground::Session;
use sim::Time;
use view::{Command, File, Goal, Mode, Start, Update};

use super::Plan;
use super::edit::Edit;

/// A reader takes so long from one block to the next.
const PACE_US: u64 = 1_000_000;
/// A program that reads and has said nothing for so long has said all.
const QUIET_US: u64 = 2_000_000;
/// A command that has not ended after so long is interrupted.
const LIMIT_US: u64 = 3_600_000_000;
/// Output of a failed command that a complaint shows.
const SHOWN_LINES_MAX: usize = 12;

/// Something is not as the document has it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Complaint {
    /// The line in the document.
    pub line: u32,
    /// What is wrong; may be of several lines.
    pub text: String,
    /// Whether what is shown differs from what was said.
    pub is_drift: bool,
}

/// What was said where the document shows something.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Look {
    /// The first line that is shown.
    pub(super) line: u32,
    /// What was said.
    pub(super) said: Vec<String>,
}

/// A document's cluster.
pub struct Runner {
    session: Session,
    now_us: u64,
    terminals: OrderedMap<u32, Seen>,
    /// The terminal of the last block.
    last: u32,
    beside: Vec<(String, String)>,
    bindings: Bindings,
    complaints: Vec<Complaint>,
    edits: Vec<Edit>,
    looks: Vec<Look>,
}

/// A terminal as a reader sees it.
struct Seen {
    mode: Mode,
    /// What has come since it was last looked at.
    text: String,
    /// What was typed last.
    typed: String,
}

impl Seen {
    fn new() -> Seen {
        Seen { mode: Mode::Busy, text: String::new(), typed: String::new() }
    }
}

impl Runner {
    /// A new cluster for a document.
    ///
    /// # Errors
    /// If the document asks for one that cannot be had.
    pub fn new(front: &Front, plan: &Plan, beside: Vec<(String, String)>) -> Result<Runner, String> {
        let named = |timing: &Option<String>| timing.clone();
        let timing = named(&plan.timing).or_else(|| named(&front.timing));
        let start = Start {
            seed: plan.seed.or(front.seed).unwrap_or(1),
            nodes: plan.nodes.or(front.nodes).unwrap_or(4),
            timing: timing.unwrap_or_else(|| cluster::timing::DEFAULT.to_owned()),
            start_us: Time::HEADLESS_START.0,
            lesson: None,
            files: beside.iter().map(|(path, text)| File { path: path.clone(), text: text.clone() }).collect(),
        };
        let session = Session::new(start).map_err(|error| error.to_string())?;
        let mut runner = Runner {
            session,
            now_us: Time::HEADLESS_START.0,
            terminals: OrderedMap::from([(1, Seen::new())]),
            last: 1,
            beside,
            bindings: Bindings::new(),
            complaints: Vec::new(),
            edits: Vec::new(),
            looks: Vec::new(),
        };
        runner.let_pass(PACE_US);
        Ok(runner)
    }

    /// Does all steps. Answers with their number.
    pub fn run(&mut self, steps: &[&Piece]) -> usize {
        for (index, step) in steps.iter().enumerate() {
            let is_shown =
                steps.get(index + 1).is_some_and(|next| matches!(next.kind, Kind::Console { terminal: None, .. }));
            self.step(step, is_shown);
        }
        steps.len()
    }

    /// What a document's text is to become.
    pub(super) fn edits(&self) -> &[Edit] {
        &self.edits
    }

    /// What was said wherever something is shown.
    pub(super) fn looks(&self) -> &[Look] {
        &self.looks
    }

    /// What is wrong.
    pub fn into_complaints(self) -> Vec<Complaint> {
        self.complaints
    }

    fn step(&mut self, piece: &Piece, is_shown: bool) {
        match &piece.kind {
            Kind::File { name, text } => self.put_file(piece.line, name, text),
            Kind::Type(typed) => self.type_block(piece.line, typed, is_shown),
            Kind::Console { terminal, lines, first_line, indent } => {
                let first_line = if lines.is_empty() { piece.line + 1 } else { *first_line };
                self.look(*terminal, lines, first_line, *indent);
            }
            Kind::Wait(waits) => waits.iter().for_each(|wait| self.wait(wait)),
            Kind::Check(checks) => checks.iter().for_each(|check| self.check(check)),
            Kind::Prose(_) | Kind::Hint(_) | Kind::Solution(_) => {}
        }
    }

    fn complain(&mut self, line: u32, text: String) {
        self.complaints.push(Complaint { line, text, is_drift: false });
    }

    fn put_file(&mut self, line: u32, name: &str, text: &str) {
        let text = match self.beside.iter().find(|(known, _)| known == name) {
            Some((_, beside)) if text.is_empty() => beside.clone(),
            None if text.is_empty() => {
                return self.complain(line, format!("there is no file {name} beside this document"));
            }
            Some(_) | None => text.to_owned(),
        };
        self.send(Command::WriteFile { path: name.to_owned(), text });
    }

    fn type_block(&mut self, line: u32, typed: &Typed, is_shown: bool) {
        let terminal = typed.terminal;
        self.last = terminal;
        self.open(terminal);
        if typed.lines.first().is_none_or(|first| first.trim() != "^C") {
            self.take_text(terminal);
        }
        if let Some(seen) = self.terminals.get_mut(&terminal) {
            // The first line names the command; keys are none.
            let named = typed.lines.iter().find(|line| !line.starts_with(['^', '#']));
            seen.typed = named.cloned().unwrap_or_else(|| std::mem::take(&mut seen.typed));
        }
        for (index, text) in typed.lines.iter().enumerate() {
            self.type_line(terminal, text);
            if typed.way == Way::Background {
                continue;
            }
            if !self.wait_for_reader(terminal) {
                return self.complain(line, "this has not ended within an hour".to_owned());
            }
            if typed.way == Way::Command && !is_shown {
                self.judge_status(line + 1 + u32::try_from(index).unwrap_or(0), terminal, text);
            }
        }
        self.let_pass(PACE_US);
    }

    fn open(&mut self, terminal: u32) {
        if !self.terminals.contains_key(&terminal) {
            self.terminals.insert(terminal, Seen::new());
            self.send(Command::OpenTerminal { terminal });
            self.wait_for_reader(terminal);
        }
    }

    fn type_line(&mut self, terminal: u32, text: &str) {
        match text.trim() {
            "^C" => self.send(Command::Interrupt { terminal, pending: String::new() }),
            "^D" => self.send(Command::Eof { terminal }),
            _ => self.send(Command::Input { terminal, text: format!("{text}\n") }),
        }
    }

    /// A command of which nothing is shown should succeed. Only a whole command has a status.
    fn judge_status(&mut self, line: u32, terminal: u32, typed: &str) {
        let status = self.session.world().last_status(terminal);
        if self.mode(terminal) != Mode::Shell || status == 0 || typed.trim() == "^C" {
            return;
        }
        let said = self.terminals.get(&terminal).map(|seen| seen.text.as_str()).unwrap_or_default();
        let shown: String = said.lines().take(SHOWN_LINES_MAX).map(|line| format!("\n  {line}")).collect();
        self.complain(line, format!("status {status}, and nothing is shown for it{shown}"));
    }

    fn mode(&self, terminal: u32) -> Mode {
        self.terminals.get(&terminal).map_or(Mode::Closed, |seen| seen.mode)
    }

    /// Lets time pass until a terminal's shell, or the program in it, reads. Answers whether it does.
    fn wait_for_reader(&mut self, terminal: u32) -> bool {
        let limit_us = self.now_us + LIMIT_US;
        loop {
            match self.mode(terminal) {
                Mode::Shell | Mode::More | Mode::Closed => return true,
                Mode::Program if self.is_quiet(terminal) => return true,
                Mode::Program => {}
                Mode::Busy => {
                    let before = self.now_us;
                    self.send(Command::RunUntil { goal: Goal::NextEvent, limit_us, events_max: 1 });
                    if self.now_us == before && self.mode(terminal) == Mode::Busy && !self.has_more(limit_us) {
                        self.send(Command::Interrupt { terminal, pending: String::new() });
                        return false;
                    }
                }
            }
        }
    }

    fn has_more(&self, limit_us: u64) -> bool {
        self.session.world().next_at().is_some_and(|at| at.0 <= limit_us)
    }

    fn is_quiet(&mut self, terminal: u32) -> bool {
        let length = |runner: &Runner| runner.terminals.get(&terminal).map_or(0, |seen| seen.text.len());
        let before = length(self);
        self.let_pass(QUIET_US);
        length(self) == before && self.mode(terminal) == Mode::Program
    }

    fn let_pass(&mut self, dt_us: u64) {
        let limit_us = self.now_us + dt_us;
        while self.now_us < limit_us {
            self.send(Command::RunUntil { goal: Goal::Limit, limit_us, events_max: 10_000 });
        }
    }

    fn send(&mut self, command: Command) {
        for update in self.session.handle(command) {
            self.hear(update);
        }
    }

    fn hear(&mut self, update: Update) {
        match update {
            Update::Clock { now_us } => self.now_us = now_us,
            Update::Output { terminal, text, .. } => {
                if let Some(seen) = self.terminals.get_mut(&terminal) {
                    seen.text.push_str(&text.replace("\r\n", "\n"));
                }
            }
            // What a program asked for with a prompt of its own stands behind that prompt.
            Update::Echo { terminal, mode: Mode::Program, text, .. } => {
                let seen = self.terminals.get_mut(&terminal);
                if let Some(seen) = seen.filter(|seen| !seen.text.is_empty() && !seen.text.ends_with('\n')) {
                    seen.text.push_str(&text);
                    seen.text.push('\n');
                }
            }
            Update::Prompt { terminal, mode, .. } => {
                if let Some(seen) = self.terminals.get_mut(&terminal) {
                    seen.mode = mode;
                }
            }
            Update::OpenEditor { terminal, path, .. } => {
                self.send(Command::EditorResult { terminal, path, text: None });
            }
            Update::Refused { message } => self.complain(0, message),
            _ => {}
        }
    }

    fn take_text(&mut self, terminal: u32) -> String {
        self.terminals.get_mut(&terminal).map(|seen| std::mem::take(&mut seen.text)).unwrap_or_default()
    }

    fn look(&mut self, terminal: Option<u32>, expected: &[String], first_line: u32, indent: usize) {
        let terminal = terminal.unwrap_or(self.last);
        let reads = self.mode(terminal) == Mode::Program;
        let mut said: Vec<String> = self.take_text(terminal).split('\n').map(str::to_owned).collect();
        // The prompt of an inner shell, which waits for the next block.
        let rest = said.pop().unwrap_or_default();
        if !reads && !rest.is_empty() {
            said.push(rest);
        }
        self.looks.push(Look { line: first_line, said: said.clone() });
        if expect::matches(expected, &said, &mut self.bindings) {
            return;
        }
        let difference = expect::difference(expected, &said, &self.bindings);
        let typed = self.terminals.get(&terminal).map(|seen| seen.typed.trim()).unwrap_or_default();
        let text = format!("`{typed}` no longer prints what is shown (- shown, + printed)\n{difference}");
        self.complaints.push(Complaint { line: first_line, text, is_drift: true });
        let lines = expect::updated(expected, &said, &mut self.bindings);
        let indented = lines.iter().map(|line| format!("{:indent$}{line}", "").trim_end().to_owned()).collect();
        self.edits.push(Edit { first_line, count: expected.len(), lines: indented });
    }

    fn wait(&mut self, wait: &Wait) {
        let limit_us = self.now_us + wait.timeout_seconds * 1_000_000;
        let command = wait.command();
        let mut seen_revision = None;
        loop {
            let revision = self.session.world().cluster().server().revision();
            if seen_revision != Some(revision) && self.session.probe(&command).ok {
                return self.let_pass(PACE_US);
            }
            seen_revision = Some(revision);
            if !self.has_more(limit_us) {
                let text = format!("this has not come within {} s: {}", wait.timeout_seconds, wait.arguments);
                return self.complain(wait.line, text);
            }
            self.send(Command::RunUntil { goal: Goal::NextEvent, limit_us, events_max: 1 });
        }
    }

    fn check(&mut self, check: &Check) {
        let said = self.session.probe(&check.command);
        if said.stdout.trim() != check.expected {
            let Check { line, command, expected } = check;
            self.complain(*line, format!("{command}\n  is       {:?}\n  expected {expected:?}", said.stdout.trim()));
        }
    }
}
