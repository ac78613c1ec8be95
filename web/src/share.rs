//! Links that carry a session: the journal, compressed by the browser, in the address's fragment, which no server sees.

use js_sys::{Array, Function, Reflect, Uint8Array};
use view::letters;
use wasm_bindgen::prelude::*;
use wasm_bindgen_futures::JsFuture;
use web_sys::{ReadableStream, ReadableWritablePair, Response};

/// What stands before the journal in the fragment.
pub const MARK: &str = "#session=";
/// Letters of a link at most: what common browsers and messengers carry.
pub const LETTERS_MAX: usize = 64 << 10;
/// A journal is no longer than this, however small it was packed.
const JOURNAL_BYTES_MAX: f64 = 16_777_216.0;

/// A text for an address.
///
/// # Errors
/// If the browser cannot compress.
pub async fn pack(text: &str) -> Result<String, JsValue> {
    let source = Response::new_with_opt_str(Some(text))?;
    let bytes = through(&source, "CompressionStream").await?;
    Ok(letters::from_bytes(&bytes.to_vec()))
}

/// The text again.
///
/// # Errors
/// If the letters are none of [`pack`]'s, or hold too much.
pub async fn unpack(letters: &str) -> Result<String, JsValue> {
    let mut bytes = letters::to_bytes(letters).ok_or("the link is damaged")?;
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
