//! Pods that wait for a node.
//!
//! Models: kubernetes v1.36 pkg/scheduler/backend/queue: an active queue by priority and age, a back-off queue that is
//! served early when nothing else waits, and unschedulable pods that wait for a relevant event.

use std::cmp::Reverse;
use std::collections::{BTreeMap, BTreeSet};
use std::rc::Rc;

use api::{Key, Pod};
use sim::{Span, Time};

use crate::framework::ClusterEvent;
use crate::plugins::{self, volume_binding};

const INITIAL_BACKOFF: Span = Span::from_seconds(1);
const MAX_BACKOFF: Span = Span::from_seconds(10);
/// An unschedulable pod is tried again after this long, whatever happened.
const FLUSH_AFTER: Span = Span::from_seconds(300);

/// Higher priority first, then earlier arrival.
type Rank = (Reverse<i32>, Time, u64, Key);

#[derive(Clone, Debug, Default)]
pub(crate) struct SchedulingQueue {
    pods: BTreeMap<Key, Waiting>,
    active: BTreeSet<Rank>,
    backing_off: BTreeSet<(Time, Key)>,
    unschedulable: BTreeSet<Key>,
    sequence: u64,
}

#[derive(Clone, Debug)]
struct Waiting {
    pod: Rc<Pod>,
    added: Time,
    sequence: u64,
    attempts: u32,
    last_failure: Time,
    refused_by: BTreeSet<&'static str>,
}

impl Waiting {
    fn rank(&self) -> Rank {
        (Reverse(self.pod.spec.priority.unwrap_or(0)), self.added, self.sequence, self.pod.metadata.key())
    }

    fn backoff_until(&self) -> Time {
        let doubled = INITIAL_BACKOFF.0.saturating_mul(1 << self.attempts.saturating_sub(1).min(10));
        self.last_failure + Span(doubled).min(MAX_BACKOFF)
    }
}

impl SchedulingQueue {
    /// A pod without a node was seen, new or changed.
    pub(crate) fn set(&mut self, pod: Rc<Pod>, now: Time) {
        let key = pod.metadata.key();
        if let Some(waiting) = self.pods.get_mut(&key) {
            let spec_changed = !Rc::ptr_eq(&waiting.pod.spec, &pod.spec) && waiting.pod.spec != pod.spec;
            let labels_changed = waiting.pod.metadata.labels != pod.metadata.labels;
            waiting.pod = pod;
            if (spec_changed || labels_changed) && self.unschedulable.remove(&key) {
                self.release(&key, now);
            }
            return;
        }
        self.sequence += 1;
        let waiting = Waiting {
            pod,
            added: now,
            sequence: self.sequence,
            attempts: 0,
            last_failure: now,
            refused_by: BTreeSet::new(),
        };
        self.active.insert(waiting.rank());
        self.pods.insert(key, waiting);
    }

    /// A pod has a node, or is gone.
    pub(crate) fn remove(&mut self, key: &Key) {
        if let Some(waiting) = self.pods.remove(key) {
            self.active.remove(&waiting.rank());
            self.unschedulable.remove(key);
            self.backing_off.retain(|(_, other)| other != key);
        }
    }

    /// The next pod to try. When no pod is active, one that backs off is taken before its time.
    pub(crate) fn pop(&mut self, now: Time) -> Option<Rc<Pod>> {
        self.flush(now);
        let key = match self.active.pop_first() {
            Some((.., key)) => key,
            None => self.backing_off.pop_first()?.1,
        };
        let waiting = self.pods.get_mut(&key)?;
        waiting.attempts += 1;
        Some(waiting.pod.clone())
    }

    /// The pod did not fit: it waits until something happens that could help.
    pub(crate) fn park(&mut self, key: &Key, refused_by: BTreeSet<&'static str>, now: Time) {
        if let Some(waiting) = self.pods.get_mut(key) {
            waiting.refused_by = refused_by;
            waiting.last_failure = now;
            self.unschedulable.insert(key.clone());
        }
    }

    /// Something happened, perhaps to one claim: the pods that it could help are tried again.
    pub(crate) fn on_event(&mut self, event: ClusterEvent, claim: Option<&Key>, now: Time) {
        if self.unschedulable.is_empty() {
            return;
        }
        let concerns = |pod: &Pod| claim.is_none_or(|claim| volume_binding::claim_keys(pod).any(|key| key == *claim));
        let helped: Vec<Key> = self
            .unschedulable
            .iter()
            .filter(|key| {
                let waiting = self.pods.get(*key);
                waiting.is_some_and(|waiting| plugins::could_help(event, &waiting.refused_by) && concerns(&waiting.pod))
            })
            .cloned()
            .collect();
        for key in helped {
            self.unschedulable.remove(&key);
            self.release(&key, now);
        }
    }

    /// When an unschedulable pod is tried again without an event.
    pub(crate) fn next_at(&self) -> Option<Time> {
        let waiting = self.unschedulable.iter().filter_map(|key| self.pods.get(key));
        waiting.map(|waiting| waiting.last_failure + FLUSH_AFTER).min()
    }

    /// How many pods wait.
    pub(crate) fn len(&self) -> usize {
        self.pods.len()
    }

    fn release(&mut self, key: &Key, now: Time) {
        let Some(waiting) = self.pods.get(key) else { return };
        let until = waiting.backoff_until();
        if until <= now {
            self.active.insert(waiting.rank());
        } else {
            self.backing_off.insert((until, key.clone()));
        }
    }

    fn flush(&mut self, now: Time) {
        while self.backing_off.first().is_some_and(|(until, _)| *until <= now) {
            let Some((_, key)) = self.backing_off.pop_first() else { return };
            if let Some(waiting) = self.pods.get(&key) {
                self.active.insert(waiting.rank());
            }
        }
        let stale = |key: &&Key| self.pods.get(*key).is_some_and(|waiting| waiting.last_failure + FLUSH_AFTER <= now);
        let stale: Vec<Key> = self.unschedulable.iter().filter(stale).cloned().collect();
        for key in stale {
            self.unschedulable.remove(&key);
            self.release(&key, now);
        }
    }
}
