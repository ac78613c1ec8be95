//! The functions of templates.

use std::borrow::Cow;

use api::Value;
use api::text::base64;

use super::compare::{equal, less};
use super::execute::Val;
use super::printf;
use crate::printers::go::type_name;

/// The names of all functions.
const NAMES: [&str; 20] = [
    "and",
    "or",
    "not",
    "len",
    "index",
    "slice",
    "print",
    "printf",
    "println",
    "html",
    "js",
    "urlquery",
    "eq",
    "ne",
    "lt",
    "le",
    "gt",
    "ge",
    "exists",
    "base64decode",
];

/// Whether there is a function of this name.
pub(super) fn exists(name: &str) -> bool {
    NAMES.contains(&name)
}

/// How many arguments a function takes: at least so many, and at most.
pub(super) struct Arity(pub(super) usize, usize);

impl Arity {
    pub(super) fn takes(&self, given: usize) -> bool {
        (self.0..=self.1).contains(&given)
    }

    /// Go's sentence about another number of arguments.
    pub(super) fn complaint(&self, name: &str, given: usize) -> String {
        let least = if self.1 == usize::MAX { "at least " } else { "" };
        format!("wrong number of args for {name}: want {least}{} got {given}", self.0)
    }
}

/// How many arguments the function takes.
pub(super) fn arity(name: &str) -> Arity {
    match name {
        "not" | "len" | "base64decode" => Arity(1, 1),
        "ne" | "lt" | "le" | "gt" | "ge" => Arity(2, 2),
        "print" | "println" | "html" | "js" | "urlquery" => Arity(0, usize::MAX),
        _ => Arity(1, usize::MAX),
    }
}

/// Calls a function with a number of arguments that it takes. The error is what follows `error calling name: `.
pub(super) fn call<'v>(name: &str, arguments: Vec<Val<'v>>) -> Result<Val<'v>, String> {
    let truth = |value: Result<bool, String>| value.map(|value| Val::owned(Value::Bool(value)));
    let text = |text: String| Ok(Val::owned(Value::from(text)));
    let values = || arguments.iter().map(Val::or_null).collect::<Vec<_>>();
    let pair = || (arguments[0].some(), arguments[1].some());
    match name {
        "not" => truth(Ok(!arguments[0].is_true())),
        "len" => length(&arguments[0]).map(|length| Val::owned(Value::Int(length as i64))),
        "index" => index(arguments),
        "slice" => slice(&arguments).map(Val::owned),
        "print" => text(printf::print(&values())),
        "println" => text(printf::println(&values())),
        "printf" => match arguments[0].some() {
            Some(Value::Str(format)) => text(printf::printf(format, &values()[1..])),
            other => {
                Err(format!("wrong type for value; expected string; got {}", type_name(other.unwrap_or(&Value::Null))))
            }
        },
        "html" => text(escape_html(&joined(&values()))),
        "js" => text(escape_js(&joined(&values()))),
        "urlquery" => text(escape_query(&joined(&values()))),
        "eq" => match arguments.split_first() {
            Some((_, [])) | None => Err("missing argument for comparison".into()),
            Some((first, rest)) => {
                let mut found = Ok(false);
                for other in rest {
                    match equal(first.some(), other.some()) {
                        Ok(false) => {}
                        decided => {
                            found = decided;
                            break;
                        }
                    }
                }
                truth(found)
            }
        },
        "ne" => truth(equal(pair().0, pair().1).map(|equal| !equal)),
        "lt" => truth(less(pair().0, pair().1)),
        "le" => truth(less(pair().0, pair().1).and_then(|is| if is { Ok(true) } else { equal(pair().0, pair().1) })),
        "gt" => truth(
            less(pair().0, pair().1)
                .and_then(|is| if is { Ok(true) } else { equal(pair().0, pair().1) })
                .map(|less_or_equal| !less_or_equal),
        ),
        "ge" => truth(less(pair().0, pair().1).map(|less| !less)),
        "exists" => truth(Ok(reaches(&arguments))),
        "base64decode" => decode(&arguments[0]).and_then(text),
        _ => Err("no such function".into()),
    }
}

/// The arguments as one text: a single text as it is, anything else as `print` has it.
fn joined(values: &[&Value]) -> String {
    match values {
        [Value::Str(text)] => text.to_string(),
        _ => printf::print(values),
    }
}

fn length(value: &Val<'_>) -> Result<usize, String> {
    match value.value.as_deref() {
        None => Err("reflect: call of reflect.Value.Type on zero Value".into()),
        Some(Value::Null) => Err("len of nil pointer".into()),
        Some(Value::Str(text)) => Ok(text.len()),
        Some(Value::List(list)) => Ok(list.len()),
        Some(Value::Map(map)) => Ok(map.len()),
        Some(other) => Err(format!("len of type {}", type_name(other))),
    }
}

fn position(index: &Val<'_>, length: usize) -> Result<usize, String> {
    match index.some() {
        None => Err("cannot index slice/array with nil".into()),
        Some(Value::Int(number)) => match usize::try_from(*number) {
            Ok(position) if position <= length => Ok(position),
            _ => Err(format!("index out of range: {number}")),
        },
        Some(other) => Err(format!("cannot index slice/array with type {}", type_name(other))),
    }
}

