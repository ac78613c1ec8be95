//! Queues of keys.

use ordered::{OrderedMap, OrderedSet};
use std::collections::VecDeque;

use ::api::Str;
use sim::{Span, Time};

/// Keys to look at, each once however often it was added, in the order of their first adding; some of them later.
///
/// Models: kubernetes v1.36 client-go util/workqueue with the default rate limiter (5 ms doubled per failure, at most 1000 s).
#[derive(Clone, Debug)]
pub struct WorkQueue<K: Ord + Clone> {
    ready: VecDeque<K>,
    /// The first reason given for each key that is ready. Not part of a key's identity; it is for the reader.
    reasons: OrderedMap<K, Str>,
    later: OrderedSet<(Time, K)>,
    failures: OrderedMap<K, u32>,
}

const BASE_DELAY: Span = Span::from_millis(5);
const MAX_DELAY: Span = Span::from_seconds(1_000);

impl<K: Ord + Clone> Default for WorkQueue<K> {
    fn default() -> Self {
        WorkQueue {
            ready: VecDeque::new(),
            reasons: OrderedMap::new(),
            later: OrderedSet::new(),
            failures: OrderedMap::new(),
        }
    }
}

impl<K: Ord + Clone> WorkQueue<K> {
    /// An empty queue.
    pub fn new() -> Self {
        WorkQueue::default()
    }

    /// Adds a key now, with the reason for it.
    pub fn add(&mut self, key: K, reason: impl Into<Str>) {
        if !self.reasons.contains_key(&key) {
            self.ready.push_back(key.clone());
            self.reasons.insert(key, reason.into());
        }
    }

    /// Adds a key at a later instant. An earlier adding of the same key stays as well.
    pub fn add_at(&mut self, key: K, at: Time) {
        self.later.insert((at, key));
    }

    /// Adds a key after the back-off that its failures have earned, and counts one more failure.
    pub fn add_rate_limited(&mut self, key: K, now: Time) {
        let failures = self.failures.entry(key.clone()).or_insert(0);
        let delay = Span(BASE_DELAY.0.saturating_mul(1 << (*failures).min(40))).min(MAX_DELAY);
        *failures += 1;
        self.add_at(key, now + delay);
    }

    /// The key succeeded: its failures no longer count.
    pub fn forget(&mut self, key: &K) {
        self.failures.remove(key);
    }

    /// How often in a row the key has failed.
    pub fn failures(&self, key: &K) -> u32 {
        self.failures.get(key).copied().unwrap_or(0)
    }

    /// Takes the next key that is due, with its first reason.
    pub fn pop(&mut self, now: Time) -> Option<(K, Str)> {
        while self.later.first().is_some_and(|(at, _)| *at <= now) {
            let (_, key) = self.later.pop_first()?;
            self.add(key, "it was due");
        }
        let key = self.ready.pop_front()?;
        let reason = self.reasons.remove(&key).unwrap_or_default();
        Some((key, reason))
    }

    /// When the next key is due, given that all that is due now has been taken.
    pub fn next_at(&self) -> Option<Time> {
        self.later.first().map(|(at, _)| *at)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_key_is_handed_out_once_with_its_first_reason() {
        let mut queue = WorkQueue::new();
        queue.add("web", "created");
        queue.add("web", "changed");
        assert_eq!(queue.pop(Time(0)), Some(("web", "created".into())));
        assert_eq!(queue.pop(Time(0)), None);
    }

    #[test]
    fn failures_double_the_wait_until_forgotten() {
        let mut queue = WorkQueue::new();
        queue.add_rate_limited("web", Time(0));
        assert_eq!(queue.next_at(), Some(Time(5_000)));
        assert!(queue.pop(Time(5_000)).is_some());
        queue.add_rate_limited("web", Time(5_000));
        assert_eq!(queue.next_at(), Some(Time(15_000)));
        queue.forget(&"web");
        assert_eq!(queue.failures(&"web"), 0);
    }
}
