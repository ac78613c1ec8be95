//! The order of keys, as positions: what all maps and sets share, whatever they hold.
//!
//! A key has a *slot*, its index in the vector that holds the keys. While a map is small its slots are in order and
//! nothing else is needed. A large one appends new keys at the end of the vector, and an [`Order`] lists the slots in the
//! order of their keys, in chunks, so that no insertion moves more than a chunk.

use std::cmp::Ordering;

/// Up to so many keys stand in order themselves.
const SMALL_MAX: usize = 16;
/// A chunk that is full is split.
const CHUNK_MAX: usize = 256;

/// Where in the order a key stands, or would stand.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Place {
    chunk: usize,
    index: usize,
}

/// The slots in the order of their keys; `None` where the slots themselves are in order.
#[derive(Clone, Debug, Default)]
#[expect(clippy::box_collection, reason = "most maps are small, and one word is all they should pay for the list")]
pub(crate) struct Order(Option<Box<Vec<Vec<u32>>>>);

/// How a slot is vacated.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Vacate {
    /// The slots behind it move up.
    Shift(usize),
    /// The last slot's content moves there.
    Swap(usize),
}

impl Order {
    pub(crate) const fn new() -> Order {
        Order(None)
    }

    /// Finds the place of a key among `len`; `probe` compares the key in a slot with it.
    pub(crate) fn find(&self, len: usize, probe: &mut dyn FnMut(usize) -> Ordering) -> Result<Place, Place> {
        let Some(chunks) = &self.0 else {
            return match search(len, probe) {
                Ok(index) => Ok(Place { chunk: 0, index }),
                Err(index) => Err(Place { chunk: 0, index }),
            };
        };
        let chunk = match search(chunks.len(), &mut |chunk| probe(chunks[chunk][0] as usize)) {
            Ok(chunk) => return Ok(Place { chunk, index: 0 }),
            Err(chunk) => chunk.saturating_sub(1),
        };
        let Some(slots) = chunks.get(chunk) else { return Err(Place { chunk: 0, index: 0 }) };
        match search(slots.len(), &mut |index| probe(slots[index] as usize)) {
            Ok(index) => Ok(Place { chunk, index }),
            Err(index) => Err(Place { chunk, index }),
        }
    }

    /// The slot at a place.
    pub(crate) fn slot(&self, place: Place) -> usize {
        match &self.0 {
            None => place.index,
            Some(chunks) => chunks[place.chunk][place.index] as usize,
        }
    }

    /// Makes room for a key at `place` beside `len` others: the slot to insert it at.
    pub(crate) fn insert(&mut self, mut place: Place, len: usize) -> usize {
        if self.0.is_none() {
            if len < SMALL_MAX {
                return place.index;
            }
            *self = Order::ascending(len);
            place = Place { chunk: 0, index: place.index };
        }
        let Some(chunks) = &mut self.0 else { return place.index };
        if chunks.is_empty() {
            chunks.push(Vec::new());
        }
        if chunks[place.chunk].len() == CHUNK_MAX {
            place = split(chunks, place);
        }
        chunks[place.chunk].insert(place.index, len as u32);
        len
    }

    /// Takes a place of `len` out. `last` finds the place of the key in the last slot, which may have to move.
    pub(crate) fn remove(&mut self, place: Place, len: usize, last: &mut dyn FnMut(&Order) -> Place) -> Vacate {
        let slot = self.slot(place);
        if self.0.is_none() {
            return Vacate::Shift(slot);
        }
        let moved = (slot + 1 != len).then(|| last(self));
        let Some(chunks) = &mut self.0 else { return Vacate::Shift(slot) };
        if let Some(moved) = moved {
            chunks[moved.chunk][moved.index] = slot as u32;
        }
        chunks[place.chunk].remove(place.index);
        mend(chunks, place.chunk);
        Vacate::Swap(slot)
    }

    /// The order of slots that are in order.
    pub(crate) fn ascending(len: usize) -> Order {
        if len < SMALL_MAX {
            return Order(None);
        }
        let chunk = |start: usize| (start as u32..len.min(start + CHUNK_MAX / 2) as u32).collect();
        Order(Some(Box::new((0..len).step_by(CHUNK_MAX / 2).map(chunk).collect())))
    }

    /// The slots in order, as a list.
    pub(crate) fn to_vec(&self, len: usize) -> Vec<u32> {
        match &self.0 {
            None => (0..len as u32).collect(),
            Some(chunks) => chunks.concat(),
        }
    }

    /// Whether the slots are in order without a list.
    pub(crate) fn is_plain(&self) -> bool {
        self.0.is_none()
    }

    /// Every place from `from` on.
    pub(crate) fn walk(&self, from: Place, len: usize) -> Walk<'_> {
        let end = match &self.0 {
            None => Place { chunk: 0, index: len },
            Some(chunks) => Place { chunk: chunks.len(), index: 0 },
        };
        Walk { order: self, front: from, back: end }
    }
}

