//! Schedules as cron writes them: five fields, `@hourly` and its like, `@every 5m`; and the zones they are read in.
//!
//! Zones are a table of offsets that never change. Others exist, and are refused plainly: their daylight saving is not here.
//!
//! Models: kubernetes v1.36, which reads schedules with github.com/robfig/cron/v3 `ParseStandard`.

use sim::{Span, Time};

use crate::duration;

const DAY_SECONDS: i64 = 86_400;
const DAY_MINUTES: i64 = 1_440;
/// A schedule that names no day within so many years names none.
const YEARS_MAX: i64 = 5;

/// Zones with their distance from UTC in seconds.
const ZONES: [(&str, i64); 12] = [
    ("UTC", 0),
    ("Etc/UTC", 0),
    ("Etc/GMT", 0),
    ("GMT", 0),
    ("Universal", 0),
    ("Zulu", 0),
    ("Africa/Abidjan", 0),
    ("Asia/Tokyo", 9 * 3_600),
    ("Japan", 9 * 3_600),
    ("Asia/Seoul", 9 * 3_600),
    ("Asia/Singapore", 8 * 3_600),
    ("Asia/Kolkata", 19_800),
];

/// The distance of a zone from UTC in seconds, if it is one that is known here.
pub fn zone_offset(name: &str) -> Option<i64> {
    ZONES.iter().find(|(zone, _)| *zone == name).map(|(_, offset)| *offset)
}

/// When something is due, again and again.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Schedule {
    /// At these minutes.
    At(Fields),
    /// So long after the last time.
    Every(Span),
}

/// The values that each field allows, as bits.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Fields {
    minutes: u64,
    hours: u64,
    days: u64,
    months: u64,
    weekdays: u64,
    offset_seconds: i64,
}

/// Set in a field that was left open: then only the other kind of day counts.
const OPEN: u64 = 1 << 63;

/// What a field may hold: lowest, highest, names.
struct Bounds(u32, u32, &'static [&'static str]);

const MONTHS: [&str; 12] = ["jan", "feb", "mar", "apr", "may", "jun", "jul", "aug", "sep", "oct", "nov", "dec"];
const WEEKDAYS: [&str; 7] = ["sun", "mon", "tue", "wed", "thu", "fri", "sat"];
const BOUNDS: [Bounds; 5] =
    [Bounds(0, 59, &[]), Bounds(0, 23, &[]), Bounds(1, 31, &[]), Bounds(1, 12, &MONTHS), Bounds(0, 6, &WEEKDAYS)];

const NAMED: [(&str, &str); 7] = [
    ("@yearly", "0 0 1 1 *"),
    ("@annually", "0 0 1 1 *"),
    ("@monthly", "0 0 1 * *"),
    ("@weekly", "0 0 * * 0"),
    ("@daily", "0 0 * * *"),
    ("@midnight", "0 0 * * *"),
    ("@hourly", "0 * * * *"),
];

impl Schedule {
    /// Reads a schedule; `zone` is that of its hours.
    pub fn parse(text: &str, zone: Option<&str>) -> Result<Schedule, String> {
        if text.is_empty() {
            return Err("empty spec string".to_owned());
        }
        let (zone, text) = match text.strip_prefix("CRON_TZ=").or_else(|| text.strip_prefix("TZ=")) {
            Some(rest) => rest.split_once(' ').map_or((Some(rest), ""), |(zone, rest)| (Some(zone), rest.trim())),
            None => (zone, text),
        };
        let offset =
            |name| zone_offset(name).ok_or_else(|| format!("provided bad location {name}: unknown time zone {name}"));
        let offset_seconds = zone.map_or(Ok(0), offset)?;
        if let Some(text) = text.strip_prefix("@every ") {
            let span = duration::parse_go_span(text);
            let span = span.map_err(|error| format!("failed to parse duration @every {text}: {error}"))?;
            return Ok(Schedule::Every(Span::from_seconds(span.whole_seconds().max(1))));
        }
        if text.starts_with('@') {
            let named = NAMED.iter().find(|(name, _)| *name == text);
            let (_, fields) = named.ok_or_else(|| format!("unrecognized descriptor: {text}"))?;
            return parse_fields(fields, offset_seconds);
        }
        parse_fields(text, offset_seconds)
    }

