//! JSON patch, RFC 6902: a list of operations at JSON pointers.
//!
//! Models: kubernetes v1.36 vendored json-patch v4, whose habits differ from the RFC: `replace` of a missing key adds
//! it, `test` of a missing key against `null` passes, and negative indices count from the end.

use super::{DEPTH_MAX, PatchError};
use crate::value::{Str, Value};
use ordered::Arrange;

/// Operations a patch may hold.
pub const OPERATIONS_MAX: usize = 10_000;

/// The document after all operations. The error's text is for the log: a client sees
/// `the server rejected our request due to an error in our request`, except for [`PatchError::Decode`].
pub fn apply(document: &Value, patch: &Value) -> Result<Value, PatchError> {
    let Value::List(operations) = patch else {
        let got = patch.json_type();
        return Err(decode_error(format!("json: cannot unmarshal {got} into Go value of type []handlers.jsonPatchOp")));
    };
    if operations.len() > OPERATIONS_MAX {
        return Err(refused(format!(
            "The allowed maximum operations in a JSON patch is {OPERATIONS_MAX}, got {}",
            operations.len()
        )));
    }
    operations.iter().try_for_each(check_shape)?;
    let mut result = document.clone();
    for operation in operations {
        run(&mut result, operation)?;
    }
    Ok(result)
}

/// The paths of all objects and lists that the operations go through.
pub fn touched(patch: &Value) -> Vec<Vec<Str>> {
    let mut paths = vec![Vec::new()];
    for operation in patch.as_list().iter().take(OPERATIONS_MAX) {
        for pointer in [operation.get("path").text(), operation.get("from").text()] {
            let steps = Pointer::parse(pointer).steps;
            paths.extend((1..steps.len()).map(|length| steps[..length].to_vec()));
        }
    }
    paths.arrange();
    paths.dedup();
    paths
}

fn decode_error(text: String) -> PatchError {
    PatchError::Decode(text)
}

fn refused(text: impl Into<String>) -> PatchError {
    PatchError::JsonPatch(text.into())
}

fn check_shape(operation: &Value) -> Result<(), PatchError> {
    let Value::Map(operation) = operation else {
        let got = operation.json_type();
        return Err(decode_error(format!("json: cannot unmarshal {got} into Go value of type handlers.jsonPatchOp")));
    };
    for key in ["from", "op", "path"] {
        match operation.get(key) {
            None | Some(Value::Null | Value::Str(_)) => {}
            Some(other) => {
                let got = other.json_type();
                return Err(decode_error(format!(
                    "json: cannot unmarshal {got} into Go struct field jsonPatchOp.{key} of type string"
                )));
            }
        }
    }
    Ok(())
}

fn run(document: &mut Value, operation: &Value) -> Result<(), PatchError> {
    let path = Pointer::parse(operation.get("path").text());
    let from = || Pointer::parse(operation.get("from").text());
    let value = operation.get("value").clone();
    match operation.get("op").text() {
        "add" => add(document, &path, value),
        "remove" => remove(document, &path).map(|_| ()),
        "replace" => replace(document, &path, value),
        "move" => {
            let taken = remove(document, &from())?;
            add(document, &path, taken)
        }
        "copy" => {
            let copied = get(document, &from())?.cloned().unwrap_or_default();
            add(document, &path, copied)
        }
        "test" => test(document, &path, &value),
        other => Err(refused(format!("Unexpected kind: {other}"))),
    }
}

/// A JSON pointer: the steps to a container and the last step within it; no steps for the whole document.
struct Pointer {
    text: String,
    steps: Vec<Str>,
}

impl Pointer {
    fn parse(text: &str) -> Pointer {
        let steps = text.split('/').skip(1).map(|step| step.replace("~1", "/").replace("~0", "~").into()).collect();
        Pointer { text: text.to_owned(), steps }
    }

    fn missing(&self, what: &str) -> PatchError {
        refused(format!("{what}: {:?}", self.text))
    }

    fn split(&self) -> Result<(&Str, &[Str]), PatchError> {
        self.steps.split_last().ok_or_else(|| self.missing("doc is missing path"))
    }
}

fn container<'v>(document: &'v mut Value, path: &Pointer, steps: &[Str]) -> Result<&'v mut Value, PatchError> {
    if steps.len() > usize::from(DEPTH_MAX) {
        return Err(PatchError::TooDeep);
    }
    let mut here = document;
    for step in steps {
        here = match here {
            Value::Map(map) => map.get_mut(step),
            Value::List(list) => existing_index(list.len(), step).and_then(|index| list.get_mut(index)),
            Value::Null | Value::Bool(_) | Value::Int(_) | Value::Float(_) | Value::Str(_) => None,
        }
        .ok_or_else(|| path.missing("doc is missing path"))?;
    }
    Ok(here)
}

fn existing_index(length: usize, step: &str) -> Option<usize> {
    let index: i64 = step.parse().ok()?;
    let length = i64::try_from(length).ok()?;
    let index = if index < 0 { index + length } else { index };
    usize::try_from(index).ok().filter(|_| index < length)
}

fn add(document: &mut Value, path: &Pointer, value: Value) -> Result<(), PatchError> {
    let (last, steps) = path.split()?;
    match container(document, path, steps)? {
        Value::Map(map) => {
            map.insert(last.clone(), value);
        }
        Value::List(list) if last == "-" => list.push(value),
        Value::List(list) => {
            let index = existing_index(list.len() + 1, last).ok_or_else(|| path.missing("invalid index"))?;
            list.insert(index, value);
        }
        Value::Null | Value::Bool(_) | Value::Int(_) | Value::Float(_) | Value::Str(_) => {
            return Err(path.missing("doc is missing path"));
        }
    }
    Ok(())
}

