//! What must never happen, and what must be so in the end.
//!
//! Every change of a pod is looked at once; what needs all objects is looked at whenever somebody acts.

use std::rc::Rc;

use api::quantity::Quantity;
use api::{Key, Kind, Node, Object, PersistentVolume, PersistentVolumeClaim, Pod, PodDisruptionBudget, Resource};
use api::{StatefulSet, Str};
use client::{Change, ChangeKind};
use cluster::Cluster;
use ordered::{OrderedMap, OrderedSet};
use sim::{Span, Time};

use crate::trouble::typed;

/// How old the sight of a controller may be that creates a pod because the one before it is ready: caches, and the time of a sync.
const SIGHT: Span = Span::from_millis(500);

/// What was seen so far.
pub(crate) struct Checks {
    cursor: u64,
    /// Until when each pod was ready; far in the future for those that are.
    ready_until: OrderedMap<Key, Time>,
    /// When anything last changed that a budget looks at.
    last_change: Time,
    /// Whether a set was scaled and no pod has changed since: budgets look at pods, and see a set's size when one of them changes.
    has_unseen_scale: bool,
    /// A pod that was evicted against its budget.
    overdrawn: Option<Key>,
}

impl Checks {
    pub(crate) fn new() -> Checks {
        Checks {
            cursor: 0,
            ready_until: OrderedMap::new(),
            last_change: Time(0),
            has_unseen_scale: false,
            overdrawn: None,
        }
    }

    /// What the budget has to give at this instant, if it has had time to see what there is.
    pub(crate) fn room(&self, cluster: &Cluster) -> Option<i32> {
        let wanted = set(cluster, "web")?.spec.replicas();
        let healthy = typed::<Pod>(cluster).iter().filter(|pod| counts(pod)).count() as i32;
        let desired = (wanted - 1).max(0);
        let has_seen = !self.has_unseen_scale && cluster.now().since(self.last_change) > SIGHT;
        has_seen.then_some(healthy - desired)
    }

    /// A set was scaled: its budget sees it with the next change of a pod.
    pub(crate) fn note_change(&mut self, now: Time) {
        self.last_change = now;
        self.has_unseen_scale = true;
    }

    /// An eviction was allowed when the budget had so much to give.
    pub(crate) fn note_eviction(&mut self, pod: &Pod, room: Option<i32>) {
        if counts(pod) && room.is_some_and(|room| room < 1) {
            self.overdrawn = Some(pod.key());
        }
    }

    /// Looks at all changes of pods since the last time.
    pub(crate) fn look(&mut self, cluster: &Cluster) -> Result<(), String> {
        let changes = cluster.server().changes(Kind::Pod, self.cursor, cluster.now());
        let changes = changes.map_err(|status| format!("the log of pods does not reach back: {}", status.message))?;
        for change in changes {
            self.cursor = change.revision;
            self.look_at(change, cluster)?;
        }
        match &self.overdrawn {
            Some(pod) => Err(format!("{pod} was evicted though its budget had nothing to give")),
            None => Ok(()),
        }
    }

    fn look_at(&mut self, change: &Change, cluster: &Cluster) -> Result<(), String> {
        let Object::Pod(pod) = &change.object else { return Ok(()) };
        let key = pod.key();
        let old = change.old.as_ref().and_then(Object::get::<Pod>);
        let is_ready = pod.status.is_true("Ready") && !pod.metadata.is_terminating();
        if old.is_some_and(|old| !old.spec.node_name.is_empty() && old.spec.node_name != pod.spec.node_name) {
            return Err(format!("pod {key} has moved to another node"));
        }
        if change.kind == ChangeKind::Added {
            check_identity(pod, cluster)?;
            self.check_order(pod, change.at)?;
        }
        if is_ready && change.kind != ChangeKind::Deleted {
            self.ready_until.insert(key.clone(), Time(u64::MAX - SIGHT.0));
        } else if let Some(until) = self.ready_until.get_mut(&key) {
            *until = change.at.min(*until);
        }
        self.last_change = self.last_change.max(change.at);
        self.has_unseen_scale &= !pod.metadata.name.starts_with("web-");
        if old.is_none_or(|old| old.spec.node_name.is_empty()) && !pod.spec.node_name.is_empty() {
            check_room(&pod.spec.node_name, cluster)?;
        }
        Ok(())
    }

    /// A pod of an ordered set is created when the one before it is ready, as far as the controller could see.
    fn check_order(&self, pod: &Pod, at: Time) -> Result<(), String> {
        let name = &pod.metadata.name;
        let Some(ordinal) = name.strip_prefix("web-").and_then(|text| text.parse::<u32>().ok()) else { return Ok(()) };
        let Some(before) = ordinal.checked_sub(1) else { return Ok(()) };
        let key = Key::new(pod.metadata.namespace.clone(), format!("web-{before}"));
        let seen_ready = self.ready_until.get(&key).is_some_and(|until| *until + SIGHT >= at);
        if seen_ready { Ok(()) } else { Err(format!("{name} was created while {} was not ready", key.name)) }
    }

    /// Looks at everything.
    pub(crate) fn look_closely(&mut self, cluster: &Cluster) -> Result<(), String> {
        if !cluster.controllers().indexes_are_true() {
            return Err("the controllers' indexes are not what a scan gives".to_owned());
        }
        if !cluster.scheduler().sums_are_true() {
            return Err("the scheduler's sums are not what a scan gives".to_owned());
        }
        let mut running: OrderedMap<Key, Str> = OrderedMap::new();
        for (key, node) in cluster.kubelets().running() {
            if let Some(other) = running.insert(key.clone(), node.clone()) {
                return Err(format!("pod {key} runs on {node} and on {other}"));
            }
        }
        check_claims(cluster)
    }

