//! One sync of a DaemonSet, as a pure decision.
//!
//! Models: kubernetes v1.36 pkg/controller/daemon/daemon_controller.go (podsShouldBeOnNode, updateDaemonSetStatus) and
//! update.go (rollingUpdate).

use std::rc::Rc;

use api::apps::daemon_set::DaemonSetStatus;
use api::core::pod_status::PodPhase;
use api::int_or_string::{IntOrString, Rounding};
use api::{DaemonSet, Node, Pod, Str};
use ordered::{Arrange, OrderedMap};
use sim::Time;

use super::placement::{HASH_LABEL, Verdict, decide_node, node_of, shared_spec};
use crate::pod_state;

/// What a decision looks at.
pub struct Inputs<'a> {
    /// The set.
    pub set: &'a DaemonSet,
    /// The hash of the present template.
    pub hash: &'a Str,
    /// All nodes.
    pub nodes: &'a [Rc<Node>],
    /// The pods that the set controls.
    pub pods: &'a [Rc<Pod>],
}

/// What is to be done.
#[derive(Debug, Default)]
pub struct Plan {
    /// Nodes that get a pod.
    pub creations: Vec<Str>,
    /// Pods that go.
    pub deletions: Vec<Rc<Pod>>,
    /// Pods that ended by themselves and go too: an event says so.
    pub ended: Vec<Rc<Pod>>,
}

/// A node, what it may, and its pods.
struct Place<'a> {
    node: &'a Node,
    verdict: Verdict,
    pods: Vec<&'a Rc<Pod>>,
}

/// The nodes with their pods; pods of nodes that are gone are left out.
fn places<'a>(inputs: &Inputs<'a>) -> Vec<Place<'a>> {
    let spec = shared_spec(inputs.set);
    let mut by_node: OrderedMap<&Str, Vec<&Rc<Pod>>> = OrderedMap::new();
    for pod in inputs.pods {
        if let Some(node) = node_of(pod).filter(|_| !(pod.metadata.is_terminating() && pod.status.is_terminal())) {
            by_node.entry(node).or_default().push(pod);
        }
    }
    let place = |node: &'a Rc<Node>| {
        let mut pods = by_node.get(&&node.metadata.name).cloned().unwrap_or_default();
        pods.arrange_by(|left, right| age(left).cmp(&age(right)));
        Place { node, verdict: decide_node(&spec, node), pods }
    };
    inputs.nodes.iter().map(place).collect()
}

/// Those on a node come first, then the older.
fn age(pod: &Pod) -> (bool, Option<Time>, &Str) {
    (pod.spec.node_name.is_empty(), pod.metadata.creation_timestamp, &pod.metadata.name)
}

/// Which pods are missing, and which are too many.
pub fn decide(inputs: &Inputs<'_>, now: Time) -> Plan {
    let mut plan = Plan::default();
    for place in places(inputs) {
        let leaving_not = place.pods.iter().copied().filter(|pod| !pod.metadata.is_terminating());
        if place.verdict.gets && place.pods.is_empty() {
            plan.creations.push(place.node.metadata.name.clone());
        } else if place.verdict.keeps {
            keep_one(inputs, leaving_not.collect(), &mut plan, now);
        } else {
            plan.deletions.extend(leaving_not.cloned());
        }
    }
    let is_known = |node: &Str| inputs.nodes.iter().any(|known| known.metadata.name == *node);
    let homeless = inputs.pods.iter().filter(|pod| {
        pod.spec.node_name.is_empty() && !pod.metadata.is_terminating() && !node_of(pod).is_some_and(is_known)
    });
    plan.deletions.extend(homeless.cloned());
    plan
}

/// Of several pods on a node the oldest stays; while an update adds new ones first, the oldest of each template.
fn keep_one(inputs: &Inputs<'_>, pods: Vec<&Rc<Pod>>, plan: &mut Plan, now: Time) {
    let has_ended = |pod: &Pod| matches!(pod.status.phase, Some(PodPhase::Failed | PodPhase::Succeeded));
    let (ended, running): (Vec<&Rc<Pod>>, Vec<&Rc<Pod>>) = pods.into_iter().partition(|pod| has_ended(pod));
    plan.ended.extend(ended.into_iter().cloned());
    if limits(inputs).surge == 0 {
        plan.deletions.extend(running.into_iter().skip(1).cloned());
        return;
    }
    if running.len() < 2 {
        return;
    }
    let (new, old): (Vec<&Rc<Pod>>, Vec<&Rc<Pod>>) = running.into_iter().partition(|pod| is_updated(inputs, pod));
    plan.deletions.extend(new.iter().skip(1).chain(old.iter().skip(1)).map(|pod| Rc::clone(pod)));
    if let (Some(new), Some(old)) = (new.first(), old.first())
        && (!old.status.is_true("Ready") || is_available(inputs, new, now))
    {
        plan.deletions.push(Rc::clone(old));
    }
}

fn is_updated(inputs: &Inputs<'_>, pod: &Pod) -> bool {
    pod.metadata.labels.get(HASH_LABEL) == Some(inputs.hash.as_str())
}

fn is_available(inputs: &Inputs<'_>, pod: &Pod, now: Time) -> bool {
    pod_state::available_at(pod, inputs.set.spec.min_ready_seconds).is_some_and(|at| at <= now)
}

