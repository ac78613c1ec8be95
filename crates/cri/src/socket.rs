//! The sockets of a pod: one network namespace, shared by its containers.

use std::collections::VecDeque;
use std::net::Ipv4Addr;
use std::rc::Rc;

use crate::packet::{Address, Packet, Payload, Question};
use crate::small_map::SmallMap;

/// A process of a sandbox: container and PID.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub struct ProcessId {
    /// The container's place in the sandbox.
    pub container: usize,
    /// The process's number in the container.
    pub pid: u32,
}

/// Packets that one socket keeps at most; further ones are lost, as in a full buffer.
const INBOX_MAX: usize = 1_024;
/// Sockets that one pod has at most.
const SOCKETS_MAX: usize = 4_096;
const EPHEMERAL_FIRST: u16 = 32_768;
const LOOPBACK: Ipv4Addr = Ipv4Addr::LOCALHOST;

#[derive(Clone, Debug)]
struct Socket {
    owner: ProcessId,
    is_listening: bool,
    inbox: VecDeque<Packet>,
}

/// The sockets of a pod.
#[derive(Clone, Debug)]
pub struct Sockets {
    ip: Ipv4Addr,
    sockets: SmallMap<u16, Socket>,
    outbox: VecDeque<Packet>,
    next_port: u16,
    /// Connections that stand: the pod's own port and the other side.
    connections: Vec<(u16, Address)>,
}

impl Sockets {
    /// A network namespace with this address and no sockets.
    pub fn new(ip: Ipv4Addr) -> Sockets {
        Sockets {
            ip,
            sockets: SmallMap::default(),
            outbox: VecDeque::new(),
            next_port: EPHEMERAL_FIRST,
            connections: Vec::new(),
        }
    }

    /// The pod's address.
    pub fn ip(&self) -> Ipv4Addr {
        self.ip
    }

    /// Whether somebody listens on this port.
    pub fn is_listening(&self, port: u16) -> bool {
        self.sockets.get(port).is_some_and(|socket| socket.is_listening)
    }

    /// The ports that are listened on.
    pub fn listening(&self) -> impl Iterator<Item = u16> {
        self.sockets.iter().filter(|(_, socket)| socket.is_listening).map(|(port, _)| port)
    }

    /// Closes what a process has open.
    pub fn close_of(&mut self, owner: ProcessId) {
        let closing = self.sockets.take_if(|socket| socket.owner == owner);
        // The other sides learn that nothing more will come.
        for (port, _) in closing {
            self.close_connections(port);
        }
    }

    fn close_connections(&mut self, port: u16) {
        let (ended, others) = std::mem::take(&mut self.connections).into_iter().partition(|(own, _)| *own == port);
        self.connections = others;
        let ended: Vec<(u16, Address)> = ended;
        for (_, to) in ended {
            let from = Address::new(if to.ip.is_loopback() { LOOPBACK } else { self.ip }, port);
            self.outbox.push_back(Packet { from, to, payload: Payload::Close });
        }
    }

    /// Keeps account of connections: `port` has sent this to `other`, or received it from there.
    fn account(&mut self, port: u16, other: Address, payload: &Payload) {
        match payload {
            Payload::Open | Payload::Accepted => {
                if self.connections.len() < SOCKETS_MAX && !self.connections.contains(&(port, other)) {
                    self.connections.push((port, other));
                }
            }
            Payload::Close | Payload::Refused | Payload::Unreachable => {
                self.connections.retain(|connection| *connection != (port, other));
            }
            Payload::Data(_) | Payload::Query(_) | Payload::Answer(_) | Payload::Ping(_) | Payload::Pong(_) => {}
        }
    }

    /// The next packet that was sent, to wherever it is for.
    pub fn take_outgoing(&mut self) -> Option<Packet> {
        self.outbox.pop_front()
    }

    /// Whether a packet stays within the pod.
    pub(crate) fn is_local(&self, packet: &Packet) -> bool {
        packet.to.ip.is_loopback() || packet.to.ip == self.ip
    }

