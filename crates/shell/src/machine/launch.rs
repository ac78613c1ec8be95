//! Starting things: simple commands, subshells, pipelines, background jobs, programs.

use ordered::OrderedMap;
use std::rc::Rc;

use thin::Str;

use super::expansion::Ready;
use super::io::{Fds, Target};
use super::reader::Prompting;
use super::shell::{Ends, Frame, Origin, Shell, Unwind};
use super::site::Site;
use super::turn::{Turn, caller};
use super::{Body, Dialect, Machine, Running, Task};
use crate::ast::{Command as AstCommand, Item, List};
use crate::builtins::{Builtin, Kind, Outcome, Runner};
use crate::fs::{FsError, normalise};
use crate::host::{Command, Host, Place, SpawnError, Terminal};
use crate::limits::{PROCESSES_MAX, SCRIPTS_BYTES_MAX};
use crate::process::{Context, Input, ProcessIo, Spawn, SpawnInput, Step, Stream};
use crate::variables::ReadOnly;

/// Where programs of these directories are the shell's own.
const PROGRAM_DIRECTORIES: [&str; 6] = ["/bin", "/usr/bin", "/usr/local/bin", "/sbin", "/usr/sbin", "/usr/local/sbin"];

/// A program to start as a process.
pub(crate) struct Launch {
    pub argv: Vec<String>,
    pub env: OrderedMap<Str, Str>,
    pub cwd: String,
    pub fds: Fds,
    pub parent: u32,
    pub job: u32,
}

/// Runs an expanded simple command.
pub(super) fn simple<P: Clone, H: Host<Process = P>>(
    machine: &mut Machine<P>,
    host: &mut H,
    task: &mut Task<P>,
    shell: &mut Shell,
    ready: Ready,
    substitution: Option<i32>,
) {
    if shell.options.xtrace {
        trace(machine, host, task, &ready);
    }
    if ready.argv.is_empty() {
        // The assignments were made by the expansion; redirections are opened for their effect on files.
        shell.status = substitution.unwrap_or(0);
        if shell.options.allexport {
            ready.assignments.iter().for_each(|(name, _)| shell.variables.export(name));
        }
        match machine.apply_redirects(host, task, shell, ready.redirects) {
            Ok(saved) => machine.restore_fds(task, saved),
            Err(text) => {
                machine.complain(host, task, shell, &text);
                shell.status = 1;
            }
        }
        return;
    }
    run(machine, host, task, shell, ready, Functions::Seen);
}

/// Whether functions are looked up (`command` passes them by).
#[derive(Clone, Copy, PartialEq, Eq)]
pub(crate) enum Functions {
    Seen,
    Passed,
}

fn trace<P: Clone, H: Host<Process = P>>(machine: &mut Machine<P>, host: &mut H, task: &Task<P>, ready: &Ready) {
    let mut words: Vec<String> =
        ready.assignments.iter().map(|(name, value)| format!("{name}={}", super::site::quoted(value))).collect();
    words.extend(ready.argv.iter().map(|word| super::site::quoted(word)));
    let line = format!("+ {}\n", words.join(" "));
    machine.write(host, task, 2, line.as_bytes());
}

fn run<P: Clone, H: Host<Process = P>>(
    machine: &mut Machine<P>,
    host: &mut H,
    task: &mut Task<P>,
    shell: &mut Shell,
    ready: Ready,
    functions: Functions,
) {
    let name = ready.argv[0].clone();
    let function = shell.functions.get(name.as_str()).filter(|_| functions == Functions::Seen).cloned();
    if function.is_none() && !machine.runs_inside(&name) {
        return start_and_wait(machine, host, task, shell, ready);
    }
    let saved = match machine.apply_redirects(host, task, shell, ready.redirects) {
        Ok(saved) => saved,
        Err(text) => {
            machine.complain(host, task, shell, &text);
            shell.status = 1;
            return;
        }
    };
    // `exec` without a command keeps its redirections.
    let keeps = name == "exec" && ready.argv.len() == 1;
    if keeps {
        for (_, old) in saved {
            old.into_iter().for_each(|old| machine.opens.release(old));
        }
    } else if !saved.is_empty() {
        shell.frames.push(Frame::Restore { fds: saved });
    }
    if let Err(ReadOnly(name)) = assign_for_a_while(shell, &ready.assignments) {
        machine.complain(host, task, shell, &format!("{name}: readonly variable"));
        shell.status = 1;
        return;
    }
    match function {
        Some(body) => {
            let args: Vec<Str> = ready.argv[1..].iter().map(Into::into).collect();
            let positional = std::mem::replace(&mut shell.positional, Rc::new(args));
            shell.frames.push(Frame::Function { positional, locals: Vec::new() });
            shell.frames.push(Frame::Command(body));
        }
        None => run_builtin(machine, host, task, shell, ready.argv),
    }
}

