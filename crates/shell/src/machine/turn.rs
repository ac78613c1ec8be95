//! The loop: whose turn it is, and how each sort of process takes it.

use sim::Time;

use super::io::{Room, Written};
use super::{Body, Ended, Machine, Running, Status, Task, frames};
use crate::fs::Caller;
use crate::host::{Host, Progress, Signal, Terminal};
use crate::process::{Context, ProcessIo, Step, Stream};

/// What a process did in its turn.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Turn {
    /// Something; it wants to go on.
    Moved,
    /// Nothing, or something and then waits.
    Blocked(Option<Time>),
    /// The owner has to take output first.
    Stalled,
    /// It has ended.
    Ended(i32),
}

pub(super) fn step<P: Clone, H: Host<Process = P>>(machine: &mut Machine<P>, host: &mut H, budget: u64) -> Status {
    let mut left = budget.max(1);
    loop {
        if let Some(status) = machine.exited {
            return Status::Exited(status);
        }
        let pids: Vec<u32> = machine.tasks.keys().copied().collect();
        let (mut moved, mut stalled) = (false, false);
        let mut wake: Option<Time> = None;
        for pid in pids {
            match turn(machine, host, pid, &mut left) {
                Some(Turn::Moved | Turn::Ended(_)) => moved = true,
                Some(Turn::Blocked(Some(at))) => wake = Some(wake.map_or(at, |earlier| earlier.min(at))),
                Some(Turn::Stalled) => stalled = true,
                Some(Turn::Blocked(None)) | None => {}
            }
        }
        if let Some(status) = machine.exited {
            return Status::Exited(status);
        }
        if moved && left == 0 {
            // Rounds are never cut: what a budget is cannot change what happens.
            return Status::OutOfBudget;
        }
        if !moved {
            return match () {
                () if stalled => Status::OutOfBudget,
                () if machine.idle => Status::Idle { wake },
                () => Status::Blocked { wake },
            };
        }
    }
}

/// Gives one process its turn.
fn turn<P: Clone, H: Host<Process = P>>(
    machine: &mut Machine<P>,
    host: &mut H,
    pid: u32,
    left: &mut u64,
) -> Option<Turn> {
    // The process is out of the table during its turn, so that it and the machine can both be changed.
    let mut task = machine.tasks.remove(&pid)?;
    machine.turn_of = pid;
    let turn = match &mut task.body {
        Body::Shell(_) => frames::turn(machine, host, &mut task, left),
        Body::Program(_) => {
            *left = left.saturating_sub(1);
            program_turn(machine, host, &mut task)
        }
        Body::Host(_) => {
            *left = left.saturating_sub(1);
            host_turn(machine, host, &mut task)
        }
        Body::Away => Turn::Blocked(None),
    };
    machine.turn_of = 0;
    match turn {
        Turn::Ended(status) => end(machine, host, task, status),
        Turn::Moved | Turn::Blocked(_) | Turn::Stalled => {
            machine.tasks.insert(pid, task);
        }
    }
    Some(turn)
}

/// A process has ended: its descriptors close, and whoever waits for it learns its status.
pub(super) fn end<P: Clone, H: Host<Process = P>>(machine: &mut Machine<P>, host: &mut H, task: Task<P>, status: i32) {
    machine.opens.release_all(task.fds);
    machine.jobs_ended(task.pid, status);
    if task.pid == machine.config.pid {
        machine.exited = Some(status);
        // Nobody is left to step them: what the host runs for us is told to go.
        for task in machine.tasks.values_mut() {
            if let Body::Host(process) = &mut task.body {
                host.signal(process, Signal::Hup);
            }
        }
        machine.tasks.clear();
    } else if machine.tasks.contains_key(&task.parent) || machine.turn_of == task.parent {
        machine.ended.insert(task.pid, Ended { parent: task.parent, status });
    }
    let turn_of = machine.turn_of;
    machine.ended.retain(|_, ended| machine.tasks.contains_key(&ended.parent) || turn_of == ended.parent);
}

pub(super) fn caller<P: Clone, H: Host<Process = P>>(machine: &Machine<P>, host: &H) -> Caller {
    Caller { uid: machine.config.uid, gid: machine.config.gid, now: host.now() }
}

fn begin_io<P: Clone, H: Host<Process = P>>(machine: &mut Machine<P>, host: &mut H, task: &Task<P>) -> ProcessIo {
    let caller = caller(machine, host);
    let terminal =
        Terminal { stdin: machine.opens.is_terminal(&task.fds, 0), stdout: machine.opens.is_terminal(&task.fds, 1) };
    ProcessIo::new(machine.opens.input(&task.fds, 0, host.fs(), caller), terminal)
}

