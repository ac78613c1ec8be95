//! A small host for tests: files in a [`Tree`], a few programs, a clock that jumps.

#![allow(dead_code, reason = "each test file uses its part")]

use shell::fs::{Caller, Fs, Tree};
use shell::{
    Builtins, Command, Config, Dialect, Host, Machine, Output, ProcessIo, Progress, Signal, SpawnError, Start, Status,
};
use sim::{Span, Time};

/// A program of the test host.
#[derive(Clone, Debug)]
pub(crate) enum Process {
    /// Writes a line every second, as `kubectl get -w` does.
    Ticker { next: Time, count: u32 },
    /// Reads lines from its input and repeats them in brackets; ends with its input, or with 130.
    Reader { interrupted: bool },
    /// Ends with a status.
    Exit(i32),
    /// Prints its arguments, one per line.
    Args(Vec<String>),
}

#[derive(Clone)]
pub(crate) struct TestHost {
    pub now: Time,
    pub tree: Tree,
    pub signals: Vec<Signal>,
}

impl TestHost {
    pub(crate) fn new() -> TestHost {
        let now = Time::HEADLESS_START;
        let mut tree = Tree::default();
        let user = Caller { uid: 1000, gid: 1000, now };
        for directory in ["/home/user", "/tmp", "/usr/bin", "/etc"] {
            tree.place_directory(directory, 0o777, user).expect("there is room");
        }
        TestHost { now, tree, signals: Vec::new() }
    }
}

impl Host for TestHost {
    type Process = Process;

    fn now(&self) -> Time {
        self.now
    }

    fn fs(&mut self) -> &mut dyn Fs {
        &mut self.tree
    }

    fn spawn(&mut self, command: Command) -> Result<Process, SpawnError> {
        match command.argv[0].as_str() {
            "ticker" => Ok(Process::Ticker { next: self.now, count: 0 }),
            "reader" => Ok(Process::Reader { interrupted: false }),
            "args" => Ok(Process::Args(command.argv)),
            "status" => Ok(Process::Exit(command.argv[1].parse().expect("a number"))),
            "locked" => Err(SpawnError::NotExecutable),
            _ => Err(SpawnError::NotFound),
        }
    }

    fn step(&mut self, process: &mut Process, io: &mut ProcessIo) -> Progress {
        match process {
            Process::Ticker { next, count } => {
                if self.now < *next {
                    return Progress::Blocked { wake: Some(*next) };
                }
                io.stdout(format!("tick {count}\n"));
                *count += 1;
                *next = self.now + Span::from_seconds(1);
                Progress::Blocked { wake: Some(*next) }
            }
            Process::Reader { interrupted: true } => Progress::Exited(130),
            Process::Reader { .. } => {
                while let Some(line) = io.stdin.take_line() {
                    io.stdout(format!("[{}]\n", String::from_utf8_lossy(&line).trim_end()));
                }
                if io.stdin.at_end() { Progress::Exited(0) } else { Progress::Blocked { wake: None } }
            }
            Process::Exit(status) => Progress::Exited(*status),
            Process::Args(args) => {
                io.stdout(args.iter().map(|arg| format!("<{arg}>\n")).collect::<String>());
                Progress::Exited(0)
            }
        }
    }

    fn signal(&mut self, process: &mut Process, signal: Signal) {
        self.signals.push(signal);
        match process {
            Process::Reader { interrupted } => *interrupted = true,
            Process::Ticker { .. } | Process::Args(_) | Process::Exit(_) => {
                *process = Process::Exit(128 + signal.number());
            }
        }
    }

    fn programs(&mut self) -> Vec<String> {
        vec!["ticker".into(), "reader".into()]
    }
}

/// What a script came to.
#[derive(Debug, Default, PartialEq, Eq)]
pub(crate) struct Outcome {
    pub stdout: String,
    pub stderr: String,
    pub status: Option<i32>,
}

/// The terminal of the tests: no terminal, so that output is as in a pipe.
pub(crate) fn config() -> Config {
    Config { stdin_is_terminal: false, stdout_is_terminal: false, builtins: Builtins::all(), ..Config::terminal() }
}

pub(crate) fn container(dialect: Dialect) -> Config {
    Config::container("web-0", dialect, Builtins::all())
}

/// Adds what the machine has put out.
pub(crate) fn drain(machine: &mut Machine<Process>, outcome: &mut Outcome) {
    for output in machine.take_output() {
        match output {
            Output::Stdout(bytes) => outcome.stdout += &String::from_utf8_lossy(&bytes),
            Output::Stderr(bytes) => outcome.stderr += &String::from_utf8_lossy(&bytes),
            Output::Prompt(_) | Output::Started { .. } | Output::Ended { .. } => {}
        }
    }
}

/// Steps until nothing moves, jumping over waits that have an end.
pub(crate) fn settle(
    machine: &mut Machine<Process>,
    host: &mut TestHost,
    outcome: &mut Outcome,
    until: Time,
) -> Status {
    for _ in 0..500 {
        let status = machine.step(host, 1_000);
        drain(machine, outcome);
        match status {
            Status::OutOfBudget => {}
            Status::Blocked { wake: Some(at) } if at <= until => host.now = at.max(host.now),
            Status::Exited(status) => {
                outcome.status = Some(status);
                return Status::Exited(status);
            }
            Status::Idle { .. } | Status::Blocked { .. } => return status,
        }
    }
    Status::OutOfBudget
}

/// Runs a script to its end in a new world.
pub(crate) fn run(config: Config, script: &str) -> Outcome {
    let mut host = TestHost::new();
    let start = Start::Script { text: script.into(), arg0: None, args: Vec::new() };
    let mut machine = Machine::new(config, start);
    let mut outcome = Outcome::default();
    let until = host.now + Span::from_seconds(1_000_000);
    settle(&mut machine, &mut host, &mut outcome, until);
    outcome
}
