//! What the tests in this folder share. Each of them is a target of its own, named in the manifest; those that run
//! natively and in wasm keep their body here.

pub mod desk;
pub mod fleet;
pub mod rollout;
pub mod trouble;

use sim::{Queue, Random, Time};

/// What [`queue_digest`] answers for seed 1, on every platform.
pub const QUEUE_DIGEST: u64 = 5_455_198_286_400_543_354;

/// Plays 10,000 events whose times and successors are drawn from seeded streams, and folds all that happened into one
/// number. It must be the same on every platform.
pub fn queue_digest(seed: u64) -> u64 {
    let start = Time(1_767_225_600_000_000);
    let (mut queue, mut delays) = (Queue::new(start), Random::stream(seed, "delays"));
    let (mut digest, mut handled) = (0_u64, 0_u64);
    queue.push(start, 0_u64);
    while let Some((at, event)) = queue.pop_until(Time(u64::MAX)) {
        digest = digest.rotate_left(7) ^ at.0.wrapping_mul(0x9e37_79b9_7f4a_7c15) ^ event;
        handled += 1;
        let successors = if handled < 9_000 { 2 } else { 0 };
        for successor in 0..successors {
            if queue.len() < 1_000 {
                queue.push(Time(at.0 + delays.below(500)), event * 2 + successor);
            }
        }
    }
    digest ^ handled
}

#[cfg(test)]
mod tests {
    use super::{QUEUE_DIGEST, queue_digest};

    #[test]
    fn a_seed_decides_everything() {
        assert_eq!(queue_digest(1), QUEUE_DIGEST);
        assert_eq!(queue_digest(1), queue_digest(1));
        assert_ne!(queue_digest(1), queue_digest(2));
    }
}
