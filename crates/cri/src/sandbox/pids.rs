//! PID namespaces of a sandbox's containers: who has which number, and who sees whom.

use ordered::Arrange;
use sim::Time;

use super::{Container, Sandbox};
use crate::process::Worker;
use crate::socket::ProcessId;

/// The user and the size of the pause process.
const PAUSE_UID: u32 = 65_535;
const PAUSE_PAGES: u32 = 256;

/// Which processes a container sees besides its own.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum PidNamespace {
    /// Those of the container in this place, whose namespace it is; its own place if it sees no others.
    Container(u16),
    /// Those of all containers of the pod that are in its namespace, and the pause process.
    Pod,
}

impl Sandbox {
    /// The number that the first process of a container in this place and namespace gets.
    pub fn first_pid(&self, at: usize, pids: PidNamespace) -> u32 {
        match pids {
            PidNamespace::Container(owner) if usize::from(owner) == at => 1,
            PidNamespace::Container(owner) => self.container(usize::from(owner)).map_or(1, |owner| owner.next_pid),
            PidNamespace::Pod => self.next_pid,
        }
    }

    /// The namespace of a container, if it runs.
    pub fn pids_of(&self, at: usize) -> Option<PidNamespace> {
        self.container(at).filter(|container| container.ended.is_none()).map(|container| container.pids)
    }

    /// The first process of the container in this place.
    pub fn first_process(&self, at: usize) -> ProcessId {
        ProcessId { container: at, pid: self.container(at).map_or(1, |container| container.first) }
    }

    /// What numbers the processes of a namespace.
    pub(super) fn counter(&mut self, pids: PidNamespace) -> &mut u32 {
        let owner = match pids {
            PidNamespace::Container(owner) => self.containers[usize::from(owner)].as_mut(),
            PidNamespace::Pod => None,
        };
        owner.map_or(&mut self.next_pid, |owner| &mut owner.next_pid)
    }

    /// The number that the next exec gets.
    pub fn next_pid(&self, at: usize) -> u32 {
        let Some(container) = self.container(at) else { return 1 };
        match container.pids {
            PidNamespace::Container(owner) => self.container(usize::from(owner)).map_or(1, |owner| owner.next_pid),
            PidNamespace::Pod => self.next_pid,
        }
    }

    /// The process with a number that a container sees: one of its own, or of its namespace.
    pub(super) fn seen_from(&self, at: usize, pid: u32) -> ProcessId {
        let own = ProcessId { container: at, pid };
        let others = || self.neighbours(at).map(|(container, _)| ProcessId { container, pid });
        std::iter::once(own).chain(others()).find(|id| self.owner_of(*id).is_some()).unwrap_or(own)
    }

    /// The other containers of a container's PID namespace.
    pub(super) fn neighbours(&self, at: usize) -> impl Iterator<Item = (usize, &Container)> {
        let pids = self.container(at).map(|container| container.pids);
        let all = self.containers.iter().enumerate().filter_map(|(place, one)| Some((place, one.as_ref()?)));
        all.filter(move |(place, one)| *place != at && Some(one.pids) == pids)
    }

    /// The processes that a container sees, by number.
    pub fn table(&self, at: usize) -> Vec<Worker> {
        let Some(container) = self.container(at) else { return Vec::new() };
        let mut rows = container.table();
        let own = rows.len();
        for (_, other) in self.neighbours(at) {
            rows.extend(other.table());
        }
        if container.pids == PidNamespace::Pod {
            rows.push(pause_row(&rows));
        }
        if rows.len() > own {
            rows.arrange_by_key(|row| row.pid);
        }
        rows
    }
}

/// The first process of a pod's own namespace; it is as old as the pod's oldest process.
fn pause_row(others: &[Worker]) -> Worker {
    let started = others.iter().map(|row| row.started).min().unwrap_or(Time(0));
    let (uid, command) = (PAUSE_UID, "/pause".into());
    Worker { pid: 1, parent: 0, uid, started, pages: PAUSE_PAGES, tty: false, command }
}
