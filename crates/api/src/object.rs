//! The closed set of kinds.

use std::rc::Rc;

use thin::literal_str;

use crate::apps::controller_revision::ControllerRevision;
use crate::apps::daemon_set::DaemonSet;
use crate::apps::deployment::Deployment;
use crate::apps::replica_set::ReplicaSet;
use crate::apps::stateful_set::StatefulSet;
use crate::batch::cron_job::CronJob;
use crate::batch::job::Job;
use crate::codec::{Codec, Rest};
use crate::core::config::{ConfigMap, Secret};
use crate::core::endpoints::{EndpointSlice, Endpoints};
use crate::core::event::Event;
use crate::core::namespace::{Namespace, ServiceAccount};
use crate::core::node::{Lease, Node};
use crate::core::pod::Pod;
use crate::core::replication_controller::ReplicationController;
use crate::core::service::Service;
use crate::core::volume::{PersistentVolume, PersistentVolumeClaim};
use crate::meta::{ObjectMeta, OwnerReference};
use crate::policy::PodDisruptionBudget;
use crate::scheduling::PriorityClass;
use crate::storage::StorageClass;
use crate::{Str, Value};

/// Whether objects of a kind live in a namespace.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Scope {
    /// They belong to the cluster.
    Cluster,
    /// They belong to a namespace.
    Namespaced,
}

/// A group's version as `apiVersion` has it: the core group has no name and no slash.
const fn without_slash(group_version: &str) -> &str {
    match group_version.as_bytes() {
        [b'/', ..] => group_version.split_at(1).1,
        _ => group_version,
    }
}

macro_rules! kinds {
    (
        $( $kind:ident $plural:literal $group:literal $version:literal $scope:ident ),* ;
        plain $( $plain:ident $plain_plural:literal $plain_group:literal $plain_version:literal $plain_scope:ident ),* $(,)?
    ) => {
        /// A kind that the API server serves: those with types of their own, then the plain ones, each in the order of
        /// group, version and name in discovery.
        #[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
        pub enum Kind {
            $( #[doc = concat!("`", $plural, "`")] $kind, )*
            $( #[doc = concat!("`", $plain_plural, "`")] $plain, )*
        }

        impl Kind {
            /// All kinds.
            pub const ALL: &'static [Kind] = &[$( Kind::$kind, )* $( Kind::$plain ),*];

            /// Such as `StatefulSet`.
            pub const fn name(self) -> &'static str {
                match self { $( Kind::$kind => stringify!($kind), )* $( Kind::$plain => stringify!($plain), )* }
            }
            /// The name as shared text.
            pub fn shared_name(self) -> Str {
                match self { $( Kind::$kind => literal_str!(stringify!($kind)), )* $( Kind::$plain => literal_str!(stringify!($plain)), )* }
            }
            /// Such as `apps/v1`, or `v1`.
            pub fn api_version(self) -> Str {
                match self {
                    $( Kind::$kind => literal_str!(without_slash(concat!($group, "/", $version))), )*
                    $( Kind::$plain => literal_str!(without_slash(concat!($plain_group, "/", $plain_version))), )*
                }
            }
            /// Such as `statefulsets`.
            pub const fn plural(self) -> &'static str {
                match self { $( Kind::$kind => $plural, )* $( Kind::$plain => $plain_plural, )* }
            }
            /// Such as `apps`; empty for core/v1.
            pub const fn group(self) -> &'static str {
                match self { $( Kind::$kind => $group, )* $( Kind::$plain => $plain_group, )* }
            }
            /// Such as `v1`.
            pub const fn version(self) -> &'static str {
                match self { $( Kind::$kind => $version, )* $( Kind::$plain => $plain_version, )* }
            }
            /// Whether its objects live in a namespace.
            pub const fn scope(self) -> Scope {
                match self { $( Kind::$kind => Scope::$scope, )* $( Kind::$plain => Scope::$plain_scope, )* }
            }
        }

        /// An object of the API, shared. Cloning copies a pointer.
        #[derive(Clone, Debug, PartialEq, Hash)]
        pub enum Object {
            $( #[doc = concat!("One of `", $plural, "`.")] $kind(Rc<$kind>), )*
            /// One of a plain kind.
            Plain(Rc<Plain>),
        }

        impl Object {
            /// The object's kind.
            pub fn kind(&self) -> Kind {
                match self { $( Object::$kind(_) => Kind::$kind, )* Object::Plain(object) => object.kind }
            }
            /// The object's metadata.
            pub fn metadata(&self) -> &ObjectMeta {
                match self { $( Object::$kind(object) => &object.metadata, )* Object::Plain(object) => &object.metadata }
            }
            /// The object's metadata to change; the object is copied first if it is shared.
            pub fn metadata_mut(&mut self) -> &mut ObjectMeta {
                match self {
                    $( Object::$kind(object) => &mut Rc::make_mut(object).metadata, )*
                    Object::Plain(object) => &mut Rc::make_mut(object).metadata,
                }
            }
            /// Reads an object that strict decoding has accepted; `apiVersion` and `kind` are ignored.
            pub fn decode(kind: Kind, mut value: Value) -> Object {
                value.remove(&["apiVersion"]);
                value.remove(&["kind"]);
                match kind {
                    $( Kind::$kind => Object::$kind(Rc::new($kind::decode(value))), )*
                    $( Kind::$plain )|* => Object::Plain(Rc::new(Plain::decode(kind, value))),
                }
            }
            /// The object as JSON without `apiVersion` and `kind`.
            pub fn encode_body(&self) -> Value {
                match self { $( Object::$kind(object) => object.encode(), )* Object::Plain(object) => object.encode() }
            }
            /// Whether both are the very same object in memory.
            pub fn same(&self, other: &Object) -> bool {
                match (self, other) {
                    $( (Object::$kind(left), Object::$kind(right)) => Rc::ptr_eq(left, right), )*
                    (Object::Plain(left), Object::Plain(right)) => Rc::ptr_eq(left, right),
                    _ => false,
                }
            }
        }

        $(
            impl From<$kind> for Object {
                fn from(object: $kind) -> Object {
                    Object::$kind(Rc::new(object))
                }
            }
            impl From<Rc<$kind>> for Object {
                fn from(object: Rc<$kind>) -> Object {
                    Object::$kind(object)
                }
            }
            impl Resource for $kind {
                const KIND: Kind = Kind::$kind;
                fn metadata(&self) -> &ObjectMeta {
                    &self.metadata
                }
                fn metadata_mut(&mut self) -> &mut ObjectMeta {
                    &mut self.metadata
                }
                fn from_object(object: &Object) -> Option<&Rc<Self>> {
                    match object { Object::$kind(object) => Some(object), _ => None }
                }
            }
        )*
    };
}

