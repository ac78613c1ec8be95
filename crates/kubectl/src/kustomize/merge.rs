//! Strategic merge as kustomize does it: like the server's, but elements of the patch come first in merged lists.
//!
//! Models: sigs.k8s.io/kustomize v5.8.1 kyaml/yaml/merge2, kyaml/yaml/walk.

use api::schema::{Field, ListType, Type};
use api::{Map, Value};

/// Levels of nesting that a patch may have.
const DEPTH_MAX: usize = 200;
const DIRECTIVE: &str = "$patch";

/// Where a walk is in the schema.
#[derive(Clone, Copy)]
struct Place<'t> {
    type_: Option<Type<'t>>,
    depth: usize,
}

/// What `$patch` says.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Directive {
    Merge,
    Replace,
    Delete,
}

/// The manifest with the patch merged in; `None` if the patch deletes it.
pub(super) fn merge(manifest: &Value, patch: &Value, type_: Option<Type<'_>>) -> Result<Option<Value>, String> {
    merge_value(manifest.clone(), patch, None, Place { type_, depth: 0 })
}

fn merge_value(
    under: Value,
    patch: &Value,
    field: Option<&Field<'_>>,
    place: Place<'_>,
) -> Result<Option<Value>, String> {
    if place.depth > DEPTH_MAX {
        return Err("exceeded max depth".into());
    }
    match (under, patch) {
        (_, Value::Null) => Ok(None),
        (Value::Map(under), Value::Map(patch)) => merge_maps(under, patch, place),
        (Value::List(under), Value::List(patch)) => merge_lists(under, patch, field, place),
        (Value::Null, patch) => Ok(added(patch)),
        (Value::Map(_), other) => Err(wrong_kind("MappingNode", other)),
        (Value::List(_), other) => Err(wrong_kind("SequenceNode", other)),
        (_, other @ (Value::Map(_) | Value::List(_))) => Err(wrong_kind("ScalarNode", other)),
        (_, scalar) => Ok(Some(scalar.clone())),
    }
}

fn wrong_kind(expected: &str, found: &Value) -> String {
    let actual = match found {
        Value::Map(_) => "MappingNode",
        Value::List(_) => "SequenceNode",
        Value::Null | Value::Bool(_) | Value::Int(_) | Value::Float(_) | Value::Str(_) => "ScalarNode",
    };
    let shown = api::text::yaml::write(found);
    format!("wrong node kind: expected {expected} but got {actual}: node contents:\n{shown}")
}

fn directive(patch: &Map) -> Result<Directive, String> {
    match patch.get(DIRECTIVE).map(Value::text) {
        None | Some("merge") => Ok(Directive::Merge),
        Some("replace") => Ok(Directive::Replace),
        Some("delete") => Ok(Directive::Delete),
        Some(other) => Err(format!("unknown patch strategy '{other}'")),
    }
}

fn merge_maps(mut under: Map, patch: &Map, place: Place<'_>) -> Result<Option<Value>, String> {
    match directive(patch)? {
        Directive::Delete => return Ok(None),
        Directive::Replace => return Ok(added(&Value::Map(patch.clone()))),
        Directive::Merge => {}
    }
    for (key, change) in patch.iter().filter(|(key, _)| *key != DIRECTIVE) {
        let field = place.type_.and_then(|type_| type_.field(key));
        let inner = Place { type_: place.type_.and_then(|type_| type_.child(key)), depth: place.depth + 1 };
        let merged = match under.remove(key) {
            Some(value) => merge_value(value, change, field, inner)?,
            None => added(change),
        };
        if let Some(value) = merged {
            under.insert(key.clone(), value);
        }
    }
    Ok(Some(Value::Map(under)))
}

/// What a patch adds where nothing was: itself, without deletions and directives.
fn added(patch: &Value) -> Option<Value> {
    match patch {
        Value::Null => None,
        Value::Map(map) if map.get(DIRECTIVE).map(Value::text) == Some("delete") => None,
        Value::Map(map) => {
            let kept = map.iter().filter(|(key, _)| *key != DIRECTIVE);
            Some(Value::Map(kept.filter_map(|(key, value)| Some((key.clone(), added(value)?))).collect()))
        }
        Value::List(list) => {
            let is_directive =
                |value: &&Value| value.as_map().is_some_and(|map| map.len() == 1 && map.contains_key(DIRECTIVE));
            Some(Value::List(list.iter().filter(|value| !is_directive(value)).filter_map(added).collect()))
        }
        scalar => Some(scalar.clone()),
    }
}

fn merge_lists(
    under: Vec<Value>,
    patch: &[Value],
    field: Option<&Field<'_>>,
    place: Place<'_>,
) -> Result<Option<Value>, String> {
    let merges = field.is_some_and(Field::merges);
    let alone = patch.iter().filter_map(Value::as_map).find(|map| map.len() == 1 && map.contains_key(DIRECTIVE));
    let said = alone.map_or(Ok(Directive::Merge), directive)?;
    match (merges, said) {
        (_, Directive::Delete) => return Ok(None),
        (false, _) | (_, Directive::Replace) => return Ok(added(&Value::List(patch.to_vec()))),
        (true, Directive::Merge) => {}
    }
    let keys = field.map(keys_of).unwrap_or_default();
    let mut left = under;
    let mut result = Vec::new();
    for element in patch.iter().filter(|element| !is_alone(element)) {
        let same = left.iter().position(|other| is_same(other, element, &keys));
        let merged = match same.map(|at| left.remove(at)) {
            Some(other) if keys.is_empty() => Some(other),
            Some(other) => merge_value(other, element, None, place)?,
            None => added(element),
        };
        result.extend(merged.filter(|value| value.as_map().is_none_or(|map| !map.is_empty())));
    }
    result.extend(left);
    Ok(Some(Value::List(result)))
}

fn is_alone(element: &Value) -> bool {
    element.as_map().is_some_and(|map| map.len() == 1 && map.contains_key(DIRECTIVE))
}

/// The fields that tell the elements of a list apart; none for lists of texts.
fn keys_of<'f>(field: &'f Field<'_>) -> Vec<&'f str> {
    match &field.list {
        ListType::Map(keys) => keys.clone(),
        ListType::Atomic | ListType::Set if field.merge_key.is_empty() => Vec::new(),
        ListType::Atomic | ListType::Set => vec![field.merge_key],
    }
}

/// Whether two elements are the same one: they agree on a key and contradict each other on none.
fn is_same(left: &Value, right: &Value, keys: &[&str]) -> bool {
    if keys.is_empty() {
        return left == right;
    }
    let mut agrees = false;
    for key in keys {
        match (left.get(key), right.get(key)) {
            (Value::Null, _) | (_, Value::Null) => {}
            (one, other) if one == other => agrees = true,
            _ => return false,
        }
    }
    agrees
}
