//! The page: state, driver and components, and the thin edge around the engine that runs in its worker.
//!
//! ```text
//! components ──▶ Driver ──▶ bytes ──▶ worker: Engine ──▶ session
//!     ▲             │                                      │
//!     └── Store ◀───┴───────────── bytes ◀─────────────────┘
//! ```
//!
//! Invariants: components are pure functions of their props; the reducer is pure; effects live in the driver and in the
//! elements that own a DOM state (the terminal's line, the editor's text). Only [`engine`] knows that there is a
//! session; nothing here imports `api`.

pub mod browser;
pub mod components;
pub mod driver;
pub mod embed;
pub mod engine;
pub mod i18n;
pub mod layout;
pub mod lesson;
pub mod line;
mod order;
pub mod share;
pub mod store;
pub mod why;
