//! What the scheduler knows of nodes.
//!
//! Models: kubernetes v1.36 pkg/scheduler/backend/cache and framework.NodeInfo.

use ordered::{OrderedMap, OrderedSet};
use std::rc::Rc;

use api::core::container::Container;
use api::meta::LabelSelector;
use api::quantity::Quantity;
use api::{Key, Node, Pod, ResourceList, Str};

use crate::plugins::inter_pod_affinity::has_rules;

/// What pods ask for: cpu in thousandths, everything else in whole units.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Request {
    /// Thousandths of a core.
    pub cpu_milli: i64,
    /// Bytes.
    pub memory: i64,
    /// Other resources by name; no zeros.
    pub other: OrderedMap<Str, i64>,
    /// As `cpu_milli`, with 100 for each container that asks for nothing; for scores.
    pub nonzero_cpu_milli: i64,
    /// As `memory`, with 200 MiB for each container that asks for nothing; for scores.
    pub nonzero_memory: i64,
}

const DEFAULT_CPU_MILLI: i64 = 100;
const DEFAULT_MEMORY: i64 = 200 << 20;

impl Request {
    /// What a pod asks for: its containers together (with sidecars), or its hungriest init step, and its overhead.
    pub fn of(pod: &Pod) -> Request {
        let mut sum = Request::default();
        for container in &pod.spec.containers {
            sum.add(&Request::of_container(container));
        }
        let mut sidecars = Request::default();
        let mut init_peak = Request::default();
        for container in &pod.spec.init_containers {
            let mut step = Request::of_container(container);
            if container.is_sidecar() {
                sidecars.add(&step);
                init_peak.raise_to(&sidecars);
            } else {
                step.add(&sidecars);
                init_peak.raise_to(&step);
            }
        }
        sum.add(&sidecars);
        sum.raise_to(&init_peak);
        if !pod.spec.overhead.is_empty() {
            sum.add(&Request::exactly(&pod.spec.overhead));
        }
        sum
    }

    fn of_container(container: &Container) -> Request {
        let requests = &container.resources.requests;
        let mut request = Request::exactly(requests);
        if !requests.contains("cpu") {
            request.nonzero_cpu_milli = DEFAULT_CPU_MILLI;
        }
        if !requests.contains("memory") {
            request.nonzero_memory = DEFAULT_MEMORY;
        }
        request
    }

    fn exactly(list: &ResourceList) -> Request {
        let mut request = Request::default();
        for (name, text) in list.iter() {
            let quantity = Quantity::parse(text).unwrap_or_default();
            match name.as_str() {
                "cpu" => request.cpu_milli = quantity.milli_value(),
                "memory" => request.memory = quantity.value(),
                _ if quantity.is_zero() => {}
                _ => {
                    request.other.insert(name.clone(), quantity.value());
                }
            }
        }
        request.nonzero_cpu_milli = request.cpu_milli;
        request.nonzero_memory = request.memory;
        request
    }

    fn add(&mut self, more: &Request) {
        self.combine(more, |mine, theirs| mine + theirs);
    }

    fn subtract(&mut self, less: &Request) {
        self.combine(less, |mine, theirs| mine - theirs);
        self.other.retain(|_, amount| *amount != 0);
    }

    fn raise_to(&mut self, other: &Request) {
        self.combine(other, i64::max);
    }

    fn combine(&mut self, other: &Request, with: fn(i64, i64) -> i64) {
        self.cpu_milli = with(self.cpu_milli, other.cpu_milli);
        self.memory = with(self.memory, other.memory);
        self.nonzero_cpu_milli = with(self.nonzero_cpu_milli, other.nonzero_cpu_milli);
        self.nonzero_memory = with(self.nonzero_memory, other.nonzero_memory);
        for (name, amount) in &other.other {
            let mine = self.other.entry(name.clone()).or_insert(0);
            *mine = with(*mine, *amount);
        }
    }
}

/// Pods of one namespace with certain labels, terminating ones left out.
#[derive(Clone, Debug, PartialEq)]
pub(crate) struct PodSelection {
    /// Where.
    pub namespace: Str,
    /// Which.
    pub selector: LabelSelector,
}

impl PodSelection {
    fn matches(&self, pod: &Pod) -> bool {
        !pod.metadata.is_terminating()
            && pod.metadata.namespace == self.namespace
            && self.selector.matches(&pod.metadata.labels)
    }
}

/// Selections whose pods are counted as they come and go; then counting starts anew.
const COUNTED_MAX: usize = 64;

/// A node, what it offers, and what is taken of it.
#[derive(Clone, Debug)]
pub struct NodeInfo {
    /// The node.
    pub node: Rc<Node>,
    /// What pods can have.
    pub allocatable: Request,
    /// How many pods it takes.
    pub pods_max: i64,
    /// What its pods ask for.
    pub requested: Request,
    /// Its pods, assumed ones included.
    pub pods: OrderedMap<Key, Rc<Pod>>,
    /// Those of them that have rules about other pods.
    pub pods_with_rules: OrderedMap<Key, Rc<Pod>>,
    /// Ports of the node in use: (address, protocol, port).
    pub used_ports: OrderedSet<(Str, Str, i32)>,
    /// How many of its pods are of each selection that [`Cache::count_pods_of`] was asked for.
    counted: Vec<(Rc<PodSelection>, i64)>,
}

