//! The machine outside of the cluster on which the user sits: its sockets, and the ports that `kubectl port-forward` has opened.
//!
//! It is a host of the nodes' network: nodes can be reached from it, pods and services have no route. A forwarded port is an
//! address translation here; in Kubernetes a stream through API server and kubelet carries the bytes, which nobody can tell
//! but by the address that the pod sees (there: its own loopback).

use ordered::OrderedMap;
use std::net::Ipv4Addr;

use client::{Forward, ForwardError, ForwardNews};
use cri::{Address, Packet, Payload, Sockets};

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

    /// Opens a forward to an address of a pod.
    pub(crate) fn open(&mut self, local: u16, to: Address) -> Result<Forward, ForwardError> {
        let is_taken = |port: &u16| self.forwards.contains_key(port) || self.sockets.is_listening(*port);
        let port = if local == 0 { (FIRST_FREE..u16::MAX).find(|port| !is_taken(port)) } else { Some(local) };
        let port = port.filter(|port| !is_taken(port)).ok_or(ForwardError::AddressInUse)?;
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
