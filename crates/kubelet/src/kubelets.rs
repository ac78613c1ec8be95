//! The kubelets of all nodes, as one component.
//!
//! Real kubelets are many programs that do not know each other; here they share a table so that a thousand idle nodes cost
//! nothing. A pod's change visits that pod's worker alone.

use ordered::{OrderedMap, OrderedSet};
use std::net::Ipv4Addr;
use std::rc::Rc;

use api::{Key, Kind, Object, Pod, Resource, Str};
use client::{Api, Change, ChangeKind, Component, Recorder, RecorderApi};
use cri::{Caller, Fs, Tree};
use cri::{Packet, Registry, Sessions, Volumes, World};
use sim::{Time, Timing};

use crate::node::{Machine, NodeState, node_object};
use crate::report::Shares;
use crate::resize::{self, Resizing};
use crate::session::SessionTable;
use crate::worker::{PodWorker, Stage, Step};

/// The kubelets of all nodes; see the module.
#[derive(Clone, Debug)]
pub struct Kubelets {
    pub(crate) timing: Rc<Timing>,
    pub(crate) registry: Registry,
    pub(crate) nodes: OrderedMap<Str, NodeState>,
    nodes_by_range: OrderedMap<Ipv4Addr, Str>,
    pub(crate) workers: Vec<Option<Box<PodWorker>>>,
    free: Vec<u32>,
    index: OrderedMap<Key, u32>,
    timers: OrderedSet<(Time, u32)>,
    /// When pods look again at the ConfigMaps and Secrets that are mounted into them.
    refreshes: OrderedSet<(Time, u32)>,
    /// Which pods have which ConfigMaps and Secrets mounted; kinds are not told apart.
    pub(crate) users: OrderedSet<(Key, u32)>,
    /// Pods that wait for a claim, a ConfigMap or a Secret.
    pub(crate) waiting: OrderedSet<u32>,
    /// Pods whose resize waits for room.
    pub(crate) resizes: OrderedSet<u32>,
    cursors: OrderedMap<Kind, u64>,
    pub(crate) recorder: Recorder,
    /// Bytes of volumes: those of PersistentVolumes under `pv/NAME`, those of a pod under `pod/UID/…`.
    pub(crate) volumes: Volumes,
    pub(crate) sessions: Sessions,
    pub(crate) session_table: SessionTable,
    roots: OrderedMap<usize, Tree>,
    /// Leases that somebody has deleted, by node.
    lost_leases: Vec<Str>,
    pub(crate) packets: Vec<Packet>,
    pub(crate) shares: Shares,
    syncs: u64,
    captions_changed: u64,
}

/// What wakes a kubelet. Nodes come before pods, so that a new node's pods find it.
const WATCHED: &[Kind] = &[
    Kind::Node,
    Kind::Pod,
    Kind::PersistentVolume,
    Kind::PersistentVolumeClaim,
    Kind::ConfigMap,
    Kind::Secret,
    Kind::Lease,
];

/// How often a pod's mounted ConfigMaps and Secrets are looked at.
const REFRESH: sim::Span = sim::Span::from_seconds(60);

/// What becomes of a worker after it was looked at.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Fate {
    /// It stays.
    Keep,
    /// Its pod is gone.
    Drop,
}

/// Adds the files below a folder, at most so many in all.
fn collect_files(tree: &Tree, folder: &str, files_max: usize, found: &mut Vec<(String, u64)>) {
    for entry in tree.list(if folder.is_empty() { "/" } else { folder }, Caller::root(Time(0))).unwrap_or_default() {
        if found.len() >= files_max {
            return;
        }
        let path = format!("{folder}/{}", entry.name);
        if entry.metadata.is_directory() {
            collect_files(tree, &path, files_max, found);
        } else {
            found.push((path, entry.metadata.size));
        }
    }
}

impl Kubelets {
    /// Kubelets without nodes; nodes are found as objects of the API server.
    pub fn new(timing: Rc<Timing>, registry: Registry) -> Kubelets {
        Kubelets {
            timing,
            registry,
            nodes: OrderedMap::new(),
            nodes_by_range: OrderedMap::new(),
            workers: Vec::new(),
            free: Vec::new(),
            index: OrderedMap::new(),
            timers: OrderedSet::new(),
            refreshes: OrderedSet::new(),
            users: OrderedSet::new(),
            waiting: OrderedSet::new(),
            resizes: OrderedSet::new(),
            cursors: OrderedMap::new(),
            recorder: Recorder::new("kubelet", "node", RecorderApi::Core),
            volumes: Volumes::default(),
            sessions: Sessions::new(),
            session_table: SessionTable::default(),
            roots: OrderedMap::new(),
            lost_leases: Vec::new(),
            packets: Vec::new(),
            shares: Shares::default(),
            syncs: 0,
            captions_changed: 0,
        }
    }

