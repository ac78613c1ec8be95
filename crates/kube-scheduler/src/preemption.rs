//! Preemption: which pods of lower priority would have to go so that a pod that fits nowhere fits somewhere.
//!
//! Pure: nothing is evicted here. Every node that refused the pod without `unresolvable` is tried without its pods of lower priority,
//! which are then put back one by one, the most important first, while the pod still fits.
//!
//! Models: kubernetes v1.36 pkg/scheduler/framework/preemption and plugins/defaultpreemption.

use ordered::{Arrange, OrderedMap};
use std::cmp::Reverse;
use std::rc::Rc;

use api::{Pod, PodDisruptionBudget, Str};
use sim::Time;

use crate::cache::{Cache, NodeInfo};
use crate::framework::{Code, Cycle, Verdict};
use crate::schedule_one::filter_with_nominated;

/// Candidates that are looked for: at least so many, or this share of the nodes that could help.
const CANDIDATES_MIN: usize = 100;
const CANDIDATES_PERCENT: usize = 10;
const NO_VICTIMS: &str = "No preemption victims found for incoming pod";
const NOT_HELPFUL: &str = "Preemption is not helpful for scheduling";

/// A node on which a pod would fit without these others.
#[derive(Clone, Debug, PartialEq)]
pub struct Candidate {
    /// The node.
    pub node: Str,
    /// Who would have to go, the most important first.
    pub victims: Vec<Rc<Pod>>,
    /// How many of them a budget would keep.
    pub violations: usize,
}

/// What came of the attempt.
#[derive(Clone, Debug, Default, PartialEq)]
pub enum Preemption {
    /// It was not tried.
    #[default]
    NotTried,
    /// The pod may not preempt, in upstream's words.
    NotEligible(&'static str),
    /// No node can be freed; what stands against each, counted.
    Useless(OrderedMap<Str, usize>),
    /// The pods of this candidate are to go.
    Chosen(Box<Candidate>),
}

/// Tries all nodes that refused the pod, chooses one.
pub(crate) fn run(cycle: &mut Cycle<'_>, cache: &Cache, by_node: &OrderedMap<Str, Verdict>) -> Preemption {
    api::reached!("kube_scheduler::preemption::run");
    if let Err(why) = check_eligibility(cycle.pod, cache, by_node) {
        return Preemption::NotEligible(why);
    }
    let (candidates, refusals) = dry_run(cycle, cache, by_node, &candidates_wanted);
    match best(&candidates) {
        Some(candidate) => Preemption::Chosen(Box::new(candidate.clone())),
        None => Preemption::Useless(outcomes(cache.len(), &refusals)),
    }
}

/// Whether a pod may preempt, or why not.
pub(crate) fn check_eligibility(
    pod: &Pod,
    cache: &Cache,
    by_node: &OrderedMap<Str, Verdict>,
) -> Result<(), &'static str> {
    if pod.spec.preemption_policy.as_deref() == Some("Never") {
        return Err("not eligible due to preemptionPolicy=Never.");
    }
    let nominated = &pod.status.nominated_node_name;
    let is_hopeless = by_node.get(nominated).is_some_and(|verdict| verdict.code == Code::UnschedulableAndUnresolvable);
    let Some(info) = cache.get(nominated).filter(|_| !is_hopeless) else { return Ok(()) };
    let priority = priority(pod);
    let is_leaving = |other: &Rc<Pod>| self::priority(other) < priority && is_being_preempted(other);
    if info.pods.values().any(is_leaving) {
        return Err("not eligible due to a terminating pod on the nominated node.");
    }
    Ok(())
}

fn is_being_preempted(pod: &Pod) -> bool {
    let target = pod.status.condition("DisruptionTarget");
    pod.metadata.is_terminating() && target.is_some_and(|target| target.reason == "PreemptionByScheduler")
}

/// A pod's priority.
pub(crate) fn priority(pod: &Pod) -> i32 {
    pod.spec.priority.unwrap_or(0)
}

/// How many candidates are looked for among so many nodes.
pub(crate) fn candidates_wanted(nodes: usize) -> usize {
    (nodes * CANDIDATES_PERCENT / 100).max(CANDIDATES_MIN)
}

/// Candidates, and what stands against the other nodes that were tried. It ends with as many as are wanted, if one of them
/// overdraws no budget.
pub(crate) fn dry_run(
    cycle: &mut Cycle<'_>,
    cache: &Cache,
    by_node: &OrderedMap<Str, Verdict>,
    wanted: &dyn Fn(usize) -> usize,
) -> (Vec<Candidate>, OrderedMap<Str, Verdict>) {
    api::reached!("kube_scheduler::preemption::dry_run");
    let resolvable = by_node.iter().filter(|(_, verdict)| verdict.code == Code::Unschedulable);
    let nodes: Vec<&NodeInfo> = resolvable.filter_map(|(name, _)| cache.get(name)).collect();
    let wanted = wanted(nodes.len());
    let (mut candidates, mut refusals): (Vec<Candidate>, _) = (Vec::new(), OrderedMap::new());
    for info in nodes {
        if candidates.len() >= wanted && candidates.iter().any(|candidate| candidate.violations == 0) {
            break;
        }
        match victims_on(cycle, info) {
            Ok(candidate) => candidates.push(candidate),
            Err(verdict) => {
                refusals.insert(info.name().clone(), verdict);
            }
        }
    }
    (candidates, refusals)
}

