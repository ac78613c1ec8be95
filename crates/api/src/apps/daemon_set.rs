//! DaemonSet.

use std::rc::Rc;

use ecow::EcoVec;

use super::workload::UpdateStrategy;
use crate::core::pod::PodTemplateSpec;
use crate::meta::{LabelSelector, ObjectMeta};
use crate::{Value, object};

object! {
    /// One pod on every node that it may run on.
    pub struct DaemonSet {
        /// Name and labels.
        metadata: ObjectMeta = "metadata" always,
        /// What is wanted.
        spec: Rc<DaemonSetSpec> = "spec" always,
        /// What is.
        status: DaemonSetStatus = "status" always,
    }
}

object! {
    /// What is wanted of a DaemonSet.
    pub struct DaemonSetSpec {
        /// The pods.
        selector: LabelSelector = "selector" always,
        /// What they are made from.
        template: PodTemplateSpec = "template" always,
        /// How a new template reaches the pods.
        update_strategy: UpdateStrategy = "updateStrategy" always,
        /// How long a pod must be Ready to count as available.
        min_ready_seconds: i32 = "minReadySeconds",
        /// How many old revisions are kept.
        revision_history_limit: Option<i32> = "revisionHistoryLimit",
    }
}

object! {
    /// What is said of a DaemonSet.
    pub struct DaemonSetStatus {
        /// Nodes that should run a pod and do.
        current_number_scheduled: i32 = "currentNumberScheduled" always,
        /// Nodes that should not run one and do.
        number_misscheduled: i32 = "numberMisscheduled" always,
        /// Nodes that should run one.
        desired_number_scheduled: i32 = "desiredNumberScheduled" always,
        /// Those whose pod is Ready.
        number_ready: i32 = "numberReady" always,
        /// The generation that was seen.
        observed_generation: i64 = "observedGeneration",
        /// Nodes whose pod is of the present template.
        updated_number_scheduled: i32 = "updatedNumberScheduled",
        /// Nodes whose pod has been Ready long enough.
        number_available: i32 = "numberAvailable",
        /// Nodes that should have such a pod and do not.
        number_unavailable: i32 = "numberUnavailable",
        /// How often hashes collided.
        collision_count: Option<i32> = "collisionCount",
        /// Never set by the controller.
        conditions: EcoVec<Value> = "conditions",
    }
}
