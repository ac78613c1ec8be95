//! An independent witness: what the server stores passes through the types of `k8s-openapi`, which are generated from the
//! published specification, and comes back without loss.

use api::text::{json, yaml};
use api::{Kind, Object, Value};
use client::{Api, WriteOptions};
use k8s_openapi::api as k8s;
use k8s_openapi::serde::Serialize;
use k8s_openapi::serde::de::DeserializeOwned;
use kube_apiserver::ApiServer;
use sim::Time;

const NOW: Time = Time::HEADLESS_START;

/// Reads the text as one of the witness' types and writes it again.
fn through<T: Serialize + DeserializeOwned>(text: &str) -> Result<String, String> {
    let typed: T = serde_json::from_str(text).map_err(|error| error.to_string())?;
    serde_json::to_string(&typed).map_err(|error| error.to_string())
}

fn witness(kind: Kind) -> fn(&str) -> Result<String, String> {
    match kind {
        Kind::ConfigMap => through::<k8s::core::v1::ConfigMap>,
        Kind::Endpoints => through::<k8s::core::v1::Endpoints>,
        Kind::Event => through::<k8s::core::v1::Event>,
        Kind::Namespace => through::<k8s::core::v1::Namespace>,
        Kind::Node => through::<k8s::core::v1::Node>,
        Kind::PersistentVolumeClaim => through::<k8s::core::v1::PersistentVolumeClaim>,
        Kind::PersistentVolume => through::<k8s::core::v1::PersistentVolume>,
        Kind::Pod => through::<k8s::core::v1::Pod>,
        Kind::Secret => through::<k8s::core::v1::Secret>,
        Kind::ServiceAccount => through::<k8s::core::v1::ServiceAccount>,
        Kind::Service => through::<k8s::core::v1::Service>,
        Kind::ControllerRevision => through::<k8s::apps::v1::ControllerRevision>,
        Kind::DaemonSet => through::<k8s::apps::v1::DaemonSet>,
        Kind::Deployment => through::<k8s::apps::v1::Deployment>,
        Kind::ReplicaSet => through::<k8s::apps::v1::ReplicaSet>,
        Kind::StatefulSet => through::<k8s::apps::v1::StatefulSet>,
        Kind::CronJob => through::<k8s::batch::v1::CronJob>,
        Kind::Job => through::<k8s::batch::v1::Job>,
        Kind::Lease => through::<k8s::coordination::v1::Lease>,
        Kind::EndpointSlice => through::<k8s::discovery::v1::EndpointSlice>,
        Kind::PodDisruptionBudget => through::<k8s::policy::v1::PodDisruptionBudget>,
        Kind::PriorityClass => through::<k8s::scheduling::v1::PriorityClass>,
        Kind::StorageClass => through::<k8s::storage::v1::StorageClass>,
        Kind::LimitRange => through::<k8s::core::v1::LimitRange>,
        Kind::ResourceQuota => through::<k8s::core::v1::ResourceQuota>,
        Kind::HorizontalPodAutoscaler => through::<k8s::autoscaling::v2::HorizontalPodAutoscaler>,
        Kind::IngressClass => through::<k8s::networking::v1::IngressClass>,
        Kind::ReplicationController => through::<k8s::core::v1::ReplicationController>,
        Kind::PodTemplate => through::<k8s::core::v1::PodTemplate>,
        Kind::RuntimeClass => through::<k8s::node::v1::RuntimeClass>,
        Kind::Ingress => through::<k8s::networking::v1::Ingress>,
        Kind::NetworkPolicy => through::<k8s::networking::v1::NetworkPolicy>,
        Kind::ClusterRoleBinding => through::<k8s::rbac::v1::ClusterRoleBinding>,
        Kind::ClusterRole => through::<k8s::rbac::v1::ClusterRole>,
        Kind::RoleBinding => through::<k8s::rbac::v1::RoleBinding>,
        Kind::Role => through::<k8s::rbac::v1::Role>,
    }
}

