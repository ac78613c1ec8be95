//! LimitRanger: what containers get that name no resources, and what the limit ranges of a namespace refuse.
//!
//! Works on JSON, and only in namespaces that have a limit range.
//!
//! Models: kubernetes v1.36 plugin/pkg/admission/limitranger.

use api::pod_resources::{self, Amounts, Bound, amounts};
use api::quantity::Quantity;
use api::{Kind, Object, Status, Value};

use crate::ApiServer;

const ANNOTATION: &str = "kubernetes.io/limit-ranger";

/// The entries of a namespace's limit ranges.
fn limits(server: &ApiServer, namespace: &str) -> Vec<Value> {
    let ranges = server.etcd.in_namespace(Kind::LimitRange, namespace).filter_map(Object::plain);
    ranges.flat_map(|range| range.body.get("spec").get("limits").as_list().iter().cloned()).collect()
}

/// Gives a new pod the defaults of its namespace.
pub(super) fn complete(server: &ApiServer, object: &mut Object) {
    let limits = limits(server, &object.metadata().namespace);
    if limits.is_empty() || object.kind() != Kind::Pod {
        return;
    }
    let mut pod = object.encode();
    for limit in limits.iter().filter(|limit| limit.get("type").text() == "Container") {
        complete_pod(&mut pod, limit);
    }
    // Who owns which field is known already, and what admission adds belongs to nobody.
    let managed_fields = object.metadata().managed_fields.clone();
    *object = Object::decode(Kind::Pod, pod);
    object.metadata_mut().managed_fields = managed_fields;
}

fn complete_pod(pod: &mut Value, limit: &Value) {
    let mut notes = Vec::new();
    for (list, what) in [("containers", "container"), ("initContainers", "init container")] {
        let mut containers = pod.at(&["spec", list]).clone();
        let Value::List(items) = &mut containers else { continue };
        for container in items.iter_mut() {
            complete_container(container, limit, what, &mut notes);
        }
        pod.set(&["spec", list], containers);
    }
    if !notes.is_empty() {
        let note = format!("LimitRanger plugin set: {}", notes.join("; "));
        pod.set(&["metadata", "annotations", ANNOTATION], note);
    }
}

fn complete_container(container: &mut Value, limit: &Value, what: &str, notes: &mut Vec<String>) {
    let name = container.get("name").text().to_owned();
    for (from, to, word) in [("defaultRequest", "requests", "request"), ("default", "limits", "limit")] {
        let defaults = limit.get(from).as_map().into_iter().flatten();
        let missing: Vec<_> =
            defaults.filter(|(resource, _)| container.at(&["resources", to, resource]).is_null()).collect();
        for (resource, amount) in &missing {
            container.set(&["resources", to, resource], (*amount).clone());
        }
        if !missing.is_empty() {
            let names: Vec<&str> = missing.iter().map(|(resource, _)| resource.as_str()).collect();
            notes.push(format!("{} {word} for {what} {name}", names.join(", ")));
        }
    }
}

/// Refuses a pod or claim that its namespace's limit ranges do not allow.
pub(super) fn check(server: &ApiServer, object: &Object) -> Result<(), Status> {
    let (kind, metadata) = (object.kind(), object.metadata());
    let limits = limits(server, &metadata.namespace);
    if limits.is_empty() {
        return Ok(());
    }
    let (value, mut faults) = (object.encode(), Vec::new());
    for limit in &limits {
        match (kind, limit.get("type").text()) {
            (Kind::Pod, "Container") => {
                for container in ["containers", "initContainers"].iter().flat_map(|l| value.at(&["spec", l]).as_list())
                {
                    let of = |bound| pod_resources::of_resources(container.get("resources"), bound);
                    Asked { requests: of(Bound::Requests), limits: of(Bound::Limits) }.check(limit, &mut faults);
                }
            }
            (Kind::Pod, "Pod") => {
                // What a pod wants, not what it still has: while it is resized, too.
                let mut wanted = value.clone();
                wanted.remove(&["status"]);
                let of = |bound| pod_resources::of_pod(&wanted, bound);
                Asked { requests: of(Bound::Requests), limits: of(Bound::Limits) }.check(limit, &mut faults);
            }
            (Kind::PersistentVolumeClaim, "PersistentVolumeClaim") => {
                let requests = amounts(value.at(&["spec", "resources", "requests"]));
                check_claim(&requests, limit, &mut faults);
            }
            _ => {}
        }
    }
    match faults.as_slice() {
        [] => Ok(()),
        [fault] => Err(Status::forbidden(kind, &metadata.name, fault)),
        faults => Err(Status::forbidden(kind, &metadata.name, &format!("[{}]", faults.join(", ")))),
    }
}

fn check_claim(requests: &Amounts, limit: &Value, faults: &mut Vec<String>) {
    let asked = Asked { requests: requests.clone(), limits: Amounts::new() };
    for (name, min) in amounts(limit.get("min")) {
        faults.extend(asked.below(&name, min, "PersistentVolumeClaim"));
    }
    for (name, max) in amounts(limit.get("max")) {
        let head = format!("maximum {name} usage per PersistentVolumeClaim is {max}");
        match requests.get(&name) {
            None => faults.push(format!("{head}.  No request is specified")),
            Some(request) if *request > max => faults.push(format!("{head}, but request is {request}")),
            Some(_) => {}
        }
    }
}

/// What a container or pod asks for.
struct Asked {
    requests: Amounts,
    limits: Amounts,
}

impl Asked {
    fn check(&self, limit: &Value, faults: &mut Vec<String>) {
        let kind = limit.get("type").text();
        for (name, min) in amounts(limit.get("min")) {
            faults.extend(self.below(&name, min, kind));
        }
        for (name, max) in amounts(limit.get("max")) {
            faults.extend(self.above(&name, max, kind));
        }
        for (name, ratio) in amounts(limit.get("maxLimitRequestRatio")) {
            faults.extend(self.out_of_ratio(&name, ratio, kind));
        }
    }

    fn below(&self, name: &str, min: Quantity, kind: &str) -> Option<String> {
        let head = format!("minimum {name} usage per {kind} is {min}");
        let Some(request) = self.requests.get(name) else { return Some(format!("{head}.  No request is specified")) };
        if *request < min {
            return Some(format!("{head}, but request is {request}"));
        }
        let limit = self.limits.get(name).filter(|limit| **limit < min)?;
        Some(format!("{head}, but limit is {limit}"))
    }

    fn above(&self, name: &str, max: Quantity, kind: &str) -> Option<String> {
        let head = format!("maximum {name} usage per {kind} is {max}");
        let Some(limit) = self.limits.get(name) else { return Some(format!("{head}.  No limit is specified")) };
        if *limit > max {
            return Some(format!("{head}, but limit is {limit}"));
        }
        let request = self.requests.get(name).filter(|request| **request > max)?;
        Some(format!("{head}, but request is {request}"))
    }

    fn out_of_ratio(&self, name: &str, most: Quantity, kind: &str) -> Option<String> {
        let head = format!("{name} max limit to request ratio per {kind} is {most}");
        let is_some = |amount: &&Quantity| !amount.is_zero();
        let Some(request) = self.requests.get(name).filter(is_some) else {
            return Some(format!("{head}, but no request is specified or request is 0"));
        };
        let Some(limit) = self.limits.get(name).filter(is_some) else {
            return Some(format!("{head}, but no limit is specified or limit is 0"));
        };
        let ratio = limit.approximate() / request.approximate();
        (ratio > most.approximate()).then(|| format!("{head}, but provided ratio is {ratio:.6}"))
    }
}
