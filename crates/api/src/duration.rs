//! Spans of time in text: ages as kubectl prints them, and Go's durations as flags take them.
//!
//! Models: kubernetes v1.36 apimachinery/pkg/util/duration, Go's `time.ParseDuration` and `Duration.String`.

use sim::{Span, Time};
use thiserror::Error;

const MINUTE: i64 = 60;
const HOUR: i64 = 60 * MINUTE;
const DAY: i64 = 24 * HOUR;
const YEAR: i64 = 365 * DAY;

/// The age of something, short and readable: `5s`, `3m10s`, `2d1h`.
pub fn human(span: Span) -> String {
    human_seconds(span.whole_seconds())
}

/// The age at `now` of something that began at `then`. What begins more than a second from now is `<invalid>`.
pub fn age(now: Time, then: Option<Time>) -> String {
    let Some(then) = then else { return "<unknown>".to_string() };
    // Cut towards zero, as Go does: a part of a second in the future still counts as now.
    human_seconds((now.0 as i64 - then.0 as i64) / 1_000_000)
}

/// As [`human`], of whole seconds that may be negative.
pub fn human_seconds(seconds: i64) -> String {
    crate::reached!("api::duration::human_seconds");
    let pair = |large: i64, large_unit: char, small: i64, small_unit: char| match small {
        0 => format!("{large}{large_unit}"),
        _ => format!("{large}{large_unit}{small}{small_unit}"),
    };
    match seconds {
        ..=-2 => "<invalid>".to_string(),
        -1 | 0 => "0s".to_string(),
        _ if seconds < 2 * MINUTE => format!("{seconds}s"),
        _ if seconds < 10 * MINUTE => pair(seconds / MINUTE, 'm', seconds % MINUTE, 's'),
        _ if seconds < 3 * HOUR => format!("{}m", seconds / MINUTE),
        _ if seconds < 8 * HOUR => pair(seconds / HOUR, 'h', seconds % HOUR / MINUTE, 'm'),
        _ if seconds < 2 * DAY => format!("{}h", seconds / HOUR),
        _ if seconds < 8 * DAY => pair(seconds / DAY, 'd', seconds % DAY / HOUR, 'h'),
        _ if seconds < 2 * YEAR => format!("{}d", seconds / DAY),
        _ if seconds < 8 * YEAR => pair(seconds / YEAR, 'y', seconds % YEAR / DAY, 'd'),
        _ => format!("{}y", seconds / YEAR),
    }
}

/// A text that is not a Go duration. Prints as `time: invalid duration "x"`.
#[derive(Clone, PartialEq, Eq, Debug, Error)]
#[error("time: {problem} {text:?}")]
pub struct DurationError {
    problem: String,
    text: String,
}

/// Reads `1h30m`, `1.5s`, `-2ms` into nanoseconds.
pub fn parse_go(text: &str) -> Result<i64, DurationError> {
    let error = |problem: &str| DurationError { problem: problem.to_string(), text: text.to_string() };
    let invalid = || error("invalid duration");
    let (sign, mut rest) = match text.as_bytes().first() {
        Some(b'-') => (-1, &text[1..]),
        Some(b'+') => (1, &text[1..]),
        _ => (1, text),
    };
    if rest == "0" {
        return Ok(0);
    }
    if rest.is_empty() {
        return Err(invalid());
    }
    let mut total: i128 = 0;
    while !rest.is_empty() {
        let whole_length = rest.bytes().take_while(u8::is_ascii_digit).count();
        let (whole, after) = rest.split_at(whole_length);
        let (fraction, after) = match after.strip_prefix('.') {
            Some(after) => after.split_at(after.bytes().take_while(u8::is_ascii_digit).count()),
            None => ("", after),
        };
        if whole.is_empty() && fraction.is_empty() {
            return Err(invalid());
        }
        let unit_length = after.find(|c: char| c == '.' || c.is_ascii_digit()).unwrap_or(after.len());
        let (unit, after) = after.split_at(unit_length);
        let nanos = match unit {
            "" => return Err(error("missing unit in duration")),
            "ns" => 1,
            "us" | "µs" | "μs" => 1_000,
            "ms" => 1_000_000,
            "s" => 1_000_000_000,
            "m" => 60_000_000_000,
            "h" => 3_600_000_000_000,
            _ => return Err(error(&format!("unknown unit {unit:?} in duration"))),
        };
        let whole: i128 = if whole.is_empty() { 0 } else { whole.parse::<u64>().map_err(|_| invalid())?.into() };
        let kept = &fraction[..fraction.len().min(18)];
        let scale = (0..kept.len()).fold(1_i128, |scale, _| scale * 10);
        let part: i128 = if kept.is_empty() { 0 } else { kept.parse().map_err(|_| invalid())? };
        total += whole * nanos + part * nanos / scale;
        rest = after;
        if total > i128::from(i64::MAX) + 1 {
            return Err(invalid());
        }
    }
    i64::try_from(total * sign).map_err(|_| invalid())
}

