//! The Endpoints controller: the old form of what the EndpointSlice controller writes.
//!
//! Models: kubernetes v1.36 pkg/controller/endpoint. Differences that were chosen: ports stand in the service's order,
//! where upstream sorts them by a hash.

use ordered::Arrange;
use std::rc::Rc;

use api::core::endpoints::{EndpointAddress, EndpointPort, EndpointSubset};
use api::{Endpoints, Key, Kind, Object, ObjectMeta, Pod, Reason, Resource, Service, Status};
use client::{Change, ChangeKind, DeleteOptions, WorkQueue};
use ecow::EcoVec;
use sim::Time;

use crate::context::{Context, LastWrites, Pacer};
use crate::endpointslice::pods::{self, HEADLESS, Terminating, TriggerTimes};
use crate::endpointslice::{annotate, pods_of, services_touched};

/// The label with the name of who writes Endpoints.
pub const MANAGED_BY: &str = "endpoints.kubernetes.io/managed-by";
/// Set when there are more addresses than Endpoints may hold.
pub const OVER_CAPACITY: &str = "endpoints.kubernetes.io/over-capacity";

const ADDRESSES_MAX: usize = 1_000;

/// The controller's queue of services.
#[derive(Clone, Debug, Default)]
pub(crate) struct EndpointsController {
    queue: WorkQueue<Key>,
    last_writes: LastWrites,
    pacer: Pacer,
    trigger_times: TriggerTimes,
}

impl EndpointsController {
    pub(crate) fn on_change(&mut self, change: &Change, context: &Context<'_>) {
        match &change.object {
            Object::Service(service) => {
                if change.kind == ChangeKind::Deleted {
                    self.trigger_times.forget(&service.metadata.uid);
                }
                self.queue.add(service.key(), "the service changed");
            }
            Object::Pod(_) => {
                for service in services_touched(change, context) {
                    self.queue.add(service, "a pod changed");
                }
            }
            Object::Endpoints(endpoints) if change.kind == ChangeKind::Deleted => {
                self.queue.add(endpoints.key(), "the endpoints are gone");
            }
            _ => {}
        }
    }

    pub(crate) fn run(&mut self, context: &mut Context<'_>) {
        while let Some((key, _)) = self.queue.pop(context.now) {
            let busy_until = self.pacer.busy_until(&key, context.now);
            if let Some(at) = self.last_writes.visible_at(&key, context).max(busy_until) {
                self.queue.add_at(key, at);
                continue;
            }
            context.counters.syncs += 1;
            match self.sync(&key, context) {
                Ok(()) => self.queue.forget(&key),
                Err(_) => self.queue.add_rate_limited(key, context.now),
            }
        }
    }

    pub(crate) fn next_at(&self) -> Option<Time> {
        self.queue.next_at()
    }

    fn sync(&mut self, key: &Key, context: &mut Context<'_>) -> Result<(), Status> {
        let stored = context.cache.get::<Endpoints>(key).cloned();
        let Some(service) = context.cache.get::<Service>(key).cloned() else {
            self.pacer.forget(key);
            return self.apply_deletion(key, stored.as_deref(), context);
        };
        if service.spec.selector.is_empty() || service.spec.kind == "ExternalName" {
            return Ok(());
        }
        let pods = pods_of(key, context);
        self.pacer.note(key, pods.len(), context.now);
        let trigger_time = self.trigger_times.take(&service, pods.iter());
        let mut wanted = decide_endpoints(&service, &pods, stored.as_deref());
        if stored.as_ref().is_some_and(|stored| is_same(stored, &wanted)) {
            return Ok(());
        }
        annotate(&mut wanted.metadata, trigger_time);
        self.last_writes.note(key, context.now);
        match stored {
            Some(_) => context.update(wanted).map(drop),
            None => context.create(wanted).map(drop),
        }
    }

    /// Endpoints are called after their service and go with it.
    fn apply_deletion(
        &mut self,
        key: &Key,
        stored: Option<&Endpoints>,
        context: &mut Context<'_>,
    ) -> Result<(), Status> {
        self.last_writes.forget(key);
        if stored.is_none_or(|stored| !stored.metadata.labels.contains(MANAGED_BY)) {
            return Ok(());
        }
        match context.delete(Kind::Endpoints, key, &DeleteOptions::default()) {
            Err(status) if status.reason != Reason::NotFound => Err(status),
            _ => Ok(()),
        }
    }
}

