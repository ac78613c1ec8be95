//! What Deployments, ReplicaSets and DaemonSets have in common.

use sim::Time;

use crate::int_or_string::IntOrString;
use crate::meta::ConditionStatus;
use crate::{Str, object};

object! {
    /// How a new template reaches the pods.
    pub struct UpdateStrategy {
        /// `RollingUpdate`, and `Recreate` (Deployments) or `OnDelete` (DaemonSets).
        kind: Str = "type",
        /// Only with `RollingUpdate`.
        rolling_update: Option<RollingUpdate> = "rollingUpdate",
    }
}

object! {
    /// Details of a rolling update.
    pub struct RollingUpdate {
        /// So many, or this share, may be missing.
        max_unavailable: Option<IntOrString> = "maxUnavailable",
        /// So many, or this share, may be there besides.
        max_surge: Option<IntOrString> = "maxSurge",
    }
}

object! {
    /// A condition of a workload.
    pub struct WorkloadCondition {
        /// Such as `Progressing`.
        kind: Str = "type" always,
        /// Whether it holds.
        status: ConditionStatus = "status" always,
        /// When it was last looked at; only Deployments say so.
        last_update_time: Option<Time> = "lastUpdateTime",
        /// When it changed.
        last_transition_time: Option<Time> = "lastTransitionTime",
        /// Why, in a word.
        reason: Str = "reason",
        /// Why, in a sentence.
        message: Str = "message",
    }
}
