//! Between [`Value`] and the typed objects.
//!
//! A typed struct names the fields that some component reads or writes; every other field that a user wrote stays,
//! untouched and shared, in the struct's [`Rest`]. So nothing accepted is lost, and a replica costs only its own facts.
//!
//! Decoding cannot fail: it runs behind strict decoding, which has checked names and types against the schema. A value of
//! the wrong type that gets here all the same decodes to the zero value.

use ordered::OrderedMap;
use std::rc::Rc;

use ecow::EcoVec;
use sim::Time;

use crate::{Map, Str, Value};

/// A type that stands in a JSON object.
pub trait Codec: Sized + Default {
    /// Reads a value that strict decoding has accepted.
    fn decode(value: Value) -> Self;
    /// Writes the value.
    fn encode(&self) -> Value;
    /// Whether Go's `omitempty` would leave it out.
    fn is_zero(&self) -> bool;
}

/// The place of a value in a typed struct, whatever its type: what [`Codec`] is without its generics, so that one loop
/// reads and writes the fields of all structs.
pub trait Slot {
    /// Reads a value that strict decoding has accepted, and that is not null.
    fn read(&mut self, value: Value);
    /// Writes the value.
    fn write(&self) -> Value;
    /// Whether Go's `omitempty` would leave it out.
    fn holds_zero(&self) -> bool;
}

impl<T: Codec> Slot for T {
    fn read(&mut self, value: Value) {
        *self = T::decode(value);
    }
    fn write(&self) -> Value {
        self.encode()
    }
    fn holds_zero(&self) -> bool {
        self.is_zero()
    }
}

/// Whether a zero field is written.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Shown {
    /// No.
    UnlessZero,
    /// As it is.
    Always,
    /// As `null`: Go prints a nil list that it does not omit so.
    OrNull,
}

