//! What the cluster is: `version`, `api-resources`, `api-versions`, `auth can-i`, `options`.
//!
//! Models: kubernetes v1.36 kubectl/pkg/cmd/{version,apiresources,auth}.

use ordered::{Arrange, OrderedSet};

use api::schema::{self, Resource};
use api::text::json;
use api::{Str, Value};
use client::Access;

use super::call::refuse;
use super::rollout::parent;
use super::{Call, Flow, PLAIN, Verb, help, impersonation, shared};
use crate::describe;
use crate::failure::Failure;
use crate::flags::Flag;
use crate::mapping::Mapping;
use crate::output::{Formats, Output, Printer, unmatched};
use crate::printers::tabwriter::TabWriter;
use crate::rest::discovery::flat_list;

/// What client and server are.
pub const VERSION: &str = "v1.36.2";
const KUSTOMIZE_VERSION: &str = "v5.8.1";

/// `kubectl version`
pub static VERSION_VERB: Verb = Verb {
    path: "version",
    summary: "Show the versions of client and server",
    usage: "[flags] [options]",
    flags: &[&[Flag::bool("client"), Flag::text("output").short('o')]],
    run: version,
    ..PLAIN
};

fn version(call: &mut Call<'_, '_>) -> Result<Flow, Failure> {
    let is_client_only = call.flags.is_on("client");
    if !call.flags.args.is_empty() {
        return Err(Failure::Plain(format!("extra arguments: [{}]", call.flags.args.join(" "))));
    }
    match call.flags.text("output").as_str() {
        "" => {
            let server = if is_client_only { String::new() } else { format!("Server Version: {VERSION}\n") };
            let text = format!("Client Version: {VERSION}\nKustomize Version: {KUSTOMIZE_VERSION}\n{server}");
            call.ctx.out(&text);
        }
        format @ ("json" | "yaml") => {
            let mut value = Value::map();
            let names: &[&str] = if is_client_only { &["clientVersion"] } else { &["clientVersion", "serverVersion"] };
            for name in names {
                let version = if *name == "serverVersion" { server_version() } else { version_value(&COMMON) };
                value.set(&[name], version);
            }
            value.set(&["kustomizeVersion"], KUSTOMIZE_VERSION);
            let text = match format {
                "yaml" => api::text::yaml::write(&value),
                _ => json::write_indented(&value),
            };
            call.ctx.out(&text);
        }
        _ => return Err(Failure::plain("--output must be 'yaml' or 'json'")),
    }
    Ok(Flow::Done(0))
}

/// What client and server both say of themselves. What names a build of Go (commit, date, compiler) is left out: there is none.
const COMMON: [(&str, &str); 4] =
    [("gitVersion", VERSION), ("major", "1"), ("minor", "36"), ("platform", "linux/amd64")];
/// What only a server says.
const OF_SERVER: [(&str, &str); 4] = [
    ("emulationMajor", "1"),
    ("emulationMinor", "36"),
    ("minCompatibilityMajor", "1"),
    ("minCompatibilityMinor", "35"),
];

fn version_value(facts: &[(&str, &str)]) -> Value {
    let mut value = Value::map();
    for (field, text) in facts {
        value.set(&[field], *text);
    }
    value
}

/// What the server says of itself.
pub fn server_version() -> Value {
    version_value(&[COMMON, OF_SERVER].concat())
}

/// `kubectl options`
pub static OPTIONS: Verb = Verb {
    path: "options",
    summary: "List the flags of every command",
    usage: "[flags] [options]",
    run: |call| {
        let text = help::options();
        call.ctx.out(&text);
        Ok(Flow::Done(0))
    },
    ..PLAIN
};

/// `kubectl api-resources`
pub static API_RESOURCES: Verb = Verb {
    path: "api-resources",
    summary: "List the resources that the server serves",
    usage: "[flags] [options]",
    flags: &[&[
        Flag::text("api-group"),
        Flag::bool("cached"),
        Flag::slice("categories"),
        Flag::bool("namespaced").default("true"),
        Flag::bool("no-headers"),
        Flag::text("output").short('o'),
        Flag::bool("show-managed-fields"),
        Flag::text("sort-by"),
        Flag::slice("verbs"),
    ]],
    run: api_resources,
    ..PLAIN
};

fn api_resources(call: &mut Call<'_, '_>) -> Result<Flow, Failure> {
    if !call.flags.args.is_empty() {
        return Err(call.usage(format!("unexpected arguments: [{}]", call.flags.args.join(" "))));
    }
    let format = call.flags.text("output");
    let mut printer = match format.as_str() {
        "" | "wide" | "name" => None,
        _ => {
            let refused = |_| unmatched(call.env, &format, "json,kyaml,name,wide,yaml");
            Some(Printer::for_editor(call.env, &format).map_err(refused)?)
        }
    };
    let mut found: Vec<&Resource> = schema::resources().iter().filter(|resource| is_wanted(call, resource)).collect();
    match call.flags.text("sort-by").as_str() {
        "" => {}
        "name" => found.arrange_by_key(|resource| resource.plural),
        "kind" => found.arrange_by_key(|resource| resource.kind),
        _ => return Err(Failure::plain("--sort-by accepts only name or kind")),
    }
    let text = match &mut printer {
        Some(printer) => {
            let text = flat_list(&found);
            let value = json::read(&text).map_err(|error| Failure::Plain(error.to_string()))?;
            printer.print_written(&text, &value)?
        }
        None if format == "name" => names(&found),
        None => resource_table(call, &found),
    };
    call.ctx.out(&text);
    Ok(Flow::Done(0))
}

