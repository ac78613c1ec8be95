//! ReplicationController: what ReplicaSets were before there were selectors with expressions.

use std::rc::Rc;

use crate::apps::replica_set::{ReplicaSet, ReplicaSetSpec, ReplicaSetStatus};
use crate::codec::Codec;
use crate::meta::ObjectMeta;
use crate::{Map, Value};

/// So many pods of one template. It is held as a ReplicaSet is; only in JSON its selector is a plain map, and nothing is said
/// of pods that are going.
#[derive(Clone, Debug, Default, PartialEq, Hash)]
pub struct ReplicationController {
    /// Name and labels.
    pub metadata: ObjectMeta,
    /// What is wanted.
    pub spec: Rc<ReplicaSetSpec>,
    /// What is.
    pub status: ReplicaSetStatus,
}

impl ReplicationController {
    /// The same as a ReplicaSet.
    pub fn as_set(&self) -> ReplicaSet {
        ReplicaSet {
            metadata: self.metadata.clone(),
            spec: self.spec.clone(),
            status: self.status.clone(),
            ..ReplicaSet::default()
        }
    }

    /// What a ReplicaSet is as one of these.
    pub fn of_set(set: ReplicaSet) -> ReplicationController {
        let mut status = set.status;
        status.terminating_replicas = None;
        ReplicationController { metadata: set.metadata, spec: set.spec, status }
    }
}

impl Codec for ReplicationController {
    fn decode(mut value: Value) -> Self {
        let selector = value.at(&["spec", "selector"]).clone();
        if !selector.is_null() {
            value.set(&["spec", "selector"], Value::map());
            value.set(&["spec", "selector", "matchLabels"], selector);
        }
        ReplicationController::of_set(ReplicaSet::decode(value))
    }

    fn encode(&self) -> Value {
        let mut value = self.as_set().encode();
        let selector = value.at(&["spec", "selector", "matchLabels"]).clone();
        value.remove(&["spec", "selector"]);
        if matches!(&selector, Value::Map(map) if *map != Map::new()) {
            value.set(&["spec", "selector"], selector);
        }
        value
    }

    fn is_zero(&self) -> bool {
        false
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::text::yaml;

    #[test]
    fn the_selector_is_a_plain_map() {
        let text = "metadata: {name: a}\nspec:\n  replicas: 2\n  selector: {app: b}\n  template: {metadata: {labels: {app: b}}, \
                    spec: {containers: [{name: c, image: i}]}}\nstatus: {replicas: 1}\n";
        let controller = ReplicationController::decode(yaml::read(text).unwrap());
        assert_eq!(controller.spec.selector.match_labels.get("app"), Some("b"));
        let written = controller.encode();
        assert_eq!(written.at(&["spec", "selector", "app"]).text(), "b");
        assert_eq!(ReplicationController::decode(written), controller);
    }
}
