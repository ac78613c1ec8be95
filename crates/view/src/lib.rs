//! What the page and the engine say to each other: [`Command`]s go in, [`Update`]s come out. Plain data.
//!
//! This is the only thing of Ordinal that the page knows. It is not a second API: rows carry what the picture draws,
//! in the words that kubectl prints, and no API object passes here.
//!
//! # The protocol
//! 1. The page sends a [`Request`] (a command and its number), as bytes of [`to_bytes`].
//! 2. The engine answers each request with exactly one [`Answer`] of the same number, holding every update that the
//!    command caused. There is one request on its way at a time; a request that is never answered means a trap.
//! 3. The first command is [`Command::Start`] or [`Command::Restore`]; its answer holds the whole picture, later
//!    answers only what changed.
//!
//! Units: every `*_us` is in microseconds; instants count from the Unix epoch in virtual time.
//!
//! What is absent: functions that decide anything, references into the engine, clocks, API types.

mod bytes;
mod command;
mod journal;
pub mod letters;
mod row;
mod update;
mod why;

pub use bytes::{Answer, DecodeError, MESSAGE_BYTES_MAX, Message, Request, VERSION, from_bytes, to_bytes};
pub use command::{Command, File, Goal, INPUT_BYTES_MAX, Name, PROBE_LINES_MAX, Start, WATCHES_MAX};
pub use journal::{Act, Entry, Header, Input, JOURNAL_VERSION, JournalError};
pub use row::{
    BudgetRow, Caption, Change, ClaimPhase, ClaimRow, ClaimUse, Endpoint, EventRow, FileUse, NodeRow, Owner, Picture,
    PodRow, PodState, RingMember, Row, ServiceRow, Uid, Verdict, VolumeRow, WorkloadRow,
};
pub use update::{Candidate, Condition, Looked, Mode, NoPage, Probed, Problem, Refusal, Stream, Update};
pub use why::{Fact, Why};

#[cfg(test)]
mod tests;