fn is_wanted(call: &Call<'_, '_>, resource: &Resource) -> bool {
    let flags = &call.flags;
    let group_fits = !flags.is_set("api-group") || flags.text("api-group") == resource.group;
    let scope_fits = !flags.is_set("namespaced") || flags.is_on("namespaced") == resource.namespaced;
    let has_all = |flag: &str, of: &[&str]| flags.texts(flag).iter().all(|wanted| of.contains(&wanted.as_str()));
    group_fits && scope_fits && has_all("verbs", &resource.verbs) && has_all("categories", &resource.categories)
}

fn names(found: &[&Resource]) -> String {
    let line = |resource: &&Resource| match resource.group {
        "" => format!("{}\n", resource.plural),
        group => format!("{}.{group}\n", resource.plural),
    };
    found.iter().map(line).collect()
}

fn resource_table(call: &Call<'_, '_>, found: &[&Resource]) -> String {
    let is_wide = call.flags.text("output") == "wide";
    let mut text = String::new();
    if !call.flags.is_on("no-headers") {
        text.push_str("NAME\tSHORTNAMES\tAPIVERSION\tNAMESPACED\tKIND");
        text.push_str(if is_wide { "\tVERBS\tCATEGORIES\n" } else { "\n" });
    }
    for resource in found {
        let shorts = resource.short_names.join(",");
        let version = resource.api_version();
        text.push_str(&format!("{}\t{shorts}\t{version}\t{}\t{}", resource.plural, resource.namespaced, resource.kind));
        if is_wide {
            text.push_str(&format!("\t{}\t{}", resource.verbs.join(","), resource.categories.join(",")));
        }
        text.push('\n');
    }
    TabWriter::for_tables().format(&text)
}

/// `kubectl api-versions`
pub static API_VERSIONS: Verb = Verb {
    path: "api-versions",
    summary: "List the versions that the server serves, as group/version",
    run: |call| {
        if !call.flags.args.is_empty() {
            return Err(call.usage(format!("unexpected arguments: [{}]", call.flags.args.join(" "))));
        }
        let versions: OrderedSet<String> = schema::resources().iter().map(Resource::api_version).collect();
        for version in versions {
            call.ctx.out(&format!("{version}\n"));
        }
        Ok(Flow::Done(0))
    },
    ..PLAIN
};

/// `kubectl auth`
pub static AUTH: Verb =
    Verb { path: "auth", summary: "Ask what may be done", usage: "SUBCOMMAND [options]", run: parent, ..PLAIN };

/// `kubectl auth can-i`
pub static AUTH_CAN_I: Verb = Verb {
    path: "auth can-i",
    summary: "Ask whether something may be done",
    usage: "VERB [TYPE | TYPE/NAME | NONRESOURCEURL] [options]",
    flags: &[
        &[Flag::bool("list"), Flag::bool("quiet").short('q'), Flag::bool("no-headers"), Flag::text("subresource")],
        shared::ALL_NAMESPACES,
    ],
    run: can_i,
    ..PLAIN
};

fn can_i(call: &mut Call<'_, '_>) -> Result<Flow, Failure> {
    let (is_on, args) = (|flag: &str| call.flags.is_on(flag), call.flags.args.clone());
    let lists = is_on("list");
    let narrowed = is_on("quiet") || is_on("all-namespaces") || !call.flags.text("subresource").is_empty();
    refuse(&[
        (lists && !args.is_empty(), "list option must be specified with no arguments"),
        (
            lists && narrowed,
            "list option can't be specified with neither quiet, all-namespaces nor subresource options",
        ),
        (
            !lists && args.len() != 2,
            "you must specify two arguments: verb resource or verb resource/resourceName.\nSee 'kubectl auth can-i -h' for \
             help and examples.",
        ),
    ])?;
    if lists {
        return list_rights(call);
    }
    refuse(&[(
        args[1].starts_with('/') && !call.flags.text("subresource").is_empty(),
        "--subresource can not be used with NonResourceURL",
    )])?;
    warn_of_rights(call, &args[0], &args[1]);
    refuse(&[(call.flags.is_on("no-headers"), "--no-headers cannot be set without --list specified")])?;
    let may = call.ctx.api.authorize(&access_of(call, &args[0], &args[1])).is_ok();
    if !call.flags.is_on("quiet") {
        call.ctx.out(if may { "yes\n" } else { "no\n" });
    }
    Ok(Flow::Done(if may { 0 } else { 1 }))
}