/// `index .items 0 "metadata"`
fn index<'v>(arguments: Vec<Val<'v>>) -> Result<Val<'v>, String> {
    let mut arguments = arguments.into_iter();
    let mut item = arguments.next().unwrap_or(Val::MISSING);
    if item.some().is_none() {
        return Err("index of untyped nil".into());
    }
    for key in arguments {
        item = match item.some() {
            None => return Err("index of nil pointer".into()),
            Some(Value::List(list)) => {
                let at = position(&key, list.len())?;
                let element = list.get(at).ok_or("reflect: slice index out of range")?;
                Val::inner(Cow::Owned(element.clone()))
            }
            Some(Value::Str(text)) => {
                let at = position(&key, text.len())?;
                let byte = text.as_bytes().get(at).ok_or("reflect: string index out of range")?;
                Val::owned(Value::Int(i64::from(*byte)))
            }
            Some(Value::Map(map)) => match key.some() {
                Some(Value::Str(key)) => Val::inner(Cow::Owned(map.get(key).cloned().unwrap_or_default())),
                Some(other) => return Err(format!("value has type {}; should be string", type_name(other))),
                None => return Err("value is nil; should be of type string".into()),
            },
            Some(other) => return Err(format!("can't index item of type {}", type_name(other))),
        };
    }
    Ok(item)
}

/// Whether `index` would find something.
fn reaches(arguments: &[Val<'_>]) -> bool {
    let Some((first, keys)) = arguments.split_first() else { return false };
    let mut item = first.or_null();
    for key in keys {
        let below = match (item, key.some()) {
            (Value::List(list), Some(Value::Int(at))) => usize::try_from(*at).ok().and_then(|at| list.get(at)),
            (Value::Map(map), Some(Value::Str(key))) => map.get(key.as_str()),
            _ => None,
        };
        let Some(below) = below else { return false };
        item = below;
    }
    true
}

/// `slice .name 0 3`
fn slice(arguments: &[Val<'_>]) -> Result<Value, String> {
    let (item, indexes) = arguments.split_first().ok_or("slice of untyped nil")?;
    let item = item.some().ok_or("slice of untyped nil")?;
    let length = match item {
        Value::Str(_) if indexes.len() == 3 => return Err("cannot 3-index slice a string".into()),
        Value::Str(text) => text.len(),
        Value::List(list) => list.len(),
        other => return Err(format!("can't slice item of type {}", type_name(other))),
    };
    if indexes.len() > 3 {
        return Err(format!("too many slice indexes: {}", indexes.len()));
    }
    let bounds = indexes.iter().map(|index| position(index, length)).collect::<Result<Vec<_>, _>>()?;
    let start = bounds.first().copied().unwrap_or(0);
    let end = bounds.get(1).copied().unwrap_or(length);
    if start > end {
        return Err(format!("invalid slice index: {start} > {end}"));
    }
    if let Some(most) = bounds.get(2).filter(|most| end > **most) {
        return Err(format!("invalid slice index: {end} > {most}"));
    }
    Ok(match item {
        Value::Str(text) => String::from_utf8_lossy(&text.as_bytes()[start..end]).into_owned().into(),
        other => Value::List(other.as_list()[start..end].to_vec()),
    })
}

fn decode(value: &Val<'_>) -> Result<String, String> {
    match value.some() {
        Some(Value::Str(text)) => base64::decode(text)
            .map(|bytes| String::from_utf8_lossy(&bytes).into_owned())
            .map_err(|at| format!("base64 decode failed: illegal base64 data at input byte {at}")),
        Some(other) => Err(format!("wrong type for value; expected string; got {}", type_name(other))),
        None => Err("invalid value; expected string".into()),
    }
}

fn escape_html(text: &str) -> String {
    let mut out = String::with_capacity(text.len());
    for c in text.chars() {
        match c {
            '\0' => out.push('\u{fffd}'),
            '"' => out.push_str("&#34;"),
            '\'' => out.push_str("&#39;"),
            '&' => out.push_str("&amp;"),
            '<' => out.push_str("&lt;"),
            '>' => out.push_str("&gt;"),
            _ => out.push(c),
        }
    }
    out
}

fn escape_js(text: &str) -> String {
    let mut out = String::with_capacity(text.len());
    for c in text.chars() {
        match c {
            '\\' => out.push_str(r"\\"),
            '\'' => out.push_str(r"\'"),
            '"' => out.push_str("\\\""),
            '<' | '>' | '&' | '=' | '\0'..='\u{1f}' => out.push_str(&format!("\\u{:04X}", u32::from(c))),
            _ => out.push(c),
        }
    }
    out
}

fn escape_query(text: &str) -> String {
    let mut out = String::with_capacity(text.len());
    for byte in text.bytes() {
        match byte {
            b'a'..=b'z' | b'A'..=b'Z' | b'0'..=b'9' | b'-' | b'_' | b'.' | b'~' => out.push(char::from(byte)),
            b' ' => out.push('+'),
            _ => out.push_str(&format!("%{byte:02X}")),
        }
    }
    out
}
