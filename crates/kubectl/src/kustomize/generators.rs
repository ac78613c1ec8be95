//! `configMapGenerator` and `secretGenerator`: keys and values from literals and files, and the hash in the name.
//!
//! Models: sigs.k8s.io/kustomize v5.8.1 api/internal/generators, api/kv, api/hasher.

use api::text::{base64, json};
use api::{Str, Value};

use super::files::{Files, Root};
use super::resource::{Behavior, Resource};
use super::{sha256, texts};

/// What is generated.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Kind {
    ConfigMap,
    Secret,
}

impl Kind {
    /// The field of a kustomization.
    pub(super) fn field(self) -> &'static str {
        match self {
            Kind::ConfigMap => "configMapGenerator",
            Kind::Secret => "secretGenerator",
        }
    }
}

type Pair = (Str, Vec<u8>);

/// Makes the manifest that one entry describes; `options` are those of all generators.
pub(super) fn generate(
    files: &mut Files<'_, '_>,
    root: &Root,
    kind: Kind,
    entry: &Value,
    options: &Value,
) -> Result<Resource, String> {
    let name = entry.get("name").text();
    if name.is_empty() {
        return Err("a configmap must have a name".into());
    }
    let mut value = Value::map();
    value.set(&["apiVersion"], "v1");
    value.set(&["kind"], if kind == Kind::ConfigMap { "ConfigMap" } else { "Secret" });
    value.set(&["metadata", "name"], name);
    if !entry.get("namespace").text().is_empty() {
        value.set(&["metadata", "namespace"], entry.get("namespace").text());
    }
    if kind == Kind::Secret {
        let own = entry.get("type").text();
        value.set(&["type"], if own.is_empty() { "Opaque" } else { own });
        value.set(&["data"], Value::map());
    }
    for (key, bytes) in pairs(files, root, entry).map_err(|error| format!("loading KV pairs: {error}"))? {
        if !value.at(&["data", &key]).is_null() || !value.at(&["binaryData", &key]).is_null() {
            return Err(format!("configmap {name} illegally repeats the key `{key}`"));
        }
        set_pair(&mut value, kind, &key, bytes);
    }
    let own = entry.get("options");
    set_options(&mut value, own, options);
    let is_on = |field: &str| [own, options].iter().any(|options| options.get(field).as_bool() == Some(true));
    if is_on("immutable") {
        value.set(&["immutable"], true);
    }
    let behavior = Behavior::parse(entry.get("behavior").text());
    Ok(Resource { behavior, is_hashed: !is_on("disableNameSuffixHash"), ..Resource::new(value) })
}

fn set_pair(value: &mut Value, kind: Kind, key: &str, bytes: Vec<u8>) {
    if kind == Kind::Secret {
        return value.set(&["data", key], in_lines(&bytes));
    }
    match String::from_utf8(bytes) {
        Ok(text) => value.set(&["data", key], text),
        Err(error) => value.set(&["binaryData", key], in_lines(error.as_bytes())),
    }
}

/// base64 in lines of 70; one line stays bare.
fn in_lines(bytes: &[u8]) -> String {
    const LINE: usize = 70;
    let text = base64::encode(bytes);
    if text.len() <= LINE {
        return text;
    }
    let mut lines = String::new();
    for (at, c) in text.chars().enumerate() {
        lines.push(c);
        if at % LINE == LINE - 1 || at + 1 == text.len() {
            lines.push('\n');
        }
    }
    lines
}

/// Labels and annotations: an entry's own win over those of all generators.
fn set_options(value: &mut Value, own: &Value, options: &Value) {
    for field in ["labels", "annotations"] {
        for map in [options.get(field), own.get(field)] {
            let Value::Map(map) = map else { continue };
            for (key, text) in map {
                value.set(&["metadata", field, key], text.text());
            }
        }
    }
}

