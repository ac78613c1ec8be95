//! Writes the tables `src/schema/table.txt` and `src/schema/resources.txt` from what an API server publishes.
//!
//! `cargo run -p api --example schema -- OPENAPI.json GO_TYPES.txt DISCOVERY_DIR crates/api/src/schema`
//!
//! `OPENAPI.json` is the server's OpenAPI v2 document; `GO_TYPES.txt` (beside this file) says what that document leaves
//! out: the order of the fields, which are pointers (`*`), which are written even when empty (`!`) or never when zero
//! (`~`), and the names of string types (`=v1.PullPolicy`). `DISCOVERY_DIR` holds the server's APIResourceLists.

use std::collections::{BTreeMap, BTreeSet};
use std::fmt::Write;
use std::path::Path;
use std::{env, fs};

use api::Value;

/// The kinds whose types, and all they reach, are in the table.
const KINDS: &[(&str, &str, &str)] = &[
    ("", "v1", "Binding ConfigMap Endpoints Event LimitRange Namespace Node PersistentVolume PersistentVolumeClaim Pod"),
    ("", "v1", "ResourceQuota Secret Service ServiceAccount"),
    ("apps", "v1", "ControllerRevision DaemonSet Deployment ReplicaSet StatefulSet"),
    ("autoscaling", "v1", "Scale"),
    ("autoscaling", "v2", "HorizontalPodAutoscaler"),
    ("batch", "v1", "CronJob Job"),
    ("coordination.k8s.io", "v1", "Lease"),
    ("discovery.k8s.io", "v1", "EndpointSlice"),
    ("events.k8s.io", "v1", "Event"),
    ("networking.k8s.io", "v1", "Ingress IngressClass"),
    ("policy", "v1", "Eviction PodDisruptionBudget"),
    ("scheduling.k8s.io", "v1", "PriorityClass"),
    ("storage.k8s.io", "v1", "StorageClass"),
];

/// Defaults of list-map keys, which the v2 document leaves out.
const KEY_DEFAULTS: &[(&str, &str, &str)] = &[("ContainerPort", "protocol", "TCP"), ("ServicePort", "protocol", "TCP")];

fn main() {
    let arguments: Vec<String> = env::args().skip(1).collect();
    let [openapi, go, discovery, out] = arguments.as_slice() else {
        eprintln!("usage: schema OPENAPI.json GO_TYPES.txt DISCOVERY_DIR OUT_DIR");
        return;
    };
    let definitions = read_json(Path::new(openapi)).get("definitions").clone();
    let go = fs::read_to_string(go).expect("the file of Go types is readable");
    let generator = Generator::new(definitions, &go);
    fs::write(Path::new(out).join("table.txt"), generator.table()).expect("the table is writable");
    fs::write(Path::new(out).join("resources.txt"), resources(Path::new(discovery))).expect("the list is writable");
}

fn read_json(path: &Path) -> Value {
    let text = fs::read_to_string(path).expect("the JSON file is readable");
    serde_json::from_str(&text).expect("the file holds JSON")
}

struct Generator {
    definitions: Value,
    /// Definition → its fields in Go's order, with the marks described above.
    go: BTreeMap<String, Vec<String>>,
    /// Definition → its name in the table.
    names: BTreeMap<String, String>,
    /// Definition → `group/version/Kind`.
    roots: BTreeMap<String, String>,
}

impl Generator {
    fn new(definitions: Value, go: &str) -> Generator {
        let go = go.lines().filter_map(|line| line.split_once(' ')).map(|(name, fields)| {
            let fields = fields.split(' ').map(str::to_owned).collect();
            let prefix = if name.starts_with("meta.") { "io.k8s.apimachinery.pkg.apis." } else { "io.k8s.api." };
            (format!("{prefix}{name}"), fields)
        });
        let mut generator = Generator { definitions, go: go.collect(), names: BTreeMap::new(), roots: BTreeMap::new() };
        generator.roots = KINDS.iter().flat_map(|(group, version, kinds)| roots_of(group, version, kinds)).collect();
        generator.name_all();
        generator
    }

