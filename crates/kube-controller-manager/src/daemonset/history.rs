//! The templates that a DaemonSet has had, as ControllerRevisions.
//!
//! Models: kubernetes v1.36 pkg/controller/daemon/update.go (constructHistory, cleanupHistory).

use std::rc::Rc;

use api::{ControllerRevision, DaemonSet, Kind, Object, ObjectMeta, Pod, Reason, Resource, Status, Str, Value};
use ecow::EcoVec;
use thin::format_str;

use super::placement::HASH_LABEL;
use crate::context::Context;
use crate::controller_ref::{Claimant, controller_reference};
use crate::statefulset::revision::{patch_of, sort};
use crate::template_hash;

/// The present template's revision and the others, oldest first.
pub(super) struct History {
    pub(super) current: Rc<ControllerRevision>,
    pub(super) old: Vec<Rc<ControllerRevision>>,
}

impl History {
    /// The hash of the present template, as its pods carry it.
    pub(super) fn hash(&self) -> Str {
        self.current.metadata.labels.get_str(HASH_LABEL).cloned().unwrap_or_default()
    }
}

/// Finds the revisions, makes that of the present template if it is missing, and gives it the highest number.
pub(super) fn sync_history(set: &DaemonSet, owner: &Object, context: &mut Context<'_>) -> Result<History, Status> {
    let claimant = Claimant::new(owner);
    let claimed = claimant.claim(Kind::ControllerRevision, &|_| true, context)?;
    let mut all: Vec<Rc<ControllerRevision>> = claimed.iter().map(typed).collect();
    sort(&mut all);
    let patch = patch_of(&set.spec.template);
    let at = all.iter().rposition(|revision| *revision.data == patch);
    let known = at.map(|at| all.remove(at));
    let number = all.last().map_or(1, |newest| newest.revision + 1);
    let current = match known {
        None => create(set, owner, patch, number, context)?,
        Some(known) if known.revision < number => {
            let mut renumbered = (*known).clone();
            renumbered.revision = number;
            typed(&context.update(renumbered)?)
        }
        Some(known) => known,
    };
    Ok(History { current, old: all })
}

fn create(
    set: &DaemonSet,
    owner: &Object,
    patch: Value,
    number: i64,
    context: &mut Context<'_>,
) -> Result<Rc<ControllerRevision>, Status> {
    let hash = template_hash::hash_of(&set.spec.template, set.status.collision_count);
    let mut labels = set.spec.template.metadata.labels.clone();
    labels.insert(HASH_LABEL, hash.clone());
    let metadata = ObjectMeta {
        labels,
        annotations: set.metadata.annotations.clone(),
        owner_references: EcoVec::from([controller_reference(owner)]),
        ..ObjectMeta::new(set.metadata.namespace.clone(), format_str!("{}-{hash}", set.metadata.name))
    };
    let data = Rc::new(patch);
    let revision =
        ControllerRevision { metadata, data: data.clone(), revision: number, ..ControllerRevision::default() };
    let key = revision.key();
    match context.create(revision) {
        Ok(object) => Ok(typed(&object)),
        Err(refused) if refused.reason == Reason::AlreadyExists => {
            let existing = context.api.get_as::<ControllerRevision>(&key)?;
            if existing.data == data {
                return Ok(existing);
            }
            // Two templates have one hash: the next sync tries another.
            let mut changed = set.clone();
            *changed.status.collision_count.get_or_insert(0) += 1;
            context.update_status(changed)?;
            Err(refused)
        }
        Err(refused) => Err(refused),
    }
}

/// Deletes the oldest revisions beyond the set's limit that no pod has.
pub(super) fn clean_up(
    set: &DaemonSet,
    pods: &[Rc<Pod>],
    history: &History,
    context: &mut Context<'_>,
) -> Result<(), Status> {
    let limit = usize::try_from(set.spec.revision_history_limit.unwrap_or(10)).unwrap_or(usize::MAX);
    let surplus = history.old.len().saturating_sub(limit);
    let hash_of = |metadata: &ObjectMeta| metadata.labels.get_str(HASH_LABEL).cloned();
    let is_live = |revision: &ControllerRevision| {
        let hash = hash_of(&revision.metadata);
        pods.iter().any(|pod| hash_of(&pod.metadata) == hash)
    };
    for revision in history.old.iter().filter(|revision| !is_live(revision)).take(surplus) {
        context.delete(Kind::ControllerRevision, &revision.key(), &client::DeleteOptions::default())?;
    }
    Ok(())
}

fn typed(object: &Object) -> Rc<ControllerRevision> {
    object.get::<ControllerRevision>().expect("claimed and written as one").clone()
}
