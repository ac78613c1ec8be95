//! The programs of a terminal that are not the shell's own.

use kubectl::Kubectl;
use shell::Machine;

/// A running program.
#[derive(Clone)]
pub(crate) enum Program {
    /// `kubectl`, and perhaps the editor that it waits for.
    Kubectl(Box<KubectlRun>),
    /// A program that uses the network: `curl`.
    Tool(Box<Tool>),
    /// A program that is done in one step.
    AtOnce { argv: Vec<String>, cwd: String },
    /// `vi`, `nano`: waits until the reader has edited the file.
    Editor { path: String, is_interrupted: bool },
}

/// A kubectl, and the editor that it waits for.
#[derive(Clone)]
pub(crate) struct KubectlRun {
    pub(crate) run: Kubectl,
    /// A shell that runs `$KUBE_EDITOR file`.
    pub(crate) editor: Option<Machine<Program>>,
    /// The user has pressed Ctrl-C.
    pub(crate) is_interrupted: bool,
}

/// A program on the user's machine that uses the network.
#[derive(Clone)]
pub(crate) struct Tool {
    pub(crate) process: Box<dyn cri::Process>,
    pub(crate) pid: u32,
    /// The user has pressed Ctrl-C.
    pub(crate) is_interrupted: bool,
}
