//! The DaemonSet controller: a pod on every node that it may run on.
//!
//! Pods are tied to their nodes by an affinity and placed by the scheduler like others. Events become keys; a key becomes
//! one sync: claim the pods, find the revision, [`decide`](decide::decide), create and delete, update, write the status.
//!
//! Models: kubernetes v1.36 pkg/controller/daemon. Different: failed pods are deleted at once; upstream waits a second, then
//! ever longer.

pub mod decide;
mod history;
pub mod placement;

use std::rc::Rc;

use api::{DaemonSet, Key, Kind, Node, Object, Pod, Reason, Resource, Status, Str};
use client::{Change, ChangeKind, DeleteOptions, EventKind, Recorder, RecorderApi};
use sim::Time;
use thin::format_str;

use crate::context::Context;
use crate::controller_ref::{Claimant, owners_touched};
use crate::pod_state;
use crate::rounds::Rounds;
use crate::why::Why;
use decide::{Inputs, Plan};

/// More pods than this are not created in one sync.
const BURST_MAX: usize = 250;

/// The controller's queue.
#[derive(Clone, Debug)]
pub(crate) struct DaemonSetController {
    rounds: Rounds,
    recorder: Recorder,
}

impl DaemonSetController {
    pub(crate) fn new() -> DaemonSetController {
        DaemonSetController {
            rounds: Rounds::default(),
            recorder: Recorder::new("daemonset-controller", "", RecorderApi::Core),
        }
    }

    pub(crate) fn on_change(&mut self, change: &Change, context: &Context<'_>) {
        match &change.object {
            Object::DaemonSet(set) => self.rounds.add(set.key(), "the DaemonSet changed"),
            Object::Node(node) => self.on_node(change, node, context),
            Object::Pod(pod) => self.on_pod(change, pod, context),
            _ => {}
        }
    }

    fn on_node(&mut self, change: &Change, node: &Node, context: &Context<'_>) {
        let old = change.old.as_ref().and_then(Object::get::<Node>);
        let is_as_before = change.kind == ChangeKind::Modified
            && old
                .is_some_and(|old| old.metadata.labels == node.metadata.labels && old.spec.taints == node.spec.taints);
        if is_as_before {
            return;
        }
        for set in context.cache.iter::<DaemonSet>() {
            self.rounds.add(set.key(), "a node changed");
        }
    }

    fn on_pod(&mut self, change: &Change, pod: &Rc<Pod>, context: &Context<'_>) {
        let old = change.old.as_ref().and_then(Object::get::<Pod>);
        let is_placed = |old: &Pod| old.spec.node_name != pod.spec.node_name;
        if change.kind == ChangeKind::Modified
            && old.is_some_and(|old| !pod_state::is_relevant_change(old, pod) && !is_placed(old))
        {
            return;
        }
        for key in owners_touched(change, Kind::DaemonSet, context) {
            self.rounds.add(key, "a pod changed");
        }
    }

    /// Syncs all sets that are due.
    pub(crate) fn run(&mut self, context: &mut Context<'_>) {
        while let Some(round) = self.rounds.begin(context) {
            let outcome = self.sync(&round.key, context);
            self.rounds.end(round, outcome, context);
        }
    }

    pub(crate) fn next_at(&self) -> Option<Time> {
        self.rounds.next_at()
    }

    fn sync(&mut self, key: &Key, context: &mut Context<'_>) -> Result<Option<Time>, Status> {
        let Some(set) = context.cache.get::<DaemonSet>(key).cloned() else {
            self.rounds.forget(key);
            return Ok(None);
        };
        if set.metadata.is_terminating() {
            return Ok(None);
        }
        let owner = Object::DaemonSet(set.clone());
        if set.spec.selector.is_empty() {
            let message = "This daemon set is selecting all pods. A non-empty selector is required.";
            self.recorder.event(context.api, &owner, EventKind::Warning, "SelectingAll", message);
            return Ok(None);
        }
        let nodes: Vec<Rc<Node>> = context.cache.iter::<Node>().cloned().collect();
        let history = history::sync_history(&set, &owner, context)?;
        let claimant = Claimant::new(&owner);
        let claimed = claimant.claim(Kind::Pod, &|_| true, context)?;
        let pods: Vec<Rc<Pod>> = claimed.iter().filter_map(Object::get::<Pod>).cloned().collect();
        context.counters.pods_visited += pods.len() as u64;
        self.rounds.note(key, nodes.len(), context.now);
        let hash = history.hash();
        let inputs = Inputs { set: &set, hash: &hash, nodes: &nodes, pods: &pods };
        let plan = decide::decide(&inputs, context.now);
        let acts = self.apply(&owner, &inputs, &plan, context)?;
        if acts == 0 && set.spec.update_strategy.kind == "RollingUpdate" {
            let update = decide::decide_update(&inputs, context.now);
            self.apply(&owner, &inputs, &update, context)?;
        }
        history::clean_up(&set, &pods, &history, context)?;
        apply_status(&inputs, context)?;
        Ok(decide::next_available_at(&inputs, context.now))
    }

