//! StatefulSet.

use std::rc::Rc;

use ecow::EcoVec;

use crate::core::pod::PodTemplateSpec;
use crate::core::volume::PersistentVolumeClaim;
use crate::int_or_string::IntOrString;
use crate::meta::{LabelSelector, ObjectMeta};
use crate::{Str, Value, object};

object! {
    /// Pods with identity and storage of their own.
    pub struct StatefulSet {
        /// Name and labels.
        metadata: ObjectMeta = "metadata" always,
        /// What is wanted.
        spec: Rc<StatefulSetSpec> = "spec" always,
        /// What is.
        status: StatefulSetStatus = "status" always,
    }
}

object! {
    /// What is wanted of a StatefulSet.
    pub struct StatefulSetSpec {
        /// How many pods.
        replicas: Option<i32> = "replicas",
        /// The pods.
        selector: LabelSelector = "selector" always,
        /// What they are made from.
        template: PodTemplateSpec = "template" always,
        /// Claims that each pod gets.
        volume_claim_templates: EcoVec<PersistentVolumeClaim> = "volumeClaimTemplates",
        /// The headless service whose domain they stand in.
        service_name: Str = "serviceName" always,
        /// `OrderedReady` or `Parallel`.
        pod_management_policy: Str = "podManagementPolicy",
        /// How a new template reaches the pods.
        update_strategy: StatefulSetUpdateStrategy = "updateStrategy" always,
        /// How many old revisions are kept.
        revision_history_limit: Option<i32> = "revisionHistoryLimit",
        /// How long a pod must be Ready to count as available.
        min_ready_seconds: i32 = "minReadySeconds",
        /// What becomes of claims.
        persistent_volume_claim_retention_policy: Option<RetentionPolicy> = "persistentVolumeClaimRetentionPolicy",
        /// Where counting starts.
        ordinals: Option<StatefulSetOrdinals> = "ordinals",
    }
}

object! {
    /// How a new template reaches the pods.
    pub struct StatefulSetUpdateStrategy {
        /// `RollingUpdate` or `OnDelete`.
        kind: Str = "type",
        /// Only with `RollingUpdate`.
        rolling_update: Option<RollingUpdateStatefulSetStrategy> = "rollingUpdate",
    }
}

object! {
    /// Details of a rolling update.
    pub struct RollingUpdateStatefulSetStrategy {
        /// Ordinals below it keep the old template.
        partition: Option<i32> = "partition",
        /// Off by default in v1.36.
        max_unavailable: Option<IntOrString> = "maxUnavailable",
    }
}

object! {
    /// What becomes of claims: `Retain` or `Delete`.
    pub struct RetentionPolicy {
        /// When the set is deleted.
        when_deleted: Str = "whenDeleted",
        /// When the pod is scaled away.
        when_scaled: Str = "whenScaled",
    }
}

object! {
    /// Where counting starts.
    pub struct StatefulSetOrdinals {
        /// The first ordinal.
        start: i32 = "start" always,
    }
}

object! {
    /// What is said of a StatefulSet.
    pub struct StatefulSetStatus {
        /// The generation that was seen.
        observed_generation: i64 = "observedGeneration",
        /// Pods that exist.
        replicas: i32 = "replicas" always,
        /// Pods that are Ready.
        ready_replicas: i32 = "readyReplicas",
        /// Pods of the current revision.
        current_replicas: i32 = "currentReplicas",
        /// Pods of the update revision.
        updated_replicas: i32 = "updatedReplicas",
        /// The revision that a rollout comes from.
        current_revision: Str = "currentRevision",
        /// The revision that a rollout goes to.
        update_revision: Str = "updateRevision",
        /// How often hashes collided.
        collision_count: Option<i32> = "collisionCount",
        /// Never set by the controller.
        conditions: EcoVec<Value> = "conditions",
        /// Pods that have been Ready long enough.
        available_replicas: i32 = "availableReplicas" always,
    }
}

impl StatefulSetSpec {
    /// Wanted pods; 1 if the user did not say.
    pub fn replicas(&self) -> i32 {
        self.replicas.unwrap_or(1)
    }

    /// The first ordinal.
    pub fn first_ordinal(&self) -> i32 {
        self.ordinals.as_ref().map_or(0, |ordinals| ordinals.start)
    }
}
