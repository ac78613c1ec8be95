//! Virtual time, order and chance: what makes a run the same run every time.
//!
//! - [`Time`] is a count of microseconds since the Unix epoch. Nothing in the engine reads another clock.
//! - [`Queue`] orders events by (time, sequence): two events of one instant happen in the order in which they were put in.
//! - [`Random`] is one stream per component, derived from (seed, name), so that one more draw in the scheduler does
//!   not change the names of pods.
//! - [`Fault`] is what can be broken on purpose.
//! - [`Timing`] says how long things take. It is data; the engine knows no profile by name.
//!
//! What is absent: threads, futures, wall clocks, default-hasher maps.

mod fault;
mod queue;
mod random;
mod time;
mod timing;

pub use fault::{Fault, ObjectTarget, PodTarget};
pub use queue::Queue;
pub use random::Random;
pub use time::{CalendarTime, Span, Time};
pub use timing::Timing;
