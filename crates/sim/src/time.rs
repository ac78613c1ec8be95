//! Instants and spans of virtual time, and the calendar they are printed in.

use std::fmt;
use std::ops::{Add, AddAssign, Sub};

use serde::{Deserialize, Serialize};

/// An instant: microseconds since 1970-01-01T00:00:00Z.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Default, Debug, Serialize, Deserialize)]
pub struct Time(pub u64);

/// A length of time in microseconds.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Default, Debug, Serialize, Deserialize)]
pub struct Span(pub u64);

impl Span {
    /// No time at all.
    pub const ZERO: Span = Span(0);

    /// A span of whole seconds; negative counts as zero.
    pub const fn from_seconds(seconds: i64) -> Span {
        Span(if seconds < 0 { 0 } else { seconds as u64 * 1_000_000 })
    }

    /// A span of milliseconds.
    pub const fn from_millis(millis: u64) -> Span {
        Span(millis * 1_000)
    }

    /// Seconds as a number with a fraction, for printing and for JSON.
    pub fn as_seconds(self) -> f64 {
        self.0 as f64 / 1e6
    }

    /// Whole seconds, cut off.
    pub const fn whole_seconds(self) -> i64 {
        (self.0 / 1_000_000) as i64
    }
}

impl Time {
    /// 2026-01-01T00:00:00Z: where every run without a page starts.
    pub const HEADLESS_START: Time = Time(1_767_225_600_000_000);

    /// Cut to the whole second, the precision of `metav1.Time`.
    pub const fn truncate_to_second(self) -> Time {
        Time(self.0 - self.0 % 1_000_000)
    }

    /// Whole seconds since the Unix epoch.
    pub const fn unix_seconds(self) -> i64 {
        (self.0 / 1_000_000) as i64
    }

    /// The time from `earlier` until `self`; zero if `earlier` is later.
    pub const fn since(self, earlier: Time) -> Span {
        Span(self.0.saturating_sub(earlier.0))
    }

    /// The instant as year, month, day and time of day in UTC.
    pub fn calendar(self) -> CalendarTime {
        CalendarTime::from_time(self)
    }

    /// `2026-01-01T00:00:00Z`, the form of `metav1.Time`.
    pub fn to_rfc3339(self) -> String {
        let c = self.calendar();
        format!("{:04}-{:02}-{:02}T{:02}:{:02}:{:02}Z", c.year, c.month, c.day, c.hour, c.minute, c.second)
    }

    /// `2026-01-01T00:00:00.000000Z`, the form of `metav1.MicroTime`.
    pub fn to_rfc3339_micros(self) -> String {
        let c = self.calendar();
        format!(
            "{:04}-{:02}-{:02}T{:02}:{:02}:{:02}.{:06}Z",
            c.year, c.month, c.day, c.hour, c.minute, c.second, c.micros
        )
    }

    /// Reads RFC 3339, with or without a fraction, with `Z` or a numeric offset. `None` for anything else.
    pub fn parse_rfc3339(text: &str) -> Option<Time> {
        CalendarTime::parse_rfc3339(text)
    }
}

impl Add<Span> for Time {
    type Output = Time;
    fn add(self, span: Span) -> Time {
        Time(self.0.saturating_add(span.0))
    }
}

impl AddAssign<Span> for Time {
    fn add_assign(&mut self, span: Span) {
        *self = *self + span;
    }
}

impl Sub<Span> for Time {
    type Output = Time;
    fn sub(self, span: Span) -> Time {
        Time(self.0.saturating_sub(span.0))
    }
}

impl Add for Span {
    type Output = Span;
    fn add(self, other: Span) -> Span {
        Span(self.0.saturating_add(other.0))
    }
}

impl fmt::Display for Time {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.to_rfc3339_micros())
    }
}

/// A [`Time`] taken apart, in UTC and the proleptic Gregorian calendar.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub struct CalendarTime {
    /// Year, four digits.
    pub year: i64,
    /// 1 to 12.
    pub month: u8,
    /// 1 to 31.
    pub day: u8,
    /// 0 to 23.
    pub hour: u8,
    /// 0 to 59.
    pub minute: u8,
    /// 0 to 59.
    pub second: u8,
    /// 0 to 999,999.
    pub micros: u32,
    /// 0 is Sunday.
    pub weekday: u8,
}

