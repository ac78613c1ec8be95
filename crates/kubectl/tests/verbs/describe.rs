//! Which objects `kubectl describe` takes, and what stands between them.

use crate::world::World;

/// A cluster with two ConfigMaps of a like name.
fn with_settings() -> World {
    let mut world = World::new();
    let map =
        |name: &str| format!("apiVersion: v1\nkind: ConfigMap\nmetadata: {{name: {name}, labels: {{of: {name}}}}}\n");
    let manifest = format!("{}---\n{}", map("app-a"), map("app-b"));
    world.check("kubectl create -f -", &manifest, "configmap/app-a created\nconfigmap/app-b created\n", "", 0);
    world
}

fn text(name: &str) -> String {
    format!(
        "Name:         {name}\nNamespace:    default\nLabels:       of={name}\nAnnotations:  <none>\n\nData\n====\n\n\
         BinaryData\n====\n\n"
    )
}

#[test]
fn several_objects_are_apart_and_without_events() {
    let mut world = with_settings();
    let one = text("app-a") + "Events:  <none>\n";
    world.check("kubectl describe cm app-a", "", &one, "", 0);
    world.check("kubectl describe cm/app-a --show-events=false", "", &text("app-a"), "", 0);
    world.check("kubectl describe cm -l of=app-a", "", &one, "", 0);
    let both = format!("{}\n\n{}", text("app-a"), text("app-b"));
    world.check("kubectl describe cm app-a app-b", "", &both, "", 0);
    world.check("kubectl describe cm -l 'of in (app-a,app-b)'", "", &both, "", 0);
    let shown = format!("{one}\n\n{}Events:  <none>\n", text("app-b"));
    world.check("kubectl describe cm app-a app-b --show-events", "", &shown, "", 0);
}

#[test]
fn a_name_of_nothing_is_a_prefix() {
    let mut world = with_settings();
    let both = format!("{}\n{}\n", text("app-a"), text("app-b"));
    world.check("kubectl describe cm app", "", &both, "", 0);
    let missing = "Error from server (NotFound): configmaps \"nope\" not found\n";
    world.check("kubectl describe cm nope", "", "", missing, 1);
    world.check("kubectl describe cm/app", "", "", &missing.replace("nope", "app"), 1);
    world.check("kubectl describe cm app-a nope", "", &text("app-a"), missing, 1);
}

#[test]
fn nothing_to_describe_is_said() {
    let mut world = World::new();
    world.check("kubectl describe pods", "", "", "No resources found in default namespace.\n", 0);
    world.check("kubectl describe pods -A", "", "", "No resources found\n", 0);
    let refusal = "error: You must specify the type of resource to describe. Use \"kubectl api-resources\" for a complete \
                   list of supported resources.\n";
    world.check("kubectl describe", "", "", refusal, 1);
}
