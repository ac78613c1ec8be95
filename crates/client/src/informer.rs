//! Caches of the store, a little late.

use ordered::OrderedMap;
use std::rc::Rc;

use ::api::{Key, Kind, Object, Resource};
use sim::Time;

use crate::{Api, Change, ChangeKind};

/// The objects of one kind as a component knows them.
#[derive(Clone, Debug)]
pub struct Informer {
    kind: Kind,
    cursor: u64,
    objects: OrderedMap<Key, Object>,
    visited: u64,
}

impl Informer {
    /// An empty cache that has seen nothing.
    pub fn new(kind: Kind) -> Informer {
        Informer { kind, cursor: 0, objects: OrderedMap::new(), visited: 0 }
    }

    /// The kind.
    pub fn kind(&self) -> Kind {
        self.kind
    }

    /// Takes in the changes committed at or before `until` and answers with them. After a `410 Gone` the cache is listed
    /// anew, and the differences are answered as changes.
    pub fn update(&mut self, api: &dyn Api, until: Time) -> Vec<Change> {
        let changes = match api.changes(self.kind, self.cursor, until) {
            Ok(changes) => changes.to_vec(),
            Err(_) => self.relist(api),
        };
        for change in &changes {
            self.apply(change);
        }
        changes
    }

    /// The object with this key.
    pub fn get(&self, key: &Key) -> Option<&Object> {
        self.objects.get(key)
    }

    /// The typed object with this key.
    pub fn get_as<T: Resource>(&self, key: &Key) -> Option<&Rc<T>> {
        self.objects.get(key).and_then(T::from_object)
    }

    /// All objects, by namespace and name.
    pub fn iter(&self) -> impl Iterator<Item = &Object> {
        self.objects.values()
    }

    /// All typed objects, by namespace and name.
    pub fn iter_as<T: Resource>(&self) -> impl Iterator<Item = &Rc<T>> {
        self.objects.values().filter_map(T::from_object)
    }

    /// The objects of one namespace, by name.
    pub fn in_namespace<'a>(&'a self, namespace: &'a str) -> impl Iterator<Item = &'a Object> {
        let from = Key::new(namespace, "");
        self.objects.range(from..).take_while(move |(key, _)| key.namespace == namespace).map(|(_, object)| object)
    }

    /// How many objects there are.
    pub fn len(&self) -> usize {
        self.objects.len()
    }

    /// Whether there are none.
    pub fn is_empty(&self) -> bool {
        self.objects.is_empty()
    }

    fn apply(&mut self, change: &Change) {
        self.visited += 1;
        self.cursor = self.cursor.max(change.revision);
        match change.kind {
            ChangeKind::Added | ChangeKind::Modified => {
                self.objects.insert(change.object.key(), change.object.clone());
            }
            ChangeKind::Deleted => {
                self.objects.remove(&change.object.key());
            }
        }
    }

    fn relist(&mut self, api: &dyn Api) -> Vec<Change> {
        let now = api.now();
        let revision = api.revision();
        let listed: OrderedMap<Key, Object> =
            api.list(self.kind, None).into_iter().map(|object| (object.key(), object)).collect();
        let mut changes = Vec::new();
        for (key, old) in &self.objects {
            if !listed.contains_key(key) {
                let (object, old) = (old.clone(), Some(old.clone()));
                changes.push(Change { kind: ChangeKind::Deleted, object, old, revision, at: now });
            }
        }
        for (key, object) in listed {
            let old = self.objects.get(&key).cloned();
            if old.as_ref().is_some_and(|old| old.same(&object)) {
                continue;
            }
            let kind = if old.is_some() { ChangeKind::Modified } else { ChangeKind::Added };
            changes.push(Change { kind, object, old, revision, at: now });
        }
        self.cursor = revision;
        changes
    }
}

/// The caches that the parts of one program share.
#[derive(Clone, Debug, Default)]
pub struct Informers {
    by_kind: OrderedMap<Kind, Informer>,
}

impl Informers {
    /// Empty caches of these kinds.
    pub fn new(kinds: &[Kind]) -> Informers {
        Informers { by_kind: kinds.iter().map(|&kind| (kind, Informer::new(kind))).collect() }
    }

    /// The cache of a kind that was named in [`Informers::new`].
    pub fn of(&self, kind: Kind) -> &Informer {
        self.by_kind.get(&kind).expect("a component reads only the kinds that it declared")
    }

    /// The typed object with this key.
    pub fn get<T: Resource>(&self, key: &Key) -> Option<&Rc<T>> {
        self.of(T::KIND).get_as::<T>(key)
    }

    /// All typed objects, by namespace and name.
    pub fn iter<T: Resource>(&self) -> impl Iterator<Item = &Rc<T>> {
        self.of(T::KIND).iter_as::<T>()
    }

    /// Takes in all changes committed at or before `until`, kind by kind, and answers with them.
    pub fn update(&mut self, api: &dyn Api, until: Time) -> Vec<Change> {
        self.by_kind.values_mut().flat_map(|informer| informer.update(api, until)).collect()
    }
}
