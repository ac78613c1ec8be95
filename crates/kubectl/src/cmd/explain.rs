//! `kubectl explain`: the fields of a kind.
//!
//! Models: kubernetes v1.36 kubectl/pkg/cmd/explain/explain.go.

use api::schema;

use super::{Call, Flow, PLAIN, Verb};
use crate::explain::{Depth, explain};
use crate::failure::Failure;
use crate::flags::Flag;
use crate::mapping::Mapping;

/// The verb.
pub static EXPLAIN: Verb = Verb {
    path: "explain",
    summary: "Show the fields of a kind, and what they hold",
    usage: "TYPE [--recursive=FALSE|TRUE] [--api-version=api-version-group] [-o|--output=plaintext|plaintext-openapiv2] [options]",
    flags: &[&[
        Flag::text("api-version"),
        Flag::text("output").default("plaintext").short('o'),
        Flag::bool("recursive").short('R'),
    ]],
    run,
    ..PLAIN
};

fn run(call: &mut Call<'_, '_>) -> Result<Flow, Failure> {
    let argument = match call.flags.args.as_slice() {
        [] => {
            return Err(Failure::plain(
                "You must specify the type of resource to explain. Use \"kubectl api-resources\" for a complete list of \
                 supported resources.",
            ));
        }
        [argument] => argument.clone(),
        [_, _, ..] => return Err(Failure::plain("We accept only this format: explain RESOURCE")),
    };
    let (mapping, path) = split(&argument)?;
    match call.flags.text("output").as_str() {
        "plaintext" | "" => {}
        "plaintext-openapiv2" => return Err(super::call::unsupported("explanations from OpenAPI v2")),
        other => return Err(Failure::Plain(format!("unrecognized format: {other}"))),
    }
    let version = call.flags.text("api-version");
    let version = if version.is_empty() { mapping.resource().api_version() } else { version.to_string() };
    let kind = mapping.resource().kind;
    let Some(described) = schema::type_of(&version, kind) else {
        let (group, version) = version.split_once('/').unwrap_or(("", &version));
        let resource = format!("{group}/{version}, Resource={}", mapping.plural());
        return Err(Failure::Plain(format!("couldn't find resource for {resource:?}")));
    };
    call.ctx.out(&head(&version, kind));
    let depth = if call.flags.is_on("recursive") { Depth::Recursive } else { Depth::Fields };
    let Some(text) = explain(described, &path, depth) else {
        return Err(Failure::Plain(format!("field {:?} does not exist", path.last().copied().unwrap_or(""))));
    };
    call.ctx.out(&text);
    Ok(Flow::Done(0))
}

fn head(api_version: &str, kind: &str) -> String {
    let (group, version) = match api_version.split_once('/') {
        Some((group, version)) => (format!("GROUP:      {group}\n"), version),
        None => (String::new(), api_version),
    };
    format!("{group}KIND:       {kind}\nVERSION:    {version}\n\n")
}

/// Takes `sts.spec.replicas` or `statefulsets.apps.spec.replicas` apart.
fn split(argument: &str) -> Result<(Mapping, Vec<&str>), Failure> {
    let argument = argument.strip_suffix('.').unwrap_or(argument);
    let (name, rest) = argument.split_once('.').unwrap_or((argument, ""));
    let in_group = |resource: &&schema::Resource| {
        let qualified = format!("{}.{}", resource.plural, resource.group);
        name == resource.plural && !resource.group.is_empty() && is_path_prefix(&qualified, argument)
    };
    let (mapping, path) = match schema::resources().iter().find(in_group) {
        Some(resource) => {
            let path = rest[resource.group.len()..].trim_start_matches('.');
            (Mapping::find_kind(resource.group, resource.kind), path)
        }
        None => (Mapping::find(name).ok(), rest),
    };
    let unknown = || Failure::Verbatim(format!("the server doesn't have a resource type {name:?}"));
    let mapping = mapping.ok_or_else(unknown)?;
    let fields: Vec<&str> = if path.is_empty() { Vec::new() } else { path.split('.').collect() };
    let is_field = |field: &&str| !field.is_empty() && !field.contains(['[', ']', '*', '?', '@', '{', '}']);
    if !fields.iter().all(is_field) {
        return Err(Failure::plain("invalid jsonpath syntax, all nodes must be field nodes"));
    }
    Ok((mapping, fields))
}

/// Whether a dotted name begins with another, whole words only.
fn is_path_prefix(prefix: &str, text: &str) -> bool {
    text.strip_prefix(prefix).is_some_and(|rest| rest.is_empty() || rest.starts_with('.'))
}
