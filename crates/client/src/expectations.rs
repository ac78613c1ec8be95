//! What a controller has done but not yet seen.

use ordered::{OrderedMap, OrderedSet};

use ::api::Str;
use sim::{Span, Time};

/// Creations and deletions that a controller has asked for and not yet observed in its cache, per owner. While some are
/// open, the controller leaves the owner alone, lest it act twice on a stale cache.
///
/// Models: kubernetes v1.36 pkg/controller/controller_utils.go (UIDTrackingControllerExpectations).
#[derive(Clone, Debug)]
pub struct Expectations<K: Ord + Clone> {
    open: OrderedMap<K, Open>,
}

#[derive(Clone, Debug)]
struct Open {
    names_to_create: OrderedSet<Str>,
    uids_to_delete: OrderedSet<Str>,
    since: Time,
}

/// After this long an expectation is given up, as upstream does.
const TIMEOUT: Span = Span(5 * 60 * 1_000_000);

impl<K: Ord + Clone> Default for Expectations<K> {
    fn default() -> Self {
        Expectations { open: OrderedMap::new() }
    }
}

impl<K: Ord + Clone> Expectations<K> {
    /// A creation was answered with success.
    pub fn expect_creation(&mut self, owner: &K, name: Str, now: Time) {
        self.entry(owner, now).names_to_create.insert(name);
    }

    /// A deletion was answered with success.
    pub fn expect_deletion(&mut self, owner: &K, uid: Str, now: Time) {
        self.entry(owner, now).uids_to_delete.insert(uid);
    }

    /// The cache shows the new object.
    pub fn creation_observed(&mut self, owner: &K, name: &str) {
        if let Some(open) = self.open.get_mut(owner) {
            open.names_to_create.remove(name);
        }
    }

    /// The cache shows that the object is gone or going.
    pub fn deletion_observed(&mut self, owner: &K, uid: &str) {
        if let Some(open) = self.open.get_mut(owner) {
            open.uids_to_delete.remove(uid);
        }
    }

    /// The owner is gone.
    pub fn forget(&mut self, owner: &K) {
        self.open.remove(owner);
    }

    /// Whether all that was asked for has been seen, or was asked for too long ago.
    pub fn are_satisfied(&self, owner: &K, now: Time) -> bool {
        self.open.get(owner).is_none_or(|open| {
            (open.names_to_create.is_empty() && open.uids_to_delete.is_empty()) || now.since(open.since) > TIMEOUT
        })
    }

    fn entry(&mut self, owner: &K, now: Time) -> &mut Open {
        let fresh = Open { names_to_create: OrderedSet::new(), uids_to_delete: OrderedSet::new(), since: now };
        let open = self.open.entry(owner.clone()).or_insert(fresh);
        open.since = now;
        open
    }
}
