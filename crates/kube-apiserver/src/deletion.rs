//! Deletion: grace, finalizers, preconditions.
//!
//! Models: kubernetes v1.36 apiserver/pkg/registry/rest/delete.go and generic/registry/store.go.

use std::rc::Rc;

use api::{Key, Kind, Object, Pod, Status, Str};
use client::{DeleteOptions, Propagation};
use sim::{Span, Time};

use crate::ApiServer;

const ORPHAN: &str = "orphan";
const FOREGROUND: &str = "foregroundDeletion";
const DEFAULT_GRACE_SECONDS: i64 = 30;

impl ApiServer {
    /// Begins the deletion of an object, or ends it at once if nothing holds it.
    pub(crate) fn delete(
        &mut self,
        kind: Kind,
        key: &Key,
        options: &DeleteOptions,
        now: Time,
    ) -> Result<Object, Status> {
        let old = self.get(kind, key)?.clone();
        check_immortality(kind, key)?;
        check_preconditions(&old, options)?;
        if options.dry_run {
            return Ok(old);
        }
        let mut object = old.clone();
        set_propagation_finalizers(&mut object, options.propagation);
        match &object {
            Object::Pod(pod) => {
                let grace_seconds = grace_seconds(pod, options.grace_period_seconds);
                self.delete_gracefully(object, &old, grace_seconds, now)
            }
            Object::Namespace(_) => Ok(self.begin_namespace_deletion(object, &old, now)),
            _ => Ok(self.delete_or_wait_for_finalizers(object, &old, now)),
        }
    }

    fn delete_gracefully(
        &mut self,
        mut object: Object,
        old: &Object,
        grace_seconds: i64,
        now: Time,
    ) -> Result<Object, Status> {
        let earlier = old.metadata().deletion_timestamp.zip(old.metadata().deletion_grace_period_seconds);
        if let Some((_, earlier_seconds)) = earlier
            && grace_seconds >= earlier_seconds
            && grace_seconds > 0
        {
            return Ok(old.clone());
        }
        mark_terminating(&mut object, old, grace_seconds, now);
        if grace_seconds > 0 {
            return Ok(self.commit(object, old, now));
        }
        // The object is written once more with its end, then taken out: watchers see both.
        let last = if object == *old { object } else { self.etcd.put(object, now) };
        if !last.metadata().finalizers.is_empty() {
            return Ok(last);
        }
        Ok(self.etcd.remove(last.kind(), &last.key(), now).unwrap_or(last))
    }

    fn delete_or_wait_for_finalizers(&mut self, mut object: Object, old: &Object, now: Time) -> Object {
        if object.metadata().finalizers.is_empty() {
            self.released(&object);
            return self.etcd.remove(object.kind(), &object.key(), now).unwrap_or(object);
        }
        mark_terminating(&mut object, old, 0, now);
        self.commit(object, old, now)
    }

    fn begin_namespace_deletion(&mut self, mut object: Object, old: &Object, now: Time) -> Object {
        mark_terminating(&mut object, old, 0, now);
        object.metadata_mut().deletion_grace_period_seconds = None;
        if let Object::Namespace(namespace) = &mut object {
            Rc::make_mut(namespace).status.phase = "Terminating".into();
        }
        self.commit(object, old, now)
    }
}

/// The namespaces without which a cluster is none.
const IMMORTAL_NAMESPACES: [&str; 3] = ["default", "kube-public", "kube-system"];

fn check_immortality(kind: Kind, key: &Key) -> Result<(), Status> {
    if kind == Kind::Namespace && IMMORTAL_NAMESPACES.contains(&key.name.as_str()) {
        return Err(Status::forbidden(kind, &key.name, "this namespace may not be deleted"));
    }
    Ok(())
}

fn check_preconditions(old: &Object, options: &DeleteOptions) -> Result<(), Status> {
    let metadata = old.metadata();
    let refuse = |what: &str, wanted: &str, found: &str| {
        let cause = format!(
            "the {what} in the precondition ({wanted}) does not match the {what} in record ({found}). The object might have been deleted and then recreated"
        );
        Err(Status::conflict_because(old.kind(), &metadata.name, &cause))
    };
    if let Some(uid) = &options.uid
        && *uid != metadata.uid
    {
        return refuse("UID", uid, &metadata.uid);
    }
    if let Some(version) = options.resource_version
        && version != metadata.resource_version.0
    {
        return refuse("ResourceVersion", &version.to_string(), &metadata.resource_version.0.to_string());
    }
    Ok(())
}

/// An explicit policy adds its own finalizer and takes away the other's.
fn set_propagation_finalizers(object: &mut Object, propagation: Option<Propagation>) {
    // What was there before others owned objects leaves its pods, unless it is told not to.
    let is_told = object.metadata().finalizers.iter().any(|name| *name == ORPHAN || *name == FOREGROUND);
    let own = (object.kind() == Kind::ReplicationController && !is_told).then_some(Propagation::Orphan);
    let Some(propagation) = propagation.or(own) else { return };
    let wanted = match propagation {
        Propagation::Background => None,
        Propagation::Foreground => Some(FOREGROUND),
        Propagation::Orphan => Some(ORPHAN),
    };
    let finalizers = &object.metadata().finalizers;
    let mut changed: Vec<Str> =
        finalizers.iter().filter(|name| *name != ORPHAN && *name != FOREGROUND).cloned().collect();
    changed.extend(wanted.map(Str::from));
    if changed.as_slice() != finalizers.as_slice() {
        object.metadata_mut().finalizers = changed.into();
    }
}

fn grace_seconds(pod: &Pod, asked: Option<i64>) -> i64 {
    let own = pod.spec.termination_grace_period_seconds.unwrap_or(DEFAULT_GRACE_SECONDS);
    let wanted = asked.unwrap_or(own);
    if pod.spec.node_name.is_empty() || pod.status.is_terminal() {
        return 0;
    }
    if wanted < 0 { 1 } else { wanted }
}

/// The instant at which a pod is to be gone lies in the future; shortening counts from the first request.
fn mark_terminating(object: &mut Object, old: &Object, grace_seconds: i64, now: Time) {
    let now = now.truncate_to_second();
    let was_terminating = old.metadata().is_terminating();
    let asked_at = match (old.metadata().deletion_timestamp, old.metadata().deletion_grace_period_seconds) {
        (Some(until), Some(earlier)) => until - Span::from_seconds(earlier),
        _ => now,
    };
    let metadata = object.metadata_mut();
    metadata.deletion_timestamp = Some((asked_at + Span::from_seconds(grace_seconds)).max(now));
    metadata.deletion_grace_period_seconds = Some(grace_seconds);
    if metadata.generation > 0 && !was_terminating {
        metadata.generation += 1;
    }
}
