//! Events: made here and nowhere else.

use ordered::OrderedMap;
use std::rc::Rc;

use ::api::codec::MicroTime;
use ::api::core::event::{Event, EventSeries, EventSource};
use ::api::meta::ObjectReference;
use ::api::{Key, Kind, Object, ObjectMeta, Str};
use sim::{Random, Span, Time};

use crate::Api;

/// How much an event matters.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum EventKind {
    /// As it should be.
    Normal,
    /// Worth a look.
    Warning,
}

impl EventKind {
    /// The name in JSON.
    pub const fn as_str(self) -> &'static str {
        match self {
            EventKind::Normal => "Normal",
            EventKind::Warning => "Warning",
        }
    }
}

/// Which of the two recorders of client-go a component uses.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum RecorderApi {
    /// `tools/record`: count, first and last timestamp. All but the scheduler.
    Core,
    /// `tools/events`: event time and series. The scheduler.
    Events,
}

/// Makes the Events of one component (on one node, for a kubelet).
///
/// Models: kubernetes v1.36 client-go tools/record (event correlator: counting; the tenth similar event within ten
/// minutes is combined with what follows; a burst of 25 per object, then one in five minutes) and tools/events (series).
#[derive(Clone, Debug)]
pub struct Recorder {
    component: Str,
    host: Str,
    /// Who writes series: the component and the machine of the control plane.
    instance: Str,
    api: RecorderApi,
    /// Events already made, by the [`fingerprint`] of all that must be equal for them to be counted.
    seen: OrderedMap<u64, Seen>,
    /// Different messages of one reason about one object, by the fingerprint of these two.
    similar: OrderedMap<u64, Similar>,
    /// What an object may still record before it counts as spam.
    budgets: OrderedMap<Str, Budget>,
    /// One reference per object, shared by its events, and the revision that it names.
    references: OrderedMap<(Str, Str), (u64, Rc<ObjectReference>)>,
    sequence: u64,
    random: Random,
}

#[derive(Clone, Debug)]
struct Seen {
    key: Key,
    at: Time,
    count: i32,
}

#[derive(Clone, Debug)]
struct Similar {
    /// Their fingerprints.
    messages: Vec<u64>,
    since: Time,
}

#[derive(Clone, Debug)]
struct Budget {
    tokens_micro: u64,
    at: Time,
}

/// What is remembered at most, per map; then the oldest half is let go.
const REMEMBERED_MAX: usize = 4_096;
const SIMILAR_MAX: usize = 10;
const SIMILAR_WINDOW: Span = Span::from_seconds(600);
const BURST: u64 = 25;
const REFILL: Span = Span::from_seconds(300);
/// How long the store keeps an Event after its last write.
const EVENT_TTL: Span = Span::from_seconds(3_600);
const SERIES_WINDOW: Span = Span::from_seconds(360);

impl Recorder {
    /// A recorder for a component; `host` is empty but for kubelets.
    pub fn new(component: impl Into<Str>, host: impl Into<Str>, api: RecorderApi) -> Recorder {
        let component = component.into();
        Recorder {
            random: Random::stream(0, &component),
            instance: thin::format_str!("{component}-minikube"),
            component,
            host: host.into(),
            api,
            seen: OrderedMap::new(),
            similar: OrderedMap::new(),
            budgets: OrderedMap::new(),
            references: OrderedMap::new(),
            sequence: 0,
        }
    }

    /// Speaks for another node from now on: the kubelets of all nodes share one recorder.
    pub fn set_host(&mut self, host: Str) {
        self.host = host;
    }

    /// Lets go of what can no longer change an event: those counted are gone from the store, too much time has passed for
    /// combining, or the budget is full again.
    pub fn forget_old(&mut self, now: Time) {
        self.seen.retain(|_, seen| now.since(seen.at) < EVENT_TTL);
        self.similar.retain(|_, similar| now.since(similar.since) <= SIMILAR_WINDOW);
        self.budgets.retain(|_, budget| now.since(budget.at) < Span(REFILL.0 * BURST));
        self.references.clear();
    }

    /// Records an event about an object.
    pub fn event(
        &mut self,
        api: &mut dyn Api,
        about: &Object,
        kind: EventKind,
        reason: &'static str,
        message: impl Into<Str>,
    ) {
        self.event_at(api, about, "", kind, reason, message);
    }

