//! The life of a pod on its node: volumes, start, run, stop.
//!
//! Models: kubernetes v1.36 pkg/kubelet/kubelet.go (SyncPod, SyncTerminatingPod, SyncTerminatedPod) and
//! pkg/kubelet/pod_workers.go. A status is written when one look at the pod is done, not in the middle of it.

use api::{Key, Kind, Object, Resource, Str};
use client::{Api, DeleteOptions, EventKind};
use cri::Signal;
use cri::{Disposition, ProcessId, World};
use sim::{Span, Time};
use thin::format_str;

use crate::kubelets::{Fate, Kubelets};
use crate::mounts::MountError;
use crate::worker::{PodWorker, Stage, Step, Stopping};

/// How soon the kubelet notices that a container has ended, at most (its relist of containers).
const RELIST: Span = Span::from_seconds(1);
/// Between two looks at a pod that cannot be started.
pub(crate) const RETRY: Span = Span::from_seconds(12);

impl Kubelets {
    /// Looks at a pod once and does all that is due.
    pub(crate) fn sync_pod(&mut self, slot: u32, worker: &mut PodWorker, api: &mut dyn Api) -> Fate {
        let now = api.now();
        self.run_processes(worker, now);
        self.note_ends(worker, now);
        if worker.pod.metadata.is_terminating() && !matches!(worker.stage, Stage::Stopping(_)) {
            self.begin_to_stop(worker, api);
        }
        if let Stage::New | Stage::Mounting = worker.stage {
            self.mount(slot, worker, api);
        }
        if worker.stage == Stage::Active {
            self.look_at_containers(slot, worker, api);
        }
        if let Stage::Stopping(stopping) = worker.stage {
            self.go_on_stopping(worker, stopping, api);
        }
        if let Stage::Stopped { delete_at: Some(at) } = worker.stage
            && at <= now
        {
            if self.hears(&worker.pod.spec.node_name) {
                self.delete(worker, api);
                return Fate::Drop;
            }
            // The deletion is asked for again when the kubelet is back.
            worker.stage = Stage::Stopped { delete_at: None };
        }
        let wake = self.next_look(worker, now);
        self.set_wake(slot, worker, wake);
        Fate::Keep
    }

    fn run_processes(&mut self, worker: &mut PodWorker, now: Time) {
        if let Some(sandbox) = &mut worker.sandbox {
            let mut world = World { now, volumes: &mut self.volumes, sessions: &mut self.sessions };
            sandbox.run(&mut world);
            self.packets.extend(sandbox.take_packets());
        }
    }

    /// When a container that has ended is looked at again.
    pub(crate) fn notice_end(&self) -> Span {
        RELIST.min(Span(self.timing.container_start_us))
    }

    fn mount(&mut self, slot: u32, worker: &mut PodWorker, api: &mut dyn Api) {
        let now = api.now();
        let is_first = worker.stage == Stage::New;
        let answer = self.mount_volumes(slot, worker, api);
        if is_first {
            worker.start_at = now + Span(self.timing.container_start_us);
            self.report(worker, api);
        }
        match answer {
            Ok(()) => match missing_runtime(worker, api) {
                None => worker.stage = Stage::Active,
                Some(message) => {
                    self.record(worker, api, None, EventKind::Warning, "FailedCreatePodSandBox", message);
                    worker.stage = Stage::Mounting;
                    worker.start_at = now + RETRY;
                }
            },
            Err(error) => {
                if let MountError::Failed(message) = error {
                    self.record(worker, api, None, EventKind::Warning, "FailedMount", message);
                }
                worker.stage = Stage::Mounting;
                worker.start_at = now + RETRY;
                self.waiting.insert(slot);
            }
        }
    }

