//! Jobs and signals.

use thin::Str;

use super::shell::{Frame, Shell, Unwind};
use super::turn::Turn;
use super::{Body, Machine, Task};
use crate::host::{Host, KillError, Signal};
use crate::limits::JOBS_MAX;

/// A background job.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Job {
    /// Its number, `%1`.
    pub id: u32,
    /// The PID that `$!` gave.
    pub pid: u32,
    /// The shell that started it.
    pub parent: u32,
    /// Its source.
    pub text: Str,
    /// How it stands.
    pub state: JobState,
}

/// How a job stands.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum JobState {
    /// It runs.
    Running,
    /// It ended with this status, and nobody has been told.
    Done(i32),
}

impl Job {
    /// `Running`, `Done`, `Exit 1`, `Terminated`, `Killed`
    pub fn state_text(&self) -> String {
        match self.state {
            JobState::Running => "Running".into(),
            JobState::Done(0) => "Done".into(),
            JobState::Done(137) => "Killed".into(),
            JobState::Done(143) => "Terminated".into(),
            JobState::Done(130) => "Interrupt".into(),
            JobState::Done(status) => format!("Exit {status}"),
        }
    }
}

impl<P: Clone> Machine<P> {
    /// The number of the next job, if there may be one more.
    pub(crate) fn next_job(&mut self) -> Option<u32> {
        if self.jobs.len() >= JOBS_MAX {
            self.jobs.retain(|job| job.state == JobState::Running);
        }
        let last = self.jobs.iter().map(|job| job.id).max().unwrap_or(0);
        (self.jobs.len() < JOBS_MAX).then_some(last + 1)
    }

    pub(crate) fn add_job(&mut self, id: u32, pid: u32, parent: u32, text: &Str) {
        self.jobs.push(Job { id, pid, parent, text: text.clone(), state: JobState::Running });
    }

    pub(crate) fn jobs_ended(&mut self, pid: u32, status: i32) {
        if let Some(job) = self.jobs.iter_mut().find(|job| job.pid == pid) {
            job.state = JobState::Done(status);
        }
    }

    /// `+` for the current job, `-` for the one before it.
    pub(crate) fn job_mark(&self, job: &Job) -> char {
        let later = self.jobs.iter().filter(|other| other.id > job.id).count();
        match later {
            0 => '+',
            1 => '-',
            _ => ' ',
        }
    }

    pub(crate) fn job_line(&self, job: &Job) -> String {
        let end = if job.state == JobState::Running { " &" } else { "" };
        format!("[{}]{}  {:<24}{}{end}\n", job.id, self.job_mark(job), job.state_text(), job.text)
    }

    /// Tells of jobs that have ended, before a prompt.
    pub(crate) fn report_jobs<H: Host<Process = P>>(&mut self, host: &mut H, task: &Task<P>) {
        let done: Vec<Job> =
            self.jobs.iter().filter(|job| job.state != JobState::Running && job.parent == task.pid).cloned().collect();
        for job in &done {
            let line = self.job_line(job);
            self.write(host, task, 2, line.as_bytes());
        }
        self.jobs.retain(|job| !done.contains(job));
    }

    /// The PID of a job given as `%1`, `%%`, `%+`, `%-` or a PID of a job.
    pub(crate) fn find_job(&self, text: &str) -> Option<&Job> {
        let by_age = |age: usize| self.jobs.iter().rev().nth(age);
        match text.strip_prefix('%') {
            Some("" | "%" | "+") => by_age(0),
            Some("-") => by_age(1),
            Some(name) => match name.parse::<u32>() {
                Ok(id) => self.jobs.iter().find(|job| job.id == id),
                Err(_) => self.jobs.iter().find(|job| job.text.starts_with(name)),
            },
            None => {
                let pid: u32 = text.parse().ok()?;
                self.jobs.iter().find(|job| job.pid == pid)
            }
        }
    }

    /// Waits for these processes; the status is that of the last.
    pub(super) fn wait_jobs_step(&mut self, shell: &mut Shell, mut pids: Vec<u32>) -> Turn {
        while let Some(&pid) = pids.first() {
            if let Some(ended) = self.ended.remove(&pid) {
                shell.status = ended.status;
            } else if self.tasks.contains_key(&pid) {
                shell.frames.push(Frame::WaitJobs { pids });
                return Turn::Blocked(None);
            }
            self.jobs.retain(|job| job.pid != pid);
            pids.remove(0);
        }
        Turn::Moved
    }
}

/// Sends a signal to a process and those it waits for. Returns whether there was one.
pub(super) fn signal_tree<P: Clone, H: Host<Process = P>>(
    machine: &mut Machine<P>,
    host: &mut H,
    pid: u32,
    signal: Signal,
) -> bool {
    let children: Vec<u32> = machine.tasks.values().filter(|task| task.parent == pid).map(|task| task.pid).collect();
    for child in children {
        signal_tree(machine, host, child, signal);
    }
    signal_one(machine, host, pid, signal)
}