/// The keys and values of one entry: of its env files, its literals, its files.
fn pairs(files: &mut Files<'_, '_>, root: &Root, entry: &Value) -> Result<Vec<Pair>, String> {
    let mut envs = texts(entry.get("envs"));
    if !entry.get("env").text().is_empty() {
        envs.push(entry.get("env").text().into());
    }
    let (literals, sources) = (texts(entry.get("literals")), texts(entry.get("files")));
    let mut all = Vec::new();
    let list = |texts: &[Str]| texts.join(" ");
    for path in &envs {
        let text =
            files.load_text(root, path).map_err(|error| format!("env source files: [{}]: {error}", list(&envs)))?;
        env_lines(&text, &mut all);
    }
    for literal in &literals {
        all.push(parse_literal(literal).map_err(|error| format!("literal sources [{}]: {error}", list(&literals)))?);
    }
    for source in &sources {
        let pair = parse_file_source(source).and_then(|(key, path)| Ok((key.into(), files.load(root, path)?)));
        all.push(pair.map_err(|error| format!("file sources: [{}]: {error}", list(&sources)))?);
    }
    Ok(all)
}

fn env_lines(text: &str, all: &mut Vec<Pair>) {
    for line in text.trim_start_matches('\u{feff}').lines() {
        let line = line.trim_start();
        if line.is_empty() || line.starts_with('#') {
            continue;
        }
        let (key, value) = line.split_once('=').unwrap_or((line, ""));
        all.push((key.into(), value.as_bytes().to_vec()));
    }
}

fn parse_literal(literal: &str) -> Result<Pair, String> {
    match literal.split_once('=') {
        Some((key, value)) if !key.is_empty() => Ok((key.into(), without_quotes(value).as_bytes().to_vec())),
        _ => Err(format!("invalid literal source {literal}, expected key=value")),
    }
}

fn without_quotes(value: &str) -> &str {
    let inner = |quote: char| value.strip_prefix(quote).and_then(|rest| rest.strip_suffix(quote));
    inner('"').or_else(|| inner('\'')).unwrap_or(value)
}

/// Key and path of `[key=]path`.
fn parse_file_source(source: &str) -> Result<(&str, &str), String> {
    match source.split_once('=') {
        None => Ok((source.rsplit('/').next().unwrap_or(source), source)),
        Some((_, path)) if path.contains('=') => Err(format!("source {source:?} key name or file path contains '='")),
        Some(("", path)) => Err(format!("missing key name for file path {path:?} in source {source:?}")),
        Some((key, "")) => Err(format!("missing file path for key name {key:?} in source {source:?}")),
        Some(pair) => Ok(pair),
    }
}

/// The hash that a generated manifest's name ends with. kustomize takes it over an empty name.
pub(super) fn name_hash(manifest: &Value) -> String {
    let mut hashed = Value::map();
    let or_empty = |field: &str| match manifest.get(field) {
        Value::Null => Value::from(""),
        value => value.clone(),
    };
    hashed.set(&["kind"], manifest.get("kind").clone());
    hashed.set(&["name"], "");
    hashed.set(&["data"], or_empty("data"));
    let more = match manifest.get("kind").text() {
        "Secret" => {
            hashed.set(&["type"], or_empty("type"));
            "stringData"
        }
        _ => "binaryData",
    };
    if manifest.get(more).as_map().is_some() {
        hashed.set(&[more], manifest.get(more).clone());
    }
    hashed_suffix(&hashed)
}

/// Ten letters and digits that stand for a value; those that could spell words are replaced.
pub fn hashed_suffix(value: &Value) -> String {
    let digest = sha256::hex(json::write_compact(value).as_bytes());
    let letter = |c: char| match c {
        '0' => 'g',
        '1' => 'h',
        '3' => 'k',
        'a' => 'm',
        'e' => 't',
        other => other,
    };
    digest.chars().take(10).map(letter).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn hashes_are_those_of_kubectl() {
        let check = |text: &str, expect: &str| assert_eq!(name_hash(&json::read(text).unwrap()), expect, "{text}");
        let secret = |password: &str| {
            format!(
                r#"{{"kind":"Secret","type":"Opaque","data":{{"password":"{}"}}}}"#,
                base64::encode(password.as_bytes())
            )
        };
        check(&secret("YOUR_PASSWORD"), "5m26tmdb5k");
        check(&secret("other"), "ttm48h54d2");
        check(r#"{"kind":"ConfigMap"}"#, "6ct58987ht");
        check(r#"{"kind":"ConfigMap","data":{"one":""}}"#, "9g67k2htb6");
    }
}