    fn look_at_containers(&mut self, slot: u32, worker: &mut PodWorker, api: &mut dyn Api) {
        self.end_redefined(worker, api);
        self.resize(slot, worker, api);
        self.signal_after_hooks(worker, api.now());
        self.kill_late(worker, api.now());
        self.note_ends(worker, api.now());
        for at in worker.startable() {
            if self.advance(slot, worker, at, api) == Advance::Blocked {
                break;
            }
        }
        self.answer_probes(worker, api);
        if worker.is_finished() {
            self.finish(worker, api);
        }
        if worker.is_changed && !worker.is_busy() {
            self.report(worker, api);
        }
    }

    /// The pod has come to its end by itself.
    fn finish(&mut self, worker: &mut PodWorker, api: &mut dyn Api) {
        let now = api.now();
        if worker.runs_anything() {
            // Sidecars have nothing left to serve.
            let grace = worker.pod.spec.termination_grace_period_seconds.unwrap_or(30);
            worker.stage = Stage::Stopping(Stopping {
                not_before: now,
                kill_at: now + Span::from_seconds(grace),
                has_signalled: false,
            });
            return;
        }
        self.tear_down(worker);
        worker.stage = Stage::Stopped { delete_at: None };
        worker.is_changed = true;
    }

    /// The sandbox goes; logs stay readable for as long as the object is there.
    fn tear_down(&mut self, worker: &mut PodWorker) {
        if let Some(mut sandbox) = worker.sandbox.take() {
            for at in 0..worker.containers.len() {
                let log = sandbox.container(at).map(|container| std::rc::Rc::new(container.log().clone()));
                worker.containers[at].last_log = log;
            }
            self.packets.extend(sandbox.take_packets());
        }
    }

    fn begin_to_stop(&mut self, worker: &mut PodWorker, api: &mut dyn Api) {
        let now = api.now();
        if let Stage::Stopped { delete_at } = &mut worker.stage {
            let at = now + Span(self.timing.pod_cleanup_us);
            delete_at.get_or_insert(at);
            return;
        }
        let grace = worker.pod.metadata.deletion_grace_period_seconds.unwrap_or(30);
        let not_before = if worker.has_run() {
            now + Span(self.timing.container_stop_us)
        } else {
            now + Span(self.timing.pod_stop_before_running_us)
        };
        for at in 0..worker.containers.len() {
            if worker.is_running(at) {
                let message = format_str!("Stopping container {}", worker.container(at).name);
                self.record(worker, api, Some(at), EventKind::Normal, "Killing", message);
                let hook = self.run_pre_stop(worker, at, now);
                worker.hooks.extend(hook);
            }
        }
        let kill_at = now + Span::from_seconds(grace).max(Span::from_seconds(1));
        worker.stage = Stage::Stopping(Stopping { not_before, kill_at, has_signalled: false });
    }

