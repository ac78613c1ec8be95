//! Preferences: what `kubectl kuberc` writes and shows, and what they do to other commands.

use crate::world::World;

const FILE: &str = "/home/user/.kube/kuberc";

fn with(preferences: &str) -> World {
    let mut world = World::new();
    world.check("kubectl create cm a --from-literal=k=v", "", "configmap/a created\n", "", 0);
    let head = "apiVersion: kubectl.config.k8s.io/v1beta1\nkind: Preference\n";
    world.files.0.insert(FILE.into(), format!("{head}{preferences}").into_bytes());
    world
}

fn text(world: &World) -> String {
    String::from_utf8(world.files.0[FILE].clone()).expect("kubectl writes UTF-8")
}

#[test]
fn defaults_count_where_the_flag_is_not_given() {
    let mut world = World::new();
    world.run("kubectl create cm a");
    let updated = format!("Updated {FILE}\n");
    let set = "kubectl kuberc set --section defaults --command get --option output=name";
    world.check(set, "", &updated, "", 0);
    let file = "aliases: null\napiVersion: kubectl.config.k8s.io/v1beta1\ndefaults:\n- command: get\n  options:\n  - default: \
                name\n    name: output\nkind: Preference\n";
    assert_eq!(text(&world), file);
    world.check("kubectl get cm a", "", "configmap/a\n", "", 0);
    for given in ["-o jsonpath={.metadata.name}", "-ojsonpath={.metadata.name}", "--output=jsonpath={.metadata.name}"] {
        world.check(&format!("kubectl get cm a {given}"), "", "a", "", 0);
    }
    world.gates.push(("KUBECTL_KUBERC".into(), "false".into()));
    assert!(world.run("kubectl get cm a").stdout.starts_with("NAME "));
    world.gates.clear();
    world.kuberc = "off".into();
    assert!(world.run("kubectl get cm a").stdout.starts_with("NAME "));
    let off = "error: KUBERC is disabled via KUBERC=off environment variable\n";
    world.check("kubectl kuberc view", "", "", off, 1);
    let both = "error occurred while applying preferences kuberc error disabling kuberc via KUBERC=off and passing kuberc flag \
                are mutually exclusive\n";
    world.check("kubectl get cm a --kuberc=x", "", "", both, 1);
    world.kuberc = "".into();
    let again = "error: defaults for command \"get\" already exist, use --overwrite to replace\n";
    world.check(set, "", "", again, 1);
    let wide = "kubectl kuberc set --section defaults --command get --option --output=yaml --overwrite";
    world.check(wide, "", &updated, "", 0);
    assert!(world.run("kubectl get cm a").stdout.starts_with("apiVersion: v1\n"));
}

#[test]
fn an_alias_stands_for_a_command_with_words_around_those_of_the_user() {
    let mut world = World::new();
    world.run("kubectl create sa default");
    world.run("kubectl create cm a");
    let updated = format!("Updated {FILE}\n");
    let set = "kubectl kuberc set --section aliases --name getc --command get --prependarg cm --option output=name";
    world.check(set, "", &updated, "", 0);
    world.check("kubectl getc a", "", "configmap/a\n", "", 0);
    world.check("kubectl getc a -o jsonpath={.metadata.name}", "", "a", "", 0);
    let run = "kubectl kuberc set --section aliases --name runx --command run --option image=nginx --appendarg=-- --appendarg \
               sleep";
    world.check(run, "", &updated, "", 0);
    world.check("kubectl runx p", "", "pod/p created\n", "", 0);
    let made = "{.spec.containers[0].image}{.spec.containers[0].args}";
    world.check(&format!("kubectl get pod p -o jsonpath={made}"), "", "nginx[\"sleep\"]", "", 0);
    let json = "{\n    \"kind\": \"Preference\",\n    \"apiVersion\": \"kubectl.config.k8s.io/v1beta1\",\n    \"defaults\": [],\n    \
                \"aliases\": [\n        {\n            \"name\": \"getc\",\n            \"command\": \"get\",\n            \
                \"prependArgs\": [\n                \"cm\"\n            ],\n            \"options\": [\n                {\n                    \
                \"name\": \"output\",\n                    \"default\": \"name\"\n                }\n            ]\n        },\n";
    let shown = world.run("kubectl kuberc view -o json").stdout;
    assert!(shown.starts_with(json), "{shown}");
    let again = "error: alias \"getc\" already exists, use --overwrite to replace\n";
    world.check(set, "", "", again, 1);
    // What is not said anew stays.
    let other = "kubectl kuberc set --section aliases --name getc --command get --option output=json --overwrite";
    world.check(other, "", &updated, "", 0);
    assert!(text(&world).contains("prependArgs:\n  - cm\n"));
    let unknown = world.run("kubectl getd a");
    assert!(unknown.stderr.starts_with("error: unknown command \"getd\" for \"kubectl\""), "{unknown:?}");
}

