//! What the page asks of the engine.

use serde::{Deserialize, Serialize};

/// The longest text of one [`Command::Input`], in bytes: what a shell takes as one command. A longer one is refused whole,
/// before it costs anything.
pub const INPUT_BYTES_MAX: usize = 1 << 20;

/// Lines of one [`Command::Probe`].
pub const PROBE_LINES_MAX: usize = 16;

/// Watches of one session at a time.
pub const WATCHES_MAX: usize = 64;

/// One wish. Terminals are numbered by the page; terminal 1 is open from the start.
#[derive(Clone, PartialEq, Debug, Serialize, Deserialize)]
pub enum Command {
    /// A new session in place of whatever was there.
    Start(Start),
    /// The session that these journal lines describe, replayed as fast as the machine goes.
    Restore {
        /// JSON lines as [`crate::Update::Journal`] gave them, the header first.
        lines: Vec<String>,
        /// Where the clock is to stand afterwards; an instant before the last entry's is ignored.
        until_us: u64,
    },
    /// One more terminal, with a shell of its own.
    OpenTerminal {
        /// A number not in use.
        terminal: u32,
    },
    /// Ends a terminal's shell as closing its window would.
    CloseTerminal {
        /// The terminal.
        terminal: u32,
    },
    /// Whole lines, each ending in `\n`, for whoever reads this terminal: the shell, or the program in its foreground.
    /// The terminal element has done the editing; the engine echoes a line when its reader takes it.
    Input {
        /// The terminal.
        terminal: u32,
        /// One line, or many of a paste. At most [`INPUT_BYTES_MAX`] bytes.
        text: String,
    },
    /// Whole lines for a terminal's shell, of which the outcome is wanted: typed when the shell next asks for a command and nothing
    /// else waits to be read. Answered by [`crate::Update::Ran`], and seen in the terminal as what a reader types.
    Run {
        /// Comes back with the answer.
        id: u32,
        /// The terminal.
        terminal: u32,
        /// As [`Command::Input`] has it.
        text: String,
        /// So much virtual time after its first line it is interrupted.
        limit_us: u64,
    },
    /// Ctrl-C. The engine echoes `^C`.
    Interrupt {
        /// The terminal.
        terminal: u32,
        /// What stood unsent in the line: echoed before `^C`, and dropped.
        pending: String,
    },
    /// Ctrl-D on an empty line.
    Eof {
        /// The terminal.
        terminal: u32,
    },
    /// Tab. Answered by [`crate::Update::Completions`]; never journalled.
    Complete {
        /// The terminal.
        terminal: u32,
        /// The line as it stands.
        line: String,
        /// In bytes of `line`, on a character boundary.
        cursor: u32,
    },
    /// Asks how things stand: each line is run by a shell in a copy of the world, which is then thrown away. Answered by
    /// [`crate::Update::Probed`]; never journalled.
    Probe {
        /// Comes back with the answer.
        id: u32,
        /// Commands that read, at most [`PROBE_LINES_MAX`].
        lines: Vec<String>,
    },
    /// Wants to know how the objects of a resource change from now on. Told by [`crate::Update::Watched`] until it is ended, or until
    /// another session begins; never journalled, and costs no virtual time.
    Watch {
        /// Comes back with every answer; a number not in use.
        id: u32,
        /// Any name that kubectl takes.
        resource: String,
        /// `None`: all.
        namespace: Option<String>,
    },
    /// Ends a watch; one that has ended is ignored.
    Unwatch {
        /// The watch's.
        id: u32,
    },
    /// The editor that [`crate::Update::OpenEditor`] opened is closed.
    EditorResult {
        /// The terminal whose program waits for the editor.
        terminal: u32,
        /// The path that was opened.
        path: String,
        /// What was saved; `None` if the reader left without saving.
        text: Option<String>,
    },
    /// A file put into the shell's file system from outside (dropped on the page, or saved in the page's editor).
    WriteFile {
        /// Absolute, or relative to the home directory.
        path: String,
        /// Its whole content.
        text: String,
    },
    /// What an object looks like now. Answered by [`crate::Update::Looked`]; never journalled, and costs no virtual time.
    Look(Name),
    /// The files of the shell's home directory. Answered by [`crate::Update::Files`]; never journalled.
    ListFiles,
    /// A file's content. Answered by [`crate::Update::File`]; never journalled.
    ReadFile {
        /// Absolute, or relative to the home directory.
        path: String,
    },
    /// A journal as the draft of a lesson. Answered by [`crate::Update::Exported`]; never journalled.
    Export {
        /// JSON lines as [`crate::Update::Journal`] gave them, the header first.
        lines: Vec<String>,
    },
    /// What is wrong with a manifest. Answered by [`crate::Update::Checked`]; never journalled.
    Check {
        /// Comes back with the answer.
        ticket: u32,
        /// YAML or JSON.
        text: String,
    },
    /// How a manifest can go on at a place. Answered by [`crate::Update::Suggested`]; never journalled.
    Suggest {
        /// Comes back with the answer.
        ticket: u32,
        /// YAML.
        text: String,
        /// The first is 0.
        line: u32,
        /// In characters; the first is 0.
        column: u32,
    },
    /// Lets time pass: host time × speed. The engine may stop earlier at its step budget; the clock it reports holds.
    Advance {
        /// How far, at most.
        dt_us: u64,
    },
    /// Runs as fast as possible, towards a goal. The driver repeats it until [`crate::Update::Reached`] comes, so that
    /// Ctrl-C and pause get in between.
    RunUntil {
        /// Where to stop.
        goal: Goal,
        /// An instant at which to stop in any case.
        limit_us: u64,
        /// At most so many events are handled before answering.
        events_max: u32,
    },
    /// Asks the little browser for a page. Answered by [`crate::Update::Page`] or [`crate::Update::NoPage`] some time later, unless
    /// another visit comes first.
    Browse {
        /// Counts up: the answer names it.
        visit: u32,
        /// Such as `http://192.168.49.2:30080/`, or a reference in the page `base`.
        url: String,
        /// The address of the page that the reference stands in; empty if the reader typed the address.
        base: String,
        /// What a form sends with POST, URL-encoded; none for GET.
        form: Option<String>,
    },
}

