//! The only place where the StatefulSet controller writes.
//!
//! Models: kubernetes v1.36 pkg/controller/statefulset/stateful_pod_control.go.

use std::rc::Rc;

use api::apps::stateful_set::StatefulSetStatus;
use api::core::pod::PodTemplateSpec;
use api::{
    ControllerRevision, Key, Kind, Object, PersistentVolumeClaim, Pod, Reason, Resource, StatefulSet, Status, Value,
};
use client::{DeleteOptions, EventKind, Recorder};
use thin::format_str;

use super::decide::{Action, PlannedAction, Revision};
use super::{COLLISIONS_MAX, Revisions, identity, retention, revision};
use crate::context::Context;
use crate::why::Why;

/// Carries out one plan.
pub(super) struct Applier<'a> {
    pub(super) set: &'a Rc<StatefulSet>,
    pub(super) revisions: &'a Revisions,
    pub(super) current_template: Rc<PodTemplateSpec>,
    pub(super) recorder: &'a mut Recorder,
}

/// What happened to a pod, in the words of Events.
#[derive(Clone, Copy)]
enum Verb {
    Create,
    Update,
    Delete,
}

impl Applier<'_> {
    /// Takes the steps in order. After an error an ordered set stops at once, a Parallel one after the batch.
    pub(super) fn apply_actions(&mut self, actions: &[PlannedAction], context: &mut Context<'_>) -> Result<(), Status> {
        let is_ordered = self.set.spec.pod_management_policy != "Parallel";
        let mut failed: Option<(u32, Status)> = None;
        let mut ordinal_without_claim = None;
        for PlannedAction { action, batch } in actions {
            if failed.as_ref().is_some_and(|(failed_in, _)| is_ordered || batch > failed_in) {
                break;
            }
            if let (Some((failed_ordinal, error)), Action::CreatePod { ordinal, .. }) = (&ordinal_without_claim, action)
                && failed_ordinal == ordinal
            {
                self.record_pod(Verb::Create, &identity::pod_name(self.set, *ordinal), Some(error), context);
                continue;
            }
            let Err(status) = self.apply(action, context) else { continue };
            if let Action::CreateClaim { ordinal, template } = action {
                let name = identity::claim_name(self.set, &self.set.spec.volume_claim_templates[*template], *ordinal);
                let error = format_str!("failed to create PVC {name}: {}", status.message);
                if is_ordered && self.makes_pod(actions, *ordinal) {
                    self.record_pod(Verb::Create, &identity::pod_name(self.set, *ordinal), Some(&error), context);
                }
                ordinal_without_claim = Some((*ordinal, error));
            }
            failed.get_or_insert((*batch, status));
        }
        failed.map_or(Ok(()), |(_, status)| Err(status))
    }

    fn makes_pod(&self, actions: &[PlannedAction], wanted: i32) -> bool {
        actions.iter().any(|planned| matches!(&planned.action, Action::CreatePod { ordinal, .. } if *ordinal == wanted))
    }

    fn apply(&mut self, action: &Action, context: &mut Context<'_>) -> Result<(), Status> {
        match action {
            Action::CreateClaim { ordinal, template } => self.create_claim(*ordinal, *template, context),
            Action::CreatePod { ordinal, revision, why } => self.create_pod(*ordinal, *revision, why, context),
            Action::FailToCreatePod { ordinal, error } => {
                self.record_pod(Verb::Create, &identity::pod_name(self.set, *ordinal), Some(error), context);
                Err(Status::internal(error.clone()))
            }
            Action::DeletePod { pod, why } => self.delete_pod(pod, why, context),
            Action::UpdatePod { pod } => self.update_pod(pod, context),
            Action::UpdateClaimOwners { pod, claim } => self.update_claim_owners(pod, claim, context),
        }
    }

    /// Creates a claim unless the store has it: the cache may be late.
    fn create_claim(&mut self, ordinal: i32, template: usize, context: &mut Context<'_>) -> Result<(), Status> {
        let claim = identity::new_claim(self.set, &self.set.spec.volume_claim_templates[template], ordinal);
        let (claim_name, pod_name) = (claim.metadata.name.clone(), identity::pod_name(self.set, ordinal));
        let outcome = context.create(claim);
        let set_name = &self.set.metadata.name;
        match &outcome {
            Ok(_) => {
                let message = format_str!("Create Claim {claim_name} Pod {pod_name} in StatefulSet {set_name} success");
                self.record(EventKind::Normal, "SuccessfulCreate", message, context);
            }
            Err(status) if status.reason == Reason::AlreadyExists => {}
            Err(status) => {
                let message = format_str!(
                    "Create Claim {claim_name} for Pod {pod_name} in StatefulSet {set_name} failed error: {}",
                    status.message
                );
                self.record(EventKind::Warning, "FailedCreate", message, context);
            }
        }
        outcome.map(drop)
    }

    fn create_pod(
        &mut self,
        ordinal: i32,
        revision: Revision,
        why: &Why,
        context: &mut Context<'_>,
    ) -> Result<(), Status> {
        let (template, revision) = match revision {
            Revision::Update => (&self.set.spec.template, &self.revisions.update),
            Revision::Current => (&*self.current_template, &self.revisions.current),
        };
        let pod = identity::new_pod(self.set, template, ordinal, &revision.metadata.name);
        let key = pod.metadata.key();
        match context.create(pod) {
            Ok(_) => {
                self.record_pod(Verb::Create, &key.name, None, context);
                context.explain(Kind::Pod, &key, why.clone());
                Ok(())
            }
            Err(status) => {
                if status.reason != Reason::AlreadyExists {
                    self.record_pod(Verb::Create, &key.name, Some(&status.message), context);
                }
                Err(status)
            }
        }
    }

    fn delete_pod(&mut self, pod: &Pod, why: &Why, context: &mut Context<'_>) -> Result<(), Status> {
        let key = pod.metadata.key();
        let outcome = context.delete(Kind::Pod, &key, &DeleteOptions::default());
        let error = outcome.as_ref().err().map(|status| status.message.clone());
        self.record_pod(Verb::Delete, &key.name, error.as_ref(), context);
        if outcome.is_ok() {
            context.explain(Kind::Pod, &key, why.clone());
        }
        outcome.map(drop)
    }

    fn update_pod(&mut self, pod: &Pod, context: &mut Context<'_>) -> Result<(), Status> {
        let outcome = context.update(identity::repaired(self.set, pod));
        let error = outcome.as_ref().err().map(|status| status.message.clone());
        self.record_pod(Verb::Update, &pod.metadata.name, error.as_ref(), context);
        outcome.map(drop)
    }

    fn update_claim_owners(
        &mut self,
        pod: &Pod,
        claim: &PersistentVolumeClaim,
        context: &mut Context<'_>,
    ) -> Result<(), Status> {
        if retention::has_unexpected_controller(self.set, pod, claim) {
            let name = &claim.metadata.name;
            let message = format_str!(
                "PersistentVolumeClaim {name} has a conflicting OwnerReference that acts as a manging controller, the \
                 retention policy is ignored for this claim"
            );
            self.record(EventKind::Warning, "ConflictingController", message, context);
        }
        let mut claim = claim.clone();
        retention::update_owners(self.set, pod, &mut claim);
        context.update(claim).map(drop)
    }

    /// Stores the status if it says something new. After a conflict it is put on the object as it is by then.
    pub(super) fn apply_status(&mut self, status: &StatefulSetStatus, context: &mut Context<'_>) -> Result<(), Status> {
        if !is_news(&self.set.status, self.set.metadata.generation, status) {
            return Ok(());
        }
        let mut set = (**self.set).clone();
        set.status = status.clone();
        match context.update_status(set) {
            Err(refused) if refused.reason == Reason::Conflict => {
                let mut fresh = (*context.api.get_as::<StatefulSet>(&self.set.key())?).clone();
                fresh.status = status.clone();
                context.update_status(fresh).map(drop)
            }
            outcome => outcome.map(drop),
        }
    }

    fn record_pod(&mut self, verb: Verb, pod: &str, error: Option<&api::Str>, context: &mut Context<'_>) {
        let (word, success, failure) = match verb {
            Verb::Create => ("Create", "SuccessfulCreate", "FailedCreate"),
            Verb::Update => ("Update", "SuccessfulUpdate", "FailedUpdate"),
            Verb::Delete => ("Delete", "SuccessfulDelete", "FailedDelete"),
        };
        let set = &self.set.metadata.name;
        match error {
            None => {
                let message = format_str!("{word} Pod {pod} in StatefulSet {set} successful");
                self.record(EventKind::Normal, success, message, context);
            }
            Some(error) => {
                let message = format_str!("{word} Pod {pod} in StatefulSet {set} failed error: {error}");
                self.record(EventKind::Warning, failure, message, context);
            }
        }
    }

    fn record(&mut self, kind: EventKind, reason: &'static str, message: api::Str, context: &mut Context<'_>) {
        self.recorder.event(context.api, &Object::StatefulSet(self.set.clone()), kind, reason, message);
    }
}

