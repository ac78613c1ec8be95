//! What a container's first process has printed.

use std::collections::VecDeque;

use sim::Time;
use thin::Str;

/// Lines that one container's log keeps at most; older ones are let go, as a rotated file is.
const LINES_MAX: usize = 5_000;
/// Bytes that one container's log keeps at most.
const BYTES_MAX: usize = 512 * 1024;
/// Bytes of one line; a longer one is broken, as the runtime does.
const LINE_BYTES_MAX: usize = 16 * 1024;

/// A line with the instant of its writing.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct LogLine {
    /// When it was written.
    pub at: Time,
    /// The text without its newline.
    pub text: Str,
}

/// A container's log: a ring of lines.
#[derive(Clone, Debug, Default)]
pub struct Log {
    lines: VecDeque<LogLine>,
    bytes: usize,
    /// How many lines have been let go.
    dropped: usize,
    /// What was written after the last newline.
    partial: Vec<u8>,
}

impl Log {
    /// Adds output.
    pub fn write(&mut self, bytes: &[u8], now: Time) {
        for &byte in bytes {
            if byte != b'\n' {
                self.partial.push(byte);
            }
            if byte == b'\n' || self.partial.len() >= LINE_BYTES_MAX {
                self.end_line(now);
            }
        }
    }

    /// The process has ended: what it began to write is a line.
    pub fn finish(&mut self, now: Time) {
        if !self.partial.is_empty() {
            self.end_line(now);
        }
    }

    /// What was written after the last newline: on a terminal, a prompt.
    pub fn unfinished(&self) -> &[u8] {
        &self.partial
    }

    /// The number of the first line that is kept, counted from the container's start.
    pub fn first(&self) -> usize {
        self.dropped
    }

    /// The number after the last line.
    pub fn end(&self) -> usize {
        self.dropped + self.lines.len()
    }

    /// The lines from this number on.
    pub fn lines_from(&self, number: usize) -> impl Iterator<Item = &LogLine> + Clone {
        self.lines.iter().skip(number.saturating_sub(self.dropped))
    }

    fn end_line(&mut self, now: Time) {
        let text: Str = String::from_utf8_lossy(&self.partial).into_owned().into();
        self.partial.clear();
        self.bytes += text.len();
        self.lines.push_back(LogLine { at: now, text });
        while self.lines.len() > LINES_MAX || self.bytes > BYTES_MAX {
            if let Some(oldest) = self.lines.pop_front() {
                self.bytes -= oldest.text.len();
                self.dropped += 1;
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn output_becomes_lines_and_the_oldest_go_first() {
        let mut log = Log::default();
        log.write(b"a\nb", Time(1));
        log.write(b"c\n", Time(2));
        let texts: Vec<&str> = log.lines_from(0).map(|line| line.text.as_str()).collect();
        assert_eq!(texts, ["a", "bc"]);
        for _ in 0..LINES_MAX {
            log.write(b"x\n", Time(3));
        }
        assert_eq!((log.first(), log.end()), (2, LINES_MAX + 2));
    }
}
