//! Patches: the three types a client sends, and how `kubectl` computes them.
//!
//! [`json`] is RFC 6902, [`merge`] is RFC 7386, [`strategic`] merges lists by the keys the schema names, [`diff`] makes
//! a strategic patch from two objects, and [`three_way`] makes what `kubectl apply` sends. Nothing here validates the
//! result: that is decoding ([`crate::strict`]) and the registry.
//!
//! Every walk goes at most [`DEPTH_MAX`] levels down.
//!
//! Models: kubernetes v1.36 k8s.io/apimachinery/pkg/util/{strategicpatch,jsonmergepatch,mergepatch}.

pub mod diff;
pub mod json;
mod lists;
pub mod merge;
pub mod strategic;
pub mod three_way;

use crate::schema::{Field, Shape, Type};
use crate::text::number::format_g;
use crate::value::{Map, Value};

/// Levels of nesting a patch or an object may have.
pub const DEPTH_MAX: u16 = 200;

pub(crate) const MARKER: &str = "$patch";
pub(crate) const RETAIN_KEYS: &str = "$retainKeys";
pub(crate) const DELETE_FROM: &str = "$deleteFromPrimitiveList";
pub(crate) const SET_ORDER: &str = "$setElementOrder";

/// Why a patch could not be made or applied, in the server's words.
#[derive(Clone, PartialEq, Debug, thiserror::Error)]
pub enum PatchError {
    /// An element of a merging list has no merge key.
    #[error("map: {map} does not contain declared merge key: {key}")]
    NoMergeKey {
        /// The element, as Go prints maps.
        map: String,
        /// The merge key.
        key: String,
    },
    /// A value has another JSON type than its place needs.
    #[error("expected a {expected}, but received a {actual}")]
    BadArgType {
        /// Go's type name.
        expected: &'static str,
        /// Go's type name.
        actual: &'static str,
    },
    /// `$patch` with a value that is not a directive.
    #[error("unknown patch type: {directive} in map: {map}")]
    BadPatchType {
        /// What stood there.
        directive: String,
        /// The map, as Go prints maps.
        map: String,
    },
    /// `$patch` that is not text.
    #[error("invalid value for special key: $patch")]
    BadMarker,
    /// `$patch: merge` in a list element.
    #[error("merging lists cannot yet be specified in the patch")]
    MergeInList,
    /// A list within a merging list.
    #[error("lists of lists are not supported")]
    ListOfLists,
    /// Malformed `$deleteFromPrimitiveList`.
    #[error("invalid patch format of primitive list")]
    BadDeleteList,
    /// Malformed `$retainKeys`, or one that contradicts the patch.
    #[error("invalid patch format of retainKeys")]
    BadRetainKeys,
    /// Malformed `$setElementOrder`.
    #[error("invalid patch format of setElementOrder list")]
    BadSetOrder,
    /// The patch's elements come in another order than `$setElementOrder` says.
    #[error("The order in patch list:\n{patch}\n doesn't match $setElementOrder list:\n{order}\n")]
    OrderMismatch {
        /// The patch's list, as Go prints it.
        patch: String,
        /// The directive's list, as Go prints it.
        order: String,
    },
    /// A merging list whose elements are of different types.
    #[error("list element types are not identical: {lists}")]
    MixedList {
        /// The lists, as Go prints them.
        lists: String,
    },
    /// Two empty lists where an element's type is needed.
    #[error("no elements in any of the given slices")]
    NoElements,
    /// An element of a merging list is not an object.
    #[error("value for key {index} is not a map")]
    ElementNotMap {
        /// Its place in the list.
        index: usize,
    },
    /// A merging list of objects without merge key.
    #[error("cannot merge lists without merge key for {name}")]
    NoDeclaredKey {
        /// The element's type.
        name: String,
    },
    /// The schema has no such field.
    #[error("unable to find api field in struct {name} for the json field \"{field}\"")]
    UnknownField {
        /// The type looked into.
        name: String,
        /// The field looked for.
        field: String,
    },
    /// An object where the schema has none.
    #[error("merging an object in json but data type is not struct, instead is: map")]
    NotStruct,
    /// The change to make and the changes made meanwhile touch the same fields.
    #[error("patch:\n{patch}\nconflicts with changes made from original to current:\n{changed}\n")]
    Conflict {
        /// The patch.
        patch: String,
        /// The changes since the original.
        changed: String,
    },
    /// A JSON patch whose shape is wrong; the text is the decoder's.
    #[error("error decoding patch: {0}")]
    Decode(String),
    /// A JSON patch that does not fit the object.
    #[error("{0}")]
    JsonPatch(String),
    /// More than [`DEPTH_MAX`] levels.
    #[error("exceeded max depth")]
    TooDeep,
}

