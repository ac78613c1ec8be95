//! Objects as the tables of the server's own types hold them: Go's names of fields, not JSON's.

use api::{Map, Value};

/// The object as JSON names its fields; what is null is left out.
pub(super) fn to_json(value: &Value) -> Value {
    match value {
        Value::Map(map) => {
            let mut fields = Map::new();
            for (key, value) in map.iter().filter(|(_, value)| !value.is_null()) {
                match key.as_str() {
                    "TypeMeta" => {}
                    "ObjectMeta" => drop(fields.insert("metadata".into(), to_json(value))),
                    // A struct within a struct, of which JSON shows the fields alone.
                    "VolumeSource" => fields.extend(to_json(value).as_map().cloned().unwrap_or_default()),
                    // Their keys are the user's.
                    "labels" | "annotations" | "matchLabels" => drop(fields.insert(key.clone(), value.clone())),
                    name => drop(fields.insert(json_name(name).into(), to_json(value))),
                }
            }
            Value::Map(fields)
        }
        Value::List(list) => Value::List(list.iter().map(to_json).collect()),
        Value::Null | Value::Bool(_) | Value::Int(_) | Value::Float(_) | Value::Str(_) => value.clone(),
    }
}

/// `MinReadySeconds` is `minReadySeconds`, `DNSPolicy` is `dnsPolicy`, `TTY` is `tty`.
fn json_name(name: &str) -> String {
    let capitals = name.bytes().take_while(u8::is_ascii_uppercase).count();
    let lowered = if capitals < name.len() { capitals.saturating_sub(1).max(1).min(capitals) } else { capitals };
    name[..lowered].to_ascii_lowercase() + &name[lowered..]
}

#[cfg(test)]
mod tests {
    use super::json_name;

    #[test]
    fn names_are_those_of_json() {
        let names = ["MinReadySeconds", "DNSPolicy", "TTY", "APIGroup", "SetHostnameAsFQDN", "a", "", "Spec"];
        let json = ["minReadySeconds", "dnsPolicy", "tty", "apiGroup", "setHostnameAsFQDN", "a", "", "spec"];
        assert_eq!(names.map(json_name), json);
    }
}
