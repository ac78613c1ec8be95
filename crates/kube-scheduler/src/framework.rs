//! Plugins and what they answer.

use std::rc::Rc;

use api::{Node, PersistentVolume, PersistentVolumeClaim, Pod, StorageClass, Str};

use crate::cache::{Cache, NodeInfo, Request, is_same_list};
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
#[derive(Clone, Copy)]
pub(crate) enum Event<'a> {
    /// A node came (nothing before), changed, or went (nothing after).
    Node(Option<&'a Node>, Option<&'a Node>),
    /// A pod came to a node, changed there, or went.
    Pod(Option<&'a Pod>, Option<&'a Pod>),
    /// The waiting pod itself, before and after.
    Itself(&'a Pod, &'a Pod),
    /// A claim came, or changed.
    Claim(Option<&'a PersistentVolumeClaim>, &'a PersistentVolumeClaim),
    /// A volume came, or changed.
    Volume(Option<&'a PersistentVolume>, &'a PersistentVolume),
    /// A class came, or changed.
    Class(Option<&'a StorageClass>, &'a StorageClass),
}

/// A set of [`action`]s.
pub(crate) type Actions = u32;

/// What plugins register for, under upstream's names.
pub(crate) mod action {
    use super::Actions;

    pub(crate) const NODE_ADD: Actions = 1;
    pub(crate) const NODE_DELETE: Actions = 1 << 1;
    pub(crate) const UPDATE_NODE_ALLOCATABLE: Actions = 1 << 2;
    pub(crate) const UPDATE_NODE_LABEL: Actions = 1 << 3;
    /// The end of a cordon counts as one.
    pub(crate) const UPDATE_NODE_TAINT: Actions = 1 << 4;
    pub(crate) const POD_ADD: Actions = 1 << 5;
    pub(crate) const POD_DELETE: Actions = 1 << 6;
    pub(crate) const UPDATE_POD_LABEL: Actions = 1 << 7;
    pub(crate) const UPDATE_POD_TOLERATION: Actions = 1 << 8;
    pub(crate) const CLAIM_ADD: Actions = 1 << 9;
    pub(crate) const CLAIM_UPDATE: Actions = 1 << 10;
    pub(crate) const VOLUME_ADD: Actions = 1 << 11;
    pub(crate) const VOLUME_UPDATE: Actions = 1 << 12;
    pub(crate) const CLASS_ADD: Actions = 1 << 13;
    pub(crate) const CLASS_UPDATE: Actions = 1 << 14;
}

impl Event<'_> {
    /// The actions that it is; none if nothing has changed that a plugin looks at.
    pub(crate) fn actions(&self) -> Actions {
        let if_new = |is_new: bool, add: Actions, update: Actions| if is_new { add } else { update };
        match self {
            Event::Node(Some(old), Some(new)) => node_actions(old, new),
            Event::Node(old, _) => if_new(old.is_none(), action::NODE_ADD, action::NODE_DELETE),
            Event::Pod(Some(old), Some(new)) | Event::Itself(old, new) => pod_actions(old, new),
            Event::Pod(old, _) => if_new(old.is_none(), action::POD_ADD, action::POD_DELETE),
            Event::Claim(old, _) => if_new(old.is_none(), action::CLAIM_ADD, action::CLAIM_UPDATE),
            Event::Volume(old, _) => if_new(old.is_none(), action::VOLUME_ADD, action::VOLUME_UPDATE),
            Event::Class(old, _) => if_new(old.is_none(), action::CLASS_ADD, action::CLASS_UPDATE),
        }
    }
}

fn when(is_so: bool, actions: Actions) -> Actions {
    if is_so { actions } else { 0 }
}

fn node_actions(old: &Node, new: &Node) -> Actions {
    // A cordon alone helps nobody; its taint is looked at like any other.
    let is_uncordoned = old.spec.unschedulable && !new.spec.unschedulable;
    let is_other_taint = is_uncordoned || old.spec.taints != new.spec.taints;
    when(old.status.allocatable != new.status.allocatable, action::UPDATE_NODE_ALLOCATABLE)
        | when(old.metadata.labels != new.metadata.labels, action::UPDATE_NODE_LABEL)
        | when(is_other_taint, action::UPDATE_NODE_TAINT)
}

fn pod_actions(old: &Pod, new: &Pod) -> Actions {
    when(old.metadata.labels != new.metadata.labels, action::UPDATE_POD_LABEL)
        | when(!is_same_list(&old.spec.tolerations, &new.spec.tolerations), action::UPDATE_POD_TOLERATION)
}

/// An event, and what is looked at beside it.
#[derive(Clone, Copy)]
pub(crate) struct Happened<'a> {
    pub(crate) event: Event<'a>,
    pub(crate) lister: &'a dyn Lister,
}

/// Whether an event for which a plugin has registered could make it change its mind about a pod that it refused.
pub(crate) type Hint = fn(&Pod, &Happened<'_>) -> bool;

/// Of a plugin to which every such event matters.
pub(crate) fn always(_: &Pod, _: &Happened<'_>) -> bool {
    true
}

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
type ScoreFn = fn(&Cycle<'_>, &[&NodeInfo]) -> Vec<i64>;

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
    /// What has to happen before a pod that this plugin refused is tried again.
    pub(crate) events: Actions,
    /// A closer look at what happened.
    pub(crate) hint: Hint,
}

/// The scoring half of a plugin.
pub(crate) struct Score {
    pub(crate) weight: i64,
    /// One for each node.
    pub(crate) raw: ScoreFn,
    pub(crate) normalize: Normalize,
    /// Whether the plugin has nothing to say of this pod, so that it gives no score at all.
    pub(crate) skips: fn(&Cycle<'_>) -> bool,
}

impl Score {
    /// Whether what a node gets hangs on no other node.
    pub(crate) fn is_fixed(&self) -> bool {
        self.normalize == Normalize::No
    }
}

/// Asks node after node.
pub(crate) fn each(cycle: &Cycle<'_>, nodes: &[&NodeInfo], score: fn(&Cycle<'_>, &NodeInfo) -> i64) -> Vec<i64> {
    nodes.iter().map(|info| score(cycle, info)).collect()
}
