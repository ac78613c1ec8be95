//! Services.
//!
//! Models: kubernetes v1.36 pkg/apis/core/validation, ValidateService*, on a cluster with IPv4 only.

use ordered::OrderedSet;
use std::net::IpAddr;

use api::field_error::Fault;
use api::{FieldError, Value};

use super::field::{Errors, Field};
use super::{addresses, checks, internal, names};

const TYPES: [&str; 4] = ["ClusterIP", "ExternalName", "LoadBalancer", "NodePort"];
const AFFINITIES: [&str; 2] = ["ClientIP", "None"];
const TRAFFIC_POLICIES: [&str; 2] = ["Cluster", "Local"];
const DISTRIBUTIONS: [&str; 3] = ["PreferClose", "PreferSameZone", "PreferSameNode"];
const FAMILIES: [&str; 2] = ["IPv4", "IPv6"];
const FAMILY_POLICIES: [&str; 3] = ["PreferDualStack", "RequireDualStack", "SingleStack"];
const AFFINITY_SECONDS_MAX: i64 = 86_400;
const LOAD_BALANCER_ONLY: &str = "may only be used when `type` is 'LoadBalancer'";
const SET_ONCE: &str = "may not change once set";

/// What is wrong with the addresses that are asked for; looked at before anything else.
pub(crate) fn address_faults(object: &Value) -> Vec<FieldError> {
    let mut errors = Errors::new();
    let spec = Field::root(object).child("spec");
    addresses(&spec, &mut errors);
    let policy = spec.child("ipFamilyPolicy");
    if errors.is_empty() && policy.text() == "RequireDualStack" && spec.child("type").text() != "ExternalName" {
        errors.push(policy.invalid("this cluster is not configured for dual-stack services"));
    }
    errors
}

pub(super) fn create(root: &Field<'_>, errors: &mut Errors) {
    service(root, errors);
}

pub(super) fn update(root: &Field<'_>, old: &Value, errors: &mut Errors) {
    let (spec, before) = (root.child("spec"), Field::root(old).child("spec"));
    let is_named = |spec: &Field<'_>| spec.child("type").text() == "ExternalName";
    if !is_named(&spec) && !is_named(&before) {
        addresses_are_kept(&spec, &before, errors);
        families_are_kept(&spec, &before, errors);
    }
    let class = spec.child("loadBalancerClass");
    let is_balanced = |spec: &Field<'_>| spec.child("type").text() == "LoadBalancer";
    if is_balanced(&spec) && is_balanced(&before) && class.value != before.child("loadBalancerClass").value {
        errors.push(class.invalid(SET_ONCE));
    }
    service(root, errors);
}

fn is_headless(spec: &Field<'_>) -> bool {
    let addresses = spec.child("clusterIPs");
    addresses.len() == 1 && addresses.index(0).text() == "None"
}

fn addresses_are_kept(spec: &Field<'_>, before: &Field<'_>, errors: &mut Errors) {
    if is_headless(spec) && is_headless(before) {
        return;
    }
    let (new, old) = (spec.child("clusterIPs"), before.child("clusterIPs"));
    if new.len() == 0 && old.len() > 0 {
        return errors.push(new.index(0).invalid_as(new.value.clone(), "primary clusterIP can not be unset"));
    }
    for index in 0..old.len().min(new.len()) {
        if old.index(index).text() != new.index(index).text() {
            errors.push(new.index(index).invalid_as(new.value.clone(), SET_ONCE));
        }
    }
}

fn families_are_kept(spec: &Field<'_>, before: &Field<'_>, errors: &mut Errors) {
    if is_headless(spec) || is_headless(before) {
        return;
    }
    let (new, old) = (spec.child("ipFamilies"), before.child("ipFamilies"));
    if new.len() > 0 && old.len() > 0 && new.index(0).text() != old.index(0).text() {
        errors.push(new.index(0).invalid_as(new.value.clone(), SET_ONCE));
    }
}

fn service(root: &Field<'_>, errors: &mut Errors) {
    let spec = root.child("spec");
    let type_ = spec.child("type");
    let ports = spec.child("ports");
    if ports.len() == 0 && !is_headless(&spec) && type_.text() != "ExternalName" {
        errors.push(ports.required(""));
    }
    by_type(&spec, errors);
    let mut seen = OrderedSet::new();
    for port in ports.items() {
        service_port(&port, ports.len() > 1, &mut seen, errors);
    }
    checks::labels(&spec.child("selector"), errors);
    session_affinity(&spec, errors);
    addresses(&spec, errors);
    for address in spec.child("externalIPs").items() {
        external_address(&address, errors);
    }
    checks::one_of_required(&type_, &TYPES, errors);
    ports_together(&spec, errors);
    load_balancer(&spec, errors);
    traffic(&spec, errors);
}

