//! `backoff`: how long containers and images wait after failures.
//!
//! Models: kubernetes v1.36 client-go util/flowcontrol/backoff.go, its tests.

use api::Value;
use api::conform::{Case, Suite, object};
use sim::{Span, Time};

use crate::back_off::BackOff;

pub(super) const SUITE: Suite =
    Suite { name: "backoff", run, expect, functions: &["kubelet::back_off::until", "kubelet::back_off::next"] };

/// The table's unit of time: ten of them are the longest wait, here and there.
const STEP: Span = Span::from_seconds(30);
/// The instants at which the table's function looks: each up to this one, and those of its last rows.
const EACH_UP_TO: i64 = 35;
const LAST: [i64; 2] = [56, 57];

fn run(case: &Case<'_>) -> Result<Value, String> {
    match case.test {
        "TestIsInBackOffSinceUpdate" => Ok(looked_at(tick(case))),
        "TestSlowBackoff" => Err("the row is an answer without a question".into()),
        "TestAlternateBackoffGC" => Err("a wait goes with its container, so that nothing collects it".into()),
        "TestAlternateHasExpiredFunc" => Err("when a wait is forgotten is not the caller's to choose".into()),
        _ => case.unknown(),
    }
}

fn expect(case: &Case<'_>) -> Value {
    answer(case.flag("inBackOff").then(|| case.int("value")))
}

fn answer(steps: Option<i64>) -> Value {
    object([("inBackOff", steps.is_some().into()), ("value", steps.map_or(Value::Null, Value::from))])
}

/// Of `5ns`, 5.
fn tick(case: &Case<'_>) -> i64 {
    case.text("tick").trim_end_matches(|c: char| !c.is_ascii_digit()).parse().unwrap_or(0)
}

/// The wait at an instant. At every instant before, a try is made if it is not too early, and fails.
fn looked_at(tick: i64) -> Value {
    let at = |tick: i64| Time::HEADLESS_START + Span(STEP.0 * tick.unsigned_abs());
    let (mut back_off, mut failed) = (BackOff::default(), at(0));
    for before in (0..=EACH_UP_TO).chain(LAST).filter(|before| *before < tick) {
        if back_off.until(failed, at(before)).is_none() {
            failed = at(before);
            back_off.next(STEP, failed, failed);
        }
    }
    let is_waiting = back_off.until(failed, at(tick)).is_some();
    answer(is_waiting.then(|| back_off.wait().0.div_euclid(STEP.0).cast_signed()))
}
