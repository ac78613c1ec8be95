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
/// Where the page stands today, and a little more. It is over its budget (docs/decisions/0007); the test suite holds it, so that
/// nothing grows unnoticed.
const CEILING_KIB: f64 = 660.0;
const LIST: &str = "first-load.json";

/// What the page shows at first, in one language.
const FIRST_LESSON: &str = "lessons/statefulset-basics/";

/// What a page loads only when asked: the editor, the other lessons, what pages that embed us load, the package, the site.
const LAZY: [&str; 8] = ["editor", "lessons/", "embed", "npm/", "site/", "sitemap.xml", REST, LIST];
/// What of the engine a page loads when the reader has given a first command.
const REST: &str = "worker_rest.wasm";

/// Builds, prints the table, and fails past the budget.
pub(crate) fn size() -> Outcome<ExitCode> {
    install::node()?;
    let (table, verdict) = measure(&page::build()?)?;
    print!("{table}");
    Ok(if verdict == Verdict::Fits { ExitCode::SUCCESS } else { ExitCode::FAILURE })
}

/// How the sum stands to the budget.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Verdict {
    /// Within it.
    Fits,
    /// Over it, and not over where the page stood before.
    OverBudget,
    /// Over where the page stood before.
    OverCeiling,
}

/// Compresses the files of a built page: the table as text, and the verdict.
pub(crate) fn measure(dist: &Path) -> Outcome<(String, Verdict)> {
    let script = tool::root().join("crates/xtask/js/brotli.mjs");
    let output = Command::new("node").arg(script).arg(dist).arg(dist.join(LIST)).arg(REST).output();
    let output = output.map_err(|error| format!("cannot start node: {error}"))?;
    if !output.status.success() {
        return Err(String::from_utf8_lossy(&output.stderr).into_owned());
    }
    report(&String::from_utf8_lossy(&output.stdout))
}

/// Lines of `name raw compressed` (bytes, tabs between) as a table with its sum.
fn report(lines: &str) -> Outcome<(String, Verdict)> {
    let mut sum = 0.0;
    let mut table = format!("{:<28} {:>10} {:>12}\n", "first load", "raw KiB", "brotli KiB");
    let mut later = String::new();
    for line in lines.lines() {
        let (name, raw, compressed) = parse(line).ok_or(format!("not a line of the table: {line}"))?;
        let row = format!("{name:<28} {:>10.1} {:>12.1}\n", raw / 1024.0, compressed / 1024.0);
        if name == REST {
            later += &row;
        } else {
            sum += compressed;
            table += &row;
        }
    }
    let kib = sum / 1024.0;
    table += &format!("{:<28} {:>10} {kib:>12.1} of {BUDGET_KIB:.0}\n", "sum", "");
    table += &format!("after the reader's first command\n{later}");
    let verdict = if kib > CEILING_KIB {
        Verdict::OverCeiling
    } else if kib > BUDGET_KIB {
        Verdict::OverBudget
    } else {
        Verdict::Fits
    };
    Ok((table, verdict))
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
    let is_first_lesson = name.starts_with(FIRST_LESSON) && !name.ends_with("/ja.md");
    !is_first_lesson && LAZY.iter().any(|start| name.starts_with(start))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_budget_decides() {
        let table = |bytes: u32| format!("page_bg.wasm\t900000\t{bytes}\n");
        let verdict = |bytes| report(&table(bytes)).unwrap().1;
        assert_eq!((verdict(450 * 1024), verdict(450 * 1024 + 1)), (Verdict::Fits, Verdict::OverBudget));
        assert_eq!(verdict(CEILING_KIB as u32 * 1024 + 1), Verdict::OverCeiling);
        assert!(report("nonsense").is_err());
        let rest = report("page.js\t10\t1024\nworker_rest.wasm\t9\t999999999\n").unwrap();
        assert!(rest.0.contains("1.0 of 450") && rest.1 == Verdict::Fits, "what is loaded later has a line of its own");
    }
}