/// How many nodes may be without a serving pod, or have two, while a template comes in.
struct Limits {
    surge: usize,
    unavailable: usize,
}

fn limits(inputs: &Inputs<'_>) -> Limits {
    let rolling = inputs.set.spec.update_strategy.rolling_update.clone().unwrap_or_default();
    let wanted = i64::from(inputs.set.status.desired_number_scheduled);
    let scaled = |value: Option<IntOrString>| {
        let number = value.unwrap_or_default().scaled(wanted, Rounding::Up).unwrap_or(0);
        usize::try_from(number).unwrap_or(0)
    };
    let (surge, unavailable) = (scaled(rolling.max_surge), scaled(rolling.max_unavailable));
    Limits { surge, unavailable: if surge == 0 { unavailable.max(1) } else { unavailable } }
}

/// The steps of a rolling update that may be taken now.
pub fn decide_update(inputs: &Inputs<'_>, now: Time) -> Plan {
    let limits = limits(inputs);
    let places = places(inputs);
    let occupied = places.iter().filter(|place| !place.pods.is_empty());
    if limits.surge == 0 {
        decide_in_place(inputs, occupied, limits.unavailable, now)
    } else {
        decide_surge(inputs, occupied, limits.surge, now)
    }
}

/// The pod of the present template, and that of another.
type NewAndOld<'a> = (Option<&'a Rc<Pod>>, Option<&'a Rc<Pod>>);

/// The new and the old pod of a node; none if there are several of one sort.
fn new_and_old<'a>(inputs: &Inputs<'_>, place: &Place<'a>) -> Option<NewAndOld<'a>> {
    let (mut new, mut old) = (None, None);
    for pod in place.pods.iter().copied().filter(|pod| !pod.metadata.is_terminating()) {
        let slot = if is_updated(inputs, pod) { &mut new } else { &mut old };
        if slot.replace(pod).is_some() {
            return None;
        }
    }
    Some((new, old))
}

/// Old pods go as far as availability allows, first those that do not serve anyway; the next sync fills their nodes.
fn decide_in_place<'p, 'a: 'p>(
    inputs: &Inputs<'_>,
    places: impl Iterator<Item = &'p Place<'a>>,
    unavailable_max: usize,
    now: Time,
) -> Plan {
    let (mut plan, mut candidates, mut unavailable) = (Plan::default(), Vec::new(), 0);
    for place in places {
        match new_and_old(inputs, place) {
            Some((Some(new), None)) => unavailable += usize::from(!is_available(inputs, new, now)),
            Some((None, Some(old))) if is_available(inputs, old, now) => candidates.push(old.clone()),
            Some((None, Some(old))) => {
                plan.deletions.push(old.clone());
                unavailable += 1;
            }
            None | Some((None, None) | (Some(_), Some(_))) => unavailable += 1,
        }
    }
    plan.deletions.extend(candidates.into_iter().take(unavailable_max.saturating_sub(unavailable)));
    plan
}

/// New pods come beside the old ones, so many at a time; an old one goes when the new one serves.
fn decide_surge<'p, 'a: 'p>(
    inputs: &Inputs<'_>,
    places: impl Iterator<Item = &'p Place<'a>>,
    surge_max: usize,
    now: Time,
) -> Plan {
    let (mut plan, mut candidates, mut surging) = (Plan::default(), Vec::new(), 0);
    for place in places {
        let name = &place.node.metadata.name;
        match new_and_old(inputs, place) {
            None => surging += 1,
            Some((_, None)) => {}
            Some((None, Some(old))) if is_available(inputs, old, now) => candidates.push(name.clone()),
            Some((None, Some(_))) => plan.creations.push(name.clone()),
            Some((Some(new), Some(_))) if !is_available(inputs, new, now) => surging += 1,
            Some((Some(_), Some(old))) => plan.deletions.push(old.clone()),
        }
    }
    plan.creations.extend(candidates.into_iter().take(surge_max.saturating_sub(surging)));
    plan
}

/// The counts: of each node, the pod on it that came first.
pub fn decide_status(inputs: &Inputs<'_>, now: Time) -> DaemonSetStatus {
    let mut status = DaemonSetStatus {
        observed_generation: inputs.set.metadata.generation,
        collision_count: inputs.set.status.collision_count,
        ..DaemonSetStatus::default()
    };
    for place in places(inputs) {
        let first = place.pods.first();
        if !place.verdict.gets {
            status.number_misscheduled += i32::from(first.is_some());
            continue;
        }
        status.desired_number_scheduled += 1;
        let Some(pod) = first else { continue };
        status.current_number_scheduled += 1;
        status.number_ready += i32::from(pod.status.is_true("Ready"));
        status.number_available += i32::from(is_available(inputs, pod, now));
        status.updated_number_scheduled += i32::from(is_updated(inputs, pod));
    }
    status.number_unavailable = status.desired_number_scheduled - status.number_available;
    status
}

/// When the next Ready pod has been so for long enough.
pub fn next_available_at(inputs: &Inputs<'_>, now: Time) -> Option<Time> {
    let at = inputs.pods.iter().filter_map(|pod| pod_state::available_at(pod, inputs.set.spec.min_ready_seconds));
    at.filter(|at| *at > now).min()
}
