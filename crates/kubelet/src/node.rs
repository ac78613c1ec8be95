//! Nodes: what a kubelet registers, and what it keeps of its machine.
//!
//! Heartbeats are no events: the API server is told that a healthy node's lease is renewed every so often, and until when.
//!
//! Models: kubernetes v1.36 pkg/kubelet/kubelet_node_status.go and pkg/kubelet/nodestatus; sizes and versions are those of
//! the cluster of the recordings.

use ordered::OrderedMap;
use std::net::Ipv4Addr;
use std::rc::Rc;

use api::codec::MicroTime;
use api::core::node::{LeaseSpec, Node, NodeAddress, NodeCondition, NodeSpec, NodeStatus, NodeSystemInfo};
use api::meta::ConditionStatus;
use api::{Key, Lease, ObjectMeta, Str, StringMap, Value};
use ecow::EcoVec;
use sim::{Span, Time};
use thin::format_str;

/// Between two renewals of a lease.
pub const LEASE_RENEWAL: Span = Span::from_seconds(10);
const LEASE_DURATION_SECONDS: i32 = 40;
const LEASE_NAMESPACE: &str = "kube-node-lease";
/// The first address of a node's range that a pod gets; the one before is the bridge.
const FIRST_POD: u32 = 2;
const LAST_POD: u32 = 254;

/// What a machine is like.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Machine {
    /// Such as `2`.
    pub cpu: Str,
    /// Such as `4Gi`.
    pub memory: Str,
    /// At most so many pods.
    pub pods: u32,
}

impl Default for Machine {
    fn default() -> Self {
        Machine { cpu: "2".into(), memory: "4Gi".into(), pods: 110 }
    }
}

/// The address of the node with this number (from 1).
pub fn node_address(number: u32) -> Ipv4Addr {
    let low = 10 + number;
    Ipv4Addr::new(192, 168, (49 + low / 256) as u8, (low % 256) as u8)
}

/// The range of pod addresses of the node with this number (from 1), a /24.
pub fn pod_range(number: u32) -> Ipv4Addr {
    let (high, low) = (number / 256, number % 256);
    let second = if high == 0 { 244 } else { 119 + high };
    Ipv4Addr::new(10, second as u8, low as u8, 0)
}

/// The node with this number (from 1), as its kubelet registers it.
pub fn node_object(number: u32, machine: &Machine, start: Time) -> Node {
    let name: Str = format_str!("node-{number}");
    let mut metadata = ObjectMeta::new("", name.clone());
    metadata.labels = StringMap::from([
        ("beta.kubernetes.io/arch", "amd64"),
        ("beta.kubernetes.io/os", "linux"),
        ("kubernetes.io/arch", "amd64"),
        ("kubernetes.io/hostname", name.as_str()),
        ("kubernetes.io/os", "linux"),
    ]);
    metadata.annotations = StringMap::from([("node.alpha.kubernetes.io/ttl", "0")]);
    let range: Str = format_str!("{}/24", pod_range(number));
    let spec = NodeSpec { pod_cidr: range.clone(), pod_cidrs: EcoVec::from([range]), ..NodeSpec::default() };
    Node { metadata, spec, status: Rc::new(node_status(number, &name, machine, start)), ..Node::default() }
}

fn node_status(number: u32, name: &Str, machine: &Machine, start: Time) -> NodeStatus {
    let pods = machine.pods.to_string();
    let capacity = StringMap::from([
        ("cpu", machine.cpu.as_str()),
        ("ephemeral-storage", "50Gi"),
        ("hugepages-1Gi", "0"),
        ("hugepages-2Mi", "0"),
        ("memory", machine.memory.as_str()),
        ("pods", pods.as_str()),
    ]);
    let address =
        |kind: &'static str, address: Str| NodeAddress { kind: kind.into(), address, ..NodeAddress::default() };
    let internal: Str = format_str!("{}", node_address(number));
    let mut daemons = Value::map();
    daemons.set(&["kubeletEndpoint", "Port"], 10250);
    NodeStatus {
        allocatable: capacity.clone(),
        capacity,
        conditions: healthy_conditions(start),
        addresses: EcoVec::from([address("InternalIP", internal), address("Hostname", name.clone())]),
        daemon_endpoints: daemons,
        node_info: Rc::new(system_info(number)),
        ..NodeStatus::default()
    }
}

pub(crate) fn healthy_conditions(start: Time) -> EcoVec<NodeCondition> {
    let rows = [
        ("MemoryPressure", false, "KubeletHasSufficientMemory", "kubelet has sufficient memory available"),
        ("DiskPressure", false, "KubeletHasNoDiskPressure", "kubelet has no disk pressure"),
        ("PIDPressure", false, "KubeletHasSufficientPID", "kubelet has sufficient PID available"),
        ("Ready", true, "KubeletReady", "kubelet is posting ready status"),
    ];
    let conditions = rows.into_iter().map(|(kind, holds, reason, message)| NodeCondition {
        kind: kind.into(),
        status: ConditionStatus::from(holds),
        last_heartbeat_time: Some(start.truncate_to_second()),
        last_transition_time: Some(start.truncate_to_second()),
        reason: reason.into(),
        message: message.into(),
        ..NodeCondition::default()
    });
    conditions.collect()
}

fn system_info(number: u32) -> NodeSystemInfo {
    let index = number.saturating_sub(1);
    NodeSystemInfo {
        architecture: "amd64".into(),
        boot_id: format_str!("b0000000-0000-0000-0000-{index:012x}"),
        container_runtime_version: "containerd://2.1.4".into(),
        kernel_version: "6.1.0-28-amd64".into(),
        kubelet_version: "v1.36.2".into(),
        machine_id: format_str!("{index:032x}"),
        operating_system: "linux".into(),
        os_image: "Debian GNU/Linux 12 (bookworm)".into(),
        system_uuid: format_str!("a0000000-0000-0000-0000-{index:012x}"),
        ..NodeSystemInfo::default()
    }
}

