//! The source tree, tested.
#![cfg(not(target_arch = "wasm32"))]
