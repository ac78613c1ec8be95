//! Addresses and node ports of services.

use api::core::service::ServiceSpec;
use api::{FieldError, Kind, Service, Status, Value};

use crate::ApiServer;
use crate::allocator::AllocationError;

/// Gives a new service its address and ports, or what it asked for.
pub(super) fn allocate(server: &mut ApiServer, service: &mut Service) -> Result<(), Status> {
    allocate_address(server, service)?;
    allocate_ports(server, service)?;
    allocate_health_port(server, service, 0)
}

/// Keeps what the service had, and gives what the change needs.
pub(super) fn reallocate(server: &mut ApiServer, service: &mut Service, old: &Service) -> Result<(), Status> {
    let health_port = health_port(old);
    if health_port != 0 && !needs_health_port(service) {
        server.allocator.release_port(health_port);
    }
    if service.spec.kind == "ExternalName" {
        old.spec.cluster_ips.iter().for_each(|address| server.allocator.release_address(address));
        service.spec.cluster_ip = Default::default();
        service.spec.cluster_ips = Default::default();
        return Ok(());
    }
    if service.spec.cluster_ip.is_empty() && old.spec.kind != "ExternalName" {
        service.spec.cluster_ip = old.spec.cluster_ip.clone();
        service.spec.cluster_ips = old.spec.cluster_ips.clone();
    }
    if service.spec.cluster_ip != old.spec.cluster_ip {
        allocate_address(server, service)?;
    }
    keep_node_ports(service, old);
    for port in old.spec.ports.iter().filter(|port| port.node_port != 0) {
        if !service.spec.ports.iter().any(|new| new.node_port == port.node_port) {
            server.allocator.release_port(port.node_port);
        }
    }
    let had: Vec<i32> = old.spec.ports.iter().map(|port| port.node_port).collect();
    allocate_new_ports(server, service, &had)?;
    allocate_health_port(server, service, health_port)
}

fn allocate_address(server: &mut ApiServer, service: &mut Service) -> Result<(), Status> {
    let spec = &mut service.spec;
    if spec.kind == "ExternalName" {
        return Ok(());
    }
    if spec.cluster_ip.is_empty() {
        let address = server
            .allocator
            .any_address(&mut server.addresses)
            .map_err(|_| Status::internal("failed to allocate a serviceIP: range is full"))?;
        spec.cluster_ip = address.into();
    } else if !spec.is_headless()
        && let Err(error) = server.allocator.address(&spec.cluster_ip)
    {
        return Err(refused_address(service, error));
    }
    let spec = &mut service.spec;
    spec.cluster_ips = [spec.cluster_ip.clone()].into();
    set_families(spec);
    Ok(())
}

/// The cluster has IPv4 addresses only.
fn set_families(spec: &mut ServiceSpec) {
    if spec.rest.get("ipFamilies").is_null() {
        spec.rest.set("ipFamilies", Value::List(vec!["IPv4".into()]));
    }
    if spec.rest.get("ipFamilyPolicy").is_null() {
        spec.rest.set("ipFamilyPolicy", "SingleStack".into());
    }
}

fn refused_address(service: &Service, error: AllocationError) -> Status {
    let address = &service.spec.cluster_ip;
    let cause = match error {
        AllocationError::Taken => "provided IP is already allocated".to_owned(),
        AllocationError::OutOfRange | AllocationError::Malformed => {
            let range = crate::allocator::SERVICE_RANGE;
            format!("the provided IP ({address}) is not in the valid range. The range of valid IPs is {range}")
        }
        AllocationError::Full => "range is full".to_owned(),
    };
    let detail = format!("failed to allocate IP {address}: {cause}");
    let value = Value::List(vec![address.clone().into()]);
    let error = FieldError::invalid("spec.clusterIPs", value, detail);
    Status::invalid(Kind::Service, &service.metadata.name, &[error])
}

fn allocate_ports(server: &mut ApiServer, service: &mut Service) -> Result<(), Status> {
    allocate_new_ports(server, service, &[])
}

/// A port without a number that stood there before under the same name and port keeps its node port.
fn keep_node_ports(service: &mut Service, old: &Service) {
    if !needs_node_ports(service) {
        return;
    }
    for port in service.spec.ports.make_mut().iter_mut().filter(|port| port.node_port == 0) {
        let same =
            |before: &&api::core::service::ServicePort| before.port == port.port && before.protocol == port.protocol;
        port.node_port = old.spec.ports.iter().find(same).map_or(0, |before| before.node_port);
    }
}

fn allocate_new_ports(server: &mut ApiServer, service: &mut Service, had: &[i32]) -> Result<(), Status> {
    if !needs_node_ports(service) {
        service.spec.ports.make_mut().iter_mut().for_each(|port| port.node_port = 0);
        return Ok(());
    }
    let name = service.metadata.name.clone();
    for (index, port) in service.spec.ports.make_mut().iter_mut().enumerate() {
        if port.node_port != 0 && had.contains(&port.node_port) {
            continue;
        }
        let given = match port.node_port {
            0 => server.allocator.any_port(&mut server.addresses).map(|number| port.node_port = i32::from(number)),
            asked => server.allocator.port(asked),
        };
        given.map_err(|error| refused_port(&name, index, port.node_port, error))?;
    }
    Ok(())
}

fn needs_node_ports(service: &Service) -> bool {
    matches!(service.spec.kind.as_str(), "NodePort" | "LoadBalancer")
}

/// Where load balancers ask a node whether it has pods of the service.
const HEALTH_PORT: &str = "healthCheckNodePort";

fn needs_health_port(service: &Service) -> bool {
    service.spec.kind == "LoadBalancer" && service.spec.rest.get("externalTrafficPolicy").text() == "Local"
}

/// The port on which a service's nodes are asked, or 0.
pub(crate) fn health_port(service: &Service) -> i32 {
    i32::try_from(service.spec.rest.get(HEALTH_PORT).as_int().unwrap_or_default()).unwrap_or_default()
}

fn allocate_health_port(server: &mut ApiServer, service: &mut Service, had: i32) -> Result<(), Status> {
    if !needs_health_port(service) {
        return Ok(());
    }
    let port = match health_port(service) {
        0 if had != 0 => had,
        0 => {
            let given = server.allocator.any_port(&mut server.addresses);
            let full = "failed to allocate a HealthCheck NodePort : range is full";
            i32::from(given.map_err(|_| Status::internal(full))?)
        }
        asked => {
            if asked != had {
                let refused = |error| {
                    let why = why_not(error);
                    Status::internal(format!("failed to allocate requested HealthCheck NodePort {asked}: {why}"))
                };
                server.allocator.port(asked).map_err(refused)?;
            }
            asked
        }
    };
    service.spec.rest.set(HEALTH_PORT, Value::Int(port.into()));
    Ok(())
}

fn refused_port(name: &str, index: usize, port: i32, error: AllocationError) -> Status {
    let error = FieldError::invalid(format!("spec.ports[{index}].nodePort"), i64::from(port), why_not(error));
    Status::invalid(Kind::Service, name, &[error])
}

fn why_not(error: AllocationError) -> &'static str {
    match error {
        AllocationError::Taken => "provided port is already allocated",
        AllocationError::Full => "no node port is left",
        AllocationError::OutOfRange | AllocationError::Malformed => {
            "provided port is not in the valid range. The range of valid ports is 30000-32767"
        }
    }
}
