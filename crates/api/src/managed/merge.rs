//! Server-side apply: merging what a manager applied into the live object.

use ordered::OrderedMap;

use sim::Time;

use super::compare::{Comparison, Place, changed_fields, fields_of, with_named_fields};
use super::{Entry, FieldSet, Operation, Writer, sort};
use crate::schema::Type;
use crate::text::json;
use crate::value::{Map, Str, Value};

const LAST_APPLIED: &str = "kubectl.kubernetes.io/last-applied-configuration";

/// Whether fields may be taken from others (`--force-conflicts`).
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum Force {
    /// They may.
    Yes,
    /// Each is a [`Conflict`].
    No,
}

/// A server-side apply.
#[derive(Clone, Copy, Debug)]
pub struct Apply<'a> {
    /// The kind's type.
    pub type_: Type<'a>,
    /// What the manager sent, as sent: only the fields it names.
    pub config: &'a Value,
    /// Who applies.
    pub writer: &'a Writer,
    /// Whether to take fields from others.
    pub force: Force,
    /// [`super::reset_fields`] of the kind and subresource.
    pub ignored: &'a FieldSet,
    /// When.
    pub now: Time,
}

/// What an apply gives.
#[derive(Clone, PartialEq, Debug)]
pub struct Applied {
    /// The merged object: to be decoded, defaulted and validated.
    pub object: Value,
    /// The entries that go with it.
    pub entries: Vec<Entry>,
}

/// A field that somebody else owns with another value.
#[derive(Clone, PartialEq, Debug)]
pub struct Conflict {
    /// Who owns it.
    pub owner: Writer,
    /// How it came to.
    pub operation: Operation,
    /// `.spec.replicas`
    pub path: String,
}

impl Conflict {
    /// `conflict with "kubectl" with subresource "scale" using apps/v1`, the message of the status cause.
    pub fn message(&self) -> String {
        format!("conflict with {}", self.owner_text())
    }

    fn owner_text(&self) -> String {
        let mut text = format!("{:?}", self.owner.manager.as_str());
        if !self.owner.subresource.is_empty() {
            text.push_str(&format!(" with subresource {:?}", self.owner.subresource.as_str()));
        }
        if self.operation == Operation::Update {
            text.push_str(&format!(" using {}", self.owner.api_version));
        }
        text
    }
}

/// The message of the `Conflict` status.
pub fn conflict_message(conflicts: &[Conflict]) -> String {
    if let [conflict] = conflicts {
        return format!("Apply failed with 1 conflict: {}: {}", conflict.message(), conflict.path);
    }
    let mut by_owner: OrderedMap<String, Vec<&str>> = OrderedMap::new();
    for conflict in conflicts {
        by_owner.entry(conflict.owner_text()).or_default().push(&conflict.path);
    }
    let mut lines = Vec::new();
    for (owner, paths) in by_owner {
        lines.push(format!("conflicts with {owner}:"));
        lines.extend(paths.into_iter().map(|path| format!("- {path}")));
    }
    format!("Apply failed with {} conflicts: {}", conflicts.len(), lines.join("\n"))
}

/// Applies a configuration to the live object (for a create: [`crate::strict::zero_object`] with no entries). An object
/// that exists without entries must first get one of the manager `before-first-apply` that owns all its fields.
pub fn apply(live: &Value, entries: &[Entry], request: Apply<'_>) -> Result<Applied, Vec<Conflict>> {
    let applied = attempt(live, entries, request);
    if request.writer.manager != "kubectl" {
        return applied;
    }
    let applied = match applied {
        Err(conflicts) if allowed_by_last_applied(live, &conflicts, request) => {
            attempt(live, entries, Apply { force: Force::Yes, ..request })
        }
        other => other,
    };
    applied.map(with_last_applied_kept(request.config))
}

