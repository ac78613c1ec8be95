//! A small world for controllers: the API server, the controllers, the provisioner, and in place of scheduler and kubelets
//! a rule: a pod whose claims are bound is placed at once, runs and is Ready 1.5 s later, and takes 1 s to go.
#![allow(dead_code)]

use ordered::{Arrange, OrderedMap};
use std::rc::Rc;

use api::core::node::NodeStatus;
use api::core::pod_status::{IpAddress, PodCondition, PodPhase};
use api::text::yaml;
use api::{Event, Key, Kind, Node, Object, ObjectMeta, PersistentVolumeClaim, Pod, Resource, Value};
use client::{Api, Component, DeleteOptions, Patch, PatchKind, Propagation, WriteOptions};
use kube_apiserver::ApiServer;
use kube_controller_manager::{ControllerManager, HostPathProvisioner};
use sim::{Span, Time, Timing};

pub(crate) const START: Time = Time::HEADLESS_START;
const READY_AFTER: Span = Span::from_millis(1_500);
const GONE_AFTER: Span = Span::from_seconds(1);

pub(crate) struct World {
    pub(crate) server: ApiServer,
    pub(crate) manager: ControllerManager,
    pub(crate) provisioner: HostPathProvisioner,
    pub(crate) now: Time,
    timing: Rc<Timing>,
    manager_due: Option<Time>,
    provisioner_due: Option<Time>,
    told: u64,
    visible_at: Vec<Time>,
    /// When a pod of this UID becomes Ready, or is gone.
    pods_due: OrderedMap<(Key, bool), Time>,
    /// Pods of these names never become Ready.
    pub(crate) broken: Vec<&'static str>,
    /// Every wake of the manager.
    pub(crate) wakes: u64,
    next_address: u32,
}

pub(crate) fn timing() -> Timing {
    Timing {
        watch_latency_us: 2_000,
        binding_latency_us: 3_000,
        scheduling_us: 0,
        kubelet_sync_us: 10_000,
        image_pull_us: 0,
        image_pull_per_mib_us: 0,
        pulls_reuse_images: true,
        image_pull_failure_us: 0,
        container_start_us: 1_500_000,
        restart_back_off_us: 10_000_000,
        restarts_ask_registry: true,
        exit_notice_us: 500_000,
        probes_are_run: false,
        ready_after_probe_us: 2_000_000,
        health_notice_us: 1_000_000,
        container_stop_us: 1_000_000,
        stops_are_heeded: true,
        pod_stop_before_running_us: 200_000,
        pod_cleanup_us: 10_000,
        provisioning_us: 400_000,
        volume_binding_us: 10_000,
        kubectl_us: 50_000,
        kubectl_object_us: 20_000,
        cluster_age_us: 0,
        network_latency_us: 300,
    }
}

impl World {
    pub(crate) fn new() -> World {
        let timing = Rc::new(timing());
        let mut world = World {
            server: ApiServer::new(1, START),
            manager: ControllerManager::new(timing.clone()),
            provisioner: HostPathProvisioner::new("k8s.io/minikube-hostpath", "minikube_0", timing.clone()),
            now: START,
            timing,
            manager_due: Some(START),
            provisioner_due: Some(START),
            told: 0,
            visible_at: Vec::new(),
            pods_due: OrderedMap::new(),
            broken: Vec::new(),
            wakes: 0,
            next_address: 0,
        };
        for name in ["node-1", "node-2"] {
            let node =
                Node { metadata: ObjectMeta::new("", name), status: Rc::new(NodeStatus::default()), ..Node::default() };
            world.client("kubelet").create(node.into()).expect("a node");
            let metadata = ObjectMeta::new("kube-node-lease", name);
            let lease = api::Lease { metadata, ..api::Lease::default() };
            world.client("kubelet").create(lease.into()).expect("its lease");
            let key = Key::new("kube-node-lease", name);
            world.client("kubelet").set_renewal(&key, Some(Span::from_seconds(10)));
        }
        // Namespaces get their accounts.
        world.run(Span::from_millis(100));
        world
    }

