//! Strict decoding: from what a client sent to the form that Go's encoder would print, or the server's refusal.
//!
//! Names count by case; a wrong type is refused in the words of the decoder the server uses for that request
//! ([`Words`]); unknown fields are collected, and the caller decides whether they are an error or a warning. What comes
//! out is *normal*: no nulls where Go has none, zero values gone where Go omits them and present where it does not,
//! quantities and times in their one form. No defaults are filled in and no values are judged. Duplicate keys are gone
//! before a [`Value`] exists: that is the parser's business.
//!
//! Models: kubernetes v1.36 sigs.k8s.io/json (strict), apimachinery/pkg/runtime/converter.go. Fields are visited in
//! alphabetical order: the order in which kubectl sends them.

pub(crate) mod scalar;

use crate::schema::{Field, Omit, Scalar, Shape, Type};
use crate::value::{Map, Str, Value};
use ordered::Arrange;

/// Unknown fields that are reported at most.
pub const UNKNOWN_MAX: usize = 100;

/// Whose words a wrong type is refused in.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum Words {
    /// The JSON decoder's: objects sent, JSON patches, merge patches.
    Json,
    /// The converter's, which reads the result of a strategic merge patch.
    Converter,
}

/// What decoding gave.
#[derive(Clone, PartialEq, Debug)]
pub struct Decoded {
    /// The object in normal form, without its unknown fields.
    pub value: Value,
    /// `unknown field "spec.foo"`, in the order they were met, at most [`UNKNOWN_MAX`].
    pub unknown: Vec<String>,
}

/// Why something cannot be decoded, in the server's words.
#[derive(Clone, PartialEq, Eq, Debug, thiserror::Error)]
pub enum DecodeError {
    /// A value of the wrong type, or one that cannot be read.
    #[error("{0}")]
    Wrong(String),
    /// Unknown fields, where they are an error.
    #[error("strict decoding error: {}", .0.join(", "))]
    Unknown(Vec<String>),
}

impl Decoded {
    /// The object, if all fields were known.
    pub fn strict(self) -> Result<Value, DecodeError> {
        if self.unknown.is_empty() { Ok(self.value) } else { Err(DecodeError::Unknown(self.unknown)) }
    }
}

/// Decodes `value` as `type_`.
pub fn decode(type_: Type<'_>, value: &Value, words: Words) -> Result<Decoded, DecodeError> {
    crate::reached!("api::strict::decode");
    let mut decoder =
        Decoder { words, saved: None, unknown: Vec::new(), path: Vec::new(), context: Context::default() };
    let value = decoder.object(type_, value).map_err(DecodeError::Wrong)?;
    if let Some(saved) = decoder.saved {
        return Err(DecodeError::Wrong(saved));
    }
    if words == Words::Converter {
        decoder.unknown.arrange();
    }
    Ok(Decoded { value, unknown: decoder.unknown })
}

/// What Go's encoder prints for a struct of which nothing is set.
pub fn zero_object(type_: Type<'_>) -> Value {
    let absent = type_.fields().iter().filter_map(|field| Some((Str::from(field.name), absent(type_, field)?)));
    Value::Map(absent.collect())
}

/// What stands for a field that is not set; `None` where it is left out.
fn absent(type_: Type<'_>, field: &Field<'_>) -> Option<Value> {
    match (field.omit, field.pointer) {
        (Omit::Zero, _) | (Omit::Empty, true) => return None,
        (Omit::Never, true) => return Some(Value::Null),
        (Omit::Empty | Omit::Never, false) => {}
    }
    let always = field.omit == Omit::Never;
    match &field.shape {
        Shape::Object(index) => Some(zero_object(type_.table().type_at(*index))),
        Shape::Scalar(Scalar::Quantity, _) => Some("0".into()),
        Shape::Scalar(Scalar::IntOrString, _) => Some(Value::Int(0)),
        Shape::Scalar(Scalar::Time | Scalar::MicroTime, _) => Some(Value::Null),
        Shape::Scalar(Scalar::String, _) if always => Some("".into()),
        Shape::Scalar(Scalar::Bool, _) if always => Some(Value::Bool(false)),
        Shape::Scalar(Scalar::Int32 | Scalar::Int64 | Scalar::Float, _) if always => Some(Value::Int(0)),
        Shape::Scalar(Scalar::Bytes | Scalar::Any, _) | Shape::List(_) | Shape::Map(_) if always => Some(Value::Null),
        Shape::Scalar(..) | Shape::List(_) | Shape::Map(_) => None,
    }
}

