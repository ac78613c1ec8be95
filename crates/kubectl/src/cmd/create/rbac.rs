//! `kubectl create role`, `clusterrole`, `rolebinding`, `clusterrolebinding`.

use ordered::OrderedMap;

use api::{Str, Value};

use super::super::call::refuse;
use super::super::{Call, Flow, PLAIN, Verb, shared};
use super::{CREATE_FLAGS, Framing, create_object, name_argument};
use crate::failure::Failure;
use crate::flags::Flag;
use crate::mapping::Mapping;

const GROUP: &str = "rbac.authorization.k8s.io";
const RESOURCE_VERBS: [&str; 14] = [
    "*",
    "get",
    "delete",
    "list",
    "create",
    "update",
    "patch",
    "watch",
    "proxy",
    "deletecollection",
    "use",
    "bind",
    "escalate",
    "impersonate",
];
const ADDRESS_VERBS: [&str; 8] = ["*", "get", "post", "put", "delete", "patch", "head", "options"];
/// Verbs that only some resources know: the verb, and resources with their groups.
const SPECIAL_VERBS: [(&str, &[(&str, &str)]); 4] = [
    ("use", &[("podsecuritypolicies", "policy"), ("podsecuritypolicies", "extensions")]),
    ("bind", &[("roles", GROUP), ("clusterroles", GROUP)]),
    ("escalate", &[("roles", GROUP), ("clusterroles", GROUP)]),
    ("impersonate", &[("users", ""), ("serviceaccounts", ""), ("groups", ""), ("userextras", "authentication.k8s.io")]),
];

const RULE_FLAGS: &[Flag] = &[Flag::slice("resource"), Flag::array("resource-name"), Flag::slice("verb")];
const SUBJECT_FLAGS: &[Flag] =
    &[Flag::text("clusterrole"), Flag::array("group"), Flag::array("serviceaccount"), Flag::array("user")];

/// `create role`
pub static ROLE: Verb = Verb {
    path: "create role",
    summary: "Create a role with one rule",
    usage: "NAME --verb=verb --resource=resource.group/subresource [--resource-name=resourcename] \
            [--dry-run=server|client|none] [options]",
    flags: &[RULE_FLAGS, CREATE_FLAGS, shared::OUTPUT, shared::DRY_RUN, shared::VALIDATE, shared::FIELD_MANAGER],
    run: |call| {
        let name = name_argument(call)?;
        let rule = Rule::read(call);
        refuse(&[(rule.verbs.is_empty(), "at least one verb must be specified")])?;
        rule.warn_of_verbs(call);
        refuse(&[(rule.resources.is_empty(), "at least one resource must be specified")])?;
        rule.check_resources()?;
        let mut body = Value::map();
        body.set(&["rules"], rule.rules(&[]));
        create_object(call, "roles", &name, body, Framing::Plain)
    },
    ..PLAIN
};

/// `create clusterrole`
pub static CLUSTER_ROLE: Verb = Verb {
    path: "create clusterrole",
    summary: "Create a cluster role",
    usage: "NAME --verb=verb --resource=resource.group [--resource-name=resourcename] [--dry-run=server|client|none] \
            [options]",
    flags: &[
        RULE_FLAGS,
        &[Flag::text("aggregation-rule"), Flag::slice("non-resource-url")],
        CREATE_FLAGS,
        shared::OUTPUT,
        shared::DRY_RUN,
        shared::VALIDATE,
        shared::FIELD_MANAGER,
    ],
    run: cluster_role,
    ..PLAIN
};

fn cluster_role(call: &mut Call<'_, '_>) -> Result<Flow, Failure> {
    let name = name_argument(call)?;
    let rule = Rule::read(call);
    let addresses = unique(call.flags.texts("non-resource-url"));
    let mut body = Value::map();
    let aggregation = call.flags.text("aggregation-rule");
    if !aggregation.is_empty() {
        let others = [&rule.verbs, &rule.names, &addresses].iter().any(|list| !list.is_empty());
        refuse(&[(
            others || !rule.resources.is_empty(),
            "aggregation rule must be specified without nonResourceURLs, verbs, resources or resourceNames",
        )])?;
        let mut selector = Value::map();
        for pair in aggregation.split(',') {
            let (key, value) = pair.split_once('=').ok_or_else(|| malformed(call, &aggregation, pair))?;
            selector.set(&["matchLabels", key.trim()], value.trim());
        }
        body.set(&["aggregationRule", "clusterRoleSelectors"], vec![selector]);
        return create_object(call, "clusterroles", &name, body, Framing::Plain);
    }
    refuse(&[
        (rule.verbs.is_empty(), "at least one verb must be specified"),
        (rule.resources.is_empty() && addresses.is_empty(), "one of resource or nonResourceURL must be specified"),
    ])?;
    if !rule.resources.is_empty() {
        rule.warn_of_verbs(call);
        rule.check_resources()?;
    }
    check_addresses(&rule.verbs, &addresses)?;
    body.set(&["rules"], rule.rules(&addresses));
    create_object(call, "clusterroles", &name, body, Framing::Plain)
}

