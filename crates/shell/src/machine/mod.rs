//! The shell as a machine: processes, jobs, and the loop that steps them.
//!
//! A [`Machine`] holds one main shell and everything that it started: subshells, builtin programs, and programs of
//! the [`Host`]. [`Machine::step`] gives each its turn in the order of their PIDs until nothing can move or the
//! budget is used up. Nothing ever waits: a shell that reads, a `sleep`, a `kubectl get -w` are `Blocked`.
//!
//! Invariants:
//! - A clone of a running machine, stepped with a clone of its host, does exactly what the original does.
//! - A loop without end only ever uses its budget, and [`Machine::interrupt`] ends it.
//! - Output leaves in the order in which it was written, stdout and stderr alike.

mod control;
mod expansion;
mod frames;
pub(crate) mod io;
mod launch;
mod reader;
mod redirect;
pub(crate) mod shell;
pub(crate) mod site;
mod turn;

use ordered::OrderedMap;
use std::collections::VecDeque;

use sim::Time;
use thin::Str;

use crate::builtins::Builtins;
use crate::host::{Host, Signal};
use crate::limits::{HISTORY_MAX, INPUT_BYTES_MAX};
use crate::process::{Program, Stream};
use io::{Fds, Opens, Target};
use shell::{Frame, Shell};

pub use control::{Job, JobState};
pub(crate) use reader::{ReadLine, script_frame};

/// In whose words errors are given.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Dialect {
    /// `bash: foo: command not found`
    Bash,
    /// `sh: 1: foo: not found` (Debian's `sh`)
    Dash,
    /// `sh: foo: not found`
    Busybox,
}

/// What a machine is made of; plain data.
#[derive(Clone, Debug)]
pub struct Config {
    /// The name in error messages and `$0`: `bash`, `sh`.
    pub name: Str,
    /// In whose words errors are given.
    pub dialect: Dialect,
    /// Which builtins exist.
    pub builtins: Builtins,
    /// The user.
    pub uid: u32,
    /// The user's group.
    pub gid: u32,
    /// The exported variables at the start. `PATH`, `HOME`, `PS1` belong here.
    pub env: OrderedMap<Str, Str>,
    /// The absolute working directory.
    pub cwd: String,
    /// What `hostname` prints.
    pub hostname: Str,
    /// The PID of the shell (`$$`); its children get the numbers after it.
    pub pid: u32,
    /// Whether standard input is a terminal.
    pub stdin_is_terminal: bool,
    /// Whether standard output is a terminal.
    pub stdout_is_terminal: bool,
}

impl Config {
    /// The playground's terminal: `bash` with everything, as user 1000 in `/home/user`.
    pub fn terminal() -> Config {
        let env = [("HOME", "/home/user"), ("USER", "user"), ("PATH", "/usr/local/bin:/usr/bin:/bin"), ("PS1", "$ ")];
        Config {
            name: "bash".into(),
            dialect: Dialect::Bash,
            builtins: Builtins::all(),
            uid: 1000,
            gid: 1000,
            env: env.into_iter().map(|(name, value)| (name.into(), value.into())).collect(),
            cwd: "/home/user".into(),
            hostname: "minikube".into(),
            pid: 1000,
            stdin_is_terminal: true,
            stdout_is_terminal: true,
        }
    }

    /// `sh` in a container: root in `/`.
    pub fn container(hostname: &str, dialect: Dialect, builtins: Builtins) -> Config {
        let env = [
            ("HOME", "/root"),
            ("HOSTNAME", hostname),
            ("PATH", "/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin"),
        ];
        Config {
            name: "sh".into(),
            dialect,
            builtins,
            uid: 0,
            gid: 0,
            env: env.into_iter().map(|(name, value)| (name.into(), value.into())).collect(),
            cwd: "/".into(),
            hostname: hostname.into(),
            pid: 7,
            stdin_is_terminal: false,
            stdout_is_terminal: false,
        }
    }
}

