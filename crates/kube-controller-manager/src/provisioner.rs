//! The hostpath provisioner: a program of its own that makes and deletes volumes for the class it is named in.
//!
//! It is no controller of the manager: it is a separate component with its own caches and its own name in Events. A claim
//! that names it in an annotation gets, after a while, a volume that already points back to the claim; binding is left to
//! the PersistentVolume controller. A released volume of its own is deleted, after a while, if its policy says so.
//!
//! Models: minikube's storage-provisioner on sig-storage-lib-external-provisioner, as recorded beside kubernetes v1.36.

use ordered::OrderedMap;
use std::rc::Rc;

use api::{Key, Kind, Object, ObjectMeta, PersistentVolume, PersistentVolumeClaim, Resource, StorageClass, Str, Value};
use client::{Api, Change, ChangeKind, Component, DeleteOptions, EventKind, Informers, Recorder, RecorderApi};
use sim::{Span, Time, Timing};
use thin::format_str;

use crate::persistentvolume::decide::{PROVISIONED_BY, STORAGE_PROVISIONER};
use crate::persistentvolume::reference_to;

/// Makes host-path volumes for the claims of one provisioner name.
#[derive(Clone, Debug)]
pub struct HostPathProvisioner {
    name: Str,
    timing: Rc<Timing>,
    cache: Informers,
    recorder: Recorder,
    /// Claims being served, and when each is.
    provisioning: OrderedMap<Key, Time>,
    /// Volumes being deleted, and when each is.
    deleting: OrderedMap<Key, Time>,
}

const WATCHED: &[Kind] = &[Kind::PersistentVolumeClaim, Kind::PersistentVolume, Kind::StorageClass];

/// Where volumes lie on the node: this, the namespace, the claim.
const ROOT: &str = "/tmp/hostpath-provisioner";

impl HostPathProvisioner {
    /// A provisioner; `name` is what classes call it, such as `k8s.io/minikube-hostpath`, and `instance` completes it as
    /// the source of Events.
    pub fn new(name: impl Into<Str>, instance: &str, timing: Rc<Timing>) -> HostPathProvisioner {
        let name = name.into();
        HostPathProvisioner {
            recorder: Recorder::new(format_str!("{name}_{instance}"), "", RecorderApi::Core),
            name,
            timing,
            cache: Informers::new(WATCHED),
            provisioning: OrderedMap::new(),
            deleting: OrderedMap::new(),
        }
    }

    fn on_change(&mut self, change: &Change, api: &mut dyn Api) {
        let due = api.now() + Span(self.timing.provisioning_us);
        match (&change.object, change.kind) {
            (Object::PersistentVolumeClaim(claim), ChangeKind::Added | ChangeKind::Modified)
                if self.is_asked(claim) && !self.provisioning.contains_key(&claim.key()) =>
            {
                let key = claim.key();
                let message = format_str!("External provisioner is provisioning volume for claim \"{key}\"");
                self.provisioning.insert(key, due);
                self.recorder.event(api, &change.object, EventKind::Normal, "Provisioning", message);
            }
            (Object::PersistentVolumeClaim(claim), ChangeKind::Deleted) => {
                self.provisioning.remove(&claim.key());
            }
            (Object::PersistentVolume(volume), ChangeKind::Added | ChangeKind::Modified)
                if self.must_delete(volume) =>
            {
                self.deleting.entry(volume.key()).or_insert(due);
            }
            (Object::PersistentVolume(volume), ChangeKind::Deleted) => {
                self.deleting.remove(&volume.key());
            }
            _ => {}
        }
    }

    /// Whether a claim wants a volume of this provisioner and has none.
    fn is_asked(&self, claim: &PersistentVolumeClaim) -> bool {
        claim.metadata.annotations.get(STORAGE_PROVISIONER) == Some(self.name.as_str())
            && claim.spec.volume_name.is_empty()
            && !claim.metadata.is_terminating()
            && self.cache.get::<PersistentVolume>(&volume_key(claim)).is_none()
    }

    /// Whether a volume of this provisioner was released to be deleted.
    fn must_delete(&self, volume: &PersistentVolume) -> bool {
        volume.metadata.annotations.get(PROVISIONED_BY) == Some(self.name.as_str())
            && volume.status.phase == "Released"
            && volume.spec.persistent_volume_reclaim_policy == "Delete"
            && !volume.metadata.is_terminating()
    }

