//! Commands of which somebody wants the outcome: what the terminal printed while they ran, and how they ended.
//!
//! A run is typed when the shell asks for a command and nothing else waits to be read; what a reader types meanwhile comes after it.
//! Runs begin, and are interrupted, between two commands of the page, as everything that stands in the journal: a replay of what
//! they typed is the same session.

use sim::{Span, Time};
use view::{Act, Input, Mode, Stream, Update};

use super::Session;

/// The exit status of a command that was interrupted at its limit, as `timeout` has it.
const TIMED_OUT: i32 = 124;
/// The exit status of a command that is no command, as a shell has it.
const NO_COMMAND: i32 = 2;
/// What is kept of a run's output; the terminal shows all of it.
const OUTPUT_BYTES_MAX: usize = 16 << 20;

/// One command, waiting or under way.
#[derive(Clone)]
pub(super) struct Run {
    id: u32,
    text: String,
    limit: Span,
    /// When it was typed.
    begun: Option<Time>,
    /// Lines of it that nobody has read.
    lines_left: usize,
    stdout: String,
    stderr: String,
    /// Why it was interrupted; in place of the shell's status.
    status: Option<i32>,
}

impl Run {
    fn new(id: u32, text: String, limit_us: u64) -> Run {
        let (stdout, stderr) = (String::new(), String::new());
        Run { id, text, limit: Span(limit_us), begun: None, lines_left: 0, stdout, stderr, status: None }
    }

    /// A line of this terminal has been read.
    pub(super) fn line_taken(&mut self) {
        self.lines_left = self.lines_left.saturating_sub(1);
    }

    /// What waited to be read is dropped.
    pub(super) fn lines_dropped(&mut self) {
        self.lines_left = 0;
    }

    /// The terminal prints.
    pub(super) fn print(&mut self, stream: Stream, text: &str) {
        let kept = match stream {
            Stream::Stdout => &mut self.stdout,
            Stream::Stderr => &mut self.stderr,
        };
        if self.begun.is_some() && kept.len() + text.len() <= OUTPUT_BYTES_MAX {
            kept.push_str(text);
        }
    }

    /// Whether all of it has been read, so that its end is the shell's next prompt.
    fn is_read(&self) -> bool {
        self.begun.is_some() && self.lines_left == 0
    }

    fn is_late(&self, now: Time) -> bool {
        self.begun.is_some_and(|begun| now.since(begun) >= self.limit)
    }

    /// `status` is the shell's.
    fn ended(self, status: i32) -> Update {
        let Run { id, begun, stdout, stderr, .. } = self;
        Update::Ran { id, stdout, stderr, status: begun.map(|_| self.status.unwrap_or(status)) }
    }
}

impl Session {
    /// Puts a run behind those that wait.
    pub(super) fn run(&mut self, id: u32, terminal: u32, text: String, limit_us: u64) {
        let run = Run::new(id, text, limit_us);
        match self.terminals.get_mut(&terminal) {
            Some(typed) => typed.runs.push_back(run),
            None => {
                self.refuse(&format!("terminal {terminal} is not open"));
                self.updates.push(run.ended(0));
            }
        }
    }

    /// Ends the run whose commands have all ended, before the shell takes what comes after it.
    pub(super) fn end_run(&mut self, terminal: u32, mode: Mode) {
        let status = self.world.last_status(terminal);
        let Some(typed) = self.terminals.get_mut(&terminal) else { return };
        if mode == Mode::Closed {
            self.updates.extend(typed.runs.drain(..).map(|run| run.ended(status)));
        } else if mode == Mode::Shell
            && let Some(run) = typed.runs.pop_front_if(|run| run.is_read())
        {
            self.updates.push(run.ended(status));
        }
    }

    /// Types the runs whose turn has come, and interrupts those whose time is over or that are no whole command.
    pub(super) fn go_on_with_runs(&mut self) {
        for terminal in self.world.terminals() {
            while self.is_run_moved(terminal) {}
        }
    }

    /// One step of a terminal's first run; answers whether there was one.
    fn is_run_moved(&mut self, terminal: u32) -> bool {
        let now = self.world.now();
        let (mode, _) = self.standing(terminal);
        let Some(typed) = self.terminals.get_mut(&terminal) else { return false };
        let is_idle = mode == Mode::Shell && typed.lines.is_empty();
        let Some(run) = typed.runs.front_mut() else { return false };
        if run.begun.is_none() {
            if is_idle {
                run.begun = Some(now);
                run.lines_left = run.text.lines().count();
                let text = std::mem::take(&mut run.text);
                self.act(terminal, Input::Text(text));
            }
            return is_idle;
        }
        if mode == Mode::More && run.is_read() {
            run.print(
                Stream::Stderr,
                "unexpected end of the command: a quote, a here-document or a compound is open\n",
            );
            run.status = Some(NO_COMMAND);
        } else if run.is_late(now) {
            run.status = Some(TIMED_OUT);
        } else {
            return false;
        }
        let id = run.id;
        self.act(terminal, Input::Act(Act::Interrupt(String::new())));
        // What does not heed an interrupt goes on in the terminal; nobody waits for it any more.
        let runs = self.terminals.get_mut(&terminal).map(|typed| &mut typed.runs);
        if let Some(run) = runs.and_then(|runs| runs.pop_front_if(|run| run.id == id)) {
            self.updates.push(run.ended(TIMED_OUT));
        }
        true
    }
}
