//! The ordered set.

use std::borrow::Borrow;
use std::cmp::Ordering;
use std::fmt;
use std::hash::{Hash, Hasher};
use std::ops::RangeFrom;
use std::vec;

use crate::arrange::Arrange;
use crate::keys::Keys;
use crate::order::Walk;

/// A set whose elements are in order: the keys of a map, without values.
#[derive(Clone)]
pub struct OrderedSet<K>(Keys<K>);

/// Elements in order.
pub struct SetIter<'a, K> {
    walk: Walk<'a>,
    slots: &'a [K],
}

impl<K> OrderedSet<K> {
    /// An empty set; it allocates nothing.
    pub const fn new() -> Self {
        OrderedSet(Keys::new())
    }

    /// How many elements there are.
    pub fn len(&self) -> usize {
        self.0.slots.len()
    }

    /// Whether there is no element.
    pub fn is_empty(&self) -> bool {
        self.0.slots.is_empty()
    }

    /// Takes everything out.
    pub fn clear(&mut self) {
        *self = OrderedSet::new();
    }

    /// The elements in order.
    pub fn iter(&self) -> SetIter<'_, K> {
        SetIter { walk: self.0.walk(), slots: &self.0.slots }
    }

    /// The smallest element.
    pub fn first(&self) -> Option<&K> {
        self.iter().next()
    }

    /// The greatest element.
    pub fn last(&self) -> Option<&K> {
        self.iter().next_back()
    }
}

impl<K: Ord> OrderedSet<K> {
    /// Whether an element is there.
    pub fn contains<Q: Ord + ?Sized>(&self, element: &Q) -> bool
    where
        K: Borrow<Q>,
    {
        self.0.position(element).is_some()
    }

    /// The element as it stands here.
    pub fn get<Q: Ord + ?Sized>(&self, element: &Q) -> Option<&K>
    where
        K: Borrow<Q>,
    {
        self.0.position(element).map(|slot| &self.0.slots[slot])
    }

    /// Adds an element; whether it is new.
    pub fn insert(&mut self, element: K) -> bool {
        let found = self.0.find(&element);
        if let Err(place) = found {
            self.0.insert_at(place, element);
        }
        found.is_err()
    }

    /// Takes an element out; whether it was there.
    pub fn remove<Q: Ord + ?Sized>(&mut self, element: &Q) -> bool
    where
        K: Borrow<Q>,
    {
        self.take(element).is_some()
    }

    /// Takes an element out, as it stood here.
    #[inline(never)]
    pub fn take<Q: Ord + ?Sized>(&mut self, element: &Q) -> Option<K>
    where
        K: Borrow<Q>,
    {
        let place = self.0.find(element).ok()?;
        Some(self.0.remove_at(place).0)
    }

    /// The elements that are not less than the start of `range`.
    pub fn range<Q: Ord>(&self, range: RangeFrom<Q>) -> SetIter<'_, K>
    where
        K: Borrow<Q>,
    {
        SetIter { walk: self.0.walk_from(&range.start), slots: &self.0.slots }
    }

    /// Takes the smallest element out.
    pub fn pop_first(&mut self) -> Option<K> {
        let slot = self.0.walk().next()?;
        Some(self.remove_slot(slot))
    }

    /// Takes the greatest element out.
    pub fn pop_last(&mut self) -> Option<K> {
        let slot = self.0.walk().next_back()?;
        Some(self.remove_slot(slot))
    }

    /// Keeps the elements of which `keep` says so, asked in their order.
    pub fn retain(&mut self, mut keep: impl FnMut(&K) -> bool) {
        let mut walk = self.0.walk();
        let mut refused: Vec<usize> = Vec::new();
        while let Some(slot) = walk.next() {
            if !keep(&self.0.slots[slot]) {
                refused.push(slot);
            }
        }
        // From the last slot on: what moves into a vacated one is then never itself refused.
        refused.arrange();
        for slot in refused.into_iter().rev() {
            self.remove_slot(slot);
        }
    }

