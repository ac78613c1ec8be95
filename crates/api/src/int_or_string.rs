//! A number or a text: ports by number or name, counts or percentages.

use crate::codec::Codec;
use crate::{Str, Value};

/// `intstr.IntOrString`.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum IntOrString {
    /// A number.
    Int(i32),
    /// A text, such as `25%` or a port's name.
    Str(Str),
}

impl Default for IntOrString {
    fn default() -> Self {
        IntOrString::Int(0)
    }
}

impl Codec for IntOrString {
    fn decode(value: Value) -> Self {
        match value {
            Value::Int(number) => IntOrString::Int(i32::try_from(number).unwrap_or(0)),
            Value::Str(text) => IntOrString::Str(text),
            _ => IntOrString::default(),
        }
    }
    fn encode(&self) -> Value {
        match self {
            IntOrString::Int(number) => Value::Int(i64::from(*number)),
            IntOrString::Str(text) => Value::Str(text.clone()),
        }
    }
    fn is_zero(&self) -> bool {
        *self == IntOrString::Int(0)
    }
}
