//! The rows of the picture, and which of them changed.
//!
//! Rows are made anew only for objects that changed since the last look; what depends on other objects (a node's requests, a
//! claim's bytes) is looked at when those change.

use ordered::{Arrange, OrderedMap, OrderedSet};

use api::core::pod_status::{ContainerStatus, PodPhase};
use api::int_or_string::IntOrString;
use api::quantity::Quantity;
use api::table::Table;
use api::{
    Event, Key, Kind, Node, Object, PersistentVolume, PersistentVolumeClaim, Pod, PodDisruptionBudget, ReplicaSet,
    ResourceList, Service,
};
use cluster::Cluster;
use sim::Time;
use view::{
    BudgetRow, Caption, Change, ClaimPhase, ClaimRow, ClaimUse, Endpoint, EventRow, FileUse, NodeRow, Owner, Picture,
    PodRow, PodState, RingMember, Row, ServiceRow, Uid, Verdict, VolumeRow, Why, WorkloadRow,
};

use crate::settled::WORKLOADS;
use crate::why;

/// Events that are shown at most.
const EVENTS_MAX: usize = 200;
/// Nodes of which a waiting pod's row says why it does not go there.
const VERDICTS_MAX: usize = 12;
/// Files of a volume that are shown.
const FILES_MAX: usize = 6;

/// The rows that the page has been sent.
#[derive(Clone, Debug, Default)]
pub(crate) struct Sent {
    revision: u64,
    /// Bytes on all volumes.
    used: u64,
    captions: u64,
    refusals: u64,
    nodes: OrderedMap<Uid, NodeRow>,
    pods: OrderedMap<Uid, PodRow>,
    claims: OrderedMap<Uid, ClaimRow>,
    volumes: OrderedMap<Uid, VolumeRow>,
    workloads: OrderedMap<Uid, WorkloadRow>,
    budgets: OrderedMap<Uid, BudgetRow>,
    services: OrderedMap<Uid, ServiceRow>,
    events: OrderedMap<Uid, EventRow>,
}

impl Sent {
    /// What changed since the last call.
    pub(crate) fn changes(&mut self, cluster: &Cluster) -> Picture {
        let revision = cluster.server().revision();
        let written = changed(&mut self.used, cluster.kubelets().volumes_used());
        let captioned = changed(&mut self.captions, cluster.kubelets().captions_changed());
        let refused = changed(&mut self.refusals, cluster.server().refusals().count());
        if self.revision == revision && !(written || captioned || refused) {
            return Picture::default();
        }
        let since = self.revision;
        let looked_at = |kinds: &[Kind]| kinds.iter().any(|kind| cluster.server().last_change(*kind) > since);
        let mut picture = Picture::default();
        if looked_at(&[Kind::Node, Kind::Pod]) {
            picture.nodes = difference(&mut self.nodes, nodes(cluster));
        }
        // That an image is being pulled is told by an Event alone.
        if captioned || looked_at(&[Kind::Pod, Kind::Event]) {
            picture.pods = difference(&mut self.pods, pods(cluster));
        }
        if written || looked_at(&[Kind::PersistentVolumeClaim, Kind::Pod]) {
            picture.claims = difference(&mut self.claims, claims(cluster));
        }
        if looked_at(&[Kind::PersistentVolume]) {
            picture.volumes = difference(&mut self.volumes, volumes(cluster));
        }
        if looked_at(&WORKLOADS) || looked_at(&[Kind::Pod]) {
            picture.workloads = difference(&mut self.workloads, workloads(cluster));
        }
        if refused || looked_at(&[Kind::PodDisruptionBudget, Kind::Pod]) {
            picture.budgets = difference(&mut self.budgets, budgets(cluster));
        }
        if looked_at(&[Kind::Service, Kind::EndpointSlice]) {
            picture.services = difference(&mut self.services, services(cluster));
        }
        if looked_at(&[Kind::Event]) {
            picture.events = difference(&mut self.events, events(cluster));
        }
        self.revision = revision;
        picture
    }
}

/// Takes over a count that no object tells. Whether it is another.
fn changed(known: &mut u64, count: u64) -> bool {
    std::mem::replace(known, count) != count
}

