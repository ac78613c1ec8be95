//! What a budget's status is to be: pure, from the budget, the pods of its namespace and the scales of their controllers.
//!
//! Models: kubernetes v1.36 pkg/controller/disruption/disruption.go (trySync, failSafe).

use ordered::OrderedMap;
use std::rc::Rc;

use api::int_or_string::Rounding;
use api::meta::{ConditionStatus, LabelSelector, OwnerReference};
use api::policy::PodDisruptionBudgetStatus;
use api::{Pod, PodDisruptionBudget, Str};
use client::EventKind;
use sim::{Span, Time};

/// How long a pod that was evicted may take to begin to go.
pub const DELETION_TIMEOUT: Span = Span::from_seconds(120);

/// What a decision looks at.
pub struct Inputs<'a> {
    /// The budget with its present status.
    pub budget: &'a PodDisruptionBudget,
    /// The pods that its selector chooses.
    pub pods: &'a [Rc<Pod>],
    /// The scale that an owner of pods has; None if there is none that has one, an error if its kind has none.
    pub scale: &'a dyn Fn(&OwnerReference) -> Result<Option<Scale>, String>,
}

/// How many pods a controller wants.
#[derive(Clone, Debug, PartialEq)]
pub struct Scale {
    /// The controller; several owners of pods may have one.
    pub uid: Str,
    /// The number.
    pub replicas: i32,
}

/// What is to be done.
#[derive(Clone, Debug, Default)]
pub struct Plan {
    /// The new status, if it differs.
    pub status: Option<PodDisruptionBudgetStatus>,
    /// What is to be said, in order.
    pub announcements: Vec<Announcement>,
    /// When an entry of `disruptedPods` runs out.
    pub recheck_at: Option<Time>,
}

/// An Event to record.
#[derive(Clone, Debug)]
pub struct Announcement {
    /// The pod it is about; None for the budget itself.
    pub pod: Option<Rc<Pod>>,
    /// How much it matters.
    pub kind: EventKind,
    /// Such as `NoPods`.
    pub reason: &'static str,
    /// The sentence.
    pub message: String,
}

/// How many pods there should be, and how many of them healthy.
#[derive(Clone, Copy, Debug, Default)]
struct Expected {
    pods: i32,
    healthy: i32,
    /// Pods without controller that count for nothing.
    unmanaged: usize,
}

/// The pods that a budget is about: none without a selector, all of the namespace with an empty one.
pub fn selects(budget: &PodDisruptionBudget, pod: &Pod) -> bool {
    budget.spec.selector.as_ref().is_some_and(|selector| selector.matches(&pod.metadata.labels))
}

/// Decides on one budget.
pub fn decide(inputs: &Inputs<'_>, now: Time) -> Plan {
    api::reached!("kube_controller_manager::disruption::decide::decide");
    let mut plan = Plan::default();
    if inputs.pods.is_empty() {
        plan.say(EventKind::Normal, "NoPods", "No matching pods found".to_string());
    }
    let expected = match expected_pods(inputs) {
        Ok(expected) => expected,
        Err(problem) => {
            let message = format!("Failed to calculate the number of expected pods: {problem}");
            plan.say(EventKind::Warning, "CalculateExpectedPodCountFailed", message);
            plan.status = decide_fail_safe(inputs.budget, &problem, now);
            return plan;
        }
    };
    if expected.unmanaged > 0 {
        plan.say(EventKind::Warning, "UnmanagedPods", unmanaged_message(inputs.budget.spec.selector.as_ref()));
    }
    let disrupted = disrupted_pods(inputs, now, &mut plan);
    let current = healthy_pods(inputs.pods, &disrupted, now);
    plan.status = decide_status(inputs.budget, expected, current, disrupted, now);
    plan
}

impl Plan {
    fn say(&mut self, kind: EventKind, reason: &'static str, message: String) {
        self.announcements.push(Announcement { pod: None, kind, reason, message });
    }
}

fn expected_pods(inputs: &Inputs<'_>) -> Result<Expected, String> {
    let spec = &inputs.budget.spec;
    if let Some(max_unavailable) = &spec.max_unavailable {
        let (pods, unmanaged) = expected_scale(inputs)?;
        let unavailable = clamp(max_unavailable.scaled(i64::from(pods), Rounding::Up)?);
        return Ok(Expected { pods, healthy: pods.saturating_sub(unavailable).max(0), unmanaged });
    }
    let Some(min_available) = &spec.min_available else { return Ok(Expected::default()) };
    if let api::int_or_string::IntOrString::Int(healthy) = min_available {
        let pods = i32::try_from(inputs.pods.len()).unwrap_or(i32::MAX);
        return Ok(Expected { pods, healthy: *healthy, unmanaged: 0 });
    }
    let (pods, unmanaged) = expected_scale(inputs)?;
    Ok(Expected { pods, healthy: clamp(min_available.scaled(i64::from(pods), Rounding::Up)?), unmanaged })
}