fn is_same(left: &Endpoints, right: &Endpoints) -> bool {
    left.metadata.labels == right.metadata.labels
        && left.metadata.annotations.get(OVER_CAPACITY) == right.metadata.annotations.get(OVER_CAPACITY)
        && left.subsets == right.subsets
}

/// The endpoints that a service should have; name, UID and version are those of the stored ones, if there are any.
pub fn decide_endpoints(service: &Service, pods: &[Rc<Pod>], stored: Option<&Endpoints>) -> Endpoints {
    let mut metadata = match stored {
        Some(stored) => stored.metadata.clone(),
        None => ObjectMeta::new(service.metadata.namespace.clone(), service.metadata.name.clone()),
    };
    metadata.labels = service.metadata.labels.clone();
    metadata.labels.insert(MANAGED_BY, "endpoint-controller");
    if service.spec.is_headless() {
        metadata.labels.insert(HEADLESS, "");
    } else {
        metadata.labels.remove(HEADLESS);
    }
    let subsets = subsets_of(service, pods);
    if count(&subsets) > ADDRESSES_MAX {
        metadata.annotations.insert(OVER_CAPACITY, "truncated");
    } else {
        metadata.annotations.remove(OVER_CAPACITY);
    }
    let rest = stored.map(|stored| stored.rest.clone()).unwrap_or_default();
    Endpoints { metadata, subsets: truncated(subsets), rest }
}

fn subsets_of(service: &Service, pods: &[Rc<Pod>]) -> Vec<EndpointSubset> {
    let tolerates_unready = service.spec.publish_not_ready_addresses;
    let terminating = if tolerates_unready { Terminating::Included } else { Terminating::Excluded };
    let mut subsets: Vec<EndpointSubset> = Vec::new();
    for pod in pods.iter().filter(|pod| pods::is_in_endpoints(pod, terminating)) {
        let ports = pods::ports_at(service, pod);
        if ports.is_empty() && !(service.spec.is_headless() && service.spec.ports.is_empty()) {
            continue;
        }
        let subset = subset_with(&mut subsets, ports);
        let address = address_of(service, pod);
        if tolerates_unready || pod.status.is_true("Ready") {
            subset.addresses.push(address);
        } else {
            subset.not_ready_addresses.push(address);
        }
    }
    for subset in &mut subsets {
        sort(&mut subset.addresses);
        sort(&mut subset.not_ready_addresses);
    }
    subsets
}

fn subset_with(subsets: &mut Vec<EndpointSubset>, ports: EcoVec<EndpointPort>) -> &mut EndpointSubset {
    let index = subsets.iter().position(|subset| subset.ports == ports).unwrap_or_else(|| {
        subsets.push(EndpointSubset { ports, ..EndpointSubset::default() });
        subsets.len() - 1
    });
    &mut subsets[index]
}

/// By address as text, then by the pod's UID, as upstream does it.
fn sort(addresses: &mut EcoVec<EndpointAddress>) {
    let uid = |address: &EndpointAddress| address.target_ref.as_ref().map(|target| target.uid.clone());
    addresses.make_mut().arrange_by(|left, right| left.ip.cmp(&right.ip).then_with(|| uid(left).cmp(&uid(right))));
}

fn address_of(service: &Service, pod: &Pod) -> EndpointAddress {
    EndpointAddress {
        ip: pod.status.pod_ip.clone(),
        hostname: pods::hostname_in(service, pod).unwrap_or_default(),
        node_name: Some(pod.spec.node_name.clone()).filter(|name| !name.is_empty()),
        target_ref: Some(pods::target_reference(pod)),
        ..EndpointAddress::default()
    }
}

fn count(subsets: &[EndpointSubset]) -> usize {
    subsets.iter().map(|subset| subset.addresses.len() + subset.not_ready_addresses.len()).sum()
}

/// At most a thousand addresses in all, those that serve first.
fn truncated(subsets: Vec<EndpointSubset>) -> EcoVec<EndpointSubset> {
    let mut room = ADDRESSES_MAX;
    let mut kept = subsets;
    for subset in &mut kept {
        for addresses in [&mut subset.addresses, &mut subset.not_ready_addresses] {
            addresses.truncate(room);
            room -= addresses.len();
        }
    }
    kept.into_iter().filter(|subset| !subset.addresses.is_empty() || !subset.not_ready_addresses.is_empty()).collect()
}
