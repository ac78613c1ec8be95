//! Applying a strategic merge patch.
//!
//! Objects merge field by field; lists with a merge key merge element by element; the rest is replaced. Directives:
//! `$patch: delete|replace`, `$retainKeys`, `$deleteFromPrimitiveList/f`, `$setElementOrder/f`; `null` removes.
//!
//! Models: kubernetes v1.36 strategicpatch.StrategicMergePatch.

use super::lists::{self, Elements};
use super::{
    DELETE_FROM, MARKER, PatchError, Place, RETAIN_KEYS, SET_ORDER, expect_list, expect_map, go_text, same_kind,
};
use crate::schema::{Field, Type};
use crate::value::{Map, Value};

/// What becomes of directives and nulls.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub(super) enum Mode {
    /// They are carried out on an object.
    Apply,
    /// They are kept: two patches become one.
    Combine,
}

/// The object after the patch. `patch` must be an object.
pub fn apply(original: &Value, patch: &Value, type_: Type<'_>) -> Result<Value, PatchError> {
    crate::reached!("api::patch::strategic::apply");
    let original = original.as_map().cloned().unwrap_or_default();
    let patch = expect_map(patch)?.clone();
    merge_map(Mode::Apply, original, patch, Place::root(type_)).map(Value::Map)
}

pub(super) fn merge_map(mode: Mode, original: Map, patch: Map, place: Place<'_>) -> Result<Map, PatchError> {
    if let Some(directive) = patch.get(MARKER) {
        return whole_map(directive.clone(), patch);
    }
    let (mut original, mut patch) = (original, patch);
    retain_keys(mode, &mut original, &mut patch)?;
    order_elements(mode, &mut original, &mut patch, place)?;
    for (key, value) in patch {
        merge_field(mode, &mut original, &key, value, place)?;
    }
    Ok(original)
}

fn whole_map(directive: Value, mut patch: Map) -> Result<Map, PatchError> {
    match directive.text() {
        "replace" => {
            patch.remove(MARKER);
            Ok(patch)
        }
        "delete" => Ok(Map::new()),
        _ => Err(bad_patch_type(&directive, patch)),
    }
}

fn bad_patch_type(directive: &Value, map: Map) -> PatchError {
    PatchError::BadPatchType { directive: go_text(directive), map: go_text(&Value::Map(map)) }
}

fn retain_keys(mode: Mode, original: &mut Map, patch: &mut Map) -> Result<(), PatchError> {
    let Some(retained) = patch.remove(RETAIN_KEYS) else { return Ok(()) };
    if mode == Mode::Combine {
        return match original.get(RETAIN_KEYS) {
            Some(other) if *other != retained => Err(PatchError::BadRetainKeys),
            Some(_) => Ok(()),
            None => {
                original.insert(RETAIN_KEYS.into(), retained);
                Ok(())
            }
        };
    }
    let Value::List(retained) = retained else { return Err(PatchError::BadRetainKeys) };
    let kept = |key: &str| retained.iter().any(|name| name.as_str() == Some(key));
    let is_directive = |key: &str| key.starts_with(DELETE_FROM) || key.starts_with(SET_ORDER);
    if patch.iter().any(|(key, value)| !value.is_null() && !is_directive(key) && !kept(key)) {
        return Err(PatchError::BadRetainKeys);
    }
    original.retain(|key, _| kept(key));
    Ok(())
}

/// Carries out the `$setElementOrder/…` directives and takes them, and the lists they order, out of the patch.
fn order_elements(mode: Mode, original: &mut Map, patch: &mut Map, place: Place<'_>) -> Result<(), PatchError> {
    let directives: Vec<_> = patch.keys().filter(|key| key.starts_with(SET_ORDER)).cloned().collect();
    for directive in directives {
        let Some(order) = patch.remove(&directive) else { continue };
        if mode == Mode::Combine {
            match original.get(&directive) {
                Some(other) if *other != order => return Err(PatchError::BadSetOrder),
                Some(_) => {}
                None => {
                    original.insert(directive.clone(), order.clone());
                }
            }
        }
        let key = directive.strip_prefix(SET_ORDER).and_then(|rest| rest.strip_prefix('/'));
        order_field(mode, original, patch, key.ok_or(PatchError::BadSetOrder)?, expect_list(&order)?, place)?;
    }
    Ok(())
}

