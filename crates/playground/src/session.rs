//! A world behind the protocol of `view`: commands in, updates out, every input in the journal.

mod runs;
mod watches;

use ordered::OrderedMap;
use std::collections::VecDeque;

use api::text::yaml;
use api::{Key, Kind, Object, Value};
use cluster::timing::{self, TimingError};
use images::tools::http::{ClientError, Response};
use shell::{Config, Output, Start as ShellStart, Status};
use sim::{Span, Time};
use view::{
    Act, Candidate, Command, Condition, Entry, File, Goal, Header, INPUT_BYTES_MAX, Input, JournalError, Looked, Mode,
    Name, NoPage, PROBE_LINES_MAX, Probed, Start, Stream, Update,
};

use crate::browser::{Failure, Page};
use crate::desk::Desk;
use crate::manifest;
use crate::objects::Watched;
use crate::picture::Sent;
use crate::world::{Options, World};
use runs::Run;

/// The terminal that is open from the start.
const FIRST_TERMINAL: u32 = 1;
/// Steps of the world in the answer to one [`Command::Advance`]: a burst is spread over frames.
const STEPS_MAX: usize = 2_000;
/// What a probe may take of its copy's time.
const PROBE_LIMIT: Span = Span::from_seconds(5);
/// Nodes of a session at most.
const NODES_MAX: u32 = 5_000;

