//! Event: what happened to an object. Only the recorder makes them.

use std::rc::Rc;

use sim::Time;

use crate::codec::MicroTime;
use crate::meta::{ObjectMeta, ObjectReference};
use crate::{Str, object};

object! {
    /// Something that happened to an object.
    pub struct Event {
        /// Name, in the object's namespace.
        metadata: ObjectMeta = "metadata" always,
        /// The object. Shared by all events of a component about it.
        involved_object: Rc<ObjectReference> = "involvedObject" always,
        /// In a word.
        reason: Str = "reason",
        /// In a sentence.
        message: Str = "message",
        /// Who says so (old recorders).
        source: EventSource = "source" always,
        /// First time (old recorders).
        first_timestamp: Option<Time> = "firstTimestamp" always,
        /// Last time (old recorders).
        last_timestamp: Option<Time> = "lastTimestamp" always,
        /// How often (old recorders).
        count: i32 = "count",
        /// `Normal` or `Warning`.
        kind: Str = "type",
        /// When (new recorders: the scheduler's).
        event_time: Option<MicroTime> = "eventTime" always,
        /// Repetitions (new recorders).
        series: Option<Rc<EventSeries>> = "series",
        /// What was done (new recorders).
        action: Str = "action",
        /// Who says so (new recorders).
        reporting_component: Str = "reportingComponent" always,
        /// Which of them (new recorders).
        reporting_instance: Str = "reportingInstance" always,
    }
}

object! {
    /// Who made an event.
    pub struct EventSource {
        /// Such as `kubelet`.
        component: Str = "component",
        /// The node.
        host: Str = "host",
    }
}

object! {
    /// Repetitions of an event.
    pub struct EventSeries {
        /// How often.
        count: i32 = "count",
        /// The last time.
        last_observed_time: Option<MicroTime> = "lastObservedTime",
    }
}
