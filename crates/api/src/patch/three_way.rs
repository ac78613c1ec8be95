//! What `kubectl apply` sends: additions and changes of the new manifest against the live object, deletions of it
//! against the manifest applied last.
//!
//! Models: kubernetes v1.36 strategicpatch.CreateThreeWayMergePatch, jsonmergepatch.CreateThreeWayJSONMergePatch.

use super::diff::{self, Retain, Wanted};
use super::lists::{self, Elements};
use super::strategic::{Mode, merge_map};
use super::{MARKER, PatchError, Place, RETAIN_KEYS, go_text, merge};
use crate::schema::{Field, Type};
use crate::value::{Map, Value};

/// What to do about fields that somebody else changed since the last apply.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum Overwrite {
    /// Overwrite them (`--overwrite=true`, the default).
    Yes,
    /// Refuse with [`PatchError::Conflict`].
    No,
}

/// The patch from `current` (live) to `modified` (the manifest, with the annotation), given `original` (the manifest
/// applied last; `null` if there was none). `{}` when nothing is to be done.
pub fn create(
    original: &Value,
    modified: &Value,
    current: &Value,
    type_: Type<'_>,
    overwrite: Overwrite,
) -> Result<Value, PatchError> {
    crate::reached!("api::patch::three_way::create");
    let empty = Map::new();
    let [original, modified, current] = [original, modified, current].map(|value| value.as_map().unwrap_or(&empty));
    let place = Place::root(type_);
    let additions = Wanted { deletions: false, ..diff::ALL };
    let delta = diff::diff_maps(current, modified, place, additions, Retain::Nothing)?;
    let deletions = Wanted { changes: false, ..diff::ALL };
    let gone = diff::diff_maps(original, modified, place, deletions, Retain::Nothing)?;
    let patch = merge_map(Mode::Combine, gone, delta, place)?;
    if overwrite == Overwrite::No {
        let plain = Wanted { order: false, ..diff::ALL };
        let changed = diff::diff_maps(original, current, place, plain, Retain::Nothing)?;
        if maps_conflict(&patch, &changed, place)? {
            return Err(conflict(Value::Map(patch), Value::Map(changed)));
        }
    }
    Ok(Value::Map(patch))
}

/// The same for kinds without a schema: a JSON merge patch.
pub fn create_json_merge(original: &Value, modified: &Value, current: &Value) -> Result<Value, PatchError> {
    crate::reached!("api::patch::three_way::create_json_merge");
    let changes = keep_values(&merge::diff(current, modified)?);
    let deletions = keep_nulls(&merge::diff(original, modified)?);
    if values_conflict(&changes, &deletions, 0)? {
        return Err(conflict(changes, deletions));
    }
    merge::combine(&deletions, &changes)
}

/// Whether a patch changes what names an object: `apiVersion`, `kind` or `metadata.name`.
pub fn changes_identity(patch: &Value) -> bool {
    let has = |map: &Value, key: &str| map.as_map().is_some_and(|map| map.contains_key(key));
    has(patch, "apiVersion") || has(patch, "kind") || has(patch.get("metadata"), "name")
}

fn conflict(patch: Value, changed: Value) -> PatchError {
    PatchError::Conflict { patch: go_text(&patch), changed: go_text(&changed) }
}

/// The nulls of a merge patch, and the objects they stand in.
pub(crate) fn keep_nulls(patch: &Value) -> Value {
    filter(patch, Keep::Nulls, 0)
}

/// A merge patch without its nulls and without the objects that held nothing else.
pub(crate) fn keep_values(patch: &Value) -> Value {
    filter(patch, Keep::Values, 0)
}

#[derive(Clone, Copy, PartialEq, Eq)]
enum Keep {
    Nulls,
    Values,
}

