//! What may change when a pod is resized in place.
//!
//! Models: kubernetes v1.36 pkg/apis/core/validation, ValidatePodResize. Different: pods with resources of their own
//! are not resized.

use api::Value;

use super::super::field::{Errors, Field};
use super::pod;

/// What a resize leaves of a changed pod: its containers' resources and how these are to be changed. If the containers are
/// not those of before, all of it, to be refused.
pub(crate) fn kept(new: &Value, old: &Value) -> Value {
    let names = |pod: &Value, list: &str| -> Vec<String> {
        let containers = pod.at(&["spec", list]).as_list();
        containers.iter().map(|container| container.get("name").text().to_owned()).collect()
    };
    if ["containers", "initContainers"].iter().any(|list| names(new, list) != names(old, list)) {
        return new.clone();
    }
    let mut pod = old.clone();
    for list in ["containers", "initContainers"] {
        let mut containers = old.at(&["spec", list]).as_list().to_vec();
        for (container, changed) in containers.iter_mut().zip(new.at(&["spec", list]).as_list()) {
            for field in ["resources", "resizePolicy"] {
                match changed.get(field) {
                    Value::Null => drop(container.remove(&[field])),
                    value => container.set(&[field], value.clone()),
                }
            }
        }
        if !containers.is_empty() {
            pod.set(&["spec", list], containers);
        }
    }
    if !new.at(&["metadata", "resourceVersion"]).is_null() {
        pod.set(&["metadata", "resourceVersion"], new.at(&["metadata", "resourceVersion"]).clone());
    }
    pod
}

/// `class` is the QoS class that the changed pod would have.
pub(in super::super) fn resize(root: &Field<'_>, old: &Value, class: &str, errors: &mut Errors) {
    pod(root, errors);
    let (spec, before) = (root.child("spec"), old.get("spec"));
    if old.at(&["status", "qosClass"]).text() != class {
        let shown = old.at(&["status", "qosClass"]).text();
        errors.push(spec.invalid_as(shown, "Pod QOS Class may not change as a result of resizing"));
    }
    if !before.get("resources").is_null() || !spec.child("resources").value.is_null() {
        let words = "resize of pods with pod-level resources is not supported in this version of the playground";
        return errors.push(spec.child("resources").forbidden(words));
    }
    if !has_same_containers(&spec, before, errors) {
        return;
    }
    for list in ["initContainers", "containers"] {
        for (container, old) in spec.child(list).items().zip(before.get(list).as_list()) {
            let resources = container.child("resources");
            nothing_removed(&resources, old.get("resources"), "requests", errors);
            nothing_removed(&resources, old.get("resources"), "limits", errors);
        }
    }
    for list in ["containers", "initContainers"] {
        for (container, old) in spec.child(list).items().zip(before.get(list).as_list()) {
            only_cpu_and_memory(&spec, &container, old, list, errors);
        }
    }
}

fn has_same_containers(spec: &Field<'_>, before: &Value, errors: &mut Errors) -> bool {
    let known = errors.len();
    for list in ["containers", "initContainers"] {
        let (new, old) = (spec.child(list), before.get(list).as_list());
        if new.len() != old.len() {
            errors.push(new.forbidden(format!("{list} may not be added or removed on resize")));
            continue;
        }
        for (container, old) in new.items().zip(old) {
            let name = container.child("name");
            if name.text() != old.get("name").text() {
                errors.push(name.forbidden(format!("{list} may not be renamed or reordered on resize")));
            }
        }
    }
    errors.len() == known
}

fn nothing_removed(resources: &Field<'_>, old: &Value, list: &str, errors: &mut Errors) {
    let new = resources.child(list);
    let was = old.get(list).as_map().into_iter().flatten();
    if was.into_iter().any(|(name, _)| new.value.get(name).is_null()) {
        errors.push(new.forbidden(format!("resource {list} cannot be removed")));
    }
}

fn only_cpu_and_memory(spec: &Field<'_>, container: &Field<'_>, old: &Value, list: &str, errors: &mut Errors) {
    let others = |resources: &Value, list: &str| -> Vec<(String, Value)> {
        let entries = resources.get(list).as_map().into_iter().flatten();
        let others = entries.filter(|(name, _)| !matches!(name.as_str(), "cpu" | "memory"));
        others.map(|(name, amount)| (name.to_string(), amount.clone())).collect()
    };
    let (new, before) = (container.child("resources").value, old.get("resources"));
    let is_init = list == "initContainers";
    let policies = container.child("resizePolicy");
    if ["requests", "limits"].iter().any(|list| others(new, list) != others(before, list))
        || new.get("claims") != before.get("claims")
        || policies.value != old.get("resizePolicy")
    {
        errors.push(if is_init {
            container.forbidden("only cpu and memory resources for init or sidecar containers are mutable")
        } else {
            spec.forbidden("only cpu and memory resources are mutable")
        });
    }
    if !is_init || container.value == old || old.get("restartPolicy").text() == "Always" {
        return;
    }
    for policy in policies.items() {
        if policy.child("restartPolicy").text() == "RestartContainer" {
            let words = "non-sidecar init containers with a resize policy of RestartContainer cannot be resized";
            errors.push(container.forbidden(words));
        }
    }
}
