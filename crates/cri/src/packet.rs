//! What travels in the simulated network.
//!
//! Packets are values without references: a sandbox sends them, the network (another room) delivers them later. They
//! stand for whole TCP segments with in-order delivery; nothing is lost but by faults.

use std::net::Ipv4Addr;
use std::rc::Rc;

use thin::Str;

/// An address and a port.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub struct Address {
    /// The address.
    pub ip: Ipv4Addr,
    /// The port; 0 where there is none (ping).
    pub port: u16,
}

impl Address {
    /// An address from its parts.
    pub const fn new(ip: Ipv4Addr, port: u16) -> Address {
        Address { ip, port }
    }
}

impl std::fmt::Display for Address {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "{}:{}", self.ip, self.port)
    }
}

/// One message from a socket to a socket.
#[derive(Clone, Debug, PartialEq)]
pub struct Packet {
    /// Who sent it.
    pub from: Address,
    /// Who is to have it.
    pub to: Address,
    /// What it says.
    pub payload: Payload,
}

impl Packet {
    /// The answer to this packet.
    pub fn reply(&self, payload: Payload) -> Packet {
        Packet { from: self.to, to: self.from, payload }
    }
}

/// What a packet says.
#[derive(Clone, Debug, PartialEq)]
pub enum Payload {
    /// Opens a connection.
    Open,
    /// The connection stands.
    Accepted,
    /// Nobody listens there.
    Refused,
    /// There is no way there.
    Unreachable,
    /// Bytes of a connection.
    Data(Rc<Vec<u8>>),
    /// No more bytes will come from this side.
    Close,
    /// A question to a name server.
    Query(Question),
    /// A name server's answer.
    Answer(Answer),
    /// An ICMP echo request with its sequence number.
    Ping(u16),
    /// The answer to it.
    Pong(u16),
}

/// Which records are asked for.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum RecordKind {
    /// IPv4 addresses.
    A,
    /// IPv6 addresses; the cluster has none.
    Aaaa,
    /// Services: host and port.
    Srv,
    /// Names of an address.
    Ptr,
    /// Another name for this one.
    Cname,
}

/// A question to a name server.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Question {
    /// The whole name, without the last dot.
    pub name: Str,
    /// What is asked.
    pub kind: RecordKind,
}

/// A record of the name service.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Record {
    /// An address.
    A(Ipv4Addr),
    /// A service's instance.
    Srv {
        /// Lower goes first.
        priority: u16,
        /// Share among equals.
        weight: u16,
        /// The port.
        port: u16,
        /// The host.
        target: Str,
    },
    /// A name.
    Ptr(Str),
    /// Another name.
    Cname(Str),
}

/// How a name server answers.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum ResponseCode {
    /// The name exists, though perhaps without such records.
    NoError,
    /// There is no such name.
    NxDomain,
}

/// A name server's answer.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Answer {
    /// The question.
    pub question: Question,
    /// Whether the name exists.
    pub code: ResponseCode,
    /// The records, in the server's order.
    pub records: Vec<Record>,
}
