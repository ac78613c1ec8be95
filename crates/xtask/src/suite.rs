//! `cargo xtask test`: every test there is, cheap ones first, on a machine that may lack the tools.
//!
//! A failing step does not stop the others. The last line is the sum of all tests: `N passed, N failed`.

use crate::counts::Counts;
use crate::install::{self, Browser};
use crate::npm;
use crate::page;
use crate::size::{self, Verdict};
use crate::step::{self, Expect};
use crate::tool::{self, Outcome};
use std::ffi::OsString;
use std::path::Path;
use std::process::{Command, ExitCode};
use std::time::Instant;

const WASM: [&str; 2] = ["--target", "wasm32-unknown-unknown"];
/// The packages that run in a browser and nowhere else, linted for wasm32 too.
const WASM_PACKAGES: [&str; 8] =
    ["--package", "ordinal-web", "--package", "ordinal-bench", "--package", "ordinal-tests", "--package", "widget"];

const FORMAT: [&str; 6] = ["fmt", "--all", "--check", "--", "--color", "never"];

/// A part of the run that can be asked for alone.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Part {
    /// Format and clippy, and Trunk's build where Trunk is present.
    Lint,
    /// Tests of every crate on this machine.
    Native,
    /// wasm-bindgen-test in Node, in Chromium, and in a worker of Chromium.
    Wasm,
    /// The page in a real browser, and its size.
    E2e,
}

const ALL: [(&str, Part); 4] =
    [("lint", Part::Lint), ("native", Part::Native), ("wasm", Part::Wasm), ("e2e", Part::E2e)];

/// The parts that the options ask for; all where they ask for none.
pub(crate) fn parts(options: &[&str]) -> Outcome<Vec<Part>> {
    let mut chosen = Vec::new();
    for pair in options.chunks(2) {
        let known = match pair {
            ["--only", name] => ALL.iter().find(|(known, _)| known == name),
            _ => None,
        };
        let (_, part) =
            known.ok_or(format!("unknown option {}; --only takes native, wasm, e2e or lint", pair.join(" ")))?;
        chosen.push(*part);
    }
    Ok(if chosen.is_empty() { ALL.iter().map(|(_, part)| *part).collect() } else { chosen })
}

/// Runs the parts and prints the sum.
pub(crate) fn run(parts: &[Part]) -> Outcome<ExitCode> {
    let start = Instant::now();
    let sum = parts.iter().map(|part| attempt(*part)).fold(Counts::default(), Counts::plus);
    println!("{:.0} s in all", start.elapsed().as_secs_f64());
    println!("{} passed, {} failed", sum.passed, sum.failed);
    Ok(if sum.failed == 0 { ExitCode::SUCCESS } else { ExitCode::FAILURE })
}

/// A part whose tools cannot be had counts as one failure, and the others still run.
fn attempt(part: Part) -> Counts {
    let outcome = match part {
        Part::Lint => lint(),
        Part::Native => Ok(native()),
        Part::Wasm => wasm(),
        Part::E2e => e2e(),
    };
    outcome.unwrap_or_else(|error| {
        println!("{part:?} could not run: {error}");
        Counts { passed: 0, failed: 1 }
    })
}

fn lint() -> Outcome<Counts> {
    install::lint_components()?;
    install::wasm_target()?;
    let deny = ["--", "-D", "warnings"];
    let format = step::run("format", Expect::Success, tool::cargo().args(FORMAT));
    let mut clippy = tool::cargo();
    clippy.args(["clippy", "--workspace", "--all-targets", "--features", "xtask/bindgen", "--keep-going"]).args(deny);
    let native = step::run("clippy", Expect::Success, &mut clippy);
    let mut clippy = tool::cargo();
    clippy.arg("clippy").args(WASM_PACKAGES).args(WASM).arg("--all-targets").args(deny);
    let wasm = step::run("clippy for wasm32", Expect::Success, &mut clippy);
    Ok(format.plus(native).plus(wasm).plus(trunk()?))
}

fn trunk() -> Outcome<Counts> {
    let Some(mut trunk) = page::trunk() else {
        println!("Trunk is not on this machine: Trunk.toml goes unchecked");
        return Ok(Counts::default());
    };
    // Trunk takes wasm-bindgen from PATH; the test runner's folder has the right one.
    let path = path_with(&install::test_runner()?);
    Ok(step::run("Trunk's build", Expect::Success, trunk.env("PATH", path)))
}

