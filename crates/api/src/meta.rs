//! `metav1.ObjectMeta` and what stands in it.

use std::hash::{Hash, Hasher};
use std::rc::Rc;

use ecow::EcoVec;
use sim::Time;

use crate::codec::Codec;
use crate::managed::{Entry, FieldSet, Operation, Writer};
use crate::string_map::StringMap;
use crate::{Str, Value, object};

object! {
    /// What every object has. Name, namespace, labels and so on are upstream's.
    pub struct ObjectMeta {
        /// Unique within kind and namespace.
        name: Str = "name",
        /// Prefix of a name that the server completes.
        generate_name: Str = "generateName",
        /// Empty for objects of the cluster.
        namespace: Str = "namespace",
        /// UUID in text form; set by etcd alone.
        uid: Str = "uid",
        /// The store's revision at the last write; 0 is none. Set by etcd alone.
        resource_version: ResourceVersion = "resourceVersion",
        /// Counts changes of the desired state; 0 where the kind has none.
        generation: i64 = "generation",
        /// Set by etcd alone.
        creation_timestamp: Option<Time> = "creationTimestamp",
        /// When the object is to be gone (for pods: by when), if it is being deleted.
        deletion_timestamp: Option<Time> = "deletionTimestamp",
        /// Seconds given to a pod to end.
        deletion_grace_period_seconds: Option<i64> = "deletionGracePeriodSeconds",
        /// For selection.
        labels: StringMap = "labels",
        /// Not for selection.
        annotations: StringMap = "annotations",
        /// Who it belongs to.
        owner_references: EcoVec<OwnerReference> = "ownerReferences",
        /// What must happen before it can go.
        finalizers: EcoVec<Str> = "finalizers",
        /// Who set which field.
        managed_fields: EcoVec<ManagedFieldsEntry> = "managedFields",
    }
}

impl ObjectMeta {
    /// Name and namespace, nothing else.
    pub fn new(namespace: impl Into<Str>, name: impl Into<Str>) -> ObjectMeta {
        ObjectMeta { name: name.into(), namespace: namespace.into(), ..ObjectMeta::default() }
    }

    /// Whether deletion has begun.
    pub fn is_terminating(&self) -> bool {
        self.deletion_timestamp.is_some()
    }

    /// The owner that controls this object (`metav1.GetControllerOf`).
    pub fn controller(&self) -> Option<&OwnerReference> {
        self.owner_references.iter().find(|owner| owner.controller == Some(true))
    }

    /// Whether the object with this UID controls this one.
    pub fn is_controlled_by(&self, uid: &str) -> bool {
        self.controller().is_some_and(|owner| owner.uid == uid)
    }
}

object! {
    /// An owner of an object.
    pub struct OwnerReference {
        /// Such as `apps/v1`.
        api_version: Str = "apiVersion" always,
        /// Such as `StatefulSet`.
        kind: Str = "kind" always,
        /// The owner's name; same namespace, or an object of the cluster.
        name: Str = "name" always,
        /// The owner's UID: a new object of the same name is another owner.
        uid: Str = "uid" always,
        /// Whether this owner manages the object.
        controller: Option<bool> = "controller",
        /// Whether foreground deletion of the owner waits for this object.
        block_owner_deletion: Option<bool> = "blockOwnerDeletion",
    }
}

/// The store's revision, a decimal string in JSON.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct ResourceVersion(pub u64);

impl Codec for ResourceVersion {
    fn decode(value: Value) -> Self {
        ResourceVersion(value.text().parse().unwrap_or(0))
    }
    fn encode(&self) -> Value {
        Value::Str(thin::format_str!("{}", self.0))
    }
    fn is_zero(&self) -> bool {
        self.0 == 0
    }
}

/// One entry of `managedFields`. What is equal for a thousand replicas (who, and which fields) is shared.
#[derive(Clone, Debug, PartialEq, Hash)]
pub struct ManagedFieldsEntry {
    /// Who, how, and which fields.
    pub shape: Rc<ManagedShape>,
    /// When this manager last changed a field; `Time(0)` where it is not kept.
    pub time: Time,
}

/// The shared part of a [`ManagedFieldsEntry`].
#[derive(Clone, Debug, PartialEq)]
pub struct ManagedShape {
    /// A number that the API server gives to every different shape; 0 for one that a client sent.
    pub id: u32,
    /// Who.
    pub writer: Writer,
    /// How.
    pub operation: Operation,
    /// Which fields.
    pub fields: FieldSet,
}

