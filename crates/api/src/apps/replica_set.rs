//! ReplicaSet.

use std::rc::Rc;

use ecow::EcoVec;

use super::workload::WorkloadCondition;
use crate::core::pod::PodTemplateSpec;
use crate::meta::{LabelSelector, ObjectMeta};
use crate::object;

object! {
    /// So many pods of one template.
    pub struct ReplicaSet {
        /// Name and labels.
        metadata: ObjectMeta = "metadata" always,
        /// What is wanted.
        spec: Rc<ReplicaSetSpec> = "spec" always,
        /// What is.
        status: ReplicaSetStatus = "status" always,
    }
}

object! {
    /// What is wanted of a ReplicaSet.
    pub struct ReplicaSetSpec {
        /// How many pods.
        replicas: Option<i32> = "replicas",
        /// How long a pod must be Ready to count as available.
        min_ready_seconds: i32 = "minReadySeconds",
        /// The pods.
        selector: LabelSelector = "selector" always,
        /// What they are made from.
        template: PodTemplateSpec = "template" always,
    }
}

object! {
    /// What is said of a ReplicaSet.
    pub struct ReplicaSetStatus {
        /// Pods that are neither ended nor going.
        replicas: i32 = "replicas" always,
        /// Those with all labels of the template.
        fully_labeled_replicas: i32 = "fullyLabeledReplicas",
        /// Those that are Ready.
        ready_replicas: i32 = "readyReplicas",
        /// Those that have been Ready long enough.
        available_replicas: i32 = "availableReplicas",
        /// Pods that are going.
        terminating_replicas: Option<i32> = "terminatingReplicas",
        /// The generation that was seen.
        observed_generation: i64 = "observedGeneration",
        /// `ReplicaFailure`.
        conditions: EcoVec<WorkloadCondition> = "conditions",
    }
}

impl ReplicaSetSpec {
    /// Wanted pods; 1 if the user did not say.
    pub fn replicas(&self) -> i32 {
        self.replicas.unwrap_or(1)
    }
}
