//! Making a strategic merge patch from two objects, as `kubectl edit`, `label` and `scale` do.
//!
//! Models: kubernetes v1.36 strategicpatch.CreateTwoWayMergePatch.

use super::lists::{self, Elements};
use super::{DELETE_FROM, MARKER, PatchError, Place, RETAIN_KEYS, SET_ORDER, expect_map, same_kind};
use crate::schema::Type;
use crate::value::{Map, Str, Value};

/// What a patch is to say.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub(super) struct Wanted {
    pub(super) changes: bool,
    pub(super) deletions: bool,
    pub(super) order: bool,
}

pub(super) const ALL: Wanted = Wanted { changes: true, deletions: true, order: true };

/// Whether a patch of this object names the keys that stay.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub(super) enum Retain {
    Keys,
    Nothing,
}

/// The patch that makes `modified` out of `original`; `{}` when they are equal.
pub fn two_way(original: &Value, modified: &Value, type_: Type<'_>) -> Result<Value, PatchError> {
    crate::reached!("api::patch::diff::two_way");
    let empty = Map::new();
    let original = original.as_map().unwrap_or(&empty);
    let modified = modified.as_map().unwrap_or(&empty);
    diff_maps(original, modified, Place::root(type_), ALL, Retain::Nothing).map(Value::Map)
}

pub(super) fn diff_maps(
    original: &Map,
    modified: &Map,
    place: Place<'_>,
    wanted: Wanted,
    retain: Retain,
) -> Result<Map, PatchError> {
    let mut patch = Map::new();
    for (key, value) in modified {
        match original.get(key) {
            Some(before) if key == MARKER => diff_marker(&mut patch, before, value)?,
            Some(before) if same_kind(before, value) => diff_field(&mut patch, key, before, value, place, wanted)?,
            Some(_) | None => {
                if wanted.changes {
                    patch.insert(key.clone(), value.clone());
                }
            }
        }
    }
    let gone = || original.keys().filter(|key| !modified.contains_key(*key));
    if wanted.deletions {
        patch.extend(gone().map(|key| (key.clone(), Value::Null)));
    }
    let kept: Vec<Value> =
        modified.iter().filter(|(_, value)| !value.is_null()).map(|(key, _)| Value::Str(key.clone())).collect();
    let lost = gone().any(|key| !original[key].is_null());
    if retain == Retain::Keys && !kept.is_empty() && (!patch.is_empty() || lost) {
        patch.insert(RETAIN_KEYS.into(), Value::List(lists::sorted_scalars(&kept)));
    }
    Ok(patch)
}

fn diff_marker(patch: &mut Map, before: &Value, after: &Value) -> Result<(), PatchError> {
    let (Value::Str(before), Value::Str(text)) = (before, after) else { return Err(PatchError::BadMarker) };
    if before != text {
        patch.insert(MARKER.into(), after.clone());
    }
    Ok(())
}

fn diff_field(
    patch: &mut Map,
    key: &Str,
    before: &Value,
    after: &Value,
    place: Place<'_>,
    wanted: Wanted,
) -> Result<(), PatchError> {
    match (before, after) {
        (Value::Map(before), Value::Map(after)) => diff_map_field(patch, key, before, after, place, wanted)?,
        (Value::List(before), Value::List(after)) => diff_list_field(patch, key, before, after, place, wanted)?,
        _ => put_if_changed(patch, key, before, after, wanted),
    }
    Ok(())
}

fn put_if_changed(patch: &mut Map, key: &Str, before: &Value, after: &Value, wanted: Wanted) {
    if wanted.changes && before != after {
        patch.insert(key.clone(), after.clone());
    }
}

fn diff_map_field(
    patch: &mut Map,
    key: &Str,
    before: &Map,
    after: &Map,
    place: Place<'_>,
    wanted: Wanted,
) -> Result<(), PatchError> {
    let (field, inner) = match place.object(key) {
        Err(_) if before == after => return Ok(()),
        found => found?,
    };
    // Sent even when nothing changed, as upstream does: a budget's selector, say.
    if field.replaces() {
        if wanted.changes {
            patch.insert(key.clone(), Value::Map(after.clone()));
        }
        return Ok(());
    }
    let retain = if field.retains_keys() { Retain::Keys } else { Retain::Nothing };
    let below = diff_maps(before, after, inner, wanted, retain)?;
    if !below.is_empty() {
        patch.insert(key.clone(), Value::Map(below));
    }
    Ok(())
}

fn diff_list_field(
    patch: &mut Map,
    key: &Str,
    before: &[Value],
    after: &[Value],
    place: Place<'_>,
    wanted: Wanted,
) -> Result<(), PatchError> {
    let (field, element) = match place.list(key) {
        Err(_) if before == after => return Ok(()),
        found => found?,
    };
    if !field.merges() {
        put_if_changed(patch, key, &Value::List(before.to_vec()), &Value::List(after.to_vec()), wanted);
        return Ok(());
    }
    let retain = if field.retains_keys() { Retain::Keys } else { Retain::Nothing };
    let change = diff_lists(before, after, element, field.merge_key, wanted, retain)?;
    let mut put = |name: String, list: Vec<Value>| {
        if !list.is_empty() {
            patch.insert(name.into(), Value::List(list));
        }
    };
    put(key.to_string(), change.add);
    put(format!("{DELETE_FROM}/{key}"), change.delete);
    put(format!("{SET_ORDER}/{key}"), change.order);
    Ok(())
}

