//! Starting containers, and starting them again.
//!
//! Models: kubernetes v1.36 pkg/kubelet/kuberuntime/kuberuntime_manager.go (computePodActions, SyncPod, doBackOff),
//! kuberuntime_container.go (startContainer) and pkg/kubelet/images/image_manager.go (EnsureImageExists).
//! Difference that was chosen: containers of one pod start no earlier than `container_start_us` after its first status,
//! and a pull runs beside that.

use std::rc::Rc;

use api::Str;
use api::core::pod_status::ContainerStateTerminated;
use client::{Api, EventKind};
use cri::Signal;
use cri::{NewContainer, NewProcess, PidNamespace, Reference, Sandbox, Spawn, World};
use sim::{Span, Time};
use thin::format_str;

use crate::back_off;
use crate::kubelets::Kubelets;
use crate::node::NodeState;
use crate::status::{ProbeResult, StartError, restarts_after};
use crate::sync::{Advance, RETRY};
use crate::text;
use crate::worker::{ContainerRecord, PodWorker, Stage, Step};

/// After a failed pull, how soon the kubelet looks again and says that it is waiting.
const PULL_RETRY: Span = Span::from_seconds(1);

impl Kubelets {
    /// Takes one container as far as it goes now.
    pub(crate) fn advance(&mut self, slot: u32, worker: &mut PodWorker, at: usize, api: &mut dyn Api) -> Advance {
        let now = api.now();
        match worker.containers[at].step {
            Step::Running => return Advance::Done,
            Step::Waiting => self.ensure_image(worker, at, api),
            Step::Held { look_at } if look_at <= now => self.ensure_image(worker, at, api),
            Step::Held { .. } => return Advance::Done,
            Step::Exited { look_at } => {
                let code = worker.containers[at].ended.as_ref().map_or(0, |how| how.exit_code);
                if look_at > now || !worker.restarts(at, code) {
                    return Advance::Done;
                }
                self.restart(worker, at, api);
            }
            Step::Pulling { .. } | Step::Pulled | Step::Present => {}
        }
        if let Step::Pulling { since, until } = worker.containers[at].step
            && until <= now
        {
            self.end_pull(worker, at, now.since(since), api);
        }
        match worker.containers[at].step {
            Step::Pulled | Step::Present if worker.start_at <= now => {
                self.start_container(slot, worker, at, api);
                Advance::Done
            }
            Step::Pulling { .. } | Step::Pulled | Step::Present => Advance::Blocked,
            Step::Waiting | Step::Held { .. } | Step::Running | Step::Exited { .. } => Advance::Done,
        }
    }

    fn restart(&mut self, worker: &mut PodWorker, at: usize, api: &mut dyn Api) {
        let now = api.now();
        let name = worker.container(at).name.clone();
        let pod = pod_text(worker);
        let record = &mut worker.containers[at];
        let finished = record.ended.as_ref().and_then(|how| how.finished_at).unwrap_or(now);
        let Some(until) = record.restarts.until(finished, now) else {
            record.restarts.next(Span(self.timing.restart_back_off_us), finished, now);
            return self.ensure_image(worker, at, api);
        };
        let wait = text::duration(record.restarts.wait());
        let message = format_str!("back-off {wait} restarting failed container={name} pod={pod}");
        record.step = Step::Exited { look_at: until.min(now + RETRY) };
        set_error(worker, at, "CrashLoopBackOff", message);
        let event = format_str!("Back-off restarting failed container {name} in pod {pod}");
        self.record(worker, api, Some(at), EventKind::Warning, "BackOff", event);
    }

