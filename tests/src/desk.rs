//! A world with one terminal at which somebody types commands and reads what comes back.

use cluster::timing;
use playground::{Options, World};
use shell::{Config, MoreInput, Output, Start, Status};
use sim::{Span, Time, Timing};

/// The first instant of every test.
pub const START: Time = Time(1_767_225_600_000_000);

/// A new world with the tutorials' files and the default timing.
pub fn options(nodes: u32, seed: u64) -> Options {
    let timing = timing::named(timing::DEFAULT).expect("the default profile is in the program");
    let cluster = cluster::Options { nodes, seed, timing, start: START };
    Options { cluster, files: World::tutorial_files(), has_editor: false }
}

/// What one command said.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Said {
    /// Its standard output.
    pub stdout: String,
    /// Its standard error.
    pub stderr: String,
    /// Its exit status; 124 if it had not ended after [`Desk::LIMIT`].
    pub rc: i32,
}

/// The terminal with its world.
#[derive(Clone)]
pub struct Desk {
    /// The world.
    pub world: World,
}

impl Desk {
    /// The number of the one terminal.
    pub const TERMINAL: u32 = 1;
    /// A command that takes longer is interrupted.
    pub const LIMIT: Span = Span::from_seconds(3_600);

    /// The terminal of a new world with the tutorials' files.
    pub fn new(nodes: u32, seed: u64) -> Desk {
        Desk::at(&options(nodes, seed))
    }

    /// The same under another timing.
    pub fn with_timing(nodes: u32, seed: u64, timing: Timing) -> Desk {
        let mut options = options(nodes, seed);
        options.cluster.timing = timing;
        Desk::at(&options)
    }

    /// The terminal of a new world.
    pub fn at(options: &Options) -> Desk {
        let mut world = World::new(options);
        let config = Config { stdin_is_terminal: false, stdout_is_terminal: false, ..Config::terminal() };
        world.open_terminal(Desk::TERMINAL, config, Start::Commands);
        Desk { world }
    }

    /// Runs a command to its end.
    pub fn run(&mut self, command: &str) -> Said {
        self.run_with_input(command, "")
    }

    /// Runs a command to its end; it reads `input` and then finds the end of its standard input.
    pub fn run_with_input(&mut self, command: &str, input: &str) -> Said {
        let terminal = Desk::TERMINAL;
        self.world.settle();
        drop(self.world.take_output(terminal));
        self.world.set_stdin(terminal, input.as_bytes(), MoreInput::No);
        if self.world.run(terminal, command).is_err() {
            return Said { stderr: "the command is too long".to_owned(), rc: 1, ..Said::default() };
        }
        let limit = self.world.now() + Desk::LIMIT;
        let mut rc = None;
        while rc.is_none() {
            self.world.settle();
            let goes_on = self.world.is_at_prompt(terminal) || self.world.step(limit);
            let has_exited = matches!(self.world.status(terminal), Some(Status::Exited(_)) | None);
            if self.world.is_at_prompt(terminal) || has_exited {
                rc = Some(self.world.last_status(terminal));
            } else if !goes_on {
                self.world.interrupt(terminal);
                self.world.settle();
                rc = Some(124);
            }
        }
        Said { rc: rc.unwrap_or(0), ..self.take_said() }
    }

    /// What the terminal has put out since the last time.
    pub fn take_said(&mut self) -> Said {
        let mut said = Said::default();
        for (_, output) in self.world.take_output(Desk::TERMINAL) {
            match output {
                Output::Stdout(bytes) => said.stdout.push_str(&String::from_utf8_lossy(&bytes)),
                Output::Stderr(bytes) => said.stderr.push_str(&String::from_utf8_lossy(&bytes)),
                Output::Prompt(_) | Output::Started { .. } | Output::Ended { .. } => {}
            }
        }
        said
    }

    /// Lets so many virtual seconds pass.
    pub fn wait(&mut self, seconds: i64) {
        let to = self.world.now() + Span::from_seconds(seconds);
        while self.world.step(to) {}
        let _ = self.world.advance_to(to, usize::MAX);
    }
}
