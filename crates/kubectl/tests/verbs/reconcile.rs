//! `kubectl auth reconcile`.

use crate::world::World;

const ROLE: &str = "apiVersion: rbac.authorization.k8s.io/v1\nkind: Role\nmetadata: {name: r, namespace: shop, labels: {a: b}}\n\
rules:\n- {apiGroups: [''], resources: [pods, services], verbs: [get, list]}\n";
const BINDING: &str = "apiVersion: rbac.authorization.k8s.io/v1\nkind: ClusterRoleBinding\nmetadata: {name: b}\nroleRef: {apiGroup: \
rbac.authorization.k8s.io, kind: ClusterRole, name: view}\nsubjects:\n- {apiGroup: rbac.authorization.k8s.io, kind: User, \
name: jane}\n";
const MAP: &str = "---\napiVersion: v1\nkind: ConfigMap\nmetadata: {name: skipped}\n";

#[test]
fn what_is_missing_is_created_with_its_namespace() {
    let mut world = World::new();
    let created = "\treconciliation required create\n\tmissing rules added:\n\t\t{Verbs:[get list] APIGroups:[] Resources:[pods \
                   services] ResourceNames:[] NonResourceURLs:[]}\n";
    let reconcile = "kubectl auth reconcile -f -";
    let done = "role.rbac.authorization.k8s.io/r reconciled";
    world.check(&format!("{reconcile} --dry-run=client"), ROLE, &format!("{done} (dry run)\n"), created, 0);
    world.check("kubectl get ns shop -o name --ignore-not-found", "", "", "", 0);
    world.check(reconcile, &format!("{ROLE}{MAP}"), &format!("{done}\n"), created, 0);
    world.check("kubectl get role r -n shop -o name", "", "role.rbac.authorization.k8s.io/r\n", "", 0);
    world.check("kubectl get cm -o name", "", "", "", 0);
    world.check(reconcile, ROLE, &format!("{done}\n"), "", 0);
}

#[test]
fn a_role_keeps_what_it_permits_unless_told_otherwise() {
    let mut world = World::new();
    let (reconcile, done) = ("kubectl auth reconcile -f -", "role.rbac.authorization.k8s.io/r reconciled\n");
    world.run_with(reconcile, ROLE);
    let other = ROLE.replace("pods, services", "pods").replace("get, list", "get, watch").replace("a: b", "c: d");
    let added = "\treconciliation required update\n\tmissing rules added:\n\t\t{Verbs:[watch] APIGroups:[] Resources:[pods] \
                 ResourceNames:[] NonResourceURLs:[]}\n";
    world.check(reconcile, &other, done, added, 0);
    let verbs = "kubectl get role r -n shop -o jsonpath={.rules[*].verbs}{.metadata.labels}";
    world.check(verbs, "", "[\"get\",\"list\"] [\"watch\"]{\"a\":\"b\",\"c\":\"d\"}", "", 0);
    let line = |verb: &str, resource: &str| {
        format!("\t\t{{Verbs:[{verb}] APIGroups:[] Resources:[{resource}] ResourceNames:[] NonResourceURLs:[]}}\n")
    };
    let removed = format!(
        "\treconciliation required update\n\textra rules removed:\n{}{}{}",
        line("list", "pods"),
        line("get", "services"),
        line("list", "services")
    );
    world.check(&format!("{reconcile} --remove-extra-permissions"), &other, done, &removed, 0);
    world.check(verbs, "", "[\"get\",\"watch\"]{\"a\":\"b\",\"c\":\"d\"}", "", 0);
    world.run("kubectl annotate role r -n shop rbac.authorization.kubernetes.io/autoupdate=false");
    let opted = "\treconciliation required update, but object opted out (rbac.authorization.kubernetes.io/autoupdate: false)\n\
                 \tmissing rules added:\n";
    let outcome = world.run_with(reconcile, ROLE);
    assert_eq!(
        outcome.stderr,
        format!("{opted}{}{}{}", line("list", "pods"), line("get", "services"), line("list", "services"))
    );
    world.check(verbs, "", "[\"get\",\"watch\"]{\"a\":\"b\",\"c\":\"d\"}", "", 0);
}

#[test]
fn a_binding_of_another_role_is_made_anew() {
    let mut world = World::new();
    let (reconcile, done) =
        ("kubectl auth reconcile -f -", "clusterrolebinding.rbac.authorization.k8s.io/b reconciled\n");
    let subject = |name: &str| format!("\t\t{{Kind:User APIGroup:rbac.authorization.k8s.io Name:{name} Namespace:}}\n");
    let created = format!("\treconciliation required create\n\tmissing subjects added:\n{}", subject("jane"));
    world.check(reconcile, BINDING, done, &created, 0);
    let other = BINDING.replace("jane", "joe");
    let both = "kubectl get clusterrolebinding b -o jsonpath={.roleRef.name}:{.subjects[*].name}";
    let added = format!("\treconciliation required update\n\tmissing subjects added:\n{}", subject("joe"));
    world.check(reconcile, &other, done, &added, 0);
    world.check(both, "", "view:jane joe", "", 0);
    let removed = format!("\treconciliation required update\n\textra subjects removed:\n{}", subject("jane"));
    world.check(&format!("{reconcile} --remove-extra-subjects"), &other, done, &removed, 0);
    world.check(both, "", "view:joe", "", 0);
    let edit = other.replace("name: view", "name: edit");
    world.check(reconcile, &edit, done, "\treconciliation required recreate\n", 0);
    world.check(both, "", "edit:joe", "", 0);
}

#[test]
fn its_use_is_checked() {
    let mut world = World::new();
    world.check("kubectl auth reconcile", "", "", "error: must specify one of -f and -k\n", 1);
    world.check("kubectl auth reconcile -f - x", ROLE, "", "error: no arguments are allowed\n", 1);
    let server = "error: --dry-run=server for command reconcile is not supported yet\n";
    world.check("kubectl auth reconcile -f - --dry-run=server", ROLE, "", server, 1);
}
