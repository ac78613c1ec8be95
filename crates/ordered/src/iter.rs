//! Iterators in the order of the keys.

use std::iter::{FusedIterator, Zip};
use std::vec;

use crate::map::OrderedMap;
use crate::order::Walk;

/// Pairs in the order of their keys.
pub struct Iter<'a, K, V> {
    walk: Walk<'a>,
    map: &'a OrderedMap<K, V>,
}

/// Pairs in the order of their keys, by value.
pub type IntoIter<K, V> = Zip<vec::IntoIter<K>, vec::IntoIter<V>>;

impl<'a, K, V> Iter<'a, K, V> {
    pub(crate) fn new(walk: Walk<'a>, map: &'a OrderedMap<K, V>) -> Self {
        Iter { walk, map }
    }

    fn pair(&self, slot: usize) -> (&'a K, &'a V) {
        (&self.map.keys.slots[slot], &self.map.values[slot])
    }
}

impl<K, V> Clone for Iter<'_, K, V> {
    fn clone(&self) -> Self {
        Iter { walk: self.walk.clone(), map: self.map }
    }
}

impl<'a, K, V> Iterator for Iter<'a, K, V> {
    type Item = (&'a K, &'a V);
    fn next(&mut self) -> Option<Self::Item> {
        self.walk.next().map(|slot| self.pair(slot))
    }
}

impl<K, V> DoubleEndedIterator for Iter<'_, K, V> {
    fn next_back(&mut self) -> Option<Self::Item> {
        self.walk.next_back().map(|slot| self.pair(slot))
    }
}

impl<K, V> FusedIterator for Iter<'_, K, V> {}

/// Keys in order.
pub struct MapKeys<'a, K, V>(pub(crate) Iter<'a, K, V>);

/// Values in the order of their keys.
pub struct Values<'a, K, V>(pub(crate) Iter<'a, K, V>);

impl<K, V> Clone for MapKeys<'_, K, V> {
    fn clone(&self) -> Self {
        MapKeys(self.0.clone())
    }
}

impl<'a, K, V> Iterator for MapKeys<'a, K, V> {
    type Item = &'a K;
    fn next(&mut self) -> Option<&'a K> {
        self.0.next().map(|(key, _)| key)
    }
}

impl<K, V> DoubleEndedIterator for MapKeys<'_, K, V> {
    fn next_back(&mut self) -> Option<Self::Item> {
        self.0.next_back().map(|(key, _)| key)
    }
}

impl<K, V> Clone for Values<'_, K, V> {
    fn clone(&self) -> Self {
        Values(self.0.clone())
    }
}

impl<'a, K, V> Iterator for Values<'a, K, V> {
    type Item = &'a V;
    fn next(&mut self) -> Option<&'a V> {
        self.0.next().map(|(_, value)| value)
    }
}

impl<K, V> DoubleEndedIterator for Values<'_, K, V> {
    fn next_back(&mut self) -> Option<Self::Item> {
        self.0.next_back().map(|(_, value)| value)
    }
}
