//! The roles and bindings that every cluster has, from a table; read when somebody first looks at one.
//!
//! The table's lines:
//! ```text
//! view >edit <view           a ClusterRole that counts to `edit` (>) and is made of those that count to `view` (<)
//!  glw apps deployments      a rule: verbs, groups, resources, names; or verbs and addresses
//! = cluster-admin g:system:masters      a ClusterRoleBinding to the role of its name
//! @ kube-system some-role               a Role, with rules below it
//! & kube-system some-binding some-role s:kube-system/account   a RoleBinding
//! ```
//! A controller's role is bound to the service account of its name, which no line says. Verbs are the letters of [`VERBS`], or
//! stand after `=` in full; `-` is the core group.
//!
//! Models: kubernetes v1.36 plugin/pkg/auth/authorizer/rbac/bootstrappolicy; the rules of `admin`, `edit` and `view` as the
//! controller for aggregated roles leaves them.

use ordered::OrderedMap;

use api::{Kind, Object, Str, Value};

static TABLE: &str = include_str!("defaults.txt");

const GROUP: &str = "rbac.authorization.k8s.io";
const CONTROLLER: &str = "system:controller:";
const VERBS: [(char, &str); 8] = [
    ('g', "get"),
    ('l', "list"),
    ('w', "watch"),
    ('c', "create"),
    ('u', "update"),
    ('p', "patch"),
    ('d', "delete"),
    ('D', "deletecollection"),
];

/// All of them, without what makes each object one of its own (UID, revision, time).
pub(crate) fn objects() -> Vec<Object> {
    let mut objects: Vec<(Kind, Value)> = Vec::new();
    for line in TABLE.lines() {
        match line.strip_prefix(' ') {
            Some(rule) => {
                if let Some((_, role)) = objects.last_mut() {
                    add_rule(role, rule_of(rule));
                }
            }
            None => objects.extend(objects_of(line)),
        }
    }
    aggregate(&mut objects);
    objects.into_iter().map(|(kind, value)| Object::decode(kind, value)).collect()
}

fn objects_of(line: &str) -> Vec<(Kind, Value)> {
    let words: Vec<&str> = line.split(' ').collect();
    match words.as_slice() {
        ["=", name, subjects @ ..] => {
            vec![(Kind::ClusterRoleBinding, binding("", name, ("ClusterRole", name), subjects))]
        }
        ["@", namespace, name] => vec![(Kind::Role, named(namespace, name))],
        ["&", namespace, name, role, subjects @ ..] => {
            vec![(Kind::RoleBinding, binding(namespace, name, ("Role", role), subjects))]
        }
        [name, marks @ ..] => {
            let role = (Kind::ClusterRole, cluster_role(name, marks));
            match name.strip_prefix(CONTROLLER) {
                None => vec![role],
                // The role comes last: its rules follow.
                Some(controller) => {
                    let account = format!("s:kube-system/{controller}");
                    let binding = binding("", name, ("ClusterRole", name), &[&account]);
                    vec![(Kind::ClusterRoleBinding, binding), role]
                }
            }
        }
        [] => Vec::new(),
    }
}

fn named(namespace: &str, name: &str) -> Value {
    let mut object = Value::map();
    object.set(&["metadata", "name"], name);
    if !namespace.is_empty() {
        object.set(&["metadata", "namespace"], namespace);
    }
    object.set(&["metadata", "labels", "kubernetes.io/bootstrapping"], "rbac-defaults");
    object.set(&["metadata", "annotations", "rbac.authorization.kubernetes.io/autoupdate"], "true");
    object
}

fn aggregation_label(what: &str) -> String {
    format!("{GROUP}/aggregate-to-{what}")
}

