//! A world with one terminal at which somebody types commands and reads what comes back.

use playground::World;
use shell::{MoreInput, Output, Status};
use sim::Span;

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

    /// The terminal [`Desk::TERMINAL`] of a world, which is open.
    pub fn of(world: World) -> Desk {
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
            let goes_on = self.world.step(limit);
            let has_exited = matches!(self.world.status(terminal), Some(Status::Exited(_)) | None);
            if self.world.is_at_prompt(terminal) || has_exited {
                rc = Some(self.world.last_status(terminal));
            } else if !goes_on {
                self.world.interrupt(terminal);
                self.world.settle();
                rc = Some(124);
            }
        }
        self.said(rc.unwrap_or(0))
    }

    /// Lets so many virtual seconds pass.
    pub fn wait(&mut self, seconds: i64) {
        let to = self.world.now() + Span::from_seconds(seconds);
        while self.world.step(to) {}
        let _ = self.world.advance_to(to, usize::MAX);
    }

    fn said(&mut self, rc: i32) -> Said {
        let mut said = Said { rc, ..Said::default() };
        for (_, output) in self.world.take_output(Desk::TERMINAL) {
            match output {
                Output::Stdout(bytes) => said.stdout.push_str(&String::from_utf8_lossy(&bytes)),
                Output::Stderr(bytes) => said.stderr.push_str(&String::from_utf8_lossy(&bytes)),
                Output::Prompt(_) | Output::Started { .. } | Output::Ended { .. } => {}
            }
        }
        said
    }
}
