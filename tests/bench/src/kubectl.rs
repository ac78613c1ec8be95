//! What a reader waits for: one command of `kubectl` on a cluster that runs.

use ordinal_tests::desk::Said;
use ordinal_tests::fleet::{Fleet, FleetWorld};

use crate::measure::{Figure, Measure};

/// One command, with all pods ready before.
pub(crate) struct Command {
    world: FleetWorld,
    command: &'static str,
    /// Lines that hold this are counted afterwards, and are to be as many as there are pods.
    mark: &'static str,
    said: Said,
    set_up: Result<sim::Time, String>,
}

impl Command {
    /// `kubectl get pods -o wide` of 10,000 pods on 100 nodes.
    pub(crate) fn wide_table() -> Command {
        Command::new(Fleet::decade(100), "kubectl get pods -o wide", "1/1     Running")
    }

    /// `kubectl describe node` with 110 pods on it.
    pub(crate) fn full_node() -> Command {
        Command::new(Fleet { pods: 110, ..Fleet::decade(1) }, "kubectl describe node node-1", "  web-")
    }

    fn new(fleet: Fleet, command: &'static str, mark: &'static str) -> Command {
        let mut world = fleet.world();
        let set_up = world.run_until_ready();
        Command { world, command, mark, said: Said::default(), set_up }
    }
}

impl Measure for Command {
    fn work(&mut self) {
        self.said = self.world.desk.run(self.command);
    }

    fn figures(&mut self) -> Result<Vec<Figure>, String> {
        self.set_up.clone()?;
        let lines = self.said.stdout.lines().filter(|line| line.contains(self.mark)).count();
        let pods = self.world.fleet.pods as usize;
        if self.said.rc != 0 || lines < pods {
            return Err(format!("{lines} lines of {pods} pods, {}", self.said.stderr));
        }
        Ok(vec![Figure::new("bytes printed", self.said.stdout.len() as f64, "")])
    }
}
