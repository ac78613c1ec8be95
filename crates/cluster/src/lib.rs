//! A cluster: the components, wired together, and the one loop that wakes them.
//!
//! - [`Cluster`] owns the API server, the components and the queue of what is due. It is `Clone`: a checkpoint is a clone.
//! - [`ClusterClient`] is the cluster as a user's client sees it.
//! - [`timing`] reads timing profiles, which are data.
//!
//! What is absent: terminals, pages, the time outside. Components meet only at the API server; this crate is the only one
//! that knows them all.

mod client;
mod event_loop;
pub mod outside;
pub mod timing;

pub use client::ClusterClient;
pub use event_loop::{Cluster, Options, Progress};
