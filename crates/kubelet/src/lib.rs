//! The kubelets: pods on nodes, from their binding to their end.
//!
//! - [`Kubelets`] is one component for all nodes. It watches pods, claims, volumes, ConfigMaps and Secrets, and writes statuses,
//!   events and the last deletion of a pod.
//! - [`status`] says what a pod's status is, as a pure function.
//! - [`node`] says what a node looks like when its kubelet has registered it.
//! - `faults` breaks nodes, containers and volumes on purpose, and mends them.
//!
//! Invariants: a change of a pod visits that pod alone; an idle node and a pod that only runs cost no event; containers are
//! known through `cri` only, and nothing here knows an image by name.
//! Absent: scheduling, endpoints, names, and the evictions of nodes under pressure.
//!
//! Models: kubernetes v1.36 pkg/kubelet.

mod back_off;
mod conditions;
#[cfg(feature = "conform")]
pub mod conform;
mod ephemeral;
mod faults;
mod hooks;
mod kubelets;
mod machine_faults;
mod mounts;
mod names;
pub mod node;
mod probes;
mod qos;
mod report;
mod resize;
mod session;
mod spawn;
mod start;
pub mod status;
mod stop;
mod sync;
mod text;
mod worker;

pub use kubelets::Kubelets;
pub use node::{Machine, lease_object, node_object};