/// The sets themselves follow from the writes; who wrote is enough to tell two runs apart.
impl Hash for ManagedShape {
    fn hash<H: Hasher>(&self, state: &mut H) {
        (&self.writer.manager, &self.writer.subresource, self.operation as u8).hash(state);
    }
}

impl ManagedFieldsEntry {
    /// From the form in which field sets are computed.
    pub fn new(entry: Entry, id: u32) -> ManagedFieldsEntry {
        let Entry { writer, operation, time, fields } = entry;
        ManagedFieldsEntry { shape: Rc::new(ManagedShape { id, writer, operation, fields }), time }
    }

    /// In the form in which field sets are computed.
    pub fn to_entry(&self) -> Entry {
        let ManagedShape { writer, operation, fields, .. } = &*self.shape;
        Entry { writer: writer.clone(), operation: *operation, time: self.time, fields: fields.clone() }
    }
}

impl Default for ManagedFieldsEntry {
    fn default() -> Self {
        let writer = Writer { manager: Str::new(), api_version: Str::new(), subresource: Str::new() };
        let entry = Entry { writer, operation: Operation::Update, time: Time::default(), fields: FieldSet::EMPTY };
        ManagedFieldsEntry::new(entry, 0)
    }
}

impl Codec for ManagedFieldsEntry {
    fn decode(value: Value) -> Self {
        Entry::from_value(&value).map(|entry| ManagedFieldsEntry::new(entry, 0)).unwrap_or_default()
    }
    fn encode(&self) -> Value {
        self.to_entry().to_value()
    }
    fn is_zero(&self) -> bool {
        false
    }
}

object! {
    /// A label selector in its structured form; `matches` and the string form are in [`crate::selector`].
    pub struct LabelSelector {
        /// All of these pairs.
        match_labels: StringMap = "matchLabels",
        /// And all of these.
        match_expressions: EcoVec<LabelSelectorRequirement> = "matchExpressions",
    }
}

object! {
    /// One requirement on labels.
    pub struct LabelSelectorRequirement {
        /// The label.
        key: Str = "key" always,
        /// `In`, `NotIn`, `Exists`, `DoesNotExist`.
        operator: Str = "operator" always,
        /// For `In` and `NotIn`.
        values: EcoVec<Str> = "values",
    }
}

impl LabelSelector {
    /// Whether labels satisfy it; an empty selector matches all.
    pub fn matches(&self, labels: &StringMap) -> bool {
        self.match_labels.is_subset_of(labels)
            && self.match_expressions.iter().all(|requirement| requirement.matches(labels))
    }

    /// Whether it names no requirement at all.
    pub fn is_empty(&self) -> bool {
        self.match_labels.is_empty() && self.match_expressions.is_empty()
    }
}

impl LabelSelectorRequirement {
    /// Whether labels satisfy it.
    pub fn matches(&self, labels: &StringMap) -> bool {
        let value = labels.get(&self.key);
        let listed = value.is_some_and(|value| self.values.iter().any(|wanted| wanted == value));
        match self.operator.as_str() {
            "In" => listed,
            "NotIn" => !listed,
            "Exists" => value.is_some(),
            "DoesNotExist" => value.is_none(),
            _ => false,
        }
    }
}

object! {
    /// A reference to an object, as Events and endpoints hold it.
    pub struct ObjectReference {
        /// Such as `v1`.
        api_version: Str = "apiVersion",
        /// Such as `spec.containers{nginx}`.
        field_path: Str = "fieldPath",
        /// Such as `Pod`.
        kind: Str = "kind",
        /// Its name.
        name: Str = "name",
        /// Its namespace.
        namespace: Str = "namespace",
        /// The version that was looked at.
        resource_version: Str = "resourceVersion",
        /// Its UID.
        uid: Str = "uid",
    }
}

crate::string_enum! {
    /// `True`, `False` or `Unknown`.
    pub enum ConditionStatus {
        /// Not known.
        Unknown = "Unknown",
        /// It holds.
        True = "True",
        /// It does not hold.
        False = "False",
    }
}

impl From<bool> for ConditionStatus {
    fn from(value: bool) -> Self {
        if value { ConditionStatus::True } else { ConditionStatus::False }
    }
}