fn by_type(spec: &Field<'_>, errors: &mut Errors) {
    match spec.child("type").text() {
        kind @ ("LoadBalancer" | "NodePort") if is_headless(spec) => {
            let first = spec.child("clusterIPs").index(0);
            errors.push(first.invalid(format!("may not be set to 'None' for {kind} services")));
        }
        "ExternalName" => external_name(spec, errors),
        _ => {}
    }
}

fn external_name(spec: &Field<'_>, errors: &mut Errors) {
    for field in ["clusterIPs", "ipFamilies"] {
        let field = spec.child(field);
        if field.len() > 0 {
            errors.push(field.forbidden("may not be set for ExternalName services"));
        }
    }
    let policy = spec.child("ipFamilyPolicy");
    if policy.is_set() {
        errors.push(policy.forbidden("may not be set for ExternalName services"));
    }
    let name = spec.child("externalName");
    let text = name.text().strip_suffix('.').unwrap_or(name.text());
    if text.is_empty() {
        return errors.push(name.required(""));
    }
    let problems = names::dns_subdomain(text);
    errors.extend(problems.into_iter().map(|problem| name.invalid_as(text, problem)));
}

fn service_port<'v>(port: &Field<'v>, is_one_of_many: bool, seen: &mut OrderedSet<&'v str>, errors: &mut Errors) {
    let name = port.child("name");
    if !name.text().is_empty() {
        checks::name(&name, names::dns_label, errors);
        if !seen.insert(name.value.text()) {
            errors.push(name.duplicate());
        }
    } else if is_one_of_many {
        errors.push(name.required(""));
    }
    checks::port_number(&port.child("port"), errors);
    checks::protocol(&port.child("protocol"), errors);
    checks::port_number_or_name(&port.child("targetPort"), errors);
    checks::name_if_set(&port.child("appProtocol"), names::label_key, errors);
}

fn session_affinity(spec: &Field<'_>, errors: &mut Errors) {
    let (affinity, config) = (spec.child("sessionAffinity"), spec.child("sessionAffinityConfig"));
    checks::one_of_required(&affinity, &AFFINITIES, errors);
    match affinity.text() {
        "None" if config.is_set() => {
            errors.push(config.forbidden("must not be set when session affinity is None"));
        }
        "ClientIP" => {
            let client = config.child("clientIP");
            let seconds = client.child("timeoutSeconds");
            let parts = [config, client, seconds.clone()];
            if let Some(missing) = parts.iter().find(|part| !part.is_set()) {
                errors.push(missing.required("when session affinity type is ClientIP"));
            } else if !(1..=AFFINITY_SECONDS_MAX).contains(&seconds.int()) {
                let problem = format!("must be greater than 0 and less than {AFFINITY_SECONDS_MAX}");
                errors.push(seconds.invalid(problem));
            }
        }
        _ => {}
    }
}

/// The cluster addresses, their families and policy.
fn addresses(spec: &Field<'_>, errors: &mut Errors) {
    if spec.child("type").text() == "ExternalName" {
        return;
    }
    let (one, all) = (spec.child("clusterIP"), spec.child("clusterIPs"));
    if one.text().is_empty() {
        if all.len() > 0 {
            errors.push(all.invalid("must be empty when `clusterIP` is not specified"));
        }
    } else if all.len() == 0 {
        errors.push(all.required(""));
    } else if all.index(0).text() != one.text() {
        errors.push(all.invalid("first value must match `clusterIP`"));
    }
    let mut seen = OrderedSet::new();
    for family in spec.child("ipFamilies").items() {
        checks::one_of(&family, &FAMILIES, errors);
        if !seen.insert(family.text()) {
            errors.push(family.duplicate());
        }
    }
    checks::one_of(&spec.child("ipFamilyPolicy"), &FAMILY_POLICIES, errors);
    for (index, address) in all.items().enumerate() {
        if index == 0 && address.text() == "None" {
            if all.len() > 1 {
                errors.push(all.invalid("'None' must be the first and only value"));
            }
        } else {
            addresses::ip(&address, errors);
        }
    }
    if all.len() > 2 {
        errors.push(all.invalid("may only hold up to 2 values"));
    }
}

fn external_address(address: &Field<'_>, errors: &mut Errors) {
    addresses::ip(address, errors);
    endpoint_address(address, errors);
}