/// What is asked about: `pods`, `deployments.apps/web`, `/healthz`.
fn access_of(call: &Call<'_, '_>, verb: &str, object: &str) -> Access {
    if object.starts_with('/') {
        return Access::to_path(verb, object);
    }
    let (word, name) = object.split_once('/').unwrap_or((object, ""));
    let (group, resource) = match Mapping::find(word) {
        Ok(mapping) => (mapping.resource().group, mapping.plural()),
        // The server is asked about names that it does not know, too.
        Err(_) => ("", word),
    };
    let namespace = if call.flags.is_on("all-namespaces") { Str::new() } else { call.namespace.clone() };
    Access {
        verb: verb.into(),
        group: group.into(),
        resource: resource.into(),
        subresource: call.flags.text("subresource"),
        namespace,
        name: name.into(),
        ..Access::default()
    }
}

/// All that may be done in the namespace, in the order of kubectl.
fn list_rights(call: &mut Call<'_, '_>) -> Result<Flow, Failure> {
    let user = impersonation::present(impersonation::user_of(&call.flags)?);
    let rules = call.ctx.api.rules_of(&user, &call.namespace);
    let mut text = String::new();
    if !call.flags.is_on("no-headers") {
        text.push_str("Resources\tNon-Resource URLs\tResource Names\tVerbs\n");
    }
    for line in describe::rule_lines(&rules) {
        text.push_str(&format!("{line}\n"));
    }
    let text = TabWriter::for_tables().format(&text);
    call.ctx.out(&text);
    Ok(Flow::Done(0))
}

const RESOURCE_VERBS: [&str; 16] = [
    "get",
    "list",
    "watch",
    "create",
    "update",
    "patch",
    "delete",
    "deletecollection",
    "use",
    "bind",
    "impersonate",
    "*",
    "approve",
    "sign",
    "escalate",
    "attest",
];
const ADDRESS_VERBS: [&str; 8] = ["get", "put", "post", "head", "options", "delete", "patch", "*"];

/// What is odd about a question.
fn warn_of_rights(call: &mut Call<'_, '_>, verb: &str, object: &str) {
    if object.starts_with('/') {
        if !ADDRESS_VERBS.contains(&verb) {
            call.warn(&format!("verb '{verb}' is not a known verb\n"));
        }
        return;
    }
    let resource = object.split('/').next().unwrap_or_default();
    match Mapping::find(resource) {
        _ if matches!(resource, "*" | "users" | "groups") => {}
        Err(_) => {
            let (name, group) = resource.split_once('.').unwrap_or((resource, ""));
            let group = if group.is_empty() { String::new() } else { format!(" in group '{group}'") };
            call.warn(&format!("the server doesn't have a resource type '{name}'{group}\n"));
        }
        Ok(mapping) if !call.flags.is_on("all-namespaces") && !mapping.is_namespaced() => {
            let (plural, group) = (mapping.plural(), mapping.resource().group);
            let group = if group.is_empty() { String::new() } else { format!(" in group '{group}'") };
            call.warn(&format!("resource '{plural}' is not namespace scoped{group}\n"));
        }
        Ok(_) => {}
    }
    if call.flags.is_on("all-namespaces") {
        return;
    }
    if !RESOURCE_VERBS.contains(&verb) {
        call.warn(&format!("verb '{verb}' is not a known verb\n"));
    }
}

/// `kubectl auth whoami`
pub static AUTH_WHOAMI: Verb =
    Verb { path: "auth whoami", summary: "Show who asks", flags: &[shared::OUTPUT], run: who_am_i, ..PLAIN };

fn who_am_i(call: &mut Call<'_, '_>) -> Result<Flow, Failure> {
    let user = impersonation::present(impersonation::user_of(&call.flags)?);
    let texts = |words: &[Str]| Value::List(words.iter().map(|word| Value::from(word.clone())).collect());
    if let Output::Objects(mut printer) = Output::read(call.ctx, call.env, &call.flags, Formats::Operation)? {
        let mut review = Value::map();
        review.set(&["apiVersion"], "authentication.k8s.io/v1");
        review.set(&["kind"], "SelfSubjectReview");
        review.set(&["metadata", "creationTimestamp"], call.ctx.now().to_rfc3339());
        for (key, values) in &user.extra {
            review.set(&["status", "userInfo", "extra", key], texts(values));
        }
        review.set(&["status", "userInfo", "groups"], texts(&user.groups));
        if !user.uid.is_empty() {
            review.set(&["status", "userInfo", "uid"], user.uid.clone());
        }
        review.set(&["status", "userInfo", "username"], user.name.clone());
        let text = printer.print(&review)?;
        call.ctx.out(&text);
        return Ok(Flow::Done(0));
    }
    let mut lines = format!("ATTRIBUTE\tVALUE\nUsername\t{}\n", user.name);
    if !user.uid.is_empty() {
        lines.push_str(&format!("UID\t{}\n", user.uid));
    }
    lines.push_str(&format!("Groups\t[{}]\n", user.groups.join(" ")));
    let mut extra = user.extra;
    extra.arrange();
    for (key, values) in &extra {
        lines.push_str(&format!("Extra: {key}\t[{}]\n", values.join(" ")));
    }
    let text = TabWriter::for_tables().format(&lines);
    call.ctx.out(&text);
    Ok(Flow::Done(0))
}