/// A field's name in JSON, and whether it is written though zero.
pub type Field = (&'static str, Shown);

/// Reads the fields of an object into their slots; what is left of it.
pub fn read_fields(value: Value, fields: &[Field], slots: &mut [&mut dyn Slot]) -> Rest {
    let Value::Map(mut object) = value else { return Rest::default() };
    for ((name, _), slot) in fields.iter().zip(slots) {
        if let Some(value) = object.remove(*name)
            && !value.is_null()
        {
            slot.read(value);
        }
    }
    Rest::new(object)
}

/// Writes an object: its rest, and its fields as far as they are shown.
pub fn write_fields(rest: &Rest, fields: &[Field], slots: &[&dyn Slot]) -> Value {
    let mut object = rest.to_map();
    for ((name, shown), slot) in fields.iter().zip(slots) {
        let value = match (shown, slot.holds_zero()) {
            (Shown::UnlessZero, true) => continue,
            (Shown::OrNull, true) => Value::Null,
            (_, _) => slot.write(),
        };
        object.insert(Str::from(*name), value);
    }
    Value::Map(object)
}

/// Whether neither the rest nor any slot holds anything.
pub fn is_all_zero(rest: &Rest, slots: &[&dyn Slot]) -> bool {
    rest.is_empty() && slots.iter().all(|slot| slot.holds_zero())
}

/// The fields of a JSON object that its typed struct does not name: kept for printing and patching.
#[derive(Clone, Debug, Default, PartialEq, Hash)]
pub struct Rest(Option<Rc<Map>>);

impl Rest {
    /// Keeps `fields`.
    pub fn new(fields: Map) -> Rest {
        Rest(if fields.is_empty() { None } else { Some(Rc::new(fields)) })
    }

    /// The field `key`, or `null`.
    pub fn get(&self, key: &str) -> &Value {
        self.0.as_ref().and_then(|fields| fields.get(key)).unwrap_or(&crate::value::NULL)
    }

    /// Sets one field (copying the others if they are shared); `null` removes it.
    pub fn set(&mut self, key: &str, value: Value) {
        let fields = Rc::make_mut(self.0.get_or_insert_default());
        if value.is_null() {
            fields.remove(key);
        } else {
            fields.insert(key.into(), value);
        }
        if fields.is_empty() {
            self.0 = None;
        }
    }

    /// Whether there is none.
    pub fn is_empty(&self) -> bool {
        self.0.is_none()
    }

    /// All fields, to build an object on.
    pub fn to_map(&self) -> Map {
        self.0.as_deref().cloned().unwrap_or_default()
    }
}

/// Declares a struct of the API: its fields, the JSON names, and which are printed though zero: as they
/// are (`always`), or as `null` (`nullable`).
#[macro_export]
macro_rules! object {
    ($(#[$meta:meta])* pub struct $name:ident { $( $(#[$field_meta:meta])* $field:ident : $type:ty = $json:literal $($always:ident)? ),* $(,)? }) => {
        $(#[$meta])*
        #[derive(Clone, Debug, Default, PartialEq, Hash)]
        pub struct $name {
            $( $(#[$field_meta])* pub $field: $type, )*
            /// The fields that no component looks at.
            pub rest: $crate::codec::Rest,
        }

        impl $name {
            const FIELDS: &[$crate::codec::Field] =
                &[$( ($json, $crate::object!(@shown $($always)?)) ),*];

            #[inline(never)]
            fn slots(&self) -> [&dyn $crate::codec::Slot; Self::FIELDS.len()] {
                [$( &self.$field ),*]
            }
            #[inline(never)]
            fn slots_mut(&mut self) -> [&mut dyn $crate::codec::Slot; Self::FIELDS.len()] {
                [$( &mut self.$field ),*]
            }
        }

        impl $crate::codec::Codec for $name {
            fn decode(value: $crate::Value) -> Self {
                let mut object = Self::default();
                object.rest = $crate::codec::read_fields(value, Self::FIELDS, &mut object.slots_mut());
                object
            }
            fn encode(&self) -> $crate::Value {
                $crate::codec::write_fields(&self.rest, Self::FIELDS, &self.slots())
            }
            fn is_zero(&self) -> bool {
                $crate::codec::is_all_zero(&self.rest, &self.slots())
            }
        }
    };
    (@shown always) => { $crate::codec::Shown::Always };
    (@shown nullable) => { $crate::codec::Shown::OrNull };
    (@shown) => { $crate::codec::Shown::UnlessZero };
}

/// Declares an enum of the API by its JSON strings; the first variant is the default. A string outside the enum, which
/// validation refuses, decodes to the default.
#[macro_export]
macro_rules! string_enum {
    ($(#[$meta:meta])* pub enum $name:ident { $( $(#[$variant_meta:meta])* $variant:ident = $text:literal ),* $(,)? }) => {
        $(#[$meta])*
        #[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
        pub enum $name { $( $(#[$variant_meta])* $variant, )* }

        impl $name {
            /// The name in JSON.
            pub const fn as_str(self) -> &'static str {
                match self { $( $name::$variant => $text, )* }
            }
            /// The variant with this name in JSON.
            pub fn parse(text: &str) -> Option<Self> {
                match text { $( $text => Some($name::$variant), )* _ => None }
            }
        }

        impl Default for $name {
            fn default() -> Self {
                const FIRST: &[$name] = &[$( $name::$variant ),*];
                FIRST[0]
            }
        }

        impl std::fmt::Display for $name {
            fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
                f.write_str(self.as_str())
            }
        }

        impl $crate::codec::Codec for $name {
            fn decode(value: $crate::Value) -> Self {
                Self::parse(value.text()).unwrap_or_default()
            }
            fn encode(&self) -> $crate::Value {
                $crate::Value::Str(self.as_str().into())
            }
            fn is_zero(&self) -> bool {
                self.as_str().is_empty()
            }
        }
    };
}

/// Takes one field out of a JSON object; a missing or null one is zero.
pub fn take<T: Codec>(fields: &mut Map, key: &str) -> T {
    match fields.remove(key) {
        None | Some(Value::Null) => T::default(),
        Some(value) => T::decode(value),
    }
}

/// Puts one field into a JSON object unless it is zero.
pub fn put<T: Codec>(fields: &mut Map, key: &str, value: &T) {
    if !value.is_zero() {
        fields.insert(key.into(), value.encode());
    }
}

/// Puts one field into a JSON object, zero or not.
pub fn put_always<T: Codec>(fields: &mut Map, key: &str, value: &T) {
    fields.insert(key.into(), value.encode());
}

impl Codec for Str {
    fn decode(value: Value) -> Self {
        match value {
            Value::Str(text) => text,
            _ => Str::new(),
        }
    }
    fn encode(&self) -> Value {
        Value::Str(self.clone())
    }
    fn is_zero(&self) -> bool {
        self.is_empty()
    }
}

impl Codec for bool {
    fn decode(value: Value) -> Self {
        value.as_bool().unwrap_or(false)
    }
    fn encode(&self) -> Value {
        Value::Bool(*self)
    }
    fn is_zero(&self) -> bool {
        !self
    }
}

impl Codec for i64 {
    fn decode(value: Value) -> Self {
        value.as_int().unwrap_or(0)
    }
    fn encode(&self) -> Value {
        Value::Int(*self)
    }
    fn is_zero(&self) -> bool {
        *self == 0
    }
}

impl Codec for i32 {
    fn decode(value: Value) -> Self {
        value.as_int().and_then(|number| i32::try_from(number).ok()).unwrap_or(0)
    }
    fn encode(&self) -> Value {
        Value::Int(i64::from(*self))
    }
    fn is_zero(&self) -> bool {
        *self == 0
    }
}

impl Codec for Value {
    fn decode(value: Value) -> Self {
        value
    }
    fn encode(&self) -> Value {
        self.clone()
    }
    fn is_zero(&self) -> bool {
        self.is_null()
    }
}

/// `metav1.Time`: whole seconds.
impl Codec for Time {
    fn decode(value: Value) -> Self {
        Time::parse_rfc3339(value.text()).unwrap_or_default()
    }
    fn encode(&self) -> Value {
        Value::Str(self.to_rfc3339().into())
    }
    fn is_zero(&self) -> bool {
        *self == Time::default()
    }
}

/// `metav1.MicroTime`: microseconds.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct MicroTime(pub Time);

impl Codec for MicroTime {
    fn decode(value: Value) -> Self {
        MicroTime(Time::decode(value))
    }
    fn encode(&self) -> Value {
        Value::Str(self.0.to_rfc3339_micros().into())
    }
    fn is_zero(&self) -> bool {
        self.0 == Time::default()
    }
}

/// A Go pointer: absent, or there even if zero.
impl<T: Codec> Codec for Option<T> {
    fn decode(value: Value) -> Self {
        if value.is_null() { None } else { Some(T::decode(value)) }
    }
    fn encode(&self) -> Value {
        self.as_ref().map_or(Value::Null, Codec::encode)
    }
    fn is_zero(&self) -> bool {
        self.is_none()
    }
}

impl<T: Codec> Codec for Rc<T> {
    fn decode(value: Value) -> Self {
        Rc::new(T::decode(value))
    }
    fn encode(&self) -> Value {
        (**self).encode()
    }
    fn is_zero(&self) -> bool {
        (**self).is_zero()
    }
}

impl<T: Codec + Clone> Codec for EcoVec<T> {
    fn decode(value: Value) -> Self {
        match value {
            Value::List(list) => list.into_iter().map(T::decode).collect(),
            _ => EcoVec::new(),
        }
    }
    fn encode(&self) -> Value {
        Value::List(self.iter().map(Codec::encode).collect())
    }
    fn is_zero(&self) -> bool {
        self.is_empty()
    }
}

impl<T: Codec> Codec for OrderedMap<Str, T> {
    fn decode(value: Value) -> Self {
        match value {
            Value::Map(map) => map.into_iter().map(|(key, value)| (key, T::decode(value))).collect(),
            _ => OrderedMap::new(),
        }
    }
    fn encode(&self) -> Value {
        Value::Map(self.iter().map(|(key, value)| (key.clone(), value.encode())).collect())
    }
    fn is_zero(&self) -> bool {
        self.is_empty()
    }
}