fn attempt(live: &Value, entries: &[Entry], request: Apply<'_>) -> Result<Applied, Vec<Conflict>> {
    let Apply { type_, config, writer, force, ignored, now } = request;
    let merged = merge(Place::Struct(type_), Some(live), Some(config)).unwrap_or_default();
    let own = fields_of(type_, config).recursive_difference(ignored);
    let is_own = |entry: &&Entry| entry.is_of(writer, Operation::Apply);
    let last = entries.iter().find(is_own).map(|entry| entry.fields.clone()).unwrap_or_default();
    let others: Vec<&Entry> = entries.iter().filter(|entry| !entry.is_of(writer, Operation::Apply)).collect();
    let owned = others.iter().fold(own.clone(), |set, entry| set.union(&entry.fields));
    let object = prune(type_, merged, &last, &owned);

    let comparison = changed_fields(type_, live, &object).without(ignored);
    let conflicts = conflicts_with(&others, &comparison);
    if force == Force::No && !conflicts.is_empty() {
        return Err(conflicts);
    }
    let touched = comparison.touched();
    let mut updated: Vec<Entry> = Vec::with_capacity(others.len() + 1);
    for entry in others {
        let fields = entry.fields.difference(&touched).difference(&comparison.removed);
        if !fields.is_empty() {
            updated.push(Entry { fields, ..entry.clone() });
        }
    }
    let own = own.without_identity();
    if !own.is_empty() {
        let unchanged = comparison.is_empty() && own == last;
        let before = entries.iter().find(is_own).filter(|_| unchanged).map(|entry| entry.time);
        let time = before.unwrap_or(now.truncate_to_second());
        updated.push(Entry { writer: writer.clone(), operation: Operation::Apply, time, fields: own });
    }
    sort(&mut updated);
    Ok(Applied { object, entries: updated })
}

fn conflicts_with(others: &[&Entry], comparison: &Comparison) -> Vec<Conflict> {
    let touched = comparison.touched();
    let mut conflicts = Vec::new();
    for entry in others {
        for path in entry.fields.intersection(&touched).paths() {
            conflicts.push(Conflict { owner: entry.writer.clone(), operation: entry.operation, path });
        }
    }
    conflicts
}

/// Removes what the manager applied last time, did not apply now, and nobody else owns.
fn prune(type_: Type<'_>, merged: Value, last: &FieldSet, owned: &FieldSet) -> Value {
    if last.is_empty() {
        return merged;
    }
    let all = with_named_fields(type_, &fields_of(type_, &merged));
    let place = Place::Struct(type_);
    let pruned = without(place, &merged, &with_named_fields(type_, last)).unwrap_or_default();
    let kept = with_named_fields(type_, &fields_of(type_, &pruned)).union(&with_named_fields(type_, owned));
    let pruned = without(place, &merged, &all.difference(&kept)).unwrap_or_default();
    let kept = with_named_fields(type_, &fields_of(type_, &pruned));
    let gone = all.difference(&kept).intersection(&with_named_fields(type_, last));
    without(place, &merged, &gone).unwrap_or_default()
}

/// The value without the fields of the set; `None` if nothing is left.
fn without(place: Place<'_>, value: &Value, set: &FieldSet) -> Option<Value> {
    match (place, value) {
        (Place::Struct(_) | Place::Map(..), Value::Map(map)) => {
            let mut kept = Map::new();
            for (key, inner) in map {
                let element = format!("f:{key}");
                if set.has(&element) {
                    continue;
                }
                let below = set.below(&element);
                let inner = if below.is_empty() { Some(inner.clone()) } else { without(place.key(key), inner, &below) };
                kept.insert(key.clone(), inner.unwrap_or_default());
            }
            (!kept.is_empty()).then_some(Value::Map(kept))
        }
        (Place::Keyed(..) | Place::Set, Value::List(list)) => {
            let mut kept = Vec::new();
            for item in list {
                let Some(identity) = place.identity(item) else { continue };
                if set.has(&identity) {
                    continue;
                }
                let below = set.below(&identity);
                kept.extend(if below.is_empty() { Some(item.clone()) } else { without(place.element(), item, &below) });
            }
            (!kept.is_empty()).then_some(Value::List(kept))
        }
        (Place::Leaf, _) => None,
        (_, value) => Some(value.clone()),
    }
}

