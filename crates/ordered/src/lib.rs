//! One ordered map, one ordered set and one sort for the whole engine, built so that a further type costs little code.
//!
//! `std`'s tree and sort are compiled anew for every type that is put into them, and were a quarter of the worker's
//! code. Here everything that decides about order works on positions and asks about keys through a `dyn` closure, and so
//! is compiled once; per key type there is a comparison, per value type a vector. See
//! docs/decisions/0006-one-map-one-sort-one-pointer.md for what that costs and saves.
//!
//! Not here: anything about hashing, and `std`'s whole interface. What is iterated comes in the order of its keys.

mod arrange;
mod entry;
mod iter;
mod keys;
mod map;
mod order;
mod set;

pub use arrange::Arrange;
pub use entry::Entry;
pub use iter::{IntoIter, Iter, MapKeys, Values};
pub use map::OrderedMap;
pub use set::{OrderedSet, SetIter};
