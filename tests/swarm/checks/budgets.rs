//! A budget is never overdrawn, as upstream guarantees it.
//!
//! What is guaranteed: the controller's figures are those of what it has seen (a watch latency ago); it looks whenever one of the
//! budget's pods or the budget itself changes; and every healthy pod that is evicted is paid for with one of the disruptions that
//! are allowed. What is not guaranteed: the controller does not watch StatefulSets and Deployments, it reads their sizes when it looks.
//! A set that is scaled while none of its pods can change (its next pod waits for one that never gets ready) keeps its old budget.
//!
//! Models: kubernetes v1.36 pkg/controller/disruption/disruption.go, pkg/registry/core/pod/storage/eviction.go; computed here a
//! second time from the rules, and not with the controller's code.

use std::collections::VecDeque;
use std::rc::Rc;

use api::int_or_string::{IntOrString, Rounding};
use api::{Deployment, Key, Object, Pod, PodDisruptionBudget, ReplicaSet, Resource, StatefulSet, Str};
use client::{Change, ChangeKind};
use ordered::{OrderedMap, OrderedSet};
use sim::{Span, Time};

use super::SIGHT;

/// An evicted pod counts as gone for so long, whether or not it is.
const DELETION_TIMEOUT: Span = Span::from_seconds(120);

/// What a budget's status must say.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
struct Figures {
    healthy: i32,
    desired: i32,
    allowed: i32,
}

/// Pods, and the sizes of those who want them.
#[derive(Clone, Debug, Default)]
struct View {
    pods: OrderedMap<Key, Rc<Pod>>,
    /// UID → how many pods are wanted; for a ReplicaSet of a Deployment that one's UID.
    scales: OrderedMap<Str, Scale>,
}

#[derive(Clone, Debug, PartialEq)]
enum Scale {
    Own(i32),
    Above(Str),
}

impl View {
    fn take(&mut self, change: &Change) {
        let is_gone = change.kind == ChangeKind::Deleted;
        if let Object::Pod(pod) = &change.object {
            match is_gone {
                true => self.pods.remove(&pod.key()),
                false => self.pods.insert(pod.key(), pod.clone()),
            };
        }
        let Some(scale) = scale_of(&change.object) else { return };
        let uid = change.object.metadata().uid.clone();
        match is_gone {
            true => self.scales.remove(&uid),
            false => self.scales.insert(uid, scale),
        };
    }

    fn scale(&self, uid: &Str) -> Option<(Str, i32)> {
        match self.scales.get(uid)? {
            Scale::Own(replicas) => Some((uid.clone(), *replicas)),
            Scale::Above(above) => self.scale(above),
        }
    }

    /// What the budget has to say of these pods; nothing may go when somebody's size is not known.
    fn figures(&self, budget: &PodDisruptionBudget, now: Time) -> Figures {
        let pods: Vec<&Rc<Pod>> =
            self.pods.iter().filter(|(key, pod)| is_about(budget, key, pod)).map(|(_, pod)| pod).collect();
        let disrupted = &budget.status.disrupted_pods;
        let is_leaving = |pod: &Pod| disrupted.get(&pod.metadata.name).is_some_and(|at| *at + DELETION_TIMEOUT > now);
        let healthy = pods.iter().filter(|pod| is_healthy(pod) && !is_leaving(pod)).count() as i32;
        let mut wanted: OrderedMap<Str, i32> = OrderedMap::new();
        let mut is_known = true;
        for owner in pods.iter().filter_map(|pod| pod.metadata.controller()) {
            match self.scale(&owner.uid) {
                Some((uid, replicas)) => drop(wanted.insert(uid, replicas)),
                None => is_known = false,
            }
        }
        let wanted: i32 = wanted.values().sum();
        let share = |amount: &IntOrString| amount.scaled(i64::from(wanted), Rounding::Up).unwrap_or(0) as i32;
        let (expected, desired) = match (&budget.spec.max_unavailable, &budget.spec.min_available) {
            (Some(amount), _) => (wanted, (wanted - share(amount)).max(0)),
            (None, Some(IntOrString::Int(number))) => (pods.len() as i32, *number),
            (None, Some(amount)) => (wanted, share(amount)),
            (None, None) => (0, 0),
        };
        let allowed = if expected > 0 && is_known { (healthy - desired).max(0) } else { 0 };
        Figures { healthy, desired, allowed }
    }
}

