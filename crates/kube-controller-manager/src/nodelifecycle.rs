//! The node lifecycle controller, in part: it registers nodes and turns cordoning and conditions into taints.
//!
//! What is absent: nodes that fall silent (conditions Unknown, eviction by NoExecute taints).
//!
//! Models: kubernetes v1.36 pkg/controller/nodelifecycle and pkg/controller/ttl (the annotation for caches).

use std::collections::BTreeMap;
use std::rc::Rc;

use api::core::node::Taint;
use api::meta::ConditionStatus;
use api::{Key, Kind, Node, Object, Resource, Status, Str};
use client::{Change, ChangeKind, EventKind, Recorder, RecorderApi, WorkQueue};
use ecow::{EcoVec, eco_format};
use sim::Time;

use crate::context::{Context, LastWrites};

/// The node is cordoned.
pub const UNSCHEDULABLE: &str = "node.kubernetes.io/unschedulable";

/// How long kubelets may keep what they read, by the size of the cluster: seconds.
const TTL: &str = "node.alpha.kubernetes.io/ttl";
/// (nodes up to which it holds, seconds)
const TTL_BOUNDARIES: [(usize, i64); 5] = [(100, 0), (500, 15), (1_000, 30), (2_000, 60), (usize::MAX, 300)];

/// A condition that means a taint, by type and status.
const TAINTS_OF_CONDITIONS: [(&str, ConditionStatus, &str); 6] = [
    ("Ready", ConditionStatus::False, "node.kubernetes.io/not-ready"),
    ("Ready", ConditionStatus::Unknown, "node.kubernetes.io/unreachable"),
    ("MemoryPressure", ConditionStatus::True, "node.kubernetes.io/memory-pressure"),
    ("DiskPressure", ConditionStatus::True, "node.kubernetes.io/disk-pressure"),
    ("NetworkUnavailable", ConditionStatus::True, "node.kubernetes.io/network-unavailable"),
    ("PIDPressure", ConditionStatus::True, "node.kubernetes.io/pid-pressure"),
];

/// The controller's queue, and the nodes that it has announced.
#[derive(Clone, Debug)]
pub(crate) struct NodeLifecycleController {
    queue: WorkQueue<Key>,
    recorder: Recorder,
    last_writes: LastWrites,
    /// UID by name.
    registered: BTreeMap<Str, Str>,
}

impl NodeLifecycleController {
    pub(crate) fn new() -> NodeLifecycleController {
        NodeLifecycleController {
            queue: WorkQueue::new(),
            recorder: Recorder::new("node-controller", "", RecorderApi::Core),
            last_writes: LastWrites::default(),
            registered: BTreeMap::new(),
        }
    }

    pub(crate) fn on_change(&mut self, change: &Change, context: &mut Context<'_>) {
        let Object::Node(node) = &change.object else { return };
        let name = &node.metadata.name;
        if change.kind == ChangeKind::Deleted {
            self.last_writes.forget(&node.key());
            if self.registered.remove(name).is_some() {
                let message = eco_format!("Node {name} event: Removing Node {name} from Controller");
                self.recorder.event(context.api, &change.object, EventKind::Normal, "RemovingNode", message);
            }
            return;
        }
        if self.registered.get(name) != Some(&node.metadata.uid) {
            self.registered.insert(name.clone(), node.metadata.uid.clone());
            let message = eco_format!("Node {name} event: Registered Node {name} in Controller");
            self.recorder.event(context.api, &change.object, EventKind::Normal, "RegisteredNode", message);
        }
        self.queue.add(node.key(), "the node changed");
    }

    pub(crate) fn run(&mut self, context: &mut Context<'_>) {
        while let Some((key, _)) = self.queue.pop(context.now) {
            if let Some(at) = self.last_writes.visible_at(&key, context) {
                self.queue.add_at(key, at);
                continue;
            }
            match self.sync(&key, context) {
                Ok(()) => self.queue.forget(&key),
                Err(_) => self.queue.add_rate_limited(key, context.now),
            }
        }
    }

    pub(crate) fn next_at(&self) -> Option<Time> {
        self.queue.next_at()
    }

    fn sync(&mut self, key: &Key, context: &mut Context<'_>) -> Result<(), Status> {
        let Some(node) = context.cache.get::<Node>(key) else { return Ok(()) };
        context.counters.syncs += 1;
        let taints = decide_taints(node, context.now);
        let ttl = decide_ttl(context.cache.of(Kind::Node).len());
        let is_as_wanted = taints == node.spec.taints && node.metadata.annotations.get(TTL) == Some(ttl.as_str());
        if is_as_wanted {
            return Ok(());
        }
        let mut changed = Node::clone(node);
        changed.spec.taints = taints;
        changed.metadata.annotations.insert(TTL, ttl);
        self.last_writes.note(key, context.now);
        context.update(changed).map(drop)
    }
}

fn decide_ttl(nodes: usize) -> Str {
    let seconds = TTL_BOUNDARIES.iter().find(|(up_to, _)| nodes <= *up_to).map_or(0, |(_, seconds)| *seconds);
    eco_format!("{seconds}")
}

/// The taints that a node should have: its own, and those that say NoSchedule for the state it is in.
pub fn decide_taints(node: &Rc<Node>, now: Time) -> EcoVec<Taint> {
    let mut wanted: Vec<&str> = TAINTS_OF_CONDITIONS
        .iter()
        .filter(|(kind, status, _)| node.status.condition(kind).is_some_and(|found| found.status == *status))
        .map(|(_, _, key)| *key)
        .collect();
    if node.spec.unschedulable {
        wanted.push(UNSCHEDULABLE);
    }
    let is_managed = |taint: &Taint| {
        taint.effect == "NoSchedule"
            && (taint.key == UNSCHEDULABLE || TAINTS_OF_CONDITIONS.iter().any(|(_, _, key)| taint.key == *key))
    };
    let kept = node.spec.taints.iter().filter(|taint| !is_managed(taint) || wanted.contains(&taint.key.as_str()));
    let mut taints: EcoVec<Taint> = kept.cloned().collect();
    for key in wanted {
        let is_there = taints.iter().any(|taint| taint.key == key && taint.effect == "NoSchedule");
        if !is_there {
            taints.push(Taint {
                key: key.into(),
                effect: "NoSchedule".into(),
                time_added: Some(now.truncate_to_second()),
                ..Taint::default()
            });
        }
    }
    taints
}
