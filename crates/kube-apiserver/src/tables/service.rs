//! Services and their endpoints.

use api::core::endpoints::{EndpointPort, EndpointSlice, Endpoints};
use api::{Service, Value};
use sim::Time;

use super::{Always, Heading, Wide, age, or_none, pairs};

pub(super) const SERVICE: &[Heading] = &[
    Heading("Name", Always),
    Heading("Type", Always),
    Heading("Cluster-IP", Always),
    Heading("External-IP", Always),
    Heading("Port(s)", Always),
    Heading("Age", Always),
    Heading("Selector", Wide),
];

pub(super) const ENDPOINTS: &[Heading] =
    &[Heading("Name", Always), Heading("Endpoints", Always), Heading("Age", Always)];

pub(super) const ENDPOINT_SLICE: &[Heading] = &[
    Heading("Name", Always),
    Heading("AddressType", Always),
    Heading("Ports", Always),
    Heading("Endpoints", Always),
    Heading("Age", Always),
];

/// So many ports or addresses are shown, then how many more there are.
const SHOWN_MAX: usize = 3;

pub(super) fn service(service: &Service, now: Time) -> Vec<Value> {
    let spec = &service.spec;
    vec![
        service.metadata.name.clone().into(),
        spec.kind.clone().into(),
        or_none(spec.cluster_ips.first().unwrap_or(&spec.cluster_ip)),
        external_address(service).into(),
        ports(service),
        age(&service.metadata, now),
        pairs(&spec.selector),
    ]
}

fn external_address(service: &Service) -> String {
    let spec = &service.spec;
    let external = spec.external_ips.join(",");
    let joined = |first: String| if external.is_empty() { first } else { format!("{first},{external}") };
    match spec.kind.as_str() {
        "ExternalName" => spec.external_name.to_string(),
        "LoadBalancer" => {
            let ingress = service.status.load_balancer.ingress.iter().map(|ingress| {
                let address = ingress.get("ip").text();
                if address.is_empty() { ingress.get("hostname").text() } else { address }
            });
            let ingress: Vec<&str> = ingress.collect();
            match (ingress.is_empty(), external.is_empty()) {
                (false, _) => joined(ingress.join(",")),
                (true, true) => "<pending>".to_owned(),
                (true, false) => external,
            }
        }
        _ if external.is_empty() => "<none>".to_owned(),
        _ => external,
    }
}

fn ports(service: &Service) -> Value {
    let texts = service.spec.ports.iter().map(|port| match port.node_port {
        0 => format!("{}/{}", port.port, port.protocol),
        node_port => format!("{}:{node_port}/{}", port.port, port.protocol),
    });
    or_none(&texts.collect::<Vec<_>>().join(","))
}

pub(super) fn endpoints(endpoints: &Endpoints, now: Time) -> Vec<Value> {
    vec![endpoints.metadata.name.clone().into(), endpoint_list(endpoints).into(), age(&endpoints.metadata, now)]
}

fn endpoint_list(endpoints: &Endpoints) -> String {
    let mut all = Vec::new();
    for subset in &endpoints.subsets {
        if subset.ports.is_empty() {
            all.extend(subset.addresses.iter().map(|address| address.ip.to_string()));
        }
        for port in &subset.ports {
            let number = port.port.unwrap_or(0);
            all.extend(subset.addresses.iter().map(|address| format!("{}:{number}", address.ip)));
        }
    }
    shortened(&all, "<none>")
}

pub(super) fn endpoint_slice(slice: &EndpointSlice, now: Time) -> Vec<Value> {
    let addresses = slice.endpoints.iter().flat_map(|endpoint| endpoint.addresses.iter());
    let addresses: Vec<String> = addresses.map(ToString::to_string).collect();
    let ports: Vec<String> = slice.ports.iter().map(port_text).collect();
    vec![
        slice.metadata.name.clone().into(),
        slice.address_type.clone().into(),
        shortened(&ports, "<unset>").into(),
        shortened(&addresses, "<unset>").into(),
        age(&slice.metadata, now),
    ]
}

fn port_text(port: &EndpointPort) -> String {
    match (port.port, port.name.as_deref()) {
        (Some(number), _) => number.to_string(),
        (None, Some(name)) => name.to_owned(),
        (None, None) => "*".to_owned(),
    }
}

fn shortened(texts: &[String], none: &str) -> String {
    if texts.is_empty() {
        return none.to_owned();
    }
    let shown = texts[..texts.len().min(SHOWN_MAX)].join(",");
    match texts.len().saturating_sub(SHOWN_MAX) {
        0 => shown,
        more => format!("{shown} + {more} more..."),
    }
}
