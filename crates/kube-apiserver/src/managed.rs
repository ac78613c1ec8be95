//! Who set which field: the bookkeeping behind `--show-managed-fields`.
//!
//! Comparing two objects field by field costs more than all the rest of a write, and for the thousandth replica the answer
//! is that of the first. So equal answers are kept once ([`Interner`]), and for the writes that components make by the
//! thousand a [fingerprint](fingerprint) of what changed finds the answer again without comparing.

mod fingerprint;

use ordered::OrderedMap;
use std::rc::Rc;

use api::codec::Codec;
use api::core::pod::pod_address;
use api::managed::{self, Entry, Writer};
use api::meta::{ManagedFieldsEntry, ManagedShape};
use api::{Kind, Object, Value, schema, strict};
use ecow::EcoVec;
use sim::Time;

/// Which part of an object a write concerned.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub(crate) enum Part {
    /// All but the status.
    Main,
    /// The status.
    Status,
    /// The number of replicas, through the scale subresource.
    Scale,
    /// The ephemeral containers of a pod, through their subresource.
    EphemeralContainers,
    /// What containers ask for.
    Resize,
}

impl Part {
    fn subresource(self) -> &'static str {
        match self {
            Part::Main => "",
            Part::Status => "status",
            Part::Scale => "scale",
            Part::EphemeralContainers => "ephemeralcontainers",
            Part::Resize => "resize",
        }
    }
}

/// The shapes in use, and what is known of writes.
#[derive(Clone, Debug, Default)]
pub(crate) struct Interner {
    shapes: OrderedMap<(ShapeOrder, api::managed::FieldSet), Rc<ManagedShape>>,
    next_id: u32,
    known: OrderedMap<u64, Known>,
}

/// Manager, API version, subresource, operation.
type ShapeOrder = (api::Str, api::Str, api::Str, u8);

/// What a write leaves behind.
#[derive(Clone, Debug)]
struct Known {
    outcomes: Vec<Outcome>,
    /// The entries as they were made last: shared by all objects that are written alike within one second.
    last: EcoVec<ManagedFieldsEntry>,
}

/// One entry after a write.
#[derive(Clone, Debug)]
struct Outcome {
    shape: Rc<ManagedShape>,
    time: EntryTime,
}

/// Where the time of an entry comes from.
#[derive(Clone, Copy, Debug)]
enum EntryTime {
    /// The write's.
    Now,
    /// That of the entry at this place before the write.
    Kept(usize),
}

/// Different writes that are remembered; then it starts anew.
const KNOWN_MAX: usize = 8_192;
const SHAPES_MAX: usize = 8_192;

impl Interner {
    /// Makes the creator the owner of all fields.
    pub(crate) fn record_create(&mut self, object: &mut Object, manager: &str, now: Time) {
        let key = fingerprint::of_create(object, manager);
        if self.recall(key, object, now) {
            return;
        }
        let old = strict::zero_object(type_of(object.kind()));
        let entries = self.compared(&old, object, &[], Part::Main, manager, now);
        self.remember(key, object, &[], entries, now);
    }

    /// Makes a writer the owner of the fields that it changed.
    pub(crate) fn record_update(&mut self, object: &mut Object, old: &Object, part: Part, manager: &str, now: Time) {
        // Who scales is kept on another object, and comes back from there without a time.
        let now = if part == Part::Scale { Time(0) } else { now };
        let before = old.metadata().managed_fields.clone();
        let given = std::mem::replace(&mut object.metadata_mut().managed_fields, before.clone());
        // Entries that a client writes itself count, unless it writes a part of the object.
        if part == Part::Main && !given.is_empty() && given.as_ptr() != before.as_ptr() && given != before {
            let entries = self.compared(&without_entries(old), object, &given, part, manager, now);
            object.metadata_mut().managed_fields = self.entries(entries);
            return;
        }
        if before.is_empty() {
            return;
        }
        let key = fingerprint::of_update(object, old, part, manager);
        if self.recall(key, object, now) {
            return;
        }
        let entries = self.compared(&without_entries(old), object, &before, part, manager, now);
        self.remember(key, object, &before, entries, now);
    }

