//! The columns that `kubectl get` shows are made here, on the server, one file per family of kinds.
//!
//! Models: kubernetes v1.36 pkg/printers/internalversion/printers.go.

mod apps;
mod batch;
mod cluster;
mod event;
mod plain;
mod pod;
mod service;
mod volume;

use api::duration;
use api::table::{Column, Row, Table};
use api::{Kind, Object, ObjectMeta, Str, StringMap, Value};
use sim::Time;
use thin::literal_str;

pub use pod::pod_cells;

/// A column: its name, and whether only `-o wide` shows it.
pub(crate) struct Heading(&'static str, pub(crate) Width);

/// What stands for something that is not there.
const NONE: Str = literal_str!("<none>");

/// When a column is shown.
#[derive(Clone, Copy, PartialEq, Eq)]
pub(crate) enum Width {
    Always,
    Wide,
}

use Width::{Always, Wide};

/// The table of objects of one kind, ages as of `now`.
pub(crate) fn table(kind: Kind, objects: &[Object], now: Time) -> Table {
    let columns = headings(kind).iter().enumerate().map(|(index, heading)| column(index, heading)).collect();
    let rows = objects.iter().map(|object| Row::new(cells(object, now), object.metadata())).collect();
    Table { columns, rows }
}

fn column(index: usize, heading: &Heading) -> Column {
    Column {
        name: heading.0.into(),
        kind: "string".into(),
        // The first column names the object in all kinds but events.
        format: if index == 0 && heading.0 == "Name" { "name".into() } else { Str::new() },
        priority: i32::from(heading.1 == Wide),
    }
}

pub(crate) fn headings(kind: Kind) -> &'static [Heading] {
    api::reached!("kube_apiserver::tables::headings");
    match kind {
        Kind::Pod => pod::HEADINGS,
        Kind::StatefulSet => apps::STATEFUL_SET,
        Kind::Deployment => apps::DEPLOYMENT,
        Kind::ReplicaSet | Kind::ReplicationController => apps::REPLICA_SET,
        Kind::DaemonSet => apps::DAEMON_SET,
        Kind::Job => batch::JOB,
        Kind::CronJob => batch::CRON_JOB,
        Kind::ControllerRevision => apps::CONTROLLER_REVISION,
        Kind::PodDisruptionBudget => apps::POD_DISRUPTION_BUDGET,
        Kind::Service => service::SERVICE,
        Kind::Endpoints => service::ENDPOINTS,
        Kind::EndpointSlice => service::ENDPOINT_SLICE,
        Kind::PersistentVolumeClaim => volume::CLAIM,
        Kind::PersistentVolume => volume::VOLUME,
        Kind::StorageClass => volume::CLASS,
        Kind::PriorityClass => cluster::PRIORITY_CLASS,
        Kind::Event => event::HEADINGS,
        Kind::Node => cluster::NODE,
        Kind::Namespace => cluster::NAMESPACE,
        Kind::Lease => cluster::LEASE,
        Kind::ConfigMap => cluster::CONFIG_MAP,
        Kind::Secret => cluster::SECRET,
        Kind::ServiceAccount => cluster::SERVICE_ACCOUNT,
        Kind::LimitRange
        | Kind::PodTemplate
        | Kind::ResourceQuota
        | Kind::HorizontalPodAutoscaler
        | Kind::IngressClass
        | Kind::RuntimeClass
        | Kind::Ingress
        | Kind::NetworkPolicy
        | Kind::ClusterRoleBinding
        | Kind::ClusterRole
        | Kind::RoleBinding
        | Kind::Role => plain::headings(kind),
    }
}

pub(crate) fn cells(object: &Object, now: Time) -> Vec<Value> {
    api::reached!("kube_apiserver::tables::cells");
    match object {
        Object::Pod(pod) => pod_cells(pod, now),
        Object::StatefulSet(set) => apps::stateful_set(set, now),
        Object::Deployment(deployment) => apps::deployment(deployment, now),
        Object::ReplicaSet(set) => apps::replica_set(set, now),
        Object::ReplicationController(controller) => apps::replica_set(&controller.as_set(), now),
        Object::DaemonSet(set) => apps::daemon_set(set, now),
        Object::Job(job) => batch::job(job, now),
        Object::CronJob(job) => batch::cron_job(job, now),
        Object::ControllerRevision(revision) => apps::controller_revision(revision, now),
        Object::PodDisruptionBudget(budget) => apps::pod_disruption_budget(budget, now),
        Object::Service(service) => service::service(service, now),
        Object::Endpoints(endpoints) => service::endpoints(endpoints, now),
        Object::EndpointSlice(slice) => service::endpoint_slice(slice, now),
        Object::PersistentVolumeClaim(claim) => volume::claim(claim, now),
        Object::PersistentVolume(volume) => volume::volume(volume, now),
        Object::StorageClass(class) => volume::class(class, now),
        Object::PriorityClass(class) => cluster::priority_class(class, now),
        Object::Event(event) => event::event(event, now),
        Object::Node(node) => cluster::node(node, now),
        Object::Namespace(namespace) => cluster::namespace(namespace, now),
        Object::Lease(lease) => cluster::lease(lease, now),
        Object::ConfigMap(config) => cluster::config_map(config, now),
        Object::Secret(secret) => cluster::secret(secret, now),
        Object::ServiceAccount(account) => cluster::service_account(account, now),
        Object::Plain(object) => plain::cells(object, now),
    }
}

/// The text itself, or `<none>` if it is empty.
fn shared_or_none(text: &Str) -> Value {
    if text.is_empty() { NONE.into() } else { text.clone().into() }
}

/// `<none>` for an empty text.
fn or_none(text: &str) -> Value {
    if text.is_empty() { NONE.into() } else { text.into() }
}

/// How long ago an object was created.
fn age(metadata: &ObjectMeta, now: Time) -> Value {
    duration::age(now, metadata.creation_timestamp).into()
}

/// `a=b,c=d`, or `<none>`.
fn pairs(map: &StringMap) -> Value {
    let texts: Vec<String> = map.iter().map(|(key, value)| format!("{key}={value}")).collect();
    or_none(&texts.join(","))
}

/// Access modes in their fixed order and short form.
fn access_modes(modes: &[Str]) -> String {
    const SHORT: [(&str, &str); 4] =
        [("ReadWriteOnce", "RWO"), ("ReadOnlyMany", "ROX"), ("ReadWriteMany", "RWX"), ("ReadWriteOncePod", "RWOP")];
    let known = SHORT.iter().filter(|(name, _)| modes.iter().any(|mode| mode == name));
    known.map(|(_, short)| *short).collect::<Vec<_>>().join(",")
}
