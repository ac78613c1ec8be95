//! A Service, with the endpoints of its slices.

use api::{EndpointSlice, Value};

use super::cluster::Cluster;
use super::fields::{at, format_labels, go, has, int, joined, list, or_none, text};
use super::lines::Lines;

/// Writes a Service.
pub(super) fn service(lines: &mut Lines, service: &Value, cluster: &Cluster<'_>) {
    lines.field(0, "Name", text(service, "metadata.name"));
    lines.field(0, "Namespace", text(service, "metadata.namespace"));
    lines.labels("Labels", at(service, "metadata.labels"));
    lines.annotations("Annotations", at(service, "metadata.annotations"));
    lines.field(0, "Selector", format_labels(at(service, "spec.selector")));
    lines.field(0, "Type", text(service, "spec.type"));
    addresses(lines, service);
    let slices = slices_of(service, cluster);
    for port in list(service, "spec.ports") {
        self::port(lines, port, &slices);
    }
    lines.field(0, "Session Affinity", text(service, "spec.sessionAffinity"));
    lines.field_if_any(0, "External Traffic Policy", text(service, "spec.externalTrafficPolicy"));
    lines.field_if_any(0, "Internal Traffic Policy", text(service, "spec.internalTrafficPolicy"));
    if int(service, "spec.healthCheckNodePort") != 0 {
        lines.field(0, "HealthCheck NodePort", int(service, "spec.healthCheckNodePort"));
    }
    lines.field_if_any(0, "LoadBalancer Source Ranges", &joined(at(service, "spec.loadBalancerSourceRanges"), ","));
    lines.field_if_any(0, "Traffic Distribution", text(service, "spec.trafficDistribution"));
    cluster.events(lines, service);
}

fn addresses(lines: &mut Lines, service: &Value) {
    lines.field_if_any(0, "IP Family Policy", text(service, "spec.ipFamilyPolicy"));
    lines.field(0, "IP Families", or_none(&joined(at(service, "spec.ipFamilies"), ",")));
    lines.field(0, "IP", text(service, "spec.clusterIP"));
    lines.field(0, "IPs", or_none(&joined(at(service, "spec.clusterIPs"), ",")));
    lines.field_if_any(0, "External IPs", &joined(at(service, "spec.externalIPs"), ","));
    lines.field_if_any(0, "Desired LoadBalancer IP", text(service, "spec.loadBalancerIP"));
    lines.field_if_any(0, "External Name", text(service, "spec.externalName"));
    let ingress: Vec<String> = list(service, "status.loadBalancer.ingress").iter().map(ingress).collect();
    lines.field_if_any(0, "LoadBalancer Ingress", &ingress.join(", "));
}

fn ingress(ingress: &Value) -> String {
    match (text(ingress, "ip"), text(ingress, "ipMode")) {
        ("", _) => text(ingress, "hostname").to_string(),
        (address, "") => address.to_string(),
        (address, mode) => format!("{address} ({mode})"),
    }
}

fn port(lines: &mut Lines, port: &Value, slices: &[Value]) {
    let protocol = text(port, "protocol");
    let name = match text(port, "name") {
        "" => "<unset>",
        name => name,
    };
    lines.field(0, "Port", format_args!("{name}\t{}/{protocol}", int(port, "port")));
    let target = if has(port, "targetPort") { go(at(port, "targetPort")) } else { "0".to_string() };
    lines.field(0, "TargetPort", format_args!("{target}/{protocol}"));
    lines.field_if_any(0, "AppProtocol", text(port, "appProtocol"));
    if int(port, "nodePort") != 0 {
        lines.field(0, "NodePort", format_args!("{name}\t{}/{protocol}", int(port, "nodePort")));
    }
    lines.field(0, "Endpoints", endpoints(slices, text(port, "name")));
}

/// The slices of a service.
pub(super) fn slices_of(service: &Value, cluster: &Cluster<'_>) -> Vec<Value> {
    let slices = cluster.list::<EndpointSlice>(Some(text(service, "metadata.namespace")));
    let name = Some(text(service, "metadata.name"));
    let own = slices.into_iter().filter(|slice| slice.metadata.labels.get("kubernetes.io/service-name") == name);
    own.map(|slice| api::Object::from(slice).encode()).collect()
}

/// Endpoints beyond these are only counted.
const SHOWN_MAX: usize = 3;

/// The ready endpoints of one port: `10.244.1.2:80,10.244.2.2:80`.
pub(super) fn endpoints(slices: &[Value], port_name: &str) -> String {
    if slices.is_empty() {
        return "<none>".to_string();
    }
    let (mut shown, mut count, mut is_cut) = (Vec::new(), 0, false);
    for (slice, port) in slices.iter().flat_map(|slice| ports(slice, port_name)) {
        for endpoint in list(slice, "endpoints") {
            // kubectl looks at the limit before it looks at readiness: an endpoint that is not ready cuts the list, too.
            is_cut |= shown.len() == SHOWN_MAX;
            if at(endpoint, "conditions.ready").as_bool() == Some(false) {
                continue;
            }
            if !is_cut {
                shown.push(address(endpoint, port));
            }
            count += 1;
        }
    }
    let list = shown.join(",");
    if is_cut { format!("{list} + {} more...", count - SHOWN_MAX) } else { list }
}

/// The ports of a slice with this name; one that stands for no port if the slice has none.
fn ports<'v>(slice: &'v Value, name: &str) -> Vec<(&'v Value, Option<&'v Value>)> {
    match list(slice, "ports") {
        [] => vec![(slice, None)],
        ports => ports.iter().filter(|port| text(port, "name") == name).map(|port| (slice, Some(port))).collect(),
    }
}

fn address(endpoint: &Value, port: Option<&Value>) -> String {
    let address = at(endpoint, "addresses").element(0).text();
    match port {
        None => address.to_string(),
        Some(port) if address.contains(':') => format!("[{address}]:{}", int(port, "port")),
        Some(port) => format!("{address}:{}", int(port, "port")),
    }
}