fn malformed(call: &Call<'_, '_>, given: &str, pair: &str) -> Failure {
    call.usage(format!(
        "invalid argument {given:?} for \"--aggregation-rule\" flag: malformed pair, expect string=string: {pair}"
    ))
}

fn check_addresses(verbs: &[Str], addresses: &[Str]) -> Result<(), Failure> {
    if addresses.is_empty() {
        return Ok(());
    }
    if let Some(verb) = verbs.iter().find(|verb| !ADDRESS_VERBS.contains(&verb.as_str())) {
        return Err(Failure::Plain(format!("invalid verb: '{verb}' for nonResourceURL")));
    }
    for address in addresses.iter().filter(|address| *address != "*") {
        let star = address.find('*');
        refuse(&[
            (!address.starts_with('/'), "nonResourceURL should start with /"),
            (
                star.is_some_and(|at| at + 1 < address.len()),
                "nonResourceURL only supports wildcard matches when '*' is at the end",
            ),
        ])?;
    }
    Ok(())
}

fn unique(texts: Vec<Str>) -> Vec<Str> {
    let mut seen: Vec<Str> = Vec::new();
    for text in texts {
        if !seen.contains(&text) {
            seen.push(text);
        }
    }
    seen
}

/// What a role allows.
struct Rule {
    verbs: Vec<Str>,
    resources: Vec<Resource>,
    names: Vec<Str>,
}

/// A resource as the user wrote it.
struct Resource {
    name: Str,
    group: Str,
    part: Str,
}

impl Resource {
    fn read(text: &str) -> Resource {
        let (whole, part) = text.split_once('/').unwrap_or((text, ""));
        let (name, group) = whole.split_once('.').unwrap_or((whole, ""));
        Resource { name: name.into(), group: group.into(), part: part.into() }
    }

    /// The resource of the server's that is meant: its name and group.
    fn found(&self) -> Result<(Str, Str), Failure> {
        let asked =
            if self.group.is_empty() { self.name.clone() } else { thin::format_str!("{}.{}", self.name, self.group) };
        let mapping = Mapping::find(&asked)?;
        Ok((mapping.plural().into(), mapping.resource().group.into()))
    }
}

impl Rule {
    fn read(call: &Call<'_, '_>) -> Rule {
        let verbs = unique(call.flags.texts("verb"));
        let verbs = if verbs.iter().any(|verb| verb == "*") { vec!["*".into()] } else { verbs };
        let mut resources: Vec<Resource> = Vec::new();
        for text in call.flags.texts("resource") {
            if text == "*" {
                resources = vec![Resource::read(&text)];
                break;
            }
            resources.push(Resource::read(&text));
        }
        Rule { verbs, resources, names: unique(call.flags.texts("resource-name")) }
    }

    fn warn_of_verbs(&self, call: &mut Call<'_, '_>) {
        for verb in self.verbs.iter().filter(|verb| !RESOURCE_VERBS.contains(&verb.as_str())) {
            call.warn(&format!("'{verb}' is not a standard resource verb"));
        }
    }

    fn check_resources(&self) -> Result<(), Failure> {
        for resource in &self.resources {
            if resource.name.is_empty() {
                return Err(Failure::plain("resource must be specified if apiGroup/subresource specified"));
            }
            if resource.name == "*" {
                return Ok(());
            }
            let found = resource.found();
            let (name, group) = found.as_ref().map_or((&resource.name, &resource.group), |(name, group)| (name, group));
            let special = self.verbs.iter().filter_map(|verb| SPECIAL_VERBS.iter().find(|(known, _)| verb == known));
            let mut is_special = false;
            for (verb, known) in special {
                if !known.contains(&(name.as_str(), group.as_str())) {
                    return Err(Failure::Plain(format!("can not perform '{verb}' on '{name}' in group '{group}'")));
                }
                is_special = true;
            }
            if !is_special {
                found?;
            }
        }
        Ok(())
    }