/// Assignments before a builtin or a function hold while it runs.
fn assign_for_a_while(shell: &mut Shell, assignments: &[(Str, String)]) -> Result<(), ReadOnly> {
    if assignments.is_empty() {
        return Ok(());
    }
    let mut saved = Vec::new();
    for (name, value) in assignments {
        saved.push((name.clone(), shell.variables.variable(name).cloned()));
        shell.variables.set(name, value.as_str())?;
        shell.variables.export(name);
    }
    shell.frames.push(Frame::RestoreVariables { saved });
    Ok(())
}

fn run_builtin<P: Clone, H: Host<Process = P>>(
    machine: &mut Machine<P>,
    host: &mut H,
    task: &mut Task<P>,
    shell: &mut Shell,
    argv: Vec<String>,
) {
    let Some(builtin) = machine.config.builtins.get(&argv[0]) else { return };
    match builtin.runner {
        Runner::Shell(call) => {
            let outcome = {
                let mut site = Site { machine, host, task, shell };
                call(&mut site, operands(&argv))
            };
            apply(machine, host, task, shell, outcome);
        }
        Runner::Once(call) => shell.status = once(machine, host, task, shell, call, &argv),
        Runner::Program(_) => {}
    }
}

/// What a builtin of the shell is given: `--` ends the options of all of them, and some make use of it themselves.
fn operands(argv: &[String]) -> &[String] {
    match argv {
        [name, end, rest @ ..] if end == "--" && !["set", "command", "exec", "kill"].contains(&name.as_str()) => rest,
        _ => &argv[1..],
    }
}

/// Gives up a shell whose scripts have grown into one another beyond all use: each of them is held with what was parsed of it.
fn limit_scripts<P: Clone, H: Host<Process = P>>(
    machine: &mut Machine<P>,
    host: &mut H,
    task: &mut Task<P>,
    shell: &mut Shell,
) {
    if shell.script_bytes() > SCRIPTS_BYTES_MAX {
        let text = format!("scripts within scripts are longer than {SCRIPTS_BYTES_MAX} bytes");
        machine.complain(host, task, shell, &text);
        shell.status = 1;
        shell.unwind = Some(Unwind::Abort);
    }
}

/// What a builtin of the shell asks for.
fn apply<P: Clone, H: Host<Process = P>>(
    machine: &mut Machine<P>,
    host: &mut H,
    task: &mut Task<P>,
    shell: &mut Shell,
    outcome: Outcome,
) {
    match outcome {
        Outcome::Status(status) => shell.status = status,
        Outcome::Unwind(unwind) => shell.unwind = Some(unwind),
        Outcome::Frames(frames) => {
            shell.frames.extend(frames);
            limit_scripts(machine, host, task, shell);
        }
        Outcome::Script(text) => {
            shell.status = 0;
            let line = shell.line;
            shell.push_script(&text, Some(line));
            limit_scripts(machine, host, task, shell);
        }
        Outcome::Run(argv) => {
            run(
                machine,
                host,
                task,
                shell,
                Ready { assignments: Vec::new(), argv, redirects: Vec::new() },
                Functions::Passed,
            );
        }
        Outcome::Exec(argv) => {
            shell.frames.push(Frame::ExitAfter);
            let ready = Ready { assignments: Vec::new(), argv, redirects: Vec::new() };
            run(machine, host, task, shell, ready, Functions::Passed);
        }
    }
}

