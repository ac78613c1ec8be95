//! The node lifecycle controller: it registers nodes, notices those that fall silent, and turns what it knows of them into taints.
//!
//! Upstream looks at every node every 5 s. Here the looks lie on the same grid, but only those happen that can find something: a
//! lease that is being renewed needs none, and of one that is not the last renewal says when to look.
//! - A node whose lease is older than the grace period gets conditions Unknown; its pods are no longer ready.
//! - A look later it is tainted NoExecute, one node of a zone in 10 s; see [`zones`].
//!
//! What is absent: the evictions (they are the taint eviction controller's), labels of old names.
//!
//! Models: kubernetes v1.36 pkg/controller/nodelifecycle and pkg/controller/ttl (the annotation for caches).

pub mod decide;
mod zones;

use ordered::OrderedMap;
use std::rc::Rc;

use api::meta::ConditionStatus;
use api::{Key, Kind, Lease, Node, Object, Pod, Resource, Status, Str};
use client::{Change, ChangeKind, EventKind, Recorder, RecorderApi, WorkQueue};
use sim::{Span, Time};
use thin::format_str;

use crate::context::{Context, LastWrites};
use decide::{Evicting, decide_silent_conditions, decide_taints, evicting_taint, readiness};
use zones::{Mode, Zones};

const LEASE_NAMESPACE: &str = "kube-node-lease";
/// Between two looks at all nodes.
const MONITOR_PERIOD: Span = Span::from_seconds(5);
/// How long a node may be silent.
const GRACE: Span = Span::from_seconds(50);
/// How long a node may take until it first says something.
const STARTUP_GRACE: Span = Span::from_seconds(60);

/// How long kubelets may keep what they read, by the size of the cluster: seconds.
const TTL: &str = "node.alpha.kubernetes.io/ttl";
/// (nodes up to which it holds, seconds)
const TTL_BOUNDARIES: [(usize, i64); 5] = [(100, 0), (500, 15), (1_000, 30), (2_000, 60), (usize::MAX, 300)];

/// The controller's queue, and the nodes that it has announced.
#[derive(Clone, Debug)]
pub(crate) struct NodeLifecycleController {
    queue: WorkQueue<Key>,
    recorder: Recorder,
    last_writes: LastWrites,
    /// UID by name.
    registered: OrderedMap<Str, Str>,
    zones: Zones,
    /// Where the grid of looks begins.
    started_at: Option<Time>,
    /// When a node's silence may drive its pods away: a look after it was noticed.
    evict_at: OrderedMap<Str, Time>,
    /// When a node that is back is free of its taint.
    back_at: OrderedMap<Str, Time>,
    /// Silence before this instant does not count: no node was left, and it may have been us.
    amnesty: Time,
}

impl NodeLifecycleController {
    pub(crate) fn new() -> NodeLifecycleController {
        NodeLifecycleController {
            queue: WorkQueue::new(),
            recorder: Recorder::new("node-controller", "", RecorderApi::Core),
            last_writes: LastWrites::default(),
            registered: OrderedMap::new(),
            zones: Zones::default(),
            started_at: None,
            evict_at: OrderedMap::new(),
            back_at: OrderedMap::new(),
            amnesty: Time(0),
        }
    }

    pub(crate) fn on_change(&mut self, change: &Change, context: &mut Context<'_>) {
        self.started_at.get_or_insert(context.now);
        match &change.object {
            Object::Node(node) if change.kind == ChangeKind::Deleted => self.on_gone(node, context),
            Object::Node(node) => self.on_node(node, context),
            Object::Lease(lease) if lease.metadata.namespace == LEASE_NAMESPACE => {
                self.queue.add(Key::new("", lease.metadata.name.clone()), "its lease changed");
            }
            _ => {}
        }
    }

