//! What a describer may ask beside its object: other objects, the time, whether events are wanted.

use std::rc::Rc;

use api::core::pod_status::PodPhase;
use api::{Kind, Object, Pod, Resource, Value};
use client::{Access, Api};
use sim::Time;

use super::fields::{self, text};
use crate::context::ClusterApi;

/// Whether events are shown (`--show-events`).
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Events {
    /// At the end, for the kinds where kubectl shows them.
    Shown,
    /// Never.
    Hidden,
}

/// The world around an object that is described.
pub struct Cluster<'a> {
    /// The API server.
    pub api: &'a dyn ClusterApi,
    /// Whether events are shown.
    pub events: Events,
}

/// Pods of a controller by phase.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(super) struct PodCounts {
    running: usize,
    waiting: usize,
    succeeded: usize,
    failed: usize,
}

impl std::fmt::Display for PodCounts {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        let PodCounts { running, waiting, succeeded, failed } = self;
        write!(f, "{running} Running / {waiting} Waiting / {succeeded} Succeeded / {failed} Failed")
    }
}

impl Cluster<'_> {
    /// The present instant.
    pub(super) fn now(&self) -> Time {
        self.api.now()
    }

    /// The age of an instant, or `<unknown>`.
    pub(super) fn age(&self, then: &Value) -> String {
        api::duration::age(self.now(), fields::time(then))
    }

    /// `Terminating (lasts 5s)`, if deletion of the object has begun.
    pub(super) fn terminating(&self, object: &Value) -> Option<String> {
        let since = fields::at(object, "metadata.deletionTimestamp");
        (!since.is_null()).then(|| format!("Terminating (lasts {})", self.age(since)))
    }

    /// All objects of a kind, in one namespace or in all; none if the user may not see them.
    pub(super) fn list<T: Resource>(&self, namespace: Option<&str>) -> Vec<Rc<T>> {
        if self.api.authorize(&Access::to_all("list", T::KIND, namespace)).is_err() {
            return Vec::new();
        }
        let api: &dyn Api = self.api;
        api.list_as::<T>(namespace)
    }

    /// All objects of a kind that may not be served yet.
    pub(super) fn list_kind(&self, group: &str, kind: &str, namespace: &str) -> Vec<Object> {
        let may = |kind: &Kind| self.api.authorize(&Access::to_all("list", *kind, Some(namespace))).is_ok();
        let kind = Kind::find(group, kind).filter(may);
        kind.map(|kind| self.api.list(kind, Some(namespace))).unwrap_or_default()
    }

    /// The pods that a controller selects and owns, counted.
    pub(super) fn pod_counts(&self, controller: &Value) -> PodCounts {
        self.pod_counts_by(controller, fields::at(controller, "spec.selector"))
    }

    /// The pods that a controller owns and a selector selects, counted.
    pub(super) fn pod_counts_by(&self, controller: &Value, selector: &Value) -> PodCounts {
        let uid = text(controller, "metadata.uid");
        let mut counts = PodCounts::default();
        for pod in self.list::<Pod>(Some(text(controller, "metadata.namespace"))) {
            if !pod.metadata.is_controlled_by(uid) || !fields::selects(selector, &pod.metadata.labels) {
                continue;
            }
            match &pod.status.phase {
                Some(PodPhase::Running) => counts.running += 1,
                Some(PodPhase::Pending) => counts.waiting += 1,
                Some(PodPhase::Succeeded) => counts.succeeded += 1,
                Some(PodPhase::Failed) => counts.failed += 1,
                None | Some(_) => {}
            }
        }
        counts
    }
}
