//! `cargo xtask bench`: the measures of `tests/bench`, compiled as the page is and run in Node's wasm engine.
//!
//! Figures are printed, never asserted: a busy machine must not fail a test. Counts are asserted in tests.

use crate::install;
use crate::page;
use crate::tool::{self, Outcome, say};
use std::process::Command;

/// Compiles and runs the named measures, or all.
pub(crate) fn bench(names: &[&str]) -> Outcome<()> {
    install::node()?;
    install::wasm_target()?;
    say("compiling the measures (release, wasm32)");
    let mut compile = tool::cargo();
    compile.args(["build", "--package", "ordinal-bench", "--lib"]);
    tool::run(compile.args(["--profile", "wasm", "--target", "wasm32-unknown-unknown"]))?;
    let compiled = tool::target_dir().join("wasm32-unknown-unknown/wasm/ordinal_bench.wasm");
    let out = tool::target_dir().join("ordinal-bench");
    page::bindgen(&out, &[("nodejs", "bench", compiled)])?;
    let driver = tool::root().join("tests/bench/run.mjs");
    tool::run(Command::new("node").arg("--expose-gc").arg(driver).arg(out.join("bench.js")).args(names))
}
