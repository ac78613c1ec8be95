//! Services and their endpoints, found by name and by address.

use ordered::{OrderedMap, OrderedSet};
use std::net::Ipv4Addr;
use std::rc::Rc;

use api::core::endpoints::Endpoint;
use api::{EndpointSlice, Key, Kind, Node, Object, Service, Str};
use client::{Api, ChangeKind, Informers};
use sim::Time;

/// The kinds that the catalogue is made from.
pub(crate) const KINDS: &[Kind] = &[Kind::Service, Kind::EndpointSlice, Kind::Node];
/// The control plane's machine: it is not a node here, but its kube-proxy serves node ports as any other.
const CONTROL_PLANE: Ipv4Addr = Ipv4Addr::new(192, 168, 49, 2);
const SERVICE_NAME: &str = "kubernetes.io/service-name";

/// Services and endpoints as the last look at the API server showed them.
#[derive(Clone, Debug)]
pub(crate) struct Catalogue {
    informers: Informers,
    slices: OrderedMap<Key, OrderedSet<Key>>,
    by_address: OrderedMap<Ipv4Addr, Key>,
    by_node_port: OrderedMap<u16, Key>,
    nodes: OrderedMap<Ipv4Addr, Str>,
}

/// One ready endpoint of a service.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Target {
    /// Its address.
    pub(crate) ip: Ipv4Addr,
    /// Its host name in the service's domain, if it has one.
    pub(crate) hostname: Option<Str>,
    /// The node that it is on.
    pub(crate) node: Option<Str>,
    /// Names, protocols and numbers of its ports.
    pub(crate) ports: Rc<[(Str, Str, u16)]>,
}

/// Which endpoints are meant.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Wanted {
    /// Those that are ready.
    Ready,
    /// Those that still serve while they end: better than none.
    Ending,
}

/// A node port, found by the address that a packet is for.
pub(crate) struct NodePort<'a> {
    /// The node; none for the control plane's machine.
    pub(crate) node: Option<&'a Str>,
    /// The service.
    pub(crate) service: &'a Rc<Service>,
}

impl Catalogue {
    pub(crate) fn new() -> Catalogue {
        Catalogue {
            informers: Informers::new(KINDS),
            slices: OrderedMap::new(),
            by_address: OrderedMap::new(),
            by_node_port: OrderedMap::new(),
            nodes: OrderedMap::new(),
        }
    }

    /// Takes in what has changed until this instant.
    pub(crate) fn update(&mut self, api: &dyn Api, until: Time) {
        for change in self.informers.update(api, until) {
            if let Some(old) = &change.old {
                self.forget(old);
            }
            match change.kind {
                ChangeKind::Added | ChangeKind::Modified => self.remember(&change.object),
                ChangeKind::Deleted => self.forget(&change.object),
            }
        }
    }

    fn remember(&mut self, object: &Object) {
        match object {
            Object::Service(service) => {
                if let Ok(ip) = service.spec.cluster_ip.parse() {
                    self.by_address.insert(ip, object.key());
                }
                self.by_node_port.extend(node_ports(service).map(|port| (port, object.key())));
            }
            Object::Node(node) => self.nodes.extend(address_of(node).map(|ip| (ip, node.metadata.name.clone()))),
            Object::EndpointSlice(slice) => {
                if let Some(service) = service_of(slice) {
                    self.slices.entry(service).or_default().insert(object.key());
                }
            }
            _ => {}
        }
    }

    fn forget(&mut self, object: &Object) {
        match object {
            Object::Service(service) => {
                if let Ok(ip) = service.spec.cluster_ip.parse::<Ipv4Addr>()
                    && self.by_address.get(&ip) == Some(&object.key())
                {
                    self.by_address.remove(&ip);
                }
                for port in node_ports(service) {
                    self.by_node_port.remove(&port);
                }
            }
            Object::Node(node) => {
                if let Some(ip) = address_of(node) {
                    self.nodes.remove(&ip);
                }
            }
            Object::EndpointSlice(slice) => {
                let Some(service) = service_of(slice) else { return };
                if let Some(slices) = self.slices.get_mut(&service) {
                    slices.remove(&object.key());
                    if slices.is_empty() {
                        self.slices.remove(&service);
                    }
                }
            }
            _ => {}
        }
    }

