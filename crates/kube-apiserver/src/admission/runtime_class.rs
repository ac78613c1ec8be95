//! RuntimeClass: what the class of a pod's runtime adds to it.
//!
//! Models: kubernetes v1.36 plugin/pkg/admission/runtimeclass, pkg/util/tolerations.

use api::codec::Codec;
use api::core::affinity::Toleration;
use api::{Key, Kind, Object, Pod, ResourceList, Status};
use std::rc::Rc;

use crate::ApiServer;

const UNFOUNDED: &str = "pod rejected: Pod Overhead set without corresponding RuntimeClass defined Overhead";

pub(super) fn admit(server: &ApiServer, pod: &mut Pod) -> Result<(), Status> {
    let refuse = |pod: &Pod, cause: &str| Err(Status::forbidden(Kind::Pod, &pod.metadata.name, cause));
    let name = pod.spec.rest.get("runtimeClassName").text().to_owned();
    if name.is_empty() {
        return if pod.spec.overhead.is_empty() { Ok(()) } else { refuse(pod, UNFOUNDED) };
    }
    let class = server.etcd.get(Kind::RuntimeClass, &Key::new("", name.as_str())).and_then(Object::plain);
    let Some(class) = class else {
        return refuse(pod, &format!("pod rejected: RuntimeClass {name:?} not found"));
    };
    let overhead = class.body.get("overhead");
    let fixed = ResourceList::decode(overhead.get("podFixed").clone());
    if !pod.spec.overhead.is_empty() && pod.spec.overhead != fixed {
        let cause = if overhead.is_null() {
            UNFOUNDED
        } else {
            "pod rejected: Pod's Overhead doesn't match RuntimeClass's defined Overhead"
        };
        return refuse(pod, cause);
    }
    let scheduling = class.body.get("scheduling");
    for (key, value) in scheduling.get("nodeSelector").as_map().into_iter().flatten() {
        match pod.spec.node_selector.get(key) {
            Some(own) if own != value.text() => {
                let (theirs, own) = (value.text(), own.to_owned());
                let cause = format!(
                    "conflict: runtimeClass.scheduling.nodeSelector[{key}] = {theirs}; pod.spec.nodeSelector[{key}] = {own}"
                );
                return refuse(pod, &cause);
            }
            _ => {
                let spec = Rc::make_mut(&mut pod.spec);
                spec.node_selector.insert(key.clone(), value.text());
            }
        }
    }
    let more: Vec<Toleration> =
        scheduling.get("tolerations").as_list().iter().cloned().map(Toleration::decode).collect();
    let spec = Rc::make_mut(&mut pod.spec);
    if !more.is_empty() {
        spec.tolerations = merged(spec.tolerations.iter().cloned().chain(more).collect()).into();
    }
    spec.overhead = fixed;
    Ok(())
}

/// Tolerations without those that others include.
fn merged(all: Vec<Toleration>) -> Vec<Toleration> {
    let mut merged: Vec<Toleration> = Vec::new();
    for (at, one) in all.iter().enumerate() {
        let is_included = merged.iter().any(|other| includes(other, one))
            || all[at + 1..].iter().any(|other| other != one && includes(other, one));
        if !is_included {
            merged.push(one.clone());
        }
    }
    merged
}

fn includes(all: &Toleration, one: &Toleration) -> bool {
    let of_every_key = all.key.is_empty() && all.operator == "Exists";
    let is_as_long = match (all.effect == "NoExecute", all.toleration_seconds, one.toleration_seconds) {
        (true, Some(_), None) => false,
        (true, Some(limit), Some(seconds)) => seconds <= limit,
        _ => true,
    };
    let has_its_value = match all.operator.as_str() {
        "Exists" => true,
        _ => matches!(one.operator.as_str(), "Equal" | "") && one.value == all.value,
    };
    all == one
        || (all.key == one.key || of_every_key)
            && (all.effect == one.effect || all.effect.is_empty())
            && is_as_long
            && has_its_value
}
