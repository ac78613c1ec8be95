//! A pod as the runtime sees it: one network namespace and containers with processes.
//!
//! Each container has a PID namespace of its own, or is in that of another container or of the pod: processes of one namespace
//! have different numbers, and see and signal each other.
//!
//! Invariants: processes of one sandbox are stepped in the order of container and PID; packets within the pod arrive at
//! once, others leave through [`Sandbox::take_packets`]; a run of [`Sandbox::run`] makes at most [`STEPS_MAX`] steps.

mod pids;

use ordered::{Arrange, OrderedMap};
use std::net::Ipv4Addr;
use std::rc::Rc;

use shell::fs::{Caller, Tree};
use sim::{Span, Time};
use thin::Str;

use crate::files::{Files, Mount, Volumes};
use crate::log::Log;
use crate::packet::Packet;
use crate::process::{
    Caption, Disposition, Health, Input, Process, ProcessIo, Progress, SMALL_PAGES, Signal, Stream, System, Worker,
};
use crate::small_map::SmallMap;
use crate::socket::{Net, ProcessId, Sockets};

pub use pids::PidNamespace;

/// Steps of one run; a process that wants more goes on a moment later.
pub const STEPS_MAX: usize = 10_000;
/// Bytes of input that wait for a process.
const STDIN_BYTES_MAX: usize = 1024 * 1024;
/// Bytes of output that wait for a session's client.
const SESSION_BYTES_MAX: usize = 4 * 1024 * 1024;
/// Processes of one container.
const PROCESSES_MAX: usize = 256;

/// Where the output of an exec or attach goes, and its exit code.
#[derive(Clone, Debug, Default)]
pub struct SessionBuffer {
    /// Standard output that was not read yet.
    pub stdout: Vec<u8>,
    /// Standard error that was not read yet.
    pub stderr: Vec<u8>,
    /// The exit code, once the process has ended.
    pub exit: Option<i32>,
}

/// Sessions by number.
pub type Sessions = OrderedMap<u64, SessionBuffer>;

/// What a sandbox needs from outside while it runs.
pub struct World<'a> {
    /// The virtual time.
    pub now: Time,
    /// All volumes.
    pub volumes: &'a mut Volumes,
    /// All sessions.
    pub sessions: &'a mut Sessions,
}

/// What a process wrote in one step, in order.
type Written = Vec<(Stream, Vec<u8>)>;

/// How a container's first process ended.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Ended {
    /// Its exit code.
    pub code: i32,
    /// When.
    pub at: Time,
}

/// What a container is made from.
pub struct NewContainer {
    /// Its own files.
    pub root: Tree,
    /// What is mounted over them.
    pub mounts: Rc<[Mount]>,
    /// Its host name.
    pub hostname: Str,
    /// The further group of its processes.
    pub fs_group: Option<u32>,
    /// Which processes it sees.
    pub pids: PidNamespace,
}

/// A container.
#[derive(Clone, Debug)]
pub struct Container {
    root: Tree,
    mounts: Rc<[Mount]>,
    hostname: Str,
    fs_group: Option<u32>,
    processes: SmallMap<u32, Running>,
    pids: PidNamespace,
    /// The number of its first process: 1 in a namespace of its own.
    first: u32,
    /// For the next process of the namespace that is this container's.
    next_pid: u32,
    log: Log,
    ended: Option<Ended>,
    /// Its first process is stuck: it is not stepped, and any signal that would end a process ends it.
    is_hung: bool,
}

#[derive(Clone, Debug)]
struct Running {
    process: Box<dyn Process>,
    command: Str,
    uid: u32,
    gid: u32,
    started: Time,
    io: ProcessIo,
    stdin_is_open: bool,
    wake: Option<Time>,
    is_runnable: bool,
    /// The session that its output goes to, beside the log for the first process.
    session: Option<u64>,
}

/// A program with what it needs to be started.
pub struct NewProcess {
    /// The program.
    pub process: Box<dyn Process>,
    /// What `ps` shows.
    pub command: Str,
    /// The user.
    pub uid: u32,
    /// The user's group.
    pub gid: u32,
    /// Whether input and output are a terminal.
    pub terminal: shell::Terminal,
    /// Whether input may come.
    pub stdin_is_open: bool,
    /// The session that its output goes to.
    pub session: Option<u64>,
}

