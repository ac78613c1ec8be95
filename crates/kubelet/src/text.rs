//! How Go prints lengths of time, and identities made from names.

use api::Str;
use sim::{Random, Span};
use thin::format_str;

/// `887ms`, `1.15s`, `1m20s`, as Go prints a duration rounded to milliseconds.
pub(crate) fn duration(span: Span) -> Str {
    let millis = (span.0 + 500) / 1_000;
    if millis == 0 {
        return "0s".into();
    }
    if millis < 1_000 {
        return format_str!("{millis}ms");
    }
    let (hours, minutes) = (millis / 3_600_000, millis / 60_000 % 60);
    let seconds = seconds(millis % 60_000);
    match (hours, minutes) {
        (0, 0) => format_str!("{seconds}s"),
        (0, minutes) => format_str!("{minutes}m{seconds}s"),
        (hours, minutes) => format_str!("{hours}h{minutes}m{seconds}s"),
    }
}

fn seconds(millis: u64) -> String {
    let text = format!("{}.{:03}", millis / 1_000, millis % 1_000);
    text.trim_end_matches('0').trim_end_matches('.').to_string()
}

/// 64 hexadecimal digits that depend on the name alone.
pub(crate) fn digest(name: &str) -> Str {
    let mut random = Random::stream(0, name);
    let mut next = || random.next_u64();
    format_str!("{:016x}{:016x}{:016x}{:016x}", next(), next(), next(), next())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn durations_print_as_in_go() {
        for (micros, expect) in [
            (887_000, "887ms"),
            (1_150_000, "1.15s"),
            (10_000_000, "10s"),
            (80_000_000, "1m20s"),
            (300_000_000, "5m0s"),
            (0, "0s"),
        ] {
            assert_eq!(duration(Span(micros)), expect);
        }
    }
}
