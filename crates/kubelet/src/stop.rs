//! Stopping containers: preStop hook, turn, signal, and SIGKILL after the grace.
//!
//! Each container goes its own way. The time of its hook and of its turn is taken from its grace; in the end it has at least
//! [`MINIMUM_GRACE`] between its signal and SIGKILL.
//!
//! Models: kubernetes v1.36 pkg/kubelet/kuberuntime/kuberuntime_container.go (killContainer) and
//! kuberuntime_termination_order.go.

use cri::{Disposition, Signal, World};
use sim::{Span, Time};
use thin::format_str;

use client::{Api, EventKind};

use crate::hooks::{Hook, hook_runs};
use crate::kubelets::Kubelets;
use crate::worker::{PodWorker, Stage, Step};

/// The kubelet leaves containers at least so long between their stop signal and SIGKILL.
const MINIMUM_GRACE: Span = Span::from_seconds(2);
const SECOND_US: u64 = 1_000_000;

/// What a container's stop signal waits for.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum StopWait {
    /// Its preStop hook.
    Hook(Hook),
    /// The end of the containers that it serves.
    Turn,
}

impl Kubelets {
    /// The pod is being deleted.
    pub(crate) fn begin_to_stop(&mut self, worker: &mut PodWorker, api: &mut dyn Api) {
        let now = api.now();
        let grace_seconds = worker.pod.metadata.deletion_grace_period_seconds.unwrap_or(30);
        let not_before = match worker.stage {
            Stage::Stopped { delete_at } => {
                let at = now + Span(self.timing.pod_cleanup_us);
                worker.stage = Stage::Stopped { delete_at: delete_at.or(Some(at)) };
                return;
            }
            // Somebody has asked again, and leaves it less time.
            Stage::Stopping { not_before, grace_seconds: before } if grace_seconds < before => not_before,
            Stage::Stopping { .. } => return,
            Stage::New | Stage::Mounting | Stage::Active if worker.has_run() => {
                now + Span(self.timing.container_stop_us)
            }
            Stage::New | Stage::Mounting | Stage::Active => now + Span(self.timing.pod_stop_before_running_us),
        };
        self.stop_all(worker, not_before, grace_seconds, api);
    }

    /// Begins to stop all containers that run, and says so.
    pub(crate) fn stop_all(&mut self, worker: &mut PodWorker, not_before: Time, grace_seconds: i64, api: &mut dyn Api) {
        worker.stage = Stage::Stopping { not_before, grace_seconds };
        for at in 0..worker.containers.len() {
            if worker.is_running(at) {
                let message = format_str!("Stopping container {}", worker.container(at).name);
                self.record(worker, api, Some(at), EventKind::Normal, "Killing", message);
                self.stop_container(worker, at, grace_seconds, api.now());
            }
        }
    }

    pub(crate) fn go_on_stopping(&mut self, worker: &mut PodWorker, not_before: Time, api: &mut dyn Api) {
        let now = api.now();
        // The end of one container is another one's turn.
        loop {
            let running = worker.running_count();
            self.signal_due(worker, now);
            self.kill_late(worker, now);
            self.note_ends(worker, now);
            if worker.running_count() == running {
                break;
            }
        }
        if worker.runs_anything() || now < not_before {
            return;
        }
        let has_run = worker.has_run();
        self.tear_down(worker);
        let is_deleted = worker.pod.metadata.is_terminating();
        let cleanup = if has_run { Span(self.timing.pod_cleanup_us) } else { Span::ZERO };
        worker.stage = Stage::Stopped { delete_at: is_deleted.then_some(now + cleanup) };
        if has_run {
            self.report(worker, api);
        }
    }

    /// A container whose pod goes on is ended.
    pub(crate) fn end_container(&mut self, worker: &mut PodWorker, at: usize, grace_seconds: i64, now: Time) {
        if worker.containers[at].is_hung {
            worker.containers[at].kill_at = Some(now + Span(self.timing.container_stop_us));
            return;
        }
        self.stop_container(worker, at, grace_seconds, now);
    }

    /// Begins a container's preStop hook. Its signal follows when the hook is done and its turn has come, or its grace is used up.
    fn stop_container(&mut self, worker: &mut PodWorker, at: usize, grace_seconds: i64, now: Time) {
        let hook = if grace_seconds > 0 { self.run_pre_stop(worker, at, now) } else { None };
        let record = &mut worker.containers[at];
        record.kill_at = Some(now + Span::from_seconds(grace_seconds));
        record.stop_wait = Some(hook.map_or(StopWait::Turn, StopWait::Hook));
        self.signal_if_due(worker, at, now);
    }