    fn go_on_stopping(&mut self, worker: &mut PodWorker, mut stopping: Stopping, api: &mut dyn Api) {
        let now = api.now();
        if !stopping.has_signalled && self.hooks_are_done(worker, stopping.kill_at, now) {
            stopping.has_signalled = true;
            self.signal_containers(worker, now);
        }
        if now >= stopping.kill_at {
            self.kill_containers(worker, now);
        }
        self.note_ends(worker, now);
        worker.stage = Stage::Stopping(stopping);
        if worker.runs_anything() || now < stopping.not_before {
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

    fn signal_containers(&mut self, worker: &mut PodWorker, now: Time) {
        for at in 0..worker.containers.len() {
            if worker.is_running(at) {
                let signal = worker.stop_signal(at);
                let disposition = self.signal_container(worker, at, signal, now);
                if disposition == Disposition::Default && self.timing.stops_are_heeded {
                    self.end_container_with(worker, at, 0, now);
                }
            }
        }
    }

    /// Sends a signal to a container's first process.
    pub(crate) fn signal_container(
        &mut self,
        worker: &mut PodWorker,
        at: usize,
        signal: Signal,
        now: Time,
    ) -> Disposition {
        let Some(sandbox) = &mut worker.sandbox else { return Disposition::Handled };
        let mut world = World { now, volumes: &mut self.volumes, sessions: &mut self.sessions };
        let disposition = sandbox.signal(ProcessId { container: at, pid: 1 }, signal, &mut world);
        sandbox.run(&mut world);
        self.packets.extend(sandbox.take_packets());
        disposition
    }

    fn kill_containers(&mut self, worker: &mut PodWorker, now: Time) {
        for at in 0..worker.containers.len() {
            self.kill_container(worker, at, now);
        }
    }

    /// SIGKILL to all processes of a container.
    pub(crate) fn kill_container(&mut self, worker: &mut PodWorker, at: usize, now: Time) {
        self.end_container_with(worker, at, 128 + Signal::Kill.number(), now);
    }

    fn end_container_with(&mut self, worker: &mut PodWorker, at: usize, code: i32, now: Time) {
        if let Some(sandbox) = worker.sandbox.as_mut().filter(|_| worker.containers[at].step == Step::Running) {
            let mut world = World { now, volumes: &mut self.volumes, sessions: &mut self.sessions };
            sandbox.end_container(at, code, &mut world);
            self.packets.extend(sandbox.take_packets());
        }
    }

    fn delete(&mut self, worker: &PodWorker, api: &mut dyn Api) {
        let options = DeleteOptions {
            grace_period_seconds: Some(0),
            uid: Some(worker.pod.metadata.uid.clone()),
            ..DeleteOptions::default()
        };
        // If somebody else has deleted it already, that is as good.
        drop(api.delete(Kind::Pod, &worker.pod.key(), &options));
    }

    fn next_look(&self, worker: &PodWorker, now: Time) -> Option<Time> {
        let process_at = worker.sandbox.as_ref().and_then(|sandbox| sandbox.next_at(now));
        let stage_at = match &worker.stage {
            Stage::New | Stage::Mounting => Some(worker.start_at),
            Stage::Active => {
                let resize = worker.resizing.as_ref().and_then(|resizing| resizing.due());
                [worker.next_container_look(), resize].into_iter().flatten().min()
            }
            Stage::Stopping(stopping) => {
                let end = if worker.runs_anything() { stopping.kill_at } else { stopping.not_before };
                let hooks = if stopping.has_signalled { None } else { self.hooks_end(worker) };
                [Some(end), hooks].into_iter().flatten().min()
            }
            Stage::Stopped { delete_at } => *delete_at,
        };
        [process_at, stage_at].into_iter().flatten().min().map(|at| at.max(now + Span(1)))
    }

    /// Makes an event about the pod, or about one of its containers.
    pub(crate) fn record(
        &mut self,
        worker: &PodWorker,
        api: &mut dyn Api,
        container: Option<usize>,
        kind: EventKind,
        reason: &'static str,
        message: impl Into<Str>,
    ) {
        if !self.hears(&worker.pod.spec.node_name) {
            return;
        }
        self.recorder.set_host(worker.pod.spec.node_name.clone());
        let path = container.map(|at| worker.field_path(at)).unwrap_or_default();
        self.recorder.event_at(api, &worker.object(), &path, kind, reason, message);
    }
}

/// The one way of running containers that the nodes' runtime has.
const HANDLER: &str = "runc";

/// Why a pod whose class names another way cannot be run.
fn missing_runtime(worker: &PodWorker, api: &dyn Api) -> Option<Str> {
    let class = worker.pod.spec.rest.get("runtimeClassName").text();
    if class.is_empty() {
        return None;
    }
    let found = api.get(Kind::RuntimeClass, &Key::new("", class)).ok();
    let handler = found.as_ref().and_then(Object::plain).map(|class| class.body.get("handler").text().to_owned());
    match handler {
        None => Some(format_str!("failed to get sandbox runtime: RuntimeClass {class:?} not found")),
        Some(handler) if handler == HANDLER => None,
        Some(handler) => Some(format_str!(
            "Failed to create pod sandbox: rpc error: code = Unknown desc = failed to get sandbox runtime: no runtime for \
             {handler:?} is configured"
        )),
    }
}

/// Whether later containers of the pod may go on.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Advance {
    /// They may.
    Done,
    /// They wait for this one.
    Blocked,
}