/// The live value with what was applied laid over it.
fn merge(place: Place<'_>, live: Option<&Value>, applied: Option<&Value>) -> Option<Value> {
    match (place, live, applied) {
        (Place::Struct(_) | Place::Map(..), Some(Value::Map(live)), Some(Value::Map(applied))) => {
            let mut merged = Map::new();
            for key in live.keys().chain(applied.keys().filter(|key| !live.contains_key(*key))) {
                if let Some(value) = merge(place.key(key), live.get(key), applied.get(key)) {
                    merged.insert(key.clone(), value);
                }
            }
            Some(Value::Map(merged))
        }
        (Place::Keyed(..) | Place::Set, Some(Value::List(live)), Some(Value::List(applied))) => {
            Some(Value::List(merge_lists(place, live, applied)))
        }
        (_, live, applied) => applied.or(live).cloned(),
    }
}

/// Both lists in one: the applied elements in their order, the others where they stood among those that both have.
fn merge_lists(place: Place<'_>, live: &[Value], applied: &[Value]) -> Vec<Value> {
    let named = |list: &[Value]| -> Vec<(Str, Value)> {
        list.iter().filter_map(|item| Some((place.identity(item)?, item.clone()))).collect()
    };
    let (live, applied) = (named(live), named(applied));
    let of = |list: &[(Str, Value)], identity: &str| -> Option<Value> {
        list.iter().find(|(other, _)| other == identity).map(|(_, value)| value.clone())
    };
    let merged = |identity: &str| merge(place.element(), of(&live, identity).as_ref(), of(&applied, identity).as_ref());
    let in_live = |identity: &str| live.iter().any(|(other, _)| other == identity);
    let in_applied = |identity: &str| applied.iter().any(|(other, _)| other == identity);
    let mut out = Vec::new();
    let mut left = live.iter().peekable();
    for (identity, _) in &applied {
        // Elements that only the live object has come before the next shared one, in their order.
        if in_live(identity) {
            let passed = std::iter::from_fn(|| left.next_if(|(other, _)| other != identity));
            out.extend(passed.filter(|(other, _)| !in_applied(other)).map(|(_, value)| value.clone()));
            left.next_if(|(other, _)| other == identity);
        } else {
            let passed = std::iter::from_fn(|| left.next_if(|(other, _)| !in_applied(other)));
            out.extend(passed.map(|(_, value)| value.clone()));
        }
        out.extend(merged(identity));
    }
    out.extend(left.filter(|(other, _)| !in_applied(other)).map(|(_, value)| value.clone()));
    out
}

/// `kubectl` may take over what it applied itself on the client's side, as long as nobody changed it since.
fn allowed_by_last_applied(live: &Value, conflicts: &[Conflict], request: Apply<'_>) -> bool {
    let text = live.at(&["metadata", "annotations", LAST_APPLIED]).text();
    let Ok(last) = json::read(text) else { return false };
    if last.get("apiVersion").text() != request.writer.api_version {
        return false;
    }
    let comparison = changed_fields(request.type_, &last, live);
    let allowed = fields_of(request.type_, &last)
        .difference(&comparison.modified)
        .difference(&comparison.added)
        .difference(&comparison.removed)
        .paths();
    conflicts.iter().all(|conflict| allowed.contains(&conflict.path))
}

