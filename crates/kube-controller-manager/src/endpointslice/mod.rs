//! The EndpointSlice controller: which pods stand behind a service.
//!
//! Models: kubernetes v1.36 pkg/controller/endpointslice and staging endpointslice.

pub mod decide;
pub mod pods;

use std::rc::Rc;

use api::{EndpointSlice, Key, Kind, Node, Object, Pod, Resource, Service, Status, Str};
use client::{Change, ChangeKind, DeleteOptions, WorkQueue};
use sim::Time;
use thin::format_str;

use crate::context::{Context, LastWrites, Pacer};
use crate::indexes::selects;
use decide::{CONTROLLER, ENDPOINTS_PER_SLICE_MAX, MANAGED_BY, SliceInputs, SlicePlan};
use pods::{TRIGGER_TIME, TriggerTimes};

/// The controller's queue of services.
#[derive(Clone, Debug, Default)]
pub(crate) struct EndpointSliceController {
    queue: WorkQueue<Key>,
    last_writes: LastWrites,
    pacer: Pacer,
    trigger_times: TriggerTimes,
}

impl EndpointSliceController {
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
            Object::EndpointSlice(slice) if change.kind == ChangeKind::Deleted => {
                if let Some(service) = decide::service_key(slice) {
                    self.queue.add(service, "a slice is gone");
                }
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

    pub(crate) fn sync(&mut self, key: &Key, context: &mut Context<'_>) -> Result<(), Status> {
        let Some(service) = context.cache.get::<Service>(key).cloned() else {
            self.last_writes.forget(key);
            self.pacer.forget(key);
            return Ok(());
        };
        if service.spec.selector.is_empty() || service.spec.kind == "ExternalName" {
            return Ok(());
        }
        let pods = pods_of(key, context);
        let slices = slices_of(&service, context);
        self.pacer.note(key, pods.len(), context.now);
        let cache = context.cache;
        let nodes = |name: &Str| cache.get::<Node>(&Key::new("", name.clone())).cloned();
        let inputs = SliceInputs {
            service: &service,
            pods: &pods,
            slices: &slices,
            nodes: &nodes,
            endpoints_per_slice_max: ENDPOINTS_PER_SLICE_MAX,
        };
        let plan = decide::decide_slices(&inputs);
        let trigger_time = self.trigger_times.take(&service, pods.iter());
        let lacks_nodes = plan.lacks_nodes;
        if !plan.is_empty() {
            self.last_writes.note(key, context.now);
        }
        apply_slices(plan, trigger_time, context)?;
        if lacks_nodes {
            return Err(Status::internal(format_str!("a node of a pod of service {key} is not there")));
        }
        Ok(())
    }
}

fn apply_slices(plan: SlicePlan, trigger_time: Option<Time>, context: &mut Context<'_>) -> Result<(), Status> {
    for mut slice in plan.create {
        annotate(&mut slice.metadata, trigger_time);
        context.create(slice)?;
    }
    for mut slice in plan.update {
        annotate(&mut slice.metadata, trigger_time);
        context.update(slice)?;
    }
    for slice in plan.delete {
        context.delete(Kind::EndpointSlice, &slice.key(), &DeleteOptions::default())?;
    }
    Ok(())
}

/// Says which change the endpoints were written for, if it is one that counts.
pub(crate) fn annotate(metadata: &mut api::ObjectMeta, trigger_time: Option<Time>) {
    match trigger_time {
        Some(at) => metadata.annotations.insert(TRIGGER_TIME, at.to_rfc3339()),
        None => drop(metadata.annotations.remove(TRIGGER_TIME)),
    }
}

/// The pods that a service selects, by name.
pub(crate) fn pods_of(service: &Key, context: &mut Context<'_>) -> Vec<Rc<Pod>> {
    let (cache, indexes) = (context.cache, context.indexes);
    let keys = indexes.pods_of_service(service).map(|name| Key::new(service.namespace.clone(), name.clone()));
    let pods: Vec<Rc<Pod>> = keys.filter_map(|key| cache.get::<Pod>(&key).cloned()).collect();
    context.counters.pods_visited += pods.len() as u64;
    pods
}

/// The services whose endpoints a pod's change may change.
pub(crate) fn services_touched(change: &Change, context: &Context<'_>) -> Vec<Key> {
    let Some(pod) = change.object.get::<Pod>() else { return Vec::new() };
    let old = change.old.as_ref().and_then(Object::get::<Pod>);
    if change.kind == ChangeKind::Modified && old.is_some_and(|old| !is_relevant(old, pod)) {
        return Vec::new();
    }
    let services = context.cache.of(Kind::Service).in_namespace(&pod.metadata.namespace);
    let touched = services
        .filter_map(Object::get::<Service>)
        .filter(|service| selects(service, pod) || old.is_some_and(|old| selects(service, old)));
    touched.map(|service| service.key()).collect()
}

/// Whether a change of a pod is one that upstream looks at: being bound, or reporting for the first time, is none.
fn is_relevant(old: &Pod, new: &Pod) -> bool {
    let facts = |pod: &Pod| (pod.metadata.is_terminating(), pod.status.is_true("Ready"));
    facts(old) != facts(new)
        || old.status.pod_ip != new.status.pod_ip
        || old.metadata.labels != new.metadata.labels
        || (&old.spec.hostname, &old.spec.subdomain) != (&new.spec.hostname, &new.spec.subdomain)
}

/// The slices that this controller has written for a service: owned by it, or (before a slice is collected) labelled so.
fn slices_of(service: &Service, context: &Context<'_>) -> Vec<Rc<EndpointSlice>> {
    let keys = context.indexes.dependents_of_kind(&service.metadata.uid, Kind::EndpointSlice);
    let slices = keys.filter_map(|key| context.cache.get::<EndpointSlice>(key));
    let is_own = |slice: &&Rc<EndpointSlice>| {
        slice.metadata.labels.get(MANAGED_BY) == Some(CONTROLLER) && !slice.metadata.is_terminating()
    };
    slices.filter(is_own).cloned().collect()
}
