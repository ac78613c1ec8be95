//! A session: a cluster, terminals that work on it, and what is needed to come back to a moment of it.
//!
//! - [`World`] is a cluster with terminals and files, in virtual time: what `ordinal run` drives.
//! - [`Desk`] is a world with one shell, for programs.
//! - [`Session`] is a world behind the protocol of `view`: what a page drives.
//! - [`web`] holds the pages that the world's programs can read.
//!
//! What is absent: the browser, threads, the time outside. This crate is the only one that sees all rooms.

mod browser;
#[cfg(feature = "conform")]
pub mod conform;
mod curl;
mod desk;
pub mod export;
mod fault;
mod files;
mod host;
mod manifest;
mod minikube;
mod objects;
mod outside;
mod picture;
mod program;
mod session;
mod settled;
pub mod web;
mod why;
mod world;

pub use browser::{Browser, Failure, Page};
pub use desk::{Desk, LIMIT, Said};
pub use objects::{Happened, ObjectsError, Watched};
pub use session::{Session, SessionError};
pub use world::{Editing, HOME, Options, Terminal, World};
