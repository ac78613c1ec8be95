//! All controllers as one program.

use std::rc::Rc;

use api::{Key, Kind};
use client::{Api, Component, Informers};
use sim::{Span, Time, Timing};

use crate::context::Context;
use crate::counters::Counters;
use crate::indexes::Indexes;
use crate::statefulset::StatefulSetController;
use crate::why::{Why, Whys};

/// The kinds that controllers read or collect.
const WATCHED: &[Kind] = &[
    Kind::ConfigMap,
    Kind::Endpoints,
    Kind::Namespace,
    Kind::Node,
    Kind::PersistentVolumeClaim,
    Kind::PersistentVolume,
    Kind::Pod,
    Kind::Secret,
    Kind::ServiceAccount,
    Kind::Service,
    Kind::ControllerRevision,
    Kind::StatefulSet,
    Kind::EndpointSlice,
    Kind::PodDisruptionBudget,
    Kind::StorageClass,
];

/// The controllers, their caches and indexes.
#[derive(Clone, Debug)]
pub struct ControllerManager {
    timing: Rc<Timing>,
    cache: Informers,
    indexes: Indexes,
    counters: Counters,
    whys: Whys,
    statefulset: StatefulSetController,
}

impl ControllerManager {
    /// Controllers that have seen nothing yet.
    pub fn new(timing: Rc<Timing>) -> ControllerManager {
        ControllerManager {
            timing,
            cache: Informers::new(WATCHED),
            indexes: Indexes::default(),
            counters: Counters::default(),
            whys: Whys::default(),
            statefulset: StatefulSetController::new(),
        }
    }

    /// What has been done so far.
    pub fn counters(&self) -> Counters {
        self.counters
    }

    /// The last decision about an object, if it is remembered.
    pub fn why(&self, kind: Kind, key: &Key) -> Option<&Why> {
        self.whys.get(kind, key)
    }
}

impl Component for ControllerManager {
    fn watched_kinds(&self) -> &'static [Kind] {
        WATCHED
    }

    fn wake(&mut self, api: &mut dyn Api) -> Option<Time> {
        let now = api.now();
        let watch_latency = Span(self.timing.watch_latency_us);
        let changes = self.cache.update(api, now - watch_latency);
        for change in &changes {
            self.indexes.apply(change, &self.cache);
        }
        let mut context = Context {
            api,
            cache: &self.cache,
            indexes: &self.indexes,
            now,
            watch_latency,
            counters: &mut self.counters,
            whys: &mut self.whys,
        };
        for change in &changes {
            self.statefulset.on_change(change, &context);
        }
        self.statefulset.run(&mut context);
        self.statefulset.next_at()
    }
}
