//! References to what got another name: after prefixes, suffixes and hashes they point to the new one.
//!
//! Models: sigs.k8s.io/kustomize v5.8.1 api/filters/nameref, api/internal/accumulator/namereferencetransformer.go,
//! api/internal/konfig/builtinpluginconsts/namereference.go.

use api::{Str, Value};

use super::places::{Make, Place};
use super::resource::{Id, Resource};

/// Kinds with a pod specification, and where it stands. The first three letters of a line of [`IN_PODS`] choose some.
const PODS: [(&str, &str); 9] = [
    ("Pod", "spec"),
    ("Deployment", "spec/template/spec"),
    ("StatefulSet", "spec/template/spec"),
    ("DaemonSet", "spec/template/spec"),
    ("Job", "spec/template/spec"),
    ("CronJob", "spec/jobTemplate/spec/template/spec"),
    ("ReplicaSet", "spec/template/spec"),
    ("PodTemplate", "template/spec"),
    ("ReplicationController", "spec/template/spec"),
];

/// Which of [`PODS`] upstream's table names for a reference.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Pods {
    /// All but ReplicationController.
    WithReplicaSet,
    /// All but ReplicaSet and PodTemplate.
    WithController,
}

/// References from pod specifications: the kind referred to, which kinds refer, the field.
const IN_PODS: [(Target, Pods, &str); 15] = [
    (CONFIG_MAP, Pods::WithReplicaSet, "volumes/configMap/name"),
    (CONFIG_MAP, Pods::WithReplicaSet, "containers/env/valueFrom/configMapKeyRef/name"),
    (CONFIG_MAP, Pods::WithReplicaSet, "initContainers/env/valueFrom/configMapKeyRef/name"),
    (CONFIG_MAP, Pods::WithReplicaSet, "containers/envFrom/configMapRef/name"),
    (CONFIG_MAP, Pods::WithReplicaSet, "initContainers/envFrom/configMapRef/name"),
    (CONFIG_MAP, Pods::WithReplicaSet, "volumes/projected/sources/configMap/name"),
    (SECRET, Pods::WithReplicaSet, "volumes/secret/secretName"),
    (SECRET, Pods::WithReplicaSet, "containers/env/valueFrom/secretKeyRef/name"),
    (SECRET, Pods::WithReplicaSet, "initContainers/env/valueFrom/secretKeyRef/name"),
    (SECRET, Pods::WithReplicaSet, "containers/envFrom/secretRef/name"),
    (SECRET, Pods::WithReplicaSet, "initContainers/envFrom/secretRef/name"),
    (SECRET, Pods::WithReplicaSet, "imagePullSecrets/name"),
    (SECRET, Pods::WithReplicaSet, "volumes/projected/sources/secret/name"),
    (CLAIM, Pods::WithController, "volumes/persistentVolumeClaim/claimName"),
    (PRIORITY_CLASS, Pods::WithController, "priorityClassName"),
];

