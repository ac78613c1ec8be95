//! A JSON value: what users write and read, between text and the typed objects of this crate.
//!
//! Objects live in the store as typed structs ([`crate::Object`]); a [`Value`] exists only while something is decoded,
//! patched or printed, and as the shared tail of fields that no component looks at ([`crate::codec::Rest`]).

use ordered::OrderedMap;
use std::fmt;
use std::hash::{Hash, Hasher};

use serde::de::{MapAccess, SeqAccess, Visitor};
use serde::ser::{SerializeMap, SerializeSeq};
use serde::{Deserialize, Deserializer, Serialize, Serializer};

/// Text: up to 15 bytes inline, longer text shared. Cloning never copies.
pub use thin::Str;

/// A JSON object; keys are kept sorted, as `kubectl` prints them and Go's encoder writes them.
pub type Map = OrderedMap<Str, Value>;

/// A JSON value.
#[derive(Clone, PartialEq, Debug, Default)]
pub enum Value {
    /// `null`
    #[default]
    Null,
    /// `true` or `false`
    Bool(bool),
    /// A number without fraction or exponent that fits.
    Int(i64),
    /// Any other number.
    Float(f64),
    /// Text.
    Str(Str),
    /// A list.
    List(Vec<Value>),
    /// An object.
    Map(Map),
}

/// What [`Value::get`] answers for a missing field.
pub static NULL: Value = Value::Null;

impl Value {
    /// An empty object.
    pub fn map() -> Value {
        Value::Map(Map::new())
    }

    /// The field `key`, or `null` where this is not an object or has no such field.
    pub fn get(&self, key: &str) -> &Value {
        self.as_map().and_then(|map| map.get(key)).unwrap_or(&NULL)
    }

    /// The value at a path of fields, or `null`: `object.at(&["spec", "replicas"])`.
    pub fn at(&self, path: &[&str]) -> &Value {
        path.iter().fold(self, |value, key| value.get(key))
    }

    /// The element `index`, or `null`.
    pub fn element(&self, index: usize) -> &Value {
        self.as_list().get(index).unwrap_or(&NULL)
    }

    /// Sets the value at a path, making the objects on the way (and replacing what is in the way).
    pub fn set(&mut self, path: &[&str], value: impl Into<Value>) {
        let mut here = self;
        for key in path {
            if !matches!(here, Value::Map(_)) {
                *here = Value::map();
            }
            let Value::Map(map) = here else { return };
            here = map.entry(Str::from(*key)).or_default();
        }
        *here = value.into();
    }

    /// Takes the value at a path out, leaving the objects around it. `None` if there is none.
    pub fn remove(&mut self, path: &[&str]) -> Option<Value> {
        let (last, parents) = path.split_last()?;
        let mut here = self;
        for key in parents {
            here = here.as_map_mut()?.get_mut(*key)?;
        }
        here.as_map_mut()?.remove(*last)
    }

    /// Whether this is `null` (or was missing).
    pub fn is_null(&self) -> bool {
        matches!(self, Value::Null)
    }

    /// The text, if it is text.
    pub fn as_str(&self) -> Option<&str> {
        match self {
            Value::Str(text) => Some(text),
            _ => None,
        }
    }

    /// The text, or "" if it is not text.
    pub fn text(&self) -> &str {
        self.as_str().unwrap_or("")
    }

    /// The number, if it is a whole one.
    pub fn as_int(&self) -> Option<i64> {
        match self {
            Value::Int(number) => Some(*number),
            _ => None,
        }
    }

    /// The boolean, if it is one.
    pub fn as_bool(&self) -> Option<bool> {
        match self {
            Value::Bool(value) => Some(*value),
            _ => None,
        }
    }

    /// The elements; none if it is not a list.
    pub fn as_list(&self) -> &[Value] {
        match self {
            Value::List(list) => list,
            _ => &[],
        }
    }

    /// The object, if it is one.
    pub fn as_map(&self) -> Option<&Map> {
        match self {
            Value::Map(map) => Some(map),
            _ => None,
        }
    }

    /// The object, if it is one, to change.
    pub fn as_map_mut(&mut self) -> Option<&mut Map> {
        match self {
            Value::Map(map) => Some(map),
            _ => None,
        }
    }

