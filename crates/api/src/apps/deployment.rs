//! Deployment.

use std::rc::Rc;

use ecow::EcoVec;

use super::workload::{UpdateStrategy, WorkloadCondition};
use crate::core::pod::PodTemplateSpec;
use crate::meta::{LabelSelector, ObjectMeta};
use crate::object;

object! {
    /// ReplicaSets, one per template, and the way from one to the next.
    pub struct Deployment {
        /// Name and labels.
        metadata: ObjectMeta = "metadata" always,
        /// What is wanted.
        spec: Rc<DeploymentSpec> = "spec" always,
        /// What is.
        status: DeploymentStatus = "status" always,
    }
}

object! {
    /// What is wanted of a Deployment.
    pub struct DeploymentSpec {
        /// How many pods.
        replicas: Option<i32> = "replicas",
        /// The pods.
        selector: LabelSelector = "selector" always,
        /// What they are made from.
        template: PodTemplateSpec = "template" always,
        /// How a new template reaches the pods.
        strategy: UpdateStrategy = "strategy" always,
        /// How long a pod must be Ready to count as available.
        min_ready_seconds: i32 = "minReadySeconds",
        /// How many old ReplicaSets are kept.
        revision_history_limit: Option<i32> = "revisionHistoryLimit",
        /// Whether new templates have to wait.
        paused: bool = "paused",
        /// After how long without progress a rollout counts as stuck.
        progress_deadline_seconds: Option<i32> = "progressDeadlineSeconds",
    }
}

object! {
    /// What is said of a Deployment.
    pub struct DeploymentStatus {
        /// The generation that was seen.
        observed_generation: i64 = "observedGeneration",
        /// Pods that are neither ended nor going.
        replicas: i32 = "replicas",
        /// Those of the present template.
        updated_replicas: i32 = "updatedReplicas",
        /// Those that are Ready.
        ready_replicas: i32 = "readyReplicas",
        /// Those that have been Ready long enough.
        available_replicas: i32 = "availableReplicas",
        /// Pods that are wanted and not available.
        unavailable_replicas: i32 = "unavailableReplicas",
        /// Pods that are going.
        terminating_replicas: Option<i32> = "terminatingReplicas",
        /// `Available`, `Progressing`, `ReplicaFailure`.
        conditions: EcoVec<WorkloadCondition> = "conditions",
        /// How often hashes collided.
        collision_count: Option<i32> = "collisionCount",
    }
}

impl DeploymentSpec {
    /// Wanted pods; 1 if the user did not say.
    pub fn replicas(&self) -> i32 {
        self.replicas.unwrap_or(1)
    }
}
