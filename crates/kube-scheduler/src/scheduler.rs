//! The component: watches, queues, schedules, binds.

use ordered::{OrderedMap, OrderedSet};
use std::rc::Rc;

use api::core::pod_status::PodCondition;
use api::meta::ConditionStatus;
use api::{Key, Kind, Node, Object, Pod, Resource, Str};
use client::{Api, Change, ChangeKind, Component, DeleteOptions, EventKind, Informers, Recorder, RecorderApi};
use sim::{Span, Time, Timing};

use crate::cache::Cache;
use crate::diagnosis::{Diagnosis, fit_message};
use crate::framework::{Event, Happened};
use crate::memo::Memo;
use crate::plugins::volume_binding;
use crate::preemption::{Candidate, Preemption, priority};
use crate::queue::SchedulingQueue;
use crate::schedule_one::{Decision, decide, refusing_plugins};

const WATCHED: &[Kind] =
    &[Kind::Node, Kind::PersistentVolumeClaim, Kind::PersistentVolume, Kind::StorageClass, Kind::Pod];
/// What is kept besides pods. Namespaces, services and sets only weigh: their changes wake nobody.
const CACHED: &[Kind] = &[
    Kind::Namespace,
    Kind::Node,
    Kind::PersistentVolumeClaim,
    Kind::PersistentVolume,
    Kind::ReplicaSet,
    Kind::ReplicationController,
    Kind::PodDisruptionBudget,
    Kind::Service,
    Kind::StatefulSet,
    Kind::StorageClass,
];
const NAME: &str = "default-scheduler";
/// An event's text is cut to this length.
const EVENT_BYTES_MAX: usize = 1_024;
/// How long a pod waits for its volumes once it has a node.
const VOLUME_TIMEOUT: Span = Span::from_seconds(600);
/// After a binding that was refused, the pod or its namesake is tried this much later.
const AFTER_REFUSED_BINDING: Span = Span::from_millis(1);

/// Work done, for tests and benches.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Counters {
    /// Scheduling cycles.
    pub cycles: u64,
    /// Nodes evaluated in all cycles.
    pub nodes_evaluated: u64,
    /// Of their answers, those that were computed and not remembered.
    pub answers_computed: u64,
}

/// The scheduler. Pods are not cached twice: those with a node stand in the node cache, the others in the queue.
#[derive(Clone, Debug)]
pub struct Scheduler {
    timing: Rc<Timing>,
    informers: Informers,
    pod_cursor: u64,
    cache: Cache,
    memo: Memo,
    queue: SchedulingQueue,
    start: usize,
    recorder: Recorder,
    /// Decided and not yet written, by the instant of the write.
    bindings: OrderedMap<(Time, u64), Binding>,
    /// The pods that stand in `bindings`.
    being_bound: OrderedSet<Key>,
    /// Decided, waiting for volumes.
    waiting_for_volumes: OrderedMap<Key, (Binding, Time)>,
    sequence: u64,
    diagnoses: OrderedMap<Key, Rc<Diagnosis>>,
    counters: Counters,
}

#[derive(Clone, Debug)]
struct Binding {
    key: Key,
    uid: Str,
    node: Str,
}

impl Scheduler {
    /// A scheduler that has seen nothing yet.
    pub fn new(timing: Rc<Timing>) -> Scheduler {
        Scheduler {
            timing,
            informers: Informers::new(CACHED),
            pod_cursor: 0,
            cache: Cache::default(),
            memo: Memo::default(),
            queue: SchedulingQueue::default(),
            start: 0,
            recorder: Recorder::new(NAME, "", RecorderApi::Events),
            bindings: OrderedMap::new(),
            being_bound: OrderedSet::new(),
            waiting_for_volumes: OrderedMap::new(),
            sequence: 0,
            diagnoses: OrderedMap::new(),
            counters: Counters::default(),
        }
    }

    /// Why a pod waits: the verdict on every node at the last attempt.
    pub fn diagnosis(&self, pod: &Key) -> Option<&Diagnosis> {
        self.diagnoses.get(pod).map(|diagnosis| &**diagnosis)
    }