fn remove(document: &mut Value, path: &Pointer) -> Result<Value, PatchError> {
    let (last, steps) = path.split()?;
    let taken = match container(document, path, steps)? {
        Value::Map(map) => map.remove(last),
        Value::List(list) => existing_index(list.len(), last).map(|index| list.remove(index)),
        Value::Null | Value::Bool(_) | Value::Int(_) | Value::Float(_) | Value::Str(_) => None,
    };
    taken.ok_or_else(|| path.missing("unable to remove nonexistent key"))
}

fn replace(document: &mut Value, path: &Pointer, value: Value) -> Result<(), PatchError> {
    let Some((last, steps)) = path.steps.split_last() else {
        *document = value;
        return Ok(());
    };
    match container(document, path, steps)? {
        Value::Map(map) => {
            map.insert(last.clone(), value);
        }
        Value::List(list) => {
            let slot = existing_index(list.len(), last).and_then(|index| list.get_mut(index));
            *slot.ok_or_else(|| path.missing("doc is missing key"))? = value;
        }
        Value::Null | Value::Bool(_) | Value::Int(_) | Value::Float(_) | Value::Str(_) => {
            return Err(path.missing("doc is missing path"));
        }
    }
    Ok(())
}

/// The value at a path; `None` for a missing key of an object that exists.
fn get<'v>(document: &'v mut Value, path: &Pointer) -> Result<Option<&'v Value>, PatchError> {
    let Some((last, steps)) = path.steps.split_last() else { return Ok(Some(document)) };
    match container(document, path, steps)? {
        Value::Map(map) => Ok(map.get(last)),
        Value::List(list) => {
            let index = existing_index(list.len(), last).ok_or_else(|| path.missing("invalid index"))?;
            Ok(list.get(index))
        }
        Value::Null | Value::Bool(_) | Value::Int(_) | Value::Float(_) | Value::Str(_) => {
            Err(path.missing("doc is missing path"))
        }
    }
}

fn test(document: &mut Value, path: &Pointer, expected: &Value) -> Result<(), PatchError> {
    let found = get(document, path)?.unwrap_or(&Value::Null);
    if found == expected { Ok(()) } else { Err(path.missing("testing value failed")) }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn check(document: &str, patch: &str, expect: Option<&str>) {
        let value = |text: &str| -> Value { serde_json::from_str(text).unwrap() };
        let result = apply(&value(document), &value(patch));
        assert_eq!(result.clone().ok(), expect.map(value), "{patch} on {document}: {result:?}");
    }

    #[test]
    fn operations_change_the_document() {
        check(r#"{"a":1}"#, r#"[{"op":"add","path":"/b","value":2}]"#, Some(r#"{"a":1,"b":2}"#));
        check(r#"{"a":[1,3]}"#, r#"[{"op":"add","path":"/a/1","value":2}]"#, Some(r#"{"a":[1,2,3]}"#));
        check(r#"{"a":[1]}"#, r#"[{"op":"add","path":"/a/-","value":2}]"#, Some(r#"{"a":[1,2]}"#));
        check(r#"{"a":[1,2]}"#, r#"[{"op":"remove","path":"/a/0"}]"#, Some(r#"{"a":[2]}"#));
        check(r#"{"a":1,"b":2}"#, r#"[{"op":"move","from":"/a","path":"/c"}]"#, Some(r#"{"b":2,"c":1}"#));
        check(r#"{"a":{"x":1}}"#, r#"[{"op":"copy","from":"/a","path":"/b"}]"#, Some(r#"{"a":{"x":1},"b":{"x":1}}"#));
        check(
            r#"{"a/b":{"m~n":1}}"#,
            r#"[{"op":"replace","path":"/a~1b/m~0n","value":2}]"#,
            Some(r#"{"a/b":{"m~n":2}}"#),
        );
        check(r#"{"a":[1,2]}"#, r#"[{"op":"replace","path":"/a/-1","value":3}]"#, Some(r#"{"a":[1,3]}"#));
        check(r#"{"a":1}"#, r#"[{"op":"test","path":"/a","value":1},{"op":"remove","path":"/a"}]"#, Some("{}"));
    }

    #[test]
    fn replace_of_a_missing_key_adds_it() {
        check(r#"{"spec":{}}"#, r#"[{"op":"replace","path":"/spec/nope","value":1}]"#, Some(r#"{"spec":{"nope":1}}"#));
    }

    #[test]
    fn what_does_not_fit_is_refused() {
        check(r#"{"spec":{}}"#, r#"[{"op":"remove","path":"/spec/nope"}]"#, None);
        check(r#"{"spec":{}}"#, r#"[{"op":"bogus","path":"/spec"}]"#, None);
        check(r#"{"a":1}"#, r#"[{"op":"test","path":"/a","value":9}]"#, None);
        check(r#"{"a":[]}"#, r#"[{"op":"replace","path":"/a/3/image","value":"x"}]"#, None);
        check(r#"{"metadata":{}}"#, r#"[{"op":"add","path":"/metadata/labels/foo","value":"x"}]"#, None);
    }

    #[test]
    fn a_patch_of_the_wrong_shape_is_named() {
        let error = apply(&Value::map(), &Value::map()).unwrap_err().to_string();
        let expect = "error decoding patch: json: cannot unmarshal object into Go value of type []handlers.jsonPatchOp";
        assert_eq!(error, expect);
    }
}