    /// Sends their stop signal to the containers that wait for nothing any more.
    pub(crate) fn signal_due(&mut self, worker: &mut PodWorker, now: Time) {
        for at in 0..worker.containers.len() {
            self.signal_if_due(worker, at, now);
        }
    }

    fn signal_if_due(&mut self, worker: &mut PodWorker, at: usize, now: Time) {
        let (Some(wait), Some(until)) = (worker.containers[at].stop_wait, worker.containers[at].kill_at) else {
            return;
        };
        let has_time = now < until;
        match wait {
            StopWait::Hook(hook) if has_time && hook_runs(worker, hook, now) => return,
            _ if has_time && worker.waits_for_turn(at) => {
                worker.containers[at].stop_wait = Some(StopWait::Turn);
                return;
            }
            StopWait::Hook(_) | StopWait::Turn => {}
        }
        let record = &mut worker.containers[at];
        (record.stop_wait, record.kill_at) = (None, Some(now + left(until, now).max(MINIMUM_GRACE)));
        let disposition = self.signal_container(worker, at, worker.stop_signal(at), now);
        let is_last = matches!(worker.stage, Stage::Stopping { .. });
        if disposition == Disposition::Default && is_last && self.timing.stops_are_heeded {
            self.end_container_with(worker, at, 0, now);
        }
    }

    /// Kills containers that have not stopped within their grace.
    pub(crate) fn kill_late(&mut self, worker: &mut PodWorker, now: Time) {
        for at in 0..worker.containers.len() {
            if worker.containers[at].kill_at.is_none_or(|kill_at| kill_at > now) {
                continue;
            }
            if worker.containers[at].is_hung {
                self.signal_container(worker, at, worker.stop_signal(at), now);
            } else {
                self.kill_container(worker, at, now);
            }
        }
    }

    /// Sends a signal to a container's first process.
    fn signal_container(&mut self, worker: &mut PodWorker, at: usize, signal: Signal, now: Time) -> Disposition {
        let Some(sandbox) = &mut worker.sandbox else { return Disposition::Handled };
        let mut world = World { now, volumes: &mut self.volumes, sessions: &mut self.sessions };
        let disposition = sandbox.signal(sandbox.first_process(at), signal, &mut world);
        sandbox.run(&mut world);
        self.packets.extend(sandbox.take_packets());
        disposition
    }

    /// SIGKILL to all processes of a container.
    fn kill_container(&mut self, worker: &mut PodWorker, at: usize, now: Time) {
        self.end_container_with(worker, at, 128 + Signal::Kill.number(), now);
    }

    fn end_container_with(&mut self, worker: &mut PodWorker, at: usize, code: i32, now: Time) {
        if let Some(sandbox) = worker.sandbox.as_mut().filter(|_| worker.containers[at].step == Step::Running) {
            let mut world = World { now, volumes: &mut self.volumes, sessions: &mut self.sessions };
            sandbox.end_container(at, code, &mut world);
            self.packets.extend(sandbox.take_packets());
        }
    }
}

/// What is left of a grace. Upstream takes only whole seconds from it.
fn left(until: Time, now: Time) -> Span {
    Span(until.0.saturating_sub(now.0).div_ceil(SECOND_US) * SECOND_US)
}

impl PodWorker {
    fn running_count(&self) -> usize {
        self.containers.iter().filter(|record| record.step == Step::Running).count()
    }

    /// Whether a sidecar of a pod that ends has something left to serve: the containers, and the sidecars after it.
    fn waits_for_turn(&self, at: usize) -> bool {
        let is_served = |later: usize| {
            let is_init = later < self.init_count();
            (!is_init || self.container(later).is_sidecar()) && self.is_running(later)
        };
        let is_sidecar = at < self.init_count() && self.container(at).is_sidecar();
        is_sidecar && matches!(self.stage, Stage::Stopping { .. }) && (at + 1..self.first_ephemeral()).any(is_served)
    }

    /// When something about the stopping of its containers is due.
    pub(crate) fn next_stop(&self) -> Option<Time> {
        let kills = self.containers.iter().filter_map(|record| record.kill_at);
        let hooks = self.containers.iter().filter_map(|record| match record.stop_wait {
            Some(StopWait::Hook(hook)) => hook.ends_at(),
            Some(StopWait::Turn) | None => None,
        });
        kills.chain(hooks).min()
    }

    /// Whether a preStop hook has ended that a signal still waits for.
    pub(crate) fn has_unseen_hook_end(&self, now: Time) -> bool {
        self.containers.iter().any(|record| match record.stop_wait {
            Some(StopWait::Hook(hook)) => !hook_runs(self, hook, now),
            Some(StopWait::Turn) | None => false,
        })
    }
}
