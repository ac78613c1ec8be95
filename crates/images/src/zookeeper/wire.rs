//! What servers and clients say to each other, and what the write-ahead log holds: one shape for all of it.
//!
//! Absent: Jute, the real encoding. A message is one packet, so that nothing needs a frame.

use thin::Str;

/// What a message is.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
#[repr(u8)]
pub(super) enum Kind {
    /// Election: sid, leader, zxid, round, epoch, state.
    Vote = 1,
    /// A follower begins: sid, accepted epoch, last zxid.
    FollowerInfo,
    /// The leader's new epoch.
    LeaderInfo,
    /// The follower takes it: current epoch, last zxid.
    AckEpoch,
    /// The follower has everything up to where it stands but these entries.
    Diff,
    /// A whole snapshot.
    Snap,
    /// The history is complete: zxid of the epoch's beginning.
    NewLeader,
    /// Taken and on disk: zxid.
    Ack,
    /// The follower may serve.
    UpToDate,
    /// A client's request passed on: server, connection, session; the operation as data.
    Request,
    /// An entry to be logged: zxid, server, connection; the entry as data.
    Proposal,
    /// An entry to be applied: zxid.
    Commit,
    /// The leader is there.
    Ping,
    /// The follower too, with its sessions.
    Pong,
    /// A client asks for a session: timeout in ms.
    Connect,
    /// It has one: session, timeout.
    Connected,
    /// Operation: path, data; ephemeral, sequential.
    Create,
    /// Operation: path; version + 1, or 0 for any.
    Delete,
    /// Operation: path, data; version + 1, or 0 for any.
    Set,
    /// Operation: path.
    Get,
    /// Operation: path.
    Exists,
    /// Operation: path.
    Children,
    /// Operation: the session ends.
    CloseSession,
    /// An operation that was refused, as an entry: error.
    Failed,
    /// Answer: path and stat, data.
    Node,
    /// Answer: error, path.
    Error,
}

const KINDS: [Kind; 26] = [
    Kind::Vote,
    Kind::FollowerInfo,
    Kind::LeaderInfo,
    Kind::AckEpoch,
    Kind::Diff,
    Kind::Snap,
    Kind::NewLeader,
    Kind::Ack,
    Kind::UpToDate,
    Kind::Request,
    Kind::Proposal,
    Kind::Commit,
    Kind::Ping,
    Kind::Pong,
    Kind::Connect,
    Kind::Connected,
    Kind::Create,
    Kind::Delete,
    Kind::Set,
    Kind::Get,
    Kind::Exists,
    Kind::Children,
    Kind::CloseSession,
    Kind::Failed,
    Kind::Node,
    Kind::Error,
];

/// A message; what its numbers are stands with its kind.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Message {
    pub(super) kind: Kind,
    pub(super) numbers: Vec<u64>,
    pub(super) path: Str,
    pub(super) data: Vec<u8>,
}

impl Message {
    /// A message of numbers alone.
    pub(super) fn new(kind: Kind, numbers: &[u64]) -> Message {
        Message { kind, numbers: numbers.to_vec(), path: Str::new(), data: Vec::new() }
    }

    /// A message about a path.
    pub(super) fn about(kind: Kind, numbers: &[u64], path: &str, data: &[u8]) -> Message {
        Message { kind, numbers: numbers.to_vec(), path: path.into(), data: data.to_vec() }
    }

    /// A message that carries bytes.
    pub(super) fn with(kind: Kind, numbers: &[u64], data: Vec<u8>) -> Message {
        Message { kind, numbers: numbers.to_vec(), path: Str::new(), data }
    }

    /// One of its numbers; 0 if it has none there.
    pub(super) fn number(&self, at: usize) -> u64 {
        self.numbers.get(at).copied().unwrap_or(0)
    }

    pub(super) fn encode(&self) -> Vec<u8> {
        let mut bytes = vec![self.kind as u8, self.numbers.len() as u8];
        self.numbers.iter().for_each(|number| bytes.extend_from_slice(&number.to_be_bytes()));
        put_bytes(&mut bytes, self.path.as_bytes());
        put_bytes(&mut bytes, &self.data);
        bytes
    }

    /// `None` if these are not the bytes of a message.
    pub(super) fn decode(bytes: &[u8]) -> Option<Message> {
        let kind = *KINDS.get(usize::from(*bytes.first()?).checked_sub(1)?)?;
        let count = usize::from(*bytes.get(1)?);
        let mut rest = bytes.get(2..)?;
        let mut numbers = Vec::with_capacity(count);
        for _ in 0..count {
            let (number, more) = rest.split_first_chunk::<8>()?;
            numbers.push(u64::from_be_bytes(*number));
            rest = more;
        }
        let path = std::str::from_utf8(take_bytes(&mut rest)?).ok()?.into();
        let data = take_bytes(&mut rest)?.to_vec();
        Some(Message { kind, numbers, path, data })
    }
}

/// Adds bytes with their length.
pub(super) fn put_bytes(to: &mut Vec<u8>, bytes: &[u8]) {
    to.extend_from_slice(&(bytes.len() as u32).to_be_bytes());
    to.extend_from_slice(bytes);
}

/// Takes what [`put_bytes`] has put.
pub(super) fn take_bytes<'a>(from: &mut &'a [u8]) -> Option<&'a [u8]> {
    let (length, rest) = from.split_first_chunk::<4>()?;
    let length = u32::from_be_bytes(*length) as usize;
    let taken = rest.get(..length)?;
    *from = &rest[length..];
    Some(taken)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_message_survives_the_wire_and_torn_bytes_are_refused() {
        for (at, kind) in KINDS.iter().enumerate() {
            assert_eq!(*kind as usize, at + 1);
        }
        let message = Message::about(Kind::Set, &[1, u64::MAX], "/hello", b"world");
        let bytes = message.encode();
        assert_eq!(Message::decode(&bytes), Some(message));
        for length in 0..bytes.len() {
            assert_eq!(Message::decode(&bytes[..length]), None, "{length}");
        }
    }
}