/// What the main shell does.
#[derive(Clone, Debug)]
pub enum Start {
    /// Runs what [`Machine::run`] gives it, one script after the other, and never ends by itself.
    Commands,
    /// Prompts and reads typed lines; ends with Ctrl-D or `exit`.
    Interactive,
    /// Reads a script from standard input.
    Stdin,
    /// Runs one script and ends (`sh -c text name args…`, `sh file args…`).
    Script {
        /// The script.
        text: String,
        /// `$0`, and the name in errors; `None` means the shell's own.
        arg0: Option<String>,
        /// `$1`…
        args: Vec<String>,
    },
}

/// How a machine stands after a step.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Status {
    /// The main shell waits for a command. Background jobs may want to go on at `wake`, or when the host's world
    /// changes.
    Idle {
        /// When a background job wants its turn.
        wake: Option<Time>,
    },
    /// A foreground command waits: for input, for the host's world, or until `wake`.
    Blocked {
        /// When something wants its turn.
        wake: Option<Time>,
    },
    /// There is more to do at once. (Also when output has to be taken before more can be written.)
    OutOfBudget,
    /// The main shell has ended.
    Exited(i32),
}

/// What a machine puts out, in order.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Output {
    /// Bytes for standard output.
    Stdout(Vec<u8>),
    /// Bytes for standard error.
    Stderr(Vec<u8>),
    /// The main shell asks for a line. Not a part of either stream; a terminal shows it.
    Prompt(String),
    /// A complete command of the main shell begins.
    Started {
        /// Its source, here-documents included.
        text: Str,
        /// The virtual time.
        at: Time,
    },
    /// The complete command that began last has ended.
    Ended {
        /// Its exit status.
        status: i32,
        /// The virtual time.
        at: Time,
    },
}

/// Input that was refused: more than [`INPUT_BYTES_MAX`] bytes would wait.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct InputTooLong;

impl std::fmt::Display for InputTooLong {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "input is longer than {INPUT_BYTES_MAX} bytes: refused")
    }
}

impl std::error::Error for InputTooLong {}

/// A shell with everything that it has started.
#[derive(Clone)]
pub struct Machine<P: Clone> {
    pub(crate) config: Config,
    pub(crate) tasks: OrderedMap<u32, Task<P>>,
    /// Statuses of ended processes that their parents have not asked for.
    pub(crate) ended: OrderedMap<u32, Ended>,
    pub(crate) opens: Opens,
    pub(crate) jobs: Vec<Job>,
    pub(crate) history: VecDeque<Str>,
    pub(crate) next_pid: u32,
    pub(crate) exited: Option<i32>,
    /// The main shell has nothing to do.
    pub(crate) idle: bool,
    pub(crate) interactive: bool,
    /// The process whose turn it is: it is out of the table meanwhile.
    pub(crate) turn_of: u32,
    /// What the last transitions cost beside their count: bytes expanded, in units of `BYTES_PER_STEP`.
    pub(crate) spent: u64,
}

#[derive(Clone, Copy, Debug)]
pub(crate) struct Ended {
    pub parent: u32,
    pub status: i32,
}

/// A process.
#[derive(Clone)]
pub(crate) struct Task<P: Clone> {
    pub pid: u32,
    pub parent: u32,
    /// The job it belongs to; 0 is the foreground.
    pub job: u32,
    pub fds: Fds,
    pub body: Body<P>,
}

#[derive(Clone)]
pub(crate) enum Body<P: Clone> {
    Shell(Box<Shell>),
    Program(Box<Running>),
    Host(P),
    /// In its turn.
    Away,
}

/// A program of the shell's own.
#[derive(Clone)]
pub(crate) struct Running {
    pub program: Box<dyn Program>,
    pub name: String,
    pub args: Vec<String>,
    pub env: OrderedMap<Str, Str>,
    pub cwd: String,
    pub child: Option<u32>,
}

impl<P: Clone> Machine<P> {
    /// A machine that has not run yet.
    pub fn new(config: Config, start: Start) -> Machine<P> {
        let mut opens = Opens::default();
        opens.output_is_terminal = config.stdout_is_terminal;
        opens.terminal.is_terminal = config.stdin_is_terminal;
        let fds = Fds::from([
            (0, opens.open(Target::TerminalIn)),
            (1, opens.open(Target::TerminalOut(Stream::Stdout))),
            (2, opens.open(Target::TerminalOut(Stream::Stderr))),
        ]);
        let mut shell = Shell::new(&config, &config.env, &config.cwd, config.pid);
        let interactive = matches!(start, Start::Interactive);
        shell.begin(start);
        let pid = config.pid;
        let body = Body::Shell(Box::new(shell));
        let main = Task { pid, parent: 0, job: 0, fds, body };
        Machine {
            tasks: OrderedMap::from([(pid, main)]),
            ended: OrderedMap::new(),
            opens,
            jobs: Vec::new(),
            history: VecDeque::new(),
            next_pid: pid + 1,
            exited: None,
            idle: false,
            interactive,
            turn_of: 0,
            spent: 0,
            config,
        }
    }