    fn on_gone(&mut self, node: &Rc<Node>, context: &mut Context<'_>) {
        let name = &node.metadata.name;
        self.last_writes.forget(&node.key());
        self.evict_at.remove(name);
        self.back_at.remove(name);
        let mode = self.zones.remove(name);
        self.on_mode(mode, context);
        if self.registered.remove(name).is_some() {
            let message = format_str!("Node {name} event: Removing Node {name} from Controller");
            self.recorder.event(context.api, &node.clone().into(), EventKind::Normal, "RemovingNode", message);
        }
    }

    fn on_node(&mut self, node: &Rc<Node>, context: &mut Context<'_>) {
        let name = &node.metadata.name;
        if self.registered.get(name) != Some(&node.metadata.uid) {
            self.registered.insert(name.clone(), node.metadata.uid.clone());
            let message = format_str!("Node {name} event: Registered Node {name} in Controller");
            self.recorder.event(context.api, &node.clone().into(), EventKind::Normal, "RegisteredNode", message);
        }
        let is_ready = readiness(node) == ConditionStatus::True;
        let is_silent = node.status.condition("Ready").is_some() && !is_ready;
        let mode = self.zones.set(node, !is_silent);
        self.on_mode(mode, context);
        if is_silent {
            let at = self.look_after(context.now);
            self.evict_at.entry(name.clone()).or_insert(at);
            self.back_at.remove(name);
        } else {
            self.evict_at.remove(name);
        }
        self.queue.add(node.key(), "the node changed");
    }

    /// When no node is left nobody is evicted, and what was begun is taken back; when there are nodes again all get a new chance.
    fn on_mode(&mut self, mode: Mode, context: &Context<'_>) {
        if mode == Mode::Same {
            return;
        }
        if mode == Mode::Recovered {
            self.amnesty = context.now;
            let at = self.look_after(context.now);
            self.evict_at.values_mut().for_each(|evict_at| *evict_at = at);
        }
        for name in self.zones.lost() {
            self.queue.add(Key::new("", name.clone()), "the cluster's state changed");
        }
    }

    /// The first look after an instant.
    fn look_after(&self, at: Time) -> Time {
        let start = self.started_at.unwrap_or(at);
        start + Span((at.since(start).0 / MONITOR_PERIOD.0 + 1) * MONITOR_PERIOD.0)
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
        let Some(node) = context.cache.get::<Node>(key).cloned() else { return Ok(()) };
        context.counters.syncs += 1;
        if let Some(silent_at) = self.silent_at(&node, context) {
            if silent_at > context.now {
                self.queue.add_at(key.clone(), silent_at);
            } else if self.note_silence(&node, context)? {
                return Ok(());
            }
        }
        let evicting = self.evicting(&node, context.now);
        let taints = decide_taints(&node, evicting, context.now);
        let ttl = decide_ttl(context.cache.of(Kind::Node).len());
        let is_as_wanted = taints == node.spec.taints && node.metadata.annotations.get(TTL) == Some(ttl.as_str());
        if is_as_wanted {
            return Ok(());
        }
        let mut changed = Node::clone(&node);
        changed.spec.taints = taints;
        changed.metadata.annotations.insert(TTL, ttl);
        self.last_writes.note(key, context.now);
        context.update(changed).map(drop)
    }

    /// The look at which a node's silence counts, if it is silent.
    fn silent_at(&self, node: &Node, context: &Context<'_>) -> Option<Time> {
        let lease_key = Key::new(LEASE_NAMESPACE, node.metadata.name.clone());
        if context.api.is_renewed(&lease_key) {
            return None;
        }
        let lease = context.cache.get::<Lease>(&lease_key);
        let renewed = lease.and_then(|lease| lease.spec.renew_time).map(|time| time.0);
        let created = node.metadata.creation_timestamp.unwrap_or_default();
        let (heard, grace) = match node.status.condition("Ready") {
            None => (Some(created), STARTUP_GRACE),
            Some(ready) => (renewed.max(ready.last_heartbeat_time), GRACE),
        };
        let noticed = self.look_after(heard.unwrap_or(created).max(self.started_at.unwrap_or_default()));
        Some((noticed + grace).max(self.amnesty + grace))
    }