impl NodeInfo {
    fn new(node: Rc<Node>) -> NodeInfo {
        let allocatable = Request::exactly(&node.status.allocatable);
        let pods_max = allocatable.other.get("pods").copied().unwrap_or(0);
        NodeInfo {
            node,
            allocatable,
            pods_max,
            requested: Request::default(),
            pods: OrderedMap::new(),
            pods_with_rules: OrderedMap::new(),
            used_ports: OrderedSet::new(),
            counted: Vec::new(),
        }
    }

    /// How many of its pods are of a selection. Without a look at the pods, if they are counted.
    pub fn pods_of(&self, selector: &LabelSelector, namespace: &str) -> i64 {
        let is_asked = |selection: &PodSelection| selection.namespace == namespace && selection.selector == *selector;
        if let Some((_, count)) = self.counted.iter().find(|(selection, _)| is_asked(selection)) {
            return *count;
        }
        let selection = PodSelection { namespace: namespace.into(), selector: selector.clone() };
        self.scan(&selection)
    }

    fn scan(&self, selection: &PodSelection) -> i64 {
        self.pods.values().filter(|pod| selection.matches(pod)).count() as i64
    }

    fn count(&mut self, pod: &Pod, difference: i64) {
        for (selection, count) in &mut self.counted {
            if selection.matches(pod) {
                *count += difference;
            }
        }
    }

    /// The node's name.
    pub fn name(&self) -> &Str {
        &self.node.metadata.name
    }

    fn replace_node(&mut self, node: Rc<Node>) {
        let fresh = NodeInfo::new(node);
        self.node = fresh.node;
        self.allocatable = fresh.allocatable;
        self.pods_max = fresh.pods_max;
    }

    pub(crate) fn add(&mut self, pod: Rc<Pod>) {
        self.requested.add(&Request::of(&pod));
        self.count(&pod, 1);
        self.used_ports.extend(host_ports(&pod));
        if has_rules(&pod) {
            self.pods_with_rules.insert(pod.metadata.key(), pod.clone());
        }
        self.pods.insert(pod.metadata.key(), pod);
    }

    pub(crate) fn remove(&mut self, key: &Key) {
        let Some(pod) = self.pods.remove(key) else { return };
        self.requested.subtract(&Request::of(&pod));
        self.count(&pod, -1);
        self.pods_with_rules.remove(key);
        for port in host_ports(&pod) {
            self.used_ports.remove(&port);
        }
    }
}

/// The ports of its node that a pod takes: (address, protocol, port).
pub(crate) fn host_ports(pod: &Pod) -> impl Iterator<Item = (Str, Str, i32)> {
    let containers = pod.spec.containers.iter().chain(pod.spec.init_containers.iter().filter(|c| c.is_sidecar()));
    containers.flat_map(|container| container.ports.iter()).filter(|port| port.host_port > 0).map(|port| {
        let address = port.rest.get("hostIP").as_str().filter(|address| !address.is_empty()).unwrap_or("0.0.0.0");
        let protocol = if port.protocol.is_empty() { Str::from("TCP") } else { port.protocol.clone() };
        (address.into(), protocol, port.host_port)
    })
}

/// All nodes, in the order of their names, and where each pod is.
#[derive(Clone, Debug, Default)]
pub struct Cache {
    nodes: OrderedMap<Str, NodeInfo>,
    /// The names in iteration order, so that a cycle can start anywhere.
    order: Vec<Str>,
    placed: OrderedMap<Key, Str>,
    /// Pods of nodes that are not known (any more), by node: they are back with their node.
    homeless: OrderedMap<Str, OrderedMap<Key, Rc<Pod>>>,
    /// Pods that wait for others to leave the node that they have been promised.
    nominated: OrderedMap<Str, OrderedMap<Key, Rc<Pod>>>,
    /// How many nodes have each image.
    images: OrderedMap<Str, usize>,
    /// The selections that every node counts, in this order.
    counted: Vec<Rc<PodSelection>>,
}

impl Cache {
    /// Adds a node, or takes in its change.
    pub fn set_node(&mut self, node: Rc<Node>) {
        let name = node.metadata.name.clone();
        self.count_images(&name, node.status.images.iter().flat_map(|image| image.names.iter().cloned()).collect());
        match self.nodes.get_mut(&name) {
            Some(info) => info.replace_node(node),
            None => {
                let at = self.order.binary_search(&name).unwrap_or_else(|at| at);
                self.order.insert(at, name.clone());
                let mut info = NodeInfo::new(node);
                info.counted = self.counted.iter().map(|selection| (selection.clone(), 0)).collect();
                for pod in self.homeless.remove(&name).unwrap_or_default().into_values() {
                    self.placed.insert(pod.metadata.key(), name.clone());
                    info.add(pod);
                }
                self.nodes.insert(name, info);
            }
        }
    }