    /// Carries a plan out; how many pods it was about.
    fn apply(
        &mut self,
        owner: &Object,
        inputs: &Inputs<'_>,
        plan: &Plan,
        context: &mut Context<'_>,
    ) -> Result<usize, Status> {
        for pod in &plan.ended {
            self.record_ended(owner, pod, context);
        }
        for pod in plan.ended.iter().chain(&plan.deletions) {
            self.delete_pod(owner, pod, context)?;
        }
        let spec = placement::shared_spec(inputs.set);
        let (mut left, mut batch) = (&plan.creations[..plan.creations.len().min(BURST_MAX)], 1);
        while !left.is_empty() {
            let (now, later) = left.split_at(batch.min(left.len()));
            for node in now {
                let pod = placement::new_pod(inputs.set, owner, &spec, inputs.hash, node);
                self.create_pod(owner, node, pod, context)?;
            }
            (left, batch) = (later, batch * 2);
        }
        let acts = plan.creations.len() + plan.deletions.len() + plan.ended.len();
        let why = if acts == 0 { Why::AsWanted } else { Why::Acted { actions: acts } };
        context.explain(Kind::DaemonSet, &owner.key(), why);
        Ok(acts)
    }

    fn record_ended(&mut self, owner: &Object, pod: &Pod, context: &mut Context<'_>) {
        let (key, node) = (pod.metadata.key(), &pod.spec.node_name);
        if pod.status.phase == Some(api::core::pod_status::PodPhase::Failed) {
            let message = format_str!("Found failed daemon pod {key} on node {node}, will try to kill it");
            self.record(owner, EventKind::Warning, "FailedDaemonPod", message, context);
        } else {
            let message = format_str!("Found succeeded daemon pod {key} on node {node}, will try to delete it");
            self.record(owner, EventKind::Normal, "SucceededDaemonPod", message, context);
        }
    }

    fn create_pod(&mut self, owner: &Object, node: &Str, pod: Pod, context: &mut Context<'_>) -> Result<(), Status> {
        match context.create(pod) {
            Ok(created) => {
                let key = created.key();
                let message = format_str!("Created pod: {}", key.name);
                self.record(owner, EventKind::Normal, "SuccessfulCreate", message, context);
                context.explain(Kind::Pod, &key, Why::CreatedForNode { node: node.clone() });
                Ok(())
            }
            Err(status) if status.message.contains("because it is being terminated") => Ok(()),
            Err(status) => {
                let message = format_str!("Error creating: {}", status.message);
                self.record(owner, EventKind::Warning, "FailedCreate", message, context);
                Err(status)
            }
        }
    }

    fn delete_pod(&mut self, owner: &Object, pod: &Pod, context: &mut Context<'_>) -> Result<(), Status> {
        let key = pod.metadata.key();
        match context.delete(Kind::Pod, &key, &DeleteOptions::default()) {
            Ok(_) => {
                let message = format_str!("Deleted pod: {}", key.name);
                self.record(owner, EventKind::Normal, "SuccessfulDelete", message, context);
                Ok(())
            }
            Err(status) if status.reason == Reason::NotFound => Ok(()),
            Err(status) => {
                let message = format_str!("Error deleting: {}", status.message);
                self.record(owner, EventKind::Warning, "FailedDelete", message, context);
                Err(status)
            }
        }
    }

    fn record(
        &mut self,
        owner: &Object,
        kind: EventKind,
        reason: &'static str,
        message: Str,
        context: &mut Context<'_>,
    ) {
        self.recorder.event(context.api, owner, kind, reason, message);
    }
}

fn apply_status(inputs: &Inputs<'_>, context: &mut Context<'_>) -> Result<(), Status> {
    let status = decide::decide_status(inputs, context.now);
    if status == inputs.set.status {
        return Ok(());
    }
    let mut changed = inputs.set.clone();
    changed.status = status;
    context.update_status(changed).map(drop)
}
