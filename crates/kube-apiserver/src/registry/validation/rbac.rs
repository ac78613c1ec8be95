//! Roles and their bindings.
//!
//! Models: kubernetes v1.36 pkg/apis/rbac/validation.

use api::{Kind, Value};

use super::field::{Errors, Field};
use super::{checks, names};

const GROUP: &str = "rbac.authorization.k8s.io";

pub(super) fn role(kind: Kind, root: &Field<'_>, errors: &mut Errors) {
    for rule in root.child("rules").items() {
        policy_rule(kind, &rule, errors);
    }
    let aggregation = root.child("aggregationRule");
    let selectors = aggregation.child("clusterRoleSelectors");
    if aggregation.is_set() && selectors.len() == 0 {
        errors.push(selectors.required("at least one clusterRoleSelector required if aggregationRule is non-nil"));
    }
    for selector in selectors.items() {
        checks::label_selector(&selector, errors);
    }
}

fn policy_rule(kind: Kind, rule: &Field<'_>, errors: &mut Errors) {
    if rule.child("verbs").len() == 0 {
        errors.push(rule.child("verbs").required("verbs must contain at least one value"));
    }
    let (addresses, groups, resources) =
        (rule.child("nonResourceURLs"), rule.child("apiGroups"), rule.child("resources"));
    if addresses.len() > 0 {
        if kind.is_namespaced() {
            errors.push(addresses.invalid("namespaced rules cannot apply to non-resource URLs"));
        }
        if groups.len() + resources.len() + rule.child("resourceNames").len() > 0 {
            errors.push(addresses.invalid("rules cannot apply to both regular resources and non-resource URLs"));
        }
        return;
    }
    if groups.len() == 0 {
        errors.push(groups.required("resource rules must supply at least one api group"));
    }
    if resources.len() == 0 {
        errors.push(resources.required("resource rules must supply at least one resource"));
    }
}

pub(super) fn binding(kind: Kind, root: &Field<'_>, errors: &mut Errors) {
    let role = root.child("roleRef");
    supported(&role.child("apiGroup"), &[GROUP], errors);
    let roles = if kind == Kind::RoleBinding { &["Role", "ClusterRole"][..] } else { &["ClusterRole"] };
    supported(&role.child("kind"), roles, errors);
    checks::name_required(&role.child("name"), names::path_segment, errors);
    for subject in root.child("subjects").items() {
        self::subject(kind, &subject, errors);
    }
}

/// One of some words; the empty one is a word too.
fn supported(field: &Field<'_>, words: &[&str], errors: &mut Errors) {
    if !words.contains(&field.text()) {
        errors.push(field.not_supported(words));
    }
}

fn subject(kind: Kind, subject: &Field<'_>, errors: &mut Errors) {
    let (name, group, namespace) = (subject.child("name"), subject.child("apiGroup"), subject.child("namespace"));
    checks::text_required(&name, errors);
    match subject.child("kind").text() {
        "ServiceAccount" => {
            checks::name_if_set(&name, names::dns_subdomain, errors);
            supported(&group, &[""], errors);
            if !kind.is_namespaced() {
                checks::text_required(&namespace, errors);
            }
        }
        "User" | "Group" => supported(&group, &[GROUP], errors),
        _ => errors.push(subject.child("kind").not_supported(&["ServiceAccount", "User", "Group"])),
    }
}

pub(super) fn update_binding(kind: Kind, root: &Field<'_>, old: &Value, errors: &mut Errors) {
    binding(kind, root, errors);
    let role = root.child("roleRef");
    if role.value != old.get("roleRef") {
        let shown = super::internal::compact("RoleRef", role.value);
        errors.push(role.invalid_struct(shown, "cannot change roleRef"));
    }
}
