//! Who may do what: roles, and bindings of roles to users, groups and service accounts.
//!
//! - `defaults`: the roles and bindings that every cluster has.
//! - `escalation`: nobody gives away what they do not have.
//!
//! Only requests in somebody's name ([`client::Api::impersonate`]) are judged; components and the administrator do not ask.
//!
//! What is absent: node authorization.
//!
//! Models: kubernetes v1.36 plugin/pkg/auth/authorizer/rbac, pkg/registry/rbac/validation,
//! apiserver/pkg/endpoints/handlers/responsewriters/errors.go.

pub(crate) mod defaults;
pub(crate) mod escalation;

use api::{Key, Kind, Object, Plain, Reason, Status, Value};
use client::{Access, User, service_account};

use crate::ApiServer;

/// Who may do everything, whatever roles say.
const PRIVILEGED: &str = "system:masters";

/// Refuses what no rule of the user's allows.
pub(crate) fn authorize(server: &ApiServer, user: &User, access: &Access) -> Result<(), Status> {
    let rules = rules_of(server, user, &access.namespace);
    if user.is_of(PRIVILEGED) || rules.iter().any(|rule| allows(rule, access)) {
        return Ok(());
    }
    Err(refusal(user, access))
}

/// All rules that are bound to a user, those of the cluster first.
pub(crate) fn rules_of(server: &ApiServer, user: &User, namespace: &str) -> Vec<Value> {
    let mut rules = Vec::new();
    for binding in server.etcd.iter(Kind::ClusterRoleBinding).filter_map(Object::plain) {
        if is_bound(binding, user) {
            rules.extend(rules_of_role(server, binding));
        }
    }
    if !namespace.is_empty() {
        for binding in server.etcd.in_namespace(Kind::RoleBinding, namespace).filter_map(Object::plain) {
            if is_bound(binding, user) {
                rules.extend(rules_of_role(server, binding));
            }
        }
    }
    rules
}

fn is_bound(binding: &Plain, user: &User) -> bool {
    let is_meant = |subject: &Value| {
        let name = subject.get("name").text();
        match subject.get("kind").text() {
            "User" => name == user.name,
            "Group" => user.is_of(name),
            "ServiceAccount" => {
                let own = subject.get("namespace").text();
                let namespace = if own.is_empty() { binding.metadata.namespace.as_str() } else { own };
                service_account(&user.name) == Some((namespace, name))
            }
            _ => false,
        }
    };
    binding.body.get("subjects").as_list().iter().any(is_meant)
}

/// The role that a binding names.
fn reference(binding: &Plain) -> (Kind, Key) {
    let reference = binding.body.get("roleRef");
    let (kind, namespace) = match reference.get("kind").text() {
        "Role" => (Kind::Role, binding.metadata.namespace.as_str()),
        _ => (Kind::ClusterRole, ""),
    };
    (kind, Key::new(namespace, reference.get("name").text()))
}

/// The rules of the role that a binding names.
fn rules_of_role(server: &ApiServer, binding: &Plain) -> Vec<Value> {
    let (kind, key) = reference(binding);
    let role = server.etcd.get(kind, &key).and_then(Object::plain);
    role.map(|role| role.body.get("rules").as_list().to_vec()).unwrap_or_default()
}

/// Whether a list of a rule names something; `*` names everything.
fn names(rule: &Value, list: &str, word: &str) -> bool {
    rule.get(list).as_list().iter().any(|known| known.text() == "*" || known.text() == word)
}

fn allows(rule: &Value, access: &Access) -> bool {
    if !names(rule, "verbs", &access.verb) {
        return false;
    }
    if !access.path.is_empty() {
        return rule.get("nonResourceURLs").as_list().iter().any(|known| is_path(known.text(), &access.path));
    }
    let resource = match access.subresource.as_str() {
        "" => access.resource.to_string(),
        part => format!("{}/{part}", access.resource),
    };
    let part_of_any = format!("*/{}", access.subresource);
    let has_part = !access.subresource.is_empty() && names_exactly(rule, "resources", &part_of_any);
    let only = rule.get("resourceNames").as_list();
    names(rule, "apiGroups", &access.group)
        && (names(rule, "resources", &resource) || has_part)
        && (only.is_empty() || only.iter().any(|name| name.text() == access.name))
}

fn names_exactly(rule: &Value, list: &str, word: &str) -> bool {
    rule.get(list).as_list().iter().any(|known| known.text() == word)
}

/// `/healthz`, or `/healthz/*` for all below.
fn is_path(pattern: &str, path: &str) -> bool {
    match pattern.strip_suffix('*') {
        Some(prefix) => path.starts_with(prefix),
        None => pattern == path,
    }
}

fn refusal(user: &User, access: &Access) -> Status {
    let (user, verb, group) = (user.name.as_str(), access.verb.as_str(), access.group.as_str());
    if !access.path.is_empty() {
        let path = access.path.as_str();
        return Status::new(Reason::Forbidden, format!("forbidden: User {user:?} cannot {verb} path {path:?}"));
    }
    let part = if access.subresource.is_empty() { String::new() } else { format!("/{}", access.subresource) };
    let place = match access.namespace.as_str() {
        "" => "at the cluster scope".to_owned(),
        namespace => format!("in the namespace {namespace:?}"),
    };
    let cause =
        format!("User {user:?} cannot {verb} resource \"{}{part}\" in API group {group:?} {place}", access.resource);
    let resource = if group.is_empty() { access.resource.to_string() } else { format!("{}.{group}", access.resource) };
    let name = if access.name.is_empty() { String::new() } else { format!(" {:?}", access.name.as_str()) };
    Status::new(Reason::Forbidden, format!("{resource}{name} is forbidden: {cause}"))
}
