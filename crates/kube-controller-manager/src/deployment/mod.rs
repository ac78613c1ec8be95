//! The Deployment controller: a ReplicaSet per template, and the way from one to the next.
//!
//! Events become keys; a key becomes one sync: claim the ReplicaSets, find that of the present template, decide on sizes and
//! status (`rollout`, `status`, pure), write (`apply`). What is absent: pods, which it only looks at before a Recreate, and
//! `spec.rollbackTo`, which no served version has.
//!
//! Models: kubernetes v1.36 pkg/controller/deployment.

mod apply;
pub mod math;
pub mod revision;
pub mod rollout;
pub mod status;

use std::rc::Rc;

use api::{Deployment, Key, Kind, Object, Pod, Reason, ReplicaSet, Resource, Status};
use client::{Change, ChangeKind, Recorder, RecorderApi, WorkQueue};
use sim::Time;

use crate::context::{Context, LastWrites};
use crate::controller_ref::{Claimant, controller_of, owners_touched};
use crate::why::Why;
use apply::Sync;

/// The controller's queue.
#[derive(Clone, Debug)]
pub(crate) struct DeploymentController {
    queue: WorkQueue<Key>,
    recorder: Recorder,
    last_writes: LastWrites,
}

/// The ReplicaSets of a sync.
struct Sets {
    /// That of the present template.
    new: Option<Rc<ReplicaSet>>,
    old: Vec<Rc<ReplicaSet>>,
}

impl Sets {
    fn all(&self) -> Vec<Rc<ReplicaSet>> {
        self.old.iter().chain(&self.new).cloned().collect()
    }
}

/// Whether a sync may create the set of the present template.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Missing {
    Create,
    Leave,
}

impl DeploymentController {
    pub(crate) fn new() -> DeploymentController {
        DeploymentController {
            queue: WorkQueue::new(),
            recorder: Recorder::new("deployment-controller", "", RecorderApi::Core),
            last_writes: LastWrites::default(),
        }
    }

    pub(crate) fn on_change(&mut self, change: &Change, context: &Context<'_>) {
        match &change.object {
            Object::Deployment(deployment) => self.queue.add(deployment.key(), "the Deployment changed"),
            Object::ReplicaSet(_) => {
                for key in owners_touched(change, Kind::Deployment, context) {
                    self.queue.add(key, "a ReplicaSet changed");
                }
            }
            Object::Pod(pod) if change.kind == ChangeKind::Deleted => self.on_pod_gone(pod, context),
            _ => {}
        }
    }

    /// A Recreate waits for the last old pod.
    fn on_pod_gone(&mut self, pod: &Pod, context: &Context<'_>) {
        let Some(set) = controller_of::<ReplicaSet>(&pod.metadata, context) else { return };
        let Some(deployment) = controller_of::<Deployment>(&set.metadata, context) else { return };
        if deployment.spec.strategy.kind == "Recreate" {
            self.queue.add(deployment.key(), "a pod is gone");
        }
    }

    /// Syncs all Deployments that are due.
    pub(crate) fn run(&mut self, context: &mut Context<'_>) {
        while let Some((key, _)) = self.queue.pop(context.now) {
            if let Some(at) = self.last_writes.visible_at(&key, context) {
                self.queue.add_at(key, at);
                continue;
            }
            context.counters.syncs += 1;
            let writes = context.counters.writes;
            let mut written_at = context.now;
            match self.sync(&key, context) {
                Ok(requeue_at) => {
                    self.queue.forget(&key);
                    if let Some(at) = requeue_at {
                        self.queue.add_at(key.clone(), at);
                    }
                }
                Err(status) => {
                    // Upstream tries again before its cache shows its own write, and is refused once more.
                    if status.reason == Reason::Conflict {
                        written_at += context.watch_latency;
                    }
                    self.queue.add_rate_limited(key.clone(), context.now);
                }
            }
            if context.counters.writes > writes {
                self.last_writes.note(&key, written_at);
            }
        }
    }

