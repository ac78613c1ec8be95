//! The ReplicaSet controller: so many pods of one template.
//!
//! Events become keys of sets; a key becomes one sync: claim the pods, [`decide`](decide::decide_action), create or delete,
//! write the status. Upstream remembers what it has asked for and not yet seen; here no set is synced before the caches show
//! its last sync's writes, which comes to the same.
//!
//! ReplicationControllers are kept by the same controller, as sets of their own kind.
//!
//! Models: kubernetes v1.36 pkg/controller/replicaset, pkg/controller/replication.

pub mod decide;
pub(crate) mod ranking;

use std::rc::Rc;

use api::apps::replica_set::ReplicaSetStatus;
use api::{Key, Kind, Object, ObjectMeta, Pod, Reason, ReplicaSet, ReplicationController, Resource, Status, Str};
use client::{Change, ChangeKind, DeleteOptions, EventKind, Recorder, RecorderApi};
use ecow::EcoVec;
use sim::Time;
use thin::format_str;

use crate::context::Context;
use crate::controller_ref::{Claimant, controller_reference, generated_prefix, owners_touched};
use crate::pod_state;
use crate::rounds::Rounds;
use crate::why::Why;
use decide::{Action, Pods, decide_action, decide_status, next_available_at};

/// The controller's queue.
#[derive(Clone, Debug)]
pub(crate) struct ReplicaSetController {
    /// ReplicaSets, or ReplicationControllers.
    kind: Kind,
    rounds: Rounds,
    recorder: Recorder,
}

impl ReplicaSetController {
    pub(crate) fn new() -> ReplicaSetController {
        ReplicaSetController::of(Kind::ReplicaSet, "replicaset-controller")
    }

    pub(crate) fn of_replication_controllers() -> ReplicaSetController {
        ReplicaSetController::of(Kind::ReplicationController, "replication-controller")
    }

    fn of(kind: Kind, component: &'static str) -> ReplicaSetController {
        let recorder = Recorder::new(component, "", RecorderApi::Core);
        ReplicaSetController { kind, rounds: Rounds::default(), recorder }
    }

    pub(crate) fn on_change(&mut self, change: &Change, context: &Context<'_>) {
        match &change.object {
            Object::Pod(pod) => self.on_pod(change, pod, context),
            object if object.kind() == self.kind => self.on_set(change),
            _ => {}
        }
    }

    fn on_set(&mut self, change: &Change) {
        let Some(set) = set_of(&change.object) else { return };
        let old = change.old.as_ref().and_then(set_of);
        let is_own_status_write = change.kind == ChangeKind::Modified
            && old.is_some_and(|old| {
                Rc::ptr_eq(&old.spec, &set.spec)
                    && old.metadata.is_terminating() == set.metadata.is_terminating()
                    && old.metadata.labels == set.metadata.labels
            });
        if !is_own_status_write {
            let why = match self.kind {
                Kind::ReplicationController => "the ReplicationController changed",
                _ => "the ReplicaSet changed",
            };
            self.rounds.add(set.key(), why);
        }
    }

    fn on_pod(&mut self, change: &Change, pod: &Rc<Pod>, context: &Context<'_>) {
        let old = change.old.as_ref().and_then(Object::get::<Pod>);
        if change.kind == ChangeKind::Modified && old.is_some_and(|old| !pod_state::is_relevant_change(old, pod)) {
            return;
        }
        for key in owners_touched(change, self.kind, context) {
            self.rounds.add(key, "a pod changed");
        }
    }

    /// Syncs all sets that are due.
    pub(crate) fn run(&mut self, context: &mut Context<'_>) {
        while let Some(round) = self.rounds.begin(context) {
            let outcome = self.sync(&round.key, context);
            self.rounds.end(round, outcome, context);
        }
    }

    pub(crate) fn next_at(&self) -> Option<Time> {
        self.rounds.next_at()
    }