/// Places where `before` says something that `after` does not say. Empty values are nothing.
fn lost(before: &Value, after: &Value, path: &str, found: &mut Vec<String>) {
    match before {
        Value::Map(map) => {
            for (key, value) in map {
                lost(value, after.get(key), &format!("{path}.{key}"), found);
            }
        }
        Value::List(list) => {
            for (index, value) in list.iter().enumerate() {
                lost(value, after.element(index), &format!("{path}[{index}]"), found);
            }
        }
        Value::Null => {}
        scalar if scalar == after => {}
        scalar => found.push(format!("{path}: {} became {}", json::write_compact(scalar), json::write_compact(after))),
    }
}

/// Nothing of an object is lost between our types and the witness', in either direction.
fn check(object: &Object) {
    let ours = object.encode();
    let kind = object.kind();
    let text = witness(kind)(&json::write_compact(&ours));
    let theirs = text.and_then(|text| json::read(&text).map_err(|error| format!("{error:?}")));
    let theirs = theirs.unwrap_or_else(|error| panic!("the witness cannot read a {}: {error}", kind.name()));
    let mut found = Vec::new();
    lost(&ours, &theirs, kind.name(), &mut found);
    assert!(found.is_empty(), "lost by the witness: {found:#?}");
    let back = Object::decode(kind, theirs.clone()).encode();
    lost(&theirs, &back, kind.name(), &mut found);
    assert!(found.is_empty(), "lost by us: {found:#?}");
}

/// What users write in normal form, so that it can be compared with what is stored.
fn normal(kind: Kind, manifest: &Value) -> Value {
    let type_ = api::schema::type_of(&kind.api_version(), kind.name()).expect("every kind served has a schema");
    api::strict::decode(type_, manifest, api::strict::Words::Json)
        .expect("it decodes")
        .strict()
        .expect("all fields are known")
}

#[test]
fn nothing_that_users_write_is_lost() {
    let mut server = ApiServer::new(1, NOW);
    let account = "{apiVersion: v1, kind: ServiceAccount, metadata: {name: default}}";
    let manifests = format!("{account}\n---\n{}", include_str!("manifests.yaml"));
    let (mut seen, mut refused) = (Vec::new(), Vec::new());
    let (documents, error) = yaml::documents(&manifests);
    assert!(error.is_none(), "{error:?}");
    for document in documents {
        let manifest = document.value;
        let name = manifest.get("kind").text().to_owned();
        let kind = Kind::ALL.iter().copied().find(|kind| kind.name() == name).expect("the kind is served");
        let namespace = if kind.is_namespaced() { "default" } else { "" };
        let written =
            server.client("kubectl", NOW).create_value(kind, namespace, manifest.clone(), &WriteOptions::default());
        seen.push(kind);
        let object = match written {
            Ok(written) => written.object,
            Err(status) => {
                refused.push(status.message);
                continue;
            }
        };
        let mut wanted = normal(kind, &manifest);
        wanted.remove(&["status"]);
        let (mut found, stored) = (Vec::new(), object.encode());
        lost(&wanted, &stored, &name, &mut found);
        assert!(found.is_empty(), "not stored: {found:#?}");
        check(&object);
    }
    assert!(refused.is_empty(), "refused: {refused:#?}");
    let unseen: Vec<&Kind> = Kind::ALL.iter().filter(|kind| !seen.contains(kind)).collect();
    assert!(unseen.is_empty(), "no manifest of {unseen:?}");
}

#[test]
fn what_a_new_cluster_has_passes_too() {
    let server = ApiServer::new(1, NOW);
    let objects: Vec<&Object> = Kind::ALL.iter().flat_map(|kind| server.iter(*kind)).collect();
    assert!(objects.len() > 5);
    objects.into_iter().for_each(check);
}

#[test]
fn a_loss_is_seen() {
    let (before, after) = (yaml::read("{a: [1, {b: x}]}"), yaml::read("{a: [1, {c: x}]}"));
    let mut found = Vec::new();
    lost(&before.expect("YAML"), &after.expect("YAML"), "", &mut found);
    assert_eq!(found, [".a[1].b: \"x\" became null"]);
}
