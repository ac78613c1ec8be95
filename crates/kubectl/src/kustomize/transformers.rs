//! What a kustomization changes in all of its manifests: namespace, prefix and suffix of names, labels, annotations,
//! counts of replicas, images.
//!
//! Models: sigs.k8s.io/kustomize v5.8.1 api/internal/builtins, api/filters.

use api::{Str, Value};

use super::pattern;
use super::places::{self, Make, Place, anywhere};
use super::resource::{Gvk, Resource};

/// `namespace`
pub(super) fn set_namespace(all: &mut [Resource], namespace: &str) -> Result<(), String> {
    for at in 0..all.len() {
        let resource = &mut all[at];
        resource.remember();
        let gvk = Gvk::of(&resource.value);
        if !gvk.is_cluster_scoped() {
            resource.value.set(&["metadata", "namespace"], namespace);
        } else if gvk.is_selected("", "v1", "Namespace") && gvk.group.is_empty() {
            resource.value.set(&["metadata", "name"], namespace);
        }
        for place in places::NAMESPACES {
            place.apply(resource, Make::Scalar, &mut |field| {
                *field = Value::from(namespace);
                Ok(())
            })?;
        }
        if matches!(gvk.kind.as_str(), "RoleBinding" | "ClusterRoleBinding") {
            set_default_subjects(&mut resource.value, namespace);
        }
        let id = resource.id();
        let same: Vec<&Resource> = all.iter().filter(|other| other.id().equals(&id)).collect();
        if same.len() != 1 {
            let shown: Vec<String> = same.iter().map(|same| api::text::json::write_compact(&same.value)).collect();
            return Err(format!("namespace transformation produces ID conflict: [{}]", shown.join(" ")));
        }
    }
    Ok(())
}

/// Accounts called `default` are those of the namespace.
fn set_default_subjects(binding: &mut Value, namespace: &str) {
    let mut subjects = binding.get("subjects").clone();
    let Value::List(list) = &mut subjects else { return };
    for subject in list.iter_mut().filter(|subject| subject.get("name").text() == "default") {
        subject.set(&["namespace"], namespace);
    }
    binding.set(&["subjects"], subjects);
}

/// Which end of a name.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum End {
    Prefix,
    Suffix,
}

/// `namePrefix`, `nameSuffix`
pub(super) fn extend_names(all: &mut [Resource], text: &str, end: End) {
    let keeps_name = |gvk: &Gvk| match gvk.kind.as_str() {
        "CustomResourceDefinition" | "Namespace" => true,
        "APIService" => gvk.group == "apiregistration.k8s.io",
        _ => false,
    };
    for resource in all.iter_mut().filter(|resource| !keeps_name(&resource.original_id().gvk)) {
        let name = resource.name().to_string();
        match end {
            End::Prefix => {
                resource.prefixes.push(text.into());
                resource.rename(format!("{text}{name}"));
            }
            End::Suffix => {
                resource.suffixes.push(text.into());
                resource.rename(format!("{name}{text}"));
            }
        }
    }
}

/// `labels` and `commonLabels`
pub(super) fn add_labels(all: &mut [Resource], kustomization: &Value) -> Result<(), String> {
    for label in kustomization.get("labels").as_list() {
        let is_on = |field: &str| label.get(field).as_bool() == Some(true);
        let pairs = label.get("pairs");
        for field in label.get("fields").as_list() {
            let text = |name: &str| field.get(name).text();
            let create = field.get("create").as_bool() == Some(true);
            let (group, version, kind, path) = (text("group"), text("version"), text("kind"), text("path"));
            add_pairs(all, pairs, &Place { group, version, kind, path, create })?;
        }
        if is_on("includeSelectors") {
            add_common_labels(all, pairs)?;
        } else if is_on("includeTemplates") {
            places::LABELS.iter().try_for_each(|place| add_pairs(all, pairs, place))?;
        } else {
            add_pairs(all, pairs, &anywhere("metadata/labels", true))?;
        }
    }
    add_common_labels(all, kustomization.get("commonLabels"))
}

fn add_common_labels(all: &mut [Resource], pairs: &Value) -> Result<(), String> {
    places::LABELS.iter().chain(&places::SELECTORS).try_for_each(|place| add_pairs(all, pairs, place))?;
    for kind in ["Deployment", "StatefulSet"] {
        for path in places::TEMPLATE_SELECTORS {
            add_pairs(all, pairs, &Place { group: "apps", version: "", kind, path, create: false })?;
        }
    }
    Ok(())
}

/// `commonAnnotations`
pub(super) fn add_annotations(all: &mut [Resource], pairs: &Value) -> Result<(), String> {
    places::ANNOTATIONS.iter().try_for_each(|place| add_pairs(all, pairs, place))
}