/// Whether a status differs from the stored one in a field that the controller writes.
fn is_news(stored: &StatefulSetStatus, generation: i64, status: &StatefulSetStatus) -> bool {
    debug_assert_eq!(status.observed_generation, generation);
    status.observed_generation > stored.observed_generation
        || status.replicas != stored.replicas
        || status.current_replicas != stored.current_replicas
        || status.ready_replicas != stored.ready_replicas
        || status.updated_replicas != stored.updated_replicas
        || status.available_replicas != stored.available_replicas
        || status.current_revision != stored.current_revision
        || status.update_revision != stored.update_revision
}

/// Gives an old revision a new number.
pub(super) fn renumber(
    revision: &ControllerRevision,
    number: i64,
    context: &mut Context<'_>,
) -> Result<Rc<ControllerRevision>, Status> {
    let mut renumbered = revision.clone();
    renumbered.revision = number;
    context.update(renumbered).map(|object| typed(&object))
}

/// Stores the present template. A name that is taken by other data is a collision of hashes: the next hash is tried.
pub(super) fn create_revision(
    set: &StatefulSet,
    patch: &Rc<Value>,
    number: i64,
    collision_count: &mut i32,
    context: &mut Context<'_>,
) -> Result<Rc<ControllerRevision>, Status> {
    let mut refused = None;
    for _ in 0..COLLISIONS_MAX {
        let candidate = revision::new_revision(set, patch.clone(), number, *collision_count);
        let key: Key = candidate.key();
        match context.create(candidate) {
            Ok(object) => return Ok(typed(&object)),
            Err(status) if status.reason == Reason::AlreadyExists => {
                let existing = context.api.get_as::<ControllerRevision>(&key)?;
                if existing.data == *patch {
                    return Ok(existing);
                }
                *collision_count += 1;
                refused = Some(status);
            }
            Err(status) => return Err(status),
        }
    }
    Err(refused.expect("the loop runs at least once and was left by collisions alone"))
}

fn typed(object: &Object) -> Rc<ControllerRevision> {
    object.get::<ControllerRevision>().expect("the server answers with the kind that was written").clone()
}
