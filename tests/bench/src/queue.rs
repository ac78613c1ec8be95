//! The bare event queue: the floor under every other measure.

use sim::{Queue, Random, Span, Time};

use crate::measure::{Figure, Measure};

const EVENTS: u64 = 1_000_000;
const WAITING: u64 = 10_000;

/// A million events, taken and pushed while ten thousand wait.
pub(crate) struct Events {
    queue: Queue<u64>,
    delays: Random,
    handled: u64,
}

impl Events {
    pub(crate) fn new() -> Events {
        let mut delays = Random::stream(1, "delays");
        let mut queue = Queue::new(Time(0));
        for event in 0..WAITING {
            queue.push(Time(delays.below(1_000_000)), event);
        }
        Events { queue, delays, handled: 0 }
    }
}

impl Measure for Events {
    fn work(&mut self) {
        while self.handled < EVENTS {
            let Some((at, event)) = self.queue.pop_until(Time(u64::MAX)) else { break };
            self.queue.push(at + Span(self.delays.below(1_000_000)), event);
            self.handled += 1;
        }
    }

    fn figures(&mut self) -> Result<Vec<Figure>, String> {
        Ok(vec![Figure::new("handled", self.handled as f64, ""), Figure::new("wait", self.queue.len() as f64, "")])
    }
}
