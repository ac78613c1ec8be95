//! `sleep`: asks to be woken.

use sim::{Span, Time};

use super::{Builtin, Kind, Runner};
use crate::process::{Context, Program, Step};

pub(super) const BUILTIN: Builtin = Builtin {
    name: "sleep",
    usage: "sleep NUMBER[smhd]...",
    kind: Kind::Program,
    runner: Runner::Program(|| Box::new(Sleep { until: None })),
};

/// The longest sleep: a hundred years, so that the sum of times stays in range.
const SPAN_MAX: u64 = 100 * 365 * 86_400 * 1_000_000;

#[derive(Clone)]
struct Sleep {
    until: Option<Time>,
}

impl Program for Sleep {
    fn step(&mut self, context: &mut Context) -> Step {
        if let Some(until) = self.until {
            return if context.caller.now >= until { Step::Exit(0) } else { Step::Blocked(Some(until)) };
        }
        if context.args.is_empty() {
            return Step::Exit(context.fail("missing operand"));
        }
        let mut total = 0u64;
        for arg in context.args {
            match duration(arg) {
                Some(span) => total = total.saturating_add(span.0).min(SPAN_MAX),
                None => return Step::Exit(context.fail(format_args!("invalid time interval \u{2018}{arg}\u{2019}"))),
            }
        }
        self.until = Some(context.caller.now + Span(total));
        Step::Again
    }
}

/// `1`, `0.5`, `2m`, `1h`, `1d`, `infinity`
pub(super) fn duration(text: &str) -> Option<Span> {
    if matches!(text, "inf" | "infinity") {
        return Some(Span(SPAN_MAX));
    }
    let (number, unit) = match text.char_indices().next_back()? {
        (at, 's') => (&text[..at], 1),
        (at, 'm') => (&text[..at], 60),
        (at, 'h') => (&text[..at], 3_600),
        (at, 'd') => (&text[..at], 86_400),
        _ => (text, 1),
    };
    let (whole, fraction) = number.split_once('.').unwrap_or((number, ""));
    let digits = |text: &str| text.bytes().all(|byte| byte.is_ascii_digit());
    if !digits(whole) || !digits(fraction) || (whole.is_empty() && fraction.is_empty()) {
        return None;
    }
    let whole: u64 = if whole.is_empty() { 0 } else { whole.parse().unwrap_or(SPAN_MAX) };
    let micros: u64 = format!("{fraction:0<6}")[..6].parse().ok()?;
    Some(Span(whole.saturating_mul(1_000_000).saturating_add(micros).saturating_mul(unit).min(SPAN_MAX)))
}
