//! `kubectl events`: events by time, also as they come.
//!
//! Models: kubernetes v1.36 kubectl/pkg/cmd/events.

use api::duration::age;
use api::{Kind, Object, Str, Value};
use client::{Change, ChangeKind};
use ordered::Arrange;
use sim::Time;

use super::get::changes;
use super::{Call, Flow, PLAIN, Progress, Verb, shared};
use crate::context::Context;
use crate::failure::Failure;
use crate::flags::Flag;
use crate::mapping::Mapping;
use crate::output::{Formats, Output, Printer};
use crate::printers::tabwriter::TabWriter;

/// The verb.
pub static EVENTS: Verb = Verb {
    path: "events",
    summary: "List events, oldest first",
    usage: "[(-o|--output=)json|yaml|kyaml|name|go-template|go-template-file|template|templatefile|jsonpath|jsonpath-as-json|\
            jsonpath-file] [--for TYPE/NAME] [--watch] [--types=Normal,Warning] [options]",
    flags: &[
        &[
            Flag::int("chunk-size", "500"),
            Flag::text("for"),
            Flag::bool("no-headers"),
            Flag::slice("types"),
            Flag::bool("watch").short('w'),
        ],
        shared::OUTPUT,
        shared::ALL_NAMESPACES,
    ],
    run,
    ..PLAIN
};

/// Which events are wanted.
#[derive(Clone, Debug)]
struct Filter {
    namespace: Option<Str>,
    types: Vec<Str>,
    /// Kind, API version and name.
    object: Option<(Str, Str, Str)>,
}

fn run(call: &mut Call<'_, '_>) -> Result<Flow, Failure> {
    let filter = filter(call)?;
    let output = Output::read(call.ctx, call.env, &call.flags, Formats::Operation)?;
    let mut found: Vec<Object> = call.ctx.list(Kind::Event, filter.namespace.as_deref())?;
    found.retain(|event| filter.matches(&event.encode_body()));
    let mut events: Vec<Value> = found.iter().map(Object::encode).collect();
    let mut lines = Lines {
        writer: TabWriter::for_tables(),
        with_namespace: call.flags.is_on("all-namespaces"),
        has_header: !call.flags.is_on("no-headers"),
    };
    if call.flags.is_on("watch") {
        let printer = match output {
            Output::Objects(printer) => Some(printer),
            Output::Human | Output::Wide => None,
        };
        let cursor = call.ctx.api.revision();
        let mut watching = Watching { filter, lines, printer, cursor };
        for event in &events {
            watching.show(call.ctx, event)?;
        }
        return Ok(watching.into());
    }
    if events.is_empty() {
        let place = match &filter.namespace {
            Some(_) => format!("No events found in {} namespace.\n", call.namespace),
            None => "No events found.\n".to_string(),
        };
        call.ctx.err(&place);
        return Ok(Flow::Done(0));
    }
    events.arrange_by_key(time_of);
    let text = match output {
        Output::Objects(mut printer) => match printer.print_typed(&event_list(events)) {
            // Upstream does not look whether the list could be printed.
            Err(Failure::Plain(_)) => String::new(),
            printed => printed?,
        },
        Output::Human | Output::Wide => lines.print(&events, call.ctx.now()),
    };
    call.ctx.out(&text);
    Ok(Flow::Done(0))
}

/// Events as the typed client holds them.
fn event_list(events: Vec<Value>) -> Value {
    let mut list = Value::map();
    list.set(&["apiVersion"], "v1");
    list.set(&["kind"], "EventList");
    list.set(&["metadata"], Value::map());
    list.set(&["items"], events);
    list
}

fn filter(call: &Call<'_, '_>) -> Result<Filter, Failure> {
    let types = call.flags.texts("types");
    let is_known = |wanted: &Str| ["normal", "warning"].contains(&wanted.to_lowercase().as_str());
    if !types.iter().all(is_known) {
        return Err(Failure::plain("valid --types are Normal or Warning"));
    }
    let wanted = call.flags.text("for");
    let object = match wanted.split_once('/') {
        None if wanted.is_empty() => None,
        None => return Err(Failure::plain("--for must be in resource/name form")),
        Some((_, name)) if name.contains('/') => {
            return Err(Failure::plain("arguments in resource/name form may not have more than one slash"));
        }
        Some((resource, name)) => {
            let found = Mapping::find(resource)?;
            Some((found.resource().kind.into(), found.resource().api_version().into(), name.into()))
        }
    };
    let namespace = (!call.flags.is_on("all-namespaces")).then(|| call.namespace.clone());
    Ok(Filter { namespace, types, object })
}

