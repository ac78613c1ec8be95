//! Pod: metadata, spec and the template that workloads hold.

use std::rc::Rc;

use ecow::EcoVec;

use super::affinity::{Affinity, Toleration, TopologySpreadConstraint};
use super::container::Container;
use super::pod_status::PodStatus;
use super::volume::Volume;
use crate::codec::{Codec, put_always, take};
use crate::meta::ObjectMeta;
use crate::string_map::{ResourceList, StringMap};
use crate::{Str, Value, object, string_enum};

/// A pod. Spec and status are shared between the versions of an object that do not change them.
#[derive(Clone, Debug, Default, PartialEq, Hash)]
pub struct Pod {
    /// Name, labels, owners, deletion.
    pub metadata: ObjectMeta,
    /// What is to run.
    pub spec: Rc<PodSpec>,
    /// What the kubelet and the scheduler say of it.
    pub status: Rc<PodStatus>,
}

object! {
    /// What a pod runs, where and how. Containers are shared by all replicas of a template.
    pub struct PodSpec {
        /// Regular containers; at least one.
        containers: EcoVec<Container> = "containers" always,
        /// Run one by one before the regular ones; with `restartPolicy: Always` they are sidecars.
        init_containers: EcoVec<Container> = "initContainers",
        /// What containers can mount. The service account's volume is not among them: see `api_access`.
        volumes: EcoVec<Volume> = "volumes",
        /// The node it is bound to; empty until the scheduler (or the user) says.
        node_name: Str = "nodeName",
        /// Host name of the pod; a StatefulSet sets the pod's name.
        hostname: Str = "hostname",
        /// The headless service whose domain the host name stands in.
        subdomain: Str = "subdomain",
        /// When containers are started again.
        restart_policy: RestartPolicy = "restartPolicy",
        /// Seconds between deletion and SIGKILL.
        termination_grace_period_seconds: Option<i64> = "terminationGracePeriodSeconds",
        /// Seconds after which the pod fails.
        active_deadline_seconds: Option<i64> = "activeDeadlineSeconds",
        /// `ClusterFirst`, `Default`, `None`, …
        dns_policy: Str = "dnsPolicy",
        /// Labels that the node must have.
        node_selector: StringMap = "nodeSelector",
        /// Rules about nodes and other pods.
        affinity: Option<Rc<Affinity>> = "affinity",
        /// Taints that it bears.
        tolerations: EcoVec<Toleration> = "tolerations",
        /// How replicas spread over zones or nodes.
        topology_spread_constraints: EcoVec<TopologySpreadConstraint> = "topologySpreadConstraints",
        /// The scheduler that is to place it.
        scheduler_name: Str = "schedulerName",
        /// Names that must be removed before it is scheduled.
        scheduling_gates: EcoVec<SchedulingGate> = "schedulingGates",
        /// Higher goes first, and may preempt.
        priority: Option<i32> = "priority",
        /// The class that `priority` came from.
        priority_class_name: Str = "priorityClassName",
        /// `PreemptLowerPriority` or `Never`.
        preemption_policy: Option<Str> = "preemptionPolicy",
        /// The account that it runs as.
        service_account_name: Str = "serviceAccountName",
        /// Deprecated twin of `service_account_name`.
        deprecated_service_account: Str = "serviceAccount",
        /// Whether the account's token is mounted.
        automount_service_account_token: Option<bool> = "automountServiceAccountToken",
        /// Whether it shares the node's network.
        host_network: bool = "hostNetwork",
        /// Whether services of the namespace appear in the environment.
        enable_service_links: Option<bool> = "enableServiceLinks",
        /// Users and groups.
        security_context: Option<Rc<PodSecurityContext>> = "securityContext",
        /// Added to what containers request.
        overhead: ResourceList = "overhead",
        /// Conditions that must be True besides the containers' readiness.
        readiness_gates: EcoVec<PodReadinessGate> = "readinessGates",
        /// The random suffix of `kube-api-access-…`, if the service account's token is mounted. In JSON this is a
        /// volume and a mount in every container; here it is five letters, so that replicas share their containers.
        api_access: Str = "\u{0}apiAccess",
    }
}

string_enum! {
    /// When the kubelet starts a container again.
    pub enum RestartPolicy {
        /// Whatever the exit code.
        Always = "Always",
        /// If the exit code is not 0.
        OnFailure = "OnFailure",
        /// Not at all.
        Never = "Never",
    }
}

