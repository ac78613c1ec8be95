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