fn difference<R: Row>(sent: &mut OrderedMap<Uid, R>, rows: Vec<R>) -> Change<R> {
    let mut change = Change::default();
    let mut present = OrderedSet::new();
    for row in rows {
        present.insert(row.uid());
        if sent.get(&row.uid()) != Some(&row) {
            sent.insert(row.uid(), row.clone());
            change.changed.push(row);
        }
    }
    change.removed = sent.keys().filter(|uid| !present.contains(uid)).copied().collect();
    sent.retain(|uid, _| present.contains(uid));
    change
}

/// All objects of a kind, typed.
fn all<T: api::Resource>(cluster: &Cluster) -> impl Iterator<Item = &T> {
    cluster.server().iter(T::KIND).filter_map(|object| T::from_object(object)).map(|object| &**object)
}

fn uid(text: &str) -> Uid {
    Uid::parse(text).unwrap_or_default()
}

/// The text of a cell of the table that `kubectl get` shows.
fn cell(table: &Table, column: &str) -> String {
    let at = table.columns.iter().position(|known| known.name == column);
    at.and_then(|at| table.rows.first()?.cells.get(at)?.as_str().map(str::to_owned)).unwrap_or_default()
}

fn table(cluster: &Cluster, object: Object) -> Table {
    cluster.server().table(object.kind(), &[object], cluster.now())
}

fn amount(list: &ResourceList, name: &str) -> Quantity {
    list.get(name).and_then(|text| Quantity::parse(text).ok()).unwrap_or_default()
}

fn nodes(cluster: &Cluster) -> Vec<NodeRow> {
    let mut requested: OrderedMap<&str, (u64, u64)> = OrderedMap::new();
    for pod in all::<Pod>(cluster).filter(|pod| !pod.spec.node_name.is_empty() && !pod.status.is_terminal()) {
        let sums = requested.entry(pod.spec.node_name.as_str()).or_default();
        for container in &pod.spec.containers {
            let requests = &container.resources.requests;
            sums.0 += amount(requests, "cpu").milli_value().max(0) as u64;
            sums.1 += amount(requests, "memory").value().max(0) as u64;
        }
    }
    all::<Node>(cluster).map(|node| node_row(cluster, node, requested.get(node.metadata.name.as_str()))).collect()
}

fn node_row(cluster: &Cluster, node: &Node, requested: Option<&(u64, u64)>) -> NodeRow {
    let allocatable = &node.status.allocatable;
    let (cpu_requested_milli, memory_requested_bytes) = requested.copied().unwrap_or_default();
    let taint = |taint: &api::core::node::Taint| match taint.value.as_str() {
        "" => format!("{}:{}", taint.key, taint.effect),
        value => format!("{}={value}:{}", taint.key, taint.effect),
    };
    NodeRow {
        uid: uid(&node.metadata.uid),
        name: node.metadata.name.to_string(),
        status: cell(&table(cluster, node.clone().into()), "Status"),
        ready: node.status.condition("Ready").is_some_and(|ready| ready.status == api::meta::ConditionStatus::True),
        schedulable: !node.spec.unschedulable,
        cpu_milli: amount(allocatable, "cpu").milli_value().max(0) as u64,
        memory_bytes: amount(allocatable, "memory").value().max(0) as u64,
        cpu_requested_milli,
        memory_requested_bytes,
        pods_max: u32::try_from(amount(allocatable, "pods").value()).unwrap_or(0),
        taints: node.spec.taints.iter().map(taint).collect(),
    }
}

fn pods(cluster: &Cluster) -> Vec<PodRow> {
    let pods = all::<Pod>(cluster);
    pods.map(|pod| pod_row(cluster, pod)).collect()
}

