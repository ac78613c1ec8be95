//! Tokens of keys: the first half of MurmurHash3's 128 bits, which the Murmur3Partitioner of cassandra 3.11 takes.

const C1: u64 = 0x87c3_7b91_1142_53d5;
const C2: u64 = 0x4cf5_ad43_2745_937f;

/// The token of a key's bytes. Bytes past the last block count as signed ones, as Cassandra's own hash has it.
pub(super) fn token(key: &[u8]) -> i64 {
    let (mut h1, mut h2) = (0_u64, 0_u64);
    let (blocks, tail) = key.as_chunks::<16>();
    for block in blocks {
        let word = |at: usize| block[at..at + 8].iter().rev().fold(0_u64, |word, byte| word << 8 | u64::from(*byte));
        h1 = (h1 ^ mix1(word(0))).rotate_left(27).wrapping_add(h2).wrapping_mul(5).wrapping_add(0x52dc_e729);
        h2 = (h2 ^ mix2(word(8))).rotate_left(31).wrapping_add(h1).wrapping_mul(5).wrapping_add(0x3849_5ab5);
    }
    let part = |from: usize| {
        let bytes = tail.iter().enumerate().skip(from).take(8);
        bytes.fold(0_u64, |word, (at, byte)| word ^ (i64::from(*byte as i8) as u64) << ((at - from) * 8))
    };
    if tail.len() > 8 {
        h2 ^= mix2(part(8));
    }
    if !tail.is_empty() {
        h1 ^= mix1(part(0));
    }
    h1 ^= key.len() as u64;
    h2 ^= key.len() as u64;
    h1 = h1.wrapping_add(h2);
    h2 = h2.wrapping_add(h1);
    let token = finish(h1).wrapping_add(finish(h2)) as i64;
    // The smallest number is kept for the ring's beginning.
    if token == i64::MIN { i64::MAX } else { token }
}

fn mix1(word: u64) -> u64 {
    word.wrapping_mul(C1).rotate_left(31).wrapping_mul(C2)
}

fn mix2(word: u64) -> u64 {
    word.wrapping_mul(C2).rotate_left(33).wrapping_mul(C1)
}

fn finish(mut word: u64) -> u64 {
    word = (word ^ word >> 33).wrapping_mul(0xff51_afd7_ed55_8ccd);
    word = (word ^ word >> 33).wrapping_mul(0xc4ce_b9fe_1a85_ec53);
    word ^ word >> 33
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn tokens_are_those_of_the_partitioner() {
        for (key, expect) in [
            (&1_i32.to_be_bytes()[..], -4_069_959_284_402_364_209),
            (&2_i32.to_be_bytes(), -3_248_873_570_005_575_792),
            (&3_i32.to_be_bytes(), 9_010_454_139_840_013_625),
        ] {
            assert_eq!(token(key), expect);
        }
    }
}
