//! Create and update of typed objects: the steps every write goes through, whoever asks.

use api::meta::ResourceVersion;
use api::{Key, Kind, Object, Status};
use sim::Time;

use crate::managed::Part;
use crate::{ApiServer, admission, registry};

/// How often a generated name may be taken before the server gives up.
const NAME_TRIES_MAX: usize = 8;
/// `generateName` is cut to this length, so that the name fits 63 letters.
const GENERATED_BASE_MAX: usize = 58;
const SUFFIX_LENGTH: usize = 5;

impl ApiServer {
    pub(crate) fn get(&self, kind: Kind, key: &Key) -> Result<&Object, Status> {
        self.etcd.get(kind, key).ok_or_else(|| Status::not_found(kind, &key.name))
    }

    /// Creates an object that is well-formed.
    pub(crate) fn create(&mut self, object: Object, manager: &str, now: Time) -> Result<Object, Status> {
        let object = self.prepared_for_create(object, manager, now)?;
        Ok(self.etcd.put(object, now))
    }

    /// All steps of a creation but storing the object.
    pub(crate) fn prepared_for_create(
        &mut self,
        mut object: Object,
        manager: &str,
        now: Time,
    ) -> Result<Object, Status> {
        let kind = object.kind();
        self.name(&mut object)?;
        admission::namespace_lifecycle(self, &object)?;
        if self.etcd.get(kind, &object.key()).is_some() {
            return Err(Status::already_exists(kind, &object.metadata().name));
        }
        registry::prepare_for_create(&mut object, now);
        // What admission adds belongs to nobody.
        self.managed.record_create(&mut object, manager, now);
        admission::mutate(self, &mut object)?;
        registry::finish_create(&mut object);
        let uid = self.uids.uuid();
        let metadata = object.metadata_mut();
        self.siblings.share(metadata);
        metadata.uid = uid.into();
        metadata.creation_timestamp = Some(now.truncate_to_second());
        metadata.resource_version = ResourceVersion(0);
        metadata.generation = i64::from(registry::has_generation(kind));
        metadata.deletion_timestamp = None;
        metadata.deletion_grace_period_seconds = None;
        registry::complete_with_uid(&mut object);
        admission::pod_security::check(self, &object, None)?;
        admission::quota::charge(self, &object, None, now)?;
        Ok(object)
    }

    fn name(&mut self, object: &mut Object) -> Result<(), Status> {
        let kind = object.kind();
        let metadata = object.metadata();
        if !metadata.name.is_empty() || metadata.generate_name.is_empty() {
            return Ok(());
        }
        let base: String = metadata.generate_name.chars().take(GENERATED_BASE_MAX).collect();
        for _ in 0..NAME_TRIES_MAX {
            let name = format!("{base}{}", self.names.name_suffix(SUFFIX_LENGTH));
            object.metadata_mut().name = name.into();
            if self.etcd.get(kind, &object.key()).is_none() {
                return Ok(());
            }
        }
        let taken = Status::already_exists(kind, &object.metadata().name);
        let message = format!("{}, the server was not able to generate a unique name for the object", taken.message);
        Err(Status { message: message.into(), ..taken })
    }

    /// Replaces an object but for its status.
    pub(crate) fn update(&mut self, object: Object, manager: &str, now: Time) -> Result<Object, Status> {
        let old = self.current_for(&object)?;
        let prepared = self.prepared_for_update(object, &old, manager, now)?;
        Ok(self.commit(prepared, &old, now))
    }

    /// Replaces an object's status.
    pub(crate) fn update_status(&mut self, mut object: Object, manager: &str, now: Time) -> Result<Object, Status> {
        let old = self.current_for(&object)?;
        registry::prepare_for_status_update(&mut object, &old);
        if object == old {
            return Ok(old);
        }
        self.managed.record_update(&mut object, &old, Part::Status, manager, now);
        registry::finish_status_update(&mut object, &old, now);
        Ok(self.commit(object, &old, now))
    }

    /// Replaces an object's status in the server's own name: what it says belongs to nobody.
    pub(crate) fn update_status_unowned(&mut self, object: Object, now: Time) -> Result<Object, Status> {
        let old = self.current_for(&object)?;
        Ok(self.commit(object, &old, now))
    }

    /// All steps of an update but storing the object.
    pub(crate) fn prepared_for_update(
        &mut self,
        mut object: Object,
        old: &Object,
        manager: &str,
        now: Time,
    ) -> Result<Object, Status> {
        keep_what_only_the_server_sets(&mut object, old);
        admission::check_finalizers(&object, old)?;
        registry::prepare_for_update(&mut object, old);
        admission::mutate_update(self, &mut object, old)?;
        admission::pod_security::check(self, &object, Some(old))?;
        admission::quota::charge(self, &object, Some(old), now)?;
        if registry::desired_state_differs(&object, old) {
            object.metadata_mut().generation += 1;
        }
        self.managed.record_update(&mut object, old, Part::Main, manager, now);
        Ok(object)
    }

    /// The stored object, if the sender has seen it.
    pub(crate) fn current_for(&self, object: &Object) -> Result<Object, Status> {
        let kind = object.kind();
        let metadata = object.metadata();
        let old = self.get(kind, &metadata.key())?;
        let seen = metadata.resource_version;
        if seen != ResourceVersion(0) && seen != old.metadata().resource_version {
            return Err(Status::conflict(kind, &metadata.name));
        }
        if !metadata.uid.is_empty() && metadata.uid != old.metadata().uid {
            let cause = format!(
                "StorageError: invalid object, Code: 4, Key: /registry/{}/{}, ResourceVersion: 0, AdditionalErrorMsg: \
                 Precondition failed: UID in precondition: {}, UID in object meta: {}",
                kind.plural(),
                metadata.key(),
                metadata.uid,
                old.metadata().uid
            );
            return Err(Status::conflict_because(kind, &metadata.name, &cause));
        }
        Ok(old.clone())
    }

    /// Stores an updated object, if it differs; a terminating object that nothing holds any more goes.
    pub(crate) fn commit(&mut self, mut object: Object, old: &Object, now: Time) -> Object {
        object.metadata_mut().resource_version = old.metadata().resource_version;
        if object == *old {
            return old.clone();
        }
        if registry::may_go(&object) {
            self.released(&object);
            return self.etcd.remove(object.kind(), &object.key(), now).unwrap_or(object);
        }
        self.etcd.put(object, now)
    }

    /// Gives back what a deleted object had been given.
    pub(crate) fn released(&mut self, object: &Object) {
        if let Object::Lease(lease) = object {
            self.renewals.remove(&lease.metadata.key());
        }
        let Object::Service(service) = object else { return };
        for address in &service.spec.cluster_ips {
            self.allocator.release_address(address);
        }
        for port in &service.spec.ports {
            self.allocator.release_port(port.node_port);
        }
        self.allocator.release_port(crate::admission::health_port(service));
    }
}

fn keep_what_only_the_server_sets(object: &mut Object, old: &Object) {
    let old = old.metadata();
    let metadata = object.metadata_mut();
    metadata.uid = old.uid.clone();
    metadata.creation_timestamp = old.creation_timestamp;
    metadata.deletion_timestamp = old.deletion_timestamp;
    metadata.deletion_grace_period_seconds = old.deletion_grace_period_seconds;
    metadata.generation = old.generation;
    metadata.generate_name = old.generate_name.clone();
}