fn pod_row(cluster: &Cluster, pod: &Pod) -> PodRow {
    let cells = kube_apiserver::pod_cells(pod, cluster.now());
    let text = |at: usize| cells.get(at).and_then(|cell| cell.as_str()).unwrap_or("").to_owned();
    let ready_text = text(1);
    let (ready, containers) = ready_text.split_once('/').unwrap_or(("0", "0"));
    let owner = pod.metadata.controller();
    let is_of_set = owner.is_some_and(|owner| owner.kind == "StatefulSet");
    let ordinal = pod.metadata.name.rsplit('-').next().and_then(|number| number.parse().ok()).filter(|_| is_of_set);
    let labels = &pod.metadata.labels;
    let revision = labels.get("controller-revision-hash").or_else(|| labels.get("pod-template-hash")).unwrap_or("");
    PodRow {
        uid: uid(&pod.metadata.uid),
        namespace: pod.metadata.namespace.to_string(),
        name: pod.metadata.name.to_string(),
        node: pod.spec.node_name.to_string(),
        status: text(2),
        state: pod_state(cluster, pod, &text(2)),
        ready: ready.parse().unwrap_or(0),
        containers: containers.parse().unwrap_or(0),
        restarts: text(3).split(' ').next().and_then(|count| count.parse().ok()).unwrap_or(0),
        ordinal,
        workload: owner.map(|owner| Owner { kind: owner.kind.to_string(), name: owner.name.to_string() }),
        revision: revision.to_owned(),
        claims: claim_uses(pod),
        ip: pod.status.pod_ip.to_string(),
        images: images(pod),
        created_us: pod.metadata.creation_timestamp.map_or(0, |at| at.0),
        deletion_us: pod.metadata.deletion_timestamp.map(|at| at.0),
        why: why::of_pod(pod),
        caption: caption(cluster, pod),
        verdicts: verdicts(cluster, pod),
    }
}

/// The images of a pod's containers; those of debug containers are marked as kubectl marks these.
fn images(pod: &Pod) -> Vec<String> {
    let own = pod.spec.containers.iter().map(|container| container.image.to_string());
    let debug = pod.spec.rest.get("ephemeralContainers").as_list().iter();
    own.chain(debug.map(|container| format!("{} (ephem)", container.get("image").text()))).collect()
}

fn pod_state(cluster: &Cluster, pod: &Pod, status: &str) -> PodState {
    let statuses = || pod.status.container_statuses.iter().chain(pod.status.init_container_statuses.iter());
    let waits_after_failure = |status: &ContainerStatus| {
        let waiting = status.state.waiting.as_ref().map_or("", |waiting| waiting.reason.as_str());
        waiting.contains("BackOff")
            || waiting.starts_with("Err")
            || waiting.ends_with("Error")
            || waiting == "InvalidImageName"
    };
    let failed = |status: &ContainerStatus| status.state.terminated.as_ref().is_some_and(|ended| ended.exit_code != 0);
    match pod.status.phase {
        _ if pod.metadata.is_terminating() && !pod.status.is_terminal() => PodState::Terminating,
        _ if status == "Unknown" => PodState::Unknown,
        Some(PodPhase::Succeeded) => PodState::Succeeded,
        Some(PodPhase::Failed) => PodState::Failing,
        _ if statuses().any(|status| waits_after_failure(status) || failed(status)) => PodState::Failing,
        _ if pod.spec.node_name.is_empty() => PodState::Pending,
        Some(PodPhase::Running) if pod.status.is_true("Ready") => PodState::Ready,
        Some(PodPhase::Running) => PodState::Running,
        Some(PodPhase::Pending | PodPhase::Unknown) | None if cluster.kubelets().is_pulling(&pod.metadata.key()) => {
            PodState::Pulling
        }
        Some(PodPhase::Pending | PodPhase::Unknown) | None => PodState::Creating,
    }
}

fn caption(cluster: &Cluster, pod: &Pod) -> Option<Caption> {
    let caption = cluster.kubelets().caption(&pod.metadata.key())?;
    let member = |member: cri::RingMember| RingMember {
        ip: member.ip.to_string(),
        text: member.text.to_string(),
        is_up: member.is_up,
        tokens: member.tokens,
    };
    let ring = caption.ring.into_iter().map(member).collect();
    Some(Caption { text: caption.text.to_string(), serves: caption.serves, ring })
}

