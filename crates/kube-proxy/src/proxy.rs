//! The network between pods.
//!
//! Models: kubernetes v1.36 pkg/proxy/iptables as pods notice it: a service's address leads to a ready endpoint chosen at random
//! per connection, packets of a connection keep to it, and a service without ready endpoints refuses.

use std::collections::{BTreeMap, VecDeque};
use std::rc::Rc;

use api::core::service::ServicePort;
use api::{Kind, Service};
use client::{Api, Component};
use cri::{Address, Packet, Payload};
use sim::{Random, Span, Time, Timing};

use crate::catalogue::{Catalogue, KINDS};
use crate::names::Names;

/// Connections through services that are remembered at most; the oldest is forgotten first.
const CONNECTIONS_MAX: usize = 16_384;
const NAME_SERVICE: (&str, &str) = ("kube-system", "kube-dns");
const NAME_PORT: u16 = 53;

/// Carries packets between pods, and answers for the cluster's name server.
#[derive(Clone, Debug)]
pub struct KubeProxy {
    timing: Rc<Timing>,
    random: Random,
    catalogue: Catalogue,
    /// (client, service) → endpoint, with the connection's number.
    connections: BTreeMap<(Address, Address), (Address, u64)>,
    /// (client, endpoint) → service.
    returns: BTreeMap<(Address, Address), Address>,
    /// Connections by age.
    ages: BTreeMap<u64, (Address, Address)>,
    last_connection: u64,
    under_way: VecDeque<(Time, Packet)>,
}

impl KubeProxy {
    /// A network in which nothing is under way.
    pub fn new(seed: u64, timing: Rc<Timing>) -> KubeProxy {
        KubeProxy {
            timing,
            random: Random::stream(seed, "kube-proxy"),
            catalogue: Catalogue::new(),
            connections: BTreeMap::new(),
            returns: BTreeMap::new(),
            ages: BTreeMap::new(),
            last_connection: 0,
            under_way: VecDeque::new(),
        }
    }

    /// The cluster's names.
    pub fn names(&self) -> Names<'_> {
        Names { catalogue: &self.catalogue }
    }

    /// A pod has sent a packet; it (or the answer to it) arrives a latency later.
    pub fn send(&mut self, packet: Packet, now: Time) {
        let at = now + Span(self.timing.network_latency_us.max(1));
        let arriving = self.route(packet);
        self.under_way.push_back((at, arriving));
    }

    /// Packets that arrive now, in the order of their sending.
    pub fn take_arrived(&mut self, now: Time) -> Vec<Packet> {
        let mut arrived = Vec::new();
        while self.under_way.front().is_some_and(|(at, _)| *at <= now) {
            arrived.extend(self.under_way.pop_front().map(|(_, packet)| packet));
        }
        arrived
    }

    /// When the next packet arrives.
    pub fn next_at(&self) -> Option<Time> {
        self.under_way.front().map(|(at, _)| *at)
    }

    /// The packet that arrives somewhere because this one was sent.
    fn route(&mut self, mut packet: Packet) -> Packet {
        if let Payload::Query(question) = &packet.payload {
            return if self.is_name_server(packet.to) {
                let answer = self.names().answer(question);
                packet.reply(Payload::Answer(answer))
            } else {
                packet.reply(Payload::Unreachable)
            };
        }
        if let Some(service) = self.returns.get(&(packet.to, packet.from)).copied() {
            let is_last = packet.payload == Payload::Close;
            let (client, endpoint) = (packet.to, packet.from);
            packet.from = service;
            if is_last {
                self.forget(client, endpoint);
            }
            return packet;
        }
        let Some(service) = self.catalogue.service_at(packet.to.ip).cloned() else { return packet };
        match self.endpoint_of(&service, &packet) {
            Some(endpoint) => {
                packet.to = endpoint;
                packet
            }
            None => packet.reply(Payload::Refused),
        }
    }

    fn is_name_server(&self, to: Address) -> bool {
        let service = self.catalogue.service_at(to.ip);
        to.port == NAME_PORT
            && service.is_some_and(|service| {
                (service.metadata.namespace.as_str(), service.metadata.name.as_str()) == NAME_SERVICE
            })
    }

    fn endpoint_of(&mut self, service: &Service, packet: &Packet) -> Option<Address> {
        if let Some((endpoint, _)) = self.connections.get(&(packet.from, packet.to)) {
            return Some(*endpoint);
        }
        let port = service.spec.ports.iter().find(|port| port.port == i32::from(packet.to.port))?;
        let targets = self.catalogue.targets(&service.metadata.namespace, &service.metadata.name);
        if targets.is_empty() {
            return None;
        }
        let target = &targets[self.random.below(targets.len() as u64) as usize];
        let endpoint = Address::new(target.ip, target_port(port, &target.ports)?);
        self.remember(packet.from, packet.to, endpoint);
        Some(endpoint)
    }

    fn remember(&mut self, client: Address, service: Address, endpoint: Address) {
        if self.ages.len() >= CONNECTIONS_MAX
            && let Some((_, (client, service))) = self.ages.pop_first()
            && let Some((endpoint, _)) = self.connections.remove(&(client, service))
        {
            self.returns.remove(&(client, endpoint));
        }
        self.last_connection += 1;
        self.ages.insert(self.last_connection, (client, service));
        self.connections.insert((client, service), (endpoint, self.last_connection));
        self.returns.insert((client, endpoint), service);
    }

    fn forget(&mut self, client: Address, endpoint: Address) {
        if let Some(service) = self.returns.remove(&(client, endpoint))
            && let Some((_, number)) = self.connections.remove(&(client, service))
        {
            self.ages.remove(&number);
        }
    }
}

/// The port of the endpoint that a service's port leads to: the one of the same name.
fn target_port(port: &ServicePort, ports: &[(api::Str, api::Str, u16)]) -> Option<u16> {
    ports.iter().find(|(name, _, _)| *name == port.name).map(|(_, _, number)| *number)
}

impl Component for KubeProxy {
    fn watched_kinds(&self) -> &'static [Kind] {
        KINDS
    }

    fn wake(&mut self, api: &mut dyn Api) -> Option<Time> {
        let now = api.now();
        self.catalogue.update(api, now - Span(self.timing.watch_latency_us));
        self.next_at().filter(|at| *at > now)
    }
}
