//! Which slices a service should have, as a pure decision.
//!
//! Models: kubernetes v1.36 endpointslice/reconciler.go. Differences that were chosen: new endpoints are appended in the
//! order of their pods' names, where upstream takes them in the order of a hash map; zones give no hints.

use ordered::{Arrange, OrderedMap};
use std::rc::Rc;

use api::core::endpoints::{Endpoint, EndpointConditions, EndpointPort};
use api::{EndpointSlice, Key, Node, ObjectMeta, Pod, Resource, Service, Str};
use ecow::EcoVec;
use thin::format_str;

use super::pods::{self, HEADLESS, Terminating};

/// The label with the service's name.
pub const SERVICE_NAME: &str = "kubernetes.io/service-name";
/// The label with the name of who writes a slice.
pub const MANAGED_BY: &str = "endpointslice.kubernetes.io/managed-by";
/// This controller, as slices call it.
pub const CONTROLLER: &str = "endpointslice-controller.k8s.io";

/// Most endpoints that one slice holds, unless the program is told otherwise.
pub const ENDPOINTS_PER_SLICE_MAX: usize = 100;

/// All that a decision looks at.
pub struct SliceInputs<'a> {
    /// The service.
    pub service: &'a Service,
    /// The pods that it selects, by name.
    pub pods: &'a [Rc<Pod>],
    /// The slices that this controller has written for it, by name.
    pub slices: &'a [Rc<EndpointSlice>],
    /// Finds a node, for its zone.
    pub nodes: &'a dyn Fn(&Str) -> Option<Rc<Node>>,
    /// Most endpoints that one slice holds.
    pub endpoints_per_slice_max: usize,
}

/// What to write. Annotations are left to the executor.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct SlicePlan {
    /// Slices to make.
    pub create: Vec<EndpointSlice>,
    /// Slices to replace.
    pub update: Vec<EndpointSlice>,
    /// Slices to delete.
    pub delete: Vec<Rc<EndpointSlice>>,
    /// A pod was left out because its node is not there: the service is looked at again.
    pub lacks_nodes: bool,
}

impl SlicePlan {
    /// Whether there is nothing to write.
    pub fn is_empty(&self) -> bool {
        self.create.is_empty() && self.update.is_empty() && self.delete.is_empty()
    }
}

/// The ports of a slice.
pub type Ports = EcoVec<EndpointPort>;

/// Endpoints that should be, for one set of ports.
struct Desired<'a> {
    ports: Ports,
    pods: OrderedMap<&'a str, &'a Rc<Pod>>,
}

/// Decides which slices to write.
pub fn decide_slices(inputs: &SliceInputs<'_>) -> SlicePlan {
    api::reached!("kube_controller_manager::endpointslice::decide::decide_slices");
    let mut plan = SlicePlan::default();
    let mut desired = group_by_ports(inputs, &mut plan);
    let mut unused: Vec<&Rc<EndpointSlice>> = Vec::new();
    let mut by_ports: Vec<Vec<&Rc<EndpointSlice>>> = vec![Vec::new(); desired.len()];
    for slice in inputs.slices {
        match desired.iter().position(|wanted| wanted.ports == slice.ports) {
            Some(index) => by_ports[index].push(slice),
            None => unused.push(slice),
        }
    }
    for (wanted, slices) in desired.iter_mut().zip(&by_ports) {
        reconcile_ports(inputs, wanted, slices, &mut plan);
    }
    settle_unused(inputs, unused, desired.is_empty(), &mut plan);
    finalize(inputs.service, &mut plan);
    plan
}

/// The service that a slice belongs to, by its label.
pub fn service_key(slice: &EndpointSlice) -> Option<Key> {
    let service = slice.metadata.labels.get_str(SERVICE_NAME)?;
    Some(Key::new(slice.metadata.namespace.clone(), service.clone()))
}

