//! Writing a pod's status, and sharing what many statuses have in common.
//!
//! Models: kubernetes v1.36 pkg/kubelet/status/status_manager.go: the pod is read anew, what others have written is kept, and
//! a status that says nothing new is not written.

use ordered::OrderedMap;
use std::rc::Rc;

use api::codec::Rest;
use api::core::pod_status::{ContainerStatus, IpAddress, PodCondition, PodStatus};
use api::{Kind, Object, Pod, Resource, Str, Value};
use client::Api;
use cri::Reference;
use cri::{Caller, Fs, Tree};
use ecow::EcoVec;
use sim::Time;
use thin::format_str;

use crate::kubelets::Kubelets;
use crate::spawn::Env;
use crate::start::container_id;
use crate::status::{
    ProbeResults, RuntimeContainer, RuntimeState, SandboxState, StartError, StatusInput, generate_pod_status,
    merge_pod_status,
};
use crate::text;
use crate::worker::{PodWorker, Stage, Step};

/// Values that equal replicas hold once. Each list is short: replicas of one template are reported one after the other.
#[derive(Clone, Debug, Default)]
pub(crate) struct Shares {
    conditions: Vec<EcoVec<PodCondition>>,
    host_ips: Vec<EcoVec<IpAddress>>,
    rests: Vec<Rest>,
    mounts: Vec<Rc<[cri::Mount]>>,
    envs: Vec<Rc<Env>>,
    commands: Vec<Str>,
    images: OrderedMap<Str, ImageNames>,
    empty_trees: OrderedMap<u32, Tree>,
}

/// Values that are remembered for sharing, per list.
const REMEMBERED_MAX: usize = 16;

/// What the runtime calls an image.
#[derive(Clone, Debug, Default)]
pub(crate) struct ImageNames {
    /// Such as `docker.io/library/nginx:latest`.
    pub(crate) full: Str,
    /// Such as `docker.io/library/nginx@sha256:…`.
    pub(crate) id: Str,
}

impl Shares {
    /// What the runtime calls an image that a user called `image`.
    pub(crate) fn image_names(&mut self, image: &Str) -> ImageNames {
        if self.images.len() > 1_024 {
            self.images.clear();
        }
        let names = self.images.entry(image.clone()).or_insert_with(|| match Reference::parse(image) {
            Ok(reference) => {
                let full = reference.full_name();
                let id = format_str!("{}@sha256:{}", reference.repository, text::digest(&full));
                ImageNames { full, id }
            }
            Err(_) => ImageNames::default(),
        });
        names.clone()
    }

    /// An empty volume whose root directory has this mode; it costs nothing before something is written.
    pub(crate) fn empty_tree(&mut self, mode: u32) -> Tree {
        let tree = self.empty_trees.entry(mode).or_insert_with(|| {
            let mut tree = Tree::default();
            tree.chmod("/", mode, Caller::root(Time::HEADLESS_START)).expect("root may change its own directory");
            tree
        });
        tree.clone()
    }

    pub(crate) fn mounts(&mut self, mounts: Vec<cri::Mount>) -> Rc<[cri::Mount]> {
        shared(&mut self.mounts, mounts.into())
    }

    /// Variables that many containers have are kept once.
    pub(crate) fn env(&mut self, env: Env) -> Rc<Env> {
        shared(&mut self.envs, Rc::new(env))
    }

    /// How `ps` shows a program.
    pub(crate) fn command(&mut self, argv: &[Str]) -> Str {
        shared(&mut self.commands, argv.join(" ").into())
    }

    fn status(&mut self, mut status: PodStatus) -> PodStatus {
        status.conditions = shared(&mut self.conditions, status.conditions);
        status.host_ips = shared(&mut self.host_ips, status.host_ips);
        for list in [&mut status.container_statuses, &mut status.init_container_statuses] {
            if !list.is_empty() {
                list.make_mut().iter_mut().for_each(|container| self.container(container));
            }
        }
        status
    }

    fn container(&mut self, status: &mut ContainerStatus) {
        status.rest = shared(&mut self.rests, std::mem::take(&mut status.rest));
    }
}