fn verdicts(cluster: &Cluster, pod: &Pod) -> Vec<Verdict> {
    if !pod.spec.node_name.is_empty() {
        return Vec::new();
    }
    let diagnosis = cluster.scheduler().diagnosis(&pod.metadata.key());
    let by_node = diagnosis.iter().flat_map(|diagnosis| diagnosis.by_node.iter());
    let verdict = by_node.map(|(node, verdict)| Verdict { node: node.to_string(), reason: verdict.reasons.join(", ") });
    verdict.take(VERDICTS_MAX).collect()
}

fn claim_uses(pod: &Pod) -> Vec<ClaimUse> {
    let mounted_at = |volume: &str| {
        let mounts = pod.spec.containers.iter().flat_map(|container| container.volume_mounts.iter());
        mounts
            .into_iter()
            .find(|mount| mount.name == volume)
            .map(|mount| mount.mount_path.to_string())
            .unwrap_or_default()
    };
    let claims = pod.spec.volumes.iter().filter_map(|volume| Some((volume, volume.persistent_volume_claim.as_ref()?)));
    claims
        .map(|(volume, source)| ClaimUse { name: source.claim_name.to_string(), mount_path: mounted_at(&volume.name) })
        .collect()
}

fn claims(cluster: &Cluster) -> Vec<ClaimRow> {
    all::<PersistentVolumeClaim>(cluster).map(|claim| claim_row(cluster, claim)).collect()
}

fn claim_row(cluster: &Cluster, claim: &PersistentVolumeClaim) -> ClaimRow {
    let table = table(cluster, claim.clone().into());
    let given = claim.status.capacity.get("storage");
    let asked = claim.spec.resources.requests.get("storage");
    ClaimRow {
        uid: uid(&claim.metadata.uid),
        namespace: claim.metadata.namespace.to_string(),
        name: claim.metadata.name.to_string(),
        phase: phase(&cell(&table, "Status")),
        volume: claim.spec.volume_name.to_string(),
        capacity: given.or(asked).unwrap_or("").to_owned(),
        class: cell(&table, "StorageClass"),
        access_modes: cell(&table, "Access Modes"),
        used_bytes: cluster.kubelets().volume_bytes(&claim.spec.volume_name),
        why: match claim.metadata.is_terminating() {
            true => why::kept(&claim.metadata),
            false if claim.spec.volume_name.is_empty() => {
                why::decided(cluster, Kind::PersistentVolumeClaim, &claim.metadata.key())
            }
            false => Why::default(),
        },
        files: files(cluster, &claim.spec.volume_name),
    }
}

fn files(cluster: &Cluster, volume: &str) -> Vec<FileUse> {
    let files = cluster.kubelets().volume_files(volume, FILES_MAX);
    files.into_iter().map(|(path, bytes)| FileUse { path, bytes }).collect()
}

fn phase(text: &str) -> ClaimPhase {
    match text {
        "Available" => ClaimPhase::Available,
        "Bound" => ClaimPhase::Bound,
        "Lost" => ClaimPhase::Lost,
        "Released" => ClaimPhase::Released,
        "Failed" => ClaimPhase::Failed,
        "Terminating" => ClaimPhase::Terminating,
        _ => ClaimPhase::Pending,
    }
}

fn volumes(cluster: &Cluster) -> Vec<VolumeRow> {
    let row = |volume: &PersistentVolume| {
        let table = table(cluster, volume.clone().into());
        VolumeRow {
            uid: uid(&volume.metadata.uid),
            name: volume.metadata.name.to_string(),
            phase: phase(&cell(&table, "Status")),
            capacity: cell(&table, "Capacity"),
            class: cell(&table, "StorageClass"),
            claim: cell(&table, "Claim"),
            reclaim_policy: cell(&table, "Reclaim Policy"),
        }
    };
    all::<PersistentVolume>(cluster).map(row).collect()
}

fn workloads(cluster: &Cluster) -> Vec<WorkloadRow> {
    WORKLOADS
        .into_iter()
        .flat_map(|kind| cluster.server().iter(kind))
        .filter_map(|object| workload(cluster, object))
        .collect()
}

