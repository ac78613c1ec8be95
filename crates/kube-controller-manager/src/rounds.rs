//! The rounds of a controller of pods: one key after the other, each not before the last round's writes are seen and its pace
//! allows.
//!
//! Models: kubernetes v1.36 pkg/controller, the worker loop that every controller has (processNextWorkItem), with the caches' lag
//! in place of expectations.

use api::{Key, Str};
use client::WorkQueue;
use ordered::OrderedMap;
use sim::Time;

use crate::context::{Context, LastWrites, Pacer};

/// Keys to sync, and when each may be.
#[derive(Clone, Debug, Default)]
pub(crate) struct Rounds {
    queue: WorkQueue<Key>,
    last_writes: LastWrites,
    /// Keys that wait for others to come along.
    batched: OrderedMap<Key, Time>,
    pacer: Pacer,
}

/// A round that has begun.
pub(crate) struct Round {
    /// Whose it is.
    pub(crate) key: Key,
    writes_before: u64,
}

impl Rounds {
    /// A key is to be looked at, and why.
    pub(crate) fn add(&mut self, key: Key, reason: impl Into<Str>) {
        self.queue.add(key, reason);
    }

    /// A key is to be looked at then.
    pub(crate) fn add_at(&mut self, key: Key, at: Time) {
        self.queue.add_at(key, at);
    }

    /// A key is to be looked at then, once, whatever else happens to it until then.
    pub(crate) fn add_batched(&mut self, key: Key, at: Time) {
        if !self.batched.contains_key(&key) {
            self.batched.insert(key.clone(), at);
            self.queue.add_at(key, at);
        }
    }

    /// A key has gone.
    pub(crate) fn forget(&mut self, key: &Key) {
        self.last_writes.forget(key);
        self.pacer.forget(key);
    }

    /// A round looks at so many pods, which sets the pace of the next ones.
    pub(crate) fn note(&mut self, key: &Key, pods: usize, now: Time) {
        self.pacer.note(key, pods, now);
    }

    /// The next round that may begin now.
    pub(crate) fn begin(&mut self, context: &mut Context<'_>) -> Option<Round> {
        while let Some((key, _)) = self.queue.pop(context.now) {
            if self.batched.get(&key).is_some_and(|at| *at <= context.now) {
                self.batched.remove(&key);
            }
            let busy_until = self.pacer.busy_until(&key, context.now);
            match self.last_writes.visible_at(&key, context).max(busy_until) {
                Some(at) => self.queue.add_at(key, at),
                None => {
                    context.counters.syncs += 1;
                    return Some(Round { key, writes_before: context.counters.writes });
                }
            }
        }
        None
    }

    /// A round has ended: well, and when the next one is due if the controller knows; or badly, which is tried again.
    pub(crate) fn end<E>(&mut self, round: Round, outcome: Result<Option<Time>, E>, context: &Context<'_>) {
        if context.counters.writes > round.writes_before {
            self.last_writes.note(&round.key, context.now);
        }
        match outcome {
            Ok(requeue_at) => {
                self.queue.forget(&round.key);
                if let Some(at) = requeue_at {
                    self.queue.add_at(round.key, at);
                }
            }
            Err(_) => self.queue.add_rate_limited(round.key, context.now),
        }
    }

    pub(crate) fn next_at(&self) -> Option<Time> {
        self.queue.next_at()
    }
}
