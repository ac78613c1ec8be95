//! The order in which a build puts its manifests.
//!
//! Models: sigs.k8s.io/kustomize v5.8.1 api/internal/builtins/SortOrderTransformer.go.

use api::{Str, Value};
use ordered::Arrange;

use super::resource::{Gvk, Resource};
use super::{Order, texts};

const FIRST: [&str; 22] = [
    "Namespace",
    "ResourceQuota",
    "StorageClass",
    "CustomResourceDefinition",
    "ServiceAccount",
    "PodSecurityPolicy",
    "Role",
    "ClusterRole",
    "RoleBinding",
    "ClusterRoleBinding",
    "ConfigMap",
    "Secret",
    "Endpoints",
    "Service",
    "LimitRange",
    "PriorityClass",
    "PersistentVolume",
    "PersistentVolumeClaim",
    "Deployment",
    "StatefulSet",
    "CronJob",
    "PodDisruptionBudget",
];
const LAST: [&str; 2] = ["MutatingWebhookConfiguration", "ValidatingWebhookConfiguration"];

/// Sorts the manifests as the kustomization or the command line says.
pub(super) fn sort(all: &mut [Resource], options: &Value, otherwise: Order) -> Result<(), String> {
    let legacy = options.get("legacySortOptions");
    let own = match (options.is_null(), options.get("order").text()) {
        (true, _) => otherwise,
        (false, "legacy") => Order::Legacy,
        (false, "fifo") if legacy.is_null() => Order::Read,
        (false, "fifo") => {
            return Err("the field 'sortOptions.legacySortOptions' is set but the selected sort order is 'fifo', not \
                        'legacy'"
                .into());
        }
        (false, _) => return Err("the field 'sortOptions.order' must be one of [fifo, legacy]".into()),
    };
    if own == Order::Read {
        return Ok(());
    }
    let names = |list: &[&str]| -> Vec<Str> { list.iter().map(|name| Str::from(*name)).collect() };
    let (first, last) = match legacy {
        Value::Null => (names(&FIRST), names(&LAST)),
        legacy => (texts(legacy.get("orderFirst")), texts(legacy.get("orderLast"))),
    };
    let mut keyed: Vec<(String, Resource)> =
        all.iter().map(|resource| (key(resource, &first, &last), resource.clone())).collect();
    keyed.arrange_by(|left, right| left.0.cmp(&right.0));
    for (slot, (_, resource)) in all.iter_mut().zip(keyed) {
        *slot = resource;
    }
    Ok(())
}

/// A text that sorts as the manifests do: rank of the kind, the kind, namespace and name.
fn key(resource: &Resource, first: &[Str], last: &[Str]) -> String {
    let id = resource.id();
    let Gvk { group, version, kind } = &id.gvk;
    let at = |list: &[Str]| list.iter().rposition(|name| name == kind);
    let rank = at(last).map(|at| 20_000 + at).or_else(|| at(first)).unwrap_or(10_000);
    let or = |text: &Str, instead: &'static str| if text.is_empty() { Str::from(instead) } else { text.clone() };
    let (namespace, name) = (or(&id.namespace, "~X"), or(&id.name, "~N"));
    format!("{rank:05} {}_{version}_{kind} {}|{namespace}|{name}", or(group, "~G"), id.gvk.text())
}
