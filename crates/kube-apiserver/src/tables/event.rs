//! Events.

use api::{Event, Value, duration};
use sim::Time;

use super::{Always, Heading, Wide};

pub(super) const HEADINGS: &[Heading] = &[
    Heading("Last Seen", Always),
    Heading("Type", Always),
    Heading("Reason", Always),
    Heading("Object", Always),
    Heading("Subobject", Wide),
    Heading("Source", Wide),
    Heading("Message", Always),
    Heading("First Seen", Wide),
    Heading("Count", Wide),
    Heading("Name", Wide),
];

pub(super) fn event(event: &Event, now: Time) -> Vec<Value> {
    let event_time = event.event_time.map(|time| time.0);
    let first = event.first_timestamp.or(event_time);
    let (last, count) = match &event.series {
        Some(series) => (series.last_observed_time.map(|time| time.0), series.count),
        None => (event.last_timestamp.or(first), if event.count == 0 { 1 } else { event.count }),
    };
    let about = &event.involved_object;
    let object = if about.name.is_empty() {
        about.kind.to_lowercase().to_string()
    } else {
        format!("{}/{}", about.kind.to_lowercase(), about.name)
    };
    vec![
        duration::age(now, last).into(),
        event.kind.clone().into(),
        event.reason.clone().into(),
        object.into(),
        about.field_path.clone().into(),
        source(event).into(),
        event.message.trim().into(),
        duration::age(now, first).into(),
        Value::Int(i64::from(count)),
        event.metadata.name.clone().into(),
    ]
}

fn source(event: &Event) -> String {
    let source = &event.source;
    let component = if source.component.is_empty() { &event.reporting_component } else { &source.component };
    let host = if source.host.is_empty() { &event.reporting_instance } else { &source.host };
    let mut text = component.to_string();
    // Old recorders repeat their own name as instance; only a node's name says more.
    if !host.is_empty() {
        text = format!("{text}, {host}");
    }
    text
}
