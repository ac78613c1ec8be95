//! Lines of the server's log, in the pattern of the image's `logback.xml`: level, time of day, message.

use sim::Time;
use thin::format_str;

/// The log of a process.
#[derive(Clone, Debug, Default)]
pub(super) struct Log {
    /// Lines that were not printed yet.
    pub(super) text: String,
}

impl Log {
    pub(super) fn info(&mut self, now: Time, message: &str) {
        self.line(now, "INFO", message);
    }

    pub(super) fn warn(&mut self, now: Time, message: &str) {
        self.line(now, "WARN", message);
    }

    pub(super) fn error(&mut self, now: Time, message: &str) {
        self.line(now, "ERROR", message);
    }

    fn line(&mut self, now: Time, level: &str, message: &str) {
        let c = now.calendar();
        self.text.push_str(&format_str!("{level:<5} {:02}:{:02}:{:02} {message}\n", c.hour, c.minute, c.second));
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn lines_have_the_form_of_the_pattern() {
        let mut log = Log::default();
        log.info(Time::HEADLESS_START, "Node /10.0.0.1 state jump to NORMAL");
        log.error(Time::HEADLESS_START, "x");
        assert_eq!(log.text, "INFO  00:00:00 Node /10.0.0.1 state jump to NORMAL\nERROR 00:00:00 x\n");
    }
}
