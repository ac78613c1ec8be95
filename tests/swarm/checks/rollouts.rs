//! Deployments, ReplicaSets and DaemonSets: never more pods than they may have, and never taken below what they must keep.

use std::rc::Rc;

use api::int_or_string::Rounding;
use api::{DaemonSet, Deployment, Key, Pod, ReplicaSet, Resource, Str};
use client::{Change, ChangeKind};
use ordered::OrderedMap;
use sim::Time;

use super::SIGHT;

/// How many pods a Deployment's ReplicaSets want together: at least, at most.
type Bounds = (i32, i32);

/// What was seen of them.
#[derive(Clone, Debug, Default)]
pub(super) struct Rollouts {
    /// UID of a Deployment → its bounds, and since when; the oldest first, and only those that its controller may still see.
    bounds: OrderedMap<Str, Vec<(Time, Bounds)>>,
    sets: OrderedMap<Str, Rc<ReplicaSet>>,
    /// UID of a ReplicaSet → how many pods it wanted, and since when.
    sizes: OrderedMap<Str, Vec<(Time, i32)>>,
    pods: OrderedMap<Key, Rc<Pod>>,
}

impl Rollouts {
    /// Takes in a change.
    pub(super) fn look(&mut self, change: &Change) -> Result<(), String> {
        let is_gone = change.kind == ChangeKind::Deleted;
        let uid = &change.object.metadata().uid;
        if let Some(deployment) = Deployment::from_object(&change.object) {
            note(self.bounds.entry(uid.clone()).or_default(), change.at, bounds(deployment));
        }
        if let Some(set) = ReplicaSet::from_object(&change.object) {
            note(self.sizes.entry(uid.clone()).or_default(), change.at, set.spec.replicas());
            let before = self.sets.get(uid).map_or(0, |set| set.spec.replicas());
            match is_gone {
                true => self.sets.remove(uid),
                false => self.sets.insert(uid.clone(), set.clone()),
            };
            if !is_gone && before != set.spec.replicas() {
                return self.check_sum(set, before, change.at);
            }
        }
        if let Some(pod) = Pod::from_object(&change.object) {
            let key = pod.key();
            let old = self.pods.get(&key).cloned();
            match is_gone {
                true => self.pods.remove(&key),
                false => self.pods.insert(key.clone(), pod.clone()),
            };
            if change.kind == ChangeKind::Added {
                self.check_size(pod, change.at)?;
            }
            if !is_gone && !pod.spec.node_name.is_empty() && old.is_none_or(|old| old.spec.node_name.is_empty()) {
                self.check_node(&key, pod)?;
            }
        }
        Ok(())
    }

    /// A Deployment's ReplicaSets are scaled up to what may be surpassed, and down to what must be kept.
    fn check_sum(&self, set: &ReplicaSet, before: i32, at: Time) -> Result<(), String> {
        let Some(owner) = set.metadata.controller() else { return Ok(()) };
        let Some(seen) = self.bounds.get(&owner.uid) else { return Ok(()) };
        let together: i32 = self
            .sets
            .values()
            .filter(|set| set.metadata.is_controlled_by(&owner.uid))
            .map(|set| set.spec.replicas())
            .sum();
        let seen: Vec<&Bounds> = in_sight(seen, at).collect();
        let least = seen.iter().map(|bounds| bounds.0).min().unwrap_or(0);
        let most = seen.iter().map(|bounds| bounds.1).max().unwrap_or(i32::MAX);
        let (name, size) = (&set.metadata.name, set.spec.replicas());
        let is_wrong = if size > before { together > most } else { together < least };
        match is_wrong {
            true => Err(format!("{name} went from {before} to {size}, which makes {together}, not {least} to {most}")),
            false => Ok(()),
        }
    }

    /// A ReplicaSet creates no more pods than it wants.
    fn check_size(&self, pod: &Pod, at: Time) -> Result<(), String> {
        let Some(owner) = pod.metadata.controller() else { return Ok(()) };
        let Some(seen) = self.sizes.get(&owner.uid) else { return Ok(()) };
        let most = in_sight(seen, at).max().copied().unwrap_or(0);
        let is_active = |pod: &Rc<Pod>| !pod.status.is_terminal() && !pod.metadata.is_terminating();
        let own = self.pods.values().filter(|pod| pod.metadata.is_controlled_by(&owner.uid) && is_active(pod)).count();
        let own = own as i32;
        if own > most { Err(format!("{} has {own} pods and wants {most}", owner.name)) } else { Ok(()) }
    }

    /// A DaemonSet has one pod on a node.
    fn check_node(&self, key: &Key, pod: &Pod) -> Result<(), String> {
        let Some(owner) = pod.metadata.controller().filter(|owner| owner.kind == DaemonSet::KIND.name()) else {
            return Ok(());
        };
        let node = &pod.spec.node_name;
        let is_there = |pod: &Pod| pod.spec.node_name == *node && !pod.status.is_terminal();
        let is_other = |(other, pod): &(&Key, &Rc<Pod>)| {
            *other != key && pod.metadata.is_controlled_by(&owner.uid) && is_there(pod)
        };
        match self.pods.iter().find(is_other) {
            Some((other, _)) => Err(format!("{} and {} of one DaemonSet are both on {node}", key.name, other.name)),
            None => Ok(()),
        }
    }
}

fn bounds(deployment: &Deployment) -> Bounds {
    let replicas = deployment.spec.replicas();
    let rolling = deployment.spec.strategy.rolling_update.clone().unwrap_or_default();
    let share = |amount: Option<api::int_or_string::IntOrString>, rounding| {
        amount.and_then(|amount| amount.scaled(i64::from(replicas), rounding).ok()).unwrap_or(0) as i32
    };
    let surge = share(rolling.max_surge, Rounding::Up);
    let missing = share(rolling.max_unavailable, Rounding::Down);
    // Without either nothing could change; upstream then lets one be missing.
    let missing = if surge == 0 && missing == 0 { 1 } else { missing };
    (replicas - missing, replicas + surge)
}

fn note<T>(values: &mut Vec<(Time, T)>, at: Time, value: T) {
    values.push((at, value));
    // The last one that was set before what can still be seen is the oldest that can.
    let oldest = values.iter().rposition(|(since, _)| *since + SIGHT < at).unwrap_or(0);
    values.drain(..oldest);
}

/// The values that somebody may hold for the present one.
fn in_sight<T>(values: &[(Time, T)], at: Time) -> impl Iterator<Item = &T> {
    let oldest = values.iter().rposition(|(since, _)| *since + SIGHT < at).unwrap_or(0);
    values[oldest..].iter().map(|(_, value)| value)
}
