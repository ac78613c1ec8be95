//! Faults: what somebody breaks on purpose, so that one can watch the cluster deal with it.
//!
//! Nothing here touches the API but through what kubelets do anyway. A fault that lasts is a fact of the thing that is broken, so
//! the list of faults is read off nodes, containers and volumes.

use api::{Key, Kind, PersistentVolumeClaim};
use client::{Api, EventKind};
use cri::{Tree, World};
use sim::{Fault, ObjectTarget, PodTarget, Span, Time};

use crate::kubelets::Kubelets;
use crate::mounts::volume_key;
use crate::node::{Link, Power};
use crate::status::ProbeResult;
use crate::worker::{PodWorker, Step};

/// The limit of a volume that has room again.
const ROOM: u64 = 64 << 20;

impl Kubelets {
    /// Breaks something, or mends it.
    ///
    /// # Errors
    /// If there is no such thing, or it is as asked for already; in a sentence.
    pub fn inject(&mut self, fault: &Fault, api: &mut dyn Api) -> Result<(), String> {
        match fault {
            Fault::StopNode(node) => self.stop_machine(node, api),
            Fault::StartNode(node) => self.start_machine(node, api),
            Fault::CutNetwork(node) => self.cut_network(node, api),
            Fault::HealNetwork(node) => self.heal_network(node, api),
            Fault::Kill(target, code) => self.kill_first_process(target, *code, api),
            Fault::Hang(target) => self.hang(target, api),
            Fault::Unready(target) => self.set_unready(target, true, api),
            Fault::Ready(target) => self.set_unready(target, false, api),
            Fault::FillVolume(claim) => self.with_volume(claim, api, |tree| tree.set_limit(tree.used())),
            Fault::LoseVolume(claim) => self.with_volume(claim, api, |tree| {
                tree.wipe();
                tree.set_limit(ROOM);
            }),
            Fault::Clear => {
                self.clear_faults(api);
                Ok(())
            }
        }
    }

    /// What is broken now: the thing, and how.
    pub fn faults(&self) -> Vec<(String, &'static str)> {
        let mut list = Vec::new();
        for (name, node) in &self.nodes {
            if node.power == Power::Off {
                list.push((format!("node/{name}"), "stopped"));
            }
            if node.link == Link::Cut {
                list.push((format!("node/{name}"), "network cut"));
            }
        }
        for worker in self.workers.iter().flatten() {
            for (at, record) in worker.containers.iter().enumerate() {
                let metadata = &worker.pod.metadata;
                let target = || format!("pod/{}/{} {}", metadata.namespace, metadata.name, worker.container(at).name);
                if record.is_hung {
                    list.push((target(), "hangs"));
                }
                if record.is_unready {
                    list.push((target(), "unready"));
                }
            }
        }
        let full = self.volumes.iter().filter(|(key, tree)| is_full(key, tree));
        list.extend(full.map(|(key, _)| (format!("volume/{}", key.trim_start_matches("pv/")), "full")));
        list
    }

    fn clear_faults(&mut self, api: &mut dyn Api) {
        let nodes: Vec<api::Str> = self.nodes.keys().cloned().collect();
        for name in &nodes {
            // Those that are well refuse, and that is as it should be.
            let _ = self.heal_network(name, api);
            let _ = self.start_machine(name, api);
        }
        for slot in 0..self.workers.len() as u32 {
            let Some(mut worker) = self.workers[slot as usize].take() else { continue };
            self.mend_containers(slot, &mut worker, api.now());
            self.workers[slot as usize] = Some(worker);
        }
        let full = self.volumes.iter_mut().filter(|(key, tree)| is_full(key, tree));
        full.for_each(|(_, tree)| tree.set_limit(ROOM));
    }

    fn mend_containers(&mut self, slot: u32, worker: &mut PodWorker, now: Time) {
        for at in 0..worker.containers.len() {
            let record = &mut worker.containers[at];
            if !record.is_hung && !record.is_unready {
                continue;
            }
            (record.is_hung, record.is_unready) = (false, false);
            if let Some(sandbox) = worker.sandbox.as_mut() {
                sandbox.set_hung(at, false);
            }
            self.ask_again(worker, at, now);
            self.hurry(slot, worker, now);
        }
    }

    fn kill_first_process(&mut self, target: &PodTarget, code: i32, api: &mut dyn Api) -> Result<(), String> {
        let (slot, at) = self.target(target, api)?;
        let now = api.now();
        self.with_worker(slot, |this, worker| {
            let mut world = World { now, volumes: &mut this.volumes, sessions: &mut this.sessions };
            if let Some(sandbox) = &mut worker.sandbox {
                sandbox.end_container(at, code, &mut world);
                this.packets.extend(sandbox.take_packets());
            }
            this.set_wake(slot, worker, Some(now + Span(this.timing.exit_notice_us)));
        });
        Ok(())
    }

