//! Recordings of a real cluster, replayed and compared.
#![cfg(not(target_arch = "wasm32"))]
