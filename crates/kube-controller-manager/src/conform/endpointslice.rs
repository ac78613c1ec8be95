//! `endpointslice`: endpoints, their ports, and how slices are filled.
//!
//! Models: kubernetes v1.36 staging/src/k8s.io/endpointslice, its tests.

use std::rc::Rc;

use api::codec::Codec;
use api::conform::{Case, Suite, object};
use api::core::endpoints::{Endpoint, EndpointPort};
use api::core::pod_status::PodCondition;
use api::meta::ConditionStatus;
use api::{EndpointSlice, Node, ObjectMeta, Pod, Resource, Service, Str, Value};
use client::Api;
use ecow::EcoVec;
use sim::Time;
use thin::format_str;

use super::shelf::{Shelf, shared};
use super::{Rows, answer, wanted};
use crate::endpointslice::decide::{self, ENDPOINTS_PER_SLICE_MAX, SliceInputs, SlicePlan};
use crate::endpointslice::{EndpointSliceController, pods};

pub(super) const SUITE: Suite = Suite {
    name: "endpointslice",
    run: |case| answer(ROWS, case),
    expect: |case| wanted(ROWS, case),
    functions: &[
        "kube_controller_manager::endpointslice::decide::decide_slices",
        "kube_controller_manager::endpointslice::decide::new_endpoint",
        "kube_controller_manager::endpointslice::decide::finalize",
        "kube_controller_manager::endpointslice::pods::ports_at",
    ],
};

const ROWS: Rows = &[
    ("TestReconcile1Pod", one_pod, |case| {
        let slice = case.get("expectedEndpointPerSlice").get("IPv4").element(0);
        object([("labels", case.get("expectedLabels").clone()), ("endpoint", Endpoint::decode(slice.clone()).encode())])
    }),
    ("TestReconcile1EndpointSlice", no_pods, |case| {
        let metrics = case.get("wantMetrics");
        ["numCreated", "numUpdated", "numDeleted"].map(|field| metrics.get(field).clone()).to_vec().into()
    }),
    (
        "TestPlaceHolderSliceCompare",
        |_| Err("a placeholder is known by what it lacks, slices are not compared".into()),
        none,
    ),
    ("TestReconcileEndpointSlicesRecreation", recreation, |case| case.get("expectChanges").clone()),
    ("TestReconcileMaxEndpointsPerSlice", slice_lengths, |case| case.get("expectedSliceLengths").clone()),
    ("TestReconcilerFinalizeSvcDeletionTimestamp", finalize, |case| {
        let fields = ["expectCreatedSlice", "expectUpdatedSlice", "expectDeletedSlice"];
        fields.map(|field| case.get(field).clone()).to_vec().into()
    }),
    ("TestReconcilerPodMissingNode", missing_node, |case| {
        let added = case.get("expectedMetrics").get("addedPerSync").clone();
        object([("endpoints", added), ("retried", case.get("expectError").clone())])
    }),
    ("TestReconcileTopology", |_| Err(NO_HINTS.into()), none),
    ("TestReconcile_TrafficDistribution", |_| Err(NO_HINTS.into()), none),
    ("Test_hintsEnabled", |_| Err(NO_HINTS.into()), none),
    ("TestNewEndpointSlice", |_| Err(UNKNOWN_INPUT.into()), none),
    ("TestSetEndpointSliceLabels", |_| Err(UNKNOWN_INPUT.into()), none),
    ("TestSupportedServiceAddressType", |_| Err(ONE_FAMILY.into()), none),
    ("TestPodToEndpoint", endpoint, |case| Endpoint::decode(case.get("expectedEndpoint").clone()).encode()),
    ("TestServiceControllerKey", service_key, |case| case.get("expectedKey").clone()),
    ("TestGetEndpointPorts", ports, |case| EcoVec::<EndpointPort>::decode(case.get("expectedPorts").clone()).encode()),
    ("TestFindPort", find_port, |case| if case.flag("pass") { case.get("expected").clone() } else { Value::Null }),
];

const NO_HINTS: &str = "endpoints give no hints about zones";
const UNKNOWN_INPUT: &str = "the row's input is a function";
const ONE_FAMILY: &str = "the network has one family of addresses, IPv4";

fn none(_: &Case<'_>) -> Value {
    Value::Null
}

