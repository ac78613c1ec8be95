//! A Deployment: from an empty cluster to all its pods bound, and from one image to the next.

use ordinal_tests::fleet::SETTLED_S;
use ordinal_tests::rollout::{Rollout, RolloutWorld};

use crate::measure::{Figure, Measure};

/// 5,000 pods on 1,000 nodes, applied and bound.
pub(crate) struct Bound {
    world: RolloutWorld,
    outcome: Result<sim::Time, String>,
}

impl Bound {
    pub(crate) fn new() -> Bound {
        let mut world = Rollout { nodes: 1_000, pods: 5_000 }.world();
        world.desk.wait(SETTLED_S);
        Bound { world, outcome: Err("it was not run".to_owned()) }
    }
}

impl Measure for Bound {
    fn work(&mut self) {
        self.outcome = self.world.run_until_bound();
    }

    fn figures(&mut self) -> Result<Vec<Figure>, String> {
        figures(&self.world, &self.outcome)
    }
}

/// 1,000 pods on 10 nodes, available before, rolled once with a quarter more and a quarter less.
pub(crate) struct Rolled {
    world: RolloutWorld,
    outcome: Result<sim::Time, String>,
}

impl Rolled {
    pub(crate) fn new() -> Rolled {
        let mut world = Rollout { nodes: 12, pods: 1_000 }.world();
        let outcome = world.run_until_available();
        Rolled { world, outcome }
    }
}

impl Measure for Rolled {
    fn work(&mut self) {
        if self.outcome.is_ok() {
            self.outcome = self.world.roll();
        }
    }

    fn figures(&mut self) -> Result<Vec<Figure>, String> {
        figures(&self.world, &self.outcome)
    }
}

/// 1,000 pods on 10 nodes, applied and available.
pub(crate) struct Available {
    world: RolloutWorld,
    outcome: Result<sim::Time, String>,
}

impl Available {
    pub(crate) fn new() -> Available {
        let world = Rollout { nodes: 10, pods: 1_000 }.world();
        Available { world, outcome: Err("it was not run".to_owned()) }
    }
}

impl Measure for Available {
    fn work(&mut self) {
        self.outcome = self.world.run_until_available();
    }

    fn figures(&mut self) -> Result<Vec<Figure>, String> {
        figures(&self.world, &self.outcome)
    }
}

fn figures(world: &RolloutWorld, outcome: &Result<sim::Time, String>) -> Result<Vec<Figure>, String> {
    let at = outcome.clone()?;
    let cluster = world.desk.world.cluster();
    Ok(vec![
        Figure::new("virtual time", at.since(ordinal_tests::desk::START).as_seconds(), "s"),
        Figure::new("writes", cluster.server().writes() as f64, ""),
        Figure::new("engine events", cluster.events() as f64, ""),
        Figure::new("pods visited by controllers", cluster.controllers().counters().pods_visited as f64, ""),
    ])
}
