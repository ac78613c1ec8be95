//! `kubectl describe`: an object in sentences, with what belongs to it (pods, endpoints, events).
//!
//! - [`describe`] finds the describer of an object's kind in [`DESCRIBERS`]; kinds without one get [`generic`].
//! - A describer is a function that writes [`Lines`] from the object's JSON, in the order in which kubectl writes it.
//!   It reads other objects through [`Cluster`], and ends with [`Cluster::events`] if kubectl shows events of the kind.
//! - [`fields`] reads JSON the way Go prints its structs: what is missing is an empty text, zero or false.
//!
//! A new kind is one function and one line in [`DESCRIBERS`].
//!
//! Models: kubernetes v1.36 staging/src/k8s.io/kubectl/pkg/describe.

mod autoscaler;
mod cluster;
mod config;
mod containers;
mod deployment;
mod endpoints;
mod env;
mod events;
mod fields;
mod generic;
mod ingress;
mod job;
mod lines;
mod namespace;
mod node;
mod persistent_volume;
mod persistent_volume_claim;
mod pod;
mod pod_disruption_budget;
mod pod_template;
mod priority_class;
mod probe;
mod quota;
mod rbac;
mod service;
mod stateful_set;
mod storage_class;
mod volumes;

use api::{Object, Value};

pub use cluster::{Cluster, Events};
use lines::Lines;
pub use rbac::rule_lines;

/// Writes what kubectl shows of an object.
type Describer = fn(&mut Lines, &Value, &Cluster<'_>);

/// Group, kind and describer.
static DESCRIBERS: &[(&str, &str, Describer)] = &[
    ("", "ConfigMap", config::config_map),
    ("", "Endpoints", endpoints::endpoints),
    ("", "LimitRange", quota::limit_range),
    ("", "Namespace", namespace::namespace),
    ("", "Node", node::node),
    ("", "PersistentVolume", persistent_volume::persistent_volume),
    ("", "PersistentVolumeClaim", persistent_volume_claim::persistent_volume_claim),
    ("", "Pod", pod::pod),
    ("", "ResourceQuota", quota::resource_quota),
    ("", "Secret", config::secret),
    ("", "Service", service::service),
    ("", "ServiceAccount", config::service_account),
    ("apps", "DaemonSet", deployment::daemon_set),
    ("apps", "Deployment", deployment::deployment),
    ("apps", "ReplicaSet", deployment::replica_set),
    ("", "ReplicationController", deployment::replication_controller),
    ("apps", "StatefulSet", stateful_set::stateful_set),
    ("autoscaling", "HorizontalPodAutoscaler", autoscaler::autoscaler),
    ("batch", "CronJob", job::cron_job),
    ("batch", "Job", job::job),
    ("discovery.k8s.io", "EndpointSlice", endpoints::endpoint_slice),
    ("networking.k8s.io", "Ingress", ingress::ingress),
    ("networking.k8s.io", "IngressClass", ingress::class),
    ("networking.k8s.io", "NetworkPolicy", ingress::network_policy),
    ("policy", "PodDisruptionBudget", pod_disruption_budget::pod_disruption_budget),
    ("rbac.authorization.k8s.io", "ClusterRole", rbac::role),
    ("rbac.authorization.k8s.io", "ClusterRoleBinding", rbac::binding),
    ("rbac.authorization.k8s.io", "Role", rbac::role),
    ("rbac.authorization.k8s.io", "RoleBinding", rbac::binding),
    ("scheduling.k8s.io", "PriorityClass", priority_class::priority_class),
    ("storage.k8s.io", "StorageClass", storage_class::storage_class),
];

/// The description of an object.
pub fn describe(cluster: &Cluster<'_>, object: &Object) -> String {
    let (group, kind) = (object.kind().group(), object.kind().name());
    let own = DESCRIBERS.iter().find(|(of_group, of_kind, _)| (*of_group, *of_kind) == (group, kind));
    let describer = own.map_or(generic::generic as Describer, |(_, _, describer)| *describer);
    let mut lines = Lines::default();
    describer(&mut lines, &object.encode(), cluster);
    lines.align()
}

/// A pod template as `kubectl rollout history --revision` shows it: lines whose cells end in tabs.
pub fn pod_template(template: &Value) -> String {
    let mut lines = Lines::default();
    pod_template::pod_template(&mut lines, template);
    lines.into_text()
}