    /// Finds all that the roots reach; a name that two groups share carries its group.
    fn name_all(&mut self) {
        let mut reached = BTreeSet::new();
        let mut open: Vec<String> = self.roots.keys().cloned().collect();
        while let Some(definition) = open.pop() {
            if scalar_of(&definition).is_some() || !reached.insert(definition.clone()) {
                continue;
            }
            let properties = self.definitions.get(&definition).get("properties");
            open.extend(properties.as_map().into_iter().flatten().filter_map(|(_, field)| reference(field)));
        }
        let short = |definition: &str| definition.rsplit('.').next().unwrap_or_default().to_owned();
        for definition in &reached {
            let twins = reached.iter().filter(|other| short(other) == short(definition)).count();
            let group = definition.trim_start_matches("io.k8s.api.").split('.').next().unwrap_or_default();
            let plain = twins == 1 || group == "core";
            let name = if plain { short(definition) } else { format!("{group}.{}", short(definition)) };
            self.names.insert(definition.clone(), name);
        }
    }

    fn table(&self) -> String {
        let mut text = String::new();
        let mut by_name: Vec<_> = self.names.iter().collect();
        by_name.sort_by_key(|(_, name)| *name);
        for (definition, name) in by_name {
            let value = self.definitions.get(definition);
            let atomic = if value.get("x-kubernetes-map-type").text() == "atomic" { " atomic" } else { "" };
            let root = self.roots.get(definition).map(|root| format!(" {root}")).unwrap_or_default();
            writeln!(text, "{name}{root}{atomic}").expect("writing to a String");
            for mark in self.marks(definition, value) {
                self.field(&mut text, definition, value, &mark);
            }
        }
        text
    }

    fn marks(&self, definition: &str, value: &Value) -> Vec<String> {
        let all = value.get("properties").as_map().into_iter().flatten().map(|(name, _)| name.to_string());
        self.go.get(definition).cloned().unwrap_or_else(|| all.collect())
    }

    fn field(&self, text: &mut String, definition: &str, value: &Value, mark: &str) {
        let (mark, go_name) = mark.split_once('=').map_or((mark, None), |(mark, name)| (mark, Some(name)));
        let name = mark.trim_start_matches('*').trim_end_matches(['!', '~']);
        let field = value.get("properties").get(name);
        let pointer = if mark.starts_with('*') { "*" } else { "" };
        write!(text, " {name} {pointer}{}", self.shape(field, go_name)).expect("writing to a String");
        if value.get("required").as_list().iter().any(|required| required.text() == name) {
            text.push_str(" !");
        }
        if mark.ends_with('!') {
            text.push_str(" +");
        }
        if mark.ends_with('~') {
            text.push_str(" ~");
        }
        merge_facts(text, field);
        let values: Vec<&str> = field.get("enum").as_list().iter().map(Value::text).collect();
        if !values.is_empty() {
            write!(text, " e={}", values.join("|")).expect("writing to a String");
        }
        let owner = definition.rsplit('.').next().unwrap_or_default();
        for (_, _, default) in KEY_DEFAULTS.iter().filter(|(of, key, _)| *of == owner && *key == name) {
            write!(text, " d={default}").expect("writing to a String");
        }
        text.push('\n');
    }

    fn shape(&self, field: &Value, go_name: Option<&str>) -> String {
        if field.get("items").as_map().is_some() {
            return format!("[]{}", self.shape(field.get("items"), go_name));
        }
        if field.get("additionalProperties").as_map().is_some() {
            return format!("{{}}{}", self.shape(field.get("additionalProperties"), go_name));
        }
        if let Some(definition) = reference(field) {
            let named = || self.names.get(&definition).cloned().unwrap_or_else(|| "any".into());
            return scalar_of(&definition).map(str::to_owned).unwrap_or_else(named);
        }
        match (field.get("type").text(), field.get("format").text()) {
            ("string", "byte") => "bytes".into(),
            ("string", _) => go_name.map_or_else(|| "string".into(), |name| format!("={name}")),
            ("integer", "int32") => "int32".into(),
            ("integer", _) => "int64".into(),
            ("boolean", _) => "bool".into(),
            ("number", _) => "float64".into(),
            _ => "any".into(),
        }
    }
}

fn roots_of(group: &str, version: &str, kinds: &str) -> Vec<(String, String)> {
    let package = match group.split('.').next() {
        Some("") | None => "core",
        Some(first) => first,
    };
    let root = |kind: &str| (format!("io.k8s.api.{package}.{version}.{kind}"), format!("{group}/{version}/{kind}"));
    kinds.split(' ').map(root).collect()
}

