//! What goes into an editor, and what becomes of it.

use crate::world::World;

const MAP: &str = "apiVersion: v1\nkind: ConfigMap\nmetadata: {name: a}\ndata: {k: v}\n";
const HEADER: &str = "# Please edit the object below. Lines beginning with a '#' will be ignored,\n# and an empty file will abort \
the edit. If an error occurs while saving this file will be\n# reopened with the relevant failures.\n#\n";

fn with_map() -> World {
    let mut world = World::new();
    world.check("kubectl apply -f -", MAP, "configmap/a created\n", "", 0);
    world
}

#[test]
fn an_object_is_edited_in_the_form_that_is_asked_for() {
    let mut world = with_map();
    world.editor = |text| {
        assert!(text.starts_with("{\n    \"apiVersion\": \"v1\",\n"), "JSON has no header: {text}");
        text.replace("\"k\": \"v\"", "\"k\": \"w\"")
    };
    let edited = world.run("kubectl edit cm a -o json");
    assert!(edited.stdout.contains("\"k\": \"w\"") && edited.stdout.starts_with("{\n"), "{edited:?}");
    world.editor = |text| {
        let body = text.strip_prefix(HEADER).expect("a header");
        assert!(body.starts_with("---\n{\n  apiVersion: \"v1\",\n"), "{body}");
        text.replace("k: \"w\"", "k: \"x\"")
    };
    let edited = world.run("kubectl edit cm a -o kyaml");
    assert!(edited.stdout.starts_with("---\n{\n  apiVersion: \"v1\",\n  data: {\n    k: \"x\",\n"), "{edited:?}");
    let refusal = "error: unable to match a printer suitable for the output format \"name\", allowed formats are: \
                   json,kyaml,yaml\n";
    world.check("kubectl edit cm a -o name", "", "", refusal, 1);
}

#[test]
fn a_patch_is_shown_and_lines_end_as_asked() {
    let mut world = with_map();
    world.editor = |text| {
        assert!(text.lines().count() > 5 && text.split_inclusive('\n').all(|line| line.ends_with("\r\n")), "{text}");
        text.replace("k: v", "k: w")
    };
    let patch = "Patch: {\"data\":{\"k\":\"w\"}}\nconfigmap/a edited\n";
    world.check("kubectl edit cm a --windows-line-endings --output-patch", "", patch, "", 0);
    // What means the same is no change.
    world.editor = |text| text.replace("k: w", "\"k\": \"w\"");
    world.check("kubectl edit cm a", "", "", "Edit cancelled, no changes made.\n", 0);
    world.editor = |_| "# nothing\n".to_string();
    world.check("kubectl edit cm a", "", "", "Edit cancelled, saved file was empty.\n", 0);
    world.editor = |text| text.replace("namespace: default", "namespace: other");
    let outcome = world.run("kubectl edit cm a");
    let refusal = "error: the namespace from the provided object \"other\" does not match the namespace \"default\". You must \
                   pass '--namespace=other' to perform this operation.\n";
    assert!(outcome.stderr.ends_with(refusal), "{outcome:?}");
    assert!(
        outcome.stderr.starts_with("A copy of your changes has been stored to \"/tmp/kubectl-edit-"),
        "{outcome:?}"
    );
}

#[test]
fn an_edited_object_keeps_its_manifest_if_asked() {
    let mut world = World::new();
    world.check("kubectl create -f -", MAP, "configmap/a created\n", "", 0);
    world.editor = |text| text.replace("k: v", "k: w");
    world.check("kubectl edit cm a --save-config", "", "configmap/a edited\n", "", 0);
    let noted = world.run("kubectl apply view-last-applied cm a -o json").stdout;
    assert!(noted.contains("\"k\": \"w\""), "{noted}");
}

#[test]
fn the_manifest_that_was_applied_last_is_edited_without_applying_it() {
    let mut world = with_map();
    world.editor = |text| {
        let expect = "# Please edit the 'last-applied-configuration' annotations below.\n# Lines beginning with a '#' will be \
                      ignored, and an empty file will abort the edit.\n#\napiVersion: v1\ndata:\n  k: v\nkind: ConfigMap\n\
                      metadata:\n  annotations: {}\n  name: a\n  namespace: default\n";
        assert_eq!(text, expect);
        text.replace("k: v", "k: noted")
    };
    world.check("kubectl apply edit-last-applied cm/a", "", "configmap/a edited\n", "", 0);
    let noted = "apiVersion: v1\ndata:\n  k: noted\nkind: ConfigMap\nmetadata:\n  annotations: {}\n  name: a\n  namespace: \
                 default\n";
    world.check("kubectl apply view-last-applied cm a", "", noted, "", 0);
    world.check("kubectl get cm a -o jsonpath={.data.k}", "", "v", "", 0);
    world.editor = str::to_string;
    world.check("kubectl apply edit-last-applied cm/a", "", "", "Edit cancelled, no changes made.\n", 0);
    world.check("kubectl create cm b", "", "configmap/b created\n", "", 0);
    let none = "error: no last-applied-configuration annotation found on resources, to create the annotation, use command \
                `kubectl apply set-last-applied --create-annotation`\n";
    world.check("kubectl apply edit-last-applied cm/b", "", "", none, 1);
    world.editor = |text| text.replace("name: a", "name: c");
    let outcome = world.run("kubectl apply edit-last-applied cm/a");
    assert!(outcome.stderr.ends_with("Error from server (NotFound): configmaps \"c\" not found\n"), "{outcome:?}");
}

#[test]
fn manifests_are_edited_one_by_one_before_they_are_created() {
    let mut world = World::new();
    let two = format!("{MAP}---\n{}---\n{}", MAP.replace("name: a", "name: b"), MAP.replace("name: a", "name: c"));
    world.editor = |text| {
        assert_eq!(text.matches("kind: ConfigMap").count(), 1);
        if text.contains("name: b") { text.to_string() } else { text.replace("k: v", "k: w") }
    };
    let cancelled = "Edit cancelled, no changes made.\n";
    world.check("kubectl create --edit -f -", &two, "configmap/a created\nconfigmap/c created\n", cancelled, 0);
    world.check("kubectl get cm a c -o jsonpath={.items[*].data.k}", "", "w w", "", 0);
    // What is refused of one does not keep the others from being created.
    world.editor = |text| text.replace("k: v", "k: x");
    let outcome = world.run_with("kubectl create --edit -f - --save-config", &two);
    assert_eq!((outcome.stdout.as_str(), outcome.code), ("configmap/b created\n", Some(1)));
    let exists = |name: &str| format!("Error from server (AlreadyExists): configmaps \"{name}\" already exists\n");
    assert!(outcome.stderr.ends_with(&(exists("a") + &exists("c"))), "{}", outcome.stderr);
    assert!(world.run("kubectl apply view-last-applied cm b").stdout.contains("k: x"));
}
