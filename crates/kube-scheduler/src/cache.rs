//! What the scheduler knows of nodes.
//!
//! Models: kubernetes v1.36 pkg/scheduler/backend/cache and framework.NodeInfo.

use ordered::{OrderedMap, OrderedSet};
use std::rc::Rc;

use api::meta::LabelSelector;
use api::{Key, Node, Pod, Str, pod_resources};

use crate::plugins::inter_pod_affinity::has_rules;
pub(crate) use crate::request::{RESOURCES, Request};

/// Changes that are kept for those who remember something of the nodes; with more, all is to be forgotten.
const CHANGES_MAX: usize = 4_096;

/// A node is not as it was.
#[derive(Clone, Debug)]
pub(crate) struct NodeChange {
    /// Its place in the order of nodes.
    pub(crate) index: usize,
    /// The pod that came (1) or went (-1), if it was one.
    pub(crate) pod: Option<(Rc<Pod>, i64)>,
}

/// A node, what it offers, and what is taken of it.
#[derive(Clone, Debug)]
pub(crate) struct NodeInfo {
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
    /// Its place in the order of nodes.
    pub(crate) index: usize,
}

impl NodeInfo {
    pub(crate) fn new(node: Rc<Node>) -> NodeInfo {
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
            index: 0,
        }
    }

    /// How many of its pods in a namespace a selector selects, terminating ones left out.
    pub(crate) fn pods_of(&self, selector: &LabelSelector, namespace: &str) -> i64 {
        let is_selected = |pod: &&Rc<Pod>| {
            !pod.metadata.is_terminating()
                && pod.metadata.namespace == namespace
                && selector.matches(&pod.metadata.labels)
        };
        self.pods.values().filter(is_selected).count() as i64
    }

    /// The node's name.
    pub(crate) fn name(&self) -> &Str {
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
        self.used_ports.extend(host_ports(&pod));
        if has_rules(&pod) {
            self.pods_with_rules.insert(pod.metadata.key(), pod.clone());
        }
        self.pods.insert(pod.metadata.key(), pod);
    }

    pub(crate) fn remove(&mut self, key: &Key) -> Option<Rc<Pod>> {
        let pod = self.pods.remove(key)?;
        self.requested.subtract(&Request::of(&pod));
        self.pods_with_rules.remove(key);
        for port in host_ports(&pod) {
            self.used_ports.remove(&port);
        }
        Some(pod)
    }

    /// Takes in a pod that it has already, if nothing changed that is counted; whether it did.
    fn refresh(&mut self, pod: &Rc<Pod>) -> bool {
        let key = pod.metadata.key();
        let Some(known) = self.pods.get_mut(&key) else { return false };
        if !counts_the_same(known, pod) {
            return false;
        }
        *known = pod.clone();
        if let Some(known) = self.pods_with_rules.get_mut(&key) {
            *known = pod.clone();
        }
        true
    }
}

/// Whether two lists are equal; those that replicas share are so at a glance.
pub(crate) fn is_same_list<T: PartialEq>(left: &[T], right: &[T]) -> bool {
    std::ptr::eq(left, right) || left == right
}

