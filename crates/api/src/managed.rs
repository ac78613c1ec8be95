//! Managed fields: who owns which field of an object.
//!
//! A write makes its author the owner of every field it adds or changes ([`update`]); server-side apply ([`apply`])
//! makes the author the owner of every field it names, removes those it named before and no longer does, and refuses
//! to take fields from others. The pieces ([`changed_fields`], the set operations of [`FieldSet`]) are pure, so that a
//! caller can remember their results; sets are shared, and one [`Interner`] keeps equal sets in one place.
//!
//! Objects are compared in normal form ([`crate::strict`]); a create is compared with
//! [`crate::strict::zero_object`], before admission, whose additions belong to nobody. Deletions, bindings and evictions
//! are not writes in this sense.
//!
//! Models: kubernetes v1.36 apimachinery/pkg/util/managedfields, structured-merge-diff v6.

mod compare;
mod event;
mod field_set;
mod merge;

pub use compare::{Comparison, changed_fields, fields_of};
pub use event::to_events_v1;
pub use field_set::FieldSet;
pub use merge::{Applied, Apply, Conflict, Force, apply, conflict_message};

use ordered::{Arrange, OrderedSet};

use sim::Time;

use crate::value::{Str, Value};

/// Entries of updates that are kept apart; older ones become one entry of `ancient-changes`.
pub const UPDATE_ENTRIES_MAX: usize = 10;

/// How a manager came to own its fields.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Debug)]
pub enum Operation {
    /// By server-side apply.
    Apply,
    /// By any other write.
    Update,
}

/// Who writes: the identity under which fields are owned.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct Writer {
    /// `kubectl-client-side-apply`, `kube-controller-manager`
    pub manager: Str,
    /// The version in which the object was written, `apps/v1`.
    pub api_version: Str,
    /// `status`, `scale`, or "".
    pub subresource: Str,
}

/// An entry of `metadata.managedFields`.
#[derive(Clone, PartialEq, Debug)]
pub struct Entry {
    /// Who.
    pub writer: Writer,
    /// How.
    pub operation: Operation,
    /// When last; whole seconds. `Time(0)` for an entry without a time, as writes of `scale` leave it.
    pub time: Time,
    /// What.
    pub fields: FieldSet,
}

impl Entry {
    fn is_of(&self, writer: &Writer, operation: Operation) -> bool {
        self.operation == operation
            && self.writer.manager == writer.manager
            && self.writer.subresource == writer.subresource
            // An applier is one, in whatever version it applied.
            && (operation == Operation::Apply || self.writer.api_version == writer.api_version)
    }

    /// As it stands in `metadata.managedFields`.
    pub fn to_value(&self) -> Value {
        let mut value = Value::map();
        value.set(&["apiVersion"], self.writer.api_version.clone());
        value.set(&["fieldsType"], "FieldsV1");
        value.set(&["fieldsV1"], self.fields.to_value());
        value.set(&["manager"], self.writer.manager.clone());
        value.set(&["operation"], if self.operation == Operation::Apply { "Apply" } else { "Update" });
        if !self.writer.subresource.is_empty() {
            value.set(&["subresource"], self.writer.subresource.clone());
        }
        if self.time != Time(0) {
            value.set(&["time"], self.time.to_rfc3339());
        }
        value
    }

    /// Reads what stands in `metadata.managedFields`; `None` for an entry that is malformed.
    pub fn from_value(value: &Value) -> Option<Entry> {
        let operation = match value.get("operation").text() {
            "Apply" => Operation::Apply,
            "Update" => Operation::Update,
            _ => return None,
        };
        let text = |key: &str| Str::from(value.get(key).text());
        let writer =
            Writer { manager: text("manager"), api_version: text("apiVersion"), subresource: text("subresource") };
        if writer.api_version.is_empty() || value.get("fieldsType").text() != "FieldsV1" {
            return None;
        }
        let time = Time::parse_rfc3339(value.get("time").text()).unwrap_or(Time(0));
        Some(Entry { writer, operation, time, fields: FieldSet::from_value(value.get("fieldsV1")) })
    }
}