/// Whether Go's encoder leaves out this value of a field.
fn is_omitted(type_: Type<'_>, field: &Field<'_>, value: &Value) -> bool {
    if field.pointer || field.omit == Omit::Never {
        return value.is_null() && field.omit != Omit::Never;
    }
    match (&field.shape, value) {
        (Shape::Object(index), value) => {
            field.omit == Omit::Zero && *value == zero_object(type_.table().type_at(*index))
        }
        (Shape::Scalar(Scalar::Time | Scalar::MicroTime, _), Value::Null) => field.omit == Omit::Zero,
        (Shape::Scalar(Scalar::Quantity | Scalar::IntOrString, _), _) => false,
        (_, Value::Null | Value::Bool(false) | Value::Int(0)) => true,
        (_, Value::Float(number)) => *number == 0.0,
        (_, Value::Str(text)) => text.is_empty(),
        (_, Value::List(list)) => list.is_empty(),
        (_, Value::Map(map)) => map.is_empty(),
        (_, Value::Bool(true) | Value::Int(_)) => false,
    }
}

/// Which struct field is being decoded: what a wrong type is reported as.
#[derive(Clone, Default)]
struct Context<'t> {
    type_name: &'t str,
    fields: Vec<&'t str>,
}

enum Step {
    Key(Str),
    Index(usize),
}

struct Decoder<'t> {
    words: Words,
    /// The first wrong type; decoding goes on to find worse.
    saved: Option<String>,
    unknown: Vec<String>,
    path: Vec<Step>,
    context: Context<'t>,
}

/// A failure that ends decoding at once.
type Failure = String;

impl<'t> Decoder<'t> {
    fn object(&mut self, type_: Type<'t>, value: &Value) -> Result<Value, Failure> {
        let Value::Map(map) = value else {
            let wanted = format!("v1.{}", type_.name());
            self.wrong_kind(value, &wanted, "cannot restore struct from:")?;
            return Ok(zero_object(type_));
        };
        let mut out = Map::new();
        match self.words {
            Words::Json => {
                for (key, value) in map {
                    match type_.field(key) {
                        Some(field) => self.field(&mut out, type_, field, value)?,
                        None => self.unknown_field(key),
                    }
                }
            }
            Words::Converter => {
                for field in type_.fields() {
                    if let Some(value) = map.get(field.name) {
                        self.field(&mut out, type_, field, value)?;
                    }
                }
                map.keys().filter(|key| type_.field(key).is_none()).for_each(|key| self.unknown_field(key));
            }
        }
        for field in type_.fields() {
            if !out.contains_key(field.name)
                && let Some(value) = absent(type_, field)
            {
                out.insert(field.name.into(), value);
            }
        }
        Ok(Value::Map(out))
    }

    fn field(&mut self, out: &mut Map, type_: Type<'t>, field: &'t Field<'t>, value: &Value) -> Result<(), Failure> {
        if value.is_null() {
            return Ok(());
        }
        let outer = std::mem::replace(&mut self.context.type_name, type_.name());
        self.context.fields.push(field.name);
        self.path.push(Step::Key(field.name.into()));
        let decoded = self.value(type_, &field.shape, value)?;
        self.path.pop();
        self.context.fields.pop();
        self.context.type_name = outer;
        if !is_omitted(type_, field, &decoded) {
            out.insert(field.name.into(), decoded);
        }
        Ok(())
    }

    fn value(&mut self, type_: Type<'t>, shape: &'t Shape<'t>, value: &Value) -> Result<Value, Failure> {
        match shape {
            Shape::Object(index) => self.object(type_.table().type_at(*index), value),
            Shape::Scalar(scalar, name) => self.scalar(*scalar, name, value),
            Shape::List(element) => self.list(type_, shape, element, value),
            Shape::Map(element) => self.map(type_, shape, element, value),
        }
    }

    fn list(
        &mut self,
        type_: Type<'t>,
        shape: &Shape<'t>,
        element: &'t Shape<'t>,
        value: &Value,
    ) -> Result<Value, Failure> {
        let Value::List(list) = value else {
            self.wrong_kind(value, &go_name(type_, shape), "cannot restore slice from")?;
            return Ok(Value::Null);
        };
        let mut out = Vec::with_capacity(list.len());
        for (index, value) in list.iter().enumerate() {
            self.path.push(Step::Index(index));
            out.push(self.element(type_, element, value)?);
            self.path.pop();
        }
        Ok(Value::List(out))
    }

