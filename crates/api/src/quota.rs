//! What an object uses of a quota: the sums that admission checks and that the controller of quotas writes.
//!
//! Objects come as JSON, since only a few fields count. What is absent: who adds up, and when.
//!
//! Models: kubernetes v1.36 pkg/quota/v1/evaluator/core, apiserver/pkg/quota/v1. Different: device classes are not counted,
//! and of every served kind without rules of its own the number is.

use ordered::OrderedMap;

use crate::pod_resources::{self, Amounts, Bound};
use crate::quantity::{Format, Quantity};
use crate::{Kind, Value};

/// Between the name of a storage class and what is counted of it.
const CLASS_SUFFIX: &str = ".storageclass.storage.k8s.io/";
const CLAIM_RESOURCES: [&str; 2] = ["persistentvolumeclaims", "requests.storage"];
const POD_RESOURCES: [&str; 10] = [
    "cpu",
    "memory",
    "ephemeral-storage",
    "requests.cpu",
    "requests.memory",
    "requests.ephemeral-storage",
    "limits.cpu",
    "limits.memory",
    "limits.ephemeral-storage",
    "pods",
];
const SERVICE_RESOURCES: [&str; 3] = ["services", "services.nodeports", "services.loadbalancers"];
/// What every container must name if a quota counts it.
const NAMED_BY_EVERY_CONTAINER: [&str; 6] =
    ["cpu", "memory", "requests.cpu", "requests.memory", "limits.cpu", "limits.memory"];
/// Kinds that are counted under their plain name too.
const COUNTED_BY_NAME: [&str; 4] = ["configmaps", "resourcequotas", "replicationcontrollers", "secrets"];

/// `count/pods`, `count/deployments.apps`
fn count_name(kind: Kind) -> String {
    format!("count/{}", kind.qualified_plural())
}

/// Whether a quota's resource is one that objects of this kind use.
pub fn is_used_by(kind: Kind, resource: &str) -> bool {
    if resource == count_name(kind) {
        return true;
    }
    match kind {
        Kind::Pod => {
            let is_huge = ["hugepages-", "requests.hugepages-"].iter().any(|prefix| resource.starts_with(prefix));
            POD_RESOURCES.contains(&resource) || is_huge || is_extended_request(resource)
        }
        Kind::Service => SERVICE_RESOURCES.contains(&resource),
        Kind::PersistentVolumeClaim => CLAIM_RESOURCES.iter().any(|known| {
            let class = resource.strip_suffix(known).and_then(|rest| rest.strip_suffix(CLASS_SUFFIX));
            *known == resource || class.is_some()
        }),
        _ => COUNTED_BY_NAME.contains(&resource) && kind.plural() == resource,
    }
}

/// `requests.example.com/gpu`
fn is_extended_request(resource: &str) -> bool {
    resource.starts_with("requests.") && resource.contains('/') && !resource.contains("kubernetes.io/")
}

/// What an object uses of the resources that quotas know.
pub fn usage(kind: Kind, object: &Value) -> Amounts {
    let one = || Quantity::new(1, Format::DecimalSi);
    let mut used = Amounts::from([(count_name(kind), one())]);
    match kind {
        Kind::Pod if has_ended(object) => {}
        Kind::Pod => pod_usage(object, &mut used),
        Kind::Service => service_usage(object, &mut used),
        Kind::PersistentVolumeClaim => claim_usage(object, &mut used),
        _ if COUNTED_BY_NAME.contains(&kind.plural()) => drop(used.insert(kind.plural().to_owned(), one())),
        _ => {}
    }
    used
}

/// A pod that has ended holds nothing.
fn has_ended(pod: &Value) -> bool {
    matches!(pod.at(&["status", "phase"]).text(), "Succeeded" | "Failed")
}

fn pod_usage(pod: &Value, used: &mut Amounts) {
    let (requests, limits) = (pod_resources::of_pod(pod, Bound::Requests), pod_resources::of_pod(pod, Bound::Limits));
    compute_usage(&requests, &limits, used);
}

fn compute_usage(requests: &Amounts, limits: &Amounts, used: &mut Amounts) {
    used.insert("pods".to_owned(), Quantity::new(1, Format::DecimalSi));
    for (name, amount) in requests {
        let is_native = matches!(name.as_str(), "cpu" | "memory" | "ephemeral-storage");
        if is_native || name.starts_with("hugepages-") {
            used.insert(name.clone(), *amount);
        }
        if is_native || name.starts_with("hugepages-") || name.contains('/') {
            used.insert(format!("requests.{name}"), *amount);
        }
    }
    for name in ["cpu", "memory", "ephemeral-storage"] {
        if let Some(amount) = limits.get(name) {
            used.insert(format!("limits.{name}"), *amount);
        }
    }
}

