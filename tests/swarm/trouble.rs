//! What people and machines do to a cluster.

use std::rc::Rc;

use api::core::node::Taint;
use api::core::pod::PodTemplateSpec;
use api::text::yaml;
use api::{DaemonSet, Deployment, Key, Kind, Node, Object, Pod, Resource, StatefulSet};
use client::{Api, DeleteOptions, Patch, PatchKind, Subresource, WriteOptions};
use cluster::Cluster;
use sim::{Fault, ObjectTarget, PodTarget, Random};

use crate::checks::{Checks, typed};
use crate::ensemble::{CLAIMS, Clients};

const MANIFEST: &str = include_str!("swarm.yaml");
const SETS: [&str; 2] = ["web", "par"];
const REPLICAS_MAX: u64 = 5;
const IMAGES: [&str; 2] = ["registry.k8s.io/nginx-slim:0.24", "registry.k8s.io/nginx-slim:0.21"];
const WORN_OUT: &str = "swarm/worn-out";

/// Somebody with a dice.
pub(crate) struct Trouble {
    random: Random,
    /// Of its own, so that who looks around leaves everything else as it is.
    looks: Random,
    debuggers: u64,
    updates: u64,
    clients: Clients,
}

/// Creates what there is to trouble.
pub(crate) fn lay_out(cluster: &mut Cluster) {
    for document in MANIFEST.split("\n---\n") {
        let body = yaml::read(document).unwrap();
        let group = body.get("apiVersion").text().rsplit_once('/').map_or("", |(group, _)| group).to_owned();
        let kind = Kind::find(&group, body.get("kind").text()).unwrap();
        let namespace = if kind.is_namespaced() { "default" } else { "" };
        cluster.client("swarm").create_value(kind, namespace, body, &WriteOptions::default()).unwrap();
    }
}

type Act = fn(&mut Trouble, &mut Cluster, &mut Checks) -> String;

/// What may be done; what stands here twice is done twice as often.
const ACTS: &[Act] = &[
    Trouble::scale,
    Trouble::scale,
    Trouble::update,
    Trouble::update,
    Trouble::update_ensemble,
    Trouble::scale_deployment,
    Trouble::update_deployment,
    Trouble::update_deployment,
    Trouble::update_daemon_set,
    Trouble::write,
    Trouble::write,
    Trouble::write,
    Trouble::write,
    Trouble::write,
    Trouble::write,
    Trouble::fill_volume,
    Trouble::lose_volume,
    Trouble::clear,
    Trouble::delete_pod,
    Trouble::delete_pod,
    Trouble::force_delete,
    Trouble::evict,
    Trouble::evict,
    Trouble::drain,
    Trouble::cordon,
    Trouble::uncordon,
    Trouble::uncordon,
    Trouble::taint,
    Trouble::stop_node,
    Trouble::start_node,
    Trouble::start_node,
    Trouble::cut,
    Trouble::heal,
    Trouble::heal,
    Trouble::kill,
    Trouble::kill,
    Trouble::hang,
    Trouble::unready,
    Trouble::ready,
    Trouble::out_of_service,
    Trouble::delete_node,
    Trouble::renew_node,
    Trouble::important,
];
/// Between so many things that are done, somebody looks around in a pod.
const ACTS_PER_LOOK: u64 = 6;

impl Trouble {
    pub(crate) fn new(seed: u64) -> Trouble {
        let (random, looks) = (Random::stream(seed, "trouble"), Random::stream(seed, "looks"));
        Trouble { random, looks, debuggers: 0, updates: 0, clients: Clients::default() }
    }

    /// Hears what clients of the ensemble were answered.
    pub(crate) fn listen(&mut self, cluster: &mut Cluster, checks: &mut Checks) {
        self.clients.hear(cluster, &mut checks.znodes);
    }