    /// Whether all is as wanted.
    pub(crate) fn all_is_well(&self, cluster: &Cluster) -> Result<(), String> {
        for node in typed::<Node>(cluster) {
            let is_ready = node.status.condition("Ready").is_some_and(|ready| ready.status.to_string() == "True");
            if !is_ready || !node.spec.taints.is_empty() {
                return Err(format!("{} is not well: {:?}", node.metadata.name, node.spec.taints));
            }
        }
        for set in typed::<StatefulSet>(cluster) {
            let (wanted, status) = (set.spec.replicas(), &set.status);
            let counts = [status.replicas, status.ready_replicas, status.available_replicas, status.updated_replicas];
            if counts != [wanted; 4] || status.current_revision != status.update_revision {
                return Err(format!("{} wants {wanted}: {status:?}", set.metadata.name));
            }
        }
        for pod in typed::<Pod>(cluster) {
            if pod.metadata.is_terminating() || !pod.status.is_true("Ready") {
                return Err(format!("{} is not well: {:?}", pod.metadata.name, pod.status.conditions));
            }
        }
        for budget in typed::<PodDisruptionBudget>(cluster) {
            let ready =
                typed::<Pod>(cluster).iter().filter(|pod| pod.metadata.labels.get("app") == Some("web")).count();
            let status = &budget.status;
            let allowed = i32::from(ready > 0);
            if (status.current_healthy, status.disruptions_allowed) != (ready as i32, allowed) {
                return Err(format!("the budget counts wrong: {status:?}, {ready} ready"));
            }
        }
        let seen = cluster.scheduler().pending();
        if seen > 0 { Err(format!("{seen} pods still wait for a node")) } else { Ok(()) }
    }
}

/// Whether a pod counts as healthy for the budget.
fn counts(pod: &Pod) -> bool {
    let is_of_budget = pod.metadata.labels.get("app") == Some("web");
    is_of_budget && pod.status.is_true("Ready") && !pod.metadata.is_terminating()
}

fn set(cluster: &Cluster, name: &str) -> Option<Rc<StatefulSet>> {
    cluster.server().object(Kind::StatefulSet, &Key::new("default", name)).and_then(Object::get::<StatefulSet>).cloned()
}

/// A pod of a set has a number of its own, the set's name, and the set's claim.
fn check_identity(pod: &Pod, _cluster: &Cluster) -> Result<(), String> {
    let Some(owner) = pod.metadata.controller().filter(|owner| owner.kind == "StatefulSet") else { return Ok(()) };
    let name = &pod.metadata.name;
    let ordinal = name.strip_prefix(owner.name.as_str()).and_then(|rest| rest.strip_prefix('-'));
    let has_number = ordinal.is_some_and(|ordinal| ordinal.parse::<u32>().is_ok());
    let label = pod.metadata.labels.get("statefulset.kubernetes.io/pod-name");
    if !has_number || label != Some(name.as_str()) || pod.spec.hostname != *name {
        return Err(format!("{name} is not a pod of {}", owner.name));
    }
    let claims: Vec<&str> = pod
        .spec
        .volumes
        .iter()
        .filter_map(|volume| volume.persistent_volume_claim.as_ref())
        .map(|source| source.claim_name.as_str())
        .collect();
    let wanted = format!("www-{name}");
    let is_right = if owner.name == "web" { claims == [wanted.as_str()] } else { claims.is_empty() };
    if is_right { Ok(()) } else { Err(format!("{name} has the claims {claims:?}")) }
}

/// What the pods of a node ask for is there.
fn check_room(node: &str, cluster: &Cluster) -> Result<(), String> {
    let Some(Object::Node(object)) = cluster.server().object(Kind::Node, &Key::new("", node)) else { return Ok(()) };
    let amount = |text: Option<&str>| text.and_then(|text| Quantity::parse(text).ok()).unwrap_or_default();
    for resource in ["cpu", "memory"] {
        let there = amount(object.status.allocatable.get(resource)).milli_value();
        let asked: i64 = typed::<Pod>(cluster)
            .iter()
            .filter(|pod| pod.spec.node_name == node && !pod.status.is_terminal())
            .flat_map(|pod| pod.spec.containers.iter().cloned().collect::<Vec<_>>())
            .map(|container| amount(container.resources.requests.get(resource)).milli_value())
            .sum();
        if asked > there {
            return Err(format!("pods on {node} ask for {asked}m of {there}m {resource}"));
        }
    }
    Ok(())
}

/// A bound claim has one volume, and that volume this claim.
fn check_claims(cluster: &Cluster) -> Result<(), String> {
    let mut taken: OrderedSet<Str> = OrderedSet::new();
    for claim in typed::<PersistentVolumeClaim>(cluster).into_iter().filter(|claim| claim.status.phase == "Bound") {
        let name = &claim.spec.volume_name;
        let found = cluster.server().object(Kind::PersistentVolume, &Key::new("", name.clone()));
        let volume = found.and_then(Object::get::<PersistentVolume>);
        let back = volume.and_then(|volume| volume.spec.claim_ref.as_ref()).map(|back| back.uid.clone());
        if back.as_ref() != Some(&claim.metadata.uid) || !taken.insert(name.clone()) {
            return Err(format!("claim {} and volume {name} are not each other's alone", claim.metadata.name));
        }
    }
    Ok(())
}
