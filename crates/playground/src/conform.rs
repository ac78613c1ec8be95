//! All suites of `ordinal conform`: each crate's own, gathered.

pub use api::conform::{Suite, answer};

/// Every suite, in the order of the crates and then of their lists.
pub fn suites() -> impl Iterator<Item = &'static Suite> {
    let crates = [
        api::conform::SUITES,
        kube_apiserver::conform::SUITES,
        kube_controller_manager::conform::SUITES,
        kube_scheduler::conform::SUITES,
        kubelet::conform::SUITES,
        kubectl::conform::SUITES,
    ];
    crates.into_iter().flatten()
}
