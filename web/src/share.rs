//! Links that carry a session: the journal, compressed by the browser, in the address's fragment, which no server sees.

use js_sys::{Array, Function, Reflect, Uint8Array};
use wasm_bindgen::prelude::*;
use wasm_bindgen_futures::JsFuture;
use web_sys::{ReadableStream, ReadableWritablePair, Response};

/// What stands before the journal in the fragment.
pub const MARK: &str = "#session=";
/// Letters of a link at most: what common browsers and messengers carry.
pub const LETTERS_MAX: usize = 64 << 10;
/// A journal is no longer than this, however small it was packed.
const JOURNAL_BYTES_MAX: f64 = 16_777_216.0;
const DIGITS: &[u8; 64] = b"ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_";

/// A text for an address.
///
/// # Errors
/// If the browser cannot compress.
pub async fn pack(text: &str) -> Result<String, JsValue> {
    let source = Response::new_with_opt_str(Some(text))?;
    let bytes = through(&source, "CompressionStream").await?;
    Ok(letters_of(&bytes.to_vec()))
}

/// The text again.
///
/// # Errors
/// If the letters are none of [`pack`]'s, or hold too much.
pub async fn unpack(letters: &str) -> Result<String, JsValue> {
    let mut bytes = bytes_of(letters).ok_or("the link is damaged")?;
    let source = Response::new_with_opt_u8_array(Some(&mut bytes))?;
    let bytes = through(&source, "DecompressionStream").await?;
    String::from_utf8(bytes.to_vec()).map_err(|_| "the link is damaged".into())
}

/// The bindings have no such streams: the browser's own class is asked for by name.
fn stream_of(class: &str) -> Result<ReadableWritablePair, JsValue> {
    let class: Function = Reflect::get(&js_sys::global(), &class.into())?.dyn_into()?;
    Ok(Reflect::construct(&class, &Array::of1(&"deflate-raw".into()))?.unchecked_into())
}

async fn through(source: &Response, class: &str) -> Result<Uint8Array, JsValue> {
    let body = source.body().ok_or("there is nothing to read")?;
    let passed: ReadableStream = body.pipe_through(&stream_of(class)?);
    let answer = Response::new_with_opt_readable_stream(Some(&passed))?;
    let bytes = Uint8Array::new(&JsFuture::from(answer.array_buffer()?).await?);
    if f64::from(bytes.length()) > JOURNAL_BYTES_MAX {
        return Err("the session is too long".into());
    }
    Ok(bytes)
}

/// Base64 for addresses, without padding.
fn letters_of(bytes: &[u8]) -> String {
    let mut letters = String::with_capacity(bytes.len() * 4 / 3 + 2);
    for group in bytes.chunks(3) {
        let word = group.iter().fold(0_u32, |word, &byte| word << 8 | u32::from(byte)) << (8 * (3 - group.len()));
        for index in 0..=group.len() {
            letters.push(char::from(DIGITS[(word >> (18 - 6 * index) & 63) as usize]));
        }
    }
    letters
}

fn bytes_of(letters: &str) -> Option<Vec<u8>> {
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
            assert_eq!(bytes_of(&letters_of(text.as_bytes())).as_deref(), Some(text.as_bytes()));
        }
        assert_eq!(letters_of(&[255, 239]), "_-8");
    }

    #[test]
    fn what_is_no_letter_is_refused() {
        assert_eq!([bytes_of("a"), bytes_of("ab c"), bytes_of("日本")], [None, None, None]);
    }
}
