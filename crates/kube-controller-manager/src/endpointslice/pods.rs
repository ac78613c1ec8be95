//! What a pod is to a service: whether it stands behind it, at which ports, since when.
//!
//! Models: kubernetes v1.36 endpointslice/util (controller_utils.go, trigger_time_tracker.go) and
//! pkg/api/v1/service ports.

use ordered::OrderedMap;
use std::rc::Rc;

use api::core::endpoints::EndpointPort;
use api::core::service::ServicePort;
use api::int_or_string::IntOrString;
use api::meta::ObjectReference;
use api::{Kind, Pod, Service, Str};
use ecow::EcoVec;
use sim::Time;

/// The annotation with the time of the change that endpoints were last written for.
pub const TRIGGER_TIME: &str = "endpoints.kubernetes.io/last-change-trigger-time";
/// The label of endpoints of a service without an address.
pub const HEADLESS: &str = "service.kubernetes.io/headless";

/// What becomes of pods that are being deleted.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Terminating {
    /// They stay, marked.
    Included,
    /// They are left out.
    Excluded,
}

/// Whether a pod stands behind the services that select it.
pub fn is_in_endpoints(pod: &Pod, terminating: Terminating) -> bool {
    let is_going = pod.metadata.is_terminating() && terminating == Terminating::Excluded;
    !pod.status.is_terminal() && !pod.status.pod_ip.is_empty() && !is_going
}

/// The pod's IPv4 address.
pub fn address_of(pod: &Pod) -> &Str {
    let listed = pod.status.pod_ips.iter().map(|address| &address.ip).find(|ip| ip.contains('.'));
    listed.unwrap_or(&pod.status.pod_ip)
}

/// The pod's own name in the service's domain, if it stands in it.
pub fn hostname_in(service: &Service, pod: &Pod) -> Option<Str> {
    let stands_in_it = !pod.spec.hostname.is_empty() && pod.spec.subdomain == service.metadata.name;
    stands_in_it.then(|| pod.spec.hostname.clone())
}

/// A reference to the pod, as endpoints hold it.
pub fn target_reference(pod: &Pod) -> ObjectReference {
    ObjectReference {
        kind: Kind::Pod.shared_name(),
        name: pod.metadata.name.clone(),
        namespace: pod.metadata.namespace.clone(),
        uid: pod.metadata.uid.clone(),
        ..ObjectReference::default()
    }
}

/// The service's ports at this pod; a port whose name the pod does not have is left out.
pub fn ports_at(service: &Service, pod: &Pod) -> EcoVec<EndpointPort> {
    api::reached!("kube_controller_manager::endpointslice::pods::ports_at");
    let resolved = service.spec.ports.iter().filter_map(|port| {
        let number = find_port(pod, port)?;
        Some(EndpointPort {
            name: Some(port.name.clone()),
            port: Some(number),
            protocol: Some(port.protocol.clone()),
            app_protocol: port.app_protocol.clone(),
            ..EndpointPort::default()
        })
    });
    resolved.collect()
}

fn find_port(pod: &Pod, port: &ServicePort) -> Option<i32> {
    let name = match &port.target_port {
        IntOrString::Int(number) => return Some(*number),
        IntOrString::Str(name) => name,
    };
    let sidecars = pod.spec.init_containers.iter().filter(|container| container.is_sidecar());
    let containers = pod.spec.containers.iter().chain(sidecars);
    let mut ports = containers.flat_map(|container| container.ports.iter());
    ports.find(|declared| declared.name == *name && declared.protocol == port.protocol).map(|port| port.container_port)
}

/// Remembers, per service, the times of its pods that its endpoints were last written for.
#[derive(Clone, Debug, Default)]
pub(crate) struct TriggerTimes {
    by_service: OrderedMap<Str, OrderedMap<Str, Time>>,
}

impl TriggerTimes {
    /// The earliest change since the last call for this service; the service's own creation at the first. None if
    /// nothing that counts has changed.
    pub(crate) fn take<'a>(&mut self, service: &Service, pods: impl Iterator<Item = &'a Rc<Pod>>) -> Option<Time> {
        let known = self.by_service.remove(&service.metadata.uid);
        let is_new = known.is_none();
        let seen = known.unwrap_or_default();
        let mut times = OrderedMap::new();
        let mut earliest: Option<Time> = None;
        for pod in pods {
            let ready = pod.status.condition("Ready").and_then(|condition| condition.last_transition_time);
            let Some(at) = ready else { continue };
            if seen.get(&pod.metadata.name).is_none_or(|seen| at > *seen) {
                earliest = Some(earliest.map_or(at, |earliest| earliest.min(at)));
            }
            times.insert(pod.metadata.name.clone(), at);
        }
        self.by_service.insert(service.metadata.uid.clone(), times);
        if is_new { service.metadata.creation_timestamp } else { earliest }
    }

    pub(crate) fn forget(&mut self, service_uid: &str) {
        self.by_service.remove(service_uid);
    }
}
