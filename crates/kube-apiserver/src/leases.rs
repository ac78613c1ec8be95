//! Leases that are renewed without a write.
//!
//! A healthy holder renews its lease on a grid. Nobody but a reader can tell whether those renewals were written, so they are
//! not: the server knows since when and how often, and completes what it hands out. What a holder last renewed is written when
//! it falls silent; watchers see that write.

use std::rc::Rc;

use api::codec::MicroTime;
use api::{Key, Kind, Lease, Object};
use sim::{Span, Time};

use crate::ApiServer;

/// The renewals of one lease.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Renewal {
    since: Time,
    every: Span,
}

impl Renewal {
    fn last_at(self, now: Time) -> Time {
        self.since + Span(now.since(self.since).0 / self.every.0.max(1) * self.every.0)
    }
}

impl ApiServer {
    /// An object as it would be if renewals were written.
    pub fn as_of(&self, object: Object, now: Time) -> Object {
        let Object::Lease(lease) = &object else { return object };
        match self.renewals.get(&lease.metadata.key()) {
            Some(renewal) => renewed(lease, renewal.last_at(now)),
            None => object,
        }
    }

    pub(crate) fn set_renewal(&mut self, key: &Key, every: Option<Span>, now: Time) {
        let Some(Object::Lease(lease)) = self.etcd.get(Kind::Lease, key).cloned() else { return };
        let before = self.renewals.remove(key);
        if let Some(every) = every {
            self.renewals.insert(key.clone(), Renewal { since: now, every });
        }
        let last = if every.is_some() { Some(now) } else { before.map(|renewal| renewal.last_at(now)) };
        let is_known = every.is_some() && lease.spec.renew_time.map(|time| time.0) == last;
        if let Some(last) = last.filter(|_| !is_known) {
            self.etcd.put(renewed(&lease, last), now);
        }
    }

    pub(crate) fn is_renewed(&self, key: &Key) -> bool {
        self.renewals.contains_key(key)
    }
}

fn renewed(lease: &Rc<Lease>, at: Time) -> Object {
    let mut lease = Lease::clone(lease);
    lease.spec.renew_time = Some(MicroTime(at));
    lease.into()
}
