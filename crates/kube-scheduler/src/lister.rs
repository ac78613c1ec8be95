//! What the scheduler reads besides nodes and pods.

use std::rc::Rc;

use api::meta::{LabelSelector, OwnerReference};
use api::{
    Key, Namespace, PersistentVolume, PersistentVolumeClaim, Pod, PodDisruptionBudget, ReplicaSet,
    ReplicationController, Service, StatefulSet, StorageClass, StringMap,
};
use client::Informers;

/// Claims, volumes, classes, namespaces, and what selects a pod.
pub(crate) trait Lister {
    /// The claim with this namespace and name.
    fn claim(&self, key: &Key) -> Option<&Rc<PersistentVolumeClaim>>;
    /// The volume with this name.
    fn volume(&self, name: &str) -> Option<&Rc<PersistentVolume>>;
    /// All volumes, by name.
    fn volumes(&self) -> Vec<&Rc<PersistentVolume>>;
    /// The class with this name.
    fn class(&self, name: &str) -> Option<&Rc<StorageClass>>;
    /// The labels of a namespace.
    fn namespace_labels(&self, name: &str) -> Option<&StringMap>;
    /// All disruption budgets.
    fn budgets(&self) -> Vec<&Rc<PodDisruptionBudget>>;
    /// What the services and workloads that a pod belongs to select; none if it belongs to nothing.
    fn default_selector(&self, pod: &Pod) -> Option<LabelSelector>;
}

impl Lister for Informers {
    fn claim(&self, key: &Key) -> Option<&Rc<PersistentVolumeClaim>> {
        self.get(key)
    }
    fn volume(&self, name: &str) -> Option<&Rc<PersistentVolume>> {
        self.get(&Key::new("", name))
    }
    fn volumes(&self) -> Vec<&Rc<PersistentVolume>> {
        self.iter().collect()
    }
    fn class(&self, name: &str) -> Option<&Rc<StorageClass>> {
        self.get(&Key::new("", name))
    }
    fn namespace_labels(&self, name: &str) -> Option<&StringMap> {
        self.get::<Namespace>(&Key::new("", name)).map(|namespace| &namespace.metadata.labels)
    }
    fn budgets(&self) -> Vec<&Rc<PodDisruptionBudget>> {
        self.iter().collect()
    }
    fn default_selector(&self, pod: &Pod) -> Option<LabelSelector> {
        let owner = |owner: &OwnerReference| {
            let key = Key::new(pod.metadata.namespace.clone(), owner.name.clone());
            match owner.kind.as_str() {
                "StatefulSet" => self.get::<StatefulSet>(&key).map(|set| &set.spec.selector),
                "ReplicaSet" => self.get::<ReplicaSet>(&key).map(|set| &set.spec.selector),
                "ReplicationController" => {
                    self.get::<ReplicationController>(&key).map(|controller| &controller.spec.selector)
                }
                _ => None,
            }
        };
        default_selector(pod, self.iter::<Service>().map(|service| &**service), &owner)
    }
}

/// The selectors of the services that select a pod and of the set that controls it, all together. `selector_of` knows the
/// selector of an owner.
///
/// Models: kubernetes v1.36 pkg/scheduler/framework/plugins/helper (DefaultSelector).
pub(crate) fn default_selector<'a>(
    pod: &Pod,
    services: impl Iterator<Item = &'a Service>,
    selector_of: &dyn Fn(&OwnerReference) -> Option<&'a LabelSelector>,
) -> Option<LabelSelector> {
    let mut selector = LabelSelector::default();
    for service in services.filter(|service| service.metadata.namespace == pod.metadata.namespace) {
        let wanted = &service.spec.selector;
        if !wanted.is_empty() && wanted.is_subset_of(&pod.metadata.labels) {
            wanted.iter().for_each(|(key, value)| selector.match_labels.insert(key.clone(), value.clone()));
        }
    }
    if let Some(wanted) = pod.metadata.controller().and_then(selector_of) {
        wanted.match_labels.iter().for_each(|(key, value)| selector.match_labels.insert(key.clone(), value.clone()));
        selector.match_expressions.extend(wanted.match_expressions.iter().cloned());
    }
    (!selector.is_empty()).then_some(selector)
}
