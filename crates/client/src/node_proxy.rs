//! What the API server passes on to the kubelet of a pod's node: exec, attach, logs, port-forward.

use ::api::{Key, Status, Str};
use sim::Time;

/// A running exec or attach.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct SessionId(pub u64);

/// What to run in a container, or (with an empty command) to attach to its first process.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct ExecRequest {
    /// The pod.
    pub pod: Key,
    /// The container; never empty.
    pub container: Str,
    /// Program and arguments; empty to attach.
    pub command: Vec<Str>,
    /// Whether the client sends input.
    pub stdin: bool,
    /// Whether it is a terminal.
    pub tty: bool,
}

/// What came out of a session since it was last read.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct SessionOutput {
    /// Bytes of standard output.
    pub stdout: Vec<u8>,
    /// Bytes of standard error.
    pub stderr: Vec<u8>,
    /// The exit code, once the process has ended and all its output has been read.
    pub exit: Option<i32>,
}

/// Which part of a container's log.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct LogOptions {
    /// The container; never empty.
    pub container: Str,
    /// Of the container before the last restart.
    pub previous: bool,
    /// Only the last so many lines.
    pub tail_lines: Option<usize>,
    /// Only lines written at or after this instant.
    pub since: Option<Time>,
    /// The instant before every line.
    pub timestamps: bool,
    /// Skip so many lines: for following, what was read already.
    pub skip_lines: usize,
    /// At most so many bytes.
    pub limit_bytes: Option<usize>,
}

/// A part of a container's log.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct LogRead {
    /// The text, whole lines.
    pub text: String,
    /// Where to go on: the value for `skip_lines`.
    pub next_line: usize,
    /// Whether the container has ended, so that no more will come.
    pub ended: bool,
}

/// A port of the client's machine that leads to a port of a pod.
#[derive(Clone, Debug, PartialEq)]
pub struct ForwardRequest {
    /// The pod.
    pub pod: Key,
    /// The port on the client's machine; 0 for any free one.
    pub local: u16,
    /// The pod's port.
    pub remote: u16,
}

/// A forward that stands.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Forward {
    /// Its port on the client's machine.
    pub local: u16,
    /// The pod's port.
    pub remote: u16,
}

/// What has happened to a forward since it was last asked for.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct ForwardNews {
    /// Connections that were opened.
    pub opened: u32,
    /// Connections that nobody in the pod has taken.
    pub refused: u32,
}

/// Why a port cannot be forwarded.
#[derive(Clone, Debug, PartialEq)]
pub enum ForwardError {
    /// Somebody listens there already.
    AddressInUse,
    /// The API server refuses.
    Status(Status),
}

/// The part of the API server that only passes requests on to kubelets.
pub trait NodeProxy {
    /// Starts a process in a container, or attaches to its first one.
    fn exec(&mut self, request: &ExecRequest) -> Result<SessionId, Status>;

    /// Sends input. What was typed is echoed by the caller's terminal, not by the session.
    fn session_write(&mut self, session: SessionId, input: &[u8]);

    /// Closes the input (Ctrl-D, end of a pipe).
    fn session_close_stdin(&mut self, session: SessionId);

    /// Interrupts the foreground process (Ctrl-C on a terminal).
    fn session_interrupt(&mut self, session: SessionId);

    /// Takes what came out since the last time.
    fn session_read(&mut self, session: SessionId) -> SessionOutput;

    /// Ends the session from the client's side.
    fn session_close(&mut self, session: SessionId);

    /// Reads a container's log.
    fn logs(&self, pod: &Key, options: &LogOptions) -> Result<LogRead, Status>;

    /// Makes a port of the client's machine lead to a pod.
    fn forward_open(&mut self, request: &ForwardRequest) -> Result<Forward, ForwardError>;

    /// What has happened to a forward since the last time, by its port on the client's machine.
    fn forward_read(&mut self, local: u16) -> ForwardNews;

    /// Ends a forward.
    fn forward_close(&mut self, local: u16);
}
