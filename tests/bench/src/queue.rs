//! The bare event queue: the floor under every other measure.

use sim::{Queue, Random, Span, Time};

const EVENTS: u64 = 1_000_000;
const WAITING: u64 = 10_000;

/// Takes and pushes a million events while ten thousand wait.
pub(crate) fn one_million_events() -> String {
    let mut delays = Random::stream(1, "delays");
    let mut queue = Queue::new(Time(0));
    for event in 0..WAITING {
        queue.push(Time(delays.below(1_000_000)), event);
    }
    let mut handled = 0;
    while handled < EVENTS {
        let Some((at, event)) = queue.pop_until(Time(u64::MAX)) else { break };
        queue.push(at + Span(delays.below(1_000_000)), event);
        handled += 1;
    }
    format!("{handled} events, {} wait", queue.len())
}