/// The kind that is referred to: group, version, kind.
type Target = (&'static str, &'static str, &'static str);

const CONFIG_MAP: Target = ("", "v1", "ConfigMap");
const SECRET: Target = ("", "v1", "Secret");
const SERVICE: Target = ("", "v1", "Service");
const ACCOUNT: Target = ("", "v1", "ServiceAccount");
const CLAIM: Target = ("", "v1", "PersistentVolumeClaim");
const VOLUME: Target = ("", "v1", "PersistentVolume");
const CLASS: Target = ("storage.k8s.io", "v1", "StorageClass");
const PRIORITY_CLASS: Target = ("scheduling.k8s.io", "v1", "PriorityClass");
const ROLE: Target = (RBAC, "", "Role");
const CLUSTER_ROLE: Target = (RBAC, "", "ClusterRole");

const RBAC: &str = "rbac.authorization.k8s.io";
const ADMISSION: &str = "admissionregistration.k8s.io";

/// All other references: the kind referred to, group and kind that refer, the field.
const ELSEWHERE: [(Target, &str, &str, &str); 47] = [
    (("", "", "Deployment"), "", "HorizontalPodAutoscaler", "spec/scaleTargetRef/name"),
    (("", "", "ReplicationController"), "", "HorizontalPodAutoscaler", "spec/scaleTargetRef/name"),
    (("", "", "ReplicaSet"), "", "HorizontalPodAutoscaler", "spec/scaleTargetRef/name"),
    (("", "", "StatefulSet"), "", "HorizontalPodAutoscaler", "spec/scaleTargetRef/name"),
    (CONFIG_MAP, "", "Node", "spec/configSource/configMap"),
    (CONFIG_MAP, "", "Role", "rules/resourceNames"),
    (CONFIG_MAP, "", "ClusterRole", "rules/resourceNames"),
    (CONFIG_MAP, "", "Ingress", r"metadata/annotations/nginx.ingress.kubernetes.io\/fastcgi-params-configmap"),
    (SECRET, "", "Ingress", "spec/tls/secretName"),
    (SECRET, "", "Ingress", r"metadata/annotations/ingress.kubernetes.io\/auth-secret"),
    (SECRET, "", "Ingress", r"metadata/annotations/nginx.ingress.kubernetes.io\/auth-secret"),
    (SECRET, "", "Ingress", r"metadata/annotations/nginx.ingress.kubernetes.io\/auth-tls-secret"),
    (SECRET, "", "ServiceAccount", "imagePullSecrets/name"),
    (SECRET, "", "StorageClass", "parameters/secretName"),
    (SECRET, "", "StorageClass", "parameters/adminSecretName"),
    (SECRET, "", "StorageClass", "parameters/userSecretName"),
    (SECRET, "", "StorageClass", "parameters/secretRef"),
    (SECRET, "", "Role", "rules/resourceNames"),
    (SECRET, "", "ClusterRole", "rules/resourceNames"),
    (SECRET, "", "PersistentVolume", "spec/azureFile/secretName"),
    (SERVICE, "apps", "StatefulSet", "spec/serviceName"),
    (SERVICE, "", "Ingress", "spec/rules/http/paths/backend/serviceName"),
    (SERVICE, "", "Ingress", "spec/backend/serviceName"),
    (SERVICE, "", "Ingress", "spec/rules/http/paths/backend/service/name"),
    (SERVICE, "", "Ingress", "spec/defaultBackend/service/name"),
    (SERVICE, "apiregistration.k8s.io", "APIService", "spec/service/name"),
    (SERVICE, ADMISSION, "ValidatingWebhookConfiguration", "webhooks/clientConfig/service"),
    (SERVICE, ADMISSION, "MutatingWebhookConfiguration", "webhooks/clientConfig/service"),
    (ROLE, RBAC, "RoleBinding", "roleRef/name"),
    (CLUSTER_ROLE, RBAC, "RoleBinding", "roleRef/name"),
    (CLUSTER_ROLE, RBAC, "ClusterRoleBinding", "roleRef/name"),
    (ACCOUNT, RBAC, "RoleBinding", "subjects"),
    (ACCOUNT, RBAC, "ClusterRoleBinding", "subjects"),
    (ACCOUNT, "", "Pod", "spec/serviceAccountName"),
    (ACCOUNT, "", "StatefulSet", "spec/template/spec/serviceAccountName"),
    (ACCOUNT, "", "Deployment", "spec/template/spec/serviceAccountName"),
    (ACCOUNT, "", "ReplicationController", "spec/template/spec/serviceAccountName"),
    (ACCOUNT, "", "CronJob", "spec/jobTemplate/spec/template/spec/serviceAccountName"),
    (ACCOUNT, "", "Job", "spec/template/spec/serviceAccountName"),
    (ACCOUNT, "", "DaemonSet", "spec/template/spec/serviceAccountName"),
    (VOLUME, "", "PersistentVolumeClaim", "spec/volumeName"),
    (VOLUME, "", "ClusterRole", "rules/resourceNames"),
    (CLASS, "", "PersistentVolume", "spec/storageClassName"),
    (CLASS, "", "PersistentVolumeClaim", "spec/storageClassName"),
    (CLASS, "", "StatefulSet", "spec/volumeClaimTemplates/spec/storageClassName"),
    (("networking.k8s.io/v1", "v1", "IngressClass"), "", "Ingress", "spec/ingressClassName"),
    ((ADMISSION, "", "ValidatingAdmissionPolicy"), ADMISSION, "ValidatingAdmissionPolicyBinding", "spec/policyName"),
];

/// What is known of a manifest that may be referred to.
struct Known {
    id: Id,
    namespace: Str,
    previous: Vec<Id>,
    prefixes: Vec<Str>,
    suffixes: Vec<Str>,
}

/// Repairs all references.
pub(super) fn fix_references(all: &mut [Resource]) -> Result<(), String> {
    let known: Vec<Known> = all.iter().map(Known::of).collect();
    for (at, resource) in all.iter_mut().enumerate() {
        let (kind, group) = (resource.original_id().gvk.kind, resource.original_id().gvk.group);
        for (target, pods, path) in IN_PODS {
            let named = PODS.iter().find(|(name, _)| *name == kind).filter(|(name, _)| pods.names(name));
            if let Some((_, spec)) = named {
                fix(resource, &known, at, target, &format!("{spec}/{path}"))?;
            }
        }
        for (target, from_group, from_kind, path) in ELSEWHERE {
            if from_kind == kind && (from_group.is_empty() || from_group == group) {
                fix(resource, &known, at, target, path)?;
            }
        }
    }
    Ok(())
}

impl Pods {
    fn names(self, kind: &str) -> bool {
        match self {
            Pods::WithReplicaSet => kind != "ReplicationController",
            Pods::WithController => !matches!(kind, "ReplicaSet" | "PodTemplate"),
        }
    }
}

impl Known {
    fn of(resource: &Resource) -> Known {
        Known {
            id: resource.id(),
            namespace: resource.namespace().into(),
            previous: resource.previous.clone(),
            prefixes: resource.prefixes.clone(),
            suffixes: resource.suffixes.clone(),
        }
    }
}

fn fix(resource: &mut Resource, known: &[Known], at: usize, target: Target, path: &str) -> Result<(), String> {
    let search = Search { known, referrer: &known[at], target, role: role_of(&resource.value, path) };
    let place = Place { group: "", version: "", kind: "", path, create: false };
    let id = search.referrer.id.text();
    let mut set = |field: &mut Value| search.set(field);
    place
        .apply(resource, Make::Nothing, &mut set)
        .map_err(|error| format!("updating name reference in '{path}' field of '{id}': {error}"))
}

/// Group and kind that a binding's `roleRef` names, where its name is looked at.
fn role_of(binding: &Value, path: &str) -> Option<(Str, Str)> {
    let role = binding.get("roleRef");
    let (group, kind) = (role.get("apiGroup").as_str()?, role.get("kind").as_str()?);
    path.ends_with("roleRef/name").then(|| (group.into(), kind.into()))
}

/// One field of one manifest, and whom it may mean.
struct Search<'k> {
    known: &'k [Known],
    referrer: &'k Known,
    target: Target,
    role: Option<(Str, Str)>,
}

