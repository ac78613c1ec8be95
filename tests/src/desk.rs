//! A world with one terminal at which somebody types commands and reads what comes back.

use cluster::timing;
use playground::{Options, World};
use sim::{Time, Timing};

pub use playground::{Desk, Said};

/// The first instant of every test.
pub const START: Time = Time(1_767_225_600_000_000);

/// A new world with the tutorials' files and the default timing.
pub fn options(nodes: u32, seed: u64) -> Options {
    let timing = timing::named(timing::DEFAULT).expect("the default profile is in the program");
    let cluster = cluster::Options { nodes, seed, timing, start: START };
    Options { cluster, files: World::tutorial_files(), has_editor: false }
}

/// The shell of a new world with the tutorials' files.
pub fn desk(nodes: u32, seed: u64) -> Desk {
    Desk::new(&options(nodes, seed))
}

/// The same under another timing.
pub fn desk_with_timing(nodes: u32, seed: u64, timing: Timing) -> Desk {
    let mut options = options(nodes, seed);
    options.cluster.timing = timing;
    Desk::new(&options)
}
