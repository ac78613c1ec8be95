//! `kubectl set env`: sets, removes and lists environment variables of containers in a pod template.
//!
//! Models: kubernetes v1.36 kubectl/pkg/cmd/set/set_env.go, kubectl/pkg/cmd/set/env.

use api::{Kind, Object, Str, Value};

use super::super::call::{DryRun, refuse};
use super::super::{Call, Flow, PLAIN, Verb, pairs, shared};
use super::{CONTAINERS, Words, change_pods, each_container, manner, objects};
use crate::builder::Info;
use crate::failure::Failure;
use crate::flags::Flag;

/// The verb.
pub static SET_ENV: Verb = Verb {
    path: "set env",
    summary: "Update environment variables on a pod template",
    usage: "RESOURCE/NAME KEY_1=VAL_1 ... KEY_N=VAL_N [options]",
    flags: &[
        &[
            Flag::array("env").short('e'),
            Flag::text("from"),
            Flag::slice("keys"),
            Flag::bool("list"),
            Flag::bool("overwrite").default("true"),
            Flag::text("prefix"),
            Flag::bool("resolve"),
        ],
        CONTAINERS,
        shared::ALL,
        shared::OUTPUT,
        shared::FILES,
        shared::SELECTOR,
        shared::DRY_RUN,
        shared::FIELD_MANAGER,
    ],
    run,
    ..PLAIN
};

const WORDS: Words = Words { done: "env updated", failed: "failed to patch env update to pod template:" };

/// Variables as they stand in containers, and names to remove.
struct Change {
    set: Vec<Value>,
    remove: Vec<Str>,
}

fn run(call: &mut Call<'_, '_>) -> Result<Flow, Failure> {
    if call.flags.is_on("all") && !call.flags.text("selector").is_empty() {
        return Err(Failure::plain("cannot set --all and --selector at the same time"));
    }
    let (resources, words) = split(&call.flags.args)?;
    let (dry_run, mut output) = manner(call)?;
    check(call, &resources, dry_run)?;
    let mut change = parse(call, &words)?;
    add_from(call, &mut change)?;
    let prefix = call.flags.text("prefix");
    for variable in &mut change.set {
        let name = thin::format_str!("{prefix}{}", variable.get("name").text());
        variable.set(&["name"], name);
    }
    let infos = objects(call, resources)?;
    if !call.flags.is_on("list") && change.set.is_empty() && words.is_empty() && !infos.is_empty() {
        return Ok(Flow::Done(0));
    }
    let lists = call.flags.is_on("list");
    let dry_run = if lists { DryRun::Client } else { dry_run };
    if lists {
        let failures: Vec<Failure> = infos.iter().filter_map(|info| list(call, info, &change).err()).collect();
        return Failure::of(failures).map_or(Ok(Flow::Done(0)), Err);
    }
    change_pods(call, &infos, dry_run, &mut output, WORDS, &mut |call, info, spec| {
        change_spec(call, info, spec, &change).err().into_iter().collect()
    })
}

/// Resources, and the words from the first variable on.
fn split(args: &[Str]) -> Result<(Vec<Str>, Vec<Str>), Failure> {
    let is_variable = |word: &Str| word.find('=').is_some_and(|at| at > 0) || word.ends_with('-');
    let first = args.iter().position(is_variable).unwrap_or(args.len());
    let (resources, words) = args.split_at(first);
    if !words.iter().all(is_variable) {
        let refusal = format!("all resources must be specified before environment changes: {}", args.join(" "));
        return Err(Failure::Plain(refusal));
    }
    Ok((resources.to_vec(), words.to_vec()))
}

fn check(call: &Call<'_, '_>, resources: &[Str], dry_run: DryRun) -> Result<(), Failure> {
    let (is_on, given) = (|flag: &str| call.flags.is_on(flag), |flag: &str| call.flags.is_set(flag));
    refuse(&[
        (
            is_on("local") && dry_run == DryRun::Server,
            "cannot specify --local and --dry-run=server - did you mean --dry-run=client?",
        ),
        (
            resources.is_empty() && call.flags.texts("filename").is_empty(),
            "one or more resources must be specified as <resource> <name> or <resource>/<name>",
        ),
        (is_on("list") && given("output"), "--list and --output may not be specified together"),
        (given("keys") && !given("from"), "when specifying --keys, a configmap or secret must be provided with --from"),
    ])
}