/// Runs a program of one step within the shell's turn.
fn once<P: Clone, H: Host<Process = P>>(
    machine: &mut Machine<P>,
    host: &mut H,
    task: &Task<P>,
    shell: &mut Shell,
    call: fn(&mut Context) -> i32,
    argv: &[String],
) -> i32 {
    let caller = caller(machine, host);
    let terminal =
        Terminal { stdin: machine.opens.is_terminal(&task.fds, 0), stdout: machine.opens.is_terminal(&task.fds, 1) };
    let mut io = ProcessIo::new(Input::default(), terminal);
    let env = shell.variables.environment();
    let of_shell = machine.config.builtins.get(&argv[0]).is_some_and(|builtin| builtin.kind == Kind::Shell);
    let prefix = if of_shell { machine.prefix(shell, shell.line) } else { String::new() };
    let mut context = Context {
        args: &argv[1..],
        name: &argv[0],
        io: &mut io,
        fs: host.fs(),
        caller,
        cwd: &shell.cwd,
        env: &env,
        hostname: &machine.config.hostname,
        prefix,
        child: None,
        child_runs: false,
    };
    let status = call(&mut context);
    for (stream, bytes) in io.take_output() {
        let fd = if stream == Stream::Stdout { 1 } else { 2 };
        if let Some(failure) = machine.write_or_fail(host, task, fd, &bytes) {
            if failure.is_empty() {
                shell.status = 141;
                shell.unwind = Some(Unwind::Exit);
                return 141;
            }
            machine.complain(host, task, shell, &format!("{}: write error: {failure}", argv[0]));
            return 1;
        }
    }
    status
}

fn start_and_wait<P: Clone, H: Host<Process = P>>(
    machine: &mut Machine<P>,
    host: &mut H,
    task: &mut Task<P>,
    shell: &mut Shell,
    ready: Ready,
) {
    let saved = match machine.apply_redirects(host, task, shell, ready.redirects) {
        Ok(saved) => saved,
        Err(text) => {
            machine.complain(host, task, shell, &text);
            shell.status = 1;
            return;
        }
    };
    let mut env = shell.variables.environment();
    env.extend(ready.assignments.into_iter().map(|(name, value)| (name, Str::from(value))));
    let fds = machine.opens.retain_all(&task.fds);
    let launch = Launch { argv: ready.argv, env, cwd: shell.cwd.clone(), fds, parent: task.pid, job: task.job };
    match start(machine, host, launch) {
        Ok(pid) => shell.frames.push(Frame::Wait { pid }),
        Err((status, text)) => {
            machine.complain(host, task, shell, &text);
            shell.status = status;
        }
    }
    machine.restore_fds(task, saved);
}

/// Starts a program as a process. An error is an exit status and a message.
pub(super) fn start<P: Clone, H: Host<Process = P>>(
    machine: &mut Machine<P>,
    host: &mut H,
    launch: Launch,
) -> Result<u32, (i32, String)> {
    let fds = launch.fds.clone();
    match body_of(machine, host, &launch) {
        Ok(body) => match machine.spawn(launch.parent, launch.job, fds, body) {
            Some(pid) => Ok(pid),
            None => Err((254, "fork: retry: Resource temporarily unavailable".into())),
        },
        Err(error) => {
            machine.opens.release_all(fds);
            Err(error)
        }
    }
}

fn body_of<P: Clone, H: Host<Process = P>>(
    machine: &mut Machine<P>,
    host: &mut H,
    launch: &Launch,
) -> Result<Body<P>, (i32, String)> {
    let name = launch.argv[0].clone();
    let name = name.as_str();
    if let Some(builtin) = machine.own_program(name) {
        return program_body(machine, host, builtin, launch);
    }
    let terminal = Terminal {
        stdin: machine.opens.is_terminal(&launch.fds, 0),
        stdout: machine.opens.is_terminal(&launch.fds, 1),
    };
    let command = Command {
        argv: launch.argv.clone(),
        env: launch.env.clone(),
        cwd: launch.cwd.clone(),
        terminal,
        place: if launch.job == 0 { Place::Foreground } else { Place::Background },
        pid: machine.next_pid,
    };
    match host.spawn(command) {
        Ok(process) => Ok(Body::Host(process)),
        Err(SpawnError::NotFound) => script_body(machine, host, launch),
        Err(SpawnError::NotExecutable) => Err((126, format!("{name}: Permission denied"))),
        Err(SpawnError::Other(text)) => Err((126, format!("{name}: {text}"))),
    }
}