/// A pod's containers and network.
#[derive(Clone, Debug)]
pub struct Sandbox {
    sockets: Sockets,
    containers: Vec<Option<Container>>,
    outgoing: Vec<Packet>,
    /// For the next process of the pod's own PID namespace.
    next_pid: u32,
    /// As it was after the last run.
    caption: Option<Caption>,
    caption_changed: bool,
}

impl Sandbox {
    /// A sandbox with room for so many containers.
    pub fn new(ip: Ipv4Addr, containers: usize) -> Sandbox {
        Sandbox {
            sockets: Sockets::new(ip),
            containers: vec![None; containers],
            outgoing: Vec::new(),
            next_pid: SECOND_PID,
            caption: None,
            caption_changed: false,
        }
    }

    /// Makes room for so many containers in all.
    pub fn grow(&mut self, containers: usize) {
        self.containers.resize(containers.max(self.containers.len()), None);
    }

    /// The pod's sockets.
    pub fn sockets(&self) -> &Sockets {
        &self.sockets
    }

    /// The container in this place, if it was started.
    pub fn container(&self, at: usize) -> Option<&Container> {
        self.containers.get(at).and_then(Option::as_ref)
    }

    /// The files of a container's own, to write into from outside.
    pub fn root_mut(&mut self, at: usize) -> Option<&mut Tree> {
        self.containers.get_mut(at)?.as_mut().map(|container| &mut container.root)
    }

    /// Makes a new container in this place (the one before it is gone, its log is answered) and starts its first process.
    pub fn start(&mut self, at: usize, new: NewContainer, first: NewProcess, world: &mut World<'_>) -> Option<Log> {
        let before = self.containers[at].take().map(|container| container.log);
        let NewContainer { root, mounts, hostname, fs_group, pids } = new;
        let number = self.first_pid(at, pids);
        let container = Container {
            root,
            mounts,
            hostname,
            fs_group,
            processes: SmallMap::default(),
            pids,
            first: number,
            next_pid: number,
            log: Log::default(),
            ended: None,
            is_hung: false,
        };
        self.containers[at] = Some(container);
        self.add(at, first, world.now);
        self.run(world);
        before
    }

    /// Starts a further process in a container; answers its number. `None` if the container does not run or is full.
    pub fn exec(&mut self, at: usize, new: NewProcess, now: Time) -> Option<u32> {
        let container = self.containers.get(at)?.as_ref()?;
        if container.ended.is_some() || container.processes.len() >= PROCESSES_MAX {
            return None;
        }
        Some(self.add(at, new, now))
    }

    fn add(&mut self, at: usize, new: NewProcess, now: Time) -> u32 {
        let pids = self.containers[at].as_ref().expect("a process is added to a container that was made").pids;
        let counter = self.counter(pids);
        let pid = *counter;
        *counter = if pid == 1 { SECOND_PID } else { pid + 1 };
        let stdin = Input::new(Rc::new(Vec::new()), 0, !new.stdin_is_open);
        let running = Running {
            process: new.process,
            command: new.command,
            uid: new.uid,
            gid: new.gid,
            started: now,
            io: ProcessIo::new(stdin, new.terminal),
            stdin_is_open: new.stdin_is_open,
            wake: None,
            is_runnable: true,
            session: new.session,
        };
        let container = self.containers[at].as_mut().expect("it was there just now");
        container.processes.insert(pid, running);
        pid
    }

    /// Sends output of a process to a session from now on.
    pub fn attach(&mut self, id: ProcessId, session: u64) {
        if let Some(running) = self.process_mut(id) {
            running.session = Some(session);
        }
    }

    /// Sends no output of a process to a session any more; one that has attached since then keeps it.
    pub fn detach(&mut self, id: ProcessId, session: u64) {
        if let Some(running) = self.process_mut(id).filter(|running| running.session == Some(session)) {
            running.session = None;
        }
    }

    /// The terminal of a process has another size now: what stands in its last line is shown again to its session, as a shell
    /// does with its prompt.
    pub fn redraw(&mut self, id: ProcessId, world: &mut World<'_>) {
        let Some(container) = self.container(id.container).filter(|container| container.first == id.pid) else {
            return;
        };
        let session = container.processes.get(id.pid).and_then(|running| running.session);
        if let Some(buffer) = session.and_then(|session| world.sessions.get_mut(&session)) {
            buffer.stdout.extend_from_slice(container.log.unfinished());
        }
    }

