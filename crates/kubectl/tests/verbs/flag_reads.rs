//! Every flag that a verb declares is asked for when the verb runs: one that nobody asks for would be accepted and do nothing.
//!
//! `flag_reads.tsv` has command lines that reach what a verb does. A flag that stays unread on all of them, with the flag itself
//! given too, is a lie, or has its reason in [`WITHOUT_EFFECT`].

use ordered::OrderedSet;

use api::conform::reached_by;
use kubectl::cmd::help::words;
use kubectl::cmd::shared::GLOBAL;
use kubectl::cmd::{VERBS, Verb};
use kubectl::flags::{Flag, Type};

use crate::world::World;

/// A verb's path, and a line of what stands behind it.
const LINES: &str = include_str!("flag_reads.tsv");

/// Flags that change nothing, and why: `*` is every verb. May only shrink.
const WITHOUT_EFFECT: &[(&str, &str, &str)] = &[
    ("api-resources", "cached", "nothing is cached"),
    ("api-resources", "show-managed-fields", "a list of resources has none"),
    ("apply", "openapi-patch", "client and server have one schema"),
    ("apply", "wait", "upstream asks for it nowhere: --force waits"),
    ("certificate approve", "*", "there are no requests to approve: the verb refuses all"),
    ("certificate deny", "*", "there are no requests to deny: the verb refuses all"),
    ("create token", "*", "no token is signed here: the verb refuses all"),
    ("*", "chunk-size", "lists come whole"),
    ("diff", "concurrency", "one after the other, with the same result"),
    ("exec", "pod-running-timeout", "the pod has to be there"),
    ("kustomize", "as-current-user", "for functions, which are refused"),
    ("kustomize", "env", "for functions, which are refused"),
    ("kustomize", "helm-api-versions", "for charts, which are refused"),
    ("kustomize", "helm-command", "for charts, which are refused"),
    ("kustomize", "helm-debug", "for charts, which are refused"),
    ("kustomize", "helm-kube-version", "for charts, which are refused"),
    ("kustomize", "mount", "for functions, which are refused"),
    ("kustomize", "network", "for functions, which are refused"),
    ("kustomize", "network-name", "for functions, which are refused"),
    ("logs", "insecure-skip-tls-verify-backend", "no certificate is checked"),
    ("plugin list", "name-only", "there are no plugins"),
    ("proxy", "append-server-path", "the server's address has no path"),
    ("proxy", "keepalive", "a connection ends with its answer"),
    ("replace", "wait", "upstream asks for it nowhere: --force waits"),
    ("run", "detach-keys", "no keys leave a session"),
    ("run", "force", "upstream sets what it changes anew"),
    ("run", "timeout", "upstream does not wait for the end of --rm"),
    ("run", "wait", "upstream does not wait for the end of --rm"),
    ("run", "filename", "upstream asks for it nowhere"),
    ("run", "kustomize", "upstream asks for it nowhere"),
    ("run", "recursive", "upstream asks for it nowhere"),
    ("top node", "*", "there are no metrics: the verb refuses all"),
    ("top pod", "*", "there are no metrics: the verb refuses all"),
    ("wait", "local", "whoever waits has to ask the server"),
];

const MANIFESTS: [(&str, &str); 9] = [
    ("a.yaml", "apiVersion: v1\nkind: ConfigMap\nmetadata: {name: a}\n"),
    ("b.yaml", "apiVersion: v1\nkind: ConfigMap\nmetadata: {name: b}\ndata: {k: w}\n"),
    ("secret.yaml", "apiVersion: v1\nkind: Secret\nmetadata: {name: s}\n"),
    ("role.yaml", "apiVersion: rbac.authorization.k8s.io/v1\nkind: Role\nmetadata: {name: r}\n"),
    (
        "binding.yaml",
        "apiVersion: rbac.authorization.k8s.io/v1\nkind: RoleBinding\nmetadata: {name: b}\nroleRef: {apiGroup: \
         rbac.authorization.k8s.io, kind: Role, name: r}\n",
    ),
    (
        "deploy.yaml",
        "apiVersion: apps/v1\nkind: Deployment\nmetadata: {name: web}\nspec: {selector: {matchLabels: {a: b}}, template: \
         {metadata: {labels: {a: b}}, spec: {containers: [{name: c, image: nginx}]}}}\n",
    ),
    (
        "rc.yaml",
        "apiVersion: kubectl.config.k8s.io/v1beta1\nkind: Preference\ndefaults: [{command: \
     get}]\n",
    ),
    ("tls.pem", "-----BEGIN CERTIFICATE-----\n-----END CERTIFICATE-----\n"),
    ("k/kustomization.yaml", "resources: []\n"),
];

