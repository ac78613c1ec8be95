//! SHA-1, with which MySQL's native authentication keeps and checks passwords.
//!
//! Models: FIPS 180-4; mysql_native_password.

/// The digest of some bytes.
pub(crate) fn sha1(bytes: &[u8]) -> [u8; 20] {
    let mut state: [u32; 5] = [0x6745_2301, 0xefcd_ab89, 0x98ba_dcfe, 0x1032_5476, 0xc3d2_e1f0];
    let mut padded = bytes.to_vec();
    padded.push(0x80);
    // The length follows in the last eight bytes of a block.
    padded.resize((padded.len() + 8).next_multiple_of(64), 0);
    let end = padded.len() - 8;
    padded[end..].copy_from_slice(&(bytes.len() as u64 * 8).to_be_bytes());
    padded.chunks_exact(64).for_each(|block| mix(&mut state, block));
    let mut digest = [0; 20];
    for (part, word) in digest.chunks_exact_mut(4).zip(state) {
        part.copy_from_slice(&word.to_be_bytes());
    }
    digest
}

fn mix(state: &mut [u32; 5], block: &[u8]) {
    let mut words = [0_u32; 80];
    for (word, bytes) in words.iter_mut().zip(block.chunks_exact(4)) {
        *word = u32::from_be_bytes([bytes[0], bytes[1], bytes[2], bytes[3]]);
    }
    for at in 16..80 {
        words[at] = (words[at - 3] ^ words[at - 8] ^ words[at - 14] ^ words[at - 16]).rotate_left(1);
    }
    let [mut a, mut b, mut c, mut d, mut e] = *state;
    for (at, word) in words.into_iter().enumerate() {
        let (f, k) = match at / 20 {
            0 => ((b & c) | (!b & d), 0x5a82_7999),
            1 => (b ^ c ^ d, 0x6ed9_eba1),
            2 => ((b & c) | (b & d) | (c & d), 0x8f1b_bcdc),
            _ => (b ^ c ^ d, 0xca62_c1d6_u32),
        };
        let next = a.rotate_left(5).wrapping_add(f).wrapping_add(e).wrapping_add(k).wrapping_add(word);
        (a, b, c, d, e) = (next, a, b.rotate_left(30), c, d);
    }
    for (value, more) in state.iter_mut().zip([a, b, c, d, e]) {
        *value = value.wrapping_add(more);
    }
}

/// In hexadecimal digits.
pub(crate) fn hex(bytes: &[u8]) -> String {
    bytes.iter().map(|byte| format!("{byte:02x}")).collect()
}

/// How a password is kept: a star and the digest of its digest; an empty one as nothing.
pub(crate) fn kept(password: &str) -> String {
    if password.is_empty() {
        return String::new();
    }
    format!("*{}", hex(&sha1(&sha1(password.as_bytes()))).to_uppercase())
}

/// What a client answers to the server's salt, so that the password itself does not travel.
pub(crate) fn answer(password: &str, salt: &str) -> String {
    if password.is_empty() {
        return String::new();
    }
    let stage1 = sha1(password.as_bytes());
    let mask = mask(&sha1(&stage1), salt);
    hex(&xor(stage1, mask))
}

/// Whether an answer fits what is kept.
pub(crate) fn fits(answer: &str, kept: &str, salt: &str) -> bool {
    let (Some(stage2), Some(answer)) = (kept.strip_prefix('*').and_then(bytes), bytes(answer)) else {
        return answer.is_empty() && kept.is_empty();
    };
    sha1(&xor(answer, mask(&stage2, salt))) == stage2
}

fn mask(stage2: &[u8; 20], salt: &str) -> [u8; 20] {
    sha1(&[salt.as_bytes(), stage2].concat())
}

fn xor(mut left: [u8; 20], right: [u8; 20]) -> [u8; 20] {
    left.iter_mut().zip(right).for_each(|(left, right)| *left ^= right);
    left
}

fn bytes(hex: &str) -> Option<[u8; 20]> {
    let mut found = [0; 20];
    if hex.len() != 40 || !hex.is_ascii() {
        return None;
    }
    for (at, byte) in found.iter_mut().enumerate() {
        *byte = u8::from_str_radix(&hex[2 * at..2 * at + 2], 16).ok()?;
    }
    Some(found)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn digests_are_those_of_the_standard() {
        for (text, expect) in [
            ("", "da39a3ee5e6b4b0d3255bfef95601890afd80709"),
            ("abc", "a9993e364706816aba3e25717850c26c9cd0d89d"),
            ("abcdbcdecdefdefgefghfghighijhijkijkljklmklmnlmnomnopnopq", "84983e441c3bd26ebaae4aa1f95129e5e54670f1"),
            (
                "aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa",
                "03f09f5b158a7a8cdad920bddc29b81c18a551f5",
            ),
        ] {
            assert_eq!(hex(&sha1(text.as_bytes())), expect, "{text}");
        }
        assert_eq!(kept("password"), "*2470C0C06DEE42FD1618BB99005ADCA2EC9D1E19");
    }

    #[test]
    fn an_answer_fits_its_password_and_salt_alone() {
        assert!(fits(&answer("secret", "salt"), &kept("secret"), "salt"));
        assert!(!fits(&answer("Secret", "salt"), &kept("secret"), "salt"));
        assert!(!fits(&answer("secret", "pepper"), &kept("secret"), "salt"));
        assert!(!fits("", &kept("secret"), "salt") && !fits(&answer("x", "salt"), "", "salt"));
        assert!(fits("", "", "salt") && !fits("é".repeat(20).as_str(), &kept("secret"), "salt"));
    }
}
