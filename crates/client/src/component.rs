//! What the event loop asks of a component.

use ::api::Kind;
use sim::Time;

use crate::Api;

/// A program of the control plane or of a node. It is woken when something it watches has changed (after the watch
/// latency) and when it asked for it; it does all that is due, writes through the API, and never waits.
pub trait Component {
    /// The kinds whose changes wake it.
    fn watched_kinds(&self) -> &'static [Kind];

    /// Does all that is due now. Answers when it wants to be woken again without a change, if at all; that instant is later
    /// than now.
    fn wake(&mut self, api: &mut dyn Api) -> Option<Time>;
}