    /// Records an event about a part of an object, such as `spec.containers{nginx}`.
    pub fn event_at(
        &mut self,
        api: &mut dyn Api,
        about: &Object,
        field_path: &str,
        kind: EventKind,
        reason: &'static str,
        message: impl Into<Str>,
    ) {
        let reference = self.reference(about, field_path);
        let message = message.into();
        match self.api {
            RecorderApi::Core => self.record_counted(api, reference, kind, reason.into(), message),
            RecorderApi::Events => self.record_series(api, reference, kind, reason.into(), message),
        }
    }

    fn reference(&mut self, about: &Object, field_path: &str) -> Rc<ObjectReference> {
        let metadata = about.metadata();
        // A node's events carry its name as UID, as kubelet and node controller write them.
        let is_node = about.kind() == Kind::Node && !self.host.is_empty();
        let uid = if is_node { metadata.name.clone() } else { metadata.uid.clone() };
        let index = (uid.clone(), Str::from(field_path));
        let revision = metadata.resource_version.0;
        let wants_version = self.api == RecorderApi::Events;
        if let Some((of, known)) = self.references.get(&index)
            && (!wants_version || *of == revision)
        {
            return known.clone();
        }
        forget_half_if_full(&mut self.references);
        let reference = Rc::new(ObjectReference {
            api_version: about.kind().api_version(),
            kind: about.kind().name().into(),
            name: metadata.name.clone(),
            namespace: metadata.namespace.clone(),
            uid,
            resource_version: thin::format_str!("{revision}"),
            field_path: field_path.into(),
            ..ObjectReference::default()
        });
        self.references.insert(index, (revision, reference.clone()));
        reference
    }

    fn record_counted(
        &mut self,
        api: &mut dyn Api,
        about: Rc<ObjectReference>,
        kind: EventKind,
        reason: Str,
        message: Str,
    ) {
        let now = api.now();
        let (message, identity_message) = self.combined(&about, &reason, message, now);
        if !self.spend_token(&about.uid, now) {
            return;
        }
        let identity = identity(&about, kind, &reason, &identity_message);
        if let Some(seen) = self.seen.get_mut(&identity)
            && let Ok(old) = api.get(Kind::Event, &seen.key)
            && let Object::Event(old) = old
        {
            seen.count += 1;
            seen.at = now;
            let mut event = (*old).clone();
            event.count = seen.count;
            event.message = message;
            event.last_timestamp = Some(now.truncate_to_second());
            // An event that is lost is lost: upstream's sink gives up as well.
            drop(api.update(event.into()));
            return;
        }
        let stamp = Some(now.truncate_to_second());
        let event = Event {
            metadata: self.new_metadata(&about, now),
            involved_object: about,
            reason,
            message,
            source: EventSource {
                component: self.component.clone(),
                host: self.host.clone(),
                ..EventSource::default()
            },
            first_timestamp: stamp,
            last_timestamp: stamp,
            count: 1,
            kind: kind.as_str().into(),
            reporting_component: self.component.clone(),
            reporting_instance: self.host.clone(),
            ..Event::default()
        };
        self.create(api, event, identity, now);
    }

    fn record_series(
        &mut self,
        api: &mut dyn Api,
        about: Rc<ObjectReference>,
        kind: EventKind,
        reason: Str,
        message: Str,
    ) {
        let now = api.now();
        // A series is one version of an object, one reason: a new text does not start a new one, and the first text stays.
        let identity = identity(&about, kind, &reason, &about.resource_version);
        if let Some(seen) = self.seen.get_mut(&identity)
            && now.since(seen.at) < SERIES_WINDOW
            && let Ok(Object::Event(old)) = api.get(Kind::Event, &seen.key)
        {
            seen.count += 1;
            seen.at = now;
            let mut event = (*old).clone();
            let series =
                EventSeries { count: seen.count, last_observed_time: Some(MicroTime(now)), ..EventSeries::default() };
            event.series = Some(Rc::new(series));
            drop(api.update(event.into()));
            return;
        }
        let action = match reason.as_str() {
            "Scheduled" => "Binding",
            "Preempted" => "Preempting",
            _ => "Scheduling",
        };
        let event = Event {
            metadata: self.new_metadata(&about, now),
            involved_object: about,
            reason,
            message,
            kind: kind.as_str().into(),
            event_time: Some(MicroTime(now)),
            action: action.into(),
            reporting_component: self.component.clone(),
            reporting_instance: self.instance.clone(),
            ..Event::default()
        };
        self.create(api, event, identity, now);
    }

