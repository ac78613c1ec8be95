//! A swarm of clusters, each with an hour of its own random trouble: scaling, updates, deletions, evictions, drains, faults.
//! Nothing that must not happen may happen at any time; then all is mended, and all must be as wanted.
//!
//! A seed that fails says how to play it again:
//! `ORDINAL_SWARM_SEED=17 cargo nextest run -p ordinal-tests --test swarm --no-capture` plays that one and tells every step.
#![cfg(not(target_arch = "wasm32"))]
#![allow(clippy::unwrap_used, reason = "a test fails by panicking")]

mod checks;
mod ensemble;
mod planted;
mod trouble;

use api::{Key, Kind, Pod};
use checks::Checks;
use client::{Api, DeleteOptions, LogOptions, NodeProxy, WriteOptions};
use cluster::{Cluster, Options, timing};
use sim::{Random, Span, Time};
use trouble::Trouble;

const SEEDS: u64 = 200;
/// The tests run beside each other, each with its share of the seeds.
const SHARES: u64 = 4;
const HOUR: Span = Span::from_seconds(3_600);
/// After the last fault is mended: so long may it take until all is as wanted.
const MENDING: Span = Span::from_seconds(900);
/// How long it may take to read from every member of the ensemble.
const READING: Span = Span::from_seconds(60);
/// What a share of the seeds tries at least; more than half of what it does, so that no check is idle unnoticed.
const EVICTIONS_MIN: u32 = 70;
const ZNODES_MIN: u32 = 220;
/// Between two things that somebody does, and in a burst of them.
const PAUSE_MAX_MS: u64 = 150_000;
const BURST_MAX_MS: u64 = 4_000;

/// How much of what can go wrong was tried.
#[derive(Clone, Copy, Debug, Default)]
struct Tally {
    /// Healthy pods that were evicted.
    evictions: u32,
    /// Znodes whose clients were told that they are written.
    znodes: u32,
}

/// A cluster with everything laid out that a swarm troubles, and what looks at it from the first write on.
fn laid_out(seed: u64, profile: &str) -> (Cluster, Checks) {
    let timing = timing::named(profile).unwrap();
    let nodes = 4 + (seed % 3) as u32;
    let mut cluster = Cluster::new(&Options { nodes, seed, timing, start: Time::HEADLESS_START });
    let checks = Checks::new(&cluster);
    trouble::lay_out(&mut cluster);
    (cluster, checks)
}

/// Plays one seed to its end.
fn play(seed: u64, tells: bool) -> Result<Tally, String> {
    let (mut cluster, mut checks) = laid_out(seed, if seed.is_multiple_of(2) { "recorded" } else { "realistic" });
    let start = cluster.now();
    let mut trouble = Trouble::new(seed);
    let mut pauses = Random::stream(seed, "pauses");
    let end = start + HOUR;
    let at = |cluster: &Cluster| format!("seed {seed}, second {}", cluster.now().since(start).as_seconds());
    while cluster.now() < end {
        // Trouble comes in bursts.
        let pause_max_ms = if pauses.below(2) == 0 { BURST_MAX_MS } else { PAUSE_MAX_MS };
        let until = cluster.now() + Span::from_millis(1 + pauses.below(pause_max_ms));
        pass(&mut cluster, until.min(end), &mut checks).map_err(|why| format!("{}: {why}", at(&cluster)))?;
        let said = trouble.act(&mut cluster, &mut checks);
        if tells {
            println!("{}: {said}", at(&cluster));
        }
    }
    trouble.mend(&mut cluster);
    for _ in 0..2 {
        let until = cluster.now() + Span(MENDING.0 / 2);
        pass(&mut cluster, until, &mut checks).map_err(|why| format!("{}, after mending: {why}", at(&cluster)))?;
        // A member that has lost its disk notices when it is to write.
        trouble.write(&mut cluster, &mut checks);
    }
    let until = cluster.now() + READING;
    pass(&mut cluster, until, &mut checks).map_err(|why| format!("{}, after mending: {why}", at(&cluster)))?;
    trouble.listen(&mut cluster, &mut checks);
    // What was heard to its end is hung up before anybody else calls.
    let _ = cluster.advance_to(until + Span::from_millis(1), usize::MAX);
    let until = until + READING;
    let read = ensemble::read_all(&mut cluster, &checks.znodes, until);
    if tells {
        println!("{}", objects(&mut cluster));
    }
    checks.all_is_well(&cluster).and(read).map_err(|why| format!("{}, in the end: {why}", at(&cluster)))?;
    Ok(Tally { evictions: checks.evictions(), znodes: checks.znodes.acknowledged.len() as u32 })
}

