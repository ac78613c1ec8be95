//! The StatefulSet controller: pods with identity, one after the other.
//!
//! Events become keys of sets; a key becomes one sync: adopt and release, find the revision, [`decide`](decide::decide),
//! apply. What is absent: any write outside `apply`, and any sync on a cache that does not show the last sync's writes.
//!
//! Models: kubernetes v1.36 pkg/controller/statefulset.

mod apply;
pub mod decide;
pub mod identity;
pub mod retention;
pub mod revision;

use ordered::OrderedMap;
use std::rc::Rc;

use api::apps::stateful_set::StatefulSetSpec;
use api::core::pod::PodTemplateSpec;
use api::{
    ControllerRevision, Key, Kind, Object, PersistentVolumeClaim, Pod, Resource, StatefulSet, Status, Str, Value,
};
use client::{Change, ChangeKind, Recorder, RecorderApi};
use sim::Time;

use crate::context::Context;
use crate::controller_ref::{Claimant, owners_touched};
use crate::rounds::Rounds;
use apply::Applier;
use decide::{FeatureGate, Inputs};
use revision::UpdateRevision;

/// The controller's own state: its queue, and what it remembers of each set to save work.
#[derive(Clone, Debug)]
pub(crate) struct StatefulSetController {
    rounds: Rounds,
    recorder: Recorder,
    templates: OrderedMap<Key, Templates>,
}

/// The templates of a set in the forms that syncs need, kept as long as its spec is the same in memory.
#[derive(Clone, Debug)]
struct Templates {
    spec: Rc<StatefulSetSpec>,
    patch: Rc<Value>,
    /// The template of the revision that a rollout comes from, by the revision's name.
    current: Option<(Str, Rc<PodTemplateSpec>)>,
}

/// The two revisions of a sync.
struct Revisions {
    current: Rc<ControllerRevision>,
    update: Rc<ControllerRevision>,
    collision_count: i32,
    /// All of the set's, sorted.
    all: Vec<Rc<ControllerRevision>>,
}

/// How often a new hash is tried after a collision.
const COLLISIONS_MAX: i32 = 16;

impl StatefulSetController {
    pub(crate) fn new() -> StatefulSetController {
        StatefulSetController {
            rounds: Rounds::default(),
            recorder: Recorder::new("statefulset-controller", "", RecorderApi::Core),
            templates: OrderedMap::new(),
        }
    }

    pub(crate) fn on_change(&mut self, change: &Change, context: &Context<'_>) {
        match &change.object {
            Object::StatefulSet(set) => self.on_set(change, set),
            Object::Pod(pod) => self.on_pod(change, pod, context),
            _ => {}
        }
    }

    fn on_set(&mut self, change: &Change, set: &Rc<StatefulSet>) {
        let old = change.old.as_ref().and_then(Object::get::<StatefulSet>);
        let is_own_status_write = change.kind == ChangeKind::Modified
            && old.is_some_and(|old| {
                Rc::ptr_eq(&old.spec, &set.spec)
                    && old.metadata.deletion_timestamp == set.metadata.deletion_timestamp
                    && old.metadata.labels == set.metadata.labels
                    && old.status.current_revision == set.status.current_revision
            });
        if !is_own_status_write {
            self.rounds.add(set.key(), "the StatefulSet changed");
        }
    }

