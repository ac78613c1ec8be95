//! What the first page load transfers, compressed as a good static host does it, against the budget.
//!
//! The list of files is made when the page is built and lies beside it (`first-load.json`); the end-to-end test holds
//! it against what a browser really asks for.

use crate::install;
use crate::page;
use crate::tool::{self, Outcome};
use std::path::Path;
use std::process::{Command, ExitCode};

const BUDGET_KIB: f64 = 450.0;
const LIST: &str = "first-load.json";

/// What a page loads only when asked: the editor, the other lessons, what pages that embed us load.
const LAZY: [&str; 4] = ["editor", "lessons/", "embed", LIST];

/// Builds, prints the table, and fails past the budget.
pub(crate) fn size() -> Outcome<ExitCode> {
    install::node()?;
    let dist = page::build()?;
    let script = tool::root().join("crates/xtask/js/brotli.mjs");
    let output = Command::new("node").arg(script).arg(&dist).arg(dist.join(LIST)).output();
    let output = output.map_err(|error| format!("cannot start node: {error}"))?;
    if !output.status.success() {
        return Err(String::from_utf8_lossy(&output.stderr).into_owned());
    }
    report(&String::from_utf8_lossy(&output.stdout))
}

/// Prints `name raw brotli` lines as a table; the exit code says whether the sum fits.
fn report(lines: &str) -> Outcome<ExitCode> {
    let mut sum = 0.0;
    println!("{:<28} {:>10} {:>12}", "first load", "raw KiB", "brotli KiB");
    for line in lines.lines() {
        let (name, raw, compressed) = parse(line).ok_or(format!("not a line of the table: {line}"))?;
        sum += compressed;
        println!("{name:<28} {:>10.1} {:>12.1}", raw / 1024.0, compressed / 1024.0);
    }
    let kib = sum / 1024.0;
    println!("{:<28} {:>10} {kib:>12.1} of {BUDGET_KIB:.0}", "sum", "");
    Ok(if kib > BUDGET_KIB { ExitCode::FAILURE } else { ExitCode::SUCCESS })
}

fn parse(line: &str) -> Option<(&str, f64, f64)> {
    let mut words = line.split('\t');
    Some((words.next()?, words.next()?.parse().ok()?, words.next()?.parse().ok()?))
}

/// Writes the list of files that count, a JSON array of paths below the folder.
pub(crate) fn write_list(dist: &Path) -> Outcome<()> {
    let files = page::files_under(dist)?;
    let names = files.iter().map(|file| {
        let below = file.strip_prefix(dist).expect("a file under the folder starts with its path");
        below.to_string_lossy().replace('\\', "/")
    });
    let counted: Vec<String> = names.filter(|name| !is_lazy(name)).map(|name| format!("  {name:?}")).collect();
    page::write(&dist.join(LIST), &format!("[\n{}\n]\n", counted.join(",\n")))
}

fn is_lazy(name: &str) -> bool {
    LAZY.iter().any(|start| name.starts_with(start))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_budget_decides() {
        let table = |bytes: u32| format!("page_bg.wasm\t900000\t{bytes}\n");
        assert_eq!(report(&table(450 * 1024)), Ok(ExitCode::SUCCESS));
        assert_eq!(report(&table(450 * 1024 + 1)), Ok(ExitCode::FAILURE));
        assert!(report("nonsense").is_err());
    }
}
