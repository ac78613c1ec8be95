//! Admission of pods: service account, priority, default tolerations.

use api::core::affinity::Toleration;
use api::core::pod::API_ACCESS_MOUNT_PATH;
use api::{Key, Kind, Pod, Status, Str};
use ecow::EcoVec;
use std::rc::Rc;

use crate::ApiServer;

const TOLERATION_SECONDS: i64 = 300;
const NODE_PROBLEMS: [&str; 2] = ["node.kubernetes.io/not-ready", "node.kubernetes.io/unreachable"];
const SUFFIX_LENGTH: usize = 5;
/// The two priority classes that every cluster has.
const SYSTEM_CLASSES: [(&str, i32); 2] =
    [("system-cluster-critical", 2_000_000_000), ("system-node-critical", 2_000_001_000)];

/// What admission adds to most pods, shared by all of them.
#[derive(Clone, Debug)]
pub(crate) struct PodDefaults {
    tolerations: EcoVec<Toleration>,
    preemption_policy: Str,
}

impl Default for PodDefaults {
    fn default() -> Self {
        let toleration = |key: &str| Toleration {
            key: key.into(),
            operator: "Exists".into(),
            effect: "NoExecute".into(),
            toleration_seconds: Some(TOLERATION_SECONDS),
            ..Toleration::default()
        };
        PodDefaults {
            tolerations: NODE_PROBLEMS.into_iter().map(toleration).collect(),
            preemption_policy: "PreemptLowerPriority".into(),
        }
    }
}

pub(super) fn admit(server: &mut ApiServer, pod: &mut Pod) -> Result<(), Status> {
    set_priority(pod, &server.pod_defaults)?;
    set_service_account(server, pod)?;
    add_default_tolerations(pod, &server.pod_defaults);
    Ok(())
}

fn set_priority(pod: &mut Pod, defaults: &PodDefaults) -> Result<(), Status> {
    let class = pod.spec.priority_class_name.clone();
    let system = SYSTEM_CLASSES.iter().find(|(name, _)| *name == class.as_str());
    let priority = match (class.as_str(), system) {
        ("", _) => 0,
        (_, Some((_, value))) => *value,
        (name, None) => {
            let cause = format!("no PriorityClass with name {name} was found");
            return Err(Status::forbidden(Kind::Pod, &pod.metadata.name, &cause));
        }
    };
    let spec = Rc::make_mut(&mut pod.spec);
    spec.priority = Some(priority);
    spec.preemption_policy.get_or_insert_with(|| defaults.preemption_policy.clone());
    Ok(())
}

fn set_service_account(server: &mut ApiServer, pod: &mut Pod) -> Result<(), Status> {
    let spec = Rc::make_mut(&mut pod.spec);
    if spec.service_account_name.is_empty() {
        spec.service_account_name = "default".into();
    }
    spec.deprecated_service_account = spec.service_account_name.clone();
    let account = Key::new(pod.metadata.namespace.clone(), spec.service_account_name.clone());
    if server.etcd.get(Kind::ServiceAccount, &account).is_none() {
        let cause =
            format!("error looking up service account {account}: serviceaccount {:?} not found", account.name.as_str());
        return Err(Status::forbidden(Kind::Pod, &pod.metadata.name, &cause));
    }
    let has_own_mount = || {
        let containers = spec.containers.iter().chain(spec.init_containers.iter());
        containers
            .flat_map(|container| container.volume_mounts.iter())
            .any(|mount| mount.mount_path == API_ACCESS_MOUNT_PATH)
    };
    if spec.automount_service_account_token != Some(false) && spec.api_access.is_empty() && !has_own_mount() {
        spec.api_access = server.names.name_suffix(SUFFIX_LENGTH).into();
    }
    Ok(())
}

/// The tolerations that let a pod stay five minutes on a node that is lost. Shared by all pods that have no own ones.
fn add_default_tolerations(pod: &mut Pod, defaults: &PodDefaults) {
    let own = &pod.spec.tolerations;
    if own.is_empty() {
        Rc::make_mut(&mut pod.spec).tolerations = defaults.tolerations.clone();
        return;
    }
    let is_missing = |default: &&Toleration| !own.iter().any(|own| tolerates_no_execute(own, &default.key));
    let missing: Vec<Toleration> = defaults.tolerations.iter().filter(is_missing).cloned().collect();
    if !missing.is_empty() {
        Rc::make_mut(&mut pod.spec).tolerations.extend(missing);
    }
}

fn tolerates_no_execute(toleration: &Toleration, key: &str) -> bool {
    (toleration.key.is_empty() || toleration.key == key)
        && (toleration.effect.is_empty() || toleration.effect == "NoExecute")
}
