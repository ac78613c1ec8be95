//! The nodes by the value of one of their labels: what is counted per zone, or per host.

use ordered::OrderedMap;

use api::Str;

use crate::cache::{Cache, NodeInfo};

const NOWHERE: u32 = u32::MAX;

/// Where each node stands, as numbers: what is asked for every node and pod is an index and no comparison of texts.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(crate) struct Places {
    /// By place of the node in the order of nodes.
    of_node: Vec<u32>,
    /// How many places there are.
    pub(crate) len: usize,
}

impl Places {
    /// One place per value of a label.
    pub(crate) fn by_label(cache: &Cache, key: &Str) -> Places {
        let mut numbers: OrderedMap<Str, u32> = OrderedMap::new();
        let place = |info: &NodeInfo| {
            let Some(value) = info.node.metadata.labels.get_str(key) else { return NOWHERE };
            let next = numbers.len() as u32;
            *numbers.entry(value.clone()).or_insert(next)
        };
        let of_node = cache.nodes().map(place).collect();
        Places { of_node, len: numbers.len() }
    }

    /// Every node that has a label is a place of its own.
    pub(crate) fn by_node(cache: &Cache, key: &Str) -> Places {
        let has = |info: &NodeInfo| info.node.metadata.labels.contains(key);
        let of_node = cache.nodes().map(|info| if has(info) { info.index as u32 } else { NOWHERE }).collect();
        Places { of_node, len: cache.len() }
    }

    /// Where a node stands; nowhere if it lacks the label.
    pub(crate) fn of(&self, info: &NodeInfo) -> Option<usize> {
        let place = self.of_node[info.index];
        (place != NOWHERE).then_some(place as usize)
    }
}