fn shared<T: Clone + PartialEq>(known: &mut Vec<T>, value: T) -> T {
    if let Some(same) = known.iter().find(|known| **known == value) {
        return same.clone();
    }
    if known.len() >= REMEMBERED_MAX {
        known.remove(0);
    }
    known.push(value.clone());
    value
}

impl Kubelets {
    /// Writes the pod's status if it says something new.
    pub(crate) fn report(&mut self, worker: &mut PodWorker, api: &mut dyn Api) {
        worker.is_changed = !self.hears(&worker.pod.spec.node_name);
        if worker.is_changed {
            return;
        }
        let Ok(Object::Pod(current)) = api.get(Kind::Pod, &worker.pod.key()) else { return };
        if current.metadata.uid != worker.pod.metadata.uid {
            return;
        }
        let status = self.status_of(worker, &current, api.now());
        if status == *current.status {
            return;
        }
        let status = Rc::new(self.shares.status(status));
        let updated = Pod { metadata: current.metadata.clone(), spec: current.spec.clone(), status };
        // The pod was read just now: nothing can have come between.
        drop(api.update_status(updated.into()));
    }

    fn status_of(&self, worker: &PodWorker, current: &Pod, now: Time) -> PodStatus {
        let metadata = worker.pod.metadata.clone();
        let known = Pod { metadata, spec: worker.pod.spec.clone(), status: current.status.clone() };
        let ips: Vec<Str> = worker.ip.map(|ip| format_str!("{ip}")).into_iter().collect();
        let mut containers = Vec::new();
        let (mut start_errors, mut probes) = (OrderedMap::new(), OrderedMap::new());
        for (at, record) in worker.containers.iter().enumerate() {
            let name = worker.container(at).name.clone();
            runtime_containers(worker, at, &mut containers);
            if let Some(error) = &record.error {
                start_errors.insert(name.clone(), StartError::clone(error));
            }
            if record.step == Step::Running {
                probes.insert(name, ProbeResults { startup: record.startup, readiness: record.readiness });
            }
        }
        let host_ip = self.node_of(worker).map(|node| node.ip_text.clone()).unwrap_or_default();
        let status = generate_pod_status(&StatusInput {
            pod: &known,
            is_terminal: matches!(worker.stage, Stage::Stopped { .. }),
            sandbox: if worker.sandbox.is_some() { SandboxState::Ready } else { SandboxState::None },
            ips: &ips,
            containers: &containers,
            start_errors: &start_errors,
            probes: &probes,
            host_ip: &host_ip,
        });
        let mut status = merge_pod_status(status, &current.status, now);
        if let Some(resizing) = &worker.resizing {
            resizing.apply(worker, &mut status);
        }
        status.observed_generation = worker.pod.metadata.generation;
        // Resources of whole pods are behind a gate of the API server, which drops the empty field.
        status.rest.set("resources", Value::Null);
        status
    }
}

/// The runs of a container that the runtime remembers: this one and the one before.
fn runtime_containers(worker: &PodWorker, at: usize, list: &mut Vec<RuntimeContainer>) {
    let record = &worker.containers[at];
    let container = worker.container(at);
    let base = RuntimeContainer {
        name: container.name.clone(),
        id: container_id(worker, at),
        image: record.image_names.full.clone(),
        image_id: record.image_names.id.clone(),
        state: RuntimeState::Running,
        started_at: record.started_at.map(Time::truncate_to_second),
        finished_at: None,
        exit_code: 0,
        reason: Str::new(),
        message: Str::new(),
        restart_count: record.restart_count,
    };
    if record.step == Step::Running {
        list.push(base.clone());
    } else if let Some(how) = &record.ended {
        list.push(exited(&base, how));
    }
    if let Some(how) = &record.previous {
        list.push(exited(&base, how));
    }
}

fn exited(base: &RuntimeContainer, how: &api::core::pod_status::ContainerStateTerminated) -> RuntimeContainer {
    RuntimeContainer {
        id: how.container_id.clone(),
        state: RuntimeState::Exited,
        started_at: how.started_at,
        finished_at: how.finished_at,
        exit_code: how.exit_code,
        reason: how.reason.clone(),
        message: how.message.clone(),
        ..base.clone()
    }
}
