//! The machine outside of the cluster on which the user sits: its sockets, and the ports that `kubectl port-forward` and
//! `kubectl proxy` have opened.
//!
//! It is a host of the nodes' network: nodes can be reached from it, pods and services have no route. A forwarded port is an
//! address translation here; in Kubernetes a stream through API server and kubelet carries the bytes, which nobody can tell
//! but by the address that the pod sees (there: its own loopback).

use ordered::OrderedMap;
use std::net::Ipv4Addr;

use client::{Forward, ForwardError, ForwardNews, PortInUse, WebAnswer, WebRequest};
use cri::{Address, Net, Packet, Payload, ProcessId, Sockets};
use images::tools::http::{Request, Response};

/// The machine's address in the nodes' network: the gateway's.
pub const ADDRESS: Ipv4Addr = Ipv4Addr::new(192, 168, 49, 1);
/// Pods and services have addresses that begin so; the machine has no route there.
const INSIDE: u8 = 10;
/// The first port that is tried when any will do.
const FIRST_FREE: u16 = 34_000;
/// Connections through forwards that are remembered at most; the oldest are forgotten first.
const CONNECTIONS_MAX: usize = 4_096;

/// See the module.
#[derive(Clone, Debug)]
pub struct Outside {
    /// The machine's sockets.
    pub sockets: Sockets,
    forwards: OrderedMap<u16, Way>,
    /// A client's port → the forward that its connection goes through.
    connections: OrderedMap<u16, u16>,
    /// Packets that have arrived so far.
    arrived: u64,
}

#[derive(Clone, Debug)]
struct Way {
    to: Address,
    news: ForwardNews,
}

impl Outside {
    pub(crate) fn new() -> Outside {
        Outside {
            sockets: Sockets::new(ADDRESS),
            forwards: OrderedMap::new(),
            connections: OrderedMap::new(),
            arrived: 0,
        }
    }

    /// The port, or a free one for 0, unless it is taken.
    fn free(&self, wanted: u16) -> Option<u16> {
        let is_taken = |port: &u16| self.forwards.contains_key(port) || self.sockets.is_listening(*port);
        let port = if wanted == 0 { (FIRST_FREE..u16::MAX).find(|port| !is_taken(port)) } else { Some(wanted) };
        port.filter(|port| !is_taken(port))
    }

    /// The sockets as the program that listens on a port of this machine sees them.
    fn net(&mut self, port: u16) -> Net<'_> {
        Net { sockets: &mut self.sockets, owner: ProcessId { container: usize::MAX, pid: port.into() } }
    }

    /// Listens on a port for a client of the API server.
    pub(crate) fn listen(&mut self, port: u16) -> Result<u16, PortInUse> {
        let port = self.free(port).ok_or(PortInUse)?;
        self.net(port).listen(port).map(|()| port).map_err(|_| PortInUse)
    }

    /// Takes the next HTTP request of a port that is listened on. What is none is hung up on.
    pub(crate) fn hear(&mut self, port: u16) -> Option<WebRequest> {
        let mut net = self.net(port);
        while let Some(packet) = net.receive(port) {
            let Payload::Data(bytes) = &packet.payload else { continue };
            let Some(request) = Request::parse(bytes) else {
                net.send(port, packet.from, Payload::Close);
                continue;
            };
            let text = |text: &String| text.as_str().into();
            return Some(WebRequest {
                from: packet.from.port,
                method: text(&request.method),
                path: text(&request.path),
                headers: request.headers.iter().map(|(name, value)| (text(name), text(value))).collect(),
                body: String::from_utf8_lossy(&request.body).into_owned(),
            });
        }
        None
    }

    pub(crate) fn answer(&mut self, port: u16, request: &WebRequest, answer: &WebAnswer) {
        let mut response = Response::new(answer.code, answer.reason, answer.body.as_bytes().to_vec());
        response.headers.push(("Content-Type".into(), answer.content_type.into()));
        response.headers.push(("Content-Length".into(), answer.body.len().to_string()));
        let bytes = response.encode(request.method == "HEAD");
        let to = Address::new(Ipv4Addr::LOCALHOST, request.from);
        let mut net = self.net(port);
        net.send_bytes(port, to, bytes);
        net.send(port, to, Payload::Close);
    }

    pub(crate) fn stop_listening(&mut self, port: u16) {
        self.net(port).close(port);
    }

    /// Opens a forward to an address of a pod.
    pub(crate) fn open(&mut self, local: u16, to: Address) -> Result<Forward, ForwardError> {
        let port = self.free(local).ok_or(ForwardError::AddressInUse)?;
        self.forwards.insert(port, Way { to, news: ForwardNews::default() });
        Ok(Forward { local: port, remote: to.port })
    }

    pub(crate) fn read(&mut self, local: u16) -> ForwardNews {
        self.forwards.get_mut(&local).map(|way| std::mem::take(&mut way.news)).unwrap_or_default()
    }

    pub(crate) fn close(&mut self, local: u16) {
        self.forwards.remove(&local);
        self.connections.retain(|_, forward| *forward != local);
    }

    /// What programs of this machine have sent into the network since the last time.
    pub(crate) fn take_packets(&mut self) -> Vec<Packet> {
        let mut sent = Vec::new();
        while let Some(packet) = self.sockets.take_outgoing() {
            let is_own = packet.to.ip.is_loopback() || packet.to.ip == ADDRESS;
            match self.forwards.contains_key(&packet.to.port) {
                true if is_own => sent.extend(self.through(packet)),
                _ if is_own => self.accept(packet),
                _ if packet.to.ip.octets()[0] == INSIDE => self.accept(packet.reply(Payload::Unreachable)),
                _ => sent.push(packet),
            }
        }
        sent
    }

    fn through(&mut self, packet: Packet) -> Option<Packet> {
        let (client, local) = (packet.from.port, packet.to.port);
        let way = self.forwards.get_mut(&local)?;
        if packet.payload == Payload::Open {
            way.news.opened += 1;
            if self.connections.len() >= CONNECTIONS_MAX {
                self.connections.pop_first();
            }
            self.connections.insert(client, local);
        }
        Some(Packet { from: Address::new(ADDRESS, client), to: way.to, payload: packet.payload })
    }

    /// A packet arrives from the network.
    pub(crate) fn deliver(&mut self, mut packet: Packet) {
        let local = self.connections.get(&packet.to.port).copied();
        let way = local.and_then(|local| self.forwards.get_mut(&local)).filter(|way| way.to == packet.from);
        if let (Some(local), Some(way)) = (local, way) {
            let client = packet.to.port;
            packet.from = Address::new(Ipv4Addr::LOCALHOST, local);
            packet.to = Address::new(Ipv4Addr::LOCALHOST, client);
            // The forwarder has taken the connection by the time it learns that the pod does not: it can only hang up.
            if matches!(packet.payload, Payload::Refused | Payload::Unreachable) {
                way.news.refused += 1;
                packet.payload = Payload::Close;
            }
            if packet.payload == Payload::Close {
                self.connections.remove(&client);
            }
        }
        self.accept(packet);
    }

    fn accept(&mut self, packet: Packet) {
        self.arrived += 1;
        self.sockets.accept(packet);
    }

    /// How many packets have arrived so far: whether it is worth looking again.
    pub fn arrived(&self) -> u64 {
        self.arrived
    }
}