fn native() -> Counts {
    let nextest = tool::first_line(tool::cargo().args(["nextest", "--version"])).is_some();
    let words: &[&str] = if nextest { &["nextest", "run", "--no-fail-fast"] } else { &["test", "--no-fail-fast"] };
    // The program itself, which the parity tests start.
    let program = step::run("build ordinal", Expect::Success, tool::cargo().args(["build", "--package", "ordinal"]));
    program.plus(step::run("native tests", Expect::Tests, tool::cargo().args(words).arg("--workspace")))
}

fn wasm() -> Outcome<Counts> {
    install::node()?;
    install::wasm_target()?;
    let path = path_with(&install::test_runner()?);
    let browser = install::browser()?;
    let digest = native_digest()?;
    let tests = || {
        let mut command = tool::cargo();
        command.args(["test", "--package", "ordinal-tests", "--test", "headless"]).args(WASM).env("PATH", &path);
        command.env("ORDINAL_DIGEST", &digest);
        command
    };
    let node = step::run("wasm tests in Node", Expect::Tests, &mut tests());
    let places = [("in Chromium", "WASM_BINDGEN_USE_BROWSER"), ("in a worker", "WASM_BINDGEN_USE_DEDICATED_WORKER")];
    let in_browser = places.map(|(place, variable)| {
        let mut command = through_browser(&browser, &tests());
        command.env(variable, "1").env("PATH", &path).env("ORDINAL_DIGEST", &digest);
        step::run(&format!("wasm tests {place}"), Expect::Tests, &mut command)
    });
    Ok(in_browser.into_iter().fold(node, Counts::plus))
}

/// What the long script comes to on this machine: the wasm tests are compiled with it and must come to the same.
fn native_digest() -> Outcome<String> {
    let mut command = tool::cargo();
    command.args(["run", "--quiet", "--package", "ordinal-tests", "--example", "digest"]);
    tool::first_line(&mut command).ok_or_else(|| format!("{} printed no digest", tool::line(&command)))
}

/// The command itself where a driver is there; else a script that opens the runner's page in Playwright's Chromium.
fn through_browser(browser: &Browser, tests: &Command) -> Command {
    let mut command = match &browser.driver {
        Some(driver) => {
            let mut command = tool::cargo();
            command.args(tests.get_args()).env("CHROMEDRIVER", driver);
            command
        }
        None => {
            let mut command = Command::new("node");
            command.current_dir(tool::root()).arg(install::e2e_folder().join("wasm-tests.mjs"));
            command.arg(tests.get_program()).args(tests.get_args()).env("CARGO_TARGET_DIR", tool::target_dir());
            command
        }
    };
    command.env("CHROMIUM", &browser.chromium);
    command
}

fn e2e() -> Outcome<Counts> {
    install::node()?;
    install::node_modules(&install::e2e_folder())?;
    let browser = install::browser()?;
    let dist = page::build()?;
    npm::build(&dist)?;
    install::node_modules(&install::bundlers_folder())?;
    let mut command = Command::new("npm");
    command.current_dir(install::e2e_folder()).args(["test", "--silent"]);
    command.env("CHROMIUM", &browser.chromium).env("DIST", &dist);
    if let Some(tools) = install::recipe_tools() {
        command.env("RECIPES", tools);
    }
    Ok(step::run("end to end in Chromium", Expect::Tests, &mut command).plus(size(&dist)?))
}

fn size(dist: &Path) -> Outcome<Counts> {
    let counts = [size::page(dist)?, size::engine(dist)?].map(|(table, verdict)| {
        print!("{table}");
        match verdict {
            Verdict::Fits => Counts::ONE_PASSED,
            Verdict::OverBudget => {
                println!("over the budget, and not over where it stood: see CHANGELOG.md");
                Counts::ONE_PASSED
            }
            Verdict::OverCeiling => Counts { passed: 0, failed: 1 },
        }
    });
    Ok(counts.into_iter().fold(Counts::default(), Counts::plus))
}

fn path_with(folder: &Path) -> OsString {
    let present = std::env::var_os("PATH").unwrap_or_default();
    let folders = std::iter::once(folder.to_path_buf()).chain(std::env::split_paths(&present));
    std::env::join_paths(folders).expect("the folders came from a PATH or are ours")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn parts_can_be_chosen() {
        assert_eq!(parts(&[]).unwrap().len(), 4);
        assert_eq!(parts(&["--only", "wasm", "--only", "lint"]), Ok(vec![Part::Wasm, Part::Lint]));
        assert!(parts(&["--only", "everything"]).is_err() && parts(&["--quick"]).is_err());
    }
}
