//! The picture's rows, each keyed by its object's UID.
//!
//! A row says what is drawn, in kubectl's words where kubectl has words. A [`Picture`] is a delta: rows that are new
//! or different, and the keys of those that are gone. Applying deltas in order gives the present.

use std::fmt;

use serde::{Deserialize, Serialize};

use crate::Why;

/// An object's UID, 16 bytes instead of 36 letters.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Debug, Default, Hash, Serialize, Deserialize)]
pub struct Uid(pub u128);

impl Uid {
    /// Reads `8-4-4-4-12` hexadecimal digits; `None` if it is anything else.
    pub fn parse(text: &str) -> Option<Uid> {
        let groups: Vec<&str> = text.split('-').collect();
        let shape: Vec<usize> = groups.iter().map(|group| group.len()).collect();
        let hex = groups.concat();
        if shape != [8, 4, 4, 4, 12] || !hex.bytes().all(|byte| byte.is_ascii_hexdigit()) {
            return None;
        }
        u128::from_str_radix(&hex, 16).ok().map(Uid)
    }
}

impl fmt::Display for Uid {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let hex = format!("{:032x}", self.0);
        write!(f, "{}-{}-{}-{}-{}", &hex[..8], &hex[8..12], &hex[12..16], &hex[16..20], &hex[20..])
    }
}

/// Something that is drawn.
pub trait Row: Clone + PartialEq {
    /// Its object's UID.
    fn uid(&self) -> Uid;
}

/// What changed among the rows of one kind.
#[derive(Clone, PartialEq, Debug, Serialize, Deserialize)]
pub struct Change<R> {
    /// New rows and new states of old ones, whole.
    pub changed: Vec<R>,
    /// Rows that are gone.
    pub removed: Vec<Uid>,
}

impl<R> Default for Change<R> {
    fn default() -> Self {
        Change { changed: Vec::new(), removed: Vec::new() }
    }
}

impl<R> Change<R> {
    /// Whether nothing changed.
    pub fn is_empty(&self) -> bool {
        self.changed.is_empty() && self.removed.is_empty()
    }
}

/// What changed since the answer before.
#[derive(Clone, PartialEq, Debug, Default, Serialize, Deserialize)]
pub struct Picture {
    /// Nodes.
    pub nodes: Change<NodeRow>,
    /// Pods of all namespaces.
    pub pods: Change<PodRow>,
    /// PersistentVolumeClaims.
    pub claims: Change<ClaimRow>,
    /// PersistentVolumes.
    pub volumes: Change<VolumeRow>,
    /// StatefulSets, Deployments, DaemonSets, Jobs: what owns pods.
    pub workloads: Change<WorkloadRow>,
    /// PodDisruptionBudgets.
    pub budgets: Change<BudgetRow>,
    /// Services.
    pub services: Change<ServiceRow>,
    /// Events.
    pub events: Change<EventRow>,
}

impl Picture {
    /// Whether nothing changed: such a picture is not sent.
    pub fn is_empty(&self) -> bool {
        self.nodes.is_empty()
            && self.pods.is_empty()
            && self.claims.is_empty()
            && self.volumes.is_empty()
            && self.workloads.is_empty()
            && self.budgets.is_empty()
            && self.services.is_empty()
            && self.events.is_empty()
    }
}

macro_rules! rows {
    ($($row:ty),*) => { $(impl Row for $row { fn uid(&self) -> Uid { self.uid } })* };
}
rows!(NodeRow, PodRow, ClaimRow, VolumeRow, WorkloadRow, BudgetRow, ServiceRow, EventRow);

/// A node.
#[derive(Clone, PartialEq, Debug, Serialize, Deserialize)]
pub struct NodeRow {
    /// Key.
    pub uid: Uid,
    /// Name.
    pub name: String,
    /// kubectl's STATUS: `Ready`, `NotReady`, `Ready,SchedulingDisabled`.
    pub status: String,
    /// Whether the Ready condition is True.
    pub ready: bool,
    /// False after `kubectl cordon`.
    pub schedulable: bool,
    /// Allocatable CPU, in thousandths of a core.
    pub cpu_milli: u64,
    /// Allocatable memory, in bytes.
    pub memory_bytes: u64,
    /// Requested by the pods on it, in thousandths of a core.
    pub cpu_requested_milli: u64,
    /// Requested by the pods on it, in bytes.
    pub memory_requested_bytes: u64,
    /// How many pods it takes.
    pub pods_max: u32,
    /// `key=value:Effect`, in order.
    pub taints: Vec<String>,
}