    /// Lets everything run on: at most about `budget` small steps. Call it again at once after `OutOfBudget`, and
    /// otherwise when `wake` has come, input was given, or the host's world has changed.
    pub fn step<H: Host<Process = P>>(&mut self, host: &mut H, budget: u64) -> Status {
        turn::step(self, host, budget)
    }

    /// Gives the main shell a script to run before anything else it would do.
    pub fn run(&mut self, text: &str) -> Result<(), InputTooLong> {
        if text.len() > INPUT_BYTES_MAX {
            return Err(InputTooLong);
        }
        if let Some(shell) = self.main_shell() {
            shell.push_script(text, None);
        }
        self.idle = false;
        Ok(())
    }

    /// A typed line (without its newline) for whoever reads the terminal: the foreground program or the shell.
    pub fn feed_line(&mut self, line: &str) -> Result<(), InputTooLong> {
        self.feed(format!("{line}\n").as_bytes())
    }

    /// Bytes for standard input.
    pub fn feed(&mut self, bytes: &[u8]) -> Result<(), InputTooLong> {
        if self.opens.terminal.buffer.len() + bytes.len() > INPUT_BYTES_MAX {
            return Err(InputTooLong);
        }
        self.opens.terminal.buffer.extend_from_slice(bytes);
        self.idle = false;
        Ok(())
    }

    /// Replaces whatever waits on standard input, and says whether more will come: the input of the next command.
    pub fn set_stdin(&mut self, bytes: &[u8], more: MoreInput) {
        let terminal = &mut self.opens.terminal;
        terminal.buffer = bytes.to_vec();
        terminal.closed = more == MoreInput::No;
        terminal.end_typed = false;
        self.idle = false;
    }

    /// Ctrl-D on a terminal; on anything else the end of the input for good.
    pub fn eof(&mut self) {
        let terminal = &mut self.opens.terminal;
        if terminal.is_terminal {
            terminal.end_typed = true;
        } else {
            terminal.closed = true;
        }
        self.idle = false;
    }

    /// Ctrl-C: the foreground gets SIGINT; a shell at its prompt drops the line.
    pub fn interrupt<H: Host<Process = P>>(&mut self, host: &mut H) {
        control::interrupt(self, host);
    }

    /// Sends a signal to the main shell (a container that is stopped: TERM, then KILL).
    pub fn signal<H: Host<Process = P>>(&mut self, host: &mut H, signal: Signal) {
        control::signal_main(self, host, signal);
    }

    /// What has been put out since the last call, in order.
    pub fn take_output(&mut self) -> Vec<Output> {
        self.opens.output_bytes = 0;
        std::mem::take(&mut self.opens.output)
    }

    /// What has been put out as the bytes a terminal would show, both streams and prompts together.
    pub fn take_terminal_output(&mut self) -> Vec<u8> {
        let mut bytes = Vec::new();
        for output in self.take_output() {
            match output {
                Output::Stdout(more) | Output::Stderr(more) => bytes.extend(more),
                Output::Prompt(text) => bytes.extend(text.into_bytes()),
                Output::Started { .. } | Output::Ended { .. } => {}
            }
        }
        bytes
    }

    /// `$?`
    pub fn last_status(&self) -> i32 {
        self.shell().map_or(self.exited.unwrap_or(0), |shell| shell.status)
    }

    /// The prompt the main shell would show now, or is showing.
    pub fn prompt(&self) -> String {
        self.shell().map(|shell| reader::prompt(shell, self.config.uid)).unwrap_or_default()
    }

    /// Whether the main shell waits for a line (and no foreground program runs).
    pub fn is_at_prompt(&self) -> bool {
        self.idle
    }

