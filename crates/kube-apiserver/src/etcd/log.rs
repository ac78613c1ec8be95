//! The log of one kind: what watchers read.

use api::{Reason, Status};
use client::Change;
use sim::{Span, Time};

/// Changes in the order of their revisions. Old ones are let go; a watcher that comes later than that is told so.
#[derive(Clone, Debug, Default)]
pub(super) struct Log {
    changes: Vec<Change>,
    /// Entries before this index are gone (their places are reused now and then).
    first: usize,
    /// The newest revision that is gone.
    compacted: u64,
}

/// How long a change is kept. All watchers of the simulation read within a watch latency; this leaves room.
const KEPT: Span = Span::from_seconds(10);
/// How many changes are kept at most.
const KEPT_MAX: usize = 100_000;

impl Log {
    pub(super) fn push(&mut self, change: Change) {
        let now = change.at;
        self.changes.push(change);
        self.compact(now);
    }

    /// The changes with a revision above `after`, committed at or before `until`.
    pub(super) fn between(&self, after: u64, until: Time) -> Result<&[Change], Status> {
        if after < self.compacted {
            let message = format!("too old resource version: {after} ({})", self.compacted);
            return Err(Status::new(Reason::Expired, message));
        }
        let kept = &self.changes[self.first..];
        let from = kept.partition_point(|change| change.revision <= after);
        let to = kept.partition_point(|change| change.at <= until);
        Ok(&kept[from..to.max(from)])
    }

    pub(super) fn compact(&mut self, now: Time) {
        let oldest_kept = now - KEPT;
        let kept = &self.changes[self.first..];
        let aged = kept.partition_point(|change| change.at < oldest_kept);
        let gone = aged.max(kept.len().saturating_sub(KEPT_MAX));
        if gone == 0 {
            return;
        }
        self.compacted = kept[gone - 1].revision;
        self.first += gone;
        // Moving the rest down only when half is gone keeps a push cheap on average.
        if self.first * 2 >= self.changes.len() {
            self.changes.drain(..self.first);
            self.changes.shrink_to(self.changes.len() * 2);
            self.first = 0;
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use api::core::config::ConfigMap;
    use client::ChangeKind;

    fn change(revision: u64, at: Time) -> Change {
        Change { kind: ChangeKind::Added, object: ConfigMap::default().into(), old: None, revision, at }
    }

    #[test]
    fn a_watcher_reads_what_came_after_its_revision_and_before_its_horizon() {
        let mut log = Log::default();
        for revision in 1..=4 {
            log.push(change(revision, Time(revision)));
        }
        let revisions = |after, until| -> Vec<u64> {
            log.between(after, Time(until)).unwrap().iter().map(|change| change.revision).collect()
        };
        assert_eq!(revisions(1, 3), [2, 3]);
        assert_eq!(revisions(4, 9), [0; 0]);
    }

    #[test]
    fn a_watcher_that_comes_too_late_is_told_so() {
        let mut log = Log::default();
        log.push(change(1, Time(0)));
        log.push(change(2, Time(0) + Span::from_seconds(60)));
        assert_eq!(log.between(0, Time(u64::MAX)).unwrap_err().reason, Reason::Expired);
        assert_eq!(log.between(1, Time(u64::MAX)).unwrap().len(), 1);
    }
}
