//! What etcd stores and what users write: the objects of the Kubernetes API.
//!
//! - [`Value`] is JSON, while something is decoded, patched or printed.
//! - [`Object`] is the closed set of kinds, typed and shared; a struct names the fields that components look at, and keeps
//!   every other field that was accepted in its [`codec::Rest`].
//! - [`Status`] is how the API server refuses, in upstream's words.
//!
//! What is absent: behaviour of components, and any `serde` form of the typed objects: they become text only as what users see.

pub mod apps;
pub mod batch;
pub mod codec;
#[cfg(feature = "conform")]
pub mod conform;
pub mod core;
pub mod defaults;
pub mod duration;
pub mod field_error;
pub mod field_selector;
pub mod int_or_string;
pub mod managed;
pub mod meta;
pub mod object;
pub mod patch;
pub mod pod_resources;
pub mod policy;
pub mod quantity;
pub mod quota;
pub mod scheduling;
pub mod schema;
pub mod selector;
pub mod status;
pub mod storage;
pub mod strict;
pub mod string_map;
pub mod table;
pub mod text;
pub mod value;

pub use apps::controller_revision::ControllerRevision;
pub use apps::daemon_set::DaemonSet;
pub use apps::deployment::Deployment;
pub use apps::replica_set::ReplicaSet;
pub use apps::stateful_set::StatefulSet;
pub use batch::cron_job::CronJob;
pub use batch::job::Job;
pub use core::config::{ConfigMap, Secret};
pub use core::endpoints::{EndpointSlice, Endpoints};
pub use core::event::Event;
pub use core::namespace::{Namespace, ServiceAccount};
pub use core::node::{Lease, Node};
pub use core::pod::Pod;
pub use core::replication_controller::ReplicationController;
pub use core::service::Service;
pub use core::volume::{PersistentVolume, PersistentVolumeClaim};
pub use field_error::FieldError;
pub use meta::ObjectMeta;
pub use object::{Key, Kind, Object, Plain, Resource};
pub use policy::PodDisruptionBudget;
pub use scheduling::PriorityClass;
pub use status::{Reason, Status};
pub use storage::StorageClass;
pub use string_map::{ResourceList, StringMap};
pub use value::{Map, Str, Value};

/// Marks a function that a suite of [`conform`] calls: a test asks that `ordinal run` calls it as well. Nothing without
/// the feature `conform` of this crate.
#[cfg(feature = "conform")]
#[macro_export]
macro_rules! reached {
    ($name:expr) => {
        $crate::conform::reached($name)
    };
}

/// Marks a function for the feature `conform`, without which it is nothing.
#[cfg(not(feature = "conform"))]
#[macro_export]
macro_rules! reached {
    ($name:expr) => {};
}