    /// `string`, `number`, … in the words of Go's JSON decoder.
    pub fn json_type(&self) -> &'static str {
        match self {
            Value::Null => "null",
            Value::Bool(_) => "bool",
            Value::Int(_) | Value::Float(_) => "number",
            Value::Str(_) => "string",
            Value::List(_) => "array",
            Value::Map(_) => "object",
        }
    }
}

impl Hash for Value {
    fn hash<H: Hasher>(&self, state: &mut H) {
        match self {
            Value::Null => 0_u8.hash(state),
            Value::Bool(value) => (1_u8, value).hash(state),
            Value::Int(value) => (2_u8, value).hash(state),
            Value::Float(value) => (3_u8, value.to_bits()).hash(state),
            Value::Str(value) => (4_u8, value).hash(state),
            Value::List(value) => (5_u8, value).hash(state),
            Value::Map(value) => (6_u8, value).hash(state),
        }
    }
}

impl From<bool> for Value {
    fn from(value: bool) -> Value {
        Value::Bool(value)
    }
}
impl From<i64> for Value {
    fn from(value: i64) -> Value {
        Value::Int(value)
    }
}
impl From<&str> for Value {
    fn from(value: &str) -> Value {
        Value::Str(value.into())
    }
}
impl From<String> for Value {
    fn from(value: String) -> Value {
        Value::Str(value.into())
    }
}
impl From<Str> for Value {
    fn from(value: Str) -> Value {
        Value::Str(value)
    }
}
impl From<Vec<Value>> for Value {
    fn from(value: Vec<Value>) -> Value {
        Value::List(value)
    }
}
impl From<Map> for Value {
    fn from(value: Map) -> Value {
        Value::Map(value)
    }
}

impl Serialize for Value {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        match self {
            Value::Null => serializer.serialize_unit(),
            Value::Bool(value) => serializer.serialize_bool(*value),
            Value::Int(value) => serializer.serialize_i64(*value),
            Value::Float(value) => serializer.serialize_f64(*value),
            Value::Str(value) => serializer.serialize_str(value),
            Value::List(list) => {
                let mut sequence = serializer.serialize_seq(Some(list.len()))?;
                for element in list {
                    sequence.serialize_element(element)?;
                }
                sequence.end()
            }
            Value::Map(map) => {
                let mut object = serializer.serialize_map(Some(map.len()))?;
                for (key, value) in map {
                    object.serialize_entry(key.as_str(), value)?;
                }
                object.end()
            }
        }
    }
}

struct ValueVisitor;

impl<'de> Visitor<'de> for ValueVisitor {
    type Value = Value;
    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("a JSON value")
    }
    fn visit_unit<E>(self) -> Result<Value, E> {
        Ok(Value::Null)
    }
    fn visit_bool<E>(self, value: bool) -> Result<Value, E> {
        Ok(Value::Bool(value))
    }
    fn visit_i64<E>(self, value: i64) -> Result<Value, E> {
        Ok(Value::Int(value))
    }
    fn visit_u64<E>(self, value: u64) -> Result<Value, E> {
        Ok(i64::try_from(value).map_or(Value::Float(value as f64), Value::Int))
    }
    fn visit_f64<E>(self, value: f64) -> Result<Value, E> {
        Ok(Value::Float(value))
    }
    fn visit_str<E>(self, value: &str) -> Result<Value, E> {
        Ok(Value::Str(value.into()))
    }
    fn visit_seq<A: SeqAccess<'de>>(self, mut sequence: A) -> Result<Value, A::Error> {
        let mut list = Vec::new();
        while let Some(element) = sequence.next_element()? {
            list.push(element);
        }
        Ok(Value::List(list))
    }
    fn visit_map<A: MapAccess<'de>>(self, mut object: A) -> Result<Value, A::Error> {
        let mut map = Map::new();
        while let Some((key, value)) = object.next_entry::<String, Value>()? {
            map.insert(key.into(), value);
        }
        Ok(Value::Map(map))
    }
}

impl<'de> Deserialize<'de> for Value {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Value, D::Error> {
        deserializer.deserialize_any(ValueVisitor)
    }
}
