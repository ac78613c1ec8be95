//! ControllerRevision: a template as it was.

use std::rc::Rc;

use crate::meta::ObjectMeta;
use crate::{Value, object};

object! {
    /// A snapshot of a workload's template.
    pub struct ControllerRevision {
        /// Name with the hash, labels of the template.
        metadata: ObjectMeta = "metadata" always,
        /// The patch that sets the template.
        data: Rc<Value> = "data",
        /// Its place in the history, from 1.
        revision: i64 = "revision" always,
    }
}
