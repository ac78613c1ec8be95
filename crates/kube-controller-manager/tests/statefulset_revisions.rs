//! Names of revisions, which are hashes of templates, against those of a real cluster.

mod world;

use api::conform::reference_text;
use api::{ControllerRevision, Kind, StatefulSet, Value};
use kube_controller_manager::statefulset::revision;
use world::World;

fn check(manifest: &str, edit: (&str, &str), set: &str, expect: &str) {
    let Some(text) = reference_text(&format!("manifests/{manifest}")) else { return };
    let mut world = World::new();
    world.create(&text.replace(edit.0, edit.1));
    world.run_seconds(1);
    assert_eq!(world.names(Kind::ControllerRevision), [expect], "{manifest}");
    assert_eq!(world.get::<StatefulSet>(set).status.update_revision, expect);
}

const AS_IT_IS: (&str, &str) = ("replicas: 0", "replicas: 0");

#[test]
fn the_tutorials_sets_have_the_revisions_of_a_real_cluster() {
    check("web.yaml", AS_IT_IS, "web", "web-847b47bbbc");
    check("web.yaml", ("nginx-slim:0.8", "nginx-slim:0.7"), "web", "web-6b4bf597b4");
    let old_registry = ("registry.k8s.io/nginx-slim:0.8", "gcr.io/google_containers/nginx-slim:0.8");
    check("web.yaml", old_registry, "web", "web-7d8f4cbdb5");
    check("zookeeper.yaml", AS_IT_IS, "zk", "zk-749fc97ccd");
    check("cassandra-statefulset.yaml", AS_IT_IS, "cassandra", "cassandra-56777df5cb");
}

#[test]
fn recorded_revisions_come_back_from_their_templates_unchanged() {
    let Some(text) = reference_text("watches/controllerrevisions.watch.jsonl") else { return };
    let mut count = 0;
    for line in text.lines() {
        let event = api::text::json::read(line).expect("the recording is JSON");
        let object = event.at(&["e", "object"]);
        let data: &Value = object.get("data");
        let hash = object.at(&["metadata", "labels", revision::HASH_LABEL]).text();
        if hash.is_empty() || object.get("kind").text() != ControllerRevision::default_kind() {
            continue;
        }
        assert_eq!(revision::hash_of(data, 0), hash);
        assert_eq!(revision::patch_of(&revision::template_of(data)), *data);
        count += 1;
    }
    assert!(count > 10, "{count} revisions were read");
}

trait DefaultKind {
    fn default_kind() -> &'static str;
}

impl DefaultKind for ControllerRevision {
    fn default_kind() -> &'static str {
        Kind::ControllerRevision.name()
    }
}