object! {
    /// A condition that must be removed before scheduling.
    pub struct SchedulingGate {
        /// Its name.
        name: Str = "name" always,
    }
}

object! {
    /// A condition that readiness waits for.
    pub struct PodReadinessGate {
        /// The condition's type.
        condition_type: Str = "conditionType" always,
    }
}

object! {
    /// Users and groups of all containers of a pod.
    pub struct PodSecurityContext {
        /// User id of processes.
        run_as_user: Option<i64> = "runAsUser",
        /// Group id of processes.
        run_as_group: Option<i64> = "runAsGroup",
        /// Group that owns mounted volumes.
        fs_group: Option<i64> = "fsGroup",
    }
}

object! {
    /// What a workload makes pods from.
    pub struct PodTemplateSpec {
        /// Labels and annotations of the pods.
        metadata: ObjectMeta = "metadata" always,
        /// Their spec.
        spec: Rc<PodSpec> = "spec" always,
    }
}

/// Where the account's token is mounted.
pub const API_ACCESS_MOUNT_PATH: &str = "/var/run/secrets/kubernetes.io/serviceaccount";
/// What the account's volume is called, before its random suffix.
pub const API_ACCESS_PREFIX: &str = "kube-api-access-";

impl Codec for Pod {
    fn decode(value: Value) -> Pod {
        let Value::Map(mut fields) = value else { return Pod::default() };
        let metadata = take(&mut fields, "metadata");
        let mut spec = fields.remove("spec").unwrap_or_default();
        let mut status = fields.remove("status").unwrap_or_default();
        let api_access = api_access::fold(&mut spec, &mut status);
        let mut spec = PodSpec::decode(spec);
        spec.api_access = api_access;
        Pod { metadata, spec: Rc::new(spec), status: Rc::new(PodStatus::decode(status)) }
    }

    fn encode(&self) -> Value {
        let mut spec = self.spec.encode();
        let mut status = self.status.encode();
        api_access::unfold(&self.spec, &mut spec, &mut status);
        let mut metadata = self.metadata.encode();
        pod_address::unfold(&mut metadata, &self.status.pod_ip);
        let mut fields = crate::Map::new();
        put_always(&mut fields, "metadata", &metadata);
        put_always(&mut fields, "spec", &spec);
        put_always(&mut fields, "status", &status);
        Value::Map(fields)
    }

    fn is_zero(&self) -> bool {
        false
    }
}

/// The service account's volume, between its short form in memory and its long form in JSON.
mod api_access {
    use super::{API_ACCESS_MOUNT_PATH, API_ACCESS_PREFIX, PodSpec};
    use crate::{Str, Value};

    const FOLDED: &str = "\u{0}apiAccess";

    /// Takes the volume and its mounts out of a pod in JSON, if they stand there just as admission writes them.
    pub(super) fn fold(spec: &mut Value, status: &mut Value) -> Str {
        let Some(name) = canonical_volume(spec) else { return Str::new() };
        let keep = |mount: &Value| mount.get("name").text() != name;
        for list in ["containers", "initContainers"] {
            retain_mounts(spec, list, keep);
        }
        for list in ["containerStatuses", "initContainerStatuses"] {
            retain_mounts(status, list, keep);
        }
        if let Some(Value::List(volumes)) = spec.as_map_mut().and_then(|spec| spec.get_mut("volumes")) {
            volumes.pop();
        }
        name[API_ACCESS_PREFIX.len()..].into()
    }

    /// The name of the last volume, if it is the account's and every container mounts it in the standard place, last.
    fn canonical_volume(spec: &Value) -> Option<Str> {
        let volume = spec.get("volumes").as_list().last()?;
        let name = volume.get("name").text();
        let suffix = name.strip_prefix(API_ACCESS_PREFIX)?;
        if *volume != volume_value(suffix) {
            return None;
        }
        let wanted = mount_value(suffix);
        let containers = ["containers", "initContainers"].iter().flat_map(|list| spec.get(list).as_list());
        let mounted =
            containers.into_iter().all(|container| container.get("volumeMounts").as_list().last() == Some(&wanted));
        mounted.then(|| name.into())
    }

    fn retain_mounts(holder: &mut Value, list: &str, keep: impl Fn(&Value) -> bool) {
        let Some(Value::List(containers)) = holder.as_map_mut().and_then(|holder| holder.get_mut(list)) else { return };
        for container in containers.iter_mut().filter_map(Value::as_map_mut) {
            if let Some(Value::List(mounts)) = container.get_mut("volumeMounts") {
                mounts.retain(&keep);
                if mounts.is_empty() {
                    container.remove("volumeMounts");
                }
            }
        }
    }

