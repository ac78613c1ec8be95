//! `autoscaling/v1` `Scale`: the number of replicas of a workload, as its `scale` subresource shows it.
//!
//! A view, never stored: reading makes it of the object, writing takes the wanted number out of it.

use crate::codec::Codec;
use crate::meta::LabelSelector;
use crate::selector::Selector;
use crate::{Kind, Object, Value};

/// Whether objects of a kind have a scale.
pub fn is_scalable(kind: Kind) -> bool {
    matches!(kind, Kind::StatefulSet | Kind::Deployment | Kind::ReplicaSet | Kind::ReplicationController)
}

/// The scale of an object, or `None` if its kind has none.
pub fn scale_of(object: &Object) -> Option<Value> {
    if !is_scalable(object.kind()) {
        return None;
    }
    let body = object.encode_body();
    let mut scale = Value::map();
    scale.set(&["apiVersion"], "autoscaling/v1");
    scale.set(&["kind"], "Scale");
    for field in ["name", "namespace", "uid", "resourceVersion", "creationTimestamp"] {
        scale.set(&["metadata", field], body.at(&["metadata", field]).clone());
    }
    // Go leaves an empty number out of the spec, but not out of the status.
    let wanted = body.at(&["spec", "replicas"]).as_int().unwrap_or(0);
    scale.set(&["spec"], Value::map());
    if wanted != 0 {
        scale.set(&["spec", "replicas"], wanted);
    }
    scale.set(&["status", "replicas"], body.at(&["status", "replicas"]).as_int().unwrap_or(0));
    let selector = match object {
        Object::ReplicationController(controller) => controller.spec.selector.clone(),
        _ => LabelSelector::decode(body.at(&["spec", "selector"]).clone()),
    };
    if let Ok(selector) = Selector::from_label_selector(&selector) {
        scale.set(&["status", "selector"], selector.to_string());
    }
    Some(scale)
}