    /// The work done so far.
    pub fn counters(&self) -> Counters {
        Counters { answers_computed: self.memo.answers_computed(), ..self.counters }
    }

    /// Lets go of what is remembered for Events that are gone.
    pub fn forget_events(&mut self, now: Time) {
        self.recorder.forget_old(now);
    }

    /// Whether what is held to be taken on each node is the sum of what its pods ask for, and what is remembered of the
    /// nodes' answers is what they would answer.
    pub fn sums_are_true(&self) -> bool {
        let (mut cache, mut memo) = (self.cache.clone(), self.memo.clone());
        memo.take_in(&mut cache, &self.informers);
        cache.sums_are_true() && memo.is_true(&cache, &self.informers)
    }

    /// How many pods wait for a node.
    pub fn pending(&self) -> usize {
        self.queue.len()
    }

    fn take_in_changes(&mut self, api: &dyn Api, until: Time) {
        let now = api.now();
        for change in self.informers.update(api, until) {
            self.on_change(&change, now);
        }
        for change in self.pod_changes(api, until) {
            self.pod_cursor = self.pod_cursor.max(change.revision);
            if let Object::Pod(pod) = &change.object {
                let old = match &change.old {
                    Some(Object::Pod(old)) => Some(&**old),
                    _ => None,
                };
                self.on_pod(pod, old, change.kind, now);
            }
        }
    }

    /// The changes of pods; after a `410 Gone`, all pods anew.
    fn pod_changes(&mut self, api: &dyn Api, until: Time) -> Vec<Change> {
        match api.changes(Kind::Pod, self.pod_cursor, until) {
            Ok(changes) => changes.to_vec(),
            Err(_) => {
                let (revision, at) = (api.revision(), api.now());
                let added = |object| Change { kind: ChangeKind::Added, object, old: None, revision, at };
                api.list(Kind::Pod, None).into_iter().map(added).collect()
            }
        }
    }

    fn on_change(&mut self, change: &Change, now: Time) {
        let is_gone = change.kind == ChangeKind::Deleted;
        match &change.object {
            Object::Node(node) => {
                if is_gone {
                    self.cache.remove_node(&node.metadata.name);
                } else {
                    self.cache.set_node(node.clone());
                }
                let old = old_of::<Node>(change).or(if is_gone { Some(&**node) } else { None });
                self.tell_queue(Event::Node(old, (!is_gone).then_some(&**node)), now);
            }
            // Rules select namespaces by their labels.
            Object::Namespace(_) => self.memo.forget(),
            // What is gone helps nobody.
            _ if is_gone => {}
            Object::PersistentVolumeClaim(claim) => self.tell_queue(Event::Claim(old_of(change), claim), now),
            Object::PersistentVolume(volume) => self.tell_queue(Event::Volume(old_of(change), volume), now),
            Object::StorageClass(class) => self.tell_queue(Event::Class(old_of(change), class), now),
            _ => {}
        }
    }

    fn tell_queue(&mut self, event: Event<'_>, now: Time) {
        if event.actions() != 0 {
            self.queue.on_event(&Happened { event, lister: &self.informers }, now);
        }
    }

    fn on_pod(&mut self, pod: &Rc<Pod>, old: Option<&Pod>, kind: ChangeKind, now: Time) {
        let key = pod.metadata.key();
        let is_gone = kind == ChangeKind::Deleted || pod.status.is_terminal();
        let has_node = !pod.spec.node_name.is_empty();
        if is_gone {
            // One that was to be bound, or that was promised a node, kept room as well.
            let had_room = has_node || self.cache.has(&key) || !pod.status.nominated_node_name.is_empty();
            self.forget(&key);
            self.cache.remove(&key);
            if had_room && old.is_none_or(|old| !old.status.is_terminal()) {
                self.tell_queue(Event::Pod(Some(pod), None), now);
            }
        } else if has_node {
            self.forget(&key);
            self.cache.place(pod.clone(), &pod.spec.node_name);
            let old = old.filter(|old| !old.spec.node_name.is_empty());
            self.tell_queue(Event::Pod(old, Some(pod)), now);
        } else if !self.is_ours(pod) || self.is_being_bound(&key) {
            // A gated pod, or another scheduler's; or one whose binding is on its way.
        } else {
            if !pod.status.nominated_node_name.is_empty() {
                self.cache.promise(pod.clone(), &pod.status.nominated_node_name);
            }
            self.queue.set(pod.clone(), &self.informers, now);
        }
    }

