//! The ordered map, set and sort against those of `std`, over random operations.
#![allow(clippy::disallowed_types, clippy::disallowed_methods, reason = "std's tree and sort are the model")]

use std::collections::{BTreeMap, BTreeSet};

use ordered::{Arrange, OrderedMap, OrderedSet};

/// A small generator; the low bits of a linear congruence are poor, so the high ones are taken.
struct Dice(u64);

impl Dice {
    fn roll(&mut self, sides: u32) -> u32 {
        self.0 = self.0.wrapping_mul(6364136223846793005).wrapping_add(1442695040888963407);
        ((self.0 >> 33) % u64::from(sides)) as u32
    }
}

fn same(map: &OrderedMap<u32, u32>, model: &BTreeMap<u32, u32>) {
    assert!(map.iter().eq(model.iter()) && map.iter().rev().eq(model.iter().rev()));
    assert_eq!(map.len(), model.len());
    assert_eq!(map.first_key_value(), model.first_key_value());
    assert_eq!(map.last_key_value(), model.last_key_value());
}

/// `keys` decides how large the map becomes, `removals` how often one in ten operations takes away.
fn run(seed: u64, keys: u32, removals: u32) {
    let (mut map, mut model, mut dice) = (OrderedMap::new(), BTreeMap::new(), Dice(seed));
    for step in 0..4_000 {
        let (key, action) = (dice.roll(keys), dice.roll(100));
        match action {
            0 => map.values_mut().zip(model.values_mut()).for_each(|(mine, theirs)| (*mine += 1, *theirs += 1).0),
            1 => assert_eq!(map.pop_first(), model.pop_first()),
            2 => assert_eq!(map.pop_last(), model.pop_last()),
            3 => {
                map.retain(|key, value| (*key + *value) % 7 != 0);
                model.retain(|key, value| (*key + *value) % 7 != 0);
            }
            4 if step % 5 == 0 => same(&map.split_off(&key), &model.split_off(&key)),
            _ if action < removals => assert_eq!(map.remove(&key), model.remove(&key)),
            _ if action < removals + 10 => *map.entry(key).or_default() += *model.entry(key).or_default() % 3,
            _ => assert_eq!(map.insert(key, step), model.insert(key, step)),
        }
        if (removals..removals + 10).contains(&action) {
            model.insert(key, map[&key]);
        }
        assert_eq!(map.get(&key), model.get(&key));
        assert!(map.range(key..).eq(model.range(key..)));
        if step % 37 == 0 {
            same(&map, &model);
            assert!(map.clone().into_iter().eq(model.clone()));
        }
    }
    same(&map, &model);
}

#[test]
fn the_map_does_what_stds_does() {
    for seed in 0..4 {
        [(12, 50), (40, 40), (3_000, 10), (3_000, 45), (100_000, 8)]
            .iter()
            .for_each(|(keys, removals)| run(seed, *keys, *removals));
    }
}

#[test]
fn both_ends_of_an_iterator_meet() {
    for len in [0, 1, 16, 17, 300, 1_000] {
        let map: OrderedMap<u32, ()> = (0..len).rev().map(|key| (key, ())).collect();
        let (mut dice, mut keys, mut left, mut right) = (Dice(1), map.keys(), 0, len);
        while left < right {
            if dice.roll(2) == 0 {
                assert_eq!(keys.next(), Some(&left));
                left += 1;
            } else {
                right -= 1;
                assert_eq!(keys.next_back(), Some(&right));
            }
        }
        assert_eq!((keys.next(), keys.next_back()), (None, None));
    }
}

#[test]
fn the_set_does_what_stds_does() {
    let (mut set, mut model, mut dice) = (OrderedSet::new(), BTreeSet::new(), Dice(7));
    for _ in 0..5_000 {
        let element = dice.roll(2_000);
        if dice.roll(3) == 0 {
            assert_eq!(set.remove(&element), model.remove(&element));
        } else {
            assert_eq!(set.insert(element), model.insert(element));
        }
        assert!(set.range(element..).eq(model.range(element..)));
    }
    assert!(set.iter().eq(model.iter()) && set.into_iter().eq(model));
}

#[test]
fn the_sort_is_stable() {
    for len in [0, 1, 2, 3, 17, 100, 1_000] {
        let mut dice = Dice(u64::from(len));
        let mut mine: Vec<(u32, u32)> = (0..len).map(|place| (dice.roll(20), place)).collect();
        let mut theirs = mine.clone();
        mine.arrange_by_key(|pair| pair.0);
        theirs.sort_by_key(|pair| pair.0);
        assert_eq!(mine, theirs);
    }
}