    /// The first time after an instant; none if the schedule names days that no year has.
    pub fn next(&self, after: Time) -> Option<Time> {
        match self {
            Schedule::Every(span) => Some(after.truncate_to_second() + *span),
            Schedule::At(fields) => fields.next(after),
        }
    }
}

fn parse_fields(text: &str, offset_seconds: i64) -> Result<Schedule, String> {
    let texts: Vec<&str> = text.split_whitespace().collect();
    if texts.len() != BOUNDS.len() {
        return Err(format!("expected exactly 5 fields, found {}: [{}]", texts.len(), texts.join(" ")));
    }
    let mut bits = [0; BOUNDS.len()];
    for (index, text) in texts.iter().enumerate() {
        for part in text.split(',').filter(|part| !part.is_empty()) {
            bits[index] |= parse_range(part, &BOUNDS[index])?;
        }
    }
    let [minutes, hours, days, months, weekdays] = bits;
    Ok(Schedule::At(Fields { minutes, hours, days, months, weekdays, offset_seconds }))
}

/// `*`, `5`, `mon-fri`, `*/15`, `10-50/20`
fn parse_range(text: &str, bounds: &Bounds) -> Result<u64, String> {
    let Bounds(lowest, highest, names) = *bounds;
    let (range, step) = text.split_once('/').map_or((text, None), |(range, step)| (range, Some(step)));
    if step.is_some_and(|step| step.contains('/')) {
        return Err(format!("too many slashes: {text}"));
    }
    let (low, high) = range.split_once('-').map_or((range, None), |(low, high)| (low, Some(high)));
    let (start, mut end, mut extra) = if matches!(low, "*" | "?") {
        (lowest, highest, OPEN)
    } else if high.is_some_and(|high| high.contains('-')) {
        return Err(format!("too many hyphens: {text}"));
    } else {
        let start = parse_name(low, names)?;
        (start, high.map_or(Ok(start), |high| parse_name(high, names))?, 0)
    };
    let step = step.map_or(Ok(1), parse_number)?;
    if range.len() != text.len() {
        end = if high.is_none() { highest } else { end };
        extra = if step > 1 { 0 } else { extra };
    }
    if start < lowest {
        return Err(format!("beginning of range ({start}) below minimum ({lowest}): {text}"));
    }
    if end > highest {
        return Err(format!("end of range ({end}) above maximum ({highest}): {text}"));
    }
    if start > end {
        return Err(format!("beginning of range ({start}) beyond end of range ({end}): {text}"));
    }
    if step == 0 {
        return Err(format!("step of range should be a positive number: {text}"));
    }
    Ok((start..=end).step_by(step as usize).fold(extra, |bits, value| bits | 1 << value))
}

/// Names count from the field's lowest value: January is 1, Sunday 0.
fn parse_name(text: &str, names: &[&str]) -> Result<u32, String> {
    let first = u32::from(names.len() == MONTHS.len());
    match (first..).zip(names).find(|(_, name)| name.eq_ignore_ascii_case(text)) {
        Some((number, _)) => Ok(number),
        None => parse_number(text),
    }
}

fn parse_number(text: &str) -> Result<u32, String> {
    match text.parse::<i64>() {
        Ok(number) if number < 0 => Err(format!("negative number ({number}) not allowed: {text}")),
        Ok(number) => Ok(u32::try_from(number).unwrap_or(u32::MAX)),
        Err(_) => Err(format!("failed to parse int from {text}: strconv.Atoi: parsing {text:?}: invalid syntax")),
    }
}

