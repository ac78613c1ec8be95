//! Pods on their way in.

use std::rc::Rc;

use api::core::pod_status::{PodCondition, PodPhase, PodStatus};
use api::meta::ConditionStatus;
use api::quantity::Quantity;
use api::{Pod, ResourceList};

/// A new pod is Pending, and what only pods (not templates) default is set.
pub(super) fn prepare_for_create(pod: &mut Pod) {
    let mut status = PodStatus { phase: Some(PodPhase::Pending), ..PodStatus::default() };
    if !pod.spec.scheduling_gates.is_empty() {
        status.conditions.push(PodCondition {
            kind: "PodScheduled".into(),
            status: ConditionStatus::False,
            reason: "SchedulingGated".into(),
            message: "Scheduling is blocked due to non-empty scheduling gates".into(),
            ..PodCondition::default()
        });
    }
    pod.status = Rc::new(status);
    default_requests(pod);
    let spec = Rc::make_mut(&mut pod.spec);
    spec.enable_service_links.get_or_insert(true);
}

/// A container that names a limit and no request requests its limit.
fn default_requests(pod: &mut Pod) {
    let lacks =
        |limits: &ResourceList, requests: &ResourceList| limits.iter().any(|(name, _)| !requests.contains(name));
    let all = pod.spec.containers.iter().chain(pod.spec.init_containers.iter());
    if !all.into_iter().any(|container| lacks(&container.resources.limits, &container.resources.requests)) {
        return;
    }
    let spec = Rc::make_mut(&mut pod.spec);
    for list in [&mut spec.containers, &mut spec.init_containers] {
        for container in list.make_mut() {
            for (name, quantity) in container.resources.limits.iter() {
                if !container.resources.requests.contains(name) {
                    container.resources.requests.insert(name.clone(), quantity.clone());
                }
            }
        }
    }
}

/// `Guaranteed`, `Burstable` or `BestEffort`, from what all containers request of cpu and memory.
pub(super) fn set_qos_class(pod: &mut Pod) {
    let class = qos_class(pod);
    if pod.status.qos_class != class {
        Rc::make_mut(&mut pod.status).qos_class = class.into();
    }
}

/// The class of what a pod asks for.
pub(crate) fn qos_class(pod: &Pod) -> &'static str {
    let all = || pod.spec.containers.iter().chain(pod.spec.init_containers.iter());
    let amount = |list: &ResourceList, name: &str| {
        list.get(name).and_then(|text| Quantity::parse(text).ok()).filter(|quantity| !quantity.is_zero())
    };
    let asks = |name: &str| {
        all().any(|container| {
            let resources = &container.resources;
            amount(&resources.limits, name).is_some() || amount(&resources.requests, name).is_some()
        })
    };
    if !asks("cpu") && !asks("memory") {
        return "BestEffort";
    }
    let is_guaranteed = ["cpu", "memory"].iter().all(|name| {
        all().all(|container| {
            let limit = amount(&container.resources.limits, name);
            limit.is_some() && limit == amount(&container.resources.requests, name)
        })
    });
    if is_guaranteed { "Guaranteed" } else { "Burstable" }
}