fn service_usage(service: &Value, used: &mut Amounts) {
    let ports = service.at(&["spec", "ports"]).as_list();
    let allocates = service.at(&["spec", "allocateLoadBalancerNodePorts"]).as_bool() != Some(false);
    let chosen = ports.iter().filter(|port| port.get("nodePort").as_int().is_some_and(|number| number != 0));
    let (balancers, node_ports) = match service.at(&["spec", "type"]).text() {
        "NodePort" => (0, ports.len()),
        "LoadBalancer" if allocates => (1, ports.len()),
        "LoadBalancer" => (1, chosen.count()),
        _ => (0, 0),
    };
    for (name, count) in SERVICE_RESOURCES.into_iter().zip([1, node_ports, balancers]) {
        used.insert(name.to_owned(), Quantity::new(count as i64, Format::DecimalSi));
    }
}

fn claim_usage(claim: &Value, used: &mut Amounts) {
    let read = |value: &Value| value.as_str().and_then(|text| Quantity::parse(text).ok());
    let asked = read(claim.at(&["spec", "resources", "requests", "storage"]));
    let allocated = read(claim.at(&["status", "allocatedResources", "storage"]));
    let storage = asked.map(|asked| allocated.map_or(asked, |allocated| allocated.max(asked)).round_up(0));
    let annotated = claim.at(&["metadata", "annotations", "volume.beta.kubernetes.io/storage-class"]).as_str();
    let class = annotated.unwrap_or_else(|| claim.at(&["spec", "storageClassName"]).text());
    let one = Some(Quantity::new(1, Format::DecimalSi));
    for (name, amount) in CLAIM_RESOURCES.into_iter().zip([one, storage]) {
        let Some(amount) = amount else { continue };
        used.insert(name.to_owned(), amount);
        if !class.is_empty() {
            used.insert(format!("{class}{CLASS_SUFFIX}{name}"), amount);
        }
    }
}

/// Whether a quota (its `spec`) counts an object at all: it counts something of its kind, and its scopes fit.
pub fn counts(spec: &Value, kind: Kind, object: &Value) -> bool {
    let counts_some = spec.get("hard").as_map().into_iter().flatten().any(|(name, _)| is_used_by(kind, name));
    let scopes = spec.get("scopes").as_list().iter().map(|scope| (scope.text(), "Exists", &[][..]));
    let selected = spec.at(&["scopeSelector", "matchExpressions"]).as_list().iter().map(|requirement| {
        let operator = requirement.get("operator").text();
        (requirement.get("scopeName").text(), operator, requirement.get("values").as_list())
    });
    counts_some
        && scopes
            .chain(selected)
            .all(|(scope, operator, values)| kind == Kind::Pod && is_in_scope(object, scope, operator, values))
}

fn is_in_scope(pod: &Value, scope: &str, operator: &str, values: &[Value]) -> bool {
    let spec = pod.get("spec");
    match scope {
        "Terminating" => spec.get("activeDeadlineSeconds").as_int().is_some_and(|seconds| seconds >= 0),
        "NotTerminating" => spec.get("activeDeadlineSeconds").as_int().is_none_or(|seconds| seconds < 0),
        "BestEffort" => is_best_effort(spec),
        "NotBestEffort" => !is_best_effort(spec),
        "PriorityClass" => {
            let class = spec.get("priorityClassName");
            let is_listed = values.iter().any(|value| value == class);
            match operator {
                "In" => is_listed,
                "NotIn" => !is_listed,
                "DoesNotExist" => class.text().is_empty(),
                _ => !class.text().is_empty(),
            }
        }
        "CrossNamespacePodAffinity" => reaches_other_namespaces(spec),
        _ => false,
    }
}

/// Nothing of a pod asks for CPU or memory.
fn is_best_effort(spec: &Value) -> bool {
    let lists = ["containers", "initContainers"].iter().flat_map(|list| spec.get(list).as_list());
    let mut resources = lists.map(|container| container.get("resources")).chain([spec.get("resources")]);
    resources.all(|resources| {
        let bounds = [resources.get("requests"), resources.get("limits")];
        bounds.iter().all(|list| list.get("cpu").is_null() && list.get("memory").is_null())
    })
}

fn reaches_other_namespaces(spec: &Value) -> bool {
    let terms = ["podAffinity", "podAntiAffinity"].iter().flat_map(|side| {
        let side = spec.at(&["affinity", side]);
        let required = side.get("requiredDuringSchedulingIgnoredDuringExecution").as_list().iter();
        let preferred = side.get("preferredDuringSchedulingIgnoredDuringExecution").as_list().iter();
        required.chain(preferred.map(|weighted| weighted.get("podAffinityTerm")))
    });
    terms
        .into_iter()
        .any(|term| !term.get("namespaces").as_list().is_empty() || !term.get("namespaceSelector").is_null())
}