fn program_body<P: Clone, H: Host<Process = P>>(
    machine: &mut Machine<P>,
    host: &mut H,
    builtin: &Builtin,
    launch: &Launch,
) -> Result<Body<P>, (i32, String)> {
    let program = match builtin.runner {
        Runner::Program(_) if builtin.kind == Kind::InnerShell => {
            return inner_shell(machine, host, launch);
        }
        Runner::Program(make) => make(),
        Runner::Once(call) => Box::new(Once(call)),
        Runner::Shell(_) => return Err((127, not_found(machine.config.dialect, &launch.argv[0]))),
    };
    Ok(Body::Program(Box::new(Running {
        program,
        name: crate::fs::file_name(&launch.argv[0]).to_string(),
        args: launch.argv[1..].to_vec(),
        env: launch.env.clone(),
        cwd: launch.cwd.clone(),
        child: None,
    })))
}

/// A program of one step as a process.
#[derive(Clone)]
struct Once(fn(&mut Context) -> i32);

impl crate::process::Program for Once {
    fn step(&mut self, context: &mut Context) -> Step {
        Step::Exit((self.0)(context))
    }
}

fn not_found(dialect: Dialect, name: &str) -> String {
    match dialect {
        Dialect::Bash if name.contains('/') => format!("{name}: No such file or directory"),
        Dialect::Bash => format!("{name}: command not found"),
        Dialect::Dash | Dialect::Busybox => format!("{name}: not found"),
    }
}

/// A file of the file system as a program: a script.
fn script_body<P: Clone, H: Host<Process = P>>(
    machine: &mut Machine<P>,
    host: &mut H,
    launch: &Launch,
) -> Result<Body<P>, (i32, String)> {
    let name = &launch.argv[0];
    let caller = caller(machine, host);
    let candidates: Vec<String> = if name.contains('/') {
        vec![normalise(&launch.cwd, name)]
    } else {
        let path = launch.env.get("PATH").map_or("", |path| path.as_str());
        path.split(':').map(|directory| normalise(directory, name)).collect()
    };
    for path in candidates {
        let metadata = match host.fs().stat(&path, caller) {
            Ok(metadata) => metadata,
            Err(FsError::PermissionDenied) => return Err((126, format!("{name}: Permission denied"))),
            Err(_) => continue,
        };
        if metadata.is_directory() {
            if name.contains('/') {
                return Err((126, format!("{name}: Is a directory")));
            }
            continue;
        }
        if !metadata.permits(caller, 1) {
            if name.contains('/') {
                return Err((126, format!("{name}: Permission denied")));
            }
            continue;
        }
        let bytes = host.fs().read(&path, caller).map_err(|error| (126, format!("{name}: {error}")))?;
        let text = String::from_utf8_lossy(&bytes).into_owned();
        if let Some(interpreter) = foreign_interpreter(&text) {
            return Err((126, format!("{name}: {interpreter}: bad interpreter: No such file or directory")));
        }
        return Ok(script_shell(machine, launch, &text, name, &launch.argv[1..]));
    }
    Err((127, not_found(machine.config.dialect, name)))
}

/// The interpreter of a `#!` line that is no shell.
fn foreign_interpreter(text: &str) -> Option<&str> {
    let line = text.strip_prefix("#!")?.lines().next()?;
    let mut words = line.split_whitespace();
    let first = words.next()?;
    let name = match crate::fs::file_name(first) {
        "env" => words.next()?,
        name => name,
    };
    if matches!(name, "sh" | "bash" | "dash" | "ash") { None } else { Some(first) }
}

fn script_shell<P: Clone>(
    machine: &mut Machine<P>,
    launch: &Launch,
    text: &str,
    arg0: &str,
    args: &[String],
) -> Body<P> {
    let mut shell = Shell::new(&machine.config, &launch.env, &launch.cwd, machine.next_pid);
    shell.ends = Ends::WithScript;
    shell.arg0 = arg0.into();
    shell.origin = Origin::File;
    shell.positional = Rc::new(args.iter().map(Into::into).collect());
    shell.push_script(text, None);
    Body::Shell(Box::new(shell))
}

