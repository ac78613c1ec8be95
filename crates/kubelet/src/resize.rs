//! Resizing a pod in place: what its containers ask for is set aside if the node has it, then given to them.
//!
//! Three amounts per container: *wanted* (the pod's spec), *allocated* (set aside), *actual* (what it runs with). They differ
//! only while a [`Resizing`] stands with the worker; the pod's conditions PodResizePending and PodResizeInProgress say so.
//!
//! What is absent: resources of whole pods, swap, static CPU and memory managers, errors of a runtime. Everything that does
//! not fit is put off (Deferred), as by a kubelet without these.
//!
//! Models: kubernetes v1.36 pkg/kubelet/allocation, pkg/kubelet/events/resize.go, computePodResizeAction of
//! pkg/kubelet/kuberuntime.

use std::rc::Rc;

use api::codec::Codec;
use api::core::container::{Container, ResourceRequirements};
use api::core::pod_status::{ContainerStatus, PodCondition, PodStatus};
use api::pod_resources::{self, Amounts, Bound};
use api::text::json;
use api::{Key, Kind, Object, Pod, Str, Value};
use client::{Api, EventKind};
use ecow::EcoVec;
use sim::{Span, Time};
use thin::format_str;

use crate::conditions::OWNED;
use crate::kubelets::Kubelets;
use crate::status::condition;
use crate::worker::{PodWorker, Step};

const PENDING: &str = "PodResizePending";
const IN_PROGRESS: &str = "PodResizeInProgress";
/// The conditions of a resize, which are there only as long as it lasts.
pub(crate) const CONDITIONS: [&str; 2] = [PENDING, IN_PROGRESS];
/// Between two tries of a resize that did not fit, if nothing else has made room.
const RETRY: Span = Span::from_seconds(180);

/// A pod that is being resized. Lists have init containers first.
#[derive(Clone, Debug)]
pub(crate) struct Resizing {
    allocated: Vec<ResourceRequirements>,
    actual: Vec<ResourceRequirements>,
    /// The start of a container that was ended so that it starts with other resources.
    restarted: Vec<Option<Time>>,
    pending: Option<PodCondition>,
    in_progress: Option<PodCondition>,
    /// When it is looked at again.
    look_at: Option<Time>,
}

impl Resizing {
    /// A resize of a pod whose containers have what they asked for so far.
    pub(crate) fn from(before: &Pod) -> Resizing {
        let now: Vec<ResourceRequirements> = wanted(before);
        Resizing {
            restarted: vec![None; now.len()],
            actual: now.clone(),
            allocated: now,
            pending: None,
            in_progress: None,
            look_at: None,
        }
    }

    /// When it wants to be looked at.
    pub(crate) fn due(&self) -> Option<Time> {
        self.look_at
    }

    /// Whether it waits for room on its node.
    pub(crate) fn is_pending(&self) -> bool {
        self.pending.is_some()
    }

    fn is_over(&self, pod: &Pod) -> bool {
        self.pending.is_none() && self.in_progress.is_none() && self.allocated == wanted(pod)
    }

    /// Writes into a status what the containers have, and how far the resize is.
    pub(crate) fn apply(&self, worker: &PodWorker, status: &mut PodStatus) {
        for at in 0..self.actual.len() {
            let name = &worker.container(at).name;
            let of = |list: &mut EcoVec<ContainerStatus>| {
                if let Some(known) = list.make_mut().iter_mut().find(|known| known.name == *name)
                    && !known.rest.get("resources").is_null()
                {
                    known.rest.set("resources", self.actual[at].encode());
                    let requests = &self.allocated[at].requests;
                    known
                        .rest
                        .set("allocatedResources", if requests.is_empty() { Value::Null } else { requests.encode() });
                }
            };
            of(&mut status.init_container_statuses);
            of(&mut status.container_statuses);
        }
        let own = status.conditions.iter().position(|condition| OWNED.contains(&condition.kind.as_str()));
        let at = own.unwrap_or(status.conditions.len());
        for condition in self.in_progress.iter().chain(&self.pending) {
            status.conditions.insert(at, condition.clone());
        }
    }
}

/// What a pod's containers ask for, init containers first.
fn wanted(pod: &Pod) -> Vec<ResourceRequirements> {
    containers(pod).map(|container| container.resources.clone()).collect()
}

fn containers(pod: &Pod) -> impl Iterator<Item = &Container> {
    pod.spec.init_containers.iter().chain(&pod.spec.containers)
}

/// Whether an update of a pod asks for other resources.
pub(crate) fn asks_anew(new: &Pod, old: &Pod) -> bool {
    containers(new).count() == containers(old).count() && wanted(new) != wanted(old)
}

