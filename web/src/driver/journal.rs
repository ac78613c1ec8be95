//! The session's journal, on the page's side: lines as the engine gave them, kept as they happen.
//!
//! Kept in the tab's session storage, a key per line, so that keeping one costs the same however long the session is.
//! A second tab has its own. Storage that is full or forbidden costs the reload, not the session.

use web_sys::Storage;

const VERSION_KEY: &str = "ordinal.v";
const VERSION: &str = "1";
const COUNT_KEY: &str = "ordinal.lines";
const CLOCK_KEY: &str = "ordinal.clock";

/// A line and when it happened.
#[derive(Clone, PartialEq, Eq, Debug)]
pub(super) struct Line {
    /// Microseconds since the Unix epoch, virtual.
    pub at_us: u64,
    /// JSON, as the engine wrote it.
    pub text: String,
}

/// All lines of the present session, and where they are kept.
#[derive(Debug, Default)]
pub struct Journal {
    lines: Vec<Line>,
    storage: Option<Storage>,
    saved_clock_us: u64,
    failed: bool,
}

impl Journal {
    /// An empty journal that is kept in `storage`, if there is one.
    pub fn new(storage: Option<Storage>) -> Journal {
        Journal { failed: storage.is_none(), storage, ..Journal::default() }
    }

    /// Whether a reload would lose the session.
    pub fn is_unkept(&self) -> bool {
        self.failed
    }

    /// The lines, the header first.
    pub fn texts(&self) -> Vec<String> {
        self.lines.iter().map(|line| line.text.clone()).collect()
    }

    /// The file a reader downloads or sends with a report.
    pub fn export(&self) -> String {
        self.lines.iter().map(|line| format!("{}\n", line.text)).collect()
    }

    /// When the last line happened.
    pub fn last_us(&self) -> u64 {
        self.lines.last().map_or(0, |line| line.at_us)
    }

    /// Lines besides the header.
    pub fn entries(&self) -> usize {
        self.lines.len().saturating_sub(1)
    }

    /// Adds a line.
    pub fn push(&mut self, at_us: u64, text: String) {
        let index = self.lines.len();
        self.keep(&key_of(index), &format!("{at_us} {text}"));
        self.keep(COUNT_KEY, &(index + 1).to_string());
        self.lines.push(Line { at_us, text });
    }

    /// Takes the last line away, never the header. The instant it happened at.
    pub fn drop_last(&mut self) -> Option<u64> {
        if self.lines.len() < 2 {
            return None;
        }
        let line = self.lines.pop()?;
        self.forget(self.lines.len(), self.lines.len() + 1);
        Some(line.at_us)
    }

    /// Takes everything away.
    pub fn clear(&mut self) {
        let count = self.lines.len();
        self.lines.clear();
        self.forget(0, count);
    }

    /// Keeps the clock, at most once a virtual second, and whenever it is asked to at `precision_us` 0.
    pub fn keep_clock(&mut self, now_us: u64, precision_us: u64) {
        if now_us.abs_diff(self.saved_clock_us) > precision_us {
            self.saved_clock_us = now_us;
            self.keep(CLOCK_KEY, &now_us.to_string());
        }
    }

    /// When the session began.
    pub fn first_us(&self) -> u64 {
        self.lines.first().map_or(0, |line| line.at_us)
    }

    /// Takes over the lines that an earlier page of this tab kept; where its clock stood, if there are any.
    pub fn load(&mut self) -> Option<u64> {
        let storage = self.storage.as_ref()?;
        let get = |key: &str| storage.get_item(key).ok().flatten();
        if get(VERSION_KEY)? != VERSION {
            return None;
        }
        let count = get(COUNT_KEY)?.parse::<usize>().ok()?;
        let clock_us = get(CLOCK_KEY).and_then(|text| text.parse().ok()).unwrap_or(0);
        let line = |index: usize| {
            let kept = get(&key_of(index))?;
            let (at_us, text) = kept.split_once(' ')?;
            Some(Line { at_us: at_us.parse().ok()?, text: text.into() })
        };
        let lines: Vec<Line> = (0..count).map(line).collect::<Option<_>>()?;
        if lines.is_empty() {
            return None;
        }
        self.lines = lines;
        Some(clock_us)
    }

    /// Begins anew without touching what is kept: a replay is about to write the same lines again.
    pub fn restart(&mut self) {
        self.lines.clear();
    }

    fn keep(&mut self, key: &str, value: &str) {
        let Some(storage) = &self.storage else { return };
        let kept = storage.set_item(VERSION_KEY, VERSION).and_then(|()| storage.set_item(key, value));
        self.failed |= kept.is_err();
    }

    fn forget(&mut self, from: usize, to: usize) {
        let Some(storage) = &self.storage else { return };
        for index in from..to {
            // What cannot be removed is not counted either.
            let _ = storage.remove_item(&key_of(index));
        }
        self.keep(COUNT_KEY, &from.to_string());
    }
}

fn key_of(index: usize) -> String {
    format!("ordinal.line.{index}")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_header_stays() {
        let mut journal = Journal::new(None);
        journal.push(0, "header".into());
        journal.push(5, "entry".into());
        assert_eq!(journal.drop_last(), Some(5));
        assert_eq!(journal.drop_last(), None);
        assert_eq!(journal.export(), "header\n");
        assert!(journal.is_unkept(), "there is no storage");
    }
}