/// Where in the schema a walk is, and how deep.
#[derive(Clone, Copy)]
pub(crate) struct Place<'t> {
    type_: Option<Type<'t>>,
    depth: u16,
}

impl<'t> Place<'t> {
    pub(crate) fn root(type_: Type<'t>) -> Place<'t> {
        Place { type_: Some(type_), depth: 0 }
    }

    fn below(self, type_: Option<Type<'t>>) -> Result<Place<'t>, PatchError> {
        if self.depth >= DEPTH_MAX {
            return Err(PatchError::TooDeep);
        }
        Ok(Place { type_, depth: self.depth + 1 })
    }

    fn field(self, key: &str) -> Result<(Type<'t>, &'t Field<'t>), PatchError> {
        let type_ = self.type_.ok_or(PatchError::NotStruct)?;
        let unknown = || PatchError::UnknownField { name: type_.name().to_owned(), field: key.to_owned() };
        Ok((type_, type_.field(key).ok_or_else(unknown)?))
    }

    /// The field `key` and the place of the object it holds.
    pub(crate) fn object(self, key: &str) -> Result<(&'t Field<'t>, Place<'t>), PatchError> {
        let (type_, field) = self.field(key)?;
        let inner = if let Shape::Object(_) = field.shape { type_.type_of(&field.shape) } else { None };
        Ok((field, self.below(inner)?))
    }

    /// The field `key` and the place of an element of its list.
    pub(crate) fn list(self, key: &str) -> Result<(&'t Field<'t>, Place<'t>), PatchError> {
        let (type_, field) = self.field(key)?;
        let inner = match &field.shape {
            Shape::List(element) if matches!(**element, Shape::Object(_)) => type_.type_of(element),
            Shape::Scalar(..) | Shape::Object(_) | Shape::List(_) | Shape::Map(_) => None,
        };
        Ok((field, self.below(inner)?))
    }

    /// The type's name, for messages.
    pub(crate) fn name(self) -> String {
        self.type_.map_or_else(|| "map".to_owned(), |type_| type_.name().to_owned())
    }
}

/// A value as Go's `%v` prints it once decoded: `map[spec:map[replicas:x]]`.
pub fn go_text(value: &Value) -> String {
    let mut text = String::new();
    write_go_text(&mut text, value, 0);
    text
}

fn write_go_text(text: &mut String, value: &Value, depth: u16) {
    if depth > DEPTH_MAX {
        return;
    }
    match value {
        Value::Null => text.push_str("<nil>"),
        Value::Bool(value) => text.push_str(if *value { "true" } else { "false" }),
        Value::Int(number) => text.push_str(&number.to_string()),
        Value::Float(number) => text.push_str(&format_g(*number)),
        Value::Str(value) => text.push_str(value),
        Value::List(list) => {
            text.push('[');
            for (index, element) in list.iter().enumerate() {
                if index > 0 {
                    text.push(' ');
                }
                write_go_text(text, element, depth + 1);
            }
            text.push(']');
        }
        Value::Map(map) => write_go_map(text, map, depth),
    }
}

fn write_go_map(text: &mut String, map: &Map, depth: u16) {
    text.push_str("map[");
    for (index, (key, element)) in map.iter().enumerate() {
        if index > 0 {
            text.push(' ');
        }
        text.push_str(key);
        text.push(':');
        write_go_text(text, element, depth + 1);
    }
    text.push(']');
}

/// The Go type a decoded value has.
pub(crate) fn go_type(value: &Value) -> &'static str {
    match value {
        Value::Null => "%!s(<nil>)",
        Value::Bool(_) => "bool",
        Value::Int(_) => "int64",
        Value::Float(_) => "float64",
        Value::Str(_) => "string",
        Value::List(_) => "[]interface {}",
        Value::Map(_) => "map[string]interface {}",
    }
}

pub(crate) fn same_kind(left: &Value, right: &Value) -> bool {
    std::mem::discriminant(left) == std::mem::discriminant(right)
}

pub(crate) fn expect_map(value: &Value) -> Result<&Map, PatchError> {
    value.as_map().ok_or(PatchError::BadArgType { expected: "map[string]interface {}", actual: go_type(value) })
}

pub(crate) fn expect_list(value: &Value) -> Result<&Vec<Value>, PatchError> {
    match value {
        Value::List(list) => Ok(list),
        other => Err(PatchError::BadArgType { expected: "[]interface {}", actual: go_type(other) }),
    }
}
