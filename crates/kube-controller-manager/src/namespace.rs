//! What every namespace has, and how it goes: the namespace, serviceaccount and root-ca-cert-publisher controllers.
//!
//! Models: kubernetes v1.36 pkg/controller/namespace, pkg/controller/serviceaccount (default accounts) and
//! pkg/controller/certificates/rootcacertpublisher. Differences that were chosen: the certificate is a text that says that
//! there is none.

use ordered::OrderedMap;

use api::{ConfigMap, Key, Kind, Namespace, Object, ObjectMeta, Pod, Reason, Resource, ServiceAccount, Status, Value};
use client::{Change, ChangeKind, DeleteOptions, Propagation, WorkQueue};
use ecow::EcoVec;
use sim::{Span, Time};

use crate::context::Context;

/// Deletion of a namespace's content begins this long after the namespace was deleted.
const DELETION_DELAY: Span = Span::from_seconds(5);
const ACCOUNT: &str = "default";
const ROOT_CA: &str = "kube-root-ca.crt";
const ROOT_CA_DESCRIPTION: &str = "Contains a CA bundle that can be used to verify the kube-apiserver when using internal \
    endpoints such as the internal service IP or kubernetes.default.svc. No other usage is guaranteed across \
    distributions of Kubernetes clusters.";

/// Queues of namespaces: to furnish, and to clear.
#[derive(Clone, Debug, Default)]
pub(crate) struct NamespaceController {
    to_furnish: WorkQueue<Key>,
    to_clear: WorkQueue<Key>,
}

impl NamespaceController {
    pub(crate) fn on_change(&mut self, change: &Change, now: Time) {
        let is_gone = change.kind == ChangeKind::Deleted;
        match &change.object {
            Object::Namespace(namespace) if !is_gone => {
                let was_terminating = change.old.as_ref().is_some_and(|old| old.metadata().is_terminating());
                if !namespace.metadata.is_terminating() {
                    self.to_furnish.add(namespace.key(), "the namespace changed");
                } else if !was_terminating {
                    self.to_clear.add_at(namespace.key(), now + DELETION_DELAY);
                }
            }
            Object::ServiceAccount(account) if is_gone && account.metadata.name == ACCOUNT => {
                self.to_furnish.add(Key::new("", account.metadata.namespace.clone()), "its default account is gone");
            }
            Object::ConfigMap(map) if map.metadata.name == ROOT_CA => {
                self.to_furnish.add(Key::new("", map.metadata.namespace.clone()), "its certificate changed");
            }
            _ => {}
        }
    }

    pub(crate) fn run(&mut self, context: &mut Context<'_>) {
        while let Some((key, _)) = self.to_furnish.pop(context.now) {
            context.counters.syncs += 1;
            match apply_furniture(&key, context) {
                Ok(()) => self.to_furnish.forget(&key),
                Err(_) => self.to_furnish.add_rate_limited(key, context.now),
            }
        }
        while let Some((key, _)) = self.to_clear.pop(context.now) {
            context.counters.syncs += 1;
            match apply_clearing(&key, context) {
                Ok(None) => self.to_clear.forget(&key),
                Ok(Some(again_at)) => self.to_clear.add_at(key, again_at),
                Err(_) => self.to_clear.add_rate_limited(key, context.now),
            }
        }
    }

    pub(crate) fn next_at(&self) -> Option<Time> {
        [self.to_furnish.next_at(), self.to_clear.next_at()].into_iter().flatten().min()
    }
}

/// Makes the default account and the certificate if they are missing.
fn apply_furniture(namespace: &Key, context: &mut Context<'_>) -> Result<(), Status> {
    if context.cache.get::<Namespace>(namespace).is_none_or(|found| found.metadata.is_terminating()) {
        return Ok(());
    }
    let name = &namespace.name;
    if context.cache.get::<ServiceAccount>(&Key::new(name.clone(), ACCOUNT)).is_none() {
        let account = ServiceAccount { metadata: ObjectMeta::new(name.clone(), ACCOUNT), ..ServiceAccount::default() };
        unless_there(context.create(account))?;
    }
    let wanted = root_ca(namespace);
    match context.cache.get::<ConfigMap>(&wanted.key()) {
        None => unless_there(context.create(wanted)),
        Some(found) if found.data == wanted.data => Ok(()),
        Some(found) => {
            let mut repaired = (**found).clone();
            repaired.data = wanted.data;
            context.update(repaired).map(drop)
        }
    }
}

fn root_ca(namespace: &Key) -> ConfigMap {
    let text = api::text::base64::encode(b"No certificate: this API server is reached without a network.");
    let mut map = ConfigMap { metadata: ObjectMeta::new(namespace.name.clone(), ROOT_CA), ..ConfigMap::default() };
    map.metadata.annotations.insert("kubernetes.io/description", ROOT_CA_DESCRIPTION);
    map.data.insert("ca.crt", format!("-----BEGIN CERTIFICATE-----\n{text}\n-----END CERTIFICATE-----\n"));
    map
}

fn unless_there(outcome: Result<Object, Status>) -> Result<(), Status> {
    match outcome {
        // The cache was late, or the namespace has just been deleted.
        Err(status) if matches!(status.reason, Reason::AlreadyExists | Reason::Forbidden) => Ok(()),
        outcome => outcome.map(drop),
    }
}