    /// Puts a packet into the socket that it is for, and answers whose that is. Packets for nobody are answered.
    pub fn accept(&mut self, packet: Packet) -> Option<ProcessId> {
        let Some(socket) = self.sockets.get_mut(packet.to.port) else {
            match packet.payload {
                Payload::Open | Payload::Data(_) => self.outbox.push_back(packet.reply(Payload::Refused)),
                Payload::Ping(sequence) => self.outbox.push_back(packet.reply(Payload::Pong(sequence))),
                Payload::Accepted
                | Payload::Refused
                | Payload::Unreachable
                | Payload::Close
                | Payload::Query(_)
                | Payload::Answer(_)
                | Payload::Pong(_) => {}
            }
            return None;
        };
        if packet.payload == Payload::Open && socket.is_listening {
            self.outbox.push_back(packet.reply(Payload::Accepted));
        }
        let owner = socket.owner;
        let (port, from, payload) = (packet.to.port, packet.from, packet.payload.clone());
        if socket.inbox.len() < INBOX_MAX {
            socket.inbox.push_back(packet);
        }
        self.account(port, from, &payload);
        Some(owner)
    }
}

/// The sockets as one process sees them.
#[derive(Debug)]
pub struct Net<'a> {
    /// The pod's sockets.
    pub sockets: &'a mut Sockets,
    /// The process.
    pub owner: ProcessId,
}

/// The port is taken.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct AddressInUse;

impl Net<'_> {
    /// Listens on a port of all addresses.
    pub fn listen(&mut self, port: u16) -> Result<(), AddressInUse> {
        if self.sockets.sockets.contains(port) || self.sockets.sockets.len() >= SOCKETS_MAX {
            return Err(AddressInUse);
        }
        let socket = Socket { owner: self.owner, is_listening: true, inbox: VecDeque::new() };
        self.sockets.sockets.insert(port, socket);
        Ok(())
    }

    /// A socket with a port of its own; `None` if there is none left.
    pub fn bind(&mut self) -> Option<u16> {
        for _ in 0..SOCKETS_MAX {
            let port = self.sockets.next_port;
            self.sockets.next_port = port.checked_add(1).unwrap_or(EPHEMERAL_FIRST);
            if !self.sockets.sockets.contains(port) {
                let socket = Socket { owner: self.owner, is_listening: false, inbox: VecDeque::new() };
                self.sockets.sockets.insert(port, socket);
                return Some(port);
            }
        }
        None
    }

    /// Opens a connection; the answer (accepted, refused, unreachable) arrives at the port.
    pub fn connect(&mut self, to: Address) -> Option<u16> {
        let port = self.bind()?;
        self.send(port, to, Payload::Open);
        Some(port)
    }

    /// Asks a name server; the answer arrives at the port.
    pub fn ask(&mut self, server: Ipv4Addr, question: Question) -> Option<u16> {
        let port = self.bind()?;
        self.send(port, Address::new(server, 53), Payload::Query(question));
        Some(port)
    }

    /// Sends from one of the process's ports.
    pub fn send(&mut self, port: u16, to: Address, payload: Payload) {
        let from = if to.ip.is_loopback() { LOOPBACK } else { self.sockets.ip };
        self.sockets.account(port, to, &payload);
        self.sockets.outbox.push_back(Packet { from: Address::new(from, port), to, payload });
    }

    /// Sends bytes of a connection.
    pub fn send_bytes(&mut self, port: u16, to: Address, bytes: Vec<u8>) {
        self.send(port, to, Payload::Data(Rc::new(bytes)));
    }

    /// Takes the next packet that arrived at a port.
    pub fn receive(&mut self, port: u16) -> Option<Packet> {
        self.sockets.sockets.get_mut(port)?.inbox.pop_front()
    }

    /// Gives all ports of the process back: it has ended.
    pub fn close_all(&mut self) {
        self.sockets.close_of(self.owner);
    }

    /// Gives a port back; the other sides of its connections are told.
    pub fn close(&mut self, port: u16) {
        self.sockets.sockets.remove(port);
        self.sockets.close_connections(port);
    }
}