fn scale_of(object: &Object) -> Option<Scale> {
    if let Some(set) = StatefulSet::from_object(object) {
        return Some(Scale::Own(set.spec.replicas()));
    }
    if let Some(deployment) = Deployment::from_object(object) {
        return Some(Scale::Own(deployment.spec.replicas()));
    }
    let set = ReplicaSet::from_object(object)?;
    Some(set.metadata.controller().map_or(Scale::Own(set.spec.replicas()), |above| Scale::Above(above.uid.clone())))
}

fn is_about(budget: &PodDisruptionBudget, key: &Key, pod: &Pod) -> bool {
    let selector = budget.spec.selector.as_ref();
    key.namespace == budget.metadata.namespace && selector.is_some_and(|it| it.matches(&pod.metadata.labels))
}

/// Whether a pod counts as healthy.
pub(super) fn is_healthy(pod: &Pod) -> bool {
    pod.status.is_true("Ready") && !pod.metadata.is_terminating()
}

/// One budget.
#[derive(Clone, Debug)]
struct Watched {
    budget: Rc<PodDisruptionBudget>,
    /// When it or one of its pods last changed.
    changed: Time,
    /// What its status may say since then: the figures as of that change, and those with sizes that were changed just after.
    possible: Vec<Figures>,
}

/// All budgets, from change to change.
#[derive(Clone, Debug)]
pub(super) struct Budgets {
    latency: Span,
    /// As things are.
    present: View,
    /// As the controller sees them, and what it has not seen yet.
    seen: View,
    unseen: VecDeque<Change>,
    budgets: OrderedMap<Key, Watched>,
    /// (budget, pod) that was taken off the budget and not used yet.
    paid: OrderedSet<(Key, Str)>,
    /// How many healthy pods were evicted so far.
    pub(super) evictions: u32,
}

impl Budgets {
    pub(super) fn new(latency: Span) -> Budgets {
        Budgets {
            latency,
            present: View::default(),
            seen: View::default(),
            unseen: VecDeque::new(),
            budgets: OrderedMap::new(),
            paid: OrderedSet::new(),
            evictions: 0,
        }
    }

    /// Takes in a change of a budget, a pod, or somebody who wants pods.
    pub(super) fn look(&mut self, change: &Change) -> Result<(), String> {
        if let Object::PodDisruptionBudget(budget) = &change.object {
            return self.look_at_budget(budget, change);
        }
        self.present.take(change);
        self.unseen.push_back(change.clone());
        if let Object::Pod(pod) = &change.object {
            self.look_at_eviction(pod, change)?;
            let key = pod.key();
            for watched in self.budgets.values_mut().filter(|watched| is_about(&watched.budget, &key, pod)) {
                watched.changed = change.at;
                watched.possible = vec![self.present.figures(&watched.budget, change.at)];
            }
        } else if scale_of(&change.object) != change.old.as_ref().and_then(scale_of) {
            for watched in self.budgets.values_mut().filter(|watched| watched.changed + SIGHT >= change.at) {
                watched.possible.push(self.present.figures(&watched.budget, change.at));
            }
        }
        Ok(())
    }

    fn look_at_budget(&mut self, budget: &Rc<PodDisruptionBudget>, change: &Change) -> Result<(), String> {
        let key = budget.key();
        if change.kind == ChangeKind::Deleted {
            self.budgets.remove(&key);
            return Ok(());
        }
        let old = change.old.as_ref().and_then(Object::get::<PodDisruptionBudget>);
        let figures = self.present.figures(budget, change.at);
        match old.filter(|old| old.spec == budget.spec) {
            Some(old) => self.look_at_status(old, budget, change.at)?,
            None => {
                drop(self.budgets.insert(
                    key.clone(),
                    Watched { budget: budget.clone(), changed: change.at, possible: vec![figures] },
                ))
            }
        }
        if let Some(watched) = self.budgets.get_mut(&key) {
            watched.budget = budget.clone();
        }
        Ok(())
    }