/// What a failure is read from: events and pods as `kubectl get` shows them, and the end of each member's log.
fn objects(cluster: &mut Cluster) -> String {
    let mut lines = Vec::new();
    for member in ensemble::MEMBERS {
        let options = LogOptions { container: "server".into(), tail_lines: Some(20), ..LogOptions::default() };
        let read = cluster.client("swarm").logs(&Key::new("default", member), &options);
        lines.push(read.map_or_else(|status| status.message.to_string(), |read| read.text));
    }
    for kind in [Kind::Event, Kind::Pod] {
        let table = cluster.server().table(kind, &cluster.objects(kind, None), cluster.now());
        let row =
            |row: &api::table::Row| row.cells.iter().map(|cell| format!("{cell:?}")).collect::<Vec<_>>().join(" ");
        lines.extend(table.rows.iter().map(row));
    }
    lines.join("\n")
}

/// Lets time pass, from one thing that happens to the next, and looks at each.
fn pass(cluster: &mut Cluster, until: Time, checks: &mut Checks) -> Result<(), String> {
    loop {
        let next = cluster.next_event_at().filter(|at| *at <= until);
        let _ = cluster.advance_to(next.unwrap_or(until), usize::MAX);
        checks.look(cluster)?;
        if next.is_none() {
            return checks.look_closely(cluster);
        }
    }
}

/// Plays a share of the seeds, or the one that was asked for.
fn swarm(share: u64) {
    if let Some(seed) = std::env::var("ORDINAL_SWARM_SEED").ok().and_then(|text| text.parse::<u64>().ok()) {
        if seed % SHARES == share {
            println!("{:?}", play(seed, true).unwrap());
        }
        return;
    }
    let mut tried = Tally::default();
    let mut failures: Vec<String> = Vec::new();
    for seed in (0..SEEDS).filter(|seed| seed % SHARES == share) {
        match play(seed, false) {
            Ok(tally) => {
                tried.evictions += tally.evictions;
                tried.znodes += tally.znodes;
            }
            Err(why) => failures.push(why),
        }
    }
    let first = failures.first().cloned().unwrap_or_default();
    let seed: String = first.chars().skip_while(|c| !c.is_ascii_digit()).take_while(char::is_ascii_digit).collect();
    assert!(
        failures.is_empty(),
        "{} seeds failed:\n{}\nplay again: ORDINAL_SWARM_SEED={seed} cargo nextest run -p ordinal-tests --test swarm --no-capture",
        failures.len(),
        failures.join("\n")
    );
    println!("share {share}: {tried:?}");
    assert!(tried.evictions >= EVICTIONS_MIN && tried.znodes >= ZNODES_MIN, "not much was tried: {tried:?}");
}

#[test]
fn a_namesake_that_comes_while_its_forerunner_is_being_bound_is_bound_too() {
    let timing = timing::named("recorded").unwrap();
    for after_ms in 0..20 {
        let options = Options { nodes: 1, seed: 1, timing: timing.clone(), start: Time::HEADLESS_START };
        let mut cluster = Cluster::new(&options);
        let key = Key::new("default", "one");
        let create = |cluster: &mut Cluster| {
            let spec = r#"{"containers": [{"name": "c", "image": "registry.k8s.io/pause:3.10"}]}"#;
            let body = format!(r#"{{"metadata": {{"name": "one", "namespace": "default"}}, "spec": {spec}}}"#);
            let body = api::text::json::read(&body).unwrap();
            cluster.client("test").create_value(Kind::Pod, "default", body, &WriteOptions::default()).unwrap();
        };
        create(&mut cluster);
        let then = cluster.now() + Span::from_millis(after_ms);
        let _ = cluster.advance_to(then, usize::MAX);
        let now = DeleteOptions { grace_period_seconds: Some(0), ..DeleteOptions::default() };
        cluster.client("test").delete(Kind::Pod, &key, &now).unwrap();
        create(&mut cluster);
        let _ = cluster.advance_to(then + Span::from_seconds(60), usize::MAX);
        let pod = cluster.client("test").get(Kind::Pod, &key).unwrap();
        assert_eq!(pod.get::<Pod>().unwrap().spec.node_name, "node-1", "after {after_ms} ms");
    }
}

#[test]
fn nothing_bad_happens_and_all_ends_well_0() {
    swarm(0);
}

#[test]
fn nothing_bad_happens_and_all_ends_well_1() {
    swarm(1);
}

#[test]
fn nothing_bad_happens_and_all_ends_well_2() {
    swarm(2);
}

#[test]
fn nothing_bad_happens_and_all_ends_well_3() {
    swarm(3);
}

#[test]
fn a_seed_decides_everything() {
    let digest = |seed| {
        let mut digests = Vec::new();
        for _ in 0..2 {
            let (mut cluster, mut checks) = laid_out(seed, "recorded");
            let start = cluster.now();
            let mut trouble = Trouble::new(seed);
            for second in (30..600).step_by(30) {
                let _ = cluster.advance_to(start + Span::from_seconds(second), usize::MAX);
                trouble.act(&mut cluster, &mut checks);
            }
            digests.push(cluster.digest());
        }
        assert_eq!(digests[0], digests[1]);
        digests[0]
    };
    assert_ne!(digest(1), digest(2));
}
