//! How the server's own types look in messages: Go's JSON of a struct without tags.
//!
//! Such a struct has other field names than the API (`HTTPGet`), another order, and shows what is absent as `null`, `""`
//! or 0. `internal.txt` has the fields: a type a line, `Name:shape`, where a shape is `s` text, `i` number, `b` boolean,
//! `q` quantity, `x` number or text, `v` any value as the API has it, or a type; `*` before it means that it may be
//! `null`, `[]` a list of it, `{}` a map.
//!
//! Models: kubernetes v1.36 pkg/apis/core/types.go.

use api::Value;

static FIELDS: &str = include_str!("internal.txt");
/// Levels of nesting that are shown.
const DEPTH_MAX: u16 = 64;

/// The value as one of the server's types, on one line.
pub(super) fn compact(type_name: &str, value: &Value) -> String {
    let mut out = Writer { text: String::new(), indent: None };
    out.shape(type_name, value, 0);
    out.text
}

/// The value as one of the server's types, a field a line.
pub(super) fn pretty(type_name: &str, value: &Value) -> String {
    let mut out = Writer { text: String::new(), indent: Some(1) };
    out.shape(type_name, value, 0);
    out.text
}

/// The spec of a pod as the server holds it: what concerns the host stands in the security context.
pub(super) fn pod_spec(spec: &Value) -> Value {
    let mut spec = spec.clone();
    for field in ["hostNetwork", "hostPID", "hostIPC", "shareProcessNamespace", "hostUsers"] {
        if let Some(value) = spec.remove(&[field]) {
            spec.set(&["securityContext", field], value);
        }
    }
    spec
}

fn fields_of(type_name: &str) -> Option<&'static str> {
    FIELDS.lines().find_map(|line| line.strip_prefix(type_name)?.strip_prefix(' '))
}

struct Writer {
    text: String,
    indent: Option<usize>,
}

impl Writer {
    fn shape(&mut self, shape: &str, value: &Value, depth: u16) {
        let missing = value.is_null() || depth > DEPTH_MAX;
        if let Some(inner) = shape.strip_prefix('*') {
            return if missing { self.text.push_str("null") } else { self.shape(inner, value, depth) };
        }
        if let Some(inner) = shape.strip_prefix("[]") {
            return self.list(inner, value, depth);
        }
        if let Some(inner) = shape.strip_prefix("{}") {
            return self.map(inner, value, depth);
        }
        match shape {
            "s" if missing => self.text.push_str("\"\""),
            "i" | "x" if missing => self.text.push('0'),
            "b" if missing => self.text.push_str("false"),
            "q" if missing => self.text.push_str("\"0\""),
            "s" | "i" | "b" | "x" | "q" | "v" => self.plain(value, depth),
            type_name => match fields_of(type_name) {
                Some(fields) => self.object(fields, value, depth),
                None => self.plain(value, depth),
            },
        }
    }

    fn plain(&mut self, value: &Value, depth: u16) {
        match value {
            Value::Map(_) if depth <= DEPTH_MAX => self.map("v", value, depth),
            Value::List(_) if depth <= DEPTH_MAX => self.list("v", value, depth),
            _ => self.text.push_str(&api::text::json::write_compact(value)),
        }
    }

    fn object(&mut self, fields: &str, value: &Value, depth: u16) {
        self.text.push('{');
        for (index, field) in fields.split(' ').enumerate() {
            let (name, shape) = field.split_once(':').unwrap_or((field, "v"));
            self.entry(index, name, depth);
            self.shape(shape, named(value, name), depth + 1);
        }
        self.line(depth);
        self.text.push('}');
    }

    fn map(&mut self, inner: &str, value: &Value, depth: u16) {
        let Value::Map(map) = value else { return self.text.push_str("null") };
        if map.is_empty() {
            return self.text.push_str("{}");
        }
        self.text.push('{');
        for (index, (key, value)) in map.iter().enumerate() {
            self.entry(index, key, depth);
            self.shape(inner, value, depth + 1);
        }
        self.line(depth);
        self.text.push('}');
    }

    fn list(&mut self, inner: &str, value: &Value, depth: u16) {
        let Value::List(list) = value else { return self.text.push_str("null") };
        if list.is_empty() {
            return self.text.push_str("[]");
        }
        self.text.push('[');
        for (index, value) in list.iter().enumerate() {
            if index > 0 {
                self.text.push(',');
            }
            self.line(depth + 1);
            self.shape(inner, value, depth + 1);
        }
        self.line(depth);
        self.text.push(']');
    }

    fn entry(&mut self, index: usize, name: &str, depth: u16) {
        if index > 0 {
            self.text.push(',');
        }
        self.line(depth + 1);
        self.text.push_str(&api::text::json::write_compact(&name.into()));
        self.text.push_str(if self.indent.is_some() { ": " } else { ":" });
    }

    fn line(&mut self, depth: u16) {
        if let Some(width) = self.indent {
            self.text.push('\n');
            self.text.extend(std::iter::repeat_n(' ', usize::from(depth) * width));
        }
    }
}

/// The field of the API with the name of the server's type, but for capitals.
fn named<'v>(value: &'v Value, name: &str) -> &'v Value {
    let Value::Map(map) = value else { return &api::value::NULL };
    map.iter().find(|(key, _)| key.eq_ignore_ascii_case(name)).map_or(&api::value::NULL, |(_, value)| value)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_absent_is_shown() {
        let value: Value = serde_json::from_str(r#"{"minAvailable":2,"maxUnavailable":"1%"}"#).unwrap();
        let expect = r#"{"MinAvailable":2,"Selector":null,"MaxUnavailable":"1%","UnhealthyPodEvictionPolicy":null}"#;
        assert_eq!(compact("PodDisruptionBudgetSpec", &value), expect);
    }

    #[test]
    fn lines_are_indented_by_one_space() {
        let value: Value = serde_json::from_str(r#"{"accessModes":["ReadWriteOnce"]}"#).unwrap();
        let text = pretty("PersistentVolumeClaimSpec", &value);
        assert!(text.starts_with("{\n \"AccessModes\": [\n  \"ReadWriteOnce\"\n ],\n \"Selector\": null,\n"), "{text}");
    }
}
