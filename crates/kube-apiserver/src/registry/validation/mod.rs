//! What the server refuses, kind by kind. Works on JSON after strict decoding and defaulting, so that errors can name any
//! field that a user wrote.
//!
//! - `field`: a place in an object; `checks`, `names`: rules of single fields; `meta`: what all kinds share;
//! - one file per kind or family; `pod/` is also that of pod templates;
//! - `internal`, `diff`: how messages show the server's own types and their differences;
//! - `warnings`, `paths`: what is accepted, with a word of warning.
//!
//! What is absent: everything that needs another object (admission) and what is allocated.
//!
//! Models: kubernetes v1.36 pkg/apis/*/validation.

mod addresses;
mod autoscaler;
mod budget;
mod checks;
mod claim;
mod config;
mod diff;
mod endpoints;
mod event;
mod field;
mod internal;
mod job;
mod meta;
mod names;
mod network;
mod node;
mod paths;

mod pod;
mod priority;
mod quota;
mod rbac;
mod resource_names;
mod runtime_class;
mod service;
mod stateful_set;
mod storage;
mod volume;
mod warnings;
mod workloads;

use api::{FieldError, Kind, Value};

use field::{Errors, Field};
use meta::Layer;

pub(crate) use pod::kept as kept_by_resize;
pub(crate) use service::address_faults;
pub(crate) use warnings::{warnings, warnings_of_change};

/// The faults of a new object, after defaulting.
pub(crate) fn validate_create(kind: Kind, object: &Value) -> Vec<FieldError> {
    api::reached!("kube_apiserver::registry::validation::validate_create");
    let mut errors = Errors::new();
    if looks(kind).at_new {
        meta::whole(kind, object, Layer::Kind(kind), &mut errors);
    }
    let root = Field::root(object);
    match kind {
        Kind::Pod => pod::create(&root, &mut errors),
        Kind::StatefulSet => stateful_set::create(&root, &mut errors),
        Kind::Deployment => workloads::deployment(&root, &mut errors),
        Kind::ReplicaSet => workloads::replica_set(&root, &mut errors),
        Kind::ReplicationController => workloads::replication_controller(&root, &mut errors),
        Kind::PodTemplate => pod::template(&root.child("template"), &mut errors),
        Kind::DaemonSet => workloads::daemon_set(&root, &mut errors),
        Kind::Job => job::job(&root, &mut errors),
        Kind::CronJob => job::cron_job(&root, &mut errors),
        Kind::Service => service::create(&root, &mut errors),
        Kind::PersistentVolumeClaim => claim::spec(&root.child("spec"), &mut errors),
        Kind::PersistentVolume => volume::spec(&root, &mut errors),
        Kind::StorageClass => storage::class(&root, &mut errors),
        Kind::PriorityClass => priority::class(&root, &mut errors),
        Kind::ConfigMap => config::config_map(&root, &mut errors),
        Kind::Secret => config::secret(&root, &mut errors),
        Kind::PodDisruptionBudget => budget::spec(&root.child("spec"), &mut errors),
        Kind::Node => node::node(&root, &mut errors),
        Kind::Namespace => node::namespace(&root, &mut errors),
        Kind::Lease => node::lease(&root.child("spec"), &mut errors),
        Kind::Event => event::event(&root, &mut errors),
        Kind::Endpoints => endpoints::endpoints(&root, &mut errors),
        Kind::EndpointSlice => endpoints::slice(&root, &mut errors),
        Kind::ControllerRevision => stateful_set::revision(&root, &mut errors),
        Kind::ServiceAccount => {}
        Kind::ResourceQuota => quota::quota(&root.child("spec"), &mut errors),
        Kind::LimitRange => quota::limit_range(&root.at(&["spec", "limits"]), &mut errors),
        Kind::HorizontalPodAutoscaler => autoscaler::spec(&root.child("spec"), &mut errors),
        Kind::Ingress => network::ingress(&root, &mut errors),
        Kind::IngressClass => network::class(&root.child("spec"), &mut errors),
        Kind::RuntimeClass => runtime_class::class(&root, &mut errors),
        Kind::NetworkPolicy => network::policy(&root.child("spec"), &mut errors),
        Kind::Role | Kind::ClusterRole => rbac::role(kind, &root, &mut errors),
        Kind::RoleBinding | Kind::ClusterRoleBinding => rbac::binding(kind, &root, &mut errors),
    }
    if errors.is_empty() {
        meta::whole(kind, object, Layer::Generic, &mut errors);
    }
    errors
}

/// What a kind's own rules look at in metadata, besides what every write goes through.
#[derive(Clone, Copy)]
struct Looks {
    /// At that of new objects.
    at_new: bool,
    /// At how it changed.
    at_change: bool,
    /// At that of changed objects as if they were new.
    at_changed: bool,
}

fn looks(kind: Kind) -> Looks {
    let (at_new, at_change, at_changed) = match kind {
        Kind::PodDisruptionBudget | Kind::Event => (false, false, false),
        Kind::StatefulSet
        | Kind::Deployment
        | Kind::ReplicaSet
        | Kind::ReplicationController
        | Kind::PodTemplate
        | Kind::DaemonSet
        | Kind::Job
        | Kind::CronJob
        | Kind::Service
        | Kind::Node
        | Kind::Namespace
        | Kind::Lease
        | Kind::ServiceAccount
        | Kind::ResourceQuota
        | Kind::NetworkPolicy
        | Kind::Ingress
        | Kind::HorizontalPodAutoscaler => (true, true, false),
        Kind::PersistentVolume | Kind::EndpointSlice => (true, false, true),
        Kind::Pod
        | Kind::PersistentVolumeClaim
        | Kind::StorageClass
        | Kind::PriorityClass
        | Kind::ConfigMap
        | Kind::Secret
        | Kind::Endpoints
        | Kind::ControllerRevision
        | Kind::LimitRange
        | Kind::IngressClass
        | Kind::RuntimeClass
        | Kind::ClusterRole
        | Kind::ClusterRoleBinding
        | Kind::Role
        | Kind::RoleBinding => (true, true, true),
    };
    Looks { at_new, at_change, at_changed }
}

