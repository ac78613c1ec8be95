//! Declared indexes over the caches: who belongs to whom, without a scan.
//!
//! Each is a flat ordered set of pairs, read by range. They follow the caches: [`Indexes::apply`] is called once with every
//! change that the informers have taken in.

use ordered::OrderedSet;
use std::rc::Rc;

use api::{Key, Kind, Object, PersistentVolume, Pod, Service, Str};
use client::{Change, ChangeKind, Informers};
use sim::Time;

use crate::persistentvolume::matching::claim_key;

/// Dependents by owner, and pods by claim, node and service.
#[derive(Clone, Debug, Default, PartialEq)]
pub(crate) struct Indexes {
    /// (UID of an owner, kind and key of an object that names it as owner)
    dependents: OrderedSet<(Str, Kind, Key)>,
    /// Pods, ControllerRevisions and ReplicaSets that nobody controls.
    orphans: OrderedSet<(Kind, Key)>,
    /// (claim, name of a pod of the same namespace that uses it)
    pods_by_claim: OrderedSet<(Key, Str)>,
    /// (node, pod that is bound to it)
    pods_by_node: OrderedSet<(Str, Key)>,
    /// (service, name of a pod of the same namespace that its selector matches)
    pods_by_service: OrderedSet<(Key, Str)>,
    /// (claim, volume whose reference names it)
    volumes_by_claim: OrderedSet<(Key, Str)>,
    /// Volumes without a reference.
    unclaimed_volumes: OrderedSet<Str>,
}

impl Indexes {
    /// Takes in one change; `cache` already shows it.
    pub(crate) fn apply(&mut self, change: &Change, cache: &Informers) {
        let new = match change.kind {
            ChangeKind::Added | ChangeKind::Modified => Some(&change.object),
            ChangeKind::Deleted => None,
        };
        let old = change.old.as_ref();
        self.index_owners(old, new);
        match (&change.object, old, new) {
            (Object::Pod(_), old, new) => {
                let (old, new) = (old.and_then(Object::get::<Pod>), new.and_then(Object::get::<Pod>));
                self.index_pod(old, new, cache);
            }
            (Object::Service(service), old, new) => {
                let old = old.and_then(Object::get::<Service>);
                if new.is_none() || old.is_none_or(|old| old.spec.selector != service.spec.selector) {
                    self.index_service(service, new.is_some(), cache);
                }
            }
            (Object::PersistentVolume(_), old, new) => {
                let typed = |object: Option<&Object>| object.and_then(Object::get::<PersistentVolume>).cloned();
                self.index_volume(typed(old), typed(new));
            }
            _ => {}
        }
    }

    /// The indexes that a full scan of the caches gives: what tests compare with.
    pub(crate) fn scanned(cache: &Informers, kinds: &[Kind]) -> Indexes {
        let mut indexes = Indexes::default();
        for object in kinds.iter().flat_map(|kind| cache.of(*kind).iter()) {
            let (kind, object) = (ChangeKind::Added, object.clone());
            indexes.apply(&Change { kind, object, old: None, revision: 0, at: Time(0) }, cache);
        }
        indexes
    }

    /// Objects of one kind that name the owner with this UID, by key.
    pub(crate) fn dependents_of_kind<'a>(&'a self, uid: &'a Str, kind: Kind) -> impl Iterator<Item = &'a Key> {
        let from = (uid.clone(), kind, Key::default());
        self.dependents
            .range(from..)
            .take_while(move |(owner, here, _)| owner == uid && *here == kind)
            .map(|entry| &entry.2)
    }

