//! One cluster without a page, behind the protocol that a page speaks: so that its journal is a page's journal.

use playground::{Session, Watched};
use serde::{Deserialize, Serialize};
use serde_wasm_bindgen::Serializer;
use view::{Command, File, Goal, INPUT_BYTES_MAX, Mode, Start, Update};
use wasm_bindgen::prelude::*;

use crate::refusal::Refusal;

/// The terminal that is open from the start.
const TERMINAL: u32 = 1;
/// Events handled between two looks at what has come out.
const EVENTS_PER_TURN: u32 = 10_000;
/// Programs that read the terminal one within the other: a shell in a pod, and in it another.
const READERS_MAX: usize = 16;

type Refused<T> = Result<T, Refusal>;

/// What a cluster is made from, as `index.js` hands it over: complete, and of the right types.
#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
struct Options {
    seed: u64,
    nodes: u32,
    timing: String,
    /// Milliseconds since the Unix epoch.
    start: f64,
    files: Vec<File>,
}

impl From<Options> for Start {
    fn from(options: Options) -> Start {
        let Options { seed, nodes, timing, start, files } = options;
        Start { seed, nodes, timing, start_us: us(start), lesson: None, files }
    }
}

/// What a command said.
#[derive(Serialize)]
#[serde(rename_all = "camelCase")]
struct Said {
    stdout: String,
    stderr: String,
    exit_code: i32,
}

/// One change of a watched object.
#[derive(Serialize)]
struct Event<T> {
    r#type: &'static str,
    object: T,
}

/// A cluster with one terminal.
#[wasm_bindgen]
pub struct Engine {
    session: Session,
    journal: Vec<String>,
    said: Option<Said>,
}

/// A moment of a cluster to which it can go back.
#[wasm_bindgen]
pub struct Snapshot {
    session: Session,
    journal: Vec<String>,
}

/// A place in the log of one resource.
#[wasm_bindgen]
pub struct Watch {
    watched: Watched,
}

#[wasm_bindgen]
impl Engine {
    /// A new cluster.
    ///
    /// # Errors
    /// `InvalidOption`
    #[wasm_bindgen(constructor)]
    pub fn new(options: JsValue) -> Result<Engine, JsValue> {
        let options: Options = serde_wasm_bindgen::from_value(options).map_err(|error| invalid(&error))?;
        let session = Session::new(options.into()).map_err(Refusal::from)?;
        Ok(Engine::of(session))
    }

    /// The cluster that an exported journal describes.
    ///
    /// # Errors
    /// `InvalidSession`
    pub fn import(journal: &str) -> Result<Engine, JsValue> {
        let lines: Vec<String> = journal.lines().map(str::to_owned).collect();
        let session = Session::restore(&lines, 0).map_err(Refusal::from)?;
        Ok(Engine::of(session))
    }

    /// The journal: JSON lines, a page's as well as this package's.
    pub fn export(&self) -> String {
        self.journal.iter().flat_map(|line| [line.as_str(), "\n"]).collect()
    }

    /// The virtual instant, in milliseconds since the Unix epoch.
    #[wasm_bindgen(getter)]
    pub fn now(&self) -> f64 {
        self.session.world().now().0 as f64 / 1e3
    }

    /// A number that depends on every write since the beginning: equal for equal runs.
    #[wasm_bindgen(getter)]
    pub fn digest(&self) -> String {
        format!("{:016x}", self.session.world().cluster().server().digest())
    }

    /// Types a command, and lets time pass until it has ended, at most `limit_ms`.
    ///
    /// # Errors
    /// `TooLong` for a command of more than 1 MiB, `Ended` when an `exit` has ended the shell.
    pub fn run(&mut self, command: &str, limit_ms: f64) -> Result<JsValue, JsValue> {
        Ok(self.run_command(command, us(limit_ms))?.serialize(&plain()).map_err(|error| invalid(&error))?)
    }

    /// Puts a file into the shell's file system.
    ///
    /// # Errors
    /// `Refused` if there is no room or the path is that of a directory.
    #[wasm_bindgen(js_name = writeFile)]
    pub fn write_file(&mut self, path: String, text: String) -> Result<(), JsValue> {
        Ok(self.obey(Command::WriteFile { path, text })?)
    }

    /// The text of a file of the shell's; nothing if there is none.
    #[wasm_bindgen(js_name = readFile)]
    pub fn read_file(&self, path: &str) -> Option<String> {
        let bytes = self.session.world().read_file(path).ok()?;
        Some(String::from_utf8_lossy(&bytes).into_owned())
    }

    /// One object, as `-o json` prints it.
    ///
    /// # Errors
    /// `UnknownResource`, `NotFound`
    pub fn get(&self, resource: &str, namespace: Option<String>, name: &str) -> Result<JsValue, JsValue> {
        let object = self.session.world().object(resource, namespace.as_deref(), name).map_err(Refusal::from)?;
        Ok(object.serialize(&plain()).map_err(|error| invalid(&error))?)
    }

    /// All objects of a resource, by namespace and name.
    ///
    /// # Errors
    /// `UnknownResource`
    pub fn list(&self, resource: &str, namespace: Option<String>) -> Result<JsValue, JsValue> {
        let objects = self.session.world().objects(resource, namespace.as_deref()).map_err(Refusal::from)?;
        Ok(objects.serialize(&plain()).map_err(|error| invalid(&error))?)
    }

    /// A watch that begins now.
    ///
    /// # Errors
    /// `UnknownResource`
    pub fn watch(&self, resource: &str, namespace: Option<String>) -> Result<Watch, JsValue> {
        let watched = self.session.world().watch(resource, namespace.as_deref()).map_err(Refusal::from)?;
        Ok(Watch { watched })
    }

