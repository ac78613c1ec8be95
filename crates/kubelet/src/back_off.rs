//! Waiting longer after every failure.
//!
//! Models: kubernetes v1.36 client-go util/flowcontrol/backoff.go, with the kubelet's 10 s (for restarts a value of the timing
//! profile) to 300 s.

use sim::{Span, Time};

/// The first wait of a pull.
pub(crate) const INITIAL: Span = Span::from_seconds(10);
const MAX: Span = Span::from_seconds(300);

/// The back-off of one container, or of one container's image.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(crate) struct BackOff {
    /// Apart, since hardly any container has failed.
    entry: Option<Box<Entry>>,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
struct Entry {
    wait: Span,
    updated: Time,
}

impl BackOff {
    /// Until when a try is too early, if it is, after a failure at `since`.
    pub(crate) fn until(&self, since: Time, now: Time) -> Option<Time> {
        api::reached!("kubelet::back_off::until");
        let entry = self.entry.as_deref().filter(|entry| !has_expired(entry, since))?;
        let until = since + entry.wait;
        (now < until).then_some(until)
    }

    /// The wait that applies now.
    pub(crate) fn wait(&self) -> Span {
        self.entry.as_deref().map_or(INITIAL, |entry| entry.wait)
    }

    /// A try after a failure at `since` begins now; the first wait is `initial`.
    pub(crate) fn next(&mut self, initial: Span, since: Time, now: Time) {
        api::reached!("kubelet::back_off::next");
        let wait = match self.entry.as_deref().filter(|entry| !has_expired(entry, since)) {
            Some(entry) => Span(entry.wait.0 * 2).min(MAX),
            None => initial,
        };
        self.entry = Some(Box::new(Entry { wait, updated: now }));
    }
}

/// A container that ran for long is forgiven.
fn has_expired(entry: &Entry, since: Time) -> bool {
    since.since(entry.updated) > Span(MAX.0 * 2)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_first_restart_is_at_once_and_then_waits_double() {
        let (mut back_off, mut now) = (BackOff::default(), Time::HEADLESS_START);
        let mut waits = Vec::new();
        for _ in 0..8 {
            let until = back_off.until(now, now).unwrap_or(now);
            waits.push(until.since(now).whole_seconds());
            back_off.next(INITIAL, now, until);
            now = until + Span::from_seconds(1);
        }
        assert_eq!(waits, [0, 10, 20, 40, 80, 160, 300, 300]);
        assert_eq!(back_off.until(now + Span::from_seconds(700), now + Span::from_seconds(700)), None);
    }
}
