//! Which nodes a DaemonSet's pod may run on, and what such a pod looks like.
//!
//! Models: kubernetes v1.36 pkg/controller/daemon/daemon_controller.go (NodeShouldRunDaemonPod, NewPod) and util.

use std::rc::Rc;

use api::core::affinity::{
    Affinity, NodeAffinity, NodeSelector, NodeSelectorRequirement, NodeSelectorTerm, Toleration,
};
use api::core::pod::PodSpec;
use api::{DaemonSet, Node, Object, ObjectMeta, Pod, Str};
use ecow::EcoVec;

use crate::controller_ref::{controller_reference, generated_prefix};

/// The label with the hash of the template.
pub const HASH_LABEL: &str = "controller-revision-hash";
const GENERATION_LABEL: &str = "pod-template-generation";
const GENERATION_ANNOTATION: &str = "deprecated.daemonset.template.generation";

/// Whether a node gets a pod, and may keep one that it has.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Verdict {
    /// It gets one if it has none.
    pub gets: bool,
    /// It keeps the one that it has.
    pub keeps: bool,
}

const NEVER: Verdict = Verdict { gets: false, keeps: false };

/// The spec that all pods of a set share, before each is tied to its node.
pub fn shared_spec(set: &DaemonSet) -> PodSpec {
    let mut spec = (*set.spec.template.spec).clone();
    let problems = [
        ("node.kubernetes.io/not-ready", "NoExecute"),
        ("node.kubernetes.io/unreachable", "NoExecute"),
        ("node.kubernetes.io/disk-pressure", "NoSchedule"),
        ("node.kubernetes.io/memory-pressure", "NoSchedule"),
        ("node.kubernetes.io/pid-pressure", "NoSchedule"),
        ("node.kubernetes.io/unschedulable", "NoSchedule"),
    ];
    let network = spec.host_network.then_some(("node.kubernetes.io/network-unavailable", "NoSchedule"));
    for (key, effect) in problems.into_iter().chain(network) {
        let toleration =
            Toleration { key: key.into(), operator: "Exists".into(), effect: effect.into(), ..Toleration::default() };
        let is_same = |other: &Toleration| {
            other.key == toleration.key && other.effect == toleration.effect && other.operator == toleration.operator
        };
        match spec.tolerations.iter().position(is_same) {
            Some(at) => spec.tolerations.make_mut()[at] = toleration,
            None => spec.tolerations.push(toleration),
        }
    }
    spec
}

/// Judges a node; `spec` is that of [`shared_spec`].
pub fn decide_node(spec: &PodSpec, node: &Node) -> Verdict {
    let (name, labels) = (&node.metadata.name, &node.metadata.labels);
    let required = spec.affinity.as_ref().and_then(|affinity| affinity.node_affinity.as_ref()?.required.as_ref());
    let is_wanted = (spec.node_name.is_empty() || spec.node_name == *name)
        && spec.node_selector.is_subset_of(labels)
        && required.is_none_or(|selector| selector.matches(name, labels));
    if !is_wanted {
        return NEVER;
    }
    let borne = |effect: &str| {
        let mut taints = node.spec.taints.iter().filter(|taint| taint.effect == effect);
        taints.all(|taint| spec.tolerations.iter().any(|toleration| toleration.tolerates(taint)))
    };
    let keeps = borne("NoExecute");
    Verdict { gets: keeps && borne("NoSchedule"), keeps }
}

/// A pod for a node: the scheduler is told by an affinity that no other node will do.
pub fn new_pod(set: &DaemonSet, owner: &Object, spec: &PodSpec, hash: &Str, node: &Str) -> Pod {
    let template = &set.spec.template.metadata;
    let mut labels = template.labels.clone();
    if let Some(generation) = set.metadata.annotations.get_str(GENERATION_ANNOTATION) {
        labels.insert(GENERATION_LABEL, generation.clone());
    }
    labels.insert(HASH_LABEL, hash.clone());
    let metadata = ObjectMeta {
        namespace: set.metadata.namespace.clone(),
        labels,
        annotations: template.annotations.clone(),
        finalizers: template.finalizers.clone(),
        owner_references: EcoVec::from([controller_reference(owner)]),
        generate_name: generated_prefix(&set.metadata.name),
        ..ObjectMeta::default()
    };
    let mut spec = spec.clone();
    spec.affinity = Some(Rc::new(tied_to(spec.affinity.as_deref(), node)));
    Pod { metadata, spec: Rc::new(spec), ..Pod::default() }
}

fn tied_to(affinity: Option<&Affinity>, node: &Str) -> Affinity {
    let requirement = NodeSelectorRequirement {
        key: "metadata.name".into(),
        operator: "In".into(),
        values: EcoVec::from([node.clone()]),
        ..NodeSelectorRequirement::default()
    };
    let term = NodeSelectorTerm { match_fields: EcoVec::from([requirement]), ..NodeSelectorTerm::default() };
    let required = NodeSelector { node_selector_terms: EcoVec::from([term]), ..NodeSelector::default() };
    let mut affinity = affinity.cloned().unwrap_or_default();
    let before = affinity.node_affinity.take().unwrap_or_default();
    affinity.node_affinity = Some(NodeAffinity { required: Some(required), ..before });
    affinity
}

/// The node that a pod is on, or is tied to.
pub fn node_of(pod: &Pod) -> Option<&Str> {
    if !pod.spec.node_name.is_empty() {
        return Some(&pod.spec.node_name);
    }
    let required = pod.spec.affinity.as_ref()?.node_affinity.as_ref()?.required.as_ref()?;
    let mut fields = required.node_selector_terms.iter().flat_map(|term| term.match_fields.iter());
    fields.find(|field| field.key == "metadata.name" && field.operator == "In")?.values.first()
}
