//! The file `kustomization.yaml`: which fields it may have, and what they may hold.
//!
//! It stays a [`Value`] with its keys in upstream's spelling; [`read`] has checked all of it, so that whoever takes a field
//! finds what it expects or nothing.
//!
//! Models: sigs.k8s.io/kustomize v5.8.1 api/types.

use api::text::yaml;
use api::{Map, Str, Value};

/// What a field holds.
#[derive(Clone, Copy)]
enum Shape {
    Text,
    Bool,
    Int,
    Texts,
    TextMap,
    Object(&'static Struct),
    Objects(&'static Struct),
    /// Known upstream and refused here.
    Absent,
}

struct Struct {
    name: &'static str,
    fields: &'static [(&'static str, Shape)],
}

use Shape::{Absent, Bool, Int, Object, Objects, Text, TextMap, Texts};

static KUSTOMIZATION: Struct = Struct {
    name: "Kustomization",
    fields: &[
        ("apiVersion", Text),
        ("kind", Text),
        ("metadata", Object(&METADATA)),
        ("openapi", Absent),
        ("namePrefix", Text),
        ("nameSuffix", Text),
        ("namespace", Text),
        ("commonLabels", TextMap),
        ("labels", Objects(&LABEL)),
        ("commonAnnotations", TextMap),
        ("patchesStrategicMerge", Texts),
        ("patchesJson6902", Objects(&PATCH)),
        ("patches", Objects(&PATCH)),
        ("images", Objects(&IMAGE)),
        ("imageTags", Objects(&IMAGE)),
        ("replacements", Absent),
        ("replicas", Objects(&REPLICA)),
        ("vars", Absent),
        ("sortOptions", Object(&SORT_OPTIONS)),
        ("resources", Texts),
        ("components", Texts),
        ("crds", Absent),
        ("bases", Texts),
        ("configMapGenerator", Objects(&GENERATOR)),
        ("secretGenerator", Objects(&SECRET)),
        ("helmGlobals", Absent),
        ("helmCharts", Absent),
        ("helmChartInflationGenerator", Absent),
        ("generatorOptions", Object(&GENERATOR_OPTIONS)),
        ("configurations", Absent),
        ("generators", Absent),
        ("transformers", Absent),
        ("validators", Absent),
        ("buildMetadata", Absent),
    ],
};

static METADATA: Struct = Struct {
    name: "ObjectMeta",
    fields: &[("name", Text), ("namespace", Text), ("labels", TextMap), ("annotations", TextMap)],
};

static LABEL: Struct = Struct {
    name: "Label",
    fields: &[("pairs", TextMap), ("includeSelectors", Bool), ("includeTemplates", Bool), ("fields", Objects(&FIELD))],
};

static FIELD: Struct = Struct {
    name: "FieldSpec",
    fields: &[("group", Text), ("version", Text), ("kind", Text), ("path", Text), ("create", Bool)],
};

static PATCH: Struct = Struct {
    name: "Patch",
    fields: &[("path", Text), ("patch", Text), ("target", Object(&TARGET)), ("options", Object(&PATCH_OPTIONS))],
};

static TARGET: Struct = Struct {
    name: "Selector",
    fields: &[
        ("group", Text),
        ("version", Text),
        ("kind", Text),
        ("name", Text),
        ("namespace", Text),
        ("annotationSelector", Text),
        ("labelSelector", Text),
    ],
};

static PATCH_OPTIONS: Struct =
    Struct { name: "PatchArgs", fields: &[("allowNameChange", Bool), ("allowKindChange", Bool)] };

static IMAGE: Struct = Struct {
    name: "Image",
    fields: &[("name", Text), ("newName", Text), ("tagSuffix", Text), ("newTag", Text), ("digest", Text)],
};

static REPLICA: Struct = Struct { name: "Replica", fields: &[("name", Text), ("count", Int)] };

static SORT_OPTIONS: Struct =
    Struct { name: "SortOptions", fields: &[("order", Text), ("legacySortOptions", Object(&LEGACY_SORT_OPTIONS))] };

static LEGACY_SORT_OPTIONS: Struct =
    Struct { name: "LegacySortOptions", fields: &[("orderFirst", Texts), ("orderLast", Texts)] };

static GENERATOR_OPTIONS: Struct = Struct {
    name: "GeneratorOptions",
    fields: &[("labels", TextMap), ("annotations", TextMap), ("disableNameSuffixHash", Bool), ("immutable", Bool)],
};

static GENERATOR: Struct = Struct {
    name: "ConfigMapArgs",
    fields: &[
        ("namespace", Text),
        ("name", Text),
        ("behavior", Text),
        ("literals", Texts),
        ("files", Texts),
        ("envs", Texts),
        ("env", Text),
        ("options", Object(&GENERATOR_OPTIONS)),
    ],
};

static SECRET: Struct = Struct {
    name: "SecretArgs",
    fields: &[
        ("namespace", Text),
        ("name", Text),
        ("behavior", Text),
        ("literals", Texts),
        ("files", Texts),
        ("envs", Texts),
        ("env", Text),
        ("options", Object(&GENERATOR_OPTIONS)),
        ("type", Text),
    ],
};

/// Fields that still work, and what to write instead of each.
const DEPRECATED: [(&str, &str); 5] = [
    ("bases", "resources"),
    ("commonLabels", "labels"),
    ("imageTags", "images"),
    ("patchesJson6902", "patches"),
    ("patchesStrategicMerge", "patches"),
];

