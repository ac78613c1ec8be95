//! An API server that only stores, as upstream's tests of controllers use one: no defaults, no admission, no validation. It
//! refuses what a row has it refuse.

use std::rc::Rc;

use api::table::Table;
use api::{Key, Kind, Object, Status, Str, Value};
use client::{Api, Change, ChangeKind, DeleteOptions, Patch, WriteOptions, Written};
use ordered::OrderedMap;
use sim::{Span, Time};
use thin::format_str;

use crate::Counters;
use crate::context::Context;
use crate::indexes::Indexes;
use crate::manager::WATCHED;
use crate::why::Whys;

/// Objects, and what happened to them.
#[derive(Default)]
pub(super) struct Shelf {
    pub(super) now: Time,
    /// What every creation of a Job is answered with.
    pub(super) refuses_creation: Option<Status>,
    /// What every read of a Job is answered with.
    pub(super) refuses_reading: Option<Status>,
    objects: OrderedMap<(Kind, Key), Object>,
    log: OrderedMap<Kind, Vec<Change>>,
    revision: u64,
}

impl Shelf {
    pub(super) fn at(now: Time) -> Shelf {
        Shelf { now, ..Shelf::default() }
    }

    /// Stores an object as of an instant; UID and creation time only if it has none.
    pub(super) fn put(&mut self, at: Time, mut object: Object) -> Object {
        self.revision += 1;
        let metadata = object.metadata_mut();
        metadata.resource_version = api::meta::ResourceVersion(self.revision);
        metadata.creation_timestamp.get_or_insert(at);
        if metadata.uid.is_empty() {
            metadata.uid = format_str!("uid-{}", self.revision);
        }
        if metadata.name.is_empty() {
            metadata.name = format_str!("{}{}", metadata.generate_name, self.revision);
        }
        let old = self.objects.insert((object.kind(), object.key()), object.clone());
        let kind = if old.is_some() { ChangeKind::Modified } else { ChangeKind::Added };
        self.tell(Change { kind, object: object.clone(), old, revision: self.revision, at });
        object
    }

    fn tell(&mut self, change: Change) {
        let kind = change.object.kind();
        self.log.entry(kind).or_default().push(change);
    }

    pub(super) fn names(&self, kind: Kind) -> Vec<Str> {
        self.objects.keys().filter(|(here, _)| *here == kind).map(|(_, key)| key.name.clone()).collect()
    }

    /// Runs `work` with caches that show everything up to now.
    pub(super) fn with_context<T>(&mut self, work: impl FnOnce(&mut Context<'_>) -> T) -> T {
        let mut cache = client::Informers::new(WATCHED);
        let now = self.now;
        cache.update(self, now);
        let indexes = Indexes::scanned(&cache, WATCHED);
        work(&mut Context {
            api: self,
            cache: &cache,
            indexes: &indexes,
            now,
            watch_latency: Span::from_millis(0),
            counters: &mut Counters::default(),
            whys: &mut Whys::default(),
        })
    }
}

fn absent<T>() -> Result<T, Status> {
    Err(Status::internal("controllers do not ask this"))
}

impl Api for Shelf {
    fn now(&self) -> Time {
        self.now
    }

    fn get(&self, kind: Kind, key: &Key) -> Result<Object, Status> {
        if let (Kind::Job, Some(refused)) = (kind, &self.refuses_reading) {
            return Err(refused.clone());
        }
        self.objects.get(&(kind, key.clone())).cloned().ok_or_else(|| Status::not_found(kind, &key.name))
    }

    fn list(&self, kind: Kind, namespace: Option<&str>) -> Vec<Object> {
        let is_wanted = |key: &Key| namespace.is_none_or(|namespace| key.namespace == namespace);
        self.objects.iter().filter(|((here, key), _)| *here == kind && is_wanted(key)).map(|(_, o)| o.clone()).collect()
    }

    fn revision(&self) -> u64 {
        self.revision
    }

    fn changes(&self, kind: Kind, after: u64, until: Time) -> Result<&[Change], Status> {
        let log = self.log.get(&kind).map_or(&[][..], Vec::as_slice);
        let seen = log.iter().take_while(|change| change.revision <= after).count();
        let shown = log[seen..].iter().take_while(|change| change.at <= until).count();
        Ok(&log[seen..seen + shown])
    }

    fn create(&mut self, object: Object) -> Result<Object, Status> {
        if let (Kind::Job, Some(refused)) = (object.kind(), &self.refuses_creation) {
            return Err(refused.clone());
        }
        let metadata = object.metadata();
        if self.objects.contains_key(&(object.kind(), metadata.key())) && !metadata.name.is_empty() {
            return Err(Status::already_exists(object.kind(), &metadata.name));
        }
        Ok(self.put(self.now, object))
    }

    fn update(&mut self, object: Object) -> Result<Object, Status> {
        self.get(object.kind(), &object.key())?;
        Ok(self.put(self.now, object))
    }

    fn update_status(&mut self, object: Object) -> Result<Object, Status> {
        self.update(object)
    }

    fn delete(&mut self, kind: Kind, key: &Key, _: &DeleteOptions) -> Result<Object, Status> {
        let object = self.get(kind, key)?;
        self.objects.remove(&(kind, key.clone()));
        self.revision += 1;
        let (old, revision, at) = (Some(object.clone()), self.revision, self.now);
        self.tell(Change { kind: ChangeKind::Deleted, object: object.clone(), old, revision, at });
        Ok(object)
    }

    fn bind(&mut self, _: &Key, _: &str, _: &Str) -> Result<Object, Status> {
        absent()
    }

    fn create_value(&mut self, _: Kind, _: &str, _: Value, _: &WriteOptions) -> Result<Written, Status> {
        absent()
    }

    fn update_value(&mut self, _: Kind, _: &Key, _: Value, _: &WriteOptions) -> Result<Written, Status> {
        absent()
    }

    fn patch(&mut self, _: Kind, _: &Key, _: &Patch, _: &WriteOptions) -> Result<Written, Status> {
        absent()
    }

    fn evict(&mut self, _: &Key, _: &DeleteOptions) -> Result<(), Status> {
        absent()
    }

    fn table(&self, _: Kind, _: &[Object]) -> Table {
        Table::default()
    }
}

/// A row's object, shared.
pub(super) fn shared<T: api::codec::Codec>(value: &Value) -> Rc<T> {
    Rc::new(T::decode(value.clone()))
}
