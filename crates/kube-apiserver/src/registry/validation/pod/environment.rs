//! Environment variables and where their values come from.

use ordered::OrderedMap;

use api::Value;

use super::super::field::{Errors, Field};
use super::super::{checks, names};

const FIELDS: [&str; 9] = [
    "metadata.name",
    "metadata.namespace",
    "metadata.uid",
    "spec.nodeName",
    "spec.serviceAccountName",
    "status.hostIP",
    "status.hostIPs",
    "status.podIP",
    "status.podIPs",
];
pub(super) const VOLUME_FIELDS: [&str; 5] =
    ["metadata.annotations", "metadata.labels", "metadata.name", "metadata.namespace", "metadata.uid"];
const RESOURCES: [&str; 6] = [
    "limits.cpu",
    "limits.ephemeral-storage",
    "limits.memory",
    "requests.cpu",
    "requests.ephemeral-storage",
    "requests.memory",
];
/// What the server can convert into a field of its own.
const KNOWN_FIELDS: [&str; 13] = [
    "metadata.annotations",
    "metadata.labels",
    "metadata.name",
    "metadata.namespace",
    "metadata.uid",
    "spec.nodeName",
    "spec.restartPolicy",
    "spec.serviceAccountName",
    "spec.schedulerName",
    "status.phase",
    "status.hostIP",
    "status.podIP",
    "status.podIPs",
];
const MEMORY_DIVISORS: [&str; 13] = ["1", "1k", "1M", "1G", "1T", "1P", "1E", "1Ki", "1Mi", "1Gi", "1Ti", "1Pi", "1Ei"];
const NO_SOURCE: &str =
    "must specify one of: `fieldRef`, `resourceFieldRef`, `configMapKeyRef`, `secretKeyRef` or `fileKeyRef`";

/// Whom a reference to a container's resources is for: a variable knows its container, a file does not.
#[derive(Clone, Copy, PartialEq, Eq)]
pub(super) enum Reader {
    Variable,
    File,
}

pub(super) fn variables(list: &Field<'_>, errors: &mut Errors) {
    for variable in list.items() {
        checks::name_required(&variable.child("name"), names::environment_variable, errors);
        if let Some(source) = variable.child("valueFrom").set() {
            value_from(&source, !variable.child("value").text().is_empty(), errors);
        }
    }
}

fn value_from(source: &Field<'_>, has_value: bool, errors: &mut Errors) {
    let mut sources = 0;
    let mut part = |name: &str| {
        let part = source.child(name).set();
        sources += usize::from(part.is_some());
        part
    };
    let (field, resource) = (part("fieldRef"), part("resourceFieldRef"));
    let keys = [part("configMapKeyRef"), part("secretKeyRef")];
    let file = part("fileKeyRef");
    if let Some(field) = field {
        object_field(&field, &FIELDS, errors);
    }
    if let Some(resource) = resource {
        container_resource(&resource, Reader::Variable, errors);
    }
    for key in keys.into_iter().flatten() {
        checks::name(&key.child("name"), names::dns_subdomain, errors);
        checks::name_required(&key.child("key"), names::config_key, errors);
    }
    if let Some(file) = file {
        file_key(&file, errors);
    }
    if sources == 0 {
        errors.push(source.invalid_as("", NO_SOURCE));
    } else if has_value {
        errors.push(source.invalid_as("", "may not be specified when `value` is not empty"));
    } else if sources > 1 {
        errors.push(source.invalid_as("", "may not have more than one field specified at a time"));
    }
}

fn file_key(file: &Field<'_>, errors: &mut Errors) {
    checks::name_required(&file.child("key"), names::environment_variable, errors);
    checks::name_required(&file.child("volumeName"), names::dns_label, errors);
    checks::text_required(&file.child("path"), errors);
    checks::no_backsteps(&file.child("path"), errors);
}

/// A field of the pod, such as `metadata.name` or `metadata.labels['app']`.
pub(super) fn object_field(reference: &Field<'_>, supported: &[&str], errors: &mut Errors) {
    let path = reference.child("fieldPath");
    for required in [reference.child("apiVersion"), path.clone()] {
        if required.text().is_empty() {
            return errors.push(required.required(""));
        }
    }
    if let Some((name, subscript)) = path.text().strip_suffix("']").and_then(|text| text.split_once("['")) {
        return subscripted(reference, name, subscript, errors);
    }
    let is_known = KNOWN_FIELDS.contains(&path.text()) || FIELDS.contains(&path.text());
    if !is_known {
        let problem = format!("error converting fieldPath: field label not supported: {}", path.text());
        errors.push(path.invalid(problem));
    } else if !supported.contains(&path.text()) {
        errors.push(path.not_supported(supported));
    }
}

