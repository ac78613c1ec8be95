//! Places in manifests: which kinds have a field, and a walk that sets it, through lists and missing objects.
//!
//! Models: sigs.k8s.io/kustomize v5.8.1 api/filters/fieldspec, api/internal/konfig/builtinpluginconsts.

use api::Value;

use super::resource::{Gvk, Resource};

/// A field of some kinds; empty parts fit all.
#[derive(Clone, Copy, Debug)]
pub(super) struct Place<'p> {
    pub(super) group: &'p str,
    pub(super) version: &'p str,
    pub(super) kind: &'p str,
    /// `spec/template/metadata/labels`; `[]` after a name says that a list is expected.
    pub(super) path: &'p str,
    /// Whether what is missing on the way is made.
    pub(super) create: bool,
}

/// What a walk makes where the field is missing.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Make {
    Object,
    Scalar,
    Nothing,
}

/// What a walk does with the field.
pub(super) type Set<'s> = &'s mut dyn FnMut(&mut Value) -> Result<(), String>;

const fn place(group: &'static str, kind: &'static str, path: &'static str, create: bool) -> Place<'static> {
    Place { group, version: "", kind, path, create }
}

const fn core(kind: &'static str, path: &'static str) -> Place<'static> {
    Place { group: "", version: "v1", kind, path, create: true }
}

/// `metadata/labels` and those of templates.
pub(super) const LABELS: [Place<'static>; 10] = [
    place("", "", "metadata/labels", true),
    core("ReplicationController", "spec/template/metadata/labels"),
    place("", "Deployment", "spec/template/metadata/labels", true),
    place("", "ReplicaSet", "spec/template/metadata/labels", true),
    place("", "DaemonSet", "spec/template/metadata/labels", true),
    place("apps", "StatefulSet", "spec/template/metadata/labels", true),
    place("apps", "StatefulSet", "spec/volumeClaimTemplates[]/metadata/labels", true),
    place("batch", "Job", "spec/template/metadata/labels", true),
    place("batch", "CronJob", "spec/jobTemplate/metadata/labels", true),
    place("batch", "CronJob", "spec/jobTemplate/spec/template/metadata/labels", true),
];

/// Selectors, which `commonLabels` and `includeSelectors` extend too.
pub(super) const SELECTORS: [Place<'static>; 12] = [
    core("Service", "spec/selector"),
    core("ReplicationController", "spec/selector"),
    place("", "Deployment", "spec/selector/matchLabels", true),
    place("", "ReplicaSet", "spec/selector/matchLabels", true),
    place("", "DaemonSet", "spec/selector/matchLabels", true),
    place("apps", "StatefulSet", "spec/selector/matchLabels", true),
    place("batch", "Job", "spec/selector/matchLabels", false),
    place("batch", "CronJob", "spec/jobTemplate/spec/selector/matchLabels", false),
    place("policy", "PodDisruptionBudget", "spec/selector/matchLabels", false),
    place("networking.k8s.io", "NetworkPolicy", "spec/podSelector/matchLabels", false),
    place("networking.k8s.io", "NetworkPolicy", "spec/ingress/from/podSelector/matchLabels", false),
    place("networking.k8s.io", "NetworkPolicy", "spec/egress/to/podSelector/matchLabels", false),
];

/// Selectors within the pod templates of Deployments and StatefulSets.
pub(super) const TEMPLATE_SELECTORS: [&str; 5] = [
    "spec/template/spec/affinity/podAffinity/preferredDuringSchedulingIgnoredDuringExecution/podAffinityTerm/labelSelector/matchLabels",
    "spec/template/spec/affinity/podAffinity/requiredDuringSchedulingIgnoredDuringExecution/labelSelector/matchLabels",
    "spec/template/spec/affinity/podAntiAffinity/preferredDuringSchedulingIgnoredDuringExecution/podAffinityTerm/labelSelector/matchLabels",
    "spec/template/spec/affinity/podAntiAffinity/requiredDuringSchedulingIgnoredDuringExecution/labelSelector/matchLabels",
    "spec/template/spec/topologySpreadConstraints/labelSelector/matchLabels",
];

