//! A number or a text: ports by number or name, counts or percentages.

use crate::codec::Codec;
use crate::{Str, Value};

/// `intstr.IntOrString`.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
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
        crate::reached!("api::int_or_string::IntOrString::decode");
        match value {
            Value::Int(number) => IntOrString::Int(i32::try_from(number).unwrap_or(0)),
            Value::Str(text) => IntOrString::Str(text),
            _ => IntOrString::default(),
        }
    }
    fn encode(&self) -> Value {
        crate::reached!("api::int_or_string::IntOrString::encode");
        match self {
            IntOrString::Int(number) => Value::Int(i64::from(*number)),
            IntOrString::Str(text) => Value::Str(text.clone()),
        }
    }
    fn is_zero(&self) -> bool {
        *self == IntOrString::Int(0)
    }
}

impl IntOrString {
    /// A number if the text is one that fits 32 bits, the text otherwise: how flags are read.
    pub fn parse(text: &str) -> IntOrString {
        crate::reached!("api::int_or_string::IntOrString::parse");
        // Go takes a plus sign and Rust does too; neither takes white space.
        text.parse().map_or_else(|_| IntOrString::Str(text.into()), IntOrString::Int)
    }

    /// The number, or that percentage of `total` rounded up or down. The error says what is wrong with the text.
    pub fn scaled(&self, total: i64, rounding: Rounding) -> Result<i64, String> {
        crate::reached!("api::int_or_string::IntOrString::scaled");
        match self {
            IntOrString::Int(number) => Ok(i64::from(*number)),
            IntOrString::Str(text) => {
                let percent = parse_percent(text)?;
                let hundredfold = i128::from(percent) * i128::from(total);
                let rounded = match rounding {
                    Rounding::Up => -(-hundredfold).div_euclid(100),
                    Rounding::Down => hundredfold.div_euclid(100),
                };
                Ok(rounded.clamp(i128::from(i64::MIN), i128::from(i64::MAX)) as i64)
            }
        }
    }
}

impl std::fmt::Display for IntOrString {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        match self {
            IntOrString::Int(number) => write!(f, "{number}"),
            IntOrString::Str(text) => f.write_str(text),
        }
    }
}

/// Which way a percentage is rounded.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Rounding {
    /// To the next whole number above.
    Up,
    /// To the next whole number below.
    Down,
}

fn parse_percent(text: &str) -> Result<i64, String> {
    let Some(number) = text.strip_suffix('%') else {
        return Err("invalid value for IntOrString: invalid type: string is not a percentage".to_string());
    };
    number.parse().map_err(|_| {
        let shown = Value::Str(number.into());
        let quoted = crate::text::json::write_compact(&shown);
        format!("invalid value for IntOrString: invalid value {text:?}: strconv.Atoi: parsing {quoted}: invalid syntax")
    })
}
