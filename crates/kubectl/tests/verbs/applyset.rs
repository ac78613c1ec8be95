//! `kubectl apply --applyset`: what the parent remembers, and what goes.

use crate::world::World;

const ID: &str = "applyset-0eFHV8ySqp7XoShsGvyWFQD3s96yqwHmzc4e0HR1dsY-v1";
const APPLY: &str = "kubectl apply --prune --applyset=my-set -n test -f -";

fn map(name: &str) -> String {
    format!("apiVersion: v1\nkind: ConfigMap\nmetadata: {{name: {name}}}\ndata: {{k: v}}\n---\n")
}

fn world() -> World {
    let mut world = World::new();
    world.gates.push(("KUBECTL_APPLYSET".into(), "true".into()));
    world.run("kubectl create ns test");
    world
}

#[test]
fn there_is_no_such_flag_without_the_gate() {
    let mut world = World::new();
    let unknown = "error: unknown flag: --applyset\nSee 'kubectl apply --help' for usage.\n";
    world.check(APPLY, &map("a"), "", unknown, 1);
    assert!(!world.run("kubectl apply --help").stdout.contains("applyset"));
    assert!(self::world().run("kubectl apply --help").stdout.contains("--applyset=''"));
}

#[test]
fn the_parent_remembers_and_what_is_applied_no_longer_goes() {
    let mut world = world();
    let role = "apiVersion: rbac.authorization.k8s.io/v1\nkind: Role\nmetadata: {name: r, namespace: other}\n---\n";
    world.run("kubectl create ns other");
    let all = map("a") + &map("b") + role;
    // A manifest of another namespace than the one named is refused, as without a set.
    let outcome = world.run_with(APPLY, &all);
    assert!(outcome.stderr.contains("does not match the namespace \"test\""), "{outcome:?}");
    let both = map("a") + &map("b");
    world.check(APPLY, &both, "configmap/a unchanged\nconfigmap/b unchanged\n", "", 0);
    let noted = "kubectl get secret my-set -n test -o jsonpath={.metadata.labels}{.metadata.annotations}{.type}";
    let expect = |kinds: &str| {
        format!(
            "{{\"applyset.kubernetes.io/id\":\"{ID}\"}}{{\"applyset.kubernetes.io/additional-namespaces\":\"\",\
             \"applyset.kubernetes.io/contains-group-kinds\":\"{kinds}\",\"applyset.kubernetes.io/tooling\":\"kubectl/v1.36.2\"}}\
             Opaque"
        )
    };
    world.check(noted, "", &expect("ConfigMap"), "", 0);
    let member = format!("kubectl get cm -n test -l applyset.kubernetes.io/part-of={ID} -o name");
    world.check(&member, "", "configmap/a\nconfigmap/b\n", "", 0);
    let one = map("a");
    let pruned = "configmap/a unchanged\nconfigmap/b pruned\n";
    let dry = "configmap/a unchanged (dry run)\nconfigmap/b pruned (dry run)\n";
    world.check(&format!("{APPLY} --dry-run=client"), &one, dry, "", 0);
    world.check(&format!("{APPLY} --dry-run=server"), &one, &dry.replace("(dry", "(server dry"), "", 0);
    world.check(APPLY, &one, pruned, "", 0);
    world.check(&member, "", "configmap/a\n", "", 0);
    let account = "apiVersion: v1\nkind: ServiceAccount\nmetadata: {name: s}\n";
    world.check(
        &format!("{APPLY} --server-side"),
        account,
        "serviceaccount/s serverside-applied\nconfigmap/a pruned\n",
        "",
        0,
    );
    world.check(noted, "", &expect("ServiceAccount"), "", 0);
}

#[test]
fn objects_elsewhere_are_remembered_with_their_namespaces() {
    let mut world = world();
    world.run("kubectl create ns two");
    let cluster = "apiVersion: v1\nkind: Namespace\nmetadata: {name: made}\n---\n";
    world.check(APPLY, &(cluster.to_string() + &map("a")), "namespace/made created\nconfigmap/a created\n", "", 0);
    let namespaces = "kubectl get secret my-set -n test -o jsonpath={.metadata.annotations}";
    assert!(world.run(namespaces).stdout.contains("contains-group-kinds\":\"ConfigMap,Namespace\""));
    world.check(APPLY, &map("a"), "configmap/a unchanged\nnamespace/made pruned\n", "", 0);
}

