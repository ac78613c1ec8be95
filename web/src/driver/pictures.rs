//! Pictures on their way to the store. A burst of pods (a rollout changes a quarter of its pods at once) with its events is
//! spread over frames, so that drawing them never holds up the reader.
//!
//! Invariant: what is taken, in order, gives the same rows as what was put in.

use view::{Change, Picture, Row};

/// Pods that one frame draws anew.
const PODS_MAX: usize = 12;
/// Events that one frame puts into their list.
const EVENTS_MAX: usize = 4;
/// More than these are not drawn one by one: they are taken at once.
const BURST_MAX: usize = 1_000;

/// What has not been taken yet, as one change.
#[derive(Debug, Default)]
pub(super) struct Pictures {
    waiting: Picture,
}

impl Pictures {
    /// Adds what changed next.
    pub(super) fn put(&mut self, next: Picture) {
        let Picture { nodes, pods, claims, volumes, workloads, budgets, services, events } = next;
        let waiting = &mut self.waiting;
        add(&mut waiting.nodes, nodes);
        add(&mut waiting.pods, pods);
        add(&mut waiting.claims, claims);
        add(&mut waiting.volumes, volumes);
        add(&mut waiting.workloads, workloads);
        add(&mut waiting.budgets, budgets);
        add(&mut waiting.services, services);
        add(&mut waiting.events, events);
    }

    /// What the next frame shows, if anything.
    pub(super) fn take(&mut self) -> Option<Picture> {
        if self.waiting.is_empty() {
            return None;
        }
        let mut taken = std::mem::take(&mut self.waiting);
        self.waiting.pods.changed = rest(&mut taken.pods.changed, PODS_MAX);
        self.waiting.events.changed = rest(&mut taken.events.changed, EVENTS_MAX);
        Some(taken)
    }

    /// Whether there is something to take.
    pub(super) fn is_empty(&self) -> bool {
        self.waiting.is_empty()
    }

    /// Forgets a session.
    pub(super) fn clear(&mut self) {
        self.waiting = Picture::default();
    }
}

/// The rows that wait for the next frame.
fn rest<R>(rows: &mut Vec<R>, frame_max: usize) -> Vec<R> {
    if rows.len() > BURST_MAX { Vec::new() } else { rows.split_off(rows.len().min(frame_max)) }
}

/// Of two states of a row the later holds, and one that is gone has none.
fn add<R: Row>(waiting: &mut Change<R>, next: Change<R>) {
    if !next.removed.is_empty() {
        waiting.changed.retain(|row| !next.removed.contains(&row.uid()));
    }
    waiting.changed.extend(next.changed);
    waiting.removed.extend(next.removed);
}

#[cfg(test)]
mod tests {
    use view::Uid;

    use super::*;
    use crate::store::{PictureState, pod_row};

    fn change(changed: impl IntoIterator<Item = (u128, &'static str)>, removed: &[u128]) -> Picture {
        let changed = changed.into_iter().map(|(uid, name)| pod_row(uid, name, "node-1")).collect();
        let removed = removed.iter().map(|&uid| Uid(uid)).collect();
        Picture { pods: Change { changed, removed }, ..Picture::default() }
    }

    #[test]
    fn a_burst_is_spread_and_nothing_is_lost() {
        let changes = [change((0..100).map(|uid| (uid, "old")), &[]), change([(5, "new"), (99, "new")], &[7, 98])];
        let (mut pictures, mut at_once, mut spread) =
            (Pictures::default(), PictureState::default(), PictureState::default());
        for next in changes {
            at_once.apply(next.clone());
            pictures.put(next);
        }
        let mut frames = 0;
        while let Some(taken) = pictures.take() {
            assert!(taken.pods.changed.len() <= PODS_MAX);
            spread.apply(taken);
            frames += 1;
        }
        assert_eq!((frames, pictures.is_empty()), (9, true));
        let names = |state: &PictureState| -> Vec<(u128, String)> {
            state.pods.values().map(|row| (row.uid.0, row.name.clone())).collect()
        };
        assert_eq!(names(&spread), names(&at_once));
        assert_eq!(spread.pods.len(), 98);
    }

    #[test]
    fn more_than_are_drawn_one_by_one_come_at_once() {
        let mut pictures = Pictures::default();
        pictures.put(change((0..1_001).map(|uid| (uid, "p")), &[]));
        assert_eq!(pictures.take().map(|taken| taken.pods.changed.len()), Some(1_001));
        assert!(pictures.take().is_none());
    }
}