    fn map(
        &mut self,
        type_: Type<'t>,
        shape: &Shape<'t>,
        element: &'t Shape<'t>,
        value: &Value,
    ) -> Result<Value, Failure> {
        let Value::Map(map) = value else {
            self.wrong_kind(value, &go_name(type_, shape), "cannot restore map from")?;
            return Ok(Value::Null);
        };
        let mut out = Map::new();
        for (key, value) in map {
            if self.words == Words::Json {
                self.path.push(Step::Key(key.clone()));
            }
            out.insert(key.clone(), self.element(type_, element, value)?);
            if self.words == Words::Json {
                self.path.pop();
            }
        }
        Ok(Value::Map(out))
    }

    /// An element of a list or map: null is its zero value.
    fn element(&mut self, type_: Type<'t>, shape: &'t Shape<'t>, value: &Value) -> Result<Value, Failure> {
        if !value.is_null() {
            return self.value(type_, shape, value);
        }
        Ok(match shape {
            Shape::Object(index) => zero_object(type_.table().type_at(*index)),
            Shape::Scalar(Scalar::String, _) => "".into(),
            Shape::Scalar(Scalar::Quantity, _) => "0".into(),
            Shape::Scalar(Scalar::Bool, _) => Value::Bool(false),
            Shape::Scalar(Scalar::Int32 | Scalar::Int64 | Scalar::Float | Scalar::IntOrString, _) => Value::Int(0),
            Shape::Scalar(Scalar::Time | Scalar::MicroTime | Scalar::Bytes | Scalar::Any, _)
            | Shape::List(_)
            | Shape::Map(_) => Value::Null,
        })
    }

    fn unknown_field(&mut self, key: &str) {
        let error = format!("unknown field {:?}", self.path_text(key));
        if self.unknown.len() < UNKNOWN_MAX && !self.unknown.contains(&error) {
            self.unknown.push(error);
        }
    }

    fn path_text(&self, last: &str) -> String {
        let mut text = String::new();
        for step in &self.path {
            match step {
                Step::Key(key) if text.is_empty() => text.push_str(key),
                Step::Key(key) => {
                    text.push('.');
                    text.push_str(key);
                }
                Step::Index(index) => text.push_str(&format!("[{index}]")),
            }
        }
        if !text.is_empty() {
            text.push('.');
        }
        text + last
    }

    /// A list, map or struct was wanted.
    fn wrong_kind(&mut self, value: &Value, wanted: &str, converter: &str) -> Result<(), Failure> {
        match self.words {
            Words::Json => {
                self.save(value.json_type(), wanted);
                Ok(())
            }
            Words::Converter => Err(format!("{converter} {}", go_kind(value))),
        }
    }

    /// Remembers the first wrong type.
    fn save(&mut self, got: &str, wanted: &str) {
        let text = self.unmarshal_error(got, wanted);
        self.saved.get_or_insert(text);
    }

    fn unmarshal_error(&self, got: &str, wanted: &str) -> String {
        if self.context.fields.is_empty() || self.words == Words::Converter {
            return format!("json: cannot unmarshal {got} into Go value of type {wanted}");
        }
        let field = self.context.fields.join(".");
        format!("json: cannot unmarshal {got} into Go struct field {}.{field} of type {wanted}", self.context.type_name)
    }
}

/// The kind of the Go value that a converted value is.
fn go_kind(value: &Value) -> &'static str {
    match value {
        Value::Null => "invalid",
        Value::Bool(_) => "bool",
        Value::Int(_) => "int64",
        Value::Float(_) => "float64",
        Value::Str(_) => "string",
        Value::List(_) => "slice",
        Value::Map(_) => "map",
    }
}

