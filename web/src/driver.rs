//! The page's side of the protocol: one [`Driver`] owns the link to the engine, the pace of time and the journal.
//!
//! - `conductor` decides what is sent next (pure).
//! - `link` carries bytes: to a worker, or to an engine on this thread.
//! - `journal` keeps the session's lines, in memory and in the browser's storage.
//! - `frames` binds them to the browser: frames, visibility, dispatch.

mod conductor;
mod frames;
mod journal;
mod link;
mod pictures;

pub use conductor::{Conductor, Pace, SLICE_EVENTS_MAX, SPEEDS};
pub use frames::{Driver, Outcome};
pub use journal::Journal;
pub use link::{Connect, LinkEvent, local_link, worker_link};
