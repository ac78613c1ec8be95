//! What the controllers have done, in counts: tests and benches assert these instead of times.

/// Counts since the manager was made.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Counters {
    /// Keys that were taken from a queue and looked at, all controllers together.
    pub syncs: u64,
    /// Pods that a sync of a StatefulSet or a Service looked at.
    pub pods_visited: u64,
    /// Claims and volumes that a sync looked at, candidates for binding included.
    pub volumes_visited: u64,
    /// Requests that change the store, refused ones included.
    pub writes: u64,
}
