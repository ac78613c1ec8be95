//! What a cluster has before its components run.

use api::core::endpoints::{
    Endpoint, EndpointAddress, EndpointConditions, EndpointPort, EndpointSlice, EndpointSubset, Endpoints,
};
use api::core::namespace::Namespace;
use api::core::service::{Service, ServicePort, ServiceSpec};
use api::int_or_string::IntOrString;
use api::{Kind, Object, ObjectMeta, PriorityClass, StringMap, Value};
use client::WriteOptions;
use sim::Time;

use crate::ApiServer;
use crate::admission::SYSTEM_CLASSES;

/// Under which name the server itself writes.
pub(crate) const MANAGER: &str = "kube-apiserver";
const NAMESPACES: [&str; 4] = ["kube-system", "kube-public", "kube-node-lease", "default"];
const SERVER_ADDRESS: &str = "192.168.49.2";
const SERVER_PORT: i32 = 6443;

pub(crate) fn run(server: &mut ApiServer, now: Time) {
    for name in NAMESPACES {
        must(server, Namespace { metadata: ObjectMeta::new("", name), ..Namespace::default() }.into(), now);
    }
    for (name, value, description) in SYSTEM_CLASSES {
        must(server, priority_class(name, value, description), now);
    }
    must(server, kubernetes_service(), now);
    must(server, kubernetes_endpoints(), now);
    must(server, kubernetes_endpoint_slice(), now);
    must(server, dns_service(), now);
    standard_class(server, now);
}

fn must(server: &mut ApiServer, object: Object, now: Time) {
    server.create(object, MANAGER, now).expect("a new cluster accepts what every cluster has");
}

fn priority_class(name: &str, value: i32, description: &str) -> Object {
    let class = PriorityClass {
        metadata: ObjectMeta::new("", name),
        value,
        description: description.into(),
        preemption_policy: Some("PreemptLowerPriority".into()),
        ..PriorityClass::default()
    };
    class.into()
}

fn kubernetes_service() -> Object {
    let mut metadata = ObjectMeta::new("default", "kubernetes");
    metadata.labels = StringMap::from([("component", "apiserver"), ("provider", "kubernetes")]);
    let port = service_port("https", "TCP", 443, SERVER_PORT);
    service(metadata, "10.96.0.1", vec![port], StringMap::new())
}

fn dns_service() -> Object {
    let mut metadata = ObjectMeta::new("kube-system", "kube-dns");
    metadata.labels = StringMap::from([
        ("k8s-app", "kube-dns"),
        ("kubernetes.io/cluster-service", "true"),
        ("kubernetes.io/name", "CoreDNS"),
    ]);
    let ports = vec![
        service_port("dns", "UDP", 53, 53),
        service_port("dns-tcp", "TCP", 53, 53),
        service_port("metrics", "TCP", 9153, 9153),
    ];
    service(metadata, "10.96.0.10", ports, StringMap::from([("k8s-app", "kube-dns")]))
}

fn service(metadata: ObjectMeta, address: &str, ports: Vec<ServicePort>, selector: StringMap) -> Object {
    let mut spec = ServiceSpec {
        cluster_ip: address.into(),
        kind: "ClusterIP".into(),
        session_affinity: "None".into(),
        ports: ports.into(),
        selector,
        ..ServiceSpec::default()
    };
    spec.rest.set("internalTrafficPolicy", "Cluster".into());
    Service { metadata, spec, ..Service::default() }.into()
}

fn service_port(name: &str, protocol: &str, port: i32, target: i32) -> ServicePort {
    ServicePort {
        name: name.into(),
        protocol: protocol.into(),
        port,
        target_port: IntOrString::Int(target),
        ..ServicePort::default()
    }
}

fn kubernetes_endpoints() -> Object {
    let mut metadata = ObjectMeta::new("default", "kubernetes");
    metadata.labels.insert("endpointslice.kubernetes.io/skip-mirror", "true");
    let address = EndpointAddress { ip: SERVER_ADDRESS.into(), ..EndpointAddress::default() };
    let subset =
        EndpointSubset { addresses: [address].into(), ports: [https_port()].into(), ..EndpointSubset::default() };
    Endpoints { metadata, subsets: [subset].into(), ..Endpoints::default() }.into()
}

fn kubernetes_endpoint_slice() -> Object {
    let mut metadata = ObjectMeta::new("default", "kubernetes");
    metadata.labels.insert("kubernetes.io/service-name", "kubernetes");
    let conditions = EndpointConditions { ready: Some(true), ..EndpointConditions::default() };
    let endpoint = Endpoint { addresses: [SERVER_ADDRESS.into()].into(), conditions, ..Endpoint::default() };
    EndpointSlice {
        metadata,
        address_type: "IPv4".into(),
        endpoints: [endpoint].into(),
        ports: [https_port()].into(),
        ..EndpointSlice::default()
    }
    .into()
}

fn https_port() -> EndpointPort {
    EndpointPort {
        name: Some("https".into()),
        port: Some(SERVER_PORT),
        protocol: Some("TCP".into()),
        ..EndpointPort::default()
    }
}

/// The default class, as minikube's addon manager applies it.
fn standard_class(server: &mut ApiServer, now: Time) {
    let mut body = Value::map();
    body.set(&["apiVersion"], "storage.k8s.io/v1");
    body.set(&["kind"], "StorageClass");
    body.set(&["metadata", "name"], "standard");
    body.set(&["metadata", "annotations", api::storage::IS_DEFAULT_CLASS], "true");
    body.set(&["provisioner"], "k8s.io/minikube-hostpath");
    body.set(&["reclaimPolicy"], "Delete");
    body.set(&["volumeBindingMode"], "Immediate");
    body.set(&["allowVolumeExpansion"], true);
    let applied = format!("{}\n", api::text::json::write_compact(&body));
    body.set(&["metadata", "annotations", "kubectl.kubernetes.io/last-applied-configuration"], applied);
    let options = WriteOptions { field_manager: "kubectl-client-side-apply".into(), ..WriteOptions::default() };
    server
        .create_value(Kind::StorageClass, "", body, &options, MANAGER, now)
        .expect("a new cluster accepts its default class");
}