    fn is_ours(&self, pod: &Pod) -> bool {
        let name = pod.spec.scheduler_name.as_str();
        (name == NAME || name.is_empty()) && pod.spec.scheduling_gates.is_empty() && !pod.metadata.is_terminating()
    }

    fn is_being_bound(&self, key: &Key) -> bool {
        self.waiting_for_volumes.contains_key(key) || self.being_bound.contains(key)
    }

    fn forget(&mut self, key: &Key) {
        self.cache.promise_nothing(key);
        self.queue.remove(key);
        self.diagnoses.remove(key);
        self.waiting_for_volumes.remove(key);
    }

    fn schedule_one(&mut self, api: &mut dyn Api, pod: &Rc<Pod>) {
        self.counters.cycles += 1;
        let key = pod.metadata.key();
        self.memo.take_in(&mut self.cache, &self.informers);
        let Scheduler { cache, informers, memo, start, .. } = self;
        match decide(pod, cache, informers, memo, start) {
            Decision::Node { name, evaluated, .. } => {
                self.counters.nodes_evaluated += evaluated as u64;
                self.assume(api, pod, &name);
            }
            Decision::Nowhere(diagnosis) => {
                self.counters.nodes_evaluated += diagnosis.by_node.len() as u64;
                self.queue.park(&key, refusing_plugins(&diagnosis), api.now());
                let nominated = match &diagnosis.preemption {
                    Preemption::Chosen(candidate) => {
                        self.preempt(api, pod, candidate);
                        Some(candidate.node.clone())
                    }
                    Preemption::NotEligible(_) => Some(pod.status.nominated_node_name.clone()),
                    Preemption::NotTried | Preemption::Useless(_) => {
                        self.cache.promise_nothing(&key);
                        None
                    }
                };
                self.say_unschedulable(api, pod, &diagnosis, nominated.unwrap_or_default());
                self.diagnoses.insert(key, Rc::new(diagnosis));
            }
        }
    }

    /// Tells the victims to go, and keeps the room for the pod that needs it.
    fn preempt(&mut self, api: &mut dyn Api, pod: &Rc<Pod>, candidate: &Candidate) {
        let node = &candidate.node;
        for victim in &candidate.victims {
            self.evict(api, victim, pod, node);
        }
        let own = priority(pod);
        let weaker: Vec<Rc<Pod>> = self.cache.promised(node).filter(|other| priority(other) < own).cloned().collect();
        for other in weaker {
            // It has to look for another place.
            self.cache.promise_nothing(&other.metadata.key());
            self.set_nominated(api, &other.metadata.key(), Str::new());
            self.queue.retry_now(&other.metadata.key(), api.now());
        }
        self.cache.promise(pod.clone(), node);
    }

    fn evict(&mut self, api: &mut dyn Api, victim: &Rc<Pod>, pod: &Pod, node: &Str) {
        let key = victim.metadata.key();
        if let Some((_, binding)) = self.waiting_for_volumes.remove_entry(&key) {
            // It has a node but is not bound yet: it waits again.
            drop(binding);
            self.cache.remove(&key);
            self.queue.set(victim.clone(), &self.informers, api.now());
        } else {
            let Ok(current) = api.get_as::<Pod>(&key) else { return };
            if !current.metadata.is_terminating() {
                let mut changed = (*current).clone();
                let mut condition = PodCondition::new("DisruptionTarget", true, api.now());
                condition.reason = "PreemptionByScheduler".into();
                condition.message = format!("{NAME}: preempting to accommodate a higher priority pod").into();
                condition.observed_generation = current.metadata.generation;
                let conditions = &mut Rc::make_mut(&mut changed.status).conditions;
                conditions.retain(|known| known.kind != condition.kind);
                conditions.push(condition);
                // Without the condition it goes all the same.
                drop(api.update_status(changed.into()));
                drop(api.delete(Kind::Pod, &key, &DeleteOptions::default()));
            }
        }
        let message = thin::format_str!("Preempted by pod {} on node {node}", pod.metadata.uid);
        self.recorder.event(api, &Object::from(victim.clone()), EventKind::Normal, "Preempted", message);
    }

