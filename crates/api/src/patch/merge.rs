//! JSON merge patch, RFC 7386: objects merge, `null` removes, everything else is replaced.
//!
//! Models: kubernetes v1.36 vendored json-patch v4 (MergePatch, CreateMergePatch). One difference to the RFC is theirs:
//! nulls of objects within lists are dropped.

use super::{DEPTH_MAX, PatchError};
use crate::value::{Map, Str, Value};

/// The document after the patch. `patch` must be an object.
pub fn apply(document: &Value, patch: &Value) -> Result<Value, PatchError> {
    crate::reached!("api::patch::merge::apply");
    let Value::Map(_) = patch else {
        let got = patch.json_type();
        return Err(PatchError::Decode(format!(
            "json: cannot unmarshal {got} into Go value of type map[string]interface {{}}"
        )));
    };
    combine(document, patch)
}

/// As [`apply`]; the nulls that `document` itself holds stay, so that it may be a patch too.
pub(super) fn combine(document: &Value, patch: &Value) -> Result<Value, PatchError> {
    let mut merged = document.clone();
    merge_into(&mut merged, patch, 0)?;
    Ok(merged)
}

fn merge_into(target: &mut Value, patch: &Value, depth: u16) -> Result<(), PatchError> {
    if depth > DEPTH_MAX {
        return Err(PatchError::TooDeep);
    }
    let (Value::Map(target), Value::Map(patch)) = (&mut *target, patch) else {
        *target = pruned(patch, depth)?;
        return Ok(());
    };
    for (key, value) in patch {
        match target.get_mut(key) {
            _ if value.is_null() => {
                target.remove(key);
            }
            Some(existing) if !existing.is_null() => merge_into(existing, value, depth + 1)?,
            Some(_) | None => {
                target.insert(key.clone(), pruned(value, depth + 1)?);
            }
        }
    }
    Ok(())
}

/// The value without the nulls of its objects; those of its lists stay.
fn pruned(value: &Value, depth: u16) -> Result<Value, PatchError> {
    if depth > DEPTH_MAX {
        return Err(PatchError::TooDeep);
    }
    Ok(match value {
        Value::Map(map) => {
            let mut kept = Map::new();
            for (key, inner) in map.iter().filter(|(_, inner)| !inner.is_null()) {
                kept.insert(key.clone(), pruned(inner, depth + 1)?);
            }
            Value::Map(kept)
        }
        Value::List(list) => {
            Value::List(list.iter().map(|inner| pruned(inner, depth + 1)).collect::<Result<Vec<_>, _>>()?)
        }
        Value::Null | Value::Bool(_) | Value::Int(_) | Value::Float(_) | Value::Str(_) => value.clone(),
    })
}

/// The paths of all objects that the patch goes into.
pub fn touched(patch: &Value) -> Vec<Vec<Str>> {
    let mut paths = Vec::new();
    collect_touched(patch, &mut Vec::new(), &mut paths);
    paths
}

fn collect_touched(patch: &Value, path: &mut Vec<Str>, paths: &mut Vec<Vec<Str>>) {
    let Value::Map(map) = patch else { return };
    if path.len() > usize::from(DEPTH_MAX) {
        return;
    }
    paths.push(path.clone());
    for (key, value) in map {
        path.push(key.clone());
        collect_touched(value, path, paths);
        path.pop();
    }
}

/// The patch that makes `modified` out of `original`; `{}` when they are equal.
pub fn diff(original: &Value, modified: &Value) -> Result<Value, PatchError> {
    let empty = Map::new();
    diff_maps(original.as_map().unwrap_or(&empty), modified.as_map().unwrap_or(&empty), 0).map(Value::Map)
}

fn diff_maps(original: &Map, modified: &Map, depth: u16) -> Result<Map, PatchError> {
    if depth > DEPTH_MAX {
        return Err(PatchError::TooDeep);
    }
    let mut patch = Map::new();
    for (key, after) in modified {
        match (original.get(key), after) {
            (Some(before), after) if before == after => {}
            (Some(Value::Map(before)), Value::Map(after)) => {
                let below = diff_maps(before, after, depth + 1)?;
                patch.insert(key.clone(), Value::Map(below));
            }
            (Some(_) | None, after) => {
                patch.insert(key.clone(), after.clone());
            }
        }
    }
    patch.extend(original.keys().filter(|key| !modified.contains_key(*key)).map(|key| (key.clone(), Value::Null)));
    Ok(patch)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn value(text: &str) -> Value {
        serde_json::from_str(text).unwrap()
    }

    #[test]
    fn objects_merge_and_null_removes() {
        let cases = [
            (r#"{"a":{"b":1,"c":2}}"#, r#"{"a":{"b":null,"d":3}}"#, r#"{"a":{"c":2,"d":3}}"#),
            (r#"{"a":[1,2]}"#, r#"{"a":[{"x":null,"y":1},null]}"#, r#"{"a":[{"y":1},null]}"#),
            (r#"{"a":"b"}"#, r#"{"a":{"b":{"c":null}}}"#, r#"{"a":{"b":{}}}"#),
            (r#"{}"#, r#"{"gone":null}"#, r#"{}"#),
        ];
        for (document, patch, expect) in cases {
            assert_eq!(apply(&value(document), &value(patch)), Ok(value(expect)), "{patch}");
        }
    }

    #[test]
    fn a_patch_that_is_no_object_is_refused() {
        let error = apply(&value("{}"), &value("[]")).unwrap_err().to_string();
        assert_eq!(
            error,
            "error decoding patch: json: cannot unmarshal array into Go value of type map[string]interface {}"
        );
    }

    #[test]
    fn a_diff_makes_the_second_out_of_the_first() {
        let (before, after) = (value(r#"{"a":{"b":1,"c":[1]},"d":2}"#), value(r#"{"a":{"b":1,"c":[1,2]}}"#));
        let patch = diff(&before, &after).unwrap();
        assert_eq!(patch, value(r#"{"a":{"c":[1,2]},"d":null}"#));
        assert_eq!(apply(&before, &patch), Ok(after));
    }
}
