//! The disruption controller: how many pods of a budget may go.
//!
//! Pods and budgets become keys of budgets; a key becomes one sync: list the pods, [`decide`](decide::decide), record
//! Events, write the status. Pods that were to go and stay have a queue of their own ([`stale`]). What is absent: evictions (the API server counts them against the status) and the scales of
//! kinds that the API server does not store.
//!
//! Models: kubernetes v1.36 pkg/controller/disruption.

pub mod decide;
pub mod stale;

use std::rc::Rc;

use api::meta::OwnerReference;
use api::{
    Deployment, Key, Kind, Object, ObjectMeta, Pod, PodDisruptionBudget, ReplicaSet, ReplicationController, Resource,
    StatefulSet, Status, Str, schema,
};
use client::{Change, ChangeKind, EventKind, Informers, Recorder, RecorderApi, WorkQueue};
use sim::Time;

use crate::context::{Context, LastWrites, Pacer};
use decide::{Inputs, Plan, Scale, decide, selects};

/// The controller's queue.
#[derive(Clone, Debug)]
pub(crate) struct DisruptionController {
    queue: WorkQueue<Key>,
    /// Pods whose condition may be stale.
    stale_pods: WorkQueue<Key>,
    recorder: Recorder,
    last_writes: LastWrites,
    pacer: Pacer,
}

impl DisruptionController {
    pub(crate) fn new() -> DisruptionController {
        DisruptionController {
            queue: WorkQueue::new(),
            stale_pods: WorkQueue::new(),
            recorder: Recorder::new("controllermanager", "", RecorderApi::Core),
            last_writes: LastWrites::default(),
            pacer: Pacer::default(),
        }
    }

    pub(crate) fn on_change(&mut self, change: &Change, context: &mut Context<'_>) {
        match &change.object {
            Object::PodDisruptionBudget(budget) if change.kind != ChangeKind::Deleted => {
                self.queue.add(budget.key(), "the budget changed");
            }
            Object::Pod(pod) => {
                self.on_pod(pod, context);
                if change.kind != ChangeKind::Deleted {
                    stale::on_pod(pod, &mut self.stale_pods);
                }
            }
            _ => {}
        }
    }

    fn on_pod(&mut self, pod: &Rc<Pod>, context: &mut Context<'_>) {
        let budgets = context.cache.of(Kind::PodDisruptionBudget).in_namespace(&pod.metadata.namespace);
        let budgets = budgets.filter_map(Object::get::<PodDisruptionBudget>).filter(|budget| selects(budget, pod));
        let keys: Vec<Key> = budgets.map(|budget| budget.key()).collect();
        if let [first, _, ..] = keys.as_slice() {
            let message = format!(
                "Pod {:?}/{:?} matches multiple PodDisruptionBudgets.  Chose {:?} arbitrarily.",
                pod.metadata.namespace.as_str(),
                pod.metadata.name.as_str(),
                first.name.as_str()
            );
            let about = Object::Pod(pod.clone());
            self.recorder.event(context.api, &about, EventKind::Warning, "MultiplePodDisruptionBudgets", message);
        }
        for key in keys {
            self.queue.add(key, "a pod changed");
        }
    }

    /// Syncs all budgets and pods that are due.
    pub(crate) fn run(&mut self, context: &mut Context<'_>) {
        while let Some((key, _)) = self.stale_pods.pop(context.now) {
            context.counters.syncs += 1;
            match stale::sync(&key, context) {
                Ok(()) => self.stale_pods.forget(&key),
                Err(_) => self.stale_pods.add_rate_limited(key, context.now),
            }
        }
        while let Some((key, _)) = self.queue.pop(context.now) {
            let busy_until = self.pacer.busy_until(&key, context.now);
            if let Some(at) = self.last_writes.visible_at(&key, context).max(busy_until) {
                self.queue.add_at(key, at);
                continue;
            }
            context.counters.syncs += 1;
            match self.sync(&key, context) {
                Ok(recheck_at) => {
                    self.queue.forget(&key);
                    if let Some(at) = recheck_at {
                        self.queue.add_at(key, at);
                    }
                }
                Err(_) => self.queue.add_rate_limited(key, context.now),
            }
        }
    }

    pub(crate) fn next_at(&self) -> Option<Time> {
        [self.queue.next_at(), self.stale_pods.next_at()].into_iter().flatten().min()
    }

    fn sync(&mut self, key: &Key, context: &mut Context<'_>) -> Result<Option<Time>, Status> {
        let cache = context.cache;
        let Some(budget) = cache.get::<PodDisruptionBudget>(key) else {
            self.last_writes.forget(key);
            self.pacer.forget(key);
            return Ok(None);
        };
        let in_namespace = cache.of(Kind::Pod).in_namespace(&key.namespace).filter_map(Object::get::<Pod>);
        let pods: Vec<Rc<Pod>> = in_namespace.filter(|pod| selects(budget, pod)).cloned().collect();
        context.counters.pods_visited += pods.len() as u64;
        self.pacer.note(key, pods.len(), context.now);
        let scales = CachedScales { cache, namespace: &key.namespace };
        let scale = |owner: &OwnerReference| scale_of(&scales, owner);
        let plan = decide(&Inputs { budget, pods: &pods, scale: &scale }, context.now);
        self.announce(budget, &plan, context);
        if let Some(status) = plan.status {
            let mut changed = PodDisruptionBudget::clone(budget);
            changed.status = status;
            context.update_status(changed)?;
            self.last_writes.note(key, context.now);
        }
        Ok(plan.recheck_at)
    }