const OBJECTS: &str = "apiVersion: v1\nkind: Pod\nmetadata: {name: p}\nspec: {containers: [{name: c, image: nginx}]}\n---\n\
apiVersion: v1\nkind: Node\nmetadata: {name: node-1}\n---\napiVersion: v1\nkind: ConfigMap\nmetadata: {name: b}\ndata: {k: v}\n";

fn world() -> World {
    let mut world = World::new();
    world.gates.push(("KUBECTL_APPLYSET".into(), "true".into()));
    for (name, text) in MANIFESTS {
        world.files.0.insert(format!("/home/user/{name}"), text.into());
    }
    world.editor = |text| text.replace("name: b", "name: b ");
    for line in ["create sa default", "create deployment paused --image=nginx", "rollout pause deploy/paused"] {
        assert_eq!(world.run(&format!("kubectl {line}")).code, Some(0), "{line}");
    }
    for line in ["create deployment web --image=nginx --port=80", "create rolebinding b --role=r --user=jane"] {
        assert_eq!(world.run(&format!("kubectl {line}")).code, Some(0), "{line}");
    }
    let made = world.run_with("kubectl create --save-config -f -", OBJECTS);
    assert_eq!(made.code, Some(0), "{made:?}");
    for line in ["create deployment referring --image=nginx", "set env deploy/referring --from=cm/b --keys=k"] {
        world.run(&format!("kubectl {line}"));
    }
    world
}

/// The flags that are asked for while a line runs.
fn reads(world: &World, line: &str) -> OrderedSet<&'static str> {
    let mut world =
        World { server: world.server.clone(), files: world.files.clone(), gates: world.gates.clone(), ..World::new() };
    reached_by(|| drop(world.run_with(line, MANIFESTS[0].1)))
}

fn with(flag: &Flag) -> String {
    let value = match flag.kind {
        Type::Bool => "true",
        Type::Int | Type::Int32 => "1",
        Type::Duration => "1s",
        Type::Text | Type::Array | Type::Slice => "x",
    };
    format!("--{}={value}", flag.name)
}

/// The flags of a verb that nothing asks for.
fn unread<'f>(world: &World, verb: &Verb, flags: &[&'f Flag]) -> Vec<&'f Flag> {
    let of_verb = LINES.lines().filter_map(|line| line.split_once('\t')).filter(|(path, _)| *path == verb.path);
    let lines: Vec<String> = of_verb.map(|(path, rest)| format!("kubectl {path} {rest}")).collect();
    let mut read = OrderedSet::new();
    lines.iter().for_each(|line| read.extend(reads(world, line)));
    let is_read = |flag: &Flag| {
        let (name, given) = (flag.name, with(flag));
        read.contains(name)
            || lines.iter().any(|line| {
                // Behind `--` it would be a word of a container's.
                let (line, rest) =
                    line.split_once(" -- ").map_or((line.as_str(), None), |(line, rest)| (line, Some(rest)));
                let rest = rest.map_or(String::new(), |rest| format!(" -- {rest}"));
                reads(world, &format!("{line} {given}{rest}")).contains(name)
            })
    };
    flags.iter().copied().filter(|flag| !is_read(flag)).collect()
}

#[test]
fn every_verb_asks_for_every_flag_it_declares() {
    let world = world();
    let mut complaints = Vec::new();
    let mut excused = OrderedSet::new();
    for verb in VERBS {
        let flags: Vec<&Flag> = verb.flags.iter().flat_map(|group| group.iter()).collect();
        for flag in unread(&world, verb, &flags) {
            let is_meant = |(path, name, _): &&(&str, &str, &str)| {
                [verb.path, "*"].contains(path) && [flag.name, "*"].contains(name)
            };
            match WITHOUT_EFFECT.iter().find(is_meant) {
                Some((path, name, _)) => drop(excused.insert((*path, *name))),
                None => complaints.push(format!("nothing asks for kubectl {} --{}", verb.path, flag.name)),
            }
        }
    }
    for (path, name, _) in WITHOUT_EFFECT.iter().filter(|(path, name, _)| !excused.contains(&(*path, *name))) {
        complaints.push(format!("kubectl {path} --{name} is asked for by now: take it off the list"));
    }
    assert!(complaints.is_empty(), "\n{}\n", complaints.join("\n"));
}

#[test]
fn every_global_flag_is_asked_for_or_says_that_it_has_no_effect() {
    let world = world();
    let read = reads(&world, "kubectl get pods");
    // Preferences are read before the flags are.
    for flag in GLOBAL.iter().filter(|flag| !read.contains(flag.name) && flag.name != "kuberc") {
        assert!(words("", flag).contains(" here"), "nothing asks for --{}", flag.name);
    }
}