/// The entries after a write that is not a server-side apply. `comparison` is what it changed, without the
/// [`reset_fields`] of the kind and subresource. An object that exists without entries has none to update: do not call.
pub fn update(comparison: &Comparison, entries: &[Entry], writer: &Writer, now: Time) -> Vec<Entry> {
    let touched = comparison.touched();
    let mut updated = Vec::with_capacity(entries.len() + 1);
    let mut own = touched.without_identity();
    for entry in entries {
        let rest = entry.fields.difference(&touched).difference(&comparison.removed);
        if entry.is_of(writer, Operation::Update) && !own.is_empty() {
            own = own.union(&rest);
        } else if !rest.is_empty() {
            updated.push(Entry { fields: rest, ..entry.clone() });
        }
    }
    if !own.is_empty() {
        let time = now.truncate_to_second();
        updated.push(Entry { writer: writer.clone(), operation: Operation::Update, time, fields: own });
    }
    capped(&mut updated);
    sort(&mut updated);
    updated
}

/// The order in which the server writes them: appliers first, then by time.
fn sort(entries: &mut [Entry]) {
    entries.arrange_by(|left, right| {
        let key = |entry: &Entry| (entry.operation, entry.time.0 / 1_000_000);
        let name = |entry: &Entry| {
            (entry.writer.manager.clone(), entry.writer.api_version.clone(), entry.writer.subresource.clone())
        };
        key(left).cmp(&key(right)).then_with(|| name(left).cmp(&name(right)))
    });
}

/// Merges the oldest updates of each version into one entry while there are more than [`UPDATE_ENTRIES_MAX`].
fn capped(entries: &mut Vec<Entry>) {
    let updates = |entries: &[Entry]| entries.iter().filter(|entry| entry.operation == Operation::Update).count();
    if updates(entries) <= UPDATE_ENTRIES_MAX {
        return;
    }
    sort(entries);
    let mut index = 0;
    while updates(entries) > UPDATE_ENTRIES_MAX && index < entries.len() {
        let first = entries[..index].iter().position(|entry| {
            entry.operation == Operation::Update && entry.writer.api_version == entries[index].writer.api_version
        });
        match first.filter(|_| entries[index].operation == Operation::Update) {
            Some(first) => {
                let merged = entries.remove(index);
                let bucket = &mut entries[first];
                bucket.writer.manager = "ancient-changes".into();
                bucket.writer.subresource = Str::new();
                bucket.fields = bucket.fields.union(&merged.fields);
                bucket.time = merged.time;
            }
            None => index += 1,
        }
    }
}

/// The fields that a write of this kind through this subresource cannot change, so that its author never owns them.
pub fn reset_fields(kind: &str, subresource: &str) -> FieldSet {
    match (kind, subresource) {
        ("Pod", "status") => {
            FieldSet::of(&[&["spec"], &["metadata", "deletionTimestamp"], &["metadata", "ownerReferences"]])
        }
        ("Deployment", "status") => FieldSet::of(&[&["spec"], &["metadata", "labels"]]),
        (_, "status") => FieldSet::of(&[&["spec"]]),
        (_, "") => FieldSet::of(&[&["status"]]),
        (_, _) => FieldSet::EMPTY,
    }
}

/// Whether both lists are the same but for their times: then the write changed nothing, and the old times stay.
pub fn same_but_for_time(left: &[Entry], right: &[Entry]) -> bool {
    let same = |left: &Entry, right: &Entry| {
        left.writer == right.writer && left.operation == right.operation && left.fields == right.fields
    };
    left.len() == right.len() && left.iter().all(|left| right.iter().any(|right| same(left, right)))
}

/// Keeps equal sets in one place in memory. Clone it with the store.
#[derive(Clone, Debug, Default)]
pub struct Interner {
    sets: OrderedSet<FieldSet>,
}

