//! Endpoints and EndpointSlices.

use api::Value;

use super::cluster::Cluster;
use super::fields::{at, go, has, int, joined, list, or_none, or_unset, text};
use super::lines::Lines;

/// Writes Endpoints.
pub(super) fn endpoints(lines: &mut Lines, endpoints: &Value, cluster: &Cluster<'_>) {
    head(lines, endpoints);
    lines.line(0, "Subsets:");
    for subset in list(endpoints, "subsets") {
        let addresses = |field: &str| {
            let addresses: Vec<&str> = list(subset, field).iter().map(|address| text(address, "ip")).collect();
            or_none(&addresses.join(",")).to_string()
        };
        lines.field(1, "Addresses", addresses("addresses"));
        lines.field(1, "NotReadyAddresses", addresses("notReadyAddresses"));
        let ports = list(subset, "ports");
        if !ports.is_empty() {
            lines.line(1, "Ports:");
            lines.heading(2, &["Name", "Port", "Protocol"]);
        }
        for port in ports {
            let (name, number) = (port_name(port), int(port, "port"));
            lines.line(2, format_args!("{name}\t{number}\t{}", text(port, "protocol")));
        }
        lines.line(0, "");
    }
    cluster.events(lines, endpoints);
}

fn head(lines: &mut Lines, object: &Value) {
    lines.field(0, "Name", text(object, "metadata.name"));
    lines.field(0, "Namespace", text(object, "metadata.namespace"));
    lines.labels("Labels", at(object, "metadata.labels"));
    lines.annotations("Annotations", at(object, "metadata.annotations"));
}

fn port_name(port: &Value) -> &str {
    match text(port, "name") {
        "" => "<unset>",
        name => name,
    }
}

/// Writes an EndpointSlice.
pub(super) fn endpoint_slice(lines: &mut Lines, slice: &Value, cluster: &Cluster<'_>) {
    head(lines, slice);
    lines.field(0, "AddressType", text(slice, "addressType"));
    match list(slice, "ports") {
        [] => lines.line(0, "Ports: <unset>"),
        ports => {
            lines.line(0, "Ports:");
            lines.heading(1, &["Name", "Port", "Protocol"]);
            for port in ports {
                let (name, number) = (port_name(port), or_unset(at(port, "port")));
                lines.line(1, format_args!("{name}\t{number}\t{}", text(port, "protocol")));
            }
        }
    }
    match list(slice, "endpoints") {
        [] => lines.line(0, "Endpoints: <none>"),
        endpoints => {
            lines.line(0, "Endpoints:");
            endpoints.iter().for_each(|endpoint| self::endpoint(lines, endpoint));
        }
    }
    cluster.events(lines, slice);
}

fn endpoint(lines: &mut Lines, endpoint: &Value) {
    lines.field(1, "- Addresses", or_none(&joined(at(endpoint, "addresses"), ", ")));
    lines.line(2, "Conditions:");
    lines.field(3, "Ready", or_unset(at(endpoint, "conditions.ready")));
    lines.field(2, "Hostname", or_unset(at(endpoint, "hostname")));
    if has(endpoint, "targetRef") {
        let target = at(endpoint, "targetRef");
        lines.field(2, "TargetRef", format_args!("{}/{}", go(target.get("kind")), text(target, "name")));
    }
    lines.field(2, "NodeName", or_unset(at(endpoint, "nodeName")));
    lines.field(2, "Zone", or_unset(at(endpoint, "zone")));
}
