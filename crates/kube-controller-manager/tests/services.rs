//! Endpoints, namespaces, nodes and owners against the real API server.

mod world;

use api::{EndpointSlice, Endpoints, Key, Kind, Namespace, Node, Pod, Service};
use client::Propagation;
use ordered::Arrange;
use sim::Span;
use world::World;

const WEB: &str = include_str!("manifests/web.yaml");

fn slice(world: &World) -> EndpointSlice {
    let slices = world.list::<EndpointSlice>();
    let own = slices.iter().filter(|slice| slice.metadata.labels.get("kubernetes.io/service-name") == Some("nginx"));
    let own: Vec<_> = own.collect();
    assert_eq!(own.len(), 1);
    EndpointSlice::clone(own[0])
}

fn names(slice: &EndpointSlice) -> Vec<String> {
    let name = |endpoint: &api::core::endpoints::Endpoint| endpoint.hostname.clone().unwrap_or_default().to_string();
    slice.endpoints.iter().map(name).collect()
}

#[test]
fn a_new_service_has_an_empty_slice_and_empty_endpoints() {
    let mut world = World::new();
    world.create(WEB.split("\n---\n").next().expect("the service is the first document"));
    world.run_seconds(1);
    let slice = slice(&world);
    assert!(slice.metadata.name.starts_with("nginx-"));
    assert!(slice.endpoints.is_empty() && slice.ports.is_empty());
    let labels: Vec<_> = slice.metadata.labels.iter().map(|(key, value)| format!("{key}={value}")).collect();
    assert_eq!(
        labels,
        [
            "app=nginx",
            "endpointslice.kubernetes.io/managed-by=endpointslice-controller.k8s.io",
            "kubernetes.io/service-name=nginx",
            "service.kubernetes.io/headless=",
        ]
    );
    let endpoints = world.get::<Endpoints>("nginx");
    assert!(endpoints.subsets.is_empty());
    let created = world.get::<Service>("nginx").metadata.creation_timestamp.map(sim::Time::to_rfc3339);
    let trigger = "endpoints.kubernetes.io/last-change-trigger-time";
    assert_eq!(endpoints.metadata.annotations.get(trigger), created.as_deref());
    assert_eq!(slice.metadata.annotations.get(trigger), created.as_deref());
}

#[test]
fn ready_pods_stand_behind_the_service_and_a_replaced_one_goes_last() {
    let mut world = World::new();
    world.create(WEB);
    world.run_seconds(6);
    assert_eq!(names(&slice(&world)), ["web-0", "web-1"]);
    let generation = slice(&world).metadata.generation;
    world.delete(Kind::Pod, "web-0", Propagation::Background);
    world.run(Span::from_millis(100));
    let going = slice(&world);
    let conditions = &going.endpoints[0].conditions;
    let facts = (conditions.ready, conditions.serving, conditions.terminating);
    assert_eq!(facts, (Some(false), Some(true), Some(true)));
    assert_eq!(going.metadata.generation, generation + 1);
    assert_eq!(world.get::<Endpoints>("nginx").subsets[0].addresses.len(), 1);
    world.run_seconds(5);
    assert_eq!(names(&slice(&world)), ["web-1", "web-0"]);
    let subsets = &world.get::<Endpoints>("nginx").subsets;
    assert_eq!(subsets[0].addresses.len(), 2);
    assert_eq!(subsets[0].ports[0].name.as_deref(), Some("web"));
}

#[test]
fn endpoints_go_with_their_service() {
    let mut world = World::new();
    world.create(WEB);
    world.run_seconds(2);
    world.delete(Kind::Service, "nginx", Propagation::Background);
    world.run_seconds(1);
    assert!(world.find::<Endpoints>("nginx").is_none());
    assert!(!world.names(Kind::EndpointSlice).iter().any(|name| name.starts_with("nginx-")));
}

#[test]
fn more_than_a_hundred_endpoints_need_more_than_one_slice() {
    let mut world = World::new();
    let text = WEB
        .replace("replicas: 2", "replicas: 250")
        .replace("serviceName:", "podManagementPolicy: Parallel\n  serviceName:");
    world.create(&text);
    world.run_seconds(10);
    let slices = world.list::<EndpointSlice>();
    let own = slices.iter().filter(|slice| slice.metadata.name.starts_with("nginx-"));
    let mut sizes: Vec<usize> = own.map(|slice| slice.endpoints.len()).collect();
    sizes.arrange();
    assert_eq!(sizes, [50, 100, 100]);
}

#[test]
fn a_cordoned_node_is_tainted_until_it_is_uncordoned() {
    let mut world = World::new();
    world.run_seconds(1);
    assert_eq!(
        world.events_about("node-1"),
        ["RegisteredNode Node node-1 event: Registered Node node-1 in Controller x1"]
    );
    world.patch(Kind::Node, "node-1", "{spec: {unschedulable: true}}");
    world.run_seconds(1);
    let taints = world.get::<Node>("node-1").spec.taints.clone();
    assert_eq!((taints[0].key.as_str(), taints[0].effect.as_str()), ("node.kubernetes.io/unschedulable", "NoSchedule"));
    world.patch(Kind::Node, "node-1", "{spec: {unschedulable: null}}");
    world.run_seconds(1);
    assert!(world.get::<Node>("node-1").spec.taints.is_empty());
}

#[test]
fn a_namespace_is_furnished_and_goes_with_its_content() {
    let mut world = World::new();
    world.create("{apiVersion: v1, kind: Namespace, metadata: {name: room}}");
    world.run_seconds(1);
    let account = Key::new("room", "default");
    assert!(world.server.object(Kind::ServiceAccount, &account).is_some());
    assert!(world.server.object(Kind::ConfigMap, &Key::new("room", "kube-root-ca.crt")).is_some());
    world.delete(Kind::Namespace, "room", Propagation::Background);
    world.run_seconds(1);
    assert_eq!(world.get::<Namespace>("room").status.phase, "Terminating");
    world.run_seconds(10);
    assert!(world.find::<Namespace>("room").is_none());
    assert!(world.server.object(Kind::ServiceAccount, &account).is_none());
}

#[test]
fn pods_of_a_node_that_is_gone_are_collected() {
    let mut world = World::new();
    world.create("{apiVersion: v1, kind: Pod, metadata: {name: p}, spec: {containers: [{name: c, image: nginx}]}}");
    world.run_seconds(5);
    world.delete(Kind::Node, "node-1", Propagation::Background);
    world.run_seconds(30);
    assert!(world.find::<Pod>("p").is_some());
    world.run_seconds(40);
    assert!(world.find::<Pod>("p").is_none());
}