    /// Gives a process input.
    pub fn write_stdin(&mut self, id: ProcessId, bytes: &[u8]) {
        let Some(running) = self.process_mut(id).filter(|running| running.stdin_is_open) else { return };
        let mut data = running.io.stdin.take_all();
        let room = STDIN_BYTES_MAX.saturating_sub(data.len());
        data.extend_from_slice(&bytes[..bytes.len().min(room)]);
        running.io.stdin = Input::new(Rc::new(data), 0, false);
        running.is_runnable = true;
    }

    /// Ends a process's input.
    pub fn close_stdin(&mut self, id: ProcessId) {
        let Some(running) = self.process_mut(id) else { return };
        let data = running.io.stdin.take_all();
        running.io.stdin = Input::new(Rc::new(data), 0, true);
        running.stdin_is_open = false;
        running.is_runnable = true;
    }

    fn process_mut(&mut self, id: ProcessId) -> Option<&mut Running> {
        self.containers.get_mut(id.container)?.as_mut()?.processes.get_mut(id.pid)
    }

    /// Whether a process still runs.
    pub fn runs(&self, id: ProcessId) -> bool {
        self.container(id.container).is_some_and(|container| container.processes.contains(id.pid))
    }

    /// A packet from the network.
    pub fn deliver(&mut self, packet: Packet) {
        if let Some(owner) = self.sockets.accept(packet) {
            self.make_runnable(owner);
        }
    }

    fn make_runnable(&mut self, id: ProcessId) {
        // A program that another one runs is stepped by that one.
        if let Some(running) = self.owner_of(id).and_then(|owner| self.process_mut(owner)) {
            running.is_runnable = true;
        }
    }

    /// Packets for other pods, services and name servers.
    pub fn take_packets(&mut self) -> Vec<Packet> {
        self.route();
        std::mem::take(&mut self.outgoing)
    }

    /// Steps every process that has something to do.
    pub fn run(&mut self, world: &mut World<'_>) {
        for steps in 0..STEPS_MAX {
            self.route();
            let Some(id) = self.next_runnable(world.now) else {
                if steps > 0 {
                    self.note_caption();
                }
                return;
            };
            self.step(id, world);
        }
        self.route();
        self.note_caption();
    }

    /// What the pod is to its users: the caption of the first process that has one.
    pub fn caption(&self) -> Option<Caption> {
        let containers = self.containers.iter().flatten();
        containers.flat_map(|container| container.processes.iter()).find_map(|(_, running)| running.process.caption())
    }

    /// Whether the caption has changed since this was asked last.
    pub fn take_caption_changed(&mut self) -> bool {
        std::mem::take(&mut self.caption_changed)
    }

    fn note_caption(&mut self) {
        let caption = self.caption();
        if self.caption != caption {
            self.caption = caption;
            self.caption_changed = true;
        }
    }

    /// When a process wants to be stepped again, if one does.
    pub fn next_at(&self, now: Time) -> Option<Time> {
        let running = self
            .containers
            .iter()
            .flatten()
            .flat_map(|container| {
                container.processes.iter().filter(|(pid, _)| !(container.is_hung && *pid == container.first))
            })
            .map(|(_, running)| running);
        let soon = now + Span::from_millis(1);
        running
            .filter_map(
                |running| if running.is_runnable { Some(soon) } else { running.wake.map(|wake| wake.max(soon)) },
            )
            .min()
    }

    fn next_runnable(&self, now: Time) -> Option<ProcessId> {
        for (at, container) in self.containers.iter().enumerate() {
            let Some(container) = container else { continue };
            for (pid, running) in
                container.processes.iter().filter(|(pid, _)| !(container.is_hung && *pid == container.first))
            {
                if running.is_runnable || running.wake.is_some_and(|wake| wake <= now) {
                    return Some(ProcessId { container: at, pid });
                }
            }
        }
        None
    }

    fn route(&mut self) {
        while let Some(packet) = self.sockets.take_outgoing() {
            if self.sockets.is_local(&packet) {
                self.deliver(packet);
            } else {
                self.outgoing.push(packet);
            }
        }
    }

