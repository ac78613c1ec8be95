//! A world with one shell, to which commands are handed one after the other: what programs use in place of a page.

use shell::{Config, MoreInput, Output, Start, Status};
use sim::{Span, Time};

use crate::world::{Options, World};

/// A command that goes on for longer is interrupted, if it does not say otherwise.
pub const LIMIT: Span = Span::from_seconds(3_600);
/// The exit status of a command that was interrupted at its limit, as `timeout` has it.
const TIMED_OUT: i32 = 124;
/// Output of one stream of one command that is kept, in bytes.
const OUTPUT_BYTES_MAX: usize = 64 << 20;

/// What one command said.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Said {
    /// Its standard output.
    pub stdout: String,
    /// Its standard error.
    pub stderr: String,
    /// Its exit status; 124 if it was interrupted at its limit.
    pub rc: i32,
}

/// The shell with its world.
#[derive(Clone)]
pub struct Desk {
    /// The world.
    pub world: World,
}

impl Desk {
    /// The number of the one terminal.
    pub const TERMINAL: u32 = 0;

    /// The shell of a new world.
    pub fn new(options: &Options) -> Desk {
        Desk::over(World::new(options))
    }

    /// A shell of its own in a world that may have others.
    pub fn over(world: World) -> Desk {
        let mut desk = Desk { world };
        desk.open();
        desk
    }

    /// What a shell starts from at which nobody sits.
    pub fn config() -> Config {
        Config { stdin_is_terminal: false, stdout_is_terminal: false, ..Config::terminal() }
    }

    /// Runs a command to its end.
    pub fn run(&mut self, command: &str) -> Said {
        self.run_with(command, "", LIMIT)
    }

    /// Runs a command to its end, or to `limit` from now. It reads `stdin` and then finds the end of its input.
    pub fn run_with(&mut self, command: &str, stdin: &str, limit: Span) -> Said {
        let until = self.world.now() + limit;
        self.world.settle();
        drop(self.take_said());
        self.world.set_stdin(Desk::TERMINAL, stdin.as_bytes(), MoreInput::No);
        if let Err(error) = self.world.run(Desk::TERMINAL, command) {
            return Said { stderr: format!("{error}\n"), rc: 1, ..Said::default() };
        }
        let rc = loop {
            // A command that ends at this instant must not carry the clock to the next thing that happens.
            self.world.settle();
            let goes_on = self.world.is_at_prompt(Desk::TERMINAL) || self.world.step(until);
            if self.world.is_at_prompt(Desk::TERMINAL) {
                break self.world.last_status(Desk::TERMINAL);
            }
            if matches!(self.world.status(Desk::TERMINAL), Some(Status::Exited(_)) | None) {
                break self.begin_anew();
            }
            if !goes_on {
                self.advance_to(until);
                self.world.interrupt(Desk::TERMINAL);
                self.world.settle();
                break TIMED_OUT;
            }
        };
        Said { rc, ..self.take_said() }
    }

    /// What the shell has put out since the last time.
    pub fn take_said(&mut self) -> Said {
        let mut said = Said::default();
        for (_, output) in self.world.take_output(Desk::TERMINAL) {
            match output {
                Output::Stdout(bytes) => add(&mut said.stdout, &bytes),
                Output::Stderr(bytes) => add(&mut said.stderr, &bytes),
                Output::Prompt(_) | Output::Started { .. } | Output::Ended { .. } => {}
            }
        }
        said
    }

    /// Lets time pass until `to`; an instant that has passed is ignored.
    pub fn advance_to(&mut self, to: Time) {
        while self.world.advance_to(to, usize::MAX) == cluster::Progress::OutOfBudget {}
    }

    /// Lets so many virtual seconds pass.
    pub fn wait(&mut self, seconds: i64) {
        self.advance_to(self.world.now() + Span::from_seconds(seconds));
    }

    /// A command such as `exit 3` has ended the shell: the next command finds a new one. Answers with its status.
    fn begin_anew(&mut self) -> i32 {
        let status = self.world.last_status(Desk::TERMINAL);
        let last = self.world.take_output(Desk::TERMINAL);
        self.open();
        self.world.keep_output(Desk::TERMINAL, last);
        status
    }

    fn open(&mut self) {
        self.world.open_terminal(Desk::TERMINAL, Desk::config(), Start::Commands);
    }
}

fn add(text: &mut String, bytes: &[u8]) {
    if text.len() + bytes.len() <= OUTPUT_BYTES_MAX {
        text.push_str(&String::from_utf8_lossy(bytes));
    }
}