/// The service of upstream's tests of slices.
fn service() -> Service {
    let port = object([("name", "foo".into()), ("protocol", "TCP".into()), ("targetPort", 80.into())]);
    let mut value = object([(
        "metadata",
        object([("name", "foo".into()), ("namespace", "test".into()), ("uid", "test-foo".into())]),
    )]);
    value.set(&["spec", "ports"], vec![port]);
    value.set(&["spec", "selector", "foo"], "bar");
    value.set(&["spec", "ipFamilies"], vec!["IPv4".into()]);
    Service::decode(value)
}

/// The pod of that number: Ready, on a node.
fn pod(number: usize, node: &str) -> Rc<Pod> {
    let mut pod = Pod { metadata: ObjectMeta::new("test", format_str!("pod{number}")), ..Pod::default() };
    pod.metadata.labels.insert("foo", "bar");
    Rc::make_mut(&mut pod.spec).node_name = node.into();
    let status = Rc::make_mut(&mut pod.status);
    status.pod_ip = format_str!("1.2.{}.{}", 3 + number / 250, 3 + number % 250);
    status.conditions.push(PodCondition::new("Ready", ConditionStatus::True, Time(0)));
    Rc::new(pod)
}

fn node(name: &str) -> Rc<Node> {
    let mut node = Node { metadata: ObjectMeta::new("", name), ..Node::default() };
    node.metadata.labels.insert("topology.kubernetes.io/zone", "us-central1-a");
    Rc::new(node)
}

fn plan(service: &Service, pods: &[Rc<Pod>], slices: &[Rc<EndpointSlice>], max: usize) -> SlicePlan {
    let nodes = |name: &Str| Some(node(name));
    decide::decide_slices(&SliceInputs { service, pods, slices, nodes: &nodes, endpoints_per_slice_max: max })
}

fn one_pod(case: &Case<'_>) -> Result<Value, String> {
    let spec = case.get("service").get("spec");
    if spec.get("ipFamilies").as_list().contains(&"IPv6".into()) || spec.get("clusterIP").text().contains(':') {
        return Err(ONE_FAMILY.into());
    }
    let mut pod = (*pod(1, "node-1")).clone();
    Rc::make_mut(&mut pod.status).pod_ip = "1.2.3.4".into();
    let plan = plan(&Service::decode(case.get("service").clone()), &[Rc::new(pod)], &[], ENDPOINTS_PER_SLICE_MAX);
    let slice = plan.create.first().ok_or("no slice")?;
    let endpoint = slice.endpoints.first().ok_or("no endpoint")?;
    Ok(object([("labels", slice.metadata.labels.encode()), ("endpoint", endpoint.encode())]))
}

fn no_pods(case: &Case<'_>) -> Result<Value, String> {
    let existing = case.get("existing");
    let slices: Vec<Rc<EndpointSlice>> = if existing.is_null() { Vec::new() } else { vec![shared(existing)] };
    let plan = plan(&service(), &[], &slices, ENDPOINTS_PER_SLICE_MAX);
    let counts = [plan.create.len(), plan.update.len(), plan.delete.len()];
    Ok(counts.map(|count| Value::from(count as i64)).to_vec().into())
}

/// Whether a sync writes, when the service has a slice already, its own or a former service's of that name.
fn recreation(case: &Case<'_>) -> Result<Value, String> {
    let mut service = service();
    let mut slice = plan(&service, &[], &[], ENDPOINTS_PER_SLICE_MAX).create.remove(0);
    slice.metadata.name = "foo-1".into();
    if !case.flag("ownedByService") {
        service.metadata.uid = "another".into();
    }
    let mut shelf = Shelf::at(Time::HEADLESS_START);
    let at = shelf.now;
    shelf.put(at, slice.into());
    let key = service.key();
    shelf.put(at, service.into());
    let before = shelf.revision();
    shelf
        .with_context(|context| EndpointSliceController::default().sync(&key, context))
        .map_err(|status| status.message.to_string())?;
    Ok((shelf.revision() != before).into())
}

fn slice_lengths(case: &Case<'_>) -> Result<Value, String> {
    let pods: Vec<Rc<Pod>> = (0..250).map(|number| pod(number, "node-1")).collect();
    let max = usize::try_from(case.int("maxEndpointsPerSlice")).map_err(|error| error.to_string())?;
    let plan = plan(&service(), &pods, &[], max);
    Ok(plan.create.iter().map(|slice| Value::from(slice.endpoints.len() as i64)).collect::<Vec<_>>().into())
}

