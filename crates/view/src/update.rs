//! What the engine tells the page.

use serde::{Deserialize, Serialize};

use crate::{Goal, Name, Picture, Why};

/// One thing that happened. Applied in order; nothing here needs an answer.
#[derive(Clone, PartialEq, Debug, Serialize, Deserialize)]
pub enum Update {
    /// Text of a program. It need not end in a newline, and may hold many.
    Output {
        /// The terminal.
        terminal: u32,
        /// Where the program wrote it.
        stream: Stream,
        /// Any text; the page shows it as text, whatever it holds.
        text: String,
    },
    /// A typed line that its reader has just taken. The page prints prompt, line and newline, and remembers lines that
    /// a shell prompt took in the terminal's history.
    Echo {
        /// The terminal.
        terminal: u32,
        /// Who took it.
        mode: Mode,
        /// What stood before it.
        prompt: String,
        /// The line, without its newline.
        text: String,
    },
    /// What the terminal does now; sent whenever it changes.
    Prompt {
        /// The terminal.
        terminal: u32,
        /// Who reads.
        mode: Mode,
        /// What stands before the cursor; empty while nobody asks.
        prompt: String,
    },
    /// The terminal's screen and scrollback are emptied (`clear`).
    Clear {
        /// The terminal.
        terminal: u32,
    },
    /// The answer to [`crate::Command::Complete`].
    Completions {
        /// The terminal.
        terminal: u32,
        /// The line that was asked about: the page drops an answer to a line that has changed since.
        line: String,
        /// A chosen candidate replaces `line[from..cursor]`. In bytes, on a character boundary.
        from: u32,
        /// Sorted. Empty: nothing fits.
        candidates: Vec<Candidate>,
    },
    /// The answer to [`crate::Command::Run`]: its commands have ended.
    Ran {
        /// The command's.
        id: u32,
        /// What the terminal printed of it.
        stdout: String,
        /// What it complained of.
        stderr: String,
        /// Of the last command: 124 if it came to its limit, 2 if it was no whole command, 130 if it was interrupted before.
        /// `None`: the shell has ended, and it never ran.
        status: Option<i32>,
    },
    /// What a [`crate::Command::Watch`] has seen.
    Watched {
        /// The watch's.
        id: u32,
        /// `{"type":…,"object":…}` each, as a watch of the API server tells it; oldest first.
        events: Vec<String>,
        /// Why it has ended.
        refused: Option<Refusal>,
    },
    /// The answer to [`crate::Command::Probe`].
    Probed {
        /// The probe's.
        id: u32,
        /// One for each line.
        answers: Vec<Probed>,
    },
    /// Where the virtual clock stands. The last update of each answer.
    Clock {
        /// Microseconds since the Unix epoch.
        now_us: u64,
    },
    /// The goal of a [`crate::Command::RunUntil`] was reached, or its limit.
    Reached {
        /// Which.
        goal: Goal,
        /// Whether the goal was reached, and not only its limit.
        is_met: bool,
    },
    /// The page keeps this line: it is all that is needed to come back to this state.
    Journal {
        /// When it happened; for the header, the session's start.
        at_us: u64,
        /// One JSON line of [`crate::Header`] or [`crate::Entry`], without its newline.
        line: String,
    },
    /// Rows that changed.
    Picture(Box<Picture>),
    /// `vi`, `nano` or `kubectl edit` wants a text edited; the terminal waits for [`crate::Command::EditorResult`].
    OpenEditor {
        /// The terminal.
        terminal: u32,
        /// What is edited.
        path: String,
        /// Its present text.
        text: String,
    },
    /// A command that could not be obeyed (no such terminal, a journal that cannot be read): a sentence for the reader.
    Refused {
        /// In English.
        message: String,
    },
    /// The terminal is there no more, with all that ran in it.
    TerminalClosed {
        /// The terminal; its number is free again.
        terminal: u32,
    },
    /// The page that [`crate::Command::Browse`] asked for.
    Page {
        /// The visit.
        visit: u32,
        /// Where it was found, after redirects.
        url: String,
        /// Such as 200.
        status: u16,
        /// Such as `text/html`; may be empty.
        content_type: String,
        /// The text. It is hostile: the page shows what it understands of it, as elements and text, and never as HTML.
        body: String,
    },
    /// There is no such page.
    NoPage {
        /// The visit.
        visit: u32,
        /// The address.
        url: String,
        /// Why.
        reason: NoPage,
    },
    /// A program wants an address opened in the little browser (`minikube service`).
    OpenPage {
        /// The address.
        url: String,
    },
    /// The answer to [`crate::Command::Look`].
    Looked(Box<Looked>),
    /// The answer to [`crate::Command::ListFiles`].
    Files {
        /// Relative to the home directory, in order.
        paths: Vec<String>,
    },
    /// The answer to [`crate::Command::ReadFile`].
    File {
        /// As asked.
        path: String,
        /// `None`: there is no such file.
        text: Option<String>,
    },
    /// The answer to [`crate::Command::Export`].
    Exported {
        /// Markdown.
        text: String,
    },
    /// The answer to [`crate::Command::Check`].
    Checked {
        /// As asked.
        ticket: u32,
        /// In order of their places. Empty: all is well.
        problems: Vec<Problem>,
    },
    /// The answer to [`crate::Command::Suggest`].
    Suggested {
        /// As asked.
        ticket: u32,
        /// A chosen candidate replaces the line from here to the place asked about. In characters; the first is 0.
        from: u32,
        /// In the order in which they are to be offered.
        candidates: Vec<Candidate>,
    },
    /// The engine's last words: a bug of ours. Nothing follows.
    Report {
        /// The panic's message and place.
        text: String,
    },
}

