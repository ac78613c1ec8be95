//! The same measures on this machine, for profilers: `cargo run --release -p ordinal-bench --example native [NAME]`.
//! Times are those of the wall clock.
#![allow(clippy::disallowed_types, reason = "a benchmark reads the clock")]

use std::time::Instant;

use ordinal_bench::{Run, names};

fn main() {
    let wanted = std::env::args().nth(1).unwrap_or_default();
    for name in names().iter().filter(|name| name.contains(&wanted)) {
        let Some(mut run) = Run::prepare(name) else { continue };
        let begun = Instant::now();
        run.work();
        println!("{name}: {:.3} s {}", begun.elapsed().as_secs_f64(), run.report());
    }
}
