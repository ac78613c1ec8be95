//! Admission of pods: service account, priority, default tolerations.

use api::core::affinity::Toleration;
use api::core::pod::API_ACCESS_MOUNT_PATH;
use api::{Key, Kind, Object, Pod, PriorityClass, Status, Str};
use ecow::EcoVec;
use std::rc::Rc;

use crate::ApiServer;
use thin::literal_str;

const TOLERATION_SECONDS: i64 = 300;
const NODE_PROBLEMS: [&str; 2] = ["node.kubernetes.io/not-ready", "node.kubernetes.io/unreachable"];
const SUFFIX_LENGTH: usize = 5;
/// The two priority classes that every cluster has: name, value, description.
pub(crate) const SYSTEM_CLASSES: [(&str, i32, &str); 2] = [
    (
        "system-cluster-critical",
        2_000_000_000,
        "Used for system critical pods that must run in the cluster, but can be moved to another node if necessary.",
    ),
    (
        "system-node-critical",
        2_000_001_000,
        "Used for system critical pods that must not be moved from their current node.",
    ),
];

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
    set_priority(server, pod)?;
    set_service_account(server, pod)?;
    add_default_tolerations(pod, &server.pod_defaults);
    Ok(())
}

/// The class for pods that name none; of several the least important.
pub(super) fn default_class(server: &ApiServer) -> Option<&Rc<PriorityClass>> {
    let classes = server.etcd.iter(Kind::PriorityClass).filter_map(Object::get::<PriorityClass>);
    classes.filter(|class| class.global_default).min_by_key(|class| class.value)
}

fn set_priority(server: &ApiServer, pod: &mut Pod) -> Result<(), Status> {
    let name = pod.spec.priority_class_name.clone();
    let class = if name.is_empty() {
        default_class(server)
    } else {
        server.etcd.get(Kind::PriorityClass, &Key::new("", name.clone())).and_then(Object::get::<PriorityClass>)
    };
    let refuse = |cause: String| Err(Status::forbidden(Kind::Pod, &pod.metadata.name, &cause));
    let computed = |what: &str, given: &str, priority: &str| {
        format!(
            "the {what} ({given}) must not be provided in pod spec; priority admission controller computed {priority} from the \
             given PriorityClass name"
        )
    };
    if class.is_none() && !name.is_empty() {
        return refuse(format!("no PriorityClass with name {name} was found"));
    }
    let priority = class.map_or(0, |class| class.value);
    if let Some(given) = pod.spec.priority.filter(|given| *given != priority) {
        return refuse(computed("integer value of priority", &given.to_string(), &priority.to_string()));
    }
    let of_class = class.and_then(|class| class.preemption_policy.clone());
    let policy = of_class.unwrap_or_else(|| server.pod_defaults.preemption_policy.clone());
    if let Some(given) = pod.spec.preemption_policy.as_ref().filter(|given| **given != policy) {
        return refuse(computed("string value of PreemptionPolicy", given, &policy));
    }
    let spec = Rc::make_mut(&mut pod.spec);
    if let Some(class) = class {
        spec.priority_class_name = class.metadata.name.clone();
    }
    spec.priority = Some(priority);
    spec.preemption_policy = Some(policy);
    Ok(())
}

fn set_service_account(server: &mut ApiServer, pod: &mut Pod) -> Result<(), Status> {
    let spec = Rc::make_mut(&mut pod.spec);
    if spec.service_account_name.is_empty() {
        spec.service_account_name = literal_str!("default");
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

/// One class at most is that of pods that name none.
pub(super) fn admit_class(server: &ApiServer, class: &PriorityClass) -> Result<(), Status> {
    match default_class(server).filter(|known| class.global_default && known.metadata.name != class.metadata.name) {
        None => Ok(()),
        Some(known) => {
            let name = &known.metadata.name;
            let cause = format!("PriorityClass {name} is already marked as default. Only one default can exist");
            Err(Status::forbidden(Kind::PriorityClass, &class.metadata.name, &cause))
        }
    }
}
