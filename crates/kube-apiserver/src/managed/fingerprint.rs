//! What a write changed, in one number: two writes with the same fingerprint change the same fields of objects of the same
//! shape, so they leave the same managed fields behind.
//!
//! Only the writes that happen by the thousand have one: components' pods and Events. `None` means: compare.

use std::hash::{Hash, Hasher};

use api::core::pod::PodSpec;
use api::core::pod_status::PodStatus;
use api::core::volume::Volume;
use api::meta::ObjectMeta;
use api::{Event, Object, Pod, StringMap};

use super::{Part, is_set};

/// FNV-1a, at one width on every machine.
struct Fingerprint(u64);

impl Hasher for Fingerprint {
    fn finish(&self) -> u64 {
        self.0
    }
    fn write(&mut self, bytes: &[u8]) {
        for &byte in bytes {
            self.0 = (self.0 ^ u64::from(byte)).wrapping_mul(0x0000_0100_0000_01b3);
        }
    }
    fn write_usize(&mut self, value: usize) {
        self.write_u64(value as u64);
    }
}

fn begin(what: &str, manager: &str) -> Fingerprint {
    let mut hash = Fingerprint(0xcbf2_9ce4_8422_2325);
    (what, manager).hash(&mut hash);
    hash
}

/// The fingerprint of a creation.
pub(super) fn of_create(object: &Object, manager: &str) -> Option<u64> {
    match object {
        Object::Pod(pod) => {
            let mut hash = begin("pod", manager);
            metadata_shape(&pod.metadata, &mut hash);
            spec_shape(&pod.spec, &mut hash);
            Some(hash.finish())
        }
        Object::Event(event) => {
            let mut hash = begin("event", manager);
            metadata_shape(&event.metadata, &mut hash);
            event_shape(event, &mut hash);
            Some(hash.finish())
        }
        _ => None,
    }
}

/// The fingerprint of an update. The entries before it are part of it, by the numbers of their shapes.
pub(super) fn of_update(object: &Object, old: &Object, part: Part, manager: &str) -> Option<u64> {
    let mut hash = begin("update", manager);
    part.hash(&mut hash);
    for entry in &old.metadata().managed_fields {
        if entry.shape.id == 0 {
            return None;
        }
        entry.shape.id.hash(&mut hash);
    }
    match (object, old) {
        (Object::Pod(pod), Object::Pod(old)) if part == Part::Status => {
            status_change(&pod.status, &old.status, &mut hash);
            metadata_is_same(pod, old).then(|| hash.finish())
        }
        (Object::Event(event), Object::Event(old)) => {
            event_change(event, old, &mut hash);
            (event.metadata.labels == old.metadata.labels).then(|| hash.finish())
        }
        _ => None,
    }
}

/// Metadata as status writes leave it: nothing that a field set counts has changed.
fn metadata_is_same(pod: &Pod, old: &Pod) -> bool {
    let (new, old) = (&pod.metadata, &old.metadata);
    new.labels == old.labels
        && new.annotations == old.annotations
        && new.finalizers == old.finalizers
        && new.owner_references == old.owner_references
}

fn metadata_shape(metadata: &ObjectMeta, hash: &mut Fingerprint) {
    keys(&metadata.labels, hash);
    keys(&metadata.annotations, hash);
    is_set(&metadata.generate_name).hash(hash);
    metadata.owner_references.hash(hash);
    metadata.finalizers.hash(hash);
    metadata.rest.hash(hash);
}

fn keys(map: &StringMap, hash: &mut Fingerprint) {
    map.len().hash(hash);
    map.iter().for_each(|(key, _)| key.hash(hash));
}

/// Fields that differ between replicas count by being set, all others by their content.
fn spec_shape(spec: &PodSpec, hash: &mut Fingerprint) {
    let mut common = spec.clone();
    common.volumes = Default::default();
    for own in [&mut common.hostname, &mut common.node_name, &mut common.subdomain, &mut common.api_access] {
        if !own.is_empty() {
            *own = "set".into();
        }
    }
    common.hash(hash);
    spec.volumes.len().hash(hash);
    spec.volumes.iter().for_each(|volume| volume_shape(volume, hash));
}

fn volume_shape(volume: &Volume, hash: &mut Fingerprint) {
    let mut common = volume.clone();
    if let Some(source) = &mut common.persistent_volume_claim {
        source.claim_name = "set".into();
    }
    common.hash(hash);
}

/// Which fields of a status were set, and which of them changed.
fn status_change(new: &PodStatus, old: &PodStatus, hash: &mut Fingerprint) {
    macro_rules! field {
        ($($field:ident),*) => { $( (is_set(&old.$field), is_set(&new.$field), old.$field != new.$field).hash(hash); )* };
    }
    field!(phase, message, reason, nominated_node_name, host_ip, host_ips, pod_ip, pod_ips, start_time);
    field!(init_container_statuses, container_statuses, qos_class, observed_generation);
    (new.pod_ips.len(), old.pod_ips.len(), &new.rest, &old.rest).hash(hash);
    new.conditions.len().hash(hash);
    for condition in &new.conditions {
        let before = old.condition(&condition.kind);
        (&condition.kind, before.is_some()).hash(hash);
        let Some(before) = before else {
            let set = (is_set(&condition.reason), is_set(&condition.message), is_set(&condition.observed_generation));
            (set, condition.last_transition_time.is_some()).hash(hash);
            continue;
        };
        macro_rules! part {
            ($($field:ident),*) => { $( (is_set(&before.$field), is_set(&condition.$field), before.$field != condition.$field).hash(hash); )* };
        }
        part!(status, last_transition_time, reason, message, observed_generation);
    }
    for condition in old.conditions.iter().filter(|condition| new.condition(&condition.kind).is_none()) {
        condition.hash(hash);
    }
}

fn event_shape(event: &Event, hash: &mut Fingerprint) {
    let about = &event.involved_object;
    (is_set(&about.field_path), is_set(&about.namespace), is_set(&about.resource_version), is_set(&about.uid))
        .hash(hash);
    (is_set(&event.source.component), is_set(&event.source.host), is_set(&event.action)).hash(hash);
    (is_set(&event.reason), is_set(&event.message), event.first_timestamp.is_some(), event.count > 0).hash(hash);
    (event.event_time.is_some(), event.series.is_some()).hash(hash);
    (is_set(&event.reporting_component), is_set(&event.reporting_instance), &event.rest).hash(hash);
}

fn event_change(new: &Event, old: &Event, hash: &mut Fingerprint) {
    event_shape(new, hash);
    event_shape(old, hash);
    (new.message != old.message, new.count != old.count, new.last_timestamp != old.last_timestamp).hash(hash);
    (new.series.is_some(), old.series.is_some(), new.series != old.series).hash(hash);
}
