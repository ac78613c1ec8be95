//! `kubectl create configmap` and `create secret generic`: keys and values from flags and files.

use ordered::OrderedMap;

use api::text::base64;
use api::{Str, Value};

use super::super::rollout::parent;
use super::super::{Call, Flow, PLAIN, Verb, pairs, shared};
use super::{CREATE_FLAGS, Framing, create_object, name_argument};
use crate::failure::Failure;
use crate::flags::Flag;

pub(super) const APPEND_HASH: Flag = Flag::bool("append-hash");

const SOURCES: &[Flag] =
    &[Flag::slice("from-file"), Flag::array("from-literal"), Flag::slice("from-env-file"), APPEND_HASH];

/// `create configmap`
pub static CONFIG_MAP: Verb = Verb {
    path: "create configmap",
    aliases: &["cm"],
    summary: "Create a ConfigMap from files or literals",
    usage: "NAME [--from-file=[key=]source] [--from-literal=key1=value1] [options]",
    flags: &[SOURCES, CREATE_FLAGS, shared::OUTPUT, shared::DRY_RUN, shared::VALIDATE, shared::FIELD_MANAGER],
    run: config_map,
    ..PLAIN
};

/// `create secret`
pub static SECRET: Verb = Verb {
    path: "create secret",
    summary: "Create a Secret",
    usage: "(generic | docker-registry | tls) [options]",
    run: parent,
    ..PLAIN
};

/// `create secret generic`
pub static SECRET_GENERIC: Verb = Verb {
    path: "create secret generic",
    summary: "Create a Secret from files or literals",
    usage: "NAME [--type=string] [--from-file=[key=]source] [--from-literal=key1=value1] [options]",
    flags: &[
        &[Flag::text("type")],
        SOURCES,
        CREATE_FLAGS,
        shared::OUTPUT,
        shared::DRY_RUN,
        shared::VALIDATE,
        shared::FIELD_MANAGER,
    ],
    run: secret,
    ..PLAIN
};

/// Which kind the keys are for: complaints name it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Holder {
    ConfigMap,
    Secret,
}

pub(super) type Data = OrderedMap<Str, Vec<u8>>;

fn config_map(call: &mut Call<'_, '_>) -> Result<Flow, Failure> {
    let name = name_argument(call)?;
    let mut body = Value::map();
    for (key, bytes) in read_data(call, &name, Holder::ConfigMap)? {
        match String::from_utf8(bytes) {
            Ok(text) => body.set(&["data", &key], text),
            Err(error) => body.set(&["binaryData", &key], base64::encode(error.as_bytes())),
        }
    }
    let name = with_hash(call, &name, "ConfigMap", &body);
    create_object(call, "configmaps", &name, body, Framing::Named("configmap"))
}

fn secret(call: &mut Call<'_, '_>) -> Result<Flow, Failure> {
    let name = name_argument(call)?;
    let mut body = Value::map();
    for (key, bytes) in read_data(call, &name, Holder::Secret)? {
        body.set(&["data", &key], base64::encode(&bytes));
    }
    let kind = call.flags.text("type");
    create_secret(call, &name, &kind, body)
}

/// Sends a Secret; the server fills in the type that was left out.
pub(super) fn create_secret(call: &mut Call<'_, '_>, name: &str, kind: &str, mut body: Value) -> Result<Flow, Failure> {
    if !kind.is_empty() {
        body.set(&["type"], kind);
    }
    let name = with_hash(call, name, "Secret", &body);
    create_object(call, "secrets", &name, body, Framing::Bare("secret"))
}

/// `--append-hash`: the name with a hash of name and contents.
fn with_hash(call: &Call<'_, '_>, name: &str, kind: &str, body: &Value) -> Str {
    if !call.flags.is_on("append-hash") {
        return name.into();
    }
    let mut hashed = Value::map();
    hashed.set(&["kind"], kind);
    hashed.set(&["name"], name);
    let data = if body.get("data").is_null() { Value::map() } else { body.get("data").clone() };
    hashed.set(&["data"], data);
    match kind {
        "Secret" => hashed.set(&["type"], body.get("type").text()),
        _ if !body.get("binaryData").is_null() => hashed.set(&["binaryData"], body.get("binaryData").clone()),
        _ => {}
    }
    thin::format_str!("{name}-{}", crate::kustomize::hashed_suffix(&hashed))
}

