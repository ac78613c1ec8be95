//! exec, attach and logs: what the API server passes on.
//!
//! Models: kubernetes v1.36 pkg/registry/core/pod (strategy.go, rest/subresources.go) for the refusals, pkg/kubelet/kubelet_pods.go
//! (GetKubeletContainerLogs, validateContainerLogStatus) and containerd's streaming server.

use ordered::OrderedMap;

use api::core::pod_status::PodPhase;
use api::{Key, Kind, Object, Reason, Status, Str};
use client::{Api, ExecRequest, LogOptions, LogRead, SessionId, SessionOutput};
use cri::Signal;
use cri::log::Log;
use cri::{NewProcess, ProcessId, SessionBuffer, Terminal};
use sim::Time;
use thin::format_str;

use crate::kubelets::Kubelets;
use crate::worker::{PodWorker, Step};

/// Sessions at one time.
const SESSIONS_MAX: usize = 256;

/// Which process each session belongs to.
#[derive(Clone, Debug, Default)]
pub(crate) struct SessionTable {
    owners: OrderedMap<u64, Owner>,
    last: u64,
    /// What clients have asked for since the kubelets were last woken.
    pending: Vec<(SessionId, Request)>,
}

/// What a session's client asks for.
#[derive(Clone, Debug, PartialEq)]
enum Request {
    Write(Vec<u8>),
    CloseStdin,
    Interrupt,
    Close,
}

#[derive(Clone, Copy, Debug)]
struct Owner {
    slot: u32,
    process: ProcessId,
    kind: SessionKind,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum SessionKind {
    /// It started its process.
    Exec,
    /// It only looks at and speaks with one.
    Attach,
}

impl SessionTable {
    /// A number for a new session.
    pub(crate) fn next_number(&mut self) -> u64 {
        self.last += 1;
        self.last
    }

    /// Whether a client waits for something.
    pub(crate) fn has_pending(&self) -> bool {
        !self.pending.is_empty()
    }

    /// The pod is gone: its sessions lead nowhere, and what they hold can still be read.
    pub(crate) fn forget(&mut self, slot: u32) {
        self.owners.retain(|_, owner| owner.slot != slot);
    }
}

impl Kubelets {
    /// Starts a process in a container, or attaches to its first one.
    ///
    /// # Errors
    /// In the words of the API server or of the runtime: no such pod, container or program, or the container does not run.
    pub fn exec(&mut self, request: &ExecRequest, api: &dyn Api) -> Result<SessionId, Status> {
        let now = api.now();
        api.get(Kind::Pod, &request.pod)?;
        let (slot, at) = self.running_container(&request.pod, &request.container)?;
        if self.sessions.len() >= SESSIONS_MAX {
            return Err(Status::new(Reason::TooManyRequests, "too many exec sessions are open"));
        }
        let session = self.session_table.next_number();
        self.sessions.insert(session, SessionBuffer::default());
        let (process, kind) = if request.command.is_empty() {
            let sandbox = self.worker(slot).and_then(|worker| worker.sandbox.as_ref());
            let process = sandbox.map_or(ProcessId { container: at, pid: 1 }, |sandbox| sandbox.first_process(at));
            self.with_sandbox(slot, now, |sandbox, world| {
                sandbox.attach(process, session);
                // A client with a terminal tells its size when it attaches.
                if request.tty {
                    sandbox.redraw(process, world);
                }
            });
            (process, SessionKind::Attach)
        } else {
            let pid = self.start_exec(slot, at, request, session, now).inspect_err(|_| {
                self.sessions.remove(&session);
            })?;
            (ProcessId { container: at, pid }, SessionKind::Exec)
        };
        self.session_table.owners.insert(session, Owner { slot, process, kind });
        self.with_sandbox(slot, now, |_, _| ());
        Ok(SessionId(session))
    }

    fn start_exec(
        &mut self,
        slot: u32,
        at: usize,
        request: &ExecRequest,
        session: u64,
        now: Time,
    ) -> Result<u32, Status> {
        let Some(mut worker) = self.workers[slot as usize].take() else { return Err(container_not_found("")) };
        let argv: Vec<Str> = request.command.clone();
        let terminal = if request.tty { Terminal { stdin: true, stdout: true } } else { Terminal::default() };
        let started = self.start_process(&mut worker, at, argv, Some(session), (terminal, request.stdin), now);
        self.workers[slot as usize] = Some(worker);
        started.ok_or_else(|| executable_not_found(&request.command))
    }