fn subscripted(reference: &Field<'_>, name: &str, subscript: &str, errors: &mut Errors) {
    let key = match name {
        "metadata.annotations" => subscript.to_lowercase(),
        "metadata.labels" => subscript.to_owned(),
        _ => {
            let path = reference.child("fieldPath");
            let problem =
                format!("error converting fieldPath: field label does not support subscript: {}", path.text());
            return errors.push(path.invalid(problem));
        }
    };
    let problems = names::label_key(&key);
    errors.extend(problems.into_iter().map(|problem| reference.invalid_as(key.as_str(), problem)));
}

/// A resource of a container, such as `limits.cpu`.
pub(super) fn container_resource(reference: &Field<'_>, reader: Reader, errors: &mut Errors) {
    let (container, resource) = (reference.child("containerName"), reference.child("resource"));
    let is_huge = |text: &str| text.starts_with("requests.hugepages-") || text.starts_with("limits.hugepages-");
    if reader == Reader::File && container.text().is_empty() {
        errors.push(container.required(""));
    } else if resource.text().is_empty() {
        errors.push(resource.required(""));
    } else if !RESOURCES.contains(&resource.text()) && !is_huge(resource.text()) {
        errors.push(resource.not_supported(&RESOURCES));
    }
    let divisor = reference.child("divisor");
    if checks::quantity(divisor.value).is_none_or(|quantity| quantity.is_zero()) {
        return;
    }
    let (allowed, problem): (&[&str], &str) = match resource.text() {
        "limits.cpu" | "requests.cpu" => {
            (&["1m", "1"], "only divisor's values 1m and 1 are supported with the cpu resource")
        }
        "limits.memory" | "requests.memory" => (
            &MEMORY_DIVISORS,
            "only divisor's values 1, 1k, 1M, 1G, 1T, 1P, 1E, 1Ki, 1Mi, 1Gi, 1Ti, 1Pi, 1Ei are supported with the memory resource",
        ),
        "limits.ephemeral-storage" | "requests.ephemeral-storage" => (
            &MEMORY_DIVISORS,
            "only divisor's values 1, 1k, 1M, 1G, 1T, 1P, 1E, 1Ki, 1Mi, 1Gi, 1Ti, 1Pi, 1Ei are supported with the local ephemeral storage resource",
        ),
        _ => return,
    };
    let text = match divisor.value {
        Value::Int(number) => number.to_string(),
        other => other.text().to_owned(),
    };
    if !allowed.contains(&text.as_str()) {
        errors.push(divisor.invalid_as(resource.text(), problem));
    }
}

pub(super) fn sources(list: &Field<'_>, errors: &mut Errors) {
    for source in list.items() {
        checks::name_if_set(&source.child("prefix"), names::environment_variable, errors);
        let references = [source.child("configMapRef"), source.child("secretRef")];
        let set = references.iter().filter(|reference| reference.is_set());
        for reference in set.clone() {
            checks::name_required(&reference.child("name"), names::dns_subdomain, errors);
        }
        match set.count() {
            0 => errors.push(list.invalid_as("", "must specify one of: `configMapRef` or `secretRef`")),
            1 => {}
            _ => errors.push(list.invalid_as("", "may not have more than one field specified at a time")),
        }
    }
}

/// A variable read from a file needs a volume that containers can write.
pub(super) fn file_volumes(spec: &Field<'_>, errors: &mut Errors) {
    let list = spec.value.get("volumes").as_list().iter();
    let volumes: OrderedMap<&str, &Value> = list.map(|volume| (volume.get("name").text(), volume)).collect();
    for containers in ["initContainers", "containers"] {
        for variable in spec.child(containers).items().flat_map(|container| container.child("env").items()) {
            let reference = variable.at(&["valueFrom", "fileKeyRef"]);
            if !reference.is_set() {
                continue;
            }
            let name = reference.child("volumeName");
            match volumes.get(name.text()) {
                None => errors.push(name.not_found()),
                Some(volume) if volume.get("emptyDir").is_null() => {
                    errors.push(name.invalid("referenced volume must be of type emptyDir"));
                }
                Some(_) => {}
            }
        }
    }
}
