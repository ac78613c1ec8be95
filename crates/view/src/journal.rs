//! The journal: JSON lines, a header and then what the reader did. With it a session can be had again, bit for bit.
//!
//! The engine writes lines and reads them; the page only keeps them. Time that passed is not in it: entries carry the
//! instant at which they happened, and slicing a run never changes it.

use serde::{Deserialize, Serialize};
use thiserror::Error;

use crate::{File, Start};

/// The `v` of a header.
pub const JOURNAL_VERSION: u32 = 1;

/// The first line.
#[derive(Clone, PartialEq, Debug, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Header {
    /// [`JOURNAL_VERSION`].
    pub v: u32,
    /// Of every random stream.
    pub seed: u64,
    /// How many nodes.
    pub nodes: u32,
    /// A timing profile's name.
    pub timing: String,
    /// When the session began, in microseconds since the Unix epoch.
    pub start: u64,
    /// A lesson's id.
    pub lesson: Option<String>,
    /// Files beside the lesson's.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub files: Vec<File>,
}

/// One thing the reader did.
#[derive(Clone, PartialEq, Debug, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Entry {
    /// When, in microseconds since the Unix epoch.
    pub t_us: u64,
    /// Where.
    pub terminal: u32,
    /// What.
    pub input: Input,
}

/// What a terminal took. A plain text is whole lines; what is no text has a name.
#[derive(Clone, PartialEq, Debug, Serialize, Deserialize)]
#[serde(untagged)]
pub enum Input {
    /// Lines, each ending in a newline.
    Text(String),
    /// Something else.
    Act(Act),
}

/// What is not a line. Each is a JSON object, so that no typed text can be taken for one.
#[derive(Clone, PartialEq, Debug, Serialize, Deserialize)]
#[serde(rename_all = "snake_case", deny_unknown_fields)]
pub enum Act {
    /// Ctrl-C, with what stood in the line.
    Interrupt(String),
    /// Ctrl-D.
    Eof {},
    /// A terminal was opened.
    Open {},
    /// A terminal was closed.
    Close {},
    /// An editor was closed.
    Edited {
        /// The path that was opened.
        path: String,
        /// What was saved.
        text: Option<String>,
    },
    /// A file came from outside.
    File(File),
    /// A page was asked for in the little browser.
    Browse {
        /// The visit.
        visit: u32,
        /// The address, or a reference.
        url: String,
        /// Where the reference stands.
        base: String,
        /// What a form sends.
        form: Option<String>,
    },
}

/// Why a line is no journal of ours.
#[derive(Clone, PartialEq, Eq, Debug, Error)]
pub enum JournalError {
    /// Not JSON, or not of this shape.
    #[error("journal line {line}: {reason}")]
    Line {
        /// Counted from 1.
        line: usize,
        /// In the parser's words.
        reason: String,
    },
    /// Written by another version.
    #[error("the journal is of version {found}, this build reads version {JOURNAL_VERSION}")]
    Version {
        /// Its version.
        found: u32,
    },
    /// No header.
    #[error("the journal is empty")]
    Empty,
}

impl Header {
    /// The header of a session's journal.
    pub fn of(start: &Start) -> Header {
        let Start { seed, nodes, timing, start_us, lesson, files } = start.clone();
        Header { v: JOURNAL_VERSION, seed, nodes, timing, start: start_us, lesson, files }
    }

    /// What the session was made from.
    pub fn into_start(self) -> Start {
        let Header { v: _, seed, nodes, timing, start, lesson, files } = self;
        Start { seed, nodes, timing, start_us: start, lesson, files }
    }

    /// One JSON line, without its newline.
    pub fn to_line(&self) -> String {
        serde_json::to_string(self).expect("plain data is always JSON")
    }
}

impl Entry {
    /// One JSON line, without its newline.
    pub fn to_line(&self) -> String {
        serde_json::to_string(self).expect("plain data is always JSON")
    }

    /// Reads a whole journal. Blank lines are passed over.
    pub fn read_all<'a>(lines: impl IntoIterator<Item = &'a str>) -> Result<(Start, Vec<Entry>), JournalError> {
        let mut lines = lines.into_iter().enumerate().filter(|(_, line)| !line.trim().is_empty());
        let (index, first) = lines.next().ok_or(JournalError::Empty)?;
        let header = read_header(index, first)?;
        let entries = lines.map(|(index, line)| read_line(index, line)).collect::<Result<_, _>>()?;
        Ok((header.into_start(), entries))
    }
}

/// The version is looked at first: a later one may have fields that this build does not know.
fn read_header(index: usize, line: &str) -> Result<Header, JournalError> {
    #[derive(Deserialize)]
    struct Versioned {
        v: u32,
    }
    match read_line::<Versioned>(index, line)?.v {
        JOURNAL_VERSION => read_line(index, line),
        found => Err(JournalError::Version { found }),
    }
}

fn read_line<'a, T: Deserialize<'a>>(index: usize, line: &'a str) -> Result<T, JournalError> {
    serde_json::from_str(line).map_err(|error| JournalError::Line { line: index + 1, reason: error.to_string() })
}
