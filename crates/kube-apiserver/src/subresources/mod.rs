//! Parts of objects with endpoints of their own.

pub(crate) mod binding;
pub(crate) mod ephemeral_containers;
pub(crate) mod eviction;

use api::Value;

/// What says which object an applied configuration is about.
pub(crate) fn identity(config: &Value) -> Value {
    let mut identity = Value::map();
    for field in [&["apiVersion"][..], &["kind"], &["metadata", "name"], &["metadata", "namespace"]] {
        let own = config.at(field);
        if !own.is_null() {
            identity.set(field, own.clone());
        }
    }
    identity
}

/// What of an applied configuration a resize looks at.
pub(crate) fn narrowed_to_resources(config: &Value) -> Value {
    let mut narrowed = identity(config);
    for list in ["containers", "initContainers"] {
        let containers = config.at(&["spec", list]).as_list().iter().map(|container| {
            let mut own = Value::map();
            for field in ["name", "resources", "resizePolicy"] {
                let value = container.get(field);
                if !value.is_null() {
                    own.set(&[field], value.clone());
                }
            }
            own
        });
        let containers: Vec<Value> = containers.collect();
        if !containers.is_empty() {
            narrowed.set(&["spec", list], containers);
        }
    }
    narrowed
}
