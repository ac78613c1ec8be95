//! Suites of `ordinal conform` over Kubernetes' own tables for the controllers. See [`api::conform`].

mod cronjob;
mod deployment;
mod disruption;
mod endpointslice;
mod persistentvolume;
mod shelf;
mod statefulset;

use api::Value;
use api::conform::{Case, Suite};
use sim::Time;

/// The suites of this crate.
pub const SUITES: &[Suite] = &[
    cronjob::SUITE,
    deployment::CONTROLLER_SUITE,
    deployment::UTIL_SUITE,
    disruption::TABLES,
    disruption::ORACLE,
    endpointslice::SUITE,
    persistentvolume::SYNC,
    persistentvolume::PROTECTION,
    persistentvolume::HELPERS,
    statefulset::ORACLE,
    statefulset::ORACLE_MAX_UNAVAILABLE,
    statefulset::TABLES,
];

/// Tables of a file: name, what our functions make of a row, what the row says.
type Rows = &'static [(&'static str, fn(&Case<'_>) -> Result<Value, String>, fn(&Case<'_>) -> Value)];

fn answer(rows: Rows, case: &Case<'_>) -> Result<Value, String> {
    match rows.iter().find(|(test, ..)| *test == case.test) {
        Some((_, run, _)) => run(case),
        None => case.unknown(),
    }
}

fn wanted(rows: Rows, case: &Case<'_>) -> Value {
    rows.iter().find(|(test, ..)| *test == case.test).map_or(Value::Null, |(.., expect)| expect(case))
}

/// What most tables call their answer.
fn expected(case: &Case<'_>) -> Value {
    case.get("expected").clone()
}

/// An instant of a table's function.
fn at(text: &str) -> Time {
    Time::parse_rfc3339(text).unwrap_or_default()
}
