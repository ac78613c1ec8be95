//! Text and values: the YAML and JSON that users write and read.
//!
//! What is absent: types. Everything here goes from text to [`crate::Value`] and back; the typed objects of this crate
//! are made from values by [`crate::codec`].

pub mod base64;
pub mod json;
pub mod number;
pub mod yaml;

/// Longest text that is read, in bytes; longer ones are refused before they are looked at.
pub const TEXT_BYTES_MAX: usize = 4 << 20;

/// Deepest nesting of lists and objects that is read.
pub const DEPTH_MAX: usize = 500;
