//! Volumes, PersistentVolumeClaim and PersistentVolume.

use std::rc::Rc;

use ecow::EcoVec;
use sim::Time;

use super::affinity::NodeSelector;
use super::container::ResourceRequirements;
use crate::meta::{LabelSelector, ObjectMeta, ObjectReference};
use crate::string_map::ResourceList;
use crate::{Str, Value, object};

object! {
    /// A volume of a pod; one source is set.
    pub struct Volume {
        /// Unique within the pod.
        name: Str = "name" always,
        /// A claim of the namespace.
        persistent_volume_claim: Option<PersistentVolumeClaimVolumeSource> = "persistentVolumeClaim",
        /// A ConfigMap's keys as files.
        config_map: Option<Rc<ConfigMapVolumeSource>> = "configMap",
        /// A Secret's keys as files.
        secret: Option<Rc<SecretVolumeSource>> = "secret",
        /// An empty folder for the pod's life.
        empty_dir: Option<Rc<Value>> = "emptyDir",
        /// Several sources in one folder.
        projected: Option<Rc<Value>> = "projected",
        /// Fields of the pod as files.
        downward_api: Option<Rc<Value>> = "downwardAPI",
        /// A folder of the node.
        host_path: Option<Rc<Value>> = "hostPath",
    }
}

object! {
    /// A claim as a volume.
    pub struct PersistentVolumeClaimVolumeSource {
        /// The claim.
        claim_name: Str = "claimName" always,
        /// Whether writing is refused.
        read_only: bool = "readOnly",
    }
}

object! {
    /// A ConfigMap as a volume.
    pub struct ConfigMapVolumeSource {
        /// The ConfigMap.
        name: Str = "name",
        /// Which keys, and where; all if empty.
        items: EcoVec<KeyToPath> = "items",
        /// Mode bits of files.
        default_mode: Option<i32> = "defaultMode",
        /// Whether it may be missing.
        optional: Option<bool> = "optional",
    }
}

object! {
    /// A Secret as a volume.
    pub struct SecretVolumeSource {
        /// The Secret.
        secret_name: Str = "secretName",
        /// Which keys, and where; all if empty.
        items: EcoVec<KeyToPath> = "items",
        /// Mode bits of files.
        default_mode: Option<i32> = "defaultMode",
        /// Whether it may be missing.
        optional: Option<bool> = "optional",
    }
}

object! {
    /// A key and the file it becomes.
    pub struct KeyToPath {
        /// The key.
        key: Str = "key" always,
        /// The path of the file.
        path: Str = "path" always,
        /// Mode bits.
        mode: Option<i32> = "mode",
    }
}

object! {
    /// A request for storage.
    pub struct PersistentVolumeClaim {
        /// Name and namespace.
        metadata: ObjectMeta = "metadata" always,
        /// What is asked for.
        spec: PersistentVolumeClaimSpec = "spec" always,
        /// What was given.
        status: PersistentVolumeClaimStatus = "status" always,
    }
}

object! {
    /// What a claim asks for.
    pub struct PersistentVolumeClaimSpec {
        /// `ReadWriteOnce` and others.
        access_modes: EcoVec<Str> = "accessModes",
        /// Labels of the volume.
        selector: Option<LabelSelector> = "selector",
        /// `storage` is the size.
        resources: ResourceRequirements = "resources" always,
        /// The volume it is bound to.
        volume_name: Str = "volumeName",
        /// The class; none means the default class, empty means no class.
        storage_class_name: Option<Str> = "storageClassName",
        /// `Filesystem` or `Block`.
        volume_mode: Option<Str> = "volumeMode",
    }
}

object! {
    /// What a claim was given.
    pub struct PersistentVolumeClaimStatus {
        /// `Pending`, `Bound` or `Lost`.
        phase: Str = "phase",
        /// The volume's modes.
        access_modes: EcoVec<Str> = "accessModes",
        /// The volume's size.
        capacity: ResourceList = "capacity",
        /// Resizing.
        conditions: EcoVec<Value> = "conditions",
    }
}

object! {
    /// A piece of storage.
    pub struct PersistentVolume {
        /// Name.
        metadata: ObjectMeta = "metadata" always,
        /// What it is. Its source (`hostPath`, `nfs`, …) is in `rest`.
        spec: PersistentVolumeSpec = "spec" always,
        /// Whose it is.
        status: PersistentVolumeStatus = "status" always,
    }
}

object! {
    /// What a volume is.
    pub struct PersistentVolumeSpec {
        /// `storage` is the size.
        capacity: ResourceList = "capacity",
        /// How it can be mounted.
        access_modes: EcoVec<Str> = "accessModes",
        /// The claim it is bound to, or kept for.
        claim_ref: Option<Rc<ObjectReference>> = "claimRef",
        /// `Retain`, `Delete` or `Recycle`.
        persistent_volume_reclaim_policy: Str = "persistentVolumeReclaimPolicy",
        /// The class; empty for none.
        storage_class_name: Str = "storageClassName",
        /// `Filesystem` or `Block`.
        volume_mode: Option<Str> = "volumeMode",
        /// The nodes that can reach it.
        node_affinity: Option<Rc<VolumeNodeAffinity>> = "nodeAffinity",
    }
}

object! {
    /// The nodes that can reach a volume.
    pub struct VolumeNodeAffinity {
        /// Must hold.
        required: Option<NodeSelector> = "required",
    }
}

object! {
    /// Whose a volume is.
    pub struct PersistentVolumeStatus {
        /// `Pending`, `Available`, `Bound`, `Released` or `Failed`.
        phase: Str = "phase",
        /// Why it failed, in a sentence.
        message: Str = "message",
        /// Why it failed, in a word.
        reason: Str = "reason",
        /// When the phase changed.
        last_phase_transition_time: Option<Time> = "lastPhaseTransitionTime",
    }
}