    /// Does one thing; says what.
    pub(crate) fn act(&mut self, cluster: &mut Cluster, checks: &mut Checks) -> String {
        self.listen(cluster, checks);
        let act = ACTS[self.random.below(ACTS.len() as u64) as usize];
        let said = act(self, cluster, checks);
        if self.looks.below(ACTS_PER_LOOK) != 0 {
            return said;
        }
        format!("{said}; {}", self.debug(cluster))
    }

    /// Takes back all that would keep things from coming to rest.
    pub(crate) fn mend(&self, cluster: &mut Cluster) {
        let _ = cluster.inject(&Fault::Clear);
        for node in typed::<Node>(cluster) {
            change::<Node>(cluster, &node.key(), |node| {
                node.spec.unschedulable = false;
                node.spec.taints.retain(|taint| taint.key.starts_with("node.kubernetes.io/un"));
            });
        }
        for name in cluster_nodes(cluster) {
            if !typed::<Node>(cluster).iter().any(|node| node.metadata.name == name) {
                // Its kubelet registers it when it starts.
                let _ = cluster.inject(&Fault::StopNode(name.clone()));
                let _ = cluster.inject(&Fault::StartNode(name));
            }
        }
        for name in SETS {
            change::<StatefulSet>(cluster, &Key::new("default", name), |set| {
                // So many find room on four nodes, however they are spread.
                let replicas = set.spec.replicas().min(4);
                Rc::make_mut(&mut set.spec).replicas = Some(replicas);
            });
        }
        let important = Key::new("default", "important");
        let _ = cluster.client("swarm").delete(Kind::Pod, &important, &DeleteOptions::default());
    }

    fn pick<T: Clone>(&mut self, list: &[T]) -> Option<T> {
        (!list.is_empty()).then(|| list[self.random.below(list.len() as u64) as usize].clone())
    }

    fn pod(&mut self, cluster: &Cluster) -> Option<Rc<Pod>> {
        let pods = typed::<Pod>(cluster);
        self.pick(&pods)
    }

    fn node(&mut self, cluster: &Cluster) -> String {
        let names = cluster_nodes(cluster);
        self.pick(&names).unwrap_or_default()
    }

    fn set(&mut self) -> Key {
        Key::new("default", SETS[self.random.below(2) as usize])
    }

    fn scale(&mut self, cluster: &mut Cluster, _: &mut Checks) -> String {
        let (key, replicas) = (self.set(), self.random.below(REPLICAS_MAX + 1) as i32);
        change::<StatefulSet>(cluster, &key, |set| Rc::make_mut(&mut set.spec).replicas = Some(replicas));
        format!("scale {key} to {replicas}")
    }

    fn update(&mut self, cluster: &mut Cluster, _: &mut Checks) -> String {
        let (key, image) = (self.set(), IMAGES[self.random.below(2) as usize]);
        let round = self.next_round();
        change::<StatefulSet>(cluster, &key, |set| renew(&mut Rc::make_mut(&mut set.spec).template, round, image));
        format!("update {key} to {image}, round {round}")
    }

    fn update_ensemble(&mut self, cluster: &mut Cluster, _: &mut Checks) -> String {
        let round = self.next_round();
        let key = Key::new("default", "zk");
        change::<StatefulSet>(cluster, &key, |set| renew(&mut Rc::make_mut(&mut set.spec).template, round, ""));
        format!("update {key}, round {round}")
    }

    fn scale_deployment(&mut self, cluster: &mut Cluster, _: &mut Checks) -> String {
        let replicas = self.random.below(REPLICAS_MAX + 1) as i32;
        change::<Deployment>(cluster, &deployment(), |found| Rc::make_mut(&mut found.spec).replicas = Some(replicas));
        format!("scale deployment to {replicas}")
    }

    fn update_deployment(&mut self, cluster: &mut Cluster, _: &mut Checks) -> String {
        let (round, image) = (self.next_round(), IMAGES[self.random.below(2) as usize]);
        change::<Deployment>(cluster, &deployment(), |it| {
            renew(&mut Rc::make_mut(&mut it.spec).template, round, image)
        });
        format!("update deployment to {image}, round {round}")
    }

