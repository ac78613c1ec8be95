//! The ordered map.

use std::borrow::Borrow;
use std::cmp::Ordering;
use std::fmt;
use std::hash::{Hash, Hasher};
use std::iter::Zip;
use std::ops::{Index, RangeFrom};
use std::slice;

use crate::arrange::Arrange;
use crate::entry::Entry;
use crate::iter::{IntoIter, Iter, MapKeys, Values};
use crate::keys::Keys;

/// A map whose keys are in order; the interface is that of `std`'s tree as far as it is needed.
///
/// A few keys stand in a sorted vector; many keep their slots, and a list of slots says their order.
#[derive(Clone)]
pub struct OrderedMap<K, V> {
    pub(crate) keys: Keys<K>,
    pub(crate) values: Vec<V>,
}

impl<K, V> OrderedMap<K, V> {
    /// An empty map; it allocates nothing.
    pub const fn new() -> Self {
        OrderedMap { keys: Keys::new(), values: Vec::new() }
    }

    /// How many keys there are.
    pub fn len(&self) -> usize {
        self.values.len()
    }

    /// Whether there is no key.
    pub fn is_empty(&self) -> bool {
        self.values.is_empty()
    }

    /// Takes everything out.
    pub fn clear(&mut self) {
        *self = OrderedMap::new();
    }

    /// The pairs in the order of their keys.
    pub fn iter(&self) -> Iter<'_, K, V> {
        Iter::new(self.keys.walk(), self)
    }

    /// The keys in order.
    pub fn keys(&self) -> MapKeys<'_, K, V> {
        MapKeys(self.iter())
    }

    /// The values in the order of their keys.
    pub fn values(&self) -> Values<'_, K, V> {
        Values(self.iter())
    }

    /// The pairs in the order of their keys, the values to be changed.
    pub fn iter_mut(&mut self) -> impl DoubleEndedIterator<Item = (&K, &mut V)> {
        self.settle();
        self.keys.slots.iter().zip(&mut self.values)
    }

    /// The values in the order of their keys, to be changed.
    pub fn values_mut(&mut self) -> impl DoubleEndedIterator<Item = &mut V> {
        self.settle();
        self.values.iter_mut()
    }

    /// The keys in order, by value.
    pub fn into_keys(mut self) -> impl DoubleEndedIterator<Item = K> {
        self.settle();
        self.keys.slots.into_iter()
    }

    /// The values in the order of their keys, by value.
    pub fn into_values(mut self) -> impl DoubleEndedIterator<Item = V> {
        self.settle();
        self.values.into_iter()
    }

    /// The pair of the smallest key.
    pub fn first_key_value(&self) -> Option<(&K, &V)> {
        self.iter().next()
    }

    /// The pair of the greatest key.
    pub fn last_key_value(&self) -> Option<(&K, &V)> {
        self.iter().next_back()
    }

    /// Makes the slots stand in the order of their keys.
    pub(crate) fn settle(&mut self) {
        let values = &mut self.values;
        self.keys.settle(&mut |a, b| values.swap(a, b));
    }
}

impl<K: Ord, V> OrderedMap<K, V> {
    /// The value of a key.
    pub fn get<Q: Ord + ?Sized>(&self, key: &Q) -> Option<&V>
    where
        K: Borrow<Q>,
    {
        self.keys.position(key).map(|slot| &self.values[slot])
    }

    /// The value of a key, to be changed.
    pub fn get_mut<Q: Ord + ?Sized>(&mut self, key: &Q) -> Option<&mut V>
    where
        K: Borrow<Q>,
    {
        self.keys.position(key).map(|slot| &mut self.values[slot])
    }

    /// The key as it stands here, and its value.
    pub fn get_key_value<Q: Ord + ?Sized>(&self, key: &Q) -> Option<(&K, &V)>
    where
        K: Borrow<Q>,
    {
        self.keys.position(key).map(|slot| (&self.keys.slots[slot], &self.values[slot]))
    }

    /// Whether a key is there.
    pub fn contains_key<Q: Ord + ?Sized>(&self, key: &Q) -> bool
    where
        K: Borrow<Q>,
    {
        self.keys.position(key).is_some()
    }

    /// Sets the value of a key; the value before. A key that is there stays the one it is.
    pub fn insert(&mut self, key: K, value: V) -> Option<V> {
        match self.keys.find(&key) {
            Ok(place) => Some(std::mem::replace(&mut self.values[self.keys.slot(place)], value)),
            Err(place) => {
                let slot = self.keys.insert_at(place, key);
                self.values.insert(slot, value);
                None
            }
        }
    }

    /// Takes a key out; its value.
    pub fn remove<Q: Ord + ?Sized>(&mut self, key: &Q) -> Option<V>
    where
        K: Borrow<Q>,
    {
        self.remove_entry(key).map(|(_, value)| value)
    }

    /// Takes a key out; the key as it stood here, and its value.
    pub fn remove_entry<Q: Ord + ?Sized>(&mut self, key: &Q) -> Option<(K, V)>
    where
        K: Borrow<Q>,
    {
        let place = self.keys.find(key).ok()?;
        let (key, vacate) = self.keys.remove_at(place);
        Some((key, vacate.take(&mut self.values)))
    }

