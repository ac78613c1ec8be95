//! Admission of claims and volumes: protection, default class, growth.

use api::meta::ObjectMeta;
use api::{Key, Kind, Object, PersistentVolumeClaim, Status, StorageClass};

use crate::ApiServer;

pub(super) const PVC_PROTECTION: &str = "kubernetes.io/pvc-protection";
pub(super) const PV_PROTECTION: &str = "kubernetes.io/pv-protection";
const BETA_CLASS: &str = "volume.beta.kubernetes.io/storage-class";

pub(super) fn admit_claim(server: &ApiServer, claim: &mut PersistentVolumeClaim) {
    protect(&mut claim.metadata, PVC_PROTECTION);
    let names_a_class = claim.spec.storage_class_name.is_some() || claim.metadata.annotations.contains(BETA_CLASS);
    if !names_a_class && let Some(class) = default_class(server) {
        claim.spec.storage_class_name = Some(class.metadata.name.clone());
    }
}

pub(super) fn protect(metadata: &mut ObjectMeta, finalizer: &str) {
    if !metadata.finalizers.iter().any(|name| name == finalizer) {
        metadata.finalizers.push(finalizer.into());
    }
}

/// Of several default classes the newest counts, then the first by name.
fn default_class(server: &ApiServer) -> Option<&StorageClass> {
    let classes = server.etcd.iter(Kind::StorageClass).filter_map(|object| match object {
        Object::StorageClass(class) if class.is_default() => Some(&**class),
        _ => None,
    });
    classes.min_by_key(|class| (std::cmp::Reverse(class.metadata.creation_timestamp), class.metadata.name.clone()))
}

/// A claim may ask for more only if its class allows it. (That it may not ask for less is validation.)
pub(super) fn check_expansion(
    server: &ApiServer,
    claim: &PersistentVolumeClaim,
    old: &PersistentVolumeClaim,
) -> Result<(), Status> {
    let size = |claim: &PersistentVolumeClaim| {
        let text = claim.spec.resources.requests.get("storage").unwrap_or("0").to_owned();
        api::quantity::Quantity::parse(&text).unwrap_or_default()
    };
    if size(claim) <= size(old) {
        return Ok(());
    }
    let refuse = |cause: &str| Err(Status::forbidden(Kind::PersistentVolumeClaim, &claim.metadata.name, cause));
    if old.status.phase != "Bound" {
        return refuse("Only bound persistent volume claims can be expanded");
    }
    let name = old.spec.storage_class_name.clone().unwrap_or_default();
    let allowed = match server.etcd.get(Kind::StorageClass, &Key::new("", name)) {
        Some(Object::StorageClass(class)) => class.allow_volume_expansion == Some(true),
        _ => false,
    };
    if allowed {
        return Ok(());
    }
    refuse(
        "only dynamically provisioned pvc can be resized and the storageclass that provisions the pvc must support resize",
    )
}
