//! Job.

use std::rc::Rc;

use ecow::EcoVec;
use sim::Time;

use crate::core::pod::PodTemplateSpec;
use crate::meta::{ConditionStatus, LabelSelector, ObjectMeta};
use crate::{Str, object};

object! {
    /// Pods that run until so many have succeeded.
    pub struct Job {
        /// Name and labels.
        metadata: ObjectMeta = "metadata" always,
        /// What is wanted.
        spec: Rc<JobSpec> = "spec" always,
        /// What is.
        status: JobStatus = "status" always,
    }
}

object! {
    /// What is wanted of a Job.
    pub struct JobSpec {
        /// How many pods may run at a time.
        parallelism: Option<i32> = "parallelism",
        /// How many must succeed; none: one success ends it.
        completions: Option<i32> = "completions",
        /// How long it may be active.
        active_deadline_seconds: Option<i64> = "activeDeadlineSeconds",
        /// What a failed pod means.
        pod_failure_policy: Option<PodFailurePolicy> = "podFailurePolicy",
        /// When some indexes are enough.
        success_policy: Option<SuccessPolicy> = "successPolicy",
        /// So many pods may fail.
        backoff_limit: Option<i32> = "backoffLimit",
        /// So many pods of one index may fail.
        backoff_limit_per_index: Option<i32> = "backoffLimitPerIndex",
        /// So many indexes may fail.
        max_failed_indexes: Option<i32> = "maxFailedIndexes",
        /// The pods; the server makes it.
        selector: Option<LabelSelector> = "selector",
        /// Whether the user made it instead.
        manual_selector: Option<bool> = "manualSelector",
        /// What the pods are made from.
        template: PodTemplateSpec = "template" always,
        /// How long it stays after its end.
        ttl_seconds_after_finished: Option<i32> = "ttlSecondsAfterFinished",
        /// `NonIndexed` or `Indexed`.
        completion_mode: Str = "completionMode",
        /// Whether it rests.
        suspend: Option<bool> = "suspend",
        /// `TerminatingOrFailed` or `Failed`.
        pod_replacement_policy: Str = "podReplacementPolicy",
        /// Which controller looks after it, if not the built-in one.
        managed_by: Str = "managedBy",
    }
}

object! {
    /// What failed pods mean: the first rule that fits decides.
    pub struct PodFailurePolicy {
        /// The rules.
        rules: EcoVec<PodFailurePolicyRule> = "rules" always,
    }
}

object! {
    /// What some failed pods mean.
    pub struct PodFailurePolicyRule {
        /// `Count`, `FailIndex`, `FailJob` or `Ignore`.
        action: Str = "action" always,
        /// Pods with a container that ended so.
        on_exit_codes: Option<OnExitCodes> = "onExitCodes",
        /// Pods with such a condition.
        on_pod_conditions: EcoVec<OnPodCondition> = "onPodConditions",
    }
}

object! {
    /// Exit codes of containers.
    pub struct OnExitCodes {
        /// Only this container's.
        container_name: Option<Str> = "containerName",
        /// `In` or `NotIn`.
        operator: Str = "operator" always,
        /// The codes.
        values: EcoVec<i32> = "values" always,
    }
}

object! {
    /// A condition of a pod.
    pub struct OnPodCondition {
        /// Its type.
        kind: Str = "type" always,
        /// Its status.
        status: ConditionStatus = "status" always,
    }
}

object! {
    /// When some indexes are enough: one rule must hold.
    pub struct SuccessPolicy {
        /// The rules.
        rules: EcoVec<SuccessPolicyRule> = "rules" always,
    }
}

object! {
    /// Indexes that must have succeeded.
    pub struct SuccessPolicyRule {
        /// Such as `0,2-4`; all if absent.
        succeeded_indexes: Option<Str> = "succeededIndexes",
        /// So many of them; all if absent.
        succeeded_count: Option<i32> = "succeededCount",
    }
}

object! {
    /// What is said of a Job.
    pub struct JobStatus {
        /// `Suspended`, `SuccessCriteriaMet`, `FailureTarget`, `Complete`, `Failed`.
        conditions: EcoVec<JobCondition> = "conditions",
        /// When the controller first saw it, or when it was last resumed.
        start_time: Option<Time> = "startTime",
        /// When it was complete.
        completion_time: Option<Time> = "completionTime",
        /// Pods that neither have ended nor are going.
        active: i32 = "active",
        /// Pods that succeeded.
        succeeded: i32 = "succeeded",
        /// Pods that failed.
        failed: i32 = "failed",
        /// Pods that are going.
        terminating: Option<i32> = "terminating",
        /// Such as `0,2-4`.
        completed_indexes: Str = "completedIndexes",
        /// Only with a limit per index.
        failed_indexes: Option<Str> = "failedIndexes",
        /// Ended pods that still carry the finalizer and are not counted yet.
        uncounted_terminated_pods: Option<UncountedTerminatedPods> = "uncountedTerminatedPods",
        /// Active pods that are Ready.
        ready: Option<i32> = "ready",
    }
}

object! {
    /// UIDs of pods that have ended and are not counted yet.
    pub struct UncountedTerminatedPods {
        /// Those that succeeded.
        succeeded: EcoVec<Str> = "succeeded",
        /// Those that failed.
        failed: EcoVec<Str> = "failed",
    }
}

object! {
    /// A condition of a Job.
    pub struct JobCondition {
        /// Such as `Complete`.
        kind: Str = "type" always,
        /// Whether it holds.
        status: ConditionStatus = "status" always,
        /// When it was last looked at.
        last_probe_time: Option<Time> = "lastProbeTime" always,
        /// When it changed.
        last_transition_time: Option<Time> = "lastTransitionTime" always,
        /// Why, in a word.
        reason: Str = "reason",
        /// Why, in a sentence.
        message: Str = "message",
    }
}

impl JobSpec {
    /// How many pods may run at a time.
    pub fn parallelism(&self) -> i32 {
        self.parallelism.unwrap_or(1)
    }

    /// Whether each success is of an index.
    pub fn is_indexed(&self) -> bool {
        self.completion_mode == "Indexed"
    }

    /// Whether it rests.
    pub fn is_suspended(&self) -> bool {
        self.suspend == Some(true)
    }
}

impl JobStatus {
    /// The condition of this type.
    pub fn condition(&self, kind: &str) -> Option<&JobCondition> {
        self.conditions.iter().find(|condition| condition.kind == kind)
    }

    /// The condition of this type, if it is True.
    pub fn true_condition(&self, kind: &str) -> Option<&JobCondition> {
        self.condition(kind).filter(|condition| condition.status == ConditionStatus::True)
    }

    /// The condition that says how it ended.
    pub fn finished(&self) -> Option<&JobCondition> {
        self.true_condition("Complete").or_else(|| self.true_condition("Failed"))
    }
}