fn cluster_role(name: &str, marks: &[&str]) -> Value {
    let mut role = named("", name);
    let mut selectors = Vec::new();
    for mark in marks {
        if let Some(of) = mark.strip_prefix('>') {
            role.set(&["metadata", "labels", &aggregation_label(of)], "true");
        } else if let Some(from) = mark.strip_prefix('<') {
            let mut selector = Value::map();
            selector.set(&["matchLabels", &aggregation_label(from)], "true");
            selectors.push(selector);
        }
    }
    if !selectors.is_empty() {
        role.set(&["aggregationRule", "clusterRoleSelectors"], selectors);
    }
    role
}

fn binding(namespace: &str, name: &str, role: (&str, &str), subjects: &[&str]) -> Value {
    let mut binding = named(namespace, name);
    binding.set(&["roleRef", "apiGroup"], GROUP);
    binding.set(&["roleRef", "kind"], role.0);
    binding.set(&["roleRef", "name"], role.1);
    let subjects: Vec<Value> = subjects.iter().map(|subject| subject_of(subject)).collect();
    if !subjects.is_empty() {
        binding.set(&["subjects"], subjects);
    }
    binding
}

/// `g:system:masters`, `u:jane`, `s:namespace/name`
fn subject_of(word: &str) -> Value {
    let (kind, name) = word.split_once(':').unwrap_or(("u", word));
    let mut subject = Value::map();
    match (kind, name.split_once('/')) {
        ("s", Some((namespace, name))) => {
            subject.set(&["kind"], "ServiceAccount");
            subject.set(&["name"], name);
            subject.set(&["namespace"], namespace);
        }
        (kind, _) => {
            subject.set(&["apiGroup"], GROUP);
            subject.set(&["kind"], if kind == "g" { "Group" } else { "User" });
            subject.set(&["name"], name);
        }
    }
    subject
}

fn texts<'t>(words: impl IntoIterator<Item = &'t str>) -> Value {
    Value::List(words.into_iter().map(Value::from).collect())
}

fn rule_of(line: &str) -> Value {
    let words: Vec<&str> = line.split(' ').collect();
    let (mut rule, mut words) = (Value::map(), words.into_iter());
    let verbs = words.next().unwrap_or_default();
    let verbs = match verbs.strip_prefix('=') {
        Some(verbs) => texts(verbs.split(',')),
        None => texts(verbs.chars().filter_map(|letter| VERBS.iter().find(|(own, _)| *own == letter)).map(|(_, v)| *v)),
    };
    rule.set(&["verbs"], verbs);
    match words.as_slice() {
        [addresses] => rule.set(&["nonResourceURLs"], texts(addresses.split(','))),
        [groups, resources, names @ ..] => {
            rule.set(&["apiGroups"], texts(groups.split(',').map(|group| if group == "-" { "" } else { group })));
            rule.set(&["resources"], texts(resources.split(',')));
            if let [names] = names {
                rule.set(&["resourceNames"], texts(names.split(',')));
            }
        }
        [] => {}
    }
    rule
}

fn add_rule(role: &mut Value, rule: Value) {
    let mut rules = role.get("rules").as_list().to_vec();
    if !rules.contains(&rule) {
        rules.push(rule);
    }
    role.set(&["rules"], rules);
}

/// Gives the roles that are made of others the rules of these: `view`, then `edit`, then `admin`.
fn aggregate(objects: &mut [(Kind, Value)]) {
    for name in ["view", "edit", "admin"] {
        let label = aggregation_label(name);
        let parts = objects.iter().filter(|(_, part)| part.get("metadata").get("labels").get(&label).text() == "true");
        let parts: OrderedMap<Str, Value> =
            parts.map(|(_, part)| (part.at(&["metadata", "name"]).text().into(), part.get("rules").clone())).collect();
        let is_it = |object: &&mut (Kind, Value)| {
            object.0 == Kind::ClusterRole && object.1.at(&["metadata", "name"]).text() == name
        };
        if let Some((_, role)) = objects.iter_mut().find(is_it) {
            for rules in parts.values() {
                rules.as_list().iter().for_each(|rule| add_rule(role, rule.clone()));
            }
        }
    }
}