impl Search<'_> {
    fn set(&self, field: &mut Value) -> Result<(), String> {
        match field {
            Value::Str(name) => {
                if let Some(found) = self.find(name, None)? {
                    *name = found.id.name.clone();
                }
                Ok(())
            }
            Value::List(list) => list.iter_mut().try_for_each(|element| self.set(element)),
            Value::Map(_) => self.set_object(field),
            Value::Null | Value::Bool(_) | Value::Int(_) | Value::Float(_) => Ok(()),
        }
    }

    /// A reference with a name and perhaps a namespace of its own.
    fn set_object(&self, field: &mut Value) -> Result<(), String> {
        let Some(name) = field.get("name").as_str().map(Str::from) else {
            return Err("path config error; no 'name' field in node".into());
        };
        let namespace = field.get("namespace").as_str().map(Str::from);
        let Some(found) = self.find(&name, Some(namespace))? else { return Ok(()) };
        field.set(&["name"], found.id.name.clone());
        if !found.namespace.is_empty() {
            field.set(&["namespace"], found.namespace.clone());
        }
        Ok(())
    }

    /// Who is meant by a name. `named` is given for references that name a namespace too, or could.
    fn find(&self, name: &str, named: Option<Option<Str>>) -> Result<Option<&Known>, String> {
        let (group, version, kind) = self.target;
        let was_called = |known: &&Known| {
            let is_target = |id: &Id| id.gvk.is_selected(group, version, kind);
            known.previous.iter().any(|id| id.name == name) && known.previous.iter().any(is_target)
        };
        let mut found: Vec<&Known> =
            self.known.iter().filter(|known| self.can_refer_to(known)).filter(was_called).collect();
        if let Some(Some(namespace)) = &named {
            keep_namespace(&mut found, namespace);
        }
        if let Some((group, kind)) = &self.role {
            found.retain(|known| known.previous.iter().any(|id| id.gvk.is_selected(group, "", kind)));
        }
        for strict in [false, true] {
            if found.len() > 1 {
                found.retain(|known| self.has_same_affixes(known, strict));
            }
        }
        let Some(first) = found.first() else { return Ok(None) };
        let differs =
            |known: &&&Known| known.id.name != first.id.name || (named.is_some() && known.namespace != first.namespace);
        if found.iter().any(|known| differs(&known)) {
            let ids: Vec<String> = found.iter().map(|known| known.id.text()).collect();
            return Err(format!("found multiple possible referrals: {}", ids.join(", ")));
        }
        Ok(Some(*first))
    }

    fn can_refer_to(&self, other: &Known) -> bool {
        let own = &self.referrer.id;
        let is_account_of_binding = other.id.gvk.kind == "ServiceAccount" && own.gvk.kind == "RoleBinding";
        own.gvk.is_cluster_scoped()
            || other.id.gvk.is_cluster_scoped()
            || is_account_of_binding
            || own.effective_namespace() == other.id.effective_namespace()
    }

    fn has_same_affixes(&self, other: &Known, strict: bool) -> bool {
        let fits = |own: &[Str], other: &[Str]| {
            let is_open = !strict && (own.is_empty() || other.is_empty());
            is_open || ends_alike(own, other)
        };
        fits(&self.referrer.prefixes, &other.prefixes) && fits(&self.referrer.suffixes, &other.suffixes)
    }
}

/// Those that are, or were at first, in a namespace; the latter count first.
fn keep_namespace(found: &mut Vec<&Known>, namespace: &str) {
    let at_first = |known: &Known| known.previous.first().is_some_and(|id| id.effective_namespace() == namespace);
    if found.iter().any(|known| at_first(known)) {
        found.retain(|known| at_first(known));
    } else {
        found.retain(|known| known.id.effective_namespace() == namespace);
    }
}

fn ends_alike(left: &[Str], right: &[Str]) -> bool {
    let (short, long) = if left.len() < right.len() { (left, right) } else { (right, left) };
    if short.is_empty() { long.is_empty() } else { long.ends_with(short) }
}
