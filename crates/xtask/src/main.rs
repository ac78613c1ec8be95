//! `cargo xtask`: every task of the project in one program, so that a contributor needs Rust and Node and nothing else.
//!
//! It lives outside the simulation: it may look at the clock, start programs and install tools (into a per-user folder
//! or through the system's package manager, never into the checkout). No other crate depends on it.
#![allow(
    clippy::disallowed_types,
    clippy::disallowed_methods,
    reason = "tasks run in the real world and measure real time"
)]

mod bench;
mod counts;
mod fuzz;
mod install;
mod npm;
mod page;
mod serve;
mod site;
mod size;
mod step;
mod suite;
mod tool;

use std::process::ExitCode;
use tool::Outcome;

const USAGE: &str = "usage: cargo xtask TASK

  serve [--port N] [--base /path/]   install what is missing, build the page in release, serve it
  build                              build the page into dist/
  npm                                build the package ordinal-playground into dist/npm
  check                              format, clippy, and Trunk's own build where Trunk is present
  test [--only native|wasm|e2e|lint] install what is missing, run every test
  bench [NAME…]                      measure time and memory in wasm
  fuzz [TARGET [N]]                  read N (1,000,000) bad inputs of one kind, or of every kind
  size                               what the first page load and the package transfer, brotli; fails past a budget";

fn main() -> ExitCode {
    let arguments: Vec<String> = std::env::args().skip(1).collect();
    let words: Vec<&str> = arguments.iter().map(String::as_str).collect();
    match task(&words) {
        Ok(code) => code,
        Err(error) => {
            eprintln!("xtask: {error}");
            ExitCode::FAILURE
        }
    }
}

fn task(words: &[&str]) -> Outcome<ExitCode> {
    match words {
        ["serve", options @ ..] => serve::serve(options).map(|()| ExitCode::SUCCESS),
        ["build"] => page::build().map(|_| ExitCode::SUCCESS),
        ["npm"] => page::build().and_then(|dist| npm::build(&dist)).map(|_| ExitCode::SUCCESS),
        ["check"] => suite::run(&[suite::Part::Lint]),
        ["test", options @ ..] => suite::run(&suite::parts(options)?),
        ["bench", names @ ..] => bench::bench(names).map(|()| ExitCode::SUCCESS),
        ["fuzz", words @ ..] => fuzz::fuzz(words).map(|()| ExitCode::SUCCESS),
        ["size"] => size::size(),
        _ => {
            eprintln!("{USAGE}");
            Ok(ExitCode::from(2))
        }
    }
}
