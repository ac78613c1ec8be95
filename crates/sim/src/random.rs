//! Chance, in streams that do not disturb one another.

use rand_pcg::Pcg64Mcg;
use rand_pcg::rand_core::{Rng, SeedableRng};

/// A stream of random numbers derived from (seed, name).
#[derive(Clone, Debug)]
pub struct Random(Pcg64Mcg);

/// The letters of generated names: no vowels, no 0, 1 or 3 (`k8s.io/apimachinery/pkg/util/rand`).
const NAME_ALPHABET: &[u8; 27] = b"bcdfghjklmnpqrstvwxz2456789";

impl Random {
    /// The stream called `name` of a run with this seed.
    pub fn stream(seed: u64, name: &str) -> Random {
        // FNV-1a spreads the name; PCG spreads the sum.
        let hash = name
            .bytes()
            .fold(0xcbf2_9ce4_8422_2325_u64, |hash, byte| (hash ^ u64::from(byte)).wrapping_mul(0x0000_0100_0000_01b3));
        Random(Pcg64Mcg::seed_from_u64(seed ^ hash))
    }

    /// The next 64 bits.
    pub fn next_u64(&mut self) -> u64 {
        self.0.next_u64()
    }

    /// A number below `bound`, each equally likely but for a bias under 2⁻⁶⁴·bound. `bound` is at least 1.
    pub fn below(&mut self, bound: u64) -> u64 {
        ((u128::from(self.next_u64()) * u128::from(bound)) >> 64) as u64
    }

    /// A suffix as `generateName` appends it, five letters long in Kubernetes.
    pub fn name_suffix(&mut self, length: usize) -> String {
        (0..length).map(|_| char::from(NAME_ALPHABET[self.below(27) as usize])).collect()
    }

    /// A version 4 UUID in text form.
    pub fn uuid(&mut self) -> String {
        let (high, low) = (self.next_u64(), self.next_u64());
        let (high, low) = ((high & !0xf000) | 0x4000, (low & !(0xc000 << 48)) | (0x8000 << 48));
        // Digit by digit: every object that is created has one.
        let mut text = String::with_capacity(36);
        for at in 0..32 {
            if [8, 12, 16, 20].contains(&at) {
                text.push('-');
            }
            let half = if at < 16 { high } else { low };
            let digit = (half >> (60 - 4 * (at % 16))) & 0xf;
            text.push(char::from(b"0123456789abcdef"[digit as usize]));
        }
        text
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_stream_depends_on_seed_and_name_alone() {
        assert_eq!(Random::stream(1, "etcd").uuid(), Random::stream(1, "etcd").uuid());
        assert_ne!(Random::stream(1, "etcd").uuid(), Random::stream(2, "etcd").uuid());
        assert_ne!(Random::stream(1, "etcd").uuid(), Random::stream(1, "kubelet").uuid());
    }

    #[test]
    fn a_uuid_is_the_two_numbers_in_hexadecimal() {
        let mut numbers = Random::stream(3, "etcd");
        let (high, low) = (numbers.next_u64(), numbers.next_u64());
        let digits = format!("{high:016x}{low:016x}");
        let text = Random::stream(3, "etcd").uuid();
        let groups: Vec<&str> = text.split('-').collect();
        assert_eq!(groups[..2], [&digits[..8], &digits[8..12]]);
        assert_eq!((&groups[2][1..], &groups[3][1..], groups[4]), (&digits[13..16], &digits[17..20], &digits[20..]));
    }

    #[test]
    fn uuids_say_that_they_are_version_four() {
        let uuid = Random::stream(7, "etcd").uuid();
        assert_eq!((uuid.len(), &uuid[14..15]), (36, "4"));
        assert!("89ab".contains(&uuid[19..20]));
    }
}
