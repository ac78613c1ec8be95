//! The resource quota controller: writes what a quota allows and what is used of it.
//!
//! The server itself adds what new objects use, so a quota is counted anew only when it is new or has changed, and when
//! something that it counts goes or uses less.
//!
//! What is absent: upstream's full count every five minutes, which finds nothing that these do not.
//!
//! Models: kubernetes v1.36 pkg/controller/resourcequota.

use api::pod_resources::{Amounts, add, amounts, encode};
use api::{Key, Kind, Object, Plain, Value, quota};
use client::{Change, ChangeKind, WorkQueue};
use sim::Time;

use crate::context::Context;
use crate::manager::WATCHED;

/// The quotas to be counted.
#[derive(Clone, Debug, Default)]
pub(crate) struct ResourceQuotaController {
    queue: WorkQueue<Key>,
}

impl ResourceQuotaController {
    pub(crate) fn on_change(&mut self, change: &Change, context: &Context<'_>) {
        let object = &change.object;
        if let (Kind::ResourceQuota, Some(quota)) = (object.kind(), object.plain()) {
            if change.kind != ChangeKind::Deleted && !is_counted(quota) {
                self.queue.add(object.key(), "the quota has not been counted");
            }
            return;
        }
        if !releases(change) {
            return;
        }
        let (kind, namespace) = (object.kind(), &object.metadata().namespace);
        for quota in context.cache.of(Kind::ResourceQuota).in_namespace(namespace) {
            let hard = quota.plain().map(|quota| quota.body.get("spec").get("hard"));
            let mut names = hard.and_then(Value::as_map).into_iter().flatten();
            if names.any(|(name, _)| quota::is_used_by(kind, name)) {
                self.queue.add(quota.key(), "something that the quota counts has gone");
            }
        }
    }

    pub(crate) fn run(&mut self, context: &mut Context<'_>) {
        while let Some((key, _)) = self.queue.pop(context.now) {
            let Some(Object::Plain(quota)) = context.cache.of(Kind::ResourceQuota).get(&key) else { continue };
            context.counters.syncs += 1;
            let mut counted = (**quota).clone();
            let hard = quota.body.get("spec").get("hard");
            let mut status = Value::map();
            status.set(&["hard"], hard.clone());
            status.set(&["used"], encode(&used(quota, context)));
            counted.body.set("status", status);
            // Somebody wrote in between: the quota comes again as changed, and is counted then.
            if counted != **quota && context.update_status(counted).is_err() {
                self.queue.add_rate_limited(key, context.now);
            } else {
                self.queue.forget(&key);
            }
        }
    }

    pub(crate) fn next_at(&self) -> Option<Time> {
        self.queue.next_at()
    }
}

/// Whether a quota's status is that of what it wants.
fn is_counted(quota: &Plain) -> bool {
    let status = quota.body.get("status");
    let hard = quota.body.get("spec").get("hard");
    status.get("hard") == hard && (hard.is_null() || !status.get("used").is_null())
}

/// Whether after a change less may be used than before.
fn releases(change: &Change) -> bool {
    match (&change.object, &change.old) {
        _ if change.kind == ChangeKind::Deleted => true,
        (Object::Pod(pod), Some(Object::Pod(old))) => pod.status.is_terminal() && !old.status.is_terminal(),
        (Object::Service(service), Some(Object::Service(old))) => {
            service.spec.kind != old.spec.kind || service.spec.ports.len() < old.spec.ports.len()
        }
        _ => false,
    }
}

/// What all objects of a quota's namespace use of what it allows.
fn used(quota: &Plain, context: &Context<'_>) -> Amounts {
    let spec = quota.body.get("spec");
    let hard = amounts(spec.get("hard"));
    let mut total = Amounts::new();
    for kind in WATCHED.iter().copied().filter(|kind| kind.is_namespaced()) {
        if !hard.keys().any(|name| quota::is_used_by(kind, name)) {
            continue;
        }
        for object in context.cache.of(kind).in_namespace(&quota.metadata.namespace) {
            let value = object.encode();
            if quota::counts(spec, kind, &value) {
                add(&mut total, &quota::usage(kind, &value));
            }
        }
    }
    // What is used without a unit of its own is shown in that of the limit.
    let used = |(name, most): (&String, &api::quantity::Quantity)| {
        let mut sum = total.get(name).copied().unwrap_or_default();
        if sum.is_zero() {
            sum.format = most.format;
        }
        (name.clone(), sum)
    };
    hard.iter().map(used).collect()
}