/// `sh`, `sh -c text name args…`, `sh file args…`, `sh -s args…`
fn inner_shell<P: Clone, H: Host<Process = P>>(
    machine: &mut Machine<P>,
    host: &mut H,
    launch: &Launch,
) -> Result<Body<P>, (i32, String)> {
    let name = crate::fs::file_name(&launch.argv[0]).to_string();
    let mut args = launch.argv[1..].iter().cloned().collect::<std::collections::VecDeque<String>>();
    let (mut from_argument, mut interactive) = (false, false);
    let mut letters = String::new();
    while let Some(option) = args.front().filter(|arg| arg.len() > 1 && arg.starts_with('-')).cloned() {
        args.pop_front();
        if option == "--" {
            break;
        }
        for letter in option.trim_start_matches('-').chars().filter(|_| !option.starts_with("--")) {
            match letter {
                'c' => from_argument = true,
                'i' => interactive = true,
                's' | 'l' => {}
                'e' | 'u' | 'x' | 'f' => letters.push(letter),
                _ => return Err((2, format!("{name}: -{letter}: invalid option"))),
            }
        }
    }
    let mut body = if from_argument {
        let Some(text) = args.pop_front() else {
            return Err((2, format!("{name}: -c: option requires an argument")));
        };
        let arg0 = args.pop_front().unwrap_or_else(|| name.clone());
        let mut body = script_shell(machine, launch, &text, &arg0, args.make_contiguous());
        if let Body::Shell(shell) = &mut body {
            shell.origin = Origin::Argument;
        }
        body
    } else if let Some(file) = args.pop_front() {
        let caller = caller(machine, host);
        let path = normalise(&launch.cwd, &file);
        let bytes = host.fs().read(&path, caller).map_err(|error| (127, format!("{file}: {error}")))?;
        let text = String::from_utf8_lossy(&bytes).into_owned();
        script_shell(machine, launch, &text, &file, args.make_contiguous())
    } else {
        script_shell(machine, launch, "", &name, &[])
    };
    if let Body::Shell(shell) = &mut body {
        for letter in letters.chars() {
            crate::builtins::set::set_letter(&mut shell.options, letter, true);
        }
        let reads = launch.argv.len() == 1 || (!from_argument && shell.arg0 == name.as_str());
        if reads {
            let terminal = machine.opens.is_terminal(&launch.fds, 0);
            let prompting = if interactive || terminal { Prompting::Inner } else { Prompting::Silent };
            shell.frames = vec![Frame::reader(prompting)];
            shell.origin = Origin::Typed;
        }
    }
    Ok(body)
}

impl<P: Clone> Machine<P> {
    /// Adds a process. `None`: too many; the descriptors are closed.
    pub(crate) fn spawn(&mut self, parent: u32, job: u32, fds: Fds, body: Body<P>) -> Option<u32> {
        if self.tasks.len() >= PROCESSES_MAX {
            self.opens.release_all(fds);
            return None;
        }
        let pid = self.next_pid;
        self.next_pid += 1;
        self.tasks.insert(pid, Task { pid, parent, job, fds, body });
        Some(pid)
    }

    /// Whether a command runs within the shell's own turn.
    fn runs_inside(&self, name: &str) -> bool {
        self.config.builtins.get(name).is_some_and(|builtin| !matches!(builtin.runner, Runner::Program(_)))
    }

    /// The shell's own program of that name or path.
    pub(crate) fn own_program(&self, name: &str) -> Option<&'static Builtin> {
        if !name.contains('/') {
            return self.config.builtins.get(name);
        }
        let directory = crate::fs::parent(name);
        if !PROGRAM_DIRECTORIES.contains(&directory) {
            return None;
        }
        self.config.builtins.get(crate::fs::file_name(name)).filter(|builtin| builtin.kind != Kind::Shell)
    }
}

/// A subshell as a process.
pub(super) fn fork<P: Clone, H: Host<Process = P>>(
    machine: &mut Machine<P>,
    host: &mut H,
    task: &Task<P>,
    shell: &mut Shell,
    frame: Frame,
    fds: Fds,
    job: u32,
) -> Option<u32> {
    let mut child = shell.fork(frame);
    // What `set -e` ignores here it ignores in the subshell.
    if shell.is_tested() {
        child.frames.insert(0, Frame::Tested);
    }
    let pid = machine.spawn(task.pid, job, fds, Body::Shell(Box::new(child)));
    if pid.is_none() {
        machine.complain(host, task, shell, "fork: retry: Resource temporarily unavailable");
        shell.status = 254;
    }
    pid
}