    /// Starts a program in a container, with what its descriptors are connected to and whether input may come; none if there is no
    /// such program.
    pub(crate) fn start_process(
        &mut self,
        worker: &mut PodWorker,
        at: usize,
        argv: Vec<Str>,
        session: Option<u64>,
        (terminal, stdin): (Terminal, bool),
        now: Time,
    ) -> Option<u32> {
        let spawn = self.spawn_exec(worker, at, argv, terminal.stdout, stdin);
        let process = self.registry.image(worker.containers[at].image).start(&spawn)?;
        let new = NewProcess {
            process,
            command: self.shares.command(&spawn.argv),
            uid: spawn.uid,
            gid: spawn.gid,
            terminal,
            stdin_is_open: stdin,
            session,
        };
        self.show_names(worker, at);
        worker.sandbox.as_mut()?.exec(at, new, now)
    }

    fn running_container(&self, pod: &Key, container: &str) -> Result<(u32, usize), Status> {
        let known = self.slot(pod).and_then(|slot| self.worker(slot).map(|worker| (slot, worker)));
        let Some((slot, worker)) = known else {
            return Err(Status::bad_request(format_str!("pod {} does not have a host assigned", pod.name)));
        };
        self.check_reach(worker)?;
        if let Some(phase @ (PodPhase::Succeeded | PodPhase::Failed)) = phase_of(worker) {
            let message = format_str!("cannot exec into a container in a completed pod; current phase is {phase}");
            return Err(Status::bad_request(message));
        }
        match worker.position(container) {
            None => {
                let name = &pod.name;
                Err(Status::bad_request(format_str!("container {container} is not valid for pod {name}")))
            }
            Some(at) if !worker.is_running(at) => Err(container_not_found(container)),
            Some(at) => Ok((slot, at)),
        }
    }

    /// Whether the API server reaches the kubelet of a pod.
    fn check_reach(&self, worker: &PodWorker) -> Result<(), Status> {
        if self.hears(&worker.pod.spec.node_name) {
            return Ok(());
        }
        let ip = self.node_ip(worker);
        let message = format_str!("error dialing backend: dial tcp {ip}:10250: connect: no route to host");
        Err(Status::new(Reason::Unknown, message))
    }

    fn node_ip(&self, worker: &PodWorker) -> Str {
        self.node_of(worker).map(|node| node.ip_text.clone()).unwrap_or_default()
    }

    /// Sends input to a session's process, when the kubelets are next woken.
    pub fn session_write(&mut self, session: SessionId, input: &[u8]) {
        self.session_table.pending.push((session, Request::Write(input.to_vec())));
    }

    /// Closes the input of a session's process, when the kubelets are next woken.
    pub fn session_close_stdin(&mut self, session: SessionId) {
        self.session_table.pending.push((session, Request::CloseStdin));
    }

    /// Interrupts a session's foreground process (Ctrl-C on its terminal), when the kubelets are next woken.
    pub fn session_interrupt(&mut self, session: SessionId) {
        self.session_table.pending.push((session, Request::Interrupt));
    }

    /// Ends a session from the client's side, when the kubelets are next woken. A process that it started loses its terminal.
    pub fn session_close(&mut self, session: SessionId) {
        self.session_table.pending.push((session, Request::Close));
    }

    /// Does what clients of sessions have asked for.
    pub(crate) fn serve_sessions(&mut self, now: Time) {
        for (session, request) in std::mem::take(&mut self.session_table.pending) {
            let Some(Owner { slot, process, kind }) = self.session_table.owners.get(&session.0).copied() else {
                if request == Request::Close {
                    self.sessions.remove(&session.0);
                }
                continue;
            };
            // When its process has ended, the number may be another one's, in a new container.
            let goes_on = self.sessions.get(&session.0).is_some_and(|buffer| buffer.exit.is_none());
            if goes_on {
                self.with_sandbox(slot, now, |sandbox, world| match (&request, kind) {
                    (Request::Write(input), _) => sandbox.write_stdin(process, input),
                    (Request::CloseStdin, _) => sandbox.close_stdin(process),
                    (Request::Interrupt, _) => drop(sandbox.signal(process, Signal::Int, world)),
                    (Request::Close, SessionKind::Attach) => sandbox.detach(process, session.0),
                    (Request::Close, SessionKind::Exec) => drop(sandbox.signal(process, Signal::Hup, world)),
                });
            }
            if request == Request::Close {
                self.sessions.remove(&session.0);
                self.session_table.owners.remove(&session.0);
            }
        }
    }

    /// Takes what came out of a session since the last time.
    pub fn session_read(&mut self, session: SessionId) -> SessionOutput {
        let Some(buffer) = self.sessions.get_mut(&session.0) else {
            return SessionOutput { exit: Some(137), ..SessionOutput::default() };
        };
        SessionOutput {
            stdout: std::mem::take(&mut buffer.stdout),
            stderr: std::mem::take(&mut buffer.stderr),
            exit: buffer.exit,
        }
    }

