//! `kubectl exec`: runs a command in a container.
//!
//! Models: kubernetes v1.36 kubectl/pkg/cmd/exec.

use api::Pod;
use api::codec::Codec;
use client::ExecRequest;

use super::pods::{self, Voice};
use super::session::{Session, SessionStep};
use super::{Call, Flow, PLAIN, Progress, Verb};
use crate::context::Context;
use crate::failure::Failure;
use crate::flags::Flag;

/// The verb.
pub static EXEC: Verb = Verb {
    path: "exec",
    summary: "Run a command in a container",
    usage: "(POD | TYPE/NAME) [-c CONTAINER] [flags] -- COMMAND [args...] [options]",
    flags: &[&[
        Flag::text("container").short('c'),
        Flag::slice("filename").short('f'),
        Flag::duration("pod-running-timeout", "1m0s"),
        Flag::bool("quiet").short('q'),
        Flag::bool("stdin").short('i'),
        Flag::bool("tty").short('t'),
    ]],
    run,
    ..PLAIN
};

fn run(call: &mut Call<'_, '_>) -> Result<Flow, Failure> {
    let (args, dash_at) = (call.flags.args.clone(), call.flags.dash_at);
    let has_files = !call.flags.texts("filename").is_empty();
    let resource = if dash_at == Some(0) { None } else { args.first() };
    let command = match dash_at {
        Some(at) => args[at..].to_vec(),
        None if args.len() > 1 || (!args.is_empty() && has_files) => {
            return Err(
                call.usage("exec [POD] [COMMAND] is not supported anymore. Use exec [POD] -- [COMMAND] instead")
            );
        }
        None => Vec::new(),
    };
    if resource.is_none() && !has_files {
        return Err(Failure::plain("pod, type/name or --filename must be specified"));
    }
    if command.is_empty() {
        return Err(Failure::plain("you must specify at least one command for the container"));
    }
    let info = pods::find_target(call, resource)?;
    let pod = pods::pod_to_enter(call.ctx, &info)?;
    let voice = if call.flags.is_on("quiet") { Voice::Quiet } else { Voice::Normal };
    let request = request(call, &pod, voice)?;
    let stdin = call.flags.is_on("stdin");
    let tty = stdin && call.flags.is_on("tty") && terminal(call, voice);
    let request = ExecRequest { command, stdin, tty, ..request };
    let session = Session::start(call.ctx, &request)?;
    Ok(Executing { session }.into())
}

/// A request for the container that `-c` or the pod names, without a command.
pub fn request(call: &mut Call<'_, '_>, pod: &Pod, voice: Voice) -> Result<ExecRequest, Failure> {
    let value = pod.encode();
    let phase = value.at(&["status", "phase"]).text();
    if matches!(phase, "Succeeded" | "Failed") {
        let refusal = format!("cannot exec into a container in a completed pod; current phase is {phase}");
        return Err(Failure::Plain(refusal));
    }
    let container = pods::container(call.ctx, &value, &call.flags.text("container"), voice)?;
    Ok(ExecRequest { pod: pod.metadata.key(), container, ..ExecRequest::default() })
}

/// How a verb ends when its command has ended with this code.
pub fn ended(code: i32) -> Result<Progress, Failure> {
    match code {
        0 => Ok(Progress::Done(0)),
        code => Err(Failure::Exited(format!("command terminated with exit code {code}"), code)),
    }
}

/// Whether the input is a terminal; says so if it is not.
pub fn terminal(call: &mut Call<'_, '_>, voice: Voice) -> bool {
    if !call.env.stdin_is_terminal && voice == Voice::Normal {
        call.ctx.err("Unable to use a TTY - input is not a terminal or the right kind of file\n");
    }
    call.env.stdin_is_terminal
}

/// A command that runs in a container.
#[derive(Clone, Debug)]
pub struct Executing {
    /// The session.
    pub session: Session,
}

impl Executing {
    /// Passes input and output on.
    pub fn step(&mut self, ctx: &mut Context<'_>) -> Result<Progress, Failure> {
        match self.session.step(ctx) {
            SessionStep::Blocked { wake } => Ok(Progress::Blocked { wake }),
            SessionStep::Ended(code) => ended(code),
        }
    }
}