/// Who made a pod.
#[derive(Clone, PartialEq, Eq, PartialOrd, Ord, Debug, Serialize, Deserialize)]
pub struct Owner {
    /// `StatefulSet`, `ReplicaSet`, ….
    pub kind: String,
    /// Name, in the pod's namespace.
    pub name: String,
}

/// Where a pod stands in its life, as the ring shows it.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Debug, Serialize, Deserialize)]
pub enum PodState {
    /// No node yet.
    Pending,
    /// On a node; an image is being pulled.
    Pulling,
    /// On a node; volumes, init containers, containers being made.
    Creating,
    /// Runs, and is not Ready.
    Running,
    /// Runs, and is Ready.
    Ready,
    /// A container waits after a failure, or the pod has failed.
    Failing,
    /// All containers ended well.
    Succeeded,
    /// Deleted; containers are stopping.
    Terminating,
    /// Its node is silent.
    Unknown,
}

/// A claim that a pod names among its volumes.
#[derive(Clone, PartialEq, Eq, Debug, Serialize, Deserialize)]
pub struct ClaimUse {
    /// The claim's name, in the pod's namespace.
    pub name: String,
    /// Where the first container mounts it; empty if none does.
    pub mount_path: String,
}

/// A pod.
#[derive(Clone, PartialEq, Debug, Serialize, Deserialize)]
pub struct PodRow {
    /// Key.
    pub uid: Uid,
    /// Namespace.
    pub namespace: String,
    /// Name.
    pub name: String,
    /// The node it is bound to; empty before.
    pub node: String,
    /// kubectl's STATUS: `Pending`, `ContainerCreating`, `CrashLoopBackOff`, ….
    pub status: String,
    /// What is drawn.
    pub state: PodState,
    /// Ready containers.
    pub ready: u32,
    /// All containers that count in kubectl's READY.
    pub containers: u32,
    /// Restarts of all containers.
    pub restarts: u32,
    /// The number at the end of its name if a StatefulSet owns it.
    pub ordinal: Option<u32>,
    /// Its controller.
    pub workload: Option<Owner>,
    /// `controller-revision-hash` or `pod-template-hash`; empty if it has none.
    pub revision: String,
    /// In the order of the pod's volumes.
    pub claims: Vec<ClaimUse>,
    /// Its address; empty before it has one.
    pub ip: String,
    /// The images of its containers.
    pub images: Vec<String>,
    /// When it was created.
    pub created_us: u64,
    /// When it is to be gone, if it was deleted.
    pub deletion_us: Option<u64>,
    /// Why it is as it is: the scheduler's verdict, a waiting container's message; nothing if all is well.
    pub why: Why,
    /// What its program is to its users, if it says so.
    pub caption: Option<Caption>,
    /// While it waits for a node: what the scheduler said of each, in order of their names; of the first ones where there
    /// are many.
    pub verdicts: Vec<Verdict>,
}

/// What a pod's program is to its users at the moment.
#[derive(Clone, PartialEq, Eq, Debug, Serialize, Deserialize)]
pub struct Caption {
    /// In the application's own words, short: `leader`.
    pub text: String,
    /// Whether it serves its users now.
    pub serves: bool,
    /// The ring of tokens that it is a member of, as it knows it; empty if there is none.
    pub ring: Vec<RingMember>,
}

/// A member of a ring, as another knows it.
#[derive(Clone, PartialEq, Eq, Debug, Serialize, Deserialize)]
pub struct RingMember {
    /// Its address.
    pub ip: String,
    /// How it stands and what it owns, in the application's own words: `UN 33.3%`.
    pub text: String,
    /// Whether it is up.
    pub is_up: bool,
    /// Where its tokens lie, of 65,536 places around the ring; each token owns what lies between the one before and itself.
    pub tokens: Vec<u16>,
}

/// Why a pod does not go to a node.
#[derive(Clone, PartialEq, Eq, Debug, Serialize, Deserialize)]
pub struct Verdict {
    /// The node's name.
    pub node: String,
    /// The scheduler's words.
    pub reason: String,
}

/// A file on a volume.
#[derive(Clone, PartialEq, Eq, Debug, Serialize, Deserialize)]
pub struct FileUse {
    /// Below the volume's root, with a slash in front.
    pub path: String,
    /// Its size.
    pub bytes: u64,
}

/// A claim's or volume's phase.
#[derive(Clone, Copy, PartialEq, Eq, Debug, Serialize, Deserialize)]
pub enum ClaimPhase {
    /// Waits for a volume (a claim), or is not yet usable (a volume).
    Pending,
    /// A volume without a claim.
    Available,
    /// Joined.
    Bound,
    /// A claim whose volume is gone.
    Lost,
    /// A volume whose claim is gone.
    Released,
    /// A volume whose reclaim failed.
    Failed,
    /// Deleted, and kept by a finalizer.
    Terminating,
}

