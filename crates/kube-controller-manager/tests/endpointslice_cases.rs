//! Endpoints and their ports against Kubernetes' own tables.

mod reference;

use std::rc::Rc;

use api::codec::Codec;
use api::core::endpoints::{Endpoint, EndpointPort};
use api::{Node, ObjectMeta, Pod, Resource, Service, Str, Value};
use ecow::EcoVec;
use kube_controller_manager::endpointslice::decide::{SliceInputs, decide_slices};
use kube_controller_manager::endpointslice::pods;

const PATH: &str = "cases/endpointslice.json";

#[test]
fn pods_become_endpoints_as_upstream_makes_them() {
    for case in reference::read_cases(PATH, "TestPodToEndpoint") {
        let mut service = Service::decode(case.get("svc").clone());
        service.spec.publish_not_ready_addresses |= case.get("publishNotReadyAddresses").as_bool() == Some(true);
        service.spec.selector.insert("foo", "bar");
        let pod = Rc::new(Pod::decode(case.get("pod").clone()));
        let node = (!case.get("node").is_null()).then(|| Rc::new(Node::decode(case.get("node").clone())));
        let nodes = |name: &Str| node.clone().filter(|node| node.key().name == *name);
        let inputs = SliceInputs { service: &service, pods: &[pod], slices: &[], nodes: &nodes };
        let plan = decide_slices(&inputs);
        let wanted = Endpoint::decode(case.get("expectedEndpoint").clone());
        let name = case.get("name").text();
        let got = plan.create.first().and_then(|slice| slice.endpoints.first());
        assert_eq!(got.map(Codec::encode), Some(wanted.encode()), "{name}");
    }
}

#[test]
fn ports_are_found_by_number_and_by_name() {
    for case in reference::read_cases(PATH, "TestGetEndpointPorts") {
        let service = Service::decode(case.get("service").clone());
        let pod = Pod::decode(case.get("pod").clone());
        let wanted: EcoVec<EndpointPort> = EcoVec::decode(case.get("expectedPorts").clone());
        assert_eq!(pods::ports_at(&service, &pod), wanted, "{}", case.get("name").text());
    }
    for case in reference::read_cases(PATH, "TestFindPort") {
        let mut pod = Value::map();
        pod.set(&["spec", "containers"], case.get("containers").clone());
        pod.set(&["spec", "initContainers"], case.get("initContainers").clone());
        let mut service = Value::map();
        let mut port = Value::map();
        port.set(&["protocol"], "TCP");
        port.set(&["targetPort"], case.get("port").clone());
        service.set(&["spec", "ports"], vec![port]);
        let found = pods::ports_at(&Service::decode(service), &Pod::decode(pod));
        let wanted = (case.get("pass").as_bool() == Some(true)).then(|| case.get("expected").as_int());
        let got = found.first().map(|port| port.port.map(i64::from));
        assert_eq!(got, wanted, "{}", case.get("name").text());
    }
}

#[test]
fn a_slice_keeps_its_order_and_new_pods_fill_it_up() {
    let service = Service { metadata: ObjectMeta::new("default", "nginx"), ..Service::default() };
    let pod = |name: &str, last: u8| {
        let mut pod = Pod { metadata: ObjectMeta::new("default", name), ..Pod::default() };
        Rc::make_mut(&mut pod.status).pod_ip = format!("10.244.1.{last}").into();
        Rc::new(pod)
    };
    let nowhere = |_: &Str| None;
    let first = [pod("b", 1), pod("c", 2)];
    let inputs = SliceInputs { service: &service, pods: &first, slices: &[], nodes: &nowhere };
    let mut slice = decide_slices(&inputs).create.remove(0);
    slice.metadata.name = "nginx-x".into();
    let stored = [Rc::new(slice)];
    let second = [pod("a", 3), pod("c", 2)];
    let inputs = SliceInputs { service: &service, pods: &second, slices: &stored, nodes: &nowhere };
    let plan = decide_slices(&inputs);
    let names: Vec<_> = plan.update[0].endpoints.iter().filter_map(|endpoint| endpoint.target_ref.as_ref()).collect();
    assert_eq!(names.iter().map(|target| target.name.as_str()).collect::<Vec<_>>(), ["c", "a"]);
    assert!(plan.create.is_empty() && plan.delete.is_empty());
    let inputs = SliceInputs { service: &service, pods: &first, slices: &stored, nodes: &nowhere };
    assert_eq!(decide_slices(&inputs), Default::default(), "what is as wanted is not written");
}