    /// A status is written by an eviction, which takes one, or by the controller, which counts.
    fn look_at_status(&mut self, old: &PodDisruptionBudget, new: &PodDisruptionBudget, at: Time) -> Result<(), String> {
        let name = &new.metadata.name;
        let (before, after) = (&old.status, &new.status);
        let taken: Vec<&Str> =
            after.disrupted_pods.keys().filter(|pod| !before.disrupted_pods.contains_key(*pod)).collect();
        if let [pod] = taken.as_slice() {
            if before.disruptions_allowed < 1 || after.disruptions_allowed != before.disruptions_allowed - 1 {
                let (had, has) = (before.disruptions_allowed, after.disruptions_allowed);
                return Err(format!("budget {name} was overdrawn for {pod}: it allowed {had}, and {has} after"));
            }
            self.paid.insert((new.key(), (*pod).clone()));
            return Ok(());
        }
        while self.unseen.front().is_some_and(|change| change.at + self.latency <= at) {
            self.unseen.pop_front().iter().for_each(|change| self.seen.take(change));
        }
        let wanted = self.seen.figures(old, at);
        let found = figures_of(new);
        if found == wanted { Ok(()) } else { Err(format!("budget {name} counts wrong: {found:?}, not {wanted:?}")) }
    }

    fn look_at_eviction(&mut self, pod: &Rc<Pod>, change: &Change) -> Result<(), String> {
        let Some(old) = change.old.as_ref().and_then(Object::get::<Pod>) else { return Ok(()) };
        let evicted_at = |pod: &Pod| {
            let condition = pod.status.condition("DisruptionTarget");
            condition.filter(|it| it.reason == "EvictionByEvictionAPI").and_then(|it| it.last_transition_time)
        };
        if evicted_at(pod).is_none() || evicted_at(pod) == evicted_at(old) {
            return Ok(());
        }
        let (key, name) = (pod.key(), &pod.metadata.name);
        let budgets: Vec<&Rc<PodDisruptionBudget>> =
            self.budgets.values().map(|watched| &watched.budget).filter(|budget| is_about(budget, &key, pod)).collect();
        let [budget] = budgets.as_slice() else {
            return if budgets.is_empty() { Ok(()) } else { Err(format!("{name} has two budgets and was evicted")) };
        };
        if self.paid.remove(&(budget.key(), name.clone())) {
            self.evictions += u32::from(is_healthy(old));
            return Ok(());
        }
        let status = &budget.status;
        let is_free = !old.status.is_true("Ready")
            && (budget.spec.unhealthy_pod_eviction_policy.as_deref() == Some("AlwaysAllow")
                || status.current_healthy >= status.desired_healthy && status.desired_healthy > 0);
        if is_free { Ok(()) } else { Err(format!("{name} was evicted and budget {} not asked", budget.metadata.name)) }
    }

    /// Looks whether every budget has counted after the last change that it watches, if it has had the time.
    pub(super) fn look_closely(&self, now: Time) -> Result<(), String> {
        for watched in self.budgets.values().filter(|watched| now.since(watched.changed) > SIGHT) {
            let (found, possible) = (figures_of(&watched.budget), &watched.possible);
            if !possible.contains(&found) {
                let name = &watched.budget.metadata.name;
                return Err(format!("budget {name} has not looked: {found:?}, and not one of {possible:?}"));
            }
        }
        Ok(())
    }

    /// When all is well every budget knows all sizes.
    pub(super) fn are_well(&self, now: Time) -> Result<(), String> {
        for Watched { budget, .. } in self.budgets.values() {
            let (found, wanted) = (figures_of(budget), self.present.figures(budget, now));
            if found != wanted {
                return Err(format!("budget {}: {found:?}, and should be {wanted:?}", budget.metadata.name));
            }
        }
        Ok(())
    }
}

fn figures_of(budget: &PodDisruptionBudget) -> Figures {
    let status = &budget.status;
    Figures { healthy: status.current_healthy, desired: status.desired_healthy, allowed: status.disruptions_allowed }
}
