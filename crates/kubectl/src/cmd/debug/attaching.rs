//! Debugging one object after the other: each is debugged, and attached to until its session ends.
//!
//! Models: kubernetes v1.36 kubectl/pkg/cmd/debug/debug.go (Run, handleAttachPod, waitForContainer).

use std::collections::VecDeque;

use api::meta::ResourceVersion;
use api::{Kind, Value};
use client::{ExecRequest, LogOptions};

use super::pods::Debugger;
use super::{Call, Task, debug, voice};
use crate::builder::Info;
use crate::cmd::attach::{RECORDED, farewell};
use crate::cmd::call::Held;
use crate::cmd::exec::terminal;
use crate::cmd::pods::Voice;
use crate::cmd::session::{Session, SessionStep};
use crate::cmd::{Flow, Progress};
use crate::context::Context;
use crate::failure::Failure;

/// Objects that are debugged.
#[derive(Clone, Debug)]
pub struct Debugging {
    call: Held,
    task: Task,
    voice: Voice,
    rest: VecDeque<Info>,
    stay: Option<Stay>,
}

/// With one debug container.
#[derive(Clone, Debug)]
struct Stay {
    request: ExecRequest,
    /// Once it runs.
    session: Option<Session>,
    /// The cluster's revision at the last look.
    seen: Option<u64>,
    /// The pod's version at the last look.
    version: ResourceVersion,
}

impl Debugging {
    pub(super) fn begin(call: &mut Call<'_, '_>, task: Task, infos: Vec<Info>) -> Flow {
        let voice = voice(call);
        Debugging { voice, call: call.hold(), task, rest: infos.into(), stay: None }.into()
    }

    /// Goes on with whatever is due.
    pub fn step(&mut self, ctx: &mut Context<'_>) -> Result<Progress, Failure> {
        loop {
            if let Some(stay) = &mut self.stay {
                if let Progress::Blocked { wake } = stay.step(&mut self.call, self.voice, ctx)? {
                    return Ok(Progress::Blocked { wake });
                }
                self.stay = None;
            }
            if self.rest.is_empty() {
                return Ok(Progress::Done(0));
            }
            if let Some(until) = self.call.pause(ctx) {
                return Ok(Progress::Blocked { wake: Some(until) });
            }
            let Some(info) = self.rest.pop_front() else { continue };
            let task = &self.task;
            self.stay = self.call.resume(ctx, |call| {
                let debugger = debug(call, task, info)?;
                Ok::<_, Failure>(attaches(call, &debugger).then(|| Stay::new(call, debugger)))
            })?;
        }
    }

    /// Ctrl-C; answers whether the run goes on.
    pub fn interrupt(&mut self, ctx: &mut Context<'_>) -> bool {
        let session = self.stay.as_mut().and_then(|stay| stay.session.as_mut());
        session.is_some_and(|session| session.interrupt(ctx))
    }

    /// Whether keys go to the process.
    pub fn holds_terminal(&self) -> bool {
        self.stay.as_ref().and_then(|stay| stay.session.as_ref()).is_some_and(Session::is_terminal)
    }
}

fn attaches(call: &Call<'_, '_>, debugger: &Debugger) -> bool {
    let wants = if call.flags.is_set("attach") { call.flags.is_on("attach") } else { call.flags.is_on("stdin") };
    wants && !debugger.container.is_empty()
}

impl Stay {
    fn new(call: &Call<'_, '_>, debugger: Debugger) -> Stay {
        let Debugger { pod, container } = debugger;
        let (stdin, tty) = (call.flags.is_on("stdin"), call.flags.is_on("tty"));
        let request = ExecRequest { pod, container, command: Vec::new(), stdin, tty };
        Stay { request, session: None, seen: None, version: ResourceVersion(0) }
    }

    /// Looks at the container, or passes input and output on.
    fn step(&mut self, call: &mut Held, voice: Voice, ctx: &mut Context<'_>) -> Result<Progress, Failure> {
        if let Some(session) = &mut self.session {
            return match session.step(ctx) {
                SessionStep::Blocked { wake } => Ok(Progress::Blocked { wake }),
                SessionStep::Ended(_) => {
                    self.leave(voice, ctx);
                    Ok(Progress::Done(0))
                }
            };
        }
        let revision = ctx.api.revision();
        if self.seen.replace(revision) == Some(revision) {
            return Ok(Progress::Blocked { wake: None });
        }
        let pod = ctx.api.get(Kind::Pod, &self.request.pod)?;
        if std::mem::replace(&mut self.version, pod.metadata().resource_version) == self.version {
            return Ok(Progress::Blocked { wake: None });
        }
        let state = self.state(&pod.encode());
        if !state.get("terminated").is_null() {
            self.print_log(ctx)?;
            return Ok(Progress::Done(0));
        }
        if state.get("running").is_null() {
            let (message, name) = (state.at(&["waiting", "message"]).text(), &self.request.container);
            if voice == Voice::Normal && !message.is_empty() {
                ctx.err(&format!("Warning: container {name}: {message}\n"));
            }
            return Ok(Progress::Blocked { wake: None });
        }
        self.attach(call, voice, ctx)
    }

    /// The state of the container, as its status has it.
    fn state(&self, pod: &Value) -> Value {
        let lists = ["initContainerStatuses", "containerStatuses", "ephemeralContainerStatuses"];
        let mut statuses = lists.iter().flat_map(|list| pod.at(&["status", list]).as_list());
        let status = statuses.find(|status| status.get("name").text() == self.request.container);
        status.map(|status| status.get("state").clone()).unwrap_or_default()
    }

    fn attach(&mut self, call: &mut Held, voice: Voice, ctx: &mut Context<'_>) -> Result<Progress, Failure> {
        self.request.tty = self.request.tty && call.resume(ctx, |call| terminal(call, voice));
        if voice == Voice::Normal {
            ctx.err(RECORDED);
        }
        match Session::start(ctx, &self.request) {
            Ok(session) => self.session = Some(session),
            Err(failure) => {
                let (name, why) = (&self.request.pod.name, failure.message());
                ctx.err(&format!("warning: couldn't attach to pod/{name}, falling back to streaming logs: {why}\n"));
                self.print_log(ctx)?;
                return Ok(Progress::Done(0));
            }
        }
        Ok(Progress::Blocked { wake: Some(ctx.now()) })
    }

    fn print_log(&self, ctx: &mut Context<'_>) -> Result<(), Failure> {
        let options = LogOptions { container: self.request.container.clone(), ..LogOptions::default() };
        let log = ctx.api.logs(&self.request.pod, &options)?;
        ctx.out(&log.text);
        Ok(())
    }

    /// Says how to come back.
    fn leave(&self, voice: Voice, ctx: &mut Context<'_>) {
        if !self.request.tty || voice == Voice::Quiet {
            return;
        }
        let pod = ctx.api.get(Kind::Pod, &self.request.pod).map(|object| object.encode()).unwrap_or_default();
        ctx.out(&farewell(&self.request, &pod));
    }
}