fn order_field(
    mode: Mode,
    original: &mut Map,
    patch: &mut Map,
    key: &str,
    order: &[Value],
    place: Place<'_>,
) -> Result<(), PatchError> {
    let server = original.get(key).map(expect_list).transpose()?.cloned();
    let wanted = patch.get(key).map(expect_list).transpose()?.cloned();
    let (field, element) = place.list(key)?;
    check_order(wanted.as_deref().unwrap_or_default(), order, field.merge_key)?;
    let merged = match (&server, &wanted) {
        (None, None) => return Ok(()),
        (Some(server), None) => server.clone(),
        (None, Some(wanted)) => wanted.iter().cloned().filter_map(without_directives).collect(),
        (Some(server), Some(wanted)) => merge_list(mode, server.clone(), wanted.clone(), field, element, Removal::No)?,
    };
    let server = server_order(server.unwrap_or_default(), wanted.clone().unwrap_or_default(), field)?;
    let (named, server_only) = lists::partition(merged, order, field.merge_key)?;
    let elements = lists::elements_of(&[&server, wanted.as_deref().unwrap_or_default()])?;
    let all = arranged(named, server_only, order, &server, field.merge_key, elements)?;
    original.insert(key.into(), Value::List(all));
    patch.remove(key);
    Ok(())
}

/// The order of the server's list, in which, as upstream, elements that the patch adds take the places at the end that
/// elements it deletes leave free.
fn server_order(server: Vec<Value>, patch: Vec<Value>, field: &Field<'_>) -> Result<Vec<Value>, PatchError> {
    let key = field.merge_key;
    if key.is_empty() || !field.merges() || !matches!(server.first(), Some(Value::Map(_))) {
        return Ok(server);
    }
    let length = server.len();
    let (mut order, rest) = special_elements(server.clone(), patch, key)?;
    if rest.is_empty() {
        return Ok(server);
    }
    for element in rest {
        if order.len() < length && lists::find(&order, key, lists::key_of(&element, key)?)?.is_none() {
            order.push(element);
        }
    }
    Ok(order)
}

/// Both parts in their own order, then in one list.
fn arranged(
    named: Vec<Value>,
    server_only: Vec<Value>,
    order: &[Value],
    server_order: &[Value],
    key: &str,
    elements: Elements,
) -> Result<Vec<Value>, PatchError> {
    let named = lists::in_order(named, order, key, elements)?;
    let server_only = lists::in_order(server_only, server_order, key, elements)?;
    Ok(lists::interleave(server_only, named, server_order, key, elements))
}

/// The patch's elements must come in the order that the directive says.
fn check_order(patch: &[Value], order: &[Value], key: &str) -> Result<(), PatchError> {
    if patch.is_empty() || order.is_empty() {
        return Ok(());
    }
    if !key.is_empty() {
        patch.iter().try_for_each(|element| expect_map(element).map(|_| ()))?;
    }
    let mut kept = patch.iter().filter(|element| key.is_empty() || element.get(MARKER).is_null()).peekable();
    for element in order {
        let Some(next) = kept.peek() else { return Ok(()) };
        let same =
            if key.is_empty() { *next == element } else { lists::key_of(next, key)? == lists::key_of(element, key)? };
        if same {
            kept.next();
        }
    }
    if kept.peek().is_none() {
        return Ok(());
    }
    let text = |list: &[Value]| go_text(&Value::List(list.to_vec()));
    Err(PatchError::OrderMismatch { patch: text(patch), order: text(order) })
}

/// Whether a list of the patch names elements to remove.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
enum Removal {
    Yes,
    No,
}

fn merge_field(mode: Mode, original: &mut Map, key: &str, value: Value, place: Place<'_>) -> Result<(), PatchError> {
    let (key, removal) = match key.strip_prefix(DELETE_FROM) {
        Some(_) if mode == Mode::Combine => {
            original.insert(key.into(), value);
            return Ok(());
        }
        Some(rest) => (rest.strip_prefix('/').ok_or(PatchError::BadDeleteList)?, Removal::Yes),
        None => (key, Removal::No),
    };
    if value.is_null() {
        original.remove(key);
        if mode == Mode::Apply {
            return Ok(());
        }
    }
    match original.get(key) {
        Some(existing) if same_kind(existing, &value) => {}
        Some(_) | None => {
            if removal == Removal::No {
                put_new(mode, original, key, value);
            }
            return Ok(());
        }
    }
    match (original.remove(key), value) {
        (Some(Value::Map(existing)), Value::Map(patch)) => {
            let (field, inner) = place.object(key)?;
            let merged = if field.replaces() { patch } else { merge_map(mode, existing, patch, inner)? };
            original.insert(key.into(), Value::Map(merged));
        }
        (Some(Value::List(existing)), Value::List(patch)) => {
            let (field, element) = place.list(key)?;
            let merges = field.merges() || removal == Removal::Yes;
            let merged = if merges { merge_list(mode, existing, patch, field, element, removal)? } else { patch };
            original.insert(key.into(), Value::List(merged));
        }
        (_, value) => put_new(mode, original, key, value),
    }
    Ok(())
}