    /// A rule per group, and one for addresses.
    fn rules(&self, addresses: &[Str]) -> Vec<Value> {
        let mut groups: OrderedMap<Str, Vec<Str>> = OrderedMap::new();
        for resource in &self.resources {
            let (name, group) = resource.found().unwrap_or((resource.name.clone(), resource.group.clone()));
            let name = if resource.part.is_empty() { name } else { thin::format_str!("{name}/{}", resource.part) };
            let names = groups.entry(group).or_default();
            if !names.contains(&name) {
                names.push(name);
            }
        }
        let list = |texts: &[Str]| texts.iter().cloned().map(Value::Str).collect::<Vec<Value>>();
        let mut rules = Vec::new();
        for (group, names) in groups {
            let mut rule = Value::map();
            rule.set(&["apiGroups"], vec![Value::Str(group)]);
            rule.set(&["resources"], list(&names));
            rule.set(&["verbs"], list(&self.verbs));
            if !self.names.is_empty() {
                rule.set(&["resourceNames"], list(&self.names));
            }
            rules.push(rule);
        }
        if !addresses.is_empty() {
            let mut rule = Value::map();
            rule.set(&["nonResourceURLs"], list(addresses));
            rule.set(&["verbs"], list(&self.verbs));
            rules.push(rule);
        }
        rules
    }
}

/// `create rolebinding`
pub static ROLE_BINDING: Verb = Verb {
    path: "create rolebinding",
    summary: "Give a role or cluster role to users, groups and service accounts",
    usage: "NAME --clusterrole=NAME|--role=NAME [--user=username] [--group=groupname] \
            [--serviceaccount=namespace:serviceaccountname] [--dry-run=server|client|none] [options]",
    flags: &[
        SUBJECT_FLAGS,
        &[Flag::text("role")],
        CREATE_FLAGS,
        shared::OUTPUT,
        shared::DRY_RUN,
        shared::VALIDATE,
        shared::FIELD_MANAGER,
    ],
    run: |call| {
        let name = name_argument(call)?;
        let (cluster, own) = (call.flags.text("clusterrole"), call.flags.text("role"));
        let is_one = cluster.is_empty() != own.is_empty();
        refuse(&[(!is_one, "exactly one of clusterrole or role must be specified")])?;
        let (kind, role) = if own.is_empty() { ("ClusterRole", cluster) } else { ("Role", own) };
        let body = binding(call, kind, role)?;
        create_object(call, "rolebindings", &name, body, Framing::Named("rolebinding"))
    },
    ..PLAIN
};

/// `create clusterrolebinding`
pub static CLUSTER_ROLE_BINDING: Verb = Verb {
    path: "create clusterrolebinding",
    summary: "Give a cluster role to users, groups and service accounts, in all namespaces",
    usage: "NAME --clusterrole=NAME [--user=username] [--group=groupname] \
            [--serviceaccount=namespace:serviceaccountname] [--dry-run=server|client|none] [options]",
    flags: &[SUBJECT_FLAGS, CREATE_FLAGS, shared::OUTPUT, shared::DRY_RUN, shared::VALIDATE, shared::FIELD_MANAGER],
    required: &["clusterrole"],
    run: |call| {
        let name = name_argument(call)?;
        let body = binding(call, "ClusterRole", call.flags.text("clusterrole"))?;
        create_object(call, "clusterrolebindings", &name, body, Framing::Named("clusterrolebinding"))
    },
    ..PLAIN
};

fn binding(call: &Call<'_, '_>, kind: &str, role: Str) -> Result<Value, Failure> {
    let mut body = Value::map();
    body.set(&["roleRef", "apiGroup"], GROUP);
    body.set(&["roleRef", "kind"], kind);
    body.set(&["roleRef", "name"], role);
    let subjects = subjects(call)?;
    if !subjects.is_empty() {
        body.set(&["subjects"], subjects);
    }
    Ok(body)
}

/// Who `--user`, `--group` and `--serviceaccount` name.
fn subjects(call: &Call<'_, '_>) -> Result<Vec<Value>, Failure> {
    let mut subjects = Vec::new();
    for (flag, kind) in [("user", "User"), ("group", "Group")] {
        subjects.extend(call.flags.texts(flag).iter().map(|name| subject(kind, name)));
    }
    for account in call.flags.texts("serviceaccount") {
        let parts: Vec<&str> = account.split(':').collect();
        let [namespace, name] = parts[..] else {
            return Err(Failure::plain("serviceaccount must be <namespace>:<name>"));
        };
        refuse(&[(namespace.is_empty() || name.is_empty(), "serviceaccount must be <namespace>:<name>")])?;
        subjects.push(account_subject(namespace, name));
    }
    Ok(subjects)
}

/// A user or group.
pub fn subject(kind: &str, name: &str) -> Value {
    let mut subject = Value::map();
    subject.set(&["apiGroup"], GROUP);
    subject.set(&["kind"], kind);
    subject.set(&["name"], name);
    subject
}

/// A service account.
pub fn account_subject(namespace: &str, name: &str) -> Value {
    let mut subject = Value::map();
    subject.set(&["kind"], "ServiceAccount");
    subject.set(&["name"], name);
    subject.set(&["namespace"], namespace);
    subject
}
