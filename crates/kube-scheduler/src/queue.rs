//! Pods that wait for a node.
//!
//! Models: kubernetes v1.36 pkg/scheduler/backend/queue: an active queue by priority and by when a pod came, or was last
//! refused; a back-off queue that is served early when nothing else waits; and unschedulable pods that wait for an event
//! that matters to one of the plugins that refused them. One difference was chosen: a pod that came to a cluster without
//! nodes waits for any event instead of being tried every ten seconds.

use ordered::{OrderedMap, OrderedSet};
use std::cmp::Reverse;
use std::rc::Rc;

use api::{Key, Pod};
use sim::{Span, Time};

use crate::framework::{Event, Happened};
use crate::lister::Lister;
use crate::plugins::{self, volume_binding};

const INITIAL_BACKOFF: Span = Span::from_seconds(1);
const MAX_BACKOFF: Span = Span::from_seconds(10);
/// An unschedulable pod is tried again after this long, whatever happened.
const FLUSH_AFTER: Span = Span::from_seconds(300);

/// Pods whose back-off ends within so much of each other go by their rank.
const BACKOFF_WINDOW: Span = Span::from_seconds(1);

/// Higher priority first, then who came, or was refused, first.
type Rank = (Reverse<i32>, Time, u64, Key);

#[derive(Clone, Debug, Default)]
pub(crate) struct SchedulingQueue {
    pods: OrderedMap<Key, Waiting>,
    active: OrderedSet<Rank>,
    backing_off: OrderedSet<(Time, Rank)>,
    unschedulable: Unschedulable,
    sequence: u64,
}

#[derive(Clone, Debug)]
struct Waiting {
    pod: Rc<Pod>,
    /// When it came, or was last refused.
    since: Time,
    sequence: u64,
    attempts: u32,
    refused_by: OrderedSet<&'static str>,
}

impl Waiting {
    fn rank(&self) -> Rank {
        (Reverse(self.pod.spec.priority.unwrap_or(0)), self.since, self.sequence, self.pod.metadata.key())
    }

    fn backoff_until(&self) -> Time {
        let doubled = INITIAL_BACKOFF.0.saturating_mul(1 << self.attempts.saturating_sub(1).min(10));
        self.since + Span(doubled).min(MAX_BACKOFF)
    }
}

/// The beginning of the window of back-off that an instant is in.
fn window(at: Time) -> Time {
    Time(at.0 / BACKOFF_WINDOW.0 * BACKOFF_WINDOW.0)
}

/// Why a pod was refused: names of plugins.
type Refusal = OrderedSet<&'static str>;

/// The pods that wait for a relevant event, by what an event is looked up by: a thousand pods that wait for a thousand
/// claims must not cost a million looks.
#[derive(Clone, Debug, Default)]
struct Unschedulable {
    by_refusal: OrderedMap<Refusal, OrderedSet<Key>>,
    /// (claim, pod that uses it)
    by_claim: OrderedSet<(Key, Key)>,
    by_failure: OrderedSet<(Time, Key)>,
}

impl Unschedulable {
    fn insert(&mut self, waiting: &Waiting) {
        let key = waiting.pod.metadata.key();
        for claim in volume_binding::claim_keys(&waiting.pod) {
            self.by_claim.insert((claim, key.clone()));
        }
        self.by_refusal.entry(waiting.refused_by.clone()).or_default().insert(key.clone());
        self.by_failure.insert((waiting.since, key));
    }

    /// Takes a pod out; whether it was there.
    fn remove(&mut self, waiting: &Waiting) -> bool {
        let key = waiting.pod.metadata.key();
        for claim in volume_binding::claim_keys(&waiting.pod) {
            self.by_claim.remove(&(claim, key.clone()));
        }
        if let Some(pods) = self.by_refusal.get_mut(&waiting.refused_by) {
            pods.remove(&key);
            if pods.is_empty() {
                self.by_refusal.remove(&waiting.refused_by);
            }
        }
        self.by_failure.remove(&(waiting.since, key))
    }

    fn of_claim<'a>(&'a self, claim: &'a Key) -> impl Iterator<Item = &'a Key> {
        let from = (claim.clone(), Key::default());
        self.by_claim.range(from..).take_while(move |(here, _)| here == claim).map(|(_, pod)| pod)
    }

    /// Pods whose refusal an event could lift.
    fn helped_by(&self, event: &Event<'_>) -> impl Iterator<Item = &Key> {
        let actions = event.actions();
        let helped = self.by_refusal.iter().filter(move |(refused_by, _)| plugins::could_help(actions, refused_by));
        helped.flat_map(|(_, pods)| pods)
    }
}

