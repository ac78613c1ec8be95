//! Where a pod wants to be: affinity, tolerations, spreading.

use ecow::EcoVec;

use super::node::Taint;
use crate::meta::LabelSelector;
use crate::{Str, StringMap, object};

object! {
    /// Rules about nodes and about other pods.
    pub struct Affinity {
        /// About nodes.
        node_affinity: Option<NodeAffinity> = "nodeAffinity",
        /// Near these pods.
        pod_affinity: Option<PodAffinity> = "podAffinity",
        /// Not near these pods.
        pod_anti_affinity: Option<PodAffinity> = "podAntiAffinity",
    }
}

object! {
    /// Rules about nodes.
    pub struct NodeAffinity {
        /// Must hold when the pod is placed.
        required: Option<NodeSelector> = "requiredDuringSchedulingIgnoredDuringExecution",
        /// Adds to a node's score.
        preferred: EcoVec<PreferredSchedulingTerm> = "preferredDuringSchedulingIgnoredDuringExecution",
    }
}

object! {
    /// One of several terms must hold.
    pub struct NodeSelector {
        /// The terms.
        node_selector_terms: EcoVec<NodeSelectorTerm> = "nodeSelectorTerms" always,
    }
}

object! {
    /// All requirements must hold; without any, nothing matches.
    pub struct NodeSelectorTerm {
        /// On labels.
        match_expressions: EcoVec<NodeSelectorRequirement> = "matchExpressions",
        /// On fields; only `metadata.name`.
        match_fields: EcoVec<NodeSelectorRequirement> = "matchFields",
    }
}

object! {
    /// One requirement on a label or field.
    pub struct NodeSelectorRequirement {
        /// The label or field.
        key: Str = "key" always,
        /// `In`, `NotIn`, `Exists`, `DoesNotExist`, `Gt`, `Lt`.
        operator: Str = "operator" always,
        /// What it is compared with.
        values: EcoVec<Str> = "values",
    }
}

impl NodeSelector {
    /// Whether the node with this name and these labels satisfies one of the terms.
    pub fn matches(&self, name: &Str, labels: &StringMap) -> bool {
        self.node_selector_terms.iter().any(|term| term.matches(name, labels))
    }
}

impl NodeSelectorTerm {
    /// Whether the node with this name and these labels satisfies it; a term without requirements matches nothing.
    pub fn matches(&self, name: &Str, labels: &StringMap) -> bool {
        if self.match_expressions.is_empty() && self.match_fields.is_empty() {
            return false;
        }
        let field = |key: &str| (key == "metadata.name").then_some(name);
        self.match_expressions.iter().all(|requirement| requirement.holds(labels.get_str(&requirement.key)))
            && self.match_fields.iter().all(|requirement| requirement.holds(field(&requirement.key)))
    }
}

impl NodeSelectorRequirement {
    fn holds(&self, value: Option<&Str>) -> bool {
        let is_listed = value.is_some_and(|value| self.values.contains(value));
        let compared = || {
            let value: i64 = value?.parse().ok()?;
            let bound: i64 = self.values.first()?.parse().ok()?;
            Some(value.cmp(&bound))
        };
        match self.operator.as_str() {
            "In" => is_listed,
            "NotIn" => !is_listed,
            "Exists" => value.is_some(),
            "DoesNotExist" => value.is_none(),
            "Gt" => compared() == Some(std::cmp::Ordering::Greater),
            "Lt" => compared() == Some(std::cmp::Ordering::Less),
            _ => false,
        }
    }
}

object! {
    /// A term that adds to a node's score.
    pub struct PreferredSchedulingTerm {
        /// 1 to 100.
        weight: i32 = "weight" always,
        /// The term.
        preference: NodeSelectorTerm = "preference" always,
    }
}

object! {
    /// Rules about other pods, for or against.
    pub struct PodAffinity {
        /// Must hold when the pod is placed.
        required: EcoVec<PodAffinityTerm> = "requiredDuringSchedulingIgnoredDuringExecution",
        /// Adds to a node's score, or takes from it.
        preferred: EcoVec<WeightedPodAffinityTerm> = "preferredDuringSchedulingIgnoredDuringExecution",
    }
}

object! {
    /// Which pods, and how near.
    pub struct PodAffinityTerm {
        /// Which pods; none matches none.
        label_selector: Option<LabelSelector> = "labelSelector",
        /// In which namespaces.
        namespaces: EcoVec<Str> = "namespaces",
        /// And in the namespaces with these labels.
        namespace_selector: Option<LabelSelector> = "namespaceSelector",
        /// Near is: the same value of this label of the node.
        topology_key: Str = "topologyKey" always,
        /// Labels whose values are taken from the incoming pod.
        match_label_keys: EcoVec<Str> = "matchLabelKeys",
        /// Labels whose values must differ from the incoming pod's.
        mismatch_label_keys: EcoVec<Str> = "mismatchLabelKeys",
    }
}

object! {
    /// A term with a weight.
    pub struct WeightedPodAffinityTerm {
        /// 1 to 100.
        weight: i32 = "weight" always,
        /// The term.
        pod_affinity_term: PodAffinityTerm = "podAffinityTerm" always,
    }
}

object! {
    /// A taint that a pod bears.
    pub struct Toleration {
        /// The taint's key; empty with `Exists` for all.
        key: Str = "key",
        /// `Equal` (when empty) or `Exists`.
        operator: Str = "operator",
        /// The taint's value, for `Equal`.
        value: Str = "value",
        /// The taint's effect; empty for all.
        effect: Str = "effect",
        /// For `NoExecute`: how long the pod stays.
        toleration_seconds: Option<i64> = "tolerationSeconds",
    }
}

impl Toleration {
    /// Whether it bears a taint.
    pub fn tolerates(&self, taint: &Taint) -> bool {
        let has_effect = self.effect.is_empty() || self.effect == taint.effect;
        let has_key = self.key.is_empty() || self.key == taint.key;
        let has_value = match self.operator.as_str() {
            "" | "Equal" => self.value == taint.value,
            "Exists" => true,
            _ => false,
        };
        has_effect && has_key && has_value
    }
}

object! {
    /// How evenly replicas are to be spread.
    pub struct TopologySpreadConstraint {
        /// The largest difference allowed.
        max_skew: i32 = "maxSkew" always,
        /// The label of nodes that makes the domains.
        topology_key: Str = "topologyKey" always,
        /// `DoNotSchedule` or `ScheduleAnyway`.
        when_unsatisfiable: Str = "whenUnsatisfiable" always,
        /// The pods that count.
        label_selector: Option<LabelSelector> = "labelSelector",
        /// So many domains are expected at least.
        min_domains: Option<i32> = "minDomains",
        /// `Honor` (when absent) or `Ignore`.
        node_affinity_policy: Option<Str> = "nodeAffinityPolicy",
        /// `Ignore` (when absent) or `Honor`.
        node_taints_policy: Option<Str> = "nodeTaintsPolicy",
        /// Labels whose values are taken from the incoming pod.
        match_label_keys: EcoVec<Str> = "matchLabelKeys",
    }
}
