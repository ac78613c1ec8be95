//! The store: objects by kind and key, one revision for all, a log per kind.
//!
//! Only this module assigns revisions. Nothing outside the API server holds a reference to it, mutable or not.
//!
//! Models: etcd as the API server uses it, and the watch cache in front of it.

mod digest;
mod initial;
mod log;

use ordered::OrderedMap;
use std::cell::OnceCell;
use std::collections::VecDeque;

use api::meta::ResourceVersion;
use api::{Key, Kind, Object, Status};
use client::{Change, ChangeKind};
use sim::{Span, Time};

use digest::Digest;
use initial::Initial;
use log::Log;

/// All objects, and what happened to them lately.
#[derive(Clone, Debug)]
pub(crate) struct Etcd {
    revision: u64,
    kinds: OrderedMap<Kind, KindStore>,
    digest: Digest,
    writes: u64,
    /// When which Event is to go if it still has this revision; an Event written again stands here again.
    expiries: VecDeque<(Time, Key, u64)>,
    initial: Initial,
}

/// How long an Event is kept after its last write (`--event-ttl`).
const EVENT_TTL: Span = Span::from_seconds(3_600);
/// Events go together with all others of this stretch of time.
const EXPIRY_GRID: Span = Span::from_seconds(60);

#[derive(Clone, Debug, Default)]
struct KindStore {
    objects: OrderedMap<Key, Object>,
    log: Log,
    last_change: u64,
}

impl Etcd {
    pub(crate) fn new(seed: u64, now: Time) -> Etcd {
        Etcd {
            revision: 0,
            kinds: OrderedMap::new(),
            digest: Digest::default(),
            writes: 0,
            expiries: VecDeque::new(),
            initial: Initial { seed, began: now, objects: OnceCell::new() },
        }
    }

    fn objects(&self, kind: Kind) -> Option<&OrderedMap<Key, Object>> {
        match self.kinds.get(&kind) {
            Some(store) => Some(&store.objects),
            None => self.initial.of(kind),
        }
    }

    /// The store of a kind, to be written to.
    fn store(&mut self, kind: Kind) -> &mut KindStore {
        let initial = &self.initial;
        self.kinds.entry(kind).or_insert_with(|| KindStore {
            objects: initial.of(kind).cloned().unwrap_or_default(),
            ..KindStore::default()
        })
    }

    pub(crate) fn revision(&self) -> u64 {
        self.revision
    }

    /// A number that depends on every write since the beginning, and on their order.
    pub(crate) fn digest(&self) -> u64 {
        self.digest.value()
    }

    /// How many writes there have been.
    pub(crate) fn writes(&self) -> u64 {
        self.writes
    }

    pub(crate) fn get(&self, kind: Kind, key: &Key) -> Option<&Object> {
        self.objects(kind)?.get(key)
    }

    /// The objects of a kind, by namespace and name.
    pub(crate) fn iter(&self, kind: Kind) -> impl Iterator<Item = &Object> {
        self.objects(kind).into_iter().flat_map(|objects| objects.values())
    }

    /// The objects of a kind in one namespace, by name.
    pub(crate) fn in_namespace<'a>(&'a self, kind: Kind, namespace: &'a str) -> impl Iterator<Item = &'a Object> {
        let from = Key::new(namespace, "");
        self.objects(kind).into_iter().flat_map(move |objects| {
            objects
                .range(from.clone()..)
                .take_while(move |(key, _)| key.namespace == namespace)
                .map(|(_, object)| object)
        })
    }

    pub(crate) fn len(&self, kind: Kind) -> usize {
        self.objects(kind).map_or(0, OrderedMap::len)
    }

    /// The revision of the last write of a kind.
    pub(crate) fn last_change(&self, kind: Kind) -> u64 {
        self.kinds.get(&kind).map_or(0, |store| store.last_change)
    }

    pub(crate) fn changes(&self, kind: Kind, after: u64, until: Time) -> Result<&[Change], Status> {
        self.kinds.get(&kind).map_or(Ok(&[][..]), |store| store.log.between(after, until))
    }

    /// Stores an object, new or changed, under the next revision, and answers with it as stored.
    pub(crate) fn put(&mut self, mut object: Object, now: Time) -> Object {
        self.revision += 1;
        object.metadata_mut().resource_version = ResourceVersion(self.revision);
        let store = self.store(object.kind());
        let old = store.objects.insert(object.key(), object.clone());
        let kind = if old.is_some() { ChangeKind::Modified } else { ChangeKind::Added };
        if object.kind() == Kind::Event {
            self.expiries.push_back((now + EVENT_TTL, object.key(), self.revision));
        }
        self.record(kind, object.clone(), old, now);
        object
    }

    /// Takes an object out. The last state is answered and logged with the revision of its deletion.
    pub(crate) fn remove(&mut self, kind: Kind, key: &Key, now: Time) -> Option<Object> {
        let old = self.store(kind).objects.remove(key)?;
        self.revision += 1;
        let mut last = old.clone();
        last.metadata_mut().resource_version = ResourceVersion(self.revision);
        self.record(ChangeKind::Deleted, last.clone(), Some(old), now);
        Some(last)
    }

    /// When the next Events are to go.
    pub(crate) fn next_expiry(&self) -> Option<Time> {
        let (at, ..) = self.expiries.front()?;
        Some(Time((at.0 / EXPIRY_GRID.0 + 1) * EXPIRY_GRID.0))
    }

    /// Takes out the Events whose time has come.
    pub(crate) fn expire(&mut self, now: Time) {
        while self.expiries.front().is_some_and(|(at, ..)| *at <= now) {
            let Some((_, key, revision)) = self.expiries.pop_front() else { return };
            let stored = self.get(Kind::Event, &key).map(|event| event.metadata().resource_version);
            if stored == Some(ResourceVersion(revision)) {
                self.remove(Kind::Event, &key, now);
            }
        }
        self.expiries.shrink_to(self.expiries.len() * 2);
    }

    /// Lets go of the log's entries that every watcher has had time to read.
    pub(crate) fn compact(&mut self, now: Time) {
        for store in self.kinds.values_mut() {
            store.log.compact(now);
        }
    }

    fn record(&mut self, kind: ChangeKind, object: Object, old: Option<Object>, at: Time) {
        self.writes += 1;
        self.digest.add(kind, &object, at);
        let change = Change { revision: self.revision, kind, object, old, at };
        let store = self.store(change.object.kind());
        store.last_change = change.revision;
        store.log.push(change);
    }
}