/// Reads and checks the text of a kustomization that lies in `directory`; deprecated fields add to `warnings`.
pub(super) fn read(text: &str, directory: &str, warnings: &mut Vec<String>) -> Result<Value, String> {
    let invalid = |problem: String| format!("invalid Kustomization: {problem}");
    let written = yaml::read(text).map_err(|error| invalid(error.to_string()))?;
    let mut value = check(written, &KUSTOMIZATION, "").map_err(invalid)?;
    warn(&value, warnings);
    for (from, to) in [("bases", "resources"), ("imageTags", "images")] {
        let moved = value.remove(&[from]).unwrap_or_default();
        append(&mut value, to, moved.as_list());
    }
    for (field, shape) in KUSTOMIZATION.fields {
        if matches!(shape, Absent) && !value.get(field).is_null() {
            return Err(format!("the field '{field}' of a kustomization is not supported in this playground"));
        }
    }
    let is_head = |key: &Str| key == "apiVersion" || key == "kind";
    let is_empty = value.as_map().is_none_or(|map| map.iter().all(|(key, value)| is_head(key) || is_blank(value)));
    if is_empty {
        return Err("kustomization.yaml is empty".into());
    }
    check_head(&value, directory)?;
    Ok(value)
}

/// Whether this is a component: it adds to the kustomization that names it.
pub(super) fn is_component(kustomization: &Value) -> bool {
    kustomization.get("kind").text() == "Component"
}

fn append(value: &mut Value, field: &str, more: &[Value]) {
    if more.is_empty() {
        return;
    }
    let mut all = value.get(field).as_list().to_vec();
    all.extend_from_slice(more);
    value.set(&[field], all);
}

fn warn(value: &Value, warnings: &mut Vec<String>) {
    for (field, instead) in DEPRECATED {
        if !value.get(field).is_null() {
            warnings.push(format!(
                "# Warning: '{field}' is deprecated. Please use '{instead}' instead. Run 'kustomize edit fix' to update \
                 your Kustomization automatically."
            ));
        }
    }
}

fn is_blank(value: &Value) -> bool {
    match value {
        Value::Null => true,
        Value::Str(text) => text.is_empty(),
        Value::Bool(_) | Value::Int(_) | Value::Float(_) | Value::List(_) | Value::Map(_) => false,
    }
}

fn check_head(value: &Value, directory: &str) -> Result<(), String> {
    let (api_version, kind) = (value.get("apiVersion").text(), value.get("kind").text());
    let mut problems = Vec::new();
    if !matches!(kind, "" | "Kustomization" | "Component") {
        problems.push("kind should be Kustomization or Component".to_string());
    }
    let required = match kind {
        "Component" => "kustomize.config.k8s.io/v1alpha1",
        _ => "kustomize.config.k8s.io/v1beta1",
    };
    if !api_version.is_empty() && api_version != required {
        let kind = if kind.is_empty() { "Kustomization" } else { kind };
        problems.push(format!("apiVersion for {kind} should be {required}"));
    }
    if problems.is_empty() {
        return Ok(());
    }
    Err(format!("Failed to read kustomization file under {directory}:\n{}", problems.join("\n")))
}

/// The object with its keys in upstream's spelling, or the first thing that is wrong with it in Go's words.
fn check(value: Value, type_: &Struct, path: &str) -> Result<Value, String> {
    let map = match value {
        Value::Null => return Ok(Value::Null),
        Value::Map(map) => map,
        other => return Err(mismatch(&other, type_.name, path, &format!("types.{}", type_.name))),
    };
    let mut checked = Map::new();
    for (key, value) in map {
        let known = type_.fields.iter().find(|(name, _)| name.eq_ignore_ascii_case(&key));
        let Some((name, shape)) = known else { return Err(format!("json: unknown field {:?}", key.as_str())) };
        let path = if path.is_empty() { (*name).to_string() } else { format!("{path}.{name}") };
        checked.insert(Str::from(*name), check_field(value, *shape, type_, &path)?);
    }
    Ok(Value::Map(checked))
}

fn check_field(value: Value, shape: Shape, type_: &Struct, path: &str) -> Result<Value, String> {
    let refuse = |value: &Value, expected: &str| Err(mismatch(value, type_.name, path, expected));
    match (shape, value) {
        (_, Value::Null) => Ok(Value::Null),
        (Absent, value)
        | (Text, value @ Value::Str(_))
        | (Bool, value @ Value::Bool(_))
        | (Int, value @ Value::Int(_)) => Ok(value),
        (Text, other) => refuse(&other, "string"),
        (Bool, other) => refuse(&other, "bool"),
        (Int, other) => refuse(&other, "int64"),
        (Texts, Value::List(list)) => match list.iter().find(|element| !is_text(element)) {
            Some(other) => refuse(other, "string"),
            None => Ok(Value::List(list)),
        },
        (Texts, other) => refuse(&other, "[]string"),
        (TextMap, Value::Map(map)) => match map.values().find(|element| !is_text(element)) {
            Some(other) => refuse(other, "string"),
            None => Ok(Value::Map(map)),
        },
        (TextMap, other) => refuse(&other, "map[string]string"),
        (Object(inner), value) => check(value, inner, path),
        (Objects(inner), Value::List(list)) => {
            list.into_iter().map(|element| check(element, inner, path)).collect::<Result<_, _>>().map(Value::List)
        }
        (Objects(inner), other) => refuse(&other, &format!("[]types.{}", inner.name)),
    }
}

fn is_text(value: &Value) -> bool {
    matches!(value, Value::Str(_) | Value::Null)
}

fn mismatch(value: &Value, type_name: &str, path: &str, expected: &str) -> String {
    let got = value.json_type();
    match path {
        "" => format!("json: cannot unmarshal {got} into Go value of type {expected}"),
        path => format!("json: cannot unmarshal {got} into Go struct field {type_name}.{path} of type {expected}"),
    }
}
