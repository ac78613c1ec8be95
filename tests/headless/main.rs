//! What must hold in wasm as it does natively. The same tests run in Node, in Chromium and in a worker of Chromium:
//! `cargo xtask test --only wasm`.
#![cfg(target_arch = "wasm32")]

use ordinal_tests::trouble::{MapOrder, Slices, play};
use sim::Span;
use wasm_bindgen_test::{console_log, wasm_bindgen_test};

#[wasm_bindgen_test]
fn the_queue_plays_as_it_does_natively() {
    assert_eq!(ordinal_tests::queue_digest(1), ordinal_tests::QUEUE_DIGEST);
}

/// The number that `digest/print.rs` prints natively, in the same run of the tests.
const NATIVE: Option<&str> = option_env!("ORDINAL_DIGEST");

#[wasm_bindgen_test]
fn the_script_comes_to_the_native_digest() {
    let played = play(Slices::ByEvent, MapOrder::Sorted);
    assert!(played.writes > 1_000, "{} writes", played.writes);
    match NATIVE {
        Some(native) => assert_eq!(played.digest.to_string(), native),
        None => console_log!("SKIPPED: ORDINAL_DIGEST was not set when this was compiled; `cargo xtask test` sets it"),
    }
}

#[wasm_bindgen_test]
fn frames_of_16_ms_change_nothing() {
    assert_eq!(play(Slices::Of(Span::from_millis(16)), MapOrder::Sorted), play(Slices::ByEvent, MapOrder::Sorted));
}
