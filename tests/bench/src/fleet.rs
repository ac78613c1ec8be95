//! From an empty cluster to all replicas of a Parallel StatefulSet ready.

use ordinal_tests::fleet::{Company, Fleet, FleetWorld};

use crate::heap;
use crate::measure::{Figure, Measure};

/// Bytes of heap that a running pod may take with all that exists because of it.
const BYTES_PER_POD: f64 = 2_048.0;
/// After so many virtual seconds the store's logs hold nothing of the start any more, and after so many more no Event.
const LOGS_ARE_EMPTY_S: i64 = 600;
const EVENTS_ARE_GONE_S: i64 = 7_200;

/// The fleet's world.
pub(crate) struct Ready {
    fleet: Fleet,
    world: FleetWorld,
    empty_bytes: usize,
    outcome: Result<sim::Time, String>,
}

impl Ready {
    /// 100·n pods on n nodes.
    pub(crate) fn new(n: u32) -> Ready {
        let fleet = Fleet::decade(n);
        let world = fleet.world();
        Ready { fleet, world, empty_bytes: heap::bytes(), outcome: Err("it was not run".to_owned()) }
    }

    fn bytes_per_pod(&self) -> f64 {
        heap::bytes().saturating_sub(self.empty_bytes) as f64 / f64::from(self.fleet.pods)
    }
}

impl Measure for Ready {
    fn work(&mut self) {
        self.outcome = self.world.run_until_ready();
    }

    fn figures(&mut self) -> Result<Vec<Figure>, String> {
        let at = self.outcome.clone()?;
        let cluster = self.world.desk.world.cluster();
        let (writes, events) = (cluster.server().writes(), cluster.events());
        let mut figures = vec![
            Figure::new("virtual time", at.since(ordinal_tests::desk::START).as_seconds(), "s"),
            Figure::new("writes", writes as f64, ""),
            Figure::new("engine events", events as f64, ""),
            Figure::new("API Events", self.world.api_events() as f64, ""),
            Figure::new("heap per pod, everything, when ready", self.bytes_per_pod(), "B"),
        ];
        let running = self.world.running_in_table();
        if running != self.fleet.pods {
            return Err(format!("kubectl get prints {running} pods as running"));
        }
        self.world.desk.wait(LOGS_ARE_EMPTY_S);
        figures.push(Figure::new("heap per pod, with Events, logs compacted", self.bytes_per_pod(), "B"));
        self.world.desk.wait(EVENTS_ARE_GONE_S);
        let kept = Figure::new("heap per pod, running, Events expired", self.bytes_per_pod(), "B");
        figures.push(kept.within(BYTES_PER_POD));
        figures.push(Figure::new("API Events then", self.world.api_events() as f64, ""));
        Ok(figures)
    }
}

/// 1,000 replicas, each on a host of its own, from the manifest to all having a node.
pub(crate) struct Alone {
    world: FleetWorld,
    outcome: Result<sim::Time, String>,
}

impl Alone {
    pub(crate) fn new() -> Alone {
        let mut world = Fleet { nodes: 1_000, pods: 1_000, company: Company::Alone }.world();
        world.settle();
        Alone { world, outcome: Err("it was not run".to_owned()) }
    }
}

impl Measure for Alone {
    fn work(&mut self) {
        self.outcome = self.world.run_until_bound();
    }

    fn figures(&mut self) -> Result<Vec<Figure>, String> {
        let at = self.outcome.clone()?;
        let cluster = self.world.desk.world.cluster();
        Ok(vec![
            Figure::new("virtual time", at.since(ordinal_tests::desk::START).as_seconds(), "s"),
            Figure::new("writes", cluster.server().writes() as f64, ""),
            Figure::new("nodes evaluated", cluster.scheduler().counters().nodes_evaluated as f64, ""),
        ])
    }
}