    /// The entries after a write, by comparing.
    fn compared(
        &self,
        old: &Value,
        object: &Object,
        before: &[ManagedFieldsEntry],
        part: Part,
        manager: &str,
        now: Time,
    ) -> Vec<Entry> {
        let kind = object.kind();
        let new = without_entries(object);
        let (old, new, api_version) = match kind {
            // The scheduler's events are written through the newer of two APIs, whose fields have other names.
            Kind::Event if !new.get("eventTime").is_null() => {
                (managed::to_events_v1(old), managed::to_events_v1(&new), "events.k8s.io/v1".into())
            }
            _ => (old.clone(), new, kind.api_version()),
        };
        let type_ = schema::type_of(&api_version, kind.name()).unwrap_or_else(|| type_of(kind));
        let subresource = part.subresource();
        let comparison =
            managed::changed_fields(type_, &old, &new).without(&managed::reset_fields(kind.name(), subresource));
        let entries: Vec<Entry> = before.iter().map(ManagedFieldsEntry::to_entry).collect();
        let writer = Writer { manager: manager.into(), api_version, subresource: subresource.into() };
        let updated = managed::update(&comparison, &entries, &writer, now);
        if managed::same_but_for_time(&entries, &updated) { entries } else { updated }
    }

    /// Sets the entries that a write like this one gave before.
    fn recall(&mut self, key: Option<u64>, object: &mut Object, now: Time) -> bool {
        let Some(known) = key.and_then(|key| self.known.get_mut(&key)) else { return false };
        let now = now.truncate_to_second();
        let before = object.metadata().managed_fields.clone();
        let time = |outcome: &Outcome| match outcome.time {
            EntryTime::Now => now,
            EntryTime::Kept(place) => before.get(place).map_or(now, |entry| entry.time),
        };
        if known.outcomes.iter().zip(&known.last).any(|(outcome, last)| time(outcome) != last.time) {
            let entry = |outcome: &Outcome| ManagedFieldsEntry { shape: outcome.shape.clone(), time: time(outcome) };
            known.last = known.outcomes.iter().map(entry).collect();
        }
        object.metadata_mut().managed_fields = known.last.clone();
        true
    }

    fn remember(
        &mut self,
        key: Option<u64>,
        object: &mut Object,
        before: &[ManagedFieldsEntry],
        entries: Vec<Entry>,
        now: Time,
    ) {
        let now = now.truncate_to_second();
        let mut managed_fields = EcoVec::with_capacity(entries.len());
        let mut outcomes = Vec::with_capacity(entries.len());
        for entry in entries {
            let shape = self.intern(&entry);
            let kept = before.iter().position(|old| old.shape.id == shape.id || old.shape.writer == shape.writer);
            let time = match kept {
                Some(place) if entry.time != now => EntryTime::Kept(place),
                _ => EntryTime::Now,
            };
            outcomes.push(Outcome { shape: shape.clone(), time });
            managed_fields.push(ManagedFieldsEntry { shape, time: entry.time });
        }
        object.metadata_mut().managed_fields = managed_fields.clone();
        if let Some(key) = key {
            if self.known.len() >= KNOWN_MAX {
                self.known.clear();
            }
            self.known.insert(key, Known { outcomes, last: managed_fields });
        }
    }

    /// Entries as objects hold them.
    pub(crate) fn entries(&mut self, entries: Vec<Entry>) -> EcoVec<ManagedFieldsEntry> {
        entries.iter().map(|entry| ManagedFieldsEntry { shape: self.intern(entry), time: entry.time }).collect()
    }

    fn intern(&mut self, entry: &Entry) -> Rc<ManagedShape> {
        let Writer { manager, api_version, subresource } = entry.writer.clone();
        let index = ((manager, api_version, subresource, entry.operation as u8), entry.fields.clone());
        if let Some(known) = self.shapes.get(&index) {
            return known.clone();
        }
        if self.shapes.len() >= SHAPES_MAX {
            self.shapes.clear();
            self.known.clear();
        }
        self.next_id += 1;
        let shape = ManagedFieldsEntry::new(entry.clone(), self.next_id).shape;
        self.shapes.insert(index, shape.clone());
        shape
    }
}

fn type_of(kind: Kind) -> schema::Type<'static> {
    schema::type_of(&kind.api_version(), kind.name()).expect("every kind served has a schema")
}

/// The object as JSON, without the entries themselves and with a mark for a pod's own address.
pub(crate) fn without_entries(object: &Object) -> Value {
    let mut copy = object.clone();
    if !copy.metadata().managed_fields.is_empty() {
        copy.metadata_mut().managed_fields = EcoVec::new();
    }
    let mut value = copy.encode();
    if let Object::Pod(pod) = object {
        let mut status = value.remove(&["status"]).unwrap_or_default();
        pod_address::fold(&mut status, &pod.status.pod_ip);
        value.set(&["status"], status);
    }
    value
}

/// Whether a field is set, as far as field sets care.
fn is_set<T: Codec>(field: &T) -> bool {
    !field.is_zero()
}
