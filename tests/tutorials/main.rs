//! What no recording holds: what `exec`, `run` and `logs` answer, computed from what the learner did before.
#![cfg(not(target_arch = "wasm32"))]
#![allow(clippy::unwrap_used, reason = "a test fails by panicking")]

mod cassandra;
mod command_lines;
mod configuration;
mod jobs;
mod mysql;
mod outside;
mod profiles;
mod programs;
mod question;
mod quotas;
mod rbac;
mod replication_controller;
mod resize;
mod runtime_class;
mod statefulset;
mod trouble;
mod wordpress;
mod zookeeper;

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

#[test]
fn zookeeper_as_printed() {
    let mut learner = zookeeper::Learner::new(zookeeper::AS_PRINTED);
    learner.members_know_who_they_are();
    learner.the_stat_is_that_of_the_first_write();
    learner.processes_and_files_belong_to_the_user();
    learner.logs_tell_of_the_probes();
    learner.data_outlives_the_set();
    learner.a_killed_server_is_started_again();
    learner.a_probe_that_was_removed_is_back_after_the_restart();
}

#[test]
fn zookeeper_under_maintenance() {
    let mut learner = zookeeper::Learner::new(zookeeper::AS_PRINTED);
    learner.a_drain_waits_for_the_budget();
    learner.without_its_budget_the_majority_goes_and_writes_stop();
}

#[test]
fn zookeeper_of_five_with_other_names_and_flags() {
    let mut learner = zookeeper::Learner::new(zookeeper::Ensemble {
        set: "ensemble",
        service: "members",
        replicas: 5,
        client_port: 2300,
        election_port: 4000,
        tick_time: 1000,
        heap: "1G",
        log_level: "WARN",
        pages: 1_093_449,
        seed: 5,
    });
    learner.members_know_who_they_are();
    learner.the_stat_is_that_of_the_first_write();
    learner.processes_and_files_belong_to_the_user();
    learner.data_outlives_the_set();
    learner.without_its_budget_the_majority_goes_and_writes_stop();
}

#[test]
fn cassandra_as_printed() {
    let mut learner = cassandra::Learner::new(cassandra::AS_PRINTED);
    learner.the_ring_is_whole();
    learner.a_node_comes_back_with_its_tokens();
    learner.silence_is_noticed();
    learner.rows_are_everywhere();
    learner.rows_have_an_order_and_an_end();
    learner.one_of_two_copies_is_no_quorum();
    learner.rows_live_on_the_claims();
    learner.without_its_seed_a_node_does_not_start();
}

#[test]
fn cassandra_loses_a_node_for_good() {
    let mut learner = cassandra::Learner::new(cassandra::Cluster { seed: 3, ..cassandra::AS_PRINTED });
    learner.the_ring_is_whole();
    learner.rows_are_everywhere();
    learner.a_removed_node_is_made_up_for();
}

#[test]
fn cassandra_of_four_under_other_names() {
    let mut learner = cassandra::Learner::new(cassandra::Cluster {
        set: "ring",
        replicas: 4,
        name: "Orders",
        datacenter: "east",
        rack: "r7",
        tokens: 8,
        seed: 6,
    });
    learner.the_ring_is_whole();
    learner.rows_are_everywhere();
    learner.one_of_two_copies_is_no_quorum();
    learner.a_node_that_leaves_must_say_so();
}
