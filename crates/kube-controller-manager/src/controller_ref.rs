//! Who controls what: an owner takes in what matches and is nobody's, and lets go of its own that does not match any more.
//!
//! Models: kubernetes v1.36 pkg/controller/controller_ref_manager.go.

use api::meta::{LabelSelector, OwnerReference};
use api::{Key, Kind, Object, Reason, Resource, Status, Str};
use thin::format_str;

use crate::context::Context;

/// Who claims.
pub(crate) struct Claimant<'a> {
    pub(crate) owner: &'a Object,
    pub(crate) selector: &'a LabelSelector,
}

impl Claimant<'_> {
    /// The objects of a kind that the owner controls after it has adopted orphans and released strangers; by key. Those of
    /// which `counts` says no are left as they are.
    pub(crate) fn claim(
        &self,
        kind: Kind,
        counts: &dyn Fn(&Object) -> bool,
        context: &mut Context<'_>,
    ) -> Result<Vec<Object>, Status> {
        let metadata = self.owner.metadata();
        let (cache, indexes) = (context.cache, context.indexes);
        let mut claimed = Vec::new();
        for key in indexes.dependents_of_kind(&metadata.uid, kind) {
            let Some(object) = cache.of(kind).get(key) else { continue };
            if !object.metadata().is_controlled_by(&metadata.uid) || !counts(object) {
                continue;
            }
            if self.selects(object) {
                claimed.push(object.clone());
            } else if !metadata.is_terminating() {
                self.release(object, context)?;
            }
        }
        if metadata.is_terminating() {
            return Ok(claimed);
        }
        for key in indexes.orphans(kind, &metadata.namespace) {
            let Some(object) = cache.of(kind).get(key) else { continue };
            if counts(object) && self.selects(object) && !object.metadata().is_terminating() {
                self.adopt(object, context)?;
                claimed.push(object.clone());
            }
        }
        Ok(claimed)
    }

    /// Whether the selector names the object; an empty one names none.
    pub(crate) fn selects(&self, object: &Object) -> bool {
        !self.selector.is_empty() && self.selector.matches(&object.metadata().labels)
    }

    fn adopt(&self, object: &Object, context: &mut Context<'_>) -> Result<(), Status> {
        let (kind, key, metadata) = (self.owner.kind(), self.owner.key(), self.owner.metadata());
        // By now it may be another one, or going: it would get what it must not keep.
        let fresh = context.api.get(kind, &key)?;
        if fresh.metadata().uid != metadata.uid || fresh.metadata().is_terminating() {
            return Err(Status::internal(format_str!("{key} may not adopt: it is gone or going")));
        }
        let mut adopted = object.clone();
        adopted.metadata_mut().owner_references.push(controller_reference(self.owner));
        context.update(adopted).map(drop)
    }

    /// What is gone already needs no release.
    fn release(&self, object: &Object, context: &mut Context<'_>) -> Result<(), Status> {
        let mut released = object.clone();
        let uid = &self.owner.metadata().uid;
        released.metadata_mut().owner_references.retain(|owner| owner.uid != *uid);
        match context.update(released) {
            Err(status) if status.reason == Reason::NotFound => Ok(()),
            outcome => outcome.map(drop),
        }
    }
}

/// A reference that makes this object the controller of another.
pub(crate) fn controller_reference(owner: &Object) -> OwnerReference {
    let metadata = owner.metadata();
    OwnerReference {
        api_version: owner.kind().api_version(),
        kind: owner.kind().name().into(),
        name: metadata.name.clone(),
        uid: metadata.uid.clone(),
        controller: Some(true),
        block_owner_deletion: Some(true),
        ..OwnerReference::default()
    }
}

/// The keys of the objects of a kind that control `object` now, or controlled it before this change.
pub(crate) fn controllers_of(change: &client::Change, owner_kind: Kind) -> Vec<Key> {
    let mut keys: Vec<Key> = Vec::new();
    for object in [Some(&change.object), change.old.as_ref()].into_iter().flatten() {
        let Some(owner) = object.metadata().controller().filter(|owner| owner.kind == owner_kind.name()) else {
            continue;
        };
        let key = Key::new(object.metadata().namespace.clone(), owner.name.clone());
        if !keys.contains(&key) {
            keys.push(key);
        }
    }
    keys
}

/// The cached object that controls this one, if it is of this type.
pub(crate) fn controller_of<'c, T: Resource>(
    metadata: &api::ObjectMeta,
    context: &Context<'c>,
) -> Option<&'c std::rc::Rc<T>> {
    let owner = metadata.controller().filter(|owner| owner.kind == T::KIND.name())?;
    let found = context.cache.get::<T>(&Key::new(metadata.namespace.clone(), owner.name.clone()))?;
    (found.metadata().uid == owner.uid).then_some(found)
}

/// `name-`, as generated names begin; without the dash if it would not leave a valid one.
pub(crate) fn generated_prefix(name: &Str) -> Str {
    const NAME_MAX: usize = 253;
    if name.len() < NAME_MAX { format_str!("{name}-") } else { name.clone() }
}
