//! kube-controller-manager: the control loops.
//!
//! One module per controller. A change in a cache becomes a key in a controller's queue ([`client::WorkQueue`]); a key
//! becomes one sync; a sync reads caches, decides (`decide_*`, pure) and writes through [`client::Api`] (`apply_*`).
//! Controllers share the caches and the declared indexes over them, and know nothing of each other.
//!
//! What is absent: knowledge of scheduler, kubelet or kubectl; polling. A controller that waits for time asks to be woken.
//!
//! Models: kubernetes v1.36 cmd/kube-controller-manager and pkg/controller.

mod clusterroleaggregation;
#[cfg(feature = "conform")]
pub mod conform;
mod context;
mod controller_ref;
mod counters;
pub mod cronjob;
pub mod daemonset;
pub mod deployment;
pub mod disruption;
pub mod endpoints;
pub mod endpointslice;
mod garbagecollector;
mod indexes;
pub mod job;
mod manager;
mod namespace;
pub mod nodelifecycle;
pub mod persistentvolume;
mod pod_state;
mod podgc;
mod provisioner;
pub mod replicaset;
mod resourcequota;
mod rounds;
pub mod statefulset;
pub mod tainteviction;
pub mod template_hash;
mod ttlafterfinished;
mod volumeexpand;
pub mod volumeprotection;
mod why;

pub use counters::Counters;
pub use manager::ControllerManager;
pub use provisioner::HostPathProvisioner;
pub use why::Why;
