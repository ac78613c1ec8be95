//! Suites of `ordinal conform` over Kubernetes' own tables for the kubelet. See [`api::conform`].

mod backoff;
mod kubelet_status;
mod pod_conditions;

use api::conform::Suite;

/// The suites of this crate.
pub const SUITES: &[Suite] = &[kubelet_status::SUITE, pod_conditions::SUITE, backoff::SUITE];