    pub(crate) fn next_at(&self) -> Option<Time> {
        self.queue.next_at()
    }

    fn sync(&mut self, key: &Key, context: &mut Context<'_>) -> Result<Option<Time>, Status> {
        let Some(cached) = context.cache.get::<Deployment>(key).cloned() else {
            self.last_writes.forget(key);
            return Ok(None);
        };
        let mut sync = Sync {
            deployment: (*cached).clone(),
            about: Object::Deployment(cached),
            recorder: &mut self.recorder,
            has_written: false,
        };
        sync.run(context)
    }
}

impl Sync<'_> {
    fn run(&mut self, context: &mut Context<'_>) -> Result<Option<Time>, Status> {
        if self.deployment.spec.selector.is_empty() {
            return self.refuse_selecting_all(context);
        }
        let sets = self.claim_sets(context)?;
        if self.deployment.metadata.is_terminating() {
            let sets = self.find_sets(&sets, Missing::Leave, context)?;
            return self.finish_without_rollout(&sets, context);
        }
        if let Some(condition) = status::decide_pause_condition(&self.deployment, context.now) {
            status::set_condition(&mut self.deployment.status, condition);
            self.write_status(context)?;
        }
        if self.deployment.spec.paused {
            return self.scale(&sets, context);
        }
        let found = self.find_sets(&sets, Missing::Leave, context)?;
        if rollout::is_scaling_event(&self.deployment, &found.all()) {
            return self.scale(&found.all(), context);
        }
        match math::is_rolling(&self.deployment) {
            true => self.roll(&sets, found, context),
            false => self.recreate(&sets, found, context),
        }
    }

    fn refuse_selecting_all(&mut self, context: &mut Context<'_>) -> Result<Option<Time>, Status> {
        let message = "This deployment is selecting all pods. A non-empty selector is required.";
        self.warn("SelectingAll", message.into(), context);
        if self.deployment.status.observed_generation < self.deployment.metadata.generation {
            self.deployment.status.observed_generation = self.deployment.metadata.generation;
            self.write_status(context)?;
        }
        Ok(None)
    }

    fn claim_sets(&self, context: &mut Context<'_>) -> Result<Vec<Rc<ReplicaSet>>, Status> {
        let claimant = Claimant::new(&self.about);
        let claimed = claimant.claim(Kind::ReplicaSet, &|_| true, context)?;
        Ok(claimed.iter().map(apply::typed).collect())
    }

    /// Tells new from old, and keeps annotations and the revision up to date.
    fn find_sets(
        &mut self,
        sets: &[Rc<ReplicaSet>],
        missing: Missing,
        context: &mut Context<'_>,
    ) -> Result<Sets, Status> {
        let old = revision::find_old(&self.deployment, sets);
        let number = old.iter().map(|set| revision::revision(set)).max().unwrap_or(0) + 1;
        let new = match revision::find_new(&self.deployment, sets) {
            Some(set) => Some(self.adopt_new(set, number, context)?),
            None if missing == Missing::Create => {
                let total = revision::total(&old, |set| set.spec.replicas());
                Some(self.create_new(total, number, context)?)
            }
            None => None,
        };
        Ok(Sets { new, old })
    }

    /// The same with the set of the present template, made if it is missing.
    fn find_or_create(
        &mut self,
        sets: &[Rc<ReplicaSet>],
        found: Sets,
        context: &mut Context<'_>,
    ) -> Result<(Rc<ReplicaSet>, Sets), Status> {
        let found = if found.new.is_some() { found } else { self.find_sets(sets, Missing::Create, context)? };
        let new = found.new.clone().expect("it was found or has just been made");
        Ok((new, found))
    }

    fn roll(
        &mut self,
        sets: &[Rc<ReplicaSet>],
        found: Sets,
        context: &mut Context<'_>,
    ) -> Result<Option<Time>, Status> {
        let (new, sets) = self.find_or_create(sets, found, context)?;
        if let Some(size) = rollout::decide_new_size(&self.deployment, &sets.all(), &new) {
            self.apply_sizes(vec![(new, size)], context)?;
            return self.finish(&sets, context);
        }
        let sizes = rollout::decide_old_sizes(&self.deployment, &sets.old, &new);
        if self.apply_sizes(sizes, context)? == 0 {
            self.clean_up_if_complete(&sets.old, context)?;
        }
        self.finish(&sets, context)
    }

    fn recreate(
        &mut self,
        sets: &[Rc<ReplicaSet>],
        found: Sets,
        context: &mut Context<'_>,
    ) -> Result<Option<Time>, Status> {
        let sizes = rollout::decide_emptying(&found.old);
        if self.apply_sizes(sizes, context)? > 0 || rollout::old_pods_run(&found.old, &|set| pods_of(set, context)) {
            return self.finish(&found, context);
        }
        let (new, sets) = self.find_or_create(sets, found, context)?;
        let wanted = self.deployment.spec.replicas();
        if new.spec.replicas() != wanted {
            self.apply_sizes(vec![(new, wanted)], context)?;
        }
        self.clean_up_if_complete(&sets.old, context)?;
        self.finish(&sets, context)
    }

    fn clean_up_if_complete(&mut self, old: &[Rc<ReplicaSet>], context: &mut Context<'_>) -> Result<(), Status> {
        if !status::is_complete(&self.deployment, &self.deployment.status) {
            return Ok(());
        }
        self.clean_up(old, context)
    }

    fn clean_up(&mut self, old: &[Rc<ReplicaSet>], context: &mut Context<'_>) -> Result<(), Status> {
        let surplus = rollout::decide_cleanup(&self.deployment, old);
        self.apply_cleanup(&surplus, context)
    }

    /// A change of size, or a paused Deployment: sizes follow, templates wait.
    fn scale(&mut self, sets: &[Rc<ReplicaSet>], context: &mut Context<'_>) -> Result<Option<Time>, Status> {
        let sets = self.find_sets(sets, Missing::Leave, context)?;
        let sizes = rollout::decide_scaling(&self.deployment, sets.new.as_ref(), &sets.old);
        self.apply_sizes(sizes, context)?;
        if self.deployment.spec.paused {
            self.clean_up(&sets.old, context)?;
        }
        self.finish_without_rollout(&sets, context)
    }

    fn finish_without_rollout(&mut self, sets: &Sets, context: &mut Context<'_>) -> Result<Option<Time>, Status> {
        let status = status::decide_counts(&self.deployment, &sets.all(), sets.new.as_ref(), context.now);
        if status != self.deployment.status {
            self.deployment.status = status;
            self.write_status(context)?;
        }
        Ok(None)
    }

    fn finish(&mut self, sets: &Sets, context: &mut Context<'_>) -> Result<Option<Time>, Status> {
        let status = status::decide_rollout_status(&self.deployment, &sets.all(), sets.new.as_ref(), context.now);
        let why = if status::is_complete(&self.deployment, &status) { Why::AsWanted } else { Why::RollsOut };
        context.explain(Kind::Deployment, &self.about.key(), why);
        if status == self.deployment.status {
            return Ok(status::decide_recheck(&self.deployment, &status, context.now));
        }
        self.deployment.status = status;
        self.write_status(context)?;
        Ok(None)
    }
}

fn pods_of(set: &ReplicaSet, context: &Context<'_>) -> Vec<Rc<Pod>> {
    let keys = context.indexes.dependents_of_kind(&set.metadata.uid, Kind::Pod);
    let pods = keys.filter_map(|key| context.cache.get::<Pod>(key));
    pods.filter(|pod| pod.metadata.is_controlled_by(&set.metadata.uid)).cloned().collect()
}
