//! Names of resources: qualified ones, and those that Kubernetes knows by itself.
//!
//! Models: kubernetes v1.36 pkg/apis/core/helper (standard resources), core/validation (resource names).

use super::field::{Errors, Field};
use super::names;

/// Resources without a domain that quotas count.
pub(super) const COUNTED: [&str; 19] = [
    "configmaps",
    "cpu",
    "ephemeral-storage",
    "limits.cpu",
    "limits.ephemeral-storage",
    "limits.memory",
    "memory",
    "persistentvolumeclaims",
    "pods",
    "replicationcontrollers",
    "requests.cpu",
    "requests.ephemeral-storage",
    "requests.memory",
    "requests.storage",
    "resourcequotas",
    "secrets",
    "services",
    "services.loadbalancers",
    "services.nodeports",
];
/// Those among them that a container has.
const OF_CONTAINERS: [&str; 3] = ["cpu", "ephemeral-storage", "memory"];

/// A resource of a container.
pub(super) fn of_container(field: &Field<'_>, name: &str, errors: &mut Errors) {
    let is_own = OF_CONTAINERS.contains(&name) || name.starts_with("hugepages-");
    check(field, name, is_own, "must be a standard resource for containers", errors);
}

/// A resource that a quota counts.
pub(super) fn of_quota(field: &Field<'_>, name: &str, errors: &mut Errors) {
    check(field, name, is_counted(name), "must be a standard resource for quota", errors);
}

/// A resource of whatever there is.
pub(super) fn of_anything(field: &Field<'_>, name: &str, errors: &mut Errors) {
    check(field, name, true, "", errors);
}

fn is_counted(name: &str) -> bool {
    COUNTED.contains(&name) || name.starts_with("hugepages-") || name.starts_with("requests.hugepages-")
}

fn check(field: &Field<'_>, name: &str, is_own: bool, complaint: &str, errors: &mut Errors) {
    let problems = names::label_key(name);
    let is_named_well = problems.is_empty();
    errors.extend(problems.into_iter().map(|problem| field.invalid_as(name, problem)));
    if name.contains('/') {
        return;
    }
    if is_named_well && !is_counted(name) && name != "storage" {
        errors.push(field.invalid_as(name, "must be a standard resource type or fully qualified"));
    }
    if !is_own {
        errors.push(field.invalid_as(name, complaint));
    }
}
