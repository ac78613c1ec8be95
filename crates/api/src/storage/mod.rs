//! The group storage.k8s.io/v1: StorageClass.

use ecow::EcoVec;

use crate::meta::ObjectMeta;
use crate::string_map::StringMap;
use crate::{Str, Value, object};

object! {
    /// A kind of storage that can be provisioned.
    pub struct StorageClass {
        /// Name; an annotation makes it the default.
        metadata: ObjectMeta = "metadata" always,
        /// Who provisions.
        provisioner: Str = "provisioner" always,
        /// For the provisioner.
        parameters: StringMap = "parameters",
        /// `Delete` or `Retain`.
        reclaim_policy: Option<Str> = "reclaimPolicy",
        /// For mounting.
        mount_options: EcoVec<Str> = "mountOptions",
        /// Whether claims may grow.
        allow_volume_expansion: Option<bool> = "allowVolumeExpansion",
        /// `Immediate` or `WaitForFirstConsumer`.
        volume_binding_mode: Option<Str> = "volumeBindingMode",
        /// Where volumes may be made.
        allowed_topologies: Value = "allowedTopologies",
    }
}

/// The annotation that makes a class the default.
pub const IS_DEFAULT_CLASS: &str = "storageclass.kubernetes.io/is-default-class";

impl StorageClass {
    /// Whether claims without a class get this one.
    pub fn is_default(&self) -> bool {
        let annotations = &self.metadata.annotations;
        let keys = [IS_DEFAULT_CLASS, "storageclass.beta.kubernetes.io/is-default-class"];
        keys.iter().any(|key| annotations.get(key) == Some("true"))
    }

    /// Whether a claim waits for a pod before it is bound.
    pub fn waits_for_first_consumer(&self) -> bool {
        self.volume_binding_mode.as_deref() == Some("WaitForFirstConsumer")
    }
}
