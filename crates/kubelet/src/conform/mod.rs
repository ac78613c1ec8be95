//! Suites of `ordinal conform` over Kubernetes' own tables for the kubelet. See [`api::conform`].

mod kubelet_status;

use api::conform::Suite;

/// The suites of this crate.
pub const SUITES: &[Suite] = &[kubelet_status::SUITE];
