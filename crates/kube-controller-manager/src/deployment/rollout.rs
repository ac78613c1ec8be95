//! How large each ReplicaSet is to be: while a new template comes in, and when the Deployment changes its size meanwhile.
//!
//! Models: kubernetes v1.36 pkg/controller/deployment/{rolling,recreate,sync}.go.

use std::cmp::Ordering;
use std::rc::Rc;

use api::core::pod_status::PodPhase;
use api::{Deployment, Pod, ReplicaSet};

use super::math;
use super::revision::{self, DESIRED_REPLICAS, active, by_creation, total};

/// A set and the size that it gets.
pub type Sizing = (Rc<ReplicaSet>, i32);

fn wanted(set: &ReplicaSet) -> i32 {
    set.spec.replicas()
}

fn available(set: &ReplicaSet) -> i32 {
    set.status.available_replicas
}

/// The size that the set of the present template gets now, if it is another one.
pub fn decide_new_size(deployment: &Deployment, all: &[Rc<ReplicaSet>], new: &ReplicaSet) -> Option<i32> {
    api::reached!("kube_controller_manager::deployment::rollout::decide_new_size");
    let (own, goal) = (wanted(new), deployment.spec.replicas());
    let size = match own.cmp(&goal) {
        Ordering::Equal => return None,
        Ordering::Greater => goal,
        Ordering::Less => math::new_replica_set_size(deployment, total(all, wanted), own),
    };
    (size != own).then_some(size)
}

/// The sizes that sets of other templates get now, step by step: first those whose pods serve nobody shrink, since they
/// would hold the rollout up, then as many as availability allows. A set may stand there twice.
pub fn decide_old_sizes(deployment: &Deployment, old: &[Rc<ReplicaSet>], new: &ReplicaSet) -> Vec<Sizing> {
    api::reached!("kube_controller_manager::deployment::rollout::decide_old_sizes");
    let mut old = active(old);
    let old_pods = total(&old, wanted);
    if old_pods == 0 {
        return Vec::new();
    }
    let new_missing = wanted(new) - available(new);
    let surplus = old_pods + wanted(new) - math::min_available(deployment) - new_missing;
    if surplus <= 0 {
        return Vec::new();
    }
    revision::sort(&mut old, by_creation);
    let mut sizes: Vec<i32> = old.iter().map(|set| wanted(set)).collect();
    let before = sizes.clone();
    take_unhealthy(&old, &mut sizes, surplus);
    let mut steps = changed(&old, &before, &sizes);
    let cleaned = sizes.clone();
    let healthy = total(&old, available) + available(new) - math::min_available(deployment);
    take_any(&mut sizes, healthy);
    steps.extend(changed(&old, &cleaned, &sizes));
    steps
}

/// Sets of other templates lose all their pods.
pub fn decide_emptying(old: &[Rc<ReplicaSet>]) -> Vec<Sizing> {
    api::reached!("kube_controller_manager::deployment::rollout::decide_emptying");
    active(old).into_iter().map(|set| (set, 0)).collect()
}

/// Takes up to `max` pods that are not available; how many.
pub fn take_unhealthy(old: &[Rc<ReplicaSet>], sizes: &mut [i32], max: i32) -> i32 {
    let mut taken = 0;
    for (set, size) in old.iter().zip(sizes.iter_mut()) {
        let part = (*size - available(set)).clamp(0, (max - taken).max(0));
        *size -= part;
        taken += part;
    }
    taken
}

/// Takes up to `max` pods, from the first set on.
pub fn take_any(sizes: &mut [i32], max: i32) {
    let mut left = max.max(0);
    for size in sizes {
        let part = (*size).min(left);
        *size -= part;
        left -= part;
    }
}

fn changed(sets: &[Rc<ReplicaSet>], before: &[i32], after: &[i32]) -> Vec<Sizing> {
    let differs = |index: &usize| before[*index] != after[*index];
    (0..sets.len()).filter(differs).map(|index| (sets[index].clone(), after[index])).collect()
}

/// Whether pods of other templates still run. `pods_of` lists those of a set.
pub fn old_pods_run(old: &[Rc<ReplicaSet>], pods_of: &dyn Fn(&ReplicaSet) -> Vec<Rc<Pod>>) -> bool {
    api::reached!("kube_controller_manager::deployment::rollout::old_pods_run");
    let runs = |pod: &Rc<Pod>| !matches!(pod.status.phase, Some(PodPhase::Succeeded | PodPhase::Failed));
    total(old, |set| set.status.replicas) > 0 || old.iter().any(|set| pods_of(set).iter().any(runs))
}

