//! What surrounds a shell: the programs it can start, the files it sees, the time it has.
//!
//! The shell knows nothing of kubectl, curl or a container's processes. They are a [`Host`]'s, and the shell steps
//! them as it steps its own programs: a few bytes in, a few bytes out, never waiting.

use ordered::OrderedMap;

use sim::Time;
use thin::Str;

use crate::fs::Fs;
use crate::process::ProcessIo;

/// A program to start.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Command {
    /// Name and arguments; never empty.
    pub argv: Vec<String>,
    /// The exported variables.
    pub env: OrderedMap<Str, Str>,
    /// The absolute working directory.
    pub cwd: String,
    /// What the standard descriptors are connected to.
    pub terminal: Terminal,
    /// Whether the command runs in the terminal's foreground.
    pub place: Place,
    /// The PID that `$!`, `jobs` and `kill` use for it.
    pub pid: u32,
}

/// Which standard descriptors are a terminal.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Terminal {
    /// Standard input is a terminal.
    pub stdin: bool,
    /// Standard output is a terminal.
    pub stdout: bool,
}

/// Foreground or background.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Place {
    /// The shell waits for it, Ctrl-C reaches it.
    Foreground,
    /// Started with `&`.
    Background,
}

/// Why a program could not be started.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum SpawnError {
    /// There is none of that name: exit code 127.
    NotFound,
    /// The file is there but may not be executed: exit code 126.
    NotExecutable,
    /// Anything else, in words; exit code 126.
    Other(String),
}

/// What a program did in one step.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Progress {
    /// It has ended with this exit status (0–255).
    Exited(i32),
    /// It waits: for input, for an event of the host's, or until `wake`.
    Blocked {
        /// The instant at which it wants to be stepped again, if it knows one.
        wake: Option<Time>,
    },
    /// It has more to do at once.
    Again,
}

/// The signals that the shell can send.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Signal {
    /// 1
    Hup,
    /// 2: Ctrl-C.
    Int,
    /// 3
    Quit,
    /// 9
    Kill,
    /// 10
    Usr1,
    /// 12
    Usr2,
    /// 13: a write into a pipe that nobody reads.
    Pipe,
    /// 15
    Term,
    /// 18
    Cont,
    /// 19
    Stop,
}

/// All signals with number and name.
pub const SIGNALS: [(Signal, i32, &str); 10] = [
    (Signal::Hup, 1, "HUP"),
    (Signal::Int, 2, "INT"),
    (Signal::Quit, 3, "QUIT"),
    (Signal::Kill, 9, "KILL"),
    (Signal::Usr1, 10, "USR1"),
    (Signal::Usr2, 12, "USR2"),
    (Signal::Pipe, 13, "PIPE"),
    (Signal::Term, 15, "TERM"),
    (Signal::Cont, 18, "CONT"),
    (Signal::Stop, 19, "STOP"),
];

impl Signal {
    /// Its number on Linux.
    pub fn number(self) -> i32 {
        SIGNALS.iter().find(|(signal, ..)| *signal == self).map_or(0, |(_, number, _)| *number)
    }

    /// Its name without `SIG`.
    pub fn name(self) -> &'static str {
        SIGNALS.iter().find(|(signal, ..)| *signal == self).map_or("", |(.., name)| name)
    }

    /// Reads `9`, `KILL`, `SIGKILL` or `kill`.
    pub fn parse(text: &str) -> Option<Signal> {
        let upper = text.to_ascii_uppercase();
        let name = upper.strip_prefix("SIG").unwrap_or(&upper);
        SIGNALS.iter().find(|(_, number, n)| *n == name || number.to_string() == name).map(|(signal, ..)| *signal)
    }
}

/// Why a process of the host could not be signalled.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum KillError {
    /// `No such process`
    NoSuchProcess,
    /// `Operation not permitted`
    NotPermitted,
}

/// A candidate of completion.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub struct Candidate {
    /// The whole word that replaces the one under the cursor.
    pub text: String,
    /// What follows it: a space for a finished word, nothing for a directory or `--flag=`.
    pub suffix: &'static str,
}

/// The world around a shell.
pub trait Host {
    /// A running program of the host. A clone of the machine clones it.
    type Process: Clone;

    /// The virtual time.
    fn now(&self) -> Time;

    /// The files.
    fn fs(&mut self) -> &mut dyn Fs;

    /// Starts a program. The shell has looked among its functions and builtins before.
    fn spawn(&mut self, command: Command) -> Result<Self::Process, SpawnError>;

    /// Lets a program run on. It takes what it wants of `io.stdin` and adds to the outputs.
    fn step(&mut self, process: &mut Self::Process, io: &mut ProcessIo) -> Progress;

    /// Sends a signal to a program. It answers by exiting in its next step, or not.
    fn signal(&mut self, process: &mut Self::Process, signal: Signal);

    /// Where the host's program `name` lies, for `type`, `which` and `command -v`.
    fn which(&mut self, name: &str) -> Option<String> {
        let _ = name;
        None
    }

    /// The names of all programs of the host, for completion.
    fn programs(&mut self) -> Vec<String> {
        Vec::new()
    }

    /// Completes the last word of `argv` for a program of the host; `None` means: complete file names.
    fn complete(&mut self, argv: &[String], cwd: &str) -> Option<Vec<Candidate>> {
        let _ = (argv, cwd);
        None
    }

    /// Signals a process that is not the shell's child (in a container: any process of it).
    fn kill(&mut self, pid: u32, signal: Signal) -> Result<(), KillError> {
        let _ = (pid, signal);
        Err(KillError::NoSuchProcess)
    }
}
