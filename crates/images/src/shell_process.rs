//! A shell, or one of its programs, as a process of a container.

use cri::{Caption, Disposition, Process, SMALL_PAGES, Spawn, System, Worker};
use shell::fs::Fs;
use shell::{
    Child, Command, Config, Host, KillError, Machine, Output, ProcessIo, Progress, Signal, SpawnError, Start, Status,
};
use sim::Time;
use thin::Str;

use crate::program::{Userland, program_name};

/// Small steps of the machine before others have their turn.
const BUDGET: u64 = 20_000;

/// A shell machine in a container.
#[derive(Clone)]
pub(crate) struct ShellProcess {
    machine: Machine<Hosted>,
    userland: &'static Userland,
    spawn: Spawn,
    /// Whether it is a shell; else it is one of the shell's programs, run by name.
    is_shell: bool,
    started: Time,
    stdin_has_ended: bool,
}

/// A program of the image that a shell runs.
#[derive(Clone)]
pub(crate) struct Hosted {
    process: Box<dyn Process>,
    pid: u32,
    command: Str,
    started: Time,
}

impl ShellProcess {
    pub(crate) fn new(spawn: &Spawn, name: &str, userland: &'static Userland) -> ShellProcess {
        let config = config(spawn, userland);
        let is_shell = matches!(name, "sh" | "ash" | "bash" | "dash");
        let start = match is_shell {
            true => shell_start(spawn),
            false => Start::Script { text: quoted(&spawn.argv), arg0: None, args: Vec::new() },
        };
        let machine = Machine::new(config, start);
        ShellProcess { machine, userland, spawn: spawn.clone(), is_shell, started: Time(0), stdin_has_ended: false }
    }

    fn feed(&mut self, io: &mut ProcessIo) {
        let bytes = io.stdin.take_all();
        if !bytes.is_empty() {
            // What does not fit is lost, as in a terminal whose buffer is full.
            let _ = self.machine.feed(&bytes);
        }
        if io.stdin.at_end() && !self.stdin_has_ended {
            self.stdin_has_ended = true;
            self.machine.eof();
        }
    }
}

fn config(spawn: &Spawn, userland: &Userland) -> Config {
    let mut config = Config::container(&spawn.hostname, userland.dialect, userland.builtins());
    config.env.extend(spawn.env.iter().map(|(name, value)| (name.clone(), value.clone())));
    if spawn.tty && userland.dialect == shell::Dialect::Busybox {
        config.env.insert("PS1".into(), "\\w \\$ ".into());
        config.env.insert("HOME".into(), "/".into());
    }
    config.uid = spawn.uid;
    config.gid = spawn.gid;
    config.cwd = spawn.cwd.to_string();
    config.pid = spawn.pid;
    config.stdin_is_terminal = spawn.tty;
    config.stdout_is_terminal = spawn.tty;
    config
}

/// `sh`, `sh -c text name args…`, `sh file args…`, with the flags that matter.
fn shell_start(spawn: &Spawn) -> Start {
    let mut args = spawn.argv.iter().skip(1).map(Str::to_string).peekable();
    let (mut is_command, mut is_interactive) = (false, false);
    while let Some(flag) = args.peek().filter(|flag| flag.starts_with('-') && flag.len() > 1).cloned() {
        args.next();
        if flag == "--" {
            break;
        }
        is_command |= flag.contains('c');
        is_interactive |= flag.contains('i');
    }
    let first = args.next();
    match (is_command, first) {
        (true, Some(text)) => Start::Script { text, arg0: args.next(), args: args.collect() },
        (false, Some(file)) => {
            let text = format!(". {}", quote(&file));
            Start::Script { text, arg0: Some(file), args: args.collect() }
        }
        (_, None) if spawn.tty || is_interactive => Start::Interactive,
        (_, None) => Start::Stdin,
    }
}

fn quoted(argv: &[Str]) -> String {
    argv.iter().map(|word| quote(word)).collect::<Vec<_>>().join(" ")
}

fn quote(word: &str) -> String {
    format!("'{}'", word.replace('\'', "'\\''"))
}

impl Process for ShellProcess {
    fn step(&mut self, io: &mut ProcessIo, system: &mut System<'_>) -> Progress {
        self.feed(io);
        if self.started == Time(0) {
            self.started = system.now;
        }
        let next_pid = self.machine.next_pid();
        *next_pid = (*next_pid).max(*system.next_pid);
        let mut host = ContainerHost { system, userland: self.userland, spawn: &self.spawn };
        let status = self.machine.step(&mut host, BUDGET);
        *system.next_pid = (*system.next_pid).max(*self.machine.next_pid());
        for output in self.machine.take_output() {
            match output {
                Output::Stdout(bytes) => io.stdout(bytes),
                Output::Stderr(bytes) => io.stderr(bytes),
                Output::Prompt(text) if self.spawn.tty => io.stdout(text),
                Output::Prompt(_) | Output::Started { .. } | Output::Ended { .. } => {}
            }
        }
        match status {
            Status::Exited(code) => Progress::Exited(code),
            Status::OutOfBudget => Progress::Again,
            Status::Idle { wake } | Status::Blocked { wake } => Progress::Blocked { wake },
        }
    }