/// A PersistentVolumeClaim.
#[derive(Clone, PartialEq, Debug, Serialize, Deserialize)]
pub struct ClaimRow {
    /// Key.
    pub uid: Uid,
    /// Namespace.
    pub namespace: String,
    /// Name.
    pub name: String,
    /// What is drawn.
    pub phase: ClaimPhase,
    /// The volume's name; empty before binding.
    pub volume: String,
    /// kubectl's CAPACITY (what was asked for, before binding).
    pub capacity: String,
    /// The class's name.
    pub class: String,
    /// kubectl's ACCESS MODES: `RWO`.
    pub access_modes: String,
    /// Bytes written to its volume.
    pub used_bytes: u64,
    /// Why it waits, if it does.
    pub why: Why,
    /// The first files on its volume.
    pub files: Vec<FileUse>,
}

/// A PersistentVolume.
#[derive(Clone, PartialEq, Debug, Serialize, Deserialize)]
pub struct VolumeRow {
    /// Key.
    pub uid: Uid,
    /// Name.
    pub name: String,
    /// What is drawn.
    pub phase: ClaimPhase,
    /// kubectl's CAPACITY.
    pub capacity: String,
    /// The class's name.
    pub class: String,
    /// kubectl's CLAIM, `namespace/name`; empty if none.
    pub claim: String,
    /// `Delete` or `Retain`.
    pub reclaim_policy: String,
}

/// A workload.
#[derive(Clone, PartialEq, Debug, Serialize, Deserialize)]
pub struct WorkloadRow {
    /// Key.
    pub uid: Uid,
    /// `StatefulSet`, ….
    pub kind: String,
    /// Namespace.
    pub namespace: String,
    /// Name.
    pub name: String,
    /// What is wanted.
    pub replicas: u32,
    /// Ready pods.
    pub ready: u32,
    /// Pods of the update revision.
    pub updated: u32,
    /// The revision's hash that pods had; empty if the kind has none.
    pub current_revision: String,
    /// The revision's hash that pods are getting.
    pub update_revision: String,
    /// Why it does what it does now.
    pub why: Why,
}

/// A PodDisruptionBudget.
#[derive(Clone, PartialEq, Debug, Serialize, Deserialize)]
pub struct BudgetRow {
    /// Key.
    pub uid: Uid,
    /// Namespace.
    pub namespace: String,
    /// Name.
    pub name: String,
    /// kubectl's MIN AVAILABLE: `2`, `50%` or `N/A`.
    pub min_available: String,
    /// kubectl's MAX UNAVAILABLE.
    pub max_unavailable: String,
    /// Disruptions allowed now.
    pub allowed: u32,
    /// Healthy pods.
    pub healthy: u32,
    /// Healthy pods that must remain.
    pub desired_healthy: u32,
    /// Pods that count.
    pub expected: u32,
    /// The names of the pods it chooses, of its namespace.
    pub pods: Vec<String>,
    /// The pod whose eviction it has refused last, while it allows none; empty if there is none.
    pub refused: String,
}

/// One pod behind a service.
#[derive(Clone, PartialEq, Eq, Debug, Serialize, Deserialize)]
pub struct Endpoint {
    /// The pod's name; empty if the address is nobody's.
    pub pod: String,
    /// Its address.
    pub ip: String,
    /// Whether traffic goes there.
    pub ready: bool,
}

/// A service.
#[derive(Clone, PartialEq, Debug, Serialize, Deserialize)]
pub struct ServiceRow {
    /// Key.
    pub uid: Uid,
    /// Namespace.
    pub namespace: String,
    /// Name.
    pub name: String,
    /// `ClusterIP`, `NodePort`, ….
    pub kind: String,
    /// kubectl's CLUSTER-IP: `None` for a headless one.
    pub cluster_ip: String,
    /// kubectl's PORT(S).
    pub ports: String,
    /// In order of address.
    pub endpoints: Vec<Endpoint>,
}

/// An event.
#[derive(Clone, PartialEq, Debug, Serialize, Deserialize)]
pub struct EventRow {
    /// Key.
    pub uid: Uid,
    /// Namespace.
    pub namespace: String,
    /// Last seen.
    pub at_us: u64,
    /// `Warning`, not `Normal`.
    pub warning: bool,
    /// `SuccessfulCreate`, ….
    pub reason: String,
    /// `pod/web-0`.
    pub object: String,
    /// The sentence.
    pub message: String,
    /// How often.
    pub count: u32,
}
