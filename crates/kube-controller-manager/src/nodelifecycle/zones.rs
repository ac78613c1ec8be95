//! Zones: when many nodes fall silent at once, it may be the control plane that is cut off, and evictions slow down or stop.
//!
//! Models: kubernetes v1.36 pkg/controller/nodelifecycle (ComputeZoneState, handleDisruption, the rate limiters).

use ordered::{OrderedMap, OrderedSet};

use api::{Node, Str};
use sim::{Span, Time};

/// Between two nodes of one zone whose pods are driven away.
const EVICTION_PERIOD: Span = Span::from_seconds(10);
/// The same in a large zone of which a great part is lost.
const SECONDARY_PERIOD: Span = Span::from_seconds(100);
const LARGE_ZONE: usize = 50;
/// From this share of lost nodes on a zone counts as disrupted, if they are at least three.
const UNHEALTHY_PERCENT: usize = 55;
const UNHEALTHY_MIN: usize = 3;

/// The nodes of all zones, and which of them are not ready.
#[derive(Clone, Debug, Default)]
pub(crate) struct Zones {
    zones: OrderedMap<Str, Zone>,
    zone_of: OrderedMap<Str, Str>,
    /// Whether nothing is left anywhere.
    is_all_lost: bool,
}

#[derive(Clone, Debug, Default)]
struct Zone {
    nodes: OrderedSet<Str>,
    lost: OrderedSet<Str>,
    /// When the next node may be tainted.
    free_at: Time,
}

/// How a change changes what is done about lost nodes.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Mode {
    /// As before.
    Same,
    /// No node is left: nobody is evicted any more.
    AllLost,
    /// There are nodes again.
    Recovered,
}

impl Zones {
    /// Takes in a node's state.
    pub(crate) fn set(&mut self, node: &Node, is_ready: bool) -> Mode {
        let name = &node.metadata.name;
        let label = |key: &str| node.metadata.labels.get(key).unwrap_or_default();
        let region = label("topology.kubernetes.io/region");
        let zone: Str = thin::format_str!("{region}:\u{0}:{}", label("topology.kubernetes.io/zone"));
        if self.zone_of.get(name) != Some(&zone) {
            self.take_out(name);
            self.zone_of.insert(name.clone(), zone.clone());
        }
        let zone = self.zones.entry(zone).or_default();
        zone.nodes.insert(name.clone());
        if is_ready {
            zone.lost.remove(name);
        } else {
            zone.lost.insert(name.clone());
        }
        self.mode()
    }

    /// A node is gone.
    pub(crate) fn remove(&mut self, name: &str) -> Mode {
        self.take_out(name);
        self.mode()
    }

    fn take_out(&mut self, name: &str) {
        if let Some(zone) = self.zone_of.remove(name).and_then(|zone| self.zones.get_mut(&zone)) {
            zone.nodes.remove(name);
            zone.lost.remove(name);
        }
    }

    fn mode(&mut self) -> Mode {
        let mut inhabited = self.zones.values().filter(|zone| !zone.nodes.is_empty()).peekable();
        let is_all_lost = inhabited.peek().is_some() && inhabited.all(|zone| zone.lost.len() == zone.nodes.len());
        let before = std::mem::replace(&mut self.is_all_lost, is_all_lost);
        match (before, is_all_lost) {
            (false, true) => Mode::AllLost,
            (true, false) => Mode::Recovered,
            (true, true) | (false, false) => Mode::Same,
        }
    }

    /// Whether a node's pods may be driven away now; if not, when to ask again, if time alone can help.
    pub(crate) fn may_evict(&mut self, node: &str, now: Time) -> Result<(), Option<Time>> {
        let Some(zone) = self.zone_of.get(node).and_then(|zone| self.zones.get_mut(zone)) else { return Err(None) };
        let Some(period) = zone.period().filter(|_| !self.is_all_lost) else { return Err(None) };
        if zone.free_at > now {
            return Err(Some(zone.free_at));
        }
        zone.free_at = now + period;
        Ok(())
    }

    /// Whether no node is left anywhere.
    pub(crate) fn is_all_lost(&self) -> bool {
        self.is_all_lost
    }

    /// The nodes that are not ready.
    pub(crate) fn lost(&self) -> impl Iterator<Item = &Str> {
        self.zones.values().flat_map(|zone| zone.lost.iter())
    }
}

impl Zone {
    fn period(&self) -> Option<Span> {
        let (lost, all) = (self.lost.len(), self.nodes.len());
        let is_partly_lost = lost < all && lost >= UNHEALTHY_MIN && lost * 100 >= all * UNHEALTHY_PERCENT;
        match is_partly_lost {
            false => Some(EVICTION_PERIOD),
            true if all > LARGE_ZONE => Some(SECONDARY_PERIOD),
            true => None,
        }
    }
}