/// The definition that a field, or the elements of its list or map, refers to.
fn reference(field: &Value) -> Option<String> {
    let inner = [field.get("items"), field.get("additionalProperties")].into_iter().find(|inner| !inner.is_null());
    if let Some(inner) = inner {
        return reference(inner);
    }
    field.get("$ref").as_str().map(|text| text.trim_start_matches("#/definitions/").to_owned())
}

fn scalar_of(definition: &str) -> Option<&'static str> {
    Some(match definition.rsplit('.').next().unwrap_or_default() {
        "Quantity" => "Quantity",
        "IntOrString" => "IntOrString",
        "Time" => "Time",
        "MicroTime" => "MicroTime",
        "FieldsV1" | "RawExtension" => "any",
        _ => return None,
    })
}

fn merge_facts(text: &mut String, field: &Value) {
    let strategy = field.get("x-kubernetes-patch-strategy").text();
    if !strategy.is_empty() {
        let key = field.get("x-kubernetes-patch-merge-key").text();
        let key = if key.is_empty() { String::new() } else { format!(":{key}") };
        write!(text, " p={strategy}{key}").expect("writing to a String");
    }
    match field.get("x-kubernetes-list-type").text() {
        "map" => {
            let keys: Vec<&str> = field.get("x-kubernetes-list-map-keys").as_list().iter().map(Value::text).collect();
            write!(text, " l=map:{}", keys.join(",")).expect("writing to a String");
        }
        "set" => text.push_str(" l=set"),
        _ => {}
    }
    if field.get("x-kubernetes-map-type").text() == "atomic" {
        text.push_str(" m=atomic");
    }
}

/// One line per served resource: `group version plural singular shorts Kind N|C categories verbs subresources`.
fn resources(discovery: &Path) -> String {
    let mut text = String::new();
    let mut seen = BTreeSet::new();
    for (group, version, kinds) in KINDS {
        let file = if group.is_empty() { "api_v1.json".into() } else { format!("apis_{group}_{version}.json") };
        let aggregated = read_json(&discovery.join("aggregated_apis.json"));
        let core = read_json(&discovery.join("aggregated_api.json"));
        if !seen.insert(file) {
            continue;
        }
        let served: Vec<&str> =
            KINDS.iter().filter(|(g, v, _)| g == group && v == version).flat_map(|(_, _, kinds)| kinds.split(' ')).collect();
        let _ = kinds;
        for resource in resources_of(&core, &aggregated, group, version) {
            resource_line(&mut text, group, version, &served, resource);
        }
    }
    text
}

fn resources_of<'a>(core: &'a Value, named: &'a Value, group: &str, version: &str) -> Vec<&'a Value> {
    let document = if group.is_empty() { core } else { named };
    let groups = document.get("items").as_list().iter().filter(|item| item.get("metadata").get("name").text() == group);
    let versions = groups.flat_map(|item| item.get("versions").as_list());
    versions.filter(|item| item.get("version").text() == version).flat_map(|item| item.get("resources").as_list()).collect()
}

fn resource_line(text: &mut String, group: &str, version: &str, served: &[&str], resource: &Value) {
    let kind = resource.get("responseKind").get("kind").text();
    let plural = resource.get("resource").text();
    if !served.contains(&kind) || plural == "bindings" {
        return;
    }
    let join = |list: &Value| {
        let all: Vec<&str> = list.as_list().iter().map(Value::text).collect();
        if all.is_empty() { "-".into() } else { all.join(",") }
    };
    let scope = if resource.get("scope").text() == "Namespaced" { "N" } else { "C" };
    let sub: Vec<&str> = resource.get("subresources").as_list().iter().map(|sub| sub.get("subresource").text()).collect();
    let sub = if sub.is_empty() { "-".into() } else { sub.join(",") };
    let group = if group.is_empty() { "-" } else { group };
    let (singular, shorts) = (resource.get("singularResource").text(), join(resource.get("shortNames")));
    let (categories, verbs) = (join(resource.get("categories")), join(resource.get("verbs")));
    writeln!(text, "{group} {version} {plural} {singular} {shorts} {kind} {scope} {categories} {verbs} {sub}")
        .expect("writing to a String");
}