    /// What a watch has not told yet: `{type, object}` each, oldest first.
    ///
    /// # Errors
    /// `Expired`, when the log no longer reaches back so far: list anew.
    pub fn changes(&self, watch: &mut Watch) -> Result<JsValue, JsValue> {
        let happened = self.session.world().changes(&mut watch.watched).map_err(Refusal::from)?;
        let events: Vec<_> = happened.into_iter().map(|one| Event { r#type: one.event, object: one.object }).collect();
        Ok(events.serialize(&plain()).map_err(|error| invalid(&error))?)
    }

    /// Lets `ms` virtual milliseconds pass.
    pub fn advance(&mut self, ms: f64) -> Result<(), JsValue> {
        let to = self.session.world().now().0.saturating_add(us(ms));
        Ok(self.advance_to(to)?)
    }

    /// Runs until every workload has what it wants, at most `limit_ms`. Answers whether it has.
    pub fn settle(&mut self, limit_ms: f64) -> Result<bool, JsValue> {
        let limit_us = self.session.world().now().0.saturating_add(us(limit_ms));
        self.run_to_goal(Goal::Settled, limit_us)?;
        Ok(self.session.is_settled())
    }

    /// Runs to the next instant at which anything happens, at most `limit_ms` on.
    pub fn step(&mut self, limit_ms: f64) -> Result<(), JsValue> {
        let limit_us = self.session.world().now().0.saturating_add(us(limit_ms));
        let is_due = self.session.world().next_at().is_some_and(|at| at.0 <= limit_us);
        let stepped = if is_due { self.run_to_goal(Goal::NextEvent, limit_us) } else { self.advance_to(limit_us) };
        Ok(stepped?)
    }

    /// This moment, to go back to.
    pub fn snapshot(&self) -> Snapshot {
        Snapshot { session: self.session.clone(), journal: self.journal.clone() }
    }

    /// Goes back (or forward) to a moment.
    pub fn restore(&mut self, snapshot: &Snapshot) {
        self.session = snapshot.session.clone();
        self.journal = snapshot.journal.clone();
    }
}

impl Engine {
    fn of(mut session: Session) -> Engine {
        let updates = session.take_updates();
        let mut engine = Engine { session, journal: Vec::new(), said: None };
        // The first updates of a session refuse nothing.
        let _ = engine.keep(updates);
        engine
    }

    fn run_command(&mut self, command: &str, limit_us: u64) -> Refused<Said> {
        if command.len() >= INPUT_BYTES_MAX {
            return Err(Refusal::new("TooLong", "a command has at most 1 MiB"));
        }
        if self.session.mode(TERMINAL) == Mode::Closed {
            return Err(Refusal::new("Ended", "the shell has ended"));
        }
        let until_us = self.session.world().now().0.saturating_add(limit_us);
        self.said = None;
        self.obey(Command::Run { id: 0, terminal: TERMINAL, text: format!("{command}\n"), limit_us })?;
        self.run_to_goal(Goal::Prompt { terminal: TERMINAL }, until_us)?;
        // Somebody reads the terminal, and nobody types: Ctrl-D, once for each reader within the other.
        for _ in 0..READERS_MAX {
            if self.session.mode(TERMINAL) != Mode::Program || self.said.is_some() {
                break;
            }
            self.obey(Command::Eof { terminal: TERMINAL })?;
            self.run_to_goal(Goal::Prompt { terminal: TERMINAL }, until_us)?;
        }
        if self.said.is_none() {
            // At its limit it is interrupted.
            self.advance_to(until_us)?;
        }
        self.said.take().ok_or(Refusal::new("Ended", "the shell has ended"))
    }

    fn advance_to(&mut self, to_us: u64) -> Refused<()> {
        loop {
            let now = self.session.world().now().0;
            if now >= to_us {
                return Ok(());
            }
            self.obey(Command::Advance { dt_us: to_us - now })?;
        }
    }

    fn run_to_goal(&mut self, goal: Goal, limit_us: u64) -> Refused<()> {
        loop {
            let updates = self.session.handle(Command::RunUntil { goal, limit_us, events_max: EVENTS_PER_TURN });
            let is_reached = updates.iter().any(|update| matches!(update, Update::Reached { .. }));
            self.keep(updates)?;
            if is_reached {
                return Ok(());
            }
        }
    }

    fn obey(&mut self, command: Command) -> Refused<()> {
        let updates = self.session.handle(command);
        self.keep(updates)
    }

    /// Keeps what the caller will be told; the picture, echoes and prompts are a page's.
    fn keep(&mut self, updates: Vec<Update>) -> Refused<()> {
        let mut refused = None;
        for update in updates {
            match update {
                Update::Ran { stdout, stderr, status: Some(exit_code), .. } => {
                    self.said = Some(Said { stdout, stderr, exit_code });
                }
                Update::Journal { line, .. } => self.journal.push(line),
                Update::Refused { message } => refused = Some(Refusal::new("Refused", message)),
                // Nobody sits here to edit: the file stays as it is.
                Update::OpenEditor { terminal, path, .. } => {
                    self.obey(Command::EditorResult { terminal, path, text: None })?;
                }
                _ => {}
            }
        }
        refused.map_or(Ok(()), Err)
    }
}

/// Milliseconds as microseconds. `index.js` lets only finite numbers pass; negative ones count as zero.
fn us(ms: f64) -> u64 {
    (ms.max(0.0) * 1e3) as u64
}

/// Maps as plain objects, absent values as null: what `JSON.parse` would give.
fn plain() -> Serializer {
    Serializer::json_compatible()
}

fn invalid(error: &serde_wasm_bindgen::Error) -> Refusal {
    Refusal::new("InvalidOption", error)
}