    // A shell without a terminal sets no handlers; as a container's first process it is then left alone.
    fn signal(&mut self, signal: Signal, system: &mut System<'_>) -> Disposition {
        match signal {
            Signal::Int if self.spawn.tty => {
                let mut host = ContainerHost { system, userland: self.userland, spawn: &self.spawn };
                self.machine.interrupt(&mut host);
                Disposition::Handled
            }
            Signal::Term | Signal::Quit if self.spawn.tty => Disposition::Handled,
            _ => Disposition::Default,
        }
    }

    fn workers(&self) -> Vec<Worker> {
        let mut rows = Vec::new();
        for (pid, parent, child) in self.machine.children() {
            let (started, tty) = (self.started, self.spawn.tty);
            let row = |command, started| {
                let (uid, pages) = (self.spawn.uid, SMALL_PAGES);
                Worker { pid, parent, uid, started, pages, tty, command }
            };
            match child {
                Child::Own(command) if self.is_shell => rows.push(row(command.into(), started)),
                // It stands in the table already.
                Child::Own(_) => {}
                Child::Hosted(hosted) => {
                    let workers = hosted.process.workers();
                    if !workers.iter().any(|worker| worker.pid == pid) {
                        rows.push(row(hosted.command.clone(), hosted.started));
                    }
                    rows.extend(workers);
                }
            }
        }
        rows
    }

    fn caption(&self) -> Option<Caption> {
        self.machine.children().find_map(|(_, _, child)| match child {
            Child::Own(_) => None,
            Child::Hosted(hosted) => hosted.process.caption(),
        })
    }

    fn signal_worker(&mut self, pid: u32, signal: Signal, system: &mut System<'_>) -> Disposition {
        let mut host = ContainerHost { system, userland: self.userland, spawn: &self.spawn };
        self.machine.signal_child(&mut host, pid, signal);
        Disposition::Handled
    }

    fn boxed_clone(&self) -> Box<dyn Process> {
        Box::new(self.clone())
    }
}

/// A container as the world of a shell.
struct ContainerHost<'a, 'b> {
    system: &'a mut System<'b>,
    userland: &'static Userland,
    spawn: &'a Spawn,
}

impl Host for ContainerHost<'_, '_> {
    type Process = Hosted;

    fn now(&self) -> Time {
        self.system.now
    }

    fn fs(&mut self) -> &mut dyn Fs {
        &mut self.system.files
    }

    fn spawn(&mut self, command: Command) -> Result<Self::Process, SpawnError> {
        let tool = program_name(&command.argv[0]).and_then(|name| self.userland.tool(name));
        let Some(tool) = tool else { return Err(SpawnError::NotFound) };
        let (pid, text) = (command.pid, command.argv.join(" "));
        let spawn = Spawn {
            argv: command.argv.iter().map(Str::from).collect(),
            env: command.env,
            cwd: command.cwd.into(),
            pid,
            is_first: false,
            parent: self.spawn.pid,
            tty: command.terminal.stdout,
            stdin: true,
            ..self.spawn.clone()
        };
        Ok(Hosted { process: (tool.start)(&spawn), pid, command: text.into(), started: self.system.now })
    }

    fn step(&mut self, hosted: &mut Hosted, io: &mut ProcessIo) -> Progress {
        let shell = std::mem::replace(&mut self.system.net.owner.pid, hosted.pid);
        let progress = hosted.process.step(io, self.system);
        if let Progress::Exited(_) = progress {
            self.system.net.close_all();
        }
        self.system.net.owner.pid = shell;
        progress
    }

    fn signal(&mut self, hosted: &mut Hosted, signal: Signal) {
        let is_handled = signal != Signal::Kill && hosted.process.signal(signal, self.system) == Disposition::Handled;
        if !is_handled && !matches!(signal, Signal::Cont | Signal::Stop) {
            hosted.process = Box::new(Signalled { code: 128 + signal.number() });
        }
    }

    fn which(&mut self, name: &str) -> Option<String> {
        self.userland.tool(name).map(|tool| format!("/usr/bin/{}", tool.name))
    }

    fn programs(&mut self) -> Vec<String> {
        self.userland.tools.iter().map(|tool| tool.name.to_string()).collect()
    }

    fn kill(&mut self, pid: u32, signal: Signal) -> Result<(), KillError> {
        if !self.system.processes.iter().any(|process| process.pid == pid) {
            return Err(KillError::NoSuchProcess);
        }
        self.system.kills.push((pid, signal));
        Ok(())
    }
}

/// What is left of a program that a signal has ended.
#[derive(Clone)]
struct Signalled {
    code: i32,
}

impl Process for Signalled {
    fn step(&mut self, _io: &mut ProcessIo, _system: &mut System<'_>) -> Progress {
        Progress::Exited(self.code)
    }

    fn boxed_clone(&self) -> Box<dyn Process> {
        Box::new(self.clone())
    }
}
