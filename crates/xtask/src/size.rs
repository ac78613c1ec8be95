//! What the first page load and the package's engine transfer, compressed as a good static host does it, against their budgets.
//!
//! The list of the page's files is made when the page is built and lies beside it (`first-load.json`); the end-to-end test holds
//! it against what a browser really asks for.

use crate::install;
use crate::npm;
use crate::page;
use crate::tool::{self, Outcome};
use std::path::Path;
use std::process::{Command, ExitCode};

/// What something may transfer at first.
pub(crate) struct Limits {
    title: &'static str,
    budget_kib: f64,
    /// Where it stands today, and a little more; the test suite holds it, so that nothing grows unnoticed.
    ceiling_kib: f64,
    /// What is transferred later, and when.
    rest: &'static [&'static str],
    later: &'static str,
}

/// The page.
pub(crate) const PAGE: Limits = Limits {
    title: "first load",
    budget_kib: 450.0,
    ceiling_kib: 450.0,
    rest: &REST,
    later: "when the reader first touches the page",
};

/// The package's engine without the page.
pub(crate) const ENGINE: Limits = Limits {
    title: "the engine alone",
    budget_kib: 300.0,
    ceiling_kib: 300.0,
    rest: &["engine_rest.wasm"],
    later: "with the first command, in a browser",
};
const ENGINE_FILES: [&str; 6] =
    ["index.js", "options.js", "playground.js", "surface.js", "engine.js", "engine_bg.wasm"];

const LIST: &str = "first-load.json";

/// What the page shows at first, in one language.
const FIRST_LESSON: &str = "lessons/statefulset-basics/";

/// What a page loads only when asked: the editor, the other lessons, what pages that embed us load, the package, the site.
const LAZY: [&str; 9] = ["editor", "lessons/", "embed", "npm/", "site/", "sitemap.xml", REST[0], REST[1], LIST];
/// What of its two programs a page loads when the reader first touches it.
const REST: [&str; 2] = ["page_rest.wasm", "worker_rest.wasm"];

/// Builds page and package, prints the tables, and fails past a budget.
pub(crate) fn size() -> Outcome<ExitCode> {
    install::node()?;
    let dist = page::build()?;
    npm::build(&dist)?;
    let fits = [page(&dist)?, engine(&dist)?].map(|(table, verdict)| {
        print!("{table}");
        verdict == Verdict::Fits
    });
    Ok(if fits == [true, true] { ExitCode::SUCCESS } else { ExitCode::FAILURE })
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

/// What the first load of a built page transfers.
pub(crate) fn page(dist: &Path) -> Outcome<(String, Verdict)> {
    measure(dist, &[LIST], &PAGE)
}

/// What the package's engine transfers, in a built page's folder.
pub(crate) fn engine(dist: &Path) -> Outcome<(String, Verdict)> {
    measure(&dist.join("npm"), &ENGINE_FILES, &ENGINE)
}

/// Compresses files, or those that a list names: the table as text, and the verdict.
fn measure(folder: &Path, files: &[&str], limits: &Limits) -> Outcome<(String, Verdict)> {
    let script = tool::root().join("crates/xtask/js/brotli.mjs");
    let output = Command::new("node").arg(script).arg(folder).args(files).args(limits.rest).output();
    let output = output.map_err(|error| format!("cannot start node: {error}"))?;
    if !output.status.success() {
        return Err(String::from_utf8_lossy(&output.stderr).into_owned());
    }
    report(&String::from_utf8_lossy(&output.stdout), limits)
}

/// Lines of `name raw compressed` (bytes, tabs between) as a table with its sum.
fn report(lines: &str, limits: &Limits) -> Outcome<(String, Verdict)> {
    let mut sum = 0.0;
    let mut table = format!("{:<28} {:>10} {:>12}\n", limits.title, "raw KiB", "brotli KiB");
    let mut later = String::new();
    for line in lines.lines() {
        let (name, raw, compressed) = parse(line).ok_or(format!("not a line of the table: {line}"))?;
        let row = format!("{name:<28} {:>10.1} {:>12.1}\n", raw / 1024.0, compressed / 1024.0);
        if limits.rest.contains(&name) {
            later += &row;
        } else {
            sum += compressed;
            table += &row;
        }
    }
    let kib = sum / 1024.0;
    table += &format!("{:<28} {:>10} {kib:>12.1} of {:.0}\n", "sum", "", limits.budget_kib);
    table += &format!("{}\n{later}", limits.later);
    let verdict = if kib > limits.ceiling_kib {
        Verdict::OverCeiling
    } else if kib > limits.budget_kib {
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
        let table = |kib: u32, more: u32| format!("page_bg.wasm\t900000\t{}\n", kib * 1024 + more);
        let limits = Limits { ceiling_kib: 500.0, ..PAGE };
        let verdict = |kib, more| report(&table(kib, more), &limits).unwrap().1;
        assert_eq!((verdict(450, 0), verdict(450, 1)), (Verdict::Fits, Verdict::OverBudget));
        assert_eq!(verdict(500, 1), Verdict::OverCeiling);
        assert!(report("nonsense", &limits).is_err());
        let rest = report("page.js\t10\t1024\nworker_rest.wasm\t9\t999999999\n", &limits).unwrap();
        assert!(rest.0.contains("1.0 of 450") && rest.1 == Verdict::Fits, "what is loaded later has a line of its own");
    }
}
