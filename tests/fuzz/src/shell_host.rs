//! The world of a shell that is given bad scripts: files in memory, no programs but its own, a clock that jumps.

use shell::fs::{Caller, Fs, Tree};
use shell::{Command, Host, ProcessIo, Progress, Signal, SpawnError};
use sim::Time;

/// A host without programs.
pub(crate) struct Files {
    pub(crate) now: Time,
    tree: Tree,
}

impl Files {
    pub(crate) fn new() -> Files {
        let now = Time::HEADLESS_START;
        let mut tree = Tree::default();
        let user = Caller { uid: 1000, gid: 1000, now };
        for directory in ["/home/user", "/tmp"] {
            tree.place_directory(directory, 0o777, user).expect("there is room");
        }
        Files { now, tree }
    }
}

impl Host for Files {
    type Process = ();

    fn now(&self) -> Time {
        self.now
    }

    fn fs(&mut self) -> &mut dyn Fs {
        &mut self.tree
    }

    fn spawn(&mut self, _: Command) -> Result<(), SpawnError> {
        Err(SpawnError::NotFound)
    }

    fn step(&mut self, (): &mut (), _: &mut ProcessIo) -> Progress {
        Progress::Exited(0)
    }

    fn signal(&mut self, (): &mut (), _: Signal) {}
}
