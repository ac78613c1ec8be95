//! Which marked functions ran on this thread.

use std::cell::{Cell, RefCell};

use ordered::OrderedSet;

thread_local! {
    static IS_RECORDING: Cell<bool> = const { Cell::new(false) };
    static REACHED: RefCell<OrderedSet<&'static str>> = const { RefCell::new(OrderedSet::new()) };
}

/// Marks that the function `name` runs; what `api::reached!` calls.
pub fn reached(name: &'static str) {
    if IS_RECORDING.get() {
        REACHED.with_borrow_mut(|names| names.insert(name));
    }
}

/// The marked functions that `work` reaches on this thread.
pub fn reached_by(work: impl FnOnce()) -> OrderedSet<&'static str> {
    REACHED.with_borrow_mut(OrderedSet::clear);
    IS_RECORDING.set(true);
    work();
    IS_RECORDING.set(false);
    REACHED.with_borrow_mut(std::mem::take)
}