    fn create(&mut self, api: &mut dyn Api, event: Event, identity: u64, now: Time) {
        let key = event.metadata.key();
        if api.create(event.into()).is_ok() {
            forget_half_if_full(&mut self.seen);
            self.seen.insert(identity, Seen { key, at: now, count: 1 });
        }
    }

    /// An event is called after its object and the nanosecond; the sequence keeps names apart within a microsecond.
    fn new_metadata(&mut self, about: &ObjectReference, now: Time) -> ObjectMeta {
        self.sequence += 1;
        let nanos = now.0 * 1_000 + self.sequence % 1_000;
        let namespace = if about.namespace.is_empty() { Str::from("default") } else { about.namespace.clone() };
        ObjectMeta::new(namespace, thin::format_str!("{}.{nanos:016x}", about.name))
    }

    /// The text to write, and the text that decides whether two events are one.
    fn combined(&mut self, about: &ObjectReference, reason: &Str, message: Str, now: Time) -> (Str, Str) {
        forget_half_if_full(&mut self.similar);
        let index = fingerprint(&[&about.uid, reason]);
        let similar = self.similar.entry(index).or_insert(Similar { messages: Vec::new(), since: now });
        if now.since(similar.since) > SIMILAR_WINDOW {
            similar.messages.clear();
        }
        similar.since = now;
        let text = fingerprint(&[&message]);
        if !similar.messages.contains(&text) {
            // Most have one, and there are many.
            similar.messages.reserve_exact(1);
            similar.messages.push(text);
        }
        if similar.messages.len() >= SIMILAR_MAX {
            // One of them is let go, any one, so that the next new one is combined as well.
            let gone = self.random.below(similar.messages.len() as u64) as usize;
            similar.messages.remove(gone);
            let text = thin::format_str!("(combined from similar events): {message}");
            return (text, Str::from("\u{0}combined"));
        }
        (message.clone(), message)
    }

    fn spend_token(&mut self, uid: &Str, now: Time) -> bool {
        const TOKEN: u64 = 1_000_000;
        forget_half_if_full(&mut self.budgets);
        let budget = self.budgets.entry(uid.clone()).or_insert(Budget { tokens_micro: BURST * TOKEN, at: now });
        let earned = now.since(budget.at).0 / (REFILL.0 / TOKEN);
        budget.tokens_micro = (budget.tokens_micro + earned).min(BURST * TOKEN);
        budget.at = now;
        let has_one = budget.tokens_micro >= TOKEN;
        if has_one {
            budget.tokens_micro -= TOKEN;
        }
        has_one
    }
}

/// All that must be equal for two events to be one. `detail` is the text, for counted events; the object's version, for
/// series.
fn identity(about: &ObjectReference, kind: EventKind, reason: &str, detail: &str) -> u64 {
    fingerprint(&[&about.uid, &about.field_path, kind.as_str(), reason, detail])
}

/// FNV-1a. What is remembered of an event is a number: texts would outweigh the events themselves.
fn fingerprint(parts: &[&str]) -> u64 {
    let mut hash = 0xcbf2_9ce4_8422_2325_u64;
    for part in parts {
        // No text contains this byte, so parts cannot run into each other.
        for byte in part.bytes().chain([0xff]) {
            hash = (hash ^ u64::from(byte)).wrapping_mul(0x0000_0100_0000_01b3);
        }
    }
    hash
}

fn forget_half_if_full<K: Ord + Clone, V>(map: &mut OrderedMap<K, V>) {
    if map.len() < REMEMBERED_MAX {
        return;
    }
    let middle = map.keys().nth(REMEMBERED_MAX / 2).cloned();
    if let Some(middle) = middle {
        *map = map.split_off(&middle);
    }
}
