//! Kubernetes' own tables of tests, whole, through every suite of `ordinal conform`.
//!
//! `floors.tsv` holds how a suite fares. A row that passed once must go on passing: fewer passed, more missed or more not
//! run fail the test; more passed is said, and the line raised by hand. What is missed and what is not run is printed,
//! the latter by its reason.
#![cfg(not(target_arch = "wasm32"))]
#![allow(clippy::unwrap_used, reason = "a test fails by panicking")]

use api::conform::{Score, Suite, reached_by, read_reference};
use ordinal::arguments::Format;
use playground::conform::suites;

const FLOORS: &str = include_str!("floors.tsv");
/// A session that needs every function that a suite calls.
const SESSION: &str = include_str!("session.sh");
/// Of the rows that concern what is modelled, so many in a hundred pass: of the tables of tests, of validation on random
/// objects, and of the other answers on random objects.
const PERCENT_MIN: [(&str, usize); 3] = [("oracle/validation", 95), ("oracle/", 98), ("", 95)];
/// So many misses of a suite are printed.
const SHOWN_MAX: usize = 10;

/// Passed, missed, not run.
type Counts = [usize; 3];

fn floor(name: &str) -> Option<Counts> {
    let line = FLOORS.lines().find(|line| line.split('\t').next() == Some(name))?;
    let counts: Vec<usize> = line.split('\t').skip(1).map(|count| count.parse().unwrap()).collect();
    counts.try_into().ok()
}

/// Whether a suite holds its floor and the least share.
fn complaint(name: &str, [passed, missed, not_run]: Counts, floor: Option<Counts>) -> Option<String> {
    let line = format!("{name}\t{passed}\t{missed}\t{not_run}");
    let Some([passed_min, missed_max, not_run_max]) = floor else {
        return Some(format!("floors.tsv has no line for {name}; today it would be\n{line}"));
    };
    let percent = PERCENT_MIN.iter().find(|(prefix, _)| name.starts_with(prefix)).map_or(100, |(_, percent)| *percent);
    if passed * 100 < (passed + missed) * percent {
        return Some(format!("{name}: {passed} of {} are less than {percent} %", passed + missed));
    }
    let is_worse = passed < passed_min || missed > missed_max || not_run > not_run_max;
    is_worse.then(|| format!("{name} is worse than floors.tsv says:\n{line}"))
}

fn print(suite: &Suite, score: &Score) {
    let (passed, missed, not_run) = (score.passed, score.missed.len(), score.not_modelled.len());
    println!("{}: {passed} passed, {missed} missed, {not_run} not run", suite.name);
    for miss in score.missed.iter().take(SHOWN_MAX) {
        println!("  {miss}");
    }
    for (reason, count) in score.reasons() {
        println!("  {count} not run: {reason}");
    }
}

#[test]
fn every_table_is_answered_as_by_kubernetes() {
    let mut complaints = Vec::new();
    for suite in suites() {
        let folder = if suite.name.starts_with("oracle/") { "" } else { "cases/" };
        let Some(file) = read_reference(&format!("{folder}{}.json", suite.name)) else { return };
        let score = Score::of(suite, &file);
        print(suite, &score);
        let counts = [score.passed, score.missed.len(), score.not_modelled.len()];
        complaints.extend(complaint(suite.name, counts, floor(suite.name)));
    }
    assert!(complaints.is_empty(), "{}", complaints.join("\n"));
}

#[test]
fn a_floor_only_rises() {
    let check = |counts, expect: &str| {
        let found = complaint("quantity", counts, Some([95, 4, 1])).unwrap_or_default();
        assert_eq!(found, expect);
    };
    check([95, 4, 1], "");
    check([97, 2, 1], "");
    check([94, 4, 2], "quantity is worse than floors.tsv says:\nquantity\t94\t4\t2");
    check([96, 4, 2], "quantity is worse than floors.tsv says:\nquantity\t96\t4\t2");
    check([94, 6, 0], "quantity: 94 of 100 are less than 95 %");
}

#[test]
fn the_functions_of_every_suite_are_those_of_a_session() {
    let options = ordinal_tests::desk::options(4, 1);
    let mut said = Vec::new();
    let reached = reached_by(|| {
        ordinal::run::run(&options, SESSION, Format::Text, &mut said);
    });
    let missing: Vec<String> = suites()
        .flat_map(|suite| suite.functions.iter().map(move |function| (suite.name, *function)))
        .filter(|(_, function)| !reached.contains(function))
        .map(|(suite, function)| format!("{suite}: {function}"))
        .collect();
    assert!(missing.is_empty(), "not reached:\n{}\n\nsaid:\n{}", missing.join("\n"), String::from_utf8_lossy(&said));
}
