//! The group "" (core/v1), discovery.k8s.io and coordination.k8s.io: one file per family of kinds.

pub mod affinity;
pub mod config;
pub mod container;
pub mod endpoints;
pub mod event;
pub mod namespace;
pub mod node;
pub mod pod;
pub mod pod_status;
pub mod replication_controller;
pub mod service;
pub mod volume;