    pub(crate) fn client(&mut self, manager: &str) -> kube_apiserver::ServerClient<'_> {
        let now = self.now;
        self.server.client(manager, now)
    }

    /// Runs for a time, event by event.
    pub(crate) fn run(&mut self, span: Span) {
        let until = self.now + span;
        loop {
            self.tell();
            let wishes = [self.manager_due, self.provisioner_due].into_iter().flatten();
            let next = wishes.chain(self.visible_at.iter().copied()).chain(self.pods_due.values().copied()).min();
            match next {
                Some(at) if at <= until => self.now = self.now.max(at),
                _ => break,
            }
            self.step();
        }
        self.now = until;
    }

    /// Runs whole seconds.
    pub(crate) fn run_seconds(&mut self, seconds: i64) {
        self.run(Span::from_seconds(seconds));
    }

    fn tell(&mut self) {
        if self.server.revision() != self.told {
            self.told = self.server.revision();
            self.visible_at.push(self.now + Span(self.timing.watch_latency_us));
        }
    }

    fn step(&mut self) {
        let now = self.now;
        let is_shown = self.visible_at.iter().any(|at| *at <= now);
        self.visible_at.retain(|at| *at > now);
        if is_shown || self.manager_due.is_some_and(|at| at <= now) {
            self.wakes += 1;
            self.manager_due = self.manager.wake(&mut self.server.client("kube-controller-manager", now));
            assert!(self.manager_due.is_none_or(|at| at > now), "asked at {now} for {:?}", self.manager_due);
        }
        if is_shown || self.provisioner_due.is_some_and(|at| at <= now) {
            self.provisioner_due = self.provisioner.wake(&mut self.server.client("storage-provisioner", now));
            assert!(self.provisioner_due.is_none_or(|at| at > now));
        }
        self.place_pods();
        self.run_pods();
    }

    fn place_pods(&mut self) {
        for pod in self.pods() {
            let key = pod.key();
            if pod.metadata.is_terminating() {
                let at = self.now + GONE_AFTER;
                self.pods_due.entry((key, true)).or_insert(at);
            } else if pod.spec.node_name.is_empty() && self.has_bound_claims(&pod) {
                self.client("kube-scheduler").bind(&key, &pod.metadata.uid, &"node-1".into()).expect("a pod to place");
                let at = self.now + READY_AFTER;
                self.pods_due.insert((key, false), at);
            }
        }
    }

    fn has_bound_claims(&self, pod: &Pod) -> bool {
        pod.spec.volumes.iter().filter_map(|volume| volume.persistent_volume_claim.as_ref()).all(|source| {
            let key = Key::new(pod.metadata.namespace.clone(), source.claim_name.clone());
            let claim = self.server.object(Kind::PersistentVolumeClaim, &key);
            claim.and_then(Object::get::<PersistentVolumeClaim>).is_some_and(|claim| claim.status.phase == "Bound")
        })
    }

    fn run_pods(&mut self) {
        let now = self.now;
        let due: Vec<(Key, bool)> =
            self.pods_due.iter().filter(|(_, at)| **at <= now).map(|(work, _)| work.clone()).collect();
        for (key, is_end) in due {
            self.pods_due.remove(&(key.clone(), is_end));
            if is_end {
                let now_gone = DeleteOptions { grace_period_seconds: Some(0), ..DeleteOptions::default() };
                let _ = self.client("kubelet").delete(Kind::Pod, &key, &now_gone);
            } else if !self.broken.contains(&key.name.as_str()) {
                self.set_pod(&key, PodPhase::Running, true);
            }
        }
    }

    /// Reports a pod's phase and readiness as its kubelet would.
    pub(crate) fn set_pod(&mut self, key: &Key, phase: PodPhase, ready: bool) {
        let Some(Object::Pod(pod)) = self.server.object(Kind::Pod, key).cloned() else { return };
        let mut pod = (*pod).clone();
        let status = Rc::make_mut(&mut pod.status);
        status.phase = Some(phase);
        status.conditions.retain(|condition| condition.kind != "Ready");
        status.conditions.push(PodCondition::new("Ready", ready, self.now));
        if status.pod_ip.is_empty() {
            status.pod_ip = format!("10.244.{}.{}", 1 + self.next_address / 250, 1 + self.next_address % 250).into();
            status.pod_ips = [IpAddress { ip: status.pod_ip.clone(), ..IpAddress::default() }].into();
            self.next_address += 1;
        }
        self.client("kubelet").update_status(pod.into()).expect("a pod's status");
    }

    /// Applies one YAML document per object, as a user's POST.
    pub(crate) fn create(&mut self, text: &str) {
        for document in text.split("\n---\n") {
            let value = yaml::read(document).expect("the test's YAML");
            if value.is_null() {
                continue;
            }
            let group = value.get("apiVersion").text().rsplit_once('/').map_or("", |(group, _)| group);
            let kind = Kind::find(group, value.get("kind").text()).expect("a kind that is served");
            let namespace = if kind.is_namespaced() { "default" } else { "" };
            let options = WriteOptions::default();
            self.client("kubectl-create").create_value(kind, namespace, value, &options).expect("accepted");
        }
    }

    /// Merges a JSON or YAML patch into an object of the default namespace.
    pub(crate) fn patch(&mut self, kind: Kind, name: &str, patch: &str) {
        let body = yaml::read(patch).expect("the test's YAML");
        let patch = Patch { kind: PatchKind::Merge, body };
        let namespace = if kind.is_namespaced() { "default" } else { "" };
        let key = Key::new(namespace, name);
        self.client("kubectl-patch").patch(kind, &key, &patch, &WriteOptions::default()).expect("accepted");
    }

    pub(crate) fn delete(&mut self, kind: Kind, name: &str, propagation: Propagation) {
        let options = DeleteOptions { propagation: Some(propagation), ..DeleteOptions::default() };
        let namespace = if kind.is_namespaced() { "default" } else { "" };
        self.client("kubectl").delete(kind, &Key::new(namespace, name), &options).expect("it is there");
    }

    pub(crate) fn get<T: Resource>(&self, name: &str) -> Rc<T> {
        self.find::<T>(name).unwrap_or_else(|| panic!("no {} {name}", T::KIND.name()))
    }

    pub(crate) fn find<T: Resource>(&self, name: &str) -> Option<Rc<T>> {
        let namespace = if T::KIND.is_namespaced() { "default" } else { "" };
        self.server.object(T::KIND, &Key::new(namespace, name)).and_then(T::from_object).cloned()
    }

    pub(crate) fn list<T: Resource>(&self) -> Vec<Rc<T>> {
        self.server.iter(T::KIND).filter_map(T::from_object).cloned().collect()
    }

    pub(crate) fn pods(&self) -> Vec<Rc<Pod>> {
        self.list::<Pod>()
    }

    pub(crate) fn names(&self, kind: Kind) -> Vec<String> {
        self.server.iter(kind).map(|object| object.metadata().name.to_string()).collect()
    }

    /// `reason message xCOUNT` of the events about an object, in the order of their making.
    pub(crate) fn events_about(&self, name: &str) -> Vec<String> {
        let mut events: Vec<Rc<Event>> =
            self.list::<Event>().into_iter().filter(|event| event.involved_object.name == name).collect();
        events.arrange_by_key(|event| event.metadata.name.clone());
        events.iter().map(|event| format!("{} {} x{}", event.reason, event.message, event.count)).collect()
    }
}

/// A value out of an object as users see it.
pub(crate) fn encoded(object: impl Into<Object>) -> Value {
    object.into().encode()
}
