//! Object semantics: names, conflicts, generations, deletion.

use std::rc::Rc;

use api::core::config::ConfigMap;
use api::core::container::Container;
use api::core::namespace::ServiceAccount;
use api::{Key, Kind, Object, ObjectMeta, Pod, Reason};
use client::{Api, ChangeKind, DeleteOptions, Propagation};
use kube_apiserver::ApiServer;
use sim::Time;

const NOW: Time = Time::HEADLESS_START;

fn server() -> ApiServer {
    let mut server = ApiServer::new(1, NOW);
    let account = ServiceAccount { metadata: ObjectMeta::new("default", "default"), ..ServiceAccount::default() };
    server.client("test", NOW).create(account.into()).expect("accepted");
    server
}

fn config_map(name: &str) -> Object {
    ConfigMap { metadata: ObjectMeta::new("default", name), ..ConfigMap::default() }.into()
}

fn pod(name: &str) -> Pod {
    let mut pod = Pod { metadata: ObjectMeta::new("default", name), ..Pod::default() };
    Rc::make_mut(&mut pod.spec).containers =
        [Container { name: "c".into(), image: "i".into(), ..Container::default() }].into();
    pod
}

#[test]
fn a_name_is_given_once() {
    let mut server = server();
    let mut api = server.client("test", NOW);
    let created = api.create(config_map("a")).unwrap();
    assert_eq!(created.metadata().uid.len(), 36);
    let refused = api.create(config_map("a")).unwrap_err();
    assert_eq!((refused.reason, refused.message.as_str()), (Reason::AlreadyExists, r#"configmaps "a" already exists"#));
}

#[test]
fn a_stale_update_is_a_conflict_and_an_empty_one_is_no_write() {
    let mut server = server();
    let mut api = server.client("test", NOW);
    let first = api.create(config_map("a")).unwrap();
    let before = api.revision();
    api.update(first.clone()).unwrap();
    assert_eq!(api.revision(), before, "nothing changed, nothing was written");
    let mut changed = first.clone();
    changed.metadata_mut().labels.insert("k", "v");
    api.update(changed.clone()).unwrap();
    assert_eq!(api.update(changed).unwrap_err().reason, Reason::Conflict);
}

#[test]
fn a_pod_is_pending_tolerant_and_has_a_service_account() {
    let mut server = server();
    let created = server.client("test", NOW).create(pod("a").into()).unwrap();
    let pod = created.get::<Pod>().unwrap();
    assert_eq!(pod.status.phase.map(|phase| phase.as_str()), Some("Pending"));
    assert_eq!(pod.spec.tolerations.len(), 2);
    assert_eq!((pod.spec.service_account_name.as_str(), pod.spec.api_access.len()), ("default", 5));
    assert_eq!((pod.metadata.generation, pod.status.qos_class.as_str()), (1, "BestEffort"));
}

#[test]
fn a_bound_pod_ends_gracefully_and_an_unbound_one_at_once() {
    let mut server = server();
    let mut api = server.client("test", NOW);
    for name in ["bound", "unbound"] {
        api.create(pod(name).into()).unwrap();
    }
    api.bind(&Key::new("default", "bound"), "", &"node-1".into()).unwrap();
    let before = api.revision();
    api.delete(Kind::Pod, &Key::new("default", "bound"), &DeleteOptions::default()).unwrap();
    api.delete(Kind::Pod, &Key::new("default", "unbound"), &DeleteOptions::default()).unwrap();
    let kinds: Vec<ChangeKind> =
        api.changes(Kind::Pod, before, NOW).unwrap().iter().map(|change| change.kind).collect();
    assert_eq!(kinds, [ChangeKind::Modified, ChangeKind::Modified, ChangeKind::Deleted]);
    let bound = api.get(Kind::Pod, &Key::new("default", "bound")).unwrap();
    assert_eq!(bound.metadata().deletion_timestamp, Some(NOW + sim::Span::from_seconds(30)));
    assert_eq!(bound.metadata().generation, 2);
    let zero = DeleteOptions { grace_period_seconds: Some(0), ..DeleteOptions::default() };
    api.delete(Kind::Pod, &Key::new("default", "bound"), &zero).unwrap();
    assert_eq!(api.list(Kind::Pod, None).len(), 0);
}

#[test]
fn a_finalizer_holds_an_object() {
    let mut server = server();
    let mut api = server.client("test", NOW);
    api.create(config_map("a")).unwrap();
    let key = Key::new("default", "a");
    let orphan = DeleteOptions { propagation: Some(Propagation::Orphan), ..DeleteOptions::default() };
    let held = api.delete(Kind::ConfigMap, &key, &orphan).unwrap();
    assert_eq!(held.metadata().finalizers.as_slice(), ["orphan"]);
    let mut free = held;
    free.metadata_mut().finalizers.clear();
    api.update(free).unwrap();
    assert_eq!(api.get(Kind::ConfigMap, &key).unwrap_err().reason, Reason::NotFound);
}