    fn sync(&mut self, key: &Key, context: &mut Context<'_>) -> Result<Option<Time>, Status> {
        let Some(owner) = context.cache.of(self.kind).get(key).cloned() else {
            self.rounds.forget(key);
            return Ok(None);
        };
        let Some(set) = set_of(&owner) else { return Ok(None) };
        let claimant = Claimant::new(&owner);
        let terminating = count_terminating(&claimant, context);
        let active = active_pods(&claimant, context)?;
        context.counters.pods_visited += active.len() as u64;
        self.rounds.note(key, active.len(), context.now);
        let outcome = self.apply(&owner, &set, &active, context);
        let failure = outcome.as_ref().err().map(|status| status.message.clone());
        let status = decide_status(&set, &Pods { active: &active, terminating }, failure.as_ref(), context.now);
        apply_status(self.kind, &set, status, context)?;
        outcome?;
        Ok(next_available_at(&set, &active, context.now))
    }

    fn apply(
        &mut self,
        owner: &Object,
        set: &Rc<ReplicaSet>,
        active: &[Rc<Pod>],
        context: &mut Context<'_>,
    ) -> Result<(), Status> {
        let related = || related_pods(set, active, context);
        match decide_action(set, active, &related, context.now) {
            Action::Nothing => {
                context.explain(self.kind, &set.key(), Why::AsWanted);
                Ok(())
            }
            Action::Create(count) => {
                context.explain(self.kind, &set.key(), Why::Acted { actions: count });
                self.create_pods(owner, set, count, context)
            }
            Action::Delete(victims) => {
                context.explain(self.kind, &set.key(), Why::Acted { actions: victims.len() });
                self.delete_pods(owner, set, &victims, context)
            }
        }
    }

    /// In batches of 1, 2, 4, …: what refuses one pod would refuse a thousand. After a batch with an error none follows.
    fn create_pods(
        &mut self,
        owner: &Object,
        set: &ReplicaSet,
        count: usize,
        context: &mut Context<'_>,
    ) -> Result<(), Status> {
        let pod = new_pod(owner, set);
        let (mut left, mut batch) = (count, 1);
        while left > 0 {
            let mut refused = None;
            for _ in 0..batch.min(left) {
                if let Err(status) = self.create_pod(owner, set, &pod, context) {
                    refused.get_or_insert(status);
                }
            }
            if let Some(status) = refused {
                return Err(status);
            }
            left -= batch.min(left);
            batch *= 2;
        }
        Ok(())
    }

    fn create_pod(
        &mut self,
        owner: &Object,
        set: &ReplicaSet,
        pod: &Pod,
        context: &mut Context<'_>,
    ) -> Result<(), Status> {
        match context.create(pod.clone()) {
            Ok(created) => {
                let key = created.key();
                self.record(
                    owner,
                    EventKind::Normal,
                    "SuccessfulCreate",
                    format_str!("Created pod: {}", key.name),
                    context,
                );
                context.explain(
                    Kind::Pod,
                    &key,
                    Why::CreatedAsWanted { replicas: set.spec.replicas(), owner: self.kind },
                );
                Ok(())
            }
            // Nothing can be created in a namespace that goes, and that is no failure.
            Err(status) if status.message.contains("because it is being terminated") => Ok(()),
            Err(status) => {
                let message = format_str!("Error creating: {}", status.message);
                self.record(owner, EventKind::Warning, "FailedCreate", message, context);
                Err(status)
            }
        }
    }

    fn delete_pods(
        &mut self,
        owner: &Object,
        set: &ReplicaSet,
        victims: &[Rc<Pod>],
        context: &mut Context<'_>,
    ) -> Result<(), Status> {
        let mut refused = None;
        for pod in victims {
            let key = pod.metadata.key();
            match context.delete(Kind::Pod, &key, &DeleteOptions::default()) {
                Ok(_) => {
                    let message = format_str!("Deleted pod: {}", key.name);
                    self.record(owner, EventKind::Normal, "SuccessfulDelete", message, context);
                    context.explain(
                        Kind::Pod,
                        &key,
                        Why::DeletedAsSurplus { replicas: set.spec.replicas(), owner: self.kind },
                    );
                }
                Err(status) if status.reason == Reason::NotFound => {}
                Err(status) => {
                    let message = format_str!("Error deleting: {}", status.message);
                    self.record(owner, EventKind::Warning, "FailedDelete", message, context);
                    refused.get_or_insert(status);
                }
            }
        }
        refused.map_or(Ok(()), Err)
    }

