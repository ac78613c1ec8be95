//! The environment of a container: values, and where they come from.

use api::Value;
use api::quantity::Quantity;

use super::fields::{at, flag, has, list, pairs, quantity, text};
use super::lines::Lines;

/// Whose fields `fieldRef` can be read from.
#[derive(Clone, Copy, Debug)]
pub(super) enum Resolver<'a> {
    /// A pod's.
    Pod(&'a Value),
    /// Nobody's: there is only a template.
    None,
}

/// Writes the config maps and secrets that are taken as a whole, if there are any.
pub(super) fn sources(lines: &mut Lines, sources: &[Value]) {
    if sources.is_empty() {
        return;
    }
    lines.line(2, "Environment Variables from:");
    for source in sources {
        let (from, reference) = match (at(source, "configMapRef"), at(source, "secretRef")) {
            (Value::Null, Value::Null) => ("", &Value::Null),
            (Value::Null, secret) => ("Secret", secret),
            (config_map, _) => ("ConfigMap", config_map),
        };
        let prefix = match text(source, "prefix") {
            "" => String::new(),
            prefix => format!(" with prefix '{prefix}'"),
        };
        let (name, optional) = (text(reference, "name"), flag(reference, "optional"));
        lines.line(3, format_args!("{name}\t{from}{prefix}\tOptional: {optional}"));
    }
}

/// Writes the variables of a container.
pub(super) fn variables(lines: &mut Lines, container: &Value, resolver: Resolver<'_>) {
    let variables = list(container, "env");
    let none = if variables.is_empty() { "\t<none>" } else { "" };
    lines.line(2, format_args!("Environment:{none}"));
    for variable in variables {
        let name = text(variable, "name");
        if !has(variable, "valueFrom") {
            let mut values = text(variable, "value").split('\n');
            lines.field(3, name, values.next().unwrap_or(""));
            values.for_each(|value| lines.line(3, format_args!("\t{value}")));
        } else if let Some(value) = value_from(at(variable, "valueFrom"), container, resolver) {
            lines.field(3, name, value);
        }
    }
}

fn value_from(from: &Value, container: &Value, resolver: Resolver<'_>) -> Option<String> {
    let key_of = |selector: &Value| (text(selector, "key").to_string(), text(selector, "name").to_string());
    if has(from, "fieldRef") {
        let (version, path) = (text(from, "fieldRef.apiVersion"), text(from, "fieldRef.fieldPath"));
        return Some(format!("{} ({version}:{path})", resolver.read(path)));
    }
    if has(from, "resourceFieldRef") {
        let resource = text(from, "resourceFieldRef.resource");
        return Some(format!("{} ({resource})", resource_value(at(from, "resourceFieldRef"), container)));
    }
    if let selector @ Value::Map(_) = at(from, "secretKeyRef") {
        let (key, name) = key_of(selector);
        let optional = flag(selector, "optional");
        return Some(format!("<set to the key '{key}' in secret '{name}'>\tOptional: {optional}"));
    }
    if let selector @ Value::Map(_) = at(from, "configMapKeyRef") {
        let (key, name) = key_of(selector);
        let optional = flag(selector, "optional");
        return Some(format!("<set to the key '{key}' of config map '{name}'>\tOptional: {optional}"));
    }
    None
}

impl Resolver<'_> {
    /// The value of a field of the metadata; kubectl knows no others.
    fn read(self, path: &str) -> String {
        let Resolver::Pod(pod) = self else { return String::new() };
        let metadata = at(pod, "metadata");
        let subscript = |map: &str| path.strip_prefix(map)?.strip_prefix("['")?.strip_suffix("']");
        for map in ["metadata.annotations", "metadata.labels"] {
            let map_value = at(pod, map);
            if let Some(key) = subscript(map) {
                return map_value.get(key).text().to_string();
            }
            if path == map {
                let pairs: Vec<String> = pairs(map_value).map(|(key, value)| format!("{key}={value:?}")).collect();
                return pairs.join("\n");
            }
        }
        match path.strip_prefix("metadata.") {
            Some(field @ ("name" | "namespace" | "uid")) => text(metadata, field).to_string(),
            Some(_) | None => String::new(),
        }
    }
}

/// How much of a resource the container has, in units of the divisor, rounded up.
fn resource_value(selector: &Value, container: &Value) -> String {
    let resource = text(selector, "resource");
    let Some((list, name)) = resource.split_once('.') else { return String::new() };
    let is_known = matches!(name, "cpu" | "memory" | "ephemeral-storage") || name.starts_with("hugepages-");
    if !is_known || !matches!(list, "limits" | "requests") {
        return String::new();
    }
    let amount = quantity(at(container, "resources").get(list).get(name));
    let divisor = Some(quantity(at(selector, "divisor"))).filter(|divisor| !divisor.is_zero());
    let divisor = divisor.unwrap_or_else(|| Quantity::from_scaled(1, 0));
    let (amount_units, divisor_units) = match name {
        "cpu" => (amount.milli_value(), divisor.milli_value()),
        _ => (amount.value(), divisor.value()),
    };
    let value = -(-amount_units).div_euclid(divisor_units.max(1));
    match (value, resource) {
        (0, "limits.cpu" | "limits.memory") => "node allocatable".to_string(),
        (value, _) => value.to_string(),
    }
}