    /// The image is there, or a pull begins, or there is a reason why not.
    fn ensure_image(&mut self, worker: &mut PodWorker, at: usize, api: &mut dyn Api) {
        let now = api.now();
        let image = worker.container(at).image.clone();
        let reference = match Reference::parse(&image) {
            Ok(reference) => reference,
            Err(error) => {
                let message = format_str!(
                    "Failed to apply default image tag \"{image}\": couldn't parse image name \"{image}\": {error}"
                );
                self.record(worker, api, Some(at), EventKind::Warning, "InspectFailed", message.clone());
                return self.refuse(worker, at, api, "InvalidImageName", message, now + RETRY);
            }
        };
        let name = reference.full_name();
        worker.containers[at].image = self.registry.find(&reference);
        let policy = worker.container(at).image_pull_policy.clone();
        let has_it = self.node_of(worker).is_some_and(|node| node.images.get(&name).is_some_and(|&since| since <= now));
        match policy.as_str() {
            "Never" if !has_it => {
                let message = format_str!("Container image \"{image}\" is not present with pull policy of Never");
                self.record(worker, api, Some(at), EventKind::Warning, "ErrImageNeverPull", message.clone());
                self.refuse(worker, at, api, "ErrImageNeverPull", message, now + RETRY);
            }
            "Always" if !has_it || worker.containers[at].started_at.is_none() || self.timing.restarts_ask_registry => {
                self.begin_pull(worker, at, &reference, api);
            }
            _ if has_it => worker.containers[at].step = Step::Present,
            _ => self.begin_pull(worker, at, &reference, api),
        }
    }

    fn begin_pull(&mut self, worker: &mut PodWorker, at: usize, reference: &Reference, api: &mut dyn Api) {
        let now = api.now();
        let image = worker.container(at).image.clone();
        let record = &worker.containers[at];
        if let Some(pulls) = &record.failed_pulls
            && let Some(until) = pulls.last.and_then(|failed| pulls.back_off.until(failed, now))
        {
            let last = record.error.as_ref().map_or(Str::new(), |error| last_pull_error(error));
            let message = format_str!("Back-off pulling image \"{image}\"{last}");
            let event = format_str!("Back-off pulling image \"{image}\"");
            self.record(worker, api, Some(at), EventKind::Normal, "BackOff", event);
            return self.refuse(worker, at, api, "ImagePullBackOff", message, until.min(now + RETRY));
        }
        let message = format_str!("Pulling image \"{image}\"");
        self.record(worker, api, Some(at), EventKind::Normal, "Pulling", message);
        let until = self.pull_ends_at(worker, reference, now);
        worker.containers[at].step = Step::Pulling { since: now, until };
    }

    /// Layers that another pull of the same image fetches are waited for, not fetched twice.
    fn pull_ends_at(&mut self, worker: &PodWorker, reference: &Reference, now: Time) -> Time {
        let timing = self.timing.clone();
        let image = self.registry.image(self.registry.find(reference));
        let name = reference.full_name();
        let Some(node) = self.nodes.get_mut(&worker.pod.spec.node_name) else { return now };
        let Ok(bytes) = image.pull(reference) else { return now + Span(timing.image_pull_failure_us) };
        let base = now + Span(timing.image_pull_us);
        let whole = base + Span(bytes * timing.image_pull_per_mib_us / (1 << 20));
        match node.images.get(&name) {
            Some(&there) if timing.pulls_reuse_images => there.max(base),
            Some(&there) => there.max(whole),
            None => {
                node.images.insert(name, whole);
                whole
            }
        }
    }

    fn end_pull(&mut self, worker: &mut PodWorker, at: usize, took: Span, api: &mut dyn Api) {
        let now = api.now();
        let image = worker.container(at).image.clone();
        let Ok(reference) = Reference::parse(&image) else { return };
        match self.registry.image(worker.containers[at].image).pull(&reference) {
            Ok(bytes) => {
                let took = text::duration(took);
                let message = format_str!(
                    "Successfully pulled image \"{image}\" in {took} ({took} including waiting). Image size: {bytes} bytes."
                );
                self.record(worker, api, Some(at), EventKind::Normal, "Pulled", message);
                worker.containers[at].step = Step::Pulled;
                if let Some(pulls) = &mut worker.containers[at].failed_pulls {
                    pulls.last = None;
                }
            }
            Err(error) => {
                let record = &mut worker.containers[at];
                let pulls = record.failed_pulls.get_or_insert_default();
                pulls.back_off.next(back_off::INITIAL, pulls.last.unwrap_or(now), now);
                pulls.last = Some(now);
                let message = format_str!("Failed to pull image \"{image}\": {error}");
                self.record(worker, api, Some(at), EventKind::Warning, "Failed", message);
                self.refuse(worker, at, api, "ErrImagePull", error.into(), now + PULL_RETRY);
            }
        }
    }

