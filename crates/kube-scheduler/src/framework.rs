//! Plugins and what they answer.

use std::rc::Rc;

use api::{Node, Pod, Str};

use crate::cache::{Cache, NodeInfo, Request};
use crate::lister::Lister;
use crate::plugins::{inter_pod_affinity, pod_topology_spread, volume_binding};

/// How firmly a node is refused.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Code {
    /// The pod does not fit; removing other pods might help.
    Unschedulable,
    /// The pod does not fit, and removing pods cannot help.
    UnschedulableAndUnresolvable,
}

/// Why a pod cannot go to a node.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Verdict {
    /// The plugin that refused.
    pub plugin: &'static str,
    /// How firmly.
    pub code: Code,
    /// In upstream's words; each counts in the summary.
    pub reasons: Vec<Str>,
}

impl Verdict {
    /// A refusal for one reason.
    pub(crate) fn one(plugin: &'static str, code: Code, reason: impl Into<Str>) -> Verdict {
        Verdict { plugin, code, reasons: vec![reason.into()] }
    }
}

/// What happened in the cluster, as far as it can make a refused pod schedulable.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum ClusterEvent {
    /// A node came, changed what plugins look at, or went.
    Node,
    /// A pod came to a node, or its labels changed there.
    PodPlaced,
    /// A pod on a node went.
    AssignedPod,
    /// The waiting pod itself changed.
    Pod,
    /// A claim came or changed.
    Claim,
    /// A volume came or changed.
    Volume,
    /// A class came or changed.
    Class,
}

/// An event with what it is about, for the plugins that look closer.
#[derive(Clone, Copy)]
pub(crate) struct Happened<'a> {
    pub(crate) event: ClusterEvent,
    /// The node before and after.
    pub(crate) node: (Option<&'a Node>, Option<&'a Node>),
    /// The pod that has come to a node.
    pub(crate) pod: Option<&'a Pod>,
    pub(crate) lister: &'a dyn Lister,
}

/// Whether an event could make a plugin change its mind about a pod that it refused.
pub(crate) type Hint = fn(&Pod, &Happened<'_>) -> bool;

/// What a plugin sees besides the node: the pod, with what was computed once for all nodes.
pub(crate) struct Cycle<'a> {
    pub(crate) pod: &'a Rc<Pod>,
    pub(crate) request: Rc<Request>,
    pub(crate) volumes: volume_binding::PodVolumes,
    pub(crate) affinity: Rc<inter_pod_affinity::State>,
    pub(crate) spread: Rc<pod_topology_spread::State>,
    /// See [`pod_topology_spread::weights`]; empty before scoring.
    pub(crate) spread_weights: Vec<f64>,
    pub(crate) lister: &'a dyn Lister,
    pub(crate) cache: &'a Cache,
}

impl Cycle<'_> {
    /// Thinks a pod away from a node.
    pub(crate) fn take_out(&mut self, pod: &Rc<Pod>, info: &mut NodeInfo) {
        info.remove(&pod.metadata.key());
        self.imagine(pod, info, -1);
    }

    /// Thinks a pod onto a node.
    pub(crate) fn put_back(&mut self, pod: &Rc<Pod>, info: &mut NodeInfo) {
        info.add(pod.clone());
        self.imagine(pod, info, 1);
    }

    fn imagine(&mut self, pod: &Pod, info: &NodeInfo, amount: i64) {
        let views = inter_pod_affinity::Views { pod: self.pod, cache: self.cache, lister: self.lister };
        Rc::make_mut(&mut self.affinity).imagine(&views, pod, info, amount);
        Rc::make_mut(&mut self.spread).imagine(self.pod, self.cache, pod, info, amount);
    }
}

type FilterFn = fn(&Cycle<'_>, &NodeInfo) -> Option<Verdict>;
type ScoreFn = fn(&Cycle<'_>, &NodeInfo) -> i64;

/// What a plugin makes of the raw scores of all nodes.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Normalize {
    /// They are 0 to 100 already.
    No,
    /// The highest becomes 100.
    ToMax,
    /// The highest becomes 0; if all are 0 all become 100.
    Reversed,
    /// The lowest becomes 0 and the highest 100; if all are equal all become 0.
    Range,
    /// The lowest becomes the best, the others by their distance; negative ones (nodes without a say) become 0.
    Spread,
}

/// What a plugin's answer about a node hangs on, besides what is the same for all pods of a shape.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Reads {
    /// The node and the pods on it: the answer holds until one of them changes.
    Node,
    /// The pod's own claims, and so every pod's answer is its own.
    Claims,
    /// Pods on other nodes.
    Others,
}

/// A plugin: what it does at each extension point, and what could change its mind.
pub(crate) struct Plugin {
    pub(crate) name: &'static str,
    pub(crate) reads: Reads,
    pub(crate) filter: Option<FilterFn>,
    pub(crate) score: Option<Score>,
    /// Events after which a pod that this plugin refused is tried again.
    pub(crate) events: &'static [ClusterEvent],
}

/// The scoring half of a plugin.
pub(crate) struct Score {
    pub(crate) weight: i64,
    pub(crate) raw: ScoreFn,
    pub(crate) normalize: Normalize,
    /// Whether the plugin has nothing to say of this pod, so that it gives no score at all.
    pub(crate) skips: fn(&Cycle<'_>) -> bool,
}
