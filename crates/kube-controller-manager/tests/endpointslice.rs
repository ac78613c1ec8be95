//! Which endpoints a service's slices keep, and in which order.

use std::rc::Rc;

use api::{EndpointSlice, Node, ObjectMeta, Pod, Service, Str};
use kube_controller_manager::endpointslice::decide::{ENDPOINTS_PER_SLICE_MAX, SliceInputs, SlicePlan, decide_slices};

#[test]
fn a_slice_keeps_its_order_and_new_pods_fill_it_up() {
    let service = Service { metadata: ObjectMeta::new("default", "nginx"), ..Service::default() };
    let pod = |name: &str, last: u8| {
        let mut pod = Pod { metadata: ObjectMeta::new("default", name), ..Pod::default() };
        Rc::make_mut(&mut pod.status).pod_ip = format!("10.244.1.{last}").into();
        Rc::new(pod)
    };
    let plan = |pods: &[Rc<Pod>], slices: &[Rc<EndpointSlice>]| -> SlicePlan {
        let nodes = |_: &Str| Some(Rc::new(Node::default()));
        let endpoints_per_slice_max = ENDPOINTS_PER_SLICE_MAX;
        decide_slices(&SliceInputs { service: &service, pods, slices, nodes: &nodes, endpoints_per_slice_max })
    };
    let first = [pod("b", 1), pod("c", 2)];
    let mut slice = plan(&first, &[]).create.remove(0);
    slice.metadata.name = "nginx-x".into();
    let stored = [Rc::new(slice.clone())];
    let second = plan(&[pod("a", 3), pod("c", 2)], &stored);
    let names: Vec<_> = second.update[0].endpoints.iter().filter_map(|endpoint| endpoint.target_ref.as_ref()).collect();
    assert_eq!(names.iter().map(|target| target.name.as_str()).collect::<Vec<_>>(), ["c", "a"]);
    assert!(second.create.is_empty() && second.delete.is_empty());
    assert!(plan(&first, &stored).is_empty(), "what is as wanted is not written");
    let mut of_old_ports = slice;
    of_old_ports.metadata.name = "nginx-old".into();
    of_old_ports.ports = [Default::default()].into();
    let both = [stored[0].clone(), Rc::new(of_old_ports)];
    let deleted: Vec<String> = plan(&first, &both).delete.iter().map(|slice| slice.metadata.name.to_string()).collect();
    assert_eq!(deleted, ["nginx-old"], "a slice of ports that no pod has goes");
}
