//! The leaves: what each accepts, its normal form, and the words of its refusal.

use sim::Time;

use super::{Decoder, Failure, Words, go_kind};
use crate::patch::go_text;
use crate::quantity::Quantity;
use crate::schema::Scalar;
use crate::text::number::format_json;
use crate::value::Value;

const RFC3339: &str = "2006-01-02T15:04:05Z07:00";
const RFC3339_MICRO: &str = "2006-01-02T15:04:05.000000Z07:00";

/// The Go type of a leaf; `name` is that of a named string.
pub(super) fn go_name(scalar: Scalar, name: &str) -> &str {
    match scalar {
        Scalar::String if name.is_empty() => "string",
        Scalar::String => name,
        Scalar::Int32 | Scalar::IntOrString => "int32",
        Scalar::Int64 => "int64",
        Scalar::Bool => "bool",
        Scalar::Float => "float64",
        Scalar::Quantity => "resource.Quantity",
        Scalar::Time | Scalar::MicroTime => "string",
        Scalar::Bytes => "[]uint8",
        Scalar::Any => "interface {}",
    }
}

impl Decoder<'_> {
    pub(super) fn scalar(&mut self, scalar: Scalar, name: &str, value: &Value) -> Result<Value, Failure> {
        match scalar {
            Scalar::Any => Ok(value.clone()),
            Scalar::Quantity => quantity(value),
            Scalar::IntOrString => self.int_or_string(value),
            Scalar::Time => self.time(value, RFC3339, Time::to_rfc3339),
            Scalar::MicroTime => self.time(value, RFC3339_MICRO, Time::to_rfc3339_micros),
            Scalar::Bytes => self.bytes(value),
            Scalar::String | Scalar::Int32 | Scalar::Int64 | Scalar::Bool | Scalar::Float => {
                self.plain(scalar, go_name(scalar, name), value)
            }
        }
    }

    fn plain(&mut self, scalar: Scalar, wanted: &str, value: &Value) -> Result<Value, Failure> {
        let accepted = match (scalar, value) {
            (Scalar::String, Value::Str(_)) | (Scalar::Bool, Value::Bool(_)) => Some(value.clone()),
            (Scalar::Int32, value) => whole(value).filter(|number| i32::try_from(*number).is_ok()).map(Value::Int),
            (Scalar::Int64, value) => whole(value).map(Value::Int),
            (Scalar::Float, Value::Int(_) | Value::Float(_)) => Some(value.clone()),
            _ => None,
        };
        if let Some(accepted) = accepted {
            return Ok(accepted);
        }
        match self.words {
            Words::Json => {
                self.save(&unmarshalled(scalar, value), wanted);
                Ok(Value::Null)
            }
            Words::Converter => converted(scalar, wanted, value),
        }
    }

    fn int_or_string(&mut self, value: &Value) -> Result<Value, Failure> {
        if let Value::Str(_) = value {
            return Ok(value.clone());
        }
        let number = whole(value).filter(|number| i32::try_from(*number).is_ok());
        number.map(Value::Int).ok_or_else(|| self.unmarshal_error(&unmarshalled(Scalar::Int32, value), "int32"))
    }

    fn time(&mut self, value: &Value, layout: &str, print: fn(Time) -> String) -> Result<Value, Failure> {
        let Value::Str(text) = value else { return Err(self.unmarshal_error(value.json_type(), "string")) };
        let time = Time::parse_rfc3339(text).ok_or_else(|| time_error(text, layout))?;
        Ok(print(time).into())
    }

    fn bytes(&mut self, value: &Value) -> Result<Value, Failure> {
        let Value::Str(text) = value else {
            self.wrong_kind(value, "[]uint8", "cannot restore slice from")?;
            return Ok(Value::Null);
        };
        match base64_fault(text) {
            None => Ok(text.chars().filter(|letter| !matches!(letter, '\r' | '\n')).collect::<String>().into()),
            Some(index) if self.words == Words::Json => {
                self.saved.get_or_insert(format!("illegal base64 data at input byte {index}"));
                Ok(Value::Null)
            }
            Some(index) => Err(format!("error decoding from json: illegal base64 data at input byte {index}")),
        }
    }
}

/// A whole number, however it was written.
fn whole(value: &Value) -> Option<i64> {
    match value {
        Value::Int(number) => Some(*number),
        // 2^63: from here on a double does not fit.
        Value::Float(number) if number.abs() < 9.223_372_036_854_776e18 && (*number as i64) as f64 == *number => {
            Some(*number as i64)
        }
        Value::Null | Value::Bool(_) | Value::Float(_) | Value::Str(_) | Value::List(_) | Value::Map(_) => None,
    }
}

/// What the JSON decoder says it found: a number that does not fit is named.
fn unmarshalled(scalar: Scalar, value: &Value) -> String {
    match (scalar, value) {
        (Scalar::Int32 | Scalar::Int64, Value::Int(_) | Value::Float(_)) => format!("number {}", number_text(value)),
        (_, value) => value.json_type().to_owned(),
    }
}