/// An address that something can be reached at from elsewhere.
pub(super) fn endpoint_address(address: &Field<'_>, errors: &mut Errors) {
    let Ok(ip) = address.text().parse::<IpAddr>() else { return };
    if ip.is_unspecified() {
        errors.push(address.invalid(format!("may not be unspecified ({})", address.text())));
    }
    if ip.is_loopback() {
        errors.push(address.invalid("may not be in the loopback range (127.0.0.0/8, ::1/128)"));
    }
    let (is_link_local, is_link_local_multicast) = match ip {
        IpAddr::V4(ip) => (ip.is_link_local(), ip.octets()[..3] == [224, 0, 0]),
        IpAddr::V6(ip) => (ip.segments()[0] & 0xffc0 == 0xfe80, ip.segments()[0] == 0xff02),
    };
    if is_link_local {
        errors.push(address.invalid("may not be in the link-local range (169.254.0.0/16, fe80::/10)"));
    }
    if is_link_local_multicast {
        errors.push(address.invalid("may not be in the link-local multicast range (224.0.0.0/24, ff02::/10)"));
    }
}

/// No port and no node port twice.
fn ports_together(spec: &Field<'_>, errors: &mut Errors) {
    let ports = spec.child("ports");
    if spec.child("type").text() == "ClusterIP" {
        for port in ports.items().filter(|port| port.child("nodePort").int() != 0) {
            errors.push(port.child("nodePort").forbidden("may not be used when `type` is 'ClusterIP'"));
        }
    }
    let mut seen = OrderedSet::new();
    for port in ports.items().filter(|port| port.child("nodePort").int() != 0) {
        if !seen.insert((port.child("protocol").text(), port.child("nodePort").int())) {
            errors.push(port.child("nodePort").duplicate());
        }
    }
    let mut seen = OrderedSet::new();
    for port in ports.items() {
        let (protocol, number) = (port.child("protocol").text(), port.child("port").int());
        if !seen.insert((protocol, number)) {
            errors.push(repeated_port(&port, protocol, number));
        }
    }
}

fn repeated_port(port: &Field<'_>, protocol: &str, number: i64) -> FieldError {
    let mut key = Value::map();
    key.set(&["protocol"], protocol);
    key.set(&["port"], number);
    let shown = internal::compact("ServicePort", &key);
    let fault = Fault::DuplicateStruct(shown.into());
    FieldError { field: port.path.as_str().into(), fault, detail: Default::default() }
}

fn load_balancer(spec: &Field<'_>, errors: &mut Errors) {
    let is_balanced = spec.child("type").text() == "LoadBalancer";
    let ranges = spec.child("loadBalancerSourceRanges");
    if ranges.len() > 0 && !is_balanced {
        errors.push(ranges.named(format!("{}.LoadBalancerSourceRanges", spec.path)).forbidden(LOAD_BALANCER_ONLY));
    }
    for (index, range) in ranges.items().enumerate() {
        addresses::trimmed_range(&range.named(format!("{}.LoadBalancerSourceRanges[{index}]", spec.path)), errors);
    }
    let allocate = spec.child("allocateLoadBalancerNodePorts");
    if allocate.is_set() && !is_balanced {
        errors.push(allocate.forbidden(LOAD_BALANCER_ONLY));
    }
    if !allocate.is_set() && is_balanced {
        errors.push(allocate.named("allocateLoadBalancerNodePorts").required(""));
    }
    let class = spec.child("loadBalancerClass");
    if is_balanced {
        checks::name_if_set(&class, names::label_key, errors);
    } else if class.is_set() {
        errors.push(class.forbidden(LOAD_BALANCER_ONLY));
    }
}

fn traffic(spec: &Field<'_>, errors: &mut Errors) {
    let external = spec.child("externalTrafficPolicy");
    let type_ = spec.child("type").text();
    let has_outside =
        ["NodePort", "LoadBalancer"].contains(&type_) || (type_ == "ClusterIP" && spec.child("externalIPs").len() > 0);
    if has_outside {
        checks::one_of_required(&external, &TRAFFIC_POLICIES, errors);
    } else if !external.text().is_empty() {
        errors.push(external.invalid("may only be set for externally-accessible services"));
    }
    let health = spec.child("healthCheckNodePort");
    let is_checked = type_ == "LoadBalancer" && external.text() == "Local";
    if !is_checked && health.int() != 0 {
        let problem = "may only be set when `type` is 'LoadBalancer' and `externalTrafficPolicy` is 'Local'";
        errors.push(health.invalid(problem));
    }
    let inside = spec.child("internalTrafficPolicy");
    if inside.is_set() {
        checks::one_of(&inside, &TRAFFIC_POLICIES, errors);
    } else if ["NodePort", "LoadBalancer", "ClusterIP"].contains(&type_) {
        errors.push(inside.required(""));
    }
    checks::one_of(&spec.child("trafficDistribution"), &DISTRIBUTIONS, errors);
}
