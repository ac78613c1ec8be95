//! The group scheduling.k8s.io/v1: PriorityClass.

use crate::meta::ObjectMeta;
use crate::{Str, object};

object! {
    /// How important pods of this class are.
    pub struct PriorityClass {
        /// Its name.
        metadata: ObjectMeta = "metadata" always,
        /// The priority; higher is more important.
        value: i32 = "value" always,
        /// Whether pods without a class are of this one.
        global_default: bool = "globalDefault",
        /// When to use it.
        description: Str = "description",
        /// Whether its pods may take the place of others: `PreemptLowerPriority` or `Never`.
        preemption_policy: Option<Str> = "preemptionPolicy",
    }
}
