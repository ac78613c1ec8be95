//! Lines of the server's log, in the format of its `log4j.properties`.

use sim::Time;

/// How much a line matters.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(super) enum Level {
    Info,
    Warn,
    Error,
    Fatal,
}

/// The levels by the names that `--log_level` takes; DEBUG and INFO show the same here.
pub(super) const LEVELS: [(&str, Level); 5] = [
    ("DEBUG", Level::Info),
    ("INFO", Level::Info),
    ("WARN", Level::Warn),
    ("ERROR", Level::Error),
    ("FATAL", Level::Fatal),
];

/// The log of a process.
#[derive(Clone, Debug)]
pub(super) struct Log {
    pub(super) threshold: Level,
    /// `myid`, once it is known.
    pub(super) id: String,
    /// Lines that were not printed yet.
    pub(super) text: String,
}

impl Log {
    pub(super) fn new(threshold: Level) -> Log {
        Log { threshold, id: String::new(), text: String::new() }
    }

    pub(super) fn info(&mut self, now: Time, place: &str, message: &str) {
        self.line(now, Level::Info, place, message);
    }

    pub(super) fn warn(&mut self, now: Time, place: &str, message: &str) {
        self.line(now, Level::Warn, place, message);
    }

    /// A line about something at `place` (thread, class, line).
    pub(super) fn line(&mut self, now: Time, level: Level, place: &str, message: &str) {
        if level < self.threshold {
            return;
        }
        let word = LEVELS.iter().rev().find(|(_, its)| *its == level).map_or("", |(word, _)| word);
        let text = format!("{} [myid:{}] - {word:<5} [{place}] - {message}\n", stamp(now), self.id);
        self.text.push_str(&text);
    }
}

fn stamp(now: Time) -> String {
    let c = now.calendar();
    let millis = c.micros / 1_000;
    format!("{:04}-{:02}-{:02} {:02}:{:02}:{:02},{millis:03}", c.year, c.month, c.day, c.hour, c.minute, c.second)
}

/// An instant as Java prints a date.
pub(super) fn date(time_ms: u64) -> String {
    const DAYS: [&str; 7] = ["Sun", "Mon", "Tue", "Wed", "Thu", "Fri", "Sat"];
    const MONTHS: [&str; 12] = ["Jan", "Feb", "Mar", "Apr", "May", "Jun", "Jul", "Aug", "Sep", "Oct", "Nov", "Dec"];
    let c = Time(time_ms * 1_000).calendar();
    let (day, month) = (DAYS[usize::from(c.weekday) % 7], MONTHS[usize::from(c.month.clamp(1, 12)) - 1]);
    format!("{day} {month} {:02} {:02}:{:02}:{:02} UTC {}", c.day, c.hour, c.minute, c.second, c.year)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn lines_have_the_form_of_the_pattern() {
        let mut log = Log::new(Level::Info);
        log.id = "1".into();
        log.info(Time::HEADLESS_START, "main:QuorumPeerMain@127", "Starting quorum peer");
        log.threshold = Level::Error;
        log.warn(Time::HEADLESS_START, "main:X@1", "not shown");
        let expect = "2026-01-01 00:00:00,000 [myid:1] - INFO  [main:QuorumPeerMain@127] - Starting quorum peer\n";
        assert_eq!(log.text, expect);
        assert_eq!(date(0), "Thu Jan 01 00:00:00 UTC 1970");
    }
}
