//! What the server refuses, kind by kind. Works on JSON after strict decoding and defaulting, so that errors can name any
//! field that a user wrote.
//!
//! - `field`: a place in an object; `checks`, `names`: rules of single fields; `meta`: what all kinds share;
//! - one file per kind or family; `pod/` is also that of pod templates;
//! - `internal`, `diff`: how messages show the server's own types and their differences;
//! - `warnings`: what is accepted, with a word of warning.
//!
//! What is absent: everything that needs another object (admission) and what is allocated.
//!
//! Models: kubernetes v1.36 pkg/apis/*/validation.

mod budget;
mod checks;
mod claim;
mod config;
mod diff;
mod endpoints;
mod event;
mod field;
mod internal;
mod meta;
mod names;
mod node;
mod pod;
mod service;
mod stateful_set;
mod storage;
mod volume;
mod warnings;

use api::{FieldError, Kind, Value};

use field::{Errors, Field};

pub(crate) use warnings::warnings;

/// The faults of a new object, after defaulting.
pub(crate) fn validate_create(kind: Kind, object: &Value) -> Vec<FieldError> {
    let mut errors = Errors::new();
    meta::create(kind, object, &mut errors);
    let root = Field::root(object);
    match kind {
        Kind::Pod => pod::create(&root, &mut errors),
        Kind::StatefulSet => stateful_set::create(&root, &mut errors),
        Kind::Service => service::create(&root, &mut errors),
        Kind::PersistentVolumeClaim => claim::spec(&root.child("spec"), &mut errors),
        Kind::PersistentVolume => volume::spec(&root, &mut errors),
        Kind::StorageClass => storage::class(&root, &mut errors),
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
    }
    errors
}

/// The faults of a changed object, after defaulting.
pub(crate) fn validate_update(kind: Kind, object: &Value, old: &Value) -> Vec<FieldError> {
    let mut errors = Errors::new();
    meta::update(object, old, &mut errors);
    let root = Field::root(object);
    match kind {
        Kind::Pod => pod::update(&root, old, &mut errors),
        Kind::StatefulSet => stateful_set::update(&root, old, &mut errors),
        Kind::Service => service::update(&root, old, &mut errors),
        Kind::PersistentVolumeClaim => claim::update(&root, old, &mut errors),
        Kind::PersistentVolume => volume::update(&root, old, &mut errors),
        Kind::StorageClass => storage::update(&root, old, &mut errors),
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
    }
    errors
}