/// Whether the slice to make, that to change and that to delete are there afterwards, the latter two as they were planned or
/// recycled.
fn finalize(case: &Case<'_>) -> Result<Value, String> {
    let mut service = service();
    service.metadata.deletion_timestamp = Option::<Time>::decode(case.get("deletionTimestamp").clone());
    let slice = |name: &str| EndpointSlice {
        metadata: ObjectMeta::new("test", name),
        ..decide::new_slice(&service, EcoVec::new())
    };
    let mut plan = SlicePlan::default();
    if case.flag("attemptCreate") {
        plan.create.push(slice("created"));
    }
    if case.flag("attemptUpdate") {
        plan.update.push(slice("updated"));
    }
    if case.flag("attemptDelete") {
        plan.delete.push(Rc::new(slice("deleted")));
    }
    decide::finalize(&service, &mut plan);
    let is_changed = plan.update.iter().any(|slice| slice.metadata.name == "updated");
    Ok(vec![(!plan.create.is_empty()).into(), is_changed.into(), plan.delete.is_empty().into()].into())
}

/// Two pods on two nodes, of which the row says which exist.
fn missing_node(case: &Case<'_>) -> Result<Value, String> {
    if !case.get("existingSlice").is_null() {
        return Err(UNKNOWN_INPUT.into());
    }
    let mut service = service();
    service.spec.publish_not_ready_addresses = case.flag("publishNotReady");
    let existing: Vec<Rc<Node>> = case.get("existingNodes").as_list().iter().map(shared).collect();
    let nodes = |name: &Str| existing.iter().find(|node| node.metadata.name == *name).cloned();
    let pods = [pod(0, "node-0"), pod(1, "node-1")];
    let inputs = SliceInputs {
        service: &service,
        pods: &pods,
        slices: &[],
        nodes: &nodes,
        endpoints_per_slice_max: ENDPOINTS_PER_SLICE_MAX,
    };
    let plan = decide::decide_slices(&inputs);
    let endpoints: usize = plan.create.iter().map(|slice| slice.endpoints.len()).sum();
    Ok(object([("endpoints", (endpoints as i64).into()), ("retried", plan.lacks_nodes.into())]))
}

fn endpoint(case: &Case<'_>) -> Result<Value, String> {
    let mut service = Service::decode(case.get("svc").clone());
    service.spec.publish_not_ready_addresses |= case.flag("publishNotReadyAddresses");
    let pod: Rc<Pod> = shared(case.get("pod"));
    let node: Option<Rc<Node>> = (!case.get("node").is_null()).then(|| shared(case.get("node")));
    let nodes = |name: &Str| node.clone().filter(|node| node.metadata.name == *name);
    let inputs = SliceInputs {
        service: &service,
        pods: &[],
        slices: &[],
        nodes: &nodes,
        endpoints_per_slice_max: ENDPOINTS_PER_SLICE_MAX,
    };
    Ok(decide::new_endpoint(&inputs, &pod).encode())
}

fn service_key(case: &Case<'_>) -> Result<Value, String> {
    let slice = EndpointSlice::decode(case.get("endpointSlice").clone());
    Ok(decide::service_key(&slice).map_or_else(String::new, |key| key.to_string()).into())
}

fn ports(case: &Case<'_>) -> Result<Value, String> {
    let service = Service::decode(case.get("service").clone());
    Ok(pods::ports_at(&service, &Pod::decode(case.get("pod").clone())).encode())
}

fn find_port(case: &Case<'_>) -> Result<Value, String> {
    let mut pod = Value::map();
    pod.set(&["spec", "containers"], case.get("containers").clone());
    pod.set(&["spec", "initContainers"], case.get("initContainers").clone());
    let port = object([("protocol", "TCP".into()), ("targetPort", case.get("port").clone())]);
    let mut service = Value::map();
    service.set(&["spec", "ports"], vec![port]);
    let found = pods::ports_at(&Service::decode(service), &Pod::decode(pod));
    Ok(found.first().and_then(|port| port.port).map_or(Value::Null, |port| i64::from(port).into()))
}
