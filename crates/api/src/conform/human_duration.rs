//! `human_duration`: ages as tables and descriptions print them.

use super::{Case, Suite};
use crate::Value;
use crate::duration::{human_seconds, parse_go};

pub(super) const SUITE: Suite = Suite {
    name: "human_duration",
    run,
    expect: |case| case.get("want").clone(),
    functions: &["api::duration::human_seconds"],
};

fn run(case: &Case<'_>) -> Result<Value, String> {
    let seconds = parse_go(case.text("d")).map_err(|error| error.to_string())? / 1_000_000_000;
    Ok(match case.test {
        "TestHumanDuration" | "TestHumanDurationBoundaries" => human_seconds(seconds).into(),
        "TestShortHumanDurationBoundaries" => return Err("nothing here prints ages with one unit alone".into()),
        _ => return case.unknown(),
    })
}
