//! Suites of `ordinal conform` over Kubernetes' own tables for the API server. See [`api::conform`].

mod apps_validation;
mod eviction;
mod internal;
mod print_pod;
mod printers;
mod printers_misc;
mod validation;

use api::conform::Suite;

/// The suites of this crate.
pub const SUITES: &[Suite] = &[
    printers::SUITE,
    printers::POD_SUITE,
    printers_misc::SUITE,
    print_pod::SUITE,
    apps_validation::SUITE,
    validation::SUITE,
    eviction::SUITE,
];