fn group_by_ports<'a>(inputs: &SliceInputs<'a>, plan: &mut SlicePlan) -> Vec<Desired<'a>> {
    let mut groups: Vec<Desired<'a>> = Vec::new();
    let pods: &'a [Rc<Pod>] = inputs.pods;
    for pod in pods.iter().filter(|pod| pods::is_in_endpoints(pod, Terminating::Included)) {
        if !inputs.service.spec.publish_not_ready_addresses && (inputs.nodes)(&pod.spec.node_name).is_none() {
            plan.lacks_nodes = true;
            continue;
        }
        let ports = pods::ports_at(inputs.service, pod);
        let name = pod.metadata.name.as_str();
        match groups.iter_mut().find(|group| group.ports == ports) {
            Some(group) => drop(group.pods.insert(name, pod)),
            None => groups.push(Desired { ports, pods: OrderedMap::from([(name, pod)]) }),
        }
    }
    groups
}

/// Keeps endpoints where they stand, then fills up the slices that change anyway, then others, then new ones.
fn reconcile_ports(
    inputs: &SliceInputs<'_>,
    desired: &mut Desired<'_>,
    slices: &[&Rc<EndpointSlice>],
    plan: &mut SlicePlan,
) {
    let mut changed: Vec<EndpointSlice> = Vec::new();
    let mut unchanged: Vec<&Rc<EndpointSlice>> = Vec::new();
    for slice in slices {
        match kept_endpoints(inputs, desired, slice) {
            None if has_wanted_labels(inputs.service, slice) => unchanged.push(slice),
            None => changed.push(relabelled(inputs.service, slice)),
            Some(kept) => {
                let mut slice = relabelled(inputs.service, slice);
                slice.endpoints = kept;
                changed.push(slice);
            }
        }
    }
    let mut missing: Vec<Endpoint> = desired.pods.values().map(|pod| new_endpoint(inputs, pod)).collect();
    changed.arrange_by_key(|slice| std::cmp::Reverse(slice.endpoints.len()));
    for slice in &mut changed {
        fill(slice, &mut missing, inputs.endpoints_per_slice_max);
    }
    while !missing.is_empty() {
        let mut slice = match take_slice_to_fill(&mut unchanged, missing.len(), inputs.endpoints_per_slice_max) {
            Some(slice) => EndpointSlice::clone(slice),
            None => new_slice(inputs.service, desired.ports.clone()),
        };
        fill(&mut slice, &mut missing, inputs.endpoints_per_slice_max);
        if slice.metadata.name.is_empty() { plan.create.push(slice) } else { changed.push(slice) }
    }
    for slice in changed {
        let stored = slices.iter().find(|stored| stored.metadata.name == slice.metadata.name);
        match stored {
            Some(stored) if slice.endpoints.is_empty() => plan.delete.push(Rc::clone(stored)),
            _ => plan.update.push(slice),
        }
    }
}

/// The endpoints of a slice that are still wanted, brought up to date and taken out of `desired`; none if nothing changes.
fn kept_endpoints(
    inputs: &SliceInputs<'_>,
    desired: &mut Desired<'_>,
    slice: &EndpointSlice,
) -> Option<EcoVec<Endpoint>> {
    let mut kept = EcoVec::with_capacity(slice.endpoints.len());
    let mut is_changed = false;
    for endpoint in &slice.endpoints {
        let name = endpoint.target_ref.as_ref().map_or("", |target| target.name.as_str());
        let pod =
            desired.pods.get(name).filter(|pod| endpoint.addresses.first() == Some(pods::address_of(pod))).copied();
        let Some(pod) = pod else {
            is_changed = true;
            continue;
        };
        desired.pods.remove(name);
        let wanted = new_endpoint(inputs, pod);
        is_changed |= wanted != *endpoint;
        kept.push(wanted);
    }
    is_changed.then_some(kept)
}

fn fill(slice: &mut EndpointSlice, missing: &mut Vec<Endpoint>, max: usize) {
    let room = max.saturating_sub(slice.endpoints.len()).min(missing.len());
    slice.endpoints.extend(missing.drain(..room));
}

/// The fullest slice that has room for all that is missing, so that few slices change.
fn take_slice_to_fill<'a>(
    slices: &mut Vec<&'a Rc<EndpointSlice>>,
    missing: usize,
    max: usize,
) -> Option<&'a Rc<EndpointSlice>> {
    let has_room = |slice: &Rc<EndpointSlice>| slice.endpoints.len() + missing <= max;
    let fitting = (0..slices.len()).filter(|index| has_room(slices[*index]));
    let index = fitting.max_by_key(|index| slices[*index].endpoints.len())?;
    Some(slices.remove(index))
}