    fn set_nominated(&mut self, api: &mut dyn Api, key: &Key, node: Str) {
        let Ok(current) = api.get_as::<Pod>(key) else { return };
        if current.status.nominated_node_name != node {
            let mut changed = (*current).clone();
            Rc::make_mut(&mut changed.status).nominated_node_name = node;
            drop(api.update_status(changed.into()));
        }
    }

    /// From here on the room on the node is taken, though the binding is not yet written.
    fn assume(&mut self, api: &mut dyn Api, pod: &Rc<Pod>, node: &Str) {
        let key = pod.metadata.key();
        self.queue.remove(&key);
        self.cache.place(pod.clone(), node);
        let binding = Binding { key: key.clone(), uid: pod.metadata.uid.clone(), node: node.clone() };
        if self.has_unbound_claims(pod) {
            self.select_node_for_claims(api, pod, node);
            self.waiting_for_volumes.insert(key, (binding, api.now() + VOLUME_TIMEOUT));
        } else {
            self.bind_later(binding, api.now());
        }
    }

    fn bind_later(&mut self, binding: Binding, now: Time) {
        self.sequence += 1;
        self.being_bound.insert(binding.key.clone());
        let after_last = self.bindings.keys().next_back().map(|(at, _)| *at + Span(self.timing.scheduling_us));
        let at = (now + Span(self.timing.binding_latency_us)).max(after_last.unwrap_or(now));
        self.bindings.insert((at, self.sequence), binding);
    }

    fn has_unbound_claims(&self, pod: &Pod) -> bool {
        let mut claims = volume_binding::claim_keys(pod);
        claims.any(|key| {
            self.informers.get::<api::PersistentVolumeClaim>(&key).is_none_or(|claim| !volume_binding::is_bound(claim))
        })
    }

    /// Tells the volume controller where the pod goes, so that it can bind or provision there.
    fn select_node_for_claims(&mut self, api: &mut dyn Api, pod: &Pod, node: &Str) {
        for key in volume_binding::claim_keys(pod) {
            let Ok(claim) = api.get_as::<api::PersistentVolumeClaim>(&key) else { continue };
            if volume_binding::is_bound(&claim) {
                continue;
            }
            let mut claim = (*claim).clone();
            claim.metadata.annotations.insert(volume_binding::SELECTED_NODE, node.clone());
            // A conflict means that someone is at the claim right now; its change brings us back here.
            drop(api.update(claim.into()));
        }
    }

    fn check_waiting(&mut self, api: &mut dyn Api) {
        let now = api.now();
        let keys: Vec<Key> = self.waiting_for_volumes.keys().cloned().collect();
        for key in keys {
            let Ok(pod) = api.get_as::<Pod>(&key) else {
                self.waiting_for_volumes.remove(&key);
                self.cache.remove(&key);
                continue;
            };
            let is_late = self.waiting_for_volumes.get(&key).is_some_and(|(_, until)| *until <= now);
            if !self.has_unbound_claims(&pod) {
                if let Some((binding, _)) = self.waiting_for_volumes.remove(&key) {
                    self.bind_later(binding, now);
                }
            } else if is_late {
                self.waiting_for_volumes.remove(&key);
                self.cache.remove(&key);
                self.queue.set(pod, &self.informers, now);
            }
        }
    }