pub(super) fn subshell<P: Clone, H: Host<Process = P>>(
    machine: &mut Machine<P>,
    host: &mut H,
    task: &Task<P>,
    shell: &mut Shell,
    list: &Rc<List>,
) {
    let fds = machine.opens.retain_all(&task.fds);
    if let Some(pid) = fork(machine, host, task, shell, Frame::list(list), fds, task.job) {
        shell.frames.push(Frame::Wait { pid });
    }
}

pub(super) fn pipeline<P: Clone, H: Host<Process = P>>(
    machine: &mut Machine<P>,
    host: &mut H,
    task: &Task<P>,
    shell: &mut Shell,
    commands: &[Rc<AstCommand>],
) {
    let mut pids = Vec::new();
    let mut reader = None;
    for (index, command) in commands.iter().enumerate() {
        let mut fds = machine.opens.retain_all(&task.fds);
        let mut connect = |machine: &mut Machine<P>, fd, id| {
            if let Some(old) = fds.insert(fd, id) {
                machine.opens.release(old);
            }
        };
        if let Some(id) = reader.take() {
            connect(machine, 0, id);
        }
        if index + 1 < commands.len() {
            let (read, write) = machine.opens.pipe();
            connect(machine, 1, write);
            reader = Some(read);
        }
        match fork(machine, host, task, shell, Frame::Command(command.clone()), fds, task.job) {
            Some(pid) => pids.push(pid),
            None => break,
        }
    }
    if let Some(unread) = reader {
        machine.opens.release(unread);
    }
    let statuses = vec![None; pids.len()];
    shell.frames.push(Frame::WaitAll { pids, statuses });
}

/// `item &`
pub(super) fn background<P: Clone, H: Host<Process = P>>(
    machine: &mut Machine<P>,
    host: &mut H,
    task: &Task<P>,
    shell: &mut Shell,
    item: &Rc<Item>,
) {
    let Some(job) = machine.next_job() else {
        machine.complain(host, task, shell, &format!("too many background jobs ({})", crate::limits::JOBS_MAX));
        shell.status = 1;
        return;
    };
    let mut fds = machine.opens.retain_all(&task.fds);
    // A background job does not read the terminal.
    if let Some(Target::TerminalIn) = fds.get(&0).and_then(|id| machine.opens.target(*id)) {
        let null = machine.opens.open(Target::Null);
        if let Some(old) = fds.insert(0, null) {
            machine.opens.release(old);
        }
    }
    let frame = Frame::Item { item: item.clone(), next: 0, ran: false };
    let Some(pid) = fork(machine, host, task, shell, frame, fds, job) else { return };
    shell.last_background = Some(pid);
    shell.status = 0;
    machine.add_job(job, pid, task.pid, &item.text);
    if machine.interactive && task.pid == machine.config.pid {
        machine.write(host, task, 2, format!("[{job}] {pid}\n").as_bytes());
    }
}

/// A program asked for a child with its own descriptors.
pub(super) fn spawn_for_program<P: Clone, H: Host<Process = P>>(
    machine: &mut Machine<P>,
    host: &mut H,
    task: &mut Task<P>,
    spawn: Spawn,
) -> Turn {
    let mut fds = machine.opens.retain_all(&task.fds);
    if spawn.stdin == SpawnInput::Null {
        let null = machine.opens.open(Target::Null);
        if let Some(old) = fds.insert(0, null) {
            machine.opens.release(old);
        }
    }
    let Body::Program(running) = &task.body else { return Turn::Blocked(None) };
    let name = running.name.clone();
    let launch =
        Launch { argv: spawn.argv, env: spawn.env, cwd: running.cwd.clone(), fds, parent: task.pid, job: task.job };
    let argv0 = launch.argv[0].clone();
    match start(machine, host, launch) {
        Ok(pid) => {
            if let Body::Program(running) = &mut task.body {
                running.child = Some(pid);
            }
            Turn::Moved
        }
        Err((status, _)) => {
            let why = if status == 127 { "No such file or directory" } else { "Permission denied" };
            machine.write(host, task, 2, format!("{name}: \u{2018}{argv0}\u{2019}: {why}\n").as_bytes());
            Turn::Ended(status)
        }
    }
}