impl Fields {
    fn next(&self, after: Time) -> Option<Time> {
        let first = (after.unix_seconds() + self.offset_seconds).div_euclid(60) + 1;
        let (today, mut minute) = (first.div_euclid(DAY_MINUTES), first.rem_euclid(DAY_MINUTES));
        let calendar = |day: i64| Time((day * DAY_SECONDS).max(0) as u64 * 1_000_000).calendar();
        let last_year = calendar(today).year + YEARS_MAX;
        for day in today.. {
            let date = calendar(day);
            if date.year > last_year {
                return None;
            }
            if has(self.months, i64::from(date.month)) && self.has_day(i64::from(date.day), i64::from(date.weekday)) {
                let is_due = |minute: &i64| has(self.hours, minute / 60) && has(self.minutes, minute % 60);
                if let Some(found) = (minute..DAY_MINUTES).find(is_due) {
                    let seconds = day * DAY_SECONDS + found * 60 - self.offset_seconds;
                    return Some(Time(seconds.max(0) as u64 * 1_000_000));
                }
            }
            minute = 0;
        }
        None
    }

    /// A day of the month and a day of the week, both named, are alternatives.
    fn has_day(&self, day: i64, weekday: i64) -> bool {
        let (by_date, by_weekday) = (has(self.days, day), has(self.weekdays, weekday));
        let one_is_open = (self.days | self.weekdays) & OPEN != 0;
        if one_is_open { by_date && by_weekday } else { by_date || by_weekday }
    }
}

const fn has(bits: u64, value: i64) -> bool {
    bits >> value & 1 == 1
}

#[cfg(test)]
mod tests {
    use super::*;

    fn check(schedule: &str, zone: Option<&str>, after: &str, expect: &str) {
        let schedule = Schedule::parse(schedule, zone).unwrap();
        let next = schedule.next(Time::parse_rfc3339(after).unwrap());
        assert_eq!(next.map(Time::to_rfc3339).as_deref().unwrap_or("never"), expect);
    }

    #[test]
    fn the_next_time_comes_after_the_last() {
        check("* * * * *", None, "2026-01-01T00:00:00Z", "2026-01-01T00:01:00Z");
        check("*/15 * * * *", None, "2026-01-01T00:44:59Z", "2026-01-01T00:45:00Z");
        check("30 6-16/4 * * 1-5", None, "2026-01-02T14:30:00Z", "2026-01-05T06:30:00Z");
        check("0 0 1 jan ?", None, "2026-01-01T00:00:00Z", "2027-01-01T00:00:00Z");
        check("0 0 13 * fri", None, "2026-01-03T00:00:00Z", "2026-01-09T00:00:00Z");
        check("@daily", None, "2026-01-01T10:00:00Z", "2026-01-02T00:00:00Z");
        check("@every 90m", None, "2026-01-01T10:00:00Z", "2026-01-01T11:30:00Z");
        check("0 9 * * *", Some("Asia/Tokyo"), "2026-01-01T10:00:00Z", "2026-01-02T00:00:00Z");
        check("59 23 31 2 *", None, "2026-01-01T10:00:00Z", "never");
    }

    #[test]
    fn what_is_no_schedule_says_why() {
        for (text, expect) in [
            ("", "empty spec string"),
            ("* * * *", "expected exactly 5 fields, found 4: [* * * *]"),
            ("60 * * * *", "end of range (60) above maximum (59): 60"),
            ("* * 0 * *", "beginning of range (0) below minimum (1): 0"),
            ("5-1 * * * *", "beginning of range (5) beyond end of range (1): 5-1"),
            ("a * * * *", "failed to parse int from a: strconv.Atoi: parsing \"a\": invalid syntax"),
            ("*/0 * * * *", "step of range should be a positive number: */0"),
            ("1/2/3 * * * *", "too many slashes: 1/2/3"),
            ("@often", "unrecognized descriptor: @often"),
        ] {
            assert_eq!(Schedule::parse(text, None), Err(expect.to_owned()), "{text}");
        }
    }
}
