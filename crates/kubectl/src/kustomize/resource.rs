//! A manifest within a build, with the names it had before, and the list that holds all of them.
//!
//! Models: sigs.k8s.io/kustomize v5.8.1 api/resource, api/resmap, kyaml/resid.

use api::{Str, Value, schema};

/// Group, version and kind; empty parts fit anything where they select.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(super) struct Gvk {
    pub(super) group: Str,
    pub(super) version: Str,
    pub(super) kind: Str,
}

/// What tells manifests apart.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(super) struct Id {
    pub(super) gvk: Gvk,
    pub(super) name: Str,
    pub(super) namespace: Str,
}

/// What a generated manifest does to one that is there (`behavior`).
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(super) enum Behavior {
    #[default]
    Unspecified,
    Create,
    Replace,
    Merge,
}

/// A manifest.
#[derive(Clone, Debug, Default)]
pub(super) struct Resource {
    pub(super) value: Value,
    /// Its identities before each change of its name or namespace, the oldest first.
    pub(super) previous: Vec<Id>,
    pub(super) prefixes: Vec<Str>,
    pub(super) suffixes: Vec<Str>,
    pub(super) behavior: Behavior,
    /// Whether its name gets a hash of its contents.
    pub(super) is_hashed: bool,
}

/// Kinds without a namespace that older manifests or other servers have, most of them not served here.
const CLUSTER_SCOPED: [(&str, &str); 16] = [
    ("admissionregistration.k8s.io", "MutatingWebhookConfiguration"),
    ("admissionregistration.k8s.io", "ValidatingAdmissionPolicy"),
    ("admissionregistration.k8s.io", "ValidatingAdmissionPolicyBinding"),
    ("admissionregistration.k8s.io", "ValidatingWebhookConfiguration"),
    ("apiextensions.k8s.io", "CustomResourceDefinition"),
    ("apiregistration.k8s.io", "APIService"),
    ("certificates.k8s.io", "CertificateSigningRequest"),
    ("flowcontrol.apiserver.k8s.io", "FlowSchema"),
    ("flowcontrol.apiserver.k8s.io", "PriorityLevelConfiguration"),
    ("networking.k8s.io", "IngressClass"),
    ("node.k8s.io", "RuntimeClass"),
    ("policy", "PodSecurityPolicy"),
    ("rbac.authorization.k8s.io", "ClusterRole"),
    ("rbac.authorization.k8s.io", "ClusterRoleBinding"),
    ("storage.k8s.io", "CSIDriver"),
    ("storage.k8s.io", "VolumeAttachment"),
];
/// Stands for the namespace of objects that have none.
const NO_NAMESPACE: &str = "_non_namespaceable_";

impl Gvk {
    pub(super) fn new(api_version: &str, kind: &str) -> Gvk {
        let (group, version) = api_version.split_once('/').unwrap_or(("", api_version));
        Gvk { group: group.into(), version: version.into(), kind: kind.into() }
    }

    pub(super) fn of(value: &Value) -> Gvk {
        Gvk::new(value.get("apiVersion").text(), value.get("kind").text())
    }

    pub(super) fn api_version(&self) -> Str {
        if self.group.is_empty() { self.version.clone() } else { thin::format_str!("{}/{}", self.group, self.version) }
    }

    /// Whether the selector's parts that are not empty agree.
    pub(super) fn is_selected(&self, group: &str, version: &str, kind: &str) -> bool {
        (group.is_empty() || self.group == group)
            && (version.is_empty() || self.version == version)
            && (kind.is_empty() || self.kind == kind)
    }

    /// Whether objects of this kind certainly have no namespace.
    pub(super) fn is_cluster_scoped(&self) -> bool {
        let is_it = |resource: &&schema::Resource| {
            resource.kind == self.kind && resource.group == self.group && resource.version == self.version
        };
        match schema::resources().iter().find(is_it) {
            Some(resource) => !resource.namespaced,
            None => CLUSTER_SCOPED.contains(&(self.group.as_str(), self.kind.as_str())),
        }
    }

    /// `Deployment.v1.apps`
    pub(super) fn text(&self) -> String {
        let or = |text: &Str, instead: &str| if text.is_empty() { instead.to_string() } else { text.to_string() };
        format!("{}.{}.{}", or(&self.kind, "[noKind]"), or(&self.version, "[noVer]"), or(&self.group, "[noGrp]"))
    }
}

impl Id {
    pub(super) fn of(manifest: &Value) -> Id {
        let text = |field: &str| Str::from(manifest.at(&["metadata", field]).text());
        Id { gvk: Gvk::of(manifest), name: text("name"), namespace: text("namespace") }
    }

    pub(super) fn effective_namespace(&self) -> &str {
        if self.gvk.is_cluster_scoped() {
            return NO_NAMESPACE;
        }
        if self.namespace.is_empty() { "default" } else { &self.namespace }
    }

    pub(super) fn equals(&self, other: &Id) -> bool {
        self.gvk == other.gvk && self.name == other.name && self.effective_namespace() == other.effective_namespace()
    }

    /// `Deployment.v1.apps/wordpress.[noNs]`
    pub(super) fn text(&self) -> String {
        let namespace = if self.namespace.is_empty() { "[noNs]" } else { &self.namespace };
        let name = if self.name.is_empty() { "[noName]" } else { &self.name };
        format!("{}/{name}.{namespace}", self.gvk.text())
    }

