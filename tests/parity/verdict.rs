//! Holds a score against what is checked in: floors that may only rise, and differences that have a name.

use crate::replay::{Difference, Kind, Score};
use ordered::OrderedMap;
use serde_json::Value;

/// The least share of each recording that must be the same, in percent.
#[derive(Clone, Copy)]
pub(crate) struct Floor {
    commands_percent: f64,
    watches_percent: f64,
    naming: Naming,
}

/// Whether a difference without a reason fails the test.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Naming {
    Required,
    Optional,
}

/// `floors.json`, by recording.
pub(crate) fn floors() -> OrderedMap<String, Floor> {
    let file: serde_json::Map<String, Value> = serde_json::from_str(include_str!("floors.json")).unwrap();
    let floor = |value: Value| Floor {
        commands_percent: value["commands_percent"].as_f64().unwrap(),
        watches_percent: value["watches_percent"].as_f64().unwrap(),
        naming: if value["every_difference_named"] == true { Naming::Required } else { Naming::Optional },
    };
    file.into_iter().map(|(name, value)| (name, floor(value))).collect()
}

/// A line of `differences.tsv`: recording, kind, number, the command's beginning (for the reader), reason.
struct Named {
    kind: Kind,
    number: usize,
    reason: &'static str,
}

fn named(name: &str) -> Vec<Named> {
    let lines = include_str!("differences.tsv").lines().skip(1).filter(|line| !line.is_empty());
    let cells = lines.map(|line| line.split('\t').collect::<Vec<_>>());
    cells.filter(|cells| cells[0] == name).map(|cells| parse(&cells)).collect()
}

fn parse(cells: &[&'static str]) -> Named {
    let kind = match cells[1] {
        "command" => Kind::Command,
        "watch" => Kind::Watch,
        other => panic!("differences.tsv knows `command` and `watch`, not {other:?}"),
    };
    let reason = cells[4].trim();
    assert!(!reason.is_empty(), "a difference is named with its reason: {cells:?}");
    Named { kind, number: cells[2].parse().unwrap(), reason }
}

fn reason(named: &[Named], difference: &Difference) -> Option<&'static str> {
    let same = |name: &&Named| name.kind == difference.kind && name.number == difference.number;
    named.iter().find(same).map(|name| name.reason)
}

fn percent(same: usize, total: usize) -> f64 {
    // A recording without watches has none that differ.
    if total == 0 { 100.0 } else { 100.0 * same as f64 / total as f64 }
}

/// Prints the score, one line per difference, and as many of them in full as `ORDINAL_PARITY_SHOW` says.
pub(crate) fn show(name: &str, score: &Score) {
    let wanted = std::env::var("ORDINAL_PARITY_SHOW").unwrap_or_default();
    let full = if wanted == "all" { usize::MAX } else { wanted.parse().unwrap_or(0) };
    let named = named(name);
    for (index, difference) in score.differences.iter().enumerate() {
        let reason = reason(&named, difference).unwrap_or("(no reason named)");
        let command: String = difference.command.chars().take(100).collect();
        println!("{name}\t{:?} {}\t{}\t{reason}", difference.kind, difference.number, command.replace('\n', "⏎"));
        if index < full {
            println!("--- expected\n{}\n--- got\n{}\n", difference.expected, difference.got);
        }
    }
    println!(
        "{name} {}/{} ({:.1}%) watches {}/{}",
        score.commands_same,
        score.commands_total,
        percent(score.commands_same, score.commands_total),
        score.watches_same,
        score.watches_total,
    );
}

/// The differences that no line of `differences.tsv` explains.
pub(crate) fn unnamed<'a>(recording: &str, score: &'a Score) -> Vec<&'a Difference> {
    let named = named(recording);
    score.differences.iter().filter(|difference| reason(&named, difference).is_none()).collect()
}

/// What is wrong with a score, in sentences.
pub(crate) fn complaints(recording: &str, score: &Score) -> Vec<String> {
    let floor = floors()[recording];
    let named = named(recording);
    let mut complaints = Vec::new();
    for (what, same, total, least) in [
        ("commands", score.commands_same, score.commands_total, floor.commands_percent),
        ("watches", score.watches_same, score.watches_total, floor.watches_percent),
    ] {
        if percent(same, total) < least {
            complaints.push(format!("{recording}: {same} of {total} {what} are the same, the floor is {least} %"));
        }
    }
    for name in &named {
        let differs = |it: &Difference| it.kind == name.kind && it.number == name.number;
        if !score.differences.iter().any(differs) {
            let (kind, number) = (name.kind, name.number);
            complaints.push(format!("{kind:?} {number} no longer differs: take it out of differences.tsv"));
        }
    }
    if floor.naming == Naming::Required {
        let unnamed = score.differences.iter().filter(|difference| reason(&named, difference).is_none());
        complaints.extend(
            unnamed.map(|it| format!("{:?} {} differs and has no reason in differences.tsv", it.kind, it.number)),
        );
    }
    complaints
}
