//! The life of a pod on its node: volumes, start, run, stop.
//!
//! Models: kubernetes v1.36 pkg/kubelet/kubelet.go (SyncPod, SyncTerminatingPod, SyncTerminatedPod) and
//! pkg/kubelet/pod_workers.go. A status is written when one look at the pod is done, not in the middle of it.

use api::{Key, Kind, Object, Resource, Str};
use client::{Api, DeleteOptions, EventKind};
use cri::World;
use sim::{Span, Time};
use thin::format_str;

use crate::kubelets::{Fate, Kubelets};
use crate::mounts::MountError;
use crate::worker::{PodWorker, Stage};

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
        if worker.pod.metadata.is_terminating() {
            self.begin_to_stop(worker, api);
        }
        if let Stage::New | Stage::Mounting = worker.stage {
            self.mount(slot, worker, api);
        }
        if worker.stage == Stage::Active {
            self.look_at_containers(slot, worker, api);
        }
        if let Stage::Stopping { not_before, .. } = worker.stage {
            self.go_on_stopping(worker, not_before, api);
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
        if std::mem::take(&mut worker.has_untold) {
            self.report(worker, api);
        }
        self.end_redefined(worker, api);
        self.resize(slot, worker, api);
        self.signal_due(worker, api.now());
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
            // Sidecars have nothing left to serve, and debug containers nothing to look at.
            let grace_seconds = worker.pod.spec.termination_grace_period_seconds.unwrap_or(30);
            self.stop_all(worker, now, grace_seconds, api);
            return;
        }
        self.tear_down(worker);
        worker.stage = Stage::Stopped { delete_at: None };
        worker.is_changed = true;
    }

    /// The sandbox goes; logs stay readable for as long as the object is there.
    pub(crate) fn tear_down(&mut self, worker: &mut PodWorker) {
        if let Some(mut sandbox) = worker.sandbox.take() {
            for at in 0..worker.containers.len() {
                let log = sandbox.container(at).map(|container| std::rc::Rc::new(container.log().clone()));
                worker.containers[at].last_log = log;
            }
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
            Stage::Stopping { not_before, .. } if !worker.runs_anything() => Some(*not_before),
            Stage::Stopping { .. } => worker.next_stop(),
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
