//! The only place where the Deployment controller writes.
//!
//! Models: kubernetes v1.36 pkg/controller/deployment/sync.go.

use std::rc::Rc;

use api::apps::replica_set::ReplicaSetSpec;
use api::meta::ConditionStatus;
use api::{Deployment, Kind, Object, ObjectMeta, Reason, ReplicaSet, Resource, Status, Str};
use client::{DeleteOptions, EventKind, Recorder};
use ecow::EcoVec;
use thin::format_str;

use super::math;
use super::revision::{self, HASH_LABEL};
use super::rollout::Sizing;
use super::status::{self, PROGRESSING};
use crate::context::Context;
use crate::template_hash;
use crate::why::Why;

/// One sync's view of a Deployment: as it was in the cache, with what the sync has changed since.
pub(super) struct Sync<'a> {
    pub(super) deployment: Deployment,
    /// The Deployment as events name it.
    pub(super) about: Object,
    pub(super) recorder: &'a mut Recorder,
    /// Whether the status was written: upstream's next write of it would be on an old version, be refused, and be left to
    /// another sync.
    pub(super) has_written: bool,
}

impl Sync<'_> {
    /// Stores the status, and the annotations with it.
    pub(super) fn write_status(&mut self, context: &mut Context<'_>) -> Result<(), Status> {
        if self.has_written {
            return Err(Status::conflict(Kind::Deployment, &self.deployment.metadata.name));
        }
        self.has_written = true;
        context.update_status(self.deployment.clone()).map(drop)
    }

    fn record(&mut self, kind: EventKind, reason: &'static str, message: Str, context: &mut Context<'_>) {
        self.recorder.event(context.api, &self.about, kind, reason, message);
    }

    pub(super) fn warn(&mut self, reason: &'static str, message: Str, context: &mut Context<'_>) {
        self.record(EventKind::Warning, reason, message, context);
    }

    /// Gives sets their sizes, in order; how many changed.
    pub(super) fn apply_sizes(&mut self, sizes: Vec<Sizing>, context: &mut Context<'_>) -> Result<usize, Status> {
        let mut written: Vec<Rc<ReplicaSet>> = Vec::new();
        let mut changed = 0;
        for (set, size) in sizes {
            let latest = written.iter().rev().find(|latest| latest.metadata.uid == set.metadata.uid).unwrap_or(&set);
            let latest = latest.clone();
            let from = latest.spec.replicas();
            let Some(after) = self.resize(&latest, size, context)? else { continue };
            changed += usize::from(from != size);
            written.push(after);
        }
        Ok(changed)
    }

    fn resize(
        &mut self,
        set: &Rc<ReplicaSet>,
        size: i32,
        context: &mut Context<'_>,
    ) -> Result<Option<Rc<ReplicaSet>>, Status> {
        let from = set.spec.replicas();
        let mut changed = (**set).clone();
        let is_annotated = revision::set_replicas_annotations(&mut changed.metadata.annotations, &self.deployment);
        if from == size && !is_annotated {
            return Ok(None);
        }
        if from != size {
            Rc::make_mut(&mut changed.spec).replicas = Some(size);
        }
        let stored = typed(&context.update(changed)?);
        if from != size {
            self.record_scaling(&stored, from, size, context);
        }
        Ok(Some(stored))
    }

    fn record_scaling(&mut self, set: &ReplicaSet, from: i32, to: i32, context: &mut Context<'_>) {
        let way = if to > from { "up" } else { "down" };
        let message = format_str!("Scaled {way} replica set {} from {from} to {to}", set.metadata.name);
        self.record(EventKind::Normal, "ScalingReplicaSet", message, context);
        context.explain(Kind::ReplicaSet, &set.key(), Why::Sized { from, to });
    }

    /// Brings the set of the present template up to date, and the Deployment's revision with it.
    pub(super) fn adopt_new(
        &mut self,
        set: &Rc<ReplicaSet>,
        number: i64,
        context: &mut Context<'_>,
    ) -> Result<Rc<ReplicaSet>, Status> {
        let mut changed = (**set).clone();
        let min_ready_seconds = self.deployment.spec.min_ready_seconds;
        let is_annotated = revision::set_annotations(&mut changed.metadata.annotations, &self.deployment, number);
        if is_annotated || changed.spec.min_ready_seconds != min_ready_seconds {
            if changed.spec.min_ready_seconds != min_ready_seconds {
                Rc::make_mut(&mut changed.spec).min_ready_seconds = min_ready_seconds;
            }
            return context.update(changed).map(|object| typed(&object));
        }
        let text = changed.metadata.annotations.get_str(revision::REVISION).cloned().unwrap_or_default();
        let mut is_news = self.set_revision(&text);
        if status::has_deadline(&self.deployment) && !self.has_progress() {
            let message = format_str!("Found new replica set {:?}", set.metadata.name.as_str());
            self.set_progress(ConditionStatus::True, "FoundNewReplicaSet", message, context);
            is_news = true;
        }
        if is_news {
            self.write_status(context)?;
        }
        Ok(set.clone())
    }

    fn has_progress(&self) -> bool {
        status::find_condition(&self.deployment.status, PROGRESSING).is_some()
    }

    fn set_progress(&mut self, status: ConditionStatus, reason: &str, message: Str, context: &Context<'_>) {
        let condition = status::condition(PROGRESSING, status, reason, message, context.now);
        status::set_condition(&mut self.deployment.status, condition);
    }

    fn set_revision(&mut self, revision: &Str) -> bool {
        let annotations = &mut self.deployment.metadata.annotations;
        let is_news = annotations.get(revision::REVISION) != Some(revision.as_str());
        if is_news {
            annotations.insert(revision::REVISION, revision.clone());
        }
        is_news
    }

    /// Creates the set of the present template. `total` is the size of the others together.
    pub(super) fn create_new(
        &mut self,
        total: i32,
        number: i64,
        context: &mut Context<'_>,
    ) -> Result<Rc<ReplicaSet>, Status> {
        let set = new_replica_set(&self.deployment, &self.about, total, number);
        let (key, size) = (set.key(), set.spec.replicas());
        let (created, is_new) = match context.create(set) {
            Ok(object) => (typed(&object), true),
            Err(refused) if refused.reason == Reason::AlreadyExists => {
                (self.existing_or_collision(&key, refused, context)?, false)
            }
            Err(refused) => return Err(self.failed_creation(&key.name, refused, context)),
        };
        if is_new && size > 0 {
            self.record_scaling(&created, 0, size, context);
        }
        let mut is_news = self.set_revision(&format_str!("{number}"));
        if is_new && status::has_deadline(&self.deployment) {
            let message = format_str!("Created new replica set {:?}", created.metadata.name.as_str());
            self.set_progress(ConditionStatus::True, "NewReplicaSetCreated", message, context);
            is_news = true;
        }
        if is_news {
            self.write_status(context)?;
        }
        Ok(created)
    }

    /// The set that has the name already, if it is ours; otherwise two templates have one hash, and the next sync tries
    /// another.
    fn existing_or_collision(
        &mut self,
        key: &api::Key,
        refused: Status,
        context: &mut Context<'_>,
    ) -> Result<Rc<ReplicaSet>, Status> {
        let existing = context.api.get_as::<ReplicaSet>(key)?;
        let is_own = existing.metadata.is_controlled_by(&self.deployment.metadata.uid);
        if is_own && revision::is_equal_template(&existing.spec.template, &self.deployment.spec.template) {
            return Ok(existing);
        }
        *self.deployment.status.collision_count.get_or_insert(0) += 1;
        self.write_status(context)?;
        Err(refused)
    }

    fn failed_creation(&mut self, name: &str, refused: Status, context: &mut Context<'_>) -> Status {
        if refused.message.contains("because it is being terminated") {
            return refused;
        }
        let message = format_str!("Failed to create new replica set {name:?}: {}", refused.message);
        if status::has_deadline(&self.deployment) {
            self.set_progress(ConditionStatus::False, "ReplicaSetCreateError", message.clone(), context);
            // Whether this is stored matters less than the failure itself.
            drop(self.write_status(context));
        }
        self.warn("ReplicaSetCreateError", message, context);
        refused
    }

    /// Deletes old sets.
    pub(super) fn apply_cleanup(
        &mut self,
        surplus: &[Rc<ReplicaSet>],
        context: &mut Context<'_>,
    ) -> Result<(), Status> {
        for set in surplus {
            match context.delete(Kind::ReplicaSet, &set.key(), &DeleteOptions::default()) {
                Err(status) if status.reason != Reason::NotFound => return Err(status),
                Ok(_) | Err(_) => {}
            }
        }
        Ok(())
    }
}