    /// The container cannot be started now; it is looked at again.
    fn refuse(
        &mut self,
        worker: &mut PodWorker,
        at: usize,
        api: &mut dyn Api,
        reason: impl Into<Str>,
        message: Str,
        look_at: Time,
    ) {
        let reason = reason.into();
        let event = match reason.as_str() {
            "CreateContainerConfigError" | "CreateContainerError" => format_str!("Error: {message}"),
            reason => format_str!("Error: {reason}"),
        };
        self.record(worker, api, Some(at), EventKind::Warning, "Failed", event);
        worker.containers[at].step = Step::Held { look_at };
        set_error(worker, at, reason, message);
        self.ensure_sandbox(worker);
    }

    fn ensure_sandbox(&mut self, worker: &mut PodWorker) -> bool {
        if worker.sandbox.is_some() {
            return true;
        }
        let is_host = worker.pod.spec.host_network;
        let slot = self.slot(&api::Resource::key(&*worker.pod)).unwrap_or(u32::MAX);
        let Some(node) = self.nodes.get_mut(&worker.pod.spec.node_name) else { return false };
        let ip = if is_host { Some(node.ip) } else { worker.ip.or_else(|| node.take_address(slot)) };
        let Some(ip) = ip else { return false };
        worker.ip = Some(ip);
        worker.sandbox = Some(Box::new(Sandbox::new(ip, worker.containers.len())));
        true
    }

    fn start_container(&mut self, slot: u32, worker: &mut PodWorker, at: usize, api: &mut dyn Api) {
        let now = api.now();
        if worker.containers[at].step == Step::Present {
            let message = format_str!(
                "Container image \"{}\" already present on machine and can be accessed by the pod",
                worker.container(at).image
            );
            self.record(worker, api, Some(at), EventKind::Normal, "Pulled", message);
        }
        if !self.ensure_sandbox(worker) {
            let message = "Failed to create pod sandbox: no more addresses in the range of the node";
            self.record(worker, api, None, EventKind::Warning, "FailedCreatePodSandBox", message);
            worker.containers[at].step = Step::Held { look_at: now + RETRY };
            return;
        }
        let spawn = match self.spawn_of(worker, at, api) {
            Ok(spawn) => spawn,
            Err(StartError { reason, message }) => {
                self.waiting.insert(slot);
                return self.refuse(worker, at, api, reason, message, now + RETRY);
            }
        };
        self.record(worker, api, Some(at), EventKind::Normal, "Created", "Container created");
        self.begin_run(worker, at, now);
        match self.registry.image(worker.containers[at].image).start(&spawn) {
            Some(process) => self.run_container(worker, at, process, spawn, api),
            None => self.fail_start(worker, at, &spawn, api),
        }
    }

    /// A new run of the container: what the last one was becomes the one before.
    fn begin_run(&mut self, worker: &mut PodWorker, at: usize, now: Time) {
        let image = worker.container(at).image.clone();
        let image_names = self.shares.image_names(&image);
        let has_startup = worker.container(at).startup_probe.is_some();
        let has_readiness = worker.container(at).readiness_probe.is_some();
        let record = &mut worker.containers[at];
        if record.started_at.is_some() {
            record.restart_count += 1;
        }
        record.previous = record.ended.take().or(record.previous.take());
        record.started_at = Some(now);
        record.image_names = image_names;
        record.error = None;
        record.is_hung = false;
        record.startup = has_startup.then_some(ProbeResult::None);
        record.readiness = has_readiness.then_some(ProbeResult::None);
        worker.is_changed = true;
    }

