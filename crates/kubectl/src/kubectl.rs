//! One run of kubectl: a program that is stepped, and never waits by itself.
//!
//! The first step costs `kubectl_us` of virtual time, all of it before the first request, as in the recordings a command
//! that waits for nothing takes about 50 ms and acts at their end. After that everything happens at once, until the
//! command is done or blocked.

use api::Str;
use client::User;
use sim::Time;

use crate::cmd::{self, Flow, Progress, Waiting, impersonation};
use crate::context::{Context, Env, Warnings};
use crate::failure::Failure;
use crate::kuberc;

/// What a step led to.
#[derive(Clone, Debug, PartialEq)]
pub enum Step {
    /// The run has ended with this exit code.
    Done(i32),
    /// It waits for a write to the store, input, output of a session, or this instant.
    Blocked {
        /// When to step again even if nothing has happened.
        wake: Option<Time>,
    },
    /// It waits for an editor: run `editor` (a shell command, empty for the page's own editor) on the file `path`, then call
    /// [`Kubectl::edited`] and step again.
    Edit {
        /// The command.
        editor: Str,
        /// The absolute path of the file.
        path: Str,
    },
}

/// One invocation of kubectl.
#[derive(Clone, Debug)]
pub struct Kubectl {
    argv: Vec<Str>,
    env: Env,
    state: State,
    /// In whose name requests are made.
    user: Option<User>,
    warnings: Warnings,
    /// `--warnings-as-errors`
    refuses_warnings: bool,
}

#[derive(Clone, Debug)]
enum State {
    Starting { until: Option<Time>, stdin: Vec<u8> },
    Running(Box<Waiting>),
    Ended(i32),
}

/// Exit code of an interrupted command, as a shell shows it.
const INTERRUPTED: i32 = 130;

impl Kubectl {
    /// Starts a run; `argv` begins with the program's name.
    pub fn start(argv: &[Str], env: &Env) -> Kubectl {
        let state = State::Starting { until: None, stdin: Vec::new() };
        let argv = argv.get(1..).unwrap_or(&[]).to_vec();
        Kubectl { argv, env: env.clone(), state, warnings: Warnings::default(), refuses_warnings: false, user: None }
    }

    /// Goes on as far as possible.
    pub fn step(&mut self, ctx: &mut Context<'_>) -> Step {
        ctx.api.impersonate(self.user.clone());
        std::mem::swap(&mut ctx.warnings, &mut self.warnings);
        let step = self.go_on(ctx);
        std::mem::swap(&mut ctx.warnings, &mut self.warnings);
        step
    }

    fn go_on(&mut self, ctx: &mut Context<'_>) -> Step {
        let progress = match &mut self.state {
            State::Ended(code) => return Step::Done(*code),
            State::Starting { .. } => match self.launch(ctx) {
                Ok(step) => return step,
                Err(Some(failure)) => Err(failure),
                // It runs and has not been stepped yet.
                Err(None) => return self.go_on(ctx),
            },
            State::Running(waiting) => waiting.step(ctx),
        };
        match progress {
            Ok(Progress::Done(code)) => self.succeed(ctx, code),
            Ok(Progress::Blocked { wake }) => Step::Blocked { wake },
            Ok(Progress::Edit { editor, path }) => Step::Edit { editor, path },
            Err(failure) => self.fail(ctx, &failure),
        }
    }

    /// Starts up: waits for the start-up time and the whole standard input if that is a manifest, then runs the command.
    /// `Err(None)` means: it runs now.
    fn launch(&mut self, ctx: &mut Context<'_>) -> Result<Step, Option<Failure>> {
        let State::Starting { until, stdin } = &mut self.state else { return Err(None) };
        let now = ctx.now();
        let until = *until.get_or_insert(Time(now.0 + ctx.kubectl_us));
        if now < until {
            return Ok(Step::Blocked { wake: Some(until) });
        }
        let words = match kuberc::apply(ctx, &self.env, &self.argv) {
            Ok(words) => words,
            Err(problem) => {
                ctx.err(&format!("error occurred while applying preferences {problem}\n"));
                return Ok(self.end(1));
            }
        };
        let command = match cmd::read(&words, &self.env) {
            Ok(command) => command,
            Err(early) => {
                let code = early.print(ctx);
                return Ok(self.end(code));
            }
        };
        self.refuses_warnings = command.flags.is_on("warnings-as-errors");
        if command.reads_stdin() {
            let came = !ctx.stdin.bytes.is_empty();
            stdin.append(ctx.stdin.bytes);
            if !ctx.stdin.is_closed {
                // Whether that was all is known only now that it has been taken.
                return Ok(Step::Blocked { wake: came.then_some(now) });
            }
        }
        let stdin = String::from_utf8_lossy(stdin).into_owned();
        self.user = impersonation::user_of(&command.flags).map_err(Some)?;
        ctx.api.impersonate(self.user.clone());
        match command.run(&self.env, stdin, ctx).map_err(Some)? {
            Flow::Done(code) => Ok(self.succeed(ctx, code)),
            Flow::Wait(waiting) => {
                self.state = State::Running(Box::new(waiting));
                Err(None)
            }
        }
    }

    /// Ctrl-C. Processes in containers get it; anything else ends with 130.
    pub fn interrupt(&mut self, ctx: &mut Context<'_>) -> Step {
        match &mut self.state {
            State::Ended(code) => return Step::Done(*code),
            State::Starting { .. } => {}
            State::Running(waiting) => {
                if waiting.interrupt(ctx) {
                    return self.step(ctx);
                }
            }
        }
        self.end(INTERRUPTED)
    }

    /// The editor of [`Step::Edit`] has ended with this exit code.
    pub fn edited(&mut self, code: i32) {
        if let State::Running(waiting) = &mut self.state {
            waiting.edited(code);
        }
    }

    /// Whether the run reads the terminal: what is typed goes to a process in a container, or answers a question.
    pub fn holds_terminal(&self) -> bool {
        matches!(&self.state, State::Running(waiting) if waiting.holds_terminal())
    }

    /// The command is done; if it went well, warnings may still be an error.
    fn succeed(&mut self, ctx: &mut Context<'_>, code: i32) -> Step {
        match ctx.warnings.as_error().filter(|_| code == 0 && self.refuses_warnings) {
            Some(message) => self.fail(ctx, &Failure::Plain(message)),
            None => self.end(code),
        }
    }

    fn end(&mut self, code: i32) -> Step {
        self.state = State::Ended(code);
        Step::Done(code)
    }

    fn fail(&mut self, ctx: &mut Context<'_>, failure: &Failure) -> Step {
        let code = failure.show(ctx);
        self.end(code)
    }
}