fn variable(name: &str, value: &str) -> Value {
    let mut variable = Value::map();
    variable.set(&["name"], name);
    variable.set(&["value"], value);
    variable
}

fn parse(call: &Call<'_, '_>, words: &[Str]) -> Result<Change, Failure> {
    let mut change = Change { set: Vec::new(), remove: Vec::new() };
    for word in call.flags.texts("env").iter().chain(words) {
        if word == "-" {
            let lines = call.stdin.lines().map(|line| line.split('#').next().unwrap_or_default());
            change.set.extend(lines.filter_map(|line| line.split_once('=')).map(|(name, value)| variable(name, value)));
        } else if let Some((name, value)) = word.split_once('=') {
            let problems = pairs::env_var_name_problems(name);
            if !problems.is_empty() {
                return Err(Failure::Plain(format!("{name:?} is not a valid key name: {}", problems.join(";"))));
            }
            change.set.push(variable(name, value));
        } else if let Some(name) = word.strip_suffix('-') {
            change.remove.push(name.into());
        } else {
            return Err(Failure::Plain(format!("unknown environment variable: {word}")));
        }
    }
    let is_set = |name: &Str| change.set.iter().any(|variable| variable.get("name").text() == name);
    if change.remove.iter().any(is_set) {
        return Err(Failure::plain("can not both modify and remove the same environment variable in the same command"));
    }
    Ok(change)
}

/// `--from`: a variable per key, that refers to it.
fn add_from(call: &mut Call<'_, '_>, change: &mut Change) -> Result<(), Failure> {
    let from = call.flags.text("from");
    if from.is_empty() {
        return Ok(());
    }
    let wanted = call.flags.texts("keys");
    for info in objects(call, vec![from])? {
        let reference = match info.mapping.kind() {
            Some(Kind::Secret) => "secretKeyRef",
            Some(Kind::ConfigMap) => "configMapKeyRef",
            Some(_) | None => return Err(Failure::plain("unsupported resource specified in --from")),
        };
        let body = info.live.as_ref().map(Object::encode_body).unwrap_or_default();
        for key in body.get("data").as_map().into_iter().flat_map(|map| map.keys()) {
            if !wanted.is_empty() && !wanted.contains(key) {
                continue;
            }
            let name = name_of(call, key);
            let mut variable = Value::map();
            variable.set(&["name"], name);
            variable.set(&["valueFrom", reference, "name"], info.name.clone());
            variable.set(&["valueFrom", reference, "key"], key.clone());
            change.set.push(variable);
        }
    }
    Ok(())
}

/// The name of a variable for a key: capitals, digits and underlines.
fn name_of(call: &mut Call<'_, '_>, key: &str) -> String {
    let name: String =
        key.chars().map(|c| if c.is_ascii_alphanumeric() { c.to_ascii_uppercase() } else { '_' }).collect();
    if name != key {
        call.warn(&format!("key {key} transferred to {name}"));
    }
    name
}

fn change_spec(call: &mut Call<'_, '_>, info: &Info, spec: &mut Value, change: &Change) -> Result<(), Failure> {
    let overwrites = call.flags.is_on("overwrite");
    let pattern = call.flags.text("containers");
    let (mut refusal, before) = (None, spec.clone());
    let count = each_container(spec, &pattern, &mut |container| {
        if !overwrites && refusal.is_none() {
            refusal = taken(container, change);
        }
        container.set(&["env"], changed(container, change));
    });
    if count == 0 {
        let kind = info.mapping.resource().kind;
        call.warn(&format!("{kind}/{} does not have any containers matching {:?}", info.name, pattern.as_str()));
    }
    match refusal {
        Some(refusal) => {
            *spec = before;
            Err(Failure::Plain(format!("error: {} {refusal}\n", info.object_name())))
        }
        None => Ok(()),
    }
}

/// A variable that has another value already.
fn taken(container: &Value, change: &Change) -> Option<String> {
    for new in &change.set {
        let name = new.get("name").text();
        let old = container.get("env").as_list().iter().find(|old| old.get("name").text() == name);
        let value = old.map(|old| old.get("value").text()).filter(|value| *value != new.get("value").text());
        if let Some(value) = value {
            return Some(format!("'{name}' already has a value ({value}), and --overwrite is false"));
        }
    }
    None
}

