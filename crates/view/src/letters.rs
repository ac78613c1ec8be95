//! Bytes as letters of an address: Base64 with its digits for URLs, without padding.

const DIGITS: &[u8; 64] = b"ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_";

/// Letters for bytes.
pub fn from_bytes(bytes: &[u8]) -> String {
    let mut letters = String::with_capacity(bytes.len() * 4 / 3 + 2);
    for group in bytes.chunks(3) {
        let word = group.iter().fold(0_u32, |word, &byte| word << 8 | u32::from(byte)) << (8 * (3 - group.len()));
        for index in 0..=group.len() {
            letters.push(char::from(DIGITS[(word >> (18 - 6 * index) & 63) as usize]));
        }
    }
    letters
}

/// The bytes again; none if these are not letters of [`from_bytes`].
pub fn to_bytes(letters: &str) -> Option<Vec<u8>> {
    let mut bytes = Vec::with_capacity(letters.len() * 3 / 4);
    for group in letters.as_bytes().chunks(4) {
        let mut word = 0_u32;
        for letter in group {
            word = word << 6 | DIGITS.iter().position(|digit| digit == letter)? as u32;
        }
        word <<= 6 * (4 - group.len());
        // One letter alone is less than a byte.
        let count = group.len().checked_sub(1).filter(|count| *count > 0)?;
        bytes.extend(&word.to_be_bytes()[1..=count]);
    }
    Some(bytes)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn bytes_come_back_from_letters() {
        for text in ["", "a", "ab", "abc", "abcd", "\u{0}\u{7f}日本語"] {
            assert_eq!(to_bytes(&from_bytes(text.as_bytes())).as_deref(), Some(text.as_bytes()));
        }
        assert_eq!(from_bytes(&[255, 239]), "_-8");
    }

    #[test]
    fn what_is_no_letter_is_refused() {
        assert_eq!([to_bytes("a"), to_bytes("ab c"), to_bytes("日本")], [None, None, None]);
    }
}