    fn step(&mut self, id: ProcessId, world: &mut World<'_>) {
        let mut kills = Vec::new();
        let outcome = self.with_process(id, world, &mut kills, |process, io, system| process.step(io, system));
        let Some((progress, output)) = outcome else { return };
        self.write_output(id, &output, world);
        match progress {
            Progress::Exited(code) => self.end(id, code, world),
            Progress::Blocked { wake } => self.pause(id, wake, IsRunnable::No),
            Progress::Again => self.pause(id, None, IsRunnable::Yes),
        }
        for (pid, signal) in kills {
            let seen = self.seen_from(id.container, pid);
            self.signal(seen, signal, world);
        }
    }

    fn pause(&mut self, id: ProcessId, wake: Option<Time>, is_runnable: IsRunnable) {
        if let Some(running) = self.process_mut(id) {
            running.wake = wake;
            running.is_runnable = is_runnable == IsRunnable::Yes;
        }
    }

    /// Lends a process out of the table together with all that it can reach.
    fn with_process<T>(
        &mut self,
        id: ProcessId,
        world: &mut World<'_>,
        kills: &mut Vec<(u32, Signal)>,
        act: impl FnOnce(&mut Box<dyn Process>, &mut ProcessIo, &mut System<'_>) -> T,
    ) -> Option<(T, Written)> {
        let pids = self.container(id.container)?.pids;
        let (table, mut next_pid) = (self.table(id.container), *self.counter(pids));
        let container = self.containers.get_mut(id.container)?.as_mut()?;
        let mut running = container.processes.remove(id.pid)?;
        let mut system = System {
            now: world.now,
            caller: Caller { uid: running.uid, gid: running.gid, now: world.now },
            files: Files {
                root: &mut container.root,
                mounts: &container.mounts,
                volumes: world.volumes,
                fs_group: container.fs_group,
            },
            net: Net { sockets: &mut self.sockets, owner: id },
            hostname: &container.hostname,
            processes: &table,
            kills,
            next_pid: &mut next_pid,
        };
        let answer = act(&mut running.process, &mut running.io, &mut system);
        let output = running.io.take_output();
        container.processes.insert(id.pid, running);
        *self.counter(pids) = next_pid;
        Some((answer, output))
    }

    fn write_output(&mut self, id: ProcessId, output: &[(Stream, Vec<u8>)], world: &mut World<'_>) {
        let Some(container) = self.containers.get_mut(id.container).and_then(Option::as_mut) else { return };
        let Some(running) = container.processes.get(id.pid) else { return };
        let (session, is_terminal) = (running.session, running.io.terminal.stdout);
        for (stream, bytes) in output {
            if id.pid == container.first {
                container.log.write(bytes, world.now);
            }
            if let Some(buffer) = session.and_then(|session| world.sessions.get_mut(&session)) {
                // A terminal has one stream for both.
                let target = match stream {
                    Stream::Stdout => &mut buffer.stdout,
                    Stream::Stderr if is_terminal => &mut buffer.stdout,
                    Stream::Stderr => &mut buffer.stderr,
                };
                let room = SESSION_BYTES_MAX.saturating_sub(target.len());
                target.extend_from_slice(&bytes[..bytes.len().min(room)]);
            }
        }
    }

    /// Sends a signal to a process, or to the program that a worker belongs to; answers whether somebody has dealt with it.
    pub fn signal(&mut self, id: ProcessId, signal: Signal, world: &mut World<'_>) -> Disposition {
        let Some(owner) = self.owner_of(id) else { return Disposition::Handled };
        if signal == Signal::Kill && owner.pid == id.pid {
            // The first process of a namespace cannot be killed from inside; that is what `kill_container` is for.
            if id.pid != 1 {
                self.end(id, 128 + signal.number(), world);
            }
            return Disposition::Handled;
        }
        if owner == self.first_process(id.container) && self.is_hung(id.container) {
            if !matches!(signal, Signal::Cont | Signal::Stop) {
                self.end(owner, 128 + signal.number(), world);
            }
            return Disposition::Handled;
        }
        let mut kills = Vec::new();
        let outcome = self.with_process(owner, world, &mut kills, |process, _, system| match owner.pid == id.pid {
            true => process.signal(signal, system),
            false => process.signal_worker(id.pid, signal, system),
        });
        let Some((disposition, output)) = outcome else { return Disposition::Handled };
        self.write_output(owner, &output, world);
        match disposition {
            Disposition::Handled => self.make_runnable(owner),
            Disposition::Default if owner.pid == 1 || owner.pid != id.pid => {}
            Disposition::Default if matches!(signal, Signal::Cont | Signal::Stop) => {}
            Disposition::Default => self.end(owner, 128 + signal.number(), world),
        }
        disposition
    }

    fn owner_of(&self, id: ProcessId) -> Option<ProcessId> {
        let container = self.container(id.container)?;
        if container.processes.contains(id.pid) {
            return Some(id);
        }
        let owner = container
            .processes
            .iter()
            .find(|(_, running)| running.process.workers().iter().any(|worker| worker.pid == id.pid));
        owner.map(|(pid, _)| ProcessId { container: id.container, pid })
    }

    /// Lets the first process of a container hang, or go on.
    pub fn set_hung(&mut self, at: usize, is_hung: bool) {
        if let Some(container) = self.containers.get_mut(at).and_then(Option::as_mut) {
            container.is_hung = is_hung;
        }
    }

    /// Whether the first process of a container hangs.
    pub fn is_hung(&self, at: usize) -> bool {
        self.container(at).is_some_and(|container| container.is_hung)
    }

    /// Ends the first process of a container with this exit code, and with it the container.
    pub fn end_container(&mut self, at: usize, code: i32, world: &mut World<'_>) {
        self.end(self.first_process(at), code, world);
    }

    /// Ends a container from outside: SIGKILL to all of its processes.
    pub fn kill_container(&mut self, at: usize, world: &mut World<'_>) {
        self.end_container(at, 128 + Signal::Kill.number(), world);
    }

    /// A process has ended; with a container's first process all others end, and those that live in its PID namespace.
    fn end(&mut self, id: ProcessId, code: i32, world: &mut World<'_>) {
        let Some(container) = self.containers.get_mut(id.container).and_then(Option::as_mut) else { return };
        let Some(running) = container.processes.remove(id.pid) else { return };
        self.sockets.close_of(id);
        for worker in running.process.workers() {
            self.sockets.close_of(ProcessId { container: id.container, pid: worker.pid });
        }
        tell_session(world, running.session, code);
        if id.pid != container.first {
            return;
        }
        container.log.finish(world.now);
        container.ended = Some(Ended { code, at: world.now });
        for (pid, running) in std::mem::take(&mut container.processes).into_pairs() {
            self.sockets.close_of(ProcessId { container: id.container, pid });
            for worker in running.process.workers() {
                self.sockets.close_of(ProcessId { container: id.container, pid: worker.pid });
            }
            tell_session(world, running.session, 128 + Signal::Kill.number());
        }
        if id.pid == 1 {
            let guests: Vec<usize> = self.neighbours(id.container).map(|(place, _)| place).collect();
            guests.into_iter().for_each(|guest| self.kill_container(guest, world));
        }
    }
}

/// The number after the first: those between are the runtime's.
const SECOND_PID: u32 = 7;

impl Running {
    fn row(&self, pid: u32) -> Worker {
        let (uid, started, command) = (self.uid, self.started, self.command.clone());
        Worker { pid, parent: 0, uid, started, pages: SMALL_PAGES, tty: self.io.terminal.stdout, command }
    }
}

#[derive(Clone, Copy, PartialEq, Eq)]
enum IsRunnable {
    Yes,
    No,
}

fn tell_session(world: &mut World<'_>, session: Option<u64>, code: i32) {
    if let Some(buffer) = session.and_then(|session| world.sessions.get_mut(&session)) {
        buffer.exit = Some(code);
    }
}

impl Container {
    /// How its first process ended, if it did.
    pub fn ended(&self) -> Option<Ended> {
        self.ended
    }

    /// What its first process has printed.
    pub fn log(&self) -> &Log {
        &self.log
    }

    /// What its first process declares of its probes.
    pub fn health(&self) -> Health {
        let first = self.processes.get(self.first).filter(|_| !self.is_hung);
        first.map_or(Health::Asked, |running| running.process.health())
    }

    /// Its own processes, by number.
    fn table(&self) -> Vec<Worker> {
        let mut rows = Vec::new();
        for (pid, running) in self.processes.iter() {
            let workers = running.process.workers();
            if !workers.iter().any(|worker| worker.pid == pid) {
                rows.push(running.row(pid));
            }
            rows.extend(workers);
        }
        rows.arrange_by_key(|row| row.pid);
        rows
    }
}
