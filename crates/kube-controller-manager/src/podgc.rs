//! The pod garbage collector: pods of nodes that are gone, pods that end for ever on nodes that are out of service, and too many
//! pods that have ended.
//!
//! Upstream sweeps every 20 s. Here the sweeps lie on the same grid, but only those happen that can find something.
//!
//! Models: kubernetes v1.36 pkg/controller/podgc.

use ordered::{Arrange, OrderedMap, OrderedSet};
use std::rc::Rc;

use api::core::pod_status::{PodCondition, PodPhase};
use api::meta::ConditionStatus;
use api::{Key, Kind, Node, Object, Pod, Resource, Str};
use client::{Change, ChangeKind, DeleteOptions};
use sim::{Span, Time};

use crate::context::Context;

const PERIOD: Span = Span::from_seconds(20);
/// How long a node must be missing before its pods go.
const QUARANTINE: Span = Span::from_seconds(40);
/// The taint that says that a node is out of service.
const OUT_OF_SERVICE: &str = "node.kubernetes.io/out-of-service";
/// How many pods that have ended are kept.
const TERMINATED_MAX: usize = 12_500;

/// The nodes that are missed, and since when.
#[derive(Clone, Debug, Default)]
pub(crate) struct PodGarbageCollector {
    started_at: Option<Time>,
    /// When the pods of a missing node are deleted.
    missing_nodes: OrderedMap<Str, Time>,
    /// When pods of nodes that are out of service are looked for, and those nodes.
    rescue_at: Option<Time>,
    out_of_service: OrderedSet<Str>,
    /// When ended pods are counted.
    count_at: Option<Time>,
}

impl PodGarbageCollector {
    pub(crate) fn on_change(&mut self, change: &Change, context: &Context<'_>) {
        let started_at = *self.started_at.get_or_insert(context.now);
        let next_sweep = sweep_after(started_at, context.now);
        match &change.object {
            Object::Node(node) if change.kind == ChangeKind::Deleted => {
                self.missing_nodes.insert(node.metadata.name.clone(), next_sweep + QUARANTINE);
                self.out_of_service.remove(&node.metadata.name);
            }
            Object::Node(node) => {
                self.missing_nodes.remove(&node.metadata.name);
                if is_out_of_service(node) {
                    self.out_of_service.insert(node.metadata.name.clone());
                    self.rescue_at.get_or_insert(next_sweep);
                } else {
                    self.out_of_service.remove(&node.metadata.name);
                }
            }
            Object::Pod(pod) if change.kind != ChangeKind::Deleted => {
                let node = &pod.spec.node_name;
                if !node.is_empty() && context.cache.get::<Node>(&Key::new("", node.clone())).is_none() {
                    self.missing_nodes.entry(node.clone()).or_insert(next_sweep + QUARANTINE);
                }
                if pod.metadata.is_terminating() && self.out_of_service.contains(node) {
                    self.rescue_at.get_or_insert(next_sweep);
                }
                if pod.status.is_terminal() && context.cache.of(Kind::Pod).len() > TERMINATED_MAX {
                    self.count_at.get_or_insert(next_sweep);
                }
            }
            _ => {}
        }
    }

    pub(crate) fn run(&mut self, context: &mut Context<'_>) {
        let now = context.now;
        let due: Vec<Str> =
            self.missing_nodes.iter().filter(|(_, at)| **at <= now).map(|(node, _)| node.clone()).collect();
        for node in due {
            self.missing_nodes.remove(&node);
            let keys: Vec<Key> = context.indexes.pods_of_node(&node).cloned().collect();
            for key in keys {
                apply_orphan_deletion(&key, context);
            }
        }
        if self.rescue_at.is_some_and(|at| at <= now) {
            self.rescue_at = None;
            for node in &self.out_of_service {
                let keys: Vec<Key> = context.indexes.pods_of_node(node).cloned().collect();
                keys.iter().for_each(|key| apply_rescue(key, context));
            }
        }
        if self.count_at.is_some_and(|at| at <= now) {
            self.count_at = None;
            apply_terminated_limit(context);
        }
    }

    pub(crate) fn next_at(&self) -> Option<Time> {
        self.missing_nodes.values().copied().chain(self.count_at).chain(self.rescue_at).min()
    }
}

/// Whether somebody has said of a node that is not ready that it will not come back as it was.
fn is_out_of_service(node: &Node) -> bool {
    let is_ready = node.status.condition("Ready").is_some_and(|ready| ready.status == ConditionStatus::True);
    !is_ready && node.spec.taints.iter().any(|taint| taint.key == OUT_OF_SERVICE)
}

fn sweep_after(started_at: Time, now: Time) -> Time {
    started_at + Span((now.since(started_at).0 / PERIOD.0 + 1) * PERIOD.0)
}

/// Fails a pod whose node is gone, and takes it away: no kubelet will.
fn apply_orphan_deletion(key: &Key, context: &mut Context<'_>) {
    context.counters.syncs += 1;
    let Some(pod) = context.cache.get::<Pod>(key) else { return };
    if context.api.get(Kind::Node, &Key::new("", pod.spec.node_name.clone())).is_ok() {
        return;
    }
    let mut condition = PodCondition::new("DisruptionTarget", true, context.now);
    condition.reason = "DeletionByPodGC".into();
    condition.message = "PodGC: node no longer exists".into();
    condition.observed_generation = pod.metadata.generation;
    apply_failure(&pod.clone(), Some(condition), context);
    apply_forced_deletion(key, context);
}

/// Takes away a pod that its node's kubelet will not end.
fn apply_rescue(key: &Key, context: &mut Context<'_>) {
    context.counters.syncs += 1;
    let Some(pod) = context.cache.get::<Pod>(key).filter(|pod| pod.metadata.is_terminating()).cloned() else { return };
    apply_failure(&pod, None, context);
    apply_forced_deletion(key, context);
}

fn apply_failure(pod: &Rc<Pod>, condition: Option<PodCondition>, context: &mut Context<'_>) {
    let mut failed = Pod::clone(pod);
    let status = Rc::make_mut(&mut failed.status);
    if status.is_terminal() {
        return;
    }
    status.phase = Some(PodPhase::Failed);
    if let Some(condition) = condition {
        status.conditions.retain(|found| found.kind != condition.kind);
        status.conditions.push(condition);
    }
    // If it does not work the pod goes all the same.
    let _ = context.update_status(failed);
}

/// Deletes the oldest of the pods that have ended, beyond the limit.
fn apply_terminated_limit(context: &mut Context<'_>) {
    let cache = context.cache;
    let mut ended: Vec<&Rc<Pod>> =
        cache.of(Kind::Pod).iter_as::<Pod>().filter(|pod| pod.status.is_terminal()).collect();
    ended.arrange_by_key(|pod| pod.metadata.creation_timestamp);
    let surplus = ended.len().saturating_sub(TERMINATED_MAX);
    for pod in ended.into_iter().take(surplus) {
        apply_forced_deletion(&pod.key(), context);
    }
}

fn apply_forced_deletion(key: &Key, context: &mut Context<'_>) {
    let options = DeleteOptions { grace_period_seconds: Some(0), ..DeleteOptions::default() };
    // A pod that is gone already needs no deletion.
    let _ = context.delete(Kind::Pod, key, &options);
}
