//! Ordered keys: all of a map that depends on the type of its keys, and on nothing else.

use std::borrow::Borrow;

use crate::order::{Order, Place, Vacate, Walk, permute};

/// Distinct keys and their order.
#[derive(Clone)]
pub(crate) struct Keys<K> {
    pub(crate) slots: Vec<K>,
    order: Order,
}

/// Where a key is or would be, for what follows the search.
pub(crate) type Found = Result<Place, Place>;

impl<K> Keys<K> {
    pub(crate) const fn new() -> Keys<K> {
        Keys { slots: Vec::new(), order: Order::new() }
    }

    /// The slots in the order of their keys.
    pub(crate) fn walk(&self) -> Walk<'_> {
        self.order.walk(Place::FIRST, self.slots.len())
    }

    /// The slot at a place.
    pub(crate) fn slot(&self, place: Place) -> usize {
        self.order.slot(place)
    }

    /// Puts the slots themselves in order; `swap` does the same to what stands beside the keys.
    pub(crate) fn settle(&mut self, swap: &mut dyn FnMut(usize, usize)) {
        let len = self.slots.len();
        if self.order.is_plain() {
            return;
        }
        permute(self.order.to_vec(len), &mut |a, b| {
            self.slots.swap(a, b);
            swap(a, b);
        });
        self.order = Order::ascending(len);
    }
}

impl<K: Ord> Keys<K> {
    /// Finds a key.
    #[inline(never)]
    pub(crate) fn find<Q: Ord + ?Sized>(&self, key: &Q) -> Found
    where
        K: Borrow<Q>,
    {
        self.order.find(self.slots.len(), &mut |slot| self.slots[slot].borrow().cmp(key))
    }

    /// The slot of a key.
    #[inline(never)]
    pub(crate) fn position<Q: Ord + ?Sized>(&self, key: &Q) -> Option<usize>
    where
        K: Borrow<Q>,
    {
        self.find(key).ok().map(|place| self.order.slot(place))
    }

    /// The slots from the first key that is not less on.
    #[inline(never)]
    pub(crate) fn walk_from<Q: Ord + ?Sized>(&self, key: &Q) -> Walk<'_>
    where
        K: Borrow<Q>,
    {
        let (Ok(place) | Err(place)) = self.find(key);
        self.order.walk(place, self.slots.len())
    }

    /// Adds a key at the place that was found to be free; its slot.
    #[inline(never)]
    pub(crate) fn insert_at(&mut self, place: Place, key: K) -> usize {
        let slot = self.order.insert(place, self.slots.len());
        self.slots.insert(slot, key);
        slot
    }

    /// Takes the key at a place out; what stands beside the keys is to vacate its slot likewise.
    #[inline(never)]
    pub(crate) fn remove_at(&mut self, place: Place) -> (K, Vacate) {
        let len = self.slots.len();
        let slots = &self.slots;
        let vacate = self.order.remove(place, len, &mut |order| {
            let (Ok(place) | Err(place)) = order.find(len, &mut |slot| slots[slot].cmp(&slots[len - 1]));
            place
        });
        (vacate.take(&mut self.slots), vacate)
    }
}

impl Vacate {
    /// Takes the element of the slot out.
    pub(crate) fn take<T>(self, slots: &mut Vec<T>) -> T {
        match self {
            Vacate::Shift(slot) => slots.remove(slot),
            Vacate::Swap(slot) => {
                let element = slots.swap_remove(slot);
                // What was many and is few gives its memory back.
                if slots.len() < slots.capacity() / 4 {
                    slots.shrink_to(slots.len() * 2);
                }
                element
            }
        }
    }
}
