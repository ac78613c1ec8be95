//! The rows as they stand, and the places that the picture gives them.
//!
//! Places are state: a pod keeps its cell as long as it lives, and a pod of the same name that comes back to the same
//! node gets its old cell again, so that it is found where it was.

use std::collections::{BTreeMap, BTreeSet};

use view::{
    BudgetRow, Change, ClaimRow, EventRow, NodeRow, Owner, Picture, PodRow, Row, ServiceRow, Uid, VolumeRow,
    WorkloadRow,
};

use super::Shared;

/// Hues that workloads get in the order of their appearance; then they repeat.
const HUES: u8 = 8;

/// Cells that are remembered for pods that are gone.
const REMEMBERED_MAX: usize = 10_000;

/// Events that are kept.
const EVENTS_MAX: usize = 200;

/// Where a pod is drawn.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct Cell {
    /// The node's name.
    pub node: String,
    /// Counted from 0, row by row.
    pub index: usize,
}

/// Name and namespace of a workload, with its kind.
type WorkloadKey = (String, Owner);

/// All rows, by UID.
#[derive(Clone, Debug, Default)]
pub struct PictureState {
    /// Nodes.
    pub nodes: BTreeMap<Uid, Shared<NodeRow>>,
    /// Pods.
    pub pods: BTreeMap<Uid, Shared<PodRow>>,
    /// Claims.
    pub claims: BTreeMap<Uid, Shared<ClaimRow>>,
    /// Volumes.
    pub volumes: BTreeMap<Uid, Shared<VolumeRow>>,
    /// Workloads.
    pub workloads: BTreeMap<Uid, Shared<WorkloadRow>>,
    /// Budgets.
    pub budgets: BTreeMap<Uid, Shared<BudgetRow>>,
    /// Services.
    pub services: BTreeMap<Uid, Shared<ServiceRow>>,
    /// Events.
    pub events: BTreeMap<Uid, Shared<EventRow>>,
    cells: BTreeMap<Uid, Cell>,
    taken: BTreeMap<String, BTreeSet<usize>>,
    remembered: BTreeMap<(String, String, String), usize>,
    hues: BTreeMap<WorkloadKey, u8>,
}

impl PictureState {
    /// The next state.
    pub fn apply(&mut self, delta: Picture) {
        for uid in &delta.pods.removed {
            self.leave_cell(*uid);
        }
        for pod in &delta.pods.changed {
            self.enter_cell(pod);
            self.give_hue(pod);
        }
        merge(&mut self.nodes, delta.nodes);
        merge(&mut self.pods, delta.pods);
        merge(&mut self.claims, delta.claims);
        merge(&mut self.volumes, delta.volumes);
        merge(&mut self.workloads, delta.workloads);
        merge(&mut self.budgets, delta.budgets);
        merge(&mut self.services, delta.services);
        merge(&mut self.events, delta.events);
        self.drop_old_events();
    }

    /// Where a pod is drawn; `None` while it has no node.
    pub fn cell_of(&self, pod: Uid) -> Option<&Cell> {
        self.cells.get(&pod)
    }

    /// A pod's hue, 0 to [`HUES`] − 1; `None` for a pod without a workload.
    pub fn hue_of(&self, pod: &PodRow) -> Option<u8> {
        pod.workload.as_ref().and_then(|owner| self.hue_of_owner(&pod.namespace, owner))
    }

    /// A workload's hue, once it has had a pod.
    pub fn hue_of_owner(&self, namespace: &str, owner: &Owner) -> Option<u8> {
        self.hues.get(&(namespace.to_string(), owner.clone())).copied()
    }

    /// The workload that owns a pod, if it is drawn.
    pub fn workload_of(&self, pod: &PodRow) -> Option<&WorkloadRow> {
        let owner = pod.workload.as_ref()?;
        let is_owner = |row: &&Shared<WorkloadRow>| {
            row.kind == owner.kind && row.name == owner.name && row.namespace == pod.namespace
        };
        self.workloads.values().find(is_owner).map(|row| &**row)
    }

    /// The pods that name a claim.
    pub fn pods_of_claim<'a>(&'a self, claim: &'a ClaimRow) -> impl Iterator<Item = &'a Shared<PodRow>> {
        self.pods.values().filter(move |pod| {
            pod.namespace == claim.namespace && pod.claims.iter().any(|used| used.name == claim.name)
        })
    }