/// A typed object: what [`Object`]'s variants hold.
pub trait Resource: Clone + Codec + Into<Object> + 'static {
    /// Its kind.
    const KIND: Kind;
    /// Its metadata.
    fn metadata(&self) -> &ObjectMeta;
    /// Its metadata, to change.
    fn metadata_mut(&mut self) -> &mut ObjectMeta;
    /// The typed object inside, if it is one of these.
    fn from_object(object: &Object) -> Option<&Rc<Self>>;

    /// `namespace/name`, or `name` for objects of the cluster.
    fn key(&self) -> Key {
        self.metadata().key()
    }

    /// A reference that makes this object the controller of another.
    fn controller_reference(&self) -> OwnerReference {
        OwnerReference {
            api_version: Self::KIND.api_version(),
            kind: Self::KIND.shared_name(),
            name: self.metadata().name.clone(),
            uid: self.metadata().uid.clone(),
            controller: Some(true),
            block_owner_deletion: Some(true),
            ..OwnerReference::default()
        }
    }
}

kinds! {
    ConfigMap "configmaps" "" "v1" Namespaced,
    Endpoints "endpoints" "" "v1" Namespaced,
    Event "events" "" "v1" Namespaced,
    Namespace "namespaces" "" "v1" Cluster,
    Node "nodes" "" "v1" Cluster,
    PersistentVolumeClaim "persistentvolumeclaims" "" "v1" Namespaced,
    PersistentVolume "persistentvolumes" "" "v1" Cluster,
    Pod "pods" "" "v1" Namespaced,
    ReplicationController "replicationcontrollers" "" "v1" Namespaced,
    Secret "secrets" "" "v1" Namespaced,
    ServiceAccount "serviceaccounts" "" "v1" Namespaced,
    Service "services" "" "v1" Namespaced,
    ControllerRevision "controllerrevisions" "apps" "v1" Namespaced,
    DaemonSet "daemonsets" "apps" "v1" Namespaced,
    Deployment "deployments" "apps" "v1" Namespaced,
    ReplicaSet "replicasets" "apps" "v1" Namespaced,
    StatefulSet "statefulsets" "apps" "v1" Namespaced,
    CronJob "cronjobs" "batch" "v1" Namespaced,
    Job "jobs" "batch" "v1" Namespaced,
    Lease "leases" "coordination.k8s.io" "v1" Namespaced,
    EndpointSlice "endpointslices" "discovery.k8s.io" "v1" Namespaced,
    PodDisruptionBudget "poddisruptionbudgets" "policy" "v1" Namespaced,
    PriorityClass "priorityclasses" "scheduling.k8s.io" "v1" Cluster,
    StorageClass "storageclasses" "storage.k8s.io" "v1" Cluster;
    plain
    PodTemplate "podtemplates" "" "v1" Namespaced,
    LimitRange "limitranges" "" "v1" Namespaced,
    ResourceQuota "resourcequotas" "" "v1" Namespaced,
    HorizontalPodAutoscaler "horizontalpodautoscalers" "autoscaling" "v2" Namespaced,
    IngressClass "ingressclasses" "networking.k8s.io" "v1" Cluster,
    Ingress "ingresses" "networking.k8s.io" "v1" Namespaced,
    NetworkPolicy "networkpolicies" "networking.k8s.io" "v1" Namespaced,
    RuntimeClass "runtimeclasses" "node.k8s.io" "v1" Cluster,
    ClusterRoleBinding "clusterrolebindings" "rbac.authorization.k8s.io" "v1" Cluster,
    ClusterRole "clusterroles" "rbac.authorization.k8s.io" "v1" Cluster,
    RoleBinding "rolebindings" "rbac.authorization.k8s.io" "v1" Namespaced,
    Role "roles" "rbac.authorization.k8s.io" "v1" Namespaced,
}