    /// Moves the elements of another set here.
    pub fn append(&mut self, other: &mut Self) {
        self.extend(std::mem::take(other));
    }

    /// The elements that stand here and not there.
    pub fn difference<'a>(&'a self, other: &'a Self) -> impl Iterator<Item = &'a K> {
        self.iter().filter(|element| !other.contains(*element))
    }

    /// The elements that stand here and there.
    pub fn intersection<'a>(&'a self, other: &'a Self) -> impl Iterator<Item = &'a K> {
        self.iter().filter(|element| other.contains(*element))
    }

    /// Whether every element stands there too.
    pub fn is_subset(&self, other: &Self) -> bool {
        self.iter().all(|element| other.contains(element))
    }

    fn remove_slot(&mut self, slot: usize) -> K {
        let (Ok(place) | Err(place)) = self.0.find(&self.0.slots[slot]);
        self.0.remove_at(place).0
    }
}

impl<K> Clone for SetIter<'_, K> {
    fn clone(&self) -> Self {
        SetIter { walk: self.walk.clone(), slots: self.slots }
    }
}

impl<'a, K> Iterator for SetIter<'a, K> {
    type Item = &'a K;
    fn next(&mut self) -> Option<&'a K> {
        self.walk.next().map(|slot| &self.slots[slot])
    }
}

impl<K> DoubleEndedIterator for SetIter<'_, K> {
    fn next_back(&mut self) -> Option<Self::Item> {
        self.walk.next_back().map(|slot| &self.slots[slot])
    }
}

impl<K> Default for OrderedSet<K> {
    fn default() -> Self {
        OrderedSet::new()
    }
}

impl<K: PartialEq> PartialEq for OrderedSet<K> {
    fn eq(&self, other: &Self) -> bool {
        self.len() == other.len() && self.iter().eq(other.iter())
    }
}

impl<K: Eq> Eq for OrderedSet<K> {}

impl<K: PartialOrd> PartialOrd for OrderedSet<K> {
    fn partial_cmp(&self, other: &Self) -> Option<Ordering> {
        self.iter().partial_cmp(other.iter())
    }
}

impl<K: Ord> Ord for OrderedSet<K> {
    fn cmp(&self, other: &Self) -> Ordering {
        self.iter().cmp(other.iter())
    }
}

impl<K: Hash> Hash for OrderedSet<K> {
    fn hash<H: Hasher>(&self, state: &mut H) {
        self.len().hash(state);
        self.iter().for_each(|element| element.hash(state));
    }
}

impl<K: fmt::Debug> fmt::Debug for OrderedSet<K> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_set().entries(self.iter()).finish()
    }
}

impl<K: Ord> Extend<K> for OrderedSet<K> {
    fn extend<I: IntoIterator<Item = K>>(&mut self, elements: I) {
        elements.into_iter().for_each(|element| {
            self.insert(element);
        });
    }
}

impl<K: Ord> FromIterator<K> for OrderedSet<K> {
    fn from_iter<I: IntoIterator<Item = K>>(elements: I) -> Self {
        let mut set = OrderedSet::new();
        set.extend(elements);
        set
    }
}

impl<K: Ord, const N: usize> From<[K; N]> for OrderedSet<K> {
    fn from(elements: [K; N]) -> Self {
        elements.into_iter().collect()
    }
}

impl<'a, K> IntoIterator for &'a OrderedSet<K> {
    type Item = &'a K;
    type IntoIter = SetIter<'a, K>;
    fn into_iter(self) -> SetIter<'a, K> {
        self.iter()
    }
}

impl<K> IntoIterator for OrderedSet<K> {
    type Item = K;
    type IntoIter = vec::IntoIter<K>;
    fn into_iter(mut self) -> vec::IntoIter<K> {
        self.0.settle(&mut |_, _| {});
        self.0.slots.into_iter()
    }
}
