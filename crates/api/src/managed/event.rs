//! Events have two versions with different names for the same fields.

use crate::value::{Map, Value};

/// Names in `v1` and in `events.k8s.io/v1`.
const NAMES: [(&str, &str); 7] = [
    ("involvedObject", "regarding"),
    ("message", "note"),
    ("reportingComponent", "reportingController"),
    ("source", "deprecatedSource"),
    ("firstTimestamp", "deprecatedFirstTimestamp"),
    ("lastTimestamp", "deprecatedLastTimestamp"),
    ("count", "deprecatedCount"),
];

/// An event of `v1` as `events.k8s.io/v1` shows it: what its writer's fields are counted in, if it was written so.
pub fn to_events_v1(event: &Value) -> Value {
    let renamed = |key: &str| NAMES.iter().find(|(old, _)| *old == key).map(|(_, new)| *new);
    let fields = event.as_map().into_iter().flatten();
    let fields: Map =
        fields.map(|(key, value)| (renamed(key).map_or(key.clone(), Into::into), value.clone())).collect();
    let mut event = Value::Map(fields);
    event.set(&["apiVersion"], "events.k8s.io/v1");
    event
}
