//! JSON as Go reads and writes it.
//!
//! [`read`] takes one value, [`read_prefix`] the first of several; [`write_compact`] is what annotations and revisions
//! hold, [`write_indented`] is `-o json`. Keys are sorted, `<`, `>` and `&` are escaped. Of two equal keys the last wins.
//!
//! Models: Go's `encoding/json`. Different: nesting stops at [`DEPTH_MAX`](super::DEPTH_MAX).

mod ordered;
mod read;
mod write;

pub use ordered::Ordered;
pub use read::{JsonError, read, read_prefix};
pub use write::{write_compact, write_indented, write_string};