    /// As Go prints the struct with all its fields.
    fn go_text(&self) -> String {
        let Gvk { group, version, kind } = &self.gvk;
        format!(
            "resid.ResId{{Gvk:resid.Gvk{{Group:{group:?}, Version:{version:?}, Kind:{kind:?}, isClusterScoped:{}}}, \
             Name:{:?}, Namespace:{:?}}}",
            self.gvk.is_cluster_scoped(),
            self.name,
            self.namespace
        )
    }
}

impl Behavior {
    pub(super) fn parse(text: &str) -> Behavior {
        match text {
            "create" => Behavior::Create,
            "replace" => Behavior::Replace,
            "merge" => Behavior::Merge,
            _ => Behavior::Unspecified,
        }
    }

    fn text(self) -> &'static str {
        match self {
            Behavior::Unspecified => "unspecified",
            Behavior::Create => "create",
            Behavior::Replace => "replace",
            Behavior::Merge => "merge",
        }
    }
}

impl Resource {
    pub(super) fn new(value: Value) -> Resource {
        Resource { value, ..Resource::default() }
    }

    pub(super) fn name(&self) -> &str {
        self.value.at(&["metadata", "name"]).text()
    }

    pub(super) fn namespace(&self) -> &str {
        self.value.at(&["metadata", "namespace"]).text()
    }

    /// What it is now.
    pub(super) fn id(&self) -> Id {
        Id::of(&self.value)
    }

    /// What it was when it was read.
    pub(super) fn original_id(&self) -> Id {
        self.previous.first().cloned().unwrap_or_else(|| self.id())
    }

    /// Keeps its identity, before a change of it.
    pub(super) fn remember(&mut self) {
        let mut id = self.id();
        id.namespace = id.effective_namespace().into();
        self.previous.push(id);
    }

    /// Gives it another name.
    pub(super) fn rename(&mut self, name: String) {
        self.remember();
        self.value.set(&["metadata", "name"], name);
    }

    fn has_been(&self, id: &Id) -> bool {
        self.previous.iter().chain([&self.id()]).any(|known| known.equals(id))
    }

    /// Takes over name, labels, annotations and history of the one it stands in for.
    fn inherit(&mut self, old: &Resource) {
        for field in ["labels", "annotations"] {
            let mut all = old.value.at(&["metadata", field]).clone();
            let own = self.value.at(&["metadata", field]).clone();
            overlay(&mut all, &own);
            if !all.is_null() {
                self.value.set(&["metadata", field], all);
            }
        }
        self.value.set(&["metadata", "name"], old.name());
        if !old.namespace().is_empty() {
            self.value.set(&["metadata", "namespace"], old.namespace());
        }
        self.previous.clone_from(&old.previous);
        self.prefixes.clone_from(&old.prefixes);
        self.suffixes.clone_from(&old.suffixes);
        self.is_hashed &= old.is_hashed;
    }

    fn merge_data(&mut self, old: &Resource) {
        for field in ["data", "binaryData"] {
            let mut all = old.value.get(field).clone();
            overlay(&mut all, &self.value.get(field).clone());
            if !all.is_null() {
                self.value.set(&[field], all);
            }
        }
    }
}

/// Puts the fields of one object over those of another.
fn overlay(under: &mut Value, over: &Value) {
    let Value::Map(over) = over else { return };
    for (key, value) in over {
        under.set(&[key], value.clone());
    }
}

/// Adds a manifest that must be new.
pub(super) fn append(all: &mut Vec<Resource>, resource: Resource) -> Result<(), String> {
    let id = resource.id();
    if all.iter().any(|known| known.id().equals(&id)) {
        return Err(format!("may not add resource with an already registered id: {}", id.text()));
    }
    all.push(resource);
    Ok(())
}

/// Adds a generated manifest: new, instead of, or merged with one that is there.
pub(super) fn absorb(all: &mut Vec<Resource>, mut resource: Resource) -> Result<(), String> {
    let id = resource.id();
    let matching: Vec<usize> = (0..all.len()).filter(|at| all[*at].has_been(&id)).collect();
    match (matching.as_slice(), resource.behavior) {
        ([], Behavior::Merge | Behavior::Replace) => {
            Err(format!("id {} does not exist; cannot merge or replace", id.go_text()))
        }
        ([], Behavior::Create | Behavior::Unspecified) => append(all, resource),
        ([at], behavior @ (Behavior::Merge | Behavior::Replace)) => {
            let old = &all[*at];
            resource.inherit(old);
            if behavior == Behavior::Merge {
                resource.merge_data(old);
            }
            resource.behavior = old.behavior;
            all[*at] = resource;
            Ok(())
        }
        ([_], behavior) => Err(format!(
            "id {} exists; can not use behavior: '{}', behavior must be merge or replace",
            id.go_text(),
            behavior.text()
        )),
        (several, _) => {
            let found: Vec<String> = several.iter().map(|at| api::text::json::write_compact(&all[*at].value)).collect();
            Err(format!("found multiple objects [{}] that could accept merge of {}", found.join(" "), id.text()))
        }
    }
}

/// The one manifest that has, or had, this identity.
pub(super) fn find(all: &[Resource], id: &Id) -> Result<usize, String> {
    let found: Vec<usize> = (0..all.len()).filter(|at| all[*at].has_been(id)).collect();
    let problem = match found.as_slice() {
        [at] => return Ok(*at),
        [] => "no",
        _ => "multiple",
    };
    let id = id.text();
    Err(format!("{problem} matches for Id {id}; failed to find unique target for patch {id}"))
}