impl Interner {
    /// Different sets that are kept; then it starts anew.
    pub const SETS_MAX: usize = 4096;

    /// The set that stands for all equal ones.
    pub fn intern(&mut self, set: FieldSet) -> FieldSet {
        if self.sets.len() >= Self::SETS_MAX {
            self.sets.clear();
        }
        if let Some(known) = self.sets.get(&set) {
            return known.clone();
        }
        self.sets.insert(set.clone());
        set
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::schema;
    use crate::strict;

    fn value(text: &str) -> Value {
        serde_json::from_str(text).unwrap()
    }

    fn writer(manager: &str, subresource: &str) -> Writer {
        Writer { manager: manager.into(), api_version: "apps/v1".into(), subresource: subresource.into() }
    }

    #[test]
    fn who_changes_a_field_owns_it() {
        let type_ = schema::type_of("apps/v1", "StatefulSet").unwrap();
        let old = value(r#"{"metadata":{"name":"web"},"spec":{"replicas":1,"serviceName":"a"}}"#);
        let created =
            changed_fields(type_, &strict::zero_object(type_), &old).without(&reset_fields("StatefulSet", ""));
        let entries = update(&created, &[], &writer("kubectl-create", ""), Time(5_000_000));
        assert_eq!(entries.len(), 1);
        let fields = value(r#"{"f:spec":{"f:replicas":{},"f:serviceName":{}}}"#);
        assert_eq!(entries[0].fields.to_value(), fields);

        let new = value(r#"{"metadata":{"name":"web"},"spec":{"replicas":3,"serviceName":"a"}}"#);
        let scaled = changed_fields(type_, &old, &new);
        let entries = update(&scaled, &entries, &writer("kubectl", "scale"), Time(7_500_000));
        let owned: Vec<(&str, Value)> =
            entries.iter().map(|entry| (entry.writer.manager.as_str(), entry.fields.to_value())).collect();
        let expect = [
            ("kubectl-create", value(r#"{"f:spec":{"f:serviceName":{}}}"#)),
            ("kubectl", value(r#"{"f:spec":{"f:replicas":{}}}"#)),
        ];
        assert_eq!(owned, expect);
        assert_eq!(Entry::from_value(&entries[1].to_value()), Some(entries[1].clone()));
    }

    #[test]
    fn an_owner_of_nothing_goes() {
        let owned = |manager: &str, names: &[&str]| Entry {
            writer: writer(manager, ""),
            operation: Operation::Update,
            time: Time(0),
            fields: names.iter().fold(FieldSet::EMPTY, |set, name| set.union(&FieldSet::of(&[&["spec", name]]))),
        };
        let comparison = Comparison { modified: FieldSet::of(&[&["spec", "replicas"]]), ..Comparison::default() };
        let entries = update(&comparison, &[owned("a", &["replicas"])], &writer("b", ""), Time(0));
        assert_eq!(entries, [owned("b", &["replicas"])]);
    }

    #[test]
    fn old_updates_are_merged_beyond_the_maximum() {
        let mut entries = Vec::new();
        for index in 0..14_u64 {
            let name = format!("f{index}");
            let comparison = Comparison { added: FieldSet::of(&[&["spec", &name]]), ..Comparison::default() };
            entries = update(&comparison, &entries, &writer(&format!("m{index:02}"), ""), Time(index * 1_000_000));
        }
        assert_eq!(entries.len(), UPDATE_ENTRIES_MAX);
        assert_eq!(entries[0].writer.manager, "ancient-changes");
        assert_eq!(entries[0].fields.paths().len(), 5);
    }

    #[test]
    fn equal_sets_are_one() {
        let mut interner = Interner::default();
        let first = interner.intern(FieldSet::of(&[&["spec", "replicas"]]));
        let second = interner.intern(FieldSet::of(&[&["spec", "replicas"]]));
        assert!(first.same(&second));
    }
}
