//! Who controls what: an owner takes in what matches and is nobody's, and lets go of its own that does not match any more.
//!
//! Models: kubernetes v1.36 pkg/controller/controller_ref_manager.go.

use api::meta::OwnerReference;
use api::{Key, Kind, Object, ObjectMeta, Reason, Resource, Status, Str};
use thin::format_str;

use crate::context::Context;

/// Who claims.
pub(crate) struct Claimant<'a> {
    pub(crate) owner: &'a Object,
    /// What makes a member besides the selector: of a StatefulSet, the name. Owner and object.
    pub(crate) belongs: fn(&Object, &Object) -> bool,
    /// A finalizer that members carry: given at adoption, taken at release.
    pub(crate) finalizer: Option<&'static str>,
}

impl<'a> Claimant<'a> {
    /// One that takes all that its selector names.
    pub(crate) fn new(owner: &'a Object) -> Claimant<'a> {
        Claimant { owner, belongs: |_, _| true, finalizer: None }
    }

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

    /// Whether the object is a member.
    pub(crate) fn selects(&self, object: &Object) -> bool {
        selects(self.owner, object.metadata()) && (self.belongs)(self.owner, object)
    }

    /// Makes the owner the controller of an orphan.
    pub(crate) fn adopt(&self, object: &Object, context: &mut Context<'_>) -> Result<(), Status> {
        let (kind, key, metadata) = (self.owner.kind(), self.owner.key(), self.owner.metadata());
        // By now it may be another one, or going: it would get what it must not keep.
        let fresh = context.api.get(kind, &key)?;
        if fresh.metadata().uid != metadata.uid || fresh.metadata().is_terminating() {
            return Err(Status::internal(format_str!("{key} may not adopt: it is gone or going")));
        }
        let mut adopted = object.clone();
        let of_object = adopted.metadata_mut();
        of_object.owner_references.push(controller_reference(self.owner));
        if let Some(finalizer) = self.finalizer.filter(|name| !of_object.finalizers.iter().any(|own| own == name)) {
            of_object.finalizers.push(finalizer.into());
        }
        context.update(adopted).map(drop)
    }

    /// What is gone already needs no release.
    fn release(&self, object: &Object, context: &mut Context<'_>) -> Result<(), Status> {
        let mut released = object.clone();
        let (uid, of_object) = (&self.owner.metadata().uid, released.metadata_mut());
        of_object.owner_references.retain(|owner| owner.uid != *uid);
        of_object.finalizers.retain(|name| Some(name.as_str()) != self.finalizer);
        match context.update(released) {
            Err(status) if status.reason == Reason::NotFound => Ok(()),
            outcome => outcome.map(drop),
        }
    }
}

/// Whether a workload's selector names an object; an empty one names none.
pub(crate) fn selects(owner: &Object, metadata: &ObjectMeta) -> bool {
    let selector = match owner {
        Object::Deployment(deployment) => Some(&deployment.spec.selector),
        Object::ReplicaSet(set) => Some(&set.spec.selector),
        Object::ReplicationController(controller) => Some(&controller.spec.selector),
        Object::StatefulSet(set) => Some(&set.spec.selector),
        Object::DaemonSet(set) => Some(&set.spec.selector),
        Object::Job(job) => job.spec.selector.as_ref(),
        _ => None,
    };
    selector.is_some_and(|selector| !selector.is_empty() && selector.matches(&metadata.labels))
}

/// The keys of the workloads of a kind that a change concerns: those that control the object or did before, and, if it is
/// an orphan now, those that may adopt it.
pub(crate) fn owners_touched(change: &client::Change, owner_kind: Kind, context: &Context<'_>) -> Vec<Key> {
    let mut keys = controllers_of(change, owner_kind);
    let metadata = change.object.metadata();
    if metadata.controller().is_none() && change.kind != client::ChangeKind::Deleted {
        let owners = context.cache.of(owner_kind).in_namespace(&metadata.namespace);
        keys.extend(owners.filter(|owner| selects(owner, metadata)).map(Object::key));
    }
    keys
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