#[test]
fn the_parent_has_to_be_one_of_kubectls() {
    let mut world = world();
    let title = "error: ApplySet parent object \"secrets./my-set\"";
    world.run("kubectl create secret generic my-set -n test");
    let missing = "already exists and is missing required annotation \"applyset.kubernetes.io/tooling\"\n";
    world.check(APPLY, &map("a"), "", &format!("{title} {missing}"), 1);
    let annotate = |world: &mut World, pair: &str| {
        world.run(&format!("kubectl annotate --overwrite secret my-set -n test {pair}"))
    };
    annotate(&mut world, "applyset.kubernetes.io/tooling=helm/v3");
    let managed = "already exists and is managed by tooling \"helm\" instead of \"kubectl\"\n";
    world.check(APPLY, &map("a"), "", &format!("{title} {managed}"), 1);
    annotate(&mut world, "applyset.kubernetes.io/tooling=kubectl/v1.27.0");
    let label = "exists and does not have required label applyset.kubernetes.io/id\n";
    world.check(APPLY, &map("a"), "", &format!("{title} {label}"), 1);
    world.run("kubectl label secret my-set -n test applyset.kubernetes.io/id=x");
    let wrong =
        format!("exists and has incorrect value for label \"applyset.kubernetes.io/id\" (got: x, want: {ID})\n");
    world.check(APPLY, &map("a"), "", &format!("{title} {wrong}"), 1);
    world.run(&format!("kubectl label --overwrite secret my-set -n test applyset.kubernetes.io/id={ID}"));
    let parsing = "error: parsing ApplySet annotation on \"secrets./my-set\":";
    let kinds = "applyset.kubernetes.io/contains-group-kinds";
    let required =
        format!("{parsing} kubectl requires the \"{kinds}\" annotation to be set on all ApplySet parent objects\n");
    world.check(APPLY, &map("a"), "", &required, 1);
    annotate(&mut world, &format!("{kinds}=Foo.bar"));
    let unknown = format!(
        "{parsing} could not find mapping for kind in \"{kinds}\" annotation: no matches for kind \"Foo\" in group \"bar\"\n"
    );
    world.check(APPLY, &map("a"), "", &unknown, 1);
    // What another manager wrote is taken from it, and that is said.
    annotate(&mut world, &format!("{kinds}="));
    let outcome = world.run_with(APPLY, &map("a"));
    assert_eq!((outcome.stdout.as_str(), outcome.code), ("configmap/a created\n", Some(0)));
    let conflict = "applyset.go:447] WARNING: failed to update ApplySet: Apply failed with 2 conflicts: conflicts with \
                    \"kubectl-annotate\" using v1:\n";
    let retrying =
        "\nApplySet field manager kubectl-applyset should own these fields. Retrying with conflicts forced.\n";
    assert!(outcome.stderr.contains(conflict) && outcome.stderr.ends_with(retrying), "{outcome:?}");
    world.check(APPLY, &map("a"), "configmap/a unchanged\n", "", 0);
}

#[test]
fn its_use_is_checked() {
    let mut world = world();
    let apply = "kubectl apply -f -";
    for (flags, error) in [
        ("--applyset=x -n test", "--applyset requires --prune"),
        ("--applyset=x --prune", "namespace is required to use namespace-scoped ApplySet"),
        ("--applyset=ns/x --prune", "resource \"/v1, Resource=namespaces\" is not permitted as an ApplySet parent"),
        (
            "--applyset=deploy/x --prune",
            "[namespace is required to use namespace-scoped ApplySet, resource \"apps/v1, Resource=deployments\" is not \
             permitted as an ApplySet parent]",
        ),
        ("--applyset=cm/ --prune", "invalid parent reference \"cm/\": name cannot be blank"),
        ("--applyset=foo.bar/x --prune", "invalid parent reference \"foo.bar/x\": no matches for bar/, Resource=foo"),
        ("--applyset=x --prune -n test --all", "--all is incompatible with --applyset"),
        ("--applyset=x --prune -n test -l a=b", "--selector is incompatible with --applyset"),
        (
            "--applyset=x --prune -n test --prune-allowlist=core/v1/ConfigMap",
            "--prune-allowlist is incompatible with --applyset",
        ),
        ("--applyset=x --prune -n test --force", "--force cannot be used with --prune"),
    ] {
        world.check(&format!("{apply} {flags}"), &map("a"), "", &format!("error: {error}\n"), 1);
    }
    let labelled = map("a").replace("name: a", "name: a, labels: {applyset.kubernetes.io/part-of: x}");
    let already = "error: ApplySet label \"applyset.kubernetes.io/part-of\" already set in input data\n";
    world.check(APPLY, &labelled, "", already, 1);
}
