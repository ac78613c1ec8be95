//! A large cluster in which nothing happens.

use ordinal_tests::fleet::{Company, Fleet, FleetWorld};

use crate::measure::{Figure, Measure};

const NODES: u32 = 1_000;
/// The nodes' own Events have expired by then.
const SETTLED_S: i64 = 2 * 3_600;
const HOUR_S: i64 = 3_600;

/// A virtual hour of it.
pub(crate) struct Hour {
    world: FleetWorld,
    events_before: u64,
}

impl Hour {
    pub(crate) fn new() -> Hour {
        let mut world = Fleet { nodes: NODES, pods: 0, company: Company::Any }.world();
        world.desk.wait(SETTLED_S);
        let events_before = world.desk.world.cluster().events();
        Hour { world, events_before }
    }
}

impl Measure for Hour {
    fn work(&mut self) {
        self.world.desk.wait(HOUR_S);
    }

    fn figures(&mut self) -> Result<Vec<Figure>, String> {
        let events = self.world.desk.world.cluster().events() - self.events_before;
        Ok(vec![Figure::new("engine events", events as f64, "").within(0.0)])
    }
}