    fn hang(&mut self, target: &PodTarget, api: &mut dyn Api) -> Result<(), String> {
        let (slot, at) = self.target(target, api)?;
        let now = api.now();
        self.with_worker(slot, |this, worker| {
            worker.containers[at].is_hung = true;
            if let Some(sandbox) = &mut worker.sandbox {
                sandbox.set_hung(at, true);
            }
            this.ask_again(worker, at, now);
            this.hurry(slot, worker, now);
        });
        Ok(())
    }

    fn set_unready(&mut self, target: &PodTarget, is_unready: bool, api: &mut dyn Api) -> Result<(), String> {
        let (slot, at) = self.target(target, api)?;
        let now = api.now();
        let worker = self.worker(slot).ok_or("the pod is gone")?;
        let name = &worker.container(at).name;
        if worker.container(at).readiness_probe.is_none() {
            return Err(format!("container {name} has no readiness probe: nothing asks whether it is ready"));
        }
        if worker.containers[at].is_unready == is_unready {
            let word =
                if is_unready { "says already that it is not ready" } else { "does not say that it is not ready" };
            return Err(format!("container {name} {word}"));
        }
        self.with_worker(slot, |this, worker| {
            worker.containers[at].is_unready = is_unready;
            this.ask_again(worker, at, now);
            this.hurry(slot, worker, now);
        });
        Ok(())
    }

    /// The pod is looked at as soon as one of its probes is due.
    fn hurry(&mut self, slot: u32, worker: &mut PodWorker, now: Time) {
        let probe = worker.next_container_look().map(|at| at.max(now + Span(1)));
        let wake = [worker.wake, probe].into_iter().flatten().min();
        self.set_wake(slot, worker, wake);
    }

    fn with_worker(&mut self, slot: u32, act: impl FnOnce(&mut Kubelets, &mut PodWorker)) {
        let Some(mut worker) = self.workers[slot as usize].take() else { return };
        act(self, &mut worker);
        self.workers[slot as usize] = Some(worker);
    }

    /// The running container that is meant.
    fn target(&self, target: &PodTarget, api: &dyn Api) -> Result<(u32, usize), String> {
        let ObjectTarget { namespace, name } = &target.pod;
        let key = Key::new(namespace.as_str(), name.as_str());
        api.get(Kind::Pod, &key).map_err(|status| status.message.to_string())?;
        let slot = self.slot(&key).ok_or_else(|| format!("pod/{name} is not on a node yet"))?;
        let worker = self.worker(slot).ok_or_else(|| format!("pod/{name} is not on a node yet"))?;
        let at = match &target.container {
            Some(container) => worker.position(container),
            None => Some(worker.init_count()).filter(|at| *at < worker.containers.len()),
        };
        let at = at.ok_or_else(|| {
            format!("container {} is not valid for pod {name}", target.container.as_deref().unwrap_or_default())
        })?;
        if worker.containers[at].step != Step::Running || worker.sandbox.is_none() {
            return Err(format!("container {} of pod/{name} does not run", worker.container(at).name));
        }
        Ok((slot, at))
    }

    fn with_volume(&mut self, claim: &ObjectTarget, api: &dyn Api, act: impl FnOnce(&mut Tree)) -> Result<(), String> {
        let ObjectTarget { namespace, name } = claim;
        let key = Key::new(namespace.as_str(), name.as_str());
        let found = api.get_as::<PersistentVolumeClaim>(&key).map_err(|status| status.message.to_string())?;
        if found.spec.volume_name.is_empty() {
            return Err(format!("persistentvolumeclaim/{name} is not bound to a volume yet"));
        }
        let tree = self.volumes.get_mut(&volume_key(&found.spec.volume_name));
        act(tree.ok_or_else(|| format!("no pod has mounted persistentvolumeclaim/{name} yet: its volume is empty"))?);
        Ok(())
    }

    /// Where probes are not run: what the container's state answers to them now.
    pub(crate) fn answer_for(&mut self, worker: &mut PodWorker, at: usize, api: &mut dyn Api) {
        let record = &worker.containers[at];
        let (is_hung, is_unready) = (record.is_hung, record.is_unready);
        let fails_readiness = (is_hung || is_unready) && record.readiness.is_some();
        let result = if fails_readiness { ProbeResult::Failure } else { ProbeResult::Success };
        let record = &mut worker.containers[at];
        record.startup = record.startup.map(|_| ProbeResult::Success);
        record.readiness = record.readiness.map(|_| result);
        worker.is_changed = true;
        let liveness = worker.container(at).liveness_probe.clone().filter(|_| is_hung);
        let word = match (&liveness, fails_readiness) {
            (Some(_), _) => "Liveness",
            (None, true) => "Readiness",
            (None, false) => return,
        };
        let message = thin::format_str!("{word} probe failed: ");
        self.record(worker, api, Some(at), EventKind::Warning, "Unhealthy", message);
        if let Some(probe) = liveness {
            self.kill_failed(worker, at, &probe, "liveness", api);
        }
    }
}

fn is_full(key: &str, tree: &Tree) -> bool {
    key.starts_with("pv/") && tree.limit() < ROOM
}