pub(super) fn signal_one<P: Clone, H: Host<Process = P>>(
    machine: &mut Machine<P>,
    host: &mut H,
    pid: u32,
    signal: Signal,
) -> bool {
    let Some(mut task) = machine.tasks.remove(&pid) else { return false };
    let dies = match &mut task.body {
        Body::Host(process) => {
            host.signal(process, signal);
            false
        }
        Body::Shell(shell) => !takes(shell, signal) && ends_process(signal),
        Body::Program(_) => ends_process(signal),
        Body::Away => false,
    };
    if !dies {
        machine.tasks.insert(pid, task);
        return true;
    }
    if let Body::Shell(shell) = &mut task.body {
        // The descriptors that its frames have put aside close with it.
        for frame in std::mem::take(&mut shell.frames) {
            match frame {
                Frame::Restore { fds } => {
                    fds.into_iter().filter_map(|(_, old)| old).for_each(|old| machine.opens.release(old));
                }
                Frame::Expand(state) => {
                    state.child.into_iter().for_each(|capture| machine.opens.release(capture.reader));
                }
                _ => {}
            }
        }
    }
    super::turn::end(machine, host, task, 128 + signal.number());
    true
}

/// Whether the signal ends a process that does nothing about it.
fn ends_process(signal: Signal) -> bool {
    !matches!(signal, Signal::Cont | Signal::Stop)
}

/// Whether a shell has a trap for the signal; notes it.
fn takes(shell: &mut Shell, signal: Signal) -> bool {
    if signal == Signal::Kill {
        return false;
    }
    match shell.traps.get(signal.name()) {
        Some(action) => {
            if !action.is_empty() {
                shell.pending_traps.push(action.clone());
            }
            true
        }
        None => false,
    }
}

/// `kill pid`
pub(super) fn kill<P: Clone, H: Host<Process = P>>(
    machine: &mut Machine<P>,
    host: &mut H,
    pid: u32,
    signal: Signal,
) -> Result<(), KillError> {
    let job = machine.jobs.iter().any(|job| job.pid == pid && job.state == JobState::Running);
    let sent = if job { signal_tree(machine, host, pid, signal) } else { signal_one(machine, host, pid, signal) };
    if sent { Ok(()) } else { host.kill(pid, signal) }
}

/// Ctrl-C.
pub(super) fn interrupt<P: Clone, H: Host<Process = P>>(machine: &mut Machine<P>, host: &mut H) {
    let main = machine.config.pid;
    if machine.opens.terminal.is_terminal {
        // What was typed and not read is dropped, as a terminal does.
        machine.opens.terminal.buffer.clear();
    }
    let foreground: Vec<u32> =
        machine.tasks.values().filter(|task| task.job == 0 && task.pid != main).map(|task| task.pid).collect();
    let busy = !foreground.is_empty();
    for pid in foreground {
        interrupt_one(machine, host, pid);
    }
    let idle = machine.idle;
    if let Some(Task { body: Body::Shell(shell), .. }) = machine.tasks.get_mut(&main) {
        interrupt_main(shell, busy, idle);
    }
    machine.idle = false;
}

/// An inner shell at its prompt drops the line; everything else gets the signal.
fn interrupt_one<P: Clone, H: Host<Process = P>>(machine: &mut Machine<P>, host: &mut H, pid: u32) {
    let waits = machine.tasks.values().any(|task| task.parent == pid);
    if let Some(Task { body: Body::Shell(shell), .. }) = machine.tasks.get_mut(&pid)
        && shell.frames.iter().any(|frame| matches!(frame, Frame::Reader(_)))
    {
        shell.interrupted = waits;
        if !waits {
            shell.status = 130;
            reset_reader(shell);
            shell.unwind = Some(Unwind::Abort);
        }
        return;
    }
    signal_one(machine, host, pid, Signal::Int);
}

fn interrupt_main(shell: &mut Shell, busy: bool, idle: bool) {
    if idle {
        shell.status = 130;
        reset_reader(shell);
        return;
    }
    let waits = matches!(shell.frames.last(), Some(Frame::Wait { .. } | Frame::WaitAll { .. } | Frame::Expand(_)));
    if busy && waits {
        shell.interrupted = true;
        return;
    }
    if takes(shell, Signal::Int) {
        return;
    }
    shell.status = 130;
    shell.unwind = Some(Unwind::Abort);
}

/// A line that was begun is forgotten, and the prompt is shown again.
fn reset_reader(shell: &mut Shell) {
    if let Some(Frame::Reader(reader)) = shell.frames.iter_mut().rev().find(|frame| matches!(frame, Frame::Reader(_))) {
        reader.reset();
    }
}

/// A signal for the main shell from outside.
pub(super) fn signal_main<P: Clone, H: Host<Process = P>>(machine: &mut Machine<P>, host: &mut H, signal: Signal) {
    let main = machine.config.pid;
    match signal {
        Signal::Int => interrupt(machine, host),
        Signal::Kill => {
            signal_tree(machine, host, main, signal);
            machine.exited = Some(128 + signal.number());
        }
        Signal::Term if machine.interactive => {}
        Signal::Hup
        | Signal::Quit
        | Signal::Usr1
        | Signal::Usr2
        | Signal::Pipe
        | Signal::Term
        | Signal::Cont
        | Signal::Stop => {
            signal_one(machine, host, main, signal);
        }
    }
    machine.idle = false;
}