    /// Reads a container's log.
    ///
    /// # Errors
    /// In the API server's words: the pod has no node, has no such container, or the container has not been started.
    pub fn logs(&self, pod: &Object, options: &LogOptions) -> Result<LogRead, Status> {
        let name = &pod.metadata().name;
        let Some(worker) = self.slot(&pod.key()).and_then(|slot| self.worker(slot)) else {
            return Err(Status::bad_request(format_str!("pod {name} does not have a host assigned")));
        };
        self.check_reach(worker).map_err(|status| {
            let (ip, metadata) = (self.node_ip(worker), &worker.pod.metadata);
            let (namespace, container) = (&metadata.namespace, &options.container);
            let cause = status.message.strip_prefix("error dialing backend: ").unwrap_or_default();
            let url = format_str!("https://{ip}:10250/containerLogs/{namespace}/{name}/{container}");
            Status::new(Reason::Unknown, format_str!("Get \"{url}\": {cause}"))
        })?;
        let container = &options.container;
        let Some(at) = worker.position(container) else {
            return Err(Status::bad_request(format_str!("container {container} is not valid for pod {name}")));
        };
        let record = &worker.containers[at];
        if options.previous {
            let Some(log) = &record.previous_log else {
                let message = format_str!("previous terminated container \"{container}\" in pod \"{name}\" not found");
                return Err(Status::bad_request(message));
            };
            return Ok(read_log(log, options, true));
        }
        let live = worker.sandbox.as_ref().and_then(|sandbox| sandbox.container(at)).map(|container| container.log());
        match live.or(record.last_log.as_deref()) {
            Some(log) => Ok(read_log(log, options, record.step != Step::Running)),
            None => Err(waiting_to_start(worker, at, name)),
        }
    }
}

fn phase_of(worker: &PodWorker) -> Option<PodPhase> {
    match &worker.stage {
        crate::worker::Stage::Stopped { .. } => {
            let own = &worker.containers[..worker.first_ephemeral()];
            let all_good = own.iter().all(|record| record.ended.as_ref().is_none_or(|how| how.exit_code == 0));
            Some(if all_good { PodPhase::Succeeded } else { PodPhase::Failed })
        }
        _ => worker.pod.status.phase,
    }
}

fn container_not_found(container: &str) -> Status {
    Status::internal(format_str!(
        "Internal error occurred: unable to upgrade connection: container not found (\"{container}\")"
    ))
}

fn executable_not_found(command: &[Str]) -> Status {
    let program = command.first().cloned().unwrap_or_default();
    let why = if program.contains('/') {
        format_str!("stat {program}: no such file or directory")
    } else {
        "executable file not found in $PATH".into()
    };
    let id = crate::text::digest(&program);
    Status::internal(format_str!(
        "Internal error occurred: Internal error occurred: error executing command in container: failed to exec in container: \
         failed to start exec \"{id}\": OCI runtime exec failed: exec failed: unable to start container process: \
         exec: \"{program}\": {why}"
    ))
}

fn waiting_to_start(worker: &PodWorker, at: usize, pod: &str) -> Status {
    let container = &worker.container(at).name;
    let reason = worker.containers[at].error.as_ref().map(|error| error.reason.as_str());
    let text = match reason {
        Some("ErrImagePull") => "image can't be pulled",
        Some("ImagePullBackOff") => "trying and failing to pull image",
        Some(reason) => reason,
        None if worker.init_count() > 0 => "PodInitializing",
        None => "ContainerCreating",
    };
    Status::bad_request(format_str!("container \"{container}\" in pod \"{pod}\" is waiting to start: {text}"))
}

fn read_log(log: &Log, options: &LogOptions, ended: bool) -> LogRead {
    let since = options.since.unwrap_or_default();
    let matching = log.lines_from(options.skip_lines).filter(|line| line.at >= since);
    let skipped = options.tail_lines.map_or(0, |tail| matching.clone().count().saturating_sub(tail));
    let mut text = String::new();
    for line in matching.skip(skipped) {
        if options.timestamps {
            text.push_str(&line.at.to_rfc3339_micros());
            text.push(' ');
        }
        text.push_str(&line.text);
        text.push('\n');
        if options.limit_bytes.is_some_and(|limit| text.len() >= limit) {
            break;
        }
    }
    if let Some(limit) = options.limit_bytes {
        let end = (0..=limit.min(text.len())).rev().find(|&at| text.is_char_boundary(at)).unwrap_or(0);
        text.truncate(end);
    }
    LogRead { text, next_line: log.end().max(options.skip_lines), ended }
}