/// The Go type of a shape, as the decoder names it.
fn go_name(type_: Type<'_>, shape: &Shape<'_>) -> String {
    match shape {
        Shape::Object(index) => format!("v1.{}", type_.table().type_at(*index).name()),
        Shape::List(inner) => format!("[]{}", go_name(type_, inner)),
        Shape::Map(inner) if **inner == Shape::Scalar(Scalar::Quantity, "") => "v1.ResourceList".into(),
        Shape::Map(inner) => format!("map[string]{}", go_name(type_, inner)),
        Shape::Scalar(scalar, name) => scalar::go_name(*scalar, name).to_owned(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::schema;

    fn value(text: &str) -> Value {
        serde_json::from_str(text).unwrap()
    }

    fn decode_pod(text: &str, words: Words) -> Result<Decoded, DecodeError> {
        decode(schema::type_of("v1", "Pod").unwrap(), &value(text), words)
    }

    #[test]
    fn unknown_fields_are_all_listed_with_their_path() {
        let decoded = decode_pod(r#"{"spec":{"containers":[{"imag":"x"}],"foo":1},"Spec":{}}"#, Words::Json).unwrap();
        let expect =
            [r#"unknown field "Spec""#, r#"unknown field "spec.containers[0].imag""#, r#"unknown field "spec.foo""#];
        assert_eq!(decoded.unknown, expect);
        let error = decoded.strict().unwrap_err().to_string();
        assert!(error.starts_with(r#"strict decoding error: unknown field "Spec", unknown"#), "{error}");
    }

    #[test]
    fn a_wrong_type_is_refused_in_go_words() {
        let cases = [
            (
                r#"{"spec":{"containers":[{"name":1}]}}"#,
                "json: cannot unmarshal number into Go struct field Container.spec.containers.name of type string",
            ),
            (
                r#"{"spec":{"containers":"x"}}"#,
                "json: cannot unmarshal string into Go struct field PodSpec.spec.containers of type []v1.Container",
            ),
            (
                r#"{"spec":{"restartPolicy":true}}"#,
                "json: cannot unmarshal bool into Go struct field PodSpec.spec.restartPolicy of type v1.RestartPolicy",
            ),
            (
                r#"{"spec":{"priority":3000000000}}"#,
                "json: cannot unmarshal number 3000000000 into Go struct field PodSpec.spec.priority of type int32",
            ),
            (
                r#"{"metadata":[]}"#,
                "json: cannot unmarshal array into Go struct field Pod.metadata of type v1.ObjectMeta",
            ),
            ("[]", "json: cannot unmarshal array into Go value of type v1.Pod"),
            (
                r#"{"spec":{"nodeName":1,"overhead":{"cpu":"1x"}}}"#,
                "quantities must match the regular expression '^([+-]?[0-9.]+)([eEinumkKMGTP]*[-+]?[0-9]*)$'",
            ),
            (
                r#"{"metadata":{"creationTimestamp":"now"}}"#,
                r#"parsing time "now" as "2006-01-02T15:04:05Z07:00": cannot parse "now" as "2006""#,
            ),
        ];
        for (text, expect) in cases {
            assert_eq!(decode_pod(text, Words::Json).unwrap_err().to_string(), expect, "{text}");
        }
    }

    #[test]
    fn the_converter_has_its_own_words() {
        let cases = [
            (r#"{"spec":{"priority":"x"}}"#, "unrecognized type: int32"),
            (r#"{"spec":{"nodeName":1}}"#, "cannot convert int64 to string"),
            (r#"{"spec":{"restartPolicy":1}}"#, "cannot convert int64 to v1.RestartPolicy"),
            (r#"{"spec":{"containers":{}}}"#, "cannot restore slice from map"),
            (r#"{"spec":[]}"#, "cannot restore struct from: slice"),
            (r#"{"metadata":{"labels":1}}"#, "cannot restore map from int64"),
        ];
        for (text, expect) in cases {
            assert_eq!(decode_pod(text, Words::Converter).unwrap_err().to_string(), expect, "{text}");
        }
    }

    #[test]
    fn what_comes_out_is_what_go_prints() {
        let decoded = decode_pod(
            r#"{"metadata":{"labels":{},"creationTimestamp":null},"spec":{"hostNetwork":false,"priority":0,
                "securityContext":{},"containers":[{"name":"a","resources":{"limits":{"cpu":0.5,"memory":"1024Mi"}}}]}}"#,
            Words::Json,
        );
        let expect = r#"{"metadata":{},"spec":{"priority":0,"securityContext":{},
            "containers":[{"name":"a","resources":{"limits":{"cpu":"500m","memory":"1Gi"}}}]},"status":{}}"#;
        assert_eq!(decoded.unwrap().strict(), Ok(value(expect)));
    }
}