/// Annotations, those of templates too.
pub(super) const ANNOTATIONS: [Place<'static>; 9] = [
    place("", "", "metadata/annotations", true),
    core("ReplicationController", "spec/template/metadata/annotations"),
    place("", "Deployment", "spec/template/metadata/annotations", true),
    place("", "ReplicaSet", "spec/template/metadata/annotations", true),
    place("", "DaemonSet", "spec/template/metadata/annotations", true),
    place("", "StatefulSet", "spec/template/metadata/annotations", true),
    place("batch", "Job", "spec/template/metadata/annotations", true),
    place("batch", "CronJob", "spec/jobTemplate/metadata/annotations", true),
    place("batch", "CronJob", "spec/jobTemplate/spec/template/metadata/annotations", true),
];

/// Images of containers and of volumes.
pub(super) const IMAGES: [&str; 6] = [
    "spec/containers[]/image",
    "spec/initContainers[]/image",
    "spec/volumes[]/image/reference",
    "spec/template/spec/containers[]/image",
    "spec/template/spec/initContainers[]/image",
    "spec/template/spec/volumes[]/image/reference",
];

/// Namespaces that a kind names besides its own.
pub(super) const NAMESPACES: [Place<'static>; 2] = [
    place("apiregistration.k8s.io", "APIService", "spec/service/namespace", true),
    place(
        "apiextensions.k8s.io",
        "CustomResourceDefinition",
        "spec/conversion/webhook/clientConfig/service/namespace",
        false,
    ),
];

/// Kinds whose `spec.replicas` can be set, in the order in which complaints list them.
pub(super) const REPLICAS: [&str; 4] = ["Deployment", "StatefulSet", "ReplicaSet", "ReplicationController"];

/// A field of every kind.
pub(super) const fn anywhere(path: &str, create: bool) -> Place<'_> {
    Place { group: "", version: "", kind: "", path, create }
}

impl Place<'_> {
    /// Sets the field in a manifest, if the manifest is of the kind.
    pub(super) fn apply(&self, resource: &mut Resource, make: Make, set: Set<'_>) -> Result<(), String> {
        if !Gvk::of(&resource.value).is_selected(self.group, self.version, self.kind) {
            return Ok(());
        }
        let parts = split(self.path);
        let make = if self.create { make } else { Make::Nothing };
        walk(&mut resource.value, &parts, make, set)
            .map_err(|error| format!("considering field '{}' of object {}: {error}", self.path, resource.id().text()))
    }
}

/// The parts of a path; a slash after a backslash belongs to its part.
fn split(path: &str) -> Vec<String> {
    let mut parts = vec![String::new()];
    let mut is_escaped = false;
    for c in path.chars() {
        match (c, parts.last_mut()) {
            ('\\', _) if !is_escaped => {
                is_escaped = true;
                continue;
            }
            ('/', _) if !is_escaped => parts.push(String::new()),
            (c, Some(part)) => part.push(c),
            (_, None) => {}
        }
        is_escaped = false;
    }
    parts
}

fn walk(here: &mut Value, path: &[String], make: Make, set: Set<'_>) -> Result<(), String> {
    let Some((first, rest)) = path.split_first() else { return set(here) };
    match here {
        Value::Null => Ok(()),
        Value::List(list) => {
            let go = |element: &mut Value| walk(element, path, make, set);
            list.iter_mut()
                .try_for_each(go)
                .map_err(|error| format!("visit traversal on path: [{}]: {error}", path.join(" ")))
        }
        Value::Map(map) => {
            let name = first.strip_suffix("[]").unwrap_or(first);
            let is_made = make != Make::Nothing && name.len() == first.len();
            let is_last = rest.is_empty();
            if is_made {
                let field = map.entry(name.into()).or_default();
                if field.is_null() && (make == Make::Object || !is_last) {
                    *field = Value::map();
                }
            }
            map.get_mut(name).map_or(Ok(()), |field| walk(field, rest, make, set))
        }
        Value::Bool(_) | Value::Int(_) | Value::Float(_) | Value::Str(_) => {
            Err("expected sequence or mapping node".into())
        }
    }
}