#[test]
fn preferences_that_make_no_sense_are_refused_or_told() {
    let applied = "error occurred while applying preferences";
    for (preferences, error) in [
        ("aliases: [{name: a-b, command: get}]", "invalid alias name, can only include alphabetical characters"),
        ("aliases: [{name: a, command: get}, {name: a, command: get}]", "duplicate alias name a"),
        (
            "defaults: [{command: get, options: [{name: --output, default: wide}]}]",
            "flag name --output should be in long form without dashes",
        ),
        ("defaults: [{command: get, options: [{name: nope, default: x}]}]", "invalid flag nope for command get"),
        (
            "defaults: [{command: get, options: [{name: watch, default: x}]}]",
            "could not apply override value x to flag watch in command get err: invalid argument \"x\" for \"-w, --watch\" flag: \
             strconv.ParseBool: parsing \"x\": invalid syntax",
        ),
        ("credentialPluginPolicy: Some", "unknown plugin policy: \"Some\""),
        (
            "credentialPluginPolicy: Allowlist",
            "credential plugin policy set to \"Allowlist\", but allowlist is unspecified",
        ),
    ] {
        with(preferences).check("kubectl get cm a", "", "", &format!("{applied} {error}\n"), 1);
    }
    let said = |preferences: &str| with(preferences).run("kubectl get cm a -o name");
    let unknown = said("defaults: [{command: nope, options: []}]");
    assert_eq!(unknown.stderr, "Warning: command \"nope\" not found to set kuberc override\n");
    assert_eq!(unknown.stdout, "configmap/a\n");
    let strict = said("foo: 1").stderr;
    assert_eq!(
        strict,
        format!("kuberc: ignoring strict decoding error in {FILE}: strict decoding error: unknown field \"foo\"")
    );
    let invalid = said("defaults: [{command: get, options: [{name: watch, default: true}]}]").stderr;
    let problem = format!("no valid preferences found in {FILE}, use --v=5 to see details");
    assert_eq!(invalid, format!("kuberc: no preferences loaded from {FILE}: {problem}"));
    let missing = format!("{applied} kuberc error kuberc: open nope.yaml: no such file or directory\n");
    World::new().check("kubectl get cm --kuberc=nope.yaml", "", "", &missing, 1);
    let alias = with("aliases: [{name: g, command: nope}]").run("kubectl g cm");
    assert_eq!(alias.stderr, format!("{applied} command \"nope\" not found to set alias \"g\": [nope]\n"));
}

#[test]
fn a_file_that_is_not_there_is_offered() {
    let mut world = World::new();
    let asked = format!(
        "kuberc file not found at {FILE}\nWould you like to generate a default kuberc file with recommended options? (y/N): "
    );
    world.check("kubectl kuberc view", "n\n", &asked, "", 0);
    assert!(world.files.0.is_empty());
    world.check("kubectl kuberc view", "Y\n", &format!("{asked}Updated {FILE}\n"), "", 0);
    let shown = "aliases: []\napiVersion: kubectl.config.k8s.io/v1beta1\ndefaults:\n- command: apply\n  options:\n  - default: \
                 \"true\"\n    name: server-side\n- command: delete\n  options:\n  - default: \"true\"\n    name: interactive\nkind: \
                 Preference\n";
    world.check("kubectl kuberc view", "", shown, "", 0);
    let map = "apiVersion: v1\nkind: ConfigMap\nmetadata: {name: a}\n";
    world.check("kubectl apply -f -", map, "configmap/a serverside-applied\n", "", 0);
    assert!(world.run_with("kubectl delete cm a", "n\n").stdout.ends_with("deletion is cancelled\n"));
    // A file that was named has to be there before anything is run.
    world.kuberc = "x.yaml".into();
    let missing =
        "error occurred while applying preferences kuberc error kuberc: open x.yaml: no such file or directory\n";
    world.check("kubectl kuberc view", "", "", missing, 1);
}

#[test]
fn what_is_set_is_checked() {
    let mut world = World::new();
    let set = "kubectl kuberc set";
    for (flags, error) in [
        ("", "required flag(s) \"section\" not set"),
        ("--section=x", "--section must be \"defaults\", \"aliases\", or \"credentialplugin\", got: x"),
        ("--section=aliases --command=get", "--name is required when --section=aliases"),
        ("--section=defaults --name=x", "--name should not be specified when --section=defaults"),
        (
            "--section=defaults --command=get --appendarg=x",
            "--prependarg and --appendarg are only valid for --section=aliases",
        ),
        ("--section=defaults", "--command is required when --section=aliases or --section=defaults"),
        ("--section=credentialplugin", "--policy is required when --section=credentialplugin"),
        (
            "--section=credentialplugin --policy=x",
            " --policy must be  \"AllowAll\", \"DenyAll\", or \"Allowlist\", got: x",
        ),
        (
            "--section=credentialplugin --policy=Allowlist --allowlist-entry=x",
            "improperly formatted allowlist entry: \"x\"",
        ),
        ("--section=defaults --command=get --option=x", "invalid option format \"x\", expected flag=value"),
    ] {
        world.check(&format!("{set} {flags}"), "", "", &format!("error: {error}\n"), 1);
    }
    let allow = "--section=credentialplugin --policy=Allowlist --allowlist-entry=command=a,command=b";
    world.check(&format!("{set} {allow}"), "", &format!("Updated {FILE}\n"), "", 0);
    assert!(
        text(&world)
            .contains("credentialPluginAllowlist:\n- command: a\n- command: b\ncredentialPluginPolicy: Allowlist\n")
    );
}