    /// The place of a key, to look at and to fill.
    pub fn entry(&mut self, key: K) -> Entry<'_, K, V> {
        Entry { found: self.keys.find(&key), key, map: self }
    }

    /// The pairs from the first key that is not less than the start of `range`.
    pub fn range<Q: Ord>(&self, range: RangeFrom<Q>) -> Iter<'_, K, V>
    where
        K: Borrow<Q>,
    {
        Iter::new(self.keys.walk_from(&range.start), self)
    }

    /// Takes the smallest key out.
    pub fn pop_first(&mut self) -> Option<(K, V)> {
        let slot = self.keys.walk().next()?;
        Some(self.remove_slot(slot))
    }

    /// Takes the greatest key out.
    pub fn pop_last(&mut self) -> Option<(K, V)> {
        let slot = self.keys.walk().next_back()?;
        Some(self.remove_slot(slot))
    }

    /// Keeps the pairs of which `keep` says so, asked in the order of their keys.
    pub fn retain(&mut self, mut keep: impl FnMut(&K, &mut V) -> bool) {
        let mut refused: Vec<usize> = Vec::new();
        let mut walk = self.keys.walk();
        while let Some(slot) = walk.next() {
            if !keep(&self.keys.slots[slot], &mut self.values[slot]) {
                refused.push(slot);
            }
        }
        // From the last slot on: what moves into a vacated one is then never itself refused.
        refused.arrange();
        for slot in refused.into_iter().rev() {
            self.remove_slot(slot);
        }
    }

    /// Moves the pairs of another map here.
    pub fn append(&mut self, other: &mut Self) {
        self.extend(std::mem::take(other));
    }

    /// Takes the pairs from `key` on out, as a map.
    pub fn split_off<Q: Ord + ?Sized>(&mut self, key: &Q) -> Self
    where
        K: Borrow<Q>,
    {
        let mut tail = OrderedMap::new();
        while let Some((last, value)) = self.pop_last() {
            if last.borrow() < key {
                self.insert(last, value);
                break;
            }
            tail.insert(last, value);
        }
        tail
    }

    fn remove_slot(&mut self, slot: usize) -> (K, V) {
        let (Ok(place) | Err(place)) = self.keys.find(&self.keys.slots[slot]);
        let (key, vacate) = self.keys.remove_at(place);
        (key, vacate.take(&mut self.values))
    }
}

impl<K, V> Default for OrderedMap<K, V> {
    fn default() -> Self {
        OrderedMap::new()
    }
}

impl<K: PartialEq, V: PartialEq> PartialEq for OrderedMap<K, V> {
    fn eq(&self, other: &Self) -> bool {
        self.len() == other.len() && self.iter().eq(other.iter())
    }
}

impl<K: Eq, V: Eq> Eq for OrderedMap<K, V> {}

impl<K: PartialOrd, V: PartialOrd> PartialOrd for OrderedMap<K, V> {
    fn partial_cmp(&self, other: &Self) -> Option<Ordering> {
        self.iter().partial_cmp(other.iter())
    }
}

impl<K: Ord, V: Ord> Ord for OrderedMap<K, V> {
    fn cmp(&self, other: &Self) -> Ordering {
        self.iter().cmp(other.iter())
    }
}

impl<K: Hash, V: Hash> Hash for OrderedMap<K, V> {
    fn hash<H: Hasher>(&self, state: &mut H) {
        self.len().hash(state);
        self.iter().for_each(|pair| pair.hash(state));
    }
}

impl<K: fmt::Debug, V: fmt::Debug> fmt::Debug for OrderedMap<K, V> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_map().entries(self.iter()).finish()
    }
}

impl<K: Ord, V> Extend<(K, V)> for OrderedMap<K, V> {
    fn extend<I: IntoIterator<Item = (K, V)>>(&mut self, pairs: I) {
        pairs.into_iter().for_each(|(key, value)| {
            self.insert(key, value);
        });
    }
}

impl<K: Ord, V> FromIterator<(K, V)> for OrderedMap<K, V> {
    fn from_iter<I: IntoIterator<Item = (K, V)>>(pairs: I) -> Self {
        let mut map = OrderedMap::new();
        map.extend(pairs);
        map
    }
}

impl<K: Ord, V, const N: usize> From<[(K, V); N]> for OrderedMap<K, V> {
    fn from(pairs: [(K, V); N]) -> Self {
        pairs.into_iter().collect()
    }
}

impl<'a, K, V> IntoIterator for &'a OrderedMap<K, V> {
    type Item = (&'a K, &'a V);
    type IntoIter = Iter<'a, K, V>;
    fn into_iter(self) -> Iter<'a, K, V> {
        self.iter()
    }
}

impl<'a, K, V> IntoIterator for &'a mut OrderedMap<K, V> {
    type Item = (&'a K, &'a mut V);
    type IntoIter = Zip<slice::Iter<'a, K>, slice::IterMut<'a, V>>;
    fn into_iter(self) -> Self::IntoIter {
        self.settle();
        self.keys.slots.iter().zip(&mut self.values)
    }
}

impl<K, V> IntoIterator for OrderedMap<K, V> {
    type Item = (K, V);
    type IntoIter = IntoIter<K, V>;
    fn into_iter(mut self) -> IntoIter<K, V> {
        self.settle();
        self.keys.slots.into_iter().zip(self.values)
    }
}

impl<K: Ord + Borrow<Q>, V, Q: Ord + ?Sized> Index<&Q> for OrderedMap<K, V> {
    type Output = V;
    fn index(&self, key: &Q) -> &V {
        self.get(key).expect("the key is in the map")
    }
}
