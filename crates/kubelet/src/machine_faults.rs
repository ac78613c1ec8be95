//! Machines that stop and start, and machines that are cut off: what becomes of their kubelets and pods.
//!
//! A kubelet that is off or cut off hears nothing and says nothing: changes of its pods pass it by, and its lease ends. When it is
//! back it reads its pods anew: those that are gone meanwhile it kills, the others go on (after a reboot: with new containers).
//! A pod that runs on behind a cut may by then have a successor of the same name on another node; its worker is then known to its
//! node alone, not by name.
//!
//! Models: kubernetes v1.36 pkg/kubelet (a restart of the machine as containerd and kubelet see it: exit code 255, reason Unknown).

use ordered::OrderedMap;
use std::rc::Rc;

use api::core::node::NodeCondition;
use api::core::pod_status::ContainerStateTerminated;
use api::meta::ConditionStatus;
use api::{Key, Kind, Node, Object, Pod, Resource, Str};
use client::{Api, EventKind};
use cri::{Packet, Payload, World};
use sim::{Span, Time};
use thin::format_str;

use crate::kubelets::Kubelets;
use crate::node::{self, Link, NodeState, Power};
use crate::start::container_id;
use crate::worker::{PodWorker, Stage, Step};

/// The exit code of a container that the runtime finds dead after a reboot.
const UNKNOWN_EXIT_CODE: i32 = 255;
/// What is said when a condition that was not known becomes known again.
const GOOD_NEWS: [(&str, ConditionStatus, &str); 4] = [
    ("MemoryPressure", ConditionStatus::False, "NodeHasSufficientMemory"),
    ("DiskPressure", ConditionStatus::False, "NodeHasNoDiskPressure"),
    ("PIDPressure", ConditionStatus::False, "NodeHasSufficientPID"),
    ("Ready", ConditionStatus::True, "NodeReady"),
];

impl Kubelets {
    pub(crate) fn stop_machine(&mut self, name: &str, api: &mut dyn Api) -> Result<(), String> {
        let state = self.machine(name)?;
        if state.power == Power::Off {
            return Err(format!("node/{name} is stopped already"));
        }
        state.power = Power::Off;
        for slot in self.slots_of(name) {
            self.lose_power(slot, api.now());
        }
        api.set_renewal(&node::lease_key(name), None);
        Ok(())
    }

    pub(crate) fn start_machine(&mut self, name: &str, api: &mut dyn Api) -> Result<(), String> {
        let state = self.machine(name)?;
        if state.power == Power::On {
            return Err(format!("node/{name} runs already"));
        }
        state.power = Power::On;
        state.boots += 1;
        for slot in self.slots_of(name) {
            self.note_reboot(slot, api.now());
        }
        if self.hears(name) {
            self.come_back(name, Why::Boot, api);
        }
        Ok(())
    }

    pub(crate) fn cut_network(&mut self, name: &str, api: &mut dyn Api) -> Result<(), String> {
        let state = self.machine(name)?;
        if state.link == Link::Cut {
            return Err(format!("the network of node/{name} is cut already"));
        }
        state.link = Link::Cut;
        if state.power == Power::On {
            api.set_renewal(&node::lease_key(name), None);
        }
        Ok(())
    }

    pub(crate) fn heal_network(&mut self, name: &str, api: &mut dyn Api) -> Result<(), String> {
        let state = self.machine(name)?;
        if state.link == Link::Up {
            return Err(format!("the network of node/{name} is not cut"));
        }
        state.link = Link::Up;
        if state.power == Power::On {
            let why = if state.boots > state.boots_reported { Why::Boot } else { Why::Link };
            self.come_back(name, why, api);
        }
        Ok(())
    }

    fn machine(&mut self, name: &str) -> Result<&mut NodeState, String> {
        self.nodes.get_mut(name).ok_or_else(|| format!("nodes \"{name}\" not found"))
    }

    /// Whether a node's kubelet and the API server can reach each other.
    pub(crate) fn hears(&self, node: &str) -> bool {
        self.nodes.get(node).is_none_or(NodeState::is_reachable)
    }

    /// The pods of a node, those included that only the node itself still knows.
    fn slots_of(&self, node: &str) -> Vec<u32> {
        let is_there =
            |worker: &Option<Box<PodWorker>>| worker.as_ref().is_some_and(|worker| worker.pod.spec.node_name == node);
        (0..self.workers.len() as u32).filter(|slot| is_there(&self.workers[*slot as usize])).collect()
    }

