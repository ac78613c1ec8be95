//! Services as users write them, made whole before they are judged: what an update leaves out stays, what the new type
//! does not have goes, and the one cluster address and the list of them say the same.
//!
//! Models: kubernetes v1.36 pkg/registry/core/service (normalizeClusterIPs, patchAllocatedValues, dropTypeDependentFields).

use ordered::OrderedSet;

use api::Value;

const ADDRESS: [&str; 2] = ["spec", "clusterIP"];
const ADDRESSES: [&str; 2] = ["spec", "clusterIPs"];

/// A new service as it is judged. The object itself gets its list of addresses with them, after its creator was noted as
/// the owner of what it wrote.
pub(crate) fn completed(object: &Value) -> Value {
    let mut completed = object.clone();
    let address = object.at(&ADDRESS).clone();
    if !address.text().is_empty() && object.at(&ADDRESSES).as_list().is_empty() {
        completed.set(&ADDRESSES, vec![address]);
    }
    completed
}

/// Completes a changed service.
pub(crate) fn complete_update(object: &mut Value, old: &Value) {
    if has_address(old) && has_address(object) {
        keep(object, old, &ADDRESS);
        keep(object, old, &ADDRESSES);
        keep(object, old, &["spec", "ipFamilies"]);
        keep(object, old, &["spec", "ipFamilyPolicy"]);
    }
    if has_node_ports(old) && has_node_ports(object) {
        keep_node_ports(object, old);
    }
    same_address_twice(object, old);
    drop_foreign_fields(object, old);
}

fn type_of(service: &Value) -> &str {
    service.at(&["spec", "type"]).text()
}

fn has_address(service: &Value) -> bool {
    type_of(service) != "ExternalName"
}

fn has_node_ports(service: &Value) -> bool {
    ["NodePort", "LoadBalancer"].contains(&type_of(service))
}

/// Puts back what the client left out.
fn keep(object: &mut Value, old: &Value, path: &[&str]) {
    let is_empty = object.at(path).text().is_empty() && object.at(path).as_list().is_empty();
    if is_empty && !old.at(path).is_null() {
        object.set(path, old.at(path).clone());
    }
}

fn ports_mut(object: &mut Value) -> &mut [Value] {
    let ports = object.as_map_mut().and_then(|map| map.get_mut("spec")?.as_map_mut()?.get_mut("ports"));
    match ports {
        Some(Value::List(ports)) => ports,
        _ => &mut [],
    }
}

fn node_ports(object: &Value) -> OrderedSet<i64> {
    let ports = object.at(&["spec", "ports"]).as_list().iter();
    ports.filter_map(|port| port.get("nodePort").as_int()).filter(|port| *port != 0).collect()
}

/// A port without a node port gets the one that its namesake had.
fn keep_node_ports(object: &mut Value, old: &Value) {
    let used: OrderedSet<i64> = node_ports(old).intersection(&node_ports(object)).copied().collect();
    for port in ports_mut(object).iter_mut().filter(|port| port.get("nodePort").as_int().unwrap_or(0) == 0) {
        let before = old.at(&["spec", "ports"]).as_list().iter().rfind(|old| old.get("name") == port.get("name"));
        let number = before.and_then(|before| before.get("nodePort").as_int()).unwrap_or(0);
        if number != 0 && !used.contains(&number) {
            port.set(&["nodePort"], number);
        }
    }
}

/// A change of the one address alone is a change of the list, too.
fn same_address_twice(object: &mut Value, old: &Value) {
    let (new_address, old_address) = (object.at(&ADDRESS).clone(), old.at(&ADDRESS).clone());
    if new_address == old_address {
        keep(object, old, &ADDRESSES);
    } else if object.at(&ADDRESSES).as_list() == old.at(&ADDRESSES).as_list() {
        if new_address.text().is_empty() {
            object.remove(&ADDRESSES);
        } else {
            object.set(&ADDRESSES, vec![new_address]);
        }
    }
}

/// Fields of the former type that the client merely sent back.
fn drop_foreign_fields(object: &mut Value, old: &Value) {
    if has_address(old) && !has_address(object) {
        if object.at(&ADDRESSES) == old.at(&ADDRESSES) {
            object.remove(&ADDRESS);
            object.remove(&ADDRESSES);
        }
        drop_same(object, old, "ipFamilies");
        drop_same(object, old, "ipFamilyPolicy");
    }
    if has_node_ports(old) && !has_node_ports(object) && node_ports(object).is_subset(&node_ports(old)) {
        for port in ports_mut(object) {
            port.remove(&["nodePort"]);
        }
    }
    if type_of(old) == "LoadBalancer" && type_of(object) != "LoadBalancer" {
        drop_same(object, old, "allocateLoadBalancerNodePorts");
        drop_same(object, old, "loadBalancerClass");
    }
    if is_asked_for_health(old) && !is_asked_for_health(object) {
        drop_same(object, old, "healthCheckNodePort");
    }
    if has_node_ports(old) && !has_node_ports(object) {
        drop_same(object, old, "externalTrafficPolicy");
    }
}

fn is_asked_for_health(object: &Value) -> bool {
    type_of(object) == "LoadBalancer" && object.at(&["spec", "externalTrafficPolicy"]).text() == "Local"
}

fn drop_same(object: &mut Value, old: &Value, field: &str) {
    if object.at(&["spec", field]) == old.at(&["spec", field]) {
        object.remove(&["spec", field]);
    }
}
