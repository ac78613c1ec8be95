//! Messages between nodes, and the connections that carry them: one to each peer, opened when something is to be said.
//!
//! Difference from Cassandra that was chosen: a message is one packet of text, so that nothing needs a frame.

use std::net::Ipv4Addr;

use cri::{Address, Payload, System};
use thin::Str;

use super::settings::STORAGE_PORT;
use crate::tsv;

/// A message: what it is, which question it belongs to, and lines.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Message {
    pub(super) kind: Str,
    pub(super) id: u64,
    /// A word about the whole: the cluster's name, a table.
    pub(super) about: Str,
    pub(super) lines: Vec<String>,
}

impl Message {
    pub(super) fn new(kind: &str, id: u64, about: &str, lines: Vec<String>) -> Message {
        Message { kind: kind.into(), id, about: about.into(), lines }
    }

    fn encode(&self) -> Vec<u8> {
        let mut text = tsv::line([Some(self.kind.as_str()), Some(&self.id.to_string()), Some(&self.about)]);
        for line in &self.lines {
            text.push('\n');
            text.push_str(line);
        }
        text.into_bytes()
    }

    fn decode(bytes: &[u8]) -> Option<Message> {
        let mut lines = std::str::from_utf8(bytes).ok()?.split('\n');
        let mut head = tsv::fields(lines.next()?).into_iter().flatten();
        let (kind, id, about) = (head.next()?, head.next()?.parse().ok()?, head.next()?);
        Some(Message { kind, id, about, lines: lines.map(String::from).collect() })
    }
}

/// A message that has come, and where an answer goes.
#[derive(Clone, Debug)]
pub(super) struct Incoming {
    pub(super) message: Message,
    pub(super) from: Address,
    pub(super) port: u16,
}

impl Incoming {
    pub(super) fn answer(&self, message: &Message, system: &mut System<'_>) {
        system.net.send_bytes(self.port, self.from, message.encode());
    }
}

/// The connections to peers.
#[derive(Clone, Debug, Default)]
pub(super) struct Ways {
    ways: Vec<(Ipv4Addr, u16)>,
}

impl Ways {
    pub(super) fn send(&mut self, ip: Ipv4Addr, message: &Message, system: &mut System<'_>) {
        let to = Address::new(ip, STORAGE_PORT);
        let known = self.ways.iter().find(|(its, _)| *its == ip).map(|(_, port)| *port);
        let Some(port) = known.or_else(|| system.net.connect(to)) else { return };
        if known.is_none() {
            self.ways.push((ip, port));
        }
        system.net.send_bytes(port, to, message.encode());
    }

    /// What has come, from all sides.
    pub(super) fn receive(&mut self, system: &mut System<'_>) -> Vec<Incoming> {
        let mut found = Vec::new();
        let ports: Vec<u16> = std::iter::once(STORAGE_PORT).chain(self.ways.iter().map(|(_, port)| *port)).collect();
        for port in ports {
            while let Some(packet) = system.net.receive(port) {
                let from = packet.from;
                match packet.payload {
                    Payload::Data(bytes) => {
                        found.extend(Message::decode(&bytes).map(|message| Incoming { message, from, port }));
                    }
                    Payload::Close | Payload::Refused | Payload::Unreachable if port != STORAGE_PORT => {
                        self.ways.retain(|(_, its)| *its != port);
                        system.net.close(port);
                    }
                    Payload::Close
                    | Payload::Refused
                    | Payload::Unreachable
                    | Payload::Open
                    | Payload::Accepted
                    | Payload::Query(_)
                    | Payload::Answer(_)
                    | Payload::Ping(_)
                    | Payload::Pong(_) => {}
                }
            }
        }
        found
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn messages_are_read_as_they_are_written() {
        let message = Message::new("syn", 7, "K8\tDemo", vec!["a\tb".into(), String::new()]);
        assert_eq!(Message::decode(&message.encode()), Some(message));
        assert_eq!(Message::decode(b"GET / HTTP/1.1"), None);
    }
}