    /// Registers so many nodes, from node-1 on, each with its lease.
    pub fn register(&mut self, nodes: u32, api: &mut dyn Api) {
        let start = api.now();
        let machine = Machine::default();
        for number in 1..=nodes {
            let node = node_object(number, &machine, start);
            let name = node.metadata.name.clone();
            // A node of this name that is there already stays as it is.
            drop(api.create(node.into()));
            self.hold_lease(&name, api);
        }
    }

    /// Bytes of the files on a PersistentVolume; 0 if nothing was ever written.
    pub fn volume_bytes(&self, volume: &str) -> u64 {
        self.volumes.get(&format!("pv/{volume}")).map_or(0, Tree::used)
    }

    /// The files on a PersistentVolume with their sizes, at most so many, in order of their paths.
    pub fn volume_files(&self, volume: &str, files_max: usize) -> Vec<(String, u64)> {
        let mut found = Vec::new();
        if let Some(tree) = self.volumes.get(&format!("pv/{volume}")) {
            collect_files(tree, "", files_max, &mut found);
        }
        found
    }

    /// The bytes of one file on a PersistentVolume; none if there is no such file.
    pub fn volume_file(&self, volume: &str, path: &str) -> Option<Vec<u8>> {
        let tree = self.volumes.get(&format!("pv/{volume}"))?;
        tree.read(path, Caller::root(Time(0))).ok().map(|bytes| bytes.to_vec())
    }

    /// Bytes on all volumes together: what changes when a file is written, which no object tells.
    pub fn volumes_used(&self) -> u64 {
        self.volumes.iter().map(|(_, tree)| tree.used()).sum()
    }

    /// Whether an image of this pod is being pulled.
    pub fn is_pulling(&self, pod: &Key) -> bool {
        let worker = self.slot(pod).and_then(|slot| self.worker(slot));
        worker.is_some_and(|worker| worker.containers.iter().any(|record| matches!(record.step, Step::Pulling { .. })))
    }

    /// What a pod's program is to its users.
    pub fn caption(&self, pod: &Key) -> Option<cri::Caption> {
        let worker = self.slot(pod).and_then(|slot| self.worker(slot))?;
        worker.sandbox.as_ref().and_then(|sandbox| sandbox.caption())
    }

    /// How often any caption has changed, which no object tells.
    pub fn captions_changed(&self) -> u64 {
        self.captions_changed
    }

    /// The pods that run on nodes whose kubelet is in touch, with their node.
    pub fn running(&self) -> impl Iterator<Item = (Key, &Str)> {
        let running = self.workers.iter().flatten().filter(|worker| worker.runs_anything());
        running.map(|worker| (worker.pod.key(), &worker.pod.spec.node_name)).filter(|(_, node)| self.hears(node))
    }

    /// The machines, by name.
    pub fn machines(&self) -> impl Iterator<Item = &Str> {
        self.nodes.keys()
    }

    /// How often a pod has been looked at: what the scale test counts.
    pub fn syncs(&self) -> u64 {
        self.syncs
    }

    /// When something is due without a change of an object; an instant in the past means at once.
    pub fn next_at(&self) -> Option<Time> {
        let asked = self.session_table.has_pending().then_some(Time(0));
        let timed = [self.timers.first(), self.refreshes.first()].into_iter().flatten().map(|(at, _)| *at);
        asked.or_else(|| timed.min())
    }

    /// Lets go of what is remembered for Events that are gone.
    pub fn forget_events(&mut self, now: Time) {
        self.recorder.forget_old(now);
    }

    /// Packets that pods have sent to others since the last time. The network delivers them with [`Kubelets::deliver`].
    pub fn take_packets(&mut self) -> Vec<Packet> {
        let packets = std::mem::take(&mut self.packets);
        packets.into_iter().map(|packet| self.stop_at_cut(packet)).collect()
    }

