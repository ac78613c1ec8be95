//! Applying and comparing by the server: who owns what afterwards.

use crate::world::World;

fn config_map(data: &str) -> String {
    format!("apiVersion: v1\nkind: ConfigMap\nmetadata: {{name: test}}\ndata: {{{data}}}\n")
}

fn data(world: &mut World) -> String {
    world.run("kubectl get cm test -o jsonpath={.data}").stdout
}

#[test]
fn what_was_applied_by_the_client_can_go_when_the_server_applies() {
    let mut world = World::new();
    let (first, second) = (config_map("key: value, old: value"), config_map("key: value, new: value"));
    let applied = "configmap/test serverside-applied\n";
    world.check("kubectl apply -f -", &first, "configmap/test created\n", "", 0);
    world.check("kubectl apply --server-side -f -", &first, applied, "", 0);
    let managers = "kubectl get cm test --show-managed-fields -o jsonpath='{range \
                    .metadata.managedFields[*]}{.manager}={.operation} {end}'";
    world.check(managers, "", "kubectl=Apply kubectl-last-applied=Apply ", "", 0);
    world.check("kubectl apply --server-side -f -", &second, applied, "", 0);
    assert_eq!(data(&mut world), r#"{"key":"value","new":"value"}"#);
    // Back and forth: each takes away what the other no longer has.
    world.check("kubectl apply -f -", &config_map("key: value, third: value"), "configmap/test configured\n", "", 0);
    assert_eq!(data(&mut world), r#"{"key":"value","third":"value"}"#);
    world.check("kubectl apply --server-side -f -", &second, applied, "", 0);
    assert_eq!(data(&mut world), r#"{"key":"value","new":"value"}"#);
}

#[test]
fn an_applier_of_another_name_drops_the_annotation() {
    let mut world = World::new();
    let first = config_map("key: a, old: b");
    world.check("kubectl apply --field-manager=me -f -", &first, "configmap/test created\n", "", 0);
    let applied = "configmap/test serverside-applied\n";
    world.check("kubectl apply --server-side --field-manager=me -f -", &first, applied, "", 0);
    world.check("kubectl get cm test -o jsonpath={.metadata.annotations}", "", "", "", 0);
    world.check("kubectl apply --server-side --field-manager=me -f -", &config_map("key: c"), applied, "", 0);
    assert_eq!(data(&mut world), r#"{"key":"c"}"#);
}

#[test]
fn a_dry_run_moves_nothing() {
    let mut world = World::new();
    let first = config_map("key: a");
    world.check("kubectl apply -f -", &first, "configmap/test created\n", "", 0);
    let dry = "configmap/test serverside-applied (server dry run)\n";
    let still_owned = "Warning: failed to migrate kubectl.kubernetes.io/last-applied-configuration for Server-Side \
        Apply. This is non-fatal and will be retried next time you apply. Error: Apply failed with 1 conflict: \
        conflict with \"kubectl-client-side-apply\" using v1: \
        .metadata.annotations.kubectl.kubernetes.io/last-applied-configuration\n";
    world.check("kubectl apply --server-side --dry-run=server -f -", &first, dry, still_owned, 0);
    let managers = "kubectl get cm test --show-managed-fields -o jsonpath='{.metadata.managedFields[*].manager}'";
    world.check(managers, "", "kubectl-client-side-apply", "", 0);
}

#[test]
fn the_server_can_be_asked_for_the_difference() {
    let mut world = World::new();
    let first = config_map("key: value");
    let new = world.run_with("kubectl diff --server-side -f -", &first);
    assert!(new.code == Some(1) && new.stdout.contains("\n+  key: value\n"), "{new:?}");
    world.check("kubectl apply --server-side -f -", &first, "configmap/test serverside-applied\n", "", 0);
    world.check("kubectl diff --server-side -f -", &first, "", "", 0);
    let changed = world.run_with("kubectl diff --server-side -f -", &config_map("key: other"));
    assert!(changed.code == Some(1) && changed.stdout.contains("\n-  key: value\n+  key: other\n"), "{changed:?}");
    assert_eq!(data(&mut world), r#"{"key":"value"}"#);
    let taken = world.run_with("kubectl diff --server-side --field-manager=else -f -", &config_map("key: other"));
    let refusal = "Error from server (Conflict): Apply failed with 1 conflict: conflict with \"kubectl\": .data.key\n";
    assert!(taken.code == Some(2) && taken.stderr.ends_with(refusal), "{taken:?}");
    let forced = "kubectl diff --server-side --field-manager=else --force-conflicts -f -";
    assert_eq!(world.run_with(forced, &config_map("key: other")).code, Some(1));
}

#[test]
fn a_difference_shows_what_would_be_pruned() {
    let mut world = World::new();
    let labelled = |name: &str| {
        format!(
            "apiVersion: v1\nkind: ConfigMap\nmetadata: {{name: {name}, labels: {{group: g}}}}\ndata: {{in: {name}}}\n"
        )
    };
    let both = labelled("a") + "---\n" + &labelled("b");
    world.check("kubectl apply -f -", &both, "configmap/a created\nconfigmap/b created\n", "", 0);
    world.check("kubectl diff -l group=g -f -", &labelled("a"), "", "", 0);
    let diff = "kubectl diff --prune -l group=g --prune-allowlist=core/v1/ConfigMap -f -";
    let pruned = world.run_with(diff, &labelled("a"));
    assert!(pruned.code == Some(1) && pruned.stdout.contains("\n-  name: b\n"), "{pruned:?}");
    assert!(!pruned.stdout.contains("name: a\n"), "{pruned:?}");
    world.check(diff, &both, "", "", 0);
}