    fn announce(&mut self, budget: &Rc<PodDisruptionBudget>, plan: &Plan, context: &mut Context<'_>) {
        for said in &plan.announcements {
            let about = match &said.pod {
                Some(pod) => Object::Pod(pod.clone()),
                None => Object::PodDisruptionBudget(budget.clone()),
            };
            self.recorder.event(context.api, &about, said.kind, said.reason, said.message.clone());
        }
    }
}

/// Where a scale is looked up.
pub trait Scales {
    /// The Deployment of this name.
    fn deployment(&self, name: &str) -> Option<&Deployment>;
    /// The ReplicaSet of this name.
    fn replica_set(&self, name: &str) -> Option<&ReplicaSet>;
    /// The StatefulSet of this name.
    fn stateful_set(&self, name: &str) -> Option<&StatefulSet>;
    /// The ReplicationController of this name.
    fn replication_controller(&self, name: &str) -> Option<&ReplicationController>;
}

/// The caches, as to one namespace.
struct CachedScales<'a> {
    cache: &'a Informers,
    namespace: &'a Str,
}

impl CachedScales<'_> {
    fn get<T: Resource>(&self, name: &str) -> Option<&T> {
        self.cache.get::<T>(&Key::new(self.namespace.clone(), name)).map(|found| &**found)
    }
}

impl Scales for CachedScales<'_> {
    fn deployment(&self, name: &str) -> Option<&Deployment> {
        self.get(name)
    }
    fn replica_set(&self, name: &str) -> Option<&ReplicaSet> {
        self.get(name)
    }
    fn stateful_set(&self, name: &str) -> Option<&StatefulSet> {
        self.get(name)
    }
    fn replication_controller(&self, name: &str) -> Option<&ReplicationController> {
        self.get(name)
    }
}

/// The controller that says how many pods there should be, and the number: of a ReplicaSet's pods, the Deployment above it.
pub fn scale_of(scales: &dyn Scales, owner: &OwnerReference) -> Result<Option<Scale>, String> {
    api::reached!("kube_controller_manager::disruption::scale_of");
    let of_set = |set: &StatefulSet| own(owner, &set.metadata, set.spec.replicas());
    let of_deployment = |found: &Deployment| own(owner, &found.metadata, found.spec.replicas());
    let of_replica_set = |set: &ReplicaSet| own(owner, &set.metadata, set.spec.replicas());
    match (group(owner), owner.kind.as_str()) {
        ("apps", "StatefulSet") => Ok(scales.stateful_set(&owner.name).and_then(of_set)),
        ("apps" | "extensions", "Deployment") => Ok(scales.deployment(&owner.name).and_then(of_deployment)),
        ("apps" | "extensions", "ReplicaSet") => {
            // A set whose Deployment is gone speaks for itself.
            let above = deployment_of(scales, owner);
            Ok(above.or_else(|| scales.replica_set(&owner.name).and_then(of_replica_set)))
        }
        ("", "ReplicationController") => {
            let of_controller = |found: &ReplicationController| own(owner, &found.metadata, found.spec.replicas());
            Ok(scales.replication_controller(&owner.name).and_then(of_controller))
        }
        (group, kind) => foreign_scale(group, kind),
    }
}

/// The scale of the Deployment above a ReplicaSet.
pub fn deployment_of(scales: &dyn Scales, owner: &OwnerReference) -> Option<Scale> {
    api::reached!("kube_controller_manager::disruption::deployment_of");
    let is_of_group = matches!(group(owner), "apps" | "extensions") && owner.kind == Kind::ReplicaSet.name();
    let set = scales.replica_set(&owner.name).filter(|set| is_of_group && set.metadata.uid == owner.uid)?;
    let above = set.metadata.controller().filter(|above| above.kind == Kind::Deployment.name())?;
    scale_of(scales, above).ok().flatten()
}

fn group(owner: &OwnerReference) -> &str {
    owner.api_version.split_once('/').map_or("", |(group, _)| group)
}

/// The scale of an object, if it is the one that is named as owner.
fn own(owner: &OwnerReference, metadata: &ObjectMeta, replicas: i32) -> Option<Scale> {
    (metadata.uid == owner.uid).then(|| Scale { uid: metadata.uid.clone(), replicas })
}

/// What is said of controllers whose objects have no scale.
fn foreign_scale(group: &str, kind: &str) -> Result<Option<Scale>, String> {
    let known = schema::resources().iter().find(|resource| resource.group == group && resource.kind == kind);
    Err(match known {
        Some(resource) if group.is_empty() => {
            format!("{} does not implement the scale subresource", resource.plural)
        }
        Some(resource) => format!("{}.{group} does not implement the scale subresource", resource.plural),
        None => format!("no matches for kind {kind:?} in group {group:?}"),
    })
}