/// Slices of ports that nothing has any more go; but a service without endpoints keeps one empty slice.
fn settle_unused(
    inputs: &SliceInputs<'_>,
    unused: Vec<&Rc<EndpointSlice>>,
    is_nothing_desired: bool,
    plan: &mut SlicePlan,
) {
    let mut has_placeholder = !is_nothing_desired;
    for slice in unused {
        let is_placeholder = slice.endpoints.is_empty() && slice.ports.is_empty();
        if has_placeholder || !is_placeholder {
            plan.delete.push(slice.clone());
            continue;
        }
        has_placeholder = true;
        if !has_wanted_labels(inputs.service, slice) {
            plan.update.push(relabelled(inputs.service, slice));
        }
    }
    if !has_placeholder {
        plan.create.push(new_slice(inputs.service, EcoVec::new()));
    }
}

/// A slice that would be deleted takes the content of one that would be made. A service that goes gets no new slices: its
/// garbage is being collected.
pub fn finalize(service: &Service, plan: &mut SlicePlan) {
    api::reached!("kube_controller_manager::endpointslice::decide::finalize");
    while !plan.create.is_empty()
        && let Some(stored) = plan.delete.pop()
    {
        let new = plan.create.remove(0);
        let mut slice = (*stored).clone();
        slice.metadata.labels = new.metadata.labels;
        slice.endpoints = new.endpoints;
        slice.ports = new.ports;
        plan.update.push(slice);
    }
    if service.metadata.is_terminating() {
        plan.create.clear();
    }
}

/// An empty slice of these ports.
pub fn new_slice(service: &Service, ports: Ports) -> EndpointSlice {
    let metadata = ObjectMeta {
        generate_name: format_str!("{}-", service.metadata.name),
        namespace: service.metadata.namespace.clone(),
        labels: wanted_labels(service),
        owner_references: EcoVec::from([service.controller_reference()]),
        ..ObjectMeta::default()
    };
    EndpointSlice { metadata, address_type: "IPv4".into(), ports, ..EndpointSlice::default() }
}

/// The service's labels, but for those that are this controller's to set.
fn wanted_labels(service: &Service) -> api::StringMap {
    let mut labels = service.metadata.labels.clone();
    labels.insert(SERVICE_NAME, service.metadata.name.clone());
    labels.insert(MANAGED_BY, CONTROLLER);
    // One that has no address yet counts as well.
    if matches!(service.spec.cluster_ip.as_str(), "" | "None") {
        labels.insert(HEADLESS, "");
    } else {
        labels.remove(HEADLESS);
    }
    labels
}

fn has_wanted_labels(service: &Service, slice: &EndpointSlice) -> bool {
    slice.metadata.labels == wanted_labels(service)
}

fn relabelled(service: &Service, slice: &EndpointSlice) -> EndpointSlice {
    let mut slice = slice.clone();
    slice.metadata.labels = wanted_labels(service);
    slice
}

/// A pod as an endpoint of the service.
pub fn new_endpoint(inputs: &SliceInputs<'_>, pod: &Pod) -> Endpoint {
    api::reached!("kube_controller_manager::endpointslice::decide::new_endpoint");
    let (serving, terminating) = (pod.status.is_true("Ready"), pod.metadata.is_terminating());
    let ready = inputs.service.spec.publish_not_ready_addresses || (serving && !terminating);
    let node = Some(&pod.spec.node_name).filter(|name| !name.is_empty());
    let zone = node
        .and_then(inputs.nodes)
        .and_then(|node| node.metadata.labels.get_str("topology.kubernetes.io/zone").cloned());
    Endpoint {
        addresses: EcoVec::from([pods::address_of(pod).clone()]),
        conditions: EndpointConditions {
            ready: Some(ready),
            serving: Some(serving),
            terminating: Some(terminating),
            ..EndpointConditions::default()
        },
        hostname: pods::hostname_in(inputs.service, pod),
        node_name: node.cloned(),
        target_ref: Some(pods::target_reference(pod)),
        zone,
        ..Endpoint::default()
    }
}