fn read_data(call: &mut Call<'_, '_>, name: &str, holder: Holder) -> Result<Data, Failure> {
    api::reached!("kubectl::cmd::create::data::read_data");
    let (files, literals) = (call.flags.texts("from-file"), call.flags.texts("from-literal"));
    let env_files = call.flags.texts("from-env-file");
    if !env_files.is_empty() && (!files.is_empty() || !literals.is_empty()) {
        return Err(Failure::plain("from-env-file cannot be combined with from-file or from-literal"));
    }
    let mut data = Data::new();
    for source in &files {
        add_file(call, source, name, holder, &mut data)?;
    }
    for literal in &literals {
        let refusal = || Failure::Plain(format!("invalid literal source {literal}, expected key=value"));
        let (key, value) = literal.split_once('=').filter(|(key, _)| !key.is_empty()).ok_or_else(refusal)?;
        add(&mut data, key, unquote(value).as_bytes().to_vec(), name, holder)?;
    }
    for path in &env_files {
        if call.ctx.fs.is_directory(&call.env.absolute(path)) {
            let what = if holder == Holder::Secret { "secret" } else { "config" };
            return Err(Failure::Plain(format!("env {what} file cannot be a directory")));
        }
        let bytes = read(call, path)?;
        for line in String::from_utf8_lossy(&bytes).trim_start_matches('\u{feff}').lines() {
            let line = line.trim_start();
            if line.is_empty() || line.starts_with('#') {
                continue;
            }
            let (key, value) = line.split_once('=').unwrap_or((line, ""));
            let problems = pairs::env_var_name_problems(key);
            if !problems.is_empty() {
                return Err(Failure::Plain(format!("{key:?} is not a valid key name: {}", problems.join(";"))));
            }
            add(&mut data, key, value.as_bytes().to_vec(), name, holder)?;
        }
    }
    Ok(data)
}

fn unquote(value: &str) -> &str {
    let inner = |quote: char| value.strip_prefix(quote).and_then(|rest| rest.strip_suffix(quote));
    inner('"').or_else(|| inner('\'')).unwrap_or(value)
}

pub(super) fn add_file(
    call: &mut Call<'_, '_>,
    source: &str,
    name: &str,
    holder: Holder,
    data: &mut Data,
) -> Result<(), Failure> {
    let (key, path) = match source.matches('=').count() {
        0 => (None, source),
        1 if source.starts_with('=') => {
            let path = source.trim_start_matches('=');
            return Err(Failure::Plain(format!("key name for file path {path} missing")));
        }
        1 if source.ends_with('=') => {
            let key = source.trim_end_matches('=');
            return Err(Failure::Plain(format!("file path for key name {key} missing")));
        }
        1 => source.split_once('=').map_or((None, source), |(key, path)| (Some(key), path)),
        _ => return Err(Failure::plain("key names or file paths cannot contain '='")),
    };
    let absolute = call.env.absolute(path);
    if !call.ctx.fs.is_directory(&absolute) {
        let bytes = read(call, path)?;
        let key = key.unwrap_or_else(|| path.rsplit('/').next().unwrap_or(path)).to_string();
        return add(data, &key, bytes, name, holder);
    }
    if key.is_some() {
        return Err(Failure::plain("cannot give a key name for a directory path"));
    }
    let entries = call.ctx.fs.list(&absolute);
    let entries = entries.map_err(|error| Failure::Plain(format!("error listing files in {path}: {error}")))?;
    for entry in entries.iter().filter(|entry| !entry.ends_with('/')) {
        let bytes = read(call, &format!("{}/{entry}", path.trim_end_matches('/')))?;
        add(data, entry, bytes, name, holder)?;
    }
    Ok(())
}

fn read(call: &mut Call<'_, '_>, path: &str) -> Result<Vec<u8>, Failure> {
    if path == "/dev/stdin" {
        return Ok(call.stdin.clone().into_bytes());
    }
    let bytes = call.ctx.fs.read(&call.env.absolute(path));
    bytes.map_err(|error| Failure::Plain(format!("error reading {path}: {error}")))
}

fn add(data: &mut Data, key: &str, bytes: Vec<u8>, name: &str, holder: Holder) -> Result<(), Failure> {
    let kind = match holder {
        Holder::ConfigMap => "ConfigMap",
        Holder::Secret => "Secret",
    };
    if let Some(problem) = key_problem(key) {
        return Err(Failure::Plain(match holder {
            Holder::ConfigMap => format!("{key:?} is not a valid key name for a ConfigMap: {problem}"),
            Holder::Secret => format!("{key:?} is not valid key name for a Secret {problem}"),
        }));
    }
    if data.contains_key(key) {
        return Err(Failure::Plain(match holder {
            Holder::ConfigMap => {
                format!("cannot add key {key:?}, another key by that name already exists in Data for {kind} {name:?}")
            }
            Holder::Secret => format!("cannot add key {key}, another key by that name already exists"),
        }));
    }
    data.insert(key.into(), bytes);
    Ok(())
}

/// What is wrong with a key of a ConfigMap or Secret.
fn key_problem(key: &str) -> Option<&'static str> {
    let is_allowed = |c: char| c.is_ascii_alphanumeric() || matches!(c, '-' | '_' | '.');
    match key {
        "." => Some("must not be '.'"),
        ".." => Some("must not be '..'"),
        key if key.is_empty() || !key.chars().all(is_allowed) => Some(
            "a valid config key must consist of alphanumeric characters, '-', '_' or '.' (e.g. 'key.name',  or \
             'KEY_NAME',  or 'key-name', regex used for validation is '[-._a-zA-Z0-9]+')",
        ),
        key if key.starts_with("..") => Some("must not start with '..'"),
        _ => None,
    }
}