    /// The processes of a pod are gone; nobody notes it.
    fn lose_power(&mut self, slot: u32, now: Time) {
        let Some(mut worker) = self.workers[slot as usize].take() else { return };
        self.set_wake(slot, &mut worker, None);
        self.waiting.remove(&slot);
        // Its resize goes on when the machine does: room elsewhere wakes nobody here.
        self.resizes.remove(&slot);
        if let Some(mut sandbox) = worker.sandbox.take() {
            let mut world = World { now, volumes: &mut self.volumes, sessions: &mut self.sessions };
            for at in 0..worker.containers.len() {
                sandbox.kill_container(at, &mut world);
                worker.containers[at].last_log =
                    sandbox.container(at).map(|container| Rc::new(container.log().clone()));
            }
        }
        if let (Some(ip), Some(node)) = (worker.ip.take(), self.nodes.get_mut(&worker.pod.spec.node_name)) {
            node.return_address(ip);
        }
        self.session_table.forget(slot);
        self.workers[slot as usize] = Some(worker);
    }

    /// After a reboot the runtime finds its containers dead.
    fn note_reboot(&mut self, slot: u32, now: Time) {
        let Some(worker) = self.workers[slot as usize].as_deref_mut() else { return };
        if worker.stage == Stage::Active && worker.runs_anything() {
            // A new sandbox begins with its init containers.
            for at in 0..worker.init_count() {
                if worker.container(at).is_sidecar() {
                    continue;
                }
                let record = &mut worker.containers[at];
                record.previous = record.ended.take().or(record.previous.take());
                record.step = Step::Waiting;
            }
        }
        for at in 0..worker.containers.len() {
            let id = container_id(worker, at);
            let record = &mut worker.containers[at];
            match record.step {
                Step::Running => {
                    record.ended = Some(Rc::new(ContainerStateTerminated {
                        exit_code: UNKNOWN_EXIT_CODE,
                        reason: "Unknown".into(),
                        started_at: record.started_at.map(Time::truncate_to_second),
                        finished_at: Some(now.truncate_to_second()),
                        container_id: id,
                        ..ContainerStateTerminated::default()
                    }));
                    record.step = Step::Exited { look_at: now };
                }
                Step::Pulling { .. } | Step::Pulled | Step::Present => record.step = Step::Waiting,
                Step::Waiting | Step::Held { .. } | Step::Exited { .. } => {}
            }
            (record.startup, record.readiness, record.probing, record.kill_at) = (None, None, None, None);
            (record.is_hung, record.stop_wait) = (false, None);
        }
        worker.is_changed = true;
    }

    /// The kubelet reaches the API server again.
    fn come_back(&mut self, name: &str, why: Why, api: &mut dyn Api) {
        self.register_again(name, why, api);
        self.hold_lease(name, api);
        let mut listed: OrderedMap<Key, Rc<Pod>> = OrderedMap::new();
        for pod in api.list_as::<Pod>(None).into_iter().filter(|pod| pod.spec.node_name == name) {
            listed.insert(pod.key(), pod);
        }
        for slot in self.slots_of(name) {
            let Some(worker) = self.workers[slot as usize].as_deref() else { continue };
            let (key, uid) = (worker.pod.key(), worker.pod.metadata.uid.clone());
            // Another pod of its name may be listed: it is a new one, and begins below.
            match listed.get(&key).filter(|pod| pod.metadata.uid == uid).cloned() {
                Some(pod) => {
                    listed.remove(&key);
                    self.go_on(slot, pod, why, api);
                }
                None => self.on_gone(slot, api.now()),
            }
        }
        for (key, pod) in listed {
            if self.slot(&key).is_none() {
                self.on_bound(key, &pod, api.now());
            }
        }
    }

    fn go_on(&mut self, slot: u32, pod: Rc<Pod>, why: Why, api: &mut dyn Api) {
        let Some(mut worker) = self.workers[slot as usize].take() else { return };
        worker.pod = pod;
        worker.is_changed = true;
        let goes_on = worker.stage == Stage::Active && worker.has_run();
        let is_ending = worker.pod.metadata.is_terminating() || worker.pod.status.is_terminal();
        if why == Why::Boot && goes_on && !is_ending {
            let message = "Pod sandbox changed, it will be killed and re-created.";
            self.record(&worker, api, None, EventKind::Normal, "SandboxChanged", message);
        }
        self.set_wake(slot, &mut worker, Some(api.now() + Span(1)));
        self.workers[slot as usize] = Some(worker);
    }

