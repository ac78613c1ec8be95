//! `kubectl attach`: joins the input and output of a container's first process.
//!
//! Models: kubernetes v1.36 kubectl/pkg/cmd/attach.

use api::Value;
use api::codec::Codec;
use client::ExecRequest;

use super::call::refuse;
use super::exec::terminal;
use super::pods::{self, Voice};
use super::session::{Session, SessionStep};
use super::{Call, Flow, PLAIN, Progress, Verb};
use crate::context::Context;
use crate::failure::Failure;
use crate::flags::Flag;

/// The verb.
pub static ATTACH: Verb = Verb {
    path: "attach",
    summary: "Attach to a running container",
    usage: "(POD | TYPE/NAME) -c CONTAINER [options]",
    flags: &[&[
        Flag::text("container").short('c'),
        Flag::duration("pod-running-timeout", "1m0s"),
        Flag::bool("quiet").short('q'),
        Flag::bool("stdin").short('i'),
        Flag::bool("tty").short('t'),
    ]],
    run,
    ..PLAIN
};

/// What is said before a session.
pub const RECORDED: &str = "All commands and output from this session will be recorded in container logs, including \
credentials and sensitive information passed through the command prompt.\nIf you don't see a command prompt, try pressing \
enter.\n";

fn run(call: &mut Call<'_, '_>) -> Result<Flow, Failure> {
    let args = call.flags.args.clone();
    let many = format!(
        "expected POD, TYPE/NAME, or TYPE NAME, (at most 2 arguments) saw {}: [{}]",
        args.len(),
        args.join(" ")
    );
    refuse(&[
        (args.is_empty(), "at least 1 argument is required for attach"),
        (args.len() > 2, &many),
        (call.flags.duration("pod-running-timeout").0 == 0, "--pod-running-timeout must be higher than zero"),
    ])?;
    let argument = if args.len() == 2 { thin::format_str!("{}/{}", args[0], args[1]) } else { args[0].clone() };
    let info = pods::find_object(call, &argument)?;
    let pod = pods::pod_to_enter(call.ctx, &info)?;
    let value = pod.encode();
    let phase = value.at(&["status", "phase"]).text();
    if matches!(phase, "Succeeded" | "Failed") {
        let refusal = format!("cannot attach a container in a completed pod; current phase is {phase}");
        return Err(Failure::Plain(refusal));
    }
    let voice = if call.flags.is_on("quiet") { Voice::Quiet } else { Voice::Normal };
    let container = pods::container(call.ctx, &value, &call.flags.text("container"), voice)
        .map_err(|failure| Failure::Plain(format!("cannot attach to the container: {}", failure.message())))?;
    let stdin = call.flags.is_on("stdin");
    let tty = wants_terminal(call, &value, &container, voice);
    let tty = tty && stdin && terminal(call, voice);
    if voice == Voice::Normal {
        call.ctx.err(RECORDED);
    }
    let request = ExecRequest { pod: pod.metadata.key(), container, command: Vec::new(), stdin, tty };
    let farewell = (voice == Voice::Normal && stdin && tty).then(|| farewell(&request, &value));
    Ok(Joined { request, session: None, farewell }.into())
}

/// How to come back after a session on a terminal.
pub fn farewell(request: &ExecRequest, pod: &Value) -> String {
    let ExecRequest { pod: key, container, .. } = request;
    let command = format!("'kubectl attach {} -c {container} -n {} -i -t'", key.name, key.namespace);
    let ephemeral = pod.at(&["spec", "ephemeralContainers"]).as_list();
    match ephemeral.iter().any(|own| own.get("name").text() == container) {
        true => format!(
            "Session ended, the ephemeral container will not be restarted but may be reattached using {command} if it is still \
             running\n"
        ),
        false => format!("Session ended, resume using {command} command\n"),
    }
}

/// A terminal where the container has one: neither more nor less.
fn wants_terminal(call: &mut Call<'_, '_>, pod: &Value, container: &str, voice: Voice) -> bool {
    let found = pods::container_spec(pod, container);
    let has_terminal = found.is_some_and(|found| found.get("tty").as_bool() == Some(true));
    if call.flags.is_on("tty") && !has_terminal && voice == Voice::Normal {
        call.ctx.err(&format!("error: Unable to use a TTY - container {container} did not allocate one\n"));
    }
    has_terminal
}

/// A session with a container's first process.
#[derive(Clone, Debug)]
pub struct Joined {
    request: ExecRequest,
    /// Once it has begun.
    session: Option<Session>,
    farewell: Option<String>,
}

impl Joined {
    /// Passes input and output on.
    pub fn step(&mut self, ctx: &mut Context<'_>) -> Result<Progress, Failure> {
        let Some(session) = &mut self.session else {
            self.session = Some(Session::start(ctx, &self.request)?);
            // What was said so far comes before what the process says.
            return Ok(Progress::Blocked { wake: Some(ctx.now()) });
        };
        match session.step(ctx) {
            SessionStep::Blocked { wake } => Ok(Progress::Blocked { wake }),
            SessionStep::Ended(code) => {
                ctx.out(self.farewell.as_deref().unwrap_or_default());
                Ok(Progress::Done(i32::from(code != 0)))
            }
        }
    }

    /// Ctrl-C; answers whether the run goes on.
    pub fn interrupt(&mut self, ctx: &mut Context<'_>) -> bool {
        self.session.as_mut().is_some_and(|session| session.interrupt(ctx))
    }

    /// Whether keys go to the process.
    pub fn holds_terminal(&self) -> bool {
        self.session.as_ref().is_some_and(Session::is_terminal)
    }
}
