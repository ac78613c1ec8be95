//! Nobody gives away what they do not have: a role, or a binding to one, holds at most the rights of whoever writes it.
//!
//! Different: an update that changes only what the garbage collector looks at is judged, too.
//!
//! Models: kubernetes v1.36 pkg/registry/rbac (escalation_check.go, validation/rule.go),
//! component-helpers/auth/rbac/validation/policy_comparator.go.

use ordered::Arrange;

use api::{Key, Kind, Object, Plain, Status, Value};
use client::{Access, User};

use super::{PRIVILEGED, authorize, is_path, names, names_exactly, reference, rules_of};
use crate::ApiServer;

/// Whether objects of a kind give rights.
pub(crate) fn grants(kind: Kind) -> bool {
    matches!(kind, Kind::Role | Kind::ClusterRole | Kind::RoleBinding | Kind::ClusterRoleBinding)
}

/// One verb on one resource, or on one address.
#[derive(Clone, Debug, PartialEq)]
struct Right {
    group: String,
    resource: String,
    name: Option<String>,
    address: Option<String>,
    verb: String,
}

/// Refuses a role or binding that would give rights which the user does not have.
pub(crate) fn confirm(server: &ApiServer, user: &User, object: &Object) -> Result<(), Status> {
    let Some(plain) = object.plain().filter(|_| !user.is_of(PRIVILEGED)) else { return Ok(()) };
    let key = object.key();
    let rules = match plain.kind {
        Kind::Role | Kind::ClusterRole => {
            if authorize(server, user, &Access::to("escalate", plain.kind, &key)).is_ok() {
                return Ok(());
            }
            plain.body.get("rules").as_list().to_vec()
        }
        _ => match rules_to_bind(server, user, plain)? {
            Some(rules) => rules,
            None => return Ok(()),
        },
    };
    let own = rules_of(server, user, &key.namespace);
    let missing: Vec<Right> =
        rules.iter().flat_map(rights).filter(|right| !own.iter().any(|rule| covers(rule, right))).collect();
    if missing.is_empty() {
        return confirm_aggregation(server, plain, &own);
    }
    let groups: Vec<String> = user.groups.iter().map(|group| format!("{:?}", group.as_str())).collect();
    let cause = format!(
        "user {:?} (groups=[{}]) is attempting to grant RBAC permissions not currently held:\n{}",
        user.name.as_str(),
        groups.join(" "),
        described(&missing).join("\n")
    );
    Err(Status::forbidden(plain.kind, &key.name, &cause))
}

/// Whoever chooses which roles a ClusterRole is made of might choose any, and has to have all rights.
fn confirm_aggregation(server: &ApiServer, role: &Plain, own: &[Value]) -> Result<(), Status> {
    let is_aggregated =
        |role: &Plain| !role.body.get("aggregationRule").get("clusterRoleSelectors").as_list().is_empty();
    let before = server.get(Kind::ClusterRole, &Key::new("", role.metadata.name.clone())).ok();
    let concerns = is_aggregated(role) || before.and_then(Object::plain).is_some_and(is_aggregated);
    if role.kind != Kind::ClusterRole || !concerns {
        return Ok(());
    }
    let any = Right { group: "*".into(), resource: "*".into(), name: None, address: None, verb: "*".into() };
    let everything = [any.clone(), Right { address: Some("*".into()), ..any }];
    if everything.iter().all(|right| own.iter().any(|rule| covers(rule, right))) {
        return Ok(());
    }
    let cause = "must have cluster-admin privileges to use the aggregationRule";
    Err(Status::forbidden(role.kind, &role.metadata.name, cause))
}

/// The rules that a binding gives; nothing if the user may bind that role anyway.
fn rules_to_bind(server: &ApiServer, user: &User, binding: &Plain) -> Result<Option<Vec<Value>>, Status> {
    let (kind, key) = reference(binding);
    let access = Access { namespace: binding.metadata.namespace.clone(), ..Access::to("bind", kind, &key) };
    if authorize(server, user, &access).is_ok() {
        return Ok(None);
    }
    let role = server.get(kind, &key)?;
    Ok(role.plain().map(|role| role.body.get("rules").as_list().to_vec()))
}

/// A rule, taken apart.
fn rights(rule: &Value) -> Vec<Right> {
    let texts =
        |list: &str| -> Vec<String> { rule.get(list).as_list().iter().map(|text| text.text().to_owned()).collect() };
    let names: Vec<Option<String>> = match texts("resourceNames") {
        names if names.is_empty() => vec![None],
        names => names.into_iter().map(Some).collect(),
    };
    let mut rights = Vec::new();
    for group in texts("apiGroups") {
        for resource in texts("resources") {
            for verb in texts("verbs") {
                for name in &names {
                    let (group, resource, name) = (group.clone(), resource.clone(), name.clone());
                    rights.push(Right { group, resource, name, address: None, verb: verb.clone() });
                }
            }
        }
    }
    for address in texts("nonResourceURLs") {
        for verb in texts("verbs") {
            let address = Some(address.clone());
            rights.push(Right { group: String::new(), resource: String::new(), name: None, address, verb });
        }
    }
    rights
}

fn covers(rule: &Value, right: &Right) -> bool {
    if !names(rule, "verbs", &right.verb) {
        return false;
    }
    if let Some(address) = &right.address {
        return rule.get("nonResourceURLs").as_list().iter().any(|own| is_path(own.text(), address));
    }
    let only = rule.get("resourceNames").as_list();
    let of_any = right.resource.split_once('/').map(|(_, part)| format!("*/{part}"));
    names(rule, "apiGroups", &right.group)
        && (names(rule, "resources", &right.resource)
            || of_any.is_some_and(|any| names_exactly(rule, "resources", &any)))
        && (only.is_empty() || right.name.as_ref().is_some_and(|name| names_exactly(rule, "resourceNames", name)))
}

/// What is missing, one line per resource and name, in order.
fn described(missing: &[Right]) -> Vec<String> {
    let mut together: Vec<(Right, Vec<&str>)> = Vec::new();
    for right in missing {
        let is_same = |known: &&mut (Right, Vec<&str>)| {
            right.address.is_none()
                && known.0.address.is_none()
                && (&known.0.group, &known.0.resource, &known.0.name) == (&right.group, &right.resource, &right.name)
        };
        match together.iter_mut().find(is_same) {
            Some((_, verbs)) => verbs.push(&right.verb),
            None => together.push((right.clone(), vec![&right.verb])),
        }
    }
    let line = |(right, verbs): &(Right, Vec<&str>)| {
        let verbs: Vec<String> = verbs.iter().map(|verb| format!("{verb:?}")).collect();
        let what = match &right.address {
            Some(address) => format!("NonResourceURLs:[{address:?}]"),
            None => format!("APIGroups:[{:?}], Resources:[{:?}]", right.group, right.resource),
        };
        let name = right.name.as_ref().map(|name| format!(", ResourceNames:[{name:?}]")).unwrap_or_default();
        format!("{{{what}{name}, Verbs:[{}]}}", verbs.join(" "))
    };
    let mut lines: Vec<String> = together.iter().map(line).collect();
    lines.arrange();
    lines.dedup();
    lines
}