/// Whether the Deployment has changed its size since it last sized a set.
pub fn is_scaling_event(deployment: &Deployment, sets: &[Rc<ReplicaSet>]) -> bool {
    let desired = |set: &Rc<ReplicaSet>| revision::annotated_number(set, DESIRED_REPLICAS);
    active(sets).iter().filter_map(desired).any(|desired| desired != deployment.spec.replicas())
}

/// The sizes after the Deployment has changed its own. Sets that keep theirs are listed as well where their annotations may
/// need it.
pub fn decide_scaling(deployment: &Deployment, new: Option<&Rc<ReplicaSet>>, old: &[Rc<ReplicaSet>]) -> Vec<Sizing> {
    api::reached!("kube_controller_manager::deployment::rollout::decide_scaling");
    let goal = deployment.spec.replicas();
    if let Some(only) = active_or_latest(new, old) {
        return if wanted(&only) == goal { Vec::new() } else { vec![(only, goal)] };
    }
    if new.is_some_and(|new| is_saturated(deployment, new)) {
        return decide_emptying(old);
    }
    if !math::is_rolling(deployment) {
        return Vec::new();
    }
    let mut all = old.to_vec();
    all.extend(new.cloned());
    decide_proportional(deployment, active(&all))
}

/// The one set that wants pods, or, if none does, the newest; none if several do.
fn active_or_latest(new: Option<&Rc<ReplicaSet>>, old: &[Rc<ReplicaSet>]) -> Option<Rc<ReplicaSet>> {
    let mut all = old.to_vec();
    all.extend(new.cloned());
    let active = active(&all);
    match active.as_slice() {
        [] => new.or_else(|| old.iter().max_by(|left, right| by_creation(left, right))).cloned(),
        [only] => Some(only.clone()),
        _ => None,
    }
}

/// Whether the new set has all pods that the Deployment wants, and they serve.
fn is_saturated(deployment: &Deployment, new: &ReplicaSet) -> bool {
    let goal = deployment.spec.replicas();
    let desired = revision::annotated_number(new, DESIRED_REPLICAS);
    wanted(new) == goal && desired == Some(goal) && available(new) == goal
}

/// Each set grows or shrinks by its share; what rounding leaves over goes to the largest.
fn decide_proportional(deployment: &Deployment, mut sets: Vec<Rc<ReplicaSet>>) -> Vec<Sizing> {
    let goal = deployment.spec.replicas();
    let allowed = if goal > 0 { goal + math::max_surge(deployment) } else { 0 };
    let to_add = allowed - total(&sets, wanted);
    match to_add.cmp(&0) {
        Ordering::Greater => revision::sort(&mut sets, larger_then_newer),
        Ordering::Less => revision::sort(&mut sets, larger_then_older),
        Ordering::Equal => return sets.into_iter().map(|set| (set.clone(), wanted(&set))).collect(),
    }
    let mut added = 0;
    let mut sizes: Vec<i32> = Vec::with_capacity(sets.len());
    for set in &sets {
        let share = math::proportion(set, deployment, to_add, added);
        sizes.push(wanted(set) + share);
        added += share;
    }
    if let Some(first) = sizes.first_mut() {
        *first = (*first + to_add - added).max(0);
    }
    sets.into_iter().zip(sizes).collect()
}

fn larger_then_older(left: &ReplicaSet, right: &ReplicaSet) -> Ordering {
    wanted(right).cmp(&wanted(left)).then_with(|| by_creation(left, right))
}

fn larger_then_newer(left: &ReplicaSet, right: &ReplicaSet) -> Ordering {
    wanted(right).cmp(&wanted(left)).then_with(|| by_creation(right, left))
}

/// The old sets beyond the Deployment's limit that have no pods, oldest number first.
pub fn decide_cleanup(deployment: &Deployment, old: &[Rc<ReplicaSet>]) -> Vec<Rc<ReplicaSet>> {
    api::reached!("kube_controller_manager::deployment::rollout::decide_cleanup");
    let Some(limit) = deployment.spec.revision_history_limit.filter(|limit| *limit != i32::MAX) else {
        return Vec::new();
    };
    let mut alive: Vec<Rc<ReplicaSet>> = old.iter().filter(|set| !set.metadata.is_terminating()).cloned().collect();
    let surplus = alive.len().saturating_sub(usize::try_from(limit).unwrap_or(0));
    if surplus == 0 {
        return Vec::new();
    }
    revision::sort(&mut alive, revision::by_revision);
    let is_idle = |set: &Rc<ReplicaSet>| {
        set.status.replicas == 0 && wanted(set) == 0 && set.metadata.generation <= set.status.observed_generation
    };
    alive.into_iter().take(surplus).filter(is_idle).collect()
}