    fn record(
        &mut self,
        owner: &Object,
        kind: EventKind,
        reason: &'static str,
        message: Str,
        context: &mut Context<'_>,
    ) {
        self.recorder.event(context.api, owner, kind, reason, message);
    }
}

/// A pod of the template, its name left to the server. All share the template's heavy parts.
fn new_pod(owner: &Object, set: &ReplicaSet) -> Pod {
    let template = &set.spec.template;
    let metadata = ObjectMeta {
        namespace: set.metadata.namespace.clone(),
        labels: template.metadata.labels.clone(),
        annotations: template.metadata.annotations.clone(),
        finalizers: template.metadata.finalizers.clone(),
        owner_references: EcoVec::from([controller_reference(owner)]),
        generate_name: generated_prefix(&set.metadata.name),
        ..ObjectMeta::default()
    };
    Pod { metadata, spec: template.spec.clone(), ..Pod::default() }
}

fn pods_of(objects: Vec<Object>) -> Vec<Rc<Pod>> {
    objects.iter().filter_map(Object::get::<Pod>).cloned().collect()
}

fn active_pods(claimant: &Claimant<'_>, context: &mut Context<'_>) -> Result<Vec<Rc<Pod>>, Status> {
    let counts = |object: &Object| object.get::<Pod>().is_some_and(|pod| pod_state::is_active(pod));
    claimant.claim(Kind::Pod, &counts, context).map(pods_of)
}

fn count_terminating(claimant: &Claimant<'_>, context: &Context<'_>) -> usize {
    let uid = &claimant.owner.metadata().uid;
    let owned =
        context.indexes.dependents_of_kind(uid, Kind::Pod).filter_map(|key| context.cache.of(Kind::Pod).get(key));
    let is_going = |object: &&Object| object.get::<Pod>().is_some_and(|pod| pod_state::is_terminating(pod));
    owned.filter(is_going).filter(|object| claimant.selects(object)).count()
}

/// The active pods of all sets with the same controller: during a rollout, those of old templates too.
fn related_pods(set: &ReplicaSet, own: &[Rc<Pod>], context: &Context<'_>) -> Vec<Rc<Pod>> {
    let Some(owner) = set.metadata.controller() else { return own.to_vec() };
    let sets = context.indexes.dependents_of_kind(&owner.uid, Kind::ReplicaSet);
    let uids = sets.filter_map(|key| context.cache.get::<ReplicaSet>(key)).map(|set| &set.metadata.uid);
    let pods = uids.flat_map(|uid| context.indexes.dependents_of_kind(uid, Kind::Pod));
    let pods = pods.filter_map(|key| context.cache.get::<Pod>(key));
    pods.filter(|pod| pod_state::is_active(pod)).cloned().collect()
}

/// The set that an object is, or is kept as.
fn set_of(object: &Object) -> Option<Rc<ReplicaSet>> {
    match object {
        Object::ReplicaSet(set) => Some(set.clone()),
        Object::ReplicationController(controller) => Some(Rc::new(controller.as_set())),
        _ => None,
    }
}

/// Stores a status that says something new. After a conflict it is put on the set as it is by then.
fn apply_status(
    kind: Kind,
    set: &ReplicaSet,
    status: ReplicaSetStatus,
    context: &mut Context<'_>,
) -> Result<(), Status> {
    let is_controller = kind == Kind::ReplicationController;
    let status = match is_controller {
        true => ReplicaSetStatus { terminating_replicas: None, ..status },
        false => status,
    };
    if status == set.status {
        return Ok(());
    }
    let store = |set: ReplicaSet, context: &mut Context<'_>| match is_controller {
        true => context.update_status(ReplicationController::of_set(set)).map(drop),
        false => context.update_status(set).map(drop),
    };
    let changed = ReplicaSet { status: status.clone(), ..set.clone() };
    match store(changed, context) {
        Err(refused) if refused.reason == Reason::Conflict => {
            let fresh = context.api.get(kind, &set.key())?;
            let Some(fresh) = set_of(&fresh) else { return Ok(()) };
            store(ReplicaSet { status, ..(*fresh).clone() }, context)
        }
        outcome => outcome,
    }
}
