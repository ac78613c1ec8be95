//! Deletes Jobs that have ended and whose time to stay is over, their pods first.
//!
//! Models: kubernetes v1.36 pkg/controller/ttlafterfinished.

use api::{Job, Key, Kind, Object, Reason, Resource};
use client::{Change, ChangeKind, DeleteOptions, Propagation, WorkQueue};
use sim::{Span, Time};

use crate::context::Context;

/// The Jobs to look at, and when.
#[derive(Clone, Debug, Default)]
pub(crate) struct TtlAfterFinishedController(WorkQueue<Key>);

/// When a Job is to go, if it is.
fn expires_at(job: &Job) -> Option<Time> {
    let seconds = job.spec.ttl_seconds_after_finished.filter(|_| !job.metadata.is_terminating())?;
    let ended_at = job.status.finished()?.last_transition_time?;
    Some(ended_at + Span::from_seconds(i64::from(seconds)))
}

impl TtlAfterFinishedController {
    pub(crate) fn on_change(&mut self, change: &Change, context: &Context<'_>) {
        let Object::Job(job) = &change.object else { return };
        if let Some(at) = expires_at(job).filter(|_| change.kind != ChangeKind::Deleted) {
            self.0.add_at(job.key(), at.max(context.now));
        }
    }

    pub(crate) fn run(&mut self, context: &mut Context<'_>) {
        while let Some((key, _)) = self.0.pop(context.now) {
            context.counters.syncs += 1;
            // The server knows best: the time to stay may have been changed since.
            let Ok(job) = context.api.get_as::<Job>(&key) else { continue };
            match expires_at(&job) {
                Some(at) if at > context.now => self.0.add_at(key, at),
                Some(_) => {
                    let options = DeleteOptions {
                        propagation: Some(Propagation::Foreground),
                        uid: Some(job.metadata.uid.clone()),
                        ..DeleteOptions::default()
                    };
                    match context.delete(Kind::Job, &key, &options) {
                        Err(status) if status.reason != Reason::NotFound => self.0.add_rate_limited(key, context.now),
                        _ => self.0.forget(&key),
                    }
                }
                None => {}
            }
        }
    }

    pub(crate) fn next_at(&self) -> Option<Time> {
        self.0.next_at()
    }
}
