//! Pods.

use api::core::container::Container;
use api::core::pod_status::{ContainerState, ContainerStatus, PodPhase};
use api::meta::ConditionStatus;
use api::{Pod, Str, Value, duration};
use sim::Time;
use thin::{format_str, literal_str};

use super::{Always, Heading, NONE, Wide, age, shared_or_none};

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
    reason: Str,
    /// The reason of a container that ended badly, if another says `Completed`.
    error_reason: Str,
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
            tally.reason = literal_str!("Unknown");
        } else if !pod.status.is_terminal() {
            tally.reason = literal_str!("Terminating");
        }
    }
    vec![
        pod.metadata.name.clone().into(),
        format_str!("{}/{total}", tally.ready).into(),
        tally.reason.into(),
        restarts_text(tally.restarts, tally.last_restart, now).into(),
        age(&pod.metadata, now),
        shared_or_none(&pod.status.pod_ip),
        shared_or_none(&pod.spec.node_name),
        shared_or_none(&pod.status.nominated_node_name),
        readiness_gates(pod),
    ]
}

fn plain_reason(pod: &Pod) -> Str {
    let gated = pod.status.conditions.iter().any(|c| c.kind == "PodScheduled" && c.reason == "SchedulingGated");
    match pod.status.phase {
        _ if gated => literal_str!("SchedulingGated"),
        _ if !pod.status.reason.is_empty() => pod.status.reason.clone(),
        // As nearly all pods.
        Some(PodPhase::Running) => literal_str!("Running"),
        phase => phase.map_or("", PodPhase::as_str).into(),
    }
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
fn init_reason(state: &ContainerState, is_started_sidecar: bool, index: usize, total: usize) -> Option<Str> {
    if let Some(ended) = &state.terminated {
        if ended.exit_code == 0 {
            return None;
        }
        if is_started_sidecar {
            return None;
        }
        return Some(match (ended.reason.as_str(), ended.signal) {
            ("", 0) => format_str!("Init:ExitCode:{}", ended.exit_code),
            ("", signal) => format_str!("Init:Signal:{signal}"),
            (reason, _) => format_str!("Init:{reason}"),
        });
    }
    if is_started_sidecar {
        return None;
    }
    match &state.waiting {
        Some(waiting) if !waiting.reason.is_empty() && waiting.reason != "PodInitializing" => {
            Some(format_str!("Init:{}", waiting.reason))
        }
        _ => Some(format_str!("Init:{index}/{total}")),
    }
}

/// From the last container to the first, so that the first one's reason stays.
fn walk_containers(pod: &Pod, tally: &mut Tally) {
    for status in pod.status.container_statuses.iter().rev() {
        tally.restarts += i64::from(status.restart_count);
        tally.last_restart = tally.last_restart.max(last_end(status));
        let state = &status.state;
        if let Some(waiting) = state.waiting.as_ref().filter(|waiting| !waiting.reason.is_empty()) {
            tally.reason = waiting.reason.clone();
        } else if let Some(ended) = &state.terminated {
            tally.reason = match (ended.reason.as_str(), ended.signal) {
                ("", 0) => format_str!("ExitCode:{}", ended.exit_code),
                ("", signal) => format_str!("Signal:{signal}"),
                (_, _) => ended.reason.clone(),
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
        tally.reason = literal_str!("Running");
    } else if !tally.error_reason.is_empty() {
        tally.reason = std::mem::take(&mut tally.error_reason);
    } else if tally.has_running {
        tally.reason = literal_str!("NotReady");
    }
}

fn last_end(status: &ContainerStatus) -> Option<Time> {
    status.last_state.terminated.as_ref()?.finished_at
}

fn restarts_text(restarts: i64, last: Option<Time>, now: Time) -> Str {
    match last {
        Some(last) if restarts != 0 => format_str!("{restarts} ({} ago)", duration::age(now, Some(last))),
        _ if restarts == 0 => literal_str!("0"),
        _ => format_str!("{restarts}"),
    }
}

fn readiness_gates(pod: &Pod) -> Value {
    if pod.spec.readiness_gates.is_empty() {
        return NONE.into();
    }
    let met = pod.spec.readiness_gates.iter().filter(|gate| pod.status.is_true(&gate.condition_type)).count();
    format!("{met}/{}", pod.spec.readiness_gates.len()).into()
}

#[cfg(test)]
mod tests {
    use std::rc::Rc;

    use super::*;

    #[test]
    fn cells_that_say_what_the_pod_says_are_the_pods_own_text() {
        let mut pod = Pod::default();
        pod.metadata.name = "web-0".into();
        Rc::make_mut(&mut pod.spec).node_name = "node-1".into();
        Rc::make_mut(&mut pod.status).pod_ip = "10.244.1.2".into();
        let cells = pod_cells(&pod, Time(0));
        for (at, text) in [(0, &pod.metadata.name), (5, &pod.status.pod_ip), (6, &pod.spec.node_name)] {
            assert!(matches!(&cells[at], Value::Str(cell) if cell.same(text)), "{at}: {:?}", cells[at]);
        }
    }
}
