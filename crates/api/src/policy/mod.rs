//! The group policy/v1: PodDisruptionBudget.

use ordered::OrderedMap;

use ecow::EcoVec;
use sim::Time;

use crate::int_or_string::IntOrString;
use crate::meta::{ConditionStatus, LabelSelector, ObjectMeta};
use crate::{Str, object};

object! {
    /// How many pods may be missing by choice.
    pub struct PodDisruptionBudget {
        /// Name and namespace.
        metadata: ObjectMeta = "metadata" always,
        /// What is wanted.
        spec: PodDisruptionBudgetSpec = "spec",
        /// What is.
        status: PodDisruptionBudgetStatus = "status" always,
    }
}

object! {
    /// Which pods, and how many must stay or may go.
    pub struct PodDisruptionBudgetSpec {
        /// So many, or this share, must stay.
        min_available: Option<IntOrString> = "minAvailable",
        /// So many, or this share, may go.
        max_unavailable: Option<IntOrString> = "maxUnavailable",
        /// The pods; none matches none, an empty one all.
        selector: Option<LabelSelector> = "selector",
        /// `IfHealthyBudget` (when absent) or `AlwaysAllow`.
        unhealthy_pod_eviction_policy: Option<Str> = "unhealthyPodEvictionPolicy",
    }
}

object! {
    /// What is said of a budget.
    pub struct PodDisruptionBudgetStatus {
        /// The generation that was seen.
        observed_generation: i64 = "observedGeneration",
        /// Pods being evicted, and since when.
        disrupted_pods: OrderedMap<Str, Time> = "disruptedPods",
        /// How many may go now.
        disruptions_allowed: i32 = "disruptionsAllowed" always,
        /// How many are healthy.
        current_healthy: i32 = "currentHealthy" always,
        /// How many must be.
        desired_healthy: i32 = "desiredHealthy" always,
        /// How many there should be.
        expected_pods: i32 = "expectedPods" always,
        /// `DisruptionAllowed`.
        conditions: EcoVec<Condition> = "conditions",
    }
}

object! {
    /// `metav1.Condition`.
    pub struct Condition {
        /// Such as `DisruptionAllowed`.
        kind: Str = "type" always,
        /// Whether it holds.
        status: ConditionStatus = "status" always,
        /// The generation that it speaks of.
        observed_generation: i64 = "observedGeneration",
        /// When it changed.
        last_transition_time: Option<Time> = "lastTransitionTime" always,
        /// Why, in a word.
        reason: Str = "reason" always,
        /// Why, in a sentence.
        message: Str = "message" always,
    }
}

/// The condition of a budget.
const ALLOWED: &str = "DisruptionAllowed";

impl PodDisruptionBudgetStatus {
    /// Sets the condition by the number that may go.
    pub fn say_whether_any_may_go(&mut self, now: Time) {
        let (holds, reason) =
            if self.disruptions_allowed > 0 { (true, "SufficientPods") } else { (false, "InsufficientPods") };
        self.say_allowed(holds.into(), reason, "", now);
    }

    /// Sets the condition; its time stays while what it says of the budget does.
    pub fn say_allowed(&mut self, holds: ConditionStatus, reason: &str, message: &str, now: Time) {
        let old = self.conditions.iter().position(|condition| condition.kind == ALLOWED);
        let since = old.map(|at| &self.conditions[at]).filter(|old| old.status == holds);
        let condition = Condition {
            kind: ALLOWED.into(),
            status: holds,
            observed_generation: self.observed_generation,
            last_transition_time: since.map_or(Some(now.truncate_to_second()), |old| old.last_transition_time),
            reason: reason.into(),
            message: message.into(),
            ..Condition::default()
        };
        match old {
            Some(at) => self.conditions.make_mut()[at] = condition,
            None => self.conditions.push(condition),
        }
    }
}
