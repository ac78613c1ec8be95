//! The engine for JavaScript: what `npm/index.js` makes into the package `ordinal-playground`.
//!
//! - [`Engine`] is one cluster without a page: commands, objects, watches, time, checkpoints, the journal.
//! - Every refusal is an `Error` with a `code`; `index.js` gives it its class. Nothing that a caller passes can panic: types
//!   are checked in `index.js`, values here.
//!
//! What is absent: timers, promises, the DOM. Those belong to `index.js`, so that this module stays a plain library that runs
//! wherever wasm runs.

mod engine;
mod refusal;

pub use engine::{Engine, Snapshot, Watch};
