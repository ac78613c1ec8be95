//! Prints the digest that every platform must come to: what `cargo xtask test` hands to the wasm tests.

use ordinal_tests::trouble::{MapOrder, Slices, play};

fn main() {
    println!("{}", play(Slices::ByEvent, MapOrder::Sorted).digest);
}