    fn run_container(
        &mut self,
        worker: &mut PodWorker,
        at: usize,
        process: Box<dyn cri::Process>,
        spawn: Spawn,
        api: &mut dyn Api,
    ) {
        let now = api.now();
        let mut root = self.root_of(worker.containers[at].image);
        if self.registry.image(worker.containers[at].image).config().resolves_names {
            crate::names::write_names(worker, &mut root);
        }
        let mounts = self.mounts_of(worker, at);
        // It was asked for just now, when the program was made.
        let pids = worker.pid_namespace(at).unwrap_or(PidNamespace::Pod);
        let first = NewProcess {
            process,
            command: self.shares.command(&spawn.argv),
            uid: spawn.uid,
            gid: spawn.gid,
            terminal: cri::Terminal { stdin: spawn.tty, stdout: spawn.tty },
            stdin_is_open: spawn.stdin,
            session: None,
        };
        worker.containers[at].step = Step::Running;
        if let Some(sandbox) = &mut worker.sandbox {
            let mut world = World { now, volumes: &mut self.volumes, sessions: &mut self.sessions };
            let fs_group = crate::spawn::fs_group(&worker.pod);
            let new = NewContainer { root, mounts, hostname: spawn.hostname, fs_group, pids };
            let before = sandbox.start(at, new, first, &mut world);
            worker.containers[at].previous_log = before.map(Rc::new);
        }
        self.record(worker, api, Some(at), EventKind::Normal, "Started", "Container started");
        if let Some(note) = self.registry.image(worker.containers[at].image).note()
            && worker.containers[at].restart_count == 0
        {
            self.record(worker, api, Some(at), EventKind::Normal, "Simulated", note);
        }
        self.run_post_start(worker, at, now);
        self.begin_probes(worker, at, now);
        self.note_ends(worker, now);
    }

    fn fail_start(&mut self, worker: &mut PodWorker, at: usize, spawn: &Spawn, api: &mut dyn Api) {
        let now = api.now();
        let program = spawn.argv.first().cloned().unwrap_or_default();
        let why = if program.contains('/') {
            format_str!("stat {program}: no such file or directory")
        } else {
            "executable file not found in $PATH".into()
        };
        let message = format_str!(
            "failed to create containerd task: failed to create shim task: OCI runtime create failed: runc create failed: \
             unable to start container process: error during container init: exec: \"{program}\": {why}"
        );
        let event = format_str!("Error: {message}");
        self.record(worker, api, Some(at), EventKind::Warning, "Failed", event);
        let id = container_id(worker, at);
        worker.containers[at].ended = Some(Rc::new(ContainerStateTerminated {
            exit_code: 128,
            reason: "StartError".into(),
            message: message.clone(),
            started_at: Some(Time(0)),
            finished_at: Some(now.truncate_to_second()),
            container_id: id,
            ..ContainerStateTerminated::default()
        }));
        worker.containers[at].step = Step::Exited { look_at: now + RETRY };
        set_error(worker, at, "RunContainerError", message);
    }

    /// Containers whose image was changed in the pod are ended, and start again with the new one.
    pub(crate) fn end_redefined(&mut self, worker: &mut PodWorker, api: &mut dyn Api) {
        let now = api.now();
        for at in 0..worker.containers.len() {
            let is_other =
                self.shares.image_names(&worker.container(at).image).id != worker.containers[at].image_names.id;
            if worker.is_running(at) && is_other && worker.containers[at].kill_at.is_none() {
                let name = &worker.container(at).name;
                let message = format_str!("Container {name} definition changed, will be restarted");
                self.record(worker, api, Some(at), EventKind::Normal, "Killing", message);
                let grace = worker.pod.spec.termination_grace_period_seconds.unwrap_or(30);
                self.end_container(worker, at, grace, now);
            }
        }
    }