    /// Events of an object such as `pod/web-0`, newest first.
    pub fn events_of(&self, namespace: &str, object: &str) -> Vec<Shared<EventRow>> {
        let mut events: Vec<_> = self
            .events
            .values()
            .filter(|event| event.namespace == namespace && event.object.eq_ignore_ascii_case(object))
            .cloned()
            .collect();
        events.sort_by_key(|event| std::cmp::Reverse((event.at_us, event.uid)));
        events
    }

    fn leave_cell(&mut self, uid: Uid) {
        let (Some(cell), Some(pod)) = (self.cells.remove(&uid), self.pods.get(&uid)) else { return };
        if let Some(taken) = self.taken.get_mut(&cell.node) {
            taken.remove(&cell.index);
        }
        if self.remembered.len() == REMEMBERED_MAX {
            self.remembered.pop_first();
        }
        self.remembered.insert((cell.node, pod.namespace.clone(), pod.name.clone()), cell.index);
    }

    fn enter_cell(&mut self, pod: &PodRow) {
        if pod.node.is_empty() || self.cells.contains_key(&pod.uid) {
            return;
        }
        let taken = self.taken.entry(pod.node.clone()).or_default();
        let name = (pod.node.clone(), pod.namespace.clone(), pod.name.clone());
        let old = self.remembered.remove(&name).filter(|index| !taken.contains(index));
        let first_free = || (0..).find(|index| !taken.contains(index)).expect("there are more numbers than pods");
        let index = old.unwrap_or_else(first_free);
        taken.insert(index);
        self.cells.insert(pod.uid, Cell { node: pod.node.clone(), index });
    }

    fn give_hue(&mut self, pod: &PodRow) {
        let Some(owner) = &pod.workload else { return };
        let next = (self.hues.len() % usize::from(HUES)) as u8;
        self.hues.entry((pod.namespace.clone(), owner.clone())).or_insert(next);
    }

    fn drop_old_events(&mut self) {
        let excess = self.events.len().saturating_sub(EVENTS_MAX);
        if excess == 0 {
            return;
        }
        let mut by_age: Vec<(u64, Uid)> = self.events.values().map(|event| (event.at_us, event.uid)).collect();
        by_age.sort_unstable();
        for (_, uid) in &by_age[..excess] {
            self.events.remove(uid);
        }
    }
}

fn merge<R: Row>(rows: &mut BTreeMap<Uid, Shared<R>>, change: Change<R>) {
    for uid in &change.removed {
        rows.remove(uid);
    }
    for row in change.changed {
        rows.insert(row.uid(), Shared::new(row));
    }
}

#[cfg(test)]
mod tests {
    use view::PodState;

    use super::*;

    fn pod(uid: u128, name: &str, node: &str) -> PodRow {
        PodRow {
            uid: Uid(uid),
            namespace: "default".into(),
            name: name.into(),
            node: node.into(),
            status: "Running".into(),
            state: PodState::Ready,
            ready: 1,
            containers: 1,
            restarts: 0,
            ordinal: None,
            workload: None,
            revision: String::new(),
            claims: Vec::new(),
            ip: String::new(),
            images: Vec::new(),
            created_us: 0,
            deletion_us: None,
            reason: String::new(),
        }
    }

    fn pods(changed: Vec<PodRow>, removed: Vec<Uid>) -> Picture {
        Picture { pods: Change { changed, removed }, ..Picture::default() }
    }

    fn cell(state: &PictureState, uid: u128) -> Option<usize> {
        state.cell_of(Uid(uid)).map(|cell| cell.index)
    }

    #[test]
    fn a_pod_keeps_its_cell_and_its_successor_gets_it_back() {
        let mut state = PictureState::default();
        state.apply(pods(vec![pod(1, "web-0", ""), pod(2, "web-1", "n")], vec![]));
        assert_eq!((cell(&state, 1), cell(&state, 2)), (None, Some(0)));
        state.apply(pods(vec![pod(1, "web-0", "n")], vec![]));
        state.apply(pods(vec![], vec![Uid(2)]));
        state.apply(pods(vec![pod(3, "web-1", "n")], vec![]));
        assert_eq!((cell(&state, 1), cell(&state, 3)), (Some(1), Some(0)));
    }

    #[test]
    fn a_cell_that_was_given_away_is_not_taken_back() {
        let mut state = PictureState::default();
        state.apply(pods(vec![pod(1, "web-0", "n")], vec![]));
        state.apply(pods(vec![], vec![Uid(1)]));
        state.apply(pods(vec![pod(2, "db-0", "n")], vec![]));
        state.apply(pods(vec![pod(3, "web-0", "n")], vec![]));
        assert_eq!((cell(&state, 2), cell(&state, 3)), (Some(0), Some(1)));
    }
}
