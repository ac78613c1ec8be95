//! The taint eviction controller: pods leave nodes whose taints they do not bear, at once or after the time they allow.
//!
//! A pod has at most one eviction ahead of it. What is absent: budgets; a taint asks nobody.
//!
//! Models: kubernetes v1.36 pkg/controller/tainteviction.

use ordered::{OrderedMap, OrderedSet};
use std::rc::Rc;

use api::core::affinity::Toleration;
use api::core::node::Taint;
use api::core::pod_status::PodCondition;
use api::{Key, Kind, Node, Object, Pod, Resource, Str};
use client::{Change, ChangeKind, DeleteOptions, EventKind, Recorder, RecorderApi};
use sim::{Span, Time};
use thin::format_str;

use crate::context::Context;

/// The evictions ahead.
#[derive(Clone, Debug)]
pub(crate) struct TaintEvictionController {
    /// When each was decided, and when it is due.
    ahead: OrderedMap<Key, (Time, Time)>,
    due: OrderedSet<(Time, Key)>,
    recorder: Recorder,
}

/// How long a pod stays on a node with these taints.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Stay {
    /// For ever.
    Forever,
    /// Not at all.
    Never,
    /// So long.
    For(Span),
}

/// How long a pod with these tolerations stays on a node with these taints. Only taints that say NoExecute count.
pub fn decide_stay(tolerations: &[Toleration], taints: &[Taint]) -> Stay {
    let mut shortest = None;
    for taint in taints.iter().filter(|taint| taint.effect == "NoExecute") {
        let Some(toleration) = tolerations.iter().find(|toleration| toleration.tolerates(taint)) else {
            return Stay::Never;
        };
        let seconds = toleration.toleration_seconds.map(|seconds| Span::from_seconds(seconds.max(0)));
        shortest = [shortest, seconds].into_iter().flatten().min();
    }
    match shortest {
        None => Stay::Forever,
        Some(Span(0)) => Stay::Never,
        Some(span) => Stay::For(span),
    }
}

impl TaintEvictionController {
    pub(crate) fn new() -> TaintEvictionController {
        TaintEvictionController {
            ahead: OrderedMap::new(),
            due: OrderedSet::new(),
            recorder: Recorder::new("taint-eviction-controller", "", RecorderApi::Core),
        }
    }

    pub(crate) fn on_change(&mut self, change: &Change, context: &mut Context<'_>) {
        match &change.object {
            Object::Node(node) => self.on_node(node, change, context),
            Object::Pod(pod) if change.kind == ChangeKind::Deleted => self.forget(&pod.key()),
            Object::Pod(pod) => {
                let old = change.old.as_ref().and_then(Object::get::<Pod>);
                let is_same = old.is_some_and(|old| {
                    Rc::ptr_eq(&old.spec, &pod.spec)
                        || old.spec.node_name == pod.spec.node_name && old.spec.tolerations == pod.spec.tolerations
                });
                if !is_same && !pod.spec.node_name.is_empty() {
                    let node = context.cache.get::<Node>(&Key::new("", pod.spec.node_name.clone()));
                    let taints = node.map(|node| node.spec.taints.clone()).unwrap_or_default();
                    self.consider(pod, &taints, context);
                }
            }
            _ => {}
        }
    }

    fn on_node(&mut self, node: &Rc<Node>, change: &Change, context: &mut Context<'_>) {
        let evicting = |object: Option<&Rc<Node>>| -> Vec<Taint> {
            let taints = object.into_iter().flat_map(|node| node.spec.taints.iter());
            taints.filter(|taint| taint.effect == "NoExecute").cloned().collect()
        };
        let old = evicting(change.old.as_ref().and_then(Object::get::<Node>));
        let new = if change.kind == ChangeKind::Deleted { Vec::new() } else { evicting(Some(node)) };
        if old == new {
            return;
        }
        let keys: Vec<Key> = context.indexes.pods_of_node(&node.metadata.name).cloned().collect();
        for key in keys {
            if let Some(pod) = context.cache.get::<Pod>(&key).cloned() {
                self.consider(&pod, &new, context);
            }
        }
    }

    fn consider(&mut self, pod: &Rc<Pod>, taints: &[Taint], context: &mut Context<'_>) {
        let key = pod.key();
        let now = context.now;
        match decide_stay(&pod.spec.tolerations, taints) {
            Stay::Forever => self.cancel(pod, context),
            Stay::Never => {
                self.forget(&key);
                self.plan(key, now, now);
            }
            Stay::For(span) => {
                let since = self.ahead.get(&key).map_or(now, |(since, _)| *since);
                if self.ahead.contains_key(&key) && since + span < now + span {
                    // The one that is planned comes first.
                    return;
                }
                self.forget(&key);
                self.plan(key, since, now + span);
            }
        }
    }

    fn plan(&mut self, key: Key, since: Time, at: Time) {
        self.ahead.insert(key.clone(), (since, at));
        self.due.insert((at, key));
    }

    fn forget(&mut self, key: &Key) {
        if let Some((_, at)) = self.ahead.remove(key) {
            self.due.remove(&(at, key.clone()));
        }
    }

    fn cancel(&mut self, pod: &Rc<Pod>, context: &mut Context<'_>) {
        let key = pod.key();
        if self.ahead.contains_key(&key) {
            self.forget(&key);
            self.say(pod, format_str!("Cancelling deletion of Pod {key}"), context);
        }
    }

    fn say(&mut self, pod: &Rc<Pod>, message: Str, context: &mut Context<'_>) {
        let about = Object::Pod(pod.clone());
        self.recorder.event(context.api, &about, EventKind::Normal, "TaintManagerEviction", message);
    }

    /// Carries out what is due.
    pub(crate) fn run(&mut self, context: &mut Context<'_>) {
        while self.due.first().is_some_and(|(at, _)| *at <= context.now) {
            let Some((_, key)) = self.due.pop_first() else { return };
            self.ahead.remove(&key);
            self.evict(&key, context);
        }
    }

    pub(crate) fn next_at(&self) -> Option<Time> {
        self.due.first().map(|(at, _)| *at)
    }

    fn evict(&mut self, key: &Key, context: &mut Context<'_>) {
        context.counters.syncs += 1;
        let Ok(pod) = context.api.get_as::<Pod>(key) else { return };
        self.say(&pod, format_str!("Marking for deletion Pod {key}"), context);
        let mut changed = Pod::clone(&pod);
        let mut condition = PodCondition::new("DisruptionTarget", true, context.now);
        condition.reason = "DeletionByTaintManager".into();
        condition.message = "Taint manager: deleting due to NoExecute taint".into();
        condition.observed_generation = pod.metadata.generation;
        let conditions = &mut Rc::make_mut(&mut changed.status).conditions;
        conditions.retain(|found| found.kind != condition.kind);
        conditions.push(condition);
        // Without the condition the pod goes all the same.
        let _ = context.update_status(changed);
        // A pod that is gone already needs no deletion.
        let _ = context.delete(Kind::Pod, key, &DeleteOptions::default());
    }
}