    /// Takes note of containers whose first process has ended.
    pub(crate) fn note_ends(&mut self, worker: &mut PodWorker, now: Time) {
        let notice = self.notice_end();
        let initial = Span(self.timing.restart_back_off_us);
        for at in 0..worker.containers.len() {
            if !worker.is_running(at) {
                continue;
            }
            let Some(ended) = worker.ended(at) else { continue };
            let id = container_id(worker, at);
            // Where every stop is heeded, a program that its stop signal has ended has ended well.
            let is_heeded = self.timing.stops_are_heeded && worker.pod.metadata.is_terminating();
            let code = if is_heeded && ended.code == 128 + Signal::Term.number() { 0 } else { ended.code };
            let record = &mut worker.containers[at];
            let was_told = record.kill_at.is_some() && !record.stays_ended;
            // The kubelet knows at once of a container that it has stopped itself, and starts the next one.
            let look_at = if record.kill_at.is_some() { now } else { now + notice };
            record.step = Step::Exited { look_at };
            record.error = None;
            record.is_hung = false;
            record.ended = Some(Rc::new(ContainerStateTerminated {
                exit_code: code,
                reason: if code == 0 { "Completed".into() } else { "Error".into() },
                started_at: record.started_at.map(Time::truncate_to_second),
                finished_at: Some(ended.at.truncate_to_second()),
                container_id: id,
                ..ContainerStateTerminated::default()
            }));
            record.startup = None;
            record.readiness = None;
            for session in record.probing.take().iter().flat_map(|probing| probing.sessions()) {
                self.sessions.remove(&session);
            }
            (record.kill_at, record.stop_wait) = (None, None);
            worker.is_changed = true;
            if was_told && worker.stage == Stage::Active && worker.containers[at].replaces_at_once(initial, now) {
                worker.containers[at].step = Step::Waiting;
            }
        }
    }

    pub(crate) fn node_of(&self, worker: &PodWorker) -> Option<&NodeState> {
        self.nodes.get(&worker.pod.spec.node_name)
    }
}

/// The registry's answer of the last failed pull, as the waiting message repeats it.
fn last_pull_error(error: &StartError) -> Str {
    match error.reason.as_str() {
        "ErrImagePull" => format_str!(": ErrImagePull: {}", error.message),
        _ => error.message.find(": ErrImagePull: ").map_or(Str::new(), |at| error.message[at..].into()),
    }
}

/// Such as `web-0_default(uid)`.
fn pod_text(worker: &PodWorker) -> Str {
    let metadata = &worker.pod.metadata;
    format_str!("{}_{}({})", metadata.name, metadata.namespace, metadata.uid)
}

fn set_error(worker: &mut PodWorker, at: usize, reason: impl Into<Str>, message: Str) {
    let error = StartError { reason: reason.into(), message };
    if worker.containers[at].error.as_deref() != Some(&error) {
        worker.containers[at].error = Some(Rc::new(error));
        worker.is_changed = true;
    }
}

/// The container's identity with the runtime, new at every start.
pub(crate) fn container_id(worker: &PodWorker, at: usize) -> Str {
    let name = &worker.container(at).name;
    let identity = format!("{}/{name}/{}", worker.pod.metadata.uid, worker.containers[at].restart_count);
    format_str!("containerd://{}", text::digest(&identity))
}

impl ContainerRecord {
    /// A container that the kubelet has ended itself is started again in the same breath: nobody sees it ended. Only the end before
    /// that one can hold it back.
    fn replaces_at_once(&mut self, initial: Span, now: Time) -> bool {
        let Some(before) = self.previous.as_ref().and_then(|how| how.finished_at) else { return true };
        let is_free = self.restarts.until(before, now).is_none();
        if is_free {
            self.restarts.next(initial, before, now);
        }
        is_free
    }
}

impl PodWorker {
    /// Whether a container that has ended with this code is started again.
    pub(crate) fn restarts(&self, at: usize, code: i32) -> bool {
        !self.is_ephemeral(at) && restarts_after(&self.pod.spec, self.container(at), code)
    }

