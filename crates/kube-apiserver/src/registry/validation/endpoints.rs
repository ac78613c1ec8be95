//! Endpoints and endpoint slices.
//!
//! Models: kubernetes v1.36 pkg/apis/core/validation, ValidateEndpoints; pkg/apis/discovery/validation.

use ordered::OrderedSet;

use api::{FieldError, Value};

use super::field::{Errors, Field};
use super::service::endpoint_address;
use super::{addresses, checks, names};

const ADDRESS_TYPES: [&str; 3] = ["FQDN", "IPv4", "IPv6"];
const ENDPOINTS_MAX: usize = 1_000;
const ADDRESSES_MAX: usize = 100;
const PORTS_MAX: usize = 20_000;

pub(super) fn endpoints(root: &Field<'_>, errors: &mut Errors) {
    for subset in root.child("subsets").items() {
        let lists = [subset.child("addresses"), subset.child("notReadyAddresses")];
        if lists.iter().all(|list| list.len() == 0) {
            errors.push(subset.required("must specify `addresses` or `notReadyAddresses`"));
        }
        for address in lists.iter().flat_map(|list| list.items()) {
            addresses::ip(&address.child("ip"), errors);
            checks::name_if_set(&address.child("hostname"), names::dns_label, errors);
            checks::name_if_set(&address.child("nodeName"), names::dns_subdomain, errors);
            endpoint_address(&address.child("ip"), errors);
        }
        let ports = subset.child("ports");
        for port in ports.items() {
            let name = port.child("name");
            if ports.len() > 1 {
                checks::name_required(&name, names::dns_label, errors);
            } else {
                checks::name_if_set(&name, names::dns_label, errors);
            }
            checks::port_number(&port.child("port"), errors);
            checks::protocol(&port.child("protocol"), errors);
            checks::name_if_set(&port.child("appProtocol"), names::label_key, errors);
        }
    }
}

pub(super) fn slice(root: &Field<'_>, errors: &mut Errors) {
    let type_ = root.child("addressType");
    checks::one_of_required(&type_, &ADDRESS_TYPES, errors);
    slice_ports(&root.child("ports"), errors);
    let list = root.child("endpoints");
    if too_many(&list, ENDPOINTS_MAX, errors) {
        return;
    }
    for endpoint in list.items() {
        slice_endpoint(&endpoint, type_.text(), errors);
    }
}

fn too_many(list: &Field<'_>, max: usize, errors: &mut Errors) -> bool {
    let is_too_long = list.len() > max;
    if is_too_long {
        errors.push(FieldError::too_many(list.path.as_str(), list.len(), max));
    }
    is_too_long
}

fn slice_ports(ports: &Field<'_>, errors: &mut Errors) {
    if too_many(ports, PORTS_MAX, errors) {
        return;
    }
    let mut seen = OrderedSet::new();
    for port in ports.items() {
        let name = port.child("name");
        checks::name_if_set(&name, names::dns_label, errors);
        if !seen.insert(name.text()) {
            errors.push(FieldError::duplicate(name.path.as_str(), name.text()));
        }
        checks::protocol(&port.child("protocol"), errors);
        checks::name_if_set(&port.child("appProtocol"), names::label_key, errors);
    }
}

fn slice_endpoint(endpoint: &Field<'_>, type_: &str, errors: &mut Errors) {
    let addresses = endpoint.child("addresses");
    if addresses.len() == 0 {
        errors.push(addresses.required("must contain at least 1 address"));
    }
    too_many(&addresses, ADDRESSES_MAX, errors);
    for address in addresses.items() {
        match type_ {
            "IPv4" | "IPv6" => {
                addresses::ip(&address, errors);
                endpoint_address(&address, errors);
            }
            _ => checks::name(&address, names::dns_subdomain, errors),
        }
    }
    checks::name_if_set(&endpoint.child("nodeName"), names::dns_subdomain, errors);
    checks::name_if_set(&endpoint.child("hostname"), names::dns_label, errors);
}

pub(super) fn update_slice(root: &Field<'_>, old: &Value, errors: &mut Errors) {
    slice(root, errors);
    checks::unchanged(&root.child("addressType"), old.get("addressType"), errors);
}