    fn update_daemon_set(&mut self, cluster: &mut Cluster, _: &mut Checks) -> String {
        let (round, key) = (self.next_round(), Key::new("default", "agent"));
        change::<DaemonSet>(cluster, &key, |set| renew(&mut Rc::make_mut(&mut set.spec).template, round, ""));
        format!("update {key}, round {round}")
    }

    fn next_round(&mut self) -> u64 {
        self.updates += 1;
        self.updates
    }

    pub(crate) fn write(&mut self, cluster: &mut Cluster, _: &mut Checks) -> String {
        let member = self.random.below(CLAIMS.len() as u64);
        self.clients.write(member, cluster)
    }

    fn claim(&mut self) -> ObjectTarget {
        let name = CLAIMS[self.random.below(CLAIMS.len() as u64) as usize].to_owned();
        ObjectTarget { namespace: "default".to_owned(), name }
    }

    fn fill_volume(&mut self, cluster: &mut Cluster, _: &mut Checks) -> String {
        let claim = self.claim();
        self.inject(cluster, Fault::FillVolume(claim))
    }

    /// One disk is lost, and not another one before all is on that one again.
    fn lose_volume(&mut self, cluster: &mut Cluster, checks: &mut Checks) -> String {
        let claim = self.claim();
        if !self.clients.are_quiet() || !checks.znodes.are_everywhere(cluster) {
            return "no disk can be spared".to_owned();
        }
        self.inject(cluster, Fault::LoseVolume(claim))
    }

    fn clear(&mut self, cluster: &mut Cluster, _: &mut Checks) -> String {
        self.inject(cluster, Fault::Clear)
    }

    fn delete_pod(&mut self, cluster: &mut Cluster, _: &mut Checks) -> String {
        let Some(pod) = self.pod(cluster) else { return "no pod to delete".to_owned() };
        let _ = cluster.client("swarm").delete(Kind::Pod, &pod.key(), &DeleteOptions::default());
        format!("delete {}", pod.key())
    }

    fn force_delete(&mut self, cluster: &mut Cluster, _: &mut Checks) -> String {
        let terminating: Vec<Rc<Pod>> =
            typed::<Pod>(cluster).into_iter().filter(|pod| pod.metadata.is_terminating()).collect();
        let Some(pod) = self.pick(&terminating) else { return "no pod to force".to_owned() };
        let options = DeleteOptions { grace_period_seconds: Some(0), ..DeleteOptions::default() };
        let _ = cluster.client("swarm").delete(Kind::Pod, &pod.key(), &options);
        format!("delete {} by force", pod.key())
    }

    fn evict(&mut self, cluster: &mut Cluster, _: &mut Checks) -> String {
        let Some(pod) = self.pod(cluster) else { return "no pod to evict".to_owned() };
        let answer = evict(cluster, &pod);
        format!("evict {}: {answer}", pod.key())
    }

    fn drain(&mut self, cluster: &mut Cluster, _: &mut Checks) -> String {
        let node = self.node(cluster);
        change::<Node>(cluster, &Key::new("", node.as_str()), |node| node.spec.unschedulable = true);
        let there: Vec<Rc<Pod>> =
            typed::<Pod>(cluster).into_iter().filter(|pod| pod.spec.node_name == node.as_str()).collect();
        let answers: Vec<String> = there.iter().map(|pod| format!("{}: {}", pod.key(), evict(cluster, pod))).collect();
        format!("drain {node}: {}", answers.join(", "))
    }

    fn cordon(&mut self, cluster: &mut Cluster, _: &mut Checks) -> String {
        let node = self.node(cluster);
        change::<Node>(cluster, &Key::new("", node.as_str()), |node| node.spec.unschedulable = true);
        format!("cordon {node}")
    }

    fn uncordon(&mut self, cluster: &mut Cluster, _: &mut Checks) -> String {
        let node = self.node(cluster);
        change::<Node>(cluster, &Key::new("", node.as_str()), |node| {
            node.spec.unschedulable = false;
            node.spec.taints.retain(|taint| taint.key != WORN_OUT);
        });
        format!("uncordon {node}")
    }