/// An object of a kind without a type of its own: its metadata, and the rest as JSON in normal form. Kinds are plain that
/// are few in a cluster and that hardly any component looks at; the schema says all there is to say about them.
#[derive(Clone, Debug, PartialEq, Hash)]
pub struct Plain {
    /// Its kind, one of the plain ones.
    pub kind: Kind,
    /// Its metadata.
    pub metadata: ObjectMeta,
    /// All other fields.
    pub body: Rest,
}

impl Plain {
    fn decode(kind: Kind, mut value: Value) -> Plain {
        let metadata = ObjectMeta::decode(value.remove(&["metadata"]).unwrap_or_default());
        let Value::Map(body) = value else { return Plain { kind, metadata, body: Rest::default() } };
        Plain { kind, metadata, body: Rest::new(body) }
    }

    fn encode(&self) -> Value {
        let mut body = self.body.to_map();
        body.insert("metadata".into(), self.metadata.encode());
        Value::Map(body)
    }
}

impl From<Plain> for Object {
    fn from(object: Plain) -> Object {
        Object::Plain(Rc::new(object))
    }
}

/// Namespace and name of an object of some kind; the namespace is empty for objects of the cluster. Orders as the API
/// server lists: by namespace, then name.
#[derive(Clone, Debug, Default, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Key {
    /// The namespace, or empty.
    pub namespace: Str,
    /// The name.
    pub name: Str,
}

impl Key {
    /// A key from its two parts.
    pub fn new(namespace: impl Into<Str>, name: impl Into<Str>) -> Key {
        Key { namespace: namespace.into(), name: name.into() }
    }
}

impl std::fmt::Display for Key {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        if self.namespace.is_empty() { f.write_str(&self.name) } else { write!(f, "{}/{}", self.namespace, self.name) }
    }
}

impl ObjectMeta {
    /// Namespace and name.
    pub fn key(&self) -> Key {
        Key { namespace: self.namespace.clone(), name: self.name.clone() }
    }
}

impl Kind {
    /// Such as `statefulsets.apps`, or `pods`: how Status messages name a resource.
    pub fn qualified_plural(self) -> Str {
        match self.group() {
            "" => self.plural().into(),
            group => thin::format_str!("{}.{group}", self.plural()),
        }
    }

    /// Such as `StatefulSet.apps`, or `Pod`: how Invalid messages name a kind.
    pub fn qualified_name(self) -> Str {
        match self.group() {
            "" => self.name().into(),
            group => thin::format_str!("{}.{group}", self.name()),
        }
    }

    /// Such as `statefulset.apps`, or `pod`: how kubectl names an object.
    pub fn qualified_singular(self) -> Str {
        let singular = self.name().to_lowercase();
        match self.group() {
            "" => singular.into(),
            group => thin::format_str!("{singular}.{group}"),
        }
    }

    /// The kind with this group (empty for core) and name.
    pub fn find(group: &str, name: &str) -> Option<Kind> {
        Kind::ALL.iter().copied().find(|kind| kind.group() == group && kind.name() == name)
    }

    /// Whether its objects live in a namespace.
    pub fn is_namespaced(self) -> bool {
        self.scope() == Scope::Namespaced
    }
}

impl Object {
    /// Namespace and name.
    pub fn key(&self) -> Key {
        self.metadata().key()
    }

    /// The whole object as JSON, `apiVersion` and `kind` included.
    pub fn encode(&self) -> Value {
        let mut value = self.encode_body();
        value.set(&["apiVersion"], self.kind().api_version());
        value.set(&["kind"], self.kind().name());
        value
    }

    /// The object, if it is of a plain kind.
    pub fn plain(&self) -> Option<&Plain> {
        match self {
            Object::Plain(object) => Some(object),
            _ => None,
        }
    }

    /// The typed object inside, if it is a `T`.
    pub fn get<T: Resource>(&self) -> Option<&Rc<T>> {
        T::from_object(self)
    }
}
