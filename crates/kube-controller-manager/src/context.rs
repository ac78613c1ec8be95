//! What a controller is handed for one wake.

use ordered::OrderedMap;

use api::{Key, Kind, Object, Status};
use client::{Api, DeleteOptions, Informers};
use sim::{Span, Time};

use crate::counters::Counters;
use crate::indexes::Indexes;
use crate::why::{Why, Whys};

/// The means of a sync: caches to read, the API to write, the present instant.
pub(crate) struct Context<'a> {
    pub(crate) api: &'a mut dyn Api,
    pub(crate) cache: &'a Informers,
    pub(crate) indexes: &'a Indexes,
    pub(crate) now: Time,
    /// How old the caches are.
    pub(crate) watch_latency: Span,
    pub(crate) counters: &'a mut Counters,
    pub(crate) whys: &'a mut Whys,
}

impl Context<'_> {
    /// Everything committed at or before this instant is in the caches.
    pub(crate) fn seen_until(&self) -> Time {
        self.now - self.watch_latency
    }

    pub(crate) fn create(&mut self, object: impl Into<Object>) -> Result<Object, Status> {
        self.counters.writes += 1;
        self.api.create(object.into())
    }

    pub(crate) fn update(&mut self, object: impl Into<Object>) -> Result<Object, Status> {
        self.counters.writes += 1;
        self.api.update(object.into())
    }

    pub(crate) fn update_status(&mut self, object: impl Into<Object>) -> Result<Object, Status> {
        self.counters.writes += 1;
        self.api.update_status(object.into())
    }

    pub(crate) fn delete(&mut self, kind: Kind, key: &Key, options: &DeleteOptions) -> Result<Object, Status> {
        self.counters.writes += 1;
        self.api.delete(kind, key, options)
    }

    pub(crate) fn explain(&mut self, kind: Kind, key: &Key, why: Why) {
        self.whys.put(kind, key.clone(), why);
    }
}

/// When a controller last wrote about a key. Until its caches show those writes, a sync would decide on what it has
/// already changed, and would act (and record Events) twice.
#[derive(Clone, Debug, Default)]
pub(crate) struct LastWrites {
    at: OrderedMap<Key, Time>,
}

impl LastWrites {
    pub(crate) fn note(&mut self, key: &Key, now: Time) {
        self.at.insert(key.clone(), now);
    }

    pub(crate) fn forget(&mut self, key: &Key) {
        self.at.remove(key);
    }

    /// When the caches will show the last writes about `key`, if they do not yet.
    pub(crate) fn visible_at(&mut self, key: &Key, context: &Context<'_>) -> Option<Time> {
        let at = *self.at.get(key)?;
        if at <= context.seen_until() {
            self.at.remove(key);
            return None;
        }
        Some(at + context.watch_latency)
    }
}

/// When a key may be synced again. A sync takes time: so much for each object that it looks at; what changes meanwhile is
/// seen by one later sync. So a thousand pods that become Ready one by one cost a handful of syncs, not a thousand.
#[derive(Clone, Debug, Default)]
pub(crate) struct Pacer {
    busy_until: OrderedMap<Key, Time>,
}

/// What a sync takes per object; unnoticeable for a set of three.
const SYNC_TIME_PER_OBJECT: Span = Span(50);

impl Pacer {
    pub(crate) fn note(&mut self, key: &Key, objects: usize, now: Time) {
        self.busy_until.insert(key.clone(), now + Span(SYNC_TIME_PER_OBJECT.0 * objects as u64));
    }

    pub(crate) fn forget(&mut self, key: &Key) {
        self.busy_until.remove(key);
    }

    /// When the last sync of `key` ends, if it has not yet.
    pub(crate) fn busy_until(&self, key: &Key, now: Time) -> Option<Time> {
        self.busy_until.get(key).copied().filter(|until| *until > now)
    }
}
