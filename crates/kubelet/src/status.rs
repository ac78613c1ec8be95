//! The status of a pod, from what the runtime, the probes and the last status say.
//!
//! Pure: [`generate_pod_status`] is a function of its arguments. Times of condition changes are set afterwards, by
//! [`merge_pod_status`], against the status that the API server has.
//!
//! Models: kubernetes v1.36 pkg/kubelet/kubelet_pods.go (generateAPIPodStatus, getPhase, convertToAPIContainerStatuses),
//! pkg/kubelet/status/generate.go, pkg/kubelet/prober/prober_manager.go (UpdatePodStatus).

use ordered::{Arrange, OrderedMap};
use std::rc::Rc;

use api::codec::Codec;
use api::core::container::Container;
use api::core::pod::{PodSpec, RestartPolicy};
use api::core::pod_status::{
    ContainerState, ContainerStateRunning, ContainerStateTerminated, ContainerStateWaiting, ContainerStatus, IpAddress,
    PodCondition, PodPhase, PodStatus,
};
use api::meta::ConditionStatus;
use api::{Pod, Str, Value};
use ecow::EcoVec;
use sim::Time;

use crate::conditions;
use crate::ephemeral::ephemeral_containers;
use crate::qos::qos_class;

/// Where the statuses of ephemeral containers stand.
const EPHEMERAL_STATUSES: &str = "ephemeralContainerStatuses";

/// Whether the pod's sandbox (its network) stands.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum SandboxState {
    /// It was never made, or has been removed.
    None,
    /// It stands.
    Ready,
    /// It has been stopped.
    NotReady,
}

/// What the runtime says of a container.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum RuntimeState {
    /// Made, not started.
    Created,
    /// It runs.
    Running,
    /// It has ended.
    Exited,
    /// The runtime cannot tell.
    Unknown,
}

/// A container that the runtime knows; restarts of one container are several of these.
#[derive(Clone, Debug)]
pub struct RuntimeContainer {
    /// The container's name in the pod.
    pub name: Str,
    /// Such as `containerd://…`.
    pub id: Str,
    /// The image it was made from.
    pub image: Str,
    /// The image's digest.
    pub image_id: Str,
    /// What it does.
    pub state: RuntimeState,
    /// When it started.
    pub started_at: Option<Time>,
    /// When it ended.
    pub finished_at: Option<Time>,
    /// How it ended.
    pub exit_code: i32,
    /// `Completed`, `Error`, …
    pub reason: Str,
    /// More about how it ended.
    pub message: Str,
    /// How often the container had been started before.
    pub restart_count: i32,
}

/// The last answer of a probe.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum ProbeResult {
    /// It has not been asked yet.
    None,
    /// It serves.
    Success,
    /// It does not.
    Failure,
}

/// What the probes say of a running container. `None`: the container has no such probe.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct ProbeResults {
    /// The startup probe.
    pub startup: Option<ProbeResult>,
    /// The readiness probe.
    pub readiness: Option<ProbeResult>,
}

/// Why a container could not be started at the last try.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct StartError {
    /// Such as `ImagePullBackOff`.
    pub reason: Str,
    /// In a sentence.
    pub message: Str,
}

/// All that a pod's status is made from.
pub struct StatusInput<'a> {
    /// The pod; its status is the one of before.
    pub pod: &'a Pod,
    /// Whether its containers have been stopped for good.
    pub is_terminal: bool,
    /// Its sandbox.
    pub sandbox: SandboxState,
    /// Its addresses.
    pub ips: &'a [Str],
    /// Its containers, newest first.
    pub containers: &'a [RuntimeContainer],
    /// By container.
    pub start_errors: &'a OrderedMap<Str, StartError>,
    /// By container.
    pub probes: &'a OrderedMap<Str, ProbeResults>,
    /// The node's address.
    pub host_ip: &'a Str,
}

