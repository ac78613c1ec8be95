//! [`Api`] for one client.

use api::table::Table;
use api::{Key, Kind, Object, Status, Str, Value};
use client::{Api, Change, DeleteOptions, Patch, WriteOptions, Written};
use sim::{Span, Time};

use crate::ApiServer;
use crate::subresources::{binding, eviction};

/// The API server, for one client at one instant.
#[derive(Debug)]
pub struct ServerClient<'a> {
    pub(crate) server: &'a mut ApiServer,
    pub(crate) manager: Str,
    pub(crate) now: Time,
}

impl Api for ServerClient<'_> {
    fn now(&self) -> Time {
        self.now
    }

    fn get(&self, kind: Kind, key: &Key) -> Result<Object, Status> {
        self.server.get(kind, key).cloned().map(|object| self.server.as_of(object, self.now))
    }

    fn list(&self, kind: Kind, namespace: Option<&str>) -> Vec<Object> {
        let all = self.server.list(kind, namespace);
        if kind != Kind::Lease {
            return all;
        }
        all.into_iter().map(|object| self.server.as_of(object, self.now)).collect()
    }

    fn revision(&self) -> u64 {
        self.server.etcd.revision()
    }

    fn changes(&self, kind: Kind, after: u64, until: Time) -> Result<&[Change], Status> {
        self.server.etcd.changes(kind, after, until)
    }

    fn create(&mut self, object: Object) -> Result<Object, Status> {
        self.server.create(object, &self.manager, self.now)
    }

    fn update(&mut self, object: Object) -> Result<Object, Status> {
        self.server.update(object, &self.manager, self.now)
    }

    fn update_status(&mut self, object: Object) -> Result<Object, Status> {
        self.server.update_status(object, &self.manager, self.now)
    }

    fn delete(&mut self, kind: Kind, key: &Key, options: &DeleteOptions) -> Result<Object, Status> {
        self.server.delete(kind, key, options, self.now)
    }

    fn bind(&mut self, pod: &Key, uid: &str, node: &Str) -> Result<Object, Status> {
        binding::bind(self.server, pod, uid, node, self.now)
    }

    fn create_value(
        &mut self,
        kind: Kind,
        namespace: &str,
        body: Value,
        options: &WriteOptions,
    ) -> Result<Written, Status> {
        self.server.create_value(kind, namespace, body, options, &self.manager, self.now)
    }

    fn update_value(&mut self, kind: Kind, key: &Key, body: Value, options: &WriteOptions) -> Result<Written, Status> {
        self.server.update_value(kind, key, body, options, &self.manager, self.now)
    }

    fn patch(&mut self, kind: Kind, key: &Key, patch: &Patch, options: &WriteOptions) -> Result<Written, Status> {
        self.server.patch(kind, key, patch, options, &self.manager, self.now)
    }

    fn evict(&mut self, pod: &Key, options: &DeleteOptions) -> Result<(), Status> {
        eviction::evict(self.server, pod, options, self.now)
    }

    fn set_renewal(&mut self, lease: &Key, every: Option<Span>) {
        self.server.set_renewal(lease, every, self.now);
    }

    fn is_renewed(&self, lease: &Key) -> bool {
        self.server.is_renewed(lease)
    }

    fn table(&self, kind: Kind, objects: &[Object]) -> Table {
        crate::tables::table(kind, objects, self.now)
    }
}