/// The variables of a container after the change: those that are there keep their places.
fn changed(container: &Value, change: &Change) -> Vec<Value> {
    let name_of = |variable: &Value| Str::from(variable.get("name").text());
    let mut covered = change.remove.clone();
    let mut result = Vec::new();
    for old in container.get("env").as_list() {
        let name = name_of(old);
        if covered.contains(&name) {
            continue;
        }
        match change.set.iter().find(|new| name_of(new) == name) {
            Some(new) => {
                covered.push(name);
                result.push(new.clone());
            }
            None => result.push(old.clone()),
        }
    }
    for new in &change.set {
        let name = name_of(new);
        if !covered.contains(&name) {
            covered.push(name);
            result.push(new.clone());
        }
    }
    result
}

/// `--list`
fn list(call: &mut Call<'_, '_>, info: &Info, change: &Change) -> Result<(), Failure> {
    let Some(path) = super::pod_spec_path(info.mapping) else { return Ok(()) };
    let mut spec = info.live.as_ref().map(Object::encode).unwrap_or_default().at(path).clone();
    change_spec(call, info, &mut spec, change)?;
    let pattern = call.flags.text("containers");
    let mut containers = Vec::new();
    each_container(&mut spec, &pattern, &mut |container| containers.push(container.clone()));
    let (mut complaints, kind) = (Vec::new(), info.mapping.resource().kind);
    for container in &containers {
        let head = format!("# {kind} {}, container {}\n", info.name, container.get("name").text());
        call.ctx.out(&head);
        for variable in container.get("env").as_list() {
            let line = line_of(call, info, variable, &mut complaints);
            call.ctx.out(&line);
        }
    }
    if complaints.is_empty() {
        return Ok(());
    }
    complaints.iter().for_each(|complaint| call.ctx.err(complaint));
    Err(Failure::Plain(format!("error: {} failed to retrieve valueFrom references\n", info.object_name())))
}

fn line_of(call: &mut Call<'_, '_>, info: &Info, variable: &Value, complaints: &mut Vec<String>) -> String {
    let name = variable.get("name").text();
    let source = variable.get("valueFrom");
    if source.is_null() {
        return format!("{name}={}\n", variable.get("value").text());
    }
    let reference = reference_text(source);
    if call.flags.is_on("resolve") {
        match resolve(call, info, source) {
            Ok(value) => return format!("{name}={value}\n"),
            Err(problem) => complaints.push(format!("error retrieving reference for {name}: {problem}\n")),
        }
    }
    format!("# {name} from {reference}\n")
}

fn reference_text(source: &Value) -> String {
    let (map, secret, field) = (source.get("configMapKeyRef"), source.get("secretKeyRef"), source.get("fieldRef"));
    let text = |value: &Value, key: &str| value.get(key).text().to_string();
    if !map.is_null() {
        return format!("configmap {}, key {}", text(map, "name"), text(map, "key"));
    }
    if !secret.is_null() {
        return format!("secret {}, key {}", text(secret, "name"), text(secret, "key"));
    }
    if !field.is_null() {
        return format!("field path {}", text(field, "fieldPath"));
    }
    let resource = source.get("resourceFieldRef");
    match resource.get("containerName").text() {
        "" => format!("resource field {}", text(resource, "resource")),
        container => format!("resource field {container}.{}", text(resource, "resource")),
    }
}

fn resolve(call: &Call<'_, '_>, info: &Info, source: &Value) -> Result<String, String> {
    let is_secret = !source.get("secretKeyRef").is_null();
    let reference = if is_secret { source.get("secretKeyRef") } else { source.get("configMapKeyRef") };
    if reference.is_null() {
        return Err("only references to Secrets and ConfigMaps are resolved in this playground".into());
    }
    let (name, key) = (reference.get("name").text(), reference.get("key").text());
    let kind = if is_secret { Kind::Secret } else { Kind::ConfigMap };
    let object = call.ctx.api.get(kind, &api::Key::new(info.namespace.clone(), name));
    let body = object.map_err(|status| status.message.to_string())?.encode_body();
    let Some(text) = body.at(&["data", key]).as_str() else {
        let kind = if is_secret { "secret" } else { "config map" };
        return Err(format!("key {key} not found in {kind} {name}"));
    };
    if !is_secret {
        return Ok(text.to_string());
    }
    let bytes = api::text::base64::decode(text).unwrap_or_default();
    Ok(String::from_utf8_lossy(&bytes).into_owned())
}