/// A workload's row. The revisions of a Deployment are the numbers of its history, those of a ReplicaSet hashes of templates.
fn workload(cluster: &Cluster, object: &Object) -> Option<WorkloadRow> {
    let (counts, revisions) = match object {
        Object::StatefulSet(set) => {
            let status = &set.status;
            let counts = [set.spec.replicas(), status.ready_replicas, status.updated_replicas];
            (counts, [status.current_revision.to_string(), status.update_revision.to_string()])
        }
        Object::Deployment(deployment) => {
            let status = &deployment.status;
            let counts = [deployment.spec.replicas(), status.ready_replicas, status.updated_replicas];
            let number = deployment.metadata.annotations.get("deployment.kubernetes.io/revision").unwrap_or("");
            (counts, [number.to_owned(), number.to_owned()])
        }
        // A Deployment keeps the sets of old templates without pods.
        Object::ReplicaSet(set) if set.spec.replicas() == 0 && set.status.replicas == 0 => return None,
        Object::ReplicaSet(set) => {
            let counts = [set.spec.replicas(), set.status.ready_replicas, set.status.replicas];
            (counts, revisions_of(cluster, set))
        }
        Object::ReplicationController(set) => {
            let counts = [set.spec.replicas(), set.status.ready_replicas, set.status.replicas];
            (counts, [String::new(), String::new()])
        }
        Object::DaemonSet(set) => {
            let status = &set.status;
            let counts = [status.desired_number_scheduled, status.number_ready, status.updated_number_scheduled];
            (counts, [String::new(), String::new()])
        }
        Object::Job(job) => {
            let wanted = job.spec.completions.unwrap_or_else(|| job.spec.parallelism());
            ([wanted, job.status.succeeded, job.status.active], [String::new(), String::new()])
        }
        _ => return None,
    };
    let [replicas, ready, updated] = counts.map(|number| u32::try_from(number).unwrap_or(0));
    let [current_revision, update_revision] = revisions;
    let metadata = object.metadata();
    Some(WorkloadRow {
        uid: uid(&metadata.uid),
        kind: object.kind().name().to_owned(),
        namespace: metadata.namespace.to_string(),
        name: metadata.name.to_string(),
        replicas,
        ready,
        updated,
        current_revision,
        update_revision,
        why: why::decided(cluster, object.kind(), &metadata.key()),
    })
}

/// The template that the pods of a ReplicaSet's Deployment had, and the one that they are getting; without a Deployment, or
/// while it is at rest, its own twice.
fn revisions_of(cluster: &Cluster, set: &ReplicaSet) -> [String; 2] {
    let hash = |set: &ReplicaSet| set.metadata.labels.get("pod-template-hash").unwrap_or("").to_owned();
    let Some(owner) = set.metadata.controller() else { return [hash(set), hash(set)] };
    let is_sibling = |other: &&ReplicaSet| other.metadata.controller().is_some_and(|its| its.uid == owner.uid);
    let has_pods = |set: &&ReplicaSet| set.spec.replicas() > 0 || set.status.replicas > 0;
    let number = |set: &ReplicaSet| {
        let text = set.metadata.annotations.get("deployment.kubernetes.io/revision").unwrap_or("");
        text.parse::<u64>().unwrap_or(0)
    };
    let mut siblings: Vec<&ReplicaSet> = all::<ReplicaSet>(cluster).filter(is_sibling).filter(has_pods).collect();
    siblings.arrange_by_key(|set| number(set));
    let [old, new] =
        [siblings.first(), siblings.last()].map(|sibling| sibling.map_or_else(|| hash(set), |set| hash(set)));
    [old, new]
}

fn budgets(cluster: &Cluster) -> Vec<BudgetRow> {
    let count = |number: i32| u32::try_from(number).unwrap_or(0);
    let text = |value: Option<&IntOrString>| match value {
        None => "N/A".to_owned(),
        Some(IntOrString::Int(number)) => number.to_string(),
        Some(IntOrString::Str(text)) => text.to_string(),
    };
    let row = |budget: &PodDisruptionBudget| BudgetRow {
        uid: uid(&budget.metadata.uid),
        namespace: budget.metadata.namespace.to_string(),
        name: budget.metadata.name.to_string(),
        min_available: text(budget.spec.min_available.as_ref()),
        max_unavailable: text(budget.spec.max_unavailable.as_ref()),
        allowed: count(budget.status.disruptions_allowed),
        healthy: count(budget.status.current_healthy),
        desired_healthy: count(budget.status.desired_healthy),
        expected: count(budget.status.expected_pods),
        pods: pods_of_budget(cluster, budget),
        refused: refused(cluster, budget),
    };
    all::<PodDisruptionBudget>(cluster).map(row).collect()
}