/// The status that the kubelet would report. Transition times, start time and observed generation are not set.
pub fn generate_pod_status(input: &StatusInput<'_>) -> PodStatus {
    api::reached!("kubelet::status::generate_pod_status");
    let pod = input.pod;
    let old = &*pod.status;
    let has_init = !pod.spec.init_containers.is_empty();
    let mut status = PodStatus {
        pod_ip: input.ips.first().cloned().unwrap_or_default(),
        pod_ips: input.ips.iter().map(|ip| IpAddress { ip: ip.clone(), ..IpAddress::default() }).collect(),
        qos_class: qos_class(&pod.spec),
        host_ip: input.host_ip.clone(),
        host_ips: EcoVec::from([IpAddress { ip: input.host_ip.clone(), ..IpAddress::default() }]),
        nominated_node_name: old.nominated_node_name.clone(),
        rest: old.rest.clone(),
        ..PodStatus::default()
    };
    let mut regular =
        container_statuses(input, &pod.spec.containers, &old.container_statuses, has_init, ContainerKind::Regular);
    let mut init = container_statuses(
        input,
        &pod.spec.init_containers,
        &old.init_container_statuses,
        has_init,
        ContainerKind::Init,
    );
    let before = old.rest.get(EPHEMERAL_STATUSES).as_list().iter().cloned();
    let before: Vec<ContainerStatus> = before.map(ContainerStatus::decode).collect();
    let ephemeral = ephemeral_containers(&pod.spec);
    let ephemeral = container_statuses(input, &ephemeral, &before, has_init, ContainerKind::Regular);
    let computed = compute_phase(&pod.spec, &regular, &init, input.is_terminal);
    let kept = old.phase.filter(|phase| is_final(*phase));
    if old.phase == Some(if is_final(computed) { computed } else { kept.unwrap_or(computed) }) {
        status.reason = old.reason.clone();
        status.message = old.message.clone();
    }
    // A final phase stays, whatever the containers say.
    status.phase = Some(kept.unwrap_or(computed));
    apply_probes(input, &mut regular, &mut init);
    status.container_statuses = regular.into();
    status.init_container_statuses = init.into();
    if !ephemeral.is_empty() {
        let ephemeral = ephemeral.iter().map(ContainerStatus::encode).collect();
        status.rest.set(EPHEMERAL_STATUSES, Value::List(ephemeral));
    }
    status.conditions = conditions::generate(input, &status);
    status.rest.set("resources", Value::map());
    status
}