fn new_replica_set(deployment: &Deployment, owner: &Object, total: i32, number: i64) -> ReplicaSet {
    let mut template = deployment.spec.template.clone();
    let hash = template_hash::hash_of(&template, deployment.status.collision_count);
    template.metadata.labels.insert(HASH_LABEL, hash.clone());
    let mut selector = deployment.spec.selector.clone();
    selector.match_labels.insert(HASH_LABEL, hash.clone());
    let mut annotations = api::StringMap::new();
    revision::set_annotations(&mut annotations, deployment, number);
    revision::set_replicas_annotations(&mut annotations, deployment);
    let metadata = ObjectMeta {
        labels: template.metadata.labels.clone(),
        annotations,
        owner_references: EcoVec::from([crate::controller_ref::controller_reference(owner)]),
        ..ObjectMeta::new(
            deployment.metadata.namespace.clone(),
            revision::replica_set_name(&deployment.metadata.name, &hash),
        )
    };
    let spec = ReplicaSetSpec {
        replicas: Some(math::new_replica_set_size(deployment, total, 0)),
        min_ready_seconds: deployment.spec.min_ready_seconds,
        selector,
        template,
        ..ReplicaSetSpec::default()
    };
    ReplicaSet { metadata, spec: Rc::new(spec), ..ReplicaSet::default() }
}

pub(super) fn typed(object: &Object) -> Rc<ReplicaSet> {
    object.get::<ReplicaSet>().expect("the server answers with the kind that was written").clone()
}
