//! A running exec or attach: input goes in, output comes out.

use api::{Reason, Status};
use client::{ExecRequest, SessionId, SessionOutput};
use sim::Time;

use crate::context::Context;
use crate::failure::Failure;

/// An open session.
#[derive(Clone, Debug)]
pub struct Session {
    id: SessionId,
    sends_input: bool,
    is_terminal: bool,
    has_closed_input: bool,
}

/// What stepping a session led to.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum SessionStep {
    /// The process has ended with this exit code.
    Ended(i32),
    /// It runs on.
    Blocked {
        /// When to step again even if nothing has happened.
        wake: Option<Time>,
    },
}

impl Session {
    /// Starts it.
    pub fn start(ctx: &mut Context<'_>, request: &ExecRequest) -> Result<Session, Failure> {
        let id = ctx.api.exec(request).map_err(upgrade_failure)?;
        Ok(Session { id, sends_input: request.stdin, is_terminal: request.tty, has_closed_input: false })
    }

    /// Passes on what has come.
    pub fn step(&mut self, ctx: &mut Context<'_>) -> SessionStep {
        let came = self.sends_input && !ctx.stdin.bytes.is_empty();
        if came {
            let bytes = std::mem::take(ctx.stdin.bytes);
            ctx.api.session_write(self.id, &bytes);
        }
        if self.sends_input && ctx.stdin.is_closed && !self.has_closed_input {
            self.has_closed_input = true;
            ctx.api.session_close_stdin(self.id);
        }
        let output = self.read(ctx);
        ctx.stdout.extend_from_slice(&output.stdout);
        // A terminal has one stream.
        if self.is_terminal {
            ctx.stdout.extend_from_slice(&output.stderr);
        } else {
            ctx.stderr.extend_from_slice(&output.stderr);
        }
        match output.exit {
            Some(code) => SessionStep::Ended(code),
            // Whether that was all the input is known only now that it has been taken.
            None if came && !ctx.stdin.is_closed => SessionStep::Blocked { wake: Some(ctx.now()) },
            None => SessionStep::Blocked { wake: None },
        }
    }

    /// What came out since the last time. The session is closed once its process has ended.
    pub fn read(&self, ctx: &mut Context<'_>) -> SessionOutput {
        let output = ctx.api.session_read(self.id);
        if output.exit.is_some() {
            // A node keeps only so many sessions.
            ctx.api.session_close(self.id);
        }
        output
    }

    /// Sends input and closes it.
    pub fn send_all(&self, ctx: &mut Context<'_>, bytes: &[u8]) {
        ctx.api.session_write(self.id, bytes);
        ctx.api.session_close_stdin(self.id);
    }

    /// Ctrl-C: a process on a terminal gets it and the session goes on, otherwise the session is left.
    pub fn interrupt(&mut self, ctx: &mut Context<'_>) -> bool {
        if self.is_terminal {
            ctx.api.session_interrupt(self.id);
        } else {
            ctx.api.session_close(self.id);
        }
        self.is_terminal
    }

    /// Whether keys go to the process.
    pub fn is_terminal(&self) -> bool {
        self.is_terminal
    }
}

/// Requests that change their protocol carry their refusal as plain text.
fn upgrade_failure(status: Status) -> Failure {
    match status.reason {
        Reason::InternalError => {
            let has_head = status.message.starts_with("Internal error occurred: ");
            let head = if has_head { "" } else { "Internal error occurred: " };
            Failure::Plain(format!("{head}{}", status.message))
        }
        _ => status.into(),
    }
}
