//! The place of one key in a map.

use crate::keys::Found;
use crate::map::OrderedMap;

/// What [`OrderedMap::entry`] answers.
pub struct Entry<'a, K, V> {
    pub(crate) found: Found,
    pub(crate) key: K,
    pub(crate) map: &'a mut OrderedMap<K, V>,
}

impl<'a, K: Ord, V> Entry<'a, K, V> {
    /// The value, which is `value` if there was none.
    pub fn or_insert(self, value: V) -> &'a mut V {
        self.or_insert_with(|| value)
    }

    /// The value, which is made if there was none.
    pub fn or_insert_with(self, value: impl FnOnce() -> V) -> &'a mut V {
        let slot = match self.found {
            Ok(place) => self.map.keys.slot(place),
            Err(place) => {
                let slot = self.map.keys.insert_at(place, self.key);
                self.map.values.insert(slot, value());
                slot
            }
        };
        &mut self.map.values[slot]
    }

    /// The value, which is the default if there was none.
    pub fn or_default(self) -> &'a mut V
    where
        V: Default,
    {
        self.or_insert_with(V::default)
    }

    /// Changes the value if there is one.
    pub fn and_modify(self, change: impl FnOnce(&mut V)) -> Self {
        if let Ok(place) = self.found {
            change(&mut self.map.values[self.map.keys.slot(place)]);
        }
        self
    }

    /// The key that was asked for.
    pub fn key(&self) -> &K {
        &self.key
    }
}
