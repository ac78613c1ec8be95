//! Roles and bindings. kubectl shows no events of them.
//!
//! Models: kubernetes v1.36 kubectl/pkg/util/rbac (one line per resource).

use ordered::Arrange;

use api::Value;

use super::cluster::Cluster;
use super::fields::{at, list, text};
use super::lines::Lines;

/// A rule for one resource (or one address), its verbs together.
#[derive(Clone, Debug, Default, PartialEq)]
struct Rule {
    group: Option<String>,
    resource: Option<String>,
    name: Option<String>,
    address: Option<String>,
    verbs: Vec<String>,
}

/// Writes a Role or a ClusterRole.
pub(super) fn role(lines: &mut Lines, role: &Value, _cluster: &Cluster<'_>) {
    head(lines, role);
    lines.line(0, "PolicyRule:");
    lines.line(1, "Resources\tNon-Resource URLs\tResource Names\tVerbs");
    lines.line(1, "---------\t-----------------\t--------------\t-----");
    for line in rule_lines(role.get("rules").as_list()) {
        lines.line(1, line);
    }
}

/// Rules, one line per resource and name, with tabs between the columns.
pub fn rule_lines(rules: &[Value]) -> Vec<String> {
    let line = |rule: Rule| {
        let [address, name] = [&rule.address, &rule.name].map(|part| part.as_deref().unwrap_or(""));
        format!("{}\t[{address}]\t[{name}]\t[{}]", rule.resource_and_group(), rule.verbs.join(" "))
    };
    broken_down(rules).into_iter().map(line).collect()
}

fn head(lines: &mut Lines, object: &Value) {
    lines.field(0, "Name", text(object, "metadata.name"));
    lines.labels("Labels", at(object, "metadata.labels"));
    lines.annotations("Annotations", at(object, "metadata.annotations"));
}

fn texts(value: &Value) -> impl Iterator<Item = String> {
    value.as_list().iter().map(|text| text.text().to_owned())
}

/// The rules, one per resource and name, in kubectl's order.
fn broken_down(given: &[Value]) -> Vec<Rule> {
    let mut rules: Vec<Rule> = Vec::new();
    for rule in given {
        let verbs: Vec<String> = texts(rule.get("verbs")).collect();
        let names: Vec<Option<String>> = texts(rule.get("resourceNames")).map(Some).collect();
        let names = if names.is_empty() { vec![None] } else { names };
        for group in texts(rule.get("apiGroups")) {
            for resource in texts(rule.get("resources")) {
                for name in &names {
                    let (group, resource) = (Some(group.clone()), Some(resource.clone()));
                    add(&mut rules, Rule { group, resource, name: name.clone(), ..Rule::default() }, &verbs);
                }
            }
        }
        for address in texts(rule.get("nonResourceURLs")) {
            // Addresses are not put together.
            for verb in &verbs {
                let (address, verbs) = (Some(address.clone()), vec![verb.clone()]);
                rules.push(Rule { address, verbs, ..Rule::default() });
            }
        }
    }
    rules.arrange_by_key(Rule::order);
    rules
}

fn add(rules: &mut Vec<Rule>, rule: Rule, verbs: &[String]) {
    let is_same = |known: &&mut Rule| {
        (&known.group, &known.resource, &known.name) == (&rule.group, &rule.resource, &rule.name)
            && known.address.is_none()
    };
    match rules.iter_mut().find(is_same) {
        Some(known) => {
            for verb in verbs {
                if !known.verbs.contains(verb) {
                    known.verbs.push(verb.clone());
                }
            }
        }
        None => rules.push(Rule { verbs: verbs.to_vec(), ..rule }),
    }
}

impl Rule {
    /// What kubectl sorts by: the rule in text, verbs first.
    fn order(&self) -> String {
        let list = |part: &Option<String>| format!("[{}]", part.as_deref().unwrap_or(""));
        let parts = [&self.group, &self.resource, &self.name, &self.address].map(list);
        format!("[{}],{}", self.verbs.join(" "), parts.join(","))
    }

    fn resource_and_group(&self) -> String {
        let Some(resource) = &self.resource else { return String::new() };
        let (name, part) = resource.split_once('/').map_or((resource.as_str(), ""), |(name, part)| (name, part));
        let group = self.group.as_deref().filter(|group| !group.is_empty()).map(|group| format!(".{group}"));
        let part = if part.is_empty() { String::new() } else { format!("/{part}") };
        format!("{name}{}{part}", group.unwrap_or_default())
    }
}

/// Writes a RoleBinding or a ClusterRoleBinding.
pub(super) fn binding(lines: &mut Lines, binding: &Value, _cluster: &Cluster<'_>) {
    head(lines, binding);
    lines.line(0, "Role:");
    lines.field(1, "Kind", text(binding, "roleRef.kind"));
    lines.field(1, "Name", text(binding, "roleRef.name"));
    lines.line(0, "Subjects:");
    lines.heading(1, &["Kind", "Name", "Namespace"]);
    for subject in list(binding, "subjects") {
        let [kind, name, namespace] = ["kind", "name", "namespace"].map(|field| text(subject, field));
        lines.line(1, format_args!("{kind}\t{name}\t{namespace}"));
    }
}
