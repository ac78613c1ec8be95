//! A POSIX-like shell as a machine that can be stopped at any step, cloned, and resumed.
//!
//! It serves the page's terminal, scripts without a page, and `sh` inside simulated containers. It knows nothing of
//! Kubernetes: programs like kubectl and curl, the files and the time come from a [`Host`].
//!
//! ```text
//! text ─▶ parse ─▶ ast ─▶ machine (frames: where each shell is) ─▶ expand ─▶ builtins · Host::spawn
//!                              ▲  pipes, files, terminal: one table with counts  │
//!                              └──────────── exit statuses, output ──────────────┘
//! ```
//!
//! What is absent: threads, futures, closures kept in state, clocks, waiting of any kind, recursion without a limit.
//! Every maximum has a name in [`limits`]. Models: POSIX.1-2024 shell and utilities; where people expect bash, bash
//! 5.2. Not supported, and said plainly when met: arrays, process substitution, coprocesses, `select`, stopped jobs
//! (Ctrl-Z), symbolic links, descriptors above 9.

pub mod ast;
pub mod builtins;
mod complete;
mod expand;
pub mod fs;
mod host;
pub mod limits;
mod machine;
mod parse;
pub mod pattern;
mod process;
pub mod regex;
pub mod tar;
mod variables;

pub use builtins::{Builtin, Builtins, unified_diff};
pub use complete::{CANDIDATES_MAX, Completions};
pub use host::{Candidate, Command, Host, KillError, Place, Progress, SIGNALS, Signal, SpawnError, Terminal};
pub use machine::{Child, Config, Dialect, InputTooLong, Job, JobState, Machine, MoreInput, Output, Start, Status};
pub use parse::{Aliases, CompleteCommand, Fault, Missing, ParseError, next_complete_command, split_complete_commands};
pub use process::{
    CloneProgram, Context, Input, Inputs, Line, Options, ProcessIo, Program, Spawn, SpawnInput, Step, Stream,
};