    pub(crate) fn service(&self, namespace: &str, name: &str) -> Option<&Rc<Service>> {
        self.informers.get::<Service>(&Key::new(namespace, name))
    }

    /// The service with this address of its own.
    pub(crate) fn service_at(&self, ip: Ipv4Addr) -> Option<&Rc<Service>> {
        self.by_address.get(&ip).and_then(|key| self.informers.get::<Service>(key))
    }

    /// The service behind a port of a node's address.
    pub(crate) fn node_port(&self, ip: Ipv4Addr, port: u16) -> Option<NodePort<'_>> {
        let node = self.nodes.get(&ip);
        if node.is_none() && ip != CONTROL_PLANE {
            return None;
        }
        let service = self.informers.get::<Service>(self.by_node_port.get(&port)?)?;
        Some(NodePort { node, service })
    }

    /// The ready endpoints of a service, in the order of its slices.
    pub(crate) fn targets(&self, namespace: &str, name: &str) -> Vec<Target> {
        self.endpoints(namespace, name, Wanted::Ready)
    }

    /// The endpoints of a service that still serve while they end.
    pub(crate) fn ending_targets(&self, namespace: &str, name: &str) -> Vec<Target> {
        self.endpoints(namespace, name, Wanted::Ending)
    }

    fn endpoints(&self, namespace: &str, name: &str, wanted: Wanted) -> Vec<Target> {
        let slices = self.slices.get(&Key::new(namespace, name));
        slices
            .into_iter()
            .flatten()
            .filter_map(|key| self.informers.get::<EndpointSlice>(key))
            .flat_map(|slice| targets_of(slice, wanted))
            .collect()
    }

    /// The services that this address is a ready endpoint of, with the endpoint.
    pub(crate) fn services_with(&self, ip: Ipv4Addr) -> Vec<(Key, Target)> {
        let mut found = Vec::new();
        for slice in self.informers.iter::<EndpointSlice>() {
            let Some(service) = service_of(slice) else { continue };
            found.extend(
                targets_of(slice, Wanted::Ready)
                    .into_iter()
                    .filter(|target| target.ip == ip)
                    .map(|target| (service.clone(), target)),
            );
        }
        found
    }
}

fn service_of(slice: &EndpointSlice) -> Option<Key> {
    let name = slice.metadata.labels.get_str(SERVICE_NAME)?;
    Some(Key::new(slice.metadata.namespace.clone(), name.clone()))
}

fn node_ports(service: &Service) -> impl Iterator<Item = u16> {
    service.spec.ports.iter().filter_map(|port| u16::try_from(port.node_port).ok()).filter(|port| *port != 0)
}

fn address_of(node: &Node) -> Option<Ipv4Addr> {
    let internal = node.status.addresses.iter().find(|address| address.kind == "InternalIP")?;
    internal.address.parse().ok()
}

fn targets_of(slice: &EndpointSlice, wanted: Wanted) -> Vec<Target> {
    let text = |text: &Option<Str>| text.clone().unwrap_or_default();
    let ports: Rc<[(Str, Str, u16)]> = slice
        .ports
        .iter()
        .map(|port| {
            let number = port.port.and_then(|port| u16::try_from(port).ok()).unwrap_or(0);
            (text(&port.name), text(&port.protocol), number)
        })
        .collect();
    let is_wanted = |endpoint: &&Endpoint| {
        let conditions = &endpoint.conditions;
        let ends = conditions.serving == Some(true) && conditions.terminating == Some(true);
        match wanted {
            Wanted::Ready => conditions.ready.unwrap_or(true),
            Wanted::Ending => ends,
        }
    };
    let target = |endpoint: &Endpoint| {
        let ip = endpoint.addresses.first()?.parse().ok()?;
        let (hostname, node) = (endpoint.hostname.clone(), endpoint.node_name.clone());
        Some(Target { ip, hostname, node, ports: ports.clone() })
    };
    slice.endpoints.iter().filter(is_wanted).filter_map(target).collect()
}