/// Hands on what was written; `Some` is the status with which the process ends because of it.
fn finish_io<P: Clone, H: Host<Process = P>>(
    machine: &mut Machine<P>,
    host: &mut H,
    task: &Task<P>,
    io: &mut ProcessIo,
) -> Option<i32> {
    let caller = caller(machine, host);
    machine.opens.give_back(&task.fds, 0, &io.stdin);
    let mut failure = None;
    for (stream, bytes) in io.take_output() {
        let fd = if stream == Stream::Stdout { 1 } else { 2 };
        match machine.opens.write(&task.fds, fd, &bytes, host.fs(), caller) {
            Written::Done => {}
            Written::Broken => return Some(128 + Signal::Pipe.number()),
            Written::BadDescriptor => failure = Some("Bad file descriptor".to_string()),
            Written::Failed(error) => failure = Some(error.to_string()),
        }
    }
    let failure = failure?;
    let line = format!("write error: {failure}\n");
    let _ = machine.opens.write(&task.fds, 2, line.as_bytes(), host.fs(), caller);
    Some(1)
}

fn host_turn<P: Clone, H: Host<Process = P>>(machine: &mut Machine<P>, host: &mut H, task: &mut Task<P>) -> Turn {
    match machine.opens.has_room(&task.fds) {
        Room::Yes => {}
        Room::PipeFull => return Turn::Blocked(None),
        Room::OutputFull => return Turn::Stalled,
    }
    let mut io = begin_io(machine, host, task);
    let before = io.stdin.available().len();
    let Body::Host(process) = &mut task.body else { return Turn::Blocked(None) };
    let progress = host.step(process, &mut io);
    let wrote = !io.is_quiet();
    let read = io.stdin.available().len() != before;
    if let Some(status) = finish_io(machine, host, task, &mut io) {
        if let Body::Host(process) = &mut task.body {
            host.signal(process, Signal::Pipe);
        }
        return Turn::Ended(status);
    }
    match progress {
        Progress::Exited(status) => Turn::Ended(status & 0xff),
        Progress::Again => Turn::Moved,
        // What it wrote may wake a reader before it in the order.
        Progress::Blocked { .. } if wrote || read => Turn::Moved,
        Progress::Blocked { wake } => Turn::Blocked(wake),
    }
}

fn program_turn<P: Clone, H: Host<Process = P>>(machine: &mut Machine<P>, host: &mut H, task: &mut Task<P>) -> Turn {
    match machine.opens.has_room(&task.fds) {
        Room::Yes => {}
        Room::PipeFull => return Turn::Blocked(None),
        Room::OutputFull => return Turn::Stalled,
    }
    let Body::Program(running) = &mut task.body else { return Turn::Blocked(None) };
    let child = running.child.and_then(|pid| machine.ended.remove(&pid)).map(|ended| ended.status);
    if child.is_some() {
        running.child = None;
    }
    let mut io = begin_io(machine, host, task);
    let before = io.stdin.available().len();
    let Body::Program(running) = &mut task.body else { return Turn::Blocked(None) };
    let step = step_program(machine, host, running, &mut io, child);
    let quiet = io.is_quiet() && io.stdin.available().len() == before;
    if let Some(status) = finish_io(machine, host, task, &mut io) {
        return Turn::Ended(status);
    }
    match step {
        Step::Exit(status) => Turn::Ended(status & 0xff),
        Step::Again => Turn::Moved,
        Step::Blocked(wake) if quiet && child.is_none() => Turn::Blocked(wake),
        Step::Blocked(_) => Turn::Moved,
        Step::Spawn(spawn) => super::launch::spawn_for_program(machine, host, task, spawn),
        Step::Signal(signal) => {
            if let Body::Program(running) = &task.body
                && let Some(child) = running.child
            {
                super::control::signal_tree(machine, host, child, signal);
            }
            Turn::Moved
        }
    }
}

fn step_program<P: Clone, H: Host<Process = P>>(
    machine: &Machine<P>,
    host: &mut H,
    running: &mut Running,
    io: &mut ProcessIo,
    child: Option<i32>,
) -> Step {
    let caller = caller(machine, host);
    let mut context = Context {
        args: &running.args,
        name: &running.name,
        io,
        fs: host.fs(),
        caller,
        cwd: &running.cwd,
        env: &running.env,
        hostname: &machine.config.hostname,
        prefix: String::new(),
        child,
        child_runs: running.child.is_some(),
    };
    running.program.step(&mut context)
}