fn filter(patch: &Value, keep: Keep, depth: u16) -> Value {
    let mut kept = Map::new();
    for (key, value) in patch.as_map().into_iter().flatten() {
        match value {
            Value::Null if keep == Keep::Nulls => {
                kept.insert(key.clone(), Value::Null);
            }
            Value::Null => {}
            Value::Map(inner) if !inner.is_empty() && depth < super::DEPTH_MAX => {
                let below = filter(value, keep, depth + 1);
                if below.as_map().is_some_and(|below| !below.is_empty()) {
                    kept.insert(key.clone(), below);
                }
            }
            Value::Map(_) | Value::Bool(_) | Value::Int(_) | Value::Float(_) | Value::Str(_) | Value::List(_) => {
                if keep == Keep::Values {
                    kept.insert(key.clone(), value.clone());
                }
            }
        }
    }
    Value::Map(kept)
}

/// Whether two merge patches say different things about one field.
fn values_conflict(left: &Value, right: &Value, depth: u16) -> Result<bool, PatchError> {
    if depth > super::DEPTH_MAX {
        return Err(PatchError::TooDeep);
    }
    match (left, right) {
        (Value::Map(left), Value::Map(right)) => {
            for (key, value) in left {
                if let Some(other) = right.get(key)
                    && values_conflict(value, other, depth + 1)?
                {
                    return Ok(true);
                }
            }
            Ok(false)
        }
        (Value::List(left), Value::List(right)) => {
            if left.len() != right.len() {
                return Ok(true);
            }
            for (left, right) in left.iter().zip(right) {
                if values_conflict(left, right, depth + 1)? {
                    return Ok(true);
                }
            }
            Ok(false)
        }
        (left, right) => Ok(left != right),
    }
}

fn maps_conflict(left: &Map, right: &Map, place: Place<'_>) -> Result<bool, PatchError> {
    if left.get(MARKER) != right.get(MARKER) {
        return Ok(true);
    }
    for (key, value) in left.iter().filter(|(key, _)| *key != MARKER && *key != RETAIN_KEYS) {
        if let Some(other) = right.get(key)
            && field_conflicts(key, value, other, place)?
        {
            return Ok(true);
        }
    }
    Ok(false)
}

fn field_conflicts(key: &str, left: &Value, right: &Value, place: Place<'_>) -> Result<bool, PatchError> {
    match (left, right) {
        (Value::Map(left), Value::Map(right)) => {
            let (field, inner) = place.object(key)?;
            if left.get(MARKER) != right.get(MARKER) {
                return Ok(true);
            }
            if field.replaces() { Ok(false) } else { maps_conflict(left, right, inner) }
        }
        (Value::List(left), Value::List(right)) => {
            let (field, element) = place.list(key)?;
            lists_conflict(left, right, field, element)
        }
        (left, right) => Ok(left != right),
    }
}

fn lists_conflict(left: &[Value], right: &[Value], field: &Field<'_>, element: Place<'_>) -> Result<bool, PatchError> {
    let elements = lists::elements_of(&[left, right])?;
    match (field.merges(), elements) {
        (true, Elements::Scalars) => return Ok(false),
        (true, Elements::Maps) => return keyed_conflict(left, right, field.merge_key, element),
        (false, _) if left.len() != right.len() => return Ok(true),
        (false, Elements::Scalars) => return Ok(lists::sorted_scalars(left) != lists::sorted_scalars(right)),
        (false, Elements::Maps) => {}
    }
    for pair in left.iter().zip(right) {
        if let (Value::Map(left), Value::Map(right)) = pair
            && maps_conflict(left, right, element)?
        {
            return Ok(true);
        }
    }
    Ok(false)
}

fn keyed_conflict(left: &[Value], right: &[Value], key: &str, element: Place<'_>) -> Result<bool, PatchError> {
    for value in left {
        if let Some(index) = lists::find(right, key, lists::key_of(value, key)?)?
            && let (Value::Map(left), Value::Map(right)) = (value, &right[index])
            && maps_conflict(left, right, element)?
        {
            return Ok(true);
        }
    }
    Ok(false)
}