    /// Says of a silent node that nothing is known of it, and of its pods that they are not ready. Whether that was news.
    fn note_silence(&mut self, node: &Rc<Node>, context: &mut Context<'_>) -> Result<bool, Status> {
        let Some(conditions) = decide_silent_conditions(node, context.now) else { return Ok(false) };
        let mut changed = Node::clone(node);
        Rc::make_mut(&mut changed.status).conditions = conditions;
        let key = node.key();
        self.last_writes.note(&key, context.now);
        context.update_status(changed)?;
        if readiness(node) == ConditionStatus::True {
            let name = &node.metadata.name;
            let message = format_str!("Node {name} status is now: NodeNotReady");
            self.recorder.event(context.api, &node.clone().into(), EventKind::Normal, "NodeNotReady", message);
            let pods: Vec<Key> = context.indexes.pods_of_node(name).cloned().collect();
            pods.iter().for_each(|pod| self.mark_not_ready(pod, context));
        }
        Ok(true)
    }

    fn mark_not_ready(&mut self, key: &Key, context: &mut Context<'_>) {
        let Ok(pod) = context.api.get_as::<Pod>(key) else { return };
        let mut changed = Pod::clone(&pod);
        let status = Rc::make_mut(&mut changed.status);
        let Some(at) = status.conditions.iter().position(|condition| condition.kind == "Ready") else { return };
        let ready = &mut status.conditions.make_mut()[at];
        if ready.status == ConditionStatus::False {
            return;
        }
        ready.status = ConditionStatus::False;
        ready.last_transition_time = Some(context.now.truncate_to_second());
        let about = Object::from(pod);
        if context.update_status(changed).is_ok() {
            let (reason, message) = ("NodeNotReady", "Node is not ready");
            self.recorder.event(context.api, &about, EventKind::Warning, reason, message);
        }
    }

    /// What becomes of the taints that drive pods away.
    fn evicting(&mut self, node: &Node, now: Time) -> Evicting {
        let name = &node.metadata.name;
        let evicts = |taint: &str| node.spec.taints.iter().any(|own| own.key == taint && own.effect == "NoExecute");
        let is_tainted = evicts(decide::NOT_READY) || evicts(decide::UNREACHABLE);
        let says_nothing = node.status.condition("Ready").is_none();
        let wanted = if says_nothing { None } else { evicting_taint(readiness(node)) };
        match wanted.filter(|_| !self.zones.is_all_lost()) {
            Some(taint) if is_tainted => Evicting::Taint(taint),
            Some(taint) => self.drive_away(name, taint, now),
            None if wanted.is_none() && is_tainted => self.let_back(name, now),
            None => Evicting::NoTaint,
        }
    }

    /// The node is tainted a look after its silence was noticed, when its zone's turn has come.
    fn drive_away(&mut self, name: &Str, taint: &'static str, now: Time) -> Evicting {
        let at = self.evict_at.get(name).copied().unwrap_or(now);
        let again_at = if at > now {
            Some(at)
        } else {
            match self.zones.may_evict(name, now) {
                Ok(()) => return Evicting::Taint(taint),
                Err(again_at) => again_at,
            }
        };
        again_at.into_iter().for_each(|at| self.queue.add_at(Key::new("", name.clone()), at));
        Evicting::AsItIs
    }

    /// A node that is back is free of its taint at the next look.
    fn let_back(&mut self, name: &Str, now: Time) -> Evicting {
        let look = self.look_after(now);
        let at = *self.back_at.entry(name.clone()).or_insert(look);
        if at > now {
            self.queue.add_at(Key::new("", name.clone()), at);
            return Evicting::AsItIs;
        }
        self.back_at.remove(name);
        Evicting::NoTaint
    }
}

fn decide_ttl(nodes: usize) -> Str {
    let seconds = TTL_BOUNDARIES.iter().find(|(up_to, _)| nodes <= *up_to).map_or(0, |(_, seconds)| *seconds);
    format_str!("{seconds}")
}
