//! Sets of completion indexes, as a Job's status writes them: `0,2-4`.
//!
//! Models: kubernetes v1.36 pkg/controller/job/indexed_job_utils.go (orderedIntervals).

use std::fmt;

/// Indexes as intervals, in order; no two touch.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Intervals(Vec<(i32, i32)>);

impl Intervals {
    /// Reads `0,2-4`; what is not below the number of completions, or no number, is left out.
    pub fn parse(text: &str, completions: i32) -> Intervals {
        let mut intervals = Intervals::default();
        for part in text.split(',') {
            let (first, last) = part.split_once('-').unwrap_or((part, part));
            let (Ok(first), Ok(last)) = (first.parse::<i32>(), last.parse::<i32>()) else { continue };
            if first < completions {
                intervals.push(first, last.min(completions - 1));
            }
        }
        intervals
    }

    /// Appends an interval that begins at or after the last one.
    fn push(&mut self, first: i32, last: i32) {
        match self.0.last_mut() {
            Some(before) if first <= before.1.saturating_add(1) => before.1 = before.1.max(last),
            _ => self.0.push((first, last)),
        }
    }

    /// These and more indexes, which come in order.
    pub fn with(&self, more: &[i32]) -> Intervals {
        self.merged(&Intervals(more.iter().map(|index| (*index, *index)).collect()))
    }

    /// These and others.
    pub fn merged(&self, others: &Intervals) -> Intervals {
        let mut merged = Intervals::default();
        let (mut own, mut new) = (self.0.iter().peekable(), others.0.iter().peekable());
        while own.peek().is_some() || new.peek().is_some() {
            let own_is_next = own.peek().is_some_and(|own| new.peek().is_none_or(|new| own.0 < new.0));
            match if own_is_next { own.next() } else { new.next() } {
                Some((first, last)) => merged.push(*first, *last),
                None => break,
            }
        }
        merged
    }

    /// Whether an index is among them.
    pub fn has(&self, index: i32) -> bool {
        let at = self.0.partition_point(|interval| interval.1 < index);
        self.0.get(at).is_some_and(|interval| interval.0 <= index)
    }

    /// How many there are.
    pub fn total(&self) -> i32 {
        self.0.iter().map(|(first, last)| last - first + 1).sum()
    }

    /// How many of them are among others.
    pub fn common(&self, others: &Intervals) -> i32 {
        let overlap = |left: &(i32, i32), right: &(i32, i32)| (left.1.min(right.1) - left.0.max(right.0) + 1).max(0);
        self.0.iter().map(|own| others.0.iter().map(|other| overlap(own, other)).sum::<i32>()).sum()
    }

    /// The first indexes below `end` that are not among them.
    pub fn missing(&self, end: i32, count: usize) -> Vec<i32> {
        let (mut found, mut candidate) = (Vec::new(), 0);
        for (first, last) in self.0.iter().copied().chain([(end, end)]) {
            while candidate < first.min(end) && found.len() < count {
                found.push(candidate);
                candidate += 1;
            }
            candidate = candidate.max(last.saturating_add(1));
        }
        found
    }
}

impl fmt::Display for Intervals {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        for (index, (first, last)) in self.0.iter().enumerate() {
            let comma = if index > 0 { "," } else { "" };
            match last - first {
                0 => write!(f, "{comma}{first}")?,
                1 => write!(f, "{comma}{first},{last}")?,
                _ => write!(f, "{comma}{first}-{last}")?,
            }
        }
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn intervals_read_merge_and_print() {
        let check = |text: &str, more: &[i32], expect: &str| {
            assert_eq!(Intervals::parse(text, 10).with(more).to_string(), expect, "{text} and {more:?}");
        };
        check("", &[], "");
        check("", &[0, 1], "0,1");
        check("0,1", &[2], "0-2");
        check("1,3-5", &[2, 7], "1-5,7");
        check("0-20", &[], "0-9");
        check("3-5", &[0, 4, 6], "0,3-6");
    }

    #[test]
    fn what_is_missing_comes_in_order() {
        let intervals = Intervals::parse("1,3-4", 10);
        assert_eq!(intervals.missing(7, 9), [0, 2, 5, 6]);
        assert_eq!(intervals.missing(7, 1), [0]);
        assert!(intervals.has(4) && !intervals.has(2));
        assert_eq!(intervals.common(&Intervals::parse("0-3", 10)), 2);
    }
}
