//! Suites of `ordinal conform` over Kubernetes' own tables for the kubectl. See [`api::conform`].

use api::conform::Suite;

/// The suites of this crate.
pub const SUITES: &[Suite] = &[];
