//! Base 64 with the standard alphabet and padding: how Secrets hold their bytes.

const ALPHABET: &[u8; 64] = b"ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/";

/// Encodes with padding, on one line.
pub fn encode(bytes: &[u8]) -> String {
    let mut text = String::with_capacity(bytes.len().div_ceil(3) * 4);
    for chunk in bytes.chunks(3) {
        let group = chunk.iter().fold(0_u32, |group, byte| group << 8 | u32::from(*byte)) << (8 * (3 - chunk.len()));
        for place in 0..4 {
            let letter = ALPHABET[(group >> (18 - 6 * place) & 63) as usize];
            text.push(if place <= chunk.len() { char::from(letter) } else { '=' });
        }
    }
    text
}

/// Decodes; line breaks are skipped. The error is the offset of the first byte that does not belong.
pub fn decode(text: &str) -> Result<Vec<u8>, usize> {
    let mut bytes = Vec::with_capacity(text.len() / 4 * 3);
    let (mut group, mut digits, mut padding) = (0_u32, 0, 0);
    for (at, byte) in text.bytes().enumerate() {
        match byte {
            b'\n' | b'\r' => continue,
            b'=' if digits + padding < 4 && digits >= 2 => padding += 1,
            _ if padding > 0 => return Err(at),
            _ => {
                let value = ALPHABET.iter().position(|letter| *letter == byte).ok_or(at)?;
                group = group << 6 | value as u32;
                digits += 1;
            }
        }
        if digits + padding == 4 {
            group <<= 6 * padding;
            bytes.extend(group.to_be_bytes()[1..4 - padding].iter());
            if padding == 0 {
                (group, digits) = (0, 0);
            }
        }
    }
    if digits + padding == 0 || padding > 0 && digits + padding == 4 { Ok(bytes) } else { Err(text.len()) }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn bytes_come_back() {
        for (plain, coded) in [("", ""), ("f", "Zg=="), ("fo", "Zm8="), ("foo", "Zm9v"), ("hunter", "aHVudGVy")] {
            assert_eq!(encode(plain.as_bytes()), coded);
            assert_eq!(decode(coded).as_deref(), Ok(plain.as_bytes()));
        }
        assert_eq!(decode("aHVu\ndGVy").as_deref(), Ok("hunter".as_bytes()));
    }

    #[test]
    fn what_is_not_base64_names_the_place() {
        for (text, at) in [("a b=", 1), ("Zg=", 3), ("Zg==Zg==", 4), ("Zg=a", 3), ("Z", 1), ("=", 0), ("Zm9v=", 4)] {
            assert_eq!(decode(text), Err(at), "{text}");
        }
    }
}