/// Sets a field that is not merged, without the directives (and, on an object, the nulls) within it.
fn put_new(mode: Mode, original: &mut Map, key: &str, mut value: Value) {
    if mode == Mode::Apply {
        drop_nulls(&mut value, 0);
    }
    match without_directives(value) {
        Some(value) => original.insert(key.into(), value),
        None => original.remove(key),
    };
}

fn drop_nulls(value: &mut Value, depth: u16) {
    if depth > super::DEPTH_MAX {
        return;
    }
    match value {
        Value::Map(map) => {
            map.retain(|_, inner| !inner.is_null());
            map.values_mut().for_each(|inner| drop_nulls(inner, depth + 1));
        }
        Value::List(list) => list.iter_mut().for_each(|inner| drop_nulls(inner, depth + 1)),
        Value::Null | Value::Bool(_) | Value::Int(_) | Value::Float(_) | Value::Str(_) => {}
    }
}

/// `None` for an object that carries `$patch`.
fn without_directives(value: Value) -> Option<Value> {
    clean(value, 0)
}

fn clean(value: Value, depth: u16) -> Option<Value> {
    if depth > super::DEPTH_MAX {
        return None;
    }
    Some(match value {
        Value::Map(map) if map.contains_key(MARKER) => return None,
        Value::Map(map) => {
            Value::Map(map.into_iter().filter_map(|(key, value)| Some((key, clean(value, depth + 1)?))).collect())
        }
        Value::List(list) => Value::List(list.into_iter().filter_map(|value| clean(value, depth + 1)).collect()),
        Value::Null | Value::Bool(_) | Value::Int(_) | Value::Float(_) | Value::Str(_) => value,
    })
}

fn merge_list(
    mode: Mode,
    original: Vec<Value>,
    patch: Vec<Value>,
    field: &Field<'_>,
    element: Place<'_>,
    removal: Removal,
) -> Result<Vec<Value>, PatchError> {
    if original.is_empty() && patch.is_empty() {
        return Ok(original);
    }
    let key = field.merge_key;
    let elements = lists::elements_of(&[&original, &patch])?;
    let (original, patch, merged) = match elements {
        Elements::Scalars if mode == Mode::Apply && removal == Removal::Yes => {
            return Ok(original.into_iter().filter(|element| !patch.contains(element)).collect());
        }
        Elements::Scalars => {
            let both = original.iter().chain(&patch).cloned().collect();
            (original, patch, lists::deduplicated(both))
        }
        Elements::Maps if key.is_empty() => return Err(PatchError::NoDeclaredKey { name: element.name() }),
        Elements::Maps => {
            let (original, patch) = special_elements(original, patch, key)?;
            let merged = merge_elements(mode, original.clone(), &patch, key, element)?;
            (original, patch, merged)
        }
    };
    let (named, server_only) = lists::partition(merged, &patch, key)?;
    arranged(named, server_only, &patch, &original, key, elements)
}

/// Carries out the `$patch` directives among the elements; returns the server's list and the elements left to merge.
fn special_elements(
    mut original: Vec<Value>,
    patch: Vec<Value>,
    key: &str,
) -> Result<(Vec<Value>, Vec<Value>), PatchError> {
    let mut rest = Vec::new();
    let mut replace = false;
    for element in patch {
        match element.get(MARKER) {
            Value::Null => rest.push(element),
            Value::Str(directive) if directive == "delete" => {
                let wanted = lists::key_of(&element, key)?;
                while let Some(index) = lists::find(&original, key, wanted)? {
                    original.remove(index);
                }
            }
            Value::Str(directive) if directive == "replace" => replace = true,
            Value::Str(directive) if directive == "merge" => return Err(PatchError::MergeInList),
            other => return Err(bad_patch_type(other, expect_map(&element)?.clone())),
        }
    }
    Ok(if replace { (rest, Vec::new()) } else { (original, rest) })
}

fn merge_elements(
    mode: Mode,
    mut merged: Vec<Value>,
    patch: &[Value],
    key: &str,
    element: Place<'_>,
) -> Result<Vec<Value>, PatchError> {
    for value in patch {
        match lists::find(&merged, key, lists::key_of(value, key)?)? {
            Some(index) => {
                let existing = expect_map(&merged[index])?.clone();
                merged[index] = Value::Map(merge_map(mode, existing, expect_map(value)?.clone(), element)?);
            }
            None => merged.push(value.clone()),
        }
    }
    Ok(merged)
}
