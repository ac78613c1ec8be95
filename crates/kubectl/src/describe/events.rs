//! The last section of most descriptions: what happened to the object.

use ordered::Arrange;
use std::rc::Rc;

use api::duration;
use api::{Event, Value};
use sim::Time;

use super::cluster::{Cluster, Events};
use super::fields::text;
use super::lines::Lines;

/// Which events belong to an object. What is empty is not looked at, but for the namespace.
struct Involved<'a> {
    kind: &'a str,
    namespace: &'a str,
    name: &'a str,
    uid: &'a str,
}

impl Involved<'_> {
    fn has(&self, event: &Event) -> bool {
        let involved = &event.involved_object;
        involved.name == self.name
            && involved.namespace == self.namespace
            && (self.kind.is_empty() || involved.kind == self.kind)
            && (self.uid.is_empty() || involved.uid == self.uid)
    }
}

impl Cluster<'_> {
    /// Writes the events of an object.
    pub(super) fn events(&self, lines: &mut Lines, object: &Value) {
        self.events_of(lines, object, text(object, "kind"));
    }

    /// Writes the events of a pod: whatever kind they say, as mirror pods have.
    pub(super) fn events_of_pod(&self, lines: &mut Lines, pod: &Value) {
        self.events_of(lines, pod, "");
    }

    fn events_of(&self, lines: &mut Lines, object: &Value, kind: &str) {
        if self.events == Events::Hidden {
            return;
        }
        let (namespace, name) = (text(object, "metadata.namespace"), text(object, "metadata.name"));
        let found = self.search(&Involved { kind, namespace, name, uid: text(object, "metadata.uid") });
        self.write_events(lines, found);
    }

    /// Writes the events of a node: some name it by its UID, some use its name for a UID.
    pub(super) fn events_of_node(&self, lines: &mut Lines, node: &Value) {
        if self.events == Events::Hidden {
            return;
        }
        let name = text(node, "metadata.name");
        let involved = |uid| Involved { kind: "Node", namespace: "", name, uid };
        let mut found = self.search(&involved(text(node, "metadata.uid")));
        found.extend(self.search(&involved(name)));
        self.write_events(lines, found);
    }

    fn search(&self, involved: &Involved<'_>) -> Vec<Rc<Event>> {
        let namespace = Some(involved.namespace).filter(|namespace| !namespace.is_empty());
        let events = self.list::<Event>(namespace);
        events.into_iter().filter(|event| involved.has(event)).collect()
    }

    fn write_events(&self, lines: &mut Lines, mut events: Vec<Rc<Event>>) {
        if events.is_empty() {
            return lines.field(0, "Events", "<none>");
        }
        // Events of the scheduler have no last timestamp: they come first.
        events.arrange_by_key(|event| event.last_timestamp.map(Time::truncate_to_second));
        lines.line(0, "Events:");
        lines.line(1, "Type\tReason\tAge\tFrom\tMessage");
        lines.line(1, "----\t------\t----\t----\t-------");
        for event in &events {
            let source = match event.source.component.as_str() {
                "" => &event.reporting_component,
                _ => &event.source.component,
            };
            let (kind, reason, ages) = (&event.kind, &event.reason, ages(event, self.now()));
            lines.line(1, format_args!("{kind}\t{reason}\t{ages}\t{source}\t{}", message(event)));
        }
    }
}

/// `5s`, or `5s (x3 over 1m)`.
fn ages(event: &Event, now: Time) -> String {
    let in_seconds = |time: Option<Time>| duration::age(now, time.map(Time::truncate_to_second));
    let first = match event.event_time {
        Some(time) => duration::age(now, Some(time.0)),
        None => in_seconds(event.first_timestamp),
    };
    if let Some(series) = &event.series {
        let last = duration::age(now, series.last_observed_time.map(|time| time.0));
        return format!("{last} (x{} over {first})", series.count);
    }
    if event.count > 1 {
        return format!("{} (x{} over {first})", in_seconds(event.last_timestamp), event.count);
    }
    first
}

/// The message, after the part of the object that it is about.
fn message(event: &Event) -> String {
    let message = event.message.trim();
    match event.involved_object.field_path.as_str() {
        "" => message.to_string(),
        path => format!("{path}: {message}"),
    }
}