fn refused(cluster: &Cluster, budget: &PodDisruptionBudget) -> String {
    let pod = cluster.server().refusals().of(&budget.metadata.key());
    pod.filter(|_| budget.status.disruptions_allowed == 0).map(ToString::to_string).unwrap_or_default()
}

fn pods_of_budget(cluster: &Cluster, budget: &PodDisruptionBudget) -> Vec<String> {
    let Some(selector) = &budget.spec.selector else { return Vec::new() };
    let is_chosen =
        |pod: &&Pod| pod.metadata.namespace == budget.metadata.namespace && selector.matches(&pod.metadata.labels);
    all::<Pod>(cluster).filter(is_chosen).map(|pod| pod.metadata.name.to_string()).collect()
}

fn services(cluster: &Cluster) -> Vec<ServiceRow> {
    let mut behind: OrderedMap<Key, Vec<Endpoint>> = OrderedMap::new();
    for slice in all::<api::EndpointSlice>(cluster) {
        let Some(service) = slice.metadata.labels.get("kubernetes.io/service-name") else { continue };
        let endpoints = behind.entry(Key::new(slice.metadata.namespace.clone(), service)).or_default();
        endpoints.extend(slice.endpoints.iter().map(|endpoint| Endpoint {
            pod: endpoint.target_ref.as_ref().map(|pod| pod.name.to_string()).unwrap_or_default(),
            ip: endpoint.addresses.first().map(ToString::to_string).unwrap_or_default(),
            ready: endpoint.conditions.ready != Some(false),
        }));
    }
    let row = |service: &Service| {
        let table = table(cluster, service.clone().into());
        let mut endpoints = behind.remove(&service.metadata.key()).unwrap_or_default();
        endpoints.arrange_by(|left, right| left.ip.cmp(&right.ip));
        ServiceRow {
            uid: uid(&service.metadata.uid),
            namespace: service.metadata.namespace.to_string(),
            name: service.metadata.name.to_string(),
            kind: service.spec.kind.to_string(),
            cluster_ip: cell(&table, "Cluster-IP"),
            ports: cell(&table, "Port(s)"),
            endpoints,
        }
    };
    all::<Service>(cluster).map(row).collect()
}

fn events(cluster: &Cluster) -> Vec<EventRow> {
    let last_seen = |event: &Event| -> Time {
        let series = event.series.as_ref().and_then(|series| series.last_observed_time);
        let latest = series.or(event.event_time).map(|time| time.0);
        latest.or(event.last_timestamp).or(event.metadata.creation_timestamp).unwrap_or_default()
    };
    let row = |event: &Event| EventRow {
        uid: uid(&event.metadata.uid),
        namespace: event.metadata.namespace.to_string(),
        at_us: last_seen(event).0,
        warning: event.kind == "Warning",
        reason: event.reason.to_string(),
        object: format!("{}/{}", event.involved_object.kind.to_lowercase(), event.involved_object.name),
        message: event.message.to_string(),
        count: event.series.as_ref().map_or(event.count.max(1), |series| series.count).try_into().unwrap_or(1),
    };
    let mut rows: Vec<EventRow> = all::<Event>(cluster).map(row).collect();
    rows.arrange_by_key(|row| (row.at_us, row.uid));
    rows.split_off(rows.len().saturating_sub(EVENTS_MAX))
}

#[cfg(test)]
mod tests {
    use super::*;
    use api::codec::Codec;

    #[test]
    fn debug_containers_show_their_images_too() {
        let pod = api::text::yaml::read(
            "spec:\n  containers: [{name: a, image: nginx}]\n  ephemeralContainers: [{name: d, image: busybox}]\n",
        );
        assert_eq!(images(&Pod::decode(pod.expect("it is YAML"))), ["nginx", "busybox (ephem)"]);
    }
}