/// Sets what depends on the status before: the transition times.
pub fn merge_pod_status(mut status: PodStatus, old: &PodStatus, now: Time) -> PodStatus {
    status.start_time = old.start_time.or(Some(now.truncate_to_second()));
    for condition in status.conditions.make_mut() {
        let unchanged = old.condition(&condition.kind).filter(|before| before.status == condition.status);
        condition.last_transition_time = match unchanged.and_then(|before| before.last_transition_time) {
            Some(since) => Some(since),
            None => Some(now.truncate_to_second()),
        };
    }
    // Replicas that write the same conditions again and again hold them once.
    if status.conditions == old.conditions {
        status.conditions = old.conditions.clone();
    }
    status
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum ContainerKind {
    Regular,
    Init,
}

fn container_statuses(
    input: &StatusInput<'_>,
    containers: &[Container],
    old: &[ContainerStatus],
    has_init: bool,
    kind: ContainerKind,
) -> Vec<ContainerStatus> {
    let default_reason = if has_init { "PodInitializing" } else { "ContainerCreating" };
    let mut statuses: Vec<ContainerStatus> = containers
        .iter()
        .map(|container| {
            let before = old.iter().find(|status| status.name == container.name);
            let mut status = default_status(container, before, default_reason);
            presume_lost(input, &mut status, before, default_reason);
            apply_runtime(input, container, &mut status, before);
            apply_start_error(input, container, &mut status, kind);
            status
        })
        .collect();
    if kind == ContainerKind::Regular {
        statuses.arrange_by(|left, right| left.name.cmp(&right.name));
    }
    statuses
}

fn default_status(container: &Container, before: Option<&ContainerStatus>, reason: &'static str) -> ContainerStatus {
    if let Some(before) = before.filter(|before| before.state.terminated.is_some()) {
        return before.clone();
    }
    let mut status = ContainerStatus {
        name: container.name.clone(),
        image: container.image.clone(),
        state: waiting(reason, Str::new()),
        ..ContainerStatus::default()
    };
    status.rest.set("volumeMounts", volume_mounts(container));
    if let Some(before) = before {
        status.restart_count = before.restart_count;
        status.last_state = before.last_state.clone();
    }
    status
}

fn waiting(reason: impl Into<Str>, message: Str) -> ContainerState {
    ContainerState {
        waiting: Some(ContainerStateWaiting { reason: reason.into(), message, ..ContainerStateWaiting::default() }),
        ..ContainerState::default()
    }
}

fn volume_mounts(container: &Container) -> Value {
    if container.volume_mounts.is_empty() {
        return Value::Null;
    }
    let mounts = container.volume_mounts.iter().map(|mount| {
        let mut value = Value::map();
        value.set(&["mountPath"], mount.mount_path.clone());
        value.set(&["name"], mount.name.clone());
        if mount.read_only {
            value.set(&["readOnly"], true);
            value.set(&["recursiveReadOnly"], "Disabled");
        }
        value
    });
    Value::List(mounts.collect())
}

/// A container that was running and that the runtime does not know any more has ended somehow.
fn presume_lost(
    input: &StatusInput<'_>,
    status: &mut ContainerStatus,
    before: Option<&ContainerStatus>,
    default_reason: &str,
) {
    let is_known = input.containers.iter().any(|container| container.name == status.name);
    let was_running = before.is_some_and(|before| before.state.terminated.is_none() && before.state.running.is_some());
    let is_default = status.state.waiting.as_ref().is_some_and(|waiting| waiting.reason == default_reason);
    if is_known || !was_running || !is_default || status.last_state.terminated.is_some() {
        return;
    }
    status.last_state.terminated = Some(Rc::new(ContainerStateTerminated {
        exit_code: 137,
        reason: "ContainerStatusUnknown".into(),
        message: "The container could not be located when the pod was deleted.  The container used to be Running"
            .into(),
        ..ContainerStateTerminated::default()
    }));
    if input.pod.metadata.deletion_timestamp.is_none() {
        status.restart_count += 1;
    }
}

/// What the runtime says: the newest container is the state, the one before it the last state.
fn apply_runtime(
    input: &StatusInput<'_>,
    container: &Container,
    status: &mut ContainerStatus,
    before: Option<&ContainerStatus>,
) {
    let mut known = input.containers.iter().filter(|runtime| runtime.name == container.name);
    if let Some(newest) = known.next() {
        let last_state = ContainerState::default();
        let mut rest = status.rest.clone();
        rest.set("volumeMounts", volume_mounts(container));
        rest.set("resources", resources(container));
        rest.set("allocatedResources", requests(container));
        *status = ContainerStatus {
            name: container.name.clone(),
            state: converted(newest, before),
            last_state,
            // The count never goes back, even if the runtime has forgotten earlier containers.
            restart_count: before.map_or(0, |before| before.restart_count).max(newest.restart_count)
                + lost_restarts(input, newest, before),
            image: newest.image.clone(),
            image_id: newest.image_id.clone(),
            container_id: newest.id.clone(),
            rest,
            ..ContainerStatus::default()
        };
    }
    if let Some(second) = known.next() {
        status.last_state = converted(second, before);
    }
}

/// A container that ran and that the runtime has lost was restarted once more, unless its pod is being deleted.
fn lost_restarts(input: &StatusInput<'_>, newest: &RuntimeContainer, before: Option<&ContainerStatus>) -> i32 {
    let was_running = before.is_some_and(|before| before.state.running.is_some());
    i32::from(newest.state == RuntimeState::Unknown && was_running && !input.pod.metadata.is_terminating())
}

fn resources(container: &Container) -> Value {
    let mut value = Value::map();
    for (key, list) in [("limits", &container.resources.limits), ("requests", &container.resources.requests)] {
        for (name, quantity) in list.iter() {
            value.set(&[key, name], quantity.clone());
        }
    }
    value
}

fn requests(container: &Container) -> Value {
    let mut value = Value::map();
    for (name, quantity) in container.resources.requests.iter() {
        value.set(&[name], quantity.clone());
    }
    if container.resources.requests.is_empty() { Value::Null } else { value }
}

fn converted(container: &RuntimeContainer, before: Option<&ContainerStatus>) -> ContainerState {
    let was_running = before.is_some_and(|before| before.state.running.is_some());
    match container.state {
        RuntimeState::Running => ContainerState {
            running: Some(ContainerStateRunning {
                started_at: container.started_at,
                ..ContainerStateRunning::default()
            }),
            ..ContainerState::default()
        },
        RuntimeState::Exited => terminated(ContainerStateTerminated {
            exit_code: container.exit_code,
            reason: container.reason.clone(),
            message: container.message.clone(),
            started_at: container.started_at,
            finished_at: container.finished_at,
            container_id: container.id.clone(),
            ..ContainerStateTerminated::default()
        }),
        RuntimeState::Unknown if was_running => terminated(ContainerStateTerminated {
            exit_code: 137,
            reason: "ContainerStatusUnknown".into(),
            message: "The container could not be located when the pod was terminated".into(),
            ..ContainerStateTerminated::default()
        }),
        RuntimeState::Created | RuntimeState::Unknown => waiting("", Str::new()),
    }
}

fn terminated(how: ContainerStateTerminated) -> ContainerState {
    ContainerState { terminated: Some(Rc::new(how)), ..ContainerState::default() }
}

/// A container that should start again and could not waits, and says why.
fn apply_start_error(
    input: &StatusInput<'_>,
    container: &Container,
    status: &mut ContainerStatus,
    kind: ContainerKind,
) {
    let newest = input.containers.iter().find(|runtime| runtime.name == container.name);
    let is_done = newest.is_some_and(|newest| newest.state == RuntimeState::Exited && newest.exit_code == 0);
    if kind == ContainerKind::Init && is_done && !container.is_sidecar() {
        return;
    }
    if !should_be_restarted(input.pod, container, newest) {
        return;
    }
    let Some(error) = input.start_errors.get(&container.name) else { return };
    if status.state.terminated.is_some() {
        status.last_state = status.state.clone();
    }
    status.state = waiting(error.reason.clone(), error.message.clone());
}

fn should_be_restarted(pod: &Pod, container: &Container, newest: Option<&RuntimeContainer>) -> bool {
    if pod.metadata.is_terminating() {
        return false;
    }
    let Some(newest) = newest else { return true };
    match newest.state {
        RuntimeState::Running => false,
        RuntimeState::Unknown | RuntimeState::Created => true,
        RuntimeState::Exited => restarts_after(&pod.spec, container, newest.exit_code),
    }
}

/// Whether a container that ended with this code is started again.
pub fn restarts_after(spec: &PodSpec, container: &Container, exit_code: i32) -> bool {
    if container.is_sidecar() {
        return true;
    }
    match spec.restart_policy {
        RestartPolicy::Always => true,
        RestartPolicy::OnFailure => exit_code != 0,
        RestartPolicy::Never => false,
    }
}

fn is_final(phase: PodPhase) -> bool {
    matches!(phase, PodPhase::Failed | PodPhase::Succeeded)
}

#[derive(Default)]
struct Tally {
    pending_init: usize,
    pending_sidecars: usize,
    failed_init: usize,
    unknown: usize,
    running: usize,
    waiting: usize,
    stopped: usize,
    succeeded: usize,
}

fn compute_phase(spec: &PodSpec, regular: &[ContainerStatus], init: &[ContainerStatus], is_terminal: bool) -> PodPhase {
    let mut tally = Tally::default();
    for container in &spec.init_containers {
        let status = init.iter().find(|status| status.name == container.name);
        if container.is_sidecar() { tally.sidecar(container, status) } else { tally.init(status) }
    }
    for container in &spec.containers {
        tally.regular(regular.iter().find(|status| status.name == container.name));
    }
    if tally.failed_init > 0 && spec.restart_policy == RestartPolicy::Never {
        return PodPhase::Failed;
    }
    let has_initialized = conditions::any_regular_has_started(regular);
    let initializing = tally.pending_init > 0 || (tally.pending_sidecars > 0 && !has_initialized);
    if (initializing && !has_initialized) || tally.waiting > 0 {
        return PodPhase::Pending;
    }
    if tally.unknown > 0 {
        return PodPhase::Pending;
    }
    if tally.running > 0 {
        return PodPhase::Running;
    }
    if tally.stopped == 0 {
        return PodPhase::Pending;
    }
    let all_succeeded = tally.stopped == tally.succeeded;
    match (is_terminal, spec.restart_policy, all_succeeded) {
        (true, _, true) => PodPhase::Succeeded,
        (true, _, false) => PodPhase::Failed,
        (false, RestartPolicy::Always, _) => PodPhase::Running,
        (false, _, true) => PodPhase::Succeeded,
        (false, RestartPolicy::Never, false) => PodPhase::Failed,
        (false, RestartPolicy::OnFailure, false) => PodPhase::Running,
    }
}

impl Tally {
    fn init(&mut self, status: Option<&ContainerStatus>) {
        let state = status.map(|status| &status.state);
        if let Some(how) = state.and_then(|state| state.terminated.as_ref()) {
            self.failed_init += usize::from(how.exit_code != 0);
            return;
        }
        let waits = state.is_some_and(|state| state.waiting.is_some());
        match status.and_then(|status| status.last_state.terminated.as_ref()).filter(|_| waits) {
            Some(how) => self.failed_init += usize::from(how.exit_code != 0),
            None => self.pending_init += 1,
        }
    }

    fn sidecar(&mut self, container: &Container, status: Option<&ContainerStatus>) {
        let Some(status) = status else {
            self.unknown += 1;
            return;
        };
        if status.state.running.is_some() {
            let waits = container.startup_probe.is_some() && status.started != Some(true);
            self.pending_sidecars += usize::from(waits);
            self.running += 1;
        } else if status.state.terminated.is_some() {
            // Ended sidecars do not count towards the phase.
        } else if status.state.waiting.is_some() {
            if status.last_state.terminated.is_none() {
                self.pending_sidecars += 1;
                self.waiting += 1;
            }
        } else {
            self.pending_sidecars += 1;
            self.unknown += 1;
        }
    }

    fn regular(&mut self, status: Option<&ContainerStatus>) {
        let Some(status) = status else {
            self.unknown += 1;
            return;
        };
        if status.state.running.is_some() {
            self.running += 1;
        } else if let Some(how) = &status.state.terminated {
            self.stopped += 1;
            self.succeeded += usize::from(how.exit_code == 0);
        } else if status.state.waiting.is_some() {
            if status.last_state.terminated.is_some() {
                self.stopped += 1;
            } else {
                self.waiting += 1;
            }
        } else {
            self.unknown += 1;
        }
    }
}

fn apply_probes(input: &StatusInput<'_>, regular: &mut [ContainerStatus], init: &mut [ContainerStatus]) {
    for status in regular {
        let (started, ready) = probe_verdict(input, status);
        status.started = Some(started);
        status.ready = ready;
    }
    for status in init {
        let (started, ready) = probe_verdict(input, status);
        status.started = Some(started);
        let is_sidecar = input
            .pod
            .spec
            .init_containers
            .iter()
            .any(|container| container.name == status.name && container.is_sidecar());
        let is_done = status.state.terminated.as_ref().is_some_and(|how| how.exit_code == 0);
        status.ready = if is_sidecar { ready } else { is_done };
    }
}

/// Whether the container counts as started, and as ready.
fn probe_verdict(input: &StatusInput<'_>, status: &ContainerStatus) -> (bool, bool) {
    let probes = input.probes.get(&status.name).copied().unwrap_or_default();
    let passes = |probe: Option<ProbeResult>| probe.is_none_or(|result| result == ProbeResult::Success);
    let started = status.state.running.is_some() && passes(probes.startup);
    (started, started && passes(probes.readiness))
}

/// A condition without times, as the kubelet generates it.
pub(crate) fn condition(
    kind: &'static str,
    status: ConditionStatus,
    reason: impl Into<Str>,
    message: impl Into<Str>,
    observed_generation: i64,
) -> PodCondition {
    PodCondition {
        kind: kind.into(),
        status,
        reason: reason.into(),
        message: message.into(),
        observed_generation,
        last_transition_time: None,
    }
}