impl Kubelets {
    /// Does what is due of a pod's resize.
    pub(crate) fn resize(&mut self, slot: u32, worker: &mut PodWorker, api: &mut dyn Api) {
        let Some(mut resizing) = worker.resizing.take() else { return };
        let now = api.now();
        let before = (resizing.pending.clone(), resizing.in_progress.clone(), resizing.actual.clone());
        self.allocate(worker, &mut resizing, api);
        self.actuate(worker, &mut resizing, api);
        if resizing.look_at.is_some_and(|at| at <= now) {
            resizing.look_at = resizing.pending.as_ref().map(|_| now + RETRY);
        }
        if resizing.restarted.iter().any(Option::is_some) {
            // Nobody tells when the container runs again.
            resizing.look_at = Some(now + self.notice_end());
        }
        worker.is_changed |=
            before != (resizing.pending.clone(), resizing.in_progress.clone(), resizing.actual.clone());
        if resizing.is_pending() {
            self.resizes.insert(slot);
        } else {
            self.resizes.remove(&slot);
        }
        if !resizing.is_over(&worker.pod) {
            worker.resizing = Some(resizing);
        }
    }

    /// Sets aside what is wanted, or puts it off.
    fn allocate(&mut self, worker: &PodWorker, resizing: &mut Resizing, api: &mut dyn Api) {
        let (now, generation) = (api.now(), worker.pod.metadata.generation);
        let wanted = wanted(&worker.pod);
        if wanted == resizing.allocated {
            // Taken back before there was room.
            resizing.pending = None;
            return;
        }
        match self.shortage(worker, api) {
            None => {
                resizing.allocated = wanted;
                resizing.pending = None;
                let begun = condition(IN_PROGRESS, api::meta::ConditionStatus::True, "", "", generation);
                resizing.in_progress = Some(since(begun, now));
                resizing.look_at = Some(now + self.notice_end());
                let message = format_str!("Pod resize started: {}", summary(&worker.pod, ""));
                self.record(worker, api, None, EventKind::Normal, "ResizeStarted", message);
            }
            Some((reason, message)) => {
                let was = resizing.pending.take();
                let is_news = was.as_ref().is_none_or(|was| was.observed_generation != generation);
                let status = api::meta::ConditionStatus::True;
                let mut pending = since(condition(PENDING, status, "Deferred", message.clone(), generation), now);
                if let Some(was) = was {
                    pending.last_transition_time = was.last_transition_time;
                }
                resizing.pending = Some(pending);
                resizing.look_at.get_or_insert(now + RETRY);
                if is_news {
                    let text = format_str!("Pod resize {reason}: {}", summary(&worker.pod, &message));
                    self.record(worker, api, None, EventKind::Warning, "ResizeDeferred", text);
                }
            }
        }
    }

    /// Why the node has not enough for a pod as it is wanted; none if it has.
    fn shortage(&self, worker: &PodWorker, api: &dyn Api) -> Option<(Str, Str)> {
        let node = api.get(Kind::Node, &Key::new("", worker.pod.spec.node_name.clone()));
        let Ok(Object::Node(node)) = node else { return None };
        let others = self.workers.iter().flatten().filter(|other| {
            other.pod.spec.node_name == worker.pod.spec.node_name
                && other.pod.metadata.uid != worker.pod.metadata.uid
                && !other.pod.status.is_terminal()
        });
        let mut used = Amounts::new();
        for other in others {
            let held = other.resizing.as_ref().map(|resizing| with_resources(&other.pod, &resizing.allocated));
            pod_resources::add(&mut used, &asked(held.as_ref().unwrap_or(&other.pod)));
        }
        let asked = asked(&worker.pod);
        for (name, reason) in [("cpu", "OutOfcpu"), ("memory", "OutOfmemory")] {
            let number = |amount: Option<&api::quantity::Quantity>| {
                amount.map_or(0, |amount| if name == "cpu" { amount.milli_value() } else { amount.value() })
            };
            let capacity = node.status.allocatable.get(name).and_then(|text| api::quantity::Quantity::parse(text).ok());
            let (wanted, used, capacity) = (number(asked.get(name)), number(used.get(name)), number(capacity.as_ref()));
            if wanted > 0 && wanted > capacity - used {
                let message = format_str!(
                    "Node didn't have enough resource: {name}, requested: {wanted}, used: {used}, capacity: {capacity}"
                );
                return Some((reason.into(), message));
            }
        }
        None
    }

