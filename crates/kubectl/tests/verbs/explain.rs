//! `kubectl explain`: its head, its paths and its refusals.

use crate::world::World;

const HEAD: &str = "GROUP:      apps\nKIND:       StatefulSet\nVERSION:    v1\n\n";

#[test]
fn a_path_leads_to_a_field() {
    let mut world = World::new();
    for line in
        ["sts.spec.replicas", "statefulsets.apps.spec.replicas", "statefulset.spec.replicas --api-version=apps/v1"]
    {
        let outcome = world.run(&format!("kubectl explain {line}"));
        assert!(
            outcome.stdout.starts_with(&format!("{HEAD}FIELD: replicas <integer>\n\n\nDESCRIPTION:\n    ")),
            "{outcome:?}"
        );
        assert_eq!((outcome.stderr.as_str(), outcome.code), ("", Some(0)), "{line}");
    }
    let pod = world.run("kubectl explain pod").stdout;
    assert!(pod.starts_with("KIND:       Pod\nVERSION:    v1\n\nDESCRIPTION:\n"), "{pod}");
}

#[test]
fn wrong_paths_are_refused() {
    let mut world = World::new();
    world.check("kubectl explain sts.spec.nope", "", HEAD, "error: field \"nope\" does not exist\n", 1);
    world.check("kubectl explain nope", "", "", "the server doesn't have a resource type \"nope\"\n", 1);
    let refusal = "error: couldn't find resource for \"apps/v2, Resource=statefulsets\"\n";
    world.check("kubectl explain sts --api-version=apps/v2", "", "", refusal, 1);
    let refusal = "error: You must specify the type of resource to explain. Use \"kubectl api-resources\" for a complete list \
                   of supported resources.\n";
    world.check("kubectl explain", "", "", refusal, 1);
    world.check("kubectl explain a b", "", "", "error: We accept only this format: explain RESOURCE\n", 1);
}