impl SchedulingQueue {
    /// A pod without a node was seen, new or changed.
    pub(crate) fn set(&mut self, pod: Rc<Pod>, lister: &dyn Lister, now: Time) {
        let key = pod.metadata.key();
        if let Some(waiting) = self.pods.get_mut(&key) {
            let old = std::mem::replace(&mut waiting.pod, pod.clone());
            let happened = Happened { event: Event::Itself(&old, &pod), lister };
            if happened.event.actions() != 0 && plugins::is_worth_a_try(&pod, &waiting.refused_by, &happened) {
                self.retry(&key, now);
            }
            return;
        }
        self.sequence += 1;
        let waiting = Waiting { pod, since: now, sequence: self.sequence, attempts: 0, refused_by: OrderedSet::new() };
        self.active.insert(waiting.rank());
        self.pods.insert(key, waiting);
    }

    /// A pod has a node, or is gone.
    pub(crate) fn remove(&mut self, key: &Key) {
        if let Some(waiting) = self.pods.remove(key) {
            self.active.remove(&waiting.rank());
            self.unschedulable.remove(&waiting);
            self.backing_off.remove(&(window(waiting.backoff_until()), waiting.rank()));
        }
    }

    /// The next pod to try. When no pod is active, one that backs off is taken before its time.
    pub(crate) fn pop(&mut self, now: Time) -> Option<Rc<Pod>> {
        self.flush(now);
        let (.., key) = match self.active.pop_first() {
            Some(rank) => rank,
            None => self.backing_off.pop_first()?.1,
        };
        let waiting = self.pods.get_mut(&key)?;
        waiting.attempts += 1;
        Some(waiting.pod.clone())
    }

    /// The pod did not fit: it waits until something happens that could help.
    pub(crate) fn park(&mut self, key: &Key, refused_by: OrderedSet<&'static str>, now: Time) {
        if let Some(waiting) = self.pods.get_mut(key) {
            self.unschedulable.remove(waiting);
            self.sequence += 1;
            waiting.sequence = self.sequence;
            waiting.refused_by = refused_by;
            waiting.since = now;
            self.unschedulable.insert(waiting);
        }
    }

    /// Something happened: the pods that it could help are tried again.
    pub(crate) fn on_event(&mut self, happened: &Happened<'_>, now: Time) {
        let is_helped = |key: &&Key| self.is_helped(happened, key);
        let helped: Vec<Key> = match happened.event {
            Event::Claim(_, claim) => {
                self.unschedulable.of_claim(&claim.metadata.key()).filter(is_helped).cloned().collect()
            }
            _ => self.unschedulable.helped_by(&happened.event).filter(is_helped).cloned().collect(),
        };
        for key in helped {
            self.retry(&key, now);
        }
    }

    /// A pod has lost what it waited for: it is tried again.
    pub(crate) fn retry_now(&mut self, key: &Key, now: Time) {
        self.retry(key, now);
    }

    /// When an unschedulable pod is tried again without an event.
    pub(crate) fn next_at(&self) -> Option<Time> {
        self.unschedulable.by_failure.first().map(|(failure, _)| *failure + FLUSH_AFTER)
    }

    /// Whether a pod waits for nothing but its turn.
    pub(crate) fn has_ready(&self) -> bool {
        !self.active.is_empty() || !self.backing_off.is_empty()
    }

    /// How many pods wait.
    pub(crate) fn len(&self) -> usize {
        self.pods.len()
    }

    fn is_helped(&self, happened: &Happened<'_>, key: &Key) -> bool {
        let waiting = self.pods.get(key);
        waiting.is_some_and(|waiting| plugins::is_worth_a_try(&waiting.pod, &waiting.refused_by, happened))
    }

    /// An unschedulable pod is tried again, now or when its back-off ends.
    fn retry(&mut self, key: &Key, now: Time) {
        if let Some(waiting) = self.pods.get(key)
            && self.unschedulable.remove(waiting)
        {
            self.release(key, now);
        }
    }

    fn release(&mut self, key: &Key, now: Time) {
        let Some(waiting) = self.pods.get(key) else { return };
        let until = window(waiting.backoff_until());
        if until <= window(now) {
            self.active.insert(waiting.rank());
        } else {
            self.backing_off.insert((until, waiting.rank()));
        }
    }

    fn flush(&mut self, now: Time) {
        while self.backing_off.first().is_some_and(|(until, _)| *until <= now) {
            let Some((_, rank)) = self.backing_off.pop_first() else { return };
            self.active.insert(rank);
        }
        let stale = self.unschedulable.by_failure.iter().take_while(|(failure, _)| *failure + FLUSH_AFTER <= now);
        let stale: Vec<Key> = stale.map(|(_, key)| key.clone()).collect();
        for key in stale {
            self.retry(&key, now);
        }
    }
}

#[cfg(test)]
mod tests;
