//! Pods.

use api::core::container::Container;
use api::core::pod_status::{ContainerState, ContainerStatus, PodPhase};
use api::meta::ConditionStatus;
use api::{Pod, Value, duration};
use sim::Time;

use super::{Always, Heading, Wide, age, or_none};

pub(super) const HEADINGS: &[Heading] = &[
    Heading("Name", Always),
    Heading("Ready", Always),
    Heading("Status", Always),
    Heading("Restarts", Always),
    Heading("Age", Always),
    Heading("IP", Wide),
    Heading("Node", Wide),
    Heading("Nominated Node", Wide),
    Heading("Readiness Gates", Wide),
];

/// What a walk over container statuses adds up.
#[derive(Default)]
struct Tally {
    ready: usize,
    restarts: i64,
    /// When the newest of the last terminations was.
    last_restart: Option<Time>,
    has_running: bool,
    reason: String,
    /// The reason of a container that ended badly, if another says `Completed`.
    error_reason: String,
}

/// The cells of a pod: name, ready, status, restarts, age; address, node, nominated node, readiness gates.
pub fn pod_cells(pod: &Pod, now: Time) -> Vec<Value> {
    api::reached!("kube_apiserver::tables::pod::pod_cells");
    let sidecars = pod.spec.init_containers.iter().filter(|container| container.is_sidecar()).count();
    let total = pod.spec.containers.len() + sidecars;
    let mut tally = Tally { reason: plain_reason(pod), ..Tally::default() };
    let is_initializing = walk_init_containers(pod, &mut tally);
    if !is_initializing || pod.status.is_true("Initialized") {
        walk_containers(pod, &mut tally);
        settle_completed(pod, &mut tally);
    }
    if pod.metadata.is_terminating() {
        if pod.status.reason == "NodeLost" {
            tally.reason = "Unknown".into();
        } else if !pod.status.is_terminal() {
            tally.reason = "Terminating".into();
        }
    }
    vec![
        pod.metadata.name.clone().into(),
        format!("{}/{total}", tally.ready).into(),
        tally.reason.into(),
        restarts_text(tally.restarts, tally.last_restart, now).into(),
        age(&pod.metadata, now),
        or_none(&pod.status.pod_ip),
        or_none(&pod.spec.node_name),
        or_none(&pod.status.nominated_node_name),
        readiness_gates(pod),
    ]
}

fn plain_reason(pod: &Pod) -> String {
    let phase = pod.status.phase.map_or("", PodPhase::as_str);
    let mut reason = if pod.status.reason.is_empty() { phase } else { &pod.status.reason };
    let gated = pod.status.conditions.iter().any(|c| c.kind == "PodScheduled" && c.reason == "SchedulingGated");
    if gated {
        reason = "SchedulingGated";
    }
    reason.to_owned()
}

/// Whether an init container is still at work (or failed); then `reason` says so.
fn walk_init_containers(pod: &Pod, tally: &mut Tally) -> bool {
    let total = pod.spec.init_containers.len();
    let mut sidecar_restarts = 0;
    let mut sidecar_last = None;
    for (index, status) in pod.status.init_container_statuses.iter().enumerate() {
        let spec = pod.spec.init_containers.iter().find(|container| container.name == status.name);
        let is_sidecar = spec.is_some_and(Container::is_sidecar);
        tally.restarts += i64::from(status.restart_count);
        tally.last_restart = tally.last_restart.max(last_end(status));
        if is_sidecar {
            sidecar_restarts += i64::from(status.restart_count);
            sidecar_last = sidecar_last.max(last_end(status));
        }
        if let Some(reason) = init_reason(&status.state, is_sidecar && status.started == Some(true), index, total) {
            tally.reason = reason;
            // The containers' own restarts replace these if the pod was initialized before.
            if pod.status.is_true("Initialized") {
                (tally.restarts, tally.last_restart) = (sidecar_restarts, sidecar_last);
            }
            return true;
        }
        let has_completed = status.state.terminated.as_ref().is_some_and(|ended| ended.exit_code == 0);
        if is_sidecar && status.ready && !has_completed {
            tally.ready += 1;
        }
    }
    (tally.restarts, tally.last_restart) = (sidecar_restarts, sidecar_last);
    false
}

/// What an init container makes of the pod's status; none if it is done with.
fn init_reason(state: &ContainerState, is_started_sidecar: bool, index: usize, total: usize) -> Option<String> {
    if let Some(ended) = &state.terminated {
        if ended.exit_code == 0 {
            return None;
        }
        if is_started_sidecar {
            return None;
        }
        return Some(match (ended.reason.as_str(), ended.signal) {
            ("", 0) => format!("Init:ExitCode:{}", ended.exit_code),
            ("", signal) => format!("Init:Signal:{signal}"),
            (reason, _) => format!("Init:{reason}"),
        });
    }
    if is_started_sidecar {
        return None;
    }
    match &state.waiting {
        Some(waiting) if !waiting.reason.is_empty() && waiting.reason != "PodInitializing" => {
            Some(format!("Init:{}", waiting.reason))
        }
        _ => Some(format!("Init:{index}/{total}")),
    }
}

/// From the last container to the first, so that the first one's reason stays.
fn walk_containers(pod: &Pod, tally: &mut Tally) {
    for status in pod.status.container_statuses.iter().rev() {
        tally.restarts += i64::from(status.restart_count);
        tally.last_restart = tally.last_restart.max(last_end(status));
        let state = &status.state;
        if let Some(waiting) = state.waiting.as_ref().filter(|waiting| !waiting.reason.is_empty()) {
            tally.reason = waiting.reason.to_string();
        } else if let Some(ended) = &state.terminated {
            tally.reason = match (ended.reason.as_str(), ended.signal) {
                ("", 0) => format!("ExitCode:{}", ended.exit_code),
                ("", signal) => format!("Signal:{signal}"),
                (reason, _) => reason.to_owned(),
            };
            if ended.exit_code != 0 {
                tally.error_reason.clone_from(&tally.reason);
            }
        } else if status.ready && state.running.is_some() {
            tally.has_running = true;
            tally.ready += 1;
        }
    }
}

/// A pod of which one container has completed is not completed.
fn settle_completed(pod: &Pod, tally: &mut Tally) {
    if tally.reason != "Completed" {
        return;
    }
    let is_ready = pod.status.condition("Ready").is_some_and(|condition| condition.status == ConditionStatus::True);
    if tally.has_running && is_ready {
        tally.reason = "Running".into();
    } else if !tally.error_reason.is_empty() {
        tally.reason = std::mem::take(&mut tally.error_reason);
    } else if tally.has_running {
        tally.reason = "NotReady".into();
    }
}

fn last_end(status: &ContainerStatus) -> Option<Time> {
    status.last_state.terminated.as_ref()?.finished_at
}

fn restarts_text(restarts: i64, last: Option<Time>, now: Time) -> String {
    match last {
        Some(last) if restarts != 0 => format!("{restarts} ({} ago)", duration::age(now, Some(last))),
        _ => restarts.to_string(),
    }
}

fn readiness_gates(pod: &Pod) -> Value {
    if pod.spec.readiness_gates.is_empty() {
        return "<none>".into();
    }
    let met = pod.spec.readiness_gates.iter().filter(|gate| pod.status.is_true(&gate.condition_type)).count();
    format!("{met}/{}", pod.spec.readiness_gates.len()).into()
}
