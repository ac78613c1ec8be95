//! What must never happen, and what must be so in the end.
//!
//! Every change is looked at once, in the order of the writes; what needs all objects is looked at whenever somebody acts.

mod budgets;
mod claims;
mod pods;
mod rest;
mod rollouts;
mod znodes;

use std::rc::Rc;

use api::{Kind, Object, Resource};
use client::Change;
use cluster::Cluster;
use ordered::Arrange;
use sim::Span;

use budgets::Budgets;
use pods::Pods;
pub(crate) use pods::check_places;
use rollouts::Rollouts;
pub(crate) use znodes::Znodes;

/// How old the sight of a controller may be: caches, and the time of a sync.
const SIGHT: Span = Span::from_millis(500);

/// The kinds whose changes are looked at.
const KINDS: [Kind; 6] =
    [Kind::Pod, Kind::PodDisruptionBudget, Kind::StatefulSet, Kind::Deployment, Kind::ReplicaSet, Kind::Event];

/// What was seen so far.
#[derive(Clone, Debug)]
pub(crate) struct Checks {
    cursor: u64,
    budgets: Budgets,
    pods: Pods,
    rollouts: Rollouts,
    pub(crate) znodes: Znodes,
}

impl Checks {
    pub(crate) fn new(cluster: &Cluster) -> Checks {
        Checks {
            cursor: cluster.server().revision(),
            budgets: Budgets::new(Span(cluster.timing().watch_latency_us)),
            pods: Pods::default(),
            rollouts: Rollouts::default(),
            znodes: Znodes::default(),
        }
    }

    /// How many healthy pods were evicted, each paid for.
    pub(crate) fn evictions(&self) -> u32 {
        self.budgets.evictions
    }

    /// Looks at all changes since the last time.
    pub(crate) fn look(&mut self, cluster: &Cluster) -> Result<(), String> {
        let server = cluster.server();
        if server.revision() == self.cursor {
            return Ok(());
        }
        let mut changes: Vec<&Change> = Vec::new();
        for kind in KINDS.into_iter().filter(|kind| server.last_change(*kind) > self.cursor) {
            let fresh = server.changes(kind, self.cursor, cluster.now());
            changes.extend(
                fresh.map_err(|status| format!("the log of {kind:?} does not reach back: {}", status.message))?,
            );
        }
        changes.arrange_by_key(|change| change.revision);
        self.cursor = server.revision();
        changes.into_iter().try_for_each(|change| self.look_at(change, cluster))
    }

    /// Looks at one change.
    pub(crate) fn look_at(&mut self, change: &Change, cluster: &Cluster) -> Result<(), String> {
        match &change.object {
            Object::Event(event) => return self.pods.look_at_event(event, change.at),
            Object::Pod(pod) => self.pods.look(pod, change, cluster)?,
            _ => {}
        }
        self.rollouts.look(change)?;
        self.budgets.look(change)
    }

    /// Looks at everything.
    pub(crate) fn look_closely(&mut self, cluster: &Cluster) -> Result<(), String> {
        if !cluster.controllers().indexes_are_true() {
            return Err("the controllers' indexes are not what a scan gives".to_owned());
        }
        if !cluster.scheduler().sums_are_true() {
            return Err("the scheduler's sums are not what a scan gives".to_owned());
        }
        check_places(cluster.kubelets().running())?;
        claims::check(cluster)?;
        self.znodes.look_closely(cluster)?;
        self.budgets.look_closely(cluster.now())
    }

    /// Whether all is as wanted.
    pub(crate) fn all_is_well(&self, cluster: &Cluster) -> Result<(), String> {
        rest::check(cluster)?;
        self.budgets.are_well(cluster.now())
    }
}

/// All objects of a kind, typed.
pub(crate) fn typed<T: Resource>(cluster: &Cluster) -> Vec<Rc<T>> {
    cluster.server().iter(T::KIND).filter_map(T::from_object).cloned().collect()
}
