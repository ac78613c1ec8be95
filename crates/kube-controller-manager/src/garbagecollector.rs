//! The garbage collector: what happens to objects whose owners go.
//!
//! The graph is the declared index from owners' UIDs to dependents; whether an owner is there is asked of the server, so
//! that a late cache deletes nothing. Dependents of a deleted owner are deleted all at once, in no order that means
//! anything.
//!
//! What is absent: kinds that this cluster does not have. An owner of such a kind counts as there.
//!
//! Models: kubernetes v1.36 pkg/controller/garbagecollector.

use api::meta::OwnerReference;
use api::{Key, Kind, Object, ObjectMeta, Reason, Status, Str};
use client::{Change, ChangeKind, DeleteOptions, Propagation, WorkQueue};
use sim::Time;

use crate::context::Context;
use crate::why::Why;

/// Leave my dependents alone: take yourself out of their owners before I go.
const ORPHAN: &str = "orphan";
/// Delete my dependents before I go.
const FOREGROUND: &str = "foregroundDeletion";

/// The collector's queues.
#[derive(Clone, Debug, Default)]
pub(crate) struct GarbageCollector {
    attempts_to_delete: WorkQueue<(Kind, Key)>,
    attempts_to_orphan: WorkQueue<(Kind, Key)>,
}

/// The owners of an object, sorted by what they mean for it.
#[derive(Debug, Default)]
struct Owners {
    /// There, and staying.
    solid: Vec<OwnerReference>,
    /// Not there.
    dangling: Vec<OwnerReference>,
    /// Going, once their dependents are gone.
    waiting: Vec<OwnerReference>,
}

impl GarbageCollector {
    pub(crate) fn on_change(&mut self, change: &Change, context: &Context<'_>) {
        let object = &change.object;
        match change.kind {
            ChangeKind::Added => {
                self.on_owners(object, context);
                self.on_terminating(object, context);
            }
            ChangeKind::Modified => {
                let (old, new) = (change.old.as_ref().map(Object::metadata), object.metadata());
                if old.is_none_or(|old| old.owner_references != new.owner_references) {
                    self.on_owners(object, context);
                }
                let is_as_before = old.is_some_and(|old| {
                    old.is_terminating() == new.is_terminating() && old.finalizers == new.finalizers
                });
                if !is_as_before {
                    self.on_terminating(object, context);
                }
            }
            ChangeKind::Deleted => self.on_deleted(object, context),
        }
    }

    /// An owner that is not there any more cannot tell: the dependent is looked at when it comes.
    fn on_owners(&mut self, object: &Object, context: &Context<'_>) {
        let is_missing = |owner: &OwnerReference| {
            let Some((kind, key)) = owner_key(owner, object.metadata()) else { return false };
            let cached = is_cached(kind).then(|| context.cache.of(kind).get(&key)).flatten();
            cached.is_none_or(|cached| cached.metadata().uid != owner.uid)
        };
        if object.metadata().owner_references.iter().any(is_missing) {
            self.attempts_to_delete.add((object.kind(), object.key()), "an owner is gone");
        }
    }

    fn on_terminating(&mut self, object: &Object, context: &Context<'_>) {
        let metadata = object.metadata();
        if !metadata.is_terminating() {
            return;
        }
        let item = (object.kind(), object.key());
        if has_finalizer(metadata, ORPHAN) {
            self.attempts_to_orphan.add(item, "it is being deleted and leaves its dependents");
        } else if has_finalizer(metadata, FOREGROUND) {
            self.attempts_to_delete.add(item, "it is being deleted after its dependents");
            for (kind, key) in context.indexes.dependents(&metadata.uid) {
                self.attempts_to_delete.add((kind, key.clone()), "its owner waits for it to go");
            }
        }
    }

    fn on_deleted(&mut self, object: &Object, context: &Context<'_>) {
        for (kind, key) in context.indexes.dependents(&object.metadata().uid) {
            self.attempts_to_delete.add((kind, key.clone()), "its owner is gone");
        }
        for owner in &object.metadata().owner_references {
            let Some((kind, key)) = owner_key(owner, object.metadata()) else { continue };
            let cached = is_cached(kind).then(|| context.cache.of(kind).get(&key)).flatten();
            if cached.is_some_and(|owner| has_finalizer(owner.metadata(), FOREGROUND)) {
                self.attempts_to_delete.add((kind, key), "one of its dependents is gone");
            }
        }
    }

    pub(crate) fn run(&mut self, context: &mut Context<'_>) {
        while let Some((item, _)) = self.attempts_to_orphan.pop(context.now) {
            context.counters.syncs += 1;
            match apply_orphaning(&item, context) {
                Ok(()) => self.attempts_to_orphan.forget(&item),
                Err(_) => self.attempts_to_orphan.add_rate_limited(item, context.now),
            }
        }
        while let Some((item, _)) = self.attempts_to_delete.pop(context.now) {
            context.counters.syncs += 1;
            match self.attempt_to_delete(&item, context) {
                Ok(()) => self.attempts_to_delete.forget(&item),
                Err(_) => self.attempts_to_delete.add_rate_limited(item, context.now),
            }
        }
    }

    pub(crate) fn next_at(&self) -> Option<Time> {
        [self.attempts_to_delete.next_at(), self.attempts_to_orphan.next_at()].into_iter().flatten().min()
    }