/// The least that must go from one node.
fn victims_on(cycle: &mut Cycle<'_>, node: &NodeInfo) -> Result<Candidate, Verdict> {
    let own = priority(cycle.pod);
    let mut lower: Vec<Rc<Pod>> = node.pods.values().filter(|pod| priority(pod) < own).cloned().collect();
    if lower.is_empty() {
        return Err(Verdict::one("DefaultPreemption", Code::UnschedulableAndUnresolvable, NO_VICTIMS));
    }
    let mut info = node.clone();
    lower.iter().for_each(|pod| cycle.take_out(pod, &mut info));
    let refusal = filter_with_nominated(cycle, &info);
    let (victims, violations) = match &refusal {
        Some(_) => (Vec::new(), 0),
        None => {
            lower.arrange_by_key(|pod| importance(pod));
            reprieve(cycle, &mut info, &lower)
        }
    };
    // The cycle counts all pods again that it counted before.
    for pod in if refusal.is_some() { &lower } else { &victims } {
        cycle.put_back(pod, &mut info);
    }
    match refusal {
        Some(verdict) => Err(verdict),
        None => Ok(Candidate { node: node.name().clone(), victims, violations }),
    }
}

/// Puts pods back while the incoming one still fits: first those that a budget keeps, each group by importance.
fn reprieve(cycle: &mut Cycle<'_>, info: &mut NodeInfo, lower: &[Rc<Pod>]) -> (Vec<Rc<Pod>>, usize) {
    let (kept, others) = sort_out(lower, &cycle.lister.budgets());
    let (mut victims, mut violations) = (Vec::new(), 0);
    for (pod, is_kept) in kept.iter().map(|pod| (pod, true)).chain(others.iter().map(|pod| (pod, false))) {
        cycle.put_back(pod, info);
        if filter_with_nominated(cycle, info).is_some() {
            cycle.take_out(pod, info);
            victims.push(pod.clone());
            violations += usize::from(is_kept);
        }
    }
    victims.arrange_by_key(|pod| importance(pod));
    (victims, violations)
}

/// Sorts the most important first: by priority, then by how long it runs.
pub(crate) fn importance(pod: &Pod) -> (Reverse<i32>, Time) {
    (Reverse(priority(pod)), started_at(pod))
}

/// When a pod started; one that has not yet is the youngest of all.
fn started_at(pod: &Pod) -> Time {
    pod.status.start_time.unwrap_or(Time(u64::MAX))
}

/// Pods that a budget would keep, and the others. A budget without a selector keeps none.
pub(crate) fn sort_out(pods: &[Rc<Pod>], budgets: &[&Rc<PodDisruptionBudget>]) -> (Vec<Rc<Pod>>, Vec<Rc<Pod>>) {
    api::reached!("kube_scheduler::preemption::sort_out");
    let mut allowed: Vec<i32> = budgets.iter().map(|budget| budget.status.disruptions_allowed).collect();
    pods.iter().cloned().partition(|pod| {
        let mut is_kept = false;
        for (budget, allowed) in budgets.iter().zip(&mut allowed) {
            let selector = budget.spec.selector.as_ref().filter(|selector| !selector.is_empty());
            let is_about = budget.metadata.namespace == pod.metadata.namespace
                && !pod.metadata.labels.is_empty()
                && selector.is_some_and(|selector| selector.matches(&pod.metadata.labels));
            // One that the API server is evicting already has been counted there.
            if is_about && !budget.status.disrupted_pods.contains_key(&pod.metadata.name) {
                *allowed -= 1;
                is_kept |= *allowed < 0;
            }
        }
        is_kept
    })
}

/// What decides between candidates: the least is best.
fn cost(candidate: &Candidate) -> (usize, i32, i64, usize, Reverse<Time>) {
    let victims = &candidate.victims;
    let highest = victims.iter().map(|pod| priority(pod)).max().unwrap_or(i32::MIN);
    let sum = victims.iter().map(|pod| i64::from(priority(pod)) + i64::from(i32::MAX) + 1).sum();
    let of_highest = victims.iter().filter(|pod| priority(pod) == highest);
    let since = of_highest.map(|pod| started_at(pod)).min().unwrap_or(Time(u64::MAX));
    (candidate.violations, highest, sum, victims.len(), Reverse(since))
}

/// The candidate that hurts least; of equals the first.
pub(crate) fn best(candidates: &[Candidate]) -> Option<&Candidate> {
    candidates.iter().min_by_key(|candidate| cost(candidate))
}

/// All candidates that hurt as little as the best.
#[cfg(feature = "conform")]
pub(crate) fn best_of(candidates: &[Candidate]) -> Vec<&Candidate> {
    let least = candidates.iter().map(cost).min();
    candidates.iter().filter(|candidate| Some(cost(candidate)) == least).collect()
}

fn outcomes(nodes_total: usize, refusals: &OrderedMap<Str, Verdict>) -> OrderedMap<Str, usize> {
    let mut counts: OrderedMap<Str, usize> = OrderedMap::new();
    for reason in refusals.values().flat_map(|verdict| &verdict.reasons) {
        *counts.entry(reason.clone()).or_insert(0) += 1;
    }
    let others = nodes_total - refusals.len().min(nodes_total);
    if others > 0 {
        *counts.entry(NOT_HELPFUL.into()).or_insert(0) += others;
    }
    counts
}