    fn on_pod(&mut self, change: &Change, pod: &Rc<Pod>, context: &Context<'_>) {
        let old = change.old.as_ref().and_then(Object::get::<Pod>);
        if change.kind == ChangeKind::Modified && old.is_some_and(|old| !is_relevant(old, pod)) {
            return;
        }
        for key in owners_touched(change, Kind::StatefulSet, context) {
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
        let Some(set) = context.cache.get::<StatefulSet>(key).cloned() else {
            self.templates.remove(key);
            self.rounds.forget(key);
            return Ok(None);
        };
        let patch = self.patch_of(key, &set);
        let owner = Object::StatefulSet(set.clone());
        adopt_revisions(&owner, context)?;
        let pods = claim_pods(&owner, context)?;
        self.rounds.note(key, pods.len(), context.now);
        let revisions = get_revisions(&set, &patch, context)?;
        let cache = context.cache;
        let claims = |key: &Key| cache.get::<PersistentVolumeClaim>(key).cloned();
        let inputs = Inputs {
            set: &set,
            pods: &pods,
            current_revision: &revisions.current.metadata.name,
            update_revision: &revisions.update.metadata.name,
            collision_count: revisions.collision_count,
            claims: &claims,
            max_unavailable: FeatureGate::Disabled,
        };
        let plan = decide::decide(&inputs, context.now);
        context.explain(Kind::StatefulSet, key, plan.reason.clone());
        let current_template = self.current_template(key, &set, &revisions);
        let mut applier = Applier { set: &set, revisions: &revisions, current_template, recorder: &mut self.recorder };
        let outcome = applier.apply_actions(&plan.actions, context);
        applier.apply_status(&plan.status, context)?;
        outcome?;
        truncate_history(&set, &pods, &revisions, context)?;
        Ok(plan.requeue_at)
    }

    /// The present template as a patch, made once per spec.
    fn patch_of(&mut self, key: &Key, set: &Rc<StatefulSet>) -> Rc<Value> {
        if let Some(known) = self.templates.get(key)
            && Rc::ptr_eq(&known.spec, &set.spec)
        {
            return known.patch.clone();
        }
        let patch = Rc::new(revision::patch_of(&set.spec.template));
        let known = self.templates.remove(key);
        // A change of anything but the template keeps the patch, so that comparing revisions stays a look at a pointer.
        let patch = known.as_ref().filter(|known| known.patch == patch).map_or(patch, |known| known.patch.clone());
        let current = known.and_then(|known| known.current);
        self.templates.insert(key.clone(), Templates { spec: set.spec.clone(), patch: patch.clone(), current });
        patch
    }

    /// The template of the current revision; decoded once, so that its pods share it.
    fn current_template(&mut self, key: &Key, set: &StatefulSet, revisions: &Revisions) -> Rc<PodTemplateSpec> {
        let name = &revisions.current.metadata.name;
        if *name == revisions.update.metadata.name {
            return Rc::new(set.spec.template.clone());
        }
        let known = self.templates.get_mut(key).expect("patch_of has just put it there");
        match &known.current {
            Some((known_name, template)) if known_name == name => template.clone(),
            _ => {
                let template = Rc::new(revision::template_of(&revisions.current.data));
                known.current = Some((name.clone(), template.clone()));
                template
            }
        }
    }
}

/// Whether a change of a pod can change what its set does.
fn is_relevant(old: &Pod, new: &Pod) -> bool {
    let ready_since =
        |pod: &Pod| pod.status.condition("Ready").map(|condition| (condition.status, condition.last_transition_time));
    old.status.phase != new.status.phase
        || ready_since(old) != ready_since(new)
        || old.metadata.deletion_timestamp.is_some() != new.metadata.deletion_timestamp.is_some()
        || old.metadata.labels != new.metadata.labels
        || old.metadata.owner_references != new.metadata.owner_references
}

/// The set's pods: those that it controls and that match by selector and name, orphans among them adopted. Pods that no
/// longer match are released.
fn claim_pods(owner: &Object, context: &mut Context<'_>) -> Result<Vec<Rc<Pod>>, Status> {
    let is_named_after = |owner: &Object, pod: &Object| {
        owner.get::<StatefulSet>().is_some_and(|set| identity::ordinal_in(set, &pod.metadata().name).is_some())
    };
    let claimant = Claimant { belongs: is_named_after, ..Claimant::new(owner) };
    let claimed = claimant.claim(Kind::Pod, &|_| true, context)?;
    context.counters.pods_visited += claimed.len() as u64;
    Ok(claimed.iter().filter_map(Object::get::<Pod>).cloned().collect())
}

fn adopt_revisions(owner: &Object, context: &mut Context<'_>) -> Result<(), Status> {
    if owner.metadata().is_terminating() {
        return Ok(());
    }
    let (cache, indexes, claimant) = (context.cache, context.indexes, Claimant::new(owner));
    let orphans = indexes.orphans(Kind::ControllerRevision, &owner.metadata().namespace);
    for revision in orphans.filter_map(|key| cache.of(Kind::ControllerRevision).get(key)) {
        if claimant.selects(revision) {
            claimant.adopt(revision, context)?;
        }
    }
    Ok(())
}

/// The set's revisions, sorted: those that it controls, and orphans that match (which it has just adopted).
fn list_revisions(set: &StatefulSet, context: &Context<'_>) -> Vec<Rc<ControllerRevision>> {
    let (cache, indexes) = (context.cache, context.indexes);
    let owned = indexes.dependents_of_kind(&set.metadata.uid, Kind::ControllerRevision);
    let orphans = indexes.orphans(Kind::ControllerRevision, &set.metadata.namespace);
    let all = owned.chain(orphans).filter_map(|key| cache.get::<ControllerRevision>(key));
    let mut revisions: Vec<Rc<ControllerRevision>> =
        all.filter(|revision| set.spec.selector.matches(&revision.metadata.labels)).cloned().collect();
    revision::sort(&mut revisions);
    revisions
}

fn get_revisions(set: &StatefulSet, patch: &Rc<Value>, context: &mut Context<'_>) -> Result<Revisions, Status> {
    let mut all = list_revisions(set, context);
    let mut collision_count = set.status.collision_count.unwrap_or(0);
    let update = match revision::decide_update_revision(set, patch, &all, collision_count) {
        UpdateRevision::Newest(newest) => newest,
        UpdateRevision::Renumber(older, number) => {
            let renumbered = apply::renumber(&older, number, context)?;
            all.retain(|revision| revision.metadata.name != older.metadata.name);
            all.push(renumbered.clone());
            renumbered
        }
        UpdateRevision::Create(_) => {
            let next = all.last().map_or(1, |newest| newest.revision + 1);
            let created = apply::create_revision(set, patch, next, &mut collision_count, context)?;
            all.push(created.clone());
            created
        }
    };
    let named = all.iter().find(|revision| revision.metadata.name == set.status.current_revision);
    let current = named.unwrap_or(&update).clone();
    Ok(Revisions { current, update, collision_count, all })
}

fn truncate_history(
    set: &StatefulSet,
    pods: &[Rc<Pod>],
    revisions: &Revisions,
    context: &mut Context<'_>,
) -> Result<(), Status> {
    let is_live = |name: &str| {
        name == revisions.current.metadata.name
            || name == revisions.update.metadata.name
            || pods.iter().any(|pod| pod.metadata.labels.get(identity::REVISION_LABEL) == Some(name))
    };
    for surplus in revision::decide_truncation(set, &revisions.all, is_live) {
        context.delete(Kind::ControllerRevision, &surplus.key(), &client::DeleteOptions::default())?;
    }
    Ok(())
}