    fn write_due_bindings(&mut self, api: &mut dyn Api) {
        let now = api.now();
        while self.bindings.first_key_value().is_some_and(|((at, _), _)| *at <= now) {
            let Some((_, binding)) = self.bindings.pop_first() else { return };
            self.being_bound.remove(&binding.key);
            match api.bind(&binding.key, &binding.uid, &binding.node) {
                Ok(object) => {
                    let (key, node) = (&binding.key, &binding.node);
                    let message = thin::format_str!("Successfully assigned {key} to {node}");
                    self.recorder.event(api, &object, EventKind::Normal, "Scheduled", message);
                }
                Err(_) => self.put_back(api, &binding.key, now),
            }
        }
    }

    /// Lets go of the room for a pod that could not be bound. It waits again, or its namesake that has come in the meantime does.
    fn put_back(&mut self, api: &dyn Api, key: &Key, now: Time) {
        self.cache.remove(key);
        if let Ok(pod) = api.get_as::<Pod>(key)
            && pod.spec.node_name.is_empty()
            && !pod.status.is_terminal()
            && self.is_ours(&pod)
        {
            self.queue.set(pod, &self.informers, now);
        }
    }

    fn say_unschedulable(&mut self, api: &mut dyn Api, pod: &Rc<Pod>, diagnosis: &Diagnosis, nominated: Str) {
        let message = fit_message(diagnosis);
        let object = Object::from(pod.clone());
        let text = cut(&message);
        self.recorder.event(api, &object, EventKind::Warning, "FailedScheduling", text);
        let Ok(current) = api.get_as::<Pod>(&pod.metadata.key()) else { return };
        let mut condition = PodCondition::new("PodScheduled", false, api.now());
        condition.reason = "Unschedulable".into();
        condition.message = message.into();
        condition.observed_generation = current.metadata.generation;
        let known = current.status.condition("PodScheduled");
        if let Some(known) = known.filter(|known| known.status == ConditionStatus::False) {
            condition.last_transition_time = known.last_transition_time;
            if *known == condition && current.status.nominated_node_name == nominated {
                return;
            }
        }
        let mut changed = (*current).clone();
        let status = Rc::make_mut(&mut changed.status);
        status.nominated_node_name = nominated;
        match status.conditions.iter().position(|known| known.kind == condition.kind) {
            Some(at) => status.conditions.make_mut()[at] = condition,
            None => status.conditions.push(condition),
        }
        // Lost if the pod has just changed: the next attempt says it again.
        drop(api.update_status(changed.into()));
    }

    fn next_wake(&self, now: Time) -> Option<Time> {
        let put_back = self.queue.has_ready().then_some(now + AFTER_REFUSED_BINDING);
        let binding = self.bindings.keys().next().map(|(at, _)| *at);
        let volumes = self.waiting_for_volumes.values().map(|(_, until)| *until).min();
        [put_back, binding, volumes, self.queue.next_at()].into_iter().flatten().min()
    }
}

impl Component for Scheduler {
    fn watched_kinds(&self) -> &'static [Kind] {
        WATCHED
    }

    fn wake(&mut self, api: &mut dyn Api) -> Option<Time> {
        let now = api.now();
        self.take_in_changes(api, now - Span(self.timing.watch_latency_us));
        self.check_waiting(api);
        // A pod that is refused now is parked until something happens, so this ends.
        while let Some(pod) = self.queue.pop(now) {
            self.schedule_one(api, &pod);
        }
        self.write_due_bindings(api);
        self.next_wake(now)
    }
}

/// What an object was before a change.
fn old_of<T: Resource>(change: &Change) -> Option<&T> {
    change.old.as_ref().and_then(T::from_object).map(|old| &**old)
}

fn cut(message: &str) -> String {
    const TAIL: &str = " ...";
    if message.len() <= EVENT_BYTES_MAX {
        return message.to_owned();
    }
    let mut end = EVENT_BYTES_MAX - TAIL.len();
    while !message.is_char_boundary(end) {
        end -= 1;
    }
    format!("{}{TAIL}", &message[..end])
}