/// A number as Go's encoder writes it.
fn number_text(value: &Value) -> String {
    match value {
        Value::Float(number) => format_json(*number).unwrap_or_default(),
        Value::Null | Value::Bool(_) | Value::Int(_) | Value::Str(_) | Value::List(_) | Value::Map(_) => go_text(value),
    }
}

fn converted(scalar: Scalar, wanted: &str, value: &Value) -> Result<Value, Failure> {
    let kind = match scalar {
        Scalar::Int32 => "int32",
        Scalar::Int64 => "int64",
        Scalar::Bool => "bool",
        Scalar::Float => "float64",
        Scalar::String
        | Scalar::Quantity
        | Scalar::IntOrString
        | Scalar::Time
        | Scalar::MicroTime
        | Scalar::Bytes
        | Scalar::Any => "string",
    };
    match (scalar, value) {
        // The converter wraps what does not fit, as Go's conversions do.
        (Scalar::Int32, Value::Int(number)) => Ok(Value::Int(i64::from(*number as i32))),
        (Scalar::String, Value::Int(_)) | (Scalar::Int32 | Scalar::Int64, Value::Float(_)) => {
            Err(format!("cannot convert {} to {wanted}", go_kind(value)))
        }
        _ => Err(format!("unrecognized type: {kind}")),
    }
}

/// A quantity in its canonical text.
pub(crate) fn quantity(value: &Value) -> Result<Value, Failure> {
    crate::reached!("api::strict::scalar::quantity");
    let text = match value {
        Value::Str(text) => text.trim().to_owned(),
        Value::Int(_) | Value::Float(_) => number_text(value),
        Value::Null | Value::Bool(_) | Value::List(_) | Value::Map(_) => go_text(value),
    };
    let quantity = Quantity::parse(&text).map_err(|error| error.to_string())?;
    Ok(quantity.to_string().into())
}

/// The place at which Go's decoder gives up, if it does. Line ends do not count.
fn base64_fault(text: &str) -> Option<usize> {
    let length = text.len();
    let all = text.bytes().enumerate().filter(|(_, byte)| !matches!(byte, b'\r' | b'\n'));
    let mut rest = all.peekable();
    let mut letters = 0;
    while rest.next_if(|(_, byte)| byte.is_ascii_alphanumeric() || matches!(byte, b'+' | b'/')).is_some() {
        letters += 1;
    }
    match (letters % 4, rest.next()) {
        (0, None) => return None,
        (open, None) => return Some(length - open),
        (0 | 1, Some((index, _))) => return Some(index),
        (_, Some((index, byte))) if byte != b'=' => return Some(index),
        (2, Some(_)) => match rest.next() {
            None => return Some(length),
            Some((index, byte)) if byte != b'=' => return Some(index - 1),
            Some(_) => {}
        },
        (_, Some(_)) => {}
    }
    rest.next().map(|(index, _)| index)
}

/// What Go says about a time that it cannot read.
fn time_error(text: &str, layout: &str) -> String {
    const ELEMENTS: [(&str, usize); 11] = [
        ("2006", 4),
        ("-", 0),
        ("01", 2),
        ("-", 0),
        ("02", 2),
        ("T", 0),
        ("15", 2),
        (":", 0),
        ("04", 2),
        (":", 0),
        ("05", 2),
    ];
    let mut rest = text;
    for (element, digits) in ELEMENTS {
        let next = match digits {
            0 => rest.strip_prefix(element),
            digits => rest
                .get(..digits)
                .filter(|part| part.bytes().all(|byte| byte.is_ascii_digit()))
                .map(|_| &rest[digits..]),
        };
        let Some(next) = next else {
            return format!("parsing time {text:?} as {layout:?}: cannot parse {rest:?} as {element:?}");
        };
        rest = next;
    }
    let ranges =
        [("month", 5, 1, 12), ("day", 8, 1, 31), ("hour", 11, 0, 23), ("minute", 14, 0, 59), ("second", 17, 0, 59)];
    for (name, from, low, high) in ranges {
        let number: u32 = text.get(from..from + 2).and_then(|part| part.parse().ok()).unwrap_or(low);
        if !(low..=high).contains(&number) {
            return format!("parsing time {text:?}: {name} out of range");
        }
    }
    format!("parsing time {text:?} as {layout:?}: cannot parse {rest:?} as \"Z07:00\"")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn base64_faults_are_found_where_go_finds_them() {
        let cases = [
            ("", None),
            ("cGFzcw==", None),
            ("cGFz\ncw==", None),
            ("not base64", Some(3)),
            ("abc", Some(0)),
            ("abcde", Some(4)),
            ("a===", Some(1)),
            ("cGFzcw=", Some(7)),
            ("cGFzcw==x", Some(8)),
            ("cGFzcw=x", Some(6)),
        ];
        for (text, expect) in cases {
            assert_eq!(base64_fault(text), expect, "{text:?}");
        }
    }

    #[test]
    fn whole_floats_count_as_numbers() {
        assert_eq!(whole(&Value::Float(3.0)), Some(3));
        assert_eq!(whole(&Value::Float(1.5)), None);
        assert_eq!(whole(&Value::Float(1e30)), None);
    }
}