    fn apply_due(&mut self, api: &mut dyn Api) {
        let now = api.now();
        for key in take_due(&mut self.provisioning, now) {
            let claim = self.cache.get::<PersistentVolumeClaim>(&key).cloned();
            if let Some(claim) = claim.filter(|claim| self.is_asked(claim)) {
                self.apply_provisioning(&claim, api);
            }
        }
        for key in take_due(&mut self.deleting, now) {
            if self.cache.get::<PersistentVolume>(&key).is_some_and(|volume| self.must_delete(volume)) {
                // A volume that is gone already needs no deletion.
                let _ = api.delete(Kind::PersistentVolume, &key, &DeleteOptions::default());
            }
        }
    }

    fn apply_provisioning(&mut self, claim: &Rc<PersistentVolumeClaim>, api: &mut dyn Api) {
        let about = Object::PersistentVolumeClaim(claim.clone());
        let class = claim.spec.storage_class_name.clone().unwrap_or_default();
        let class = self.cache.get::<StorageClass>(&Key::new("", class)).cloned();
        let outcome = match class {
            None => Err(Str::from("its class is gone")),
            Some(class) if claim.spec.selector.is_some() => {
                let class = &class.metadata.name;
                Err(format_str!(
                    "failed to provision volume with StorageClass \"{class}\": claim Selector is not supported"
                ))
            }
            Some(class) => api.create(self.new_volume(claim, &class).into()).map_err(|status| status.message),
        };
        match outcome {
            Ok(_) => {
                let message = format_str!("Successfully provisioned volume {}", volume_key(claim).name);
                self.recorder.event(api, &about, EventKind::Normal, "ProvisioningSucceeded", message);
            }
            Err(message) => self.recorder.event(api, &about, EventKind::Warning, "ProvisioningFailed", message),
        }
    }

    fn new_volume(&self, claim: &PersistentVolumeClaim, class: &StorageClass) -> PersistentVolume {
        let mut volume =
            PersistentVolume { metadata: ObjectMeta::new("", volume_key(claim).name), ..Default::default() };
        volume.metadata.annotations.insert(PROVISIONED_BY, self.name.clone());
        let size = claim.spec.resources.requests.get_str("storage").map(|size| ("storage", size.clone()));
        let spec = &mut volume.spec;
        spec.capacity = size.into_iter().collect();
        spec.access_modes = claim.spec.access_modes.clone();
        spec.claim_ref = Some(Rc::new(reference_to(claim)));
        spec.persistent_volume_reclaim_policy = class.reclaim_policy.clone().unwrap_or_else(|| "Delete".into());
        spec.storage_class_name = class.metadata.name.clone();
        spec.volume_mode = claim.spec.volume_mode.clone();
        let mut source = Value::map();
        source.set(&["path"], format!("{ROOT}/{}/{}", claim.metadata.namespace, claim.metadata.name));
        source.set(&["type"], "");
        spec.rest.set("hostPath", source);
        if !class.mount_options.is_empty() {
            let options = class.mount_options.iter().cloned().map(Value::Str).collect();
            spec.rest.set("mountOptions", Value::List(options));
        }
        volume
    }
}

impl Component for HostPathProvisioner {
    fn watched_kinds(&self) -> &'static [Kind] {
        WATCHED
    }

    fn wake(&mut self, api: &mut dyn Api) -> Option<Time> {
        let until = api.now() - Span(self.timing.watch_latency_us);
        for change in self.cache.update(api, until) {
            self.on_change(&change, api);
        }
        self.apply_due(api);
        self.provisioning.values().chain(self.deleting.values()).min().copied()
    }
}

/// The volume of a claim is called after the claim's UID.
fn volume_key(claim: &PersistentVolumeClaim) -> Key {
    Key::new("", format_str!("pvc-{}", claim.metadata.uid))
}

fn take_due(work: &mut OrderedMap<Key, Time>, now: Time) -> Vec<Key> {
    let due: Vec<Key> = work.iter().filter(|(_, at)| **at <= now).map(|(key, _)| key.clone()).collect();
    for key in &due {
        work.remove(key);
    }
    due
}
