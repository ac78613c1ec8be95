//! The one queue of everything that will happen.

use std::cmp::Reverse;
use std::collections::BinaryHeap;

use crate::Time;

/// Events ordered by (time, sequence). Pushing an event in the past is a bug of the caller and is caught.
#[derive(Clone, Debug)]
pub struct Queue<E> {
    heap: BinaryHeap<Reverse<Entry<E>>>,
    sequence: u64,
    now: Time,
}

#[derive(Clone, Debug)]
struct Entry<E> {
    at: Time,
    sequence: u64,
    event: E,
}

impl<E> PartialEq for Entry<E> {
    fn eq(&self, other: &Self) -> bool {
        (self.at, self.sequence) == (other.at, other.sequence)
    }
}
impl<E> Eq for Entry<E> {}
impl<E> PartialOrd for Entry<E> {
    fn partial_cmp(&self, other: &Self) -> Option<std::cmp::Ordering> {
        Some(self.cmp(other))
    }
}
impl<E> Ord for Entry<E> {
    fn cmp(&self, other: &Self) -> std::cmp::Ordering {
        (self.at, self.sequence).cmp(&(other.at, other.sequence))
    }
}

impl<E> Queue<E> {
    /// An empty queue whose clock stands at `now`.
    pub fn new(now: Time) -> Self {
        Queue { heap: BinaryHeap::new(), sequence: 0, now }
    }

    /// The instant of the event taken last.
    pub fn now(&self) -> Time {
        self.now
    }

    /// Adds an event.
    pub fn push(&mut self, at: Time, event: E) {
        assert!(at >= self.now, "an event for {at} was pushed at {}", self.now);
        self.sequence += 1;
        self.heap.push(Reverse(Entry { at, sequence: self.sequence, event }));
    }

    /// When the next event is due.
    pub fn next_at(&self) -> Option<Time> {
        self.heap.peek().map(|Reverse(entry)| entry.at)
    }

    /// Takes the next event if it is due at or before `limit`, and moves the clock to it.
    pub fn pop_until(&mut self, limit: Time) -> Option<(Time, E)> {
        if self.next_at()? > limit {
            return None;
        }
        let Reverse(entry) = self.heap.pop()?;
        self.now = entry.at;
        Some((entry.at, entry.event))
    }

    /// Moves the clock on when nothing is due before `to`.
    pub fn advance_to(&mut self, to: Time) {
        assert!(self.next_at().is_none_or(|at| at >= to), "an event is due before {to}");
        self.now = self.now.max(to);
    }

    /// How many events wait.
    pub fn len(&self) -> usize {
        self.heap.len()
    }

    /// Whether nothing waits.
    pub fn is_empty(&self) -> bool {
        self.heap.is_empty()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn events_of_one_instant_keep_their_order() {
        let mut queue = Queue::new(Time(0));
        queue.push(Time(5), "second");
        queue.push(Time(5), "third");
        queue.push(Time(1), "first");
        let order: Vec<_> = std::iter::from_fn(|| queue.pop_until(Time(10))).map(|(_, event)| event).collect();
        assert_eq!(order, ["first", "second", "third"]);
    }

    #[test]
    fn nothing_is_taken_before_its_time() {
        let mut queue = Queue::new(Time(0));
        queue.push(Time(5), ());
        assert!(queue.pop_until(Time(4)).is_none());
        assert_eq!(queue.now(), Time(0));
    }
}
