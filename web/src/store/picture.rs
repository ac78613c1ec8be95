//! The rows as they stand, and the places that the picture gives them.
//!
//! Places are state: a pod keeps its cell as long as it lives, and a pod of the same name that comes back to the same
//! node gets its old cell again, so that it is found where it was.

use std::rc::Rc;

use ordered::{OrderedMap, OrderedSet};

use view::{
    BudgetRow, Change, ClaimRow, EventRow, NodeRow, Owner, Picture, PodRow, Row, ServiceRow, Uid, VolumeRow,
    WorkloadRow,
};

use super::Shared;
use crate::order::by_key;

/// Hues that workloads get in the order of their appearance; then they repeat.
const HUES: u8 = 8;

/// Cells that are remembered for pods that are gone.
const REMEMBERED_MAX: usize = 10_000;

/// Events that are kept.
const EVENTS_MAX: usize = 200;

/// Rows of one kind in order of UID: a copy is a pointer per row, and a delta is merged in one pass.
#[derive(Clone, Debug)]
pub struct Rows<R>(Vec<Shared<R>>);

impl<R> Default for Rows<R> {
    fn default() -> Self {
        Rows(Vec::new())
    }
}

impl<R: Row> Rows<R> {
    /// The row of an object.
    pub fn get(&self, uid: Uid) -> Option<&Shared<R>> {
        self.0.binary_search_by(|row| row.uid().cmp(&uid)).ok().map(|index| &self.0[index])
    }

    /// All of them.
    pub fn values(&self) -> std::slice::Iter<'_, Shared<R>> {
        self.0.iter()
    }

    /// How many.
    pub fn len(&self) -> usize {
        self.0.len()
    }

    /// Whether there is none.
    pub fn is_empty(&self) -> bool {
        self.0.is_empty()
    }

    fn merge(&mut self, change: Change<R>) {
        if change.is_empty() {
            return;
        }
        let new: Vec<Shared<R>> = change.changed.into_iter().map(Shared::new).collect();
        let plan = plan(&uids(&self.0), &uids(&new), change.removed);
        let row = |from: From| match from {
            From::Old(index) => self.0[index].clone(),
            From::New(index) => new[index].clone(),
        };
        self.0 = plan.into_iter().map(row).collect();
    }
}

fn uids<R: Row>(rows: &[Shared<R>]) -> Vec<Uid> {
    rows.iter().map(|row| row.uid()).collect()
}

/// Where a row of the merged list comes from.
#[derive(Clone, Copy)]
enum From {
    Old(usize),
    New(usize),
}

/// How to merge new rows into old ones, which are in order. Apart from the rows, so that it is compiled once.
fn plan(old: &[Uid], new: &[Uid], removed: Vec<Uid>) -> Vec<From> {
    let removed = by_key(removed, |&uid| uid);
    let mut order = by_key(0..new.len(), |&index| new[index]);
    // Of two states of one row in one delta the later holds.
    order.dedup_by(|next, kept| {
        new[*next] == new[*kept] && {
            *kept = *next;
            true
        }
    });
    let mut order = order.into_iter().peekable();
    let mut plan = Vec::with_capacity(old.len() + new.len());
    for (index, uid) in old.iter().enumerate() {
        while let Some(added) = order.next_if(|&added| new[added] < *uid) {
            plan.push(From::New(added));
        }
        match order.next_if(|&changed| new[changed] == *uid) {
            Some(changed) => plan.push(From::New(changed)),
            None if removed.binary_search(uid).is_ok() => {}
            None => plan.push(From::Old(index)),
        }
    }
    plan.extend(order.map(From::New));
    plan
}

/// Where a pod is drawn.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct Cell {
    /// The node's name.
    pub node: Rc<str>,
    /// Counted from 0, row by row.
    pub index: usize,
}

/// No name has a slash.
fn place_of(node: &str, pod: &PodRow) -> Rc<str> {
    [node, "/", &pod.namespace, "/", &pod.name].concat().into()
}

/// Name and namespace of a workload, with its kind.
type WorkloadKey = (String, Owner);

/// All rows, by UID.
#[derive(Clone, Debug, Default)]
pub struct PictureState {
    /// Nodes.
    pub nodes: Rows<NodeRow>,
    /// Pods.
    pub pods: Rows<PodRow>,
    /// Claims.
    pub claims: Rows<ClaimRow>,
    /// Volumes.
    pub volumes: Rows<VolumeRow>,
    /// Workloads.
    pub workloads: Rows<WorkloadRow>,
    /// Budgets.
    pub budgets: Rows<BudgetRow>,
    /// Services.
    pub services: Rows<ServiceRow>,
    /// Events.
    pub events: Rows<EventRow>,
    cells: OrderedMap<Uid, Cell>,
    taken: OrderedMap<Rc<str>, OrderedSet<usize>>,
    /// By node, namespace and name. Every change copies the whole state: keys are shared by the copies.
    remembered: OrderedMap<Rc<str>, usize>,
    hues: OrderedMap<WorkloadKey, u8>,
}