impl Place {
    /// Before all others.
    pub(crate) const FIRST: Place = Place { chunk: 0, index: 0 };
}

/// Slots in order, from both ends.
#[derive(Clone, Debug)]
pub(crate) struct Walk<'a> {
    order: &'a Order,
    front: Place,
    back: Place,
}

impl Walk<'_> {
    /// The next slot from the front.
    pub(crate) fn next(&mut self) -> Option<usize> {
        let Some(chunks) = &self.order.0 else {
            let index = self.front.index;
            self.front.index += usize::from(index < self.back.index);
            return (index < self.back.index).then_some(index);
        };
        if chunks.get(self.front.chunk).is_some_and(|slots| slots.len() == self.front.index) {
            self.front = Place { chunk: self.front.chunk + 1, index: 0 };
        }
        if self.is_over() {
            return None;
        }
        let slot = self.order.slot(self.front);
        self.front.index += 1;
        Some(slot)
    }

    /// The next slot from the back.
    pub(crate) fn next_back(&mut self) -> Option<usize> {
        let chunks = self.order.0.as_deref().map_or(&[][..], Vec::as_slice);
        if self.is_over() {
            return None;
        }
        if self.back.index == 0 {
            let chunk = self.back.chunk - 1;
            self.back = Place { chunk, index: chunks[chunk].len() };
            // A front that stands at the end of this chunk has come here already.
            if self.is_over() {
                return None;
            }
        }
        self.back.index -= 1;
        Some(self.order.slot(self.back))
    }

    fn is_over(&self) -> bool {
        (self.front.chunk, self.front.index) >= (self.back.chunk, self.back.index)
    }
}

/// A binary search that asks the last first: keys often come in order.
fn search(len: usize, probe: &mut dyn FnMut(usize) -> Ordering) -> Result<usize, usize> {
    let (mut low, mut high) = (0, len);
    let mut middle = len.wrapping_sub(1);
    while low < high {
        match probe(middle) {
            Ordering::Equal => return Ok(middle),
            Ordering::Less => low = middle + 1,
            Ordering::Greater => high = middle,
        }
        middle = low + (high - low) / 2;
    }
    Err(low)
}

/// Splits the full chunk of `place`; where the place then is. A chunk that grows at its end stays full.
fn split(chunks: &mut Vec<Vec<u32>>, place: Place) -> Place {
    let at = if place.index == CHUNK_MAX { CHUNK_MAX } else { CHUNK_MAX / 2 };
    let tail = chunks[place.chunk].split_off(at);
    chunks.insert(place.chunk + 1, tail);
    if place.index < at { place } else { Place { chunk: place.chunk + 1, index: place.index - at } }
}

/// Joins a chunk that has become small with the next.
fn mend(chunks: &mut Vec<Vec<u32>>, chunk: usize) {
    let next = chunks.get(chunk + 1).map_or(CHUNK_MAX, Vec::len);
    if chunks[chunk].is_empty() {
        chunks.remove(chunk);
    } else if chunks[chunk].len() + next <= CHUNK_MAX / 2 {
        let tail = chunks.remove(chunk + 1);
        chunks[chunk].extend(tail);
    }
}

/// The positions of `len` elements in order, equal ones as they stood: a merge sort. `compare` compares two positions.
pub(crate) fn sorted(len: usize, compare: &mut dyn FnMut(usize, usize) -> Ordering) -> Vec<u32> {
    let mut order: Vec<u32> = (0..len as u32).collect();
    let mut merged = order.clone();
    let mut width = 1;
    while width < len {
        for start in (0..len).step_by(2 * width) {
            let middle = len.min(start + width);
            let end = len.min(start + 2 * width);
            merge(&order[start..end], middle - start, &mut merged[start..end], compare);
        }
        std::mem::swap(&mut order, &mut merged);
        width *= 2;
    }
    order
}

fn merge(runs: &[u32], middle: usize, out: &mut [u32], compare: &mut dyn FnMut(usize, usize) -> Ordering) {
    let (mut left, mut right) = (0, middle);
    for place in out {
        let takes_left = right == runs.len()
            || left < middle && compare(runs[left] as usize, runs[right] as usize) != Ordering::Greater;
        let from = if takes_left { &mut left } else { &mut right };
        *place = runs[*from];
        *from += 1;
    }
}

/// Moves elements, by swaps, so that the element `order[i]` comes to stand at `i`.
pub(crate) fn permute(mut order: Vec<u32>, swap: &mut dyn FnMut(usize, usize)) {
    for start in 0..order.len() {
        let mut here = start;
        loop {
            let from = std::mem::replace(&mut order[here], here as u32) as usize;
            if from == start || from == here {
                break;
            }
            swap(here, from);
            here = from;
        }
    }
}