fn add_pairs(all: &mut [Resource], pairs: &Value, place: &Place<'_>) -> Result<(), String> {
    let Value::Map(pairs) = pairs else { return Ok(()) };
    if pairs.is_empty() {
        return Ok(());
    }
    let mut set = |field: &mut Value| {
        for (key, value) in pairs {
            field.set(&[key], value.text());
        }
        Ok(())
    };
    all.iter_mut().try_for_each(|resource| place.apply(resource, Make::Object, &mut set))
}

/// `replicas`
pub(super) fn set_replicas(all: &mut [Resource], replica: &Value) -> Result<(), String> {
    let (name, count) = (replica.get("name").text(), replica.get("count").as_int().unwrap_or(0));
    let mut found = false;
    for kind in places::REPLICAS {
        let fits = |resource: &Resource| {
            let has_been = resource.previous.iter().any(|id| id.name == name && id.gvk.kind == kind);
            has_been || (resource.name() == name && resource.value.get("kind").text() == kind)
        };
        for resource in all.iter_mut().filter(|resource| fits(resource)) {
            found = true;
            if resource.value.get("kind").text() == kind {
                resource.value.set(&["spec", "replicas"], count);
            }
        }
    }
    if found {
        return Ok(());
    }
    let kinds = places::REPLICAS.map(|kind| format!("{kind}.[noVer].[noGrp]"));
    Err(format!("resource with name {name} does not match a config with the following GVK [{}]", kinds.join(" ")))
}

/// `images`
pub(super) fn set_image(all: &mut [Resource], image: &Value) -> Result<(), String> {
    let pattern = format!("{}(:[a-zA-Z0-9_.{{}}-]*)?(@sha256:[a-zA-Z0-9_.{{}}-]*)?", image.get("name").text());
    let mut set = |field: &mut Value| {
        let Value::Str(text) = field else { return Ok(()) };
        // A name that is no pattern matches nothing.
        if pattern::matches(&pattern, text).unwrap_or(false) {
            *text = changed_image(text, image);
        }
        Ok(())
    };
    let is_wanted = |resource: &&mut Resource| resource.value.get("kind").text() != "CustomResourceDefinition";
    for resource in all.iter_mut().filter(is_wanted) {
        set_containers(&mut resource.value, 0, &mut set);
        for path in places::IMAGES {
            anywhere(path, false).apply(resource, Make::Nothing, &mut set)?;
        }
    }
    Ok(())
}

/// Containers anywhere, in kinds that kustomize does not know too.
fn set_containers(here: &mut Value, depth: usize, set: &mut dyn FnMut(&mut Value) -> Result<(), String>) {
    const DEPTH_MAX: usize = 200;
    if depth > DEPTH_MAX {
        return;
    }
    match here {
        Value::List(list) => list.iter_mut().for_each(|element| set_containers(element, depth + 1, set)),
        Value::Map(map) => {
            for (key, value) in map {
                set_containers(value, depth + 1, set);
                let Value::List(containers) = value else { continue };
                if matches!(key.as_str(), "containers" | "initContainers") {
                    let images =
                        containers.iter_mut().filter_map(Value::as_map_mut).filter_map(|map| map.get_mut("image"));
                    for image in images {
                        drop(set(image));
                    }
                }
            }
        }
        Value::Null | Value::Bool(_) | Value::Int(_) | Value::Float(_) | Value::Str(_) => {}
    }
}

fn changed_image(text: &str, image: &Value) -> Str {
    let get = |field: &str| image.get(field).text();
    let (mut name, tag, digest) = split_image(text);
    if !get("newName").is_empty() {
        name = get("newName");
    }
    let (new_tag, new_digest) = (get("newTag"), get("digest"));
    let (tag, digest) = match (new_tag.is_empty(), new_digest.is_empty()) {
        (false, _) => (new_tag.to_string(), new_digest),
        (true, false) => (String::new(), new_digest),
        (true, true) if !get("tagSuffix").is_empty() => (format!("{tag}{}", get("tagSuffix")), ""),
        (true, true) => (tag.to_string(), digest),
    };
    let part = |sign: &str, text: &str| if text.is_empty() { String::new() } else { format!("{sign}{text}") };
    thin::format_str!("{name}{}{}", part(":", &tag), part("@", digest))
}

/// Name, tag and digest; a colon before the first slash belongs to the registry.
fn split_image(text: &str) -> (&str, &str, &str) {
    let path_at = text.find('/').unwrap_or(0);
    let (rest, digest) = match text[path_at..].find('@') {
        Some(at) => (&text[..path_at + at], &text[path_at + at + 1..]),
        None => (text, ""),
    };
    match rest[path_at..].find(':') {
        Some(at) => (&rest[..path_at + at], &rest[path_at + at + 1..], digest),
        None => (rest, "", digest),
    }
}