impl CalendarTime {
    fn from_time(time: Time) -> CalendarTime {
        let seconds = time.unix_seconds();
        let (days, of_day) = (seconds / 86_400, seconds % 86_400);
        // Days are counted from 0000-03-01, so that the leap day is the last of its year.
        let from_march = days + 719_468;
        let (era, day_of_era) = (from_march / 146_097, from_march % 146_097);
        let year_of_era = (day_of_era - day_of_era / 1_460 + day_of_era / 36_524 - day_of_era / 146_096) / 365;
        let day_of_year = day_of_era - (365 * year_of_era + year_of_era / 4 - year_of_era / 100);
        let shifted_month = (5 * day_of_year + 2) / 153;
        let month = if shifted_month < 10 { shifted_month + 3 } else { shifted_month - 9 };
        CalendarTime {
            year: year_of_era + era * 400 + i64::from(month <= 2),
            month: month as u8,
            day: (day_of_year - (153 * shifted_month + 2) / 5 + 1) as u8,
            hour: (of_day / 3_600) as u8,
            minute: (of_day / 60 % 60) as u8,
            second: (of_day % 60) as u8,
            micros: (time.0 % 1_000_000) as u32,
            weekday: ((days + 4) % 7) as u8,
        }
    }

    fn parse_rfc3339(text: &str) -> Option<Time> {
        let bytes = text.as_bytes();
        let number = |from: usize, to: usize| -> Option<i64> { text.get(from..to)?.parse().ok() };
        let separators = [(4, b'-'), (7, b'-'), (13, b':'), (16, b':')];
        if bytes.len() < 20 || separators.iter().any(|&(at, byte)| bytes[at] != byte) {
            return None;
        }
        if !matches!(bytes[10], b'T' | b't' | b' ') {
            return None;
        }
        let (year, month, day) = (number(0, 4)?, number(5, 7)?, number(8, 10)?);
        let (hour, minute, second) = (number(11, 13)?, number(14, 16)?, number(17, 19)?);
        if !(1..=12).contains(&month) || !(1..=31).contains(&day) || hour > 23 || minute > 59 || second > 60 {
            return None;
        }
        let mut at = 19;
        let mut micros = 0;
        if bytes[at] == b'.' {
            let digits: &str = &text[at + 1..];
            let length = digits.bytes().take_while(u8::is_ascii_digit).count();
            let padded = format!("{:0<6}", &digits[..length]);
            micros = padded[..6].parse::<u64>().ok()?;
            at += 1 + length;
        }
        let offset_seconds = match *bytes.get(at)? {
            b'Z' | b'z' if bytes.len() == at + 1 => 0,
            sign @ (b'+' | b'-') if bytes.len() == at + 6 && bytes[at + 3] == b':' => {
                let size = number(at + 1, at + 3)? * 3_600 + number(at + 4, at + 6)? * 60;
                if sign == b'+' { size } else { -size }
            }
            _ => return None,
        };
        let shifted_year = if month <= 2 { year - 1 } else { year };
        let (era, year_of_era) = (shifted_year.div_euclid(400), shifted_year.rem_euclid(400));
        let shifted_month = if month > 2 { month - 3 } else { month + 9 };
        let day_of_year = (153 * shifted_month + 2) / 5 + day - 1;
        let day_of_era = year_of_era * 365 + year_of_era / 4 - year_of_era / 100 + day_of_year;
        let days = era * 146_097 + day_of_era - 719_468;
        let seconds = days * 86_400 + hour * 3_600 + minute * 60 + second - offset_seconds;
        u64::try_from(seconds).ok().map(|seconds| Time(seconds * 1_000_000 + micros))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn instants_print_and_read_back() {
        for text in ["1970-01-01T00:00:00Z", "2026-01-01T00:00:00Z", "2028-02-29T23:59:59Z", "2100-03-01T12:00:00Z"] {
            assert_eq!(Time::parse_rfc3339(text).map(Time::to_rfc3339).as_deref(), Some(text));
        }
        assert_eq!(Time::HEADLESS_START.to_rfc3339(), "2026-01-01T00:00:00Z");
        assert_eq!(Time::HEADLESS_START.calendar().weekday, 4, "1 January 2026 is a Thursday");
    }

    #[test]
    fn fractions_and_offsets_are_read() {
        let time = Time::parse_rfc3339("2026-01-01T09:00:00.25+09:00").map(Time::to_rfc3339_micros);
        assert_eq!(time.as_deref(), Some("2026-01-01T00:00:00.250000Z"));
    }

    #[test]
    fn what_is_not_an_instant_is_refused() {
        for text in ["", "2026-01-01", "2026-13-01T00:00:00Z", "2026-01-01T00:00:00", "2026-01-01T00:00:00Zjunk"] {
            assert_eq!(Time::parse_rfc3339(text), None, "{text}");
        }
    }
}
