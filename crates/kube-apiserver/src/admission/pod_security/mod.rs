//! PodSecurity: pods that do more than the standard of their namespace allows are refused; workloads whose pods would be
//! are told so.
//!
//! - `policy`: the labels of a namespace.
//! - `checks`: what each standard forbids.
//!
//! Works on JSON, and only in namespaces whose labels ask for something. What is audited is not kept.
//!
//! Models: kubernetes v1.36 k8s.io/pod-security-admission/admission. Different: a namespace's pods are checked without a limit
//! of time, since the check takes none.

mod checks;
mod policy;

use ordered::{Arrange, OrderedMap};

use api::meta::ObjectMeta;
use api::{Kind, Object, Status, Str, Value};

use crate::ApiServer;
use policy::{Level, Policy, Standard};

/// Pods of a namespace that are looked at when its labels change.
const PODS_MAX: usize = 3000;

/// Refuses pods that are against the policy of their namespace, and namespaces whose labels make none.
pub(crate) fn check(server: &ApiServer, object: &Object, old: Option<&Object>) -> Result<(), Status> {
    match object {
        Object::Pod(_) => check_pod(server, object, old),
        Object::Namespace(_) => check_labels(object.metadata(), old.map(Object::metadata)),
        _ => Ok(()),
    }
}

fn check_pod(server: &ApiServer, pod: &Object, old: Option<&Object>) -> Result<(), Status> {
    let metadata = pod.metadata();
    let standard = policy_of(server, &metadata.namespace).enforce;
    if standard.level == Level::Privileged {
        return Ok(());
    }
    let value = pod.encode();
    if old.is_some_and(|old| !has_other_images(&value, &old.encode())) {
        return Ok(());
    }
    let violations = checks::violations(standard, &value);
    if violations.is_empty() {
        return Ok(());
    }
    let cause = format!("violates PodSecurity \"{standard}\": {}", checks::details(&violations));
    Err(Status::forbidden(Kind::Pod, &metadata.name, &cause))
}

/// Labels that were wrong before may stay as they are.
fn check_labels(metadata: &ObjectMeta, old: Option<&ObjectMeta>) -> Result<(), Status> {
    let (_, faults) = policy::of_labels(metadata);
    if faults.is_empty() || old.is_some_and(|old| policy::of_labels(old).1 == faults) {
        return Ok(());
    }
    Err(Status::invalid(Kind::Namespace, &metadata.name, &faults))
}

/// What is said of an accepted object.
pub(crate) fn warnings(server: &ApiServer, object: &Object, old: Option<&Object>) -> Vec<Str> {
    if let (Object::Namespace(_), Some(old)) = (object, old) {
        return warnings_of_relabelling(server, object.metadata(), old.metadata());
    }
    let (kind, standard) = (object.kind(), policy_of(server, &object.metadata().namespace).warn);
    if !has_pods(kind) || standard.level == Level::Privileged {
        return Vec::new();
    }
    let value = object.encode();
    if kind == Kind::Pod && old.is_some_and(|old| !has_other_images(&value, &old.encode())) {
        return Vec::new();
    }
    let violations = checks::violations(standard, template(kind, &value));
    if violations.is_empty() {
        return Vec::new();
    }
    vec![format!("would violate PodSecurity \"{standard}\": {}", checks::details(&violations)).into()]
}

fn policy_of(server: &ApiServer, namespace: &str) -> Policy {
    let namespace = server.etcd.get(Kind::Namespace, &api::Key::new("", namespace));
    let nothing = ObjectMeta::default();
    policy::of_labels(namespace.map_or(&nothing, Object::metadata)).0
}

fn has_pods(kind: Kind) -> bool {
    matches!(
        kind,
        Kind::Pod
            | Kind::ReplicaSet
            | Kind::ReplicationController
            | Kind::PodTemplate
            | Kind::Deployment
            | Kind::StatefulSet
            | Kind::DaemonSet
            | Kind::Job
            | Kind::CronJob
    )
}

/// The pod in an object: its metadata and specification.
fn template(kind: Kind, value: &Value) -> &Value {
    match kind {
        Kind::Pod => value,
        Kind::PodTemplate => value.get("template"),
        Kind::CronJob => value.at(&["spec", "jobTemplate", "spec", "template"]),
        _ => value.at(&["spec", "template"]),
    }
}

/// Of a running pod only new containers and images matter.
fn has_other_images(new: &Value, old: &Value) -> bool {
    ["containers", "initContainers", "ephemeralContainers"].iter().any(|list| {
        let images = |pod: &Value| -> Vec<(String, String)> {
            let containers = pod.at(&["spec", list]).as_list().iter();
            containers.map(|c| (c.get("name").text().to_owned(), c.get("image").text().to_owned())).collect()
        };
        images(new) != images(old)
    })
}

/// Which pods of a namespace would not be let in today.
fn warnings_of_relabelling(server: &ApiServer, new: &ObjectMeta, old: &ObjectMeta) -> Vec<Str> {
    let (standard, before) = (policy::of_labels(new).0.enforce, policy::of_labels(old).0.enforce);
    let is_laxer = standard.version == before.version && standard.level <= before.level;
    if standard.level == Level::Privileged || is_laxer {
        return Vec::new();
    }
    let (mut pods, of_one_owner) = one_of_each_owner(server, &new.name);
    pods.extend(of_one_owner);
    let mut warnings = Vec::new();
    if pods.len() > PODS_MAX {
        let all = pods.len();
        warnings.push(
            format!("new PodSecurity enforce level only checked against the first {PODS_MAX} of {all} existing pods")
                .into(),
        );
    }
    pods.truncate(PODS_MAX);
    let found = by_violation(standard, &pods);
    if !found.is_empty() {
        let name = new.name.as_str();
        warnings.push(
            format!("existing pods in namespace {name:?} violate the new PodSecurity enforce level \"{standard}\"")
                .into(),
        );
    }
    warnings.extend(found.into_iter().map(Str::from));
    warnings
}

/// A pod of each owner, and the others of each.
fn one_of_each_owner<'s>(server: &'s ApiServer, namespace: &'s str) -> (Vec<&'s Object>, Vec<&'s Object>) {
    let mut owners: Vec<&Str> = Vec::new();
    let is_first = |pod: &&'s Object| match pod.metadata().controller() {
        Some(owner) if owners.contains(&&owner.uid) => false,
        Some(owner) => {
            owners.push(&owner.uid);
            true
        }
        None => true,
    };
    server.etcd.in_namespace(Kind::Pod, namespace).partition(is_first)
}

/// The first pod of each kind of fault and how many others have it, in order.
fn by_violation(standard: Standard, pods: &[&Object]) -> Vec<String> {
    let mut found: OrderedMap<String, (Str, usize)> = OrderedMap::new();
    for pod in pods {
        let violations = checks::violations(standard, &pod.encode());
        if violations.is_empty() {
            continue;
        }
        let (reasons, name) = (checks::reasons(&violations), &pod.metadata().name);
        match found.get_mut(&reasons) {
            Some((first, count)) => {
                *count += 1;
                if name < first {
                    *first = name.clone();
                }
            }
            None => {
                found.insert(reasons, (name.clone(), 1));
            }
        }
    }
    let line = |(reasons, (name, count)): (String, (Str, usize))| match count {
        1 => format!("{name}: {reasons}"),
        2 => format!("{name} (and 1 other pod): {reasons}"),
        _ => format!("{name} (and {} other pods): {reasons}", count - 1),
    };
    let mut lines: Vec<String> = found.into_iter().map(line).collect();
    lines.arrange();
    lines
}