    fn attempt_to_delete(&mut self, item: &(Kind, Key), context: &mut Context<'_>) -> Result<(), Status> {
        let (kind, key) = item;
        let Ok(object) = context.api.get(*kind, key) else { return Ok(()) };
        let metadata = object.metadata();
        if metadata.is_terminating() {
            return if has_finalizer(metadata, FOREGROUND) {
                self.wait_for_dependents(&object, context)
            } else {
                Ok(())
            };
        }
        if metadata.owner_references.is_empty() {
            return Ok(());
        }
        let owners = sort_owners(metadata, context);
        if !owners.solid.is_empty() {
            return apply_removal_of_owners(&object, &owners, context);
        }
        let has_dependents = context.indexes.dependents(&metadata.uid).next().is_some();
        let policy = match () {
            () if !owners.waiting.is_empty() && has_dependents => Propagation::Foreground,
            () if has_finalizer(metadata, ORPHAN) => Propagation::Orphan,
            () if has_finalizer(metadata, FOREGROUND) => Propagation::Foreground,
            () => Propagation::Background,
        };
        apply_deletion(&object, &owners, policy, context)
    }

    /// An owner that goes last goes when no dependent blocks it any more.
    fn wait_for_dependents(&mut self, owner: &Object, context: &mut Context<'_>) -> Result<(), Status> {
        let uid = &owner.metadata().uid;
        let mut is_blocked = false;
        for (kind, key) in context.indexes.dependents(uid) {
            let Ok(dependent) = context.api.get(kind, key) else { continue };
            let mut references = dependent.metadata().owner_references.iter().filter(|owner| owner.uid == *uid);
            if !references.any(|owner| owner.block_owner_deletion == Some(true)) {
                continue;
            }
            is_blocked = true;
            if !dependent.metadata().is_terminating() {
                self.attempts_to_delete.add((kind, key.clone()), "its owner waits for it to go");
            }
        }
        if is_blocked { Ok(()) } else { apply_removal_of_finalizer(owner, FOREGROUND, context) }
    }
}

fn sort_owners(metadata: &ObjectMeta, context: &Context<'_>) -> Owners {
    let mut owners = Owners::default();
    for owner in &metadata.owner_references {
        let found = owner_key(owner, metadata).map(|(kind, key)| context.api.get(kind, &key));
        match found {
            None => owners.solid.push(owner.clone()),
            Some(Ok(object)) if object.metadata().uid == owner.uid => {
                let metadata = object.metadata();
                let is_waiting = metadata.is_terminating() && has_finalizer(metadata, FOREGROUND);
                if is_waiting { owners.waiting.push(owner.clone()) } else { owners.solid.push(owner.clone()) }
            }
            Some(_) => owners.dangling.push(owner.clone()),
        }
    }
    owners
}

/// An object with one owner that stays, stays: the others are struck off.
fn apply_removal_of_owners(object: &Object, owners: &Owners, context: &mut Context<'_>) -> Result<(), Status> {
    if owners.dangling.is_empty() && owners.waiting.is_empty() {
        return Ok(());
    }
    let mut changed = object.clone();
    changed.metadata_mut().owner_references = owners.solid.iter().cloned().collect();
    unless_gone(context.update(changed))
}

fn apply_deletion(
    object: &Object,
    owners: &Owners,
    policy: Propagation,
    context: &mut Context<'_>,
) -> Result<(), Status> {
    let options = DeleteOptions {
        propagation: Some(policy),
        uid: Some(object.metadata().uid.clone()),
        ..DeleteOptions::default()
    };
    let owner = owners.dangling.iter().chain(&owners.waiting).last().map(|owner| owner.name.clone());
    context.explain(object.kind(), &object.key(), Why::DeletedWithOwner { owner: owner.unwrap_or_default() });
    match context.delete(object.kind(), &object.key(), &options) {
        // Another object of the name has come; it is not the one that was to be deleted.
        Err(status) if matches!(status.reason, Reason::NotFound | Reason::Conflict) => Ok(()),
        outcome => outcome.map(drop),
    }
}

/// Strikes the owner off its dependents' lists, then lets it go.
fn apply_orphaning(item: &(Kind, Key), context: &mut Context<'_>) -> Result<(), Status> {
    let Ok(owner) = context.api.get(item.0, &item.1) else { return Ok(()) };
    let uid = owner.metadata().uid.clone();
    let dependents: Vec<(Kind, Key)> =
        context.indexes.dependents(&uid).map(|(kind, key)| (kind, key.clone())).collect();
    for (kind, key) in dependents {
        let Ok(mut dependent) = context.api.get(kind, &key) else { continue };
        dependent.metadata_mut().owner_references.retain(|owner| owner.uid != uid);
        unless_gone(context.update(dependent))?;
    }
    apply_removal_of_finalizer(&owner, ORPHAN, context)
}

fn apply_removal_of_finalizer(object: &Object, finalizer: &str, context: &mut Context<'_>) -> Result<(), Status> {
    let mut changed = object.clone();
    changed.metadata_mut().finalizers.retain(|name| name != finalizer);
    unless_gone(context.update(changed))
}

fn unless_gone(outcome: Result<Object, Status>) -> Result<(), Status> {
    match outcome {
        Err(status) if status.reason == Reason::NotFound => Ok(()),
        outcome => outcome.map(drop),
    }
}

/// Kind and key of an owner; none for a kind that this cluster does not have.
fn owner_key(owner: &OwnerReference, dependent: &ObjectMeta) -> Option<(Kind, Key)> {
    let group = owner.api_version.rsplit_once('/').map_or("", |(group, _)| group);
    let kind = Kind::find(group, &owner.kind)?;
    let namespace = if kind.is_namespaced() { dependent.namespace.clone() } else { Str::new() };
    Some((kind, Key::new(namespace, owner.name.clone())))
}

fn is_cached(kind: Kind) -> bool {
    crate::manager::WATCHED.contains(&kind)
}

fn has_finalizer(metadata: &ObjectMeta, finalizer: &str) -> bool {
    metadata.finalizers.iter().any(|name| name == finalizer)
}