    fn taint(&mut self, cluster: &mut Cluster, _: &mut Checks) -> String {
        let node = self.node(cluster);
        add_taint(cluster, &node, WORN_OUT);
        format!("taint {node}")
    }

    fn out_of_service(&mut self, cluster: &mut Cluster, _: &mut Checks) -> String {
        let node = self.node(cluster);
        let key = Key::new("", node.as_str());
        let is_lost = cluster.client("swarm").get(Kind::Node, &key).is_ok_and(|object| {
            let ready = object.get::<Node>().and_then(|node| node.status.condition("Ready").cloned());
            ready.is_some_and(|ready| ready.reason == "NodeStatusUnknown")
        });
        // Said of a machine that runs it would let two pods of one name run; nobody may say it then.
        if !is_lost || !cluster.faults().contains(&(format!("node/{node}"), "stopped")) {
            return format!("{node} is not out of service");
        }
        add_taint(cluster, &node, "node.kubernetes.io/out-of-service");
        format!("{node} is out of service")
    }

    fn inject(&mut self, cluster: &mut Cluster, fault: Fault) -> String {
        let outcome = cluster.inject(&fault);
        format!("{fault:?}: {outcome:?}")
    }

    fn stop_node(&mut self, cluster: &mut Cluster, _: &mut Checks) -> String {
        let node = self.node(cluster);
        self.inject(cluster, Fault::StopNode(node))
    }

    fn start_node(&mut self, cluster: &mut Cluster, _: &mut Checks) -> String {
        let stopped: Vec<String> = cluster
            .faults()
            .into_iter()
            .filter(|(_, how)| *how == "stopped")
            .map(|(thing, _)| thing.trim_start_matches("node/").to_owned())
            .collect();
        let Some(node) = self.pick(&stopped) else { return "no node to start".to_owned() };
        change::<Node>(cluster, &Key::new("", node.as_str()), |node| {
            node.spec.taints.retain(|taint| taint.key != "node.kubernetes.io/out-of-service");
        });
        self.inject(cluster, Fault::StartNode(node))
    }

    fn cut(&mut self, cluster: &mut Cluster, _: &mut Checks) -> String {
        let node = self.node(cluster);
        self.inject(cluster, Fault::CutNetwork(node))
    }

    fn heal(&mut self, cluster: &mut Cluster, _: &mut Checks) -> String {
        let node = self.node(cluster);
        self.inject(cluster, Fault::HealNetwork(node))
    }

    fn target(&mut self, cluster: &Cluster) -> Option<PodTarget> {
        let pod = self.pod(cluster)?;
        let (namespace, name) = (pod.metadata.namespace.to_string(), pod.metadata.name.to_string());
        Some(PodTarget { pod: ObjectTarget { namespace, name }, container: None })
    }

    fn kill(&mut self, cluster: &mut Cluster, _: &mut Checks) -> String {
        let code = self.random.below(140) as i32;
        self.target(cluster).map_or_else(String::new, |target| self.inject(cluster, Fault::Kill(target, code)))
    }

    fn hang(&mut self, cluster: &mut Cluster, _: &mut Checks) -> String {
        self.target(cluster).map_or_else(String::new, |target| self.inject(cluster, Fault::Hang(target)))
    }

    fn unready(&mut self, cluster: &mut Cluster, _: &mut Checks) -> String {
        self.target(cluster).map_or_else(String::new, |target| self.inject(cluster, Fault::Unready(target)))
    }

    fn ready(&mut self, cluster: &mut Cluster, _: &mut Checks) -> String {
        self.target(cluster).map_or_else(String::new, |target| self.inject(cluster, Fault::Ready(target)))
    }

    fn delete_node(&mut self, cluster: &mut Cluster, _: &mut Checks) -> String {
        let node = self.node(cluster);
        let _ = cluster.client("swarm").delete(Kind::Node, &Key::new("", node.as_str()), &DeleteOptions::default());
        format!("delete {node}")
    }

