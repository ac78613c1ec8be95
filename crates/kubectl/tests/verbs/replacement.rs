//! What deletes and creates anew, and what deletes beside applying: `replace --force`, `apply --force`, `apply --prune`.

use crate::world::World;
use sim::Span;

const SET: &str = "apiVersion: apps/v1\nkind: StatefulSet\nmetadata: {name: db}\nspec:\n  serviceName: db\n  selector: \
{matchLabels: {app: db}}\n  template:\n    metadata: {labels: {app: db}}\n    spec: {containers: [{name: db, image: nginx}]}\n";

fn config_map(name: &str, labels: &str) -> String {
    format!("---\napiVersion: v1\nkind: ConfigMap\nmetadata: {{name: {name}, labels: {{{labels}}}}}\n")
}

#[test]
fn a_forced_replacement_deletes_first() {
    let mut world = World::new();
    world.check("kubectl apply -f -", SET, "statefulset.apps/db created\n", "", 0);
    let uid = world.run("kubectl get sts db -o jsonpath={.metadata.uid}").stdout;
    let said = "statefulset.apps \"db\" deleted from default namespace\nstatefulset.apps/db replaced\n";
    world.check("kubectl replace --force -f -", SET, said, "", 0);
    assert_ne!(world.run("kubectl get sts db -o jsonpath={.metadata.uid}").stdout, uid);
    // What is not there is created all the same.
    let missing = "statefulset.apps/other replaced\n";
    world.check("kubectl replace --force -f -", &SET.replace("name: db}", "name: other}"), missing, "", 0);
    let dry = "error: --dry-run can not be used when --force is set\n";
    world.check("kubectl replace --force --dry-run=client -f -", SET, "", dry, 1);
}

#[test]
fn a_forced_replacement_waits_until_the_object_is_gone() {
    let mut world = World::new();
    let held = "apiVersion: v1\nkind: ConfigMap\nmetadata: {name: a, finalizers: [example.com/hold]}\n";
    world.check("kubectl apply -f -", held, "configmap/a created\n", "", 0);
    let mut replace = world.start("kubectl replace --force -f -");
    world.advance(&mut replace, &config_map("a", "app: x"), Span::from_seconds(30));
    assert_eq!(
        (replace.outcome.stdout.as_str(), replace.outcome.code),
        ("configmap \"a\" deleted from default namespace\n", None)
    );
    let free = "kubectl patch cm a --type=merge -p '{\"metadata\":{\"finalizers\":null}}'";
    world.check(free, "", "configmap/a patched\n", "", 0);
    world.advance(&mut replace, "", Span::ZERO);
    assert!(replace.outcome.stdout.ends_with("configmap/a replaced\n"), "{:?}", replace.outcome);
    assert_eq!(replace.outcome.code, Some(0));
}

#[test]
fn a_forced_apply_replaces_what_cannot_be_patched() {
    let mut world = World::new();
    world.check("kubectl apply -f -", SET, "statefulset.apps/db created\n", "", 0);
    let uid = world.run("kubectl get sts db -o jsonpath={.metadata.uid}").stdout;
    let other = SET.replace("serviceName: db", "serviceName: other");
    assert_eq!(world.run_with("kubectl apply -f -", &other).code, Some(1));
    world.check("kubectl apply --force -f -", &other, "statefulset.apps/db configured\n", "", 0);
    assert_ne!(world.run("kubectl get sts db -o jsonpath={.metadata.uid}").stdout, uid);
    world.check("kubectl get sts db -o jsonpath={.spec.serviceName}", "", "other", "", 0);
    // What the server would not create is refused, and the old object is there again.
    let broken = SET.replace("serviceName: db", "serviceName: other").replace("name: db, image: nginx", "name: db");
    let outcome = world.run_with("kubectl apply --force -f -", &broken);
    assert_eq!(outcome.code, Some(1));
    world.check("kubectl get sts db -o jsonpath={.spec.template.spec.containers[0].image}", "", "nginx", "", 0);
}

#[test]
fn pruning_deletes_what_was_applied_once() {
    let mut world = World::new();
    let both = config_map("a", "app: x") + &config_map("b", "app: x");
    world.check("kubectl apply -f -", &both, "configmap/a created\nconfigmap/b created\n", "", 0);
    world.check("kubectl create cm c --from-literal=k=v", "", "configmap/c created\n", "", 0);
    let one = config_map("a", "app: x");
    let all = "error: all resources selected for prune without explicitly passing --all. To prune all resources, pass the --all \
               flag. If you did not mean to prune all resources, specify a label selector\n";
    world.check("kubectl apply --prune -f -", &one, "", all, 1);
    let list = "--prune-allowlist=core/v1/ConfigMap";
    let said = "configmap/a unchanged (dry run)\nconfigmap/b pruned (dry run)\n";
    world.check(&format!("kubectl apply --prune --all {list} --dry-run=client -f -"), &one, said, "", 0);
    let said = "configmap/a unchanged\nconfigmap/b pruned\n";
    world.check(&format!("kubectl apply --prune -l app=x {list} -f -"), &one, said, "", 0);
    let rest = "configmap/a\nconfigmap/c\nconfigmap/kube-root-ca.crt\n";
    world.check("kubectl get cm -o name", "", &rest.replace("configmap/kube-root-ca.crt\n", ""), "", 0);
    let format = "error: invalid GroupVersionKind format: ConfigMap, please follow <group/version/kind>\n";
    world.check("kubectl apply --prune --all --prune-allowlist=ConfigMap -f -", &one, "", format, 1);
    let unknown = "error: no matches for kind \"Foo\" in version \"v1\"\n";
    world.check("kubectl apply --prune --all --prune-allowlist=core/v1/Foo -f -", &one, "", unknown, 1);
}
