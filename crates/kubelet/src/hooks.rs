//! postStart and preStop hooks.
//!
//! Models: kubernetes v1.36 pkg/kubelet/lifecycle/handlers.go. A hook that is a command runs in the container; one that is an
//! HTTP request is sent and not waited for; a pause is waited for.
//! Difference that was chosen: a postStart hook runs beside the container's start and does not delay it.

use api::core::container::LifecycleHandler;
use cri::{ProcessId, World};
use sim::{Span, Time};
use thin::Str;

use crate::kubelets::Kubelets;
use crate::worker::PodWorker;

/// A preStop hook under way.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Hook {
    /// A command that runs in the container.
    Process(ProcessId),
    /// A pause until this instant.
    Sleep(Time),
}

impl Kubelets {
    pub(crate) fn run_post_start(&mut self, worker: &mut PodWorker, at: usize, now: Time) {
        let lifecycle = worker.container(at).lifecycle.clone();
        if let Some(handler) = lifecycle.as_ref().and_then(|lifecycle| lifecycle.post_start.as_ref()) {
            self.run_hook(worker, at, handler, now);
        }
    }

    /// Begins a container's preStop hook; answers with what is to be waited for.
    pub(crate) fn run_pre_stop(&mut self, worker: &mut PodWorker, at: usize, now: Time) -> Option<Hook> {
        let lifecycle = worker.container(at).lifecycle.clone();
        let handler = lifecycle.as_ref()?.pre_stop.as_ref()?;
        self.run_hook(worker, at, handler, now)
    }

    fn run_hook(&mut self, worker: &mut PodWorker, at: usize, handler: &LifecycleHandler, now: Time) -> Option<Hook> {
        if let Some(sleep) = &handler.sleep {
            return Some(Hook::Sleep(now + Span::from_seconds(sleep.seconds)));
        }
        let command = &handler.exec.as_ref()?.command;
        let argv: Vec<Str> = command.iter().cloned().collect();
        let pid = self.start_process(worker, at, argv, None, Default::default(), now)?;
        let id = ProcessId { container: at, pid };
        if let Some(sandbox) = &mut worker.sandbox {
            let mut world = World { now, volumes: &mut self.volumes, sessions: &mut self.sessions };
            sandbox.run(&mut world);
            self.packets.extend(sandbox.take_packets());
        }
        Some(Hook::Process(id))
    }
}

impl Hook {
    /// When a pause ends.
    pub(crate) fn ends_at(&self) -> Option<Time> {
        match self {
            Hook::Sleep(until) => Some(*until),
            Hook::Process(_) => None,
        }
    }
}

/// Whether a hook is still to be waited for.
pub(crate) fn hook_runs(worker: &PodWorker, hook: Hook, now: Time) -> bool {
    match hook {
        Hook::Process(id) => worker.sandbox.as_ref().is_some_and(|sandbox| sandbox.runs(id)),
        Hook::Sleep(until) => until > now,
    }
}