/// Keeps the annotation of client-side apply current, where the object has one.
fn with_last_applied_kept(config: &Value) -> impl FnOnce(Applied) -> Applied {
    move |mut applied| {
        let path = ["metadata", "annotations", LAST_APPLIED];
        if !applied.object.at(&path).text().is_empty() {
            let mut config = config.clone();
            config.remove(&path);
            let text = json::write_compact(&config);
            applied.object.set(&path, format!("{text}\n"));
        }
        applied
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

    fn writer(manager: &str) -> Writer {
        Writer { manager: manager.into(), api_version: "v1".into(), subresource: Str::new() }
    }

    fn apply_pod(
        live: &Value,
        entries: &[Entry],
        manager: &str,
        config: &str,
        force: Force,
    ) -> Result<Applied, String> {
        let type_ = schema::type_of("v1", "Pod").unwrap();
        let (config, writer, ignored) = (value(config), writer(manager), super::super::reset_fields("Pod", ""));
        let request = Apply { type_, config: &config, writer: &writer, force, ignored: &ignored, now: Time(1_000_000) };
        apply(live, entries, request).map_err(|conflicts| conflict_message(&conflicts))
    }

    fn zero_pod() -> Value {
        strict::zero_object(schema::type_of("v1", "Pod").unwrap())
    }

    #[test]
    fn what_is_no_longer_applied_goes_unless_somebody_else_owns_it() {
        let first =
            apply_pod(&zero_pod(), &[], "a", r#"{"metadata":{"labels":{"x":"1","y":"1"}}}"#, Force::No).unwrap();
        let both =
            apply_pod(&first.object, &first.entries, "b", r#"{"metadata":{"labels":{"y":"1"}}}"#, Force::No).unwrap();
        let less =
            apply_pod(&both.object, &both.entries, "a", r#"{"metadata":{"labels":{"z":"1"}}}"#, Force::No).unwrap();
        assert_eq!(less.object.at(&["metadata", "labels"]), &value(r#"{"y":"1","z":"1"}"#));
        assert_eq!(less.entries.len(), 2);
    }

    #[test]
    fn a_field_of_somebody_else_is_a_conflict() {
        let first = apply_pod(&zero_pod(), &[], "a", r#"{"spec":{"hostname":"x"}}"#, Force::No).unwrap();
        let other = r#"{"spec":{"hostname":"y"}}"#;
        let refused = apply_pod(&first.object, &first.entries, "b", other, Force::No).unwrap_err();
        assert_eq!(refused, r#"Apply failed with 1 conflict: conflict with "a": .spec.hostname"#);
        let forced = apply_pod(&first.object, &first.entries, "b", other, Force::Yes).unwrap();
        assert_eq!(forced.entries.len(), 1);
        assert_eq!(forced.entries[0].writer.manager, "b");
    }

    #[test]
    fn lists_merge_by_their_keys() {
        let first = r#"{"spec":{"containers":[{"name":"a","image":"1"},{"name":"b","image":"1"}]}}"#;
        let first = apply_pod(&zero_pod(), &[], "a", first, Force::No).unwrap();
        let more = r#"{"spec":{"containers":[{"name":"c","image":"1"},{"name":"b","tty":true}]}}"#;
        let more = apply_pod(&first.object, &first.entries, "b", more, Force::No).unwrap();
        let expect = r#"[{"name":"a","image":"1"},{"name":"c","image":"1"},{"name":"b","image":"1","tty":true}]"#;
        assert_eq!(more.object.at(&["spec", "containers"]), &value(expect));
    }

    #[test]
    fn many_conflicts_are_grouped_by_their_owner() {
        let owner = |manager: &str| Writer { subresource: "scale".into(), ..writer(manager) };
        let conflict = |path: &str| Conflict { owner: owner("k"), operation: Operation::Update, path: path.into() };
        let text = conflict_message(&[conflict(".spec.replicas"), conflict(".spec.x")]);
        let expect = "Apply failed with 2 conflicts: conflicts with \"k\" with subresource \"scale\" using v1:\n- .spec.replicas\n- .spec.x";
        assert_eq!(text, expect);
    }
}
