//! The wire form: one version byte, then postcard.
//!
//! A message of another version is refused by name, so that a page from an old cache and a new worker never
//! misread each other. Rows and commands may change freely; whoever changes them raises [`VERSION`].

use serde::{Deserialize, Serialize};
use thiserror::Error;

use crate::{Command, Update};

/// The first byte of every message.
pub const VERSION: u8 = 6;

/// The longest message, in bytes. An answer with the terminal text of a long replay is the longest there is.
pub const MESSAGE_BYTES_MAX: usize = 256 << 20;

/// A command on its way to the engine.
#[derive(Clone, PartialEq, Debug, Serialize, Deserialize)]
pub struct Request {
    /// Counts up from 1 in one worker's life.
    pub sequence: u64,
    /// What to do.
    pub command: Command,
}

/// What a request caused, in order.
#[derive(Clone, PartialEq, Debug, Serialize, Deserialize)]
pub struct Answer {
    /// The request's number; 0 for the worker's greeting and for its last words before a trap.
    pub sequence: u64,
    /// In the order in which they are to be applied.
    pub updates: Vec<Update>,
}

/// What travels on its own: [`Request`] and [`Answer`].
pub trait Message: Serialize + for<'de> Deserialize<'de> {}
impl Message for Request {}
impl Message for Answer {}

/// Why bytes are no message of ours.
#[derive(Clone, PartialEq, Eq, Debug, Error)]
pub enum DecodeError {
    /// Not even a version byte.
    #[error("the message is empty")]
    Empty,
    /// From another build.
    #[error("the message is of protocol version {found}, this side speaks {VERSION}: reload the page")]
    Version {
        /// The version byte that came.
        found: u8,
    },
    /// Longer than [`MESSAGE_BYTES_MAX`].
    #[error("the message has {bytes} bytes, more than {MESSAGE_BYTES_MAX}")]
    TooLong {
        /// Its length.
        bytes: usize,
    },
    /// Cut off, or not made by [`to_bytes`].
    #[error("the message cannot be read: {reason}")]
    Malformed {
        /// In postcard's words.
        reason: String,
    },
    /// A message, and then something else.
    #[error("{bytes} bytes follow the message")]
    Trailing {
        /// How many.
        bytes: usize,
    },
}

/// The version byte, then the message.
pub fn to_bytes<M: Message>(message: &M) -> Vec<u8> {
    postcard::to_extend(message, vec![VERSION]).expect("writing plain data to a Vec cannot fail")
}

/// Reads what [`to_bytes`] wrote.
pub fn from_bytes<M: Message>(bytes: &[u8]) -> Result<M, DecodeError> {
    if bytes.len() > MESSAGE_BYTES_MAX {
        return Err(DecodeError::TooLong { bytes: bytes.len() });
    }
    let (&found, body) = bytes.split_first().ok_or(DecodeError::Empty)?;
    if found != VERSION {
        return Err(DecodeError::Version { found });
    }
    let (message, rest) =
        postcard::take_from_bytes(body).map_err(|error| DecodeError::Malformed { reason: error.to_string() })?;
    match rest.len() {
        0 => Ok(message),
        bytes => Err(DecodeError::Trailing { bytes }),
    }
}