    /// The containers that may be started or started again now, in order. Ephemeral ones wait for the sandbox only.
    pub(crate) fn startable(&self) -> Vec<usize> {
        let (init, ephemeral) = (self.init_count(), self.first_ephemeral());
        let mut list = Vec::new();
        if self.sandbox.is_some() {
            list.extend(ephemeral..self.containers.len());
        }
        for at in 0..init {
            let record = &self.containers[at];
            let is_done = record.ended.as_ref().is_some_and(|how| how.exit_code == 0) && !self.is_running(at);
            if self.container(at).is_sidecar() {
                list.push(at);
                if !self.is_running(at) || record.startup.is_some_and(|result| result != ProbeResult::Success) {
                    return list;
                }
            } else if !is_done {
                list.push(at);
                return list;
            }
        }
        list.extend(init..ephemeral);
        list
    }

    /// Whether a container is about to start, so that a status now would soon be old.
    pub(crate) fn is_busy(&self) -> bool {
        self.stage == Stage::Active && self.containers.iter().any(|record| record.step.is_about_to_start())
    }

    /// Whether no container will run any more.
    pub(crate) fn is_finished(&self) -> bool {
        let init = self.init_count();
        let is_over = |at: usize| {
            let record = &self.containers[at];
            let code = record.ended.as_ref().map(|how| how.exit_code);
            matches!(record.step, Step::Exited { .. }) && code.is_some_and(|code| !self.restarts(at, code))
        };
        let has_failed_init = (0..init).any(|at| {
            let failed = self.containers[at].ended.as_ref().is_some_and(|how| how.exit_code != 0);
            failed && is_over(at) && !self.container(at).is_sidecar()
        });
        has_failed_init || (init..self.first_ephemeral()).all(is_over)
    }

    /// When the next container is to be looked at.
    pub(crate) fn next_container_look(&self) -> Option<Time> {
        // What comes after one that is about to start waits for it.
        let is_about = |at: &usize| self.containers[*at].step.is_about_to_start();
        let startable = self.startable();
        let until = startable.iter().position(is_about).map_or(startable.len(), |place| place + 1);
        let looks = startable[..until].iter().filter_map(|at| self.next_start(*at));
        let probes = (0..self.containers.len()).filter_map(|at| self.next_probe(at));
        looks.chain(probes).chain(self.next_stop()).min()
    }

    /// When a container goes on to its start, or is started again.
    fn next_start(&self, at: usize) -> Option<Time> {
        match self.containers[at].step {
            Step::Pulling { until, .. } => Some(until),
            Step::Waiting | Step::Pulled | Step::Present => Some(self.start_at),
            Step::Held { look_at } => Some(look_at),
            Step::Exited { look_at } => {
                let code = self.containers[at].ended.as_ref().map_or(0, |how| how.exit_code);
                self.restarts(at, code).then_some(look_at)
            }
            Step::Running => None,
        }
    }

    /// How a container's first process ended, if the runtime says so.
    pub(crate) fn ended(&self, at: usize) -> Option<cri::sandbox::Ended> {
        self.sandbox.as_ref()?.container(at)?.ended()
    }

    /// Whether a container has ended that is still held to run.
    pub(crate) fn has_unseen_end(&self) -> bool {
        (0..self.containers.len()).any(|at| self.is_running(at) && self.ended(at).is_some())
    }

    /// What it waits for may be there: it is looked at again now.
    pub(crate) fn hurry(&mut self, now: Time) {
        for record in &mut self.containers {
            if let Step::Held { look_at } = &mut record.step {
                *look_at = now;
            }
        }
    }

    /// The signal that asks a container to stop.
    pub(crate) fn stop_signal(&self, at: usize) -> Signal {
        let named = self.container(at).lifecycle.as_ref().and_then(|lifecycle| lifecycle.stop_signal.as_deref());
        named.and_then(Signal::parse).unwrap_or(Signal::Term)
    }
}