/// Whether two states of a pod are one to all that is counted of the pods of a node.
fn counts_the_same(old: &Pod, new: &Pod) -> bool {
    let (before, after) = (&*old.spec, &*new.spec);
    let is_same_spec = Rc::ptr_eq(&old.spec, &new.spec)
        || (is_same_list(&before.containers, &after.containers)
            && is_same_list(&before.init_containers, &after.init_containers)
            && before.overhead == after.overhead
            && before.rest.get(RESOURCES) == after.rest.get(RESOURCES)
            && before.affinity == after.affinity);
    let is_resized = pod_resources::is_resizing(old) || pod_resources::is_resizing(new);
    is_same_spec
        && (!is_resized || Request::of(old) == Request::of(new))
        && old.metadata.is_terminating() == new.metadata.is_terminating()
        && old.metadata.labels == new.metadata.labels
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
pub(crate) struct Cache {
    /// Sorted by name; a cycle can start anywhere.
    nodes: Vec<Rc<NodeInfo>>,
    placed: OrderedMap<Key, Str>,
    /// Pods of nodes that are not known (any more), by node: they are back with their node.
    homeless: OrderedMap<Str, OrderedMap<Key, Rc<Pod>>>,
    /// Pods that wait for others to leave the node that they have been promised.
    nominated: OrderedMap<Str, OrderedMap<Key, Rc<Pod>>>,
    /// How many nodes have each image.
    images: OrderedMap<Str, usize>,
    /// Grows whenever `images` changes.
    images_version: u64,
    /// Grows whenever nodes come, go, or get other labels or taints.
    layout_version: u64,
    changes: Vec<NodeChange>,
}

impl Cache {
    /// Adds a node, or takes in its change.
    pub(crate) fn set_node(&mut self, node: Rc<Node>) {
        self.count_images(&node.metadata.name, Some(&node));
        match self.position(&node.metadata.name) {
            Ok(at) => {
                let known = &self.nodes[at].node;
                let is_elsewhere =
                    known.metadata.labels != node.metadata.labels || known.spec.taints != node.spec.taints;
                self.layout_version += u64::from(is_elsewhere);
                Rc::make_mut(&mut self.nodes[at]).replace_node(node);
                self.note(NodeChange { index: at, pod: None });
            }
            Err(at) => self.insert_node(at, node),
        }
    }

    fn insert_node(&mut self, at: usize, node: Rc<Node>) {
        let name = node.metadata.name.clone();
        let mut info = NodeInfo::new(node);
        for pod in self.homeless.remove(&name).unwrap_or_default().into_values() {
            self.placed.insert(pod.metadata.key(), name.clone());
            info.add(pod);
        }
        self.nodes.insert(at, Rc::new(info));
        self.renumber(at);
    }

    /// Takes a node out. Its pods are remembered for the case that it comes back.
    pub(crate) fn remove_node(&mut self, name: &str) {
        self.count_images(name, None);
        let Ok(at) = self.position(name) else { return };
        let info = self.nodes.remove(at);
        if !info.pods.is_empty() {
            self.homeless.insert(name.into(), info.pods.clone());
        }
        self.renumber(at);
    }

    fn position(&self, name: &str) -> Result<usize, usize> {
        self.nodes.binary_search_by(|info| info.name().as_str().cmp(name))
    }

    /// The nodes from a place on have other places than before.
    fn renumber(&mut self, from: usize) {
        for (index, info) in self.nodes.iter_mut().enumerate().skip(from) {
            Rc::make_mut(info).index = index;
        }
        self.layout_version += 1;
    }

    fn note(&mut self, change: NodeChange) {
        if self.changes.len() >= CHANGES_MAX {
            self.changes.clear();
            self.layout_version += 1;
        }
        self.changes.push(change);
    }

    /// What happened to nodes since this was last asked.
    pub(crate) fn take_changes(&mut self) -> Vec<NodeChange> {
        std::mem::take(&mut self.changes)
    }

    /// Grows whenever all that was remembered of the nodes is to be forgotten.
    pub(crate) fn layout_version(&self) -> u64 {
        self.layout_version
    }

    /// Grows whenever an image is on more nodes, or on fewer.
    pub(crate) fn images_version(&self) -> u64 {
        self.images_version
    }

    /// Puts a pod on its node (or, assumed, on the node it is about to be bound to). A pod stands on one node only.
    pub(crate) fn place(&mut self, pod: Rc<Pod>, node: &Str) {
        let key = pod.metadata.key();
        self.promise_nothing(&key);
        let at = self.position(node);
        if self.placed.get(&key) == Some(node)
            && let Ok(at) = at
            && Rc::make_mut(&mut self.nodes[at]).refresh(&pod)
        {
            return;
        }
        self.remove(&key);
        match at {
            Ok(at) => {
                Rc::make_mut(&mut self.nodes[at]).add(pod.clone());
                self.note(NodeChange { index: at, pod: Some((pod, 1)) });
            }
            Err(_) => drop(self.homeless.entry(node.clone()).or_default().insert(key.clone(), pod)),
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
        if !self.nominated.is_empty() {
            self.nominated.values_mut().for_each(|pods| drop(pods.remove(key)));
            self.nominated.retain(|_, pods| !pods.is_empty());
        }
    }

    /// The pods that have been promised a node.
    pub(crate) fn promised(&self, node: &str) -> impl Iterator<Item = &Rc<Pod>> {
        self.nominated.get(node).into_iter().flat_map(|pods| pods.values())
    }

    /// Whether any pod has been promised a node.
    pub(crate) fn has_promises(&self) -> bool {
        !self.nominated.is_empty()
    }

    /// Whether a pod has been promised this node.
    pub(crate) fn is_promised(&self, node: &str) -> bool {
        !self.nominated.is_empty() && self.nominated.contains_key(node)
    }

    /// Whether a pod is on a node, or is assumed there.
    pub(crate) fn has(&self, key: &Key) -> bool {
        self.placed.contains_key(key)
    }

    /// Takes a pod off its node.
    pub(crate) fn remove(&mut self, key: &Key) {
        let Some(node) = self.placed.remove(key) else { return };
        if let Ok(at) = self.position(&node) {
            if let Some(pod) = Rc::make_mut(&mut self.nodes[at]).remove(key) {
                self.note(NodeChange { index: at, pod: Some((pod, -1)) });
            }
        } else if let Some(pods) = self.homeless.get_mut(&node) {
            pods.remove(key);
            if pods.is_empty() {
                self.homeless.remove(&node);
            }
        }
    }

    /// All nodes, by name.
    pub(crate) fn nodes(&self) -> impl Iterator<Item = &NodeInfo> {
        self.nodes.iter().map(|info| &**info)
    }

    /// All nodes, from a place on and around.
    pub(crate) fn nodes_from(&self, start: usize) -> impl Iterator<Item = &NodeInfo> {
        let (before, after) = self.nodes.split_at(if self.is_empty() { 0 } else { start % self.nodes.len() });
        after.iter().chain(before).map(|info| &**info)
    }

    /// How many nodes have an image of this name.
    pub(crate) fn nodes_with_image(&self, name: &str) -> usize {
        self.images.get(name).copied().unwrap_or(0)
    }

    fn count_images(&mut self, name: &str, new: Option<&Node>) {
        let old = self.position(name).ok().map(|at| self.nodes[at].node.clone());
        let images_of = |node: &Node| node.status.images.clone();
        let (before, after) = (old.as_deref().map(images_of), new.map(images_of));
        if before == after {
            return;
        }
        self.images_version += 1;
        for name in before.iter().flatten().flat_map(|image| image.names.iter()) {
            if let Some(count) = self.images.get_mut(name) {
                *count -= 1;
            }
        }
        for name in after.iter().flatten().flat_map(|image| image.names.iter()) {
            *self.images.entry(name.clone()).or_insert(0) += 1;
        }
    }

    /// Whether all that is counted while pods come and go is what a full scan gives.
    pub(crate) fn sums_are_true(&self) -> bool {
        self.nodes.iter().enumerate().all(|(index, info)| {
            let mut fresh = NodeInfo::new(info.node.clone());
            info.pods.values().for_each(|pod| fresh.add(pod.clone()));
            info.index == index
                && (&fresh.requested, &fresh.used_ports) == (&info.requested, &info.used_ports)
                && fresh.pods_with_rules.keys().eq(info.pods_with_rules.keys())
        })
    }

    /// How many nodes there are.
    pub(crate) fn len(&self) -> usize {
        self.nodes.len()
    }

    /// Whether there are no nodes.
    pub(crate) fn is_empty(&self) -> bool {
        self.nodes.is_empty()
    }

    /// The node at a place in the order of iteration; places beyond the end begin anew.
    pub(crate) fn at(&self, index: usize) -> &NodeInfo {
        &self.nodes[index % self.nodes.len()]
    }

    /// The node with this name.
    pub(crate) fn get(&self, name: &str) -> Option<&NodeInfo> {
        self.position(name).ok().map(|at| &*self.nodes[at])
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn sums_that_are_wrong_are_found() {
        let mut node = Node::default();
        node.metadata.name = "node-1".into();
        let mut pod = Pod::default();
        pod.metadata.name = "web-0".into();
        let mut cache = Cache::default();
        cache.set_node(Rc::new(node));
        cache.place(Rc::new(pod), &"node-1".into());
        assert!(cache.sums_are_true());
        let plants: [fn(&mut NodeInfo); 4] = [
            |info| info.requested.memory += 1,
            |info| info.used_ports = OrderedSet::from([("".into(), "TCP".into(), 80)]),
            |info| info.pods_with_rules = OrderedMap::from([(Key::default(), Rc::default())]),
            |info| info.index = 1,
        ];
        for plant in plants {
            let mut wrong = cache.clone();
            plant(Rc::make_mut(&mut wrong.nodes[0]));
            assert!(!wrong.sums_are_true());
        }
    }
}