impl Filter {
    fn matches(&self, event: &Value) -> bool {
        let is_type = |wanted: &Str| event.get("type").text().eq_ignore_ascii_case(wanted);
        let involved = event.get("involvedObject");
        let is_object = self.object.as_ref().is_none_or(|(kind, version, name)| {
            involved.get("kind").text() == kind
                && involved.get("apiVersion").text() == version
                && involved.get("name").text() == name
        });
        let namespace = event.at(&["metadata", "namespace"]).text();
        let is_here = self.namespace.as_ref().is_none_or(|wanted| namespace == wanted);
        is_here && is_object && (self.types.is_empty() || self.types.iter().any(is_type))
    }
}

/// Lines of a table of events.
#[derive(Clone, Debug)]
struct Lines {
    writer: TabWriter,
    with_namespace: bool,
    /// Whether the header still has to be printed.
    has_header: bool,
}

impl Lines {
    fn print(&mut self, events: &[Value], now: Time) -> String {
        let mut text = String::new();
        if std::mem::take(&mut self.has_header) {
            text.push_str(if self.with_namespace { "NAMESPACE\t" } else { "" });
            text.push_str("LAST SEEN\tTYPE\tREASON\tOBJECT\tMESSAGE\n");
        }
        for event in events {
            if self.with_namespace {
                text.push_str(&format!("{}\t", event.at(&["metadata", "namespace"]).text()));
            }
            let involved = event.get("involvedObject");
            text.push_str(&format!(
                "{}\t{}\t{}\t{}/{}\t{}\n",
                last_seen(event, now),
                event.get("type").text(),
                event.get("reason").text(),
                involved.get("kind").text(),
                involved.get("name").text(),
                event.get("message").text().trim()
            ));
        }
        self.writer.format(&text)
    }
}

fn instant(event: &Value, path: &[&str]) -> Option<Time> {
    event.at(path).as_str().and_then(Time::parse_rfc3339)
}

/// By what events are sorted.
fn time_of(event: &Value) -> Time {
    let series = instant(event, &["series", "lastObservedTime"]);
    let time = series.or_else(|| instant(event, &["lastTimestamp"])).or_else(|| instant(event, &["eventTime"]));
    time.unwrap_or_default()
}

/// `5s`, or `5s (x3 over 1m)`.
fn last_seen(event: &Value, now: Time) -> String {
    let first = instant(event, &["eventTime"]).or_else(|| instant(event, &["firstTimestamp"]));
    let since_first = age(now, first);
    let times = |last: Option<Time>, count: i64| format!("{} (x{count} over {since_first})", age(now, last));
    let count = event.get("count").as_int().unwrap_or(0);
    if !event.get("series").is_null() {
        let count = event.at(&["series", "count"]).as_int().unwrap_or(0);
        times(instant(event, &["series", "lastObservedTime"]), count)
    } else if count > 1 {
        times(instant(event, &["lastTimestamp"]), count)
    } else {
        since_first
    }
}

/// `kubectl events -w`
#[derive(Clone, Debug)]
pub struct Watching {
    filter: Filter,
    lines: Lines,
    printer: Option<Box<Printer>>,
    cursor: u64,
}

impl Watching {
    /// Prints the events that have come.
    pub fn step(&mut self, ctx: &mut Context<'_>) -> Result<Progress, Failure> {
        if ctx.api.revision() > self.cursor {
            for change in changes(ctx, Kind::Event, &mut self.cursor)? {
                self.show_change(ctx, &change)?;
            }
        }
        Ok(Progress::Blocked { wake: None })
    }

    fn show_change(&mut self, ctx: &mut Context<'_>, change: &Change) -> Result<(), Failure> {
        let event = change.object.encode();
        match change.kind {
            ChangeKind::Added | ChangeKind::Modified if self.filter.matches(&event) => self.show(ctx, &event),
            ChangeKind::Added | ChangeKind::Modified | ChangeKind::Deleted => Ok(()),
        }
    }

    fn show(&mut self, ctx: &mut Context<'_>, event: &Value) -> Result<(), Failure> {
        let text = match &mut self.printer {
            Some(printer) => printer.print_typed(event)?,
            None => self.lines.print(std::slice::from_ref(event), ctx.now()),
        };
        ctx.out(&text);
        Ok(())
    }
}