/// Reads a Go duration that is not negative, cut to microseconds.
pub fn parse_go_span(text: &str) -> Result<Span, DurationError> {
    let nanos = parse_go(text)?;
    Ok(Span(u64::try_from(nanos / 1_000).unwrap_or(0)))
}

/// Prints nanoseconds as Go does: `1h10m0s`, `1.5s`, `250ms`, `0s`.
pub fn format_go(nanos: i64) -> String {
    let sign = if nanos < 0 { "-" } else { "" };
    let size = nanos.unsigned_abs();
    let decimal = |unit: u64, name: &str| {
        let fraction = size % unit;
        let digits = unit.ilog10() as usize;
        let fraction = if fraction == 0 { String::new() } else { format!(".{fraction:0digits$}") };
        format!("{sign}{}{}{name}", size / unit, fraction.trim_end_matches('0'))
    };
    match size {
        0 => "0s".to_string(),
        1..1_000 => format!("{sign}{size}ns"),
        1_000..1_000_000 => decimal(1_000, "µs"),
        1_000_000..1_000_000_000 => decimal(1_000_000, "ms"),
        _ => {
            let minutes = size / 60_000_000_000;
            let below = format_seconds(size % 60_000_000_000);
            match (minutes / 60, minutes % 60) {
                (0, 0) => format!("{sign}{below}"),
                (0, minutes) => format!("{sign}{minutes}m{below}"),
                (hours, minutes) => format!("{sign}{hours}h{minutes}m{below}"),
            }
        }
    }
}

fn format_seconds(nanos: u64) -> String {
    let fraction = format!("{:09}", nanos % 1_000_000_000);
    let fraction = fraction.trim_end_matches('0');
    let point = if fraction.is_empty() { "" } else { "." };
    format!("{}{point}{fraction}s", nanos / 1_000_000_000)
}

/// Prints a span as Go prints a duration.
pub fn format_go_span(span: Span) -> String {
    format_go(i64::try_from(span.0.saturating_mul(1_000)).unwrap_or(i64::MAX))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn go_durations_are_read_and_printed() {
        for (text, printed) in [
            ("0", "0s"),
            ("5s", "5s"),
            ("90s", "1m30s"),
            ("1h10m", "1h10m0s"),
            ("1.5s", "1.5s"),
            ("250ms", "250ms"),
            ("1500us", "1.5ms"),
            (".5m", "30s"),
            ("-2s", "-2s"),
            ("1ns", "1ns"),
        ] {
            assert_eq!(parse_go(text).map(format_go).as_deref(), Ok(printed), "{text}");
        }
    }

    #[test]
    fn what_is_not_a_duration_is_refused_in_gos_words() {
        for (text, message) in [
            ("", "time: invalid duration \"\""),
            ("5", "time: missing unit in duration \"5\""),
            ("5x", "time: unknown unit \"x\" in duration \"5x\""),
            ("x", "time: invalid duration \"x\""),
            ("99999999h", "time: invalid duration \"99999999h\""),
        ] {
            assert_eq!(parse_go(text).map_err(|error| error.to_string()), Err(message.to_string()));
        }
    }

    #[test]
    fn ages_are_counted_from_now() {
        let at = |seconds: u64| Time(seconds * 1_000_000);
        assert_eq!(age(at(100), Some(at(30))), "70s");
        assert_eq!(age(at(100), Some(at(102))), "<invalid>");
        assert_eq!(age(at(100), Some(Time(101_900_000))), "0s");
        assert_eq!(age(at(100), None), "<unknown>");
    }
}