    /// A node is deleted and its machine started again, before anybody has collected its pods.
    fn renew_node(&mut self, cluster: &mut Cluster, _: &mut Checks) -> String {
        let node = self.node(cluster);
        let _ = cluster.client("swarm").delete(Kind::Node, &Key::new("", node.as_str()), &DeleteOptions::default());
        let _ = cluster.inject(&Fault::StopNode(node.clone()));
        let _ = cluster.inject(&Fault::StartNode(node.clone()));
        format!("delete and start {node}")
    }

    /// Somebody looks around in a pod, for a while or until it ends.
    fn debug(&mut self, cluster: &mut Cluster) -> String {
        let pods = typed::<Pod>(cluster);
        if pods.is_empty() {
            return String::new();
        }
        let pod = &pods[self.looks.below(pods.len() as u64) as usize];
        let seconds = ["20", "infinity"][self.looks.below(2) as usize];
        let target = ["", &pod.spec.containers[0].name][self.looks.below(2) as usize];
        self.debuggers += 1;
        let round = self.debuggers;
        let body = format!(
            "{{spec: {{ephemeralContainers: [{{name: debug-{round}, image: busybox, command: [sleep, '{seconds}'], \
             targetContainerName: '{target}'}}]}}}}"
        );
        let patch = Patch { kind: PatchKind::Strategic, body: yaml::read(&body).unwrap() };
        let options = WriteOptions { subresource: Subresource::EphemeralContainers, ..WriteOptions::default() };
        let added = cluster.client("swarm").patch(Kind::Pod, &pod.key(), &patch, &options).is_ok();
        format!("debug {} for {seconds} s with target {target:?}: {added}", pod.key())
    }

    /// A pod that may take the place of others.
    fn important(&mut self, cluster: &mut Cluster, _: &mut Checks) -> String {
        let body = yaml::read(
            "{apiVersion: v1, kind: Pod, metadata: {name: important}, spec: {priorityClassName: high, containers: \
             [{name: c, image: nginx, resources: {requests: {cpu: 1500m}}}]}}",
        );
        let written =
            cluster.client("swarm").create_value(Kind::Pod, "default", body.unwrap(), &WriteOptions::default());
        format!("an important pod: {}", written.is_ok())
    }
}

fn evict(cluster: &mut Cluster, pod: &Rc<Pod>) -> &'static str {
    match cluster.client("swarm").evict(&pod.key(), &DeleteOptions::default()) {
        Ok(()) => "yes",
        Err(_) => "no",
    }
}

fn deployment() -> Key {
    Key::new("default", "app")
}

/// A template that makes other pods, with another image if one is named.
fn renew(template: &mut PodTemplateSpec, round: u64, image: &str) {
    template.metadata.annotations.insert("swarm/round", round.to_string());
    if !image.is_empty() {
        Rc::make_mut(&mut template.spec).containers.make_mut()[0].image = image.into();
    }
}

/// The machines, whether or not the API knows them.
fn cluster_nodes(cluster: &Cluster) -> Vec<String> {
    cluster.kubelets().machines().map(|name| name.to_string()).collect()
}

fn add_taint(cluster: &mut Cluster, node: &str, key: &'static str) {
    change::<Node>(cluster, &Key::new("", node), |node| {
        if !node.spec.taints.iter().any(|taint| taint.key == key) {
            node.spec.taints.push(Taint { key: key.into(), effect: "NoExecute".into(), ..Taint::default() });
        }
    });
}

/// Changes an object, if it is there.
pub(crate) fn change<T: Resource>(cluster: &mut Cluster, key: &Key, change: impl FnOnce(&mut T)) {
    let mut client = cluster.client("swarm");
    let Ok(object) = client.get(T::KIND, key) else { return };
    let mut changed: T = (**T::from_object(&object).unwrap()).clone();
    change(&mut changed);
    let object: Object = changed.into();
    let _ = client.update(object);
}