/// The lease of a node, as its kubelet makes it. What a reader sees of the renewals is the API server's.
pub fn lease_object(node: &str, start: Time) -> Lease {
    let spec = LeaseSpec {
        holder_identity: Some(node.into()),
        lease_duration_seconds: Some(LEASE_DURATION_SECONDS),
        renew_time: Some(MicroTime(start)),
        ..LeaseSpec::default()
    };
    Lease { metadata: ObjectMeta::new(LEASE_NAMESPACE, node), spec, ..Lease::default() }
}

/// The lease of a node.
pub(crate) fn lease_key(node: &str) -> Key {
    Key::new(LEASE_NAMESPACE, node)
}

/// A node as a kubelet that starts registers it: without what others have added to it.
pub(crate) fn as_registered(node: &Node, now: Time) -> Node {
    let mut fresh = node.clone();
    fresh.metadata = ObjectMeta::new("", node.metadata.name.clone());
    fresh.metadata.labels = node.metadata.labels.clone();
    fresh.metadata.annotations = node.metadata.annotations.clone();
    (fresh.spec.taints, fresh.spec.unschedulable) = (EcoVec::new(), false);
    Rc::make_mut(&mut fresh.status).conditions = healthy_conditions(now);
    fresh
}

/// Whether a machine runs.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Power {
    /// It runs.
    On,
    /// It was stopped.
    Off,
}

/// Whether a machine is reached.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Link {
    /// It is.
    Up,
    /// Its cable is pulled.
    Cut,
}

/// What one kubelet keeps of its node.
#[derive(Clone, Debug)]
pub(crate) struct NodeState {
    /// The node's address.
    pub(crate) ip: Ipv4Addr,
    /// The same as text, shared by the statuses of its pods.
    pub(crate) ip_text: Str,
    range: Ipv4Addr,
    next_pod: u32,
    used: OrderedMap<u32, u32>,
    /// When each image was or will be there.
    pub(crate) images: OrderedMap<Str, Time>,
    pub(crate) power: Power,
    pub(crate) link: Link,
    /// How often it was started, and how many of these starts its kubelet has told of.
    pub(crate) boots: u32,
    pub(crate) boots_reported: u32,
    /// The node as it was registered.
    pub(crate) object: Rc<Node>,
}

impl NodeState {
    /// A node as the API server shows it; `None` if it has no address range yet.
    pub(crate) fn from_object(node: &Rc<Node>) -> Option<NodeState> {
        let range: Ipv4Addr = node.spec.pod_cidr.split('/').next()?.parse().ok()?;
        let ip_text = node.status.address("InternalIP").cloned().unwrap_or_default();
        let ip = ip_text.parse().unwrap_or(Ipv4Addr::UNSPECIFIED);
        Some(NodeState {
            ip,
            ip_text,
            range,
            next_pod: FIRST_POD,
            used: OrderedMap::new(),
            images: OrderedMap::new(),
            power: Power::On,
            link: Link::Up,
            boots: 0,
            boots_reported: 0,
            object: node.clone(),
        })
    }

    /// Whether its kubelet and the API server can reach each other.
    pub(crate) fn is_reachable(&self) -> bool {
        self.power == Power::On && self.link == Link::Up
    }

    /// The next free address after the one given last, for the pod in this slot.
    pub(crate) fn take_address(&mut self, slot: u32) -> Option<Ipv4Addr> {
        for _ in FIRST_POD..=LAST_POD {
            let host = self.next_pod;
            self.next_pod = if host >= LAST_POD { FIRST_POD } else { host + 1 };
            if !self.used.contains_key(&host) {
                self.used.insert(host, slot);
                return Some(Ipv4Addr::from(u32::from(self.range) + host));
            }
        }
        None
    }

    /// Gives an address back.
    pub(crate) fn return_address(&mut self, ip: Ipv4Addr) {
        self.used.remove(&u32::from(ip).wrapping_sub(u32::from(self.range)));
    }

    /// The pod with this address.
    pub(crate) fn slot_of(&self, ip: Ipv4Addr) -> Option<u32> {
        self.used.get(&u32::from(ip).wrapping_sub(u32::from(self.range))).copied()
    }

    /// Whether the address lies in the node's range.
    pub(crate) fn has_address(&self, ip: Ipv4Addr) -> bool {
        u32::from(ip) & 0xffff_ff00 == u32::from(self.range)
    }

    /// The range, to find a node by an address.
    pub(crate) fn range(&self) -> Ipv4Addr {
        self.range
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn addresses_stay_apart_for_many_nodes() {
        assert_eq!(node_address(1).to_string(), "192.168.49.11");
        assert_eq!(pod_range(1).to_string(), "10.244.1.0");
        let ranges: ordered::OrderedSet<_> = (1..=5_000).map(pod_range).collect();
        let nodes: ordered::OrderedSet<_> = (1..=5_000).map(node_address).collect();
        assert_eq!((ranges.len(), nodes.len()), (5_000, 5_000));
    }

    #[test]
    fn the_first_pod_is_dot_two_and_addresses_are_not_reused_at_once() {
        let node = node_object(1, &Machine::default(), Time::HEADLESS_START);
        let mut state = NodeState::from_object(&Rc::new(node)).expect("it has a range");
        let first = state.take_address(0).expect("there is room");
        assert_eq!(first.to_string(), "10.244.1.2");
        state.return_address(first);
        assert_eq!(state.take_address(0).map(|ip| ip.to_string()).as_deref(), Some("10.244.1.3"));
    }
}
