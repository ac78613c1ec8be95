//! A sorted list of pairs, for maps that mostly hold one: a node of an ordered map would be ten times as large.

/// Pairs ordered by key.
#[derive(Clone, Debug)]
pub(crate) struct SmallMap<K, V>(Vec<(K, V)>);

impl<K, V> Default for SmallMap<K, V> {
    fn default() -> Self {
        SmallMap(Vec::new())
    }
}

impl<K: Ord + Copy, V> SmallMap<K, V> {
    fn place(&self, key: K) -> Result<usize, usize> {
        self.0.binary_search_by_key(&key, |(key, _)| *key)
    }

    pub(crate) fn get(&self, key: K) -> Option<&V> {
        self.place(key).ok().map(|at| &self.0[at].1)
    }

    pub(crate) fn get_mut(&mut self, key: K) -> Option<&mut V> {
        self.place(key).ok().map(|at| &mut self.0[at].1)
    }

    pub(crate) fn contains(&self, key: K) -> bool {
        self.place(key).is_ok()
    }

    pub(crate) fn insert(&mut self, key: K, value: V) {
        match self.place(key) {
            Ok(at) => self.0[at].1 = value,
            Err(at) => {
                self.0.reserve_exact(1);
                self.0.insert(at, (key, value));
            }
        }
    }

    pub(crate) fn remove(&mut self, key: K) -> Option<V> {
        self.place(key).ok().map(|at| self.0.remove(at).1)
    }

    pub(crate) fn len(&self) -> usize {
        self.0.len()
    }

    pub(crate) fn iter(&self) -> impl Iterator<Item = (K, &V)> {
        self.0.iter().map(|(key, value)| (*key, value))
    }

    pub(crate) fn into_pairs(self) -> Vec<(K, V)> {
        self.0
    }

    /// Takes out the pairs of which `leaves` says so.
    pub(crate) fn take_if(&mut self, leaves: impl Fn(&V) -> bool) -> Vec<(K, V)> {
        let (gone, kept) = std::mem::take(&mut self.0).into_iter().partition(|(_, value)| leaves(value));
        self.0 = kept;
        gone
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn pairs_stay_in_order() {
        let mut map = SmallMap::default();
        for key in [3, 1, 2] {
            map.insert(key, key * 10);
        }
        map.insert(2, 21);
        assert_eq!(map.iter().map(|(key, value)| (key, *value)).collect::<Vec<_>>(), [(1, 10), (2, 21), (3, 30)]);
        assert_eq!((map.remove(1), map.get(1), map.len()), (Some(10), None, 2));
        assert_eq!(map.take_if(|value| *value == 30), [(3, 30)]);
        assert!(map.contains(2) && !map.contains(3));
    }
}