    /// Has the lease that a node's kubelet holds renewed from now on; makes it if it is not there.
    pub(crate) fn hold_lease(&mut self, name: &str, api: &mut dyn Api) {
        let key = node::lease_key(name);
        if api.get(Kind::Lease, &key).is_err() {
            // Somebody else may just have made it.
            drop(api.create(node::lease_object(name, api.now()).into()));
        }
        api.set_renewal(&key, Some(node::LEASE_RENEWAL));
    }

    /// Says that the node is well; a node that somebody has deleted is made anew, but only by a kubelet that starts.
    fn register_again(&mut self, name: &str, why: Why, api: &mut dyn Api) {
        let Some(state) = self.nodes.get_mut(name) else { return };
        state.boots_reported = state.boots;
        let (boots, object) = (state.boots, state.object.clone());
        let now = api.now();
        let found = api.get_as::<Node>(&Key::new("", name));
        if why == Why::Boot {
            let about = Object::from(found.clone().unwrap_or_else(|_| object.clone()));
            self.say_of_node(&about, api, EventKind::Normal, "Starting", "Starting kubelet.".into());
        }
        let Ok(current) = found else {
            if why == Why::Boot {
                let fresh = with_boot(&node::as_registered(&object, now), boots);
                drop(api.create(fresh.into()));
            }
            return;
        };
        let mut changed = Node::clone(&current);
        let conditions = node::healthy_conditions(now).iter().map(|fresh| merged(&current, fresh)).collect();
        Rc::make_mut(&mut changed.status).conditions = conditions;
        let changed = with_boot(&changed, boots);
        let about = Object::from(changed.clone());
        if api.update_status(changed.clone().into()).is_err() {
            return;
        }
        for (kind, status, reason) in GOOD_NEWS {
            let was = current.status.condition(kind).map(|condition| condition.status);
            if was.is_some_and(|was| was != status) {
                let message = format_str!("Node {name} status is now: {reason}");
                self.say_of_node(&about, api, EventKind::Normal, reason, message);
            }
        }
        if why == Why::Boot {
            let id = &changed.status.node_info.boot_id;
            let message = format_str!("Node {name} has been rebooted, boot id: {id}");
            self.say_of_node(&about, api, EventKind::Warning, "Rebooted", message);
        }
    }

    fn say_of_node(&mut self, node: &Object, api: &mut dyn Api, kind: EventKind, reason: &'static str, message: Str) {
        self.recorder.set_host(node.metadata().name.clone());
        self.recorder.event(api, node, kind, reason, message);
    }

    /// Packets that do not leave their machine because its cable is pulled are answered: there is no way.
    pub(crate) fn stop_at_cut(&self, packet: Packet) -> Packet {
        let is_cut = self.node_of_address(packet.from.ip).is_some_and(|node| node.link == Link::Cut);
        let stays = self.node_of_address(packet.from.ip).is_some_and(|node| node.has_address(packet.to.ip));
        if is_cut && !stays && packet.payload != Payload::Unreachable {
            return packet.reply(Payload::Unreachable);
        }
        packet
    }

    /// Whether a packet reaches the machine of the pod that it is for.
    pub(crate) fn arrives(&self, packet: &Packet) -> bool {
        self.node_of_address(packet.to.ip).is_none_or(|node| {
            let comes_from_there = node.has_address(packet.from.ip) || packet.payload == Payload::Unreachable;
            node.power == Power::On && (node.link == Link::Up || comes_from_there)
        })
    }
}

/// Why a kubelet is back.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Why {
    /// Its machine was started.
    Boot,
    /// It ran all the time, behind a cut.
    Link,
}

/// A condition as the kubelet posts it: the instant of its change stays where nothing changed.
fn merged(current: &Node, fresh: &NodeCondition) -> NodeCondition {
    let known = current.status.condition(&fresh.kind).filter(|known| known.status == fresh.status);
    let last_transition_time = known.map_or(fresh.last_transition_time, |known| known.last_transition_time);
    NodeCondition { last_transition_time, ..fresh.clone() }
}

/// Every boot of a machine has an identity of its own.
fn with_boot(node: &Node, boots: u32) -> Node {
    let mut node = node.clone();
    let status = Rc::make_mut(&mut node.status);
    let info = Rc::make_mut(&mut status.node_info);
    let mut parts: Vec<&str> = info.boot_id.split('-').collect();
    let boot = format!("{boots:04x}");
    if let Some(part) = parts.get_mut(3) {
        *part = &boot;
    }
    info.boot_id = parts.join("-").into();
    node
}
