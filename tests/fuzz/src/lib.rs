//! Bad input, made in great number: no panic, no run-away time or memory, and what is printed is read back.
//!
//! A [`Target`] reads one kind of text. Its corpus stands in `corpus/NAME.txt`: texts that are right, or once were found to
//! break something, each ended by a line `%%`. Inputs are made of them ([`generate`]): changed, spliced, and put together
//! from their words. The same seed makes the same inputs on every machine.
//!
//! The suite runs some thousands of each; `cargo xtask fuzz TARGET [N]` runs as many as are asked for, in release.

pub mod generate;
mod shell_host;
mod targets;

pub use targets::TARGETS;

use generate::Generator;

/// The longest input, in bytes. What it takes to handle long ones is each reader's own limit, which its tests hold.
pub const INPUT_BYTES_MAX: usize = 2_048;

/// One kind of text.
pub struct Target {
    /// Its name.
    pub name: &'static str,
    /// Texts to begin with.
    pub corpus: &'static str,
    /// Reads the text; panics if something is wrong. Answers whether it was accepted.
    pub read: fn(&str) -> bool,
}

/// The target of this name.
pub fn find(name: &str) -> Option<&'static Target> {
    TARGETS.iter().find(|target| target.name == name)
}

/// Runs so many inputs; `each` has one read, and answers whether it was accepted. Answers how many were.
pub fn run(target: &Target, seed: u64, inputs: u64, mut each: impl FnMut(&str) -> bool) -> u64 {
    let mut generator = Generator::new(target.name, target.corpus, seed);
    (0..inputs).map(|_| u64::from(each(&generator.next_input()))).sum()
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Enough to find what is easily found; the shell runs whole scripts.
    const INPUTS: u64 = 3_000;

    fn check(name: &str) {
        let target = find(name).expect("there is such a target");
        for seed in generate::seeds(target.corpus) {
            (target.read)(seed);
        }
        let accepted = run(target, 1, INPUTS, target.read);
        println!("{name}: {accepted} of {INPUTS} accepted");
        assert!(accepted > INPUTS / 50 && accepted < INPUTS, "{name}: {accepted} of {INPUTS} were accepted");
    }

    #[test]
    fn bad_input_breaks_nothing() {
        for target in &TARGETS {
            check(target.name);
        }
    }

    #[test]
    fn a_seed_decides_every_input() {
        let inputs = |seed| {
            let mut generator = Generator::new("yaml", TARGETS[0].corpus, seed);
            (0..50).map(|_| generator.next_input()).collect::<Vec<_>>()
        };
        assert_eq!(inputs(1), inputs(1));
        assert_ne!(inputs(1), inputs(2));
    }
}
