//! Suites of `ordinal conform` over Kubernetes' own tables for kubectl. See [`api::conform`].

mod apply;
mod jsonpath;
mod kubectl_get;
mod rollout;
mod table_printer;

use api::conform::Suite;

/// The suites of this crate.
pub const SUITES: &[Suite] = &[jsonpath::SUITE, table_printer::SUITE, kubectl_get::SUITE, apply::SUITE, rollout::SUITE];