/// An object's name.
#[derive(Clone, PartialEq, Eq, Debug, Default, Serialize, Deserialize)]
pub struct Name {
    /// `Pod`, `StatefulSet`, ….
    pub kind: String,
    /// Empty for kinds without.
    pub namespace: String,
    /// Its name.
    pub name: String,
}

/// Where a fast run stops.
#[derive(Clone, Copy, PartialEq, Eq, Debug, Serialize, Deserialize)]
pub enum Goal {
    /// After the next instant at which anything happens.
    NextEvent,
    /// When every workload has what it wants, or nothing is under way.
    Settled,
    /// When this terminal's foreground command has ended.
    Prompt {
        /// The terminal.
        terminal: u32,
    },
    /// At `limit_us`.
    Limit,
}

/// What a session is made from. Same start and same inputs: same run.
#[derive(Clone, PartialEq, Debug, Serialize, Deserialize)]
pub struct Start {
    /// Of every random stream.
    pub seed: u64,
    /// How many nodes, `node-1` to `node-N`.
    pub nodes: u32,
    /// A timing profile's name: `realistic`, `recorded`, `instant`.
    pub timing: String,
    /// The virtual instant at which the cluster begins.
    pub start_us: u64,
    /// The lesson whose files the shell finds, by id.
    pub lesson: Option<String>,
    /// More files in the shell's home directory.
    pub files: Vec<File>,
}

/// A file in the shell's home directory.
#[derive(Clone, PartialEq, Eq, Debug, Serialize, Deserialize)]
pub struct File {
    /// Relative to /home/user, or absolute.
    pub path: String,
    /// Its whole content.
    pub text: String,
}
