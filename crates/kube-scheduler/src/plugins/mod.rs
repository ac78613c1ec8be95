//! The plugins of the default profile, in the order in which they filter.

pub(crate) mod image_locality;
pub(crate) mod inter_pod_affinity;
pub(crate) mod node_affinity;
pub(crate) mod node_name;
pub(crate) mod node_ports;
pub(crate) mod node_resources_balanced_allocation;
pub(crate) mod node_resources_fit;
pub(crate) mod node_unschedulable;
pub(crate) mod pod_topology_spread;
pub(crate) mod taint_toleration;
pub(crate) mod volume_binding;
pub(crate) mod volume_restrictions;
pub(crate) mod volume_zone;

use api::Str;
use api::meta::LabelSelector;
use ordered::OrderedSet;

use api::Pod;

use crate::framework::{Actions, Happened, Plugin, action};

/// The registry: one line per plugin.
pub(crate) static PLUGINS: &[Plugin] = &[
    node_unschedulable::PLUGIN,
    node_name::PLUGIN,
    taint_toleration::PLUGIN,
    node_affinity::PLUGIN,
    node_ports::PLUGIN,
    node_resources_fit::PLUGIN,
    volume_restrictions::PLUGIN,
    volume_binding::PLUGIN,
    volume_zone::PLUGIN,
    pod_topology_spread::PLUGIN,
    inter_pod_affinity::PLUGIN,
    node_resources_balanced_allocation::PLUGIN,
    image_locality::PLUGIN,
];

/// Whether one of the plugins that refused a pod could change its mind about it. Where none refused it, since there was no node
/// to refuse, anything could help.
pub(crate) fn is_worth_a_try(pod: &Pod, refused_by: &OrderedSet<&'static str>, happened: &Happened<'_>) -> bool {
    let actions = happened.event.actions();
    let is_helped = |plugin: &Plugin| {
        wakes_for_taints(plugin, actions) || (plugin.events & actions != 0 && (plugin.hint)(pod, happened))
    };
    refused_by.is_empty() || refusing(refused_by).any(is_helped)
}

/// Whether such an event could make one of the plugins that refused a pod change its mind.
pub(crate) fn could_help(actions: Actions, refused_by: &OrderedSet<&'static str>) -> bool {
    let could = |plugin: &Plugin| wakes_for_taints(plugin, actions) || plugin.events & actions != 0;
    refused_by.is_empty() || refusing(refused_by).any(could)
}

fn refusing(refused_by: &OrderedSet<&'static str>) -> impl Iterator<Item = &'static Plugin> {
    PLUGINS.iter().filter(|plugin| refused_by.contains(plugin.name))
}

/// Whether a plugin that does not look at taints has its pods tried again when those of a node change. Its hints would say no, but
/// the recorded scheduler did try such pods again, whatever had refused them.
fn wakes_for_taints(plugin: &Plugin, actions: Actions) -> bool {
    let looks_at_nodes = plugin.events & action::NODE_ADD != 0;
    let looks_at_taints = plugin.events & action::UPDATE_NODE_TAINT != 0;
    actions & action::UPDATE_NODE_TAINT != 0 && looks_at_nodes && !looks_at_taints
}

/// The labels that a selector names.
fn labels_of_selector(selector: &LabelSelector) -> impl Iterator<Item = &Str> {
    let expressions = selector.match_expressions.iter().map(|requirement| &requirement.key);
    selector.match_labels.iter().map(|(key, _)| key).chain(expressions)
}
