//! Sorting, once: the standard library's sort is compiled anew for every type and comparison, some 8 KB each, and nothing
//! here sorts enough to feel an indirect call.

use ordered::Arrange;
use std::cmp::Ordering;

/// The items in order of a key; equal keys keep their order.
pub(crate) fn by_key<T: Clone, K: Ord>(items: impl IntoIterator<Item = T>, key: impl Fn(&T) -> K) -> Vec<T> {
    let items: Vec<T> = items.into_iter().collect();
    let keys: Vec<K> = items.iter().map(key).collect();
    let order = sorted(items.len(), &|a, b| keys[a].cmp(&keys[b]));
    order.into_iter().map(|index| items[index].clone()).collect()
}

/// The numbers below `count` in order of `compare`, equal ones as they came.
fn sorted(count: usize, compare: &dyn Fn(usize, usize) -> Ordering) -> Vec<usize> {
    let mut order: Vec<usize> = (0..count).collect();
    order.arrange_by(|&a, &b| compare(a, b));
    order
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn equal_keys_keep_their_order() {
        assert_eq!(by_key(["b2", "a1", "b1"], |text| text.as_bytes()[0]), ["a1", "b2", "b1"]);
    }
}
