//! The source tree, tested: the rules of ARCHITECTURE.md and CONTRIBUTING.md that neither Cargo nor clippy can hold.
#![cfg(not(target_arch = "wasm32"))]
#![allow(clippy::unwrap_used, reason = "a test fails by panicking")]

mod rooms;
mod tree;

use tree::File;

/// Past this a file is two ideas; its tests do not count.
const LINES_MAX: usize = 800;

/// Files that were past the limit when they were found, with the lines that they must not pass. May only shrink.
const RATCHET: [(&str, usize); 0] = [];

/// Data in the form of source, which nobody reads from top to bottom.
const TABLES: [&str; 1] = ["crates/api/src/schema/table.rs"];

/// What tells of one machine or of the tools that somebody happened to use. Written in two halves, or this file would
/// be the first to be found.
const FOREIGN: [[&str; 2]; 6] = [
    ["/wo", "rk/"],
    ["/fa", "rm/"],
    [".libr", "ary"],
    ["suba", "gent"],
    ["registry.np", "mjs"],
    ["static.crates", ".io"],
];

fn assert_none(complaints: &[String]) {
    assert!(complaints.is_empty(), "\n{}\n", complaints.join("\n"));
}

/// Complaints about every Rust file.
fn each_source(complain: impl Fn(&File) -> Option<String>) -> Vec<String> {
    tree::files().iter().filter(|file| file.path.ends_with(".rs")).filter_map(complain).collect()
}

#[test]
fn no_file_is_two_ideas() {
    assert_none(&each_source(|file| {
        let (lines, allowed) = (file.lines_without_tests(), RATCHET.iter().find(|(path, _)| *path == file.path));
        let path = &file.path;
        match allowed {
            _ if TABLES.contains(&path.as_str()) => None,
            Some((_, most)) if lines > *most => {
                Some(format!("{path} grew to {lines} lines, the ratchet stands at {most}"))
            }
            Some(_) if lines <= LINES_MAX => Some(format!("{path} is down to {lines} lines: take it off the ratchet")),
            None if lines > LINES_MAX => {
                Some(format!("{path} has {lines} lines, at most {LINES_MAX}: it is two ideas"))
            }
            Some(_) | None => None,
        }
    }));
}

#[test]
fn every_module_says_what_it_is() {
    assert_none(&each_source(|file| {
        let first = file.text.lines().find(|line| !line.trim().is_empty() && !line.starts_with("#!"))?;
        (!first.starts_with("//!")).then(|| format!("{} does not open with a `//!` head", file.path))
    }));
}

#[test]
fn no_test_sleeps_or_is_left_out() {
    let banned = [["#[ign", "ore"], ["thread::sl", "eep"]].map(|halves| halves.concat());
    assert_none(&each_source(|file| {
        let outside = file.path.starts_with("crates/xtask/");
        let found = banned.iter().find(|word| !outside && file.text.contains(word.as_str()))?;
        Some(format!("{} holds `{found}`", file.path))
    }));
}

#[test]
fn nothing_tells_of_one_machine() {
    let foreign = FOREIGN.map(|halves| halves.concat());
    let complaints: Vec<String> = tree::files()
        .iter()
        .filter(|file| !file.path.ends_with("Cargo.lock"))
        .flat_map(|file| {
            let numbered = file.text.lines().enumerate();
            let found = numbered.filter(|(_, line)| foreign.iter().any(|word| line.contains(word.as_str())));
            found.map(|(index, line)| format!("{}:{}: {line}", file.path, index + 1)).collect::<Vec<_>>()
        })
        .collect();
    assert_none(&complaints);
}

#[test]
fn the_lock_file_of_node_names_no_host() {
    let locks = tree::files().into_iter().filter(|file| file.path.ends_with("package-lock.json"));
    let named: Vec<String> =
        locks.filter(|file| file.text.contains("\"resolved\": \"http")).map(|file| file.path).collect();
    assert_none(&named);
}

#[test]
fn rooms_know_only_the_rooms_below_them() {
    assert_none(&rooms::complaints(&tree::manifests()));
}

/// The feature `conform` is turned on by the program and by tests alone, so that no page and no widget ever holds a suite.
#[test]
fn only_the_program_has_the_suites() {
    let turns_on = |text: &str| {
        let mut is_test = false;
        text.lines().map(str::trim).any(|line| {
            is_test = if line.starts_with('[') { line.contains("dev-dependencies") } else { is_test };
            let defaults = line.starts_with("default") && line.contains("\"conform\"");
            let asks = line.contains("features") && line.contains("\"conform\"") && !is_test;
            defaults || asks
        })
    };
    let found: Vec<String> = tree::manifests()
        .into_iter()
        .filter(|manifest| turns_on(&manifest.text))
        .map(|manifest| manifest.path)
        .collect();
    assert_eq!(found, ["crates/cli/Cargo.toml"]);
}

#[test]
fn every_crate_takes_the_lints_of_the_workspace() {
    let takes = |text: &str| text.contains("[lints]\nworkspace = true");
    let without = tree::manifests().into_iter().filter(|manifest| !takes(&manifest.text)).map(|manifest| manifest.path);
    assert_none(&without.collect::<Vec<_>>());
}

/// The components meet at the API server alone: none so much as says another's name, comments and its own tests apart.
#[test]
fn components_do_not_name_each_other() {
    let components = ["kubelet", "kube_scheduler", "kube_controller_manager", "kube_proxy", "kube_apiserver"];
    let foreign = |file: &File, line: &str| {
        let own = file.path.split('/').nth(1).unwrap_or_default().replace('-', "_");
        let used = |name: &str| line.contains(&format!("{name}::")) || line.contains(&format!("extern crate {name}"));
        components.into_iter().find(|name| *name != own && used(name))
    };
    assert_none(&each_source(|file| {
        let room = file.path.strip_prefix("crates/").and_then(|path| path.split('/').next())?;
        let is_component = components.contains(&room.replace('-', "_").as_str()) && !file.path.contains("/tests/");
        let mut lines = file.lines_of_code().filter(|_| is_component);
        let scheduler = |line: &str| room == "kube-scheduler" && line.contains("kubelet");
        let line = lines.find(|line| foreign(file, line).is_some() || scheduler(line))?;
        Some(format!("{}: {}", file.path, line.trim()))
    }));
}
