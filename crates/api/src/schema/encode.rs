//! Objects as Go's JSON encoder writes them: fields in the order of the struct, keys of maps sorted.
//!
//! Only messages and raw output need this order; everything else prints sorted keys ([`crate::text::json`]).

use super::{Shape, Type};
use crate::patch::DEPTH_MAX;
use crate::text::json::{write_compact, write_string};
use crate::value::{Map, Str, Value};
use ordered::Arrange;

/// The JSON text of an object. Objects at the paths in `touched` (see [`crate::patch::json::touched`]) have been through
/// a JSON patch and come with their keys sorted, as a patched document does.
pub fn go_json(type_: Type<'_>, value: &Value, touched: &[Vec<Str>]) -> String {
    let mut writer = Writer { text: String::new(), path: Vec::new(), touched };
    writer.object(type_, value);
    writer.text
}

struct Writer<'a> {
    text: String,
    path: Vec<Str>,
    touched: &'a [Vec<Str>],
}

impl Writer<'_> {
    fn object(&mut self, type_: Type<'_>, value: &Value) {
        let Value::Map(map) = value else { return self.text.push_str(&write_compact(value)) };
        let known = type_.fields().iter().map(|field| field.name);
        let unknown = map.keys().map(Str::as_str).filter(|key| type_.field(key).is_none());
        let mut keys: Vec<&str> = known.chain(unknown).filter(|key| map.contains_key(*key)).collect();
        if self.touched.contains(&self.path) {
            keys.arrange();
        }
        self.fields(map, &keys, |key| type_.field(key).map(|field| (type_, &field.shape)));
    }

    fn fields<'t>(&mut self, map: &Map, keys: &[&str], place: impl Fn(&str) -> Option<(Type<'t>, &'t Shape<'t>)>) {
        self.text.push('{');
        for (index, key) in keys.iter().enumerate() {
            if index > 0 {
                self.text.push(',');
            }
            write_string(&mut self.text, key);
            self.text.push(':');
            self.path.push((*key).into());
            match place(key) {
                Some((type_, shape)) => self.value(type_, shape, &map[*key]),
                None => self.text.push_str(&write_compact(&map[*key])),
            }
            self.path.pop();
        }
        self.text.push('}');
    }

    fn value(&mut self, type_: Type<'_>, shape: &Shape<'_>, value: &Value) {
        match (shape, value) {
            (_, value) if self.path.len() > usize::from(DEPTH_MAX) => self.text.push_str(&write_compact(value)),
            (Shape::Object(index), value) => self.object(type_.table().type_at(*index), value),
            (Shape::Map(element), Value::Map(map)) => {
                let keys: Vec<&str> = map.keys().map(Str::as_str).collect();
                self.fields(map, &keys, |_| Some((type_, element)));
            }
            (Shape::List(element), Value::List(list)) => {
                self.text.push('[');
                for (index, value) in list.iter().enumerate() {
                    if index > 0 {
                        self.text.push(',');
                    }
                    self.path.push(index.to_string().into());
                    self.value(type_, element, value);
                    self.path.pop();
                }
                self.text.push(']');
            }
            (Shape::Scalar(..) | Shape::Map(_) | Shape::List(_), value) => self.text.push_str(&write_compact(value)),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::patch::json;
    use crate::schema;

    #[test]
    fn fields_come_in_struct_order_except_where_a_patch_went() {
        let read = |text: &str| -> Value { serde_json::from_str(text).unwrap() };
        let type_ = schema::type_of("v1", "Pod").unwrap();
        let pod = read(
            r#"{"apiVersion":"v1","kind":"Pod","spec":{"containers":[{"image":"i","name":"n"}],"dnsPolicy":"x"}}"#,
        );
        let plain =
            r#"{"kind":"Pod","apiVersion":"v1","spec":{"containers":[{"name":"n","image":"i"}],"dnsPolicy":"x"}}"#;
        assert_eq!(go_json(type_, &pod, &[]), plain);
        let patch = read(r#"[{"op":"replace","path":"/spec/containers/0/image","value":"i"}]"#);
        let patched =
            r#"{"apiVersion":"v1","kind":"Pod","spec":{"containers":[{"image":"i","name":"n"}],"dnsPolicy":"x"}}"#;
        assert_eq!(go_json(type_, &pod, &json::touched(&patch)), patched);
    }
}