    /// Writes the volume and its mounts.
    pub(super) fn unfold(pod: &PodSpec, spec: &mut Value, status: &mut Value) {
        if let Some(fields) = spec.as_map_mut() {
            fields.remove(FOLDED);
        }
        if pod.api_access.is_empty() {
            return;
        }
        for list in ["containers", "initContainers"] {
            push_to_each(spec, list, &mount_value(&pod.api_access));
        }
        let mut reported = mount_value(&pod.api_access);
        reported.set(&["recursiveReadOnly"], "Disabled");
        for list in ["containerStatuses", "initContainerStatuses"] {
            push_to_each(status, list, &reported);
        }
        push(spec, "volumes", volume_value(&pod.api_access));
    }

    fn push_to_each(holder: &mut Value, list: &str, mount: &Value) {
        let Some(Value::List(containers)) = holder.as_map_mut().and_then(|holder| holder.get_mut(list)) else { return };
        for container in containers {
            push(container, "volumeMounts", mount.clone());
        }
    }

    fn push(holder: &mut Value, list: &str, element: Value) {
        let Some(fields) = holder.as_map_mut() else { return };
        if let Value::List(list) = fields.entry(list.into()).or_insert_with(|| Value::List(Vec::new())) {
            list.push(element);
        }
    }

    fn mount_value(suffix: &str) -> Value {
        let mut mount = Value::map();
        mount.set(&["mountPath"], API_ACCESS_MOUNT_PATH);
        mount.set(&["name"], format!("{API_ACCESS_PREFIX}{suffix}"));
        mount.set(&["readOnly"], true);
        mount
    }

    fn volume_value(suffix: &str) -> Value {
        let mut token = Value::map();
        token.set(&["serviceAccountToken", "expirationSeconds"], 3607);
        token.set(&["serviceAccountToken", "path"], "token");
        let mut item = Value::map();
        item.set(&["key"], "ca.crt");
        item.set(&["path"], "ca.crt");
        let mut root_ca = Value::map();
        root_ca.set(&["configMap", "items"], vec![item]);
        root_ca.set(&["configMap", "name"], "kube-root-ca.crt");
        let mut item = Value::map();
        item.set(&["fieldRef", "apiVersion"], "v1");
        item.set(&["fieldRef", "fieldPath"], "metadata.namespace");
        item.set(&["path"], "namespace");
        let mut downward = Value::map();
        downward.set(&["downwardAPI", "items"], vec![item]);
        let mut volume = Value::map();
        volume.set(&["name"], format!("{API_ACCESS_PREFIX}{suffix}"));
        volume.set(&["projected", "defaultMode"], 420);
        volume.set(&["projected", "sources"], vec![token, root_ca, downward]);
        volume
    }
}

/// A pod's address in the keys of its managed fields: kept as a mark, so that replicas share their field sets.
pub mod pod_address {
    use crate::{Str, Value};

    /// Stands for the pod's own address.
    pub const MARK: &str = "@podIP";

    /// Puts the mark where `status.podIPs` names the pod's own address.
    pub fn fold(status: &mut Value, address: &str) {
        let Some(Value::List(addresses)) = status.as_map_mut().and_then(|status| status.get_mut("podIPs")) else {
            return;
        };
        for entry in addresses {
            if entry.get("ip").text() == address && !address.is_empty() {
                entry.set(&["ip"], MARK);
            }
        }
    }

    /// Puts the address where managed fields have the mark.
    pub(super) fn unfold(metadata: &mut Value, address: &str) {
        let Some(Value::List(entries)) = metadata.as_map_mut().and_then(|fields| fields.get_mut("managedFields"))
        else {
            return;
        };
        let key: Str = thin::format_str!("k:{{\"ip\":\"{MARK}\"}}");
        for entry in entries {
            let Some(status) =
                entry.as_map_mut().and_then(|entry| entry.get_mut("fieldsV1")?.as_map_mut()?.get_mut("f:status"))
            else {
                continue;
            };
            let Some(Value::Map(addresses)) = status.as_map_mut().and_then(|status| status.get_mut("f:podIPs")) else {
                continue;
            };
            if let Some(fields) = addresses.remove(&key) {
                addresses.insert(thin::format_str!("k:{{\"ip\":\"{address}\"}}"), fields);
            }
        }
    }
}