    /// Objects of any kind that name the owner with this UID.
    pub(crate) fn dependents<'a>(&'a self, uid: &'a Str) -> impl Iterator<Item = (Kind, &'a Key)> {
        let from = (uid.clone(), Kind::ALL[0], Key::default());
        self.dependents.range(from..).take_while(move |(owner, _, _)| owner == uid).map(|entry| (entry.1, &entry.2))
    }

    /// Pods, ControllerRevisions or ReplicaSets of a namespace that nobody controls.
    pub(crate) fn orphans<'a>(&'a self, kind: Kind, namespace: &'a Str) -> impl Iterator<Item = &'a Key> {
        let from = (kind, Key::new(namespace.clone(), ""));
        self.orphans
            .range(from..)
            .take_while(move |(here, key)| *here == kind && key.namespace == *namespace)
            .map(|entry| &entry.1)
    }

    /// Names of the pods that use a claim.
    pub(crate) fn pods_of_claim<'a>(&'a self, claim: &'a Key) -> impl Iterator<Item = &'a Str> {
        pairs(&self.pods_by_claim, claim)
    }

    /// Names of the volumes whose reference names a claim.
    pub(crate) fn volumes_of_claim<'a>(&'a self, claim: &'a Key) -> impl Iterator<Item = &'a Str> {
        pairs(&self.volumes_by_claim, claim)
    }

    /// Names of the volumes that are kept for no claim.
    pub(crate) fn unclaimed_volumes(&self) -> impl Iterator<Item = &Str> {
        self.unclaimed_volumes.iter()
    }

    /// Names of the pods that a service's selector matches.
    pub(crate) fn pods_of_service<'a>(&'a self, service: &'a Key) -> impl Iterator<Item = &'a Str> {
        pairs(&self.pods_by_service, service)
    }

    /// Pods that are bound to a node.
    pub(crate) fn pods_of_node<'a>(&'a self, node: &'a Str) -> impl Iterator<Item = &'a Key> {
        let from = (node.clone(), Key::default());
        self.pods_by_node.range(from..).take_while(move |(here, _)| here == node).map(|entry| &entry.1)
    }

    fn index_owners(&mut self, old: Option<&Object>, new: Option<&Object>) {
        let owners = |object: Option<&Object>| object.map(|object| object.metadata().owner_references.clone());
        let (before, after) = (owners(old).unwrap_or_default(), owners(new).unwrap_or_default());
        let Some(object) = new.or(old) else { return };
        let (kind, key) = (object.kind(), object.key());
        if before != after {
            for owner in &before {
                self.dependents.remove(&(owner.uid.clone(), kind, key.clone()));
            }
            for owner in &after {
                self.dependents.insert((owner.uid.clone(), kind, key.clone()));
            }
        }
        if matches!(kind, Kind::Pod | Kind::ControllerRevision | Kind::ReplicaSet) {
            match new.is_some_and(|object| object.metadata().controller().is_none()) {
                true => self.orphans.insert((kind, key)),
                false => self.orphans.remove(&(kind, key)),
            };
        }
    }

    fn index_pod(&mut self, old: Option<&Rc<Pod>>, new: Option<&Rc<Pod>>, cache: &Informers) {
        let Some(pod) = new.or(old) else { return };
        let key = pod.metadata.key();
        let is_same_spec = old.zip(new).is_some_and(|(old, new)| Rc::ptr_eq(&old.spec, &new.spec));
        if !is_same_spec {
            for claim in claims_of(old) {
                self.pods_by_claim.remove(&(claim, key.name.clone()));
            }
            for claim in claims_of(new) {
                self.pods_by_claim.insert((claim, key.name.clone()));
            }
            self.index_node(old, new, &key);
        }
        let is_same_labels = old.zip(new).is_some_and(|(old, new)| old.metadata.labels == new.metadata.labels);
        if is_same_labels {
            return;
        }
        for service in cache.of(Kind::Service).in_namespace(&key.namespace).filter_map(Object::get::<Service>) {
            let entry = (service.metadata.key(), key.name.clone());
            match new.is_some_and(|pod| selects(service, pod)) {
                true => self.pods_by_service.insert(entry),
                false => self.pods_by_service.remove(&entry),
            };
        }
    }

    fn index_node(&mut self, old: Option<&Rc<Pod>>, new: Option<&Rc<Pod>>, key: &Key) {
        let node = |pod: Option<&Rc<Pod>>| pod.map(|pod| pod.spec.node_name.clone()).unwrap_or_default();
        let (before, after) = (node(old), node(new));
        if before == after {
            return;
        }
        self.pods_by_node.remove(&(before, key.clone()));
        if !after.is_empty() {
            self.pods_by_node.insert((after, key.clone()));
        }
    }

    fn index_volume(&mut self, old: Option<Rc<PersistentVolume>>, new: Option<Rc<PersistentVolume>>) {
        if let Some(old) = old {
            self.unclaimed_volumes.remove(&old.metadata.name);
            if let Some(claim) = claim_key(&old) {
                self.volumes_by_claim.remove(&(claim, old.metadata.name.clone()));
            }
        }
        let Some(new) = new else { return };
        match claim_key(&new) {
            Some(claim) => self.volumes_by_claim.insert((claim, new.metadata.name.clone())),
            None => self.unclaimed_volumes.insert(new.metadata.name.clone()),
        };
    }

    fn index_service(&mut self, service: &Rc<Service>, is_there: bool, cache: &Informers) {
        let key = service.metadata.key();
        let stale: Vec<Str> = self.pods_of_service(&key).cloned().collect();
        for pod in stale {
            self.pods_by_service.remove(&(key.clone(), pod));
        }
        if !is_there {
            return;
        }
        for pod in cache.of(Kind::Pod).in_namespace(&key.namespace).filter_map(Object::get::<Pod>) {
            if selects(service, pod) {
                self.pods_by_service.insert((key.clone(), pod.metadata.name.clone()));
            }
        }
    }
}

/// Whether a service's selector matches a pod. A service without selector selects nothing.
pub(crate) fn selects(service: &Service, pod: &Pod) -> bool {
    !service.spec.selector.is_empty() && service.spec.selector.is_subset_of(&pod.metadata.labels)
}

fn claims_of(pod: Option<&Rc<Pod>>) -> impl Iterator<Item = Key> {
    pod.into_iter().flat_map(|pod| {
        let sources = pod.spec.volumes.iter().filter_map(|volume| volume.persistent_volume_claim.as_ref());
        sources.map(|source| Key::new(pod.metadata.namespace.clone(), source.claim_name.clone()))
    })
}

fn pairs<'a>(set: &'a OrderedSet<(Key, Str)>, first: &'a Key) -> impl Iterator<Item = &'a Str> {
    let from = (first.clone(), Str::new());
    set.range(from..).take_while(move |(here, _)| here == first).map(|entry| &entry.1)
}
