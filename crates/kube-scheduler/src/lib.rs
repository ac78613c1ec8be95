//! kube-scheduler: which node a pod goes to, and why not.
//!
//! - `cache`: what is known of nodes: what they offer, what is taken (assumed pods included).
//! - `memo`: what nodes answered to pods of one shape, until something changes.
//! - `queue`: pods that wait: active, backing off, unschedulable until something relevant happens.
//! - `framework`: plugins, their verdicts, and the events that could change a verdict.
//! - `plugins/`: one file per plugin, under upstream's names.
//! - `schedule_one`: filter, score, choose; pure.
//! - `preemption`: who would have to go; pure as well.
//! - `diagnosis`: the message of a pod that fits nowhere, word for word.
//!
//! What is absent: any other component. The scheduler reads its caches and writes bindings, conditions and Events
//! through the API.
//!
//! Models: kubernetes v1.36 pkg/scheduler with the default profile. Not here: limits of attached volumes, dynamic resources.

mod cache;
#[cfg(feature = "conform")]
pub mod conform;
mod diagnosis;
mod framework;
mod lister;
mod memo;
mod places;
mod plugins;
mod preemption;
mod queue;
mod request;
mod schedule_one;
mod scheduler;

pub use diagnosis::Diagnosis;
pub use framework::{Code, Verdict};
pub use preemption::{Candidate, Preemption};
pub use scheduler::{Counters, Scheduler};
