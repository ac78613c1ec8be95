//! `cargo xtask fuzz [TARGET [N]]`: N inputs of one kind, or of every kind, with the time and the memory that they took.
//!
//! A panic ends the program and shows its input. So does one that takes more than [`SECONDS_MAX`] or [`MEMORY_KIB_MAX`].
#![allow(clippy::disallowed_types, reason = "it measures how long the readers take in the real world")]

use std::cell::RefCell;
use std::process::ExitCode;
use std::time::{Duration, Instant};

use ordinal_fuzz::{TARGETS, Target, find, run};

const INPUTS: u64 = 1_000_000;
/// Longer than this is running away.
const SECONDS_MAX: u64 = 5;
/// So is more than this.
const MEMORY_KIB_MAX: u64 = 512 << 10;
/// Inputs that take less time are not asked how much memory they took.
const MEMORY_LOOKED_AT: Duration = Duration::from_micros(500);

thread_local! {
    static INPUT: RefCell<String> = const { RefCell::new(String::new()) };
}

fn main() -> ExitCode {
    let words: Vec<String> = std::env::args().skip(1).collect();
    let inputs = words.get(1).map_or(Ok(INPUTS), |count| count.replace(['_', ','], "").parse());
    let targets: Vec<&Target> = match words.first().map(String::as_str) {
        None | Some("all") => TARGETS.iter().collect(),
        Some(name) => find(name).into_iter().collect(),
    };
    let (Ok(inputs), false) = (inputs, targets.is_empty()) else {
        let names: Vec<&str> = TARGETS.iter().map(|target| target.name).collect();
        eprintln!("usage: fuzz [TARGET|all [N]]; targets: {}", names.join(" "));
        return ExitCode::from(2);
    };
    let hook = std::panic::take_hook();
    std::panic::set_hook(Box::new(move |info| {
        INPUT.with_borrow(|input| eprintln!("broken by {input:?}"));
        hook(info);
    }));
    for target in targets {
        measure(target, inputs);
    }
    ExitCode::SUCCESS
}

fn measure(target: &Target, inputs: u64) {
    let (mut slowest, mut slowest_input) = (Duration::ZERO, String::new());
    let (mut memory, mut largest_input) = (peak_memory_kib(), String::new());
    let start = Instant::now();
    let accepted = run(target, 1, inputs, |input| {
        INPUT.with_borrow_mut(|place| input.clone_into(place));
        let (mut took, is_accepted) = timed(target, input);
        if took > slowest {
            // A busy machine is not the input's fault.
            took = took.min(timed(target, input).0).min(timed(target, input).0);
        }
        if took > slowest {
            slowest = took;
            input.clone_into(&mut slowest_input);
            assert!(took.as_secs() < SECONDS_MAX, "it took {took:?}");
        }
        // What takes much memory takes time.
        if took > MEMORY_LOOKED_AT {
            let now = peak_memory_kib();
            if now > memory {
                memory = now;
                input.clone_into(&mut largest_input);
                assert!(now < MEMORY_KIB_MAX, "it took {now} KiB");
            }
        }
        is_accepted
    });
    let (seconds, name) = (start.elapsed().as_secs_f64(), target.name);
    println!(
        "{name}: {inputs} inputs, {accepted} accepted, {seconds:.1} s, slowest {slowest:.1?}, peak memory {} MiB",
        peak_memory_kib().max(memory) / 1_024
    );
    println!("  slowest: {}", beginning(&slowest_input));
    println!("  largest: {}", beginning(&largest_input));
}

fn timed(target: &Target, input: &str) -> (Duration, bool) {
    let before = Instant::now();
    let is_accepted = (target.read)(input);
    (before.elapsed(), is_accepted)
}

fn beginning(input: &str) -> String {
    format!("{:?}", input.chars().take(160).collect::<String>())
}

/// The most that this process ever held, where Linux says so.
fn peak_memory_kib() -> u64 {
    let status = std::fs::read_to_string("/proc/self/status").unwrap_or_default();
    let line = status.lines().find_map(|line| line.strip_prefix("VmHWM:"));
    line.and_then(|line| line.trim().trim_end_matches(" kB").parse().ok()).unwrap_or(0)
}