/// Deletes all that a namespace holds. When nothing is left the namespace may go; or else answers when to look again.
fn apply_clearing(key: &Key, context: &mut Context<'_>) -> Result<Option<Time>, Status> {
    let Ok(namespace) = context.api.get_as::<Namespace>(key) else { return Ok(None) };
    if !namespace.metadata.is_terminating() || namespace.spec.finalizers.is_empty() {
        return Ok(None);
    }
    let remaining = delete_content(key, context);
    let mut reported = (*namespace).clone();
    reported.status.conditions = conditions(&remaining, &namespace, context.now);
    let reported =
        if reported.status == namespace.status { namespace.into() } else { context.update_status(reported)? };
    if remaining.counts.is_empty() {
        let mut finalized = reported;
        if let Object::Namespace(namespace) = &mut finalized {
            std::rc::Rc::make_mut(namespace).spec.finalizers.retain(|name| name != "kubernetes");
        }
        context.update(finalized)?;
        return Ok(None);
    }
    // As upstream: half the longest grace of a pod, or fifteen seconds if something else holds on.
    let wait = if remaining.grace_seconds > 0 { remaining.grace_seconds / 2 + 1 } else { 15 };
    Ok(Some(context.now + Span::from_seconds(wait)))
}

/// What is still there after deleting.
#[derive(Debug, Default)]
struct Remaining {
    /// Objects by resource, such as `pods.`.
    counts: OrderedMap<String, usize>,
    /// Objects by finalizer.
    finalizers: OrderedMap<String, usize>,
    /// The longest grace of a pod.
    grace_seconds: i64,
}

fn delete_content(namespace: &Key, context: &mut Context<'_>) -> Remaining {
    let mut remaining = Remaining::default();
    let options = DeleteOptions { propagation: Some(Propagation::Background), ..DeleteOptions::default() };
    for kind in Kind::ALL.iter().copied().filter(|kind| kind.is_namespaced()) {
        for object in context.api.list(kind, Some(&namespace.name)) {
            if !object.metadata().is_terminating() {
                // What cannot be deleted is counted below.
                let _ = context.delete(kind, &object.key(), &options);
            }
        }
        for object in context.api.list(kind, Some(&namespace.name)) {
            *remaining.counts.entry(format!("{}.{}", kind.plural(), kind.group())).or_default() += 1;
            for finalizer in &object.metadata().finalizers {
                *remaining.finalizers.entry(finalizer.to_string()).or_default() += 1;
            }
            if let Some(pod) = object.get::<Pod>() {
                let grace = pod.metadata.deletion_grace_period_seconds.unwrap_or(0);
                remaining.grace_seconds = remaining.grace_seconds.max(grace);
            }
        }
    }
    remaining
}

fn conditions(remaining: &Remaining, namespace: &Namespace, now: Time) -> EcoVec<Value> {
    let listed = |counts: &OrderedMap<String, usize>, tail: &str| {
        let parts = counts.iter().map(|(name, count)| format!("{name} {tail} {count} resource instances"));
        parts.collect::<Vec<String>>().join(", ")
    };
    let content = match remaining.counts.is_empty() {
        true => (false, "ContentRemoved", "All content successfully removed".to_owned()),
        false => {
            let list = listed(&remaining.counts, "has");
            (true, "SomeResourcesRemain", format!("Some resources are remaining: {list}"))
        }
    };
    let finalizers = match remaining.finalizers.is_empty() {
        true => (false, "ContentHasNoFinalizers", "All content-preserving finalizers finished".to_owned()),
        false => {
            let list = listed(&remaining.finalizers, "in");
            (true, "SomeFinalizersRemain", format!("Some content in the namespace has finalizers remaining: {list}"))
        }
    };
    let fixed = |reason, message: &str| (false, reason, message.to_owned());
    let all = [
        ("NamespaceDeletionDiscoveryFailure", fixed("ResourcesDiscovered", "All resources successfully discovered")),
        (
            "NamespaceDeletionGroupVersionParsingFailure",
            fixed("ParsedGroupVersions", "All legacy kube types successfully parsed"),
        ),
        (
            "NamespaceDeletionContentFailure",
            fixed("ContentDeleted", "All content successfully deleted, may be waiting on finalization"),
        ),
        ("NamespaceContentRemaining", content),
        ("NamespaceFinalizersRemaining", finalizers),
    ];
    all.into_iter().map(|(kind, said)| condition(kind, said, namespace, now)).collect()
}

fn condition(kind: &str, said: (bool, &str, String), namespace: &Namespace, now: Time) -> Value {
    let (holds, reason, message) = said;
    let status = if holds { "True" } else { "False" };
    let old = namespace.status.conditions.iter().find(|old| old.get("type").text() == kind);
    let since = old.filter(|old| old.get("status").text() == status).map(|old| old.get("lastTransitionTime").clone());
    let mut condition = Value::map();
    condition.set(&["type"], kind);
    condition.set(&["status"], status);
    condition.set(&["lastTransitionTime"], since.unwrap_or_else(|| Value::from(now.to_rfc3339())));
    condition.set(&["reason"], reason);
    condition.set(&["message"], message);
    condition
}