/// Who wants the pods of this owner: the Deployment of a ReplicaSet, known by the hash of the template in its name; else
/// the owner itself.
pub fn root_of(owner: &Owner, hash: &str) -> Owner {
    let stem = owner.name.strip_suffix(hash).and_then(|stem| stem.strip_suffix('-'));
    match stem.filter(|_| owner.kind == "ReplicaSet" && !hash.is_empty()) {
        Some(stem) => Owner { kind: "Deployment".into(), name: stem.into() },
        None => owner.clone(),
    }
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
        self.nodes.merge(delta.nodes);
        self.pods.merge(delta.pods);
        self.claims.merge(delta.claims);
        self.volumes.merge(delta.volumes);
        self.workloads.merge(delta.workloads);
        self.budgets.merge(delta.budgets);
        self.services.merge(delta.services);
        self.events.merge(delta.events);
        self.drop_old_events();
    }

    /// Where a pod is drawn; `None` while it has no node.
    pub fn cell_of(&self, pod: Uid) -> Option<&Cell> {
        self.cells.get(&pod)
    }

    /// A pod's hue, 0 to [`HUES`] − 1; `None` for a pod without a workload.
    pub fn hue_of(&self, pod: &PodRow) -> Option<u8> {
        pod.workload.as_ref().and_then(|owner| self.hue_of_owner(&pod.namespace, &root_of(owner, &pod.revision)))
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

    fn leave_cell(&mut self, uid: Uid) {
        let (Some(cell), Some(pod)) = (self.cells.remove(&uid), self.pods.get(uid)) else { return };
        if let Some(taken) = self.taken.get_mut(&cell.node) {
            taken.remove(&cell.index);
        }
        if self.remembered.len() == REMEMBERED_MAX {
            self.remembered.pop_first();
        }
        self.remembered.insert(place_of(&cell.node, pod), cell.index);
    }

    fn enter_cell(&mut self, pod: &PodRow) {
        if pod.node.is_empty() || self.cells.contains_key(&pod.uid) {
            return;
        }
        let node: Rc<str> = pod.node.as_str().into();
        let taken = self.taken.entry(node.clone()).or_default();
        let old = self.remembered.remove(&place_of(&pod.node, pod)).filter(|index| !taken.contains(index));
        let first_free = || (0..).find(|index| !taken.contains(index)).expect("there are more numbers than pods");
        let index = old.unwrap_or_else(first_free);
        taken.insert(index);
        self.cells.insert(pod.uid, Cell { node, index });
    }

    fn give_hue(&mut self, pod: &PodRow) {
        let Some(owner) = &pod.workload else { return };
        let owner = root_of(owner, &pod.revision);
        let next = (self.hues.len() % usize::from(HUES)) as u8;
        self.hues.entry((pod.namespace.clone(), owner)).or_insert(next);
    }

    fn drop_old_events(&mut self) {
        let excess = self.events.len().saturating_sub(EVENTS_MAX);
        if excess == 0 {
            return;
        }
        let by_age = by_key(self.events.values().map(|event| (event.at_us, event.uid)), |&age| age);
        let removed = by_age[..excess].iter().map(|&(_, uid)| uid).collect();
        self.events.merge(Change { changed: Vec::new(), removed });
    }
}

#[cfg(test)]
pub(crate) mod tests {
    use view::{PodState, Why};

    use super::*;

    pub(crate) fn pod(uid: u128, name: &str, node: &str) -> PodRow {
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
            why: Why::default(),
            caption: None,
            verdicts: Vec::new(),
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
    fn deltas_are_merged_in_order_of_uid() {
        let mut rows = Rows::default();
        let change = |changed: &[(u128, &str)], removed: &[u128]| Change {
            changed: changed.iter().map(|&(uid, name)| pod(uid, name, "")).collect(),
            removed: removed.iter().map(|&uid| Uid(uid)).collect(),
        };
        rows.merge(change(&[(5, "e"), (1, "b"), (3, "c"), (1, "a")], &[]));
        rows.merge(change(&[(4, "d"), (3, "C"), (9, "i"), (0, "z")], &[5, 7]));
        let names: Vec<&str> = rows.values().map(|row| row.name.as_str()).collect();
        assert_eq!(names, ["z", "a", "C", "d", "i"]);
        assert_eq!(rows.get(Uid(4)).map(|row| row.name.as_str()), Some("d"));
        assert!(rows.get(Uid(5)).is_none());
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
