//! Programs that run in containers.

use std::net::Ipv4Addr;

use shell::fs::Caller;
use sim::Time;
use thin::Str;

use crate::files::Files;
use crate::socket::Net;

pub use shell::{Input, ProcessIo, Progress, Signal, Stream};

/// A program that runs. It never waits: it does what it can and says until when it has nothing to do. It is stepped at
/// its start, when its time has come, when input or a packet has arrived, and after a signal.
pub trait Process {
    /// Runs on: takes input and packets, writes output, sends packets.
    fn step(&mut self, io: &mut ProcessIo, system: &mut System<'_>) -> Progress;

    /// A signal (never KILL). A handler may end the process in its next step.
    fn signal(&mut self, signal: Signal, system: &mut System<'_>) -> Disposition {
        let _ = (signal, system);
        Disposition::Default
    }

    /// Further rows of the process table that belong to this program; one with its own number replaces its row (a program that
    /// has become another, as after `exec`).
    fn workers(&self) -> Vec<Worker> {
        Vec::new()
    }

    /// A signal for one of its [`Process::workers`].
    fn signal_worker(&mut self, pid: u32, signal: Signal, system: &mut System<'_>) -> Disposition {
        let _ = pid;
        self.signal(signal, system)
    }

    /// What it is to its users at the moment; `None` for a program that has no part to play.
    fn caption(&self) -> Option<Caption> {
        None
    }

    /// Whether probes must be run against it.
    fn health(&self) -> Health {
        Health::Asked
    }

    /// A copy: a checkpoint of the cluster copies every process.
    fn boxed_clone(&self) -> Box<dyn Process>;
}

impl Clone for Box<dyn Process> {
    fn clone(&self) -> Self {
        self.boxed_clone()
    }
}

impl std::fmt::Debug for dyn Process {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str("Process")
    }
}

/// What becomes of a signal.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Disposition {
    /// The process has no handler: the kernel ends it, unless it is the container's first process, which is left alone.
    Default,
    /// The process has dealt with it.
    Handled,
}

/// A process's part in its application, for people to look at. Nothing is decided by it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Caption {
    /// In the application's own words, short: `leader`.
    pub text: Str,
    /// Whether it serves its users now.
    pub serves: bool,
    /// The ring of tokens that it is a member of, as it knows it, itself first; empty if there is none.
    pub ring: Vec<RingMember>,
}

impl Caption {
    /// Of a program that is no member of a ring.
    pub fn new(text: &str, serves: bool) -> Caption {
        Caption { text: text.into(), serves, ring: Vec::new() }
    }
}

/// A member of a ring, as another knows it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct RingMember {
    /// Its address.
    pub ip: Ipv4Addr,
    /// How it stands and what it owns, in the application's own words: `UN 33.3%`.
    pub text: Str,
    /// Whether it is up.
    pub is_up: bool,
    /// Where its tokens lie, of 65,536 places around the ring; each token owns what lies between the one before and itself.
    pub tokens: Vec<u16>,
}

/// What a process declares of its probes.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Health {
    /// Nothing: they must be run.
    Asked,
    /// All of them succeed for as long as it runs, and leave no trace.
    ConstantlyGood,
}

/// A row of the process table.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Worker {
    /// Its number.
    pub pid: u32,
    /// The process that started it; 0 for those that were started from outside.
    pub parent: u32,
    /// Its user.
    pub uid: u32,
    /// When it was started.
    pub started: Time,
    /// Its virtual memory in pages.
    pub pages: u32,
    /// Whether it has a terminal.
    pub tty: bool,
    /// What `ps` shows.
    pub command: Str,
}

/// The virtual memory of a small program, in pages: that of a shell.
pub const SMALL_PAGES: u32 = 1_126;

/// What a process can reach.
pub struct System<'a> {
    /// The virtual time.
    pub now: Time,
    /// Its user and group.
    pub caller: Caller,
    /// Its files.
    pub files: Files<'a>,
    /// Its sockets.
    pub net: Net<'a>,
    /// The container's host name.
    pub hostname: &'a str,
    /// The processes that its container sees, itself included.
    pub processes: &'a [Worker],
    /// Signals that it wants to send to processes that it sees; sent after the step.
    pub kills: &'a mut Vec<(u32, Signal)>,
    /// Numbers for new processes of its PID namespace.
    pub next_pid: &'a mut u32,
}

impl System<'_> {
    /// A number for a new process.
    pub fn new_pid(&mut self) -> u32 {
        let pid = *self.next_pid;
        *self.next_pid = pid.wrapping_add(1).max(2);
        pid
    }
}
