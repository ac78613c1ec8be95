//! `metadata`, the same for all kinds.
//!
//! Models: kubernetes v1.36 apimachinery/pkg/api/validation/objectmeta.go.

use api::{Kind, Value};

use super::checks;
use super::field::{Errors, Field};
use super::names;

const ANNOTATIONS_MAX: usize = 256 * 1024;
const STANDARD_FINALIZERS: [&str; 3] = ["kubernetes", "orphan", "foregroundDeletion"];
/// What an update may not change, and what the server fills in if it is left out.
const KEPT: [&str; 6] =
    ["name", "namespace", "uid", "creationTimestamp", "deletionTimestamp", "deletionGracePeriodSeconds"];

/// The rule for names of a kind.
fn name_rule(kind: Kind) -> fn(&str) -> Vec<String> {
    match kind {
        Kind::Namespace | Kind::StatefulSet | Kind::Service => names::dns_label,
        Kind::Pod
        | Kind::Node
        | Kind::ConfigMap
        | Kind::Secret
        | Kind::ServiceAccount
        | Kind::Endpoints
        | Kind::EndpointSlice
        | Kind::Event
        | Kind::PersistentVolumeClaim
        | Kind::PersistentVolume
        | Kind::StorageClass
        | Kind::PriorityClass
        | Kind::ControllerRevision
        | Kind::DaemonSet
        | Kind::Job
        | Kind::CronJob
        | Kind::Deployment
        | Kind::ReplicaSet
        | Kind::ReplicationController
        | Kind::PodTemplate
        | Kind::PodDisruptionBudget
        | Kind::Lease
        | Kind::LimitRange
        | Kind::ResourceQuota
        | Kind::HorizontalPodAutoscaler
        | Kind::Ingress
        | Kind::IngressClass
        | Kind::RuntimeClass
        | Kind::NetworkPolicy => names::dns_subdomain,
        Kind::ClusterRole | Kind::ClusterRoleBinding | Kind::Role | Kind::RoleBinding => names::path_segment,
    }
}

/// Who looks at metadata: what every kind goes through, or what a kind's own rules begin with.
#[derive(Clone, Copy, PartialEq, Eq)]
pub(super) enum Layer {
    /// The steps of every write; names are only kept out of paths.
    Generic,
    /// The kind's own.
    Kind(Kind),
}

impl Layer {
    fn name_rule(self) -> fn(&str) -> Vec<String> {
        match self {
            Layer::Generic => names::path_segment,
            Layer::Kind(kind) => name_rule(kind),
        }
    }
}

/// The metadata of an object by itself. One that is to be named by the server has no name yet.
pub(super) fn whole(kind: Kind, object: &Value, layer: Layer, errors: &mut Errors) {
    let metadata = Field::root(object).child("metadata");
    let (name, prefix) = (metadata.child("name"), metadata.child("generateName"));
    let rule = layer.name_rule();
    if !prefix.text().is_empty() {
        prefix.invalid_each(rule(&names::as_prefix(prefix.text())), errors);
    }
    if !name.text().is_empty() {
        name.invalid_each(rule(name.text()), errors);
    } else if prefix.text().is_empty() {
        errors.push(name.required("name or generateName is required"));
    }
    namespace(kind, &metadata.child("namespace"), errors);
    checks::non_negative(&metadata.child("generation"), errors);
    common(&metadata, errors);
    finalizers(&metadata.child("finalizers"), errors);
    standard_finalizers(&metadata, layer, errors);
}

fn namespace(kind: Kind, field: &Field<'_>, errors: &mut Errors) {
    if kind.is_namespaced() {
        checks::name_required(field, names::dns_label, errors);
    } else if !field.text().is_empty() {
        errors.push(field.forbidden("not allowed on this type"));
    }
}

/// The metadata of a changed object.
pub(super) fn update(object: &Value, old: &Value, layer: Layer, errors: &mut Errors) {
    let metadata = Field::root(object).child("metadata");
    for name in KEPT {
        checks::unchanged(&metadata.child(name), old.at(&["metadata", name]), errors);
    }
    common(&metadata, errors);
    standard_finalizers(&metadata, layer, errors);
}

fn common(metadata: &Field<'_>, errors: &mut Errors) {
    checks::labels(&metadata.child("labels"), errors);
    annotations(&metadata.child("annotations"), errors);
    owners(&metadata.child("ownerReferences"), errors);
}

pub(super) fn annotations(field: &Field<'_>, errors: &mut Errors) {
    let mut size = 0;
    for (key, value) in field.entries() {
        size += key.len() + value.text().len();
        let problems = names::label_key(&key.to_lowercase());
        errors.extend(problems.into_iter().map(|problem| field.invalid_as(key.clone(), problem)));
    }
    if size > ANNOTATIONS_MAX {
        errors.push(field.too_long(ANNOTATIONS_MAX));
    }
}

fn owners(list: &Field<'_>, errors: &mut Errors) {
    let mut controller: Option<String> = None;
    for owner in list.items() {
        for (name, complaint) in [
            ("apiVersion", "version must not be empty"),
            ("kind", "must not be empty"),
            ("name", "must not be empty"),
            ("uid", "must not be empty"),
        ] {
            if owner.child(name).text().is_empty() {
                errors.push(Field::new(&format!("{}.{name}", list.path), list.value).invalid_as("", complaint));
            }
        }
        if !owner.child("controller").is_true() {
            continue;
        }
        let this = format!("{}/{}", owner.child("kind").text(), owner.child("name").text());
        match &controller {
            None => controller = Some(this),
            Some(first) => errors.push(list.invalid(format!(
                "Only one reference can have Controller set to true. Found \"true\" in references for {first} and {this}"
            ))),
        }
    }
}

fn finalizers(list: &Field<'_>, errors: &mut Errors) {
    for finalizer in list.items() {
        let problems = names::label_key(finalizer.text());
        errors.extend(problems.into_iter().map(|problem| list.invalid_as(finalizer.text(), problem)));
    }
    let has = |name: &str| list.items().any(|finalizer| finalizer.text() == name);
    if has("orphan") && has("foregroundDeletion") {
        errors.push(list.invalid("finalizer orphan and foregroundDeletion cannot be both set"));
    }
}

/// A finalizer without a domain must be one of Kubernetes' own.
fn standard_finalizers(metadata: &Field<'_>, layer: Layer, errors: &mut Errors) {
    if layer == Layer::Generic || layer == Layer::Kind(Kind::Lease) {
        return;
    }
    for finalizer in metadata.child("finalizers").items() {
        let name = finalizer.text();
        if !name.contains('/') && !STANDARD_FINALIZERS.contains(&name) {
            errors.push(finalizer.invalid("name is neither a standard finalizer name nor is it fully qualified"));
        }
    }
}
