//! One long script with trouble in it, played in different ways, and the one number that all of them must come to.

use ordered::OrderedMap;

use api::{Kind, Object};
use client::Api;
use cluster::Progress;
use playground::Options;
use shell::Status;
use sim::{Span, Time};

use crate::desk::{Desk, START, options};

/// The script.
pub const SCRIPT: &str = include_str!("trouble.sh");
/// The script has ended by then, and what it began has come to rest.
pub const END: Time = Time(START.0 + 30 * 60 * 1_000_000);

/// How time is passed.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Slices {
    /// From one thing that happens to the next.
    ByEvent,
    /// In steps of so much virtual time, as a page's frames do.
    Of(Span),
    /// In steps of changing length, each cut after so many things that happen.
    Uneven,
    /// By event, on a copy of the world that is taken anew every so many steps.
    OnCopies,
}

/// In which order a part of the test writes what it holds in a map.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum MapOrder {
    /// By key, as everything in the engine does.
    Sorted,
    /// As a hash map with random keys hands it out: the bug that the digest must find.
    Hashed,
}

/// What a run came to.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Played {
    /// Depends on every write of the run and on all that the terminal showed.
    pub digest: u64,
    /// Writes to the store.
    pub writes: u64,
}

/// Plays the script to [`END`].
///
/// # Panics
/// If the script has not ended by then.
pub fn play(slices: Slices, order: MapOrder) -> Played {
    let mut desk = Desk::new(&Options { ..options(5, 42) });
    write_in_order(&mut desk, order);
    desk.world.run(Desk::TERMINAL, SCRIPT).expect("the script is not too long");
    match slices {
        Slices::ByEvent => while desk.world.step(END) {},
        Slices::Of(span) => in_slices(&mut desk, |_| (span, usize::MAX)),
        Slices::Uneven => in_slices(&mut desk, |n| (Span(1 + n * 7_919 % 2_000_003), 1 + n as usize % 3)),
        Slices::OnCopies => on_copies(&mut desk),
    }
    while desk.world.advance_to(END, usize::MAX) == Progress::OutOfBudget {}
    assert!(matches!(desk.world.status(Desk::TERMINAL), Some(Status::Idle { .. })), "the script has not ended");
    let said = desk.take_said();
    let cluster = desk.world.cluster();
    let digest = said.stdout.bytes().chain(said.stderr.bytes()).fold(cluster.digest(), mixed);
    Played { digest, writes: cluster.server().writes() }
}

fn mixed(digest: u64, byte: u8) -> u64 {
    (digest ^ u64::from(byte)).wrapping_mul(0x0000_0100_0000_01b3)
}

fn in_slices(desk: &mut Desk, mut slice: impl FnMut(u64) -> (Span, usize)) {
    let mut n = 0;
    while desk.world.now() < END {
        let (span, steps_max) = slice(n);
        let to = (desk.world.now() + span).min(END);
        let _ = desk.world.advance_to(to, steps_max);
        n += 1;
    }
}

fn on_copies(desk: &mut Desk) {
    const STEPS: usize = 200;
    while desk.world.now() < END {
        let mut copy = desk.clone();
        let reached = copy.world.advance_to(END, STEPS);
        *desk = copy;
        if reached == Progress::Reached {
            return;
        }
    }
}

/// A part of the test that holds twenty things in a map and writes them to the cluster.
fn write_in_order(desk: &mut Desk, order: MapOrder) {
    let sorted: OrderedMap<String, u32> = (0..20).map(|n| (format!("thing-{n:02}"), n)).collect();
    let names: Vec<String> = match order {
        MapOrder::Sorted => sorted.into_keys().collect(),
        MapOrder::Hashed => hashed(sorted),
    };
    let mut client = desk.world.cluster_mut().client("trouble");
    for name in names {
        let mut thing = api::core::config::ConfigMap::default();
        thing.metadata.name = name.into();
        thing.metadata.namespace = "default".into();
        client.create(Object::from(thing)).expect("the name is free");
    }
    assert!(desk.world.cluster().server().count(Kind::ConfigMap) >= 20);
}

#[expect(clippy::disallowed_types, reason = "this is the planted bug")]
fn hashed(sorted: OrderedMap<String, u32>) -> Vec<String> {
    let map: std::collections::HashMap<String, u32> = sorted.into_iter().collect();
    let mut names = Vec::new();
    for name in map.into_keys() {
        names.push(name);
    }
    names
}