    /// The working directory of the main shell.
    pub fn cwd(&self) -> &str {
        self.shell().map_or("/", |shell| shell.cwd.as_str())
    }

    /// A variable of the main shell.
    pub fn variable(&self, name: &str) -> Option<&str> {
        self.shell()?.variables.get(name).map(Str::as_str)
    }

    /// Sets and exports a variable of the main shell.
    pub fn set_variable(&mut self, name: &str, value: &str) {
        if let Some(shell) = self.main_shell()
            && shell.variables.set(name, value).is_ok()
        {
            shell.variables.export(name);
        }
    }

    /// The lines typed so far, oldest first; at most [`HISTORY_MAX`].
    pub fn history(&self) -> impl DoubleEndedIterator<Item = &str> {
        self.history.iter().map(Str::as_str)
    }

    /// The background jobs.
    pub fn jobs(&self) -> &[Job] {
        &self.jobs
    }

    /// The children alive, in the order of PIDs (for `ps`): PID, parent, and what it is.
    pub fn children(&self) -> impl Iterator<Item = (u32, u32, Child<'_, P>)> {
        let main = self.config.pid;
        self.tasks.values().filter(move |task| task.pid != main).map(|task| {
            let child = match &task.body {
                Body::Shell(shell) => {
                    let args = shell.positional.iter().map(Str::as_str);
                    Child::Own([shell.arg0.as_str()].into_iter().chain(args).collect::<Vec<_>>().join(" "))
                }
                Body::Program(running) => {
                    Child::Own([vec![running.name.clone()], running.args.clone()].concat().join(" "))
                }
                Body::Host(process) => Child::Hosted(process),
                Body::Away => Child::Own(String::new()),
            };
            (task.pid, task.parent, child)
        })
    }

    /// The number that the next child gets: of a container's numbers there is one sequence for all its shells.
    pub fn next_pid(&mut self) -> &mut u32 {
        &mut self.next_pid
    }

    /// Sends a signal to one child; whether there is one of that number.
    pub fn signal_child<H: Host<Process = P>>(&mut self, host: &mut H, pid: u32, signal: Signal) -> bool {
        pid != self.config.pid && control::signal_one(self, host, pid, signal)
    }

    pub(crate) fn remember(&mut self, line: &str) {
        if line.trim().is_empty() || self.history.back().is_some_and(|last| last == line) {
            return;
        }
        if self.history.len() == HISTORY_MAX {
            self.history.pop_front();
        }
        self.history.push_back(line.into());
    }

    pub(crate) fn shell(&self) -> Option<&Shell> {
        match &self.tasks.get(&self.config.pid)?.body {
            Body::Shell(shell) => Some(shell),
            Body::Program(_) | Body::Host(_) | Body::Away => None,
        }
    }

    fn main_shell(&mut self) -> Option<&mut Shell> {
        match &mut self.tasks.get_mut(&self.config.pid)?.body {
            Body::Shell(shell) => Some(shell),
            Body::Program(_) | Body::Host(_) | Body::Away => None,
        }
    }
}

/// A child of a shell.
#[derive(Debug)]
pub enum Child<'a, P> {
    /// A shell or one of the shell's own programs, as a command line.
    Own(String),
    /// A program of the host.
    Hosted(&'a P),
}

/// Whether more input will come.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum MoreInput {
    /// A reader waits for it.
    Yes,
    /// A reader sees the end.
    No,
}

impl Shell {
    fn begin(&mut self, start: Start) {
        match start {
            Start::Commands => {}
            Start::Interactive => self.frames.push(Frame::reader(reader::Prompting::Terminal)),
            Start::Stdin => self.frames.push(Frame::reader(reader::Prompting::Silent)),
            Start::Script { text, arg0, args } => {
                self.positional = std::rc::Rc::new(args.into_iter().map(Into::into).collect());
                if let Some(arg0) = arg0 {
                    self.arg0 = arg0.into();
                }
                self.origin = shell::Origin::Argument;
                self.ends = shell::Ends::WithScript;
                self.push_script(&text, None);
            }
        }
        if let Some(Frame::Reader(_)) = self.frames.first() {
            self.ends = shell::Ends::WithScript;
        }
    }
}
