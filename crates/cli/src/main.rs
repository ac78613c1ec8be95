//! ordinal
fn main() {}
