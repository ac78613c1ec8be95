//! The group apps/v1.

pub mod controller_revision;
pub mod stateful_set;
