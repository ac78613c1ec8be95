//! `date`: the virtual time, in UTC.

use sim::{CalendarTime, Time};

use super::{Builtin, Kind, Runner};
use crate::process::{Context, Options};

pub(super) const BUILTIN: Builtin = Builtin {
    name: "date",
    usage: "date [-u] [-d TIME] [-Is] [+FORMAT]",
    kind: Kind::Program,
    runner: Runner::Once(date),
};

const DAYS: [&str; 7] = ["Sunday", "Monday", "Tuesday", "Wednesday", "Thursday", "Friday", "Saturday"];
const MONTHS: [&str; 12] = [
    "January",
    "February",
    "March",
    "April",
    "May",
    "June",
    "July",
    "August",
    "September",
    "October",
    "November",
    "December",
];

fn date(context: &mut Context) -> i32 {
    let long = [("utc", 'u'), ("universal", 'u'), ("date", 'd'), ("iso-8601", 'I'), ("rfc-email", 'R')];
    // `-I` takes an optional, attached value.
    let iso = context.args.iter().find_map(|arg| arg.strip_prefix("-I").or(arg.strip_prefix("--iso-8601=")));
    let args: Vec<String> = context.args.iter().filter(|arg| !arg.starts_with("-I")).cloned().collect();
    let options = match Options::parse(&args, "ud:I:R", &long) {
        Ok(options) => options,
        Err(text) => return context.fail(text),
    };
    let time = match options.value('d') {
        None => context.caller.now,
        Some(text) => match parse(text, context.caller.now) {
            Some(time) => time,
            None => return context.fail(format_args!("invalid date '{text}'")),
        },
    };
    let format = match (options.operands.first(), iso) {
        (_, Some("" | "date")) => "%Y-%m-%d",
        (_, Some(_)) => "%Y-%m-%dT%H:%M:%S+00:00",
        (None, None) if options.has('R') => "%a, %d %b %Y %H:%M:%S +0000",
        (None, None) => "%a %b %e %H:%M:%S UTC %Y",
        (Some(operand), None) => match operand.strip_prefix('+') {
            Some(format) => format,
            None => return context.fail("cannot set date: Operation not permitted"),
        },
    };
    let line = render(format, time) + "\n";
    context.out(line);
    0
}

fn parse(text: &str, now: Time) -> Option<Time> {
    if text == "now" {
        return Some(now);
    }
    if let Some(seconds) = text.strip_prefix('@') {
        return seconds.parse::<u64>().ok().and_then(|s| s.checked_mul(1_000_000)).map(Time);
    }
    let full = match text.len() {
        10 => format!("{text}T00:00:00Z"),
        19 => format!("{text}Z"),
        _ => text.to_string(),
    };
    Time::parse_rfc3339(&full)
}

fn render(format: &str, time: Time) -> String {
    let c = time.calendar();
    let mut text = String::new();
    let mut chars = format.chars();
    while let Some(sign) = chars.next() {
        if sign != '%' {
            text.push(sign);
            continue;
        }
        match chars.next() {
            Some(letter) => text.push_str(&field(letter, &c, time)),
            None => text.push('%'),
        }
    }
    text
}

fn field(letter: char, c: &CalendarTime, time: Time) -> String {
    let (day, month) = (DAYS[usize::from(c.weekday % 7)], MONTHS[usize::from(c.month.clamp(1, 12)) - 1]);
    let hour12 = if c.hour.is_multiple_of(12) { 12 } else { c.hour % 12 };
    match letter {
        'Y' => format!("{:04}", c.year),
        'y' => format!("{:02}", c.year % 100),
        'm' => format!("{:02}", c.month),
        'd' => format!("{:02}", c.day),
        'e' => format!("{:2}", c.day),
        'H' => format!("{:02}", c.hour),
        'I' => format!("{hour12:02}"),
        'M' => format!("{:02}", c.minute),
        'S' => format!("{:02}", c.second),
        'N' => format!("{:09}", u64::from(c.micros) * 1_000),
        'p' => if c.hour < 12 { "AM" } else { "PM" }.to_string(),
        'a' => day[..3].to_string(),
        'A' => day.to_string(),
        'b' | 'h' => month[..3].to_string(),
        'B' => month.to_string(),
        'u' => if c.weekday == 0 { 7 } else { c.weekday }.to_string(),
        'w' => c.weekday.to_string(),
        'j' => format!("{:03}", day_of_year(c)),
        's' => time.unix_seconds().to_string(),
        'F' => format!("{:04}-{:02}-{:02}", c.year, c.month, c.day),
        'T' => format!("{:02}:{:02}:{:02}", c.hour, c.minute, c.second),
        'R' => format!("{:02}:{:02}", c.hour, c.minute),
        'D' => format!("{:02}/{:02}/{:02}", c.month, c.day, c.year % 100),
        'Z' => "UTC".to_string(),
        'z' => "+0000".to_string(),
        'n' => "\n".to_string(),
        't' => "\t".to_string(),
        '%' => "%".to_string(),
        other => format!("%{other}"),
    }
}

fn day_of_year(c: &CalendarTime) -> u32 {
    let leap = (c.year % 4 == 0 && c.year % 100 != 0) || c.year % 400 == 0;
    let lengths = [31, if leap { 29 } else { 28 }, 31, 30, 31, 30, 31, 31, 30, 31, 30, 31];
    lengths[..usize::from(c.month.clamp(1, 12)) - 1].iter().sum::<u32>() + u32::from(c.day)
}
