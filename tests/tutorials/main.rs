//! What no recording holds: what `exec`, `run` and `logs` answer, computed from what the learner did before.
#![cfg(not(target_arch = "wasm32"))]
#![allow(clippy::unwrap_used, reason = "a test fails by panicking")]

mod mysql;
mod outside;
mod profiles;
mod programs;
mod statefulset;

use statefulset::{Learner, Tutorial};

const AS_PRINTED: Tutorial = Tutorial {
    set: "web",
    service: "nginx",
    label: "nginx",
    claim: "www",
    replicas: 2,
    nodes: 4,
    seed: 1,
    directory: "tutorial",
};

#[test]
fn statefulset_basics_as_printed() {
    Learner::new(AS_PRINTED).follow();
}

#[test]
fn statefulset_basics_under_other_names_and_in_another_directory() {
    let other = Tutorial {
        set: "shop",
        service: "counter",
        label: "till",
        claim: "pages",
        replicas: 3,
        nodes: 3,
        seed: 77,
        directory: "lessons/one",
    };
    Learner::new(other).follow();
}

#[test]
fn statefulset_basics_with_five_replicas_on_two_nodes() {
    Learner::new(Tutorial { set: "a", replicas: 5, nodes: 2, seed: 9, directory: "/tmp/x", ..AS_PRINTED }).follow();
}