    /// Gives containers what was set aside: at once, or by starting them again where they ask for that.
    fn actuate(&mut self, worker: &mut PodWorker, resizing: &mut Resizing, api: &mut dyn Api) {
        let now = api.now();
        for at in 0..resizing.actual.len() {
            if resizing.actual[at] == resizing.allocated[at] {
                continue;
            }
            let record = &worker.containers[at];
            let (is_running, started_at) = (record.step == Step::Running, record.started_at);
            let has_started_anew = is_running && resizing.restarted[at].is_some_and(|old| started_at != Some(old));
            if has_started_anew || !is_running && resizing.restarted[at].is_none() {
                resizing.actual[at] = resizing.allocated[at].clone();
                resizing.restarted[at] = None;
            } else if !is_running || resizing.restarted[at].is_some() {
                // It is on its way.
            } else if needs_restart(worker.container(at), &resizing.actual[at], &resizing.allocated[at]) {
                resizing.restarted[at] = started_at;
                let message = format_str!("Container {} resize requires restart", worker.container(at).name);
                self.record(worker, api, Some(at), EventKind::Normal, "Killing", message);
                let grace = worker.pod.spec.termination_grace_period_seconds.unwrap_or(30);
                self.end_container(worker, at, grace, now);
            } else if resizing.look_at.is_some_and(|at| at <= now) {
                resizing.actual[at] = resizing.allocated[at].clone();
            }
        }
        let is_done = resizing.in_progress.is_some() && resizing.actual == resizing.allocated;
        if is_done && resizing.look_at.is_none_or(|at| at <= now || resizing.is_pending()) {
            let generation = resizing.in_progress.take().map_or(0, |begun| begun.observed_generation);
            let given = with_resources(&worker.pod, &resizing.allocated);
            let message = format_str!("Pod resize completed: {}", summary_of(&given, generation, ""));
            self.record(worker, api, None, EventKind::Normal, "ResizeCompleted", message);
        }
    }

    /// A pod has left a node: those that wait for room there try again.
    pub(crate) fn retry_resizes(&mut self, node: &str, now: Time) {
        for slot in self.resizes.iter().copied().collect::<Vec<_>>() {
            let Some(mut worker) = self.workers[slot as usize].take() else {
                self.resizes.remove(&slot);
                continue;
            };
            if worker.pod.spec.node_name == node {
                self.set_wake(slot, &mut worker, Some(now));
            }
            self.workers[slot as usize] = Some(worker);
        }
    }
}

fn since(condition: PodCondition, now: Time) -> PodCondition {
    PodCondition { last_transition_time: Some(now.truncate_to_second()), ..condition }
}

fn asked(pod: &Pod) -> Amounts {
    pod_resources::of_pod(&pod.encode(), Bound::Requests)
}

fn with_resources(pod: &Pod, resources: &[ResourceRequirements]) -> Pod {
    let mut pod = pod.clone();
    let spec = Rc::make_mut(&mut pod.spec);
    let mut resources = resources.iter();
    for list in [&mut spec.init_containers, &mut spec.containers] {
        for (container, own) in list.make_mut().iter_mut().zip(&mut resources) {
            container.resources = own.clone();
        }
    }
    pod
}

/// Whether a container says that a change of one of these resources restarts it.
fn needs_restart(container: &Container, old: &ResourceRequirements, new: &ResourceRequirements) -> bool {
    container.rest.get("resizePolicy").as_list().iter().any(|policy| {
        let resource = policy.get("resourceName").text();
        let is_other = old.limits.get(resource) != new.limits.get(resource)
            || old.requests.get(resource) != new.requests.get(resource);
        policy.get("restartPolicy").text() == "RestartContainer" && is_other
    })
}

fn summary(pod: &Pod, error: &str) -> String {
    summary_of(pod, pod.metadata.generation, error)
}

/// What all containers ask for, as the events of a resize have it.
fn summary_of(pod: &Pod, generation: i64, error: &str) -> String {
    let of = |list: &[Container]| -> String {
        let entry = |container: &Container| {
            let amounts = |list: Value| json::write_compact(&list);
            let resources = &container.resources;
            let lists = [("limits", &resources.limits), ("requests", &resources.requests)].into_iter();
            let lists = lists.filter(|(_, list)| !list.is_empty());
            let lists: Vec<String> =
                lists.map(|(name, list)| format!("\"{name}\":{}", amounts(list.encode()))).collect();
            format!("{{\"name\":\"{}\",\"resources\":{{{}}}}}", container.name, lists.join(","))
        };
        list.iter().map(entry).collect::<Vec<_>>().join(",")
    };
    let mut fields = Vec::new();
    for (name, list) in [("initContainers", &pod.spec.init_containers), ("containers", &pod.spec.containers)] {
        if !list.is_empty() {
            fields.push(format!("\"{name}\":[{}]", of(list)));
        }
    }
    fields.push(format!("\"generation\":{generation}"));
    if !error.is_empty() {
        fields.push(format!("\"error\":{}", json::write_compact(&Value::from(error))));
    }
    format!("{{{}}}", fields.join(","))
}