    /// A packet arrives at a pod (or at a probe's node). Packets for nobody are answered with `Unreachable`.
    pub fn deliver(&mut self, packet: Packet, now: Time) {
        let Some(slot) = self.slot_of_address(packet.to.ip).filter(|_| self.arrives(&packet)) else {
            if matches!(packet.payload, cri::Payload::Open | cri::Payload::Ping(_)) {
                self.packets.push(packet.reply(cri::Payload::Unreachable));
            }
            return;
        };
        self.with_sandbox(slot, now, |sandbox, _| sandbox.deliver(packet));
    }

    fn slot_of_address(&self, ip: Ipv4Addr) -> Option<u32> {
        let node = self.node_of_address(ip)?;
        node.slot_of(ip).filter(|_| node.has_address(ip))
    }

    /// The node in whose range of pods an address lies.
    pub(crate) fn node_of_address(&self, ip: Ipv4Addr) -> Option<&NodeState> {
        let range = Ipv4Addr::from(u32::from(ip) & 0xffff_ff00);
        self.nodes.get(self.nodes_by_range.get(&range)?)
    }

    /// Changes a pod's sandbox from outside, runs its processes, and looks at the pod again if that has changed something.
    pub(crate) fn with_sandbox<T>(
        &mut self,
        slot: u32,
        now: Time,
        act: impl FnOnce(&mut cri::Sandbox, &mut World<'_>) -> T,
    ) -> Option<T> {
        let mut worker = self.workers.get_mut(slot as usize)?.take()?;
        let answer = worker.sandbox.as_mut().map(|sandbox| {
            let mut world = World { now, volumes: &mut self.volumes, sessions: &mut self.sessions };
            let answer = act(sandbox, &mut world);
            sandbox.run(&mut world);
            self.packets.extend(sandbox.take_packets());
            answer
        });
        let has_ended = worker.has_unseen_end() || worker.has_unseen_hook_end(now);
        let process_at = worker.sandbox.as_ref().and_then(|sandbox| sandbox.next_at(now));
        let wanted = if has_ended { Some(now) } else { [worker.wake, process_at].into_iter().flatten().min() };
        self.set_wake(slot, &mut worker, wanted);
        self.workers[slot as usize] = Some(worker);
        answer
    }

    /// The files of a new container of this image; kept once, shared by all.
    pub(crate) fn root_of(&mut self, image: usize) -> Tree {
        let registry = self.registry;
        self.roots.entry(image).or_insert_with(|| registry.image(image).root()).clone()
    }

    /// The slot of the pod with this name.
    pub(crate) fn slot(&self, key: &Key) -> Option<u32> {
        self.index.get(key).copied()
    }

    /// The worker in this slot.
    pub(crate) fn worker(&self, slot: u32) -> Option<&PodWorker> {
        self.workers.get(slot as usize)?.as_deref()
    }

    pub(crate) fn set_wake(&mut self, slot: u32, worker: &mut PodWorker, at: Option<Time>) {
        if worker.sandbox.as_mut().is_some_and(|sandbox| sandbox.take_caption_changed()) {
            self.captions_changed += 1;
        }
        if let Some(old) = worker.wake {
            self.timers.remove(&(old, slot));
        }
        worker.wake = at;
        if let Some(at) = at {
            self.timers.insert((at, slot));
        }
    }

    fn take_changes(&mut self, api: &dyn Api, until: Time) {
        for &kind in WATCHED {
            let cursor = self.cursors.get(&kind).copied().unwrap_or(0);
            let changes = match api.changes(kind, cursor, until) {
                Ok(changes) => changes.to_vec(),
                Err(_) => self.relist(api, kind),
            };
            let Some(last) = changes.iter().map(|change| change.revision).max() else { continue };
            self.cursors.insert(kind, last.max(cursor));
            for change in changes {
                self.on_change(kind, &change, api.now());
            }
        }
    }

    fn on_change(&mut self, kind: Kind, change: &Change, now: Time) {
        match &change.object {
            Object::Node(node) => self.on_node(node, change.kind),
            Object::Lease(lease) if change.kind == ChangeKind::Deleted => {
                self.lost_leases.push(lease.metadata.name.clone());
            }
            Object::Lease(_) => {}
            Object::Pod(pod) => self.on_pod(pod, change.kind, now),
            Object::PersistentVolume(volume) if change.kind == ChangeKind::Deleted => {
                self.volumes.remove(&crate::mounts::volume_key(&volume.metadata.name));
            }
            Object::ConfigMap(_) | Object::Secret(_) => {
                self.note_source(&change.object.key(), now);
                self.retry_waiting(now);
            }
            _ if kind != Kind::PersistentVolume => self.retry_waiting(now),
            _ => {}
        }
    }

    fn on_node(&mut self, node: &Rc<api::Node>, kind: ChangeKind) {
        let name = &node.metadata.name;
        if kind == ChangeKind::Deleted || self.nodes.contains_key(name) {
            return;
        }
        if let Some(state) = NodeState::from_object(node) {
            self.nodes_by_range.insert(state.range(), name.clone());
            self.nodes.insert(name.clone(), state);
        }
    }

    fn on_pod(&mut self, pod: &Rc<Pod>, kind: ChangeKind, now: Time) {
        let key = pod.key();
        let mut slot = self.index.get(&key).copied();
        let known = slot.and_then(|slot| self.workers[slot as usize].as_ref());
        let is_same = known.is_some_and(|worker| worker.pod.metadata.uid == pod.metadata.uid);
        if known.is_some_and(|worker| !self.hears(&worker.pod.spec.node_name)) {
            if is_same {
                return;
            }
            // Behind the cut it goes on; its name is another pod's now.
            self.index.remove(&key);
            slot = None;
        }
        match (kind, slot) {
            (ChangeKind::Deleted, Some(slot)) if is_same => self.on_gone(slot, now),
            (ChangeKind::Deleted, _) => {}
            (ChangeKind::Added | ChangeKind::Modified, Some(slot)) if is_same => self.on_update(slot, pod, now),
            (ChangeKind::Added | ChangeKind::Modified, Some(slot)) => {
                // Another pod of this name: the old one's deletion was not seen.
                self.on_gone(slot, now);
                self.on_bound(key, pod, now);
            }
            (ChangeKind::Added | ChangeKind::Modified, None) => self.on_bound(key, pod, now),
        }
    }

    pub(crate) fn on_bound(&mut self, key: Key, pod: &Rc<Pod>, now: Time) {
        let node = &pod.spec.node_name;
        if pod.status.is_terminal() || !self.nodes.contains_key(node) || !self.hears(node) {
            return;
        }
        let at = now + sim::Span(self.timing.kubelet_sync_us);
        let slot = self.free.pop().unwrap_or(self.workers.len() as u32);
        if slot as usize == self.workers.len() {
            self.workers.push(None);
        }
        let mut worker = Box::new(PodWorker::new(pod.clone(), at));
        self.set_wake(slot, &mut worker, Some(at));
        self.workers[slot as usize] = Some(worker);
        self.index.insert(key, slot);
    }

    fn on_update(&mut self, slot: u32, pod: &Rc<Pod>, now: Time) {
        let Some(mut worker) = self.workers[slot as usize].take() else { return };
        let begins_to_end = pod.metadata.is_terminating() && !worker.pod.metadata.is_terminating();
        let is_other_spec = !Rc::ptr_eq(&worker.pod.spec, &pod.spec) && worker.pod.spec != pod.spec;
        let is_shorter =
            pod.metadata.deletion_grace_period_seconds != worker.pod.metadata.deletion_grace_period_seconds;
        if is_other_spec && worker.stage != Stage::New && resize::asks_anew(pod, &worker.pod) {
            worker.resizing.get_or_insert_with(|| Box::new(Resizing::from(&worker.pod)));
        }
        worker.pod = pod.clone();
        if is_other_spec {
            worker.take_ephemeral(pod);
        }
        if (begins_to_end || is_other_spec || is_shorter) && worker.stage != Stage::New || begins_to_end {
            self.set_wake(slot, &mut worker, Some(now));
        }
        self.workers[slot as usize] = Some(worker);
    }

    /// The object is gone; what still runs is killed.
    pub(crate) fn on_gone(&mut self, slot: u32, now: Time) {
        let Some(mut worker) = self.workers[slot as usize].take() else { return };
        self.set_wake(slot, &mut worker, None);
        self.forget(slot, &mut worker, now);
    }

    /// Frees a worker's slot, address and volumes.
    fn forget(&mut self, slot: u32, worker: &mut PodWorker, now: Time) {
        if let Some(mut sandbox) = worker.sandbox.take() {
            let mut world = World { now, volumes: &mut self.volumes, sessions: &mut self.sessions };
            for at in 0..worker.containers.len() {
                sandbox.kill_container(at, &mut world);
            }
            self.packets.extend(sandbox.take_packets());
        }
        if let (Some(ip), Some(node)) = (worker.ip, self.nodes.get_mut(&worker.pod.spec.node_name)) {
            node.return_address(ip);
        }
        self.volumes.remove_all(&crate::mounts::pod_prefix(&worker.pod));
        let key = worker.pod.key();
        if self.index.get(&key) == Some(&slot) {
            self.index.remove(&key);
        }
        self.waiting.remove(&slot);
        self.resizes.remove(&slot);
        self.retry_resizes(&worker.pod.spec.node_name, now);
        for key in crate::mounts::sources_of(&worker.pod) {
            self.users.remove(&(key, slot));
        }
        self.session_table.forget(slot);
        self.free.push(slot);
    }

    /// Something that is mounted has changed: its pods see it when they are next looked at for that, once a minute.
    ///
    /// Models: kubernetes v1.36 pkg/kubelet/volumemanager and the pod workers' resync.
    fn note_source(&mut self, key: &Key, now: Time) {
        let users: Vec<u32> = self
            .users
            .range((key.clone(), 0)..)
            .take_while(|(source, _)| source == key)
            .map(|(_, slot)| *slot)
            .collect();
        for slot in users {
            let Some(worker) = self.worker(slot) else { continue };
            let since = now.since(worker.start_at).0;
            let at = worker.start_at + sim::Span((since / REFRESH.0 + 1) * REFRESH.0);
            self.refreshes.insert((at, slot));
        }
    }

    /// Mounts what has changed anew.
    fn refresh(&mut self, api: &dyn Api) {
        let now = api.now();
        while let Some(&(at, slot)) = self.refreshes.first().filter(|(at, _)| *at <= now) {
            self.refreshes.remove(&(at, slot));
            if let Some(worker) = self.workers.get_mut(slot as usize).and_then(Option::take) {
                self.remount_sources(&worker, api);
                self.workers[slot as usize] = Some(worker);
            }
        }
    }

    fn retry_waiting(&mut self, now: Time) {
        for slot in std::mem::take(&mut self.waiting) {
            if let Some(mut worker) = self.workers[slot as usize].take() {
                worker.hurry(now);
                self.set_wake(slot, &mut worker, Some(now));
                self.workers[slot as usize] = Some(worker);
            }
        }
    }

    fn relist(&mut self, api: &dyn Api, kind: Kind) -> Vec<Change> {
        let (now, revision) = (api.now(), api.revision());
        let listed = api.list(kind, None);
        let mut changes = Vec::new();
        if kind == Kind::Pod {
            let alive: OrderedSet<Key> = listed.iter().map(Object::key).collect();
            for worker in self.workers.iter().flatten().filter(|worker| !alive.contains(&worker.pod.key())) {
                let object = worker.object();
                changes.push(Change { kind: ChangeKind::Deleted, object, old: None, revision, at: now });
            }
        }
        changes.extend(listed.into_iter().map(|object| Change {
            kind: ChangeKind::Modified,
            object,
            old: None,
            revision,
            at: now,
        }));
        changes
    }

    fn sync(&mut self, slot: u32, api: &mut dyn Api) {
        let Some(mut worker) = self.workers[slot as usize].take() else { return };
        self.syncs += 1;
        worker.wake = None;
        self.waiting.remove(&slot);
        match self.sync_pod(slot, &mut worker, api) {
            Fate::Keep => self.workers[slot as usize] = Some(worker),
            Fate::Drop => {
                self.set_wake(slot, &mut worker, None);
                self.forget(slot, &mut worker, api.now());
            }
        }
    }
}

impl Component for Kubelets {
    fn watched_kinds(&self) -> &'static [Kind] {
        WATCHED
    }

    fn wake(&mut self, api: &mut dyn Api) -> Option<Time> {
        let now = api.now();
        self.serve_sessions(now);
        self.take_changes(api, now - sim::Span(self.timing.watch_latency_us));
        self.refresh(api);
        for node in std::mem::take(&mut self.lost_leases) {
            if self.nodes.contains_key(&node) && self.hears(&node) {
                self.hold_lease(&node, api);
            }
        }
        while let Some(&(at, slot)) = self.timers.first() {
            if at > now {
                break;
            }
            self.timers.remove(&(at, slot));
            self.sync(slot, api);
        }
        self.next_at()
    }
}
