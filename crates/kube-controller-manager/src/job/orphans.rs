//! Pods that still carry the finalizer of a Job that is gone or has ended: nobody will count them, so they are let go.
//!
//! Models: kubernetes v1.36 pkg/controller/job/job_controller.go (syncOrphanPod).

use api::{Job, Key, Kind, Pod, Reason, Status};
use client::WorkQueue;
use sim::Time;

use super::pods::{FINALIZER, has_finalizer};
use crate::context::Context;
use crate::controller_ref::controller_of;

/// The pods to look at.
#[derive(Clone, Debug, Default)]
pub(super) struct Orphans(WorkQueue<Key>);

/// Whether no Job that the caches know counts this pod.
pub(super) fn is_orphan(pod: &Pod, context: &Context<'_>) -> bool {
    controller_of::<Job>(&pod.metadata, context).is_none_or(|job| job.status.finished().is_some())
}

impl Orphans {
    pub(super) fn add(&mut self, key: Key) {
        self.0.add(key, "its Job is gone");
    }

    pub(super) fn next_at(&self) -> Option<Time> {
        self.0.next_at()
    }

    pub(super) fn run(&mut self, context: &mut Context<'_>) {
        while let Some((key, _)) = self.0.pop(context.now) {
            context.counters.syncs += 1;
            match sync(&key, context) {
                Ok(()) => self.0.forget(&key),
                Err(_) => self.0.add_rate_limited(key, context.now),
            }
        }
    }
}

fn sync(key: &Key, context: &mut Context<'_>) -> Result<(), Status> {
    let Some(pod) = context.cache.get::<Pod>(key).filter(|pod| has_finalizer(pod)) else { return Ok(()) };
    if let Some(owner) = pod.metadata.controller().filter(|owner| owner.kind == Kind::Job.name()) {
        let job = context.api.get_as::<Job>(&Key::new(key.namespace.clone(), owner.name.clone()));
        if job.is_ok_and(|job| job.metadata.uid == owner.uid && job.status.finished().is_none()) {
            return Ok(());
        }
    }
    release(key, context)
}

/// Takes the finalizer off a pod; one that is gone needs none.
pub(super) fn release(key: &Key, context: &mut Context<'_>) -> Result<(), Status> {
    let Ok(pod) = context.api.get_as::<Pod>(key) else { return Ok(()) };
    if !has_finalizer(&pod) {
        return Ok(());
    }
    let mut released = Pod::clone(&pod);
    released.metadata.finalizers.retain(|finalizer| finalizer != FINALIZER);
    match context.update(released) {
        Err(status) if status.reason != Reason::NotFound => Err(status),
        _ => Ok(()),
    }
}