#[derive(Default)]
struct ListChange {
    add: Vec<Value>,
    delete: Vec<Value>,
    order: Vec<Value>,
}

fn diff_lists(
    before: &[Value],
    after: &[Value],
    element: Place<'_>,
    key: &str,
    wanted: Wanted,
    retain: Retain,
) -> Result<ListChange, PatchError> {
    if before.is_empty() {
        let add = if wanted.changes { after.to_vec() } else { Vec::new() };
        return Ok(ListChange { add, ..ListChange::default() });
    }
    match lists::elements_of(&[before, after])? {
        Elements::Maps => diff_maps_list(before, after, element, key, wanted, retain),
        Elements::Scalars => diff_scalars(before, after, wanted),
    }
}

fn diff_maps_list(
    before: &[Value],
    after: &[Value],
    element: Place<'_>,
    key: &str,
    wanted: Wanted,
    retain: Retain,
) -> Result<ListChange, PatchError> {
    let (changed, mut deleted) = diff_elements(before, after, element, key, wanted, retain)?;
    let mut add = lists::in_order(changed, after, key, Elements::Maps)?;
    let same_order = before.len() == after.len() && {
        let pairs =
            before.iter().zip(after).map(|(left, right)| Ok(lists::key_of(left, key)? == lists::key_of(right, key)?));
        pairs.collect::<Result<Vec<bool>, PatchError>>()?.into_iter().all(|same| same)
    };
    add.append(&mut deleted);
    let ordered = (wanted.changes && (!add.is_empty() || !same_order)) || (wanted.deletions && !add.is_empty());
    let mut order = Vec::new();
    if wanted.order && ordered {
        let name_only = |value: &Value| Value::Map(lists::only_key(key, value.get(key)));
        order = after.iter().map(name_only).collect();
    }
    Ok(ListChange { add, delete: Vec::new(), order })
}

/// Walks both lists in the order of their merge keys. Returns the elements to add or change, and those to delete.
fn diff_elements(
    before: &[Value],
    after: &[Value],
    element: Place<'_>,
    key: &str,
    wanted: Wanted,
    retain: Retain,
) -> Result<(Vec<Value>, Vec<Value>), PatchError> {
    let before = lists::sorted_by_key(before, key);
    let after = lists::sorted_by_key(after, key);
    let (mut changed, mut deleted) = (Vec::new(), Vec::new());
    let (mut left, mut right) = (before.iter().peekable(), after.iter().peekable());
    loop {
        let old = left.peek().map(|value| lists::key_of(value, key)).transpose()?;
        let new = right.peek().map(|value| lists::key_of(value, key)).transpose()?;
        let order = match (old, new) {
            (None, None) => return Ok((changed, deleted)),
            (Some(_), None) => std::cmp::Ordering::Less,
            (None, Some(_)) => std::cmp::Ordering::Greater,
            (Some(old), Some(new)) => super::go_text(old).cmp(&super::go_text(new)),
        };
        match order {
            std::cmp::Ordering::Equal => {
                let (Some(old), Some(new)) = (left.next(), right.next()) else { continue };
                let mut change = diff_maps(expect_map(old)?, expect_map(new)?, element, wanted, retain)?;
                if !change.is_empty() {
                    change.insert(key.into(), new.get(key).clone());
                    changed.push(Value::Map(change));
                }
            }
            std::cmp::Ordering::Greater => changed.extend(right.next().filter(|_| wanted.changes).cloned()),
            std::cmp::Ordering::Less => {
                let gone = left.next().filter(|_| wanted.deletions);
                deleted.extend(gone.map(|old| delete_directive(key, old.get(key))));
            }
        }
    }
}

fn delete_directive(key: &str, value: &Value) -> Value {
    let mut map = lists::only_key(key, value);
    map.insert(MARKER.into(), "delete".into());
    Value::Map(map)
}

fn diff_scalars(before: &[Value], after: &[Value], wanted: Wanted) -> Result<ListChange, PatchError> {
    let before = lists::sorted_scalars(before);
    let sorted = lists::sorted_scalars(after);
    let (mut add, mut delete) = (Vec::new(), Vec::new());
    let (mut left, mut right) = (before.iter().peekable(), sorted.iter().peekable());
    loop {
        let order = match (left.peek(), right.peek()) {
            (None, None) => break,
            (Some(_), None) => std::cmp::Ordering::Less,
            (None, Some(_)) => std::cmp::Ordering::Greater,
            (Some(old), Some(new)) => super::go_text(old).cmp(&super::go_text(new)),
        };
        match order {
            std::cmp::Ordering::Equal => {
                left.next();
                right.next();
            }
            std::cmp::Ordering::Less => delete.extend(left.next().filter(|_| wanted.deletions).cloned()),
            std::cmp::Ordering::Greater => add.extend(right.next().filter(|_| wanted.changes).cloned()),
        }
    }
    let delete = lists::deduplicated(delete);
    let add = lists::in_order(add, after, "", Elements::Scalars)?;
    // The original counts as sorted here: a list that was only unsorted is named again.
    let ordered = (wanted.deletions && !delete.is_empty()) || (wanted.changes && before != after);
    let order = if wanted.order && ordered { after.to_vec() } else { Vec::new() };
    Ok(ListChange { add, delete, order })
}