/// Why objects cannot be had.
#[derive(Clone, PartialEq, Eq, Debug, Serialize, Deserialize)]
pub struct Refusal {
    /// `UnknownResource`, `NotFound`, `Expired`, `Refused`.
    pub reason: String,
    /// In the words of kubectl or the API server.
    pub message: String,
}

/// What one line of a [`crate::Command::Probe`] said.
#[derive(Clone, PartialEq, Eq, Debug, Serialize, Deserialize)]
pub struct Probed {
    /// Its standard output.
    pub stdout: String,
    /// Whether it succeeded.
    pub ok: bool,
}

/// An object as it is.
#[derive(Clone, PartialEq, Debug, Default, Serialize, Deserialize)]
pub struct Looked {
    /// As asked.
    pub name: Name,
    /// What `kubectl get -o yaml` prints; empty if the object is not there.
    pub yaml: String,
    /// In the object's order.
    pub conditions: Vec<Condition>,
    /// What a controller has decided about it last.
    pub why: Why,
}

/// One of an object's conditions.
#[derive(Clone, PartialEq, Eq, Debug, Serialize, Deserialize)]
pub struct Condition {
    /// `Ready`, ….
    pub kind: String,
    /// `True`, `False`, `Unknown`.
    pub status: String,
    /// One word.
    pub reason: String,
    /// A sentence; may be empty.
    pub message: String,
}

/// Something wrong with a manifest.
#[derive(Clone, PartialEq, Eq, Debug, Serialize, Deserialize)]
pub struct Problem {
    /// The first is 1.
    pub line: u32,
    /// In characters; the first is 1.
    pub column: u32,
    /// In the words of kubectl or the API server.
    pub message: String,
    /// The known name that is nearest to an unknown one; empty if none is near.
    pub nearest: String,
}

/// Where a program wrote.
#[derive(Clone, Copy, PartialEq, Eq, Debug, Serialize, Deserialize)]
pub enum Stream {
    /// Its results.
    Stdout,
    /// Its complaints.
    Stderr,
}

/// Who reads a terminal's lines.
#[derive(Clone, Copy, PartialEq, Eq, Debug, Serialize, Deserialize)]
pub enum Mode {
    /// The shell, for a new command.
    Shell,
    /// The shell, for the rest of a command (`> `).
    More,
    /// The program in the foreground: an inner shell, `cat`.
    Program,
    /// Nobody yet: a command runs. What is typed waits for whoever reads next.
    Busy,
    /// Nobody any more: the shell has ended.
    Closed,
}

/// One way to go on.
#[derive(Clone, PartialEq, Eq, Debug, Serialize, Deserialize)]
pub struct Candidate {
    /// Replaces the word, including a final space or slash if one belongs there.
    pub text: String,
    /// A few words about it; may be empty.
    pub note: String,
}

/// Why the little browser has no page to show.
#[derive(Clone, Copy, PartialEq, Eq, Debug, Serialize, Deserialize)]
pub enum NoPage {
    /// The address is none of HTTP.
    Address,
    /// The name has no address outside of the cluster.
    Name,
    /// Nobody listens there.
    Refused,
    /// There is no way there.
    Unreachable,
    /// The connection ended without an answer.
    Empty,
    /// No answer came in time.
    Timeout,
    /// Redirects without end.
    Redirects,
}