/// Why a session cannot begin.
#[derive(Debug, thiserror::Error)]
pub enum SessionError {
    /// The journal cannot be read.
    #[error(transparent)]
    Journal(#[from] JournalError),
    /// The timing profile cannot be used.
    #[error(transparent)]
    Timing(#[from] TimingError),
    /// Too many nodes.
    #[error("a cluster has at most {NODES_MAX} nodes")]
    Nodes,
}

/// A session. It is `Clone`: a checkpoint is a clone.
#[derive(Clone)]
pub struct Session {
    world: World,
    terminals: OrderedMap<u32, Typed>,
    watches: OrderedMap<u32, Watched>,
    sent: Sent,
    updates: Vec<Update>,
}

/// What was typed into a terminal and nobody has read, and what the page was told of it.
#[derive(Clone, Default)]
struct Typed {
    lines: VecDeque<String>,
    /// Commands of which the outcome is wanted; the first may be under way.
    runs: VecDeque<Run>,
    told: Option<(Mode, String)>,
    /// What the shell showed when it last asked for a line.
    prompt: String,
}

impl Session {
    /// A new session.
    ///
    /// # Errors
    /// If its timing profile or size cannot be had.
    pub fn new(start: Start) -> Result<Session, SessionError> {
        if start.nodes > NODES_MAX {
            return Err(SessionError::Nodes);
        }
        let mut files = World::tutorial_files();
        files.extend(start.files.iter().map(|File { path, text }| (path.clone(), text.as_bytes().to_vec())));
        let at = Time(start.start_us);
        let cluster =
            cluster::Options { nodes: start.nodes, seed: start.seed, timing: timing::named(&start.timing)?, start: at };
        let mut session = Session {
            world: World::new(&Options { cluster, files, has_editor: true }),
            terminals: OrderedMap::new(),
            watches: OrderedMap::new(),
            sent: Sent::default(),
            updates: Vec::new(),
        };
        session.updates.push(Update::Journal { at_us: start.start_us, line: Header::of(&start).to_line() });
        session.open(FIRST_TERMINAL);
        session.settle();
        Ok(session)
    }

    /// The session that a journal describes, at its last entry or at `until_us`, whichever is later.
    ///
    /// # Errors
    /// If the journal cannot be read.
    pub fn restore(lines: &[String], until_us: u64) -> Result<Session, SessionError> {
        let (start, entries) = Entry::read_all(lines.iter().map(String::as_str))?;
        let mut session = Session::new(start)?;
        for entry in entries {
            session.run_to(Time(entry.t_us));
            session.act(entry.terminal, entry.input);
        }
        session.run_to(Time(until_us));
        Ok(session)
    }

    /// All that has happened since the last answer.
    pub fn take_updates(&mut self) -> Vec<Update> {
        self.tell_watches();
        self.tell_prompts();
        for (terminal, path) in self.world.open_editors() {
            let text = self.world.read_file(&path).unwrap_or_default();
            let text = String::from_utf8_lossy(&text).into_owned();
            self.updates.push(Update::OpenEditor { terminal, path, text });
        }
        self.tell_pages();
        let picture = self.sent.changes(self.world.cluster());
        if !picture.is_empty() {
            self.updates.push(Update::Picture(Box::new(picture)));
        }
        self.updates.push(Update::Clock { now_us: self.world.now().0 });
        std::mem::take(&mut self.updates)
    }

    /// Obeys one command.
    pub fn handle(&mut self, command: Command) -> Vec<Update> {
        match command {
            Command::Start(_) | Command::Restore { .. } => self.refuse("a session begins once"),
            Command::Export { lines } => match crate::export::lesson(&lines) {
                Ok(text) => self.updates.push(Update::Exported { text }),
                Err(error) => self.refuse(&error.to_string()),
            },
            Command::OpenTerminal { terminal } => self.act(terminal, Input::Act(Act::Open {})),
            Command::CloseTerminal { terminal } => self.act(terminal, Input::Act(Act::Close {})),
            Command::Input { text, .. } | Command::Run { text, .. } if text.len() > INPUT_BYTES_MAX => {
                self.refuse(&format!("more than {INPUT_BYTES_MAX} bytes at once: nothing of it was typed"));
            }
            Command::Input { terminal, text } => self.act(terminal, Input::Text(text)),
            Command::Run { id, terminal, text, limit_us } => self.run(id, terminal, text, limit_us),
            Command::Watch { id, resource, namespace } => self.watch(id, &resource, namespace.as_deref()),
            Command::Unwatch { id } => drop(self.watches.remove(&id)),
            Command::Interrupt { terminal, pending } => self.act(terminal, Input::Act(Act::Interrupt(pending))),
            Command::Eof { terminal } => self.act(terminal, Input::Act(Act::Eof {})),
            Command::Complete { terminal, line, cursor } => self.complete(terminal, line, cursor),
            Command::Probe { id, lines } => {
                let answers = lines.iter().take(PROBE_LINES_MAX).map(|line| self.probe(line)).collect();
                self.updates.push(Update::Probed { id, answers });
            }
            Command::EditorResult { terminal, path, text } => {
                self.act(terminal, Input::Act(Act::Edited { path, text }))
            }
            Command::WriteFile { path, text } => self.act(FIRST_TERMINAL, Input::Act(Act::File(File { path, text }))),
            Command::Browse { visit, url, base, form } => {
                self.act(FIRST_TERMINAL, Input::Act(Act::Browse { visit, url, base, form }));
            }
            Command::Look(name) => self.look(name),
            Command::ListFiles => self.updates.push(Update::Files { paths: self.world.files() }),
            Command::ReadFile { path } => {
                let bytes = self.world.read_file(&path).ok();
                let text = bytes.map(|bytes| String::from_utf8_lossy(&bytes).into_owned());
                self.updates.push(Update::File { path, text });
            }
            Command::Check { ticket, text } => {
                self.updates.push(Update::Checked { ticket, problems: manifest::problems(&text) });
            }
            Command::Suggest { ticket, text, line, column } => {
                let (from, candidates) = manifest::suggestions(&text, line as usize, column as usize);
                self.updates.push(Update::Suggested { ticket, from, candidates });
            }
            Command::Advance { dt_us } => self.advance(dt_us),
            Command::RunUntil { goal, limit_us, events_max } => self.run_until(goal, Time(limit_us), events_max),
        }
        self.go_on_with_runs();
        self.take_updates()
    }

    /// The world, to look at.
    pub fn world(&self) -> &World {
        &self.world
    }

    /// Who reads a terminal's lines now.
    pub fn mode(&self, terminal: u32) -> Mode {
        self.standing(terminal).0
    }

    /// How things stand, as a command tells it that is run in a copy of the world.
    pub fn probe(&self, line: &str) -> Probed {
        let said = Desk::over(self.world.clone()).run_with(line, "", PROBE_LIMIT);
        Probed { stdout: said.stdout, ok: said.rc == 0 }
    }

    /// What the reader did, now: it goes into the journal, then it happens.
    pub(crate) fn act(&mut self, terminal: u32, input: Input) {
        let is_open = self.terminals.contains_key(&terminal);
        let opens = matches!(input, Input::Act(Act::Open {}));
        if is_open == opens {
            let message = if opens { "is open already" } else { "is not open" };
            return self.refuse(&format!("terminal {terminal} {message}"));
        }
        let at_us = self.world.now().0;
        let line = Entry { t_us: at_us, terminal, input: input.clone() }.to_line();
        self.updates.push(Update::Journal { at_us, line });
        match input {
            Input::Text(text) => self.type_lines(terminal, &text),
            Input::Act(Act::Interrupt(pending)) => self.interrupt(terminal, &pending),
            Input::Act(Act::Eof {}) => self.world.eof(terminal),
            Input::Act(Act::Open {}) => self.open(terminal),
            Input::Act(Act::Close {}) => {
                self.world.close_terminal(terminal);
                self.end_run(terminal, Mode::Closed);
                self.terminals.remove(&terminal);
                self.updates.push(Update::TerminalClosed { terminal });
            }
            Input::Act(Act::Edited { path, text }) => self.world.close_editor(&path, text.as_deref()),
            Input::Act(Act::File(File { path, text })) => {
                if let Err(error) = self.world.write_file(&path, text.as_bytes()) {
                    self.refuse(&format!("{path}: {error}"));
                }
            }
            Input::Act(Act::Browse { visit, url, base, form }) => self.world.browse(visit, &url, &base, form),
        }
        self.settle();
    }

    fn look(&mut self, name: Name) {
        let namespace = Some(name.namespace.as_str()).filter(|namespace| !namespace.is_empty());
        let object = self.world.object(&name.kind.to_lowercase(), namespace, &name.name).ok();
        let looked = object.map_or_else(Looked::default, |object| looked(&object));
        let key = Key::new(name.namespace.as_str(), name.name.as_str());
        let kind = Kind::ALL.iter().copied().find(|kind| kind.name() == name.kind);
        let why = kind.map(|kind| crate::why::decided(self.world.cluster(), kind, &key)).unwrap_or_default();
        self.updates.push(Update::Looked(Box::new(Looked { name, why, ..looked })));
    }

    fn refuse(&mut self, message: &str) {
        self.updates.push(Update::Refused { message: message.to_owned() });
    }

    fn open(&mut self, terminal: u32) {
        self.world.open_terminal(terminal, Config::terminal(), ShellStart::Interactive);
        self.terminals.insert(terminal, Typed::default());
    }

    fn type_lines(&mut self, terminal: u32, text: &str) {
        if let Some(typed) = self.terminals.get_mut(&terminal) {
            typed.lines.extend(text.lines().map(str::to_owned));
        }
    }

    fn interrupt(&mut self, terminal: u32, pending: &str) {
        let (_, prompt) = self.standing(terminal);
        if let Some(typed) = self.terminals.get_mut(&terminal) {
            typed.lines.clear();
            typed.runs.front_mut().into_iter().for_each(Run::lines_dropped);
        }
        self.updates.push(Update::Echo { terminal, mode: Mode::Program, prompt, text: format!("{pending}^C") });
        self.world.interrupt(terminal);
    }

    fn complete(&mut self, terminal: u32, line: String, cursor: u32) {
        let Some(found) = self.world.complete(terminal, &line, cursor as usize) else {
            return self.refuse(&format!("terminal {terminal} is not open"));
        };
        let from = u32::try_from(found.range.start).unwrap_or(0);
        let candidates = found.candidates.into_iter().map(|candidate| Candidate {
            text: format!("{}{}", candidate.text, candidate.suffix),
            note: String::new(),
        });
        self.updates.push(Update::Completions { terminal, line, from, candidates: candidates.collect() });
    }

    fn advance(&mut self, dt_us: u64) {
        let to = self.world.now() + Span(dt_us);
        self.settle();
        for _ in 0..STEPS_MAX {
            if !self.world.step(to) {
                while self.world.advance_to(to, STEPS_MAX) == cluster::Progress::OutOfBudget {}
                break;
            }
            self.settle();
        }
        self.settle();
    }

    pub(crate) fn run_to(&mut self, to: Time) {
        while self.world.now() < to {
            let left = to.since(self.world.now());
            self.advance(left.0);
        }
    }

    fn run_until(&mut self, goal: Goal, limit: Time, events_max: u32) {
        self.settle();
        for _ in 0..events_max {
            if self.is_reached(goal) || !self.world.step(limit) {
                // Nothing happens before the limit: the goal will not be reached by waiting.
                if goal == Goal::Limit {
                    self.run_to(limit);
                }
                self.updates.push(Update::Reached { goal, is_met: goal == Goal::Limit || self.is_reached(goal) });
                return;
            }
            self.settle();
            if goal == Goal::NextEvent {
                self.updates.push(Update::Reached { goal, is_met: true });
                return;
            }
        }
    }

    fn is_reached(&self, goal: Goal) -> bool {
        match goal {
            Goal::NextEvent | Goal::Limit => false,
            Goal::Settled => self.is_settled(),
            Goal::Prompt { terminal } => self.world.is_at_prompt(terminal),
        }
    }

    /// Whether every workload has what it wants and nothing is being deleted.
    pub fn is_settled(&self) -> bool {
        let server = self.world.cluster().server();
        let workloads_are = crate::settled::WORKLOADS
            .into_iter()
            .flat_map(|kind| server.iter(kind))
            .all(crate::settled::has_what_it_wants);
        let pods_are = server.iter(Kind::Pod).all(|object| match object {
            Object::Pod(pod) => {
                !pod.metadata.is_terminating() && (pod.status.is_terminal() || pod.status.is_true("Ready"))
            }
            _ => true,
        });
        workloads_are && pods_are
    }

    /// Lets terminals do what they can now, handing each the typed lines as it reads them.
    fn settle(&mut self) {
        loop {
            self.world.settle();
            self.collect_output();
            if !self.hand_out_lines() {
                return;
            }
        }
    }

    /// Gives each terminal that reads its next typed line. Answers whether any got one.
    fn hand_out_lines(&mut self) -> bool {
        let mut any = false;
        for terminal in self.world.terminals() {
            let (mode, prompt) = self.standing(terminal);
            self.end_run(terminal, mode);
            if matches!(mode, Mode::Busy | Mode::Closed) {
                continue;
            }
            let Some(typed) = self.terminals.get_mut(&terminal) else { continue };
            let Some(text) = typed.lines.pop_front() else { continue };
            typed.runs.front_mut().into_iter().for_each(Run::line_taken);
            let bytes = format!("{text}\n");
            self.updates.push(Update::Echo { terminal, mode, prompt, text });
            if let Err(error) = self.world.feed(terminal, bytes.as_bytes()) {
                self.refuse(&error.to_string());
            }
            any = true;
        }
        any
    }

    fn collect_output(&mut self) {
        for terminal in self.world.terminals() {
            for (_, output) in self.world.take_output(terminal) {
                let (stream, bytes) = match output {
                    Output::Stdout(bytes) => (Stream::Stdout, bytes),
                    Output::Stderr(bytes) => (Stream::Stderr, bytes),
                    // The prompt is told as a state, not as text.
                    Output::Prompt(text) => {
                        if let Some(typed) = self.terminals.get_mut(&terminal) {
                            typed.prompt = text;
                        }
                        continue;
                    }
                    Output::Started { .. } | Output::Ended { .. } => continue,
                };
                self.put(terminal, stream, &String::from_utf8_lossy(&bytes));
            }
        }
    }

    fn put(&mut self, terminal: u32, stream: Stream, text: &str) {
        const CLEAR: &str = "\u{1b}[H\u{1b}[2J";
        if let Some((before, after)) = text.split_once(CLEAR) {
            let after = after.trim_start_matches("\u{1b}[3J").to_owned();
            self.put(terminal, stream, before);
            self.updates.push(Update::Clear { terminal });
            return self.put(terminal, stream, &after);
        }
        if text.is_empty() {
            return;
        }
        if let Some(run) = self.terminals.get_mut(&terminal).and_then(|typed| typed.runs.front_mut()) {
            run.print(stream, text);
        }
        if let Some(Update::Output { terminal: last, stream: same, text: so_far }) = self.updates.last_mut()
            && (*last, *same) == (terminal, stream)
        {
            so_far.push_str(text);
            return;
        }
        self.updates.push(Update::Output { terminal, stream, text: text.to_owned() });
    }

    fn tell_pages(&mut self) {
        for Page { visit, url, outcome } in self.world.take_pages() {
            self.updates.push(match outcome {
                Ok(response) => page_of(visit, url, &response),
                Err(failure) => Update::NoPage { visit, url, reason: reason_of(failure) },
            });
        }
        if let Some(url) = self.world.browser().take_wanted() {
            self.updates.push(Update::OpenPage { url });
        }
    }

    fn tell_prompts(&mut self) {
        for terminal in self.world.terminals() {
            let standing = self.standing(terminal);
            let Some(typed) = self.terminals.get_mut(&terminal) else { continue };
            if typed.told.as_ref() != Some(&standing) {
                typed.told = Some(standing.clone());
                let (mode, prompt) = standing;
                self.updates.push(Update::Prompt { terminal, mode, prompt });
            }
        }
    }

    /// Who reads a terminal's lines now, and what stands before the cursor.
    fn standing(&self, terminal: u32) -> (Mode, String) {
        match self.world.status(terminal) {
            Some(Status::Exited(_)) | None => (Mode::Closed, String::new()),
            Some(_) if self.world.is_at_prompt(terminal) => {
                let prompt = self.terminals.get(&terminal).map(|typed| typed.prompt.clone()).unwrap_or_default();
                (if prompt == "> " { Mode::More } else { Mode::Shell }, prompt)
            }
            Some(_) if self.world.reads_terminal(terminal) => (Mode::Program, String::new()),
            Some(_) => (Mode::Busy, String::new()),
        }
    }
}

/// A longer page is cut.
const PAGE_BYTES_MAX: usize = 1 << 20;

fn page_of(visit: u32, url: String, response: &Response) -> Update {
    let kind = response.headers.iter().find(|(name, _)| name.eq_ignore_ascii_case("content-type"));
    let content_type = kind.map(|(_, value)| value.clone()).unwrap_or_default();
    let bytes = &response.body[..response.body.len().min(PAGE_BYTES_MAX)];
    let body = String::from_utf8_lossy(bytes).into_owned();
    Update::Page { visit, url, status: response.code, content_type, body }
}

fn reason_of(failure: Failure) -> NoPage {
    match failure {
        Failure::Address => NoPage::Address,
        Failure::Redirects => NoPage::Redirects,
        Failure::Network(ClientError::Lookup(_)) => NoPage::Name,
        Failure::Network(ClientError::Refused(_)) => NoPage::Refused,
        Failure::Network(ClientError::Unreachable(_)) => NoPage::Unreachable,
        Failure::Network(ClientError::Empty) => NoPage::Empty,
        Failure::Network(ClientError::Timeout(_)) => NoPage::Timeout,
    }
}

/// An object as the page shows it: without the fields' managers, as kubectl prints it.
fn looked(object: &Value) -> Looked {
    let mut shown = object.clone();
    if let Value::Map(fields) = &mut shown
        && let Some(Value::Map(metadata)) = fields.get_mut("metadata")
    {
        metadata.remove("managedFields");
    }
    let text = |condition: &Value, field: &str| condition.get(field).text().to_owned();
    let condition = |condition: &Value| Condition {
        kind: text(condition, "type"),
        status: text(condition, "status"),
        reason: text(condition, "reason"),
        message: text(condition, "message"),
    };
    let conditions = match object.at(&["status", "conditions"]) {
        Value::List(conditions) => conditions.iter().map(condition).collect(),
        _ => Vec::new(),
    };
    Looked { yaml: yaml::write(&shown), conditions, ..Looked::default() }
}
