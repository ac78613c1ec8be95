//! [`Api`] for one client.

use api::table::Table;
use api::{Key, Kind, Object, Status, Str, Value};
use client::{Access, Api, Change, DeleteOptions, Patch, PatchKind, User, WriteOptions, Written};
use sim::{Span, Time};

use crate::ApiServer;
use crate::authorization::escalation;
use crate::subresources::{binding, eviction};

/// The API server, for one client at one instant.
#[derive(Debug)]
pub struct ServerClient<'a> {
    pub(crate) server: &'a mut ApiServer,
    pub(crate) manager: Str,
    pub(crate) now: Time,
    /// In whose name requests are made; nobody means that everything is allowed.
    pub(crate) user: Option<User>,
}

impl ServerClient<'_> {
    fn may(&self, verb: &str, kind: Kind, key: &Key, subresource: &str) -> Result<(), Status> {
        match &self.user {
            Some(user) => self.server.authorize(user, &Access::to(verb, kind, key).part(subresource)),
            None => Ok(()),
        }
    }

    /// Looks at what a write of a role or binding would store before it is stored. `write` is asked for a dry run.
    fn confirm(
        &mut self,
        kind: Kind,
        options: &WriteOptions,
        write: impl FnOnce(&mut ApiServer, &WriteOptions, &str, Time) -> Result<Written, Status>,
    ) -> Result<(), Status> {
        let Some(user) = self.user.as_ref().filter(|_| escalation::grants(kind)) else { return Ok(()) };
        let trial = WriteOptions { dry_run: true, ..options.clone() };
        let would_be = write(self.server, &trial, &self.manager, self.now)?;
        escalation::confirm(self.server, user, &would_be.object)
    }

    /// A new object has no name yet.
    fn may_create(&self, kind: Kind, namespace: &str) -> Result<(), Status> {
        self.may("create", kind, &Key::new(namespace, ""), "")
    }
}

impl Api for ServerClient<'_> {
    fn now(&self) -> Time {
        self.now
    }

    fn get(&self, kind: Kind, key: &Key) -> Result<Object, Status> {
        self.may("get", kind, key, "")?;
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
        self.may_create(object.kind(), &object.metadata().namespace)?;
        self.server.create(object, &self.manager, self.now)
    }

    fn update(&mut self, object: Object) -> Result<Object, Status> {
        self.may("update", object.kind(), &object.key(), "")?;
        self.server.update(object, &self.manager, self.now)
    }

    fn update_status(&mut self, object: Object) -> Result<Object, Status> {
        self.may("update", object.kind(), &object.key(), "status")?;
        self.server.update_status(object, &self.manager, self.now)
    }

    fn delete(&mut self, kind: Kind, key: &Key, options: &DeleteOptions) -> Result<Object, Status> {
        self.may("delete", kind, key, "")?;
        self.server.delete(kind, key, options, self.now)
    }

    fn bind(&mut self, pod: &Key, uid: &str, node: &Str) -> Result<Object, Status> {
        self.may("create", Kind::Pod, pod, "binding")?;
        binding::bind(self.server, pod, uid, node, self.now)
    }

    fn create_value(
        &mut self,
        kind: Kind,
        namespace: &str,
        body: Value,
        options: &WriteOptions,
    ) -> Result<Written, Status> {
        self.may_create(kind, namespace)?;
        self.confirm(kind, options, |server, trial, manager, now| {
            server.create_value(kind, namespace, body.clone(), trial, manager, now)
        })?;
        self.server.create_value(kind, namespace, body, options, &self.manager, self.now)
    }

    fn update_value(&mut self, kind: Kind, key: &Key, body: Value, options: &WriteOptions) -> Result<Written, Status> {
        self.may("update", kind, key, options.subresource.name())?;
        self.confirm(kind, options, |server, trial, manager, now| {
            server.update_value(kind, key, body.clone(), trial, manager, now)
        })?;
        self.server.update_value(kind, key, body, options, &self.manager, self.now)
    }

    fn patch(&mut self, kind: Kind, key: &Key, patch: &Patch, options: &WriteOptions) -> Result<Written, Status> {
        self.may("patch", kind, key, options.subresource.name())?;
        if patch.kind == PatchKind::Apply && self.server.get(kind, key).is_err() {
            self.may("create", kind, key, options.subresource.name())?;
        }
        self.confirm(kind, options, |server, trial, manager, now| server.patch(kind, key, patch, trial, manager, now))?;
        self.server.patch(kind, key, patch, options, &self.manager, self.now)
    }

    fn evict(&mut self, pod: &Key, options: &DeleteOptions) -> Result<(), Status> {
        self.may("create", Kind::Pod, pod, "eviction")?;
        eviction::evict(self.server, pod, options, self.now)
    }

    fn impersonate(&mut self, user: Option<User>) {
        self.user = user;
    }

    fn authorize(&self, access: &Access) -> Result<(), Status> {
        self.user.as_ref().map_or(Ok(()), |user| self.server.authorize(user, access))
    }

    fn rules_of(&self, user: &User, namespace: &str) -> Vec<Value> {
        self.server.rules_of(user, namespace)
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
