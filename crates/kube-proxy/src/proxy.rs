//! The network between pods.
//!
//! Models: kubernetes v1.36 pkg/proxy/iptables as pods notice it: a service's address leads to a ready endpoint chosen at random
//! per connection, packets of a connection keep to it, and a service without ready endpoints refuses. Endpoints that end but
//! still serve are used when none is ready. Node ports lead there from every node; with `externalTrafficPolicy: Local` only to
//! endpoints of that node. With `sessionAffinity: ClientIP` a client keeps its endpoint as long as that is there.

use ordered::OrderedMap;
use std::collections::VecDeque;
use std::net::Ipv4Addr;
use std::rc::Rc;

use api::core::service::ServicePort;
use api::{Kind, Service, Str};
use client::{Api, Component};
use cri::{Address, Packet, Payload};
use sim::{Random, Span, Time, Timing};

use crate::catalogue::{Catalogue, KINDS, NodePort, Target};
use crate::names::Names;

/// Connections through services that are remembered at most; the oldest is forgotten first.
const CONNECTIONS_MAX: usize = 16_384;
const NAME_SERVICE: (&str, &str) = ("kube-system", "kube-dns");
const NAME_PORT: u16 = 53;

/// What an address of a service leads to.
struct Door {
    service: Rc<Service>,
    /// The service's port; none if it has no such one.
    port: Option<ServicePort>,
    /// Only endpoints of this node count.
    only_on: Option<Str>,
}

/// Where a packet to a service goes.
enum Choice {
    Endpoint(Address),
    Refused,
    Dropped,
}

/// Carries packets between pods, and answers for the cluster's name server.
#[derive(Clone, Debug)]
pub struct KubeProxy {
    timing: Rc<Timing>,
    random: Random,
    catalogue: Catalogue,
    /// (client, service) → endpoint, with the connection's number.
    connections: OrderedMap<(Address, Address), (Address, u64)>,
    /// (client, endpoint) → service.
    returns: OrderedMap<(Address, Address), Address>,
    /// (client's address, service) → endpoint, for services with session affinity.
    affinities: OrderedMap<(Ipv4Addr, Address), Address>,
    /// Connections by age.
    ages: OrderedMap<u64, (Address, Address)>,
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
            connections: OrderedMap::new(),
            returns: OrderedMap::new(),
            affinities: OrderedMap::new(),
            ages: OrderedMap::new(),
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
        if let Some(arriving) = self.route(packet) {
            self.under_way.push_back((at, arriving));
        }
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

    /// The packet that arrives somewhere because this one was sent; none if it is dropped on the way.
    fn route(&mut self, mut packet: Packet) -> Option<Packet> {
        if let Payload::Query(question) = &packet.payload {
            return Some(if self.is_name_server(packet.to) {
                let answer = self.names().answer(question);
                packet.reply(Payload::Answer(answer))
            } else {
                packet.reply(Payload::Unreachable)
            });
        }
        if let Some(service) = self.returns.get(&(packet.to, packet.from)).copied() {
            let is_last = packet.payload == Payload::Close;
            let (client, endpoint) = (packet.to, packet.from);
            packet.from = service;
            if is_last {
                self.forget(client, endpoint);
            }
            return Some(packet);
        }
        let Some(door) = self.door_of(packet.to) else { return Some(packet) };
        match self.endpoint_of(&door, &packet) {
            Choice::Endpoint(endpoint) => {
                packet.to = endpoint;
                Some(packet)
            }
            Choice::Refused => Some(packet.reply(Payload::Refused)),
            Choice::Dropped => None,
        }
    }

    /// What an address leads to, if it is a service's or a node port.
    fn door_of(&self, to: Address) -> Option<Door> {
        if let Some(service) = self.catalogue.service_at(to.ip) {
            let port = service.spec.ports.iter().find(|port| port.port == i32::from(to.port)).cloned();
            return Some(Door { service: service.clone(), port, only_on: None });
        }
        let NodePort { node, service } = self.catalogue.node_port(to.ip, to.port)?;
        let is_local = service.spec.rest.get("externalTrafficPolicy").text() == "Local";
        let port = service.spec.ports.iter().find(|port| port.node_port == i32::from(to.port)).cloned();
        let only_on = is_local.then(|| node.cloned().unwrap_or_default());
        Some(Door { service: service.clone(), port, only_on })
    }

    fn is_name_server(&self, to: Address) -> bool {
        let service = self.catalogue.service_at(to.ip);
        to.port == NAME_PORT
            && service.is_some_and(|service| {
                (service.metadata.namespace.as_str(), service.metadata.name.as_str()) == NAME_SERVICE
            })
    }

    fn endpoint_of(&mut self, door: &Door, packet: &Packet) -> Choice {
        if let Some((endpoint, _)) = self.connections.get(&(packet.from, packet.to)) {
            return Choice::Endpoint(*endpoint);
        }
        let Some(port) = &door.port else { return Choice::Refused };
        let metadata = &door.service.metadata;
        let mut targets = self.catalogue.targets(&metadata.namespace, &metadata.name);
        if targets.is_empty() {
            targets = self.catalogue.ending_targets(&metadata.namespace, &metadata.name);
        }
        if targets.is_empty() {
            return Choice::Refused;
        }
        if let Some(node) = &door.only_on {
            targets.retain(|target| target.node.as_ref() == Some(node));
        }
        let number = |target: &Target| target_port(port, &target.ports).map(|number| Address::new(target.ip, number));
        let endpoints: Vec<Address> = targets.iter().filter_map(number).collect();
        if endpoints.is_empty() {
            return if door.only_on.is_some() { Choice::Dropped } else { Choice::Refused };
        }
        let endpoint = self.choose(door, packet, &endpoints);
        self.remember(packet.from, packet.to, endpoint);
        Choice::Endpoint(endpoint)
    }

    fn choose(&mut self, door: &Door, packet: &Packet, endpoints: &[Address]) -> Address {
        let client = (packet.from.ip, packet.to);
        let keeps = door.service.spec.session_affinity == "ClientIP";
        if let Some(endpoint) = self.affinities.get(&client).filter(|endpoint| keeps && endpoints.contains(endpoint)) {
            return *endpoint;
        }
        let endpoint = endpoints[self.random.below(endpoints.len() as u64) as usize];
        if keeps {
            if self.affinities.len() >= CONNECTIONS_MAX {
                self.affinities.pop_first();
            }
            self.affinities.insert(client, endpoint);
        }
        endpoint
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
