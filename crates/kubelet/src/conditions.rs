//! The conditions of a pod that the kubelet owns, in the order in which it writes them.
//!
//! Models: kubernetes v1.36 pkg/kubelet/status/generate.go.

use api::Str;
use api::core::container::Container;
use api::core::pod_status::{ContainerStatus, PodCondition, PodPhase, PodStatus};
use api::meta::ConditionStatus;
use ecow::EcoVec;
use thin::format_str;

use crate::resize;
use crate::status::{SandboxState, StatusInput, condition};

/// The conditions that the kubelet owns.
pub(crate) const OWNED: [&str; 5] =
    ["PodReadyToStartContainers", "Initialized", "Ready", "ContainersReady", "PodScheduled"];

/// All conditions: those of others first, then the kubelet's own.
pub(crate) fn generate(input: &StatusInput<'_>, status: &PodStatus) -> EcoVec<PodCondition> {
    let is_own = |kind: &str| OWNED.contains(&kind) || resize::CONDITIONS.contains(&kind);
    let of_others = input.pod.status.conditions.iter().filter(|condition| !is_own(&condition.kind));
    let mut conditions: EcoVec<PodCondition> = of_others.cloned().collect();
    let generation = input.pod.metadata.generation;
    let sandbox = ConditionStatus::from(input.sandbox == SandboxState::Ready && has_address(input));
    conditions.push(condition("PodReadyToStartContainers", sandbox, "", "", generation));
    conditions.push(initialized(input, status));
    let containers = containers_ready(input, status);
    conditions.push(ready(input, &conditions, &containers));
    conditions.push(containers);
    conditions.push(condition("PodScheduled", ConditionStatus::True, "", "", generation));
    conditions
}

fn has_address(input: &StatusInput<'_>) -> bool {
    input.pod.spec.host_network || !input.ips.is_empty()
}

/// Whether a regular container runs or has run.
pub(crate) fn any_regular_has_started(regular: &[ContainerStatus]) -> bool {
    regular.iter().any(|status| status.state.running.is_some() || status.state.terminated.is_some())
}

pub(crate) fn initialized(input: &StatusInput<'_>, status: &PodStatus) -> PodCondition {
    api::reached!("kubelet::conditions::initialized");
    let generation = input.pod.metadata.generation;
    let verdict =
        |status, reason: &'static str, message: Str| condition("Initialized", status, reason, message, generation);
    let init = &input.pod.spec.init_containers;
    let (unknown, incomplete) = sort_out(init, &status.init_container_statuses, |container, status| {
        if container.is_sidecar() { status.started == Some(true) } else { status.ready }
    });
    if status.phase == Some(PodPhase::Succeeded) && unknown.is_empty() {
        return verdict(ConditionStatus::True, "PodCompleted", Str::new());
    }
    if any_regular_has_started(&status.container_statuses) {
        return verdict(ConditionStatus::True, "", Str::new());
    }
    match message(&unknown, "incomplete", &incomplete) {
        Some(message) => verdict(ConditionStatus::False, "ContainersNotInitialized", message),
        None => verdict(ConditionStatus::True, "", Str::new()),
    }
}

pub(crate) fn containers_ready(input: &StatusInput<'_>, status: &PodStatus) -> PodCondition {
    api::reached!("kubelet::conditions::containers_ready");
    let generation = input.pod.metadata.generation;
    let verdict =
        |status, reason: &'static str, message: Str| condition("ContainersReady", status, reason, message, generation);
    let sidecars: Vec<&Container> = input.pod.spec.init_containers.iter().filter(|c| c.is_sidecar()).collect();
    let (mut unknown, mut unready) = sort_out(sidecars, &status.init_container_statuses, |_, status| status.ready);
    let of_regular = sort_out(&input.pod.spec.containers, &status.container_statuses, |_, status| status.ready);
    unknown.extend(of_regular.0);
    unready.extend(of_regular.1);
    match status.phase {
        Some(PodPhase::Succeeded) if unknown.is_empty() => {
            return verdict(ConditionStatus::False, "PodCompleted", Str::new());
        }
        Some(PodPhase::Failed) => return verdict(ConditionStatus::False, "PodFailed", Str::new()),
        Some(PodPhase::Pending | PodPhase::Running | PodPhase::Succeeded | PodPhase::Unknown) | None => {}
    }
    match message(&unknown, "unready", &unready) {
        Some(message) => verdict(ConditionStatus::False, "ContainersNotReady", message),
        None => verdict(ConditionStatus::True, "", Str::new()),
    }
}

pub(crate) fn ready(input: &StatusInput<'_>, conditions: &[PodCondition], containers: &PodCondition) -> PodCondition {
    api::reached!("kubelet::conditions::ready");
    let mut ready = containers.clone();
    ready.kind = "Ready".into();
    if containers.status != ConditionStatus::True {
        return ready;
    }
    let mut faults = Vec::new();
    for gate in &input.pod.spec.readiness_gates {
        let kind = &gate.condition_type;
        match conditions.iter().find(|condition| condition.kind == *kind) {
            None => faults.push(format!("corresponding condition of pod readiness gate \"{kind}\" does not exist.")),
            Some(condition) if condition.status != ConditionStatus::True => faults
                .push(format!("the status of pod readiness gate \"{kind}\" is not \"True\", but {}", condition.status)),
            Some(_) => {}
        }
    }
    if !faults.is_empty() {
        ready.status = ConditionStatus::False;
        ready.reason = "ReadinessGatesNotReady".into();
        ready.message = faults.join(", ").into();
    }
    ready
}

/// The names of containers without a status, and of those whose status does not satisfy.
fn sort_out<'a>(
    containers: impl IntoIterator<Item = &'a Container>,
    statuses: &[ContainerStatus],
    is_good: impl Fn(&Container, &ContainerStatus) -> bool,
) -> (Vec<Str>, Vec<Str>) {
    let (mut unknown, mut bad) = (Vec::new(), Vec::new());
    for container in containers {
        match statuses.iter().find(|status| status.name == container.name) {
            None => unknown.push(container.name.clone()),
            Some(status) if !is_good(container, status) => bad.push(container.name.clone()),
            Some(_) => {}
        }
    }
    (unknown, bad)
}

fn message(unknown: &[Str], word: &str, bad: &[Str]) -> Option<Str> {
    let list = |names: &[Str]| names.iter().map(Str::as_str).collect::<Vec<_>>().join(" ");
    let unknown_text = format_str!("containers with unknown status: [{}]", list(unknown));
    let bad_text = format_str!("containers with {word} status: [{}]", list(bad));
    match (unknown.is_empty(), bad.is_empty()) {
        (true, true) => None,
        (false, true) => Some(unknown_text),
        (true, false) => Some(bad_text),
        (false, false) => Some(format_str!("{unknown_text}, {bad_text}")),
    }
}