/// What the containers of a pod leave out although a quota counts it: `limits.cpu for: a,b; memory for: a`.
pub fn unnamed(counted: &[&str], pod: &Value) -> Option<String> {
    let spec = pod.get("spec");
    if !spec.get("resources").is_null() {
        return None;
    }
    let mut missing: OrderedMap<&str, Vec<&str>> = OrderedMap::new();
    for container in ["containers", "initContainers"].iter().flat_map(|list| spec.get(list).as_list()) {
        let of = |bound| pod_resources::of_resources(container.get("resources"), bound);
        let mut used = Amounts::new();
        compute_usage(&of(Bound::Requests), &of(Bound::Limits), &mut used);
        for name in counted.iter().filter(|name| NAMED_BY_EVERY_CONTAINER.contains(name)) {
            if !used.contains_key(*name) {
                missing.entry(name).or_default().push(container.get("name").text());
            }
        }
    }
    let part = |(resource, containers): (&&str, &Vec<&str>)| {
        let mut containers = containers.clone();
        ordered::Arrange::arrange(&mut containers[..]);
        format!("{resource} for: {}", containers.join(","))
    };
    let parts: Vec<String> = missing.iter().map(part).collect();
    (!parts.is_empty()).then(|| parts.join("; "))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::text::yaml;

    fn check(kind: Kind, object: &str, expect: &[(&str, &str)]) {
        let used = usage(kind, &yaml::read(object).unwrap());
        let used: Vec<(String, String)> =
            used.iter().map(|(name, amount)| (name.clone(), amount.to_string())).collect();
        let expect: Vec<(String, String)> =
            expect.iter().map(|(name, amount)| (name.to_string(), amount.to_string())).collect();
        assert_eq!(used, expect, "{object}");
    }

    #[test]
    fn every_kind_uses_what_quotas_name() {
        check(
            Kind::Pod,
            "spec: {containers: [{resources: {requests: {cpu: 100m, example.com/gpu: '1'}, limits: {cpu: '1'}}}]}",
            &[
                ("count/pods", "1"),
                ("cpu", "100m"),
                ("limits.cpu", "1"),
                ("pods", "1"),
                ("requests.cpu", "100m"),
                ("requests.example.com/gpu", "1"),
            ],
        );
        check(Kind::Pod, "status: {phase: Succeeded}", &[("count/pods", "1")]);
        check(
            Kind::Service,
            "spec: {type: LoadBalancer, ports: [{port: 80}, {port: 81}]}",
            &[("count/services", "1"), ("services", "1"), ("services.loadbalancers", "1"), ("services.nodeports", "2")],
        );
        check(
            Kind::PersistentVolumeClaim,
            "spec: {storageClassName: gold, resources: {requests: {storage: 1Gi}}}",
            &[
                ("count/persistentvolumeclaims", "1"),
                ("gold.storageclass.storage.k8s.io/persistentvolumeclaims", "1"),
                ("gold.storageclass.storage.k8s.io/requests.storage", "1Gi"),
                ("persistentvolumeclaims", "1"),
                ("requests.storage", "1Gi"),
            ],
        );
        check(Kind::Deployment, "{}", &[("count/deployments.apps", "1")]);
        check(Kind::Secret, "{}", &[("count/secrets", "1"), ("secrets", "1")]);
    }

    #[test]
    fn scopes_choose_pods() {
        let quota = |rest: &str| yaml::read(&format!("{{hard: {{pods: '1'}}, {rest}}}")).unwrap();
        let pod = yaml::read("spec: {priorityClassName: high, containers: [{}]}").unwrap();
        let class = |operator: &str, values: &str| {
            quota(&format!(
                "scopeSelector: {{matchExpressions: [{{scopeName: PriorityClass, operator: {operator}{values}}}]}}"
            ))
        };
        assert!(counts(&quota("scopes: [BestEffort, NotTerminating]"), Kind::Pod, &pod));
        assert!(!counts(&quota("scopes: [Terminating]"), Kind::Pod, &pod));
        assert!(!counts(&quota("scopes: [BestEffort]"), Kind::Service, &Value::map()));
        assert!(counts(&class("In", ", values: [high]"), Kind::Pod, &pod));
        assert!(!counts(&class("NotIn", ", values: [high]"), Kind::Pod, &pod));
        assert!(counts(&class("Exists", ""), Kind::Pod, &pod));
    }

    #[test]
    fn containers_must_name_what_is_counted() {
        let pod = yaml::read("spec: {containers: [{name: b}, {name: a, resources: {limits: {cpu: 1}}}]}").unwrap();
        assert_eq!(unnamed(&["limits.cpu", "memory", "pods"], &pod), Some("limits.cpu for: b; memory for: a,b".into()));
        assert_eq!(unnamed(&["pods"], &pod), None);
    }
}
