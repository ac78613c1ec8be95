//! What must hold in wasm as it does natively. The same tests run in Node, in Chromium and in a worker of Chromium:
//! `cargo xtask test --only wasm`.
#![cfg(target_arch = "wasm32")]

use wasm_bindgen_test::wasm_bindgen_test;

#[wasm_bindgen_test]
fn the_queue_plays_as_it_does_natively() {
    assert_eq!(ordinal_tests::queue_digest(1), ordinal_tests::QUEUE_DIGEST);
}