    /// Takes a node out. Its pods are remembered for the case that it comes back.
    pub fn remove_node(&mut self, name: &str) {
        self.count_images(name, Vec::new());
        if let Some(info) = self.nodes.remove(name).filter(|info| !info.pods.is_empty()) {
            self.homeless.insert(name.into(), info.pods);
        }
        self.order.retain(|other| other != name);
    }

    /// Puts a pod on its node (or, assumed, on the node it is about to be bound to). A pod stands on one node only.
    pub fn place(&mut self, pod: Rc<Pod>, node: &Str) {
        let key = pod.metadata.key();
        self.remove(&key);
        self.promise_nothing(&key);
        match self.nodes.get_mut(node) {
            Some(info) => info.add(pod),
            None => drop(self.homeless.entry(node.clone()).or_default().insert(key.clone(), pod)),
        }
        self.placed.insert(key, node.clone());
    }

    /// A pod has been promised a node that others have to leave first.
    pub(crate) fn promise(&mut self, pod: Rc<Pod>, node: &Str) {
        let key = pod.metadata.key();
        self.promise_nothing(&key);
        self.nominated.entry(node.clone()).or_default().insert(key, pod);
    }

    /// A pod has no promise any more.
    pub(crate) fn promise_nothing(&mut self, key: &Key) {
        self.nominated.values_mut().for_each(|pods| drop(pods.remove(key)));
        self.nominated.retain(|_, pods| !pods.is_empty());
    }

    /// The pods that have been promised a node.
    pub(crate) fn promised(&self, node: &str) -> impl Iterator<Item = &Rc<Pod>> {
        self.nominated.get(node).into_iter().flat_map(|pods| pods.values())
    }

    /// From now on every node counts the pods of a selection: what is asked for each pod of a large set must not look
    /// at all the others.
    pub fn count_pods_of(&mut self, selector: &LabelSelector, namespace: &Str) {
        let selection = PodSelection { namespace: namespace.clone(), selector: selector.clone() };
        if self.counted.iter().any(|known| **known == selection) {
            return;
        }
        if self.counted.len() >= COUNTED_MAX {
            self.counted.clear();
            self.nodes.values_mut().for_each(|info| info.counted.clear());
        }
        let selection = Rc::new(selection);
        for info in self.nodes.values_mut() {
            let count = info.scan(&selection);
            info.counted.push((selection.clone(), count));
        }
        self.counted.push(selection);
    }

    /// Takes a pod off its node.
    pub fn remove(&mut self, key: &Key) {
        let Some(node) = self.placed.remove(key) else { return };
        if let Some(info) = self.nodes.get_mut(&node) {
            info.remove(key);
        } else if let Some(pods) = self.homeless.get_mut(&node) {
            pods.remove(key);
            if pods.is_empty() {
                self.homeless.remove(&node);
            }
        }
    }

    /// All nodes, by name.
    pub fn nodes(&self) -> impl Iterator<Item = &NodeInfo> {
        self.nodes.values()
    }

    /// How many nodes have an image of this name.
    pub fn nodes_with_image(&self, name: &str) -> usize {
        self.images.get(name).copied().unwrap_or(0)
    }

    fn count_images(&mut self, node: &str, new: Vec<Str>) {
        let old = self.nodes.get(node).map(|info| info.node.clone());
        let old = old.iter().flat_map(|node| node.status.images.iter()).flat_map(|image| image.names.iter());
        for name in old {
            if let Some(count) = self.images.get_mut(name) {
                *count -= 1;
            }
        }
        for name in new {
            *self.images.entry(name).or_insert(0) += 1;
        }
    }

    /// Whether all that is counted while pods come and go is what a full scan gives.
    pub(crate) fn sums_are_true(&self) -> bool {
        self.nodes.values().all(|info| {
            let mut fresh = NodeInfo::new(info.node.clone());
            info.pods.values().for_each(|pod| fresh.add(pod.clone()));
            let counts_are_true = info.counted.iter().all(|(selection, count)| info.scan(selection) == *count);
            counts_are_true
                && (&fresh.requested, &fresh.used_ports) == (&info.requested, &info.used_ports)
                && fresh.pods_with_rules.len() == info.pods_with_rules.len()
        })
    }

    /// How many nodes there are.
    pub fn len(&self) -> usize {
        self.order.len()
    }

    /// Whether there are no nodes.
    pub fn is_empty(&self) -> bool {
        self.order.is_empty()
    }

    /// The node at a place in the order of iteration; places beyond the end begin anew.
    pub fn at(&self, index: usize) -> &NodeInfo {
        &self.nodes[&self.order[index % self.order.len()]]
    }

    /// The node with this name.
    pub fn get(&self, name: &str) -> Option<&NodeInfo> {
        self.nodes.get(name)
    }
}