/// The faults of a resized pod, which would be of this QoS class.
pub(crate) fn validate_resize(object: &Value, old: &Value, class: &str) -> Vec<FieldError> {
    let mut errors = Errors::new();
    meta::whole(Kind::Pod, object, Layer::Generic, &mut errors);
    meta::update(object, old, Layer::Generic, &mut errors);
    update_metadata(Kind::Pod, object, old, &mut errors);
    pod::resize(&Field::root(object), old, class, &mut errors);
    errors
}

/// The faults of a changed object, after defaulting.
pub(crate) fn validate_update(kind: Kind, object: &Value, old: &Value) -> Vec<FieldError> {
    api::reached!("kube_apiserver::registry::validation::validate_update");
    let mut errors = Errors::new();
    meta::whole(kind, object, Layer::Generic, &mut errors);
    meta::update(object, old, Layer::Generic, &mut errors);
    update_metadata(kind, object, old, &mut errors);
    let root = Field::root(object);
    match kind {
        Kind::Pod => pod::update(&root, old, &mut errors),
        Kind::StatefulSet => stateful_set::update(&root, old, &mut errors),
        Kind::Deployment => workloads::deployment(&root, &mut errors),
        Kind::ReplicaSet => workloads::replica_set(&root, &mut errors),
        Kind::ReplicationController => workloads::replication_controller(&root, &mut errors),
        Kind::PodTemplate => pod::template(&root.child("template"), &mut errors),
        Kind::DaemonSet => workloads::daemon_set(&root, &mut errors),
        Kind::Job => job::update_job(&root, old, &mut errors),
        Kind::CronJob => job::update_cron_job(&root, old, &mut errors),
        Kind::Service => service::update(&root, old, &mut errors),
        Kind::PersistentVolumeClaim => claim::update(&root, old, &mut errors),
        Kind::PersistentVolume => volume::update(&root, old, &mut errors),
        Kind::StorageClass => storage::update(&root, old, &mut errors),
        Kind::PriorityClass => priority::update(&root, old, &mut errors),
        Kind::ConfigMap => config::update_config_map(&root, old, &mut errors),
        Kind::Secret => config::update_secret(&root, old, &mut errors),
        Kind::PodDisruptionBudget => budget::spec(&root.child("spec"), &mut errors),
        Kind::Node => node::update(&root, old, &mut errors),
        Kind::Namespace => {}
        Kind::Lease => node::lease(&root.child("spec"), &mut errors),
        Kind::Event => event::event(&root, &mut errors),
        Kind::Endpoints => endpoints::endpoints(&root, &mut errors),
        Kind::EndpointSlice => endpoints::update_slice(&root, old, &mut errors),
        Kind::ControllerRevision => stateful_set::update_revision(&root, old, &mut errors),
        Kind::ServiceAccount => {}
        Kind::ResourceQuota => quota::update(&root.child("spec"), old, &mut errors),
        Kind::LimitRange => quota::limit_range(&root.at(&["spec", "limits"]), &mut errors),
        Kind::HorizontalPodAutoscaler => autoscaler::spec(&root.child("spec"), &mut errors),
        Kind::Ingress => network::ingress_spec(&root.child("spec"), &mut errors),
        Kind::RuntimeClass => runtime_class::update(&root, old, &mut errors),
        Kind::IngressClass => network::update_class(&root.child("spec"), old, &mut errors),
        Kind::NetworkPolicy => network::policy(&root.child("spec"), &mut errors),
        Kind::Role | Kind::ClusterRole => rbac::role(kind, &root, &mut errors),
        Kind::RoleBinding | Kind::ClusterRoleBinding => rbac::update_binding(kind, &root, old, &mut errors),
    }
    if matches!(kind, Kind::Deployment | Kind::ReplicaSet | Kind::DaemonSet) {
        workloads::keeps_selector(&root, old, &mut errors);
    }
    errors
}

/// The faults of a pod whose ephemeral containers were changed, and nothing else.
pub(crate) fn validate_ephemeral_containers(object: &Value, old: &Value) -> Vec<FieldError> {
    let mut errors = Errors::new();
    pod::update_ephemeral_containers(&Field::root(object), old, &mut errors);
    errors
}

/// What a kind's own rules say of its metadata; ConfigMaps and secrets say it after their own immutability.
fn update_metadata(kind: Kind, object: &Value, old: &Value, errors: &mut Errors) {
    let looks = looks(kind);
    // A storage class is judged as a new one first.
    if kind == Kind::StorageClass {
        meta::whole(kind, object, Layer::Kind(kind), errors);
        return meta::update(object, old, Layer::Kind(kind), errors);
    }
    if looks.at_change {
        meta::update(object, old, Layer::Kind(kind), errors);
    }
    if looks.at_changed && !matches!(kind, Kind::ConfigMap | Kind::Secret) {
        meta::whole(kind, object, Layer::Kind(kind), errors);
    }
}