/// The sum of the wanted replicas of all controllers of the pods, and the number of pods without one.
fn expected_scale(inputs: &Inputs<'_>) -> Result<(i32, usize), String> {
    let mut owners: OrderedMap<Str, Scale> = OrderedMap::new();
    let mut unmanaged = 0;
    for pod in inputs.pods {
        let Some(owner) = pod.metadata.controller() else {
            unmanaged += 1;
            continue;
        };
        if owners.contains_key(&owner.uid) {
            continue;
        }
        let scale = (inputs.scale)(owner)?;
        let scale = scale.ok_or_else(|| format!("found no controllers for pod {:?}", pod.metadata.name.as_str()))?;
        owners.insert(owner.uid.clone(), scale);
    }
    let mut counted: Vec<&Str> = Vec::new();
    let mut sum: i32 = 0;
    for scale in owners.values() {
        if !counted.contains(&&scale.uid) {
            counted.push(&scale.uid);
            sum = sum.saturating_add(scale.replicas);
        }
    }
    Ok((sum, unmanaged))
}

/// The entries of `disruptedPods` that still count. Says so of pods that should have gone by now.
fn disrupted_pods(inputs: &Inputs<'_>, now: Time, plan: &mut Plan) -> OrderedMap<Str, Time> {
    let mut disrupted = OrderedMap::new();
    let namespace = &inputs.budget.metadata.namespace;
    for pod in inputs.pods.iter().filter(|pod| !pod.metadata.is_terminating()) {
        let Some(since) = inputs.budget.status.disrupted_pods.get(&pod.metadata.name) else { continue };
        let expected_deletion = *since + DELETION_TIMEOUT;
        if expected_deletion < now {
            // The namespace twice: upstream passes it in place of the name.
            let message = format!("Pod was expected by PDB {namespace}/{namespace} to be deleted but it wasn't");
            let (kind, reason) = (EventKind::Warning, "NotDeleted");
            plan.announcements.push(Announcement { pod: Some(pod.clone()), kind, reason, message });
            continue;
        }
        disrupted.insert(pod.metadata.name.clone(), *since);
        // A microsecond more: at the very instant the entry still counts.
        let recheck_at = expected_deletion + Span(1);
        plan.recheck_at = Some(plan.recheck_at.map_or(recheck_at, |at| at.min(recheck_at)));
    }
    disrupted
}

fn healthy_pods(pods: &[Rc<Pod>], disrupted: &OrderedMap<Str, Time>, now: Time) -> i32 {
    // Strictly later: at the very instant an entry is still listed, and its pod is healthy again.
    let is_leaving = |pod: &Pod| disrupted.get(&pod.metadata.name).is_some_and(|since| *since + DELETION_TIMEOUT > now);
    let is_healthy = |pod: &&Rc<Pod>| !pod.metadata.is_terminating() && !is_leaving(pod) && pod.status.is_true("Ready");
    i32::try_from(pods.iter().filter(is_healthy).count()).unwrap_or(i32::MAX)
}

fn decide_status(
    budget: &PodDisruptionBudget,
    expected: Expected,
    current_healthy: i32,
    disrupted_pods: OrderedMap<Str, Time>,
    now: Time,
) -> Option<PodDisruptionBudgetStatus> {
    let surplus = current_healthy.saturating_sub(expected.healthy);
    let allowed = if expected.pods <= 0 { 0 } else { surplus.max(0) };
    let mut status = PodDisruptionBudgetStatus {
        observed_generation: budget.metadata.generation,
        disrupted_pods,
        disruptions_allowed: allowed,
        current_healthy,
        desired_healthy: expected.healthy,
        expected_pods: expected.pods,
        ..budget.status.clone()
    };
    status.say_whether_any_may_go(now);
    (status != budget.status).then_some(status)
}

/// The status of a budget that cannot be computed: nothing may go.
fn decide_fail_safe(budget: &PodDisruptionBudget, problem: &str, now: Time) -> Option<PodDisruptionBudgetStatus> {
    let mut status = PodDisruptionBudgetStatus { disruptions_allowed: 0, ..budget.status.clone() };
    status.say_allowed(ConditionStatus::False, "SyncFailed", problem, now);
    (status != budget.status).then_some(status)
}

fn unmanaged_message(selector: Option<&LabelSelector>) -> String {
    let selector = selector.map_or("nil".to_string(), go_text);
    format!(
        "Pods selected by this PodDisruptionBudget (selector: {selector}) were found to be unmanaged. As a result, the \
status of the PDB cannot be calculated correctly, which may result in undefined behavior. To account for these pods \
please set \".spec.minAvailable\" field of the PDB to an integer value."
    )
}

/// A selector as Go's generated `String` writes it.
fn go_text(selector: &LabelSelector) -> String {
    let labels: String = selector.match_labels.iter().map(|(key, value)| format!("{key}: {value},")).collect();
    let requirement = |one: &api::meta::LabelSelectorRequirement| {
        let (key, operator, values) = (&one.key, &one.operator, one.values.join(" "));
        format!("LabelSelectorRequirement{{Key:{key},Operator:{operator},Values:[{values}],}},")
    };
    let requirements: String = selector.match_expressions.iter().map(requirement).collect();
    format!(
        "&LabelSelector{{MatchLabels:map[string]string{{{labels}}},\
MatchExpressions:[]LabelSelectorRequirement{{{requirements}}},}}"
    )
}

fn clamp(number: i64) -> i32 {
    number.clamp(i64::from(i32::MIN), i64::from(i32::MAX)) as i32
}
